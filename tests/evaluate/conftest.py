"""CDNOW, split as in the literature."""

import pytest

from segmodels.inference.settings import MAP
from segmodels.models.value.bg_nbd import BGNBD
from segmodels.models.value.mbg_nbd import MBGNBD
from segmodels.models.value.pareto_nbd import ParetoNBD
from segmodels.tables.datasets import cdnow
from segmodels.tables.transactions import Transactions


@pytest.fixture(scope="session")
def specs():
    return {"BG/NBD": BGNBD(), "MBG/NBD": MBGNBD(), "Pareto/NBD": ParetoNBD()}


@pytest.fixture(scope="session")
def log():
    return Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="keep")


@pytest.fixture(scope="session")
def customers(log):
    return log.customers(until="1997-09-30", unit="week")


@pytest.fixture(scope="session")
def modes(customers, specs):
    return {name: spec.fit(customers, MAP(), seed=1) for name, spec in specs.items()}

"""Every row of ``needs_rankings.csv``: fits by maximum likelihood to real rankings and best-worst tasks."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.likelihoods.best_worst import analytic
from segmodels.likelihoods.ranking import first_choice
from segmodels.models.needs.best_worst import BestWorst
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.ranked_needs import RankedNeeds
from segmodels.tables.responses import Responses

ROWS = list(pd.read_csv(Path(__file__).with_name("needs_rankings.csv"), dtype={"value": str}).itertuples())
SEARCH = {"constants": BayesConstants.none(), "starts": Starts(random=80, kept=12)}


@cache
def _tasks(folder):
    return pd.read_parquet(folder / "bws_vdata" / "vdata.parquet")


@cache
def _fit(folder, data, model):
    kind, classes = model.split()
    if data == "vdata":
        roles = {"customer": "id", "task": "block", "item": "issue", "choice": "value"}
        answers = Responses.read_tasks(_tasks(folder), **roles)
        return BestWorst(int(classes), kind, **SEARCH).fit(answers, MAP(), seed=1)
    frame = pd.read_csv(folder / f"ranks_{data}" / "orderings.csv")
    codes = {code: f"item {code}" for code in range(1, frame.shape[1] + 1)}
    answers = Responses.read_orderings(frame, customer=None, places=list(frame), alternatives=codes)
    return RankedNeeds(int(classes), **SEARCH).fit(answers, MAP(), seed=1)


def _found(folder, row):
    if row.model in ("counts", "analytic"):
        value = _tasks(folder).query("issue == @row.quantity")["value"]
        counts = (value == 1).sum(), (value == -1).sum()
        return counts if row.model == "counts" else analytic(len(value), *counts)
    fit = _fit(folder, row.data, row.model)
    if row.quantity == "worths":
        return first_choice(fit.problem.layout.utilities(fit.theta))[0]
    return getattr(fit, row.quantity)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.data}-{row.model}-{row.quantity}" for row in ROWS])
def test_published_number(row, shared_data):
    value = np.array(row.value.split(), dtype=float)
    np.testing.assert_allclose(
        _found(shared_data, row), value if value.size > 1 else value[0], rtol=0, atol=row.atol
    )

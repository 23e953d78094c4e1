"""The evidence of a run, each under the name of its model; and what can not be said at all."""

from dataclasses import replace

import pandas as pd

from segmodels.evaluate.backtest import Backtest
from segmodels.evidence import Evidence
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.project.plan import MODELS, Plan
from segmodels.tables.customers import Customers
from segmodels.tables.engine import fetch

_OF_DATA = "Contractual data"


def named(
    plan: Plan, purchases: PurchaseFit, spend: GammaGammaFit | None, tested: Backtest | None
) -> tuple[Evidence, ...]:
    """Collect the evidence of the fits and the backtest; what is of the data comes once, and first."""
    of_fits = [(MODELS[plan.model].title, purchases.evidence)]
    if spend is not None:
        of_fits.append(("Gamma–Gamma", spend.evidence))
    if tested is not None:
        of_fits.append(("Backtest", tested.evidence))
    found: dict[str, Evidence] = {}
    for title, evidence in of_fits:
        for each in evidence:
            name = each.name if each.name == _OF_DATA else f"{title}: {each.name}"
            found[name] = replace(each, name=name)
    return tuple(found.values())


def tells_of_spend(plan: Plan, customers: Customers) -> tuple[str, ...]:
    """Say why nothing can be said of spend; empty where something can."""
    if plan.value is None:
        return ("No column of values was named, so spend, lifetime value and value segments are left out.",)
    table = customers.table
    telling = table.filter((table.frequency > 0) & (table.monetary_value > 0)).limit(1)
    if fetch(telling.select("customer_id")).num_rows:
        return ()
    why = "Nobody bought a second time for a positive amount, so nothing is known of how spend differs"
    return (f"{why}: lifetime value and value segments are left out.",)


def evidence_frame(evidence: tuple[Evidence, ...]) -> pd.DataFrame:
    """Tabulate evidence: ``name, passed, text``; ``passed`` is null where a check only informs."""
    passed = pd.array([each.passed for each in evidence], dtype="boolean")
    return pd.DataFrame(
        {"name": [each.name for each in evidence], "passed": passed, "text": [each.text for each in evidence]}
    )

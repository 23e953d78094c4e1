"""Checks of a log: is it one for these models, and how good would their forecasts have been."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from segmodels.evaluate.backtest import Backtest
from segmodels.evidence import Evidence
from segmodels.models.value.gamma_gamma import GammaGamma
from segmodels.project.backtests import run_backtest
from segmodels.project.evidence import named, tells_of_spend
from segmodels.project.plan import MODELS, Plan

CHECK_STEPS = ("Read and check the log", "Fit purchases", "Fit spend", "Backtest")


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check found.

    Parameters
    ----------
    audit
        The ledger of the log.
    evidence
        Every check of data, fit and forecast.
    backtest
        The model beside simple rules; None where the log is too short.
    notes
        What was left out, and why.
    """

    audit: pd.DataFrame
    evidence: tuple[Evidence, ...]
    backtest: Backtest | None
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(each.passed is not False for each in self.evidence)


def check(plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Checked:
    """Audit a log, test whether it looks contractual, check the fits, and backtest beside simple rules.

    Raises
    ------
    InputError, NotConverged
        With advice.
    """
    tell(CHECK_STEPS[0])
    plan = replace(plan, contractual="allow")
    transactions = plan.read()
    customers = transactions.customers(plan.until, plan.unit, contractual=plan.contractual)
    tell(CHECK_STEPS[1])
    purchases = MODELS[plan.model].spec().fit(customers, plan.setting, seed=plan.seed)
    tell(CHECK_STEPS[2])
    missing = tells_of_spend(plan, customers)
    spend = None if missing else GammaGamma().fit(customers, plan.setting, seed=plan.seed)
    tell(CHECK_STEPS[3])
    tested, more = run_backtest(plan, transactions, None, spend=spend is not None)
    evidence = named(plan, purchases, spend, tested)
    return Checked(customers.audit, evidence, tested, (*missing, *more))

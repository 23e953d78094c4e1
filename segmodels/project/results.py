"""What a run found, as one frozen value."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evaluate.backtest import Backtest
from segmodels.evidence import Evidence
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.project.plan import Plan
from segmodels.project.value import Value
from segmodels.tables.customers import Customers
from segmodels.tables.transactions import Transactions


@dataclass(frozen=True, eq=False)
class Results:
    """What a run found.

    Parameters
    ----------
    plan
        What was asked for.
    transactions, customers
        The log, and the customers as known at the end of the time fitted.
    until
        The end of the time fitted.
    purchases
        The fitted purchase model.
    value
        The part that needs values; None where it had to be left out.
    audit
        The ledger of the log.
    scores
        One row per customer.
    forecast
        One row per customer and horizon.
    evidence
        Every check.
    horizon, total
        Draws of the purchases of all customers together over this horizon.
    tracking, frequency, backtest
        Actual and expected; the backtest is None where the log is too short for one.
    notes
        What was left out, and why.
    """

    plan: Plan
    transactions: Transactions
    customers: Customers
    until: dt.date
    purchases: PurchaseFit
    value: Value | None
    audit: pd.DataFrame
    scores: pd.DataFrame
    forecast: pd.DataFrame
    evidence: tuple[Evidence, ...]
    horizon: float
    total: NDArray[np.float64]
    tracking: pd.DataFrame
    frequency: pd.DataFrame | None
    backtest: Backtest | None
    notes: tuple[str, ...]

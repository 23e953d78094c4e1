"""Naive forecasts that a model has to beat."""

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.tables.summary import DAYS_PER, Occasion, Unit
from segmodels.tables.transactions import Transactions

Array = NDArray[np.float64]
NAMES = ("own rate", "last period", "hiatus rule", "mean of all")


def naive_forecasts(
    transactions: Transactions,
    known: pd.DataFrame,
    origin: dt.date,
    horizon: float,
    unit: Unit,
    occasion: Occasion,
) -> dict[str, pd.DataFrame]:
    """Forecast each customer by rules of thumb.

    Parameters
    ----------
    transactions
        The log; nothing after the origin is looked at.
    known
        The customers at the origin, sorted by ``customer_id``.
    origin
        Last day known.
    horizon
        In `unit`.
    unit, occasion
        As the customers were summarised.

    Returns
    -------
    dict
        For each rule a frame with ``purchases`` and, with values, ``spend``, in the order of `known`:

        - own rate: repeat purchases over age, times the horizon; spend likewise.
        - last period: repeat purchases, and their value, in as long a time up to the origin; with a horizon of a
          year it is last year's spend.
        - hiatus rule: the own rate of those whose last purchase is at most :func:`hiatus` ago, else 0 (Wübben and
          von Wangenheim 2008, Journal of Marketing 72(3)).
        - mean of all: all repeat purchases over all ages, times the horizon, for everyone.
    """
    x, T = known["frequency"].to_numpy(np.float64), known["T"].to_numpy(np.float64)
    sums = {"purchases": x}
    if "monetary_value" in known:
        sums["spend"] = x * known["monetary_value"].to_numpy(np.float64)
    own = {name: horizon * _rate(values, T) for name, values in sums.items()}
    cutoff = hiatus(transactions, origin, horizon, unit, occasion)
    active = (T - known["recency"].to_numpy(np.float64)) <= cutoff
    everyone = {
        name: np.full(len(T), horizon * float(_rate(values.sum(), T.sum()))) for name, values in sums.items()
    }
    rules = (
        own,
        _last_period(transactions, known, sums, origin - _days(horizon, unit), unit, occasion),
        {name: active * values for name, values in own.items()},
        everyone,
    )
    return {name: pd.DataFrame(rule) for name, rule in zip(NAMES, rules, strict=True)}


def hiatus(
    transactions: Transactions, origin: dt.date, horizon: float, unit: Unit, occasion: Occasion
) -> float:
    """Longest time since the last purchase at which a customer still counts as active, in `unit`.

    Chosen on the past alone: at a day before the origin (by the horizon, or by half of the time observed where
    that is shorter) it tells best who bought again by the origin. The shortest of equally good cutoffs.

    Examples
    --------
    >>> from segmodels.tables.datasets import cdnow
    >>> log = Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> round(hiatus(log, dt.date(1997, 9, 30), 39, "week", "day"), 1)
    4.4
    """
    half = (origin - transactions.first_date) // 2
    split = origin - max(min(_days(horizon, unit), half), dt.timedelta(days=1))
    if split < transactions.first_date:
        return float("inf")
    inner = transactions.holdout(split, origin, unit, occasion)
    known = inner.calibration.to_pandas()
    silent = (known["T"] - known["recency"]).to_numpy(np.float64)
    bought = inner.to_pandas()["frequency_holdout"].to_numpy() > 0
    cutoffs, where = np.unique(silent, return_inverse=True)
    right = np.bincount(where, weights=bought).cumsum()
    wrong = np.bincount(where, weights=~bought).cumsum()
    return float(cutoffs[np.argmax(right - wrong)])


def _last_period(
    transactions: Transactions,
    known: pd.DataFrame,
    sums: dict[str, Array],
    start: dt.date,
    unit: Unit,
    occasion: Occasion,
) -> dict[str, Array]:
    """Repeat purchases, and their value, after ``start``: those by now less those by then."""
    if start < transactions.first_date:
        return sums
    then = transactions.customers(start, unit, occasion).to_pandas().set_index("customer_id")
    before = {"purchases": then["frequency"]}
    if "spend" in sums:
        before["spend"] = then["frequency"] * then["monetary_value"]
    later = {
        name: values - before[name].reindex(known["customer_id"]).fillna(0.0).to_numpy(np.float64)
        for name, values in sums.items()
    }
    # Exactly nothing, not what subtraction left in the last digits.
    return {name: np.where(later["purchases"] > 0, values, 0.0) for name, values in later.items()}


def _rate(counts: Array, ages: Array) -> Array:
    return np.divide(counts, ages, out=np.zeros_like(np.asarray(counts, np.float64)), where=ages > 0)


def _days(horizon: float, unit: Unit) -> dt.timedelta:
    return dt.timedelta(days=round(horizon * DAYS_PER[unit]))

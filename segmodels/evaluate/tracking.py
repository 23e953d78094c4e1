"""Tracking: actual and expected repeat purchases of a cohort, period by period."""

import datetime as dt
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.sums import Sums, of_known, of_new
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.summary import DAYS_PER, Occasion, Unit, as_day, occasions
from segmodels.tables.transactions import Transactions

Array = NDArray[np.float64]
Days = NDArray[np.int64]


def tracking(
    fit: PurchaseFit,
    transactions: Transactions,
    until: str | dt.date,
    end: str | dt.date | None = None,
    level: float = 0.8,
    *,
    conditional: bool = True,
    occasion: Occasion = "day",
) -> pd.DataFrame:
    """Repeat purchases of the customers of a fit over the time fitted and the time held out.

    Parameters
    ----------
    fit
        A purchase model fitted to ``transactions.customers(until, unit, occasion)``.
    transactions
        The log.
    until
        Last day of the time fitted.
    end
        Last day of the time held out; the last of the log by default.
    level
        Probability of the predictive intervals.
    conditional
        What to expect after `until`. True: what each customer's history lets one expect, a forecast; its
        cumulative figures start from the purchases actually made by `until`. False: what was to be expected
        of new customers, before and after `until`; the curve of the literature's tracking plots.
    occasion
        As the customers were summarised.

    Returns
    -------
    DataFrame
        One row per period of one unit of time of the fit: ``period`` (from 1), ``date`` (its last day),
        ``actual``, ``expected``, ``low``, ``high``, ``cumulative_actual``, ``cumulative_expected``,
        ``cumulative_low``, ``cumulative_high``. Periods are counted from `until` in both directions, so that
        `until` ends one; what is left of a period before `end` is not shown.

    Raises
    ------
    InputError
        Where the fit's customers are not those of the log.

    Notes
    -----
    Before `until` the expected cumulative purchases by a day are the sum of E[X(t)] over customers, t their age
    on that day, 0 on the day of the first purchase, as the models are fitted. The literature's plots count in
    the day of the first purchase (39 weeks, where T is 38.86); so does ``conditional=False``: its ages are a
    day longer. For BG/NBD on CDNOW it gives 2,501.5 by week 39 and 4,165.7 by week 78 (BTYD, CLVTools); T itself
    gives 2,494.0, to be set beside the 2,457 purchases made.
    Intervals are of simulated purchases, so they hold both what is unknown of the parameters and chance. With
    ``MAP`` there is one draw, so only chance. The same fit gives the same figures.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.datasets import cdnow
    >>> log = sg.Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> fit = sg.ParetoNBD().fit(log.customers(until="1997-09-30"), sg.MAP(), seed=1)
    >>> weeks = tracking(fit, log, "1997-09-30", "1997-12-30")
    >>> weeks.loc[weeks["period"] == 39, ["cumulative_actual", "cumulative_expected"]].round(1).values.tolist()
    [[2457.0, 2524.9]]
    """
    if not 0 < level < 1:
        raise InputError(Fault("level", repr(level), "a probability between 0 and 1", "Give 0.8, say."))
    split, last = as_day(until, "until"), transactions.last_date if end is None else as_day(end, "end")
    if last < split:
        raise InputError(Fault("end", str(last), f"a day from {split} on", "Choose a later end=."))
    born, bought = _daily(transactions, split, last, occasion)
    _require_same_customers(fit, born, bought.loc[:0])
    days, now = _edges(int(born.index.to_numpy()[0]), (last - split).days, fit.cells.unit)
    made = np.diff(_by(bought, days), prepend=0.0)
    sums = _expected(fit, days / DAYS_PER[fit.cells.unit], now, conditional=conditional)
    levels = (1 - level) / 2, (1 + level) / 2
    frame = pd.DataFrame({"period": np.arange(1, len(days) + 1)})
    frame["date"] = pd.Timestamp(split) + pd.to_timedelta(days, "D")
    frame["actual"], frame["expected"] = made.astype(np.int64), sums.expected
    frame["low"], frame["high"] = np.quantile(sums.simulated, levels, axis=0)
    restart = now if conditional else 0
    frame["cumulative_actual"] = frame["actual"].cumsum()
    frame["cumulative_expected"] = _cumulative(sums.expected, made, restart)
    summed = _cumulative(sums.simulated, made, restart)
    frame["cumulative_low"], frame["cumulative_high"] = np.quantile(summed, levels, axis=0)
    return frame


def _expected(fit: PurchaseFit, ends: Array, now: int, *, conditional: bool) -> Sums:
    if not conditional:
        return of_new(fit, ends + 1 / DAYS_PER[fit.cells.unit], fit.seed)
    if now == len(ends):
        return of_new(fit, ends, fit.seed)
    past = of_new(fit, ends[:now], fit.seed)
    future = of_known(fit, ends[now:], fit.seed)
    futures = min(len(past.simulated), len(future.simulated))
    both = np.hstack([past.simulated[:futures], future.simulated[:futures]])
    return Sums(np.concatenate([past.expected, future.expected]), both)


def _cumulative(each: Array, made: Array, restart: int) -> Array:
    """Sum along the last axis; from the period ``restart`` on, start at what was actually made by then."""
    summed = np.cumsum(each, axis=-1)
    if restart:
        made_by_then = made[:restart].sum()
        summed[..., restart:] += made_by_then - summed[..., restart - 1 : restart]
    return summed


def _edges(first: int, last: int, unit: Unit) -> tuple[Days, int]:
    """Last days of the periods, counted from the day of the split, and how many end by that day."""
    per = DAYS_PER[unit]
    before = int(np.ceil((1 - first) / per))
    days = np.round(np.arange(1 - before, int(last / per) + 1) * per).astype(np.int64)
    return days, before


def _by(counts: pd.Series, days: Days) -> Array:
    """Sum of counts on all days up to each of ``days``."""
    summed = np.append(0.0, counts.to_numpy(np.float64).cumsum())
    return summed[np.searchsorted(counts.index.to_numpy(), days, side="right")]


def _daily(
    transactions: Transactions, split: dt.date, last: dt.date, occasion: Occasion
) -> tuple[pd.Series, pd.Series]:
    """First and repeat purchases by day, counted from the split, of those who had bought by then."""
    rows = transactions.table.filter(transactions.table.date <= last)
    early = occasions(rows.filter(rows.date <= split), occasion)
    first = early.group_by("customer_id").aggregate(first=early.date.min())
    later = occasions(rows.filter(rows.date > split), occasion).semi_join(first, "customer_id")
    born = _counted(first.select(date=first["first"]), split)
    bought = _counted(early.select("date").union(later.select("date")), split)
    days = bought.index
    return born, bought - born.reindex(days, fill_value=0.0)


def _counted(table: Any, split: dt.date) -> pd.Series:
    frame = to_pandas(fetch(table.group_by("date").aggregate(count=ibis._.count())))
    days = (pd.to_datetime(frame["date"]) - pd.Timestamp(split)).dt.days
    return pd.Series(frame["count"].to_numpy(np.float64), index=days.to_numpy()).sort_index()


def _require_same_customers(fit: PurchaseFit, born: pd.Series, bought: pd.Series) -> None:
    cells = fit.cells
    mine = cells.n_customers, round(float(cells.frequency @ cells.count))
    logged = round(float(born.sum())), round(float(bought.sum()))
    if mine != logged:
        got, expected = (f"{a:,} customers with {b:,} repeat purchases" for a, b in (mine, logged))
        advice = "Use fit.on(transactions.customers(until=..., unit=..., occasion=...))."
        raise InputError(Fault("fit", got, f"{expected}, as in the log", advice))

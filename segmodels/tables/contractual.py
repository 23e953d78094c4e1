"""Tell payments under a contract, at fixed intervals, from purchases as one pleases."""

from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.tables.engine import Column, Table, fetch

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions

# Days between payments, and how far one may be off: months differ in length, due dates meet weekends.
_PERIODS: dict[str, tuple[float, float]] = {
    "week": (7, 1),
    "two weeks": (14, 1),
    "four weeks or month": (29.5, 3.5),
    "two months": (61, 3),
    "quarter": (91, 3),
    "half-year": (182, 3),
    "year": (365.5, 3.5),
}
_GAPS_NEEDED = 3
_CUSTOMERS_NEEDED = 10
_REGULAR = 0.8
_CONTRACTUAL = 0.5


def looks_contractual(transactions: "Transactions") -> Evidence:
    """Test whether most customers buy at one fixed interval, as subscribers pay.

    Parameters
    ----------
    transactions
        The log. Customers with at least three gaps between purchase days are judged, if there are ten.

    Returns
    -------
    Evidence
        ``passed`` is False if at least half of them are regular, that is, four fifths of a customer's gaps
        are one period long (a week, month, quarter, year …, give or take a few days). None if too few.
        ``table``: for each period, ``customers`` regular at it and ``share`` of those judged.

    Notes
    -----
    Models of this package let a customer leave unseen; in a contract one sees it. On contractual data their
    forecasts are wrong. In CDNOW no customer is regular, in a grocery log 3 per cent, and in a monthly
    subscription nearly all.

    Examples
    --------
    >>> from segmodels.tables.datasets import cdnow
    >>> from segmodels.tables.transactions import Transactions
    >>> log = Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> looks_contractual(log).passed
    True
    """
    return regularity(transactions.table)


def regularity(rows: Table) -> Evidence:
    """Test rows ``customer_id, date``; see :func:`looks_contractual`."""
    regular = _regular(rows)
    counts: dict[str, Any] = {f"n_{i}": (regular.at == i).sum() for i in range(len(_PERIODS))}
    found = fetch(regular.aggregate(judged=regular.count(), **counts)).to_pylist()[0]
    judged = int(found["judged"])
    customers = [int(found[f"n_{i}"] or 0) for i in range(len(_PERIODS))]
    table = pd.DataFrame({"period": list(_PERIODS), "customers": customers})
    table["share"] = table["customers"] / max(judged, 1)
    if judged < _CUSTOMERS_NEEDED:
        text = f"Only {judged} customers have {_GAPS_NEEDED} gaps between purchases; too few to judge."
        return Evidence("Contractual data", None, text, table)
    share = sum(customers) / judged
    most = list(_PERIODS)[customers.index(max(customers))]
    text = f"{share:.0%} of {judged:,} customers with several purchases buy at a fixed interval"
    if share < _CONTRACTUAL:
        return Evidence("Contractual data", True, f"{text}.", table)
    advice = "These look like payments under a contract: model renewals, or use one row for each contract."
    return Evidence("Contractual data", False, f"{text} (most often: {most}). {advice}", table)


def _regular(rows: Table) -> Table:
    """One row for each customer judged: ``at``, the number of the period that the customer keeps, or null."""
    days = rows.select("customer_id", "date").distinct()
    order = ibis.window(group_by="customer_id", order_by="date")
    gaps = days.mutate(before=days.date.lag().over(order))
    gaps = gaps.mutate(gap=gaps.date.delta(gaps.before, unit="day").cast("float64"))
    within: dict[str, Column] = {
        f"in_{i}": ((gaps.gap - days_).abs() <= off).sum() for i, (days_, off) in enumerate(_PERIODS.values())
    }
    each = gaps.group_by("customer_id").aggregate(gaps=gaps.gap.count(), **within)
    each = each.filter(each.gaps >= _GAPS_NEEDED)
    kept = [(each[name] >= _REGULAR * each.gaps, i) for i, name in enumerate(within)]
    return each.select("customer_id", at=ibis.cases(*kept))

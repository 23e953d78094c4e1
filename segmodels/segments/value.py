"""Value deciles: who brought the revenue of the past year."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.segments.log import Day, rows_until
from segmodels.segments.ranks import checked_values, rank_groups
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.segmentation import Segmentation
from segmodels.tables.summary import in_money

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions

DECILES = (*(f"decile {k}" for k in range(1, 11)), "no spend")


def deciles(spend: pd.Series, names: tuple[str, ...] = DECILES, basis: str = "spend") -> Segmentation:
    """Cut the customers who spent into ten groups of equal number; decile 1 spent most.

    Customers with no spend, or with refunds that took it all back (spend of zero or less), form a group of
    their own: they are no tenth of the buyers, and to scatter equal zeros over deciles would be arbitrary. So
    the deciles tell how the revenue spreads over those who brought it, and decile sizes plus that group add
    up to all customers, as the revenues do. Equal spends share a decile, the one in which the middle of their
    ranks lies (`segmodels.segments.ranks.rank_groups`); heavy ties can leave a decile empty.

    Parameters
    ----------
    spend
        Spend per customer in any currency, indexed by customer_id.
    names
        Eleven names: deciles 1 to 10 and the group without spend.
    basis
        What the spend is, for headings.

    Returns
    -------
    Segmentation
        Certain memberships, customers in the order given.

    Raises
    ------
    InputError
        Where a spend is missing or not finite, or ids repeat.

    Examples
    --------
    >>> spend = pd.Series([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], index=list("abcdefghijk"))
    >>> deciles(spend).labels[["a", "b", "k"]].tolist()
    ['no spend', 'decile 10', 'decile 1']
    """
    if len(names) != len(DECILES):
        raise InputError(
            Fault("names", f"{len(names)} names", "11", "Name ten deciles and the group without spend.")
        )
    amounts = checked_values("spend", spend)
    spenders = amounts > 0
    codes = np.full(len(amounts), 10)
    if spenders.any():
        codes[spenders] = rank_groups(amounts[spenders], np.full(10, 0.1))
    return Segmentation(spend.index, names, codes, basis=basis)


def past_year_spend(transactions: "Transactions", until: Day | None = None) -> pd.Series:
    """Sum each customer's spend over the year that ends with the day `until`, on the engine.

    Parameters
    ----------
    transactions
        The log; it needs values.
    until
        Last day of the year, included; by default the last day of the log. The year begins on the day after
        the same date one year earlier, so that neighbouring years neither overlap nor leave a gap.

    Returns
    -------
    pandas.Series
        Spend in the currency of the log, indexed by customer_id in ascending order, for every customer who
        bought by `until`; 0 for those who did not buy in that year.

    Raises
    ------
    InputError
        Where the log has no values, or nobody bought by `until`.
    """
    import ibis

    rows, last = rows_until(transactions, until)
    before = cast("Any", pd.Timestamp(last)) - pd.DateOffset(years=1)
    inside: Any = ibis.cases((rows["date"] > before.date(), rows["value"]), else_=0)
    table = rows.group_by("customer_id").aggregate(spend=in_money(inside.sum(), transactions.digits))
    frame = to_pandas(fetch(table.order_by("customer_id")))
    ids = pd.Index(frame["customer_id"], name="customer_id")
    return pd.Series(frame["spend"].to_numpy(dtype=np.float64), index=ids, name="spend")


def value_deciles(
    transactions: "Transactions",
    until: Day | None = None,
    names: tuple[str, ...] = DECILES,
) -> Segmentation:
    """Cut customers into deciles of past-year spend: `past_year_spend`, then `deciles`.

    Customers who bought earlier, but not in the year, are in the group without spend; customers who came
    after `until` are left out.
    """
    return deciles(past_year_spend(transactions, until), names, basis="past-year spend")

"""The part of a transaction log that a segmentation at a given day may see."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.summary import as_day, in_grains

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions

Day = str | dt.date | pd.Timestamp


def rows_until(transactions: "Transactions", until: Day | None) -> tuple[Any, dt.date]:
    """Give the rows up to a day, included, as an Ibis table ``customer_id, date, value``, and that day.

    Values are in grains, see `segmodels.tables.summary`: sums of them do not depend on the order of rows.

    Parameters
    ----------
    transactions
        The log; it needs values.
    until
        By default the last day of the log.

    Raises
    ------
    InputError
        Where the log has no values, or `until` is no day or lies before the first purchase.
    """
    table: Any = transactions.table
    if "value" not in table.columns:
        remedy = "Give `value=` to Transactions.read."
        raise InputError(Fault("transactions", "no value column", "values", remedy))
    first = transactions.first_date
    last = as_day(transactions.last_date if until is None else until, "until")
    if last < first:
        raise InputError(Fault("until", str(last), f"a day on or after {first}", "Choose a later day."))
    return in_grains(table.filter(table["date"] <= last), transactions.digits), last

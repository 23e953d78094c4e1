"""The part of a transaction log that a segmentation at a given day may see."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from segmodels.errors import Fault, InputError

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions

Day = str | dt.date | pd.Timestamp


def rows_until(transactions: "Transactions", until: Day | None) -> tuple[Any, dt.date]:
    """Give the rows up to a day, included, as an Ibis table ``customer_id, date, value``, and that day.

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
    first, last = as_day(transactions.first_date), as_day(transactions.last_date if until is None else until)
    if last < first:
        raise InputError(Fault("until", str(last), f"a day on or after {first}", "Choose a later day."))
    return table.filter(table["date"] <= last), last


def in_memory(table: Any) -> pd.DataFrame:
    """Fetch an engine's table, dates as datetime64; by way of Arrow, which keeps the types."""
    return table.to_pyarrow().to_pandas(date_as_object=False)


def as_day(value: Day) -> dt.date:
    """Read a calendar day.

    Examples
    --------
    >>> as_day("1997-09-30")
    datetime.date(1997, 9, 30)
    """
    try:
        stamp = pd.Timestamp(value)
    except ValueError as error:
        raise InputError(Fault("until", repr(value), "a date", "Write it as 1997-09-30.")) from error
    if not isinstance(stamp, pd.Timestamp):
        raise InputError(Fault("until", "a missing date", "a date", "Write it as 1997-09-30."))
    return stamp.date()

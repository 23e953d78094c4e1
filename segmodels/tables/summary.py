"""From purchases to one row for each customer: the aggregation, as Ibis expressions.

Money is summed in whole numbers, which add up to the same in any order: an engine with many threads adds floats in
another order each time, and their last digits differ. What is below 1e-30 of the log's largest value is lost.
"""

import datetime as dt
import math
from numbers import Number
from typing import Any, Literal

import ibis
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.engine import Column, Table

Unit = Literal["day", "week", "month"]
Occasion = Literal["day", "week", "month"]

DAYS_PER: dict[Unit, float] = {"day": 1.0, "week": 7.0, "month": 30.4375}

_TRUNCATE = {"week": "W", "month": "M"}
_BITS = 125
_EXPONENTS = 1000
_WHOLE = "decimal(38, 0)"


def binary_digits(largest: float, rows: int) -> int:
    """Binary digits behind the point that money is summed with: as many as sums of 38 decimal digits allow.

    Parameters
    ----------
    largest
        Largest absolute value of the log.
    rows
        How many values there are to sum.

    Examples
    --------
    >>> binary_digits(1e9, 2), binary_digits(0.0, 0)
    (93, 0)
    """
    return _BITS - rows.bit_length() - math.frexp(largest)[1] if largest else 0


def in_grains(rows: Table, digits: int) -> Table:
    """Rows with ``value``, if there is one, in whole grains: multiples of 2 to the minus `digits`."""
    if "value" not in rows.columns:
        return rows
    return rows.mutate(value=_shifted(rows.value, digits).cast(_WHOLE))


def in_money(value: Column, digits: int) -> Column:
    """Grains as money, float64."""
    return _shifted(value.cast("float64"), -digits)


def _shifted(value: Column, digits: int) -> Column:
    """Multiply by a power of two, in two steps where it is not a float of its own."""
    if abs(digits) < _EXPONENTS:
        return value * math.ldexp(1.0, digits)
    return value * math.ldexp(1.0, digits // 2) * math.ldexp(1.0, digits - digits // 2)


def occasions(rows: Table, occasion: Occasion) -> Table:
    """Merge purchases of the same customer and period.

    Parameters
    ----------
    rows
        Columns customer_id, date and, perhaps, value.

    Returns
    -------
    Table
        ``customer_id``, ``date`` of the period's first purchase, ``merged`` (rows) and, perhaps, ``value``
        (their sum).
    """
    sums: dict[str, Any] = {"merged": rows.count()}
    if "value" in rows.columns:
        sums["value"] = rows.value.sum()
    if occasion == "day":
        return rows.group_by("customer_id", "date").aggregate(**sums)
    period = rows.date.truncate(_TRUNCATE[occasion])
    by_period = rows.group_by(rows.customer_id, period=period).aggregate(date=rows.date.min(), **sums)
    return by_period.drop("period")


def summarise(bought: Table, until: dt.date, unit: Unit, digits: int) -> Table:
    """One row for each customer of :func:`occasions`.

    Parameters
    ----------
    bought
        Occasions, their values in grains.
    digits
        Binary digits that a grain is finer than a unit of money.
    """
    per = DAYS_PER[unit]
    has_value = "value" in bought.columns
    sums: dict[str, Any] = {
        "frequency": bought.count() - 1,
        "first_date": bought.date.min(),
        "last_date": bought.date.max(),
    }
    if has_value:
        sums["total"] = bought.value.sum()
        sums["repeated"] = bought.value.sum() - bought.value.argmin(bought.date)
    each = bought.group_by("customer_id").aggregate(**sums)
    at_end: Column = ibis.literal(until)
    columns: dict[str, Any] = {
        "customer_id": each.customer_id,
        "frequency": each.frequency.cast("int64"),
        "recency": each.last_date.delta(each.first_date, unit="day").cast("float64") / per,
        "T": at_end.delta(each.first_date, unit="day").cast("float64") / per,
    }
    if has_value:
        mean = in_money(each.repeated, digits) / each.frequency.cast("float64").nullif(0.0)
        columns["monetary_value"] = mean.fill_null(0.0)
    columns |= {"first_date": each.first_date, "last_date": each.last_date}
    if has_value:
        columns["total"] = in_money(each.total, digits)
    return each.select(**columns)


def as_day(given: Any, where: str) -> dt.date:
    """Read a date argument: a date, a time or ISO text."""
    try:
        # Pandas would count a number such as 20240201 in nanoseconds from 1970.
        day = pd.NaT if isinstance(given, Number) else pd.Timestamp(given)
    except (ValueError, TypeError):
        day = pd.NaT
    if isinstance(day, pd.Timestamp):
        return day.date()
    raise InputError(Fault(where, repr(given), "a date", f"Say {where}='2024-12-31', or pass a date."))


def check_choice(where: str, got: str, options: tuple[str, ...]) -> None:
    """Refuse a word that is not among the options."""
    if got not in options:
        listed = ", ".join(map(repr, options))
        raise InputError(
            Fault(where, repr(got), f"one of {listed}", f"Say {where}={options[0]!r}, for example.")
        )

"""From purchases to one row for each customer: the aggregation, as Ibis expressions."""

import datetime as dt
from typing import Any, Literal

import ibis
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.engine import Column, Table, fetch

Unit = Literal["day", "week", "month"]
Occasion = Literal["day", "week", "month"]

DAYS_PER: dict[Unit, float] = {"day": 1.0, "week": 7.0, "month": 30.4375}

_TRUNCATE = {"week": "W", "month": "M"}
_DWARFED = 1e-4


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


def summarise(bought: Table, until: dt.date, unit: Unit, *, exact: bool) -> Table:
    """One row for each customer of :func:`occasions`.

    Parameters
    ----------
    exact
        Sum repeat occasions by themselves. Otherwise take the first off the total, which is faster, and right
        to the last digits unless the first purchase dwarfs all that follow (see :func:`dwarfed`).
    """
    per = DAYS_PER[unit]
    has_value = "value" in bought.columns
    if exact and has_value:
        first = bought.date.min().over(ibis.window(group_by="customer_id"))
        bought = bought.mutate(repeated=ibis.ifelse(bought.date > first, bought.value, 0.0))
    sums: dict[str, Any] = {
        "frequency": bought.count() - 1,
        "first_date": bought.date.min(),
        "last_date": bought.date.max(),
    }
    if has_value:
        sums["total"] = bought.value.sum()
        sums["repeated"] = (
            bought.repeated.sum() if exact else bought.value.sum() - bought.value.argmin(bought.date)
        )
    each = bought.group_by("customer_id").aggregate(**sums)
    at_end: Column = ibis.literal(until)
    columns: dict[str, Any] = {
        "customer_id": each.customer_id,
        "frequency": each.frequency.cast("int64"),
        "recency": each.last_date.delta(each.first_date, unit="day").cast("float64") / per,
        "T": at_end.delta(each.first_date, unit="day").cast("float64") / per,
    }
    if has_value:
        mean = each.repeated / each.frequency.cast("float64").nullif(0.0)
        columns["monetary_value"] = mean.fill_null(0.0)
    columns |= {"first_date": each.first_date, "last_date": each.last_date}
    if has_value:
        columns["total"] = each.total
    return each.select(**columns)


def dwarfed(customers: Table) -> bool:
    """Whether some customer's repeat purchases are so small beside the first that subtraction lost digits."""
    repeated = customers.monetary_value * customers.frequency
    lost = (customers.frequency > 0) & (repeated.abs() <= _DWARFED * customers.total.abs())
    return bool(fetch(customers.aggregate(lost=lost.any())).to_pylist()[0]["lost"])


def as_day(given: Any, where: str) -> dt.date:
    """Read a date argument: a date, a time or ISO text."""
    try:
        day = pd.Timestamp(given)
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

"""Dates and numbers from whatever a column holds; what can not be read becomes null."""

from typing import Any

import ibis

from segmodels.errors import Fault
from segmodels.tables.engine import Column

_OFFSET = r":[0-9]{2}(\.[0-9]+)?\s*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$"


@ibis.udf.scalar.builtin(name="try_strptime")
def _try_strptime(text: str, form: str) -> "ibis.dtype('timestamp')":  # type: ignore[valid-type]
    """Parse as DuckDB does: null where the text does not follow the form."""


@ibis.udf.scalar.builtin(name="timezone")
def _timezone(zone: str, time: "ibis.dtype(\"timestamp('UTC')\")") -> "ibis.dtype('timestamp')":  # type: ignore[valid-type]
    """Tell an instant by a zone's clock, as DuckDB does."""


def type_fault(column: Column, where: str, what: str, date_format: str | None) -> Fault | None:
    """Say what is wrong with a column's type, if no value of it could be read as `what`."""
    kind: Any = column.type()
    got = str(kind)
    if what == "date":
        if kind.is_date() or kind.is_timestamp() or kind.is_string() or (kind.is_integer() and date_format):
            return None
        advice = (
            "Pass date_format=, such as '%Y%m%d'." if kind.is_integer() else "Convert the column to dates."
        )
        return Fault(where, f"a column of {got}", "dates, times or text", advice)
    if (kind.is_numeric() and not kind.is_boolean()) or kind.is_string():
        return None
    return Fault(where, f"a column of {got}", "numbers", "Convert the column to numbers.")


def as_number(column: Column) -> Column:
    """Numbers as float64; text that is no number becomes null."""
    if column.type().is_string():
        return column.strip().try_cast("float64")
    return column.cast("float64")


def as_date(column: Column, date_format: str | None, zone: str | None) -> Column:
    """Calendar dates: of a zoned time, the date in its zone; of text with an offset, as written."""
    kind: Any = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return _local(column, zone or kind.timezone).date()
    text = column.cast("string").strip()
    if date_format is not None:
        return _parsed(text, date_format).date()
    return _without_offset(text).try_cast("timestamp").date()


def offset_of(column: Column) -> Column:
    """Find the UTC offset that ends a text such as ``2024-05-01T10:00:00+02:00``; else empty."""
    return column.strip().re_extract(_OFFSET, 2).fill_null("")


def _without_offset(text: Column) -> Column:
    offset = text.re_extract(_OFFSET, 2)
    return text.substr(0, text.length() - offset.length()).strip()


def _local(time: Column, zone: str | None) -> Column:
    if zone is None or _engine(time) != "duckdb":
        return time
    return _timezone(zone, time)


def _parsed(text: Column, date_format: str) -> Column:
    """Other engines than DuckDB raise their own error on the first text that does not follow the form."""
    if _engine(text) != "duckdb":
        return text.as_timestamp(date_format)
    return _try_strptime(text, date_format)


def _engine(value: Column) -> str:
    return str(value.get_backend().name)

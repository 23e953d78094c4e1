"""Between pandas, Polars and Arrow, without loss and without guessing."""

from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["pandas", "polars", "arrow", "ibis"]

_PLAIN_OBJECTS = (
    "string",
    "empty",
    "boolean",
    "integer",
    "floating",
    "decimal",
    "mixed-integer-float",
    "bytes",
)


def to_pandas(data: pa.Table) -> pd.DataFrame:
    """Arrow to pandas, with dates as datetime64."""
    return data.to_pandas(date_as_object=False)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Pandas to Arrow, column by column; a column of mixed types becomes text."""
    return pa.table({str(name): array(column) for name, column in frame.items()})


def from_arrow(data: pa.Table, kind: Kind) -> Any:
    """Arrow to the kind of table asked for (not for ``"ibis"``)."""
    if kind == "pandas":
        return to_pandas(data)
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(data)
    return data


def has_mixed(column: pd.Series) -> bool:
    """Whether a column holds text beside numbers."""
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in {
        "mixed",
        "mixed-integer",
    }


def array(column: pd.Series) -> Any:
    """One pandas column as Arrow; a zoned time becomes the local time of its zone."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    elif isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    elif column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in _PLAIN_OBJECTS:
        zones = {str(zone) for value in column if (zone := getattr(value, "tzinfo", None)) is not None}
        column = pd.Series([_text(value, local=len(zones) == 1) for value in column], dtype=object)
    return plain(pa.Array.from_pandas(column))


def _text(value: Any, *, local: bool) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124 (NaN)
        return None
    if not hasattr(value, "isoformat"):
        return str(value)
    return (value.replace(tzinfo=None) if local and hasattr(value, "tzinfo") else value).isoformat()


def plain(values: Any) -> Any:
    """Decode dictionaries, make columns of nulls text, zoned times local times, and long decimals floats."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return pc.cast(values, kind.value_type)
    if pa.types.is_decimal256(kind):
        # Engines have 38 digits at most.
        return pc.cast(values, pa.float64())
    if pa.types.is_null(kind):
        return values.cast(pa.string())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.call_function("local_timestamp", [values])
    return values

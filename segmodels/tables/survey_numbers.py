"""Numbers among the answers of a survey, and what is wrong with them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Code, Item
from segmodels.tables.survey_codes import UNKNOWN, Matcher, distinct, is_blank, number_of
from segmodels.tables.survey_rules import rows_fault
from segmodels.tables.survey_source import Column


def read_number(item: Item, column: Column, absent: tuple[Code, ...], ids: pd.Index) -> NDArray[np.float64]:
    """Numbers of a column, NaN where missing, shape (N,).

    Raises
    ------
    InputError
        For text that is no number, infinite numbers and, of counts, negative ones and fractions.
    """
    where, advice = (
        f"items[{item.name!r}]",
        "Correct them, or say missing= with the codes that mean no answer.",
    )
    values, unread, shown = numbers_of(column, absent)
    faults = rows_fault(Fault(where, "no number", "numbers", advice), unread, ids, shown)
    faults += rows_fault(Fault(where, "an infinite number", "finite numbers", advice), np.isinf(values), ids)
    if item.scale == "count":
        wrong = np.isfinite(values) & ((values < 0) | (values != np.floor(values)))
        fault = Fault(where, "a negative number or a fraction", "counts: 0, 1, 2 …", advice)
        faults += rows_fault(fault, wrong, ids, shown)
    if faults:
        raise InputError(faults)
    return values


def numbers_of(
    column: Column, absent: tuple[Code, ...]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], Callable[[int], str]]:
    """Numbers of a column; which rows hold none though they hold something; and what a row shows."""
    values = _plain_numbers(column)
    if values is not None:
        for code in absent:
            number = number_of(code) if isinstance(code, str) else code
            if number is not None:
                values[values == number] = np.nan
        return values, np.zeros(len(values), bool), lambda row: f"{values[row]:g}"
    found = distinct(column)
    match = Matcher(absent)
    table = np.full(len(found.levels) + 1, np.nan)
    unread = np.zeros(len(found.levels) + 1, bool)
    for at, value in enumerate(found.levels):
        if is_blank(value) or match.position(value) != UNKNOWN:
            continue
        number = number_of(value) if isinstance(value, str) else value
        unread[at] = isinstance(number, bool) or not isinstance(number, (int, float))
        table[at] = np.nan if unread[at] else number
    return table[found.index], unread[found.index], lambda row: repr(found.levels[found.index[row]])


def _plain_numbers(column: Column) -> NDArray[np.float64] | None:
    """Numbers of a column of numbers, as a copy; None for columns of text or booleans."""
    if isinstance(column, pa.ChunkedArray):
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            return None
        return np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    return column.to_numpy(np.float64, copy=True, na_value=np.nan)

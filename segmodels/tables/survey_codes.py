"""Codes: the answers of a column as its distinct values, matched with the codes of a codebook."""

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Code

#: Numbers as they are written where a number was meant: ``01`` is a name of something.
_WRITTEN = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# Integers spread over at most this many values are told apart by counting instead of hashing.
_DENSE = 1 << 16
#: Position of a missing answer, and of one that is no category.
MISSING, UNKNOWN = -1, -2


@dataclass(frozen=True, eq=False)
class Distinct:
    """A column as its distinct values.

    Parameters
    ----------
    levels
        The distinct values, as Python's; None for NaN.
    index
        Which of them each row holds, -1 for null, shape (N,).
    declared
        Whether the column's own type declares the levels and their order, as booleans and ordered categoricals
        do.
    """

    levels: tuple[Any, ...]
    index: NDArray[np.integer[Any]]
    declared: bool = False

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each value, in the order of `levels`."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self.levels))


def distinct(column: "pd.Series | pa.ChunkedArray") -> Distinct:
    """Find the distinct values of a column.

    Examples
    --------
    >>> found = distinct(pd.Series([3.0, None, 1.0, 3.0]))
    >>> found.levels, found.index.tolist()
    ((1, 3), [1, -1, 0, 1])
    """
    if isinstance(column, pa.ChunkedArray):
        return _of_arrow(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = tuple(plain(value) for value in column.cat.categories)
        return Distinct(values, column.cat.codes.to_numpy(), bool(column.dtype.ordered))
    if pd.api.types.is_bool_dtype(column.dtype):
        truths = column.astype("Int8").to_numpy(np.int8, na_value=MISSING)
        return Distinct((False, True), truths, declared=True)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return _of_numbers(column.to_numpy())
    try:
        index, values = pd.factorize(column)
    except TypeError as error:
        advice = "Make an item of each of the answers that can be given together."
        fault = Fault(f"column {column.name!r}", "lists or other collections", "one answer a row", advice)
        raise InputError(fault) from error
    return Distinct(tuple(plain(value) for value in values), index)


def _of_numbers(values: NDArray[Any]) -> Distinct:
    null = np.isnan(values) if values.dtype.kind == "f" else None
    known = values if null is None or not null.any() else values[~null]
    if not known.size:
        return Distinct((), np.full(len(values), MISSING))
    low, high = known.min(), known.max()
    if float(high) - float(low) >= _DENSE or (known.dtype.kind == "f" and (known % 1).any()):
        codes, found = pd.factorize(values)
        return Distinct(tuple(plain(value) for value in found), codes)
    offset = np.zeros(len(values), np.int32)
    np.subtract(values, low, out=offset, where=True if null is None else ~null, casting="unsafe")
    if null is not None:
        offset[null] = int(high - low) + 1
    there = np.flatnonzero(np.bincount(offset, minlength=int(high - low) + 2)[: int(high - low) + 1])
    place = np.full(int(high - low) + 2, MISSING, np.int32)
    place[there] = np.arange(there.size)
    return Distinct(tuple(int(low) + int(step) for step in there), place[offset])


def _of_arrow(column: pa.ChunkedArray) -> Distinct:
    kind = column.type
    if pa.types.is_null(kind):
        return Distinct((), np.full(len(column), MISSING))
    if pa.types.is_boolean(kind):
        truths = column.cast(pa.int8()).fill_null(MISSING).to_numpy()
        return Distinct((False, True), truths, declared=True)
    encoded: Any = column if pa.types.is_dictionary(kind) else column.dictionary_encode()
    encoded = encoded.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    values = tuple(plain(value) for value in encoded.dictionary.to_pylist())
    index = pc.fill_null(encoded.indices.cast(pa.int32()), MISSING).to_numpy(zero_copy_only=False)
    return Distinct(values, index, pa.types.is_dictionary(kind) and kind.ordered)


def plain(value: Any) -> Any:
    """Give a value as Python's: whole numbers as int, NaN as None, dates as ISO text.

    Examples
    --------
    >>> plain(np.float64(2.0)), plain(np.bool_(True)), plain(float("nan"))
    (2, True, None)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (pd.Interval, pd.Period)) else value


def number_of(text: str) -> int | float | None:
    """Read a text as a number; None where it is none.

    Examples
    --------
    >>> number_of(" 2.0 "), number_of("2,5"), number_of("nan")
    (2, None, None)
    """
    stripped = text.strip()
    return plain(float(stripped)) if _NUMBER.fullmatch(stripped) else None


def as_numbers(texts: Sequence[str]) -> list[int | float] | None:
    """Read texts as numbers, each once, if all are written as such; None otherwise.

    Examples
    --------
    >>> as_numbers(["1", "2.5", "1.0"]), as_numbers(["01", "2"])
    ([1, 2.5], None)
    """
    if not all(_WRITTEN.fullmatch(text.strip()) for text in texts):
        return None
    return list(dict.fromkeys(plain(float(text)) for text in texts))


@dataclass(frozen=True, eq=False)
class Matcher:
    """Finds the position of an answer among codes, whatever type the source gave it.

    Numbers match by value (``1``, ``1.0``), text exactly, without blanks around it or, where codes are
    numbers, by the number that it spells; ``true`` and ``false`` match booleans.

    Examples
    --------
    >>> match = Matcher((1, 2, 9))
    >>> match.position("2"), match.position(9.0), match.position("two")
    (1, 2, -2)
    """

    codes: tuple[Code, ...]
    _numbers: dict[Any, int] = field(init=False)
    _texts: dict[str, int] = field(init=False)
    _truths: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        numbers = {code: at for at, code in enumerate(self.codes) if not isinstance(code, str)}
        truths = {str(code).lower(): at for at, code in enumerate(self.codes) if isinstance(code, bool)}
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_truths", truths)
        object.__setattr__(
            self, "_texts", {code: at for at, code in enumerate(self.codes) if isinstance(code, str)}
        )

    def position(self, value: Any) -> int:
        """Position of a value among the codes; UNKNOWN where it is none of them."""
        if isinstance(value, str):
            return self._of_text(value)
        if isinstance(value, (bool, int, float)) and value in self._numbers:
            return self._numbers[value]
        spelled = (str(value), str(value).lower(), str(value).upper())
        return next((self._texts[text] for text in spelled if text in self._texts), UNKNOWN)

    def _of_text(self, value: str) -> int:
        for text in (value, value.strip()):
            if text in self._texts:
                return self._texts[text]
        number = number_of(value)
        if number is not None:
            return self._numbers.get(number, UNKNOWN)
        return self._truths.get(value.strip().lower(), UNKNOWN)


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: None, or text of nothing but blanks."""
    return value is None or value is pd.NA or (isinstance(value, str) and not value.strip())


def positions(found: Distinct, codes: tuple[Code, ...], missing: Sequence[Code]) -> NDArray[np.int16]:
    """Place of each row's answer among the codes; MISSING, or UNKNOWN where it is none, shape (N,)."""
    match, absent = Matcher(codes), Matcher(tuple(missing))
    table = np.full(len(found.levels) + 1, MISSING, np.int16)
    for at, value in enumerate(found.levels):
        place = match.position(value)
        if place == UNKNOWN and (is_blank(value) or absent.position(value) != UNKNOWN):
            place = MISSING
        table[at] = place
    return table[found.index]

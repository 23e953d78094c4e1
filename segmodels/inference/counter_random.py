"""Random numbers that belong to a customer, a draw and a stream, and to nothing else.

The number comes from its place by :func:`~segmodels.likelihoods.philox.philox`. So totals, grids and valuations
that walk the customers in other blocks, or in another order, see the same draws without storing them.
"""

import operator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import infer_dtype
from pandas.util import hash_array

from segmodels.errors import Fault, InputError
from segmodels.likelihoods.philox import fill_uniforms, philox
from segmodels.likelihoods.row_threads import over_rows

__all__ = ["customer_keys", "philox", "uniforms"]

Words = NDArray[np.uint64]


def customer_keys(ids: ArrayLike | pd.Series) -> Words:
    """Hash customer ids to words: whole numbers by their value, text by its characters.

    Parameters
    ----------
    ids
        Whole numbers of any width, or text, shape (B,).

    Returns
    -------
    numpy.ndarray
        uint64, shape (B,); the same id gives the same word in every block, type of column and session.

    Raises
    ------
    InputError
        If ids are missing, or neither whole numbers nor text.

    Examples
    --------
    >>> customer_keys([5, 6])[0] == customer_keys(pd.Series([5], dtype="Int32"))[0]
    np.True_
    >>> customer_keys(["a", "b"]).dtype
    dtype('uint64')
    """
    # NumPy would turn a list of text and numbers to text.
    values = np.asarray(ids, dtype=object if isinstance(ids, list | tuple) else None)
    if values.dtype.kind == "O":
        values = _of_objects(values)
    if values.dtype.kind in "iu":
        return _mix(values.astype(np.int64 if values.dtype.kind == "i" else np.uint64).view(np.uint64))
    if values.dtype.kind in "UO":
        hashed: Any = hash_array
        return hashed(values.astype(object), categorize=False)
    if values.size == 0:
        return np.empty(0, np.uint64)
    raise _refusal(str(values.dtype), values)


def _of_objects(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers as an array of them; text stays an array of objects."""
    missing = np.asarray(pd.isna(values))
    if missing.any():
        raise _refusal("missing ids", values[missing], int(missing.sum()))
    kind = infer_dtype(values, skipna=False)
    if kind == "integer":
        return np.asarray(values.tolist())
    if kind in ("string", "empty"):
        return values
    raise _refusal(kind, values)


def _refusal(got: str, values: NDArray[Any], rows: int | None = None) -> InputError:
    examples = tuple(repr(value) for value in values[:3].tolist())
    remedy = "Turn the ids to text or whole numbers where the table is read."
    return InputError(Fault("customer ids", got, "whole numbers or text", remedy, rows, examples))


def _mix(words: Words) -> Words:
    """Spread words over all 64 bits, one to one (the finaliser of splitmix64: Steele, Lea and Flood 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def uniforms(seed: int, keys: Words, numbers: ArrayLike, stream: int) -> NDArray[np.float64]:
    """Uniform random numbers of customers and draws.

    Parameters
    ----------
    seed
        From 0 to 2^64 - 1.
    keys
        Of the customers, from :func:`customer_keys`, shape (B,).
    numbers
        Which draws, not negative, shape (D,).
    stream
        0, 1, ...: independent numbers of the same customer and draw.

    Returns
    -------
    numpy.ndarray
        In the open interval (0, 1), shape (B, D).

    Raises
    ------
    InputError
        If the seed, a number or the stream is out of its range.

    Examples
    --------
    >>> keys = customer_keys(["a", "b", "c"])
    >>> both = uniforms(1, keys, [0, 1, 2], 0)
    >>> bool((uniforms(1, keys[1:2], [2], 0) == both[1, 2]).all())
    True
    """
    drawn = np.asarray(numbers, dtype=np.int64).reshape(-1)
    faults = [
        Fault(name, str(value), expected, "Choose another.")
        for name, value, expected, good in (
            ("seed", seed, "a whole number from 0 to 2^64 - 1", 0 <= operator.index(seed) < 2**64),
            ("stream", stream, "0 or more", stream >= 0),
            ("numbers", int(drawn.min(initial=0)), "0 or more", drawn.min(initial=0) >= 0),
        )
        if not good
    ]
    if faults:
        raise InputError(faults)
    keys = np.ascontiguousarray(keys, dtype=np.uint64)
    out = np.empty((keys.size, drawn.size))
    place = np.uint64(seed), keys, drawn.view(np.uint64), np.uint64(stream)
    over_rows(lambda first, last: fill_uniforms(*place, out, first, last), keys.size)
    return out

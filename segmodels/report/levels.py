"""Figures of surveys as people read them: shares and means in one column, ranges, p-values."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from segmodels.report import tables
from segmodels.report.tables import Floats


def levels(values: ArrayLike, *, proportion: bool) -> list[str]:
    """Write shares as whole percentages, or means with the same decimals throughout.

    >>> levels([0.624, 0.08], proportion=True), levels([3.42, 2.0], proportion=False)
    (['62%', '8%'], ['3.4', '2.0'])
    """
    array = np.asarray(values, np.float64)
    if proportion:
        return [tables.share(value, 0) for value in array]
    places = tables.decimals(array, 2)
    return [tables.number(value, places) for value in array]


def mixed(values: Iterable[float], proportions: Iterable[bool]) -> list[str]:
    """Write a column of which some are shares and others means, each by itself.

    >>> mixed([0.6241, 3.4249], [True, False])
    ['62.4%', '3.42']
    """
    return [
        tables.share(value) if share else tables.number(value)
        for value, share in zip(values, proportions, strict=True)
    ]


def ranges(low: Iterable[str], high: Iterable[str]) -> list[str]:
    """Write intervals whose ends are written.

    >>> ranges(["57%", "–"], ["66%", "–"])
    ['57% to 66%', '–']
    """
    return [
        tables.MISSING if tables.MISSING in (a, b) else f"{a} to {b}" for a, b in zip(low, high, strict=True)
    ]


def p_values(values: Floats) -> list[str]:
    """Write a column of p- or q-values, never as a false 0.

    >>> p_values(np.array([0.04321, 1e-9, 1.0, np.nan]))
    ['0.043', '<0.001', '1.000', '–']
    """
    return ["<0.001" if 0 <= value < 0.0005 else tables.number(value, 3) for value in values]


def hundredths(values: Floats) -> list[str]:
    """Write a column with two decimals."""
    return [tables.number(value, 2) for value in values]


def tenths(values: Floats) -> list[str]:
    """Write a column with one decimal."""
    return [tables.number(value, 1) for value in values]


def thousandths(values: Floats) -> list[str]:
    """Write a column with three decimals."""
    return [tables.number(value, 3) for value in values]

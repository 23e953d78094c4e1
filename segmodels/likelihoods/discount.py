"""Discounting: cash flows month by month, at rates that are always effective per year.

A horizon is always counted in months and a rate always per year;
``unit`` is only the time unit of the purchase model that the edges are handed to.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError

#: Days in each time unit; a month is a twelfth of 365.25 days.
DAYS_PER: Mapping[str, float] = MappingProxyType({"day": 1.0, "week": 7.0, "month": 30.4375})


def _faults(annual_discount: float, unit: str) -> list[Fault]:
    faults: list[Fault] = []
    if not (math.isfinite(annual_discount) and annual_discount > -1.0):
        faults.append(
            Fault(
                where="annual_discount",
                got=repr(annual_discount),
                expected="a finite effective rate per year above -1",
                remedy="Write 10 per cent a year as 0.1.",
            )
        )
    if unit not in DAYS_PER:
        faults.append(
            Fault(
                where="unit",
                got=repr(unit),
                expected="one of " + ", ".join(map(repr, DAYS_PER)),
                remedy="Name the time unit that the model was fitted in.",
            )
        )
    return faults


def mid_month(
    months: int, annual_discount: float, unit: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Month ends in the model's time unit, and the discount factor at the middle of each month.

    Parameters
    ----------
    months
        Horizon, a positive whole number of months whatever the unit.
    annual_discount
        Effective rate per year, 0.1 for 10 per cent; 0 discounts nothing.
    unit
        Time unit of the edges: "day", "week" or "month".

    Returns
    -------
    edges
        (months,) ends of months 1, 2, ... in ``unit``, ascending.
    weights
        (months,) ``(1 + annual_discount) ** (-(k - 0.5) / 12)`` for month k.

    Raises
    ------
    InputError
        If the horizon, the rate or the unit can not be used.

    Examples
    --------
    >>> edges, weights = mid_month(3, 0.10, "week")
    >>> edges.round(3), weights.round(4)
    (array([ 4.348,  8.696, 13.045]), array([0.996 , 0.9882, 0.9803]))
    """
    faults = _faults(annual_discount, unit)
    if isinstance(months, bool) or not months >= 1 or months % 1:
        faults.append(
            Fault(
                where="months",
                got=repr(months),
                expected="a positive whole number of months",
                remedy="Give the horizon in months, 36 for three years.",
            )
        )
    if faults:
        raise InputError(faults)
    k = np.arange(1, int(months) + 1, dtype=np.float64)
    edges = k * (DAYS_PER["month"] / DAYS_PER[unit])
    return edges, np.exp(-math.log1p(annual_discount) * (k - 0.5) / 12.0)


def continuous_rate(annual_discount: float, unit: str) -> float:
    """Rate per ``unit`` that, compounded continuously over a year, gives the effective annual rate.

    Parameters
    ----------
    annual_discount
        Effective rate per year, 0.1 for 10 per cent.
    unit
        "day", "week" or "month".

    Raises
    ------
    InputError
        If the rate or the unit can not be used.

    Examples
    --------
    >>> round(continuous_rate(0.10, "week"), 7)
    0.0018266
    """
    faults = _faults(annual_discount, unit)
    if faults:
        raise InputError(faults)
    return math.log1p(annual_discount) * DAYS_PER[unit] / (12.0 * DAYS_PER["month"])

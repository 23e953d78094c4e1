"""The Box-Cox scale of positive amounts: z = (c^lam - 1) / lam, and log c at lam = 0.

For lam > 0 the scale ends at -1 / lam, where c is 0.

Source: Box and Cox (1964), An analysis of transformations, JRSS B 26(2), 211-252.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_PLAIN = 0.01


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def amount_of(z: float, lam: float) -> float:
    """Return c of one z; 0 at and below the lower bound."""
    if lam == 0.0:
        return math.exp(z)
    if z == math.inf:
        return z
    inside = lam * z
    if inside <= -1.0:
        return 0.0
    # log is the faster one; near the logarithm it would lose digits
    return math.exp((math.log(1.0 + inside) if lam > _PLAIN else math.log1p(inside)) / lam)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def scale_of(c: float, lam: float) -> float:
    """Return z of one c >= 0; the lower bound of 0."""
    if c <= 0.0:
        return -math.inf if lam == 0.0 else -1.0 / lam
    log_c = math.log(c)
    # expm1 keeps all digits however small lam is.
    return log_c if lam == 0.0 else math.expm1(lam * log_c) / lam


def transform(c: ArrayLike, lam: ArrayLike) -> Array:
    """Amounts to the scale, broadcast.

    Parameters
    ----------
    c
        Amounts over their unit, >= 0; 0 gives the lower bound.
    lam
        >= 0.

    Examples
    --------
    >>> transform([0.0, 1.0, 4.0], 0.5)
    array([-2.,  0.,  2.])
    >>> transform([1.0, np.e], 0.0)
    array([0., 1.])
    """
    c, lam = np.broadcast_arrays(np.asarray(c, float), np.asarray(lam, float))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_c = np.log(c)
        powered = np.where(np.isposinf(log_c), np.inf, np.expm1(lam * log_c) / np.where(lam == 0.0, 1.0, lam))
    return np.where(lam == 0.0, log_c, powered)


def inverse(z: ArrayLike, lam: ArrayLike) -> Array:
    """Amounts of the scale, broadcast; 0 at and below the lower bound.

    Examples
    --------
    >>> inverse([-3.0, -2.0, 0.0, 2.0], 0.5)
    array([0., 0., 1., 4.])
    """
    z, lam = np.broadcast_arrays(np.asarray(z, float), np.asarray(lam, float))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        stretched: Any = np.log1p(np.maximum(lam * z, -1.0)) / np.where(lam == 0.0, 1.0, lam)
        return np.exp(np.where(lam == 0.0, z, stretched))


def log_jacobian(c: ArrayLike, lam: ArrayLike) -> Array:
    """Log of dz / dc, broadcast. Where c is C / g, that of dz / dC is this less log g.

    Examples
    --------
    >>> log_jacobian([np.e, np.e**2], 0.0)
    array([-1., -2.])
    """
    return np.asarray((np.asarray(lam, float) - 1.0) * np.log(np.asarray(c, float)))


def lower(lam: ArrayLike) -> Array:
    """Where the scale ends, broadcast: -1 / lam, and -inf at 0.

    Examples
    --------
    >>> lower([0.0, 0.5])
    array([-inf,  -2.])
    """
    lam = np.asarray(lam, float)
    return np.where(lam == 0.0, -np.inf, -1.0 / np.where(lam == 0.0, 1.0, lam))

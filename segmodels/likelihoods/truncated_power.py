"""Powers of a normal variable that is cut off at 0: E[X^p | X > 0], X ~ N(r, 1), p > 0.

With x = r + sqrt(r^2 + 1) the power is about (x / 2)^p on the right and proportional to x^p far on the left, so
the logarithm of E[X^p | X > 0] / x^p is a flat, smooth function of u = log x = asinh r. One quadrature for each
of about a thousand u gives a piecewise polynomial of it, and that serves any number of customers.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.polynomial import chebyshev

from segmodels.likelihoods import normal

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# The flat function is constant beyond these u: r of -1,490 and 81,000.
_FIRST, _LAST, _PANELS, _DEGREE = -8.0, 12.0, 80, 13
_LOST = 40.0


@njit(cache=True, nogil=True, error_model="numpy")
def log_power(r: float, p: float) -> float:
    """Log of E[X^p | X > 0] for X ~ N(r, 1), by the trapezoidal rule in log X, which converges geometrically.

    Examples
    --------
    >>> round(float(np.exp(log_power(0.0, 1.0))), 12) == round((2 / np.pi) ** 0.5, 12)
    True
    """
    root = math.sqrt(r * r + 4.0 * (p + 1.0))
    mode = 0.5 * (r + root) if r >= 0.0 else 2.0 * (p + 1.0) / (root - r)
    beyond = (p + 1.0) / mode
    step = min(0.12, 0.35 / math.sqrt(mode * mode + p + 1.0))
    total = 1.0
    for direction in (-1.0, 1.0):
        t = direction * step
        while True:
            away = mode * math.expm1(t)
            fall = (p + 1.0) * t - away * (0.5 * away + beyond)
            total += math.exp(fall)
            if fall < -_LOST:
                break
            t += direction * step
    peak = (p + 1.0) * math.log(mode) + normal.log_density(beyond)
    return peak + math.log(step * total) - normal.log_above(-r)


def flat_log_power(p: float) -> FloatArray:
    """Coefficients of log E[X^p | X > 0] - p asinh r, a row for each panel of asinh r, highest power first.

    Examples
    --------
    >>> table = flat_log_power(2.0)
    >>> round(float(np.exp(flat_at(table, np.arcsinh(3.0)) + 2.0 * np.arcsinh(3.0)) - np.exp(log_power(3.0, 2.0))), 9)
    0.0
    """
    edges = np.linspace(_FIRST, _LAST, _PANELS + 1)
    nodes = chebyshev.chebpts1(_DEGREE + 1)
    half = 0.5 * (edges[1] - edges[0])
    u = edges[:-1, None] + half * (nodes + 1.0)
    values = np.array([log_power(math.sinh(each), p) - p * each for each in u.ravel()]).reshape(u.shape)
    series = np.linalg.solve(chebyshev.chebvander(nodes, _DEGREE), values.T)
    powers = np.zeros((_DEGREE + 1, _DEGREE + 1))
    for k in range(_DEGREE + 1):
        powers[k, : k + 1] = chebyshev.cheb2poly(np.eye(k + 1)[k])
    return np.ascontiguousarray((series.T @ powers)[:, ::-1])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def flat_at(table: FloatArray, u: float) -> float:
    """Value of :func:`flat_log_power` at u = asinh r."""
    at = (min(max(u, _FIRST), _LAST) - _FIRST) * (_PANELS / (_LAST - _FIRST))
    panel = min(int(at), _PANELS - 1)
    s, value = 2.0 * (at - panel) - 1.0, 0.0
    for c in table[panel]:
        value = value * s + c
    return value

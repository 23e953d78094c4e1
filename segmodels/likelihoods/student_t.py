"""Student's t with any number of degrees of freedom, one number at a time, with derivatives.

Infinite degrees of freedom are the normal distribution. Tail probabilities are incomplete beta functions, by
their continued fraction; its derivative with respect to the degrees of freedom is carried along.

Source: DiDonato and Morris (1992), Algorithm 708, ACM TOMS 18(3), for the fraction and where it serves.
"""

import math

import numpy as np
from numba import njit

from segmodels.likelihoods import normal

_LOG_ROOT_PI = 0.5723649429247001
_ASYMPTOTIC = 20.0
_STEPS = 20_000
_TOLERANCE = 2e-16
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
# Eight nodes are exact to the last bits where the density changes by less than this.
_NARROW = 0.5


@njit(cache=True, nogil=True, error_model="numpy")
def _rise(x: float) -> tuple[float, float]:
    """``log G(x + 1/2) - log G(x)`` and its derivative, x > 0: recurrence to 20, then the series."""
    product, slope = 1.0, 0.0
    while x < _ASYMPTOTIC:
        product *= x / (x + 0.5)
        slope += 0.5 / (x * (x + 0.5))
        x += 1.0
    u = 1.0 / (x * x)
    series = (1.0 / 8.0 - u * (1.0 / 192.0 - u * (1.0 / 640.0 - u * 17.0 / 14336.0))) / x
    by_x = u * (1.0 / 8.0 - u * (3.0 / 192.0 - u * (5.0 / 640.0 - u * 119.0 / 14336.0)))
    return 0.5 * math.log(x) - series + math.log(product), 0.5 / x + by_x + slope


@njit(cache=True, nogil=True, error_model="numpy")
def log_constant(nu: float) -> tuple[float, float]:
    """Log-density at 0, and its derivative with respect to nu > 0.

    Examples
    --------
    >>> round(float(np.exp(log_constant(1.0)[0]) * np.pi), 12)
    1.0
    """
    if nu == math.inf:
        return normal.log_density(0.0), 0.0
    value, slope = _rise(0.5 * nu)
    return value - 0.5 * math.log(nu) - _LOG_ROOT_PI, 0.5 * slope - 0.5 / nu


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def log_kernel(z: float, nu: float) -> float:
    """Log-density at z less that at 0."""
    if nu == math.inf:
        return -0.5 * z * z
    return -0.5 * (nu + 1.0) * math.log1p(z * z / nu)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def log_kernel_by_nu(z: float, nu: float) -> float:
    """Differentiate :func:`log_kernel` with respect to nu."""
    if nu == math.inf:
        return 0.0
    square = z * z / nu
    return -0.5 * math.log1p(square) + 0.5 * (nu + 1.0) / nu * square / (1.0 + square)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def log_kernel_by_z(z: float, nu: float) -> float:
    """Differentiate :func:`log_kernel` with respect to z."""
    return -z if nu == math.inf else -(nu + 1.0) * z / (nu + z * z)


@njit(cache=True, nogil=True, error_model="numpy")
def _fraction(a: float, b: float, x: float, by_a: float, by_b: float, by_x: float) -> tuple[float, float]:
    """Continued fraction of the incomplete beta function, and the derivative of its logarithm.

    a, b and x change at the rates `by_a`, `by_b` and `by_x`. Lentz's method, two terms a step.
    """
    d = 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    first = ((by_a + by_b) * x + (a + b) * by_x) / (a + 1.0) - (a + b) * x * by_a / (a + 1.0) ** 2
    d_slope = first * d * d
    c, c_slope = 1.0, 0.0
    value, slope = d, first * d
    for m in range(1, _STEPS):
        before, slope_before = value, slope
        for even in (True, False):
            p = a + 2.0 * m
            if even:
                over, over_slope = m * (b - m) * x, m * (by_b * x + (b - m) * by_x)
                under, under_slope = (p - 1.0) * p, by_a * (2.0 * p - 1.0)
            else:
                s, t = a + m, a + b + m
                over = -s * t * x
                over_slope = -(by_a * t + s * (by_a + by_b)) * x - s * t * by_x
                under, under_slope = p * (p + 1.0), by_a * (2.0 * p + 1.0)
            term = over / under
            term_slope = (over_slope - term * under_slope) / under
            d_slope = term_slope * d + term * d_slope
            d = 1.0 / (1.0 + term * d)
            d_slope *= -d * d
            c_slope = (term_slope - term * c_slope / c) / c
            c = 1.0 + term / c
            value *= c * d
            slope += c_slope / c + d_slope / d
        if abs(value - before) <= _TOLERANCE * value and abs(slope - slope_before) <= 1e-15 * (
            1.0 + abs(slope)
        ):
            break
    return value, slope


@njit(cache=True, nogil=True, error_model="numpy")
def _log_tail(z: float, nu: float) -> tuple[float, float]:
    """Log of the probability above z > 0, and its derivative with respect to nu < inf."""
    a, ratio = 0.5 * nu, z * z / nu
    log_stay = math.log1p(ratio)
    x, y = 1.0 / (1.0 + ratio), ratio / (1.0 + ratio)
    by_x = x * y / nu
    rise, rise_slope = _rise(a)
    log_scale = rise - _LOG_ROOT_PI - a * log_stay + 0.5 * (2.0 * math.log(z) - math.log(nu) - log_stay)
    scale_slope = 0.5 * rise_slope - 0.5 * log_stay + 0.5 * y - 0.5 * x / nu
    if x < (a + 1.0) / (a + 2.5):
        value, slope = _fraction(a, 0.5, x, 0.5, 0.0, by_x)
        return log_scale + math.log(value / nu), scale_slope + slope - 1.0 / nu
    value, slope = _fraction(0.5, a, y, 0.0, 0.5, -by_x)
    centre = math.exp(log_scale) * value
    return math.log(0.5 - centre), -centre * (scale_slope + slope) / (0.5 - centre)


@njit(cache=True, nogil=True, error_model="numpy")
def log_above(z: float, nu: float) -> tuple[float, float]:
    """Log of the probability above z, and its derivative with respect to nu (0 for the normal distribution).

    Examples
    --------
    >>> round(float(np.exp(log_above(1.0, 1.0)[0])), 12)
    0.25
    >>> round(log_above(40.0, np.inf)[0], 6)
    -804.608442
    """
    if z == -math.inf:
        return 0.0, 0.0
    if z == math.inf:
        return -math.inf, 0.0
    if nu == math.inf:
        return (0.0 if z < -normal.CERTAIN else normal.log_above(z)), 0.0
    if z == 0.0:
        return -math.log(2.0), 0.0
    value, slope = _log_tail(abs(z), nu)
    if z > 0.0:
        return value, slope
    below = math.exp(value)
    return math.log1p(-below), -below * slope / (1.0 - below)


@njit(cache=True, nogil=True, error_model="numpy")
def _narrow(a: float, b: float, nu: float, constant: float, constant_slope: float) -> tuple[float, float]:
    """Log of the probability between close bounds, by quadrature; 1 - F would cancel."""
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    peak = log_kernel(middle, nu)
    value, slope = 0.0, 0.0
    for node, weight in zip(_NODES, _WEIGHTS):  # noqa: B905 Numba knows no strict
        z = middle + half * node
        mass = weight * math.exp(log_kernel(z, nu) - peak)
        value += mass
        slope += mass * log_kernel_by_nu(z, nu)
    return constant + peak + math.log(half * value), constant_slope + slope / value


@njit(cache=True, nogil=True, error_model="numpy")
def log_between(a: float, b: float, nu: float, constant: float, constant_slope: float) -> tuple[float, float]:
    """Log of the probability between a and b, and its derivative with respect to nu.

    Parameters
    ----------
    a, b
        Bounds, a <= b, possibly infinite.
    nu
        Degrees of freedom; infinite for the normal distribution.
    constant, constant_slope
        From :func:`log_constant`.

    Examples
    --------
    >>> round(log_between(40.0, 41.0, np.inf, *log_constant(np.inf))[0], 6)
    -804.608442
    """
    if a + b < 0.0:
        a, b = -b, -a
    if (b - a) * (1.0 + 0.5 * (a + b)) < _NARROW:
        return _narrow(a, b, nu, constant, constant_slope)
    if nu == math.inf and a < normal.FAR:
        return math.log(normal.above(a) - normal.above(b)), 0.0
    beyond, beyond_slope = log_above(b, nu)
    if a >= 0.0:
        value, slope = log_above(a, nu)
        ratio = math.exp(beyond - value)
        return value + math.log1p(-ratio), (slope - ratio * beyond_slope) / (1.0 - ratio)
    before, before_slope = log_above(-a, nu)
    left, right = math.exp(before), math.exp(beyond)
    inside = 1.0 - (left + right)
    return math.log(inside), -(left * before_slope + right * beyond_slope) / inside

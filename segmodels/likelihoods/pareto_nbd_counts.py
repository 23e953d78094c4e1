"""Pareto/NBD: how likely each number of purchases is, for a new customer and for one who is alive.

A customer is alive at the end of the period, or dropped out at some age u before; the second case is an
integral over u.  The integrand is positive and log-concave in log(u): bisection finds its peak, steps
down both sides its width, and Gauss-Legendre panels between them give double precision.  Nothing cancels,
as it does in the closed form, a sum of hypergeometric functions.  No purchase at all needs no integral.

References
----------
Fader and Hardie (2006), "Deriving an expression for P(X(t) = x) under the Pareto/NBD model", has the
closed form.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from segmodels.likelihoods.pareto_nbd_dropout import dropout_first
from segmodels.likelihoods.pareto_nbd_future import flat_columns

Array = NDArray[np.float64]

# sixteen nodes give double precision on a panel of two units of log time
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NEGLIGIBLE = 40.0  # an integrand exp(-40) below its peak adds nothing in double precision


def pmf_new(
    n: ArrayLike, t: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike
) -> Array:
    """Probability that a new customer makes ``n`` repeat purchases by age ``t``.

    Parameters
    ----------
    n
        Number of purchases, whole and not negative.
    t
        Age, not negative.
    r, alpha, s, beta
        Shape and rate of the gamma purchase rates, then of the gamma dropout rates.

    Returns
    -------
    array
        In the shape of the arguments broadcast against each other.

    Examples
    --------
    >>> pmf_new([0, 1, 2], 39.0, 0.553, 10.578, 0.606, 11.669).round(3)
    array([0.594, 0.166, 0.082])
    """
    columns, shape = flat_columns(n, t, r, alpha, s, beta)
    return _pmf(*columns).reshape(shape)


def pmf_given_alive(
    n: ArrayLike,
    t: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Probability of ``n`` purchases in (T, T + t] of a customer who is alive at T.

    Parameters
    ----------
    n, t
        Number of purchases and horizon.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        Shape and rate of the gamma purchase rates, then of the gamma dropout rates.

    Returns
    -------
    array
        In the shape of the arguments broadcast against each other.

    Examples
    --------
    >>> pmf_given_alive([0, 1, 2], 4.0, 2, 39.0, 0.553, 10.578, 0.606, 11.669).round(3)
    array([0.824, 0.153, 0.02 ])
    """
    x, age, r, alpha, beta = (np.asarray(v, float) for v in (x, T, r, alpha, beta))
    return pmf_new(n, t, r + x, alpha + age, s, beta + age)


def none_given_alive(
    t: ArrayLike, x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike
) -> Array:
    """Probability of no purchase in (T, T + t] of a customer who is alive at T.

    Parameters
    ----------
    t : (H,)
        Horizons, not negative.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        Shape and rate of the gamma purchase rates, then of the gamma dropout rates.

    Returns
    -------
    array
        The shape of the other arguments broadcast against each other, then H.

    Examples
    --------
    >>> none_given_alive(np.array([0.0, 4.0, 52.0]), 2, 39.0, 0.553, 10.578, 0.606, 11.669).round(3)
    array([1.   , 0.824, 0.274])
    """
    columns, shape = flat_columns(x, T, r, alpha, s, beta)
    horizons = np.atleast_1d(np.asarray(t, float))
    return _none(horizons, *columns).reshape((*shape, horizons.size))


@njit(cache=True, nogil=True, error_model="numpy")
def _none(t: Array, x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """Flat `none_given_alive`: the likelihood of a new customer without repeat purchases."""
    out = np.empty((x.size, t.size))
    for i in range(x.size):
        shape, rate, clock = r[i] + x[i], alpha[i] + T[i], beta[i] + T[i]
        early = dropout_first(0.0, 0.0, shape, rate, s[i], clock)
        for h in range(t.size):
            kept = math.exp(-shape * math.log1p(t[h] / rate) - s[i] * math.log1p(t[h] / clock))
            late = dropout_first(0.0, t[h], shape, rate, s[i], clock)
            out[i, h] = min(1.0, early + kept * (1.0 - late))
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _pmf(n: Array, t: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """Flat `pmf_new`: alive at t, or dropped out at some age u before."""
    out = np.empty(n.size)
    for i in range(n.size):
        if t[i] <= 0.0:
            out[i] = 1.0 if n[i] == 0.0 else 0.0
            continue
        ways = math.lgamma(r[i] + n[i]) - math.lgamma(r[i]) - math.lgamma(n[i] + 1.0)
        living = -r[i] * math.log1p(t[i] / alpha[i]) - s[i] * math.log1p(t[i] / beta[i])
        living += ways - n[i] * math.log1p(alpha[i] / t[i])
        out[i] = min(1.0, math.exp(living) + _dropped(n[i], t[i], r[i], alpha[i], s[i], beta[i], ways))
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _log_dropped(y: float, n: float, r: float, alpha: float, s: float, beta: float) -> tuple[float, float]:
    """Log of the density of n purchases and a dropout at age exp(y), and its slope in y."""
    u = math.exp(y)
    value = y - r * math.log1p(u / alpha) - n * math.log1p(alpha / u) - s * math.log1p(u / beta)
    slope = n + 1.0 - (r + n) * u / (alpha + u) - (s + 1.0) * u / (beta + u)
    return value + math.log(s / (beta + u)), slope


@njit(cache=True, nogil=True, error_model="numpy")
def _dropped(n: float, t: float, r: float, alpha: float, s: float, beta: float, ways: float) -> float:
    """Probability of n purchases and a dropout before age t; the integrand is log-concave in y = log(u)."""
    top = math.log(t)
    peak = top
    if _log_dropped(top, n, r, alpha, s, beta)[1] < 0.0:
        low = min(top, math.log(min(alpha, beta)) - math.log(r + n + s + 2.0) + math.log(0.5))
        high = top
        for _ in range(40):
            peak = 0.5 * (low + high)
            if _log_dropped(peak, n, r, alpha, s, beta)[1] > 0.0:
                low = peak
            else:
                high = peak
    floor = _log_dropped(peak, n, r, alpha, s, beta)[0] - _NEGLIGIBLE
    below = _NEGLIGIBLE / (n + 1.0)
    while _log_dropped(peak - below, n, r, alpha, s, beta)[0] > floor:
        below *= 1.3
    above = min(top - peak, _NEGLIGIBLE / (r + s))
    while above < top - peak and _log_dropped(peak + above, n, r, alpha, s, beta)[0] > floor:
        above = min(top - peak, 1.3 * above)
    answer = 0.0
    for start, length in ((peak - below, below), (peak, above)):
        panels = 4 + int(length / 2.0)
        half = 0.5 * length / panels
        for panel in range(panels):
            middle = start + (2 * panel + 1) * half
            for k in range(_NODES.size):
                y = middle + half * _NODES[k]
                answer += half * _WEIGHTS[k] * math.exp(_log_dropped(y, n, r, alpha, s, beta)[0] + ways)
    return answer

"""Gamma-Gamma model of spend per purchase (Fader and Hardie 2013).

Each purchase of a customer is worth ``z ~ Gamma(p, rate nu)`` and the rates differ between customers,
``nu ~ Gamma(q, rate v)``. Of a customer who bought ``x`` times only the mean spend ``m`` matters.
``v`` carries the currency; ``p`` and ``q`` have no unit, and ``q > 1`` where an expected spend is asked for.

With ``w = p x`` and ``s = x m`` the log-density of ``m`` is

    log G(w + q) - log G(w) - log G(q) - log m - w log(1 + v / s) - q log(1 + s / v)

which spares the large terms ``w log s`` and ``w log(s + v)`` that cancel in the usual form.

Source: Fader, P. S. and Hardie, B. G. S. (2013), "The Gamma-Gamma Model of Monetary Value".
"""

import math

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike, NDArray

PARAMETERS: tuple[str, ...] = ("p", "q", "v")

# From here on the asymptotic series below are exact to the last bit of a double.
_ASYMPTOTIC = 12.0
# Frequencies up to here are looked up, larger ones (nobody's) computed where they occur.
_TABLE = 65_536


@njit(cache=True, nogil=True)
def _stirling(z: float) -> float:
    """Give what log-gamma has beyond ``(z - 1/2) log z - z + log(2 pi) / 2``; z >= 12."""
    u = 1.0 / (z * z)
    series = 1.0 / 1188.0 - u * 691.0 / 360360.0
    series = 1.0 / 1260.0 - u * (1.0 / 1680.0 - u * series)
    return (1.0 / 12.0 - u * (1.0 / 360.0 - u * series)) / z


@njit(cache=True, nogil=True)
def _digamma_tail(z: float) -> float:
    """Give what digamma has beyond ``log z - 1 / (2 z)``; z >= 12."""
    u = 1.0 / (z * z)
    series = 1.0 / 240.0 - u * (1.0 / 132.0 - u * 691.0 / 32760.0)
    series = 1.0 / 120.0 - u * (1.0 / 252.0 - u * series)
    return -u * (1.0 / 12.0 - u * series)


@njit(cache=True, nogil=True)
def digamma(z: float) -> float:
    """Differentiate log-gamma at one ``z > 0``: recurrence up to 12, then the asymptotic series.

    Examples
    --------
    >>> round(digamma(1.0), 12)
    -0.577215664902
    """
    below = 0.0
    while z < _ASYMPTOTIC:
        below += 1.0 / z
        z += 1.0
    return math.log(z) - 0.5 / z + _digamma_tail(z) - below


@njit(cache=True, nogil=True)
def _gammaln_rise(z: float, d: float) -> float:
    """``log G(z + d) - log G(z)`` without the cancellation, z > 0, d > 0."""
    product = 1.0
    while z < _ASYMPTOTIC:
        product *= (z + d) / z
        z += 1.0
    rise = (z - 0.5) * math.log1p(d / z) - d + d * math.log(z + d)
    return rise + (_stirling(z + d) - _stirling(z)) - math.log(product)


@njit(cache=True, nogil=True)
def _digamma_rise(z: float, d: float) -> float:
    """``digamma(z + d) - digamma(z)`` without the cancellation, z > 0, d > 0."""
    below = 0.0
    while z < _ASYMPTOTIC:
        below += d / (z * (z + d))
        z += 1.0
    rise = math.log1p(d / z) + 0.5 * d / (z * (z + d))
    return rise + (_digamma_tail(z + d) - _digamma_tail(z)) + below


@njit(cache=True, nogil=True)
def _shares(s: float, v: float, log_ratio: float) -> tuple[float, float]:
    """``log(1 + v / s)`` and ``log(1 + s / v)`` from one log1p; log_ratio is log(s / v)."""
    if s > v:
        small = math.log1p(v / s)
        return small, small + log_ratio
    small = math.log1p(s / v)
    return small - log_ratio, small


def _one(x: float, m: float, p: float, q: float, v: float) -> float:
    if x == 0.0:
        return 0.0
    log_m = math.log(m)
    of_v, of_s = _shares(x * m, v, log_m + math.log(x) - math.log(v))
    return _gammaln_rise(p * x, q) - math.lgamma(q) - log_m - p * x * of_v - q * of_s


_each = vectorize(cache=True, nopython=True)(_one)


def log_density(x: ArrayLike, m: ArrayLike, p: ArrayLike, q: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
    """Log-density of the mean spend of one customer, broadcast.

    Parameters
    ----------
    x
        Number of purchases averaged. A customer without any says nothing: 0 gives 0, whatever ``m``.
    m
        Mean spend over these purchases, > 0, in the currency of ``v``.
    p, q, v
        Parameters, > 0.

    Returns
    -------
    array
        Log-density with respect to ``m``, in the broadcast shape.

    Examples
    --------
    >>> round(float(log_density(2, 22.35, 6.25, 3.74, 15.44)), 4)
    -3.5513
    """
    x, m, p, q, v = (np.asarray(each, dtype=np.float64) for each in (x, m, p, q, v))
    return np.asarray(_each(x, m, p, q, v))


@njit(cache=True, nogil=True)
def total(
    params: NDArray[np.float64],
    x: NDArray[np.int64],
    m: NDArray[np.float64],
    count: NDArray[np.float64],
    start: NDArray[np.int64],
) -> float:
    """Log-likelihood of cells sorted by group.

    Parameters
    ----------
    params
        (G, 3) float64: p, q, v of each group.
    x, m, count
        (C,) int64, float64, float64: purchases averaged, mean spend, customers in the cell.
    start
        (G + 1,) int64: group g owns the cells ``start[g]:start[g + 1]``.

    Returns
    -------
    float
        Sum of ``count * log_density``.

    Examples
    --------
    >>> cells = np.array([2, 1]), np.array([22.35, 11.77]), np.ones(2), np.array([0, 2])
    >>> round(total(np.array([[6.25, 3.74, 15.44]]), *cells), 4)
    -7.289
    """
    size = min(x.max() if x.size else 0, _TABLE) + 1
    filled = np.full(size, -1, np.int64)
    rises, logs = np.empty(size), np.empty(size)
    value = 0.0
    for g in range(params.shape[0]):
        p, q, v = params[g, 0], params[g, 1], params[g, 2]
        log_v, constant = math.log(v), math.lgamma(q)
        for c in range(start[g], start[g + 1]):
            n = x[c]
            if n == 0:
                continue
            # the table is filled as frequencies occur, so that a sparse group does not pay for its largest
            at = n if n < size else 0
            if at == 0 or filled[at] != g:
                filled[at] = g
                rises[at] = _gammaln_rise(p * n, q) - constant
                logs[at] = math.log(n)
            log_m = math.log(m[c])
            of_v, of_s = _shares(n * m[c], v, log_m + logs[at] - log_v)
            value += count[c] * (rises[at] - log_m - p * n * of_v - q * of_s)
    return value


@njit(cache=True, nogil=True)
def totals(
    params: NDArray[np.float64],
    x: NDArray[np.int64],
    m: NDArray[np.float64],
    count: NDArray[np.float64],
    start: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 3)."""
    values = np.empty(len(params))
    for d in range(len(params)):
        values[d] = total(params[d], x, m, count, start)
    return values


@njit(cache=True, nogil=True)
def total_and_gradient(
    params: NDArray[np.float64],
    x: NDArray[np.int64],
    m: NDArray[np.float64],
    count: NDArray[np.float64],
    start: NDArray[np.int64],
) -> tuple[float, NDArray[np.float64]]:
    """Log-likelihood of cells sorted by group, and its derivatives.

    Parameters
    ----------
    params, x, m, count, start
        As in `total`.

    Returns
    -------
    float, (G, 3) array
        The value, and the derivative with respect to each group's p, q, v.

    Examples
    --------
    >>> cells = np.array([2, 1]), np.array([22.35, 11.77]), np.ones(2), np.array([0, 2])
    >>> value, gradient = total_and_gradient(np.array([[6.25, 3.74, 15.44]]), *cells)
    >>> gradient.shape
    (1, 3)
    """
    size = min(x.max() if x.size else 0, _TABLE) + 1
    filled = np.full(size, -1, np.int64)
    rises, logs, slopes_p, slopes_q = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    value = 0.0
    gradient = np.zeros((params.shape[0], 3))
    for g in range(params.shape[0]):
        p, q, v = params[g, 0], params[g, 1], params[g, 2]
        log_v, constant, slope = math.log(v), math.lgamma(q), digamma(q)
        to_p, to_q, to_v = 0.0, 0.0, 0.0
        for c in range(start[g], start[g + 1]):
            n = x[c]
            if n == 0:
                continue
            at = n if n < size else 0
            if at == 0 or filled[at] != g:
                filled[at] = g
                rises[at] = _gammaln_rise(p * n, q) - constant
                logs[at] = math.log(n)
                slopes_p[at] = _digamma_rise(p * n, q)
                slopes_q[at] = digamma(p * n + q) - slope
            log_m, w, s = math.log(m[c]), p * n, n * m[c]
            of_v, of_s = _shares(s, v, log_m + logs[at] - log_v)
            value += count[c] * (rises[at] - log_m - w * of_v - q * of_s)
            to_p += count[c] * n * (slopes_p[at] - of_v)
            to_q += count[c] * (slopes_q[at] - of_s)
            to_v += count[c] * (q * (s / v) - w) / (s + v)
        gradient[g, 0], gradient[g, 1], gradient[g, 2] = to_p, to_q, to_v
    return value, gradient


def posterior_mean_coefficients(
    x: ArrayLike, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give A and B of the expected spend per purchase given the history, ``E[spend | x, m] = A + B m``.

    Parameters
    ----------
    x
        Number of purchases averaged, 0 for a customer without a repeat purchase.
    p, q, v
        Parameters, q > 1.

    Returns
    -------
    A, B
        In the broadcast shape: A in the currency of ``v``, B without unit.
        ``x = 0`` gives the population mean and B = 0.

    Examples
    --------
    >>> A, B = posterior_mean_coefficients([0, 2], 6.25, 3.74, 15.44)
    >>> (A + B * np.array([0.0, 22.35])).round(2)
    array([35.22, 24.66])
    """
    x, p, q, v = (np.asarray(each, dtype=np.float64) for each in (x, p, q, v))
    shape = p * x + q - 1.0
    return np.asarray(p * v / shape), np.asarray(p * x / shape + 0.0 * v)


def expected_new(p: ArrayLike, q: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
    """Give the expected spend per purchase of a new customer, ``p v / (q - 1)``; q > 1.

    Examples
    --------
    >>> round(float(expected_new(6.25, 3.74, 15.44)), 3)
    35.219
    """
    p, q, v = (np.asarray(each, dtype=np.float64) for each in (p, q, v))
    return np.asarray(p * v / (q - 1.0))


def simulate(
    rng: np.random.Generator, x: ArrayLike, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> NDArray[np.float64]:
    """Draw the mean spend over ``x`` purchases, one new customer per element of the broadcast.

    Returns
    -------
    array
        Mean spend, in the currency of ``v``; 0 where ``x`` is 0.

    Examples
    --------
    >>> simulate(np.random.default_rng(1), [0, 1, 5], 6.25, 3.74, 15.44).shape
    (3,)
    """
    x, p, q, v = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (x, p, q, v)))
    nu = rng.gamma(q) / v
    return np.asarray(rng.gamma(p * x) / (nu * np.maximum(x, 1.0)))


def simulate_rate(
    rng: np.random.Generator,
    x: ArrayLike,
    m: ArrayLike,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
) -> NDArray[np.float64]:
    """Draw a customer's rate ``nu`` given the history: Gamma(q + p x, rate v + x m).

    Returns
    -------
    array
        One rate per element of the broadcast; ``p / nu`` is that customer's expected spend per purchase.

    Examples
    --------
    >>> simulate_rate(np.random.default_rng(1), [0, 2], [0.0, 22.35], 6.25, 3.74, 15.44).shape
    (2,)
    """
    x, m, p, q, v = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (x, m, p, q, v)))
    return np.asarray(rng.gamma(q + p * x) / (v + x * m))


def simulate_future(
    rng: np.random.Generator,
    n: ArrayLike,
    x: ArrayLike,
    m: ArrayLike,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
) -> NDArray[np.float64]:
    """Draw the total spend over ``n`` future purchases given the history.

    A rate is drawn for each element of the broadcast of everything but ``n``.
    So a customer's periods share one rate if ``n`` is (customers, periods) and the history (customers, 1).

    Returns
    -------
    array
        Total spend, in the currency of ``v``; 0 where ``n`` is 0.

    Examples
    --------
    >>> n = np.array([[0, 3, 1], [2, 0, 0]])
    >>> history = [[0], [2]], [[0.0], [22.35]]
    >>> simulate_future(np.random.default_rng(1), n, *history, 6.25, 3.74, 15.44).shape
    (2, 3)
    """
    nu = simulate_rate(rng, x, m, p, q, v)
    return np.asarray(
        rng.gamma(np.asarray(p, dtype=np.float64) * np.asarray(n, dtype=np.float64) + 0.0 * nu) / nu
    )

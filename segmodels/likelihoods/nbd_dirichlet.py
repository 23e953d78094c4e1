"""NBD-Dirichlet: how often customers buy in a category, and how often of it from us.

Within a window of length T a customer buys ``N ~ Poisson(lambda T)`` times in the category, with
``lambda ~ Gamma(r, rate alpha)``; each purchase is ours with probability ``p ~ Beta(a, b)``, where
``a = phi mu`` and ``b = phi (1 - mu)``. So ``mu`` is our mean share of purchases, and a large ``phi`` makes
customers alike. Where only our purchases k are known, N is summed out:

    L(k) = sum over n of NB(n) BetaBinomial(k | n) = NB(k) BetaBinomial(k | k) 2F1(r + k, b; phi + k; T / (alpha + T))

The sampling frame counts: a file of category buyers holds nobody with N = 0, a file of own buyers nobody with
k = 0, and each density is divided by the probability of being in the frame.

References
----------
Goodhardt, Ehrenberg and Chatfield (1984), The Dirichlet: a comprehensive model of buying behaviour, Journal of
the Royal Statistical Society A 147(5), 621-655.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from segmodels.likelihoods.gamma_gamma import digamma

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
Five = tuple[float, float, float, float, float]

PARAMETERS = ("r", "alpha", "phi", "mu")
ALL_CUSTOMERS, CATEGORY_BUYERS, OWN_BUYERS = range(3)
UNANSWERED = -1

# Up to here a product is quicker than a logarithm of gammas, and exact.
_PRODUCT = 64
_STIRLING = 1000.0
_LARGE = 1e200
# A sum over N ends where no more than this part of it can be left; with so many terms it is given up.
_REST = 1e-15
_MOST = 1_000_000


@njit(cache=True, nogil=True, error_model="numpy")
def _log_rising(z: float, n: int) -> float:
    """``log G(z + n) - log G(z)`` without the cancellation."""
    if n < _PRODUCT:
        value, product = 0.0, 1.0
        for i in range(n):
            product *= z + i
            if product > _LARGE:
                value, product = value + math.log(product), 1.0
        return value + math.log(product)
    if z < _STIRLING:
        return math.lgamma(z + n) - math.lgamma(z)
    tail = (1.0 / (z + n) - 1.0 / z) / 12.0 - (1.0 / (z + n) ** 3 - 1.0 / z**3) / 360.0
    return (z - 0.5) * math.log1p(n / z) - n + n * math.log(z + n) + tail


@njit(cache=True, nogil=True, error_model="numpy")
def _harmonic(z: float, n: int) -> float:
    """Differentiate ``_log_rising`` by z: the sum of 1 / (z + i) over i < n."""
    if n >= _PRODUCT:
        return digamma(z + n) - digamma(z)
    value = 0.0
    for i in range(n):
        value += 1.0 / (z + i)
    return value


@njit(cache=True, nogil=True, error_model="numpy")
def _joint(k: int, n: int, T: float, r: float, alpha: float, phi: float, mu: float) -> Five:
    """Log-probability of k own purchases among n, and its derivatives by r, alpha, phi, mu."""
    a, b = phi * mu, phi * (1.0 - mu)
    spread = math.log1p(T / alpha)
    value = _log_rising(r, n) + _log_rising(a, k) + _log_rising(b, n - k) - _log_rising(phi, n)
    value -= math.lgamma(k + 1.0) + math.lgamma(n - k + 1.0) + r * spread + n * math.log1p(alpha / T)
    by_a, by_b = _harmonic(a, k), _harmonic(b, n - k)
    return (
        value,
        _harmonic(r, n) - spread,
        (r * T / alpha - n) / (alpha + T),
        mu * by_a + (1.0 - mu) * by_b - _harmonic(phi, n),
        phi * (by_a - by_b),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _ratio(n: int, k: int, q: float, r: float, b: float, phi: float) -> float:
    """Probability of k among n + 1 over that of k among n."""
    return q * (r + n) * (b + n - k) / ((n + 1.0 - k) * (phi + n))


@njit(cache=True, nogil=True, error_model="numpy")
def _summed(k: int, first: int, T: float, r: float, alpha: float, phi: float, mu: float) -> Five:
    """Log-probability of k own purchases among ``first`` or more, and its derivatives by the parameters."""
    value, by_r, by_alpha, by_phi, by_mu = _joint(k, first, T, r, alpha, phi, mu)
    b, q = phi * (1.0 - mu), T / (alpha + T)
    term, total = 1.0, 1.0
    of_r, of_b, of_phi = 0.0, 0.0, 0.0
    sum_r, sum_b, sum_phi, sum_n = 0.0, 0.0, 0.0, 0.0
    for n in range(first, first + _MOST):
        ratio = _ratio(n, k, q, r, b, phi)
        of_r, of_b, of_phi = of_r + 1.0 / (r + n), of_b + 1.0 / (b + n - k), of_phi + 1.0 / (phi + n)
        term *= ratio
        total += term
        sum_r, sum_b, sum_phi = sum_r + term * of_r, sum_b + term * of_b, sum_phi + term * of_phi
        sum_n += term * (n + 1 - first)
        if term > _LARGE:
            value += math.log(_LARGE)
            term, total, sum_n = term / _LARGE, total / _LARGE, sum_n / _LARGE
            sum_r, sum_b, sum_phi = sum_r / _LARGE, sum_b / _LARGE, sum_phi / _LARGE
        most = max(ratio, q)
        if term * most <= _REST * (1.0 - most) * total:
            by_b = sum_b / total
            return (
                value + math.log(total),
                by_r + sum_r / total,
                by_alpha - sum_n / total / (alpha + T),
                by_phi + (1.0 - mu) * by_b - sum_phi / total,
                by_mu - phi * by_b,
            )
    return -np.inf, np.nan, np.nan, np.nan, np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _in_frame(frame: int, T: float, r: float, alpha: float, phi: float, mu: float) -> Five:
    """Log-probability that a customer is in the frame, and its derivatives."""
    if frame == CATEGORY_BUYERS:
        spread = math.log1p(T / alpha)
        odds = 1.0 / math.expm1(r * spread)
        return (
            math.log(-math.expm1(-r * spread)),
            spread * odds,
            -r * T / alpha / (alpha + T) * odds,
            0.0,
            0.0,
        )
    if frame == OWN_BUYERS:
        none, by_r, by_alpha, by_phi, by_mu = _summed(0, 0, T, r, alpha, phi, mu)
        odds = -1.0 / math.expm1(-none)
        return math.log(-math.expm1(none)), odds * by_r, odds * by_alpha, odds * by_phi, odds * by_mu
    return 0.0, 0.0, 0.0, 0.0, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _known(k: int, N: int, T: float, frame: int, r: float, alpha: float, phi: float, mu: float) -> Five:
    """Log-probability of what is known of a customer, before the frame is divided by."""
    if N != UNANSWERED:
        return _joint(k, N, T, r, alpha, phi, mu)
    return _summed(k, max(k, 1) if frame == CATEGORY_BUYERS else k, T, r, alpha, phi, mu)


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray,
    k: IntArray,
    N: IntArray,
    T: FloatArray,
    frame: IntArray,
    count: FloatArray,
    start: IntArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood of cells sorted by group, and its derivatives (G, 4) by each group's parameters.

    Parameters
    ----------
    params
        (G, 4), a row (r, alpha, phi, mu) for each group.
    k, N
        (C,) int64: own purchases, and category purchases or -1 where nobody asked.
    T
        (C,), length of the window.
    frame
        (C,) int64: 0 all customers, 1 category buyers, 2 own buyers.
    count, start
        (C,) customers in the cell; (G + 1,) group g owns the cells ``start[g]:start[g + 1]``.

    Examples
    --------
    >>> cells = np.array([1, 0]), np.array([3, -1]), np.ones(2), np.array([1, 1]), np.ones(2), np.array([0, 2])
    >>> value, gradient = total_and_gradient(np.array([[2.0, 0.5, 1.0, 0.4]]), *cells)
    >>> round(value, 4), gradient.shape
    (-4.4597, (1, 4))
    """
    value, gradient = 0.0, np.zeros((len(params), 4))
    for g in range(len(params)):
        r, alpha, phi, mu = params[g, 0], params[g, 1], params[g, 2], params[g, 3]
        last = -1
        inside = (0.0, 0.0, 0.0, 0.0, 0.0)
        for c in range(start[g], start[g + 1]):
            if last < 0 or T[c] != T[last] or frame[c] != frame[last]:
                inside, last = _in_frame(frame[c], T[c], r, alpha, phi, mu), c
            known = _known(k[c], N[c], T[c], frame[c], r, alpha, phi, mu)
            value += count[c] * (known[0] - inside[0])
            gradient[g, 0] += count[c] * (known[1] - inside[1])
            gradient[g, 1] += count[c] * (known[2] - inside[2])
            gradient[g, 2] += count[c] * (known[3] - inside[3])
            gradient[g, 3] += count[c] * (known[4] - inside[4])
    return value, gradient


@njit(cache=True, nogil=True, error_model="numpy")
def total(params: FloatArray, *cells: Any) -> float:
    """Log-likelihood of cells sorted by group; the arguments are those of `total_and_gradient`."""
    return total_and_gradient(params, *cells)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def totals(params: FloatArray, *cells: Any) -> FloatArray:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 4)."""
    values = np.empty(len(params))
    for d in range(len(params)):
        values[d] = total_and_gradient(params[d], *cells)[0]
    return values


@njit(cache=True, nogil=True, error_model="numpy")
def _each(k: IntArray, N: IntArray, T: FloatArray, frame: IntArray, params: FloatArray) -> FloatArray:
    values = np.empty(len(k))
    for c in range(len(k)):
        r, alpha, phi, mu = params[c, 0], params[c, 1], params[c, 2], params[c, 3]
        inside = _in_frame(frame[c], T[c], r, alpha, phi, mu)[0]
        values[c] = _known(k[c], N[c], T[c], frame[c], r, alpha, phi, mu)[0] - inside
    return values


def log_density(
    k: ArrayLike,
    N: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    phi: ArrayLike,
    mu: ArrayLike,
    T: ArrayLike = 1.0,
    frame: ArrayLike = ALL_CUSTOMERS,
) -> FloatArray:
    """Log-probability of k own purchases among N, or among any number where N is -1; all arguments broadcast.

    Where N is smaller than k, or a customer is not in the frame, it is -inf.

    Examples
    --------
    >>> float(log_density(1, 3, 2.0, 0.5, 1.0, 0.4).round(4)), float(log_density(1, -1, 2.0, 0.5, 1.0, 0.4).round(4))
    (-3.6776, -1.6967)
    """
    whole = np.broadcast_arrays(*(np.asarray(each, dtype=np.int64) for each in (k, N, frame)))
    real = [np.asarray(each, dtype=np.float64) for each in (T, r, alpha, phi, mu)]
    shape = np.broadcast_shapes(whole[0].shape, *(each.shape for each in real))
    own, bought, where = (np.broadcast_to(each, shape).ravel() for each in whole)
    window, *params = (np.broadcast_to(each, shape).ravel() for each in real)
    unanswered = bought == UNANSWERED
    possible = (own >= 0) & (unanswered | (bought >= own)) & ((where != OWN_BUYERS) | (own > 0))
    possible &= (where != CATEGORY_BUYERS) | (bought != 0)
    values = np.full(len(own), -np.inf)
    each = own[possible], bought[possible], window[possible], where[possible]
    values[possible] = _each(*each, np.stack(params, axis=1)[possible])
    return values.reshape(shape)


def rate_covariance(r: ArrayLike, alpha: ArrayLike, phi: ArrayLike, mu: ArrayLike) -> FloatArray:
    """Covariance between customers of the own rate ``lambda p`` and the rate elsewhere ``lambda (1 - p)``.

    It has the sign of ``phi - r``. At phi = r both rates are independent gammas, and own behaviour says nothing
    of the rest.

    Examples
    --------
    >>> float(rate_covariance(2.0, 0.2, 0.6, 0.28 / 0.6).round(3))
    -10.889
    """
    r, alpha, phi, mu = (np.asarray(each, dtype=np.float64) for each in (r, alpha, phi, mu))
    return np.asarray((r / alpha) ** 2 * mu * (1.0 - mu) * (phi / r - 1.0) / (phi + 1.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _terms(
    k: int, first: int, q: float, r: float, b: float, phi: float, terms: FloatArray
) -> tuple[int, FloatArray]:
    """Fill relative probabilities of first, first + 1, … purchases given k of them ours; how many, and where.

    A sum that does not end gives 0.
    """
    terms[0], total = 1.0, 1.0
    for i in range(_MOST):
        if i + 1 == len(terms):
            longer = np.empty(2 * len(terms))
            longer[: i + 1] = terms
            terms = longer
        ratio = _ratio(first + i, k, q, r, b, phi)
        terms[i + 1] = terms[i] * ratio
        total += terms[i + 1]
        if total > _LARGE:
            terms[: i + 2] /= _LARGE
            total /= _LARGE
        most = max(ratio, q)
        if terms[i + 1] * most <= _REST * (1.0 - most) * total:
            return i + 2, terms
    return 0, terms


@njit(cache=True, nogil=True, error_model="numpy")
def elsewhere_weights(
    k: IntArray, first: IntArray, T: float, params: FloatArray, edges: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Average over draws the probability that a customer of whom k is known buys so often elsewhere.

    Parameters
    ----------
    k, first
        (U,) int64: own purchases, and the fewest category purchases there can be.
    T
        Length of the window.
    params
        (D, U, 4), a row (r, alpha, phi, mu) for each draw and customer.
    edges
        (E + 1,) int64, ascending from 0: bin e holds the numbers from ``edges[e]`` to below ``edges[e + 1]``,
        the last one all that are larger.

    Returns
    -------
    weights, means
        (U, E): probability of each bin, and mean purchases elsewhere in it (its lower edge where it is empty);
        NaN where a sum over N has no end within a million terms.

    Examples
    --------
    >>> weights, means = elsewhere_weights(
    ...     np.array([1]), np.array([1]), 1.0, np.array([[[2.0, 0.5, 1.0, 0.4]]]), np.array([0, 1, 2, 4, 8])
    ... )
    >>> weights.round(3).tolist(), round(float(weights.sum()), 12)
    ([[0.323, 0.194, 0.238, 0.245]], 1.0)
    """
    bins = len(edges) - 1
    weights, means = np.zeros((len(k), bins)), np.zeros((len(k), bins))
    terms = np.empty(256)
    for u in range(len(k)):
        for d in range(len(params)):
            r, alpha, phi, mu = params[d, u, 0], params[d, u, 1], params[d, u, 2], params[d, u, 3]
            size, terms = _terms(k[u], first[u], T / (alpha + T), r, phi * (1.0 - mu), phi, terms)
            share = 1.0 / (terms[:size].sum() * len(params)) if size else np.nan
            e = 0
            for i in range(max(size, 1)):
                while e + 1 < bins and first[u] - k[u] + i >= edges[e + 1]:
                    e += 1
                weights[u, e] += terms[i] * share
                means[u, e] += terms[i] * share * (first[u] - k[u] + i)
        for e in range(bins):
            means[u, e] = means[u, e] / weights[u, e] if weights[u, e] != 0.0 else edges[e]
    return weights, means


@njit(cache=True, nogil=True, error_model="numpy")
def elsewhere_numbers(
    k: IntArray,
    first: IntArray,
    T: float,
    params: FloatArray,
    start: IntArray,
    order: IntArray,
    u: FloatArray,
) -> FloatArray:
    """Draw purchases elsewhere by inversion of their distribution given k.

    Parameters
    ----------
    k, first, T, params
        As in `elsewhere_weights`.
    start, order
        (U + 1,) and (B,): the customers ``order[start[c]:start[c + 1]]`` are of kind c.
    u
        (B, D), uniform numbers.

    Returns
    -------
    array
        (B, D), whole numbers; NaN where a sum over N has no end within a million terms.

    Examples
    --------
    >>> one, params = np.array([1]), np.array([[[2.0, 0.5, 1.0, 0.4]]])
    >>> u = np.array([[0.3], [0.5], [0.9]])
    >>> elsewhere_numbers(one, one, 1.0, params, np.array([0, 3]), np.arange(3), u).ravel()
    array([0., 1., 6.])
    """
    numbers = np.full(u.shape, np.nan)
    terms = np.empty(256)
    for c in range(len(k)):
        for d in range(len(params)):
            r, alpha, phi, mu = params[d, c, 0], params[d, c, 1], params[d, c, 2], params[d, c, 3]
            size, terms = _terms(k[c], first[c], T / (alpha + T), r, phi * (1.0 - mu), phi, terms)
            if size:
                below = np.cumsum(terms[:size])
                for i in order[start[c] : start[c + 1]]:
                    at = min(np.searchsorted(below, u[i, d] * below[-1]), size - 1)
                    numbers[i, d] = at + first[c] - k[c]
    return numbers

"""Pareto/NBD: Poisson purchases at gamma rates, until a dropout at an exponential time with gamma rates.

A customer buys at rate lambda ~ Gamma(r, alpha) as long as he is alive, and drops out at rate
mu ~ Gamma(s, beta), independent of lambda.  A history is ``x`` repeat purchases, the last of them at age
``t_x`` (0 where x = 0), seen until age ``T``.  All times, 1/alpha and 1/beta are in one unit of time.

With E(t) = (alpha+t)^-(r+x) (beta+t)^-s and h(x, t) the probability that a living customer drops out before
the next purchase, the likelihood is

    Gamma(r+x)/Gamma(r) alpha^r beta^s [E(t_x) h(x, t_x) + E(T) (1 - h(x, T))]:

of those alive at t_x, all who never buy again, and of those alive at T, all who will.
Both terms are positive, and nothing cancels.

References
----------
Schmittlein, Morrison and Colombo (1987), "Counting your customers", Management Science 33(1).
Fader and Hardie (2005), "A note on deriving the Pareto/NBD model and related expressions".
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from segmodels.likelihoods.pareto_nbd_counts import none_given_alive, pmf_given_alive, pmf_new
from segmodels.likelihoods.pareto_nbd_dropout import dropout_first, dropout_first_gradient
from segmodels.likelihoods.pareto_nbd_future import (
    expected_given_alive,
    expected_new,
    flat_columns,
    present_value_given_alive,
    residual_given_alive,
    simulate_future,
    slot_of,
)

__all__ = [
    "PARAMETERS",
    "alive",
    "expected_given_alive",
    "expected_new",
    "log_density",
    "none_given_alive",
    "pmf_given_alive",
    "pmf_new",
    "present_value_given_alive",
    "residual_given_alive",
    "simulate",
    "simulate_future",
    "total",
    "total_and_gradient",
]

PARAMETERS: tuple[str, ...] = ("r", "alpha", "s", "beta")

Array = NDArray[np.float64]

_GROUP = 2**32  # so that group and x make one key
_MOST_SLOTS = 2**15


def log_density(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Log-likelihood of the history of one customer.

    Parameters
    ----------
    x
        Repeat purchases, whole numbers.
    t_x
        Age at the last purchase; 0 where x = 0.
    T
        Age at the end of observation.
    r, alpha, s, beta
        Shape and rate of the gamma purchase rates, then of the gamma dropout rates.

    Returns
    -------
    array
        In the shape of the arguments broadcast against each other.

    Examples
    --------
    >>> log_density([0, 2], [0.0, 30.43], 38.86, 0.55, 10.58, 0.61, 11.67).round(4)
    array([-0.517, -9.562])
    """
    columns, shape = flat_columns(x, t_x, T, r, alpha, s, beta)
    return _log_densities(*columns).reshape(shape)


def alive(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    horizon: ArrayLike = 0.0,
) -> Array:
    """Probability that a customer with this history is alive at age ``T + horizon``.

    Parameters
    ----------
    x, t_x, T, r, alpha, s, beta
        As in `log_density`.
    horizon
        Time after T, not negative.

    Returns
    -------
    array
        In [0, 1], in the shape of the arguments broadcast against each other.

    Examples
    --------
    The heaviest buyer of the CDNOW sample:

    >>> float(alive(26, 30.857, 31.0, 0.553, 10.578, 0.606, 11.669).round(4))
    0.9979
    """
    columns, shape = flat_columns(x, t_x, T, r, alpha, s, beta)
    now = _alive(*columns).reshape(shape)
    s, ahead = np.asarray(s, float), np.asarray(horizon, float)
    return now * np.exp(-s * np.log1p(ahead / (np.asarray(beta, float) + np.asarray(T, float))))


def simulate(
    rng: np.random.Generator,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> tuple[NDArray[np.int64], Array]:
    """Draw one history of each customer.

    Parameters
    ----------
    rng
        Where the randomness comes from.
    T
        Age at the end of observation.
    r, alpha, s, beta
        As in `log_density`.

    Returns
    -------
    x, t_x
        Repeat purchases and age at the last, in the broadcast shape of T and the parameters.

    Examples
    --------
    >>> x, t_x = simulate(np.random.default_rng(1), np.full(4, 39.0), 0.55, 10.58, 0.61, 11.67)
    >>> x.shape, bool(np.all(t_x[x == 0] == 0)), bool(np.all(t_x <= 39.0))
    ((4,), True, True)
    """
    (age, r, alpha, s, beta), shape = flat_columns(T, r, alpha, s, beta)
    purchase_rate = rng.gamma(r) / alpha
    dropout_rate = np.maximum(rng.gamma(s) / beta, np.finfo(float).tiny)
    life = np.minimum(rng.standard_exponential(age.size) / dropout_rate, age)
    x = rng.poisson(purchase_rate * life)
    # given their number, purchases are uniform over the life; the last is the largest of x uniforms
    t_x = np.where(x > 0, life * rng.random(age.size) ** (1.0 / np.maximum(x, 1)), 0.0)
    return np.asarray(x, np.int64).reshape(shape), t_x.reshape(shape)


@njit(cache=True, nogil=True, error_model="numpy")
def _history(
    x: float, t_x: float, T: float, r: float, alpha: float, s: float, beta: float
) -> tuple[float, float]:
    """Log of E(T)/E(t_x), and the bracket of the likelihood over E(t_x)."""
    survived = -(r + x) * math.log1p((T - t_x) / (alpha + t_x)) - s * math.log1p((T - t_x) / (beta + t_x))
    dropped = dropout_first(x, t_x, r, alpha, s, beta)
    return survived, dropped + math.exp(survived) * (1.0 - dropout_first(x, T, r, alpha, s, beta))


@njit(cache=True, nogil=True, error_model="numpy")
def _log_densities(x: Array, t_x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """`log_density` of flat arrays."""
    out = np.empty(x.size)
    for i in range(x.size):
        _, bracket = _history(x[i], t_x[i], T[i], r[i], alpha[i], s[i], beta[i])
        rising = math.lgamma(r[i] + x[i]) - math.lgamma(r[i])
        start = r[i] * math.log1p(t_x[i] / alpha[i]) + s[i] * math.log1p(t_x[i] / beta[i])
        out[i] = rising - start - x[i] * math.log(alpha[i] + t_x[i]) + math.log(bracket)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _alive(x: Array, t_x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """`alive` at T, of flat arrays."""
    out = np.empty(x.size)
    for i in range(x.size):
        survived, bracket = _history(x[i], t_x[i], T[i], r[i], alpha[i], s[i], beta[i])
        out[i] = min(1.0, math.exp(survived) / bracket)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _rows(x: NDArray[np.int64]) -> int:
    """One row for each count up to the largest."""
    return int(x.max()) + 1 if x.size else 1


@njit(cache=True, nogil=True, error_model="numpy")
def _memory(cells: int, width: int) -> tuple[NDArray[np.int64], Array, Array]:
    """Slots for what depends on (group, x, age) only, since many cells share a last purchase or an age."""
    slots = 64
    while slots < min(2 * cells, _MOST_SLOTS):
        slots *= 2
    return np.zeros(slots, np.int64), np.empty(slots), np.empty((slots, width))


@njit(cache=True, nogil=True, error_model="numpy")
def _rise(rising: Array, known: int, n: int, r: float) -> int:
    """Extend log Gamma(r+x)/Gamma(r) and its slope in r from x = known to n."""
    for k in range(known, n):
        rising[k + 1, 0] = rising[k, 0] + math.log(r + k)
        rising[k + 1, 1] = rising[k, 1] + 1.0 / (r + k)
    return max(known, n)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(row: Array, x: float, t: float, r: float, alpha: float, s: float, beta: float) -> None:
    """Write the log of alpha^(r+x) beta^s E(t), and h(x, t)."""
    row[0] = -(r + x) * math.log1p(t / alpha) - s * math.log1p(t / beta)
    row[1] = dropout_first(x, t, r, alpha, s, beta)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_gradient(row: Array, x: float, t: float, r: float, alpha: float, s: float, beta: float) -> None:
    """Write the two numbers of `_fill`, then the derivatives of the first and of the second."""
    row[2], row[4] = -math.log1p(t / alpha), -math.log1p(t / beta)
    row[0] = (r + x) * row[2] + s * row[4]
    row[3] = (r + x) * t / (alpha * (alpha + t))
    row[5] = s * t / (beta * (beta + t))
    row[1], row[6], row[7], row[8], row[9] = dropout_first_gradient(x, t, r, alpha, s, beta)


@njit(cache=True, nogil=True, error_model="numpy")
def total(
    params: Array, x: NDArray[np.int64], t_x: Array, T: Array, count: Array, start: NDArray[np.int64]
) -> float:
    """Log-likelihood of all customers, from cells of equal histories.

    Parameters
    ----------
    params : (G, 4)
        r, alpha, s and beta of each group.
    x, t_x, T : (C,)
        The cells, sorted by group; quickest when sorted by t_x within the group.
    count : (C,)
        Customers in each cell.
    start : (G + 1,)
        Cells of group g are start[g] to start[g + 1].

    Returns
    -------
    float
        Sum of count times `log_density`.

    Examples
    --------
    >>> params = np.array([[0.55, 10.58, 0.61, 11.67]])
    >>> cells = np.array([0, 2]), np.array([0.0, 30.43]), np.array([38.86, 38.86]), np.array([3.0, 1.0])
    >>> round(total(params, *cells, np.array([0, 2])), 4)
    -11.1131
    """
    rising = np.zeros((_rows(x), 2))
    keys, ages, table = _memory(x.size, 2)
    answer = 0.0
    for group in range(start.size - 1):
        r, alpha, s, beta = params[group]
        log_alpha = math.log(alpha)
        known = 0
        for i in range(start[group], start[group + 1]):
            n = x[i]
            known = _rise(rising, known, n, r)
            key = (group + 1) * _GROUP + n
            slot = slot_of(key, t_x[i], keys.size)
            if keys[slot] != key or ages[slot] != t_x[i]:
                keys[slot], ages[slot] = key, t_x[i]
                _fill(table[slot], n, t_x[i], r, alpha, s, beta)
            begun, early = table[slot, 0], table[slot, 1]
            slot = slot_of(key, T[i], keys.size)
            if keys[slot] != key or ages[slot] != T[i]:
                keys[slot], ages[slot] = key, T[i]
                _fill(table[slot], n, T[i], r, alpha, s, beta)
            bracket = early + math.exp(table[slot, 0] - begun) * (1.0 - table[slot, 1])
            answer += count[i] * (rising[n, 0] - n * log_alpha + begun + math.log(bracket))
    return answer


@njit(cache=True, nogil=True, error_model="numpy")
def totals(
    params: Array, x: NDArray[np.int64], t_x: Array, T: Array, count: Array, start: NDArray[np.int64]
) -> Array:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 4)."""
    values = np.empty(len(params))
    for d in range(len(params)):
        values[d] = total(params[d], x, t_x, T, count, start)
    return values


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: Array, x: NDArray[np.int64], t_x: Array, T: Array, count: Array, start: NDArray[np.int64]
) -> tuple[float, Array]:
    """`total` and its gradient with respect to the parameters of every group.

    Parameters
    ----------
    params, x, t_x, T, count, start
        As in `total`.

    Returns
    -------
    value : float
        As `total`.
    gradient : (G, 4)
        Derivatives with respect to r, alpha, s and beta.

    Examples
    --------
    >>> params = np.array([[0.55, 10.58, 0.61, 11.67]])
    >>> cells = np.array([0, 2]), np.array([0.0, 30.43]), np.array([38.86, 38.86]), np.array([3.0, 1.0])
    >>> value, gradient = total_and_gradient(params, *cells, np.array([0, 2]))
    >>> round(value, 4), gradient.shape
    (-11.1131, (1, 4))
    """
    gradient = np.zeros(params.shape)
    rising = np.zeros((_rows(x), 2))
    keys, ages, table = _memory(x.size, 10)
    early = np.empty(10)
    answer = 0.0
    for group in range(start.size - 1):
        r, alpha, s, beta = params[group]
        log_alpha = math.log(alpha)
        known = 0
        for i in range(start[group], start[group + 1]):
            n, weight = x[i], count[i]
            known = _rise(rising, known, n, r)
            key = (group + 1) * _GROUP + n
            slot = slot_of(key, t_x[i], keys.size)
            if keys[slot] != key or ages[slot] != t_x[i]:
                keys[slot], ages[slot] = key, t_x[i]
                _fill_gradient(table[slot], n, t_x[i], r, alpha, s, beta)
            early[:] = table[slot]
            slot = slot_of(key, T[i], keys.size)
            if keys[slot] != key or ages[slot] != T[i]:
                keys[slot], ages[slot] = key, T[i]
                _fill_gradient(table[slot], n, T[i], r, alpha, s, beta)
            late = table[slot]
            kept = math.exp(late[0] - early[0])
            living = kept * (1.0 - late[1])
            bracket = early[1] + living
            answer += weight * (rising[n, 0] - n * log_alpha + early[0] + math.log(bracket))
            gradient[group, 0] += weight * rising[n, 1]
            gradient[group, 1] -= weight * n / alpha
            share = weight / bracket
            for j in range(4):
                begun = early[2 + j] * early[1] + late[2 + j] * living
                gradient[group, j] += share * (begun + early[6 + j] - kept * late[6 + j])
    return answer, gradient

"""Pareto/NBD after today: expectations and draws of future purchases.

A customer who is alive at age T after x repeat purchases is like a new customer with the parameters
(r + x, alpha + T, s, beta + T): the gamma distributions are conjugate, and the dates of the purchases
say nothing more.  So every forecast is that of a new customer, taken at those parameters.

References
----------
Fader and Hardie (2005), "A note on deriving the Pareto/NBD model and related expressions".
Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42(4), for the discounted residual.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# sixteen nodes give double precision on a panel of two units of log time
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NEGLIGIBLE = 40.0  # an integrand exp(-40) below its peak adds nothing in double precision

_SPREAD = 0x9E3779B97F4A7C1  # odd, from the golden ratio: spreads keys over the slots
_SLOTS = 1024


def expected_new(t: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike) -> Array:
    """Give the expected repeat purchases of a new customer by age ``t``.

    Parameters
    ----------
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
    >>> expected_new([0.0, 52.0], 0.553, 10.578, 0.606, 11.669).round(3)
    array([0.   , 1.473])
    """
    t, r, alpha, s, beta = (np.asarray(v, float) for v in (t, r, alpha, s, beta))
    return np.asarray(r / alpha * _mean_life(t, s, beta), float)


def expected_given_alive(
    t: ArrayLike, x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike
) -> Array:
    """Give the expected purchases in (T, T + t] of a customer who is alive at T.

    Parameters
    ----------
    t : (H,)
        Horizons, not negative.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        As in `expected_new`.

    Returns
    -------
    array
        The shape of the other arguments broadcast against each other, then H.

    Examples
    --------
    >>> expected_given_alive(np.array([0.0, 52.0]), 26, 31.0, 0.553, 10.578, 0.606, 11.669).round(3)
    array([ 0.   , 25.512])
    """
    x, age, r, alpha, s, beta = (np.asarray(v, float)[..., None] for v in (x, T, r, alpha, s, beta))
    return np.asarray((r + x) / (alpha + age) * _mean_life(np.asarray(t, float), s, beta + age), float)


def present_value_given_alive(
    t: ArrayLike,
    weights: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Weighted sum over periods of the expected purchases in each, of a customer who is alive at T.

    Parameters
    ----------
    t : (H,)
        Ends of the periods after T, ascending; the first period starts at T.
    weights : (H,)
        Worth of a purchase in each period, such as a discount factor.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        As in `expected_new`.

    Returns
    -------
    array
        In the shape of x, T and the parameters broadcast against each other.

    Examples
    --------
    >>> present_value_given_alive([26.0, 52.0], [1.0, 0.5], 26, 31.0, 0.553, 10.578, 0.606, 11.669).round(3)
    np.float64(19.886)
    """
    ends, worth = np.asarray(t, float), np.asarray(weights, float)
    # summed by parts: the mean life by the end of a period counts for what the next period is worth less
    falls = worth - np.append(worth[1:], 0.0)
    columns, shape = flat_columns(x, T, r, alpha, s, beta)
    return _present_values(ends, falls, *columns).reshape(shape)


def residual_given_alive(
    discount_rate: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Discounted expected purchases after T, without end, of a customer who is alive at T.

    Parameters
    ----------
    discount_rate
        Continuous rate per unit of time, not negative.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        As in `expected_new`.

    Returns
    -------
    array
        In the shape of the arguments broadcast against each other; infinite without discounting where s <= 1.

    Examples
    --------
    >>> residual_given_alive(0.0027, 7, 77.86, 0.563, 12.559, 0.4081, 10.5148).round(3)
    np.float64(18.504)
    """
    columns, shape = flat_columns(discount_rate, x, T, r, alpha, s, beta)
    return _residuals(*columns).reshape(shape)


def simulate_future(
    rng: np.random.Generator,
    edges: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> NDArray[np.int64]:
    """Draw the purchases in each period after T of customers who are alive at T.

    Parameters
    ----------
    rng
        Where the randomness comes from.
    edges : (H + 1,)
        Ends of the periods as times after T, ascending from 0.
    x, T
        Repeat purchases and age.
    r, alpha, s, beta
        As in `expected_new`.

    Returns
    -------
    array
        Whole numbers; the shape of the other arguments broadcast against each other, then H.

    Examples
    --------
    >>> simulate_future(np.random.default_rng(1), [0.0, 4.0, 8.0], [2, 9], 39.0, 0.55, 10.6, 0.61, 11.7).shape
    (2, 2)
    """
    (x, age, r, alpha, s, beta), shape = flat_columns(x, T, r, alpha, s, beta)
    times = np.asarray(edges, float)
    purchase_rate = rng.gamma(r + x) / (alpha + age)
    dropout_rate = np.maximum(rng.gamma(s) / (beta + age), 1e-300)
    life = np.minimum(rng.standard_exponential(age.size) / dropout_rate, times[-1])
    lived = np.diff(np.minimum(times, life[:, None]), axis=1)
    purchases = np.asarray(rng.poisson(purchase_rate[:, None] * lived), np.int64)
    return purchases.reshape((*shape, times.size - 1))


def _mean_life(t: Array, s: Array, beta: Array) -> Array:
    """Give the expected time alive within t, finite at s = 1."""
    log_clock = np.log1p(t / beta)
    power = (s - 1.0) * log_clock
    safe = np.where(power == 0.0, 1.0, power)
    return np.asarray(beta * log_clock * np.where(power == 0.0, 1.0, -np.expm1(-safe) / safe), float)


def flat_columns(*arguments: ArrayLike) -> tuple[list[Array], tuple[int, ...]]:
    """Broadcast arguments and lay them flat, as the kernels take them.

    Parameters
    ----------
    *arguments
        Numbers or arrays that broadcast against each other.

    Returns
    -------
    columns, shape
        One flat array of floats for each argument, and the shape to give the answer.

    Examples
    --------
    >>> flat_columns([1, 2], 3)
    ([array([1., 2.]), array([3., 3.])], (2,))
    """
    arrays = np.broadcast_arrays(*(np.asarray(argument, float) for argument in arguments))
    # Copies: what NumPy broadcast, even to its own shape, warns where Numba asks whether it can be written.
    return [np.array(array, order="C").reshape(-1) for array in arrays], arrays[0].shape


@njit(cache=True, nogil=True, error_model="numpy")
def slot_of(key: int, age: float, slots: int) -> int:
    """Where a table of recent answers keeps the one for a key and an age; a newcomer replaces the old.

    Parameters
    ----------
    key, age
        What the answer depends on.
    slots
        Length of the table, a power of two.

    Returns
    -------
    int
        From 0 to slots - 1.

    Examples
    --------
    >>> 0 <= slot_of(3, 38.86, 64) < 64
    True
    """
    bits = np.float64(age).view(np.int64)
    mixed = (bits ^ (bits >> 29) ^ key) * _SPREAD
    return int((mixed >> 36) & (slots - 1))


@njit(cache=True, nogil=True, error_model="numpy")
def _present_values(
    ends: Array, falls: Array, x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array
) -> Array:
    """Flat `present_value_given_alive`, from how much less the next period is worth."""
    out = np.empty(x.size)
    # the life to come depends on the draw and T, not on x: remember it
    clocks, powers, lives = np.full(_SLOTS, np.nan), np.empty(_SLOTS), np.empty(_SLOTS)
    for i in range(x.size):
        clock, power = beta[i] + T[i], s[i] - 1.0
        slot = slot_of(0, clock, _SLOTS)
        if clocks[slot] != clock or powers[slot] != power:
            clocks[slot], powers[slot] = clock, power
            answer = 0.0
            for h in range(ends.size):
                log_clock = math.log1p(ends[h] / clock)
                exponent = -power * log_clock
                answer += falls[h] * (math.expm1(exponent) / exponent * log_clock if exponent else log_clock)
            lives[slot] = clock * answer
        out[i] = (r[i] + x[i]) / (alpha[i] + T[i]) * lives[slot]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _residuals(
    discount_rate: Array, x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array
) -> Array:
    """Flat `residual_given_alive`."""
    out = np.empty(x.size)
    clocks, shapes, lives = np.full(_SLOTS, np.nan), np.empty(_SLOTS), np.empty(_SLOTS)
    for i in range(x.size):
        clock = beta[i] + T[i]
        z = discount_rate[i] * clock
        slot = slot_of(0, z, _SLOTS)
        if clocks[slot] != z or shapes[slot] != s[i]:
            clocks[slot], shapes[slot], lives[slot] = z, s[i], _discounted_life(z, s[i])
        out[i] = (r[i] + x[i]) / (alpha[i] + T[i]) * clock * lives[slot]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _discounted_life(z: float, s: float) -> float:
    """Integrate exp(-z v) (1 + v)^-s over v > 0, in log(1 + v); it is U(1, 2 - s, z)."""
    if z == 0.0:
        return 1.0 / (s - 1.0) if s > 1.0 else math.inf
    top = math.log1p(_NEGLIGIBLE / z)
    if s > 1.0:
        top = min(top, _NEGLIGIBLE / (s - 1.0))
    panels = 4 + int(top / 2.0)
    half = 0.5 * top / panels
    answer = 0.0
    for panel in range(panels):
        middle = (2 * panel + 1) * half
        for k in range(_NODES.size):
            w = middle + half * _NODES[k]
            answer += _WEIGHTS[k] * math.exp((1.0 - s) * w - z * math.expm1(w))
    return answer * half

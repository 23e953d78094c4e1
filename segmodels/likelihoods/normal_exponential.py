"""Own spend as wallet times share: log own is normal less exponential.

A customer's wallet is log-normal and the share of it spent with us is ``S ~ Beta(a, 1)``, so that
``u = -log S`` is exactly exponential with rate ``a`` and the mean share is ``a / (a + 1)``:

    y = log own = level + v - u,    v ~ N(0, sigma^2),    u ~ Exp(a)

With ``eps = y - level`` and ``z = eps / sigma + a sigma`` the density of eps is
``a exp(a eps + a^2 sigma^2 / 2) Phi(-z)``, and u given eps is normal with mean ``-sigma z`` and standard
deviation ``sigma``, cut off below 0. Where z > 0 both are written with ``erfcx(x) = exp(x^2) erfc(x)``, which
neither under- nor overflows.

Source: Aigner, Lovell and Schmidt (1977), Journal of Econometrics 6(1), and Meeusen and van den Broeck (1977),
International Economic Review 18(2), for the density; Jondrow et al. (1982), Journal of Econometrics 19, for u
given eps.
"""

import math

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike, NDArray

from segmodels.likelihoods import normal

PARAMETERS: tuple[str, ...] = ("level", "sigma", "a")

type Array = NDArray[np.float64]
_ROOT_HALF = math.sqrt(0.5)
_ROOT_2_PI = math.sqrt(2.0 * math.pi)
_LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)
_INVERSE_ROOT_PI = 1.0 / math.sqrt(math.pi)
# From here on the continued fraction of this many terms is exact to a few bits.
_FAR, _TERMS = 4.0, 40
# From here on a normal cut off so far out is exponential to all digits that its mean needs.
_REMOTE = 60.0


@njit(cache=True, nogil=True)
def erfcx(x: float) -> float:
    """Return ``exp(x^2) erfc(x)`` for x >= 0.

    Examples
    --------
    >>> [round(erfcx(x), 12) for x in (0.0, 1.0, 30.0)]
    [1.0, 0.427583576156, 0.018795888861]
    """
    if x < _FAR:
        return math.exp(x * x) * math.erfc(x)
    fraction = x
    for k in range(_TERMS, 0, -1):
        fraction = x + 0.5 * k / fraction
    return _INVERSE_ROOT_PI / fraction


@njit(cache=True, nogil=True)
def hazard(z: float) -> float:
    """Return ``phi(z) / Phi(-z)``, the mean of a standard normal above z.

    Examples
    --------
    >>> round(hazard(0.0), 6), round(hazard(100.0), 6)
    (0.797885, 100.009998)
    """
    if z > 0.0:
        return 2.0 / (_ROOT_2_PI * erfcx(z * _ROOT_HALF))
    return math.exp(-0.5 * z * z) / (_ROOT_2_PI * (1.0 - 0.5 * math.erfc(-z * _ROOT_HALF)))


@njit(cache=True, nogil=True)
def survival(z: float, x: float) -> float:
    """Return ``Phi(-x) / Phi(-z)``, the probability that a standard normal above z is above x >= z.

    Examples
    --------
    >>> survival(0.0, 0.0), round(survival(40.0, 40.1), 6)
    (1.0, 0.018179)
    """
    if z > 0.0 and x < math.inf:
        return math.exp(0.5 * (z - x) * (z + x)) * erfcx(x * _ROOT_HALF) / erfcx(z * _ROOT_HALF)
    if x == math.inf:
        return 0.0
    return math.erfc(x * _ROOT_HALF) / math.erfc(z * _ROOT_HALF)


@njit(cache=True, nogil=True)
def truncated_quantile(p: float, z: float) -> float:
    """Return how far above z the quantile at p lies of a standard normal above z.

    Far out, Newton's steps on the concave log survival come down from a start above the root.

    Examples
    --------
    >>> round(truncated_quantile(0.5, -40.0), 6), round(truncated_quantile(0.5, 40.0), 6)
    (40.0, 0.017314)
    """
    if p <= 0.0:
        return 0.0
    if p >= 1.0:
        return math.inf
    if z < _FAR:
        upper = (1.0 - p) * normal.above(z)
        x = (
            -normal.quantile(upper)
            if upper < 0.5
            else normal.quantile(normal.above(-z) + p * normal.above(z))
        )
        return max(x - z, 0.0)
    wanted = math.log1p(-p)
    gap = -2.0 * wanted / (z + math.sqrt(z * z - 2.0 * wanted))
    for _ in range(20):
        rest = math.log(erfcx((z + gap) * _ROOT_HALF) / erfcx(z * _ROOT_HALF)) - gap * (z + 0.5 * gap)
        step = (rest - wanted) / hazard(z + gap)
        gap += step
        if abs(step) <= 1e-13 * gap:
            break
    return max(gap, 0.0)


@njit(cache=True, nogil=True)
def _marginal(eps: float, sigma: float, a: float) -> float:
    """Log-density of eps."""
    z = eps / sigma + a * sigma
    if z > 0.0:
        return math.log(0.5 * a * erfcx(z * _ROOT_HALF)) - 0.5 * (eps / sigma) ** 2
    return math.log(a) + a * eps + 0.5 * (a * sigma) ** 2 + normal.log_above(z)


@njit(cache=True, nogil=True)
def _mass(low: float, high: float) -> tuple[float, float, float]:
    """Give ``log(Phi(high) - Phi(low))`` less ``-anchor^2 / 2``, the anchor, and the scaled mass itself.

    The anchor is the bound nearer to 0, and 0 where the interval holds it.
    """
    if low > 0.0:
        mass = 0.5 * erfcx(low * _ROOT_HALF)
        if high < math.inf:
            mass -= 0.5 * math.exp(0.5 * (low - high) * (low + high)) * erfcx(high * _ROOT_HALF)
        return math.log(mass), low, mass
    if high < 0.0:
        rest = math.exp(0.5 * (high - low) * (high + low)) * erfcx(-low * _ROOT_HALF)
        mass = 0.5 * (erfcx(-high * _ROOT_HALF) - rest)
        return math.log(mass), high, mass
    mass = 0.5 * (math.erfc(low * _ROOT_HALF) - math.erfc(high * _ROOT_HALF))
    return math.log(mass), 0.0, mass


@njit(cache=True, nogil=True)
def _one(y: float, low: float, high: float, level: float, sigma: float, a: float) -> float:
    """Log-density of y, and of what is known of u: nothing (NaN), its value, or an interval."""
    eps = y - level
    if math.isnan(low):
        return _marginal(eps, sigma, a)
    if low == high:
        return math.log(a / sigma) - a * low - 0.5 * ((eps + low) / sigma) ** 2 - _LOG_ROOT_2_PI
    z = eps / sigma + a * sigma
    log_mass, anchor, _ = _mass(z + low / sigma, z + high / sigma)
    if anchor == 0.0:
        return math.log(a) + a * eps + 0.5 * (a * sigma) ** 2 + log_mass
    bound = low if anchor > 0.0 else high
    return math.log(a) - a * bound - 0.5 * ((eps + bound) / sigma) ** 2 + log_mass


@njit(cache=True, nogil=True)
def _slopes(
    y: float, low: float, high: float, level: float, sigma: float, a: float
) -> tuple[float, float, float]:
    """Differentiate `_one` by level, sigma and a: expectations over what is not known of u."""
    eps = y - level
    if low == high:
        t = (eps + low) / sigma
        return t / sigma, (t * t - 1.0) / sigma, 1.0 / a - low
    z = eps / sigma + a * sigma
    if math.isnan(low):
        mean = hazard(z)
        rise = z * mean
    else:
        left, right = z + low / sigma, z + high / sigma
        _, anchor, mass = _mass(left, right)
        at_left = math.exp(0.5 * (anchor - left) * (anchor + left)) / (_ROOT_2_PI * mass)
        at_right = 0.0
        if high < math.inf:
            at_right = math.exp(0.5 * (anchor - right) * (anchor + right)) / (_ROOT_2_PI * mass)
        mean = at_left - at_right
        rise = left * at_left - (right * at_right if at_right > 0.0 else 0.0)
    shrunk = a * sigma
    return (
        (mean - shrunk) / sigma,
        (rise - 2.0 * shrunk * mean + shrunk * shrunk) / sigma,
        1.0 / a + sigma * (z - mean),
    )


_density = vectorize(cache=True, nopython=True)(_one)


def _floats(*given: ArrayLike) -> tuple[Array, ...]:
    return tuple(np.asarray(each, dtype=np.float64) for each in given)


def log_density(
    y: ArrayLike,
    level: ArrayLike,
    sigma: ArrayLike,
    a: ArrayLike,
    low: ArrayLike = math.nan,
    high: ArrayLike = math.nan,
) -> Array:
    """Log-density of log own spend, jointly with what is known of ``u = -log share``, broadcast.

    Parameters
    ----------
    y
        Log own spend.
    level, sigma, a
        Parameters; sigma > 0, a > 0.
    low, high
        Bounds of u, at least 0; equal where u is known exactly, NaN where nothing is known.

    Returns
    -------
    array
        With respect to y where u is unknown, to (y, u) where it is exact; the density of y times the
        probability of the interval otherwise.

    Examples
    --------
    >>> log_density([0.0, 1.0], 0.5, 0.8, 1.5).round(4)
    array([-0.8881, -1.5059])
    """
    return _density(*_floats(y, low, high, level, sigma, a))


@njit(cache=True, nogil=True)
def total(
    params: Array,
    y: Array,
    low: Array,
    high: Array,
    share: NDArray[np.int64],
    count: Array,
    start: NDArray[np.int64],
) -> float:
    """Log-likelihood of cells sorted by group.

    Parameters
    ----------
    params
        (G, 2 + S) float64: level and sigma of each group, then its a for each of S kinds of share.
    y, low, high, count
        (C,) float64: log own spend, bounds of u as in `log_density`, customers in the cell.
    share
        (C,) int64: which of the S kinds of share the cell has.
    start
        (G + 1,) int64: group g owns the cells ``start[g]:start[g + 1]``.

    Returns
    -------
    float
        Sum of ``count * log_density``.

    Examples
    --------
    >>> nothing, ones = np.full(2, np.nan), np.ones(2)
    >>> cells = np.zeros(2), nothing, nothing, np.zeros(2, np.int64), ones, np.array([0, 2])
    >>> round(total(np.array([[0.5, 0.8, 1.5]]), *cells), 4)
    -1.7762
    """
    value = 0.0
    for g in range(params.shape[0]):
        for c in range(start[g], start[g + 1]):
            a = params[g, 2 + share[c]]
            value += count[c] * _one(y[c], low[c], high[c], params[g, 0], params[g, 1], a)
    return value


@njit(cache=True, nogil=True)
def totals(
    params: Array,
    y: Array,
    low: Array,
    high: Array,
    share: NDArray[np.int64],
    count: Array,
    start: NDArray[np.int64],
) -> Array:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 2 + S)."""
    values = np.empty(len(params))
    for d in range(len(params)):
        values[d] = total(params[d], y, low, high, share, count, start)
    return values


@njit(cache=True, nogil=True)
def total_and_gradient(
    params: Array,
    y: Array,
    low: Array,
    high: Array,
    share: NDArray[np.int64],
    count: Array,
    start: NDArray[np.int64],
) -> tuple[float, Array]:
    """Log-likelihood of cells sorted by group, and its derivatives, (G, 2 + S); arguments as of `total`.

    Examples
    --------
    >>> cells = np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1, np.int64), np.ones(1), np.array([0, 1])
    >>> total_and_gradient(np.array([[0.5, 0.8, 1.5]]), *cells)[1].shape
    (1, 3)
    """
    value = 0.0
    gradient = np.zeros(params.shape)
    for g in range(params.shape[0]):
        level, sigma = params[g, 0], params[g, 1]
        for c in range(start[g], start[g + 1]):
            a = params[g, 2 + share[c]]
            value += count[c] * _one(y[c], low[c], high[c], level, sigma, a)
            by_level, by_sigma, by_a = _slopes(y[c], low[c], high[c], level, sigma, a)
            gradient[g, 0] += count[c] * by_level
            gradient[g, 1] += count[c] * by_sigma
            gradient[g, 2 + share[c]] += count[c] * by_a
    return value, gradient


def _quantile_of_one(p: float, eps: float, sigma: float, a: float) -> float:
    return sigma * truncated_quantile(p, eps / sigma + a * sigma)


def _cdf_of_one(u: float, eps: float, sigma: float, a: float) -> float:
    if u <= 0.0:
        return 0.0
    z = eps / sigma + a * sigma
    return 1.0 - survival(z, z + u / sigma)


def _mean_of_one(eps: float, sigma: float, a: float) -> float:
    z = eps / sigma + a * sigma
    if z > _REMOTE:
        square = z * z
        return sigma * (1.0 - (2.0 - (10.0 - 74.0 / square) / square) / square) / z
    return sigma * (hazard(z) - z)


_quantiles = vectorize(cache=True, nopython=True)(_quantile_of_one)
_cdfs = vectorize(cache=True, nopython=True)(_cdf_of_one)
_means = vectorize(cache=True, nopython=True)(_mean_of_one)


def posterior_quantile(p: ArrayLike, eps: ArrayLike, sigma: ArrayLike, a: ArrayLike) -> Array:
    """Quantile at p of ``u = -log share`` given ``eps = y - level``, broadcast; a uniform p draws from it.

    Examples
    --------
    >>> posterior_quantile([0.1, 0.5, 0.9], 0.0, 0.8, 1.5).round(3)
    array([0.049, 0.301, 0.859])
    """
    return _quantiles(*_floats(p, eps, sigma, a))


def posterior_cdf(u: ArrayLike, eps: ArrayLike, sigma: ArrayLike, a: ArrayLike) -> Array:
    """Probability that ``-log share`` is at most u given ``eps = y - level``, broadcast.

    Examples
    --------
    >>> posterior_cdf([0.0, 0.301], 0.0, 0.8, 1.5).round(3)
    array([0. , 0.5])
    """
    return _cdfs(*_floats(u, eps, sigma, a))


def posterior_mean(eps: ArrayLike, sigma: ArrayLike, a: ArrayLike) -> Array:
    """Mean of ``-log share`` given ``eps = y - level``, broadcast.

    Examples
    --------
    >>> posterior_mean([-1.0, 0.0, 100.0], 0.8, 1.5).round(4)
    array([0.6531, 0.39  , 0.0063])
    """
    return _means(*_floats(eps, sigma, a))


def simulate(
    rng: np.random.Generator, level: ArrayLike, sigma: ArrayLike, a: ArrayLike
) -> tuple[Array, Array]:
    """Draw log own spend y and ``u = -log share``, one customer per element of the broadcast.

    Examples
    --------
    >>> y, u = simulate(np.random.default_rng(1), np.zeros(3), 0.8, 1.5)
    >>> y.shape, bool((u > 0).all())
    ((3,), True)
    """
    level, sigma, a = np.broadcast_arrays(*_floats(level, sigma, a))
    u = np.asarray(rng.exponential(1.0 / a))
    return np.asarray(level + sigma * rng.standard_normal(level.shape) - u), u

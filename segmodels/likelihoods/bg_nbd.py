"""BG/NBD: customers buy at random, and may stop for good after any repeat purchase.

Purchases are Poisson with rate lambda ~ Gamma(r, rate alpha); after each repeat purchase a customer stops
with probability p ~ Beta(a, b). Hence one who never came back is alive for certain. All times share one
unit, that of alpha. x is the number of repeat purchases, t_x the age at the last one (0 if x = 0), T the
age now.

Given alive, lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), independent: t_x drops out of every
forecast.

References
----------
Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24, 275-284.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from segmodels.likelihoods import beta_geometric, series

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

PARAMETERS = ("r", "alpha", "a", "b")

_totals = beta_geometric.totals_of_cells
_total_with_slopes = beta_geometric.total_of_cells_with_slopes


def log_density(
    x: ArrayLike, t_x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """Log-likelihood of each customer; all arguments broadcast.

    Examples
    --------
    >>> round(float(log_density(200, 38, 40, 0.25, 4.0, 0.8, 2.5)), 4)
    100.7957
    """
    x, t_x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T, r, alpha, a, b))
    repeat = np.maximum(x, 1.0)
    odds = beta_geometric.log_odds_of_death(repeat, t_x, age, r, alpha, a, b)
    alive_part = beta_geometric.log_density_if_alive(x, age, r, alpha, a, b)
    return alive_part + np.where(x > 0.0, np.logaddexp(0.0, odds), 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def totals(
    params: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, start: IntArray
) -> FloatArray:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 4); faster than one by one."""
    return _totals(params, x, t_x, T, count, start, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def total(
    params: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, start: IntArray
) -> float:
    """Log-likelihood of cells of equal customers: the sum of count times log density.

    Parameters
    ----------
    params
        (G, 4), a row (r, alpha, a, b) for each group.
    x, t_x, T, count
        (C,), cells in the order of their group; fastest if those of x = 0 are together within it.
    start
        (G + 1,), group g holds the cells start[g]:start[g + 1].

    Examples
    --------
    >>> params, start = np.array([[0.243, 4.414, 0.793, 2.426]]), np.array([0, 2])
    >>> x, count = np.array([0, 2]), np.array([5.0, 1.0])
    >>> t_x, T = np.array([0.0, 30.43]), np.array([38.86, 38.86])
    >>> round(total(params, x, t_x, T, count, start), 6)
    -12.232173
    """
    return _totals(np.expand_dims(params, 0), x, t_x, T, count, start, 0.0)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, start: IntArray
) -> tuple[float, FloatArray]:
    """Return `total` and its derivatives (G, 4) by the parameters of each group."""
    return _total_with_slopes(params, x, t_x, T, count, start, 0.0)


def alive(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    horizon: ArrayLike = 0.0,
) -> FloatArray:
    """P(alive at T + horizon | history), whatever is bought in between; all arguments broadcast.

    Examples
    --------
    >>> alive([0, 2], [0.0, 30.43], 38.86, 0.243, 4.414, 0.793, 2.426).round(4)
    array([1.    , 0.7266])
    """
    x, t_x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T, r, alpha, a, b))
    odds = beta_geometric.log_odds_of_death(np.maximum(x, 1.0), t_x, age, r, alpha, a, b)
    now = np.where(x > 0.0, np.exp(-np.logaddexp(0.0, odds)), 1.0)
    later = np.asarray(horizon, dtype=np.float64)
    if not later.any():
        return now * np.ones(later.shape)
    return now * _each(series.survival_each, later, r + x, alpha + age, a, b + x)


def expected_given_alive(
    t: ArrayLike, x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """Return the expected purchases in (T, T + t] of customers alive at T.

    Parameters
    ----------
    t
        (H,), ascending. The other arguments broadcast, to shape S.

    Returns
    -------
    array
        S + (H,).

    Examples
    --------
    >>> expected_given_alive([39.0, 52.0], 2, 38.86, 0.243, 4.414, 0.793, 2.426).round(4)
    array([1.6874, 2.1453])
    """
    x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, T, r, alpha, a, b))
    shape, flat = _flat(r + x, alpha + age, a, b + x)
    t = np.asarray(t, dtype=np.float64)
    return series.expected_curves(t, *flat).reshape(shape + t.shape)


def present_value_given_alive(
    t: ArrayLike,
    weights: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> FloatArray:
    """Weighted sum of the expected purchases in (0, t[0]], (t[0], t[1]], … after T of customers alive at T.

    `t` ascends and `weights` is as long; the other arguments broadcast, and so is the result.

    Examples
    --------
    >>> present_value_given_alive([13.0, 26.0], [0.99, 0.97], [2], 38.86, 0.243, 4.414, 0.793, 2.426).round(4)
    array([1.1629])
    """
    x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, T, r, alpha, a, b))
    shape, flat = _flat(r + x, alpha + age, a, b + x)
    weights = np.asarray(weights, dtype=np.float64)
    by_horizon = weights - np.append(weights[1:], 0.0)
    return series.weighted_curves(np.asarray(t, dtype=np.float64), by_horizon, *flat).reshape(shape)


def residual_given_alive(
    discount_rate: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> FloatArray:
    """Return expected purchases after T, discounted continuously, given alive at T; all arguments broadcast.

    Without discounting it is finite for a > 1 only.

    Examples
    --------
    >>> residual_given_alive(0.0027, [0], 38.857, 0.24259453, 4.41360235, 0.79292205, 2.42590704).round(4)
    array([1.0143])
    """
    x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, T, r, alpha, a, b))
    return _each(
        series.residual_each, np.asarray(discount_rate, dtype=np.float64), r + x, alpha + age, a, b + x
    )


def expected_new(t: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the expected repeat purchases of a new customer by age t; all arguments broadcast.

    Examples
    --------
    >>> expected_new([1.0, 78.0], 0.243, 4.414, 0.793, 2.426).round(4)
    array([0.0533, 1.8605])
    """
    t, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (t, r, alpha, a, b))
    return _each(series.expected_each, t, r, alpha, a, b)


def pmf_new(
    n: ArrayLike, t: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """P(n repeat purchases by age t) of a new customer; all arguments broadcast.

    Examples
    --------
    >>> pmf_new([0, 1], 39.0, 0.243, 4.414, 0.793, 2.426).round(4)
    array([0.5738, 0.1994])
    """
    return pmf_given_alive(n, t, 0.0, 0.0, r, alpha, a, b)


def none_given_alive(
    t: ArrayLike, x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """P(no purchase in (T, T + t]) of customers alive at T: none stops before buying again.

    `t` is (H,); the other arguments broadcast, to shape S. The result is S + (H,).

    Examples
    --------
    >>> none_given_alive([39.0], 0, 38.86, 0.243, 4.414, 0.793, 2.426).round(3)
    array([0.855])
    """
    x, age, r, alpha, a, b = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (x, T, r, alpha, a, b))
    )
    t = np.asarray(t, dtype=np.float64)
    return np.exp(-(r + x)[..., None] * np.log1p(t / (alpha + age)[..., None]))


def pmf_given_alive(
    n: ArrayLike,
    t: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> FloatArray:
    """P(n purchases in (T, T + t]) of customers alive at T; all arguments broadcast.

    Examples
    --------
    >>> pmf_given_alive([0, 1, 2], 39.0, 0, 38.86, 0.243, 4.414, 0.793, 2.426).round(4)
    array([0.8554, 0.1099, 0.0243])
    """
    n, t, x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (n, t, x, T, r, alpha, a, b))
    return beta_geometric.pmf_if_alive(n, t, r + x, alpha + age, a, b + x)


def simulate(
    rng: np.random.Generator, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> tuple[IntArray, FloatArray]:
    """Draw one history (x, t_x) for each element of the broadcast of T and the parameters.

    Examples
    --------
    >>> x, t_x = simulate(np.random.default_rng(1), np.full(1000, 39.0), 0.243, 4.414, 0.793, 2.426)
    >>> bool((t_x <= 39.0).all()), bool(((x == 0) == (t_x == 0.0)).all())
    (True, True)
    """
    age, r, alpha, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (T, r, alpha, a, b)))
    rate, p = rng.gamma(r) / alpha, rng.beta(a, b)
    return beta_geometric.simulate_histories(rng, age, rate, beta_geometric.purchases_until_death(rng, p))


def simulate_future(
    rng: np.random.Generator,
    edges: ArrayLike,
    x: ArrayLike,
    T: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> IntArray:
    """Draw the purchases in each period (T + edges[h], T + edges[h + 1]] of customers alive at T.

    `edges` ascends from 0, (H + 1,); the other arguments broadcast, to shape S. The result is S + (H,).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> draws = simulate_future(rng, [0, 13, 26], np.zeros(5), 39, 0.243, 4.414, 0.793, 2.426)
    >>> draws.shape
    (5, 2)
    """
    x, age, r, alpha, a, b = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (x, T, r, alpha, a, b))
    )
    rate, p = rng.gamma(r + x) / (alpha + age), rng.beta(a, b + x)
    last = beta_geometric.purchases_until_death(rng, p)
    offered = rng.poisson(rate[..., None] * np.diff(np.asarray(edges, dtype=np.float64)))
    bought = np.minimum(np.cumsum(offered, axis=-1), last[..., None])
    return np.diff(bought, axis=-1, prepend=0.0).astype(np.int64)


def _flat(*arrays: FloatArray) -> tuple[tuple[int, ...], list[FloatArray]]:
    """Return the common shape of the arrays, and each broadcast to it, as a flat copy."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    return shape, [np.array(np.broadcast_to(array, shape), order="C").reshape(-1) for array in arrays]


def _each(kernel: Any, *arrays: FloatArray) -> FloatArray:
    """Apply a kernel of flat arrays to arrays that broadcast."""
    shape, flat = _flat(*arrays)
    return kernel(*flat).reshape(shape)

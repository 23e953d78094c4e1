"""MBG/NBD: as BG/NBD, but customers may also stop for good right after their first purchase.

So those who never came back may be gone. The first purchase is one more opportunity that a customer with
x repeat purchases passed: given alive, p ~ Beta(a, b + 1 + x), and all forecasts are those of BG/NBD with
b + 1. A new customer passes the first opportunity with probability b / (a + b).

References
----------
Batislam, Denizel and Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis, International Journal of Research in Marketing 24, 201-209.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from segmodels.likelihoods import beta_geometric, bg_nbd

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
    >>> round(float(log_density(200, 38, 40, 0.53, 6.18, 0.89, 1.614)), 6)
    91.808242
    """
    x, t_x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T, r, alpha, a, b))
    odds = beta_geometric.log_odds_of_death(x, t_x, age, r, alpha, a, b + 1.0)
    alive_part = beta_geometric.log_density_if_alive(x, age, r, alpha, a, b + 1.0)
    return alive_part + np.logaddexp(0.0, odds) - np.log1p(a / b)


@njit(cache=True, nogil=True, error_model="numpy")
def totals(
    params: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, start: IntArray
) -> FloatArray:
    """Return `total` under each of many draws of the parameters, (D,) from (D, G, 4); faster than one by one."""
    shifted = params.copy()
    shifted[:, :, 3] += 1.0
    values = _totals(shifted, x, t_x, T, count, start, 1.0)
    for g in range(params.shape[1]):
        values -= count[start[g] : start[g + 1]].sum() * np.log1p(params[:, g, 2] / params[:, g, 3])
    return values


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
        (C,), cells in the order of their group.
    start
        (G + 1,), group g holds the cells start[g]:start[g + 1].

    Examples
    --------
    >>> params, start = np.array([[0.525, 6.183, 0.891, 1.614]]), np.array([0, 2])
    >>> x, count = np.array([0, 2]), np.array([5.0, 1.0])
    >>> t_x, T = np.array([0.0, 30.43]), np.array([38.86, 38.86])
    >>> round(total(params, x, t_x, T, count, start), 6)
    -12.184739
    """
    return totals(np.expand_dims(params, 0), x, t_x, T, count, start)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, start: IntArray
) -> tuple[float, FloatArray]:
    """Return `total` and its derivatives (G, 4) by the parameters of each group."""
    shifted = params.copy()
    shifted[:, 3] += 1.0
    value, slope = _total_with_slopes(shifted, x, t_x, T, count, start, 1.0)
    for g in range(len(params)):
        customers, a, b = count[start[g] : start[g + 1]].sum(), params[g, 2], params[g, 3]
        value -= customers * np.log1p(a / b)
        slope[g, 2] -= customers / (a + b)
        slope[g, 3] += customers * a / (b * (a + b))
    return value, slope


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
    >>> alive([0, 2], [0.0, 30.43], 38.86, 0.525, 6.183, 0.891, 1.614).round(4)
    array([0.3897, 0.7062])
    """
    x, t_x, age, r, alpha, a, b = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T, r, alpha, a, b))
    now = np.exp(-np.logaddexp(0.0, beta_geometric.log_odds_of_death(x, t_x, age, r, alpha, a, b + 1.0)))
    return now * bg_nbd.alive(0.0, 0.0, age, r + x, alpha, a, b + 1.0 + x, horizon)


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
    >>> expected_given_alive([39.0, 52.0], 2, 38.86, 0.525, 6.183, 0.891, 1.614).round(4)
    array([1.7884, 2.2617])
    """
    return bg_nbd.expected_given_alive(t, x, T, r, alpha, a, np.asarray(b) + 1.0)


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
    >>> present_value_given_alive([13.0, 26.0], [0.99, 0.97], [2], 38.86, 0.525, 6.183, 0.891, 1.614).round(4)
    array([1.2399])
    """
    return bg_nbd.present_value_given_alive(t, weights, x, T, r, alpha, a, np.asarray(b) + 1.0)


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
    >>> residual_given_alive(0.0027, [0], 38.857, 0.525, 6.183, 0.891, 1.614).round(4)
    array([1.8548])
    """
    return bg_nbd.residual_given_alive(discount_rate, x, T, r, alpha, a, np.asarray(b) + 1.0)


def expected_new(t: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the expected repeat purchases of a new customer by age t; all arguments broadcast.

    Examples
    --------
    >>> expected_new([1.0, 78.0], 0.525, 6.183, 0.891, 1.614).round(4)
    array([0.0531, 1.8048])
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return bg_nbd.expected_new(t, r, alpha, a, b + 1.0) * (b / (a + b))


def pmf_new(
    n: ArrayLike, t: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """P(n repeat purchases by age t) of a new customer; all arguments broadcast.

    Examples
    --------
    >>> pmf_new([0, 1], 39.0, 0.525, 6.183, 0.891, 1.614).round(4)
    array([0.5825, 0.1828])
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    stopped_at_first = np.where(np.asarray(n) == 0, a / (a + b), 0.0)
    return bg_nbd.pmf_new(n, t, r, alpha, a, b + 1.0) * (b / (a + b)) + stopped_at_first


def none_given_alive(
    t: ArrayLike, x: ArrayLike, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> FloatArray:
    """P(no purchase in (T, T + t]) of customers alive at T: none stops before buying again.

    `t` is (H,); the other arguments broadcast, to shape S. The result is S + (H,).

    Examples
    --------
    >>> none_given_alive([39.0], 0, 38.86, 0.525, 6.183, 0.891, 1.614).round(3)
    array([0.721])
    """
    return bg_nbd.none_given_alive(t, x, T, r, alpha, a, b)


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
    >>> pmf_given_alive([0, 1, 2], 39.0, 0, 38.86, 0.525, 6.183, 0.891, 1.614).round(4)
    array([0.7208, 0.2019, 0.0525])
    """
    return bg_nbd.pmf_given_alive(n, t, x, T, r, alpha, a, np.asarray(b) + 1.0)


def simulate(
    rng: np.random.Generator, T: ArrayLike, r: ArrayLike, alpha: ArrayLike, a: ArrayLike, b: ArrayLike
) -> tuple[IntArray, FloatArray]:
    """Draw one history (x, t_x) for each element of the broadcast of T and the parameters.

    Examples
    --------
    >>> x, t_x = simulate(np.random.default_rng(1), np.full(1000, 39.0), 0.525, 6.183, 0.891, 1.614)
    >>> bool((t_x <= 39.0).all()), bool(((x == 0) == (t_x == 0.0)).all())
    (True, True)
    """
    age, r, alpha, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (T, r, alpha, a, b)))
    rate, p = rng.gamma(r) / alpha, rng.beta(a, b)
    return beta_geometric.simulate_histories(
        rng, age, rate, beta_geometric.purchases_until_death(rng, p) - 1.0
    )


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
    >>> draws = simulate_future(rng, [0, 13, 26], np.zeros(5), 39, 0.525, 6.183, 0.891, 1.614)
    >>> draws.shape
    (5, 2)
    """
    return bg_nbd.simulate_future(rng, edges, x, T, r, alpha, a, np.asarray(b) + 1.0)

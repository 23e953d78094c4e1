"""What BG/NBD and MBG/NBD share: one density, summed over cells, and one way to simulate.

For a customer with x repeat purchases, the last at age t_x, observed to age T,

    density = (r)_x alpha^r (b)_x / (a+b)_x (alpha + T)^-(r+x) (1 + odds),
    odds    = a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r+x),

where odds, of having stopped at t_x against being alive, is 0 for BG/NBD at x = 0. MBG/NBD lets customers
stop at their first purchase too: that is b + 1 in place of b, odds at x = 0, and a factor b / (a + b). As x
is an integer, (c)_x is a running product, tabulated over x; what t_x and T enter is two logarithms, one
exponential and log(1 + odds), written so that the compiler does eight cells at once.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from scipy.special import betainc, gammaln, xlogy

from segmodels.likelihoods import elementary

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

# Cells that are worked on together, few enough to stay in the first cache while draw after draw passes over
# them; and draws whose tables are held at once.
_CHUNK, _DRAWS = 1024, 16


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def _count_by_frequency(x: IntArray, count: FloatArray, customers: FloatArray) -> None:
    """Fill `customers` with the customers of each x."""
    customers[:] = 0.0
    for begin in range(0, len(x), _CHUNK):
        end = min(begin + _CHUNK, len(x))
        if x[begin:end].max() == 0:
            customers[0] += count[begin:end].sum()
        else:
            for i in range(begin, end):
                customers[x[i]] += count[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _tabulate(
    r: float, alpha: float, a: float, b: float, at_first: float, customers: FloatArray, table: FloatArray
) -> float:
    """Fill `table` with log a / (b + x - 1) and 1 / (b + x - 1), and return the part of the total without t_x, T.

    That is the sum of log (r)_x alpha^r (b)_x / (a+b)_x over `customers` by x.
    """
    rising, total = r * math.log(alpha), 0.0
    for x in range(len(customers)):
        total += customers[x] * rising
        rising += math.log((r + x) * ((b + x) / (a + b + x)))
        possible = x > 0 or at_first > 0.0
        table[0, x] = math.log(a / (b + x - 1.0)) if possible else -np.inf
        table[1, x] = 1.0 / (b + x - 1.0) if possible else 0.0
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _add_slopes(r: float, alpha: float, a: float, b: float, customers: FloatArray, slope: FloatArray) -> None:
    """Add the derivatives, by r, alpha, a and b, of what `_tabulate` returns."""
    by_r, by_a, by_b = math.log(alpha), 0.0, 0.0
    for x in range(len(customers)):
        slope[0] += customers[x] * by_r
        slope[1] += customers[x] * r / alpha
        slope[2] += customers[x] * by_a
        slope[3] += customers[x] * by_b
        by_r += 1.0 / (r + x)
        by_a -= 1.0 / (a + b + x)
        by_b += a / ((b + x) * (a + b + x))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def _cell(
    x: float, t_x: float, T: float, r: float, alpha: float, log_factor: float
) -> tuple[float, float, float, float, float]:
    """Return log((alpha + T)^-(r+x) (1 + odds)), log(alpha + T), log rho, log odds and e^-abs(log odds).

    No branch, no call and no power of odds itself: any odds will do, and eight cells can be done at once.
    """
    log_T = elementary.log(alpha + T)
    log_rho = log_T - elementary.log(alpha + t_x)
    log_odds = log_factor + (r + x) * log_rho
    small = elementary.exp_of_negative(-abs(log_odds))
    value = (max(log_odds, 0.0) - (r + x) * log_T) + elementary.log_one_plus(small)
    return value, log_T, log_rho, log_odds, small


# In the sums over cells the order is left to the compiler ("reassoc"): it adds up eight at once.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def _total_of_chunk(
    r: float, alpha: float, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, table: FloatArray
) -> float:
    total = 0.0
    for i in range(len(x)):
        factor = table[0, np.uint64(x[i])]
        total += count[i] * _cell(np.float64(x[i]), t_x[i], T[i], r, alpha, factor)[0]
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def _slopes_of_chunk(
    r: float, alpha: float, x: IntArray, t_x: FloatArray, T: FloatArray, count: FloatArray, table: FloatArray
) -> tuple[float, float, float, float, float]:
    """Return the total, its derivatives by r and alpha, and by log a and (less) by b through the odds."""
    total, by_r, by_alpha, by_log_a, by_b = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(x)):
        n, k, at = count[i], np.float64(x[i]), np.uint64(x[i])
        value, log_T, log_rho, log_odds, small = _cell(k, t_x[i], T[i], r, alpha, table[0, at])
        dead = n * (1.0 if log_odds > 0.0 else small) / (1.0 + small)
        total += n * value
        by_r += dead * log_rho - n * log_T
        by_alpha += (r + k) * ((dead - n) / (alpha + T[i]) - dead / (alpha + t_x[i]))
        by_log_a += dead
        by_b += dead * table[1, at]
    return total, by_r, by_alpha, by_log_a, by_b


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def _total_of_alive(alpha: float, T: FloatArray, count: FloatArray) -> tuple[float, float]:
    """Return the sums of count log(alpha + T) and of count / (alpha + T): all that x = 0 without odds needs."""
    total, slope = 0.0, 0.0
    for i in range(len(T)):
        total += count[i] * elementary.log(alpha + T[i])
        slope += count[i] / (alpha + T[i])
    return total, slope


@njit(cache=True, nogil=True, error_model="numpy")
def totals_of_cells(
    params: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    start: IntArray,
    at_first: float,
) -> FloatArray:
    """Return the sum over all cells under each draw (D,) of the parameters (D, G, 4).

    Group g holds the cells start[g]:start[g + 1]. Cells are read from memory once for `_DRAWS` draws.
    """
    width = x.max() + 1 if len(x) else 1
    everyone, tables = np.empty(width), np.empty((_DRAWS, 2, width))
    totals = np.zeros(len(params))
    for g in range(params.shape[1]):
        i, j = start[g], start[g + 1]
        if i == j:
            continue
        customers = everyone[: x[i:j].max() + 1]
        _count_by_frequency(x[i:j], count[i:j], customers)
        for first in range(0, len(params), _DRAWS):
            last = min(first + _DRAWS, len(params))
            for d in range(first, last):
                r, alpha, a, b = params[d, g]
                totals[d] += _tabulate(r, alpha, a, b, at_first, customers, tables[d - first])
            for begin in range(i, j, _CHUNK):
                part = slice(begin, min(begin + _CHUNK, j))
                alive = at_first == 0.0 and x[part].max() == 0
                for d in range(first, last):
                    r, alpha = params[d, g, 0], params[d, g, 1]
                    if alive:
                        totals[d] -= r * _total_of_alive(alpha, T[part], count[part])[0]
                    else:
                        table = tables[d - first]
                        totals[d] += _total_of_chunk(
                            r, alpha, x[part], t_x[part], T[part], count[part], table
                        )
    return totals


@njit(cache=True, nogil=True, error_model="numpy")
def total_of_cells_with_slopes(
    params: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    start: IntArray,
    at_first: float,
) -> tuple[float, FloatArray]:
    """Return the sum over all cells under the parameters (G, 4), and its derivatives (G, 4)."""
    width = x.max() + 1 if len(x) else 1
    everyone, table = np.empty(width), np.empty((2, width))
    slopes = np.zeros((len(params), 4))
    total = 0.0
    for g in range(len(params)):
        i, j = start[g], start[g + 1]
        if i == j:
            continue
        r, alpha, a, b = params[g]
        slope, customers = slopes[g], everyone[: x[i:j].max() + 1]
        _count_by_frequency(x[i:j], count[i:j], customers)
        total += _tabulate(r, alpha, a, b, at_first, customers, table)
        _add_slopes(r, alpha, a, b, customers, slope)
        for begin in range(i, j, _CHUNK):
            part = slice(begin, min(begin + _CHUNK, j))
            if at_first == 0.0 and x[part].max() == 0:
                logs, inverses = _total_of_alive(alpha, T[part], count[part])
                total -= r * logs
                slope[0] -= logs
                slope[1] -= r * inverses
            else:
                value, by_r, by_alpha, by_log_a, by_b = _slopes_of_chunk(
                    r, alpha, x[part], t_x[part], T[part], count[part], table
                )
                total += value
                slope[0] += by_r
                slope[1] += by_alpha
                slope[2] += by_log_a / a
                slope[3] -= by_b
    return total, slopes


def log_rising(c: FloatArray, x: FloatArray) -> FloatArray:
    """Return log (c)_x = log Gamma(c + x) / Gamma(c), by Stirling's series where the two nearly cancel.

    Examples
    --------
    >>> log_rising(np.array([1.0, 1e12]), np.array([4.0, 1.0])).round(6)
    array([ 3.178054, 27.631021])
    """
    large = np.maximum(c, 20.0)
    stirling = x * (np.log(large) - 1.0) + (large + x - 0.5) * np.log1p(x / large)
    stirling = stirling + _stirling_rest(large + x) - _stirling_rest(large)
    return np.where(c > 20.0, stirling, gammaln(c + x) - gammaln(c))


def _stirling_rest(c: FloatArray) -> FloatArray:
    square = c**-2.0
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / c


def log_odds_of_death(
    x: FloatArray,
    t_x: FloatArray,
    T: FloatArray,
    r: FloatArray,
    alpha: FloatArray,
    a: FloatArray,
    b: FloatArray,
) -> FloatArray:
    """Return the log of P(stopped at t_x) / P(alive at T), where stopping at t_x is possible."""
    return np.log(a / (b + x - 1.0)) + (r + x) * np.log((alpha + T) / (alpha + t_x))


def log_density_if_alive(
    x: FloatArray, T: FloatArray, r: FloatArray, alpha: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return the log density of x purchases at given times up to T, without stopping."""
    rising = log_rising(r, x) + log_rising(b, x) - log_rising(a + b, x)
    return rising - r * np.log1p(T / alpha) - x * np.log(alpha + T)


def pmf_if_alive(
    n: FloatArray, t: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return P(n purchases in the next t) of a customer alive with lambda and p as in `series`.

    Either n purchases came and none was the last, or at least n would have come and the n-th was the last.
    """
    share = t / (rate + t)
    survived = log_rising(b, n) - log_rising(a + b, n)
    count = log_rising(shape, n) - gammaln(n + 1.0) - shape * np.log1p(t / rate) + xlogy(n, share)
    stopped = np.exp(survived) * a / (b + np.maximum(n, 1.0) - 1.0)
    reached = betainc(np.maximum(n, 1.0), shape, share)
    return np.exp(survived + count) + np.where(n > 0.0, stopped * reached, 0.0)


def purchases_until_death(rng: np.random.Generator, p: FloatArray) -> FloatArray:
    """Draw the number of opportunities to stop up to the one that is taken: 1, 2, …, huge, hence float."""
    waiting = rng.standard_exponential(p.shape)
    hazard = -np.log1p(-np.clip(p, 1e-300, 1.0 - 1e-16))
    return 1.0 + np.floor(waiting / hazard)


def simulate_histories(
    rng: np.random.Generator, T: FloatArray, rate: FloatArray, last: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Draw (x, t_x) of customers who buy at `rate` until age T or until purchase number `last`.

    Given their number m the purchases are uniform on (0, T): the k-th is at a Beta(k, m + 1 - k) share of T.
    """
    m = rng.poisson(rate * T).astype(np.float64)
    x = np.minimum(m, last)
    bought = x > 0.0
    share = rng.beta(np.where(bought, x, 1.0), np.where(bought, m + 1.0 - x, 1.0))
    return x.astype(np.int64), np.where(bought, share * T, 0.0)

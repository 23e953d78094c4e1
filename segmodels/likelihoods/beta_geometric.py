"""What BG/NBD and MBG/NBD share: one density, summed over cells, and one way to simulate.

For a customer with x repeat purchases, the last at age t_x, observed to age T,

    density = (r)_x alpha^r (b)_x / (a+b)_x (alpha + T)^-(r+x) (1 + odds),
    odds    = a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r+x),

where odds, of having stopped at t_x against being alive, is 0 for BG/NBD at x = 0. MBG/NBD lets customers
stop at their first purchase too: that is b + 1 in place of b, odds at x = 0, and a factor b / (a + b). As x
is an integer, (c)_x is a running product, and cells sorted by (t_x, T, x) make the power in the odds one too.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from scipy.special import betainc, gammaln, xlogy

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

_LARGEST_EXPONENT = 500.0


@njit(cache=True, nogil=True)
def _tabulate(r: float, a: float, b: float, top: int, at_first: float, table: FloatArray) -> None:
    """Fill rows 0..1 of `table` with log (r)_x (b)_x / (a+b)_x and with a / (b + x - 1), for x = 0..top."""
    total = 0.0
    for x in range(top + 1):
        table[0, x] = total
        total += math.log((r + x) * ((b + x) / (a + b + x)))
        table[1, x] = a / (b + x - 1.0) if x > 0 or at_first > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _tabulate_slopes(r: float, a: float, b: float, top: int, table: FloatArray) -> None:
    """Fill rows 2..4 of `table` with the derivatives of row 0 by r, by a and by b."""
    by_r, by_a, by_b = 0.0, 0.0, 0.0
    for x in range(top + 1):
        table[2, x], table[3, x], table[4, x] = by_r, by_a, by_b
        by_r += 1.0 / (r + x)
        by_a -= 1.0 / (a + b + x)
        by_b += a / ((b + x) * (a + b + x))


@njit(cache=True, nogil=True)
def _log_factor(odds: float, exponent: float) -> float:
    """Return log(1 + odds e^exponent), however large the exponent."""
    if odds == 0.0:
        return 0.0
    log_odds = math.log(odds) + exponent
    return max(log_odds, 0.0) + math.log1p(math.exp(-abs(log_odds)))


@njit(cache=True, nogil=True)
def total_of_group(
    parameters: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    at_first: float,
    table: FloatArray,
) -> float:
    """Return the sum of count * log density over cells that share their parameters.

    Factors 1 + odds of cells of few customers are multiplied, by the binary digits of their counts, and one
    logarithm is taken of each product.
    """
    r, alpha, a, b = parameters[0], parameters[1], parameters[2], parameters[3]
    _tabulate(r, a, b, int(x.max()), at_first, table)
    total, customers, ones, twos, fours = 0.0, 0.0, 1.0, 1.0, 1.0
    last_t, last_T, last_x = math.nan, math.nan, 0
    log_T, log_t, rho, log_rho, power = 0.0, 0.0, 1.0, 0.0, 1.0
    for i in range(len(x)):
        k, n = x[i], count[i]
        fresh = T[i] != last_T or t_x[i] != last_t
        if fresh:
            if T[i] != last_T:
                log_T = math.log(alpha + T[i])
            if t_x[i] != last_t:
                log_t = math.log(alpha + t_x[i])
            last_t, last_T = t_x[i], T[i]
            rho, log_rho = (alpha + last_T) / (alpha + last_t), log_T - log_t
        exponent = (r + k) * log_rho
        power = math.exp(min(exponent, _LARGEST_EXPONENT)) if fresh or k != last_x + 1 else power * rho
        last_x = k
        factor = 1.0 + table[1, k] * power
        digits = np.int64(n) if n <= 7.0 else -1
        if digits == n and factor < 1e20:
            ones *= factor if digits & 1 else 1.0
            twos *= factor if digits & 2 else 1.0
            fours *= factor if digits & 4 else 1.0
            if max(ones, twos, fours) > 1e280:
                total += math.log(ones) + 2.0 * math.log(twos) + 4.0 * math.log(fours)
                ones, twos, fours = 1.0, 1.0, 1.0
        elif exponent < _LARGEST_EXPONENT:
            total += n * math.log(factor)
        else:
            total += n * _log_factor(table[1, k], exponent)
        total += n * (table[0, k] - (r + k) * log_T)
        customers += n
    total += math.log(ones) + 2.0 * math.log(twos) + 4.0 * math.log(fours)
    return total + customers * r * math.log(alpha)


@njit(cache=True, nogil=True)
def total_of_group_with_slopes(
    parameters: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    at_first: float,
    table: FloatArray,
    slope: FloatArray,
) -> float:
    """Return what `total_of_group` returns, and fill `slope` with its derivatives by r, alpha, a and b."""
    r, alpha, a, b = parameters[0], parameters[1], parameters[2], parameters[3]
    _tabulate(r, a, b, int(x.max()), at_first, table)
    _tabulate_slopes(r, a, b, int(x.max()), table)
    total, customers = 0.0, 0.0
    by_r, by_alpha, by_a, by_b, by_b_of_odds, stopped = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    last_t, last_T = math.nan, math.nan
    log_T, log_t, inverse_T, inverse_t, log_rho = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(x)):
        if T[i] != last_T:
            last_T = T[i]
            log_T = math.log(alpha + last_T)
            inverse_T = 1.0 / (alpha + last_T)
        if t_x[i] != last_t:
            last_t = t_x[i]
            log_t = math.log(alpha + last_t)
            inverse_t = 1.0 / (alpha + last_t)
        log_rho = log_T - log_t
        n, k, shape = count[i], x[i], r + x[i]
        odds = table[1, k] * math.exp(min(shape * log_rho, _LARGEST_EXPONENT))
        dead = n * odds / (1.0 + odds)
        if shape * log_rho < _LARGEST_EXPONENT:
            log_factor = math.log(1.0 + odds)
        else:
            log_factor = _log_factor(table[1, k], shape * log_rho)
        total += n * (table[0, k] - shape * log_T + log_factor)
        customers += n
        stopped += dead
        by_r += n * (table[2, k] - log_T) + dead * log_rho
        by_alpha += shape * ((dead - n) * inverse_T - dead * inverse_t)
        by_a += n * table[3, k]
        by_b += n * table[4, k]
        by_b_of_odds += dead * table[1, k]
    slope[0] = by_r + customers * math.log(alpha)
    slope[1] = by_alpha + customers * r / alpha
    slope[2] = by_a + stopped / a
    slope[3] = by_b - by_b_of_odds / a
    return total + customers * r * math.log(alpha)


@njit(cache=True, nogil=True)
def total_of_cells(
    params: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    start: IntArray,
    at_first: float,
) -> float:
    """Return the sum over the groups of cells; group g holds cells start[g]:start[g + 1]."""
    table = np.empty((2, x.max() + 1 if len(x) else 1))
    total = 0.0
    for g in range(len(params)):
        i, j = start[g], start[g + 1]
        if i < j:
            total += total_of_group(params[g], x[i:j], t_x[i:j], T[i:j], count[i:j], at_first, table)
    return total


@njit(cache=True, nogil=True)
def total_of_cells_with_slopes(
    params: FloatArray,
    x: IntArray,
    t_x: FloatArray,
    T: FloatArray,
    count: FloatArray,
    start: IntArray,
    at_first: float,
) -> tuple[float, FloatArray]:
    """Return `total_of_cells` and its derivatives (G, 4)."""
    table = np.empty((5, x.max() + 1 if len(x) else 1))
    slope = np.zeros((len(params), 4))
    total = 0.0
    for g in range(len(params)):
        i, j = start[g], start[g + 1]
        if i < j:
            total += total_of_group_with_slopes(
                params[g], x[i:j], t_x[i:j], T[i:j], count[i:j], at_first, table, slope[g]
            )
    return total, slope


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

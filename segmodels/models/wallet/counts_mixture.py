"""Tails and quantiles of log-normal spend mixed over numbers of purchases, as compiled loops over customers."""

import math
from typing import Any

import numpy as np
from numba import njit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
Mixture = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

_ROOT_HALF, _ROOT_2_PI = 0.7071067811865476, 2.5066282746310002
_SMALL = 1e-14
_FAR = 10.0
_STEPS = 200


@njit(cache=True, nogil=True, error_model="numpy")
def _tail(
    at: float, h: float, weights: FloatArray, centres: FloatArray, variances: FloatArray, omegas: FloatArray
) -> tuple[float, float]:
    """Probability above a logarithm of spend (of spend at all, if any), and the density there."""
    tail, density = 0.0, 0.0
    for e in range(len(weights)):
        if weights[e] > _SMALL:
            spread = math.sqrt(variances[e] + h)
            for omega in omegas:
                z = (at - centres[e]) / (omega * spread)
                tail += weights[e] * 0.5 * math.erfc(z * _ROOT_HALF)
                density += weights[e] * math.exp(-0.5 * z * z) / (omega * spread * _ROOT_2_PI)
    return tail / len(omegas), density / len(omegas)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_above(
    log_t: FloatArray,
    code: IntArray,
    h: FloatArray,
    mixture: Mixture,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    """Fill rows ``first:last`` of `out` (B, K) with P(log C > log_t), log_t relative to the line.

    Parameters
    ----------
    code, h
        (B,): row of the numbers of purchases, and variance of the line over omega^2.
    mixture
        Probability, logarithm and variance (over omega^2) of each number of purchases above 0, each (U, E); and
        equally likely omegas (K,).
    """
    weights, centres, variances, omegas = mixture
    for i in range(first, last):
        c = code[i]
        for j in range(log_t.shape[1]):
            out[i, j] = _tail(log_t[i, j], h[i], weights[c], centres[c], variances[c], omegas)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    tail: float,
    h: float,
    weights: FloatArray,
    centres: FloatArray,
    variances: FloatArray,
    omegas: FloatArray,
    low: float,
    high: float,
) -> float:
    """Find where the probability above is `tail`, between low and high, by Newton steps that bisect if they stray."""
    at = 0.5 * (low + high)
    for _ in range(_STEPS):
        above, density = _tail(at, h, weights, centres, variances, omegas)
        if above > tail:
            low = at
        else:
            high = at
        step = (above - tail) / density if density > 0.0 else math.inf
        target = at + step
        if not low < target < high:
            target = 0.5 * (low + high)
        if abs(target - at) < 1e-10:
            return target
        at = target
    return at


@njit(cache=True, nogil=True, error_model="numpy")
def fill_quantiles(
    levels: FloatArray,
    code: IntArray,
    h: FloatArray,
    mixture: Mixture,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    """Fill rows ``first:last`` of `out` (B, L) with quantiles of log C relative to the line; -inf where C is 0.

    Parameters
    ----------
    levels
        (L,), ascending. The rest as in `fill_above`.
    """
    weights, centres, variances, omegas = mixture
    for i in range(first, last):
        c = code[i]
        some, most, least, widest = 0.0, -math.inf, math.inf, 0.0
        for e in range(weights.shape[1]):
            some += weights[c, e]
            if weights[c, e] > _SMALL:
                most, least = max(most, centres[c, e]), min(least, centres[c, e])
                widest = max(widest, math.sqrt(variances[c, e] + h[i]))
        reach = _FAR * widest * omegas.max()
        low, high = least - reach, most + reach
        for j in range(len(levels)):
            tail = 1.0 - levels[j]
            if not some > tail:
                out[i, j] = math.nan if math.isnan(some) else -math.inf
            elif tail <= 0.0:
                out[i, j] = math.inf
            else:
                out[i, j] = low = _solve(tail, h[i], weights[c], centres[c], variances[c], omegas, low, high)

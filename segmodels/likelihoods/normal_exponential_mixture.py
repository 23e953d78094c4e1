"""Quantiles, tails and means of elsewhere spend given own, averaged over nodes of the posterior.

Of the model in `normal_exponential`, with a share that may stay below a ceiling: ``-log share = gap + u``.

Under node k the logarithm of wallet over own spend is ``gap + sigma x`` with x standard normal above z, measured
from z. So each average is a sum of K tails of a normal, and no draws are taken.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from segmodels.likelihoods import normal
from segmodels.likelihoods.normal_exponential import (
    erfcx,
    truncated_quantile,
)

type Array = NDArray[np.float64]
_CLOSE = 1e-11


@njit(cache=True, nogil=True)
def mean_inverse_share(z: float, sigma: float) -> float:
    """Return the mean of ``1 / share = exp(u)`` given z.

    Examples
    --------
    >>> round(mean_inverse_share(0.0, 0.5), 6), round(mean_inverse_share(50.0, 0.5), 6)
    (1.567059, 1.010093)
    """
    if z > sigma and z > 0.0:
        return erfcx((z - sigma) * math.sqrt(0.5)) / erfcx(z * math.sqrt(0.5))
    return math.exp(sigma * (0.5 * sigma - z) + normal.log_above(z - sigma) - normal.log_above(z))


@njit(cache=True, nogil=True)
def _nodes(eps: Array, sigma: Array, a: Array, z: Array, tail: Array) -> None:
    """Fill z, and the tail above it: scaled by exp(z^2 / 2) where z > 0."""
    for k in range(len(sigma)):
        z[k] = eps[k] / sigma[k] + a[k] * sigma[k]
        tail[k] = 0.5 * erfcx(z[k] * math.sqrt(0.5)) if z[k] > 0.0 else normal.above(z[k])


@njit(cache=True, nogil=True)
def _above(t: float, z: Array, tail: Array, sigma: Array, gap: Array) -> tuple[float, float]:
    """Average probability that log(wallet / own) > t, and its density."""
    total, density = 0.0, 0.0
    for k in range(len(z)):
        w = (t - gap[k]) / sigma[k]
        if w <= 0.0:
            total += 1.0
            continue
        x = z[k] + w
        if z[k] > 0.0:
            fall = math.exp(-w * (z[k] + 0.5 * w))
            total += 0.5 * fall * erfcx(x * math.sqrt(0.5)) / tail[k]
        else:
            fall = math.exp(-0.5 * x * x)
            total += normal.above(x) / tail[k]
        density += fall / (tail[k] * sigma[k])
    return total / len(z), density / (len(z) * math.sqrt(2.0 * math.pi))


@njit(cache=True, nogil=True)
def _solve(level: float, start: float, low: float, z: Array, tail: Array, sigma: Array, gap: Array) -> float:
    """Find where a share ``level`` of the average lies below: Newton's steps, kept between bounds."""
    t, high = max(start, low), math.inf
    for _ in range(200):
        above, density = _above(t, z, tail, sigma, gap)
        error = (1.0 - above) - level
        if abs(error) < _CLOSE:
            break
        if error < 0.0:
            low = t
        else:
            high = t
        if high < math.inf and high - low <= 1e-14 * (1.0 + high):
            break
        step = t - error / density if density > 0.0 else math.inf
        if low < step < high:
            t = step
        elif high < math.inf:
            t = 0.5 * (low + high)
        else:
            t = low + 2.0 * (t - low) + 0.1
    return t


@njit(cache=True, nogil=True)
def fill_quantiles(
    first: int,
    last: int,
    own: Array,
    y: Array,
    row: NDArray[np.int64],
    kind: NDArray[np.int64],
    level: Array,
    sigma: Array,
    a: Array,
    gap: Array,
    levels: Array,
    out: Array,
) -> None:
    """Fill `out` (B, L) with quantiles of elsewhere spend of the customers first to last.

    Parameters
    ----------
    own, y
        Own spend and its centred logarithm, (B,); NaN in y gives NaN.
    row, kind
        Row of `level`, and of `a` and `gap`, of each customer, (B,).
    level
        Under each node, (G, K); `sigma` (K,); `a` and `gap` (S, K).
    levels
        Ascending, (L,).
    """
    nodes = len(sigma)
    z, tail = np.empty(nodes), np.empty(nodes)
    middle = nodes // 2
    for i in range(first, last):
        if math.isnan(y[i]):
            out[i] = math.nan
            continue
        gaps = gap[kind[i]]
        _nodes(y[i] - level[row[i]], sigma, a[kind[i]], z, tail)
        t = gaps.min()
        for j in range(len(levels)):
            start = gaps[middle] + sigma[middle] * truncated_quantile(levels[j], z[middle])
            t = _solve(levels[j], start, t, z, tail, sigma, gaps)
            out[i, j] = own[i] * math.expm1(t)


@njit(cache=True, nogil=True)
def fill_above(
    first: int,
    last: int,
    own: Array,
    y: Array,
    row: NDArray[np.int64],
    kind: NDArray[np.int64],
    level: Array,
    sigma: Array,
    a: Array,
    gap: Array,
    threshold: Array,
    out: Array,
) -> None:
    """Fill `out` (B, L) with P(C > threshold), `threshold` (B, L); the rest as of `fill_quantiles`."""
    z, tail = np.empty(len(sigma)), np.empty(len(sigma))
    for i in range(first, last):
        if math.isnan(y[i]):
            out[i] = math.nan
            continue
        _nodes(y[i] - level[row[i]], sigma, a[kind[i]], z, tail)
        for j in range(threshold.shape[1]):
            t = math.log1p(threshold[i, j] / own[i])
            out[i, j] = _above(t, z, tail, sigma, gap[kind[i]])[0]


@njit(cache=True, nogil=True)
def fill_mean(
    first: int,
    last: int,
    own: Array,
    y: Array,
    row: NDArray[np.int64],
    kind: NDArray[np.int64],
    level: Array,
    sigma: Array,
    a: Array,
    gap: Array,
    out: Array,
) -> None:
    """Fill `out` (B,) with expected elsewhere spend; the rest as of `fill_quantiles`."""
    for i in range(first, last):
        total = 0.0
        for k in range(len(sigma)):
            z = (y[i] - level[row[i], k]) / sigma[k] + a[kind[i], k] * sigma[k]
            total += math.exp(gap[kind[i], k]) * mean_inverse_share(z, sigma[k]) - 1.0
        out[i] = own[i] * total / len(sigma)

"""Averages over a beta or a gamma variable by the trapezoidal rule on the logit or log scale.

There the densities are analytic in a strip around the real axis and fall off exponentially, so equal steps
converge geometrically, whatever the parameters. All integrands met here are positive: nothing cancels.
"""

import math
from typing import Any

import numpy as np
from numba import njit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

NODES = 1 << 15
_STEP = 0.3  # the error is about exp(-pi^2 / step) = 5e-15, more where peaks are sharp
_FLAT = 32.0  # exp(-32): below this share of its scale an integrand is constant
_LOST = 40.0  # exp(-40): below this share of its peak an integrand is nothing


@njit(cache=True, nogil=True)
def _log_beta_kernel(y: float, a: float, b: float) -> float:
    """Return a log p + b log(1 - p) at logit p = y."""
    if y < 0.0:
        small = math.log1p(math.exp(y))
        return a * (y - small) - b * small
    small = math.log1p(math.exp(-y))
    return -a * small - b * (y + small)


@njit(cache=True, nogil=True)
def beta_nodes(a: float, b: float, low: float, gain: float, p: FloatArray, weight: FloatArray) -> int:
    """Fill `p` and `weight` with a rule for averages over p ~ Beta(a, b); return the number of nodes.

    `low` is the log of the p below which the integrand is flat; `gain` bounds the log of how much larger it
    is on the left than at the mode of the density. The flat ends are geometric series, summed exactly.
    """
    step = max(min(_STEP, 0.5 / math.sqrt(a)), 4.0 * _LOST / NODES)
    mode = math.log(a / b)
    peak = _log_beta_kernel(mode, a, b)
    n, total, y = 0, 0.0, mode
    while n < NODES:
        fall = _log_beta_kernel(y, a, b) - peak
        p[n] = 1.0 / (1.0 + math.exp(-y))
        weight[n] = math.exp(fall)
        flat = y < min(low, mode) - _FLAT
        if flat:
            weight[n] *= 1.0 + 1.0 / math.expm1(a * step)
        total += weight[n]
        n += 1
        if flat or fall + gain < -_LOST:
            break
        y -= step
    y = mode + step
    while n < NODES:
        fall = _log_beta_kernel(y, a, b) - peak
        p[n] = 1.0 / (1.0 + math.exp(-y))
        weight[n] = math.exp(fall)
        flat = y > max(0.0, mode) + _FLAT
        if flat:
            weight[n] *= 1.0 + 1.0 / math.expm1(b * step)
        total += weight[n]
        n += 1
        if flat or fall < -_LOST:
            break
        y += step
    for i in range(n):
        weight[i] /= total
    return n


@njit(cache=True, nogil=True)
def gamma_nodes(shape: float, low: float, g: FloatArray, weight: FloatArray) -> int:
    """Fill `g` and `weight` with a rule for g ~ Gamma(shape, 1), of what is O(g) below exp(low)."""
    step = max(min(_STEP, 0.5 / math.sqrt(shape)), 4.0 * _LOST / NODES)
    mode = math.log(shape)
    n, total, u = 0, 0.0, mode
    for direction in (-1.0, 1.0):
        while n < NODES:
            fall = shape * (u - mode) - shape * math.expm1(u - mode)
            g[n] = math.exp(u)
            weight[n] = math.exp(fall)
            total += weight[n]
            n += 1
            if direction < 0.0 and u < min(low, mode) - _FLAT:
                total += weight[n - 1] / math.expm1(shape * step)
                break
            if fall < -_LOST - 0.5 * (1.0 - direction) * abs(mode - low):
                break
            u += direction * step
        u = mode + step
    for i in range(n):
        weight[i] /= total
    return n


@njit(cache=True, nogil=True)
def expected_by_nodes(
    t: FloatArray, shape: float, rate: float, a: float, b: float, out: FloatArray, work: FloatArray
) -> None:
    """Fill `out` with E[(1 - (1 + p t / rate)^-shape) / p], p ~ Beta(a, b); `work` is (2, NODES)."""
    low = -math.log1p((shape + 1.0) * t[-1] / rate)
    n = beta_nodes(a, b, low, max(0.0, math.log(a / b) - low), work[0], work[1])
    for h in range(len(t)):
        scaled = t[h] / rate
        total = 0.0
        for i in range(n):
            p = work[0, i]
            total -= work[1, i] * math.expm1(-shape * math.log1p(p * scaled)) / p
        out[h] = total


@njit(cache=True, nogil=True)
def survival_by_nodes(t: float, shape: float, rate: float, a: float, b: float, work: FloatArray) -> float:
    """Return E[(1 + p t / rate)^-shape], p ~ Beta(a, b)."""
    scaled = t / rate
    low = -math.log1p((shape + 1.0) * scaled)
    gain = shape * math.log1p(scaled * a / (a + b))
    n = beta_nodes(a, b, low, gain, work[0], work[1])
    total = 0.0
    for i in range(n):
        total += work[1, i] * math.exp(-shape * math.log1p(work[0, i] * scaled))
    return total


@njit(cache=True, nogil=True)
def residual_by_nodes(
    discount: float, shape: float, rate: float, a: float, b: float, work: FloatArray
) -> float:
    """Return E[lambda / (discount + lambda p)], lambda ~ Gamma(shape, rate), p ~ Beta(a, b)."""
    if discount <= 0.0:
        return (a + b - 1.0) / (a - 1.0) if a > 1.0 else math.inf
    scale = discount * rate
    largest = shape + 9.0 * math.sqrt(shape) + _LOST
    low = -math.log1p(largest / scale)
    n = beta_nodes(a, b, low, max(0.0, math.log(a / b) - low), work[0], work[1])
    m = gamma_nodes(shape, min(0.0, math.log(scale)), work[2], work[3])
    total = 0.0
    for j in range(m):
        inverse = scale / work[2, j]
        inner = 0.0
        for i in range(n):
            inner += work[1, i] / (inverse + work[0, i])
        total += work[3, j] * inner
    return total

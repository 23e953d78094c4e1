"""Expected purchases of a customer who may stop after each purchase: the series, and when to leave it.

Alive now, a customer buys at rate lambda ~ Gamma(shape, rate) and stops after any purchase with probability
p ~ Beta(a, b). Over the next t the expected number of purchases is

    E(t) = E[(1 - exp(-lambda p t)) / p] = E[(1 - (1 + p t / rate)^-shape) / p].

With z = t / (rate + t), C = a + b - 1 and q = C - shape, Euler's transformation of Gauss' series gives

    E(t) = C (1 - (1-z)^(a-1)) / (a-1)  -  (1-z)^(a-1) sum_{k>=1} (q)_k (a)_{k-1} / ((C+1)_{k-1} k!) z^k,

regular at a = 1 and quick for frequent buyers. The untransformed series counts purchases j of a customer who
never stops, and has positive terms only:

    E(t) = (1-z)^shape sum_{j>=1} (shape)_j / j! z^j S_j,    S_j = sum_{i<j} (b)_i / (a+b)_i.

It serves where Euler's cancels; quadrature over p serves where both are long. In either series the
coefficients do not depend on t, so a whole curve costs little more than one value.

References
----------
Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24, 275-284.
DLMF, https://dlmf.nist.gov/15.8.E1
"""

import math
from typing import Any

import numpy as np
from numba import njit

from segmodels.likelihoods.quadrature import NODES, expected_by_nodes, residual_by_nodes, survival_by_nodes

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_TOLERANCE = 1e-13
_LONGEST = 0.997  # z beyond which quadrature is cheaper than 10,000 terms


@njit(cache=True, nogil=True)
def _euler(shape: float, a: float, b: float, z: float, log_stay: float, term: FloatArray) -> int:
    """Fill `term` with the terms of Euler's series at `z`; return how many, or -1 if it does not settle."""
    top = a + b - 1.0
    q = top - shape
    v = (a - 1.0) * log_stay
    power = math.exp(v)
    lead = -top * log_stay * (math.expm1(v) / v if v != 0.0 else 1.0)
    value = -q * z
    total = value
    term[0] = value
    # beyond it terms keep their sign, and the rest matters less at any smaller z than at this one
    least = max(-q, 1.0 + a * z / (1.0 - z))
    for k in range(1, NODES):
        ratio = (q + k) * (a + k - 1.0) / ((top + k) * (k + 1.0))
        value *= ratio * z
        term[k] = value
        total += value
        bound = z * max(1.0, ratio)
        if (
            k > least
            and bound < 1.0
            and power * abs(value) <= _TOLERANCE * (1.0 - bound) * (lead + power * total)
        ):
            return k + 1
    return -1


@njit(cache=True, nogil=True)
def _counting(shape: float, a: float, b: float, z: float, term: FloatArray) -> int:
    """Fill `term` with the terms of the series over purchases at `z`; return how many, or -1."""
    weight = shape * z
    share, stops = 1.0, 1.0
    total = weight
    term[0] = weight
    for j in range(1, NODES):
        weight *= z * (shape + j) / (j + 1.0)
        share *= (b + j - 1.0) / (a + b + j - 1.0)
        stops += share
        term[j] = weight * stops
        total += term[j]
        bound = z * (shape + j) / j
        if bound < 1.0 and term[j] <= _TOLERANCE * (1.0 - bound) * total:
            return j + 1
    return -1


@njit(cache=True, nogil=True, fastmath={"contract"})
def _polynomial(term: FloatArray, n: int, y: FloatArray, out: FloatArray) -> None:
    """Fill `out` with sum_k term[k] y^(k+1), all y at once."""
    out[:] = 0.0
    for k in range(n - 1, -1, -1):
        for h in range(len(y)):
            out[h] = (out[h] + term[k]) * y[h]


@njit(cache=True, nogil=True)
def _curve(
    t: FloatArray,
    shape: float,
    rate: float,
    a: float,
    b: float,
    out: FloatArray,
    work: FloatArray,
    y: FloatArray,
) -> None:
    """Fill `out` with E(t) for ascending t; `work` is (4, NODES), `y` as long as t."""
    longest = t[-1]
    if longest <= 0.0:
        out[:] = 0.0
        return
    z = longest / (rate + longest)
    log_stay = -math.log1p(longest / rate)
    top = a + b - 1.0
    n = -1
    euler = top - shape >= -4.0 and abs(top) <= 1e3 * shape and (1.0 - a) * log_stay <= 30.0
    if z <= _LONGEST:
        if euler:
            n = _euler(shape, a, b, z, log_stay, work[0])
        elif -shape * log_stay <= 600.0:
            n = _counting(shape, a, b, z, work[0])
    if n < 0:
        expected_by_nodes(t, shape, rate, a, b, out, work)
        return
    for h in range(len(t)):
        y[h] = t[h] / ((rate + t[h]) * z)
    _polynomial(work[0], n, y, out)
    for h in range(len(t)):
        log_stay = -math.log1p(t[h] / rate)
        if euler:
            v = (a - 1.0) * log_stay
            less = math.expm1(v)
            lead = -top * log_stay * (less / v if v != 0.0 else 1.0)
            out[h] = lead + (math.exp(v) if v < -1.0 else 1.0 + less) * out[h]
        else:
            out[h] *= math.exp(shape * log_stay)


@njit(cache=True, nogil=True)
def expected_curves(
    t: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return E(t[h]) for each element of the other arguments, as an array (elements, horizons); t ascends."""
    out = np.empty((len(shape), len(t)))
    work, y = np.empty((4, NODES)), np.empty(len(t))
    for i in range(len(shape)):
        _curve(t, shape[i], rate[i], a[i], b[i], out[i], work, y)
    return out


@njit(cache=True, nogil=True)
def weighted_curves(
    t: FloatArray, weight: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return sum_h weight[h] E(t[h]) for each element; t ascends."""
    out, work = np.empty(len(shape)), np.empty((4, NODES))
    curve, y = np.empty(len(t)), np.empty(len(t))
    for i in range(len(shape)):
        _curve(t, shape[i], rate[i], a[i], b[i], curve, work, y)
        total = 0.0
        for h in range(len(t)):
            total += weight[h] * curve[h]
        out[i] = total
    return out


@njit(cache=True, nogil=True)
def expected_each(
    t: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return E(t) element by element."""
    out, work, y = np.empty(len(t)), np.empty((4, NODES)), np.empty(1)
    for i in range(len(t)):
        _curve(t[i : i + 1], shape[i], rate[i], a[i], b[i], out[i : i + 1], work, y)
    return out


@njit(cache=True, nogil=True)
def survival_each(
    t: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return P(alive after t | alive now) = E[exp(-lambda p t)] element by element.

    It is 1 - a / (a + b) E(t) with a + 1 in place of a, unless that difference cancels.
    """
    out, work, y = np.empty(len(t)), np.empty((4, NODES)), np.empty(1)
    for i in range(len(t)):
        _curve(t[i : i + 1], shape[i], rate[i], a[i] + 1.0, b[i], out[i : i + 1], work, y)
        out[i] = 1.0 - a[i] / (a[i] + b[i]) * out[i]
        if out[i] < 0.01:
            out[i] = survival_by_nodes(t[i], shape[i], rate[i], a[i], b[i], work)
    return out


@njit(cache=True, nogil=True)
def residual_each(
    discount: FloatArray, shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray
) -> FloatArray:
    """Return the discounted purchases to come, E[lambda / (discount + lambda p)], element by element."""
    out, work = np.empty(len(discount)), np.empty((4, NODES))
    for i in range(len(discount)):
        out[i] = residual_by_nodes(discount[i], shape[i], rate[i], a[i], b[i], work)
    return out

"""What each of many customers spends elsewhere, averaged over a posterior: probabilities, quantiles, means.

The location of customer i on the Box-Cox scale is N(mean_i, var_i) over the posterior, and the error has one of K
standard deviations sigma_k, equally likely, by segment. With s_k^2 = var_i + sigma_k^2, lower = -1 / lam (-inf at
lam = 0) and z = box_cox(C / g; lam),

    P(C > c) = (1 - p0) mean_k P(Z > (z - mean) / s_k) / P(Z > (lower - mean) / s_k),   Z normal.

Where one law of errors is itself a mixture of M normals, as a t is, M neighbours among the K standard deviations are
one law: tails are summed over them, by their mixing weights, before they are divided by the sum above the lower end.

Everything is worked out customer by customer, so a customer's figures do not depend on who else is in the block. A
customer with an argument that is NaN gets NaN.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from segmodels.likelihoods import normal
from segmodels.likelihoods.box_cox import amount_of, scale_of
from segmodels.likelihoods.normal_mixture import prepare, steep_tail, tail, weigh
from segmodels.likelihoods.row_threads import over_rows
from segmodels.likelihoods.truncated_power import flat_at, flat_log_power
from segmodels.likelihoods.wallet_draws import draws

__all__ = ["above", "draws", "mean", "quantiles"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

_CLOSE, _EQUAL = 1e-6, 1e-14
_STEPS = 200


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    target: float,
    z: float,
    low: float,
    high: float,
    mean: float,
    steep: bool,  # noqa: FBT001
    inverse: FloatArray,
    logs: FloatArray,
    weight: FloatArray,
    work: FloatArray,
) -> tuple[float, float]:
    """Where the probability above is `target`, from a start z inside a bracket; and dz / dv there.

    Newton's steps on v, the normal quantile of the probability, in which mixtures are almost straight; halving
    where a step would leave the bracket. The last step is not checked: it starts within a millionth.
    """
    wanted = -normal.quantile(target)
    slope = 0.0
    for _ in range(_STEPS):
        if not low < z < high:
            z = 0.5 * (low + high)
        if steep:
            survival, density = steep_tail(z, mean, inverse, logs)
        else:
            survival, density = tail(z, mean, inverse, weight, work)
        if survival > target:
            low = z
        else:
            high = z
        step = math.nan
        if 0.0 < survival < 1.0 and density > 0.0:
            v = -normal.quantile(survival)
            slope = math.exp(normal.log_density(v)) / density
            step = (wanted - v) * slope
        error = abs(survival - target)
        if error <= _CLOSE * min(target, 1.0 - target):
            return (z if math.isnan(step) else min(max(z + step, low), high)), slope
        if high - low <= _EQUAL * (abs(low) + abs(high)) or error <= _EQUAL:
            break
        # NaN is in no bracket.
        z += step
    return z, slope


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_quantiles(
    levels: FloatArray,
    mean: FloatArray,
    var: FloatArray,
    p0: FloatArray,
    sigma: FloatArray,
    mixing: FloatArray,
    code: IntArray,
    lam: float,
    g: float,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    nodes = sigma.shape[1]
    inverse, logs, weight, work = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty((2, nodes))
    lower = scale_of(0.0, lam)
    for i in range(first, last):
        m, atom = mean[i], p0[i]
        if math.isnan(m + var[i] + atom):
            out[i] = math.nan
            continue
        steep = prepare(m, var[i], sigma[code[i]], mixing, lower, inverse, logs)
        weigh(logs, weight)
        widest, usual = 1.0 / inverse.min(), 1.0 / inverse.mean()
        bottom = lower if lam > 0.0 else m - 40.0 * widest
        top = max(m, bottom) + 40.0 * widest
        start = normal.above((bottom - m) / usual)
        low, slope, before = bottom, 0.0, 0.0
        for j in range(levels.size):
            if levels[j] <= atom:
                out[i, j] = 0.0
                continue
            if levels[j] >= 1.0:
                out[i, j] = math.inf
                continue
            target = (1.0 - levels[j]) / (1.0 - atom)
            v = -normal.quantile(target)
            z = m - usual * normal.quantile(target * start)
            if slope > 0.0 and v - before < 0.7:
                z = low + (v - before) * slope
            low, slope = _solve(target, z, low, top, m, steep, inverse, logs, weight, work)
            before = v
            out[i, j] = g * amount_of(low, lam)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_above(
    threshold: FloatArray,
    mean: FloatArray,
    var: FloatArray,
    p0: FloatArray,
    sigma: FloatArray,
    mixing: FloatArray,
    code: IntArray,
    lam: float,
    g: float,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    nodes = sigma.shape[1]
    inverse, logs, weight, work = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty((2, nodes))
    lower = scale_of(0.0, lam)
    for i in range(first, last):
        m = mean[i]
        if math.isnan(m + var[i] + p0[i]):
            out[i] = math.nan
            continue
        steep = prepare(m, var[i], sigma[code[i]], mixing, lower, inverse, logs)
        weigh(logs, weight)
        for j in range(threshold.shape[1]):
            t = threshold[i, j]
            if t < 0.0:
                out[i, j] = 1.0
            elif t == 0.0:
                out[i, j] = 1.0 - p0[i]
            elif t == math.inf:
                out[i, j] = 0.0
            else:
                z = scale_of(t / g, lam)
                over, _ = steep_tail(z, m, inverse, logs) if steep else tail(z, m, inverse, weight, work)
                out[i, j] = (1.0 - p0[i]) * min(over, 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_mean(
    mean: FloatArray,
    var: FloatArray,
    p0: FloatArray,
    sigma: FloatArray,
    mixing: FloatArray,
    code: IntArray,
    lam: float,
    g: float,
    table: FloatArray,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    nodes, size = sigma.shape[1], mixing.size
    lower = scale_of(0.0, lam)
    for i in range(first, last):
        total, part, whole = 0.0, 0.0, 0.0
        for k in range(nodes):
            square = var[i] + sigma[code[i], k] ** 2
            weight = mixing[k % size]
            if lam == 0.0:
                value = math.exp(mean[i] + 0.5 * square)
            else:
                # the distance to the lower end, d, and s (r + sqrt(r^2 + 1)) with r = d / s
                d = mean[i] + 1.0 / lam
                root = math.sqrt(d * d + square)
                reach = d + root if d >= 0.0 else square / (root - d)
                u = math.log(reach) - 0.5 * math.log(square)
                value = math.exp(math.log(lam * reach) / lam + flat_at(table, u))
                if size > 1:
                    weight *= math.exp(normal.log_above((lower - mean[i]) / math.sqrt(square)))
            part += weight * value
            whole += weight
            if k % size == size - 1:
                total += part / whole
                part, whole = 0.0, 0.0
        out[i] = (1.0 - p0[i]) * g * total * size / nodes


def _columns(
    mean: ArrayLike,
    var: ArrayLike,
    p0: ArrayLike,
    sigma: ArrayLike,
    code: ArrayLike,
    lam: float,
    g: float,
    mixing: ArrayLike,
) -> tuple[Any, ...]:
    """Arguments as the kernels take them."""
    numbers = (np.ascontiguousarray(each, dtype=np.float64) for each in (mean, var, p0, sigma, mixing))
    return *numbers, np.ascontiguousarray(code, dtype=np.int64), float(lam), float(g)


def _run(kernel: Any, arguments: tuple[Any, ...], out: FloatArray) -> None:
    over_rows(lambda first, last: kernel(*arguments, out, first, last), len(out))


def quantiles(
    levels: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    p0: ArrayLike,
    sigma: ArrayLike,
    code: ArrayLike,
    lam: float,
    g: float,
    mixing: ArrayLike = (1.0,),
) -> FloatArray:
    """Quantiles of elsewhere spend.

    Parameters
    ----------
    levels
        Ascending, from 0 to 1, shape (L,).
    mean, var
        Of each customer's location on the Box-Cox scale over the posterior, shape (B,).
    p0
        Probability that C is 0, shape (B,).
    sigma
        Equally likely standard deviations of the error, above 0, shape (S, K).
    code
        Segment of each customer, shape (B,).
    lam
        Of the Box-Cox scale, at least 0.
    g
        Money that is 1 on it.
    mixing
        Weights, which sum to 1, of the M normals that make one law of errors, shape (M,); K is a multiple of M.

    Returns
    -------
    numpy.ndarray
        Money, shape (B, L), to 1e-10 in probability; 0 up to the level p0.

    Examples
    --------
    >>> sigma = np.array([[0.6, 0.8]])
    >>> quantiles([0.1, 0.5, 0.9], [0.2], [0.1], [0.3], sigma, [0], 0.0, 100.0).round(2)
    array([[  0.  ,  79.44, 276.29]])
    """
    columns = _columns(mean, var, p0, sigma, code, lam, g, mixing)
    wanted = np.ascontiguousarray(levels, dtype=np.float64)
    out = np.empty((len(columns[0]), wanted.size))
    _run(_fill_quantiles, (wanted, *columns), out)
    return out


def above(
    threshold: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    p0: ArrayLike,
    sigma: ArrayLike,
    code: ArrayLike,
    lam: float,
    g: float,
    mixing: ArrayLike = (1.0,),
) -> FloatArray:
    """Probability that elsewhere spend is above a threshold.

    Parameters
    ----------
    threshold
        Money, shape (B, T), or (T,) for all alike; nobody spends less than 0.
    mean, var, p0, sigma, code, lam, g, mixing
        As of :func:`quantiles`.

    Returns
    -------
    numpy.ndarray
        Shape (B, T).

    Examples
    --------
    >>> sigma = np.array([[0.6, 0.8]])
    >>> above([0.0, 276.29], [0.2], [0.1], [0.3], sigma, [0], 0.0, 100.0).round(4)
    array([[0.7, 0.1]])
    """
    columns = _columns(mean, var, p0, sigma, code, lam, g, mixing)
    rows = len(columns[0])
    wanted = np.atleast_2d(np.asarray(threshold, dtype=np.float64))
    wanted = np.ascontiguousarray(np.broadcast_to(wanted, (rows, wanted.shape[1])))
    out = np.empty(wanted.shape)
    _run(_fill_above, (wanted, *columns), out)
    return out


def mean(
    mean: ArrayLike,
    var: ArrayLike,
    p0: ArrayLike,
    sigma: ArrayLike,
    code: ArrayLike,
    lam: float,
    g: float,
    mixing: ArrayLike = (1.0,),
) -> FloatArray:
    """Average elsewhere spend: closed form at lam = 0, otherwise truncated powers to 1e-9.

    Parameters
    ----------
    mean, var, p0, sigma, code, lam, g, mixing
        As of :func:`quantiles`.

    Returns
    -------
    numpy.ndarray
        Money, shape (B,).

    Examples
    --------
    >>> mean([0.2], [0.1], [0.3], np.array([[0.6, 0.8]]), [0], 0.0, 100.0).round(2)
    array([115.69])
    """
    columns = _columns(mean, var, p0, sigma, code, lam, g, mixing)
    table = flat_log_power(1.0 / lam) if lam > 0.0 else np.empty((0, 0))
    out = np.empty(len(columns[0]))
    _run(_fill_mean, (*columns, table), out)
    return out

"""Items of latent classes: log-probabilities, and the best ones for expected counts.

In component m, of class k at the node with styles f_m and g_m, category c of an item has the linear score

    nominal   eta_c = b_kc                                                          (b_k0 = 0)
    ordinal   eta_c = beta_c + s_c (lambda_k + a f_m) + e_c b g_m   (beta_0 = lambda_0 = 0)

and the probability exp(eta_c) / sum exp(eta). The ordinal one is the adjacent-category logit: neighbours'
log-odds are linear in the class effect, with s_c = c - (C - 1) / 2, in steps of one category. The agreement
style f shifts all ordinal items alike; the extreme style g moves answers away from the middle, with
e_c = s_c^2 / s_max less its mean. Both are standard normal over respondents.

Sources: Agresti (2010), Analysis of Ordinal Categorical Data, section 4.1; Moors (2010), Int. J. of Public Opinion
Research 22(1); Bolt and Johnson (2009), Applied Psychological Measurement 33(5), for extreme answers.
"""

import math
from typing import Any

import numpy as np
from numba import njit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

#: Where an item's parameters and categories are, one row an item: 1 if ordinal, categories, first row in the
#: table of log p, first place in theta.
NOMINAL, ORDINAL = 0, 1
_FLOOR = 1e-12
_HALVINGS = 12


@njit(cache=True, nogil=True, error_model="numpy")
def scores(size: int) -> FloatArray:
    """Scores s_c and e_c of an ordinal item with `size` categories, shape (2, size)."""
    out = np.empty((2, size))
    top = (size - 1) / 2.0
    for c in range(size):
        out[0, c] = c - top
        out[1, c] = out[0, c] ** 2 / top if top > 0 else 0.0
    out[1] -= out[1].mean()
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _ordinal(
    theta: FloatArray,
    at: int,
    size: int,
    score: FloatArray,
    node: FloatArray,
    class_of: IntArray,
    out: FloatArray,
) -> None:
    """Fill `out` (size, M) with log-probabilities; `node` (2, M) holds a f_m and b g_m."""
    for m in range(out.shape[1]):
        k = class_of[m]
        slope = node[0, m] + (theta[at + size - 2 + k] if k > 0 else 0.0)
        largest = -np.inf
        for c in range(size):
            eta = score[0, c] * slope + score[1, c] * node[1, m]
            if c > 0:
                eta += theta[at + c - 1]
            out[c, m] = eta
            largest = max(largest, eta)
        summed = 0.0
        for c in range(size):
            summed += math.exp(out[c, m] - largest)
        summed = largest + math.log(summed)
        for c in range(size):
            out[c, m] -= summed


@njit(cache=True, nogil=True, error_model="numpy")
def _nominal(theta: FloatArray, at: int, size: int, class_of: IntArray, out: FloatArray) -> None:
    """Fill `out` (size, M) with log-probabilities."""
    for m in range(out.shape[1]):
        start = at + class_of[m] * (size - 1) - 1
        largest = 0.0
        for c in range(1, size):
            largest = max(largest, theta[start + c])
        summed = math.exp(-largest)
        for c in range(1, size):
            summed += math.exp(theta[start + c] - largest)
        summed = largest + math.log(summed)
        out[0, m] = -summed
        for c in range(1, size):
            out[c, m] = theta[start + c] - summed


@njit(cache=True, nogil=True, error_model="numpy")
def nodes_of(theta: FloatArray, style_at: IntArray, styles: FloatArray) -> FloatArray:
    """Styles at the components, times their loadings: a f_m and b g_m, shape (2, M)."""
    out = np.zeros_like(styles)
    for s in range(2):
        if style_at[s] >= 0:
            out[s] = theta[style_at[s]] * styles[s]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def log_probabilities(
    theta: FloatArray, items: IntArray, class_of: IntArray, style_at: IntArray, styles: FloatArray, rows: int
) -> FloatArray:
    """Log-probabilities of all items, one below the other, shape (rows, M).

    Parameters
    ----------
    theta
        All parameters.
    items
        One row an item: ordinal or not, categories, first row of the table, first place in theta.
    class_of
        Class of each component, shape (M,).
    style_at
        Places of the loadings a and b in theta; -1 where there is none.
    styles
        f and g at each component, shape (2, M).
    rows
        Sum of the categories.
    """
    out = np.empty((rows, class_of.size))
    node = nodes_of(theta, style_at, styles)
    for j in range(items.shape[0]):
        kind, size, row, at = items[j]
        block = out[row : row + size]
        if kind == ORDINAL:
            _ordinal(theta, at, size, scores(size), node, class_of, block)
        else:
            _nominal(theta, at, size, class_of, block)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _weighted(counts: FloatArray, log_p: FloatArray) -> float:
    """Sum of counts times log-probabilities."""
    total = 0.0
    for c in range(counts.shape[0]):
        for m in range(counts.shape[1]):
            if counts[c, m] > 0.0:
                total += counts[c, m] * log_p[c, m]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _best_nominal(theta: FloatArray, at: int, counts: FloatArray, class_of: IntArray) -> None:
    size = counts.shape[0]
    classes = class_of.max() + 1
    for k in range(classes):
        total = np.zeros(size)
        for m in range(class_of.size):
            if class_of[m] == k:
                total += counts[:, m]
        summed = total.sum()
        if summed <= 0.0:
            continue
        base = math.log(max(total[0] / summed, _FLOOR))
        for c in range(1, size):
            theta[at + k * (size - 1) + c - 1] = math.log(max(total[c] / summed, _FLOOR)) - base


@njit(cache=True, nogil=True, error_model="numpy")
def _ordinal_newton(
    counts: FloatArray, log_p: FloatArray, score: FloatArray, class_of: IntArray
) -> FloatArray:
    """Newton direction of beta (size - 1) and lambda (K - 1)."""
    size, components = counts.shape
    classes = class_of.max() + 1
    width = size + classes - 2
    gradient, curvature = np.zeros(width), np.zeros((width, width))
    for m in range(components):
        n = counts[:, m].sum()
        p = np.exp(log_p[:, m])
        mean = (score[0] * p).sum()
        lam = size - 2 + class_of[m]
        for c in range(1, size):
            gradient[c - 1] += counts[c, m] - n * p[c]
            curvature[c - 1, c - 1] += n * p[c]
            for d in range(1, size):
                curvature[c - 1, d - 1] -= n * p[c] * p[d]
        if class_of[m] > 0:
            gradient[lam] += (score[0] * (counts[:, m] - n * p)).sum()
            curvature[lam, lam] += n * ((score[0] - mean) ** 2 * p).sum()
            for c in range(1, size):
                cross = n * p[c] * (score[0, c] - mean)
                curvature[c - 1, lam] += cross
                curvature[lam, c - 1] += cross
    ridge = 1e-9 * (1.0 + np.trace(curvature) / width)
    for i in range(width):
        curvature[i, i] += ridge
    return np.linalg.solve(curvature, gradient)


@njit(cache=True, nogil=True, error_model="numpy")
def _climb_ordinal(
    theta: FloatArray, at: int, counts: FloatArray, log_p: FloatArray, node: FloatArray, class_of: IntArray
) -> None:
    """One Newton step of one item, halved until the expected log-likelihood does not fall."""
    size = counts.shape[0]
    score = scores(size)
    step = _ordinal_newton(counts, log_p, score, class_of)
    largest = np.abs(step).max()
    length = 1.0 if largest < 5.0 else 5.0 / largest
    before = _weighted(counts, log_p)
    start = theta[at : at + step.size].copy()
    trial = np.empty_like(log_p)
    for _ in range(_HALVINGS):
        theta[at : at + step.size] = start + length * step
        _ordinal(theta, at, size, score, node, class_of, trial)
        if _weighted(counts, trial) >= before:
            log_p[:] = trial
            return
        length /= 2
    theta[at : at + step.size] = start


@njit(cache=True, nogil=True, error_model="numpy")
def _styles_newton(
    items: IntArray,
    counts: FloatArray,
    log_p: FloatArray,
    styles: FloatArray,
    style_at: IntArray,
) -> FloatArray:
    """Newton direction of the loadings a and b."""
    gradient, curvature = np.zeros(2), np.zeros((2, 2))
    for j in range(items.shape[0]):
        kind, size, row, _ = items[j]
        if kind != ORDINAL:
            continue
        score = scores(size)
        for m in range(counts.shape[1]):
            seen = counts[row : row + size, m]
            p = np.exp(log_p[row : row + size, m])
            n = seen.sum()
            mean = score @ p
            for s in range(2):
                gradient[s] += styles[s, m] * (score[s] * (seen - n * p)).sum()
                for t in range(2):
                    product = (score[s] * score[t] * p).sum() - mean[s] * mean[t]
                    curvature[s, t] += n * styles[s, m] * styles[t, m] * product
    for s in range(2):
        if style_at[s] < 0:
            gradient[s] = 0.0
            curvature[s, :] = 0.0
            curvature[:, s] = 0.0
            curvature[s, s] = 1.0
    return np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)


@njit(cache=True, nogil=True, error_model="numpy")
def maximise(
    theta: FloatArray,
    counts: FloatArray,
    items: IntArray,
    class_of: IntArray,
    style_at: IntArray,
    styles: FloatArray,
) -> FloatArray:
    """Raise the expected log-likelihood of the items: exactly for nominal ones, by Newton steps for others.

    Parameters
    ----------
    theta
        All parameters, of which those of the items and styles are renewed.
    counts
        Expected weight of each category and component, pseudo-counts included, shape (rows, M).
    items, class_of, style_at, styles
        As of :func:`log_probabilities`.

    Returns
    -------
    numpy.ndarray
        The new parameters, shape (P,).
    """
    out = theta.copy()
    log_p = log_probabilities(out, items, class_of, style_at, styles, counts.shape[0])
    node = nodes_of(out, style_at, styles)
    for j in range(items.shape[0]):
        kind, size, row, at = items[j]
        seen = counts[row : row + size]
        if kind == ORDINAL:
            _climb_ordinal(out, at, seen, log_p[row : row + size], node, class_of)
        else:
            _best_nominal(out, at, seen, class_of)
    if style_at.max() < 0:
        return out
    log_p = log_probabilities(out, items, class_of, style_at, styles, counts.shape[0])
    step = _styles_newton(items, counts, log_p, styles, style_at)
    before, length = _weighted(counts, log_p), 1.0
    start = out.copy()
    for _ in range(_HALVINGS):
        for s in range(2):
            if style_at[s] >= 0:
                out[style_at[s]] = start[style_at[s]] + length * step[s]
        trial = log_probabilities(out, items, class_of, style_at, styles, counts.shape[0])
        if _weighted(counts, trial) >= before:
            return out
        length /= 2
    return start

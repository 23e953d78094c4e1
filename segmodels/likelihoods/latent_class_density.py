"""Log-posterior of a latent class model and its gradient, as one compiled function of theta.

The expected statistics of :func:`segmodels.likelihoods.latent_class.expect` are the gradient with respect to the
tables; the chain rule brings it to theta, whose layout is that of ``segmodels.models.needs.layout``.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from segmodels.likelihoods.adjacent_category import ORDINAL, log_probabilities, scores
from segmodels.likelihoods.latent_class import expect

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
CodeArray = np.ndarray[Any, np.dtype[np.int16]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]


@njit(cache=True, nogil=True, error_model="numpy")
def _log_shares(theta: FloatArray, classes: int, width: int, design: FloatArray) -> FloatArray:
    """Log-probability of each class in each group, shape (G, K)."""
    out = np.zeros((design.shape[0], classes))
    for g in range(design.shape[0]):
        for k in range(1, classes):
            for d in range(width):
                out[g, k] += design[g, d] * theta[(k - 1) * width + d]
        largest = out[g].max()
        out[g] -= largest + math.log(np.exp(out[g] - largest).sum())
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _curves(
    theta: FloatArray, classes: int, numbers_at: IntArray, continuous: IntArray, class_of: IntArray
) -> FloatArray:
    """Coefficients of 1, x and x squared, shape (L, 3, M)."""
    out = np.zeros((numbers_at.size, 3, class_of.size))
    for l in range(numbers_at.size):
        for m in range(class_of.size):
            first = theta[numbers_at[l] + class_of[m]]
            if continuous[l]:
                second = theta[numbers_at[l] + classes + class_of[m]]
                precision = math.exp(-2 * second)
                out[l, 0, m] = -second - first * first * precision / 2
                out[l, 1, m] = first * precision
                out[l, 2, m] = -precision / 2
            else:
                out[l, 0, m] = -math.exp(first)
                out[l, 1, m] = first
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _item_slopes(
    table: IntArray,
    style_at: IntArray,
    class_of: IntArray,
    styles: FloatArray,
    counts: FloatArray,
    log_p: FloatArray,
    gradient: FloatArray,
) -> None:
    """Add the gradient of sum counts log p to `gradient`."""
    for j in range(table.shape[0]):
        kind, size, row, at = table[j]
        score = scores(size)
        for m in range(class_of.size):
            n = counts[row : row + size, m].sum()
            residual = counts[row : row + size, m] - n * np.exp(log_p[row : row + size, m])
            begin = at - 1 if kind == ORDINAL else at + class_of[m] * (size - 1) - 1
            for c in range(1, size):
                gradient[begin + c] += residual[c]
            if kind == ORDINAL:
                slope = (score[0] * residual).sum()
                if class_of[m] > 0:
                    gradient[at + size - 2 + class_of[m]] += slope
                if style_at[0] >= 0:
                    gradient[style_at[0]] += styles[0, m] * slope
                if style_at[1] >= 0:
                    gradient[style_at[1]] += styles[1, m] * (score[1] * residual).sum()


@njit(cache=True, nogil=True, error_model="numpy")
def _number_slopes(
    theta: FloatArray,
    classes: int,
    numbers_at: IntArray,
    continuous: IntArray,
    class_of: IntArray,
    moments: FloatArray,
    gradient: FloatArray,
) -> None:
    """Add the gradient of sum moments curves to `gradient`."""
    for l in range(numbers_at.size):
        for m in range(class_of.size):
            at = numbers_at[l] + class_of[m]
            n, sum_x, sum_xx = moments[l, 0, m], moments[l, 1, m], moments[l, 2, m]
            first = theta[at]
            if continuous[l]:
                precision = math.exp(-2 * theta[at + classes])
                gradient[at] += (sum_x - n * first) * precision
                gradient[at + classes] += (sum_xx - 2 * first * sum_x + first * first * n) * precision - n
            else:
                gradient[at] += sum_x - n * math.exp(first)


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    theta: FloatArray,
    shape: IntArray,
    table: IntArray,
    numbers_at: IntArray,
    continuous: IntArray,
    style_at: IntArray,
    class_of: IntArray,
    styles: FloatArray,
    log_node: FloatArray,
    codes: CodeArray,
    numbers: FloatArray,
    group: IntArray,
    design: FloatArray,
    weight: FloatArray,
    pseudo_counts: FloatArray,
    pseudo_members: FloatArray,
    pseudo_moments: FloatArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood plus log prior, up to a constant, and the gradient, shape (P,).

    Parameters
    ----------
    theta
        Shape (P,).
    shape
        Classes K and coefficients of membership D.
    table, style_at, class_of, styles
        As of ``adjacent_category.log_probabilities``.
    numbers_at, continuous
        First place in theta of each number, and whether it is normal (else Poisson), shape (L,).
    log_node
        Log-probability of each component's node, shape (M,).
    codes, numbers, group, weight
        The patterns, as of ``latent_class.expect``.
    design
        Covariates of membership, shape (G, D).
    pseudo_counts, pseudo_members, pseudo_moments
        The prior, shaped like the expected statistics.
    """
    classes, width = shape[0], shape[1]
    log_p = log_probabilities(theta, table, class_of, style_at, styles, pseudo_counts.shape[0])
    log_pi = _log_shares(theta, classes, width, design)
    log_prior = log_pi[:, class_of] + log_node
    curves = _curves(theta, classes, numbers_at, continuous, class_of)
    first = np.ascontiguousarray(table[:, 2])
    total, counts, members, moments = expect(
        codes, first, numbers, group, weight, log_p, np.ascontiguousarray(log_prior), curves
    )
    total += (pseudo_counts * log_p).sum() + (pseudo_moments * curves).sum()
    members += pseudo_members
    gradient = np.zeros_like(theta)
    for g in range(design.shape[0]):
        n = members[g].sum()
        for m in range(class_of.size):
            total += pseudo_members[g, m] * (log_prior[g, m] - log_node[m])
            k = class_of[m]
            if k > 0:
                for d in range(width):
                    gradient[(k - 1) * width + d] += members[g, m] * design[g, d]
        for k in range(1, classes):
            for d in range(width):
                gradient[(k - 1) * width + d] -= n * math.exp(log_pi[g, k]) * design[g, d]
    _item_slopes(table, style_at, class_of, styles, counts + pseudo_counts, log_p, gradient)
    _number_slopes(theta, classes, numbers_at, continuous, class_of, moments + pseudo_moments, gradient)
    return total, gradient

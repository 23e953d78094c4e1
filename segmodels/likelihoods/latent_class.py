"""Mixtures whose answers are independent given the component: expectation of patterns, in one pass.

A component is a class, or a class at one node of the quadrature over response styles. Of pattern u with
codes y_uj and numbers x_ul, component m has

    log f(u, m) = log pi_m(g_u) + sum_j log p_j[y_uj, m] + sum_l (c0_lm + c1_lm x_ul + c2_lm x_ul^2),

where what is missing (code -1, number NaN) drops out, so the likelihood is that of the observed answers.
Normal and Poisson densities are such quadratics, up to a term without m. The expected statistics below are
at the same time the gradient of the log-likelihood with respect to the tables log p, log pi and c.

Source: McLachlan and Peel (2000), Finite Mixture Models, section 2.8.
"""

import math
from typing import Any

import numpy as np
from numba import njit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
CodeArray = np.ndarray[Any, np.dtype[np.int16]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
#: What a pass reads besides the tables: codes (U, J), first row of each item in the table of log p (J,),
#: numbers (U, L), group of membership (U,), weight (U,).
Data = tuple[CodeArray, IntArray, FloatArray, IntArray, FloatArray]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def _joint(
    codes: CodeArray,
    first: IntArray,
    numbers: FloatArray,
    log_p: FloatArray,
    log_prior: FloatArray,
    curves: FloatArray,
    out: FloatArray,
) -> float:
    """Fill `out` (M,) with log f of one pattern; return the largest."""
    components = out.size
    for m in range(components):
        out[m] = log_prior[m]
    for j in range(codes.size):
        if codes[j] >= 0:
            row = log_p[first[j] + codes[j]]
            for m in range(components):
                out[m] += row[m]
    for l in range(numbers.size):
        x = numbers[l]
        if not math.isnan(x):
            for m in range(components):
                out[m] += curves[l, 0, m] + x * (curves[l, 1, m] + x * curves[l, 2, m])
    largest = out[0]
    for m in range(1, components):
        largest = max(largest, out[m])
    return largest


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def expect(
    codes: CodeArray,
    first: IntArray,
    numbers: FloatArray,
    group: IntArray,
    weight: FloatArray,
    log_p: FloatArray,
    log_prior: FloatArray,
    curves: FloatArray,
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Sum the log-likelihood and the expected statistics over patterns.

    Parameters
    ----------
    codes
        Categories, -1 where missing, shape (U, J).
    first
        Row of ``log_p`` where each item's categories begin, shape (J,).
    numbers
        NaN where missing, shape (U, L).
    group
        Row of ``log_prior`` for each pattern, shape (U,).
    weight
        Shape (U,).
    log_p
        Log-probabilities of the categories of all items, one item below the other, shape (sum of C, M).
    log_prior
        Log-probabilities of the components, shape (G, M).
    curves
        Coefficients c0, c1, c2 of each number, shape (L, 3, M).

    Returns
    -------
    log-likelihood, and the expected weight of each category (as ``log_p``), of each group (as ``log_prior``)
    and sums of 1, x and x squared (as ``curves``), each by component.
    """
    components = log_prior.shape[1]
    counts, members = np.zeros_like(log_p), np.zeros_like(log_prior)
    moments = np.zeros_like(curves)
    r = np.empty(components)
    total = 0.0
    for u in range(codes.shape[0]):
        largest = _joint(codes[u], first, numbers[u], log_p, log_prior[group[u]], curves, r)
        summed = 0.0
        for m in range(components):
            r[m] = math.exp(r[m] - largest)
            summed += r[m]
        total += weight[u] * (largest + math.log(summed))
        share = weight[u] / summed
        for m in range(components):
            r[m] *= share
            members[group[u], m] += r[m]
        for j in range(codes.shape[1]):
            if codes[u, j] >= 0:
                row = counts[first[j] + codes[u, j]]
                for m in range(components):
                    row[m] += r[m]
        for l in range(numbers.shape[1]):
            x = numbers[u, l]
            if not math.isnan(x):
                for m in range(components):
                    moments[l, 0, m] += r[m]
                    moments[l, 1, m] += r[m] * x
                    moments[l, 2, m] += r[m] * x * x
    return total, counts, members, moments


@njit(cache=True, nogil=True, error_model="numpy")
def log_joint(
    codes: CodeArray,
    first: IntArray,
    numbers: FloatArray,
    group: IntArray,
    log_p: FloatArray,
    log_prior: FloatArray,
    curves: FloatArray,
) -> FloatArray:
    """Log f(u, m) of every pattern and component, shape (U, M); arguments as of :func:`expect`."""
    out = np.empty((codes.shape[0], log_prior.shape[1]))
    for u in range(codes.shape[0]):
        _joint(codes[u], first, numbers[u], log_p, log_prior[group[u]], curves, out[u])
    return out

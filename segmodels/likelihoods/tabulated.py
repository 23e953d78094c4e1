"""Laws of amounts that are given as tables: for each of R rows, the probability of no more than each of G amounts.

Between neighbouring amounts a law is even; a probability above 0 at the first amount is an atom there.
"""

from typing import Any

import numpy as np
from numba import njit

type Array = np.ndarray[Any, np.dtype[np.float64]]


@njit(cache=True, nogil=True, error_model="numpy")
def quantiles(amounts: Array, below: Array, levels: Array) -> Array:
    """Smallest amounts that are not exceeded with the probability of each level.

    Parameters
    ----------
    amounts
        Ascending in each row, equal ones allowed, shape (R, G).
    below
        Probability of no more than each amount, ascending to 1, shape (R, G).
    levels
        In any order, shape (R, L).

    Returns
    -------
    numpy.ndarray
        Shape (R, L).

    Examples
    --------
    >>> quantiles(np.array([[0.0, 10.0]]), np.array([[0.2, 1.0]]), np.array([[0.1, 0.6]])).round(9).tolist()
    [[0.0, 5.0]]
    """
    result = np.empty(levels.shape)
    for i in range(levels.shape[0]):
        for j in range(levels.shape[1]):
            k = np.searchsorted(below[i], levels[i, j])
            if k == 0:
                result[i, j] = amounts[i, 0]
            elif k == below.shape[1]:
                result[i, j] = amounts[i, k - 1]
            else:
                part = (levels[i, j] - below[i, k - 1]) / (below[i, k] - below[i, k - 1])
                result[i, j] = amounts[i, k - 1] + part * (amounts[i, k] - amounts[i, k - 1])
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def above(amounts: Array, below: Array, thresholds: Array) -> Array:
    """Probability of more than each threshold, shape (R, K), as :func:`quantiles` has it.

    Examples
    --------
    >>> above(np.array([[0.0, 10.0]]), np.array([[0.2, 1.0]]), np.array([[0.0, 5.0, 10.0]])).round(9).tolist()
    [[0.8, 0.4, 0.0]]
    """
    result = np.empty(thresholds.shape)
    for i in range(thresholds.shape[0]):
        for j in range(thresholds.shape[1]):
            k = np.searchsorted(amounts[i], thresholds[i, j], side="right")
            if k == 0:
                result[i, j] = 1.0
            elif k == amounts.shape[1]:
                result[i, j] = 0.0
            else:
                part = (thresholds[i, j] - amounts[i, k - 1]) / (amounts[i, k] - amounts[i, k - 1])
                result[i, j] = 1.0 - below[i, k - 1] - part * (below[i, k] - below[i, k - 1])
    return result


def mean(amounts: Array, below: Array) -> Array:
    """Mean, shape (R,), as :func:`quantiles` has it.

    Examples
    --------
    >>> mean(np.array([[0.0, 10.0]]), np.array([[0.2, 1.0]])).tolist()
    [4.0]
    """
    middles = (amounts[:, :-1] + amounts[:, 1:]) / 2
    return amounts[:, 0] * below[:, 0] + (np.diff(below, axis=1) * middles).sum(axis=1)

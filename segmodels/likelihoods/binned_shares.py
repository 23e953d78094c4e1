"""Shares of wallet counted in bins, cell by cell and draw by draw, and their quantiles.

Shares below 1 fall into bins of equal width; the last bin is of the customers whose whole wallet is ours.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Array = np.ndarray[Any, np.dtype[np.float64]]
type IntArray = np.ndarray[Any, np.dtype[np.int64]]
type Counts = np.ndarray[Any, np.dtype[np.int32]]


@njit(cache=True, nogil=True)
def count(own: Array, spent: Array, rows: IntArray, cell: IntArray, counts: Counts) -> None:
    """Add the shares own / (own + spent) of some customers to the counts.

    Parameters
    ----------
    own
        Above 0 in these rows, shape (B,).
    spent
        Elsewhere spend in each draw, shape (B, D).
    rows
        Which customers.
    cell
        Of each customer, shape (B,).
    counts
        Changed in place, shape (cells, D, bins + 1).

    Examples
    --------
    >>> counts = np.zeros((1, 1, 3), np.int32)
    >>> count(np.array([5.0, 5.0]), np.array([[0.0], [15.0]]), np.arange(2), np.zeros(2, np.int64), counts)
    >>> counts.tolist()
    [[[1, 0, 1]]]
    """
    last = counts.shape[2] - 1
    for i in rows:
        for d in range(spent.shape[1]):
            # A positive elsewhere spend so small that the share rounds to 1 is in the bin before the last.
            at = last if spent[i, d] == 0 else min(int(own[i] / (own[i] + spent[i, d]) * last), last - 1)
            counts[cell[i], d, at] += 1


def quantile(counts: NDArray[Any], tau: float) -> Array:
    """Quantile of the counted shares in each draw, straight within a bin, shape (D,) from (D, bins + 1).

    Examples
    --------
    >>> quantile(np.array([[2, 2, 0], [0, 1, 9]]), 0.5).tolist()
    [0.5, 1.0]
    """
    last = counts.shape[1] - 1
    up_to = np.cumsum(counts, axis=1, dtype=np.float64)
    wanted = tau * up_to[:, -1]
    at = (up_to < wanted[:, None]).sum(axis=1)
    inside = counts[np.arange(len(counts)), at]
    before = up_to[np.arange(len(counts)), at] - inside
    return np.where(at == last, 1.0, (at + (wanted - before) / inside) / last)

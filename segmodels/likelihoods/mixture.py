"""From the log-densities of components to classes."""

from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]


def log_sums(joint: FloatArray) -> FloatArray:
    """Log of the sum of exponentials along each row, shape (N,) from (N, M).

    Examples
    --------
    >>> log_sums(np.log([[1.0, 2.0]])).round(4).tolist() == [np.log(3).round(4)]
    True
    """
    largest = _finite(joint.max(axis=1, keepdims=True))
    shifted = joint - largest
    np.exp(shifted, out=shifted)
    with np.errstate(divide="ignore"):
        return np.log(shifted.sum(axis=1)) + largest[:, 0]


def _finite(largest: FloatArray) -> FloatArray:
    """Let a row without any probability stay so, instead of NaN."""
    return np.where(np.isfinite(largest), largest, 0.0)


def log_by_class(joint: FloatArray, class_of: IntArray) -> FloatArray:
    """Sum components within classes, in logs, shape (N, K) from (N, M).

    Parameters
    ----------
    class_of
        Class of each component, shape (M,), every class at least once.
    """
    classes = int(class_of.max()) + 1
    if joint.shape[1] == classes:
        order = np.argsort(class_of)
        return joint if np.array_equal(order, np.arange(classes)) else joint[:, order]
    return np.stack([log_sums(joint[:, class_of == k]) for k in range(classes)], axis=1)


def memberships(log_classes: FloatArray) -> FloatArray:
    """Probability of each class, rows that sum to 1, shape (N, K) from logs that need not be normalised."""
    found = log_classes - _finite(log_classes.max(axis=1, keepdims=True))
    np.exp(found, out=found)
    found /= found.sum(axis=1, keepdims=True)
    return found

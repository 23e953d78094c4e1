"""Wald tests: whether classes differ at all, and which ones do."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

Array = NDArray[np.float64]

_FLAT = 1e-10


@dataclass(frozen=True)
class Wald:
    """A Wald test: statistic, degrees of freedom and p."""

    statistic: float
    df: int
    p: float


def wald(estimate: Array, covariance: Array, contrasts: Array) -> Wald:
    """Test that all contrasts are zero.

    Parameters
    ----------
    estimate
        Shape (Q,).
    covariance
        Shape (Q, Q).
    contrasts
        Shape (C, Q). Directions that carry no variance, as between figures at a boundary, are not tested.

    Examples
    --------
    >>> test = wald(np.array([1.0, 3.0]), np.eye(2), np.array([[1.0, -1.0]]))
    >>> test.statistic, test.df, round(test.p, 4)
    (2.0, 1, 0.1573)
    """
    off, spread = contrasts @ estimate, contrasts @ covariance @ contrasts.T
    unit = np.sqrt(np.diag(spread))
    unit = np.where(unit > 0, unit, 1.0)
    values, vectors = np.linalg.eigh(spread / np.outer(unit, unit))
    usable = values > _FLAT
    along = vectors[:, usable].T @ (off / unit)
    statistic, df = float((along**2 / values[usable]).sum()), int(usable.sum())
    return Wald(statistic, df, float(chi2.sf(statistic, df)) if df else float("nan"))


def against_first(n_classes: int, columns: list[int], width: int) -> Array:
    """Contrasts of every class with the first in some of `width` columns, shape (C, n_classes * width).

    Examples
    --------
    >>> against_first(2, [1], 2).tolist()
    [[0.0, -1.0, 0.0, 1.0]]
    """
    rows: list[Array] = []
    for k in range(1, n_classes):
        for column in columns:
            row = np.zeros((n_classes, width))
            row[0, column], row[k, column] = -1, 1
            rows.append(row.ravel())
    return np.array(rows)


def two_sided(z: Array) -> Array:
    """Probability of a standard normal at least as far from zero."""
    return 2 * norm.sf(np.abs(z))


def holm(p: Array) -> Array:
    """P-values adjusted by Holm (1979), Scandinavian Journal of Statistics 6(2); NaN stay out.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjust(p, lambda ordered: np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1)))


def benjamini_hochberg(p: Array) -> Array:
    """P-values adjusted by Benjamini and Hochberg (1995), JRSS B 57(1); NaN stay out.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.04, 0.04]
    """

    def rising(ordered: Array) -> Array:
        scaled = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return _adjust(p, rising)


def _adjust(p: Array, of_sorted: Callable[[Array], Array]) -> Array:
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    out[order] = np.minimum(of_sorted(p[order]), 1.0)
    return out

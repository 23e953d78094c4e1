"""Robust covariances from what each respondent moves an estimate by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """How respondents were drawn.

    Parameters
    ----------
    weight, count
        Sampling weight of each row, and how many respondents it stands for, shape (N,).
    strata, cluster
        Codes of the stratum and of the primary sampling unit, shape (N,); None where there are none.
    """

    weight: Array
    count: Array
    strata: NDArray[np.int64] | None = None
    cluster: NDArray[np.int64] | None = None

    @property
    def case_weight(self) -> Array:
        """What each row weighs in sums, shape (N,)."""
        return self.weight * self.count


def covariance(influence: Array, sample: Sample) -> Array:
    """Covariance of estimates, shape (Q, Q).

    Without a design the sum of squares over respondents (White 1982, Econometrica 50(1)); with one the
    spread of the primary sampling units about the mean of their stratum (Binder 1983, International
    Statistical Review 51(3)). Strata of one unit add nothing.

    Parameters
    ----------
    influence
        By how much each single respondent of a row moves each estimate, shape (N, Q): the estimates less
        the truth are, in first order, the sum over rows of count times influence.

    Examples
    --------
    >>> covariance(np.array([[1.0], [-1.0]]), Sample(np.ones(2), np.array([2.0, 2.0]))).tolist()
    [[4.0]]
    """
    count = sample.count
    if sample.strata is None and sample.cluster is None:
        return (influence * count[:, None]).T @ influence
    units, strata, size = _units(influence, sample)
    # A row that stands for nobody is no unit.
    units, strata, size = units[size > 0], strata[size > 0], size[size > 0]
    total = np.zeros((influence.shape[1],) * 2)
    for stratum in np.unique(strata):
        here = strata == stratum
        inside, n = units[here], size[here]
        if n.sum() < 2:
            # A unit alone in its stratum is held against the mean of all units, which errs on the safe side.
            apart = inside - units.sum(axis=0) / size.sum()
            total += apart.T @ apart
            continue
        # A row that stands for several respondents, each a unit of its own, has their mean that many times.
        spread = (inside / n[:, None] - inside.sum(axis=0) / n.sum()) * np.sqrt(n)[:, None]
        total += n.sum() / (n.sum() - 1) * spread.T @ spread
    return total


def _units(influence: Array, sample: Sample) -> tuple[Array, NDArray[np.int64], Array]:
    """Sum influence over primary sampling units; give their strata and how many units each stands for."""
    rows = np.arange(len(influence))
    cluster = rows if sample.cluster is None else sample.cluster
    strata = np.zeros(len(rows), np.int64) if sample.strata is None else sample.strata
    pairs = np.column_stack([strata, cluster])
    _, first, unit = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    totals = np.zeros((len(first), influence.shape[1]))
    np.add.at(totals, unit.ravel(), influence * sample.count[:, None])
    return totals, strata[first], sample.count[first] if sample.cluster is None else np.ones(len(first))

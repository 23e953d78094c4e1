"""How respondents were drawn: means with design-based errors, resampling and folds by sampling unit."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Design:
    """Sampling units of respondents, and the stratum that each unit lies in.

    Parameters
    ----------
    unit
        Code 0 … U-1 of each respondent's unit, shape (N,).
    stratum
        Code 0 … H-1 of each unit's stratum, shape (U,).

    Examples
    --------
    >>> design = Design.of(4, cluster=np.array([7, 7, 8, 9]))
    >>> design.unit.tolist(), design.stratum.tolist()
    ([0, 0, 1, 2], [0, 0, 0])
    """

    unit: Whole
    stratum: Whole

    @classmethod
    def of(cls, n: int, strata: NDArray[Any] | None = None, cluster: NDArray[Any] | None = None) -> Self:
        """Read a design from codes of strata and of clusters, shape (N,); None: none."""
        within = np.zeros(n, np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
        member = np.arange(n) if cluster is None else np.unique(cluster, return_inverse=True)[1]
        # The same code in two strata is two units.
        pairs, unit = np.unique(np.column_stack([within, member]), axis=0, return_inverse=True)
        return cls(unit.reshape(-1), pairs[:, 0])

    def mean(self, values: Array, weight: Array) -> tuple[float, float]:
        """Weighted mean and its standard error, linearised, units drawn with replacement within strata.

        A stratum with a single unit is compared with the mean of all.

        Examples
        --------
        >>> mean, error = Design.of(4).mean(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4))
        >>> mean, round(error, 6), round(float(np.std([1, 2, 3, 4], ddof=1)) / 2, 6)
        (2.5, 0.645497, 0.645497)
        """
        mean = float(weight @ values / weight.sum())
        parts = np.bincount(self.unit, weight * (values - mean) / weight.sum(), len(self.stratum))
        units = np.bincount(self.stratum)
        centre = np.bincount(self.stratum, parts) / np.maximum(units, 1)
        alone = units[self.stratum] < 2
        spread = parts - np.where(alone, parts.mean(), centre[self.stratum])
        factor = np.where(alone, 1.0, units[self.stratum] / np.maximum(units[self.stratum] - 1, 1))
        return mean, float(np.sqrt((factor * spread**2).sum()))

    def resample(self, rng: np.random.Generator) -> Array:
        """How often each respondent is in a bootstrap sample of units, drawn within strata, shape (N,).

        Of n units n - 1 are drawn and weigh n / (n - 1), so that the spread is that of the sampling
        distribution for few units, too (Rao and Wu 1988, JASA 83:231-241). A unit alone in its stratum
        stays.
        """
        times = np.ones(len(self.stratum))
        for stratum in range(self.stratum.max() + 1):
            units = np.flatnonzero(self.stratum == stratum)
            if len(units) > 1:
                drawn = rng.integers(0, len(units), len(units) - 1)
                times[units] = np.bincount(drawn, minlength=len(units)) * len(units) / (len(units) - 1)
        return times[self.unit]

    def folds(self, n_folds: int, rng: np.random.Generator) -> Whole:
        """Fold 0 … V-1 of each respondent, shape (N,); a unit is never split, folds have equally many units."""
        order = rng.permutation(len(self.stratum))
        fold = np.empty(len(order), np.int64)
        fold[order] = np.arange(len(order)) % n_folds
        return fold[self.unit]

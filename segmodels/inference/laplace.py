"""Draws around the mode, weighted to the posterior by Pareto-smoothed importance sampling.

Source: Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from segmodels.inference.optimise import Mode

Array = NDArray[np.float64]
_DF = 7.0


@dataclass(frozen=True)
class Weighted:
    """Proposed draws and their smoothed weights.

    Parameters
    ----------
    proposals
        Draws of a multivariate t around the mode, shape (draws, k).
    weights
        Normalised, shape (draws,).
    khat
        Shape of the Pareto tail of the raw weights; below 0.7 the weights can be trusted.
    """

    proposals: Array
    weights: Array
    khat: float

    @property
    def effective(self) -> float:
        """Effective number of draws, 1 over the sum of squared weights."""
        return float(1 / np.sum(self.weights**2))

    def resample(self, rng: np.random.Generator) -> Array:
        """As many equally weighted draws, by systematic resampling and in random order, shape (draws, k)."""
        size = len(self.weights)
        points = (rng.random() + np.arange(size)) / size
        picks = np.searchsorted(np.cumsum(self.weights), points * np.sum(self.weights))
        return self.proposals[rng.permutation(np.minimum(picks, size - 1))]


def weighted_draws(
    mode: Mode, log_densities: Callable[[Array], Array], draws: int, rng: np.random.Generator
) -> Weighted:
    """Propose from a multivariate t with seven degrees of freedom, and weight.

    Examples
    --------
    >>> normal = Mode(np.zeros(2), 0.0, np.eye(2), 0.0)
    >>> weighted = weighted_draws(
    ...     normal, lambda u: -0.5 * (u**2).sum(axis=1), 1000, np.random.default_rng(1)
    ... )
    >>> bool(weighted.khat < 0.5 and weighted.effective > 600)
    True
    """
    from arviz_stats.base import array_stats

    size = len(mode.point)
    normal = rng.standard_normal((draws, size))
    spread = np.sqrt(_DF / rng.chisquare(_DF, draws))[:, None]
    root = np.linalg.inv(np.linalg.cholesky(mode.precision)).T
    z = normal * spread
    proposals = mode.point + z @ root.T
    constant = gammaln((_DF + size) / 2) - gammaln(_DF / 2) - size / 2 * np.log(_DF * np.pi)
    log_proposal = constant - (_DF + size) / 2 * np.log1p((z**2).sum(axis=1) / _DF)
    log_ratios = log_densities(proposals) - mode.value - log_proposal
    log_ratios = np.where(np.isfinite(log_ratios), log_ratios, -1e300)
    smoothed, khat = array_stats.psislw(-log_ratios)
    weights = np.exp(smoothed - smoothed.max())
    return Weighted(proposals, weights / weights.sum(), float(khat))

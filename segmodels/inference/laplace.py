"""Draws around the mode, weighted to the posterior by Pareto-smoothed importance sampling.

Source: Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.optimise import Mode
from segmodels.inference.proposal import Mixture

Array = NDArray[np.float64]
_FEWEST = 25


@dataclass(frozen=True)
class Weighted:
    """Proposed draws and their smoothed weights.

    Parameters
    ----------
    proposals
        Draws of the proposal, shape (draws, k).
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


def around(mode: Mode) -> Mixture:
    """Take the normal approximation at the mode, with the tails of a t.

    Examples
    --------
    >>> around(Mode(np.zeros(1), 0.0, np.array([[4.0]]), 0.0)).roots.tolist()
    [[[0.5]]]
    """
    root = np.linalg.cholesky(np.linalg.inv(mode.precision))
    return Mixture(mode.point[None], root[None], np.ones(1))


def at_most(mode: Mode, sd: float) -> Mode:
    """Return the mode with a curvature that makes no direction wider than ``sd``.

    Where the data say nothing the curvature at the mode vanishes, but not the walls farther out.

    Examples
    --------
    >>> at_most(Mode(np.zeros(1), 0.0, np.array([[1e-9]]), 0.0), 5.0).precision.round(6).tolist()
    [[0.04]]
    """
    eigenvalues, vectors = np.linalg.eigh(mode.precision)
    precision = (vectors * np.maximum(eigenvalues, sd**-2)) @ vectors.T
    return replace(mode, precision=(precision + precision.T) / 2)


def weighted_draws(
    proposal: Mixture, log_densities: Callable[[Array], Array], draws: int, rng: np.random.Generator
) -> Weighted:
    """Propose and weight.

    Examples
    --------
    >>> normal = around(Mode(np.zeros(2), 0.0, np.eye(2), 0.0))
    >>> weighted = weighted_draws(
    ...     normal, lambda u: -0.5 * (u**2).sum(axis=1), 1000, np.random.default_rng(1)
    ... )
    >>> bool(weighted.khat < 0.5 and weighted.effective > 600)
    True
    """
    from arviz_stats.base import array_stats

    proposals = proposal.sample(rng, draws)
    log_ratios = log_densities(proposals) - proposal.log_density(proposals)
    finite = np.isfinite(log_ratios)
    log_ratios = np.where(finite, log_ratios - log_ratios[finite].max(initial=-np.inf), -1e300)
    # so few draws have no tail to smooth, and can not vouch for themselves
    smoothed, khat = array_stats.psislw(-log_ratios) if draws >= _FEWEST else (log_ratios, np.inf)
    weights = np.exp(smoothed - smoothed.max())
    return Weighted(proposals, weights / weights.sum(), float(khat))

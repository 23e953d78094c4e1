"""Mixtures of multivariate t distributions, to propose draws from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp

Array = NDArray[np.float64]
_DF = 7.0


@dataclass(frozen=True)
class Mixture:
    """A mixture of multivariate t distributions with seven degrees of freedom.

    Parameters
    ----------
    centres
        Shape (J, k).
    roots
        Lower triangular square roots of the scale matrices, shape (J, k, k).
    weights
        Sum to 1, shape (J,).
    """

    centres: Array
    roots: Array
    weights: Array

    def sample(self, rng: np.random.Generator, draws: int) -> Array:
        """Draw, shape (draws, k).

        Examples
        --------
        >>> one = Mixture(np.zeros((1, 2)), np.eye(2)[None], np.ones(1))
        >>> one.sample(np.random.default_rng(1), 3).shape
        (3, 2)
        """
        size = self.centres.shape[1]
        normal = rng.standard_normal((draws, size))
        z = normal * np.sqrt(_DF / rng.chisquare(_DF, draws))[:, None]
        which = rng.choice(len(self.weights), draws, p=self.weights)
        return self.centres[which] + np.einsum("dij,dj->di", self.roots[which], z)

    def log_density(self, u: Array) -> Array:
        """Log-density at points, shape (draws,) from (draws, k).

        Examples
        --------
        >>> one = Mixture(np.zeros((1, 1)), np.eye(1)[None], np.ones(1))
        >>> one.log_density(np.zeros((1, 1))).round(4)
        array([-0.9545])
        """
        size = self.centres.shape[1]
        constant = gammaln((_DF + size) / 2) - gammaln(_DF / 2) - size / 2 * np.log(_DF * np.pi)
        parts = np.empty((len(self.weights), len(u)))
        for j, (centre, root) in enumerate(zip(self.centres, self.roots, strict=True)):
            z = solve_triangular(root, (u - centre).T, lower=True)
            kernel = -(_DF + size) / 2 * np.log1p((z**2).sum(axis=0) / _DF)
            parts[j] = constant + kernel - np.log(np.diag(root)).sum() + np.log(self.weights[j])
        return np.asarray(logsumexp(parts, axis=0))

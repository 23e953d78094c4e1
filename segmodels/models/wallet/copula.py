"""How the categories hang together: the correlation of a Gaussian copula, by Gibbs sampling.

Each customer and category has a latent standard normal of which the answer gives the value or an interval: nothing
elsewhere is everything below a bound. Categories without an answer are left open. The correlation has the prior
of a covariance matrix that is inverse Wishart around the identity; only its correlation is used.

Source: Hoff (2007), Extending the rank likelihood for semiparametric copula estimation, Annals of Applied
Statistics 1(1), with parametric margins in place of ranks.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import invwishart

Array = NDArray[np.float64]
_FAR = 8.0


def correlation_draws(
    lower: Array, upper: Array, draws: int, rng: np.random.Generator, tune: int = 100
) -> Array:
    """Draw the correlation matrix.

    Parameters
    ----------
    lower, upper
        Bounds of the latent normals, shape (A, K); equal where the value is known, infinite where open.
    draws, tune
        Kept and discarded steps.

    Returns
    -------
    array
        Shape (draws, K, K).

    Examples
    --------
    >>> z = np.random.default_rng(1).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 500)
    >>> found = correlation_draws(z, z, 200, np.random.default_rng(2))
    >>> bool(abs(found[:, 0, 1].mean() - 0.6) < 0.1)
    True
    """
    n, k = lower.shape
    z = _start(lower, upper)
    known = lower == upper
    correlation = np.eye(k)
    kept = np.empty((draws, k, k))
    for step in range(tune + draws):
        for j in range(k):
            if known[:, j].all():
                continue
            rest = np.delete(np.arange(k), j)
            slope = (
                np.linalg.solve(correlation[np.ix_(rest, rest)], correlation[rest, j])
                if k > 1
                else np.zeros(0)
            )
            mean = z[:, rest] @ slope
            sd = float(np.sqrt(max(1 - correlation[j, rest] @ slope, 1e-9)))
            z[:, j] = np.where(
                known[:, j], z[:, j], _between(mean, sd, lower[:, j], upper[:, j], rng.random(n))
            )
        covariance = np.atleast_2d(invwishart.rvs(k + 2 + n, np.eye(k) + z.T @ z, random_state=rng))
        scale = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(scale, scale)
        if step >= tune:
            kept[step - tune] = correlation
    return kept


def _start(lower: Array, upper: Array) -> Array:
    return ndtri((ndtr(lower) + ndtr(upper)) / 2) * (lower != upper) + np.where(lower == upper, lower, 0.0)


def _between(mean: Array, sd: float, lower: Array, upper: Array, u: Array) -> Array:
    """Draw truncated normals by inversion; bounds beyond what a double resolves are met at the nearer bound."""
    a, b = ndtr((lower - mean) / sd), ndtr((upper - mean) / sd)
    flip = a > 0.5
    a, b = np.where(flip, ndtr((mean - upper) / sd), a), np.where(flip, ndtr((mean - lower) / sd), b)
    inner = ndtri(np.clip(a + u * (b - a), 1e-300, 1 - 1e-16))
    value = mean + sd * np.where(flip, -inner, inner)
    return np.clip(np.clip(value, -_FAR, _FAR), lower, upper)

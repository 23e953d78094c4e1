"""How the categories hang together: the correlation of a Gaussian copula, by Gibbs sampling.

Each customer and category has a latent standard normal of which the answer gives the value or an interval: nothing
elsewhere is everything below a bound. Categories without an answer are left open. The prior is even over all
correlation matrices; each correlation is drawn given the others by slice sampling, as a partial correlation of
normals whose variances are known to be 1.

Source: Hoff (2007), Extending the rank likelihood for semiparametric copula estimation, Annals of Applied
Statistics 1(1), with parametric margins in place of ranks; Barnard, McCulloch and Meng (2000), Modeling covariance
matrices in terms of standard deviations and correlations, Statistica Sinica 10; Neal (2003), Slice sampling, Annals of
Statistics 31(3).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
#: Beyond this no normal is told from its neighbours.
FAR = 8.0
# A double has no number nearer to 1.
_FINE = 1e-15


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
    known = lower == upper
    z = np.where(known, lower, between(0.0, 1.0, lower, upper, np.full((n, k), 0.5)))
    correlation = np.eye(k)
    kept = np.empty((draws, k, k))
    for step in range(tune + draws):
        for j in range(k):
            if known[:, j].all():
                continue
            rest = np.delete(np.arange(k), j)
            slope = np.linalg.solve(correlation[np.ix_(rest, rest)], correlation[rest, j])
            sd = float(np.sqrt(max(1 - correlation[j, rest] @ slope, 1e-9)))
            drawn = between(z[:, rest] @ slope, sd, lower[:, j], upper[:, j], rng.random(n))
            z[:, j] = np.where(known[:, j], z[:, j], drawn)
        _renew(correlation, z.T @ z, n, rng)
        if step >= tune:
            kept[step - tune] = correlation
    return kept


def between(mean: Array | float, sd: Array | float, lower: Array, upper: Array, u: Array) -> Array:
    """Take truncated normals at the levels u; bounds that a double does not resolve are met at the nearer bound.

    Examples
    --------
    >>> between(0.0, 1.0, np.array([-np.inf, 40.0]), np.array([np.inf, np.inf]), np.array([0.5, 0.5])).tolist()
    [0.0, 40.0]
    """
    a, b = (lower - mean) / sd, (upper - mean) / sd
    # the upper tail is turned over: small probabilities keep their digits
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    low, high = ndtr(a), ndtr(b)
    inner = ndtri(np.clip(low + np.where(flip, 1 - u, u) * (high - low), 1e-300, 1 - 1e-16))
    value = mean + sd * np.where(flip, -inner, inner)
    return np.clip(np.clip(value, -FAR, FAR), lower, upper)


def _renew(correlation: Array, products: Array, n: int, rng: np.random.Generator) -> None:
    """Draw each correlation anew, in place, given the others and the sums of products of n normals, (K, K)."""
    for i in range(len(correlation)):
        for j in range(i):
            pair, rest = [i, j], [m for m in range(len(correlation)) if m not in (i, j)]
            cross = correlation[np.ix_(pair, rest)]
            slope = np.linalg.solve(correlation[np.ix_(rest, rest)], cross.T).T
            explained = cross @ slope.T
            left = np.concatenate([np.eye(2), -slope], axis=1)
            order = pair + rest
            moments = left @ products[np.ix_(order, order)] @ left.T
            sd = np.sqrt(np.maximum(1 - np.diag(explained), 1e-9))
            t = moments / np.outer(sd, sd)
            now = (correlation[i, j] - explained[0, 1]) / (sd[0] * sd[1])
            new = _partial(float(now), t, n, rng)
            correlation[i, j] = correlation[j, i] = explained[0, 1] + new * sd[0] * sd[1]


def _partial(now: float, t: Array, n: int, rng: np.random.Generator) -> float:
    """Draw the correlation of n pairs of standard normals with sums of products t, (2, 2)."""
    squares, product = float(t[0, 0] + t[1, 1]), float(t[0, 1])

    def height(v: float) -> float:
        rho = np.tanh(v)
        rest = 1 / np.cosh(v) ** 2
        # evenly over the correlation, seen from its inverse hyperbolic tangent
        return float((1 - n / 2) * np.log(rest) - (squares - 2 * rho * product) / (2 * rest))

    edge = 1 - _FINE
    return float(np.tanh(_slice(height, float(np.arctanh(np.clip(now, -edge, edge))), 2 / np.sqrt(n), rng)))


def _slice(height: Callable[[float], float], now: float, width: float, rng: np.random.Generator) -> float:
    """Take one step of slice sampling from a log-density."""
    level = height(now) - rng.exponential()
    low = now - width * rng.random()
    high = low + width
    while low > -FAR and height(low) > level:
        low -= width
    while high < FAR and height(high) > level:
        high += width
    while True:
        new = low + (high - low) * rng.random()
        if height(new) >= level:
            return new
        low, high = (new, high) if new < now else (low, new)

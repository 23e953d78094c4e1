"""The mode under partial pooling: effects integrated out by Laplace's method, spreads maximised.

The joint mode of effects and their standard deviations is degenerate (Gelman et al., Bayesian Data Analysis,
section 5), so the standard deviations are set where their marginal posterior peaks.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from segmodels.errors import NotConverged
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.optimise import Mode, find_mode

Array = NDArray[np.float64]
_STEP = 0.1
# The height of the marginal is known to about a thousandth: its curvature is taken near the mode, not at it.
_TOLERANCE = 5e-3


class _Marginal:
    """Log marginal posterior of the log standard deviations, warm-started from call to call."""

    def __init__(self, posterior: GroupedPosterior, starts: list[Array]) -> None:
        self.posterior = posterior
        self.spreads = [spread for *_, spread in posterior.blocks()]
        self.rest = np.setdiff1d(np.arange(posterior.size), self.spreads)
        self.starts = [start[self.rest] for start in starts]

    def mode(self, spreads: Array) -> Mode:
        """Mode of everything else, given the log standard deviations."""
        u = np.zeros(self.posterior.size)
        u[self.spreads] = spreads

        def density(rest: Array) -> tuple[float, Array]:
            u[self.rest] = rest
            value, gradient = self.posterior.log_density(u)
            return value, gradient[self.rest]

        mode = find_mode(density, self.starts)
        self.starts = [mode.point, *self.starts[-2:]]
        return mode

    def value(self, spreads: Array) -> float:
        """Laplace's approximation of the log marginal density."""
        mode = self.mode(spreads)
        return mode.value - 0.5 * float(np.linalg.slogdet(mode.precision)[1])


def pooled_mode(posterior: GroupedPosterior, starts: list[Array]) -> Mode:
    """Mode of the marginal posterior, with the joint normal approximation around it.

    Raises
    ------
    NotConverged
        Where the inner or the outer search ends without a mode.
    """
    marginal = _Marginal(posterior, starts)
    outer = minimize(
        lambda s: -marginal.value(s),
        np.full(len(marginal.spreads), -1.0),
        method="Nelder-Mead",
        options={"xatol": _TOLERANCE, "fatol": _TOLERANCE, "maxfev": 400},
    )
    if not outer.success:
        raise NotConverged(
            "The spread between the segments was not determined.",
            "Use fewer or larger segments, or NUTS().",
        )
    best = np.asarray(outer.x)
    inner = marginal.mode(best)
    spread_covariance = np.linalg.inv(_curvature(marginal, best))
    slopes = np.array([_slope(marginal, best, k) for k in range(len(best))]).T
    covariance = np.zeros((posterior.size, posterior.size))
    rest, spreads = marginal.rest, np.array(marginal.spreads)
    covariance[np.ix_(rest, rest)] = np.linalg.inv(inner.precision) + slopes @ spread_covariance @ slopes.T
    covariance[np.ix_(rest, spreads)] = slopes @ spread_covariance
    covariance[np.ix_(spreads, rest)] = covariance[np.ix_(rest, spreads)].T
    covariance[np.ix_(spreads, spreads)] = spread_covariance
    point = np.zeros(posterior.size)
    point[rest], point[spreads] = inner.point, best
    return Mode(point, inner.value, np.linalg.inv(covariance), inner.decrement)


def _shifted(point: Array, k: int, step: float) -> Array:
    moved = point.copy()
    moved[k] += step
    return moved


def _slope(marginal: _Marginal, point: Array, k: int) -> Array:
    ahead, behind = (marginal.mode(_shifted(point, k, step)).point for step in (_STEP, -_STEP))
    return (ahead - behind) / (2 * _STEP)


def _curvature(marginal: _Marginal, point: Array) -> Array:
    """Minus the Hessian of the log marginal, with a floor so that a flat direction stays proper."""
    size = len(point)
    steps = _STEP * np.eye(size)
    value = np.zeros((size, size))
    centre = marginal.value(point)
    for j in range(size):
        ahead, behind = marginal.value(point + steps[j]), marginal.value(point - steps[j])
        value[j, j] = (2 * centre - ahead - behind) / _STEP**2
        for k in range(j):
            corners = [
                sign * marginal.value(point + a * steps[j] + b * steps[k])
                for sign, a, b in ((1, 1, 1), (-1, 1, -1), (-1, -1, 1), (1, -1, -1))
            ]
            value[j, k] = value[k, j] = -sum(corners) / (4 * _STEP**2)
    eigenvalues, vectors = np.linalg.eigh(value)
    return (vectors * np.maximum(eigenvalues, 0.25)) @ vectors.T

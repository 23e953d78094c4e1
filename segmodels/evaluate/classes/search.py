"""A good optimum soon, for the many samples of a bootstrap: starts that fall behind are dropped in stages."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmodels.errors import NotConverged
from segmodels.evaluate.classes.split import split
from segmodels.inference.louis import newton
from segmodels.inference.mixture import MixtureProblem, climb
from segmodels.models.needs.needs_fit import NeedsFit

Array = NDArray[np.float64]
#: Optima that differ by less in their objectives are the same one.
MISSED = 0.01
# How many starts go on, to which gain of one EM step, in how many steps at the most.
_STAGES = ((None, 1e-2, 30), (5, 1e-3, 100), (2, 1e-4, 1_000))


def soon(problem: MixtureProblem, begun: Sequence[Array]) -> Array:
    """Climb from all starts a little, from the best five further, from the best two to the end.

    Newton's steps finish what is left; they are what makes the coarse tolerances enough.

    Parameters
    ----------
    problem
        What to fit.
    begun
        Parameters to begin from, each of shape (P,).

    Returns
    -------
    Array
        The best parameters found, shape (P,).

    Raises
    ------
    NotConverged
        Where no start leads to a finite objective.
    """
    thetas = list(begun)
    for kept, tolerance, most in _STAGES:
        climbs = [climb(problem, theta, tolerance, most) for theta in thetas[:kept]]
        finite = [each for each in climbs if np.isfinite(each.objective)]
        thetas = [each.theta for each in sorted(finite, key=lambda each: -each.objective)]
    if not thetas:
        raise NotConverged(
            f"None of {len(begun)} starts led anywhere.", "Look at the fit the samples are drawn from."
        )
    return newton(problem, thetas[0]).theta


def log_likelihood(problem: MixtureProblem, theta: Array) -> float:
    """Log-likelihood of the answers, without the prior's part."""
    density: Array = np.asarray(logsumexp(problem.log_joint(theta), axis=1))
    return float(problem.weight @ density)


def missed_by(fit: NeedsFit, fewer: NeedsFit, seed: int) -> float:
    """How much better an optimum of K classes is to be had by splitting each of the K - 1 classes of another fit.

    Parameters
    ----------
    fit, fewer
        With K and K - 1 classes, of the same respondents.
    seed
        Of the splits.

    Returns
    -------
    float
        The gain in the objective; 0 where no better optimum was found.
    """
    rng = np.random.default_rng(seed)
    begun = [split(fewer.problem.layout, fewer.theta, k, rng) for k in range(fewer.n_classes)]
    found = fit.problem.objective(soon(fit.problem, begun)) - fit.log_posterior
    return max(float(found), 0.0)

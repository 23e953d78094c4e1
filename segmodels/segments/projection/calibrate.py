"""Calibrate class probabilities on answers, whose classes are not known for certain.

The calibrated log-odds are an intercept for each class and one slope on the classifier's own:

    log pi_k = b_k + t log p_k(z) - log sum_l exp(b_l + t log p_l(z)),   t >= 0,

bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020, ICML) with the likelihood of
:mod:`segmodels.segments.projection.train` in place of that of known labels. The slope takes back the confidence
of a classifier that learned its respondents by heart; at t = 0 the shares of the classes are left. The intercepts
make the weighted mean of the probabilities the share of each class that the answers show, so that sums over
the base hold even where the classifier is not of the right form.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from segmodels.segments.projection.train import log_score, posterior, shares

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibrator:
    """Intercepts and a slope for log-probabilities.

    Parameters
    ----------
    intercept
        Of each class, the last 0, shape (K,).
    slope
        Zero or more; 1 leaves the log-odds as they are.

    Examples
    --------
    >>> halved = Calibrator(np.zeros(2), 0.5)
    >>> np.exp(halved.log_probability(np.log([[0.9, 0.1]]))).round(2).tolist()
    [[0.75, 0.25]]
    """

    intercept: Array
    slope: float

    def log_probability(self, log_probability: Array) -> Array:
        """Calibrate log-probabilities, shape (N, K)."""
        return log_softmax(self.intercept + self.slope * _centred(log_probability), axis=1)


def calibrate(log_probability: Array, log_density: Array, weight: Array) -> Calibrator:
    """Find the intercepts and the slope that make the answers most probable.

    Parameters
    ----------
    log_probability
        Of each class by a classifier that did not see the respondent, shape (N, K).
    log_density
        Log-density of each respondent's answers in each class, shape (N, K).
    weight
        Weight of each respondent, shape (N,).
    """
    classes, parts = log_density.shape[1], weight / weight.sum()
    scores = _centred(log_probability)

    def loss(theta: Array) -> tuple[float, Array]:
        prior = log_softmax(np.append(theta[:-1], 0.0) + theta[-1] * scores, axis=1)
        pull = parts[:, None] * (posterior(prior, log_density) - np.exp(prior))
        return -float(parts @ log_score(prior, log_density)), -np.append(
            pull.sum(axis=0)[:-1], (pull * scores).sum()
        )

    known = np.log(np.maximum(shares(log_density, weight), 1e-8))
    bounds = [(None, None)] * (classes - 1) + [(0.0, None)]
    options = {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500}
    start = np.append(known[:-1] - known[-1], 0.5)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return Calibrator(np.append(found[:-1], 0.0), float(found[-1]))


def recentred(
    calibrator: Calibrator, log_probability: Array, log_density: Array, weight: Array
) -> Calibrator:
    """Keep the slope and fit the intercepts to other probabilities, such as those of a new classifier."""
    scores, parts = calibrator.slope * _centred(log_probability), weight / weight.sum()
    intercept = calibrator.intercept
    for _ in range(200):
        prior = log_softmax(intercept + scores, axis=1)
        step = np.log(parts @ posterior(prior, log_density)) - np.log(parts @ np.exp(prior))
        intercept = intercept + step
        if np.abs(step).max() < 1e-8:
            break
    return replace(calibrator, intercept=intercept - intercept[-1])


def _centred(log_probability: Array) -> Array:
    return log_probability - log_probability.mean(axis=1, keepdims=True)

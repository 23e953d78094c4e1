"""A fitted model of needs as the measurement of the later steps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.errors import Fault, InputError
from segmodels.inference.louis import information, inverse
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.relate.measurement import FirstStep, Measurement
from segmodels.segments.relate.sandwich import Sample

Array = NDArray[np.float64]


def measure(fit: NeedsFit, *, known: bool = False) -> Measurement:
    """Take from a fit what the later steps need.

    Where the respondents are those fitted, the uncertainty of the fit's parameters comes along, their
    covariance with what is estimated later included. For others, as after ``fit.on(responses)``, the
    measurement counts as known.

    Parameters
    ----------
    known
        Whether to leave that uncertainty out in any case, for errors that do not hold it.

    Raises
    ------
    InputError
        Where the fit has no respondents.
    """
    responses = fit.responses
    if responses is None:
        got, remedy = "a fit loaded without responses", "Call fit.on(responses) first."
        raise InputError(Fault("fit", got, "a fit with respondents", remedy))
    problem: Any = fit.problem if fit.fitted else fit.problem_of(responses)
    sample = Sample(responses.weight, responses.count, responses.strata, responses.cluster)
    log_prior = _log_shares(problem, fit.theta)[problem.data.group][problem.of_row]
    joint = fit.log_joint()
    first = _first_step(fit, problem, sample) if fit.fitted and not known else None
    return Measurement(fit.names, responses.customer_id, joint, log_prior, sample, first)


def _log_shares(problem: Any, theta: Array) -> Array:
    """Log-probability of each class before the answers, by group of covariates, shape (G, K)."""
    layout, design = problem.layout, problem.data.design
    coefficients = theta[: layout.members].reshape(layout.n_classes - 1, layout.width)
    return log_softmax(np.hstack([np.zeros((len(design), 1)), design @ coefficients.T]), axis=1)


def _first_step(fit: NeedsFit, problem: Any, sample: Sample) -> FirstStep:
    bread = inverse(information(problem, fit.theta)[0])
    influence = (sample.weight[:, None] * fit.scores()) @ bread

    def pull_joint(gradient: Array) -> Array:
        return _pull_joint(problem, fit.theta, _by_pattern(gradient, problem))

    def pull_prior(gradient: Array) -> Array:
        return _pull_prior(problem, fit.theta, _by_pattern(gradient, problem))

    return FirstStep(influence, pull_joint, pull_prior)


def _by_pattern(gradient: Array, problem: Any) -> Array:
    """Sum (Q, N, K) over the respondents of each pattern, shape (Q, U, K)."""
    out = np.zeros((gradient.shape[0], len(problem.weight), gradient.shape[2]))
    for into, one in zip(out, gradient, strict=True):
        np.add.at(into, problem.of_row, one)
    return out


def _pull_joint(problem: Any, theta: Array, gradient: Array) -> Array:
    """Chain gradients (Q, U, K) in the log joint of classes to the parameters, shape (Q, P)."""
    out = np.zeros((len(gradient), problem.size))
    for block in problem.score_blocks(theta):
        of_class = np.zeros((len(block.posterior), gradient.shape[2]))
        np.add.at(of_class.T, problem.class_of, block.posterior.T)
        for m, (places, score) in enumerate(block.scores):
            k = problem.class_of[m]
            # A class is a mixture of its components, such as the nodes of a response style.
            within = np.divide(
                block.posterior[:, m], of_class[:, k], out=np.zeros(len(score)), where=of_class[:, k] > 0
            )
            out[:, places] += (gradient[:, block.rows, k] * within) @ score
    return out


def _pull_prior(problem: Any, theta: Array, gradient: Array) -> Array:
    """Chain gradients (Q, U, K) in the log prior of classes to the parameters, shape (Q, P)."""
    layout, group = problem.layout, problem.data.group
    shares = np.exp(_log_shares(problem, theta))[group]
    away = gradient - shares * gradient.sum(axis=2, keepdims=True)
    out = np.zeros((len(gradient), problem.size))
    found = np.einsum("quk,ud->qkd", away[:, :, 1:], problem.data.design[group], optimize=True)
    out[:, : layout.members] = found.reshape(len(gradient), -1)
    return out

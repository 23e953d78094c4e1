"""Structural estimates, and what each respondent moves them by, the first step included."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.relate.classification_error import Classification
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.structure import Structure, solve

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of Q summed scores in what came out of the first step; None where they do not depend on it.

    Parameters
    ----------
    error
        In the classification error, shape (Q, K, K).
    assigned
        In the shares assigned, which proportional assignment makes from the posterior, shape (Q, N, K).
    answers
        In the log-probability of the answers given the class, shape (Q, N, K).
    """

    error: Array | None = None
    assigned: Array | None = None
    answers: Array | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """Parameters that solve estimating equations.

    Parameters
    ----------
    structure
        What was estimated.
    theta
        Shape (Q,).
    scores
        Of each single respondent of a row, sampling weight included, shape (N, Q).
    matrix
        Minus the derivative of the summed scores, shape (Q, Q).
    stuck
        Parameters at a boundary, shape (Q,).
    gradients
        Of the scores in what came out of the first step.
    """

    structure: Structure
    theta: Array
    scores: Array
    matrix: Array
    stuck: NDArray[np.bool_]
    gradients: Gradients = Gradients()


def influence(estimate: Estimate, measurement: Measurement, classification: Classification) -> Array:
    """By how much each single respondent of a row moves the estimates, shape (N, Q).

    The equations of both steps are stacked (Newey and McFadden 1994, Handbook of Econometrics IV, section 6;
    Bakk, Oberski and Vermunt 2014, Political Analysis 22(4)). A respondent moves the estimates by its own
    score, through the classification error that it is counted in, and through the measurement model. For
    two-step estimates without weights the variance is in the limit that of Bakk and Kuha (2018),
    V22 + A V11 A'.
    """
    moved = estimate.scores.copy()
    first, gradients = measurement.first_step, estimate.gradients
    if gradients.error is not None:
        direct, joint = _through_error(gradients.error, gradients.assigned, measurement, classification)
        moved += direct
        if first is not None:
            moved += first.influence @ first.pull_joint(joint).T
    if gradients.answers is not None and first is not None:
        slope = first.pull_joint(gradients.answers) - first.pull_prior(gradients.answers)
        moved += first.influence @ slope.T
    moved[:, estimate.stuck] = 0
    matrix = estimate.matrix.copy()
    matrix[estimate.stuck] = matrix[:, estimate.stuck] = 0
    matrix[estimate.stuck, estimate.stuck] = 1
    return solve(matrix, moved.T).T


def _through_error(
    error: Array, assigned: Array | None, measurement: Measurement, classification: Classification
) -> tuple[Array, Array]:
    """Give what respondents move by being counted in the error (N, Q), and gradients in the log joint."""
    p, a = classification.posterior, classification.assigned
    by_mass = error / classification.mass[:, None]
    # sum_s M_ks (a_is - E_ks) / mass_k, shape (Q, N, K)
    off = np.einsum("qks,ns->qnk", by_mass, a) - (by_mass * classification.error).sum(axis=2)[:, None, :]
    direct = measurement.sample.weight * (off * p).sum(axis=2)
    of_posterior = measurement.sample.case_weight[:, None] * off
    if classification.assignment == "proportional":
        inside = np.einsum("qks,nk->qns", by_mass, p)
        of_posterior = of_posterior + measurement.sample.case_weight[:, None] * inside
    if assigned is not None:
        of_posterior = of_posterior + assigned
    return direct.T, p * (of_posterior - (of_posterior * p).sum(axis=2, keepdims=True))

"""Weighting: respondents count for classes by fixed weights, naive or corrected for misclassification.

Sources: Bolck, Croon and Hagenaars (2004), Political Analysis 12(1); Vermunt (2010), Political Analysis 18(4);
Bakk, Tekle and Vermunt (2013), Sociological Methodology 43(1).
"""

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Infeasible, NotConverged
from segmodels.segments.relate.classification_error import Classification
from segmodels.segments.relate.estimate import Estimate, Gradients
from segmodels.segments.relate.sandwich import Sample
from segmodels.segments.relate.structure import Structure, solve

Array = NDArray[np.float64]

_STEPS = 100
# A condition number beyond which inverting the error matrix only multiplies noise.
_WORST = 1e8


def bch_weights(classification: Classification) -> Array:
    """Weight of each respondent for each class, shape (N, K); rows sum to 1, single weights may be negative.

    The weights are assigned shares times the inverse of the classification error.

    Raises
    ------
    Infeasible
        Where the error matrix can not be inverted.

    Examples
    --------
    >>> from segmodels.segments.relate.classification_error import classify
    >>> sure = classify(np.array([[0.9, 0.1], [0.2, 0.8]]), np.ones(2), "modal")
    >>> bch_weights(sure).round(3).tolist()
    [[1.257, -0.257], [-0.157, 1.157]]
    """
    if classification.condition > _WORST:
        message = f"The classification error has condition number {classification.condition:.2g}."
        raise Infeasible(f"{message} BCH can not undo it: use method='two-step' or fewer classes.")
    return np.linalg.solve(classification.error.T, classification.assigned.T).T


def by_weighting(
    structure: Structure, weights: Array, sample: Sample, classification: Classification | None
) -> Estimate:
    """Solve the weighted estimating equations.

    Parameters
    ----------
    weights
        Weight of respondents for classes, shape (N, K).
    classification
        Where BCH weights came from; None: the weights count as known (naive).

    Raises
    ------
    NotConverged
        Where no finite coefficients solve the equations, as can be with negative weights.
    """
    case = sample.case_weight
    theta = structure.maximise(case[:, None] * weights, np.zeros(structure.size), steps=_STEPS)
    scores = structure.scores(theta)
    own = np.einsum("nk,nkq->nq", weights, scores)
    matrix = structure.information(theta, case[:, None] * weights)
    slope = case @ own
    if float(slope @ solve(matrix, slope)) > 1e-8 * float(case.sum()):
        message = "No finite coefficients balance the weights: classes are hardly told apart, or separated."
        raise NotConverged(message, "Use method='ml' or 'two-step', or leave covariates out.")
    gradients = Gradients() if classification is None else _gradients(weights, scores, case, classification)
    return Estimate(structure, theta, sample.weight[:, None] * own, matrix, structure.stuck(theta), gradients)


def _gradients(weights: Array, scores: Array, case: Array, classification: Classification) -> Gradients:
    """Gradients of the summed scores in the error matrix and, under proportional assignment, in assignments."""
    # The weights are w = a E^-1, so dw = -w dE E^-1 + da E^-1.
    back = np.einsum("nkq,sk->nsq", scores, np.linalg.inv(classification.error))
    error = -np.einsum("n,nk,nsq->qks", case, weights, back, optimize=True)
    assigned = None
    if classification.assignment == "proportional":
        assigned = (case[:, None, None] * back).transpose(2, 0, 1)
    return Gradients(error=error, assigned=assigned)

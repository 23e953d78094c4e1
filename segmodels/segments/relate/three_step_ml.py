"""Three-step maximum likelihood: assigned classes as an error-prone indicator with known error.

Source: Vermunt (2010), Political Analysis 18(4); Bakk, Tekle and Vermunt (2013), Sociological Methodology 43(1).
"""

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.relate.classification_error import Classification
from segmodels.segments.relate.estimate import Estimate, Gradients
from segmodels.segments.relate.likelihood import Known, Solution, information, line_scores, maximise
from segmodels.segments.relate.sandwich import Sample
from segmodels.segments.relate.structure import Structure

Array = NDArray[np.float64]


def by_assignments(
    structure: Structure, classification: Classification, sample: Sample, starts: list[Array]
) -> Estimate:
    """Maximise sum_i w_i sum_s a_is log sum_k pi_k(x_i) P(W = s | X = k) f(z_i | k).

    Parameters
    ----------
    starts
        Weights of respondents and classes that first parameters are made from, each (N, K).
    """
    column, share = classification.unfolded()
    with np.errstate(divide="ignore"):
        log_error = np.log(classification.error.T)
    known = Known(log_error[column], share)
    solution = maximise(known, structure, sample.case_weight, starts)
    own, matrix, scores = at(solution, structure, known, sample)
    gradients = _gradients(solution, scores, classification, sample.case_weight)
    return Estimate(structure, solution.theta, own, matrix, structure.stuck(solution.theta), gradients)


def at(solution: Solution, structure: Structure, known: Known, sample: Sample) -> tuple[Array, Array, Array]:
    """Scores of respondents (N, Q), information (Q, Q), complete-data scores (N, K, Q) at a maximum."""
    scores = structure.scores(solution.theta)
    lines = line_scores(scores, solution.posterior)
    own = sample.weight[:, None] * np.einsum("ns,nsq->nq", known.share, lines)
    weight = sample.case_weight[:, None] * known.share
    return own, information(structure, solution.theta, solution.posterior, weight), scores


def _gradients(
    solution: Solution, scores: Array, classification: Classification, case_weight: Array
) -> Gradients:
    column, share = classification.unfolded()
    weight = case_weight[:, None] * share
    lines = line_scores(scores, solution.posterior)
    k, q = classification.error.shape[0], scores.shape[2]
    error = np.zeros((q, k, k))
    for s in range(k):
        # Of the lines in which class s was assigned: sum of w h_k (S_k - mean S), shape (K, Q).
        here = weight * (column == s)
        of_class = here[:, :, None] * solution.posterior
        whole = np.einsum("nk,nkq->kq", of_class.sum(axis=1), scores)
        mean = np.einsum("nsk,nsq->kq", of_class, lines, optimize=True)
        positive = classification.error[:, s] > 0
        error[:, positive, s] = ((whole - mean)[positive] / classification.error[positive, s, None]).T
    assigned = None
    if classification.assignment == "proportional":
        assigned = (case_weight[:, None, None] * lines).transpose(2, 0, 1)
    return Gradients(error=error, assigned=assigned)

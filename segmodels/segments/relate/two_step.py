"""Two-step estimation: the measurement model is held fixed, the full likelihood maximised in the rest.

Source: Bakk and Kuha (2018), Psychometrika 83(4).
"""

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.relate.estimate import Estimate, Gradients
from segmodels.segments.relate.likelihood import Known, line_scores, maximise
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.structure import Structure
from segmodels.segments.relate.three_step_ml import at

Array = NDArray[np.float64]


def by_answers(structure: Structure, measurement: Measurement, starts: list[Array]) -> Estimate:
    """Maximise sum_i w_i log sum_k pi_k(x_i) f(y_i | k) f(z_i | k), the density of the answers y fixed.

    Parameters
    ----------
    starts
        Weights of respondents and classes that first parameters are made from, each (N, K).
    """
    sample = measurement.sample
    known = Known(measurement.log_answers[:, None, :], np.ones((len(measurement.log_joint), 1)))
    solution = maximise(known, structure, sample.case_weight, starts)
    own, matrix, scores = at(solution, structure, known, sample)
    classes = solution.posterior[:, 0]
    away = scores - line_scores(scores, solution.posterior)
    answers = ((sample.case_weight[:, None] * classes)[:, :, None] * away).transpose(2, 0, 1)
    gradients = Gradients(answers=answers)
    return Estimate(structure, solution.theta, own, matrix, structure.stuck(solution.theta), gradients)

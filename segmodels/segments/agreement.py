"""How much a respondent agrees with everything: the style that a score of attitudes has to be freed from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.segments.posterior_tabulation import scores_of
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]


def item_numbers(responses: Responses, name: str) -> Array:
    """Give answers as numbers: scores of categories, counts and amounts; NaN where missing, shape (N,)."""
    item = responses.codebook[name]
    if not item.coded:
        return responses.answers[name].astype(np.float64)
    scores = scores_of(item) if item.scale == "ordinal" else np.arange(item.size, dtype=np.float64)
    return np.append(scores, np.nan)[responses.answers[name]]


def standardised(values: Array, weight: Array) -> Array:
    """Bring values to a weighted mean of 0 and standard deviation of 1; NaN stays, no spread gives 0.

    Examples
    --------
    >>> standardised(np.array([1.0, 3.0, np.nan]), np.ones(3)).tolist()
    [-1.0, 1.0, nan]
    """
    there = np.isfinite(values)
    if not there.any():
        return values
    mean = np.average(values[there], weights=weight[there])
    spread = np.sqrt(np.average((values[there] - mean) ** 2, weights=weight[there]))
    return (values - mean) / (spread if spread > 0 else 1.0)


def agreement_by_items(responses: Responses, names: Sequence[str]) -> Array:
    """Mean of a respondent's standardised answers, shape (N,); NaN for who answered none."""
    columns = [standardised(item_numbers(responses, name), responses.case_weight) for name in names]
    table = np.column_stack(columns)
    asked = np.isfinite(table).sum(axis=1)
    return np.divide(np.nansum(table, axis=1), asked, out=np.full(len(table), np.nan), where=asked > 0)


def agreement_by_model(segments: SoftSegments) -> Array | None:
    """Agreement of respondents as a fit with that style estimated it, shape (N,); None without the style.

    It is the expected random intercept of a respondent, given all answers; standard normal in the population.
    """
    fit = segments.fit
    if not isinstance(fit, LatentClassFit) or not fit.problem.layout.free[0]:
        return None
    problem = fit.problem if fit.fitted else fit.problem_of(segments.responses)
    posterior = softmax(problem.log_joint(fit.theta), axis=1)
    return (posterior @ problem.layout.styles_of[0])[problem.of_row]


def freed(values: Array, agreement: Array, weight: Array) -> Array:
    """Take out of values what agreement explains by weighted least squares; where it is unknown, nothing.

    Examples
    --------
    >>> freed(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 1.0]), np.ones(3)).tolist()
    [2.0, 2.0, 2.0]
    """
    there = np.isfinite(values) & np.isfinite(agreement)
    if not there.any():
        return values
    w, s, y = weight[there], agreement[there], values[there]
    centred = s - np.average(s, weights=w)
    spread = w @ centred**2
    slope = float(w @ (centred * y) / spread) if spread > 0 else 0.0
    moved = np.zeros(len(values))
    moved[there] = slope * centred
    return values - moved

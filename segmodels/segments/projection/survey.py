"""What the projection takes from a fitted survey: the density of answers in each class, and its uncertainty."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.relate.of_fit import measure
from segmodels.tables.responses import Responses

type Array = NDArray[np.float64]

#: Fewer respondents can not be cross-validated.
FEWEST = 30


@dataclass(frozen=True, eq=False)
class Answers:
    """Respondents and what their answers say of their class.

    Parameters
    ----------
    responses
        The respondents.
    log_density
        Log-density of the answers in each class, up to a constant for each row, shape (N, K).
    other_parameters
        Gives the densities under parameters drawn from their uncertainty; None where that is not known.
    names
        Of the classes.
    """

    responses: Responses
    log_density: Array
    other_parameters: Callable[[np.random.Generator], Array] | None
    names: tuple[str, ...]


def answers_of(survey: NeedsFit) -> Answers:
    """Take from a fit what the projection needs.

    Raises
    ------
    InputError
        Where the fit has no respondents, one class, rows that stand for several respondents, or fewer than 30
        rows.
    """
    responses = survey.responses
    if responses is None:
        remedy = "Call fit.on(responses) first."
        raise InputError(Fault("survey", "a fit loaded without responses", "respondents", remedy))
    faults: list[Fault] = []
    if len(survey.names) < 2:
        faults.append(Fault("survey", "one class", "at least two classes", "Fit more classes."))
    several = int((responses.count != 1).sum())
    if several:
        remedy = "Give a row for every respondent, with the id of the customer."
        got, expected = "a count other than 1", "rows of one respondent, who is one customer"
        faults.append(Fault("survey", got, expected, remedy, several))
    if len(responses) < FEWEST:
        got, expected = f"{len(responses)} respondents", f"at least {FEWEST}"
        faults.append(Fault("survey", got, expected, "Ask more customers."))
    if faults:
        raise InputError(faults)
    return Answers(responses, _density(survey), _drawing(survey), tuple(survey.names))


def _density(survey: NeedsFit) -> Array:
    return measure(survey, known=True).log_answers


def _drawing(survey: NeedsFit) -> Callable[[np.random.Generator], Array] | None:
    """Draw parameters from the posterior or, after `MAP`, from the normal distribution of the estimates."""
    draws = survey.draws
    if len(draws) > 1:
        return lambda rng: _density(survey.at(draws[rng.integers(len(draws))]))
    if not survey.fitted:
        return None
    values, vectors = np.linalg.eigh(survey.covariance)
    if not np.isfinite(values).all():
        return None
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return lambda rng: _density(survey.at(survey.theta + root @ rng.standard_normal(len(root))))

"""From answers to the mixture that a model of choices fits, and back from a file."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segmodels.models.needs.coding import Coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.ranking_choices import ranking_codes, rankings
from segmodels.models.needs.ranking_layout import ChoiceLayout
from segmodels.models.needs.ranking_problem import ChoiceProblem, Choices
from segmodels.tables.patterns import Patterns, patterns
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
#: Gives the codes (N, J), the numbers (N, L) and a function from patterns to choices.
Coded = tuple[NDArray[np.int16], Array, Callable[[Patterns], Choices]]


def coded_rankings(responses: Responses, names: tuple[str, ...]) -> Coded:
    """Code rankings."""
    codes = ranking_codes(responses, names)
    return codes, np.empty((len(responses), 0)), lambda data: rankings(data.codes)


def build(
    coded: Coded,
    known: Coding,
    responses: Responses,
    names: tuple[str, ...],
    layout: ChoiceLayout,
    constants: BayesConstants,
) -> ChoiceProblem:
    """Merge respondents with the same choices and covariates into the mixture over them."""
    codes, numbers, choices = coded
    data = patterns(codes, numbers, known.design(responses), responses.case_weight)
    return ChoiceProblem(names, layout, data, choices(data), constants, known)

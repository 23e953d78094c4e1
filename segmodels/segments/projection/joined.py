"""The base, and the respondents in it: encoded and weighted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.segments.projection import response
from segmodels.segments.projection.cross_validation import Respondents
from segmodels.segments.projection.encode import Encoder
from segmodels.segments.projection.read import Customers
from segmodels.segments.projection.sampling import Design
from segmodels.segments.projection.survey import Answers

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]

#: Customers from whom ranks and categories of features, and response weights, are learned.
LEARN_FROM = 100_000


@dataclass(frozen=True, eq=False)
class Joined:
    """The base, and the respondents in it.

    Parameters
    ----------
    customers
        The base.
    places
        Row of each respondent, shape (R,).
    amounts
        Value of each customer, shape (N,), or None.
    given
        Weight for answering of each respondent, shape (R,), where a column holds it.
    """

    customers: Customers
    places: Whole
    amounts: Array | None
    given: Array | None

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Who answered, shape (N,)."""
        asked = np.zeros(len(self.customers), np.bool_)
        asked[self.places] = True
        return asked

    @property
    def values(self) -> Array:
        """Value of each customer, 0 where none was given, shape (N,)."""
        return np.zeros(len(self.customers)) if self.amounts is None else self.amounts


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that training needs, in an order that does not depend on that of the rows.

    Parameters
    ----------
    joined
        The base and its respondents as they came in.
    order
        Rows of the base by id, shape (N,).
    inside
        Respondents by id, shape (R,).
    encoder
        Of features.
    respondents
        Encoded and weighted, in the order of `inside`.
    weights
        ``customer_id, survey_weight, weight, trimmed``.
    evidence
        On the weights.
    """

    joined: Joined
    order: Whole
    inside: Whole
    encoder: Encoder
    respondents: Respondents
    weights: pd.DataFrame
    evidence: tuple[Evidence, ...]

    @property
    def places(self) -> Whole:
        """Row in the base of each respondent, in the order of `respondents`."""
        return self.joined.places[self.inside]


def prepare(spec: Any, answers: Answers, joined: Joined, rng: np.random.Generator) -> Prepared:
    """Encode features, and weigh respondents.

    Parameters
    ----------
    spec
        A `Projection`: how respondents are weighted.
    """
    order = np.asarray(joined.customers.customer_id.argsort(), dtype=np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    inside = np.argsort(rank[joined.places])
    features = joined.customers.features
    some = features.iloc[order[np.sort(rng.permutation(len(order))[:LEARN_FROM])]]
    encoder = Encoder.fit(some)
    matrix, base = encoder.matrix(features.iloc[joined.places[inside]]), encoder.matrix(some)
    sample = answers.responses
    survey = sample.weight[inside] / sample.weight.mean()
    odds, odds_of_base = response.odds_of_answering(matrix, base, survey)
    weighted = _weigh(spec, survey, odds, None if joined.given is None else joined.given[inside])
    compared = response.balance(matrix, base, survey, weighted.weight, encoder.names)
    evidence = response.weighting_evidence(weighted, compared, spec.trim)
    table = pd.DataFrame(
        {
            "customer_id": sample.customer_id[inside],
            "survey_weight": survey,
            "weight": weighted.weight,
            "trimmed": weighted.trimmed,
        }
    )
    strata, cluster = (None if codes is None else codes[inside] for codes in (sample.strata, sample.cluster))
    respondents = Respondents(
        matrix, answers.log_density[inside], weighted.weight, Design.of(len(inside), strata, cluster)
    )
    reach = response.reach_evidence(odds, odds_of_base)
    return Prepared(joined, order, inside, encoder, respondents, table, (*evidence, reach))


def _weigh(spec: Any, survey: Array, odds: Array, given: Array | None) -> response.ResponseWeights:
    """Multiply the survey's weights by those for answering; only estimated ones are trimmed."""
    if given is None and spec.response_weights != "none":
        return response.trim(survey / odds, spec.trim)
    weight = survey if given is None else survey * given
    return response.trim(weight, np.inf)

"""From surveyed respondents to every customer of the base."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.projection.cross_validation import candidates
from segmodels.segments.projection.joined import Joined
from segmodels.segments.projection.projected import ProjectionFit
from segmodels.segments.projection.read import finite_faults, places_of, read_customers
from segmodels.segments.projection.steps import project
from segmodels.segments.projection.survey import answers_of
from segmodels.segments.projection.train import prepared

type Array = NDArray[np.float64]

INVERSE_PROPENSITY = "inverse-propensity"


@dataclass(frozen=True)
class Projection:
    """How needs segments are projected from a survey to a whole customer base.

    A classifier learns the probability of each segment from behaviour, value and attributes. It is trained on
    the density of the answers, so that the survey's error of classification does not attenuate it, with
    weights that make respondents look like the base; calibrated on respondents it did not see; and used only if
    it tells more about them than the shares of the segments do.

    Parameters
    ----------
    features
        Columns of the base that describe customers; numbers, booleans or texts, missing values allowed.
        None: all but the id and the column of response weights.
    response_weights
        ``"inverse-propensity"``: estimated from respondents and base, times the survey's weights.
        ``"none"``: the survey's weights alone. Or the name of a column of the base that holds a weight for
        respondents, times the survey's.
    classifier
        Any classifier of scikit-learn that takes `sample_weight` and gives probabilities. None: logistic
        regression, unless one with a strong penalty or boosted trees predict held-out respondents clearly
        better.
    folds
        Of the cross-validation; clusters of the survey are never split.
    replicates
        Bootstrap samples of respondents, for intervals.
    level
        Probability of the intervals.
    trim
        Estimated weights above so many times their mean are held there.

    Examples
    --------
    >>> Projection(features=("spend", "channel"), folds=10).level
    0.95
    """

    features: tuple[str, ...] | None = None
    response_weights: str = INVERSE_PROPENSITY
    classifier: Any = None
    folds: int = 5
    replicates: int = 200
    level: float = 0.95
    trim: float = 5.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, f"{value!r}", expected, "Give another.")
            for name, value, expected, right in (
                ("folds", self.folds, "at least 2", self.folds >= 2),
                ("replicates", self.replicates, "at least 20", self.replicates >= 20),
                ("level", self.level, "a probability between 0 and 1", 0 < self.level < 1),
                ("trim", self.trim, "more than 1", self.trim > 1),
            )
            if not right
        ]
        if isinstance(self.features, str):
            faults.append(Fault("features", "one text", "a tuple of names", "Write (name,)."))
        if faults:
            raise InputError(faults)
        if self.features is not None:
            object.__setattr__(self, "features", tuple(self.features))

    def fit(
        self,
        survey: NeedsFit,
        base: Any,
        *,
        customer: str = "customer_id",
        values: str | pd.Series | None = None,
        seed: int,
    ) -> ProjectionFit:
        """Project the segments of a survey to a base.

        Parameters
        ----------
        survey
            A fit of needs segments; its respondents are customers of the base, joined by id.
        base
            Every customer, respondents included: a pandas, Polars or Arrow table, a path, or an Ibis table.
            The columns needed are read into memory as a whole; they are encoded and scored in blocks.
        customer
            Its column of ids.
        values
            Value of each customer, such as a lifetime value: a column of the base, or a Series indexed by
            customer id. It is always among the features, since a classifier that does not see it draws the
            values of the segments together.
        seed
            Of folds, samples and replicates; the same seed gives the same result, in whatever order the rows come.

        Raises
        ------
        InputError
            For faults of the base, respondents who are not in it, and classifiers that can not be used.
        """
        from threadpoolctl import threadpool_limits

        own, rest = np.random.SeedSequence(seed).spawn(2)
        number = int(own.generate_state(1)[0] >> 1)
        tried = candidates(number)
        if self.classifier is not None:
            tried = {type(self.classifier).__name__: prepared(self.classifier, number)}
        answers = answers_of(survey)
        joined = self._joined(base, customer, values, pd.Index(answers.responses.customer_id))
        with threadpool_limits(limits=1):
            return project(self, answers, joined, tried, (seed, rest))

    def _joined(
        self, base: Any, customer: str, values: str | pd.Series | None, respondents: pd.Index
    ) -> Joined:
        """Read the base and find the respondents in it."""
        wanted: dict[str, str] = {}
        if isinstance(values, str):
            wanted["values"] = values
        if self.response_weights not in (INVERSE_PROPENSITY, "none"):
            wanted["response_weights"] = self.response_weights
        customers = read_customers(base, customer, self.features, wanted)
        amounts = None
        if values is not None:
            name = values if isinstance(values, str) else str(values.name or "value")
            amounts = (
                customers.numbers[values]
                if isinstance(values, str)
                else _aligned(values, customers.customer_id)
            )
            customers = customers.with_feature(name, amounts)
        places = places_of(respondents, customers.customer_id)
        given = customers.numbers.get(self.response_weights)
        return Joined(customers, places, amounts, None if given is None else _positive(given[places]))


def _aligned(values: pd.Series, customer_id: pd.Index) -> Array:
    """Bring values into the order of the base."""
    amounts = np.asarray(values.reindex(customer_id), dtype=np.float64)
    faults = finite_faults("values", amounts)
    if faults:
        raise InputError(faults)
    return amounts


def _positive(weights: Array) -> Array:
    bad = ~(weights > 0)
    if bad.any():
        remedy = "Repair them, or leave these respondents out."
        raise InputError(Fault("response_weights", "zero or less", "more than 0", remedy, int(bad.sum())))
    return weights

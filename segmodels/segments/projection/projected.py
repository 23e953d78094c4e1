"""Needs segments of every customer of the base."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.segments.projection.class_model import ClassModel
from segmodels.segments.projection.encode import Encoder
from segmodels.segments.projection.joined import Joined
from segmodels.segments.projection.read import read_customers
from segmodels.segments.projection.scores import Judgement
from segmodels.tables.segmentation import Segmentation

type Array = NDArray[np.float64]

#: Customers that are encoded and scored at a time.
BLOCK = 50_000


@dataclass(frozen=True, eq=False)
class Predictor:
    """From features to class probabilities.

    Parameters
    ----------
    model
        Trained and calibrated, or the shares of the classes where there is no signal.
    encoder
        Of features.
    classifier
        Name of the classifier chosen.
    candidates
        ``classifier, gain, standard_error, slope, chosen``: the classifiers tried.
    """

    model: ClassModel
    encoder: Encoder
    classifier: str
    candidates: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class ProjectionFit:
    """Segment membership of a whole base, projected from a survey. Made by :meth:`Projection.fit`.

    Parameters
    ----------
    spec
        The settings.
    seed
        Of folds, samples and replicates.
    names
        Of the segments.
    base
        Every customer, and who of them answered.
    memberships
        Probability of each segment, shape (N, K), in the order of the base; rows sum to 1.
    totals
        Sizes and values of the segments, shape (2, K); values are 0 where none were given.
    draws
        The same under other respondents, shape (R, 2, K).
    predictor
        From features to probabilities.
    judgement
        What held-out respondents say of it.
    weights
        Respondents: ``customer_id, survey_weight, weight, trimmed``.
    evidence
        The verdict, and whether calibration, totals, weights and the reach of the survey hold up.
    """

    spec: Any
    seed: int
    names: tuple[str, ...]
    base: Joined
    memberships: Array
    totals: Array
    draws: Array
    predictor: Predictor
    judgement: Judgement
    weights: pd.DataFrame
    evidence: tuple[Evidence, ...]

    def __repr__(self) -> str:
        """Say how many, how and whether there is a signal."""
        found = self.predictor.classifier if self.verdict.passed else "no signal"
        asked, all_of_them = len(self.base.places), len(self.base.customers)
        return f"ProjectionFit from {asked:,} respondents to {all_of_them:,} customers: {found}"

    @property
    def verdict(self) -> Evidence:
        """Whether there is a signal, in plain words.

        Where there is none, customers who were not asked have the shares of the segments as probabilities.
        """
        return self.judgement.verdict

    @property
    def scores(self) -> pd.DataFrame:
        """Scores on held-out respondents: ``score, classifier, shares, gain, standard_error``."""
        return self.judgement.scores

    @property
    def lift(self) -> pd.DataFrame:
        """Lift by segment and tenth of held-out respondents.

        ``segment, decile, respondents, predicted, observed, standard_error, lift, captured``; bins are fewer
        where they would hold less than 20 respondents.
        """
        return self.judgement.lift

    @property
    def calibration(self) -> pd.DataFrame:
        """Errors of calibration: ``segment, expected_calibration_error, error_by_chance``."""
        return self.judgement.calibration

    @property
    def candidates(self) -> pd.DataFrame:
        """Classifiers tried: ``classifier, gain, standard_error, slope, chosen``."""
        return self.predictor.candidates

    @property
    def probabilities(self) -> Any:
        """Probability of each segment for every customer, in the kind of table that came in.

        ``customer_id``, one column for each segment, and ``source``: ``"asked"`` for respondents, whose
        answers and features count, ``"projected"`` for the others.
        """
        table = pd.DataFrame(self.memberships, columns=list(self.names))
        customers = self.base.customers
        table.insert(0, "customer_id", customers.customer_id.to_numpy())
        source = np.where(self.base.asked, "asked", "projected")
        return customers.give(table.assign(source=pd.Series(source, dtype="str")))

    @cached_property
    def segmentation(self) -> Segmentation:
        """The base by segment, with probabilities."""
        basis = "needs, projected from a survey"
        return Segmentation(self.base.customers.customer_id, self.names, self.memberships, basis=basis)

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """Sizes of the segments: ``segment, customers, low, high, standard_error, share, share_low, share_high``.

        Expected numbers of customers add up to the base; intervals are equal-tailed, within 0 and the base.
        """
        return self._table("customers", self.totals[0], self.draws[:, 0])

    @cached_property
    def values(self) -> pd.DataFrame:
        """Values of the segments: as `sizes`, with ``value`` and ``mean_value``, value for each expected customer.

        Raises
        ------
        InputError
            Where no values were given.
        """
        amounts = self.base.amounts
        if amounts is None:
            raise InputError(Fault("values", "none", "values", "Fit with values=."))
        # Losses of some customers let a segment be worth more than all of them, or less than nothing.
        held = bool(amounts.min() >= 0)
        table = self._table("value", self.totals[1], self.draws[:, 1], held=held)
        return table.assign(mean_value=table["value"] / self.sizes["customers"])

    def _table(self, quantity: str, found: Array, draws: Array, *, held: bool = True) -> pd.DataFrame:
        tails = (1 - self.spec.level) / 2
        total = found.sum()
        low, high = np.quantile(draws, [tails, 1 - tails], axis=0)
        if held:
            low, high = np.clip(low, 0, total), np.clip(high, 0, total)
        return pd.DataFrame(
            {
                "segment": list(self.names),
                quantity: found,
                "low": low,
                "high": high,
                "standard_error": draws.std(axis=0, ddof=1),
                "share": found / total,
                "share_low": low / total,
                "share_high": high / total,
            }
        )

    def score(self, customers: Any, *, customer: str = "customer_id", values: pd.Series | None = None) -> Any:
        """Score other customers, such as those of the next month, from their features alone.

        Parameters
        ----------
        customers
            A table with the features of the base, in the same units.
        customer
            Its column of ids.
        values
            Where values were given beside the base: those of these customers, indexed by id.

        Returns
        -------
        table
            ``customer_id`` and one column for each segment, in the kind of table that came in.

        Raises
        ------
        InputError
            For missing columns, and ids that are null or repeat.
        """
        columns = self.predictor.encoder.columns
        beside = None if values is None else str(values.name or "value")
        read = read_customers(customers, customer, [name for name in columns if name != beside], {})
        if values is not None and beside is not None:
            read = read.with_feature(beside, np.asarray(values.reindex(read.customer_id), dtype=np.float64))
        table = pd.DataFrame(
            score(self.predictor.model, self.predictor.encoder, read.features, np.arange(len(read))),
            columns=list(self.names),
        )
        table.insert(0, "customer_id", read.customer_id.to_numpy())
        return read.give(table)


def score(
    model: ClassModel,
    encoder: Encoder,
    features: pd.DataFrame,
    order: NDArray[np.int64],
    block: int = BLOCK,
) -> Array:
    """Score customers in blocks, so that the encoded matrix never holds more than one, shape (N, K).

    Parameters
    ----------
    features
        Of the customers, whose row of the result is that of theirs here.
    order
        Rows in the order in which they are scored, which decides the last digits of products of matrices.
    """
    found = np.empty((len(features), len(model.log_shares)))
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        found[rows] = np.exp(model.log_probability(encoder.matrix(features.iloc[rows])))
    return found / found.sum(axis=1, keepdims=True)

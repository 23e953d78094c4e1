"""Sizes and values of segments over the whole base, and what other respondents would have given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.projection.class_model import ClassModel, refit
from segmodels.segments.projection.cross_validation import HeldOut, Respondents
from segmodels.segments.projection.misclassification import classification_table, quantify
from segmodels.segments.projection.train import posterior

type Array = NDArray[np.float64]

#: Customers scored in a replicate.
SAMPLE = 20_000


@dataclass(frozen=True, eq=False)
class Sample:
    """Customers who stand for all those not asked, so that a replicate need not score everyone.

    Parameters
    ----------
    matrix
        Encoded features, shape (S, P).
    counts, amounts
        Customers, and value, that each stands for, shape (S,).
    asked_amounts
        Value of each respondent, shape (N,).
    """

    matrix: Array
    counts: Array
    amounts: Array
    asked_amounts: Array

    def totals(self, model: ClassModel, asked: Array) -> Array:
        """Sizes and values of the segments, shape (2, K).

        Parameters
        ----------
        asked
            Class probabilities of respondents, shape (N, K).
        """
        projected = np.exp(model.log_probability(self.matrix))
        sizes = self.counts @ projected + asked.sum(axis=0)
        return np.stack([sizes, self.amounts @ projected + self.asked_amounts @ asked])


def pick_sample(values: Array, most: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Array]:
    """Pick customers: the most valuable tenth of the sample for certain, the rest at random.

    Parameters
    ----------
    values
        Of the customers not asked, shape (N,).
    most
        Size of the sample; all customers where there are no more.

    Returns
    -------
    tuple
        Rows, and how many customers each stands for; these sum to N.
    """
    n = len(values)
    if n <= most:
        return np.arange(n), np.ones(n)
    order = np.argsort(-np.abs(values), kind="stable")
    certain, rest = order[: most // 10], order[most // 10 :]
    drawn = rng.choice(rest, most - len(certain), replace=False)
    stands_for = np.concatenate([np.ones(len(certain)), np.full(len(drawn), len(rest) / len(drawn))])
    return np.concatenate([certain, drawn]), stands_for


@dataclass(frozen=True, eq=False)
class Estimates:
    """Sizes and values, and shares by two other ways.

    Parameters
    ----------
    totals
        Sizes and values of the segments, shape (2, K).
    quantified
        Shares from the mean prediction over the base and the table of errors of held-out predictions, shape
        (K,).
    answered
        Shares from the answers of weighted respondents alone, shape (K,).
    held_back
        Whether quantification had to be held within the simplex.
    """

    totals: Array
    quantified: Array
    answered: Array
    held_back: bool


def estimate(model: ClassModel, respondents: Respondents, held: HeldOut, sample: Sample) -> Estimates:
    """Estimate sizes, values and shares with one model."""
    totals = sample.totals(model, model.asked(held, respondents.log_density))
    answered = np.exp(model.log_shares)
    if model.trained is None:
        # Without a signal every prediction is alike, and there is nothing to invert.
        return Estimates(totals, totals[0] / totals[0].sum(), answered, held_back=False)
    prior = model.held_out(held)
    predicted, truth = np.exp(prior), posterior(prior, respondents.log_density)
    table = classification_table(truth, predicted, respondents.weight)
    mean = sample.counts @ np.exp(model.log_probability(sample.matrix)) + predicted.sum(axis=0)
    quantified, held_back = quantify(table, mean / mean.sum())
    return Estimates(totals, quantified, answered, held_back)


def replicates(
    model: ClassModel,
    classifier: Any,
    respondents: Respondents,
    held: HeldOut,
    sample: Sample,
    *,
    draw: Callable[[np.random.Generator], Array] | None,
    seeds: Iterable[np.random.SeedSequence],
) -> list[Estimates]:
    """Repeat the projection on bootstrap samples of respondents, and with other parameters of the survey.

    Response weights are kept. Two sources of error, drawn apart, make the variance of a two-step estimator
    (Bakk and Kuha 2018, Psychometrika 83:871-892).
    """
    found: list[Estimates] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        weight = respondents.weight * respondents.design.resample(rng)
        density = respondents.log_density if draw is None else draw(rng)
        again = replace(respondents, weight=weight, log_density=density)
        found.append(estimate(refit(model, classifier, again, held), again, held, sample))
    return found

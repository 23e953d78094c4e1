"""The way from a base and a survey to a projection, step by step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.segments.projection.checks import agreement, other_rows, residual_rows
from segmodels.segments.projection.class_model import ClassModel, fit_model, shares_only
from segmodels.segments.projection.cross_validation import HeldOut, choose, held_out
from segmodels.segments.projection.joined import Joined, Prepared, prepare
from segmodels.segments.projection.misclassification import unbiased_indicators
from segmodels.segments.projection.projected import Predictor, ProjectionFit, score
from segmodels.segments.projection.scores import judge
from segmodels.segments.projection.survey import Answers
from segmodels.segments.projection.totals import (
    SAMPLE,
    Estimates,
    Sample,
    estimate,
    pick_sample,
    replicates,
)
from segmodels.segments.projection.train import posterior

type Array = NDArray[np.float64]


def project(
    spec: Any,
    answers: Answers,
    joined: Joined,
    tried: Mapping[str, Any],
    seeds: tuple[int, np.random.SeedSequence],
) -> ProjectionFit:
    """Encode, weigh, cross-validate, judge, fit, score and repeat.

    Parameters
    ----------
    spec
        A `Projection`.
    tried
        Classifiers by name, the simplest first.
    seeds
        That of the user, and a sequence made from it.
    """
    learning, folding, sampling, repeating, realised = seeds[1].spawn(5)
    prepared = prepare(spec, answers, joined, np.random.default_rng(learning))
    respondents = prepared.respondents
    fold = respondents.design.folds(spec.folds, np.random.default_rng(folding))
    found = {name: held_out(classifier, respondents, fold) for name, classifier in tried.items()}
    name, compared = choose(found, respondents)
    held, model = found[name], shares_only(respondents)
    indicators = unbiased_indicators(posterior(model.log_shares, respondents.log_density), respondents.weight)
    judged = judge(held, respondents, indicators, answers.names)
    if judged.verdict.passed:
        model = fit_model(tried[name], respondents, held)
    memberships = score(model, prepared.encoder, joined.customers.features, prepared.order)
    memberships[prepared.places] = model.asked(held, respondents.log_density)
    sample = _sample(prepared, np.random.default_rng(sampling))
    once = estimate(model, respondents, held, sample)
    draw = answers.other_parameters
    again = replicates(
        model,
        tried[name],
        respondents,
        held,
        sample,
        draw=None if draw is None else lambda rng: draw(rng)[prepared.inside],
        seeds=repeating.spawn(spec.replicates),
    )
    totals = _totals(prepared, memberships)
    draws = _draws(totals, once, again, _spread(prepared, memberships), np.random.default_rng(realised))
    agreed = _agreement(prepared, (model, held, indicators), (once, *again), totals, answers.names)
    evidence = (judged.verdict, judged.calibrated, agreed, *prepared.evidence, _parameters(draw is not None))
    return ProjectionFit(
        spec,
        seeds[0],
        answers.names,
        joined,
        memberships,
        totals,
        draws,
        Predictor(model, prepared.encoder, name, compared),
        judged,
        prepared.weights,
        evidence,
    )


def _sample(prepared: Prepared, rng: np.random.Generator) -> Sample:
    """Pick customers who were not asked, to be scored in every replicate."""
    joined = prepared.joined
    others = prepared.order[~joined.asked[prepared.order]]
    rows, stands_for = pick_sample(joined.values[others], SAMPLE, rng)
    picked = others[rows]
    matrix = np.empty((0, prepared.respondents.matrix.shape[1]))
    if len(picked):
        matrix = prepared.encoder.matrix(joined.customers.features.iloc[picked])
    return Sample(matrix, stands_for, stands_for * joined.values[picked], joined.values[prepared.places])


def _totals(prepared: Prepared, memberships: Array) -> Array:
    """Sizes and values of the segments, shape (2, K), summed by id."""
    order = prepared.order
    return np.stack([np.ones(len(order)), prepared.joined.values[order]]) @ memberships[order]


def _spread(prepared: Prepared, memberships: Array) -> Array:
    """Covariance of sizes and of values once every customer's class is drawn, shape (2, K, K)."""
    order = prepared.order
    ordered, squares = memberships[order], prepared.joined.values[order] ** 2
    return np.stack(
        [
            np.diag(weight @ ordered) - (ordered * weight[:, None]).T @ ordered
            for weight in (np.ones(len(order)), squares)
        ]
    )


def _draws(
    totals: Array, once: Estimates, again: Sequence[Estimates], spread: Array, rng: np.random.Generator
) -> Array:
    """Sizes and values under other respondents, classes of customers drawn anew, shape (R, 2, K)."""
    moved = np.stack([each.totals for each in again]) - once.totals
    for q, covariance in enumerate(spread):
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        moved[:, q] += rng.standard_normal((len(again), len(root))) @ root.T
    return totals + moved


def _agreement(
    prepared: Prepared,
    predicted: tuple[ClassModel, HeldOut, Array],
    estimates: Sequence[Estimates],
    totals: Array,
    names: tuple[str, ...],
) -> Evidence:
    """Compare the totals with other ways to them; the first of the estimates is not a replicate."""
    (model, held, indicators), joined = predicted, prepared.joined
    amounts = None if joined.amounts is None else joined.amounts[prepared.places]
    rows = residual_rows(indicators, np.exp(model.held_out(held)), prepared.respondents, amounts)
    rows += other_rows(estimates[0], estimates[1:])
    return agreement(rows, names, totals, len(joined.customers), held_back=estimates[0].held_back)


def _parameters(known: bool) -> Evidence:  # noqa: FBT001
    """Say whether intervals hold the uncertainty of the survey's parameters."""
    if known:
        return Evidence(
            "survey's parameters", None, "Intervals hold the uncertainty of the survey's parameters."
        )
    text = "The uncertainty of the survey's parameters is not known; intervals leave it out. Fit with sg.Laplace()."
    return Evidence("survey's parameters", False, text)

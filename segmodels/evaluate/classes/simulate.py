"""Answers as a fitted model would have them: the same respondents, items asked and answers missing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import best_worst, ranking
from segmodels.models.needs.best_worst_choices import BestWorstTasks
from segmodels.models.needs.coding import coding
from segmodels.models.needs.latent_class import LatentClass
from segmodels.models.needs.latent_class_problem import LatentClassProblem, build
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.models.needs.ranking_choices import NOT_PLACED, NOT_PRESENTED
from segmodels.models.needs.ranking_problem import ChoiceProblem
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def fitted_responses(fit: NeedsFit) -> Responses:
    """Give the respondents a fit was made from.

    Raises
    ------
    InputError
        Where the fit was loaded without them, or is set to score others.
    """
    if fit.responses is None or not fit.fitted:
        got = "a fit without the respondents it was fitted to"
        raise InputError(Fault("fit", got, "those respondents", "Fit again, or load the fit with them."))
    return fit.responses


def respondents(responses: Responses) -> Responses:
    """Give a row to each respondent: rows are repeated by their counts."""
    if np.array_equal(responses.count, np.ones(len(responses))):
        return responses
    rows = np.repeat(np.arange(len(responses)), responses.count.round().astype(np.int64))
    return replace(responses.take(rows), count=np.ones(len(rows)))


def problem_of(spec: Any, responses: Responses) -> Any:
    """Build the mixture of a model over drawn or held-out answers, though an item may not vary in them."""
    if isinstance(spec, LatentClass):
        known = coding(responses, spec.indicators(responses), spec.covariates)
        return build(spec, known, known.patterns(responses))
    return spec.problem(responses)


def simulate(fit: NeedsFit, responses: Responses, rng: np.random.Generator) -> Responses:
    """Draw answers of respondents from a fit; who was not asked, or did not answer, does not in the draws.

    Parameters
    ----------
    fit
        A latent class model of any kind.
    responses
        Of the same items, one row a respondent: their covariates, tasks and missing answers are kept.
    rng
        Of the draws.
    """
    problem: Any = fit.problem_of(responses)
    if isinstance(problem, LatentClassProblem):
        return _answers(problem, fit.theta, responses, rng)
    return _choices(problem, fit.theta, responses, rng)


def _answers(
    problem: LatentClassProblem, theta: Array, responses: Responses, rng: np.random.Generator
) -> Responses:
    layout = problem.layout
    log_p, log_prior, _ = problem.tables(theta)
    component = draw(np.exp(log_prior)[problem.data.group[problem.of_row]], rng)
    answers: dict[str, NDArray[Any]] = dict(responses.answers)
    for item, first in zip(layout.items, layout.table[:, 2], strict=True):
        drawn = draw(np.exp(log_p[first : first + item.size]).T[component], rng)
        answers[item.name] = np.where(answers[item.name] < 0, -1, drawn).astype(np.int16)
    scale = problem.coding
    k = layout.class_of[component]
    for l, (item, at) in enumerate(zip(layout.numbers, layout.numbers_at, strict=True)):
        if item.scale == "continuous":
            spread = np.exp(theta[at + layout.n_classes + k])
            drawn = scale.mean[l] + scale.sd[l] * (theta[at + k] + spread * rng.standard_normal(len(k)))
        else:
            drawn = rng.poisson(np.exp(theta[at + k])).astype(np.float64)
        answers[item.name] = np.where(np.isnan(answers[item.name]), np.nan, drawn)
    return replace(responses, answers=answers)


def _choices(
    problem: ChoiceProblem, theta: Array, responses: Responses, rng: np.random.Generator
) -> Responses:
    layout = problem.layout
    log_prior = layout.log_prior(theta, problem.data.design)
    component = draw(np.exp(log_prior)[problem.data.group[problem.of_row]], rng)
    utility = layout.components(theta)
    names = problem.names
    if isinstance(problem.choices, BestWorstTasks):
        return _best_worst(problem.choices, utility[component], names, responses, rng)
    places = responses.codes(names)
    order = ranking.simulate(rng, np.where(places == NOT_PRESENTED, -np.inf, utility[component]))
    drawn = np.empty_like(places)
    np.put_along_axis(drawn, order, np.arange(len(names), dtype=np.int16)[None], axis=1)
    kept = drawn < (places >= 0).sum(axis=1, keepdims=True)
    drawn = np.where(places == NOT_PRESENTED, NOT_PRESENTED, np.where(kept, drawn, NOT_PLACED))
    answers = dict(responses.answers) | {name: drawn[:, j].astype(np.int16) for j, name in enumerate(names)}
    return replace(responses, answers=answers)


def _best_worst(
    choices: BestWorstTasks,
    utility: Array,
    names: Sequence[str],
    responses: Responses,
    rng: np.random.Generator,
) -> Responses:
    """Draw the answers to tasks for respondents with utilities of shape (N, J)."""
    tasks = responses.tasks
    if tasks is None:
        return responses
    position = np.array([responses.codebook.names.index(name) for name in names])
    place = np.full(len(responses.codebook) + 1, -1)
    place[position] = np.arange(len(names))
    joint = bool(choices.joint[0])
    # Asked for one end alone, respondents answer by that end's own choice.
    asked = {"ask_best": tasks.best >= 0, "ask_worst": tasks.worst >= 0}
    shown = place[tasks.shown]
    best, worst = best_worst.simulate(rng, utility[tasks.respondent], shown, joint=joint, **asked)
    drawn = [np.where(now < 0, -1, position[now]).astype(np.int16) for now in (best, worst)]
    return replace(responses, tasks=replace(tasks, best=drawn[0], worst=drawn[1]))


def draw(probability: Array, rng: np.random.Generator) -> Index:
    """Draw a column for each row of probabilities, shape (N, M); rows need not sum to exactly 1.

    Examples
    --------
    >>> draw(np.array([[0.0, 1.0], [1.0, 0.0]]), np.random.default_rng(1)).tolist()
    [1, 0]
    """
    cumulated = probability.cumsum(axis=1)
    point = rng.random(len(probability)) * cumulated[:, -1]
    return (point[:, None] >= cumulated[:, :-1]).sum(axis=1)

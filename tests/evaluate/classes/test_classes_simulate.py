"""Answers drawn from a fit: the same missing answers, the fit's margins, for every kind of model."""

import numpy as np
import pandas as pd
import pytest
from class_worlds import FEW, binary_frame

from segmodels.evaluate.classes.search import log_likelihood
from segmodels.evaluate.classes.simulate import problem_of, respondents, simulate
from segmodels.evaluate.classes.split import split
from segmodels.inference.settings import MAP
from segmodels.models.needs.best_worst import BestWorst
from segmodels.models.needs.latent_class import LatentClass
from segmodels.models.needs.ranked_needs import RankedNeeds
from segmodels.tables.responses import Responses
from segmodels.tables.survey_choices import balanced_design, simulate_best_worst, simulate_rankings

UTILITY = np.array([[1.5, 0.5, -0.5, -1.5], [-1.0, 1.0, -1.0, 1.0]])


def mixed_frame(n, seed):
    rng = np.random.default_rng(seed)
    frame = binary_frame(n, [0.6, 0.4], [[0.9, 0.8], [0.2, 0.3]], seed, missing=0.1)
    high = frame["q1"].fillna(0).to_numpy(np.int64)
    frame["scale"] = np.clip(rng.binomial(4, 0.3 + 0.4 * high), 0, 4)
    frame["amount"] = np.where(rng.random(n) < 0.2, np.nan, rng.normal(50 + 20 * high, 5.0))
    frame["visits"] = rng.poisson(1.0 + 4.0 * high).astype(float)
    frame["age"] = rng.normal(40.0 + 10 * high, 8.0)
    return frame


MIXED = {"q1": "binary", "q2": "binary", "scale": "ordinal", "amount": "continuous", "visits": "count"}


@pytest.fixture(scope="module")
def mixed():
    survey = Responses.read(mixed_frame(400, 1), customer=None, items=MIXED | {"age": "continuous"})
    items = tuple(MIXED)
    return LatentClass(2, items=items, covariates=("age",), style=("agreement",), starts=FEW).fit(
        survey, MAP(), seed=1
    )


@pytest.fixture(scope="module")
def ranked():
    frame, _ = simulate_rankings(300, UTILITY, [0.6, 0.4], seed=1, partial=0.3)
    places = [name for name in frame.columns if name != "customer_id"]
    survey = Responses.read_orderings(frame, customer="customer_id", places=places)
    return RankedNeeds(2, starts=FEW).fit(survey, MAP(), seed=1)


@pytest.fixture(scope="module")
def chosen():
    design = balanced_design(4, 3, 6, seed=1)
    frame, _ = simulate_best_worst(200, UTILITY, [0.6, 0.4], design, seed=1)
    roles = {name: name for name in ("task", "item", "choice")}
    survey = Responses.read_tasks(frame, customer="customer_id", **roles)
    return BestWorst(2, starts=FEW).fit(survey, MAP(), seed=1)


def test_mixed_answers_have_the_margins_of_the_fit_and_its_missing_answers(mixed):
    responses = mixed.responses
    draws = [simulate(mixed, responses, np.random.default_rng(seed)) for seed in range(20)]
    for name in MIXED:
        was = pd.Series(responses.answers[name], dtype=float)
        missing = (was < 0) | was.isna()
        now = [pd.Series(draw.answers[name], dtype=float) for draw in draws]
        assert all((((each < 0) | each.isna()) == missing).all() for each in now)
        means = [each[~missing].mean() for each in now]
        assert np.mean(means) == pytest.approx(
            was[~missing].mean(), abs=5 * np.std(means) / np.sqrt(20) + 0.05
        )
        assert np.mean([each[~missing].std() for each in now]) == pytest.approx(was[~missing].std(), rel=0.1)
    assert draws[0].answers["age"] is responses.answers["age"]


def test_covariates_stay_with_their_respondents(mixed):
    draw = simulate(mixed, mixed.responses, np.random.default_rng(1))
    old = draw.answers["age"] > np.median(draw.answers["age"])
    amount = draw.answers["amount"]
    assert np.nanmean(amount[old]) > np.nanmean(amount[~old]) + 3


def test_rankings_keep_who_ranked_how_many(ranked):
    names = ranked.problem.names
    was = ranked.responses.codes(names)
    draw = simulate(ranked, ranked.responses, np.random.default_rng(1)).codes(names)
    assert ((draw >= 0).sum(axis=1) == (was >= 0).sum(axis=1)).all()
    assert not np.array_equal(draw, was)
    full = (was >= 0).all(axis=1)
    assert (np.sort(draw[full], axis=1) == np.arange(len(names))).all()
    assert (draw == 0).mean(axis=0) == pytest.approx((was == 0).mean(axis=0), abs=0.1)


def test_best_worst_choices_keep_the_tasks(chosen):
    was = chosen.responses.tasks
    now = simulate(chosen, chosen.responses, np.random.default_rng(1)).tasks
    np.testing.assert_array_equal(now.shown, was.shown)
    for new in (now.best, now.worst):
        assert (new[:, None] == was.shown).any(axis=1).all()
    assert (now.best != now.worst).all()
    shares = [np.bincount(tasks.best, minlength=4) / len(tasks.best) for tasks in (was, now)]
    assert shares[1] == pytest.approx(shares[0], abs=0.06)


class _Still:
    """A generator that moves nothing."""

    def normal(self, _, __, size):
        return np.zeros(size)


@pytest.mark.parametrize("kind", ["mixed", "ranked", "chosen"])
@pytest.mark.parametrize("k", [0, 1])
def test_a_split_that_moves_nothing_changes_no_density(kind, k, request, monkeypatch):
    monkeypatch.setattr("segmodels.evaluate.classes.split._REACH", np.inf)
    fit = request.getfixturevalue(kind)
    from dataclasses import replace

    bigger = problem_of(replace(fit.spec, n_classes=3), fit.responses)
    theta = split(fit.problem.layout, fit.theta, k, _Still())
    assert theta.shape == (bigger.size,)
    assert log_likelihood(bigger, theta) == pytest.approx(fit.log_likelihood, abs=1e-8)
    moved = split(fit.problem.layout, fit.theta, k, np.random.default_rng(1))
    assert not np.allclose(moved, theta)


def test_counts_become_rows():
    frame = pd.DataFrame({"q1": [1, 0, 1], "q2": [0, 0, 1], "times": [3, 1, 2]})
    survey = Responses.read(frame, customer=None, items={"q1": "binary", "q2": "binary"}, count="times")
    each = respondents(survey)
    assert each.codes(["q1", "q2"]).tolist() == [[1, 0]] * 3 + [[0, 0]] + [[1, 1]] * 2
    assert each.count.tolist() == [1.0] * 6
    assert respondents(each) is each

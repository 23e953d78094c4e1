"""Response weights: known propensities come back, nothing is repaired twice, trimming is said."""

import numpy as np
import pytest

from segmodels.segments.projection.response import (
    balance,
    odds_of_answering,
    reach_evidence,
    trim,
    weighting_evidence,
)


@pytest.fixture(scope="module")
def sampled():
    rng = np.random.default_rng(2)
    base = rng.normal(size=(20_000, 2))
    propensity = np.minimum(0.03 * np.exp(0.7 * base[:, 0]), 1)
    return base, propensity, np.flatnonzero(rng.random(20_000) < propensity)


def test_inverse_odds_are_the_inverse_propensities(sampled):
    base, propensity, rows = sampled
    odds, of_base = odds_of_answering(base[rows], base, np.ones(len(rows)))
    weight = trim(1 / odds, np.inf).weight
    truth = trim(1 / propensity[rows], np.inf).weight
    assert np.corrcoef(weight, truth)[0, 1] > 0.97
    table = balance(base[rows], base, np.ones(len(rows)), weight, ["first", "second"])
    assert table["difference_before"].iloc[0] > 0.3
    assert table["difference_after"].abs().max() < 0.08
    assert of_base.shape == (20_000,)


def test_what_survey_weights_repair_is_not_repaired_again(sampled):
    base, propensity, rows = sampled
    survey = trim(1 / propensity[rows], np.inf).weight
    odds, _ = odds_of_answering(base[rows], base, survey)
    again = trim(survey / odds, np.inf).weight
    # The product stays near the survey's own weights instead of their squares.
    assert np.abs(np.log(again / survey)).mean() < 0.15


def test_without_features_everyone_answers_alike():
    odds, _ = odds_of_answering(np.empty((3, 0)), np.empty((5, 0)), np.ones(3))
    assert odds.tolist() == [1, 1, 1]


@pytest.mark.parametrize("limit", [2.0, 3.0, 5.0])
def test_trimming_holds_the_limit_and_the_total_and_the_order(limit):
    weight = np.random.default_rng(1).lognormal(0, 1.5, 400)
    found = trim(weight, limit)
    assert found.weight.mean() == pytest.approx(1)
    assert found.weight.max() <= limit * (1 + 1e-9)
    assert (np.diff(found.weight[np.argsort(weight)]) >= -1e-12).all()
    assert found.trimmed.sum() == (found.weight > limit * (1 - 1e-9)).sum() > 0
    ratio = found.weight[~found.trimmed] / weight[~found.trimmed]
    np.testing.assert_allclose(ratio, ratio[0])


def test_weights_without_extremes_are_left_alone():
    weight = np.array([0.5, 1.0, 1.5])
    found = trim(weight, 5.0)
    assert not found.trimmed.any()
    assert found.effective_n == pytest.approx(3**2 / (0.25 + 1 + 2.25))
    np.testing.assert_allclose(found.weight, weight)


def test_evidence_tells_how_many_were_trimmed_and_what_stays_unbalanced():
    found = trim(np.array([1.0] * 20 + [100.0]), 5.0)
    rng = np.random.default_rng(1)
    table = balance(rng.normal(1, 1, (21, 1)), rng.normal(size=(50, 1)), np.ones(21), found.weight, ["age"])
    balanced, trimmed, effective = weighting_evidence(found, table, 5.0)
    assert balanced.passed is False
    assert "'age'" in balanced.text
    assert trimmed.text.startswith("1 of 21 weights")
    assert effective.passed
    assert not reach_evidence(np.array([1.0, 2.0]), np.array([0.5, 0.9, 1.5])).passed
    assert reach_evidence(np.array([1.0, 2.0]), np.array([1.5, 9.0])).passed

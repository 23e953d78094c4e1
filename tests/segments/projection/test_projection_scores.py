"""Held-out respondents: a table by hand, noise that is called noise, and simple classifiers that are kept."""

import numpy as np
import pytest
from projection_worlds import NAMES, true_components
from sklearn.linear_model import LogisticRegression

from segmodels.segments.projection.calibrate import Calibrator
from segmodels.segments.projection.cross_validation import (
    HeldOut,
    Respondents,
    candidates,
    choose,
    held_out,
)
from segmodels.segments.projection.misclassification import unbiased_indicators
from segmodels.segments.projection.sampling import Design
from segmodels.segments.projection.scores import calibration_table, judge, lift_table, score_table, verdict
from segmodels.segments.projection.train import log_score, posterior, shares


def held(log_probability, log_shares, density):
    gain = log_score(log_probability, density) - log_score(log_shares, density)
    return HeldOut(log_probability, log_probability, log_shares, gain, Calibrator(np.zeros(2), 1.0))


def certain(classes, k=2):
    return np.where(np.arange(k) == classes[:, None], 0.0, -60.0)


def respondents_of(matrix, density, weight=None):
    n = len(density)
    return Respondents(matrix, density, np.ones(n) if weight is None else weight, Design.of(n))


def test_scores_of_four_respondents_by_hand():
    classes = np.array([0, 0, 1, 1])
    probability = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9], [0.5, 0.5]])
    even = np.log(np.full((4, 2), 0.5))
    asked = respondents_of(np.empty((4, 0)), certain(classes))
    table = score_table(held(np.log(probability), even, asked.log_density), asked, np.eye(2)[classes])
    mean = np.mean(np.log([0.8, 0.4, 0.9, 0.5]))
    assert table["classifier"].tolist() == pytest.approx([mean, mean, 0.5])
    assert table["shares"].tolist() == pytest.approx([np.log(0.5), np.log(0.5), 0.5])
    gains = np.log([0.8, 0.4, 0.9, 0.5]) - np.log(0.5)
    assert table["standard_error"].iloc[0] == pytest.approx(gains.std(ddof=1) / 2)


def test_the_score_does_not_depend_on_constants_of_densities():
    rng = np.random.default_rng(1)
    density, prior = rng.normal(size=(30, 2)), np.log(np.full((30, 2), 0.5))
    better = np.log(np.tile([0.6, 0.4], (30, 1)))
    rows = [
        score_table(held(better, prior, d), respondents_of(np.empty((30, 0)), d), np.eye(2)[[0] * 30])
        for d in (density, density + rng.normal(size=(30, 1)) * 100)
    ]
    np.testing.assert_allclose(rows[0].iloc[:, 1:], rows[1].iloc[:, 1:], atol=1e-10)


def test_lift_by_hand():
    # 40 respondents: half with probability .9, of whom 16 are members; half with .2, of whom 2 are.
    probability = np.repeat([0.9, 0.2], 20)
    member = np.r_[np.ones(16), np.zeros(4), np.ones(2), np.zeros(18)]
    log_probability = np.log(np.column_stack([probability, 1 - probability]))
    density = certain((1 - member).astype(int))
    asked = respondents_of(np.empty((40, 0)), density)
    indicators = np.column_stack([member, 1 - member])
    table = lift_table(
        held(log_probability, np.log(np.full((40, 2), 0.5)), density), asked, indicators, ("in", "out")
    )
    first = table[table["segment"] == "in"]
    assert first["decile"].tolist() == [1, 2]
    assert first["respondents"].tolist() == [20, 20]
    assert first["predicted"].tolist() == pytest.approx([0.9, 0.2])
    assert first["observed"].tolist() == pytest.approx([0.8, 0.1])
    assert first["lift"].tolist() == pytest.approx([0.8 / 0.45, 0.1 / 0.45])
    assert first["captured"].tolist() == pytest.approx([16 / 18, 1])
    errors, evidence = calibration_table(table, 1.0)
    assert errors["expected_calibration_error"].tolist() == pytest.approx([0.1, 0.1])
    assert evidence.passed


def survey(seed, n, signal):
    rng = np.random.default_rng(seed)
    parts = true_components(items=9)
    z = rng.normal(size=(n, 4))
    truth = (signal * z[:, :3] + rng.gumbel(size=(n, 3))).argmax(axis=1)
    yes = np.exp(np.stack([table[1] for table in parts.log_probability], axis=1))
    codes = (rng.random((n, 9)) < yes[truth]).astype(np.int16)
    weight = rng.lognormal(0, 0.4, n)
    density = parts.log_joint_classes(codes) + np.log(3)
    return respondents_of(z, density, weight / weight.mean()), truth


def judged(seed, n, signal):
    asked, _ = survey(seed, n, signal)
    fold = asked.design.folds(5, np.random.default_rng(seed))
    found = held_out(LogisticRegression(max_iter=1000), asked, fold)
    prior = np.log(shares(asked.log_density, asked.weight))
    return judge(found, asked, unbiased_indicators(posterior(prior, asked.log_density), asked.weight), NAMES)


def test_noise_is_called_no_signal_nearly_always():
    wrong = sum(bool(judged(seed, 200, 0.0).verdict.passed) for seed in range(30))
    # Nominal: 5 per cent, that is 1.5; 5 or more would happen in less than two runs of 100.
    assert wrong <= 4


def test_a_signal_is_found_and_said_in_plain_words():
    found = [judged(seed, 300, 1.0) for seed in range(8)]
    assert all(each.verdict.passed for each in found)
    assert found[0].verdict.text.startswith("Signal: the features raise the log score")
    assert judged(1, 200, 0.0).verdict.text.startswith("No signal")
    assert [each.calibrated.passed for each in found].count(False) <= 1


def test_corrected_scores_are_those_of_the_true_classes():
    asked, truth = survey(5, 4000, 1.0)
    found = held_out(
        LogisticRegression(max_iter=1000), asked, asked.design.folds(5, np.random.default_rng(1))
    )
    prior = np.log(shares(asked.log_density, asked.weight))
    indicators = unbiased_indicators(posterior(prior, asked.log_density), asked.weight)
    table = score_table(found, asked, indicators).set_index("score")
    known = score_table(found, asked, np.eye(3)[truth]).set_index("score")
    assert table.loc["accuracy", "classifier"] == pytest.approx(
        known.loc["accuracy", "classifier"], abs=0.025
    )
    assert table.loc["log score of the class", "gain"] == pytest.approx(
        known.loc["log score of the class", "gain"], abs=0.04
    )


def test_a_simple_classifier_is_kept_unless_another_is_clearly_better():
    density, even = certain(np.arange(100) % 2), np.log(np.full((100, 2), 0.5))
    asked = respondents_of(np.empty((100, 0)), density)
    rng = np.random.default_rng(1)
    good = np.where(np.arange(100) % 2 == 0, 0.7, 0.3) + rng.uniform(-0.1, 0.1, 100)
    noisy = np.clip(good + rng.uniform(-0.1, 0.1, 100), 0.05, 0.95)
    better = np.where(good > 0.5, 0.9, 0.1)
    all_three = {
        name: held(np.log(np.column_stack([p, 1 - p])), even, density)
        for name, p in (("simple", good), ("noisy", noisy), ("better", better))
    }
    name, table = choose(all_three, asked)
    assert name == "better"
    assert table["chosen"].tolist() == [False, False, True]
    del all_three["better"]
    assert choose(all_three, asked)[0] == "simple"


def test_the_candidates_go_from_simple_to_flexible():
    assert next(iter(candidates(1))) == "logistic regression"
    assert candidates(1)["boosted trees"].get_params()["random_state"] == 1


def test_the_verdict_needs_more_than_its_error():
    asked = respondents_of(np.empty((4, 0)), certain(np.array([0, 0, 1, 1])))
    even = np.log(np.full((4, 2), 0.5))
    table = score_table(held(even, even, asked.log_density), asked, np.eye(2)[[0, 0, 1, 1]])
    assert verdict(table).passed is False

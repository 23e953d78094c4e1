"""Calibration: confidence is taken back, noise becomes the shares, totals are kept."""

import numpy as np
import pytest
from scipy.special import log_softmax, logit

from segmodels.segments.projection.calibrate import Calibrator, calibrate, recentred
from segmodels.segments.projection.train import posterior, shares


def known(classes, n):
    """Answers that leave no doubt."""
    return np.where(np.arange(n) == classes[:, None], 0.0, -50.0)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(4)
    log_probability = log_softmax(rng.normal(size=(3000, 3)), axis=1)
    classes = (rng.random(3000)[:, None] > np.exp(log_probability).cumsum(axis=1)).sum(axis=1)
    return log_probability, classes, rng.uniform(0.5, 1.5, 3000)


def test_probabilities_that_are_right_are_left_alone(sample):
    log_probability, classes, weight = sample
    found = calibrate(log_probability, known(classes, 3), weight)
    assert found.slope == pytest.approx(1, abs=0.08)
    np.testing.assert_allclose(found.intercept, 0, atol=0.12)


def test_a_classifier_twice_too_sure_is_halved(sample):
    log_probability, classes, weight = sample
    plain = calibrate(log_probability, known(classes, 3), weight)
    sure = calibrate(log_softmax(2 * log_probability, axis=1), known(classes, 3), weight)
    assert sure.slope == pytest.approx(plain.slope / 2, rel=1e-3)
    np.testing.assert_allclose(sure.intercept, plain.intercept, atol=1e-3)


def test_uncertain_answers_find_the_same_slope(sample):
    log_probability, classes, weight = sample
    rng = np.random.default_rng(1)
    seen = np.where(rng.random(3000) < 0.8, classes, (classes + rng.integers(1, 3, 3000)) % 3)
    table = np.log(np.full((3, 3), 0.1) + 0.7 * np.eye(3))
    assert calibrate(log_probability, table[seen], weight).slope == pytest.approx(1, abs=0.15)


def test_noise_is_flattened_to_the_shares_of_the_classes():
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 2, 200)
    against = np.where(classes[:, None] == np.arange(2), np.log(0.4), np.log(0.6))
    found = calibrate(against, known(classes, 2), np.ones(200))
    assert found.slope == 0
    np.testing.assert_allclose(np.exp(found.log_probability(against))[:, 0], (classes == 0).mean(), atol=1e-4)


def test_the_mean_of_calibrated_probabilities_is_the_share_that_answers_show(sample):
    log_probability, classes, weight = sample
    tilted = log_softmax(log_probability + np.array([1.0, 0.0, -1.0]), axis=1)
    found = calibrate(tilted, known(classes, 3), weight)
    mean = np.average(np.exp(found.log_probability(tilted)), axis=0, weights=weight)
    np.testing.assert_allclose(mean, np.bincount(classes, weight) / weight.sum(), atol=1e-4)


def test_weights_count_like_repeated_respondents(sample):
    log_probability, classes, _ = sample
    times = np.arange(300) % 4
    rows = np.repeat(np.arange(300), times)
    density = known(classes, 3) / 40
    once = calibrate(log_probability[:300], density[:300], times.astype(float))
    repeated = calibrate(log_probability[rows], density[rows], np.ones(len(rows)))
    np.testing.assert_allclose(once.intercept, repeated.intercept, atol=1e-4)
    assert once.slope == pytest.approx(repeated.slope, abs=1e-4)


def test_recentring_moves_totals_to_those_of_other_respondents(sample):
    log_probability, classes, weight = sample
    density = known(classes, 3) / 40
    found = recentred(Calibrator(np.zeros(3), 0.7), log_probability, density, weight)
    prior = found.log_probability(log_probability)
    assert found.slope == 0.7
    np.testing.assert_allclose(weight @ np.exp(prior), weight @ posterior(prior, density), rtol=1e-6)


def test_two_classes_are_platt_scaling():
    probability = np.array([[0.9, 0.1], [0.5, 0.5]])
    found = np.exp(Calibrator(np.array([0.3, 0.0]), 0.5).log_probability(np.log(probability)))
    np.testing.assert_allclose(logit(found[:, 0]), 0.3 + 0.5 * logit(probability[:, 0]))
    assert shares(np.log(probability), np.ones(2))[0] > 0.5

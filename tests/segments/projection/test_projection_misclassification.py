"""Errors of classification: exact over all answers, and quantification by hand and by brute force."""

import itertools

import numpy as np
import pytest
from projection_worlds import true_components
from scipy.optimize import minimize

from segmodels.errors import InputError
from segmodels.segments.projection.misclassification import (
    classification_table,
    quantify,
    unbiased_indicators,
)


@pytest.fixture(scope="module")
def all_answers():
    """Every pattern of six answers, its probability, and that in each class."""
    parts = true_components()
    codes = np.array(list(itertools.product((0, 1), repeat=6)))
    joint = np.exp(parts.log_joint_classes(codes))
    return parts.posterior(codes), joint.sum(axis=1), joint / parts.class_shares


def test_the_table_is_the_models_own(all_answers):
    posterior, probability, given_class = all_answers
    table = classification_table(posterior, posterior, probability)
    np.testing.assert_allclose(table, given_class.T @ posterior, atol=1e-12)
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_the_mean_of_the_indicators_given_the_class_is_the_class(all_answers):
    posterior, probability, given_class = all_answers
    indicators = unbiased_indicators(posterior, probability)
    np.testing.assert_allclose(given_class.T @ indicators, np.eye(3), atol=1e-10)
    np.testing.assert_allclose(indicators.sum(axis=1), 1)
    # Posteriors themselves are biased: a member of a class seems to be in others, too.
    assert (np.diag(given_class.T @ posterior) < 0.8).all()


def test_classes_that_answers_do_not_tell_apart_are_refused():
    with pytest.raises(InputError, match="do not tell apart"):
        unbiased_indicators(np.full((20, 2), 0.5), np.ones(20))


def test_quantification_inverts_the_table():
    table = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    truth = np.array([0.5, 0.3, 0.2])
    found, held_back = quantify(table, truth @ table)
    np.testing.assert_allclose(found, truth)
    assert not held_back


def test_outside_the_simplex_the_most_likely_shares_within_are_taken():
    table, mean = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.3, 0.1, 0.6]]), np.array([0.85, 0.1, 0.05])
    found, held_back = quantify(table, mean)
    assert held_back
    assert np.linalg.solve(table.T, mean).min() < 0

    def loss(q):
        return -mean @ np.log(table.T @ q)

    inside = {"type": "eq", "fun": lambda q: q.sum() - 1}
    best = minimize(loss, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints=inside, tol=1e-12)
    np.testing.assert_allclose(found, best.x, atol=1e-4)

"""Classification error and BCH weights: hand-worked, and what always holds."""

import numpy as np
import pytest

from segmodels.errors import Infeasible
from segmodels.segments.relate.bch import bch_weights
from segmodels.segments.relate.classification_error import classify, entropy_r2, relative_entropy

POSTERIOR = np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])


def test_modal_by_hand():
    found = classify(POSTERIOR, np.ones(3), "modal")
    assert found.assigned.tolist() == [[1, 0], [1, 0], [0, 1]]
    np.testing.assert_allclose(found.error, [[1.4 / 1.5, 0.1 / 1.5], [0.6 / 1.5, 0.9 / 1.5]])


def test_proportional_by_hand():
    found = classify(POSTERIOR, np.ones(3), "proportional")
    first = [0.64 + 0.36 + 0.01, 0.16 + 0.24 + 0.09]
    np.testing.assert_allclose(found.error[0], np.array(first) / 1.5)
    # The flow from a class to another is that back.
    np.testing.assert_allclose(found.error * found.mass[:, None], (found.error * found.mass[:, None]).T)


@pytest.mark.parametrize("assignment", ["modal", "proportional"])
def test_case_weights_are_replication_and_their_scale_is_nothing(assignment):
    twice = classify(POSTERIOR[[0, 0, 1, 2, 2, 2]], np.ones(6), assignment)
    weighted = classify(POSTERIOR, np.array([2.0, 1.0, 3.0]), assignment)
    scaled = classify(POSTERIOR, 7 * np.array([2.0, 1.0, 3.0]), assignment)
    np.testing.assert_allclose(weighted.error, twice.error)
    np.testing.assert_allclose(scaled.error, twice.error)


@pytest.mark.parametrize("assignment", ["modal", "proportional"])
def test_bch_weights_undo_the_error(assignment):
    rng = np.random.default_rng(1)
    posterior = rng.dirichlet([0.3, 0.3, 0.3], 200)
    weight = rng.gamma(2, size=200)
    found = classify(posterior, weight, assignment)
    weights = bch_weights(found)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    # The size of each class comes back: weights sum to the mass of its posteriors.
    np.testing.assert_allclose(weight @ weights, found.mass)
    assert weights.min() < 0


def test_a_class_that_nobody_is_assigned_to_is_told():
    posterior = np.array([[0.6, 0.4, 0.0], [0.1, 0.5, 0.4]])
    with pytest.raises(Infeasible, match=r"class number 3.*proportional"):
        classify(posterior, np.ones(2), "modal")


def test_classes_that_can_not_be_told_apart_have_no_bch():
    same = classify(np.full((4, 2), 0.5), np.ones(4), "proportional")
    with pytest.raises(Infeasible, match="two-step"):
        bch_weights(same)


def test_both_entropies_have_their_names():
    # One certain respondent, one of even chances: shares .75 and .25.
    posterior = np.array([[1.0, 0.0], [0.5, 0.5]])
    whole = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert relative_entropy(posterior, np.ones(2)) == pytest.approx(0.5)
    assert entropy_r2(posterior, np.ones(2)) == pytest.approx(1 - np.log(2) / 2 / whole)

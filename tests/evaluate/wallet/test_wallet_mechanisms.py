"""Which customers answer."""

from itertools import permutations

import numpy as np
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.wallet.mechanisms import MECHANISMS, log_weights, select

OWN = np.array([0.0, 1.0, 3.0, 20.0, 150.0])
ELSEWHERE = np.array([90.0, 0.0, 10.0, 40.0, 2.0])


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_customers_are_distinct_ascending_and_the_same_for_the_same_seed(mechanism):
    chosen = select(mechanism, OWN, ELSEWHERE, 3, np.random.default_rng(1))
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) == 3
    again = select(mechanism, OWN, ELSEWHERE, 3, np.random.default_rng(1))
    assert chosen.tolist() == again.tolist()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_draws_are_successive_with_probabilities_proportional_to_the_weights(mechanism):
    """The slow way: add up the probability of every order in which two of five are drawn."""
    weight = np.exp(log_weights(mechanism, OWN, ELSEWHERE))
    expected = np.zeros(5)
    for first, second in permutations(range(5), 2):
        p = weight[first] / weight.sum() * weight[second] / (weight.sum() - weight[first])
        expected[[first, second]] += p
    rng = np.random.default_rng(7)
    times = 20_000
    found = np.zeros(5)
    for _ in range(times):
        found[select(mechanism, OWN, ELSEWHERE, 2, rng)] += 1
    np.testing.assert_allclose(found / times, expected, atol=5 * np.sqrt(0.25 / times))


def test_weights_are_those_of_their_definition():
    buyers = np.log(OWN[1:])
    z = (buyers - buyers.mean()) / buyers.std()
    np.testing.assert_allclose(log_weights("own_spend", OWN, ELSEWHERE), np.append(z[0], z))
    np.testing.assert_allclose(
        log_weights("outside_spend", OWN, ELSEWHERE), (ELSEWHERE - ELSEWHERE.mean()) / ELSEWHERE.std()
    )


def test_own_spend_does_not_look_at_elsewhere_and_random_at_nothing():
    assert (log_weights("random", OWN, ELSEWHERE) == 0).all()
    assert (log_weights("own_spend", OWN, ELSEWHERE) == log_weights("own_spend", OWN, 0 * OWN)).all()


def test_equal_customers_are_alike_under_every_mechanism():
    for mechanism in MECHANISMS:
        assert (log_weights(mechanism, np.ones(4), np.ones(4)) == 0).all()


@pytest.mark.parametrize("size", [0, 5, 6])
def test_somebody_has_to_be_left(size):
    with pytest.raises(InputError, match="size"):
        select("random", OWN, ELSEWHERE, size, np.random.default_rng(1))


def test_what_can_not_be_done_is_refused():
    with pytest.raises(InputError, match="mechanism"):
        select("by phone", OWN, ELSEWHERE, 2, np.random.default_rng(1))
    with pytest.raises(InputError, match="no spend"):
        log_weights("own_spend", [0, 0], [1, 1])

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.likelihoods import ranking


def orderings(rows, presented=None):
    """Rows of placed items, and what else was presented, as the arrays of the density."""
    items = max(max(row, default=0) for row in [*rows, *(presented or [])]) + 1
    sets = presented or [range(items)] * len(rows)
    order = np.full((len(rows), items), -1, np.int64)
    for u, (row, there) in enumerate(zip(rows, sets, strict=True)):
        full = [*row, *(item for item in there if item not in row)]
        order[u, : len(full)] = full
    return order, np.array([len(row) for row in rows]), np.array([len(there) for there in sets])


def by_hand(utility, placed, presented):
    """The definition: one choice after the other."""
    left, total = list(presented), 0.0
    for item in placed:
        total += utility[item] - np.log(np.exp(utility[left]).sum())
        left.remove(item)
    return total


def random_rankings(rng, size, items):
    rows, sets = [], []
    for _ in range(size):
        there = rng.permutation(items)[: rng.integers(2, items + 1)]
        rows.append(list(there[: rng.integers(0, len(there) + 1)]))
        sets.append(list(there))
    sets[0] = list(range(items))
    return rows, sets


@pytest.mark.parametrize("items", [2, 4, 5])
@pytest.mark.parametrize("placed", [1, 2, 5])
def test_all_rankings_of_the_first_places_sum_to_one(items, placed):
    utility = np.random.default_rng(1).normal(0, 2, (3, items))
    rows = list(permutations(range(items), min(placed, items)))
    total = np.exp(ranking.log_densities(utility, *orderings(rows))).sum(axis=0)
    np.testing.assert_allclose(total, 1, rtol=1e-13)


def test_density_is_the_product_of_choices_also_over_what_was_presented():
    rng = np.random.default_rng(2)
    rows, sets = random_rankings(rng, 50, 6)
    utility = rng.normal(0, 2, (2, 6))
    expected = [[by_hand(b, row, there) for b in utility] for row, there in zip(rows, sets, strict=True)]
    np.testing.assert_allclose(ranking.log_densities(utility, *orderings(rows, sets)), expected, atol=1e-12)


@given(st.floats(-1e3, 1e3), st.integers(0, 1000))
def test_a_constant_and_the_order_of_items_change_nothing(constant, seed):
    rng = np.random.default_rng(seed)
    rows, sets = random_rankings(rng, 8, 5)
    utility, order = rng.normal(size=(1, 5)), rng.permutation(5)
    renamed = [[order[item] for item in row] for row in rows], [[order[item] for item in row] for row in sets]
    moved = np.empty((1, 5))
    moved[:, order] = utility + constant
    np.testing.assert_allclose(
        ranking.log_densities(utility, *orderings(rows, sets)),
        ranking.log_densities(moved, *orderings(*renamed)),
        atol=1e-9,
    )


def test_the_item_left_over_is_no_choice():
    utility = np.array([[1.0, -2.0, 0.5]])
    full, short = orderings([[2, 0, 1]]), orderings([[2, 0]])
    assert ranking.log_densities(utility, *full) == ranking.log_densities(utility, *short)
    np.testing.assert_array_equal(ranking.scores(utility, *full), ranking.scores(utility, *short))
    assert ranking.log_densities(utility, *orderings([[]])) == 0


def test_scores_and_moments_are_derivatives_of_the_density():
    rng = np.random.default_rng(3)
    data = orderings(*random_rankings(rng, 30, 5))
    utility, weight = rng.normal(size=(2, 5)), rng.uniform(0, 3, (30, 2))
    scores = ranking.scores(utility, *data)
    gradient, information = ranking.moments(utility, weight, *data)
    np.testing.assert_allclose(gradient, np.einsum("um,umj->mj", weight, scores), atol=1e-12)
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-5
        up, down = (ranking.log_densities(utility + s * step, *data) for s in (1, -1))
        np.testing.assert_allclose(scores[:, :, j], (up - down) / 2e-5, atol=1e-8)
        up, down = (ranking.moments(utility + s * step, weight, *data)[0] for s in (1, -1))
        np.testing.assert_allclose(information[:, j], (down - up) / 2e-5, atol=1e-6)


def test_total_is_the_mixture_summed_and_its_gradient_that_of_finite_differences():
    rng = np.random.default_rng(4)
    data = orderings(*random_rankings(rng, 40, 5))
    group, weight = rng.integers(0, 2, 40), rng.uniform(0, 3, 40)
    log_prior = np.log(rng.dirichlet(np.ones(3), 2).T)
    params = np.hstack([rng.normal(size=(3, 5)), log_prior])
    joint = np.exp(ranking.log_densities(params[:, :5], *data) + log_prior.T[group])
    total, gradient = ranking.total_and_gradient(params, *data, group, weight)
    assert total == pytest.approx(weight @ np.log(joint.sum(axis=1)), rel=1e-12)
    for place in np.ndindex(*params.shape):
        step = np.zeros(params.shape)
        step[place] = 1e-5
        up, down = (ranking.total_and_gradient(params + s * step, *data, group, weight)[0] for s in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-5, abs=1e-7)


def test_extremes_end_in_finite_numbers():
    utility = np.array([[800.0, 0.0, -900.0], [-1e6, 0.0, 1e6]])
    data = orderings([[2, 1, 0], [0], []])
    assert np.isfinite(ranking.log_densities(utility, *data)).all()
    gradient, information = ranking.moments(utility, np.ones((3, 2)), *data)
    assert np.isfinite(gradient).all()
    assert np.isfinite(information).all()


def test_the_expected_place_is_the_mean_over_all_rankings():
    utility = np.array([0.3, -1.0, 2.0, 0.0])
    rows = list(permutations(range(4)))
    p = np.exp(ranking.log_densities(utility[None], *orderings(rows)))[:, 0]
    places = np.argsort(np.array(rows), axis=1) + 1
    np.testing.assert_allclose(ranking.expected_place(utility), p @ places, rtol=1e-12)
    assert ranking.expected_place(utility).sum() == pytest.approx(10)
    first = [p[np.array(rows)[:, 0] == item].sum() for item in range(4)]
    np.testing.assert_allclose(ranking.first_choice(utility), first, rtol=1e-12)


def test_simulated_rankings_have_the_density():
    utility = np.array([1.0, 0.0, -0.5, 0.4])
    drawn = ranking.simulate(np.random.default_rng(5), np.tile(utility, (60_000, 1)))
    rows = list(permutations(range(4)))
    p = np.exp(ranking.log_densities(utility[None], *orderings(rows)))[:, 0]
    codes = drawn @ 4 ** np.arange(4)
    counts = np.array([(codes == np.array(row) @ 4 ** np.arange(4)).sum() for row in rows])
    chi2 = ((counts - 60_000 * p) ** 2 / (60_000 * p)).sum()
    assert chi2 < 60  # 23 degrees of freedom

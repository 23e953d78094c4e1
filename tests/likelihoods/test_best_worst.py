from itertools import pairwise, permutations

import numpy as np
import pytest

from segmodels.likelihoods import best_worst as bw


def all_answers(shown):
    """Every pair of best and worst of a set, as tasks."""
    pairs = list(permutations([item for item in shown if item >= 0], 2))
    return np.tile(shown, (len(pairs), 1)), *np.array(pairs).T


def by_hand(b, shown, best, worst, joint):
    there = [item for item in shown if item >= 0]
    if best >= 0 and worst >= 0 and joint:
        return b[best] - b[worst] - np.log(sum(np.exp(b[i] - b[j]) for i, j in permutations(there, 2)))
    total = 0.0
    if best >= 0:
        total += b[best] - np.log(sum(np.exp(b[i]) for i in there))
    if worst >= 0:
        total += -b[worst] - np.log(sum(np.exp(-b[i]) for i in there if i != best))
    return total


def random_tasks(rng, size, items):
    shown = np.array([rng.permutation(items)[:4] for _ in range(size)])
    shown[::3, 3] = -1
    answer = np.array([rng.permutation(row[row >= 0])[:2] for row in shown])
    best, worst = answer.T.copy()
    best[1::5], worst[2::5] = -1, -1
    return shown, best, worst, rng.integers(0, 2, size)


@pytest.mark.parametrize("joint", [0, 1])
@pytest.mark.parametrize("shown", [[0, 1], [3, 0, 4, 1], [2, 1, 0, -1], [0, 1, 2, 3, 4]])
def test_all_pairs_sum_to_one(shown, joint):
    utility = np.random.default_rng(1).normal(0, 2, (3, 5))
    tasks = all_answers(np.array(shown))
    p = np.exp(bw.log_densities(utility, *tasks, np.full(len(tasks[1]), joint)))
    np.testing.assert_allclose(p.sum(axis=0), 1, rtol=1e-13)


def test_density_is_the_definition():
    rng = np.random.default_rng(2)
    tasks, utility = random_tasks(rng, 60, 6), rng.normal(0, 2, (2, 6))
    expected = [[by_hand(b, *task) for b in utility] for task in zip(*tasks, strict=True)]
    np.testing.assert_allclose(bw.log_densities(utility, *tasks), expected, atol=1e-12)


def test_of_two_items_both_forms_are_the_same():
    utility, tasks = np.array([[0.7, -0.4]]), (np.array([[0, 1]]), np.array([0]), np.array([1]))
    each = [bw.log_densities(utility, *tasks, np.array([joint]))[0, 0] for joint in (0, 1)]
    assert each[0] == pytest.approx(-np.log1p(np.exp(-1.1)))
    assert each[1] == pytest.approx(
        -np.log1p(np.exp(-2.2))
    )  # a pair e^(b_i - b_j) counts the difference twice


def test_constants_and_the_names_of_items_change_nothing():
    rng = np.random.default_rng(3)
    shown, best, worst, joint = random_tasks(rng, 30, 6)
    utility, new = rng.normal(size=(1, 6)), np.append(rng.permutation(6), -1)
    moved = np.empty((1, 6))
    moved[:, new[:6]] = utility + 17
    renamed = new[shown], new[best], new[worst], joint
    np.testing.assert_allclose(
        bw.log_densities(utility, shown, best, worst, joint), bw.log_densities(moved, *renamed), atol=1e-12
    )


def test_scores_and_moments_are_derivatives_of_the_density():
    rng = np.random.default_rng(4)
    tasks, utility = random_tasks(rng, 40, 6), rng.normal(size=(2, 6))
    weight = rng.uniform(0, 3, (40, 2))
    scores = bw.scores(utility, *tasks)
    gradient, information = bw.moments(utility, weight, *tasks)
    np.testing.assert_allclose(gradient, np.einsum("tm,tmj->mj", weight, scores), atol=1e-12)
    for j in range(6):
        step = np.zeros(6)
        step[j] = 1e-5
        up, down = (bw.log_densities(utility + s * step, *tasks) for s in (1, -1))
        np.testing.assert_allclose(scores[:, :, j], (up - down) / 2e-5, atol=1e-8)
        up, down = (bw.moments(utility + s * step, weight, *tasks)[0] for s in (1, -1))
        np.testing.assert_allclose(information[:, j], (down - up) / 2e-5, atol=1e-6)


def test_total_is_the_mixture_summed_and_its_gradient_that_of_finite_differences():
    rng = np.random.default_rng(5)
    tasks = random_tasks(rng, 12, 5)
    start, task = np.array([0, 3, 3, 8, 10]), rng.integers(0, 12, 10)
    group, weight = np.array([0, 1, 1, 0]), rng.uniform(0, 3, 4)
    log_prior = np.log(rng.dirichlet(np.ones(3), 2).T)
    params = np.hstack([rng.normal(size=(3, 5)), log_prior])
    each = bw.log_densities(params[:, :5], *tasks)
    joint = np.array([each[task[a:b]].sum(axis=0) for a, b in pairwise(start)])
    np.testing.assert_allclose(bw.sum_tasks(each, start, task), joint, atol=1e-12)
    expected = weight @ np.log(np.exp(joint + log_prior.T[group]).sum(axis=1))
    arrays = (*tasks, start, task, group, weight)
    total, gradient = bw.total_and_gradient(params, *arrays)
    assert total == pytest.approx(expected, rel=1e-12)
    for place in np.ndindex(*params.shape):
        step = np.zeros(params.shape)
        step[place] = 1e-5
        up, down = (bw.total_and_gradient(params + s * step, *arrays)[0] for s in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-5, abs=1e-7)


def test_spreading_is_the_transpose_of_summing():
    rng = np.random.default_rng(6)
    start, task = np.array([0, 2, 2, 7]), rng.integers(0, 4, 7)
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    left = (bw.sum_tasks(x, start, task) * y).sum()
    assert left == pytest.approx((x * bw.spread_tasks(y, start, task, 4)).sum())


@pytest.mark.parametrize("joint", [False, True])
def test_simulated_choices_have_the_density(joint):
    shown, size = np.array([4, 1, 2, -1]), 40_000
    utility = np.array([5.0, 1.0, -0.5, 9.0, 0.4])
    best, worst = bw.simulate(
        np.random.default_rng(7), np.tile(utility, (size, 1)), np.tile(shown, (size, 1)), joint=joint
    )
    tasks = all_answers(shown)
    p = np.exp(bw.log_densities(utility[None], *tasks, np.full(6, int(joint))))[:, 0]
    counts = np.array([((best == b) & (worst == w)).sum() for b, w in zip(*tasks[1:], strict=True)])
    assert counts.sum() == size
    assert ((counts - size * p) ** 2 / (size * p)).sum() < 25  # 5 degrees of freedom


@pytest.mark.parametrize("joint", [False, True])
def test_what_was_not_asked_is_not_drawn_and_the_other_is_one_choice(joint):
    size, utility = 40_000, np.array([1.0, 0.0, -1.0])
    args = np.tile(utility, (size, 1)), np.tile(np.arange(3), (size, 1))
    rng, worst_only = np.random.default_rng(8), np.arange(size) % 2 == 0
    best, worst = bw.simulate(rng, *args, joint=joint, ask_best=~worst_only, ask_worst=worst_only)
    assert (best[worst_only] == -1).all()
    assert (worst[~worst_only] == -1).all()
    for chosen, sign in ((best[~worst_only], 1), (worst[worst_only], -1)):
        p = np.exp(sign * utility) / np.exp(sign * utility).sum()
        np.testing.assert_allclose(np.bincount(chosen) / (size / 2), p, atol=0.01)


def test_extremes_end_in_finite_numbers():
    utility = np.array([[900.0, 0.0, -900.0]])
    tasks = all_answers(np.arange(3))
    for joint in (0, 1):
        kind = np.full(6, joint)
        assert np.isfinite(bw.log_densities(utility, *tasks, kind)).all()
        gradient, information = bw.moments(utility, np.ones((6, 1)), *tasks, kind)
        assert np.isfinite(gradient).all()
        assert np.isfinite(information).all()

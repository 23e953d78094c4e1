"""True accuracy against brute force, its laws, and simulation."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from segmodels.errors import InputError
from segmodels.segments.typing_tool.accuracy import accuracy
from segmodels.segments.typing_tool.agreement import implied_agreement, tabulate
from segmodels.segments.typing_tool.joint import Effort, Sample, enumerated, pattern_count, winners

FEW = Effort(patterns=0, draws=40_000)


def all_patterns(components):
    return np.array(list(product(*(range(item.size) for item in components.items))), int)


@pytest.fixture(params=["plain", "styled"])
def components(request):
    return request.getfixturevalue(request.param)


def brute_force(components, questions):
    """Sum over patterns one at a time, from the definition."""
    kept = components.restrict(questions)
    table = np.zeros((components.n_classes, components.n_classes))
    for pattern in all_patterns(kept):
        joint = np.zeros(components.n_classes)
        for m, k in enumerate(components.class_of):
            tables = zip(kept.log_probability, pattern, strict=True)
            joint[k] += np.exp(components.log_weight[m] + sum(t[c, m] for t, c in tables))
        table[:, joint.argmax()] += joint
    return table


@pytest.mark.parametrize("questions", [("q2",), ("q4", "q1"), ("q3", "q2", "q1"), ("q1", "q2", "q3", "q4")])
def test_enumeration_is_the_sum_over_patterns(components, questions):
    found = accuracy(components, questions, seed=1)
    table = brute_force(components, questions)
    assert found.exact
    assert found.table == pytest.approx(table, abs=1e-12)
    assert found.overall == pytest.approx(np.trace(table), abs=1e-12)
    assert found.recall.to_numpy() == pytest.approx(np.diag(table) / components.class_shares)
    assert found.worst[1] == pytest.approx((np.diag(table) / components.class_shares).min())


def test_blocks_come_in_the_order_of_counting(components):
    joint = np.concatenate(list(enumerated(components)), axis=1)
    expected = np.exp(components.log_joint_classes(all_patterns(components))).T
    assert joint == pytest.approx(expected, rel=1e-12)
    assert joint.sum() == pytest.approx(1, abs=1e-9)


def test_no_block_is_large(monkeypatch, components):
    whole = np.concatenate(list(enumerated(components)), axis=1)
    monkeypatch.setattr("segmodels.segments.typing_tool.joint._BLOCK", 8)
    blocks = list(enumerated(components))
    assert len(blocks) > 3
    assert np.concatenate(blocks, axis=1) == pytest.approx(whole, rel=1e-14)


def test_the_ceiling_is_the_expected_largest_posterior(components):
    codes, truth = components.simulate(40_000, np.random.default_rng(3))
    posterior = components.posterior(codes)
    largest = posterior.max(axis=1)
    found = accuracy(components, seed=1)
    error = largest.std() / np.sqrt(len(largest))
    assert found.overall == pytest.approx(largest.mean(), abs=4 * error)
    hit = posterior.argmax(axis=1) == truth
    assert found.overall == pytest.approx(hit.mean(), abs=4 * np.sqrt(0.25 / len(hit)))


def test_simulation_agrees_within_its_standard_error(components):
    exact = accuracy(components, ("q1", "q3"), seed=1)
    drawn = accuracy(components, ("q1", "q3"), seed=1, effort=FEW)
    assert not drawn.exact
    assert 0 < drawn.standard_error < 0.002
    assert drawn.overall == pytest.approx(exact.overall, abs=4 * drawn.standard_error)
    assert drawn.table == pytest.approx(exact.table, abs=0.01)
    assert drawn.table.sum() == pytest.approx(1)


def test_the_standard_error_is_that_of_repetition(plain):
    runs = [accuracy(plain, ("q2", "q4"), seed=s, effort=Effort(patterns=0, draws=500)) for s in range(60)]
    spread = np.std([run.overall for run in runs], ddof=1)
    assert runs[0].standard_error == pytest.approx(spread, rel=0.35)


def test_same_seed_same_figures(plain):
    one, same, other = (accuracy(plain, seed=seed, effort=FEW).table for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_simulated_posteriors_are_those_of_the_model(components):
    sample = Sample.draw(components, 50, seed=1, stream=0)
    kept = components.restrict(["q3", "q1"])
    expected = kept.posterior(sample.codes[:, [2, 0]])
    assert pytest.approx(expected, abs=1e-12) == sample.joint(sample.asked(["q3", "q1"])).T * 50


def test_the_value_lost_is_the_least_over_treatments(plain):
    loss = np.array([[0.0, 5.0, 1.0], [2.0, 0.0, 2.0], [9.0, 1.0, 0.0]])
    joint = np.exp(plain.restrict(["q2", "q4"]).log_joint_classes(all_patterns(plain.restrict(["q2", "q4"]))))
    expected = sum(min(row @ loss[:, s] for s in range(3)) for row in joint)
    assert accuracy(plain, ["q2", "q4"], seed=1, loss=loss).value_lost == pytest.approx(expected)
    hits = 1 - np.eye(3)
    found = accuracy(plain, ["q2", "q4"], seed=1, loss=hits)
    assert found.value_lost == pytest.approx(1 - found.overall)


def test_equally_probable_classes_go_to_the_first():
    joint = np.array([[0.2, 0.3, 0.5], [0.2 + 1e-12, 0.3 + 1e-6, 0.1]])
    assert winners(joint).tolist() == [0, 1, 0]
    assert winners(joint * 1e-200).tolist() == [0, 1, 0]


def test_agreement_with_the_battery_against_brute_force(components):
    questions = ("q3", "q1")
    kept = components.restrict(questions)
    table = np.zeros((3, 3))
    for pattern in all_patterns(components):
        joint = np.exp(components.log_joint_classes(pattern[None]))[0]
        short = kept.posterior(pattern[None, [2, 0]])[0]
        table[joint.argmax(), short.argmax()] += joint.sum()
    found = implied_agreement(components, questions, seed=1)
    assert found.confusion.to_numpy() == pytest.approx(table, abs=1e-12)
    assert found.standard_error == 0
    drawn = implied_agreement(components, questions, seed=1, effort=FEW)
    assert drawn.overall == pytest.approx(found.overall, abs=5 * drawn.standard_error)


def test_all_items_agree_with_themselves(components):
    assert implied_agreement(components, components.item_names, seed=1).overall == pytest.approx(1)


def test_agreement_is_weighted_and_counts_who_is_in_no_segment():
    reference, placed = np.array([0, 0, 1, 1]), np.array([0, 1, 1, -1])
    found = tabulate(("a", "b"), reference, placed, np.array([3.0, 1.0, 2.0, 2.0]))
    assert found.confusion.to_numpy().tolist() == [[0.375, 0.125, 0.0], [0.0, 0.25, 0.25]]
    assert found.overall == 0.625
    assert found.recall.tolist() == [0.75, 0.5]
    assert found.precision.tolist() == pytest.approx([1, 2 / 3])
    assert found.effective == pytest.approx(64 / 18)


def test_an_impossible_pattern_changes_nothing(plain):
    first = np.exp(plain.log_probability[0])
    first[:, 0] = [0, 1]
    sure = replace(plain, log_probability=(np.log(np.maximum(first, 1e-300)), *plain.log_probability[1:]))
    table = brute_force(sure, ("q1", "q2"))
    assert accuracy(sure, ("q1", "q2"), seed=1).table == pytest.approx(table, abs=1e-12)
    assert pattern_count(sure) == 96


def test_effort_is_checked():
    with pytest.raises(InputError, match="patterns, draws"):
        Effort(patterns=-1, draws=1)

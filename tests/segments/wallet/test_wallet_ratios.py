"""Ratios of segments: pooled as far as their answers are unsure, right on average, and their errors hold."""

import numpy as np
import pytest

from segmodels.segments.wallet.ratios import Ratios


def _ratios(rng, sizes, deviations, *, cv=1.2, seed=1):
    """Answers of segments whose truth is 1 + deviation times 1.3 times what is expected."""
    code = np.repeat(np.arange(len(sizes)), sizes)
    expected = rng.gamma(2.0, 20.0, len(code))
    shape = 1 / cv**2
    answered = expected * 1.3 * (1 + deviations[code]) * rng.gamma(shape, 1 / shape, len(code))
    keys = np.arange(len(code), dtype=np.uint64)
    return Ratios(answered, expected, np.ones(len(code)), code, len(sizes), keys, seed)


def test_one_segment_is_all():
    one = _ratios(np.random.default_rng(1), [50], np.zeros(1))
    assert one.factor[0] == one.factor[1] == one.whole
    drawn = one.drawn(np.arange(20))
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_many_answers_keep_their_deviation_and_few_do_not():
    rng, deviations = np.random.default_rng(2), np.array([0.4, -0.3, 0.1, -0.2])
    many = _ratios(rng, [4000, 4000, 4000, 4000], deviations)
    assert many.reliability.min() > 0.95
    np.testing.assert_allclose(many.factor[:4], 1.3 * (1 + deviations), rtol=0.08)
    few = _ratios(rng, [4000, 4000, 4000, 5], deviations)
    assert few.reliability[3] < 0.4


def test_pooled_factors_are_nearer_the_truth_than_own_or_common_ones():
    rng, errors = np.random.default_rng(3), []
    sizes = np.array([4, 8, 15, 30, 60, 90])
    for _ in range(200):
        deviations = np.clip(rng.normal(0, 0.25, 6), -0.8, None)
        found = _ratios(rng, sizes, deviations)
        truth = 1.3 * (1 + deviations)
        own = found.whole * (1 + found.observed[0])
        errors.append(
            [((each - truth) ** 2).mean() for each in (found.factor[:6], own, np.full(6, found.whole))]
        )
    pooled, own, common = np.mean(errors, axis=0)
    assert pooled < 0.8 * own
    assert pooled < 0.95 * common


def test_intervals_of_the_factors_nearly_hold():
    """Of skewed answers, from 6 a segment: the normal approximation leaves 0.85 of 0.9."""
    rng, inside = np.random.default_rng(4), []
    sizes = np.array([6, 12, 25, 50, 100, 200])
    for run in range(150):
        deviations = np.clip(rng.normal(0, 0.3, 6), -0.8, None)
        found = _ratios(rng, sizes, deviations, seed=run)
        low, high = np.quantile(found.drawn(np.arange(400))[:6], [0.05, 0.95], axis=1)
        truth = 1.3 * (1 + deviations)
        inside.append((low <= truth) & (truth <= high))
    assert abs(np.mean(inside) - 0.87) < 0.05


def test_draws_centre_on_the_factor_and_are_never_negative():
    found = _ratios(np.random.default_rng(5), [3, 40, 80], np.array([-0.9, 0.2, 0.1]), cv=1.5)
    drawn = found.drawn(np.arange(4000))
    assert drawn.min() > 0
    np.testing.assert_allclose(drawn[1:].mean(axis=1), found.factor[1:], rtol=0.03)
    logs = np.log(drawn[1:]).std(axis=1)
    np.testing.assert_allclose(logs, found.standard_error[1:], rtol=0.2)


def test_segments_without_answers_are_as_unsure_as_segments_differ():
    rng = np.random.default_rng(6)
    found = _ratios(rng, [300, 300, 300, 300, 0], np.array([0.4, -0.4, 0.3, -0.3, 0.0]))
    assert found.factor[4] == found.whole
    assert found.reliability[4] == 0
    assert found.standard_error[4] > 2 * found.standard_error[:4].max()


@pytest.mark.parametrize("numbers", [np.array([9, 2]), np.arange(3)])
def test_a_draw_is_that_of_its_number(numbers):
    found = _ratios(np.random.default_rng(7), [20, 30], np.array([0.1, -0.1]))
    np.testing.assert_array_equal(found.drawn(numbers), found.drawn(np.arange(12))[:, numbers])


def test_answers_just_as_expected_leave_nothing_open():
    one = np.ones(40)
    found = Ratios(3 * one, 2 * one, one, np.repeat([0, 1], 20), 2, np.arange(40, dtype=np.uint64), 1)
    assert found.factor.tolist() == [1.5, 1.5, 1.5]
    np.testing.assert_allclose(found.drawn(np.arange(5)), 1.5)

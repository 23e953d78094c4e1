"""Means over draws: those that rest on a few of them are told."""

import numpy as np
import pytest

from segmodels.segments.wallet.monte_carlo import draws_suffice


def test_the_error_is_the_standard_error_of_the_mean():
    draws = np.random.default_rng(1).gamma(4.0, 10.0, (3, 2000))
    found = draws_suffice(("a", "b", "c"), draws)
    assert found.passed
    assert found.table["segment"].tolist() == ["a", "b", "c", "total"]
    assert found.table["error"].iloc[0] == pytest.approx(0.5 / np.sqrt(2000), rel=0.05)
    assert found.table["part"].iloc[:3].sum() == pytest.approx(1.0)


def test_a_mean_outside_its_interval_does_not_pass():
    draws = np.ones((2, 400))
    draws[1, :8] = 2000
    found = draws_suffice(("sure", "wild"), draws)
    assert found.passed is False
    assert "'wild': mean" in found.text
    assert "'sure'" not in found.text


def test_a_small_segment_decides_nothing_and_one_draw_says_nothing():
    draws = np.vstack([np.full(400, 1e6), np.exp(3 * np.random.default_rng(2).normal(size=400))])
    assert draws_suffice(("large", "small"), draws).passed
    assert draws_suffice(("a",), np.ones((1, 1))).passed is None
    assert draws_suffice(("nothing",), np.zeros((1, 50))).passed

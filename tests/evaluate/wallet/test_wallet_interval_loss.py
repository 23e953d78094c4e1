"""Quantile loss of answers that are intervals: rounded alike, the right prediction loses least."""

import numpy as np
import pytest
from scipy.stats import lognorm

from segmodels.evaluate.wallet.interval_loss import interval_losses
from segmodels.evaluate.wallet.scores import PINBALL, pinball

NONE, LAW = 0.3, lognorm(0.8, scale=90.0)


def quantile(level):
    return LAW.ppf((level - NONE) / (1 - NONE)) if level > NONE else 0.0


def cells(own, width, most=2_000):
    """Cells of spend elsewhere where the total is rounded, cut off at 0, and their probabilities."""
    edges = np.arange(1, most) * width - own % width - width / 2
    edges = np.append(0.0, edges[edges > 0])
    edges = edges[LAW.sf(edges) > 1e-9]
    chance = (1 - NONE) * np.diff(LAW.cdf(edges))
    chance[0] += NONE
    return edges[:-1], edges[1:], chance


def expected(own, width, level, candidates, loss):
    low, high, chance = cells(own, width)
    return np.array([chance @ loss(low, high, q, level) for q in candidates])


def by_cell(low, high, q, level):
    return interval_losses(low, high, np.full((len(low), 1), q), [level])[:, 0]


def by_middle(low, high, q, level):
    return pinball((low + high) / 2, q, level)


def test_exact_answers_have_the_quantile_loss():
    rng = np.random.default_rng(1)
    y, q = np.append(rng.gamma(1.0, 50.0, 40), 0.0), rng.gamma(1.0, 50.0, (41, len(PINBALL)))
    wanted = np.column_stack([pinball(y, q[:, k], level) for k, level in enumerate(PINBALL)])
    np.testing.assert_allclose(interval_losses(y, y, q, PINBALL), wanted)


def test_cells_are_counted_by_hand():
    # (30, 50] and its grid: ..., (-10, 10], (10, 30], (30, 50], (50, 70], ...
    wanted = {0.0: 0.7 * 40, 9.0: 0.7 * 40, 10.0: 0.7 * 40, 11.0: 0.7 * 20, 30.0: 0.7 * 20, 31.0: 0, 50.0: 0}
    wanted |= {51.0: 0.3 * 20, 70.0: 0.3 * 20, 71.0: 0.3 * 40}
    found = interval_losses(np.full(10, 30.0), np.full(10, 50.0), np.array(list(wanted))[:, None], [0.7])
    np.testing.assert_allclose(found[:, 0], list(wanted.values()))


def test_an_interval_from_0_loses_nothing_inside_and_borrows_its_grid_above():
    low, high = np.array([0.0, 0.0, 0.0, 40.0, 60.0]), np.array([12.0, 12.0, 12.0, 80.0, 100.0])
    found = interval_losses(low, high, np.array([[0.0], [12.0], [13.0], [50.0], [70.0]]), [0.5])[:, 0]
    assert found.tolist() == [0, 0, 20, 0, 0]
    # Without another interval there are no cells above: the distance.
    alone = interval_losses(low[:3], high[:3], np.array([[5.0], [13.0], [50.0]]), [0.5])[:, 0]
    assert alone.tolist() == [0, 0.5, 19]


@pytest.mark.parametrize("level", PINBALL)
@pytest.mark.parametrize("width", [20.0, 150.0, 400.0])
def test_the_true_quantile_has_the_least_expected_loss_however_coarse_the_answers(level, width):
    """Summed over the law, not simulated; with any own spend, which shifts the grid."""
    candidates = np.append(quantile(level), np.linspace(0, 900, 301))
    # Of 110 and 20 an edge of the grid lies on 0.
    for own in (3.0, 37.0, 110.0, 399.0):
        losses = expected(own, width, level, candidates, by_cell)
        assert losses[0] <= losses.min() + 1e-6


def test_the_middle_of_an_interval_would_favour_a_wrong_prediction():
    """Of wide intervals from 0 the truth, a first decile of nothing at all, would lose to something."""
    candidates = np.array([quantile(0.1), 30.0])
    middle = expected(100.0, 150.0, 0.1, candidates, by_middle)
    cell = expected(100.0, 150.0, 0.1, candidates, by_cell)
    assert candidates[0] == 0
    assert middle[1] < middle[0]
    assert cell[0] <= cell[1]


def test_fine_rounding_costs_nothing():
    rng = np.random.default_rng(2)
    y, q = rng.gamma(1.0, 80.0, 4_000) + 1, rng.gamma(1.0, 80.0, (4_000, 1)) + 1
    cell = np.floor(y / 0.5) * 0.5
    found = interval_losses(cell, cell + 0.5, q, [0.8])[:, 0]
    np.testing.assert_allclose(found, pinball(y, q[:, 0], 0.8), atol=0.5)
    assert found.mean() == pytest.approx(pinball(y, q[:, 0], 0.8).mean(), rel=1e-3)


def test_no_unit_of_money_changes_a_loss():
    low, high, _ = cells(37.0, 64.0)
    q = np.linspace(1, 999, len(low))[:, None]
    one, cents = (interval_losses(f * low, f * high, f * q, [0.8]) for f in (1.0, 128.0))
    np.testing.assert_allclose(cents, 128 * one)


def test_what_is_not_predicted_has_no_loss():
    found = interval_losses(
        np.array([0.0, 3.0, 5.0]), np.array([4.0, 7.0, 5.0]), np.full((3, 2), np.nan), [0.1, 0.9]
    )
    assert np.isnan(found).all()

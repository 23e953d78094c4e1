"""Scores of predicted elsewhere spend, on tables worked by hand and against laws."""

import numpy as np
import pytest
from scipy.stats import lognorm, spearmanr

from segmodels.errors import InputError
from segmodels.evaluate.wallet.scores import (
    BEST,
    LEVELS,
    Predicted,
    coverage,
    interval_score,
    pinball,
    rank_correlation,
    segment_rmse,
    wallet_scores,
)


def hurdle_lognormal(p0, mu, sigma):
    """Exact quantiles, mean and atom of a hurdle log-normal."""
    levels = np.array(LEVELS)
    inner = np.clip((levels - p0[:, None]) / (1 - p0[:, None]), 0, 1)
    quantiles = np.where(
        levels > p0[:, None], lognorm.ppf(inner, sigma[:, None], scale=np.exp(mu)[:, None]), 0
    )
    return Predicted(quantiles, (1 - p0) * np.exp(mu + sigma**2 / 2), p0)


@pytest.fixture(scope="module")
def calibrated():
    rng = np.random.default_rng(5)
    n = 60_000
    p0, mu, sigma = rng.choice([0, 0.03, 0.3, 0.6, 0.95], n), rng.normal(2, 1, n), rng.uniform(0.3, 0.8, n)
    c = np.where(rng.random(n) < p0, 0.0, rng.lognormal(mu, sigma))
    return hurdle_lognormal(p0, mu, sigma), c


def test_a_table_worked_by_hand():
    #                         .025 .1 .5 .8 .9 .975
    quantiles = np.array([[0, 0, 2, 4, 6, 8], [1, 2, 4, 6, 8, 10], [0, 0, 0, 0, 0, 1]], float)
    predicted = Predicted(quantiles, np.array([3.0, 5.0, 0.5]), np.array([0.2, 0.0, 0.95]))
    scores = wallet_scores(predicted, [2, 2, 2], [0.0, 9.0, 0.0], ["a", "b", "a"])
    # Mean C is 3. Losses at .1: 0, .7, 0; .5: 1, 2.5, 0; .8: .8, 2.4, 0; .9: .6, .9, 0.
    assert scores["pinball_10"] == pytest.approx(0.7 / 9)
    assert scores["pinball_50"] == pytest.approx(3.5 / 9)
    assert scores["pinball_80"] == pytest.approx(3.2 / 9)
    assert scores["pinball_90"] == pytest.approx(1.5 / 9)
    assert scores["pinball"] == pytest.approx(8.9 / 36)
    # Randomised PIT: half of (0, .2) is above .1; 9 is above Q.9; .8 of .95 lies in (.1, .9).
    assert scores["coverage_80"] == pytest.approx((0.5 + 0 + 0.8 / 0.95) / 3)
    assert scores["coverage_95"] == pytest.approx((0.175 / 0.2 + 1 + 0.925 / 0.95) / 3)
    assert scores["below_90"] == pytest.approx(2 / 3)
    assert scores["below_90_own"] == pytest.approx((0.9 + 0.9 + 0.95) / 3)
    # 80 per cent: 6; 6 and ten times 1; 0. 95 per cent: 8; 9; 1.
    assert scores["interval_80"] == pytest.approx((6 + 16 + 0) / 9)
    assert scores["interval_95"] == pytest.approx((8 + 9 + 1) / 9)
    assert scores["mae"] == pytest.approx((2 + 5 + 0) / 9)
    assert scores["rmse"] == pytest.approx(np.sqrt((9 + 16 + 0.25) / 3) / 3)
    assert scores["spearman"] == pytest.approx(spearmanr([3, 5, 0.5], [0, 9, 0])[0])
    assert scores["top_decile"] == pytest.approx(1)
    assert scores["total_wallet"] == pytest.approx((6 + 8.5) / (6 + 9))
    assert scores["total_elsewhere"] == pytest.approx(8.5 / 9)
    # Segment a truly spends nothing.
    assert np.isnan(scores["segment_rmse"])
    assert set(scores) == set(BEST)


def test_perfect_foresight_is_best_of_everything():
    c = np.array([1.0, 2.0, 3.0, 50.0])
    exact = Predicted(np.repeat(c[:, None], len(LEVELS), axis=1), c, np.zeros(4))
    scores = wallet_scores(exact, [1, 1, 1, 1], c, ["a", "a", "b", "b"])
    for name, best in BEST.items():
        if best == "least":
            assert scores[name] == 0, name
    for name in ("spearman", "top_decile", "total_wallet", "total_elsewhere"):
        assert scores[name] == pytest.approx(1), name


def test_a_calibrated_prediction_covers_as_it_says_atoms_included(calibrated):
    predicted, c = calibrated
    scores = wallet_scores(predicted, np.ones(len(c)), c)
    error = 4 * np.sqrt(0.25 / len(c))
    assert scores["coverage_80"] == pytest.approx(0.8, abs=error)
    assert scores["coverage_95"] == pytest.approx(0.95, abs=error)
    assert scores["below_90"] == pytest.approx(scores["below_90_own"], abs=error)
    assert scores["below_90_own"] > 0.9
    # What is called 80 per cent covers far more where it begins at the atom: the trap.
    naive = (predicted.quantiles[:, 1] <= c) & (c <= predicted.quantiles[:, 4])
    assert naive.mean() > 0.85


def test_cover_is_the_expectation_of_the_randomised_pit(calibrated):
    predicted, c = calibrated
    rng = np.random.default_rng(3)
    p0, low, high = (
        predicted.none[:300],
        predicted.quantiles[:300, 1],
        predicted.quantiles[:300, 4],
    )
    y = c[:300]
    u = rng.random((4000, 300)) * p0
    drawn = np.where(y > 0, (y >= low) & (y <= high), (u >= 0.1) & (u <= 0.9)).mean(axis=0)
    assert np.abs(drawn - coverage(y, low, high, p0, (0.1, 0.9))).max() < 0.04


def test_a_zero_that_the_prediction_rules_out_is_not_covered():
    assert coverage([0.0], [0.0], [5.0], [0.0], (0.1, 0.9)).tolist() == [0.0]


@pytest.mark.parametrize("name", ["pinball", "pinball_90", "interval_80", "interval_95", "rmse", "mae"])
def test_the_truth_has_the_least_expected_loss(calibrated, name):
    predicted, c = calibrated
    own = np.ones(len(c))
    best = wallet_scores(predicted, own, c)[name]
    for factor in (0.8, 1.25):
        wrong = Predicted(factor * predicted.quantiles, factor * predicted.mean, predicted.none)
        assert wallet_scores(wrong, own, c)[name] > best


def test_pinball_of_the_median_is_half_the_absolute_error():
    y, q = np.array([1.0, 5.0]), np.array([2.0, 2.0])
    assert pinball(y, q, 0.5).tolist() == (np.abs(y - q) / 2).tolist()


def test_the_interval_score_is_the_pinball_losses_of_its_ends():
    rng = np.random.default_rng(1)
    y, low = rng.normal(size=50), rng.normal(size=50)
    high = low + rng.random(50)
    sums = 2 / 0.2 * (pinball(y, low, 0.1) + pinball(y, high, 0.9))
    np.testing.assert_allclose(interval_score(y, low, high, 0.2), sums)


def test_no_unit_of_money_changes_a_score(calibrated):
    predicted, c = (calibrated[0].take(np.arange(500)), calibrated[1][:500])
    own, segment = np.linspace(1, 9, 500), np.arange(500) % 5
    cents = Predicted(100 * predicted.quantiles, 100 * predicted.mean, predicted.none)
    one, other = (
        wallet_scores(predicted, own, c, segment),
        wallet_scores(cents, 100 * own, 100 * c, segment),
    )
    assert one == pytest.approx(other)


def test_no_order_of_customers_changes_a_score(calibrated):
    predicted, c = (calibrated[0].take(np.arange(500)), calibrated[1][:500])
    own, mixed = np.linspace(1, 9, 500), np.random.default_rng(2).permutation(500)
    one = wallet_scores(predicted, own, c)
    assert wallet_scores(predicted.take(mixed), own[mixed], c[mixed]) == pytest.approx(one)


def test_a_prediction_that_ranks_nobody_has_rank_correlation_0_and_catches_a_tenth():
    c = np.arange(100.0)
    flat = Predicted(np.full((100, len(LEVELS)), 50.0), np.full(100, 50.0), np.zeros(100))
    scores = wallet_scores(flat, np.ones(100), c)
    assert scores["spearman"] == 0
    assert scores["top_decile"] == pytest.approx(c.mean() / c[90:].mean())


def test_rank_correlation_with_ties_is_that_of_scipy():
    rng = np.random.default_rng(4)
    a, b = rng.integers(5, size=40), rng.integers(5, size=40)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b)[0])


def test_segments_are_weighted_by_customers():
    # a: 30 told of 20, +.5, three customers; b: 5 told of 10, -.5; c: exact.
    truth, told = [10, 5, 5, 10, 7], [10, 10, 10, 5, 7]
    expected = np.sqrt((3 * 0.25 + 0.25 + 0) / 5)
    assert segment_rmse(truth, told, ["a", "a", "a", "b", "c"]) == pytest.approx(expected)


def test_all_faults_are_told_together():
    predicted = Predicted(np.zeros((2, len(LEVELS))), np.array([np.nan, 1.0]), np.zeros(2))
    with pytest.raises(InputError) as caught:
        wallet_scores(predicted, [1, -1], [1, np.nan])
    assert [fault.where for fault in caught.value.faults] == ["predicted", "own", "elsewhere"]


def test_crossing_quantiles_wrong_levels_and_no_spend_are_refused():
    falling = Predicted(np.array([[5.0, 4, 3, 2, 1, 0]]), np.ones(1), np.zeros(1))
    with pytest.raises(InputError, match="falling"):
        wallet_scores(falling, [1], [1])
    with pytest.raises(InputError, match="6 levels"):
        wallet_scores(Predicted(np.ones((1, 3)), np.ones(1), np.zeros(1)), [1], [1])
    with pytest.raises(InputError, match="no spend"):
        wallet_scores(Predicted(np.ones((1, 6)), np.ones(1), np.zeros(1)), [1], [0])

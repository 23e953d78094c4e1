import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.evaluate.scores import crps, deciles, found, gains, point_scores

counts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40)


@given(counts, st.randoms())
def test_the_order_of_customers_does_not_matter(pairs, random):
    shuffled = pairs.copy()
    random.shuffle(shuffled)
    one, other = (point_scores(*np.array(rows, float).T) for rows in (pairs, shuffled))
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, atol=1e-9, err_msg=name)


@given(counts)
def test_shares_are_shares(pairs):
    scores = point_scores(*np.array(pairs, float).T)
    shares = [scores[name] for name in ("top_10", "top_20", "found_10", "found_20")]
    assert all(np.isnan(share) or -1e-9 <= share <= 1 + 1e-9 for share in shares)


def test_a_perfect_forecast():
    actual = np.arange(100.0)
    scores = point_scores(actual, actual)
    assert [scores[name] for name in ("bias", "mae", "rmse", "msle")] == [0, 0, 0, 0]
    np.testing.assert_allclose(scores["correlation"], 1)
    np.testing.assert_allclose([scores["found_10"], scores["found_20"]], 1)
    np.testing.assert_allclose(scores["lift"], np.arange(90, 100).mean() / 49.5)
    np.testing.assert_allclose(scores["top_20"], np.arange(80, 100).sum() / actual.sum())


def test_a_constant_forecast_tells_nobody_apart():
    actual = np.array([0, 0, 0, 0, 10.0])
    scores = point_scores(actual, np.full(5, 2.0))
    np.testing.assert_allclose([scores["lift"], scores["top_20"], scores["found_20"]], [1, 0.2, 0.2])
    assert np.isnan(scores["correlation"])
    np.testing.assert_allclose(deciles(actual, np.full(5, 2.0))["actual"], 1)


def test_nothing_came():
    scores = point_scores(np.zeros(3), np.array([1.0, 2.0, 3.0]))
    assert np.isnan(scores["bias"])
    assert np.isnan(scores["lift"])
    assert scores["mae"] == 2


def test_found_is_the_mean_over_lots():
    """Both groups drawn by lot among equals, many times."""
    rng = np.random.default_rng(1)
    actual, expected = rng.integers(0, 3, 30), rng.integers(0, 4, 30)
    hits = []
    for _ in range(20_000):
        best, forecast = (np.argsort(-(values + rng.random(30) * 1e-3))[:6] for values in (actual, expected))
        hits.append(len(np.intersect1d(best, forecast)) / 6)
    np.testing.assert_allclose(found(actual, expected, 0.2), np.mean(hits), atol=0.005)


def test_last_digits_make_no_order():
    actual, expected = np.array([3.0, 0.0, 0.0]), np.array([0.3, 0.1 + 0.2, 0.3])
    np.testing.assert_allclose(gains(actual, expected, [1 / 3, 2 / 3]), [1, 2])


def test_gains_end_with_everything():
    actual, expected = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0])
    np.testing.assert_allclose(gains(actual, expected, [0, 1 / 3, 2 / 3, 1]), [0, 1.5, 3, 6])


def test_crps_of_a_normal():
    """The closed form of Gneiting and Raftery 2007, eq. 21."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    for y in (-1.0, 0.3, 2.0):
        known = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
        np.testing.assert_allclose(crps(rng.standard_normal((1, 400_000)), np.array([y])), known, atol=0.005)


def test_crps_is_the_sum_of_squared_differences_of_distribution_functions():
    samples, y = np.array([[0, 0, 1, 3, 3, 7.0]]), 2.0
    steps = np.arange(8)
    below = (samples[0][:, None] <= steps).mean(axis=0)
    np.testing.assert_allclose(crps(samples, np.array([y])), [((below - (y <= steps)) ** 2).sum()])


@pytest.mark.parametrize("point", [0.0, 2.5])
def test_crps_of_a_point_is_the_absolute_error(point):
    np.testing.assert_allclose(crps(np.full((1, 9), point), np.array([1.0])), abs(point - 1))

"""Tiers of lifetime value: probabilities by brute force, exact sizes, the error of the grid."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.segments.tiers import SHARES, value_tiers


def brute_force(draws, sizes):
    """Probability of each tier by sorting every draw; no ties."""
    found = np.zeros((draws.shape[0], len(sizes)))
    for column in draws.T:
        tier = np.repeat(np.arange(len(sizes)), sizes)
        found[np.argsort(-column), tier] += 1 / draws.shape[1]
    return found


def in_blocks(draws, size):
    def blocks():
        for start in range(0, len(draws), size):
            stop = min(start + size, len(draws))
            yield start, stop, draws[start:stop]

    return blocks


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(11)
    return rng.gamma(0.5, 300, size=(600, 1)) * rng.lognormal(0, 0.4, size=(600, 200))


@pytest.fixture(scope="module")
def mean(draws):
    return pd.Series(draws.mean(axis=1), index=[f"c{k}" for k in range(600)])


def test_without_draws_membership_is_certain_and_sizes_are_the_shares(mean):
    tiers = value_tiers(mean)
    assert tiers.hard
    assert tiers.names == ("top", "high", "middle", "low")
    assert tiers.sizes.tolist() == [30, 90, 180, 300]
    assert mean[tiers.labels == "top"].min() > mean[tiers.labels == "high"].max()


def test_draws_at_hand_give_the_exact_probabilities(mean, draws):
    tiers = value_tiers(mean, draws=draws)
    np.testing.assert_allclose(tiers.probabilities, brute_force(draws, [30, 90, 180, 300]), atol=1e-12)
    assert tiers.labels.equals(value_tiers(mean).labels)
    assert tiers.expected_sizes.tolist() == pytest.approx([30, 90, 180, 300])
    # A customer is surer of the bottom half than of a narrow tier at the top.
    assert tiers.certainty.groupby(tiers.labels, observed=True).mean().idxmax() == "low"


@pytest.mark.parametrize("size", [7, 600])
def test_blocks_keep_sizes_exact_and_probabilities_within_the_promised_error(mean, draws, size):
    exact = brute_force(draws, [30, 90, 180, 300])
    tiers = value_tiers(mean, draws=in_blocks(draws, size))
    assert tiers.expected_sizes.tolist() == pytest.approx([30, 90, 180, 300], rel=1e-12)
    thresholds = -np.sort(-draws, axis=0)[[29, 119, 299]]
    near = (np.abs(draws[:, None] / thresholds - 1) < 1 / 128).mean(axis=2)
    error = np.abs(tiers.probabilities.to_numpy() - exact)
    edges = np.column_stack([np.zeros(600), near, np.zeros(600)])
    assert (error <= edges[:, :-1] + edges[:, 1:] + 1e-12).all()
    # Noise of 200 draws is up to .035; the grid is far below it.
    assert error.mean() < 0.002


def test_the_block_size_and_the_currency_do_not_matter(mean, draws):
    want = value_tiers(mean, draws=in_blocks(draws, 100)).memberships
    np.testing.assert_allclose(
        value_tiers(mean, draws=in_blocks(draws, 13)).memberships, want, rtol=0, atol=1e-12
    )
    for factor in (2.0**-30, 2.0**30):
        scaled = value_tiers(mean * factor, draws=in_blocks(draws * factor, 100)).memberships
        np.testing.assert_array_equal(scaled, want)


@pytest.mark.parametrize("layout", ["array", "blocks"])
def test_ties_in_a_draw_are_split_in_proportion(layout):
    # Six customers worth nothing in the draw fill one place of the better half and all of the lower.
    draws = np.array([[9.0], [5.0], [4.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
    given = draws if layout == "array" else in_blocks(draws, 3)
    tiers = value_tiers(pd.Series(draws[:, 0]), (0.5, 0.5), ("upper", "lower"), draws=given)
    assert tiers.probabilities["upper"].tolist() == pytest.approx([1, 1, 1] + [0.2] * 5)
    # Equal means stay together: the middle of the five lies in the lower half.
    assert tiers.sizes.tolist() == [3, 5]


@pytest.mark.parametrize("layout", ["array", "blocks"])
def test_weights_of_draws(layout):
    draws = np.array([[3.0, 1.0], [2.0, 2.0]])
    given = draws if layout == "array" else in_blocks(draws, 1)
    tiers = value_tiers(pd.Series([2.5, 2.0]), (0.5, 0.5), ("a", "b"), draws=given, weights=[3, 1])
    assert tiers.probabilities["a"].tolist() == [0.75, 0.25]


@pytest.mark.parametrize("layout", ["array", "blocks"])
def test_empty_tiers_and_one_customer(layout):
    draws = np.array([[3.0, 1.0]])
    given = draws if layout == "array" else in_blocks(draws, 1)
    one = value_tiers(pd.Series([2.0]), draws=given)
    assert one.probabilities.sum(axis=1).tolist() == [1]
    assert one.sizes.sum() == 1
    edge = value_tiers(pd.Series([2.0]), (0.0, 1.0, 0.0), ("a", "b", "c"), draws=given)
    assert edge.probabilities.to_numpy().tolist() == [[0, 1, 0]]
    assert edge.sizes.tolist() == [0, 1, 0]


def test_nothing_but_zeros():
    draws = np.zeros((10, 3))
    for given in (draws, in_blocks(draws, 4)):
        tiers = value_tiers(pd.Series(np.zeros(10)), (0.2, 0.8), ("a", "b"), draws=given)
        np.testing.assert_allclose(tiers.probabilities, [[0.2, 0.8]] * 10)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"shares": (0.5, 0.6)}, "sum to 1"),
        ({"shares": (0.5, 0.5)}, "names"),
        ({"draws": np.ones((3, 2))}, "shape"),
        ({"draws": np.full((600, 2), np.nan)}, "missing or infinite"),
        ({"draws": lambda: [(0, 600, np.full((600, 2), np.inf))]}, "missing or infinite"),
        ({"draws": lambda: [(0, 10, np.ones((10, 2))), (20, 600, np.ones((580, 2)))]}, "without gaps"),
        ({"draws": lambda: [(0, 10, np.ones((10, 2)))]}, "every customer"),
        ({"draws": lambda: [(0, 10, np.ones((10, 2))), (10, 600, np.ones((590, 3)))]}, "without gaps"),
        ({"draws": np.ones((600, 2)), "weights": [1.0]}, "one weight per draw"),
        ({"draws": np.ones((600, 2)), "weights": [1.0, -1.0]}, "one weight per draw"),
    ],
)
def test_faults(mean, change, match):
    with pytest.raises(InputError, match=f"(?i){match}"):
        value_tiers(mean, **change)


def test_default_shares_sum_to_one():
    assert sum(SHARES) == pytest.approx(1)

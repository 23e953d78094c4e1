"""Lorenz curve, Gini and top shares: hand-worked tables, brute force, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.segments.concentration import concentration, gini, lorenz, top_share

positive = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any)


def brute_force_gini(values):
    """Mean absolute difference over all ordered pairs, over twice the mean."""
    values = np.asarray(values, dtype=float)
    return np.abs(values[:, None] - values).mean() / (2 * values.mean())


@given(positive)
def test_gini_is_half_the_relative_mean_absolute_difference(values):
    assert gini(values) == pytest.approx(brute_force_gini(values), abs=1e-12)


@given(positive, st.randoms())
def test_order_scale_and_replication_do_not_matter(values, random):
    want = [gini(values), top_share(values, 0.1), top_share(values, 0.37)]
    shuffled = random.sample(values, len(values))
    for same in (shuffled, [v * 1e-9 for v in values], [v * 1e9 for v in values], values * 3):
        assert [gini(same), top_share(same, 0.1), top_share(same, 0.37)] == pytest.approx(want, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 5)), min_size=1, max_size=20))
def test_weights_count_customers(pairs):
    repeated = [value for value, count in pairs for _ in range(count)]
    if not any(repeated):
        return
    values, weights = zip(*pairs, strict=True)
    assert gini(values, weights) == pytest.approx(gini(repeated), abs=1e-12)
    assert top_share(values, 0.2, weights) == pytest.approx(top_share(repeated, 0.2), abs=1e-12)


@given(st.lists(st.integers(1, 1000), min_size=3, max_size=20, unique=True))
def test_a_transfer_from_rich_to_poor_lowers_it(values):
    ordered = sorted(values)
    step = (ordered[-1] - ordered[0]) / 4
    moved = [ordered[0] + step, *ordered[1:-1], ordered[-1] - step]
    assert gini(moved) < gini(ordered)
    assert top_share(moved, 0.2) <= top_share(ordered, 0.2) + 1e-12


@given(positive)
def test_the_curve_runs_below_the_diagonal_and_is_convex(values):
    curve = lorenz(values).to_numpy()
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]
    assert (curve[:, 1] <= curve[:, 0] + 1e-12).all()
    slopes = np.diff(curve[:, 1]) / np.diff(curve[:, 0])
    assert (np.diff(slopes) > 0).all()
    at = np.linspace(0, 1, 11)
    assert lorenz(values, at=at)["share_of_value"].tolist() == pytest.approx(np.interp(at, *curve.T))


def test_by_hand():
    # 1, 2, 3, 4: Gini = (1*3 + 2*2 + 3*1) * 2 / (2 * 16 * 2.5) = .25.
    assert gini([4, 1, 3, 2]) == pytest.approx(0.25, abs=1e-15)
    assert lorenz([4, 1, 3, 2])["share_of_value"].tolist() == pytest.approx([0, 0.1, 0.3, 0.6, 1])
    # The best 30 per cent of four are the 4 and a fifth of the 3.
    assert top_share([4, 1, 3, 2], 0.3) == pytest.approx((4 + 0.2 * 3) / 10)
    assert top_share([4, 1, 3, 2], 0) == 0
    assert top_share([4, 1, 3, 2], 1) == 1


def test_the_ends_of_the_scale():
    assert gini([7.0]) == 0
    assert gini([0.1] * 7) == 0
    assert top_share([0.1] * 10, 0.1) == pytest.approx(0.1)
    assert gini([0] * 99 + [5]) == pytest.approx(0.99)
    assert top_share([0] * 99 + [5], 0.1) == 1
    # The exponential distribution has Gini 1/2 and its best tenth brings .1 * (1 + log 10).
    expected = -np.log1p(-(np.arange(10**6) + 0.5) / 10**6)
    assert gini(expected) == pytest.approx(0.5, abs=1e-5)
    assert top_share(expected, 0.1) == pytest.approx(0.1 * (1 + np.log(10)), abs=1e-5)


def test_tiny_and_huge_values_stay_finite():
    assert gini([1e308, 1e308, 0.0]) == pytest.approx(1 / 3)
    assert gini([1e-300, 0.0]) == pytest.approx(0.5)


@pytest.mark.parametrize("values", [[1, -1, 3], [1, np.nan], [1, np.inf], [0, 0], []])
def test_negative_missing_and_empty_values_are_refused(values):
    with pytest.raises(InputError, match="values"):
        gini(values)


def test_wrong_weights_and_shares_are_refused():
    with pytest.raises(InputError, match="weights"):
        gini([1, 2], [1])
    with pytest.raises(InputError, match="weights"):
        gini([1, 2], [1, -1])
    with pytest.raises(InputError, match="10 %"):
        top_share([1, 2], 10)


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(5)
    return rng.gamma(0.7, size=(400, 1)) * rng.gamma(4.0, size=(400, 60)) * rng.gamma(9.0, size=60)


def test_the_interval_is_that_of_the_figures_of_the_draws(draws):
    table = concentration(draws.mean(axis=1), draws=draws, shares=(0.1,), interval=0.8).set_index("quantity")
    each = [gini(column) for column in draws.T]
    row = table.loc["Gini coefficient"]
    assert row["value"] == gini(draws.mean(axis=1))
    assert row["mean"] == pytest.approx(np.mean(each))
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(each, [0.1, 0.9]).tolist())
    assert list(table.index) == ["Gini coefficient", "share of the top 10.0 %"]


def test_blocks_of_customers_give_the_same_within_the_width_of_a_cell(draws):
    def blocks():
        return ((start, start + 100, draws[start : start + 100]) for start in range(0, 400, 100))

    exact = concentration(draws.mean(axis=1), draws=draws).set_index("quantity")
    binned = concentration(draws.mean(axis=1), draws=blocks).set_index("quantity")
    np.testing.assert_allclose(binned, exact, atol=2e-4)


def test_draws_are_checked(draws):
    mean = draws.mean(axis=1)
    with pytest.raises(InputError, match="negative"):
        concentration(mean, draws=-draws)
    with pytest.raises(InputError, match="negative"):
        concentration(mean, draws=lambda: [(0, 400, -draws)])
    with pytest.raises(InputError, match="shape"):
        concentration(mean, draws=draws[:3])
    with pytest.raises(InputError, match="one of them"):
        concentration(mean, draws=draws, weights=np.ones(400))

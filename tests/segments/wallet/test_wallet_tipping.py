"""Tipping points: closed forms against scaling what was predicted."""

import numpy as np
import pytest
from wallet_fake import fake_fit

from segmodels.errors import InputError
from segmodels.segments.wallet.tipping_points import DELTAS, tipping_points
from segmodels.segments.wallet.totals import Sums, WalletTotals, wallet_totals


@pytest.fixture(scope="module")
def totals():
    return wallet_totals(fake_fit(3000, answered=600, seed=8), by="segment", draws=200)


def test_no_departure_is_the_identity(totals):
    table = tipping_points(totals, prior_sd=0.0)
    assert np.allclose(table["at_+0"], table["headroom"], rtol=1e-12)
    assert np.allclose(table["headroom"], totals.table()["headroom"], rtol=1e-12)
    assert np.allclose(table["low_with_departure"], table["low"], rtol=1e-3)
    assert np.allclose(table["high_with_departure"], table["high"], rtol=1e-3)


def test_headroom_at_each_departure_is_answers_plus_scaled_predictions(totals):
    table = tipping_points(totals)
    draws = totals.draws
    for delta in DELTAS:
        slow = (draws["asked"] + np.exp(delta) * draws["predicted"]).mean("draw").to_numpy()
        assert np.allclose(table[f"at_{delta:+g}"].to_numpy()[:-1], slow)
        assert table[f"at_{delta:+g}"].iloc[-1] == pytest.approx(slow.sum())


def test_at_its_tipping_point_a_segment_is_level_with_the_one_it_crosses(totals):
    table = tipping_points(totals).set_index("segment")
    asked, predicted = (totals.draws[name].mean("draw").to_series() for name in ("asked", "predicted"))
    for name, row in table.iloc[:-1].iterrows():
        assert asked[name] + row["factor"] * predicted[name] == pytest.approx(
            table.loc[row["crosses"], "headroom"]
        )
        assert f"{row['factor']:.2f} times" in row["text"]


def test_the_nearest_neighbour_is_crossed_first(totals):
    table = tipping_points(totals)[:-1].sort_values("headroom", ascending=False).reset_index(drop=True)
    for k, row in table.iterrows():
        beside = [t for t in (k - 1, k + 1) if 0 <= t < len(table)]
        assert row["crosses"] in set(table.loc[beside, "segment"])


def test_the_cut_is_crossed_by_headroom_per_identified_customer(totals):
    cut = 150.0
    table = tipping_points(totals, rule="threshold", cut=cut).set_index("segment")
    heads = totals.sums.customers - totals.sums.not_identified
    asked, predicted = (totals.draws[name].mean("draw").to_numpy() for name in ("asked", "predicted"))
    level = (asked + table["factor"].to_numpy()[:-1] * predicted) / heads
    assert level == pytest.approx(cut)
    above = table["headroom"].to_numpy()[:-1] / heads > cut
    assert np.array_equal(table["delta"].to_numpy()[:-1] < 0, above)


def _made(asked, predicted):
    asked, predicted = (np.asarray(each, float)[:, None] for each in (asked, predicted))
    one, none = np.ones(len(asked)), np.zeros(len(asked))
    sums = Sums(one, one, none, none, one, none, asked, predicted, predicted, np.nan * asked)
    return WalletTotals(tuple("abcdef"[: len(one)]), sums)


def test_a_segment_whose_answers_hold_its_place_never_tips():
    table = tipping_points(_made([100.0, 10.0], [5.0, 0.0])).set_index("segment")
    assert np.isnan(table.loc["a", "delta"])
    assert "no departure" in table.loc["a", "text"]
    assert np.isnan(table.loc["b", "delta"]), "nothing of it was predicted"
    assert table.loc["a", "crosses"] == ""


def test_one_segment_has_no_rank_to_lose():
    table = tipping_points(_made([1.0], [2.0]))
    assert table["delta"].isna().all()
    assert "largest headroom of 1" in table["text"].iloc[0]


def test_an_uncertain_departure_widens_as_a_log_normal():
    """Of certain predictions alone, the interval is that of exp(delta)."""
    table = tipping_points(_made([0.0], [100.0]), prior_sd=0.2)
    assert table["low_with_departure"].iloc[0] == pytest.approx(100 * np.exp(-1.645 * 0.2), rel=0.01)
    assert table["high_with_departure"].iloc[0] == pytest.approx(100 * np.exp(1.645 * 0.2), rel=0.01)


def test_intervals_with_departure_hold_those_without(totals):
    table = tipping_points(totals)
    assert (table["low_with_departure"] <= table["low"]).all()
    assert (table["high_with_departure"] >= table["high"]).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"rule": "threshold"},
        {"cut": 3.0},
        {"rule": "threshold", "cut": -1.0},
        {"rule": "size"},
        {"deltas": (0.1, 0.1)},
        {"deltas": (np.nan,)},
        {"prior_sd": -0.1},
        {"interval": 1.0},
    ],
)
def test_bad_settings_are_refused(totals, bad):
    with pytest.raises(InputError):
        tipping_points(totals, **bad)

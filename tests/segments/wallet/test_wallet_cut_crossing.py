"""Crossing a cut between customers: against brute force, and against the mean, which skewness moves."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr
from wallet_fake import FakeFit, FakeWallets, fake_fit
from wallet_levels import SmallBlocks

from segmodels.errors import InputError
from segmodels.models.wallet.block import IDENTIFIED, NOT_IDENTIFIED
from segmodels.segments.wallet.cut_crossing import cut_crossings
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import NO_SEGMENT, wallet_totals

CUT = 80.0


@pytest.fixture(scope="module")
def fit():
    return fake_fit(1500, answered=300, level_sd=0.0, unknown=0.05)


def _share_above(fit, name, delta):
    """Expected share of a segment above the cut: those who answered by their answers, the others departed."""
    frame = fit.wallets.frame
    rows = frame[(frame["segment"] == name) & (frame["status"] != NOT_IDENTIFIED)]
    free = (1 - fit.p0) * ndtr((rows["m"] + delta - np.log(CUT)) / fit.s)
    return np.where(rows["low"].notna(), rows["low"] > CUT, free).mean()


def test_at_the_crossing_half_the_customers_are_above_the_cut(fit):
    table = cut_crossings(fit, CUT, by="segment").set_index("segment")
    assert table.index.tolist() == ["a", "b", "c", "d"]
    for name, row in table.iterrows():
        exact = brentq(lambda delta, name=name: _share_above(fit, name, delta) - 0.5, -5, 5)
        assert row["delta"] == pytest.approx(exact, abs=1e-3)
        assert row["factor"] == pytest.approx(np.exp(row["delta"]))
        assert row["above"] == pytest.approx(_share_above(fit, name, 0.0))
        assert (row["above"] > 0.5) == (row["delta"] < 0)
        assert f"{row['above']:.0%} of the customers" in row["text"]
        assert f"{row['factor']:.2f} times" in row["text"]


def test_skewness_alone_moves_no_segment_over_the_cut():
    """The cut is the median of customers who are all alike, so half are above it; their mean is far above."""
    frame = fake_fit(1000, answered=0, unknown=0.0).wallets.frame.assign(m=np.log(CUT), status=IDENTIFIED)
    fit = FakeFit(FakeWallets(frame), s=1.0, p0=0.0)
    found = cut_crossings(fit, CUT, by="segment")
    assert found["delta"].to_numpy() == pytest.approx(0.0, abs=1e-3)
    means = tipping_points(wallet_totals(fit, by="segment", draws=200), rule="threshold", cut=CUT)
    assert (means["delta"][:-1] < -0.3).all()


def test_answers_stay_where_they_are():
    """Of ten customers six answered that they spend more than the cut: nothing predicted can change that."""
    frame = fake_fit(10, answered=0, unknown=0.0).wallets.frame.assign(segment="a", status=IDENTIFIED, m=4.0)
    said = np.where(np.arange(10) < 6, 100.0, np.nan)
    found = cut_crossings(FakeFit(FakeWallets(frame.assign(low=said, high=said))), CUT, by="segment")
    assert np.isnan(found["delta"][0])
    assert "no departure of those of this segment who did not answer changes that" in found["text"][0]
    assert found["above"][0] > 0.6


def test_customers_who_mostly_spend_nothing_never_cross():
    frame = fake_fit(100, answered=0, unknown=0.0).wallets.frame
    found = cut_crossings(FakeFit(FakeWallets(frame), p0=0.6), CUT)
    assert found["segment"].tolist() == ["all"]
    assert np.isnan(found["delta"][0])


def test_nothing_is_said_of_the_unknown_and_the_missing_have_a_row(fit):
    frame = fit.wallets.frame.copy()
    hidden = frame["segment"] == "d"
    frame.loc[hidden, ["m", "low", "high"]] = np.nan
    frame.loc[hidden, "status"] = NOT_IDENTIFIED
    frame["segment"] = frame["segment"].astype(object).where(frame["segment"] != "c", None)
    found = cut_crossings(replace(fit, wallets=FakeWallets(frame)), CUT, by="segment").set_index("segment")
    assert found.index.tolist() == ["a", "b", "d", NO_SEGMENT]
    assert found.loc["d", ["above", "delta", "factor"]].isna().all()
    assert "not known" in found.loc["d", "text"]
    assert np.isfinite(found.loc[NO_SEGMENT, "delta"])


def test_neither_blocks_nor_the_unit_of_money_matter(fit):
    small = SmallBlocks(fit.wallets, s=fit.s, p0=fit.p0, seed=fit.seed)
    one, other = (cut_crossings(each, CUT, by="segment")["delta"] for each in (fit, small))
    assert other.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-9)
    frame = fit.wallets.frame
    cents = frame.assign(m=frame["m"] + np.log(100), low=100 * frame["low"], high=100 * frame["high"])
    again = cut_crossings(replace(fit, wallets=FakeWallets(cents)), 100 * CUT, by="segment")["delta"]
    assert again.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-9)


@pytest.mark.parametrize("cut", [0.0, -1.0, np.inf, np.nan])
def test_a_cut_that_is_no_amount_is_refused(fit, cut):
    with pytest.raises(InputError, match="above 0"):
        cut_crossings(fit, cut)

"""A segment of which nothing is known, segments with names that are taken, and wallets without a mean."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from wallet_fake import FakeElsewhere, FakeFit, FakeWallets, fake_fit
from wallet_levels import GivenTargets

from segmodels.errors import InputError
from segmodels.models.wallet.block import NOT_IDENTIFIED
from segmodels.segments.wallet.bands import potential_bands
from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import NO_SEGMENT, TOTAL, wallet_totals
from segmodels.segments.wallet.value_grid import value_grid
from segmodels.tables.segmentation import Segmentation

MEASURES = ("wallet", "share", "headroom", "attainable")
INTERVALS = [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")]


@pytest.fixture(scope="module")
def fit():
    """Nothing is known of segment d; of all others something."""
    whole = fake_fit(1200, answered=200, seed=3, unknown=0.0)
    frame = whole.wallets.frame
    hidden = frame["segment"] == "d"
    frame = frame.assign(
        m=frame["m"].where(~hidden),
        low=frame["low"].where(~hidden),
        high=frame["high"].where(~hidden),
        status=frame["status"].where(~hidden, NOT_IDENTIFIED),
    )
    return replace(whole, wallets=FakeWallets(frame))


@pytest.fixture(scope="module")
def totals(fit):
    return wallet_totals(fit, by="segment", draws=50, targets=GivenTargets(0.7))


def test_a_segment_of_which_nothing_is_known_has_no_headroom_of_zero(totals):
    table = totals.table().set_index("segment")
    assert table.loc["d", "not_identified"] == table.loc["d", "customers"] > 0
    assert table.loc["d", INTERVALS].isna().all()
    assert np.isnan(table.loc["d", "extrapolated_share"])
    assert table.loc["d", "own"] == table.loc["d", "own_not_identified"] > 0
    assert table.drop("d")[INTERVALS].notna().all(axis=None)


def test_the_total_is_that_of_the_segments_that_are_known(totals):
    table = totals.table().set_index("segment")
    for name in ("wallet", "headroom", "attainable"):
        assert table.loc[["a", "b", "c"], name].sum() == pytest.approx(table.loc[TOTAL, name])
    assert (totals.draws["elsewhere"].sel(segment="d") == 0).all()


def test_parts_of_customers_of_whom_nothing_is_known_are_not_known_either(fit):
    frame = fit.wallets.frame
    hidden = (frame["segment"] == "d").to_numpy()
    parts = np.random.default_rng(1).dirichlet([1.0, 1.0], len(frame))
    soft = np.column_stack([np.where(hidden[:, None], 0.0, parts), np.zeros(len(frame))])
    soft = np.where(hidden[:, None], [0.1, 0.0, 0.9], soft)
    # The third segment has parts of d alone; the first has some of d and some of others.
    table = wallet_totals(fit, Segmentation(frame["customer_id"], ("x", "y", "z"), soft), draws=5).table()
    assert table["headroom"].isna().tolist() == [False, False, True, False]


def test_a_segment_without_customers_has_nothing_for_sure(fit):
    frame = fit.wallets.frame
    codes = np.zeros(len(frame), int)
    table = wallet_totals(fit, Segmentation(frame["customer_id"], ("x", "empty"), codes), draws=5).table()
    assert table.loc[1, ["customers", "headroom", "headroom_high"]].tolist() == [0, 0, 0]


def test_such_a_segment_has_no_place_among_the_others(totals, fit):
    table = tipping_points(totals).set_index("segment")
    amounts = [name for name in table.columns if name not in ("crosses", "text")]
    assert table.loc["d", amounts].isna().all()
    assert table.loc["d", "text"] == (
        "No customer of the segment is identified: what they spend elsewhere is not known. It has no rank."
    )
    assert table.loc[["a", "b", "c"], "text"].str.contains("headroom of 3;").all()
    assert "d" not in set(table["crosses"])
    others = FakeFit(
        FakeWallets(fit.wallets.frame[fit.wallets.frame["segment"] != "d"]),
        seed=fit.seed,
        level_sd=fit.level_sd,
    )
    alone = tipping_points(wallet_totals(others, by="segment", draws=50)).set_index("segment")
    pd.testing.assert_frame_equal(table.drop("d"), alone)
    cut = tipping_points(totals, rule="threshold", cut=100.0).set_index("segment")
    assert np.isnan(cut.loc["d", "delta"])
    assert "not known" in cut.loc["d", "text"]


@pytest.mark.parametrize("name", [TOTAL, NO_SEGMENT])
def test_a_segment_called_like_a_row_of_the_table_is_refused(fit, name):
    frame = fit.wallets.frame.assign(segment=fit.wallets.frame["segment"].replace({"a": name}))
    with pytest.raises(InputError, match=f"by: got a segment called '{name}'"):
        wallet_totals(replace(fit, wallets=FakeWallets(frame)), by="segment", draws=5)
    codes = np.arange(len(frame)) % 2
    with pytest.raises(InputError, match=f"segmentation: got a segment called '{name}'"):
        wallet_totals(fit, Segmentation(frame["customer_id"], ("x", name), codes), draws=5)


@dataclass(frozen=True, eq=False)
class Endless(FakeElsewhere):
    """Draws are finite; the mean is not, as that of Student errors of a logarithm."""

    def mean(self):
        return np.where(self._known | np.isnan(self.m), super().mean(), np.inf)


@dataclass(frozen=True, eq=False)
class EndlessFit(FakeFit):
    def _block(self, frame, *, asked):
        block = super()._block(frame, asked=asked)
        return replace(block, elsewhere=Endless(**vars(block.elsewhere)))


@pytest.mark.parametrize(
    "found",
    [
        lambda fit: wallet_totals(fit, draws=5),
        lambda fit: value_grid(fit, potential_cut=50.0, draws=5),
        lambda fit: value_grid(fit, potential="attainable", targets=GivenTargets(0.0), draws=5),
        lambda fit: potential_bands(fit, draws=5),
        survey_plan,
    ],
)
def test_wallets_without_a_mean_are_refused_with_advice(fit, found):
    endless = EndlessFit(fit.wallets, s=fit.s, p0=fit.p0, seed=fit.seed)
    with pytest.raises(InputError, match=r"infinite expected elsewhere spend.*normal errors.*larger Box-Cox"):
        found(endless)

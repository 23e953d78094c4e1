"""Totals of segments: they add up, whatever the blocks, the names and the order of what comes in."""

import numpy as np
import pandas as pd
import pytest
from wallet_fake import FakeFit, FakeWallets, fake_fit

from segmodels.errors import InputError
from segmodels.models.wallet.block import EXTRAPOLATED, NOT_IDENTIFIED
from segmodels.models.wallet.look_alikes import attainable, target_shares
from segmodels.segments.wallet.totals import NO_SEGMENT, wallet_totals
from segmodels.tables.segmentation import Segmentation

AMOUNTS = (
    "customers",
    "answered",
    "not_identified",
    "extrapolated",
    "own",
    "wallet",
    "headroom",
    "attainable",
)


@pytest.fixture(scope="module")
def fit():
    return fake_fit(3000, answered=300, seed=2)


@pytest.fixture(scope="module")
def targets(fit):
    return target_shares(fit, by="segment", draws=20)


@pytest.fixture(scope="module")
def totals(fit, targets):
    return wallet_totals(fit, by="segment", draws=60, targets=targets)


def _soft(fit, seed=1):
    frame = fit.wallets.frame
    memberships = np.random.default_rng(seed).dirichlet([1.0, 2.0, 0.5], len(frame))
    return Segmentation(frame["customer_id"], ("x", "y", "z"), memberships)


def test_segments_sum_what_the_slow_way_sums(fit, totals, targets):
    (block,) = fit.blocks(len(fit.wallets))
    spent = block.elsewhere.draws(np.arange(60))
    known = block.status != NOT_IDENTIFIED
    reach = attainable(block.own, spent, targets.of(block))
    for s, name in enumerate(totals.names):
        mine = (block.columns["segment"] == name) & known
        assert np.allclose(totals.draws["elsewhere"][s], spent[mine].sum(axis=0), rtol=1e-12)
        assert np.allclose(totals.draws["attainable"][s], reach[mine].sum(axis=0), rtol=1e-12)
        assert np.allclose(totals.draws["asked"][s], spent[mine & block.answered].sum(axis=0), rtol=1e-12)
        beyond = mine & (block.status == EXTRAPOLATED) & ~block.answered
        expected = spent[beyond].sum() / spent[mine].sum()
        assert totals.table()["extrapolated_share"][s] == pytest.approx(expected)


def test_amounts_add_up_to_the_total(totals):
    table = totals.table()
    for name in AMOUNTS:
        assert table[name].iloc[:-1].sum() == pytest.approx(table[name].iloc[-1], rel=1e-12)
    assert np.allclose(
        table["wallet"], table["own"] - table["own_not_identified"] + table["headroom"], rtol=1e-12
    )


def test_the_interval_of_the_total_is_that_of_its_own_draws(totals):
    table = totals.table(interval=0.8)
    sums = totals.draws["elsewhere"].sum("segment")
    assert table["headroom_low"].iloc[-1] == pytest.approx(float(np.quantile(sums, 0.1)))
    assert table["headroom_high"].iloc[-1] == pytest.approx(float(np.quantile(sums, 0.9)))


def test_share_is_a_ratio_of_sums(totals):
    table = totals.table()
    assert np.allclose(table["share"], (table["own"] - table["own_not_identified"]) / table["wallet"])
    assert ((table["share_low"] <= table["share"]) & (table["share"] <= table["share_high"])).all()


@pytest.mark.parametrize("size", [1, 7, 999, 3000])
def test_the_size_of_blocks_does_not_matter(fit, targets, size):
    frame = fit.wallets.frame.iloc[:200] if size == 1 else fit.wallets.frame
    few = FakeFit(FakeWallets(frame), seed=fit.seed, level_sd=fit.level_sd)
    whole = wallet_totals(few, by="segment", draws=20, targets=targets)
    cut = wallet_totals(few, by="segment", draws=20, targets=targets, size=size)
    assert whole.names == cut.names
    for name, values in vars(whole.sums).items():
        assert np.allclose(values, getattr(cut.sums, name), rtol=1e-9), name


def test_a_draw_has_the_same_number_whatever_the_others(fit, totals):
    few = wallet_totals(fit, by="segment", draws=10)
    assert np.allclose(few.draws["elsewhere"], totals.draws["elsewhere"][:, :10], rtol=1e-12)


def test_draws_of_the_total_are_those_of_any_segmentation(fit, totals):
    for other in (wallet_totals(fit, draws=60), wallet_totals(fit, _soft(fit), draws=60)):
        assert np.allclose(
            other.draws["elsewhere"].sum("segment"), totals.draws["elsewhere"].sum("segment"), rtol=1e-9
        )


def test_merged_segments_sum_their_parts(fit, totals):
    frame = fit.wallets.frame
    merged = FakeFit(
        FakeWallets(frame.assign(segment=frame["segment"].replace({"b": "a"}))),
        seed=fit.seed,
        level_sd=fit.level_sd,
    )
    found = wallet_totals(merged, by="segment", draws=60)
    assert found.names == ("a", "c", "d")
    parts = totals.draws["elsewhere"]
    assert np.allclose(found.draws["elsewhere"][0], parts[0] + parts[1], rtol=1e-9)
    assert np.allclose(found.draws["elsewhere"][1:], parts[2:], rtol=1e-9)


def test_names_of_segments_do_not_matter(fit, totals):
    frame = fit.wallets.frame
    codes = frame["segment"].map({"a": 3, "b": 2, "c": 1, "d": 0}).to_numpy()
    renamed = Segmentation(frame["customer_id"], ("four", "three", "two", "one"), codes)
    found = wallet_totals(fit, renamed, draws=60)
    assert np.allclose(found.draws["elsewhere"][::-1], totals.draws["elsewhere"], rtol=1e-12)


def test_the_order_of_a_segmentation_does_not_matter(fit):
    soft = _soft(fit)
    order = np.random.default_rng(5).permutation(len(soft))
    mixed = Segmentation(soft.customer_id[order], soft.names, soft.memberships[order])
    one, other = (wallet_totals(fit, each, draws=10).table() for each in (soft, mixed))
    pd.testing.assert_frame_equal(one, other)


def test_memberships_count_customers_in_parts(fit):
    soft = _soft(fit)
    table = wallet_totals(fit, soft, draws=5).table()
    assert np.allclose(table["customers"][:-1], soft.expected_sizes)
    assert np.allclose(table["own"][:-1], fit.wallets.frame["own"].to_numpy() @ soft.memberships)


def test_customers_in_no_segment_are_a_row_and_strangers_are_counted(fit):
    ids = [*fit.wallets.frame["customer_id"].iloc[:500], 900_001, 900_002]
    some = Segmentation(ids, ("x", "y"), np.arange(502) % 2)
    found = wallet_totals(fit, some, draws=5)
    assert found.names == ("x", "y", NO_SEGMENT)
    assert found.left_over == 2
    assert found.table()["customers"].tolist() == [250, 250, 2500, 3000]
    assert found.table()["headroom"].iloc[-1] == pytest.approx(
        wallet_totals(fit, draws=5).table()["headroom"][0]
    )


def test_a_missing_segment_is_no_segment(fit):
    frame = fit.wallets.frame.copy()
    frame["segment"] = frame["segment"].astype(object)
    frame.loc[:9, "segment"] = None
    found = wallet_totals(FakeFit(FakeWallets(frame)), by="segment", draws=5)
    assert found.names[-1] == NO_SEGMENT
    assert found.table()["customers"].iloc[-2] == 10


def test_the_not_identified_have_own_spend_and_no_headroom(fit):
    frame = fit.wallets.frame
    hidden = frame["status"] == NOT_IDENTIFIED
    whole = wallet_totals(fit, draws=5)
    known = wallet_totals(FakeFit(FakeWallets(frame[~hidden]), seed=fit.seed, level_sd=fit.level_sd), draws=5)
    assert whole.sums.not_identified.sum() == hidden.sum() > 0
    assert whole.sums.own_not_identified.sum() == pytest.approx(frame.loc[hidden, "own"].sum())
    assert np.allclose(whole.draws["elsewhere"], known.draws["elsewhere"])
    assert whole.table()["wallet"][0] == pytest.approx(known.table()["wallet"][0])


def test_where_all_answered_nothing_is_uncertain():
    found = wallet_totals(fake_fit(300, answered=300, unknown=0.0), by="segment", draws=20).table()
    assert np.allclose(found["headroom_low"], found["headroom_high"])
    assert (found["extrapolated"] == 0).all()


def test_without_targets_attainable_is_unknown_not_zero(fit):
    assert wallet_totals(fit, draws=5).table()["attainable"].isna().all()


def test_draws_have_names(totals):
    assert totals.draws["elsewhere"].dims == ("segment", "draw")
    assert totals.draws["segment"].to_numpy().tolist() == ["a", "b", "c", "d"]
    assert "3,000 customers" in repr(totals)


@pytest.mark.parametrize("bad", [{"draws": 0}, {"size": 0}, {"by": "colour"}])
def test_bad_settings_are_refused(fit, bad):
    with pytest.raises(InputError):
        wallet_totals(fit, **bad)


def test_a_segmentation_and_a_column_are_refused(fit):
    with pytest.raises(InputError, match="one of them"):
        wallet_totals(fit, _soft(fit), by="segment")

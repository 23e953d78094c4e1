"""Tables of a run on wallets: names that are taken, answers alone beside totals, and decisions between customers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.models.wallet.look_alikes import target_shares
from segmodels.project.wallet_customers import customer_table, raw_segments
from segmodels.project.wallet_fits import level_of_answers
from segmodels.project.wallet_models import spec_of
from segmodels.project.wallet_names import is_taken
from segmodels.project.wallet_plan import WalletPlan, simulated_wallet_plan
from segmodels.project.wallet_read import read_wallets
from segmodels.project.wallet_tipping import tipping_of
from segmodels.segments.wallet import bands, cell_names, value_grid, whom_to_ask
from segmodels.segments.wallet.cut_crossing import cut_crossings
from segmodels.segments.wallet.totals import NO_SEGMENT, TOTAL, wallet_totals
from segmodels.tables.simulate_wallets import simulate_wallets

TRUTH = simulate_wallets(
    400, np.random.default_rng(4), answered=160, segments=(0.0, 0.6), covariates=(0.4,), slope=0.6
)
PLAN = simulated_wallet_plan(TRUTH, 1, folds=0, setting=MAP(), draws=60)
NAMES = ("status", "answered", "value", "cell", "undecided", "target_share", "p_invest", "p_protect")
NAMES += ("p_competitors_customers", "p_least_appealing", "p_full_share", "own", "customer_id")
NAMES += ("wallet_mean", "share_q05", "headroom_q97_5", "attainable_q50")


def _run(plan):
    wallets = read_wallets(plan)
    fit = spec_of(plan).fit(wallets, plan.setting, seed=plan.seed)
    return wallets, level_of_answers(plan, fit)[0]


@pytest.fixture(scope="module")
def run():
    wallets, level = _run(PLAN)
    grid = value_grid.value_grid(level, draws=60)
    return wallets, level, grid, wallet_totals(level, by="segment", draws=60)


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_segments_in_a_column_that_the_table_of_customers_has_are_refused(name):
    with pytest.raises(InputError, match=f"{name!r}, which the table of customers has") as caught:
        replace(PLAN, by=name)
    assert [fault.where for fault in caught.value.faults] == ["by"]


def test_every_column_of_the_table_of_customers_is_taken(run):
    _, level, grid, _ = run
    plan = replace(PLAN, levels=(0.025, 0.5, 0.9))
    table = customer_table(plan, level, target_shares(level, by="segment", draws=20), grid)
    assert [name for name in table.columns if not is_taken(name)] == ["segment"]
    assert (
        table["segment"].tolist()
        == TRUTH.set_index("customer_id").loc[table["customer_id"], "segment"].tolist()
    )
    assert table["cell"].tolist() == grid.customers["cell"].tolist()


@pytest.mark.parametrize("name", [TOTAL, NO_SEGMENT])
def test_a_segment_called_like_a_row_of_the_results_is_refused_before_the_fit(name):
    frame = TRUTH.assign(segment=TRUTH["segment"].replace({"s1": name}))
    with pytest.raises(InputError, match=f"by: got a segment called '{name}'"):
        read_wallets(replace(PLAN, source=frame))


def test_cells_have_their_names_in_one_place():
    assert value_grid.CELLS is cell_names.CELLS
    assert value_grid.UNKNOWN is bands.UNKNOWN is whom_to_ask.UNKNOWN is cell_names.UNKNOWN


# --- answers alone ------------------------------------------------------------------------------------------


def test_answers_alone_are_taken_for_the_identified_customers_as_headroom_is():
    """Of a frontier nonbuyers are not identified: their segment has fewer customers to multiply by."""
    few = TRUTH.assign(total=TRUTH["total"].where((TRUTH.index < 60) & (TRUTH["own"] > 0)))
    plan = WalletPlan(
        few, 1, total="total", by="segment", model="frontier", mean_share=0.55, setting=MAP(), draws=20
    )
    wallets, level = _run(plan)
    raw = raw_segments(plan, level).set_index("segment")
    table = wallet_totals(level, by="segment", draws=20).table().set_index("segment")
    assert (table["not_identified"] > 0).all()
    asked = wallets.answered()
    for name in ("s1", "s2", TOTAL):
        mean = asked.loc[(asked["segment"] == name) | (name == TOTAL), "low"].mean()
        heads = table.loc[name, "customers"] - table.loc[name, "not_identified"]
        assert raw.loc[name, "raw_headroom"] == pytest.approx(heads * mean)


def test_of_a_rounded_answer_what_is_expected_within_it_is_taken():
    told = TRUTH.assign(total=(TRUTH["total"] / 100).round() * 100)
    plan = replace(PLAN, source=told, rounding=100.0, below=1.0, most_below=1.0, by=None)
    wallets, level = _run(plan)
    (block,) = level.blocks()
    asked = wallets.answered()
    middle = ((asked["low"] + asked["high"]) / 2).mean()
    raw = raw_segments(plan, level).iloc[-1]
    assert (asked["high"] > asked["low"]).any()
    assert raw["raw_headroom"] == pytest.approx(400 * block.elsewhere.mean()[block.answered].mean())
    assert abs(raw["raw_headroom"] / (400 * middle) - 1) > 1e-3


# --- decisions ----------------------------------------------------------------------------------------------


def test_the_cut_of_the_grid_is_crossed_by_customers_not_by_means(run):
    wallets, level, grid, totals = run
    found = tipping_of(PLAN, wallets, totals, grid).set_index("segment")
    crossed = cut_crossings(level, grid.potential_cut, by="segment").set_index("segment")
    assert found.loc[["s1", "s2"], "threshold_delta"].tolist() == crossed["delta"].tolist()
    assert np.isfinite(crossed["delta"]).all()
    for name in ("s1", "s2"):
        above = f"{crossed.loc[name, 'above']:.0%} of its customers above the cut now"
        assert found.loc[name, "words"] == f"Level with {found.loc[name, 'crosses']!r}; {above}."
        assert len(found.loc[name, "words"].split()) < 15
    assert "text" not in found, "the same words twice"
    assert np.isnan(found.loc[TOTAL, "threshold_delta"])
    assert not found.loc[TOTAL, "words"], "of the total there is no rank, and several segments are there"


def test_a_segment_of_nonbuyers_of_a_frontier_is_not_known():
    """Nobody of the segment spends here, so that nothing is said of anybody in it."""
    frame = TRUTH.assign(segment=np.where(TRUTH["own"] > 0, "buyers", "others"))
    few = frame.assign(total=frame["total"].where((frame.index < 60) & (frame["own"] > 0)))
    plan = WalletPlan(
        few, 1, total="total", by="segment", model="frontier", mean_share=0.55, setting=MAP(), draws=20
    )
    wallets, level = _run(plan)
    totals = wallet_totals(level, by="segment", draws=20)
    found = tipping_of(plan, wallets, totals, value_grid.value_grid(level, draws=20)).set_index("segment")
    assert np.isnan(totals.table().set_index("segment").loc["others", "headroom"])
    assert found.loc["others", ["headroom", "at_+0", "delta", "threshold_delta"]].isna().all()
    assert found.loc["others", "words"] == "Nothing is known: no customer of it is identified."
    assert "rank" not in found.loc["buyers", "words"]
    assert "of its customers above the cut now" in found.loc["buyers", "words"]
    raw = raw_segments(plan, level).set_index("segment")
    assert np.isnan(raw.loc["others", "raw_headroom"])
    assert pd.notna(raw.loc["buyers", "raw_headroom"])

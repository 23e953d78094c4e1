"""The value grid: probabilities against brute force, tables that add up, and what is refused."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from wallet_fake import FakeFit, FakeWallets, fake_fit
from wallet_levels import GivenTargets, SmallBlocks, all_draws

from segmodels.errors import InputError
from segmodels.models.wallet.block import IDENTIFIED, NOT_IDENTIFIED
from segmodels.models.wallet.look_alikes import target_shares
from segmodels.segments.wallet.potential import Potential
from segmodels.segments.wallet.value_grid import ALL, CELLS, UNKNOWN, Quantile, value_grid

CUTS = {"value_cut": 100.0, "potential_cut": 80.0}


@pytest.fixture(scope="module")
def fit():
    return fake_fit(600, answered=60, level_sd=0.0, unknown=0.05)


@pytest.fixture(scope="module")
def grid(fit):
    return value_grid(fit, **CUTS)


@pytest.mark.parametrize(
    ("potential", "targets"),
    [
        ("headroom", None),
        ("headroom", GivenTargets()),
        ("attainable", GivenTargets(0.8)),
        ("attainable", GivenTargets(0.1, 0.13)),
    ],
)
def test_probabilities_are_those_of_many_draws(fit, potential, targets):
    draws = 6000
    found = value_grid(fit, **CUTS, potential=potential, targets=targets, draws=2).probability
    block, spent = all_draws(fit, draws)
    if potential == "attainable":
        share = targets.of(block)[:, None]
        spent = np.maximum(share * (block.own[:, None] + spent) - block.own[:, None], 0)
    high = np.where(np.isnan(spent), np.nan, spent > 80).mean(axis=1)
    value = block.own > 100
    wanted = np.column_stack([high * value, (1 - high) * value, high * ~value, (1 - high) * ~value])
    error = np.sqrt(np.nan_to_num(found * (1 - found)) / draws)
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    assert np.nanmax(np.abs(found - wanted) - 4.5 * error) < 1e-12


def test_rows_sum_to_one_and_nothing_is_said_of_the_unknown(fit, grid):
    unknown = grid.fit.wallets.frame["status"].to_numpy() == NOT_IDENTIFIED
    assert unknown.sum() > 10
    assert np.isnan(grid.probability[unknown]).all()
    assert grid.probability[~unknown].sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert grid.segmentation.customer_id.tolist() == fit.wallets.frame["customer_id"][~unknown].tolist()
    assert grid.segmentation.names == CELLS
    assert not grid.undecided[unknown].any()


def test_who_answered_is_in_one_cell_for_sure(grid):
    asked = grid.scored.answered
    assert set(np.unique(grid.probability[asked])) == {0.0, 1.0}
    assert not grid.undecided[asked].any()
    low = grid.fit.wallets.frame["low"].to_numpy()[asked]
    assert np.array_equal(grid.probability[asked][:, [0, 2]].sum(axis=1) == 1, low > 80)


def test_a_potential_or_value_equal_to_the_cut_is_low():
    frame = pd.DataFrame(
        {"customer_id": [1, 2], "own": [10.0, 10.1], "low": [5.0, 5.1], "high": [5.0, 5.1], "m": 1.0}
    )
    fit = FakeFit(FakeWallets(frame.assign(status=IDENTIFIED)))
    found = value_grid(fit, value_cut=10.0, potential_cut=5.0, draws=3)
    assert found.segmentation.labels.tolist() == ["least appealing", "invest"]
    assert found.cells()["customers"].tolist() == [1, 0, 0, 1, 2, 0, 2]


def test_the_higher_the_cut_the_fewer_are_high(fit):
    last = np.inf
    for cut in (0.0, 10.0, 50.0, 200.0, 1e6):
        found = value_grid(fit, value_cut=100.0, potential_cut=cut, draws=2)
        high = found.probability[:, 0] + found.probability[:, 2]
        assert (np.nan_to_num(high) <= last + 1e-12).all()
        last = np.nan_to_num(high)
    low, high = (value_grid(fit, value_cut=cut, potential_cut=80.0, draws=2).probability for cut in (50, 500))
    assert (low[:, :2].sum(axis=1) >= high[:, :2].sum(axis=1))[~np.isnan(low[:, 0])].all()


def test_rows_add_up_in_every_draw_and_to_what_is_known(fit, grid):
    totals = grid.draws.totals
    assert totals["customers"].sum(axis=(0, 1)) == pytest.approx(len(fit.wallets), abs=1e-9)
    own = fit.wallets.frame["own"].sum()
    assert totals["value"].sum(axis=(0, 1)) == pytest.approx(own, rel=1e-12)
    table = grid.cells().set_index("cell")
    for column in ("customers", "value", "placed", "undecided", "extrapolated"):
        assert table.loc[list(CELLS), column].sum() == pytest.approx(table.loc["identified", column])
        assert table.loc[["identified", UNKNOWN], column].sum() == pytest.approx(table.loc[ALL, column])
    assert table.loc[list(CELLS), "headroom"].sum() == pytest.approx(table.loc["identified", "headroom"])
    assert table.loc[[UNKNOWN, ALL], "headroom"].isna().all()
    assert table.loc[ALL, "placed"] == len(fit.wallets)
    assert (table["customers_low"] <= table["customers_high"]).all()


def test_cells_are_those_of_a_slow_and_obvious_version(fit):
    targets = GivenTargets(0.7)
    draws = 40
    found = value_grid(fit, **CUTS, targets=targets, draws=draws)
    block, spent = all_draws(fit, draws)
    within = np.maximum(0.7 * (block.own[:, None] + spent) - block.own[:, None], 0)
    cells = found.cells(0.5).set_index("cell")
    for name, rich, much in zip(CELLS, (1, 1, 0, 0), (1, 0, 1, 0), strict=True):
        here = ((block.own > 100) == rich)[:, None] & ((spent > 80) == much) & ~np.isnan(spent)
        for column, amount in (("customers", 1.0), ("headroom", spent), ("attainable", within)):
            totals = np.where(here, amount, 0.0).sum(axis=0)
            wanted = [totals.mean(), *np.quantile(totals, (0.25, 0.75))]
            got = cells.loc[name, [column, f"{column}_low", f"{column}_high"]].to_numpy(float)
            assert got == pytest.approx(wanted, rel=1e-12)


def test_expected_customers_agree_with_the_probabilities(grid):
    cells = grid.cells().set_index("cell").loc[list(CELLS)]
    spread = (cells["customers_high"] - cells["customers_low"]) / 2.56 / np.sqrt(400)
    gap = (cells["customers"] - grid.segmentation.expected_sizes.to_numpy()).abs()
    assert (gap < 4 * spread).all()


def test_neither_blocks_nor_repetition_change_anything(fit, grid):
    other = value_grid(SmallBlocks(fit.wallets, s=fit.s, p0=fit.p0, seed=fit.seed), **CUTS)
    assert np.array_equal(other.probability, grid.probability, equal_nan=True)
    again = value_grid(fit, **CUTS)
    for name, array in grid.draws.totals.items():
        assert np.array_equal(again.draws.totals[name], array, equal_nan=True)
        assert other.draws.totals[name] == pytest.approx(array, rel=1e-12, nan_ok=True)


def test_cuts_are_quantiles_over_customers_unless_given(fit):
    found = value_grid(fit, value_cut=Quantile(0.7), draws=2)
    expected = found.scored.expected[found.scored.known]
    assert found.value_cut == np.quantile(fit.wallets.frame["own"], 0.7)
    assert found.potential_cut == np.median(expected)
    assert f"{found.value_cut:,.2f}" in found.text


def test_value_may_be_a_forecast_of_any_kind(fit):
    rng = np.random.default_rng(3)
    ids = fit.wallets.frame["customer_id"].to_numpy()
    forecast = pd.Series(rng.gamma(1, 50, len(ids)), index=ids, name="value")
    shuffled = forecast.sample(frac=1, random_state=1)
    table = shuffled.rename_axis("customer_id").reset_index().assign(p10=0.0)
    first = value_grid(fit, value=forecast, draws=2)
    for value in (shuffled, table, pl.from_pandas(table)):
        assert np.array_equal(
            value_grid(fit, value=value, draws=2).probability, first.probability, equal_nan=True
        )
    cells = first.cells().set_index("cell")
    assert cells.loc[ALL, "value"] == pytest.approx(forecast.sum())
    assert cells.loc[ALL, "own"] == pytest.approx(fit.wallets.frame["own"].sum())


def test_customers_have_a_row_each(grid):
    rows = grid.customers
    assert rows["customer_id"].tolist() == grid.scored.customer_id.tolist()
    assert rows.columns.tolist() == [
        "customer_id",
        "value",
        "potential",
        *CELLS,
        "cell",
        "undecided",
        "status",
        "answered",
    ]
    known = rows["status"] != "not_identified"
    assert (rows.loc[~known, "cell"] == UNKNOWN).all()
    best = rows.loc[known, list(CELLS)].astype(float).max(axis=1)
    assert ((best < 0.8) == rows.loc[known, "undecided"]).all()


def test_the_target_shares_of_look_alikes_serve(fit):
    found = value_grid(fit, potential="attainable", targets=target_shares(fit, draws=20), draws=20)
    table = found.cells().set_index("cell")
    assert table.loc["identified", "attainable"] < table.loc["identified", "headroom"]
    expected = np.nansum(found.scored.expected)
    assert table.loc["identified", "attainable"] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("cut", [0.0, 30.0, 300.0])
@pytest.mark.parametrize("potential", [Potential(), Potential("attainable", GivenTargets(0.6))])
def test_the_excess_is_the_integral_of_the_tail(potential, cut):
    fit = fake_fit(40, answered=0, level_sd=0.0, unknown=0.0)
    (block,) = fit.blocks()
    found = potential.excess(block, cut)
    m, own = block.elsewhere.m, block.own
    for i in range(0, 40, 5):

        def tail(t, i=i):
            needed = t if potential.kind == "headroom" else (t + own[i]) / 0.6 - own[i]
            return 0.9 * ndtr((m[i] - np.log(max(needed, 1e-300))) / 0.8)

        ends = (cut, cut + 50, cut + 500, cut + 5000, 1e6)
        wanted = sum(quad(tail, *pair, limit=200)[0] for pair in pairwise(ends))
        assert found[i] == pytest.approx(wanted, rel=1e-4, abs=1e-3)


def test_a_target_of_zero_leaves_nothing_to_attain(fit):
    potential = Potential("attainable", GivenTargets(0.0))
    (block,) = fit.blocks()
    known = block.status != NOT_IDENTIFIED
    assert (potential.above(block, np.array([0.0]))[known] == 0).all()
    assert (potential.expected(block)[known] == 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"potential_cut": -1.0, "draws": 0, "sure": 0.4}, ("potential_cut", "draws", "sure")),
        ({"value_cut": float("nan")}, ("value_cut",)),
        ({"potential": "attainable"}, ("target",)),
        ({"potential": "winnable"}, ("headroom",)),
        ({"value": pd.Series([1.0], index=[10])}, ("value", "599 rows")),
        ({"value": pd.Series([1.0, 2.0], index=[10, 10])}, ("repeated",)),
        ({"value": pd.DataFrame({"customer_id": [1], "worth": [1.0]})}, ("worth",)),
    ],
)
def test_what_does_not_fit_is_refused(fit, settings, words):
    with pytest.raises(InputError) as caught:
        value_grid(fit, **settings)
    assert all(word in str(caught.value) for word in words)


def test_a_wallet_of_unknown_customers_is_refused(fit):
    frame = fit.wallets.frame.assign(m=np.nan, low=np.nan, high=np.nan, status=NOT_IDENTIFIED)
    with pytest.raises(InputError, match="no identified customer"):
        value_grid(replace(fit, wallets=FakeWallets(frame)))

"""Deciles of value by bands of potential: against a slow version, and how few hold the potential."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from wallet_fake import fake_fit
from wallet_levels import GivenTargets, all_draws

from segmodels.errors import InputError
from segmodels.segments.value import DECILES, deciles
from segmodels.segments.wallet.bands import UNKNOWN, potential_bands

DRAWS = 50


@pytest.fixture(scope="module")
def fit():
    return fake_fit(500, answered=50, unknown=0.05)


@pytest.fixture(scope="module")
def bands(fit):
    return potential_bands(fit, cuts=[0.0, 60.0, 200.0], draws=DRAWS)


def test_the_table_is_that_of_a_slow_and_obvious_version(fit, bands):
    block, spent = all_draws(fit, DRAWS)
    decile = deciles(pd.Series(block.own, index=block.customer_id)).labels.to_numpy()
    table = bands.table(0.8).set_index(["decile", "band"])
    limits = [-np.inf, 0.0, 60.0, 200.0, np.inf]
    for name in DECILES:
        for k in range(4):
            here = (decile == name)[:, None] & (spent > limits[k]) & (spent <= limits[k + 1])
            for column, amount in (("customers", 1.0), ("value", block.own[:, None]), ("headroom", spent)):
                totals = np.where(here, amount, 0.0).sum(axis=0)
                wanted = [totals.mean(), *np.quantile(totals, (0.1, 0.9))]
                row = table.loc[(name, f"band {k + 1}"), [column, f"{column}_low", f"{column}_high"]]
                assert row.to_numpy(float) == pytest.approx(wanted, rel=1e-12)
        unknown = (decile == name) & np.isnan(spent[:, 0])
        assert table.loc[(name, UNKNOWN), "customers"] == unknown.sum()


def test_all_rows_add_up_and_decile_one_is_the_best(fit, bands):
    table = bands.table()
    assert table["customers"].sum() == pytest.approx(len(fit.wallets))
    assert table["value"].sum() == pytest.approx(fit.wallets.frame["own"].sum())
    by = table.groupby("decile")[["customers", "value"]].sum()
    average = (by["value"] / by["customers"]).loc[list(DECILES)]
    assert average.is_monotonic_decreasing
    assert average["no spend"] == 0
    assert len(table) == len(DECILES) * 5


def test_cuts_are_quantiles_of_expected_potential_and_ties_make_fewer(fit):
    found = potential_bands(fit, cuts=3, draws=2)
    known = found.scored.expected[found.scored.known]
    assert found.cuts == pytest.approx(np.quantile(known, [1 / 3, 2 / 3]))
    frame = fit.wallets.frame.assign(low=7.0, high=7.0)
    same = potential_bands(type(fit)(type(fit.wallets)(frame)), cuts=4, draws=2)
    assert same.cuts.tolist() == [7.0]


def test_the_top_hold_what_they_hold_in_the_draws(fit):
    found = potential_bands(fit, draws=DRAWS, top=0.2)
    _, spent = all_draws(fit, DRAWS)
    known = found.scored.known
    order = np.argsort(-found.scored.expected[known], kind="stable")
    exact = 0.2 * known.sum()
    weight = np.clip(exact - np.arange(known.sum()), 0, 1)
    held = (weight @ spent[known][order]) / spent[known].sum(axis=0)
    assert found.held == pytest.approx(held)
    row = found.concentration().iloc[0]
    assert row["mean"] == pytest.approx(held.mean())
    assert row["low"] <= row["mean"] <= row["high"]
    assert "20%" in found.text


def test_more_customers_never_hold_less(fit):
    held = [potential_bands(fit, draws=10, top=top).held for top in (0.05, 0.1, 0.5, 0.95)]
    assert all((b > a).all() for a, b in pairwise(held))
    assert (held[1] > 0.1).all()


def test_lorenz_curves_go_from_nothing_to_everything(bands):
    curve = bands.lorenz()
    assert curve.iloc[0].tolist() == [0, 0, 0]
    assert curve.iloc[-1].to_numpy() == pytest.approx(1)
    for name in ("share_of_value", "share_of_potential"):
        assert (np.diff(curve[name], 2) > -1e-12).all()
        assert (curve[name] <= curve["share_of_customers"] + 1e-12).all()


def test_bands_may_be_of_attainable_potential(fit):
    targets = GivenTargets(0.7)
    found = potential_bands(fit, cuts=[25.0], potential="attainable", targets=targets, draws=DRAWS)
    block, spent = all_draws(fit, DRAWS)
    within = np.maximum(0.7 * (block.own[:, None] + spent) - block.own[:, None], 0)
    table = found.table()
    much = table[table["band"] == "band 2"]
    assert much["customers"].sum() == pytest.approx((within > 25).sum(axis=0).mean())
    assert much["attainable"].sum() == pytest.approx(np.where(within > 25, within, 0).sum(axis=0).mean())
    assert much["headroom"].sum() == pytest.approx(np.where(within > 25, spent, 0).sum(axis=0).mean())


@pytest.mark.parametrize(
    "settings",
    [
        {"cuts": 0},
        {"cuts": [5.0, 5.0]},
        {"cuts": [-1.0]},
        {"cuts": [float("nan")]},
        {"draws": 0},
        {"top": 1.0},
        {"potential": "attainable"},
    ],
)
def test_settings_out_of_range_are_refused(fit, settings):
    with pytest.raises(InputError, match="|".join([next(iter(settings)), "target"])):
        potential_bands(fit, **settings)

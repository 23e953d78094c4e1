"""Expected shares against brute force, names of columns, and targets that do not hang on who else is scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.errors import InputError
from segmodels.models.wallet.block import WalletBlock
from segmodels.models.wallet.look_alikes import target_shares
from segmodels.models.wallet.predict import quantile_names, score
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets

LEVELS = (0.1, 0.5, 0.9)
TRUTH = {"slope": 0.4, "level": 0.3, "sigma": 0.7, "hurdle": -1.2, "hurdle_slope": 0.5, "nonbuyers": 0.1}


def _read(frame):
    frame = frame.drop(columns="true_elsewhere")
    return Wallets.read(frame, customer="customer_id", own="own", total="total")


@pytest.fixture(scope="module")
def fitted():
    frame = simulate_wallets(2000, np.random.default_rng(1), answered=400, **TRUTH)
    return frame, WalletShare(scale=0.0).fit(_read(frame), sg.Laplace(draws=300), seed=1)


def test_expected_share_and_attainable_are_those_of_fine_quantiles(fitted):
    _, fit = fitted
    targets = target_shares(fit, draws=20)
    block = next(fit.blocks())
    block = block.take(np.flatnonzero(~block.answered & (block.own > 0)))
    found = score(block, targets, np.array(LEVELS))
    # slow: even levels, very many
    own, target = block.own[:, None], targets.of(block)[:, None]
    spent = block.elsewhere.quantiles((np.arange(4000) + 0.5) / 4000)
    assert np.abs(found["share_mean"] - (own / (own + spent)).mean(axis=1)).max() < 1e-3
    short = np.maximum((1 - target) * own - target * spent, 0).mean(axis=1)
    exact = target[:, 0] * block.elsewhere.mean() - (1 - target[:, 0]) * block.own + short
    assert (np.abs(found["attainable_mean"] - exact) / block.own).max() < 5e-4


@pytest.mark.parametrize("seed", range(3))
def test_share_of_a_customer_without_own_spend_is_nothing(seed):
    frame = simulate_wallets(800, np.random.default_rng(seed), answered=300, **(TRUTH | {"nonbuyers": 0.4}))
    none = frame.index[(frame["own"] == 0)]
    frame.loc[none[0], "total"] = 0.0
    fit = WalletShare(scale=0.0).fit(_read(frame), sg.MAP(), seed=1)
    table = fit.predict().set_index("customer_id").loc[frame.loc[none, "customer_id"]]
    shares = table[["share_mean", "share_q05", "share_q50", "share_q95"]].to_numpy()
    nowhere = (frame.loc[none, "total"] == 0).to_numpy()
    assert nowhere.any()
    assert not nowhere.all()
    assert np.isnan(shares[nowhere]).all()
    assert (shares[~nowhere] == 0).all()


def test_a_level_has_a_name_of_its_own(fitted):
    table = fitted[1].predict(levels=(0.025, 0.999995, 0.999999))
    for name in ("headroom_q02_5", "headroom_q2_5"):
        assert (name in table) == (name == "headroom_q2_5")
    assert {"headroom_q99_9995", "headroom_q99_9999"} <= set(table.columns)
    assert quantile_names(np.array([0.05, 0.1, 0.29, 0.9])) == ["q05", "q10", "q29", "q90"]


@pytest.mark.parametrize("levels", [(0.5, 0.5 + 1e-14), (1e-15, 0.5), (0.5, 1 - 1e-15)])
def test_levels_without_a_name_of_their_own_are_refused(fitted, levels):
    with pytest.raises(InputError, match="levels"):
        fitted[1].predict(levels=levels)


def test_shares_at_levels_that_are_not_symmetric(fitted):
    found, whole = fitted[1].predict(levels=(0.2, 0.7)), fitted[1].predict(levels=(0.2, 0.3, 0.7, 0.8))
    for name in ("share_q20", "share_q70", "headroom_q70", "attainable_mean"):
        np.testing.assert_allclose(found[name], whole[name], rtol=1e-6)


def test_a_customer_scored_alone_has_the_figures_it_had_among_all(fitted):
    frame, fit = fitted
    whole = fit.predict(LEVELS).set_index("customer_id")
    for some in (frame[frame["own"] > frame["own"].quantile(0.9)], frame[frame["own"] == 0]):
        found = fit.on(_read(some)).predict(LEVELS).set_index("customer_id")
        assert found["attainable_mean"].notna().all()
        kept = whole.loc[found.index]
        pd.testing.assert_frame_equal(found, kept, rtol=1e-9)


def test_targets_at_hand_take_the_place_of_others(fitted):
    frame, fit = fitted
    targets = target_shares(fit)
    prospects = fit.on(_read(frame[frame["own"] == 0]))
    found = prospects.predict(LEVELS, targets=targets).set_index("customer_id")
    kept = fit.predict(LEVELS).set_index("customer_id").loc[found.index]
    pd.testing.assert_frame_equal(found, kept, rtol=1e-9)


def test_where_nobody_buys_nothing_is_known_to_be_attainable(fitted):
    frame, fit = fitted
    prospects = fit.on(_read(frame[frame["own"] == 0]))
    found = replace(prospects, base=prospects.wallets).predict(LEVELS)
    assert found["headroom_mean"].notna().all()
    assert found[["attainable_mean", "attainable_q10", "attainable_q90"]].isna().all(axis=None)
    with pytest.raises(InputError, match="customers who buy here"):
        target_shares(prospects)


def test_bands_are_of_the_median_wallet_where_means_are_infinite(fitted):
    frame, _ = fitted
    fit = WalletShare(scale=0.0, errors="t").fit(_read(frame), sg.MAP(), seed=1)
    found = target_shares(fit, draws=20)
    assert found.centre == "median"
    assert np.isfinite(found.cuts).all()
    buyers = found.table["buyers"]
    assert buyers.sum() == (frame["own"] > 0).sum()
    assert buyers.min() > 0.1 * len(frame)
    median = pd.Series(fit.predict(levels=(0.5,))["wallet_q50"])
    np.testing.assert_allclose(found.cuts, np.quantile(median, [0.2, 0.4, 0.6, 0.8]), rtol=1e-9)


def test_an_exact_answer_has_an_exact_share(fitted):
    table = fitted[1].predict()
    known = table["answered"] & (table["own"] > 0)
    for name in ("share_mean", "share_q05", "share_q95"):
        np.testing.assert_allclose(
            table.loc[known, name], (table["own"] / table["wallet_mean"])[known], rtol=1e-12
        )
    assert isinstance(next(fitted[1].blocks()), WalletBlock)

"""Target shares of look-alikes against the slow way: all draws at hand, one quantile a cell."""

import numpy as np
import pandas as pd
import pytest
from wallet_fake import FakeFit, FakeWallets, fake_fit

from segmodels.errors import InputError
from segmodels.models.wallet.block import NOT_IDENTIFIED
from segmodels.models.wallet.look_alikes import BINS, attainable, target_shares


def _whole(fit):
    (block,) = fit.blocks(len(fit.wallets))
    return block


def _slow(fit, by, tau, draws):
    """One row per identified customer: cell and target."""
    block = _whole(fit)
    known = block.status != NOT_IDENTIFIED
    wallet = np.where(known, block.own + block.elsewhere.mean(), np.nan)
    band = np.searchsorted(np.nanquantile(wallet, [0.2, 0.4, 0.6, 0.8]), wallet, side="right")
    spent = block.elsewhere.draws(np.arange(draws))
    target = np.full(len(block), np.nan)
    frame = pd.DataFrame({"by": block.columns[by], "band": band})
    for group in frame[known].groupby(["by", "band"]).groups.values():
        rows = np.asarray(group)
        buyers = rows[block.own[rows] > 0]
        share = block.own[buyers, None] / (block.own[buyers, None] + spent[buyers])
        target[rows] = np.quantile(share, tau, axis=0, method="inverted_cdf").mean()
    return target


def test_targets_are_the_mean_over_draws_of_the_quantile_within_the_cell():
    fit = fake_fit(6000, seed=3)
    found = target_shares(fit, by="segment", draws=20).of(_whole(fit))
    slow = _slow(fit, "segment", 0.8, 20)
    assert np.array_equal(np.isnan(found), np.isnan(slow))
    assert np.nanmax(np.abs(found - slow)) < 1 / BINS


def test_about_a_fifth_of_look_alikes_are_beyond_the_target():
    fit = fake_fit(6000, seed=4)
    block, targets = _whole(fit), target_shares(fit, draws=40)
    buyers = (block.own > 0) & (block.status != NOT_IDENTIFIED)
    own, spent = block.own[buyers, None], block.elsewhere.draws(np.arange(40, 80))[buyers]
    beyond = (own / (own + spent) > targets.of(block)[buyers, None]).mean()
    assert beyond == pytest.approx(0.2, abs=0.01)


def test_a_target_within_the_atom_of_whole_wallets_is_one():
    fit = fake_fit(2000, p0=0.4, seed=5)
    assert np.all(target_shares(fit, bands=1, draws=5).table["target"] == 1.0)


def test_few_look_alikes_borrow_from_their_segment_and_then_from_all():
    fit = fake_fit(1500, seed=6)
    frame = fit.wallets.frame.copy()
    frame.loc[:29, "segment"] = "small"
    frame.loc[30:34, "segment"] = "tiny"
    fit = FakeFit(FakeWallets(frame))
    table = target_shares(fit, by="segment", draws=10).table.set_index(["segment", "band"])
    assert set(table.loc["tiny", "from"]) == {"all"}
    assert set(table.loc["small", "from"]) == {"segment"}
    assert set(table.loc["a", "from"]) == {"look-alikes"}
    assert np.ptp(table.loc["tiny", "target"]) == 0
    assert (
        table.loc["small", "buyers"].sum()
        == (frame["segment"].eq("small") & (frame["own"] > 0) & frame["m"].notna()).sum()
    )


def test_a_customer_of_an_unseen_segment_gets_the_target_of_all():
    fit = fake_fit(1500, seed=6)
    targets = target_shares(fit, by="segment", draws=10)
    frame = fit.wallets.frame.assign(segment="unseen")
    every = target_shares(fit, bands=1, draws=10).table["target"].item()
    found = targets.of(_whole(FakeFit(FakeWallets(frame))))
    assert found[~np.isnan(found)] == pytest.approx(every)


def test_attainable_never_falls_with_elsewhere_spend_and_is_nothing_at_the_target():
    rng = np.random.default_rng(1)
    own, target = rng.gamma(2.0, 50.0, 100), rng.uniform(0, 1, 100)
    spent = np.sort(rng.gamma(1.0, 80.0, (100, 9)), axis=1)
    assert np.all(np.diff(attainable(own, spent, target), axis=1) >= 0)
    at_target = own / target - own
    assert attainable(own, at_target, target) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("bad", [{"tau": 0.0}, {"tau": 1.2}, {"bands": 0}, {"draws": 0}, {"by": "colour"}])
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(InputError):
        target_shares(fake_fit(200, answered=20), **bad)


def test_without_buyers_there_is_no_target():
    frame = fake_fit(100, answered=10).wallets.frame.assign(own=0.0)
    with pytest.raises(InputError, match="no customer with own spend"):
        target_shares(FakeFit(FakeWallets(frame)))

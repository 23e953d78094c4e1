"""Own spend as WalletShare sees it, and what its bend is for."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.inference.priors import Normal
from segmodels.models.wallet.own_spend import OwnSpend
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.wallets import Wallets


def test_the_scale_is_that_of_the_middle_of_the_buyers():
    own = np.concatenate([np.zeros(50), np.exp(np.random.default_rng(1).normal(3.0, 1.0, 4000))])
    scale = OwnSpend.of(own)
    assert scale.centre == pytest.approx(3.0, abs=0.05)
    assert (scale.low, scale.high) == pytest.approx((-1.96, 1.96), abs=0.15)
    y, bend, buyer = scale.predictors(own)
    assert y[buyer == 0].tolist() == bend[buyer == 0].tolist() == [0.0] * 50
    assert (y.min(), y.max(), bend.max()) == pytest.approx((scale.low, scale.high, 1.0))
    assert np.mean((y == scale.low) | (y == scale.high)) == pytest.approx(0.05, abs=0.002)


def test_the_unit_of_money_changes_no_predictor():
    own = np.exp(np.random.default_rng(2).normal(3.0, 1.0, 200))
    for one, other in zip(
        OwnSpend.of(own).predictors(own), OwnSpend.of(own * 1e9).predictors(own * 1e9), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_one_own_spend_has_no_bend_and_nobody_no_scale():
    y, bend, _ = OwnSpend.of(np.full(30, 7.0)).predictors(np.array([7.0, 9.0, 0.0]))
    assert y.tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert bend.tolist() == [0.0, 0.0, 0.0]
    assert OwnSpend.of(np.zeros(3)) == OwnSpend(0.0, 0.0, 0.0)


def _curved(n=2500, answered=600):
    """Elsewhere spend is least of those in the middle, and does not grow on beyond the ends."""
    rng = np.random.default_rng(3)
    own = np.exp(rng.normal(3.0, 1.0, n))
    x = np.clip(np.log(own) - 3.0, -2, 2)
    truth = np.exp(3.0 + 0.3 * (x**2) + 0.5 * rng.normal(size=n))
    asked = np.arange(n) < answered
    frame = {"id": np.arange(n), "own": own, "rest": np.where(asked, truth, np.nan)}
    return Wallets.read(pd.DataFrame(frame), customer="id", own="own", elsewhere="rest"), own, truth, ~asked


def _worst_fifth(fit, own, truth, hidden):
    """How far the sum of a fifth of own spend is off at most."""
    mean = np.concatenate([block.elsewhere.mean() for block in fit.blocks()])
    fifth = np.digitize(own, np.quantile(own, [0.2, 0.4, 0.6, 0.8]))
    sums = [np.bincount(fifth[hidden], each[hidden]) for each in (mean, truth)]
    return np.abs(sums[0] / sums[1] - 1).max()


def test_a_curve_is_found_and_sums_of_big_and_small_customers_are_right():
    wallets, own, truth, hidden = _curved()
    fit = WalletShare(scale=0.0).fit(wallets, sg.Laplace(draws=500), seed=1)
    assert fit.params["bend"] == pytest.approx(0.3 * fit.cells.own_spend.high**2, rel=0.2)
    finding = next(item for item in fit.evidence if item.name == "What own spend says")
    assert "in the middle less than the ends say" in finding.text
    straight = WalletShare(scale=0.0, bend=Normal(0.0, 1e-3)).fit(wallets, sg.Laplace(draws=500), seed=1)
    curve, line = (_worst_fifth(each, own, truth, hidden) for each in (fit, straight))
    assert curve < 0.15
    assert line > 0.25


def test_beyond_the_answers_nothing_grows():
    wallets, _, _, _ = _curved()
    fit = WalletShare(scale=0.0).fit(wallets, sg.Laplace(draws=300), seed=1)
    far = pd.DataFrame({"id": [1, 2], "own": np.exp(fit.cells.own_spend.centre + np.array([6.0, 16.0]))})
    block = next(fit.on(Wallets.read(far, customer="id", own="own")).blocks())
    one, other = block.elsewhere.mean()
    assert one == pytest.approx(other, rel=1e-12)
    assert (block.status == 1).all()

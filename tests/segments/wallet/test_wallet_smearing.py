"""Smearing: totals are unbiased where the error law is wrong, and a selective survey is put right by weights."""

import numpy as np
import pandas as pd
import pytest
from wallet_fake import fake_fit

import segmodels as sg
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.selection import respondents
from segmodels.segments.wallet.smearing import smeared
from segmodels.segments.wallet.totals import wallet_totals
from segmodels.tables.wallets import Wallets


def _world(rng, n=4000, answered=300, *, tilt=0.0):
    """Elsewhere spend is Gamma, which no Box-Cox normal is, and falls with own spend."""
    own = np.exp(rng.normal(3, 1, n))
    elsewhere = rng.gamma(0.6, 1.0, n) * 60 / (1 + own / 15)
    z = (np.log(own) - 3) * tilt
    asked = rng.choice(n, answered, replace=False, p=np.exp(z) / np.exp(z).sum())
    total = np.full(n, np.nan)
    total[asked] = (own + elsewhere)[asked]
    return pd.DataFrame({"id": np.arange(n), "own": own, "total": total}), elsewhere


def _ratios(tilt, runs=8):
    found = []
    for run in range(runs):
        frame, elsewhere = _world(np.random.default_rng(run), tilt=tilt)
        wallets = Wallets.read(frame, customer="id", own="own", total="total")
        fit = WalletShare(scale=0.0).fit(wallets, sg.Laplace(draws=400), seed=1)
        good = smeared(fit, respondents(fit))
        totals = [
            sum(block.elsewhere.mean().sum() for block in each.blocks()) for each in (fit, smeared(fit), good)
        ]
        found.append(np.array(totals) / elsewhere.sum())
    return np.mean(found, axis=0)


def test_totals_are_unbiased_where_the_errors_are_not_normal():
    plain, even, weighted = _ratios(0.0)
    assert plain > 1.08
    assert abs(even - 1) < 0.06
    assert abs(weighted - 1) < 0.06


def test_a_survey_of_big_spenders_is_put_right_by_weights():
    plain, even, weighted = _ratios(1.0)
    assert abs(weighted - 1) < 0.08
    assert abs(weighted - 1) < abs(even - 1)
    assert abs(weighted - 1) < abs(plain - 1)


def test_answers_are_not_scaled_and_draws_follow_the_factor():
    fit = smeared(fake_fit(600, answered=200, s=1.2))
    block = next(fit.blocks())
    raw = next(fit.fit.blocks())
    numbers = np.arange(50)
    known = block.answered
    np.testing.assert_array_equal(block.elsewhere.draws(numbers)[known], raw.elsewhere.draws(numbers)[known])
    before, after = (each.elsewhere.draws(numbers)[~known] for each in (raw, block))
    ratio = np.divide(after, before, out=np.full_like(before, np.nan), where=before > 0)
    # one factor for everybody in each draw
    assert np.nanstd(ratio, axis=0).max() < 1e-9
    assert np.nanstd(np.nanmean(ratio, axis=0)) > 0.01


def test_quantiles_and_probabilities_follow_the_factor():
    fit = smeared(fake_fit(600, answered=200, s=1.2))
    block, levels = next(fit.blocks()), np.array([0.5, 0.9])
    rows = ~block.answered & np.isfinite(block.elsewhere.mean())
    q = block.elsewhere.quantiles(levels)
    above = block.elsewhere.above(q)
    positive = (q > 0) & rows[:, None]
    np.testing.assert_allclose(np.broadcast_to(1 - levels, q.shape)[positive], above[positive], atol=1e-6)


def test_totals_of_a_smeared_fit_add_up():
    frame, _ = _world(np.random.default_rng(5))
    frame["segment"] = np.where(np.arange(len(frame)) % 3 == 0, "a", "b")
    wallets = Wallets.read(frame, customer="id", own="own", total="total")
    fit = WalletShare().fit(wallets, sg.Laplace(draws=400), seed=1)
    table = wallet_totals(smeared(fit), by="segment", draws=100).table()
    parts, whole = table.iloc[:-1], table.iloc[-1]
    for column in ("own", "headroom", "customers"):
        assert parts[column].sum() == pytest.approx(whole[column], rel=1e-9)

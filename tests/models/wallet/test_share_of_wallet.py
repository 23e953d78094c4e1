"""WalletShare: recovers what it was simulated from, and its three ways of fitting agree."""

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import segmodels as sg
from segmodels.errors import InputError
from segmodels.models.wallet.block import STATUS
from segmodels.models.wallet.share import WalletShare, WalletShareFit
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets

TRUTH = {"slope": 0.4, "level": 0.3, "sigma": 0.7, "hurdle": -1.2, "hurdle_slope": 0.5, "nonbuyers": 0.1}


def _frame(n=3000, seed=1, answered=500, **more):
    return simulate_wallets(n, np.random.default_rng(seed), answered=answered, **(TRUTH | more))


def _read(frame, **more):
    return Wallets.read(
        frame.drop(columns="true_elsewhere"), customer="customer_id", own="own", total="total", **more
    )


@pytest.fixture(scope="module")
def fitted():
    frame = _frame()
    return frame, WalletShare().fit(_read(frame), sg.Laplace(draws=1000), seed=3)


def test_simulate_fit_recover():
    frame = _frame(4000, answered=4000)
    fit = WalletShare(scale=0.0).fit(_read(frame), sg.Laplace(draws=1000), seed=1)
    sd = pd.Series(
        fit.u[:, : len(fit.density.parametrisation.coordinates)].std(axis=0),
        index=fit.density.parametrisation.coordinates,
    )
    params = fit.params
    assert abs(params["slope"] - 0.4) < 4 * sd["slope"]
    assert abs(np.log(params["sigma"] / 0.7)) < 4 * sd["sigma"]
    assert abs(params["hurdle_slope"] - 0.5) < 4 * sd["hurdle_slope"]


@pytest.mark.parametrize("scale", [0.0, 0.3])
def test_the_scale_is_found_by_marginal_likelihood(scale):
    frame = _frame(3000, seed=2, answered=3000, scale=scale, sigma=0.8, nonbuyers=0.0)
    fit = WalletShare().fit(_read(frame), sg.MAP(), seed=1)
    assert abs(fit.scale - scale) <= 0.1


def test_intervals_cover_those_who_did_not_answer(fitted):
    frame, fit = fitted
    table = fit.predict(levels=(0.1, 0.5, 0.9)).merge(frame[["customer_id", "true_elsewhere"]])
    rest = table[~table["answered"]]
    below = (rest["true_elsewhere"] <= rest["headroom_q90"]).mean()
    assert abs(below - 0.9) < 0.03
    assert (rest["headroom_q10"] <= rest["headroom_q50"]).all()
    assert spearmanr(rest["headroom_mean"], rest["true_elsewhere"]).statistic > 0.05


def test_answers_are_kept_as_they_were_given(fitted):
    frame, fit = fitted
    table = fit.predict().set_index("customer_id").loc[frame["customer_id"]]
    known = frame["total"].notna().to_numpy()
    assert (table["answered"].to_numpy() == known).all()
    for column in ("wallet_mean", "wallet_q05", "wallet_q95"):
        np.testing.assert_allclose(
            table[column].to_numpy()[known], frame["total"].to_numpy()[known], rtol=1e-9
        )
    spends = known & (frame["total"] > 0).to_numpy()
    share = frame["own"].to_numpy()[spends] / frame["total"].to_numpy()[spends]
    np.testing.assert_allclose(table["share_q50"].to_numpy()[spends], share, rtol=1e-9)


def test_wallet_share_and_headroom_say_the_same(fitted):
    table = fitted[1].predict()
    own = table["own"].to_numpy()
    for low, high in (("q05", "q95"), ("q10", "q90")):
        np.testing.assert_allclose(table[f"wallet_{high}"], own + table[f"headroom_{high}"])
        np.testing.assert_allclose(table[f"share_{low}"], own / table[f"wallet_{high}"])
    assert (table["attainable_mean"] <= table["headroom_mean"] * (1 + 1e-9) + 1e-9).all()


def test_draws_agree_with_the_closed_form(fitted):
    block = next(fitted[1].blocks())
    draws = block.elsewhere.draws(np.arange(4000))[:40]
    levels = np.array([0.1, 0.5, 0.9])
    closed = block.elsewhere.take(np.arange(40)).quantiles(levels)
    for k, level in enumerate(levels):
        reached = (draws <= closed[:, [k]]).mean(axis=1)
        positive = (closed[:, k] > 0) & ~block.answered[:40]
        assert np.abs(reached[positive] - level).max(initial=0) < 0.035
    rest = ~block.answered[:40]
    np.testing.assert_allclose((draws == 0).mean(axis=1)[rest], block.elsewhere.none()[:40][rest], atol=0.035)
    mean, error = draws.mean(axis=1), draws.std(axis=1) / np.sqrt(4000)
    assert (np.abs(mean - block.elsewhere.mean()[:40]) <= 5 * error + 1e-9).all()


def test_draws_agree_with_the_closed_form_under_t_errors():
    frame = _frame(1500, seed=7, answered=500, nonbuyers=0.0, hurdle=-2.0, scale=0.5)
    fit = WalletShare(scale=0.5, errors="t").fit(_read(frame), sg.Laplace(draws=1000), seed=1)
    rows = np.flatnonzero(~next(fit.blocks()).answered)[:60]
    elsewhere = next(fit.blocks()).take(rows).elsewhere
    levels, draws = np.array([0.3, 0.5, 0.9, 0.95]), elsewhere.draws(np.arange(4000))
    reached = (draws[:, None, :] <= elsewhere.quantiles(levels)[:, :, None]).mean(axis=2)
    np.testing.assert_allclose(reached.mean(axis=0), levels, atol=0.006)
    assert draws.mean() == pytest.approx(elsewhere.mean().mean(), rel=0.02)


def test_draws_belong_to_customer_and_number(fitted):
    frame, fit = fitted
    numbers = np.array([5, 2, 900])
    whole = next(fit.blocks())
    some = fit.on(_read(frame.sample(frac=0.3, random_state=1)))
    part = next(some.blocks(50))
    at = pd.Index(whole.customer_id).get_indexer(part.customer_id)
    np.testing.assert_array_equal(part.elsewhere.draws(numbers), whole.elsewhere.draws(numbers)[at])


def test_blocks_do_not_matter(fitted):
    fit = fitted[1]
    one = next(fit.blocks()).elsewhere.quantiles(np.array([0.2, 0.7]))
    many = np.concatenate([block.elsewhere.quantiles(np.array([0.2, 0.7])) for block in fit.blocks(171)])
    np.testing.assert_allclose(one, many, rtol=1e-12)


def test_status_says_what_is_not_known():
    frame = _frame(2000, seed=4, answered=200)
    frame.loc[frame["own"] == 0, "total"] = np.nan
    far = frame["own"].idxmax()
    frame.loc[far, ["own", "total"]] = [1e7, np.nan]
    table = WalletShare().fit(_read(frame), sg.MAP(), seed=1).predict().set_index("customer_id")
    status = table["status"].astype(str)
    assert set(status) == set(STATUS)
    nonbuyers = table["own"] == 0
    assert (status[nonbuyers] == "not_identified").all()
    assert table.loc[nonbuyers, "wallet_mean"].isna().all()
    assert status[frame.loc[far, "customer_id"]] == "extrapolated"
    assert table.loc[~nonbuyers, "wallet_mean"].notna().all()


def test_segments_are_pooled_and_one_without_answers_is_extrapolated():
    frame = _frame(3000, seed=5, answered=400, segments=(0.3, -0.3, 0.0, 0.0), nonbuyers=0.0, hurdle=-9.0)
    frame.loc[frame["segment"] == "s4", "total"] = np.nan
    fit = WalletShare(by="segment").fit(_read(frame), sg.Laplace(draws=500), seed=1)
    table = fit.predict().merge(frame[["customer_id", "segment"]])
    status = table["status"].astype(str)
    assert (status[table["segment"] == "s4"] == "extrapolated").all()
    assert (status[table["segment"] == "s1"] == "identified").mean() > 0.95
    table = table[~table["answered"]]
    width = np.log(table["headroom_q95"] / table["headroom_q50"]).groupby(table["segment"]).median()
    assert width["s4"] > width[["s1", "s2", "s3"]].max()


def test_censored_and_rounded_answers_are_used():
    frame = _frame(1500, seed=6, answered=600, hurdle=-8.0, nonbuyers=0.0)
    exact = WalletShare(scale=0.0).fit(_read(frame), sg.MAP(), seed=1).params
    rounded = frame.assign(total=(frame["total"] / 5).round() * 5)
    found = WalletShare(scale=0.0).fit(_read(rounded, rounding=5.0, most_below=1.0), sg.MAP(), seed=1).params
    assert abs(found["slope"] - exact["slope"]) < 0.05
    assert abs(np.log(found["sigma"] / exact["sigma"])) < 0.1


def test_t_errors_shrug_off_wild_answers():
    frame = _frame(1500, seed=7, answered=600, nonbuyers=0.0, hurdle=-6.0)
    known = frame.index[frame["total"].notna()][:12]
    clean = WalletShare(scale=0.0).fit(_read(frame), sg.MAP(), seed=1).params
    frame.loc[known, "total"] = frame.loc[known, "own"] + frame["true_elsewhere"].loc[known] * 3000
    normal = WalletShare(scale=0.0).fit(_read(frame), sg.MAP(), seed=1).params
    robust = WalletShare(scale=0.0, errors="t").fit(_read(frame), sg.MAP(), seed=1)
    assert abs(robust.params["sigma"] - clean["sigma"]) < 0.3 * abs(normal["sigma"] - clean["sigma"])
    scale = next(item for item in robust.evidence if item.name == "Box-Cox scale")
    assert scale.passed is False
    block = next(robust.blocks())
    assert np.isfinite(block.elsewhere.quantiles(np.array([0.05, 0.95]))).all()


def test_same_seed_same_draws_and_a_frozen_fit(fitted):
    frame, fit = fitted
    again = WalletShare().fit(_read(frame.sample(frac=1.0, random_state=2)), sg.Laplace(draws=1000), seed=3)
    np.testing.assert_allclose(again.u, fit.u, rtol=1e-6, atol=1e-6)
    with pytest.raises(FrozenInstanceError):
        fit.seed = 4


def test_save_and_load(fitted, tmp_path):
    frame, fit = fitted
    again = WalletShareFit.load(fit.save(tmp_path / "wallet.nc"), _read(frame))
    assert again.spec == fit.spec
    assert [item.text for item in again.evidence] == [item.text for item in fit.evidence]
    pd.testing.assert_frame_equal(again.predict(), fit.predict())


@pytest.mark.parametrize(
    ("spec", "more", "says"),
    [
        (WalletShare(errors="cauchy"), {}, "'normal' or 't'"),
        (WalletShare(scale=-1.0), {}, "a number from 0.01 to 1"),
        (WalletShare(scale=1e-6), {}, "a number from 0.01 to 1"),
        (WalletShare(spread=-1.0), {}, "half-normal prior"),
        (WalletShare(covariates="age"), {}, "a tuple of column names"),
        (WalletShare(by="region"), {}, "no column 'region'"),
        (WalletShare(), {"answered": 12}, "12 answers"),
    ],
)
def test_what_can_not_be_fitted_is_said(spec, more, says):
    with pytest.raises(InputError, match=says):
        spec.fit(_read(_frame(300, **({"answered": 100} | more))), sg.MAP(), seed=1)


@pytest.mark.slow
def test_nuts_agrees_with_laplace():
    frame = _frame(600, seed=8, answered=150, segments=(0.3, -0.3, 0.0), nonbuyers=0.1)
    spec = WalletShare(by="segment", scale=0.1)
    fast = spec.fit(_read(frame), sg.Laplace(draws=8000), seed=1)
    slow = spec.fit(_read(frame), sg.NUTS(draws=4000, tune=1000, chains=2), seed=1)
    mean, sd = slow.u.mean(axis=0), slow.u.std(axis=0)
    spreads = [k for k, name in enumerate(fast.density.names) if name.endswith(" sd")]
    rest = np.setdiff1d(np.arange(len(mean)), spreads)
    assert np.abs((fast.u.mean(axis=0) - mean) / sd)[rest].max() < 0.25
    np.testing.assert_allclose(fast.u.std(axis=0)[rest] / sd[rest], 1.0, atol=0.2)
    levels = np.array([0.1, 0.5, 0.9])
    a, b = (next(fit.blocks()).elsewhere for fit in (fast, slow))
    # by probability: where half of the likes spend nothing elsewhere a median hangs on a hair
    amounts = b.quantiles(levels)
    np.testing.assert_allclose(a.above(amounts), b.above(amounts), atol=0.02)

"""WalletCounts: what was put in comes out, and the draws, the quantiles and the figures are of one distribution."""

from dataclasses import FrozenInstanceError, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from wallet_buyers import TRUTH, block_of, evidence_of, read, world

from segmodels.errors import InputError
from segmodels.inference.settings import MAP, NUTS, Laplace
from segmodels.likelihoods import nbd_dirichlet
from segmodels.models.wallet.block import EXTRAPOLATED, NOT_IDENTIFIED
from segmodels.models.wallet.counts import WalletCounts
from segmodels.models.wallet.counts_cells import FRAMES
from segmodels.tables.wallets import Wallets


@cache
def fitted(seed=1, frame="category buyers"):
    table = world(seed, frame=frame)
    return table, WalletCounts(frame=frame).fit(read(table), Laplace(draws=1000), seed=1)


@pytest.mark.parametrize("frame", FRAMES)
def test_simulate_fit_recover(frame):
    table = world(11, 30_000, frame=frame, asked=0.3)
    fit = WalletCounts(frame=frame).fit(read(table), Laplace(draws=1000), seed=1)
    draws = fit.posterior["posterior"]
    for name, truth in TRUTH.items():
        values = np.log(draws[name].to_numpy())
        assert abs(values.mean() - np.log(truth)) < 3.5 * values.std(), name
    assert fit.spend.coefficients[1] == pytest.approx(0.7, abs=0.06)
    # own mean spend is known with an error, which adds to what is left over
    assert np.median(fit.spend.omegas) == pytest.approx(0.3, abs=0.03)


def test_the_frame_matters():
    table = world(12, 20_000)
    wrong = WalletCounts(frame="all customers").fit(read(table), Laplace(draws=500), seed=1)
    assert wrong.params["r"] > 2
    assert evidence_of(wrong, "Own purchases of the others").passed is False


@pytest.mark.parametrize("frame", FRAMES)
def test_the_forecast_of_the_others_is_calibrated(frame):
    table, fit = fitted(frame=frame)
    block = block_of(fit)
    silent, C = ~table["asked"].to_numpy(), table["C"].to_numpy()
    n = silent.sum()
    error = np.sqrt(0.25 / n)
    levels = np.array([0.5, 0.8, 0.9])
    cover = (C[:, None] <= block.elsewhere.quantiles(levels))[silent].mean(axis=0)
    assert (np.abs(cover - levels) < 4 * error).all()
    total = block.elsewhere.mean()[silent].sum() / C[silent].sum()
    assert total == pytest.approx(1, abs=0.12)
    none = block.elsewhere.none()[silent].mean() - (C[silent] == 0).mean()
    # the survey's own error comes on top
    assert abs(none) < 4 * error * np.sqrt(1 + n / (len(table) - n))


def test_draws_are_of_the_distribution_that_quantiles_mean_and_tails_describe():
    table, fit = fitted()
    rows = np.flatnonzero(~table["asked"].to_numpy())[:40]
    elsewhere = block_of(fit).take(rows).elsewhere
    draws = np.sort(elsewhere.draws(np.arange(6000)), axis=1)
    levels = np.array([0.05, 0.3, 0.5, 0.9, 0.99])
    quantiles = elsewhere.quantiles(levels)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    none = elsewhere.none()
    below = np.maximum(levels, none[:, None])
    reached = (draws[:, :, None] <= quantiles[:, None, :]).mean(axis=1)
    assert np.abs(reached - below).max() < 0.03
    assert np.abs(reached - below).mean() < 0.006
    assert np.abs((draws == 0).mean(axis=1) - none).max() < 0.025
    np.testing.assert_allclose(draws.mean(axis=1), elsewhere.mean(), rtol=0.12)
    assert draws.mean() == pytest.approx(elsewhere.mean().mean(), rel=0.015)


def test_tails_invert_quantiles():
    table, fit = fitted()
    elsewhere = block_of(fit).take(np.flatnonzero(~table["asked"].to_numpy())).elsewhere
    levels = np.array([0.01, 0.25, 0.5, 0.75, 0.999])
    quantiles = elsewhere.quantiles(levels)
    above = elsewhere.above(quantiles)
    positive = quantiles > 0
    assert np.abs(above - (1 - levels))[positive].max() < 2e-3
    np.testing.assert_allclose(elsewhere.above(np.zeros(1))[:, 0], 1 - elsewhere.none(), atol=1e-9)


def test_full_share_is_the_probability_of_no_other_purchase():
    _, fit = fitted()
    block = fit.survey()
    k = block.columns["purchases"].astype(int)
    frame = nbd_dirichlet.CATEGORY_BUYERS
    picked = fit.u[np.linspace(0, len(fit.u) - 1, 100).astype(int)]
    values = fit.density.parameters(picked)[:, 0]
    kinds = np.unique(k[k > 0])
    both = nbd_dirichlet.log_density(kinds, kinds, *values.T[:, :, None], frame=frame)
    own = nbd_dirichlet.log_density(kinds, -1, *values.T[:, :, None], frame=frame)
    full = np.exp(both - own).mean(axis=0)
    none = block.elsewhere.none()
    np.testing.assert_allclose(none[k > 0], full[np.searchsorted(kinds, k[k > 0])], rtol=1e-9)
    # a category buyer who buys nothing here buys elsewhere
    assert (none[k == 0] == 0).all()


def test_a_customer_has_the_same_draws_in_any_block():
    _, fit = fitted()
    numbers = np.array([3, 0, 512, 5000])
    whole = block_of(fit).elsewhere.draws(numbers)
    pieces = np.concatenate([block.elsewhere.draws(numbers) for block in fit.blocks(701)])
    np.testing.assert_array_equal(whole, pieces)
    np.testing.assert_array_equal(block_of(fit).elsewhere.draws(numbers[::-1]), whole[:, ::-1])
    few = block_of(fit).take(np.array([5, 2]))
    np.testing.assert_array_equal(few.elsewhere.draws(numbers), whole[[5, 2]])


def test_an_answer_goes_before_the_model():
    table, fit = fitted()
    block, asked = block_of(fit), table["asked"].to_numpy()
    np.testing.assert_allclose(block.elsewhere.mean()[asked], table["C"][asked])
    assert (block.elsewhere.draws(np.arange(3))[asked] == table["C"][asked].to_numpy()[:, None]).all()
    assert not np.allclose(fit.survey().elsewhere.mean(), table["C"][asked])
    assert len(fit.survey()) == asked.sum()


def test_same_seed_same_fit_and_the_order_of_customers_is_irrelevant():
    table, fit = fitted()
    again = WalletCounts().fit(read(table.sample(frac=1, random_state=4)), Laplace(draws=1000), seed=1)
    pd.testing.assert_series_equal(fit.params, again.params)
    np.testing.assert_array_equal(
        block_of(fit).elsewhere.draws(np.arange(4)), block_of(again).elsewhere.draws(np.arange(4))
    )
    other = WalletCounts().fit(read(table), Laplace(draws=1000), seed=2)
    assert not np.array_equal(fit.u, other.u)


def test_map_is_near_laplace_and_its_draws_still_vary():
    table, fit = fitted()
    mode = WalletCounts().fit(read(table), MAP(), seed=1)
    spread = fit.posterior["posterior"].to_dataset().std()
    for name in TRUTH:
        assert abs(mode.params[name] - fit.params[name]) < 0.5 * float(spread[name])
    assert mode.log_likelihood >= fit.log_likelihood
    draws = mode.survey().elsewhere.draws(np.arange(200))
    assert (draws.std(axis=1) > 0).all()


@pytest.mark.slow
def test_nuts_agrees_with_laplace():
    table, fit = fitted()
    sampled = WalletCounts().fit(read(table), NUTS(draws=1000, tune=500, chains=2), seed=1)
    one, two = fit.u, sampled.u
    sd = two.std(axis=0)
    assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) < 0.15 * sd).all()
    np.testing.assert_allclose(one.std(axis=0), sd, rtol=0.12)
    means = [each.survey().elsewhere.mean() for each in (fit, sampled)]
    np.testing.assert_allclose(means[0], means[1], rtol=0.05)


def test_covariates_shift_rate_and_share():
    table = world(21, 20_000, share_slope=0.5, rate_slope=-0.3)
    table["age"] = table["age"].round(1)
    spec = WalletCounts(covariates=("age",), share_covariates=("age",))
    fit = spec.fit(read(table), Laplace(draws=500), seed=1)
    draws, sd = fit.posterior["posterior"], fit.density.design.spread[0][0]
    for name, truth in (("rate", -0.3), ("share", 0.5)):
        slope = draws[f"{name}_coefficient"].to_numpy() / sd
        assert abs(slope.mean() - truth) < 3.5 * slope.std()
    silent = ~table["asked"].to_numpy()
    mean, C = block_of(fit).elsewhere.mean()[silent], table["C"].to_numpy()[silent]
    for low in (table["age"][silent] < 0, table["age"][silent] >= 0):
        assert mean[low].sum() == pytest.approx(C[low].sum(), rel=0.08)


def test_segments_are_pooled_and_one_without_an_answer_is_extrapolated():
    table = world(22, 6000)
    table["segment"] = np.array(["a", "b", "c", "d"])[table["id"] % 4]
    table.loc[table["segment"] == "d", "asked"] = False
    fit = WalletCounts(by="segment").fit(read(table), MAP(), seed=1)
    block = block_of(fit)
    silent = block.columns["segment"] == "d"
    assert (block.status[silent] == EXTRAPOLATED).all()
    assert (block.status[~silent] == EXTRAPOLATED).mean() < 0.02
    assert np.isfinite(block.elsewhere.mean()).all()


def test_nonbuyers_are_not_identified_where_only_own_buyers_answered():
    table, fit = fitted(frame="own buyers")
    everybody = world(5, 1000, frame="all customers", asked=0.0)
    block = block_of(fit.on(read(everybody)))
    nonbuyers = everybody["k"].to_numpy() == 0
    assert (block.status[nonbuyers] == NOT_IDENTIFIED).all()
    assert np.isnan(block.elsewhere.mean()[nonbuyers]).all()
    assert np.isnan(block.elsewhere.none()[nonbuyers]).all()
    assert np.isnan(block.elsewhere.draws(np.arange(2))[nonbuyers]).all()
    assert np.isnan(block.elsewhere.quantiles(np.array([0.5]))[nonbuyers]).all()
    assert np.isnan(block.elsewhere.above(np.array([5.0]))[nonbuyers]).all()
    assert np.isfinite(block.elsewhere.mean()[~nonbuyers]).all()
    assert len(table)


def test_more_purchases_than_anybody_who_answered_is_extrapolated():
    table, fit = fitted()
    heavy = table.assign(asked=False, k=table["k"] + 500, own=table["own"] + 10_000)
    assert (block_of(fit.on(read(heavy))).status == EXTRAPOLATED).all()


@pytest.mark.parametrize(("phi", "words"), [(12.0, "tends to buy more"), (0.4, "tends to buy less")])
def test_the_sign_is_told_in_words(phi, words):
    fit = WalletCounts().fit(read(world(31, 12_000, phi=phi)), Laplace(draws=500), seed=1)
    told = evidence_of(fit, "Own and elsewhere purchases")
    assert words in told.text
    assert np.sign(told.table["covariance_of_rates"][0]) == np.sign(phi - 1.5)


def test_near_phi_equal_to_r_own_purchases_are_said_to_tell_nothing():
    """At phi = r one survey in ten may be sure of a sign by chance, so what is held is the rate over 13."""
    told = [
        WalletCounts().fit(read(world(seed, 6000, phi=1.5)), Laplace(draws=500), seed=1)
        for seed in range(31, 44)
    ]
    texts = [evidence_of(fit, "Own and elsewhere purchases").text for fit in told]
    assert sum("almost nothing" in text for text in texts) >= 10


def test_a_selective_survey_is_noticed_and_a_random_one_is_not():
    table, fit = fitted()
    assert evidence_of(fit, "Own purchases of the others").passed
    rng = np.random.default_rng(6)
    chosen = rng.random(len(table)) < np.minimum(0.9, 0.05 * table["k"])
    biased = WalletCounts().fit(read(table.assign(asked=chosen)), Laplace(draws=500), seed=1)
    assert evidence_of(biased, "Own purchases of the others").passed is False


def test_own_purchases_of_the_others_may_take_part():
    table, fit = fitted()
    both = WalletCounts(use_unanswered=True).fit(read(table), Laplace(draws=1000), seed=1)
    spread = fit.posterior["posterior"].to_dataset().std()
    assert both.cells.count.sum() == len(table)
    for name in TRUTH:
        assert abs(both.params[name] - fit.params[name]) < 3 * float(spread[name])
    assert evidence_of(both, "Own purchases of the others").passed is None


def test_answers_that_contradict_themselves_are_counted():
    table = world(41)
    asked = table.index[table["asked"] & (table["N"] > table["k"])][:80]
    table.loc[asked, "C"] = 0.0
    told = evidence_of(WalletCounts().fit(read(table), MAP(), seed=1), "Purchases and spend agree")
    assert told.passed is False
    assert told.text.startswith("80 of")


def test_bad_input_is_refused_with_all_faults():
    table = world(51, 400)
    none = read(table.assign(asked=table["asked"] & (table["N"] > 0)))
    bare = Wallets.read(
        table.assign(answer=table["C"].where(table["asked"]))[["id", "own", "answer"]],
        customer="id",
        own="own",
        elsewhere="answer",
    )
    with pytest.raises(InputError, match=r"(?s)purchases.*total_purchases"):
        WalletCounts().fit(bare, MAP(), seed=1)
    with pytest.raises(InputError, match="by an own buyer"):
        WalletCounts(frame="own buyers").fit(none, MAP(), seed=1)
    whole = read(world(52, 400, frame="all customers", asked=0.5))
    with pytest.raises(InputError, match="by a category buyer"):
        WalletCounts().fit(whole, MAP(), seed=1)
    with pytest.raises(InputError, match="30"):
        WalletCounts().fit(read(table.assign(asked=table.index < 12)), MAP(), seed=1)
    with pytest.raises(InputError, match=r"(?s)frame.*covariates"):
        WalletCounts(frame="shoppers", covariates="age").fit(none, MAP(), seed=1)
    with pytest.raises(InputError, match="tall"):
        WalletCounts(covariates=("tall",)).fit(none, MAP(), seed=1)


def test_frozen_and_printed():
    _, fit = fitted()
    with pytest.raises(FrozenInstanceError):
        fit.seed = 3
    assert replace(WalletCounts(), by="x").columns == ("x",)
    assert "all checks passed" in repr(fit)


def test_every_customer_gets_a_row_that_agrees_with_itself():
    table, fit = fitted()
    found = fit.predict(levels=(0.1, 0.5, 0.9)).set_index("customer_id")
    assert len(found) == len(table)
    np.testing.assert_allclose(found["wallet_q90"], found["own"] + found["headroom_q90"])
    assert (found["attainable_mean"] <= found["headroom_mean"] * (1 + 1e-6) + 1e-9).all()

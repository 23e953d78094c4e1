"""Several categories as one wallet: draws add up, answers tell of others, what takes a wallet takes it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm

import segmodels as sg
from segmodels.errors import InputError
from segmodels.models.wallet.categories import WalletCategories
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.wallets import Wallets

RHO = 0.8
NUMBERS = np.arange(50)


def frame_of(n=800, coffee=300, tea=150, seed=1):
    """Answers of coffee from more customers than of tea."""
    rng = np.random.default_rng(seed)
    own = np.exp(rng.multivariate_normal([3, 2], [[1, 0.4], [0.4, 1]], n))
    z = rng.multivariate_normal([0, 0], [[1, RHO], [RHO, 1]], n)
    parts = []
    for k, (name, asked) in enumerate((("coffee", coffee), ("tea", tea))):
        p0, u = 0.25, norm.cdf(z[:, k])
        amount = 3 + 0.3 * np.log(own[:, k]) + 0.8 * norm.ppf(np.clip((u - p0) / (1 - p0), 1e-12, 1))
        c = np.where(u < p0, 0.0, np.exp(amount))
        about = {"id": np.arange(n) + 10, "what": name, "town": np.where(np.arange(n) % 3, "a", "b")}
        answers = {"own": own[:, k], "elsewhere": np.where(np.arange(n) < asked, c, np.nan), "truth": c}
        parts.append(pd.DataFrame(about | answers))
    return pd.concat(parts, ignore_index=True)


def read(frame, **more):
    columns = ["town"]
    return Wallets.read(
        frame, customer="id", own="own", elsewhere="elsewhere", category="what", columns=columns, **more
    )


@pytest.fixture(scope="module")
def frame():
    return frame_of()


@pytest.fixture(scope="module")
def fit(frame):
    return WalletCategories(WalletShare(scale=0.0)).fit(read(frame), sg.Laplace(draws=300), seed=1)


def test_draws_of_the_categories_add_up_to_those_of_the_sum(fit):
    whole = next(fit.blocks()).elsewhere
    parts = [next(fit[name].blocks()).elsewhere for name in ("coffee", "tea")]
    np.testing.assert_array_equal(whole.draws(NUMBERS), sum(part.draws(NUMBERS) for part in parts))
    np.testing.assert_array_equal(whole.mean(), sum(part.mean() for part in parts))
    np.testing.assert_array_equal(whole.means(NUMBERS), sum(part.means(NUMBERS) for part in parts))


def test_so_do_draws_without_answers_in_hand(fit):
    whole = fit.survey()
    found = 0
    for name in ("coffee", "tea"):
        block = fit[name].survey()
        place = pd.Index(block.customer_id).get_indexer(whole.customer_id)
        found = found + block.take(place).elsewhere.draws(NUMBERS)
    np.testing.assert_array_equal(whole.elsewhere.draws(NUMBERS), found)


def test_an_answer_in_one_category_tells_of_the_other(frame, fit):
    block = next(fit["tea"].blocks())
    truth = frame[frame["what"] == "tea"]["truth"].to_numpy()
    told = np.arange(len(block)) - 150
    told = (told >= 0) & (told < 150)
    alone = next(fit.fits["tea"].blocks()).elsewhere
    logs = np.log1p(truth[told])
    before, after = (np.corrcoef(np.log1p(law.mean()[told]), logs)[0, 1] for law in (alone, block.elsewhere))
    assert before < 0.3
    assert after > 0.55
    # the laws hold: their probability integral transform is even, drawn at random at the atom
    below = 1 - block.elsewhere.take(np.flatnonzero(told)).above(truth[told][:, None])[:, 0]
    u = np.random.default_rng(1).random(len(below))
    transform = np.where(truth[told] > 0, below, u * below)
    assert kstest(transform, "uniform").pvalue > 1e-3
    assert transform.mean() == pytest.approx(0.5, abs=0.08)
    # whoever answered nothing has the law of the model alone
    silent = np.arange(len(block)) >= 300
    np.testing.assert_array_equal(block.elsewhere.mean()[silent], alone.mean()[silent])


def test_means_are_those_of_draws_for_who_answered_one_category(fit):
    block = next(fit["tea"].blocks())
    rows = np.arange(150, 300)
    draws = block.elsewhere.draws(np.arange(1000))[rows]
    assert block.elsewhere.mean()[rows].sum() == pytest.approx(draws.mean(axis=1).sum(), rel=0.02)
    above = block.elsewhere.above(np.full((1, 1), 30.0))[rows, 0]
    assert above.mean() == pytest.approx((draws > 30).mean(), abs=0.01)
    assert block.elsewhere.none()[rows].mean() == pytest.approx((draws == 0).mean(), abs=0.01)
    means = block.elsewhere.means(np.arange(200))[rows]
    assert means.mean() == pytest.approx(block.elsewhere.mean()[rows].mean(), rel=0.03)


def test_wallets_of_the_fit_have_a_row_for_each_customer(frame, fit):
    wallets = fit.wallets
    assert len(wallets) == 800
    assert wallets.n_answered == 150
    asked, block = wallets.answered(), fit.survey()
    np.testing.assert_array_equal(asked["customer_id"], block.customer_id)
    np.testing.assert_array_equal(asked["own"], block.own)
    truth = frame.groupby("id")["truth"].sum().loc[asked["customer_id"]]
    np.testing.assert_allclose(asked["low"], truth, rtol=1e-12)
    audit = wallets.audit.set_index("step")
    assert audit.loc["read", "rows"] == 800
    assert audit.loc["answered: exact", "rows"] == 150
    assert list(wallets.table.columns) == ["customer_id", "own", "low", "high", "town"]
    assert set(block.columns) == {"town"}


def test_columns_that_differ_between_categories_are_not_the_customers(frame):
    own = frame.assign(price=np.arange(len(frame)) % 7)
    wallets = Wallets.read(
        own, customer="id", own="own", elsewhere="elsewhere", category="what", columns=["town", "price"]
    )
    fit = WalletCategories(WalletShare(scale=0.0)).fit(wallets, sg.MAP(), seed=1)
    assert "price" not in fit.wallets.columns
    assert "price" not in next(fit.blocks()).columns


def test_everything_that_takes_a_wallet_takes_the_sum_and_each_category(fit):
    for level in (fit, fit["tea"]):
        chosen = sg.respondents(level, by="town")
        assert len(chosen.weights) == level.wallets.n_answered
        scaled = sg.smeared(level, chosen, by="town")
        assert 0.7 < scaled.ratios.whole < 1.4
        checks = sg.wallet_checks(level, replicates=1_600)
        assert checks.passed, checks.text
        plan = sg.survey_plan(level, budget=100)
        assert plan.answered == level.wallets.n_answered
        assert len(plan.whom) <= 100
        total = sg.wallet_totals(scaled, by="town").table().set_index("segment")
        assert total.loc["total", "customers"] == 800
    asked = scaled.predict()
    assert len(asked) == 800


def test_answers_of_single_categories_are_not_scaled(fit):
    scaled = sg.smeared(fit)
    factor = scaled.ratios.factor[-1]
    plain, block = next(fit.blocks()).elsewhere, next(scaled.blocks()).elsewhere
    answer = next(fit["coffee"].blocks()).elsewhere.mean()
    asked, silent = np.arange(150, 300), np.arange(300, 800)
    wanted = answer[asked] + factor * (plain.mean()[asked] - answer[asked])
    np.testing.assert_allclose(block.mean()[asked], wanted, rtol=1e-12)
    np.testing.assert_allclose(block.mean()[silent], factor * plain.mean()[silent], rtol=1e-12)
    draws = block.draws(NUMBERS)
    assert (draws[asked] >= answer[asked][:, None] * (1 - 1e-12)).all()
    level = np.array([0.7])
    quantile = block.quantiles(level)
    assert (quantile[asked] >= answer[asked][:, None]).all()
    np.testing.assert_allclose(block.above(quantile * (1 + 1e-9))[asked].mean(), 0.3, atol=0.01)
    np.testing.assert_array_equal(block.take(asked).draws(NUMBERS), draws[asked])


def test_totals_of_categories_add_up_to_those_of_the_sum(fit):
    whole = sg.wallet_totals(fit, draws=100).draws["elsewhere"]
    parts = [sg.wallet_totals(fit[name], draws=100).draws["elsewhere"] for name in ("coffee", "tea")]
    np.testing.assert_allclose(whole, parts[0] + parts[1], rtol=1e-12)


def test_rounded_answers_are_checked_and_smeared(frame):
    rounded = frame.assign(elsewhere=(frame["elsewhere"] / 10).round() * 10)
    fit = WalletCategories(WalletShare(scale=0.0)).fit(
        read(rounded, rounding=10), sg.Laplace(draws=200), seed=1
    )
    assert "rounded" in repr(fit.wallets)
    asked = fit.wallets.answered()
    assert (asked["high"] - asked["low"]).max() == pytest.approx(20)
    block = next(fit.blocks())
    draws = block.elsewhere.draws(NUMBERS)[:150]
    assert (draws >= asked["low"].to_numpy()[:, None] - 1e-9).all()
    assert (draws <= asked["high"].to_numpy()[:, None] + 1e-9).all()
    assert sg.smeared(fit, sg.respondents(fit)).ratios.whole == pytest.approx(1, abs=0.4)
    sg.wallet_checks(fit, replicates=1_600)


def test_one_far_off_answer_is_survived(frame):
    far = frame.copy()
    far.loc[3, "elsewhere"] = 1e15
    fit = WalletCategories(WalletShare(scale=0.0)).fit(read(far), sg.MAP(), seed=1)
    assert np.isfinite(fit.correlation).all()
    assert np.isfinite(next(fit.blocks()).elsewhere.draws(NUMBERS)).all()


def test_faults_are_named(frame, fit):
    with pytest.raises(InputError, match="one of coffee, tea"):
        fit["WINE"]
    with pytest.raises(InputError, match="seed"):
        WalletCategories().fit(read(frame), sg.MAP(), seed=None)
    unbought = frame.assign(own=frame["own"].where(frame["what"] == "coffee", 0.0))
    with pytest.raises(InputError, match="no own spend in tea"):
        WalletCategories().fit(read(unbought), sg.MAP(), seed=1)
    with pytest.raises(InputError, match="several categories"):
        sg.respondents(read(frame))

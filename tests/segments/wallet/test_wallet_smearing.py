"""Smearing: totals are unbiased where the error law is wrong, and a selective survey is put right by weights."""

import numpy as np
import pandas as pd
import pytest
from wallet_fake import FakeFit, FakeWallets, fake_fit

import segmodels as sg
from segmodels.errors import InputError
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


def _ratios(tilt, runs=24):
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


SLOPE = 0.4


def _finding(found, name="smearing factor"):
    return next(item for item in found.evidence if item.name == name)


def _whole(fit):
    (block,) = fit.blocks(len(fit.wallets))
    return block


def _log_t(rng, n):
    """Student errors of the logarithm, cut where their mean would not exist."""
    return np.exp(0.5 * np.clip(rng.standard_t(3, n), -8, 8))


def _gamma(rng, n):
    return rng.gamma(0.5, 2.0, n)


def _base(n, seed, errors, *, biased=False, slope_known=True, share=0.05):
    """A log-normal fit by least squares to a survey of customers whose errors are not log-normal."""
    rng = np.random.default_rng([seed, 7])
    own = np.exp(rng.normal(4.6, 1.0, n))
    x = np.log(own) - 4.6
    elsewhere = np.exp(4.6 + SLOPE * x) * errors(rng, n)
    chance = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + (1.0 * x if biased else 0.0))))
    asked = rng.random(n) < chance
    design = np.column_stack([np.ones(n), x if slope_known else 0 * x])
    logs = np.log(elsewhere[asked])
    theta = np.linalg.lstsq(design[asked], logs, rcond=None)[0]
    s = float(np.std(logs - design[asked] @ theta, ddof=2))
    answer = np.where(asked, elsewhere, np.nan)
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "own": own,
            "low": answer,
            "high": answer,
            "m": design @ theta,
            "status": 0,
            "truth": elsewhere,
        }
    )
    return FakeFit(FakeWallets(frame), s=s, p0=0.0)


def _expected(fit):
    """Expected elsewhere spend of those who did not answer, over the truth."""
    block = _whole(fit)
    mine = ~block.answered
    return block.elsewhere.mean()[mine].sum() / fit.wallets.frame.loc[mine, "truth"].sum()


@pytest.mark.parametrize(("errors", "off"), [(_log_t, 0.05), (_gamma, 0.3)])
def test_totals_are_unbiased_whatever_the_law_of_the_errors(errors, off):
    ratios = np.array(
        [[_expected(fit), _expected(smeared(fit))] for fit in (_base(4000, r, errors) for r in range(60))]
    )
    before, after = ratios.mean(axis=0)
    error = ratios[:, 1].std(ddof=1) / np.sqrt(len(ratios))
    assert abs(before - 1) > off
    assert abs(after - 1) < 3 * error + 0.005
    assert error < 0.03


@pytest.mark.parametrize(("share", "off"), [(0.05, 1.2), (0.4, 1.2)])
def test_weights_repair_a_survey_that_the_model_does_not(share, off):
    """The model knows no slope, and large customers answer more: without weights the level is theirs."""
    ratios = []
    for r in range(60):
        fit = _base(4000, r, _gamma, biased=True, slope_known=False, share=share)
        ratios.append([_expected(smeared(fit)), _expected(smeared(fit, respondents(fit)))])
    without, weighted = np.mean(ratios, axis=0)
    error = np.std(ratios, axis=0, ddof=1)[1] / np.sqrt(len(ratios))
    assert without > off
    assert abs(weighted - 1) < 3 * error + 0.01


def test_a_right_model_has_a_factor_near_one():
    fits = [fake_fit(4000, answered=400, seed=seed, level_sd=0.0, unknown=0.0) for seed in range(40)]
    found = [smeared(fit) for fit in fits]
    logs = np.log([each.ratios.factor[-1] for each in found])
    errors = np.array([each.ratios.standard_error[-1] for each in found])
    assert abs(logs.mean()) < 3 * logs.std() / np.sqrt(len(logs))
    assert errors.mean() == pytest.approx(logs.std(ddof=1), rel=0.3)
    assert np.mean(np.abs(logs) < 1.96 * errors) > 0.85
    assert all(_finding(each).passed for each in found)


def test_a_wrong_level_is_said_and_repaired():
    fit = fake_fit(4000, answered=400, seed=3)
    low = FakeFit(FakeWallets(fit.wallets.frame.assign(m=fit.wallets.frame["m"] - 0.7)))
    found = smeared(low)
    assert found.ratios.factor[-1] == pytest.approx(np.exp(0.7), rel=0.15)
    assert _finding(found).passed is False
    assert "standard errors from 1" in _finding(found).text
    block = found.survey()
    answers = low.wallets.answered()["low"]
    assert block.elsewhere.mean().sum() == pytest.approx(answers.sum())


@pytest.fixture(scope="module")
def pair():
    fit = fake_fit(2000, answered=300, seed=4)
    return fit, smeared(fit)


def test_drawn_factors_centre_on_the_factor_and_spread_as_its_error_says():
    ratios = smeared(fake_fit(2000, answered=300, seed=4, level_sd=0.0)).ratios
    logs, error = np.log(ratios.drawn(np.arange(600))[-1]), ratios.standard_error[-1]
    assert logs.std() == pytest.approx(error, rel=0.15)
    assert logs.mean() == pytest.approx(np.log(ratios.factor[-1]), abs=4 * error / np.sqrt(600) + error**2)


@pytest.mark.parametrize("level_sd", [0.0, 0.6])
def test_the_level_of_a_draw_is_that_of_the_answers(level_sd):
    """However unsure the model is of the level, the sum is as sure as the answers are."""
    fit = fake_fit(3000, answered=400, seed=12, unknown=0.0, level_sd=level_sd)
    found = smeared(fit)
    sums = wallet_totals(found, draws=400).sums.predicted[0]
    plain = wallet_totals(fit, draws=400).sums.predicted[0]
    assert np.log(plain).std() > 0.8 * level_sd
    chance = 1.35 * np.sqrt(np.exp(1.0) / 2600)
    assert np.log(sums).std() == pytest.approx(found.ratios.standard_error[-1], abs=chance)
    assert sums.mean() == pytest.approx(
        np.nansum(_whole(found).elsewhere.mean()[~_whole(found).answered]), rel=0.03
    )


def test_a_draw_depends_on_its_number_alone(pair):
    found = pair[1]
    some = found.ratios.drawn(np.array([7, 3]))
    assert np.array_equal(some, found.ratios.drawn(np.arange(10))[:, [7, 3]])
    last = list(found.blocks(1500))[-1]
    assert np.array_equal(
        last.elsewhere.draws(np.arange(4)), _whole(found).elsewhere.draws(np.arange(4))[1500:], equal_nan=True
    )


def test_the_same_seed_gives_the_same_factors():
    again = [smeared(fake_fit(500, answered=80, seed=5)).ratios.drawn(np.arange(5)) for _ in range(2)]
    assert np.array_equal(*again)


def test_the_unit_of_money_does_not_matter():
    fit = fake_fit(1500, answered=200, seed=6)
    frame = fit.wallets.frame
    pence = frame.assign(
        m=frame["m"] + np.log(100.0), **{name: 100 * frame[name] for name in ("own", "low", "high")}
    )
    one, other = smeared(fit), smeared(FakeFit(FakeWallets(pence)))
    assert other.ratios.factor == pytest.approx(one.ratios.factor)
    assert other.ratios.standard_error == pytest.approx(one.ratios.standard_error)


def test_segments_have_factors_of_their_own_as_far_as_their_answers_go():
    fit = fake_fit(4000, answered=500, seed=7, unknown=0.0)
    frame = fit.wallets.frame.copy()
    asked = np.flatnonzero(frame["low"].notna())
    frame.loc[asked[:10], "segment"] = "few"
    free = np.flatnonzero(frame["low"].isna())
    frame.loc[free[:40], "segment"] = "none"
    shifted = frame.assign(m=frame["m"] - 0.5 * (frame["segment"] == "a"))
    found = smeared(FakeFit(FakeWallets(shifted)), by="segment")
    table = found.table.set_index("segment")
    assert table.loc["few", "answers"] == 10
    assert table.loc["few", "reliability"] < table.loc[list("abcd"), "reliability"].min()
    assert table.loc["none", ["answers", "reliability"]].tolist() == [0, 0]
    assert table.loc["none", "factor"] == pytest.approx(table.loc["all", "factor"])
    assert table.loc["none", "standard_error"] > table.loc["few", "standard_error"]
    assert table.loc["a", "factor"] == pytest.approx(np.exp(0.5), rel=0.15)
    for name in "bcd":
        assert table.loc[name, "factor"] == pytest.approx(1.0, abs=0.15)
    unseen = found.on(FakeWallets(shifted.assign(segment="new")))
    open_rows = shifted["low"].isna().to_numpy()
    scaled, plain = (_whole(each).elsewhere.mean()[open_rows] for each in (unseen, unseen.fit))
    assert scaled == pytest.approx(table.loc["all", "factor"] * plain)


def test_a_rounded_answer_counts_by_its_mean_and_leaves_room_for_nothing_at_all():
    fit = fake_fit(1000, answered=150, seed=8)
    frame = fit.wallets.frame
    wide = frame.assign(low=np.maximum(frame["low"] - 5, 0), high=frame["high"] + 5)
    found = smeared(FakeFit(FakeWallets(wide))).ratios
    low, high = (wide[name].dropna().to_numpy() for name in ("low", "high"))
    assert (found.answered >= low).all()
    assert (found.answered <= high).all()
    assert (found.answered[low == 0] < high[low == 0] / 2).mean() > 0.9


def test_answers_of_whom_the_model_says_nothing_are_counted():
    fit = fake_fit(1000, answered=150, seed=9)
    frame = fit.wallets.frame.copy()
    frame.loc[np.flatnonzero(frame["low"].notna())[:12], "m"] = np.nan
    found = smeared(FakeFit(FakeWallets(frame)))
    assert found.table["answers"].tolist() == [138]
    assert "12 answers" in _finding(found).text


def test_an_answer_that_the_factor_hangs_on_is_named():
    fit = fake_fit(1000, answered=100, seed=9, unknown=0.0)
    assert _finding(smeared(fit), "single answers").passed
    frame = fit.wallets.frame.copy()
    wrong = np.flatnonzero(frame["low"] > 0)[5]
    frame.loc[wrong, ["low", "high"]] *= 1000
    found = smeared(FakeFit(FakeWallets(frame)))
    finding = _finding(found, "single answers")
    assert finding.passed is False
    assert f"customer {frame.loc[wrong, 'customer_id']} answered" in finding.text
    first = finding.table.iloc[0]
    assert first["factor_without"] == pytest.approx(smeared(fit).ratios.factor[-1], rel=0.1)


def test_a_smeared_wallet_is_a_wallet(pair):
    fit, found = pair
    assert found.wallets is fit.wallets
    assert found.seed == fit.seed
    table = wallet_totals(found, by="segment", draws=200).table()
    plain = wallet_totals(fit, by="segment", draws=200).table()
    ratio = (table["headroom"] - plain["headroom"]).iloc[-1]
    expected = np.nansum(_whole(found).elsewhere.mean()) - np.nansum(_whole(fit).elsewhere.mean())
    assert ratio == pytest.approx(expected, abs=0.02 * plain["headroom"].iloc[-1])
    assert "times" in repr(found)


def test_what_can_not_be_smeared_is_refused():
    fit = fake_fit(500, answered=60, seed=10)
    frame = fit.wallets.frame
    nobody = FakeFit(FakeWallets(frame.assign(low=np.nan, high=np.nan)))
    zeros = FakeFit(FakeWallets(frame.assign(low=frame["low"] * 0, high=frame["high"] * 0)))
    endless = FakeFit(FakeWallets(frame.assign(m=np.inf)))
    for bad, words in (
        (nobody, "no answer above zero"),
        (zeros, "no answer above zero"),
        (endless, "infinite"),
    ):
        with pytest.raises(InputError, match=words):
            smeared(bad)
    others = respondents(FakeFit(FakeWallets(frame.assign(customer_id=frame["customer_id"] + 10_000))))
    with pytest.raises(InputError, match="without a weight"):
        smeared(fit, others)
    with pytest.raises(InputError, match="not a column"):
        smeared(fit, by="colour")

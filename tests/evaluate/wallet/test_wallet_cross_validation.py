"""Cross-validation of wallets: hidden answers are hidden, right models pass, wrong ones do not."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmodels.errors import InputError
from segmodels.evaluate.wallet.calibration import Calibration, coverage_table, score_table
from segmodels.evaluate.wallet.cross_validation import (
    cross_validated,
    folds_of,
    ranges,
    without_answers,
)
from segmodels.evaluate.wallet.interval_loss import interval_losses
from segmodels.evaluate.wallet.peers import MeanImputation
from segmodels.evaluate.wallet.scores import PINBALL, pinball
from segmodels.inference.counter_random import customer_keys
from segmodels.inference.settings import MAP, Laplace
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.selection import respondents
from segmodels.segments.wallet.smearing import smeared
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets

SPEC = WalletShare(scale=0.0)


def customers(n=500, answered=240, seed=2, **truth):
    return simulate_wallets(n, np.random.default_rng(seed), answered=answered, **truth)


def read(frame, **more):
    return Wallets.read(frame, customer="customer_id", own="own", total="total", columns=(), **more)


@pytest.fixture(scope="module")
def frame():
    return customers()


@pytest.fixture(scope="module")
def found(frame):
    return cross_validated(SPEC, read(frame), MAP(), folds=3, seed=5)


def test_the_right_model_passes_and_beats_mean_imputation():
    truth = customers(2_000, 1_000, slope=0.8)
    found = cross_validated(SPEC, read(truth), Laplace(400), folds=4, seed=1)
    assert [each.passed for each in found.evidence] == [True, True]
    assert stats.kstest(found.pit["pit"], "uniform").pvalue > 0.01
    np.testing.assert_allclose(found.coverage["actual"], found.coverage["nominal"], atol=0.04)
    assert found.scores.iloc[-1]["model"] < 0.9 * found.scores.iloc[-1]["mean_imputation"]


def test_a_model_that_is_too_sure_does_not_pass(found):
    narrow = np.clip((np.random.default_rng(1).uniform(size=500) - 0.5) * 1.7 + 0.5, 0, 1)
    bad = replace(
        found, coverage=coverage_table(narrow, narrow), pit=pd.DataFrame({"fold": 0, "pit": narrow})
    )
    assert bad.evidence[0].passed is False
    assert "too narrow" in bad.evidence[0].text


def test_a_model_that_is_worse_than_none_does_not_pass():
    losses = np.stack([np.full((50, 4), 0.3), np.full((50, 4), 0.2)])
    losses[0] += np.random.default_rng(1).uniform(size=(50, 4)) / 100
    coverage = coverage_table(np.full(50, 0.5), np.full(50, 0.5))
    bad = Calibration(coverage, pd.DataFrame({"fold": 0, "pit": np.full(50, 0.5)}), score_table(losses), 2)
    assert bad.evidence[1].passed is False
    assert "worse than no model" in bad.evidence[1].text


def test_it_is_what_a_loop_over_the_folds_gives(frame, found):
    """The slow obvious way: hide the answers in the file, read it again, fit, and look at the customers."""
    asked = frame.loc[frame["total"].notna()].sort_values("customer_id")
    fold = folds_of(customer_keys(asked["customer_id"].to_numpy()), 3, seed=5)
    elsewhere = (asked["total"] - asked["own"]).to_numpy()
    model, simple = np.empty((len(asked), 4)), np.empty((len(asked), 4))
    for k in range(3):
        out = asked.loc[fold == k, "customer_id"]
        hidden = read(frame.assign(total=frame["total"].mask(frame["customer_id"].isin(out))))
        (block,) = SPEC.fit(hidden, MAP(), seed=5).blocks()
        place = pd.Index(block.customer_id).get_indexer(pd.Index(out))
        told = block.elsewhere.quantiles(np.array(PINBALL))[place]
        survey = pd.DataFrame({"own": 0.0, "elsewhere": elsewhere[fold != k]})
        imputed = MeanImputation().predict(
            survey, pd.DataFrame({"own": np.zeros(len(out))}), PINBALL, (), seed=0
        )
        for losses, quantiles in ((model, told), (simple, imputed.quantiles)):
            losses[fold == k] = np.column_stack(
                [pinball(elsewhere[fold == k], quantiles[:, j], q) for j, q in enumerate(PINBALL)]
            )
    unit = elsewhere.mean()
    np.testing.assert_allclose(found.scores["model"].iloc[:4], model.mean(axis=0) / unit, rtol=1e-6)
    np.testing.assert_allclose(
        found.scores["mean_imputation"].iloc[:4], simple.mean(axis=0) / unit, rtol=1e-6
    )
    difference = (model - simple).mean(axis=1) / unit
    assert found.scores["standard_error"].iloc[-1] == pytest.approx(
        difference.std(ddof=1) / np.sqrt(len(asked)), rel=1e-5
    )


def test_hiding_answers_is_reading_without_them(frame):
    frame = frame.assign(purchases=np.ceil(frame["own"] / 10), stated=np.nan)
    answered = frame["total"].notna()
    frame.loc[answered, "stated"] = frame.loc[answered, "purchases"] + 3
    counts = {"purchases": "purchases", "total_purchases": "stated"}
    whole = read(frame, **counts)
    out = frame.loc[answered, ["customer_id"]].iloc[::3]
    fewer = without_answers(whole, out)
    hidden = frame["customer_id"].isin(out["customer_id"])
    blanked = frame.assign(total=frame["total"].mask(hidden), stated=frame["stated"].mask(hidden))
    again = read(blanked, **counts)
    pd.testing.assert_frame_equal(fewer.answered(), again.answered())
    for one, other in zip(fewer.blocks(), again.blocks(), strict=True):
        pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(fewer.audit, again.audit)
    assert fewer.n_answered == again.n_answered == whole.n_answered - len(out)


def test_neither_the_order_of_customers_nor_their_number_per_fold_matters(frame, found):
    again = cross_validated(SPEC, read(frame.sample(frac=1, random_state=1)), MAP(), folds=3, seed=5)
    pd.testing.assert_frame_equal(again.coverage, found.coverage)
    pd.testing.assert_frame_equal(again.pit, found.pit)
    assert sorted(found.pit["fold"].value_counts()) == [80, 80, 80]
    other = cross_validated(SPEC, read(frame), MAP(), folds=3, seed=6)
    assert (other.pit["fold"] != found.pit["fold"]).any()


def test_ids_may_be_text(frame, found):
    named = frame.assign(customer_id="c" + frame["customer_id"].astype(str).str.zfill(4))
    again = cross_validated(SPEC, read(named), MAP(), folds=3, seed=5)
    assert len(again.pit) == len(found.pit)


def test_parts_of_ranges_are_what_randomised_transforms_give_on_average():
    rng = np.random.default_rng(3)
    start = rng.uniform(0, 0.6, 400)
    end = np.where(rng.uniform(size=400) < 0.5, start, start + rng.uniform(0, 0.4, 400))
    table = coverage_table(start, end)
    drawn = start[:, None] + (end - start)[:, None] * rng.uniform(size=(400, 2_000))
    for row in table.to_dict("records"):
        inside = (np.abs(drawn - 0.5) <= row["nominal"] / 2).mean()
        assert row["actual"] == pytest.approx(inside, abs=0.002)
        assert row["low"] <= row["actual"] <= row["high"]


def test_an_answer_of_nothing_covers_the_atom_and_a_rounded_one_its_interval(frame):
    wallets = read(frame)
    block = SPEC.fit(wallets, MAP(), seed=1).survey()
    zero = np.zeros(len(block))
    found = ranges(block, zero, zero)
    np.testing.assert_allclose(found[:, 0], 0)
    np.testing.assert_allclose(found[:, 1], block.elsewhere.none(), atol=1e-12)
    ends = block.elsewhere.quantiles(np.array([0.6, 0.7]))
    positive = block.elsewhere.none() < 0.6
    np.testing.assert_allclose(
        ranges(block, ends[:, 0], ends[:, 1])[positive], np.tile([0.6, 0.7], (positive.sum(), 1)), atol=1e-3
    )


def test_rounded_answers_keep_a_right_model_calibrated():
    truth = customers(1_200, 600, seed=8)
    rounded = truth.assign(total=truth["own"] + 50 * np.rint((truth["total"] - truth["own"]) / 50))
    rounded["width"] = np.where(rounded["total"].notna(), 50.0, np.nan)
    wallets = read(rounded, rounding="width")
    found = cross_validated(SPEC, wallets, MAP(), folds=3, seed=1)
    assert found.evidence[0].passed is True


def coarse(frame, width):
    """Totals rounded to multiples, as they are said."""
    rounded = frame.assign(total=width * np.rint(frame["total"] / width))
    rounded["width"] = np.where(rounded["total"].notna(), width, np.nan)
    return read(rounded, rounding="width")


@pytest.mark.parametrize("seed", [8, 9])
def test_losses_of_coarse_answers_are_those_of_exact_ones(seed):
    """Many of these intervals begin at 0, and their middles are not what is spent."""
    truth = customers(1_200, 600, seed=seed)
    wallets = coarse(truth, 100.0)
    assert (wallets.answered()["low"] == 0).mean() > 0.25
    exact, found = (
        cross_validated(SPEC, each, MAP(), folds=3, seed=1).scores.set_index("quantile").loc["mean"]
        for each in (read(truth), wallets)
    )
    for name in ("model", "mean_imputation"):
        assert found[name] == pytest.approx(exact[name], rel=0.03)


def test_the_unit_of_losses_is_the_mean_answer_and_not_that_of_middles(monkeypatch):
    """A sixth spends nothing elsewhere, and says so by an interval from 0."""
    truth = customers(1_200, 600, seed=8)
    kept = []

    def caught(losses):
        kept.append(losses)
        return score_table(losses)

    monkeypatch.setattr("segmodels.evaluate.wallet.cross_validation.score_table", caught)
    wallets = coarse(truth, 100.0)
    cross_validated(SPEC, wallets, MAP(), folds=3, seed=1)
    answers = wallets.answered()
    low, high = (answers[name].to_numpy() for name in ("low", "high"))
    fold = folds_of(customer_keys(answers["customer_id"].to_numpy()), 3, seed=1)
    own, mean = np.empty(600), np.empty(600)
    for k in range(3):
        fit = SPEC.fit(without_answers(wallets, answers.loc[fold == k]), MAP(), seed=1).on(wallets)
        (block,) = fit.blocks()
        own[fold == k] = interval_losses(low, high, fit.survey().elsewhere.quantiles(np.array([0.5])), [0.5])[
            fold == k, 0
        ]
        mean[fold == k] = block.elsewhere.mean()[block.answered][fold == k]
    np.testing.assert_allclose(kept[0][0, :, 1] * mean.mean(), own, rtol=1e-9)
    spent = (truth["total"] - truth["own"]).mean()
    assert abs(mean.mean() / spent - 1) < abs(((low + high) / 2).mean() / spent - 1)


def test_one_answer_that_is_compared_gives_no_verdict_on_losses():
    losses = np.stack([np.full((1, 4), 0.2), np.full((1, 4), 0.3)])
    one = np.full(1, 0.5)
    found = Calibration(
        coverage_table(one, one), pd.DataFrame({"fold": 0, "pit": one}), score_table(losses), 2
    )
    assert found.evidence[1].passed is None


def test_what_is_done_to_a_fit_is_done_within_folds(frame, found):
    wallets = read(frame)
    seen = []

    def level(fit):
        seen.append(fit.wallets.n_answered)
        return smeared(fit, respondents(fit))

    again = cross_validated(SPEC, wallets, MAP(), folds=3, seed=5, then=level)
    assert seen == [160, 160, 160]
    assert not np.allclose(again.scores["model"], found.scores["model"])
    assert np.array_equal(again.pit["fold"], found.pit["fold"])


@dataclass(frozen=True)
class Untouched:
    """A model that must never be fitted."""

    def fit(self, *_, **__):
        raise AssertionError


REFUSED = {
    "folds": (read, 1, "folds"),
    "answers": (lambda frame: read(frame.assign(total=frame["total"].where(frame.index < 3))), 5, "answers"),
    "nothing": (
        lambda frame: read(frame.assign(total=frame["own"].where(frame["total"].notna()))),
        2,
        "above zero",
    ),
    "categories": (
        lambda frame: read(frame.assign(what=np.where(frame.index % 2, "a", "b")), category="what"),
        2,
        "several categories",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_cross_validated_is_refused(case, frame):
    make, folds, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        cross_validated(Untouched(), make(frame), MAP(), folds=folds, seed=1)


def test_too_few_answers_for_the_model_are_an_error_of_the_model():
    with pytest.raises(InputError, match="at least 30"):
        cross_validated(SPEC, read(customers(100, 34)), MAP(), folds=5, seed=1)

"""Predictive checks: they let a right model pass, find a wrong one, and count as they say."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import segmodels as sg
from segmodels.errors import InputError
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.models.wallet.block import WalletBlock
from segmodels.models.wallet.predictive_checks import holm, statistics, wallet_checks


@dataclass(frozen=True)
class LogNormal:
    """Nothing with probability p, else log-normal around m."""

    m: np.ndarray
    sd: float
    p: float
    ids: np.ndarray

    def none(self):
        return np.where(np.isnan(self.m), np.nan, self.p)

    def above(self, threshold):
        with np.errstate(divide="ignore"):
            z = (np.log(threshold) - self.m[:, None]) / self.sd
        return (1 - self.p) * stats.norm.sf(z)

    def quantile(self, u):
        rest = np.clip((u - self.p) / (1 - self.p), 1e-12, 1)
        return np.where(u <= self.p, 0.0, np.exp(self.m[:, None] + self.sd * stats.norm.ppf(rest)))

    def quantiles(self, levels):
        return self.quantile(np.asarray(levels)[None])

    def take(self, rows):
        return LogNormal(self.m[rows], self.sd, self.p, self.ids[rows])

    def draws(self, numbers):
        return self.quantile(uniforms(3, customer_keys(self.ids), numbers, 0))


def fit(seed=1, n=300, sd=0.8, p=0.2, shift=0.0, slope=0.5, width=0.0, missing=0):
    """Answers of a known world, and a model that may differ from it."""
    rng = np.random.default_rng(seed)
    ids, own = np.arange(n), np.exp(rng.normal(0, 1, n))
    truth = LogNormal(0.5 * np.log(own), 0.8, 0.2, ids)
    c = truth.quantile(rng.random((n, 1)))[:, 0]
    model_m = slope * np.log(own) + shift
    model_m[:missing] = np.nan
    middle = np.round(c / width) * width if width else c
    # as answers are read: what is heaped at nothing may be nothing
    low, high = np.maximum(middle - width / 2, 0.0), middle + width / 2
    frame = pd.DataFrame({"customer_id": ids, "own": own, "low": low, "high": high})
    everyone, status = np.ones(n, bool), np.zeros(n, np.int8)
    block = WalletBlock(ids, own, {}, everyone, status, LogNormal(model_m, sd, p, ids))
    return SimpleNamespace(survey=lambda: block, wallets=SimpleNamespace(answered=lambda: frame), seed=5)


@pytest.mark.parametrize("seed", range(5))
def test_the_true_model_passes(seed):
    found = wallet_checks(fit(seed), replicates=1_600)
    assert found.passed
    assert found.table["p_value"].between(0, 1).all()
    assert len(found.table) == 8


@pytest.mark.parametrize(
    ("wrong", "statistic"),
    [
        ({"p": 0.4}, "share_none"),
        ({"shift": 0.5}, "mean"),
        ({"shift": 0.5}, "median"),
        ({"sd": 1.4}, "sd_log"),
        ({"slope": -0.3}, "spearman_own"),
        ({"sd": 1.4}, "top_decile_share"),
        ({"shift": -0.6}, "transform"),
    ],
)
def test_a_wrong_model_is_found_by_the_statistic_that_it_misses(wrong, statistic):
    found = wallet_checks(fit(**wrong), replicates=1_600)
    assert found.passed is False
    assert found.table.set_index("statistic").loc[statistic, "p_adjusted"] < 0.01
    assert statistic in found.text


def test_p_values_of_the_true_model_are_about_uniform():
    p = [wallet_checks(fit(seed, n=120), replicates=1_600).table["p_value"] for seed in range(40)]
    p = np.array(p)
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=0.06)
    assert stats.kstest(p[:, -1], "uniform").pvalue > 0.01


@pytest.mark.parametrize("width", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_true_model_passes_whatever_answers_are_rounded_to(seed, width):
    found = wallet_checks(fit(seed, width=width), replicates=1_600)
    assert found.passed, found.text
    assert "intervals, which the model fills in" in found.text
    assert found.table["p_value"].between(0, 1).all()


@pytest.mark.parametrize("wrong", [{"p": 0.5}, {"shift": 0.6}, {"sd": 1.6}])
def test_a_wrong_model_is_found_by_rounded_answers_too(wrong):
    assert wallet_checks(fit(width=0.5, **wrong), replicates=1_600).passed is False


@pytest.mark.parametrize("width", [5.0, 20.0, 50.0])
def test_a_model_fitted_to_rounded_answers_of_its_own_world_passes(width):
    world = {"slope": 0.4, "level": 0.3, "sigma": 0.7, "hurdle": -1.2, "hurdle_slope": 0.5, "nonbuyers": 0.1}
    frame = sg.simulate_wallets(2000, np.random.default_rng(1), answered=400, **world)
    frame["total"] = (frame["total"] / width).round() * width
    wallets = sg.Wallets.read(
        frame,
        customer="customer_id",
        own="own",
        total="total",
        rounding=width,
        columns=["segment"],
        most_below=1.0,
    )
    found = wallet_checks(sg.WalletShare(scale=0.0).fit(wallets, sg.Laplace(draws=500), seed=1))
    assert found.passed, found.text


def test_customers_without_a_forecast_are_left_out_and_said_so():
    found = wallet_checks(fit(missing=30), replicates=1_600)
    assert "30 answers of customers" in found.text
    assert found.passed


def test_few_answers_have_no_verdict_and_few_replicates_are_refused():
    assert wallet_checks(fit(n=19)).passed is None
    with pytest.raises(InputError, match="1,600"):
        wallet_checks(fit(), replicates=400)


def test_the_same_fit_gives_the_same_figures():
    first, second = (wallet_checks(fit()).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_statistics_by_hand():
    own = np.array([4.0, 1.0, 3.0, 2.0])
    found = statistics(own, np.array([[0.0, 0.0], [np.e, 0.0], [1.0, 0.0], [np.e**2, 0.0]]))
    total = np.e + 1 + np.e**2
    assert found[0] == pytest.approx(
        [
            0.25,
            total / 4,
            (1 + np.e) / 2,
            np.std([1, 0, 2]),
            np.quantile([0, np.e, 1, np.e**2], 0.9),
            -0.8,
            np.e**2 / total,
        ]
    )
    np.testing.assert_array_equal(np.isnan(found[1]), [False, False, False, True, False, True, True])


def test_holm_is_monotone_and_at_most_one():
    p = np.array([0.5, 0.001, 0.02, 0.9])
    np.testing.assert_allclose(holm(p), [1.0, 0.004, 0.06, 1.0])

"""Simulated wallets follow their story, and people round what they say."""

import numpy as np
import pytest
from scipy import integrate, stats

from segmodels.errors import InputError
from segmodels.tables.simulate_wallets import heaped, simulate_wallets


def _draw(n=100_000, seed=1, **more):
    return simulate_wallets(n, np.random.default_rng(seed), **more)


def test_own_spend_is_log_normal_among_buyers():
    frame = _draw(own_median=50.0, own_sd=0.7, nonbuyers=0.2)
    buyers = frame[frame["own"] > 0]
    assert len(buyers) / len(frame) == pytest.approx(0.8, abs=0.006)
    assert stats.kstest(np.log(buyers["own"] / 50.0), stats.norm(0, 0.7).cdf).pvalue > 0.01


def test_spend_elsewhere_is_log_normal_given_own_spend():
    frame = _draw(slope=-0.4, level=0.5, sigma=0.6, covariates=(0.3, -0.2), segments=(0.0, 1.0))
    some = frame[frame["true_elsewhere"] > 0]
    y = np.log(some["own"].where(some["own"] > 0, 100.0) / 100.0)
    shift = some["segment"].map({"s1": 0.0, "s2": 1.0})
    mean = 0.5 + shift + 0.3 * some["x1"] - 0.2 * some["x2"] - 0.4 * y
    error = (np.log(some["true_elsewhere"] / 100.0) - mean) / 0.6
    assert stats.kstest(error, stats.norm.cdf).pvalue > 0.01


def test_box_cox_is_cut_at_its_bound():
    # One p-value is small by chance now and then; those of many seeds are uniform.
    p = []
    for seed in range(40):
        frame = _draw(10_000, seed, slope=0.0, level=-1.0, sigma=1.0, scale=0.5, hurdle=-30.0)
        z = ((frame["true_elsewhere"] / 100.0) ** 0.5 - 1.0) / 0.5
        p.append(stats.kstest(z, stats.truncnorm(-1.0, np.inf, loc=-1.0).cdf).pvalue)
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_the_hurdle_is_logistic_in_log_own_spend():
    frame = _draw(hurdle=-0.5, hurdle_slope=0.8, nonbuyers=0.0)
    expected, _ = integrate.quad(lambda y: stats.norm.pdf(y) / (1 + np.exp(0.5 - 0.8 * y)), -8, 8)
    assert (frame["true_elsewhere"] == 0).mean() == pytest.approx(expected, abs=0.006)
    rich = frame["own"] > 100.0
    none = frame["true_elsewhere"] == 0
    assert none[rich].mean() > none[~rich].mean() + 0.1


def test_the_total_is_known_of_those_who_are_asked():
    frame = _draw(n=1000, answered=123)
    asked = frame.dropna()
    assert len(asked) == 123
    assert asked["total"].to_list() == (asked["own"] + asked["true_elsewhere"]).to_list()
    assert frame["customer_id"].to_list() == list(range(1, 1001))
    assert _draw(n=50, answered=0)["total"].isna().all()
    assert _draw(n=50, answered=50)["total"].notna().all()


def _mean_z_of_the_asked(seed, mechanism, column):
    """Mean of z among those asked; and among those whom a race of exponential waits with rates exp(z) picks."""
    frame = _draw(n=5000, seed=seed, answered=250, mechanism=mechanism, slope=0.0)
    amount = np.log1p(frame[column].to_numpy() / 100.0)
    z = (amount - amount.mean()) / amount.std()
    wait = np.random.default_rng(1000 + seed).exponential(size=len(z)) / np.exp(z)
    return z[frame["total"].notna()].mean(), z[np.argsort(wait)[:250]].mean()


@pytest.mark.parametrize(("mechanism", "column"), [("own_spend", "own"), ("outside_spend", "true_elsewhere")])
def test_mechanisms_prefer_those_who_spend_more(mechanism, column):
    asked, raced = np.array([_mean_z_of_the_asked(seed, mechanism, column) for seed in range(40)]).T
    assert asked.mean() > 0.8
    assert abs((asked - raced).mean()) < 3.5 * (asked - raced).std(ddof=1) / np.sqrt(40)
    fair = np.array([_mean_z_of_the_asked(seed, "random", column)[0] for seed in range(40)])
    assert abs(fair.mean()) < 3.5 * fair.std(ddof=1) / np.sqrt(40)


def test_the_same_seed_gives_the_same_customers():
    assert _draw(n=100, seed=7, answered=10).equals(_draw(n=100, seed=7, answered=10))


def test_what_can_not_be_drawn_is_refused_at_once():
    with pytest.raises(InputError) as caught:
        _draw(n=10, answered=11, sigma=0.0, scale=-1.0, nonbuyers=2.0, mechanism="whim")
    assert [fault.where for fault in caught.value.faults] == [
        "answered",
        "sigma",
        "scale",
        "nonbuyers",
        "mechanism",
    ]


def test_people_round_to_multiples_and_not_to_nothing():
    rng = np.random.default_rng(1)
    amounts = rng.lognormal(4, 1.5, 5000).round(2)
    said = heaped(amounts, rng, (100.0, 10.0), (0.3, 0.4))
    changed = said != amounts
    assert (said[changed] % 10.0 == 0).all()
    assert (said > 0).all()
    assert (np.abs(said - amounts) <= 50.0).all()
    assert (said == amounts)[amounts < 10.0].all()
    large = amounts >= 100.0
    assert (said % 100.0 == 0)[large].mean() == pytest.approx(0.3 + 0.4 / 10, abs=0.04)
    assert (~changed)[large].mean() == pytest.approx(0.3, abs=0.04)


def test_heaping_leaves_what_is_not_said_and_refuses_what_is_no_share():
    rng = np.random.default_rng(1)
    assert np.isnan(heaped([np.nan, 5.0], rng, (10.0,), 1.0)).tolist() == [True, False]
    assert heaped([3.3, 7.7], rng, (), 0.0).tolist() == [3.3, 7.7]
    for wrong in ((0.5, 0.7), (0.5,), (-0.1, 0.2)):
        with pytest.raises(InputError, match="share"):
            heaped([1.0], rng, (10.0, 50.0), wrong)
    with pytest.raises(InputError, match="units"):
        heaped([1.0], rng, (0.0,), 0.5)

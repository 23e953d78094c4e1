from math import isqrt

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln, hyp2f1

from segmodels.errors import InputError
from segmodels.tables.simulate import (
    Truth,
    simulate_bg_nbd,
    simulate_gamma_gamma,
    simulate_mbg_nbd,
    simulate_pareto_nbd,
    simulate_transactions,
)

SIZE = 200_000
CDNOW = {
    simulate_bg_nbd: (0.24259453, 4.41360235, 0.79292205, 2.42590704),
    simulate_mbg_nbd: (0.52484305, 6.18308466, 0.89135948, 1.61400287),
    simulate_pareto_nbd: (0.55327702, 10.57768282, 0.60624001, 11.6687366),
}


def bg_nbd_mean(t, r, alpha, a, b):
    z = t / (alpha + t)
    return (a + b - 1) / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b, a + b - 1, z))


def mbg_nbd_mean(t, r, alpha, a, b):
    z = t / (alpha + t)
    return b / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b + 1, a + b, z))


def pareto_nbd_mean(t, r, alpha, s, beta):
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


MEANS = {
    simulate_bg_nbd: bg_nbd_mean,
    simulate_mbg_nbd: mbg_nbd_mean,
    simulate_pareto_nbd: pareto_nbd_mean,
}


@pytest.mark.parametrize("simulate", CDNOW)
@pytest.mark.parametrize("T", [5.0, 39.0, 300.0])
def test_mean_frequency_is_that_of_the_model(simulate, T):
    frame = simulate(SIZE, *CDNOW[simulate], T, np.random.default_rng(1))
    error = frame["frequency"].std() / isqrt(SIZE)
    assert frame["frequency"].mean() == pytest.approx(MEANS[simulate](T, *CDNOW[simulate]), abs=4 * error)


@pytest.mark.parametrize("simulate", CDNOW)
def test_summaries_are_well_formed(simulate):
    T = np.random.default_rng(2).uniform(0, 40, 5_000)
    T[0] = 0
    frame = simulate(5_000, *CDNOW[simulate], T, np.random.default_rng(3))
    assert frame.columns.tolist() == ["customer_id", "frequency", "recency", "T"]
    assert frame["customer_id"].is_unique
    assert frame["frequency"].dtype == np.int64
    assert ((frame["frequency"] == 0) == (frame["recency"] == 0)).all()
    assert frame["recency"].between(0, frame["T"]).all()
    np.testing.assert_array_equal(frame["T"], T)
    assert frame["frequency"][0] == 0
    pd.testing.assert_frame_equal(frame, simulate(5_000, *CDNOW[simulate], T, np.random.default_rng(3)))


@pytest.mark.parametrize("simulate", CDNOW)
def test_recency_is_that_of_one_customer_followed_by_hand(simulate):
    """The shortcut (order statistics) against the story told purchase by purchase."""
    rng = np.random.default_rng(4)
    p1, p2, p3, p4 = CDNOW[simulate]
    T, recencies, frequencies = 30.0, [], []
    for _ in range(20_000):
        rate, age, x = rng.gamma(p1) / p2, 0.0, 0
        if simulate is simulate_pareto_nbd:
            end, leave = min(T, rng.exponential() / (rng.gamma(p3) / p4)), 0.0
        else:
            end, leave = T, rng.beta(p3, p4)
        gone = simulate is simulate_mbg_nbd and rng.random() < leave
        while not gone and rate > 0:
            wait = rng.exponential() / rate
            if age + wait > end:
                break
            age, x = age + wait, x + 1
            gone = rng.random() < leave
        recencies.append(age)
        frequencies.append(x)
    frame = simulate(SIZE, *CDNOW[simulate], T, np.random.default_rng(5))
    for x in (1, 2, 5):
        mine, theirs = (
            frame["recency"][frame["frequency"] == x],
            np.array(recencies)[np.array(frequencies) == x],
        )
        error = np.sqrt(mine.var() / mine.size + theirs.var() / theirs.size)
        assert mine.mean() == pytest.approx(theirs.mean(), abs=4 * error)
        share = theirs.size / 20_000
        assert mine.size / SIZE == pytest.approx(share, abs=4.4 * np.sqrt(share / 20_000))


def test_extreme_truths_stay_finite():
    for simulate in CDNOW:
        frame = simulate(1_000, 0.01, 1.0, 0.001, 1.0, 10.0, np.random.default_rng(6))
        assert np.isfinite(frame["recency"]).all()
    heavy = simulate_bg_nbd(100, 2_000.0, 1.0, 1.0, 1e6, 10.0, np.random.default_rng(7))
    assert heavy["frequency"].max() > 2_000


def test_mean_spend_has_the_moments_of_the_model():
    p, q, v, x = 6.0, 8.0, 40.0, 3
    frame = simulate_gamma_gamma(np.full(SIZE, x), p, q, v, np.random.default_rng(8))
    between = (p * v) ** 2 / ((q - 1) ** 2 * (q - 2))
    within = p * v**2 / ((q - 1) * (q - 2)) / x
    assert frame["monetary_value"].mean() == pytest.approx(
        p * v / (q - 1), abs=4 * np.sqrt((between + within) / SIZE)
    )
    assert frame["monetary_value"].var() == pytest.approx(between + within, rel=0.03)
    none = simulate_gamma_gamma([0, 0], p, q, v, np.random.default_rng(8))
    assert (none["monetary_value"] == 0).all()


@pytest.fixture(scope="module")
def log():
    return simulate_transactions(SIZE, 9, Truth())


def test_a_log_has_the_calendar_that_was_asked_for(log):
    first = log.groupby("customer_id")["date"].min()
    start = pd.Timestamp("2024-01-01")
    assert first.size == SIZE
    assert first.min() == start
    assert first.max() == start + pd.Timedelta(days=83)
    weeks = (first - start).dt.days // 7
    np.testing.assert_allclose(weeks.value_counts(normalize=True), 1 / 12, atol=0.004)
    assert log["date"].max() == start + pd.Timedelta(days=78 * 7 - 1)
    assert (log["date"].dt.normalize() == log["date"]).all()
    assert log.equals(log.sort_values(["customer_id", "date"], kind="stable"))
    assert (log["value"] > 0).all()


def test_a_log_has_the_repeat_purchases_of_its_truth(log):
    truth = Truth()
    start = pd.Timestamp(truth.first_day)
    entered = np.random.default_rng(10).uniform(0, truth.entry_weeks, 2_000)
    for week in (26, 52, 78):
        repeats = (log["date"] < start + pd.Timedelta(weeks=week)).sum() - SIZE
        mean = bg_nbd_mean(week - entered, truth.r, truth.alpha, truth.a, truth.b).mean()
        assert repeats / SIZE == pytest.approx(mean, rel=0.02)


def test_the_likelihood_of_a_log_is_highest_near_its_truth(log):
    truth = Truth()
    start = pd.Timestamp(truth.first_day)
    days = log.groupby("customer_id")["date"].agg(["min", "max", "size"])
    x = days["size"].to_numpy() - 1.0
    t_x = (days["max"] - days["min"]).dt.days.to_numpy() / 7
    # customers enter at some hour of their first day: on average half a day of it has passed
    T = (start + pd.Timedelta(weeks=truth.weeks) - days["min"]).dt.days.to_numpy() / 7 - 0.5 / 7

    def total(params):
        r, alpha, a, b = params
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x)
        common -= gammaln(b) + gammaln(a + b + x)
        stay = -(r + x) * np.log(alpha + T)
        leave = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + np.minimum(t_x, T))
        return (common + np.where(x > 0, np.logaddexp(stay, leave), stay)).sum()

    # numerical slope and curvature on the log scale, one Newton step
    at = np.log([truth.r, truth.alpha, truth.a, truth.b])
    eye = 0.01 * np.eye(4)
    slope = np.array([total(np.exp(at + e)) - total(np.exp(at - e)) for e in eye]) / 0.02
    bend = (
        np.array(
            [
                [
                    total(np.exp(at + e + f))
                    - total(np.exp(at + e - f))
                    - total(np.exp(at - e + f))
                    + total(np.exp(at - e - f))
                    for e in eye
                ]
                for f in eye
            ]
        )
        / 4e-4
    )
    step = -np.linalg.solve(bend, slope)
    assert np.abs(step).max() < 0.04
    # twice the gain of the maximum over the truth is about chi-squared with 4 degrees of freedom
    assert slope @ step < 20


def test_spend_of_a_log_has_the_means_and_the_spread_of_its_truth():
    truth = Truth(p=6.0, q=8.0, v=40.0)
    log = simulate_transactions(SIZE, 11, truth)
    first = log.drop_duplicates("customer_id")["value"]
    variance = (6 * 40) ** 2 / (49 * 6) + 6 * 40**2 / (7 * 6)
    assert first.mean() == pytest.approx(6 * 40 / 7, abs=4 * np.sqrt(variance / SIZE))
    assert first.var() == pytest.approx(variance, rel=0.03)
    pairs = log.groupby("customer_id")["value"].agg(["first", "last", "size"]).query("size > 1")
    correlation = (6 * 40) ** 2 / (49 * 6) / variance
    assert pairs["first"].corr(pairs["last"]) == pytest.approx(correlation, abs=0.02)


def test_same_seed_same_log_and_other_seed_other_log():
    one, two = (simulate_transactions(500, 12, Truth()) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(simulate_transactions(500, 13, Truth()))
    assert simulate_transactions(1, 1, Truth())["customer_id"].unique().tolist() == [1]


def test_a_truth_that_can_not_be_is_refused_with_all_its_faults():
    with pytest.raises(InputError) as caught:
        Truth(r=0.0, v=float("nan"), entry_weeks=90)
    assert [fault.where for fault in caught.value.faults] == ["r", "v", "entry_weeks"]
    with pytest.raises(InputError, match="n_customers"):
        simulate_transactions(0, 1, Truth())

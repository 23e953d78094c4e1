"""The traps that peers fall into (each found by running them), and that ours does not have them.

Numbers are those of the list that the project keeps. Where a trap is of a model that is not built here (8: BG/BB,
9: sBG, 19: an old data set), the test holds its counterpart: what that trap would be in ours.
"""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.evaluate.frequency import frequency_fit
from segmodels.likelihoods import bg_nbd, gamma_gamma, pareto_nbd
from segmodels.likelihoods.discount import continuous_rate
from segmodels.tables import datasets
from segmodels.tables.simulate import simulate_bg_nbd, simulate_gamma_gamma


def _frame(n=120, seed=1):
    rng = np.random.default_rng(seed)
    frame = simulate_bg_nbd(n, 0.9, 5.0, 0.8, 2.5, rng.integers(20, 40, n) / 1.0, rng)
    money = simulate_gamma_gamma(frame["frequency"], 6.0, 4.0, 15.0, rng)["monetary_value"]
    return frame.assign(monetary_value=money)


def _read(frame, unit="week"):
    return sg.Customers.read(frame, unit=unit)


def test_trap_1_unit_of_reporting_is_not_resolution_of_occasions():
    log = datasets.cdnow()
    read = sg.Transactions.read(log, customer="customer_id", date="date", value="value", zero="keep")
    sums = {
        unit: read.customers(until="1997-09-30", unit=unit).to_pandas()["frequency"].sum()
        for unit in ("day", "week", "month")
    }
    assert set(sums.values()) == {2457}


def test_trap_2_value_is_in_months_whatever_the_unit():
    weeks = _frame()
    days = weeks.assign(recency=weeks["recency"] * 7, T=weeks["T"] * 7)
    values = []
    for frame, unit in ((weeks, "week"), (days, "day")):
        customers = _read(frame, unit)
        purchases = sg.BGNBD().fit(customers, sg.MAP(), seed=1)
        spend = sg.GammaGamma().fit(customers, sg.MAP(), seed=1)
        values.append(sg.lifetime_value(purchases, spend, months=12).table["value"].to_numpy())
    assert values[1] == pytest.approx(values[0], rel=1e-4)


def test_trap_3_discount_is_per_year_whatever_the_unit():
    assert continuous_rate(0.1, "week") == pytest.approx(np.log(1.1) * 7 / 365.25, rel=1e-12)
    assert continuous_rate(0.1, "day") * 7 == pytest.approx(continuous_rate(0.1, "week"), rel=1e-12)
    dert = pareto_nbd.residual_given_alive(
        continuous_rate(0.1, "week"), 2, 38.857143, 0.55327702, 10.57768282, 0.60624001, 11.6687366
    ) * pareto_nbd.alive(2, 30.428571, 38.857143, 0.55327702, 10.57768282, 0.60624001, 11.6687366)
    assert float(dert) == pytest.approx(8.175, rel=1e-3)


def test_trap_4_priors_have_no_unit_and_no_currency():
    frame = _frame()
    spends, rates = [], []
    for factor in (1.0, 100.0, 10_000.0):
        scaled = frame.assign(monetary_value=frame["monetary_value"] * factor)
        spends.append(float(sg.GammaGamma().fit(_read(scaled), sg.MAP(), seed=1).expected_spend_new()[0]))
        spends[-1] /= factor
    for factor in (1.0, 7.0, 168.0):
        scaled = frame.assign(recency=frame["recency"] * factor, T=frame["T"] * factor)
        fit = sg.BGNBD().fit(_read(scaled, "day"), sg.MAP(), seed=1)
        rates.append(fit.expected_purchases(39 * factor)["expected_purchases"].sum())
    assert spends == pytest.approx([spends[0]] * 3, rel=1e-5)
    assert rates == pytest.approx([rates[0]] * 3, rel=1e-5)


def test_trap_5_value_keeps_the_uncertainty_of_spend():
    customers = _read(_frame())
    purchases = sg.BGNBD().fit(customers, sg.MAP(), seed=1)
    spend = sg.GammaGamma().fit(customers, sg.Laplace(draws=500), seed=1)
    total = sg.lifetime_value(purchases, spend).total
    assert total.size == 500
    assert float(total.std() / total.mean()) > 0.01


def test_trap_6_rows_keep_their_customer():
    frame = _frame().sample(frac=1.0, random_state=4)
    frame["customer_id"] = [f"c{k:05d}" for k in frame["customer_id"]]
    fit = sg.GammaGamma().fit(_read(frame), sg.MAP(), seed=1)
    table = fit.expected_spend()
    assert table["customer_id"].tolist() == frame["customer_id"].tolist()
    p, q, v = fit.params
    x, m = frame["frequency"].to_numpy(), frame["monetary_value"].to_numpy()
    expected = p * (v + x * m) / (p * x + q - 1)
    assert table["expected_spend"].to_numpy() == pytest.approx(expected, rel=1e-9)


def test_trap_7_no_purchase_of_a_one_time_buyer():
    none = bg_nbd.none_given_alive([39.0], 0, 38.86, 0.24259453, 4.41360235, 0.79292205, 2.42590704)
    gamma = ((4.41360235 + 38.86) / (4.41360235 + 38.86 + 39.0)) ** 0.24259453
    assert float(none[0]) == pytest.approx(gamma, rel=1e-12)
    assert float(none[0]) == pytest.approx(0.855, abs=1e-3)


def test_trap_8_simulated_histories_end_by_their_age():
    rng = np.random.default_rng(1)
    for model, values in ((bg_nbd, (0.9, 5.0, 0.8, 2.5)), (pareto_nbd, (0.9, 5.0, 0.8, 12.0))):
        x, t_x = model.simulate(rng, np.full(20_000, 6.0), *values)
        assert (t_x <= 6.0).all()
        assert (t_x[x == 0] == 0).all()
        assert x.mean() == pytest.approx(float(model.expected_new(6.0, *values)), rel=0.05)


def test_trap_9_alive_is_given_the_history():
    just_bought = pareto_nbd.alive(3, 20.0, 20.0, 0.55, 10.6, 0.61, 11.7)
    new = pareto_nbd.alive(0, 0.0, 0.0, 0.55, 10.6, 0.61, 11.7)
    assert float(just_bought) == pytest.approx(1.0)
    assert float(new) == pytest.approx(1.0)


def test_trap_10_frequencies_are_matched_by_count_not_by_rank():
    frame = _frame(300)
    fit = sg.BGNBD().fit(_read(frame[frame["frequency"] != 1]), sg.MAP(), seed=1)
    table = frequency_fit(fit, top=4).set_index("purchases")
    twos = int((frame["frequency"] == 2).sum())
    assert [int(table["actual"].iloc[n]) for n in (1, 2)] == [0, twos]


@pytest.mark.parametrize("column", ["frequency", "recency", "T", "monetary_value"])
def test_trap_11_a_missing_number_is_an_error(column):
    frame = _frame().astype({"frequency": float})
    frame.loc[3, column] = np.nan
    with pytest.raises(sg.InputError, match=column):
        _read(frame)


def test_trap_12_removable_singularities_and_large_counts():
    at = bg_nbd.expected_given_alive([10.0, 500.0], [2000, 3], 40.0, 0.3, 4.0, 1.0, 2.5)
    near = bg_nbd.expected_given_alive([10.0, 500.0], [2000, 3], 40.0, 0.3, 4.0, 1.0 + 1e-7, 2.5)
    assert at == pytest.approx(near, rel=1e-5)
    at = pareto_nbd.expected_given_alive([10.0], [2000], 40.0, 0.3, 4.0, 1.0, 2.5)
    near = pareto_nbd.expected_given_alive([10.0], [2000], 40.0, 0.3, 4.0, 1.0 + 1e-7, 2.5)
    assert at == pytest.approx(near, rel=1e-5)
    assert np.isfinite(at).all()


def test_trap_13_alive_for_certain_is_said():
    customers = _read(_frame())
    fit = sg.BGNBD().fit(customers, sg.MAP(), seed=1)
    once = customers.to_pandas()["frequency"].to_numpy() == 0
    assert (fit.alive()["alive"].to_numpy()[once] == 1).all()
    said = {item.name: item.text for item in fit.evidence}["P(alive) of one-time buyers"]
    assert f"{once.sum()} customers" in said
    assert "MBGNBD" in said
    other = sg.MBGNBD().fit(customers, sg.MAP(), seed=1)
    assert (other.alive()["alive"].to_numpy()[once] < 1).all()


def test_trap_14_and_15_covariates_move_mean_dropout_in_both_directions():
    rng = np.random.default_rng(3)
    left = simulate_bg_nbd(700, 1.0, 4.0, 0.4, 3.0, 40.0, rng).assign(x=0)
    right = simulate_bg_nbd(700, 1.0, 4.0, 1.7, 1.7, 40.0, rng).assign(x=1)
    frame = pd.concat([left, right], ignore_index=True).assign(customer_id=range(1400))
    for sign in (1, -1):
        model = sg.BGNBD(dropout_covariates=("x",))
        fit = model.fit(_read(frame.assign(x=sign * frame["x"])), sg.MAP(), seed=1)
        assert sign * fit.effects()["average_marginal_effect"].item() == pytest.approx(0.38, abs=0.09)


def test_trap_16_posterior_intervals_stay_positive():
    fit = sg.BGNBD().fit(_read(_frame(40)), sg.Laplace(draws=500), seed=1)
    values = fit.posterior["posterior"]
    assert all(float(values[name].min()) > 0 for name in ("r", "alpha", "a", "b"))


def test_trap_17_small_integers_do_not_overflow():
    value = gamma_gamma.log_density(np.int8(50), np.int8(38), 6.25, 3.74, 15.44)
    assert float(value) == pytest.approx(-4.17021381, abs=1e-7)


def test_trap_18_and_19_the_log_itself_gives_the_exact_likelihood():
    log = datasets.cdnow()
    read = sg.Transactions.read(log, customer="customer_id", date="date", value="value", zero="keep")
    fit = sg.BGNBD().fit(read.customers(until="1997-09-30", unit="week"), sg.MAP(), seed=1)
    assert fit.log_likelihood == pytest.approx(-9582.4292067, abs=1e-5)


def test_trap_20_a_new_customer_is_forecast_repeats_only():
    fit = sg.BGNBD().fit(_read(_frame()), sg.MAP(), seed=1)
    assert fit.new_customer([1e-6])["expected_purchases"].item() < 1e-5


def test_trap_21_a_spec_fits_again_and_scores_others():
    spec = sg.BGNBD()
    first = spec.fit(_read(_frame(seed=1)), sg.MAP(), seed=1)
    before = first.params.copy()
    second = spec.fit(_read(_frame(seed=2)), sg.MAP(), seed=1)
    assert not second.params.equals(before)
    assert first.params.equals(before)
    grid = pd.DataFrame({"customer_id": range(3), "frequency": 2, "recency": 5.0, "T": 9.0})
    assert np.ptp(first.on(_read(grid)).expected_purchases(4)["expected_purchases"]) == 0

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.sums import of_known, of_new
from segmodels.evaluate.tracking import tracking
from segmodels.inference.settings import MAP, Laplace
from segmodels.models.value.bg_nbd import BGNBD
from segmodels.models.value.mbg_nbd import MBGNBD
from segmodels.tables.transactions import Transactions

UNTIL = "1997-09-30"


@pytest.fixture(scope="module")
def forecast(modes, log):
    return tracking(modes["BG/NBD"], log, UNTIL)


@pytest.mark.parametrize(
    ("model", "by_39", "by_78", "rtol"),
    [
        # CLVTools, BTYD and lifetimes agree on BG/NBD
        ("BG/NBD", 2501.52, 4165.66, 5e-6),
        # at (.553, 10.578, .606, 11.669), so three digits of the parameters
        ("Pareto/NBD", 2531.90, 4274.29, 5e-4),
    ],
)
def test_the_tracking_of_the_literature(modes, log, model, by_39, by_78, rtol):
    weeks = tracking(modes[model], log, UNTIL, conditional=False).set_index("period")
    assert weeks.loc[[39, 78], "cumulative_actual"].tolist() == [2457, 4339]
    np.testing.assert_allclose(weeks.loc[[39, 78], "cumulative_expected"], [by_39, by_78], rtol=rtol)


def test_weeks_end_on_the_split(forecast):
    weeks = forecast.set_index("period")
    assert weeks.index.tolist() == list(range(1, 79))
    assert weeks.loc[[1, 39, 78], "date"].tolist() == list(
        pd.to_datetime(["1997-01-07", UNTIL, "1998-06-30"])
    )


def test_the_time_held_out_adds_up_to_the_forecast(forecast, modes):
    later = forecast[forecast["period"] > 39]
    assert later["actual"].sum() == 1882
    np.testing.assert_allclose(later["expected"].sum(), 1653.41, atol=0.005)
    per_customer = modes["BG/NBD"].expected_purchases(39)["expected_purchases"].sum()
    np.testing.assert_allclose(later["expected"].sum(), per_customer, rtol=1e-9)


def test_a_forecast_starts_from_what_was_made(forecast):
    weeks = forecast.set_index("period")
    np.testing.assert_allclose(weeks.loc[40, "cumulative_expected"], 2457 + weeks.loc[40, "expected"])
    assert weeks.loc[78, "cumulative_low"] < 2457 + 1653.41 < weeks.loc[78, "cumulative_high"]


def test_the_expected_sum_in_the_time_fitted_is_that_of_new_customers(forecast, modes, customers):
    from segmodels.likelihoods import bg_nbd

    T = customers.to_pandas()["T"].to_numpy()
    of_each = bg_nbd.expected_new(T, *modes["BG/NBD"].params).sum()
    np.testing.assert_allclose(forecast.set_index("period").loc[39, "cumulative_expected"], of_each)


def test_the_same_fit_gives_the_same_figures(forecast, modes, log):
    pd.testing.assert_frame_equal(forecast, tracking(modes["BG/NBD"], log, UNTIL))


def test_intervals_lie_around_and_widen_with_the_level(forecast, modes, log):
    wide = tracking(modes["BG/NBD"], log, UNTIL, level=0.95)
    assert (forecast["low"] <= forecast["high"]).all()
    width = (forecast["high"] - forecast["low"]).sum()
    assert 1.4 * width < (wide["high"] - wide["low"]).sum() < 1.65 * width


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD", "Pareto/NBD"])
def test_simulated_sums_have_the_expected_mean(modes, model):
    ends = np.array([13.0, 39.0])
    known, new = of_known(modes[model], ends, 3), of_new(modes[model], ends, 3)
    for sums in (known, new):
        error = sums.simulated.std(axis=0) / np.sqrt(len(sums.simulated))
        assert (np.abs(sums.simulated.mean(axis=0) - sums.expected) < 4 * error).all()


def test_customers_picked_at_random_scatter_as_all_do(modes, monkeypatch):
    ends = np.array([39.0])
    every = of_known(modes["MBG/NBD"], ends, 3)
    monkeypatch.setattr("segmodels.evaluate.sums._CUSTOMERS", 600)
    some = of_known(modes["MBG/NBD"], ends, 3)
    np.testing.assert_allclose(some.expected, every.expected)
    np.testing.assert_allclose(some.simulated.std(), every.simulated.std(), rtol=0.25)


def test_the_chance_of_the_sum_is_that_of_independent_customers(modes, customers):
    """The variance of a sum is the sum of variances, here from each customer's own simulated futures."""
    from segmodels.likelihoods import pareto_nbd

    ends, fit = np.array([39.0]), modes["Pareto/NBD"]
    table = customers.to_pandas()
    history = [table[name].to_numpy(float)[:, None] for name in ("frequency", "recency", "T")]
    rng = np.random.default_rng(5)
    shape = np.ones((1, 400))
    lives = rng.random((len(table), 400)) < pareto_nbd.alive(*history, *fit.params)
    counts = pareto_nbd.simulate_future(
        rng, [0.0, 39.0], history[0], history[2], *(shape * value for value in fit.params)
    )
    sd = np.sqrt((lives * counts[..., 0]).var(axis=1).sum())
    np.testing.assert_allclose(of_known(fit, ends, 3).simulated.std(), sd, rtol=0.15)


def test_parameters_that_are_uncertain_widen_the_intervals(customers, log, forecast):
    fit = MBGNBD().fit(customers, Laplace(500), seed=1)
    weeks = tracking(fit, log, UNTIL).set_index("period")
    mode = forecast.set_index("period")
    width = weeks.loc[78, "cumulative_high"] - weeks.loc[78, "cumulative_low"]
    assert width > mode.loc[78, "cumulative_high"] - mode.loc[78, "cumulative_low"]
    assert weeks.loc[78, "cumulative_low"] < 4339


def test_segments_are_tracked_with_their_own_parameters(log):
    bought = log.customers(until=UNTIL, unit="week").to_pandas()
    late = pd.DataFrame({"customer_id": bought["customer_id"], "late": bought["T"] < 33})
    customers = log.customers(until=UNTIL, unit="week").with_attributes(late.astype({"late": str}))
    fit = BGNBD(by="late").fit(customers, Laplace(200), seed=1)
    weeks = tracking(fit, log, UNTIL, "1998-01-01").set_index("period")
    whole = fit.expected_purchases(13)["expected_purchases"].sum()
    np.testing.assert_allclose(weeks.loc[40:52, "expected"].sum(), whole, rtol=1e-9)


@pytest.mark.parametrize("unit", ["day", "month"])
def test_other_units_of_time(log, unit):
    fit = BGNBD().fit(log.customers(until="1997-06-30", unit=unit), Laplace(100), seed=1)
    periods = tracking(fit, log, "1997-06-30", "1997-08-29")
    assert (periods["date"] == pd.Timestamp("1997-06-30")).sum() == 1
    assert len(periods) == {"day": 181 + 60, "month": 6 + 1}[unit]
    assert periods["actual"].sum() == periods["cumulative_actual"].iloc[-1]


def test_nothing_held_out():
    days = pd.to_datetime(["2024-01-01", "2024-01-20", "2024-01-08", "2024-01-20", "2024-02-05"])
    frame = pd.DataFrame({"who": list("aabbc"), "day": days})
    log = Transactions.read(frame, customer="who", date="day")
    fit = BGNBD().fit(log.customers(), MAP(), seed=1)
    weeks = tracking(fit, log, "2024-02-05")
    assert weeks["actual"].tolist() == [0, 0, 0, 2, 0, 0]
    assert weeks["date"].iloc[-1] == pd.Timestamp("2024-02-05")


def test_faults(modes, log):
    fit = modes["BG/NBD"]
    with pytest.raises(InputError, match="2,357 customers with 2,457"):
        tracking(fit, log, "1997-10-31")
    with pytest.raises(InputError, match="later end"):
        tracking(fit, log, UNTIL, "1997-01-31")
    with pytest.raises(InputError, match="level"):
        tracking(fit, log, UNTIL, level=80)

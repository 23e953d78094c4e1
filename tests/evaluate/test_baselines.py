import datetime as dt

import numpy as np
import pandas as pd
import pytest

from segmodels.evaluate.baselines import NAMES, hiatus, naive_forecasts
from segmodels.tables.transactions import Transactions


def read(rows):
    frame = pd.DataFrame(rows, columns=["who", "day", "paid"])
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], "D")
    return Transactions.read(frame, customer="who", date="day", value="paid")


@pytest.fixture
def log():
    # a: 0, 10, 50; b: 5; c: 20, 55; d: after the origin only, and a, too
    rows = [("a", 0, 1.0), ("a", 10, 2.0), ("a", 50, 4.0), ("b", 5, 8.0), ("c", 20, 16.0), ("c", 55, 32.0)]
    return read([*rows, ("a", 70, 64.0), ("d", 65, 128.0)])


def forecasts(log, horizon, unit="day"):
    origin = dt.date(2024, 3, 1)  # day 60
    known = log.customers(origin, unit).to_pandas()
    return naive_forecasts(log, known, origin, horizon, unit, "day")


def test_worked_by_hand(log):
    rules = forecasts(log, 30)
    assert tuple(rules) == NAMES
    np.testing.assert_allclose(rules["own rate"]["purchases"], [30 * 2 / 60, 0, 30 * 1 / 40])
    np.testing.assert_allclose(rules["own rate"]["spend"], [30 * 6 / 60, 0, 30 * 32 / 40])
    np.testing.assert_allclose(rules["last period"]["purchases"], [1, 0, 1])
    np.testing.assert_allclose(rules["last period"]["spend"], [4, 0, 32])
    np.testing.assert_allclose(rules["mean of all"]["purchases"], 30 * 3 / 155)
    np.testing.assert_allclose(rules["mean of all"]["spend"], 30 * 38 / 155)


def test_the_unit_of_time_does_not_matter(log):
    days, weeks = forecasts(log, 28), forecasts(log, 4, "week")
    for name in NAMES:
        pd.testing.assert_frame_equal(days[name], weeks[name])


def test_a_period_longer_than_the_log(log):
    rules = forecasts(log, 100)
    np.testing.assert_allclose(rules["last period"]["purchases"], [2, 0, 1])


def test_the_hiatus_by_hand():
    """At day 20, by which silence tells the three who came back (5, 6, 7 days) from the two who did not (9, 15)."""
    rows = [("a", 15), ("b", 14), ("c", 13), ("d", 11), ("e", 5), ("f", 0), ("a", 25), ("b", 30), ("c", 39)]
    log = read([(who, day, 1.0) for who, day in rows])
    assert hiatus(log, dt.date(2024, 1, 1) + dt.timedelta(40), 20, "day", "day") == 7


def test_the_hiatus_knows_nothing_of_the_future(log):
    origin = dt.date(2024, 3, 1)
    late = read(
        [("a", 0, 1.0), ("a", 10, 2.0), ("a", 50, 4.0), ("b", 5, 8.0), ("c", 20, 1.0), ("c", 55, 3.0)]
    )
    assert hiatus(log, origin, 30, "day", "day") == hiatus(late, origin, 30, "day", "day")


def test_those_silent_for_longer_buy_nothing(log):
    rules = forecasts(log, 30)
    cutoff = hiatus(log, dt.date(2024, 3, 1), 30, "day", "day")
    silent = np.array([10.0, 55.0, 5.0])
    np.testing.assert_allclose(
        rules["hiatus rule"]["purchases"], rules["own rate"]["purchases"] * (silent <= cutoff)
    )


def test_the_first_day_of_a_log():
    log = read([("a", 0, 1.0), ("a", 5, 1.0)])
    origin = dt.date(2024, 1, 1)
    rules = naive_forecasts(log, log.customers(origin, "day").to_pandas(), origin, 5, "day", "day")
    assert all((rule.to_numpy() == 0).all() for rule in rules.values())

"""The summary against a slow, obvious one; laws; published facts; and summaries that came ready."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.tables.customers import Customers
from segmodels.tables.datasets import cdnow, cdnow_master
from segmodels.tables.transactions import Transactions

PER = {"day": 1.0, "week": 7.0, "month": 30.4375}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _read(log: pd.DataFrame, **more: Any) -> Transactions:
    return Transactions.read(log, customer="customer_id", date="date", value="value", zero="keep", **more)


@st.composite
def logs(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b", "c", "d"]),
                st.integers(0, 120),
                st.one_of(st.floats(0.0, 1e4), st.sampled_from([0.0, 1e-9, 1e9])),
            ),
            min_size=1,
            max_size=30,
        )
    )
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
    frame["date"] = pd.Timestamp("2023-12-20") + pd.to_timedelta(frame["date"], unit="D")
    return frame


def slow(log: pd.DataFrame, until: dt.date, unit: str, occasion: str) -> pd.DataFrame:
    """Obvious, customer by customer."""
    rows = []
    log = log[log["date"] <= pd.Timestamp(until)]
    for who, mine in log.groupby("customer_id"):
        periods: dict[Any, list[tuple[dt.date, float]]] = {}
        for day, value in zip(mine["date"].dt.date, mine["value"], strict=True):
            key = {"day": day, "week": day - dt.timedelta(day.weekday()), "month": (day.year, day.month)}[
                occasion
            ]
            periods.setdefault(key, []).append((day, value))
        each = sorted(
            (min(day for day, _ in p), math.fsum(value for _, value in p)) for p in periods.values()
        )
        days, values = [day for day, _ in each], [value for _, value in each]
        x = len(each) - 1
        rows.append(
            {
                "customer_id": who,
                "frequency": x,
                "recency": (days[-1] - days[0]).days / PER[unit],
                "T": (until - days[0]).days / PER[unit],
                "monetary_value": math.fsum(values[1:]) / x if x else 0.0,
                "first_date": pd.Timestamp(days[0]),
                "last_date": pd.Timestamp(days[-1]),
                "total": math.fsum(values),
            }
        )
    return pd.DataFrame(rows)


@FEW
@given(
    logs(),
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["day", "week", "month"]),
    st.integers(0, 130),
)
def test_summary_is_the_obvious_one(log: pd.DataFrame, unit: Any, occasion: Any, later: int) -> None:
    until = log["date"].min().date() + dt.timedelta(later)
    found = _read(log).customers(until, unit=unit, occasion=occasion).to_pandas()
    expected = slow(log, until, unit, occasion)
    exact = ["customer_id", "frequency", "recency", "T", "first_date", "last_date"]
    pd.testing.assert_frame_equal(found[exact], expected[exact], check_dtype=False, check_exact=True)
    # sums hold more than 30 digits below the largest value of the log
    for name in ("monetary_value", "total"):
        lost = 1e-30 * log["value"].max()
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=lost)


@FEW
@given(logs(), st.randoms(use_true_random=False), st.integers(-5000, 0))
def test_order_of_rows_and_shift_of_dates_are_irrelevant(log: pd.DataFrame, random: Any, shift: int) -> None:
    order = list(range(len(log)))
    random.shuffle(order)
    moved = log.iloc[order].assign(date=lambda frame: frame["date"] + pd.Timedelta(days=shift))
    plain, other = (_read(each).customers().to_pandas() for each in (log, moved))
    exact = ["customer_id", "frequency", "recency", "T"]
    pd.testing.assert_frame_equal(plain[exact], other[exact], check_exact=True)
    np.testing.assert_allclose(plain["monetary_value"], other["monetary_value"], rtol=1e-9)


@FEW
@given(logs())
def test_units_scale_and_invariants_hold(log: pd.DataFrame) -> None:
    read = _read(log)
    days, weeks, months = (read.customers(unit=unit).to_pandas() for unit in ("day", "week", "month"))
    for name in ("recency", "T"):
        np.testing.assert_array_equal(days[name] / 7.0, weeks[name])
        np.testing.assert_array_equal(days[name] / 30.4375, months[name])
    assert ((weeks["frequency"] == 0) == (weeks["recency"] == 0)).all()
    assert (weeks["recency"] <= weeks["T"]).all()


def test_a_small_value_after_a_large_one_is_not_lost() -> None:
    log = pd.DataFrame({"customer_id": 1, "date": ["2024-01-01", "2024-01-02"], "value": [1e9, 1e-9]})
    assert _read(log).customers().to_pandas()["monetary_value"].to_list() == [1e-9]


def test_sums_are_exact_whatever_the_order_of_rows() -> None:
    rng = np.random.default_rng(1)
    size = 200_000
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, size), unit="D")
    value = rng.lognormal(3.0, 2.0, size)
    log = pd.DataFrame({"customer_id": rng.integers(0, 5000, size), "date": days, "value": value})
    expected = log.groupby("customer_id")["value"].apply(math.fsum)
    orders = [_read(log.sample(frac=1.0, random_state=k)).customers().to_pandas() for k in range(3)]
    np.testing.assert_array_equal(orders[0]["total"], expected)
    for other in orders[1:]:
        pd.testing.assert_frame_equal(orders[0], other, check_exact=True)


def test_cdnow_is_the_literatures() -> None:
    log = _read(cdnow())
    customers = log.customers("1997-09-30")
    frame = customers.to_pandas()
    assert len(customers) == 2357
    assert frame["frequency"].sum() == 2457
    assert (frame["frequency"] == 0).sum() == 1411
    assert len(frame[["frequency", "recency", "T"]].drop_duplicates()) == 1016
    assert log.customers().audit.set_index("step")["rows"]["occasions"] == 6696
    customer_1516 = frame.set_index("customer_id").loc[cdnow()["customer_id"].unique()[1515]]
    assert customer_1516["frequency"] == 26
    assert customer_1516["recency"] == pytest.approx(30.857, abs=1e-3)
    assert customer_1516["T"] == 31.0
    buyers = frame[frame["frequency"] > 0]
    assert buyers["frequency"].corr(buyers["monetary_value"]) == pytest.approx(0.11388, abs=1e-5)


def test_the_resolution_of_an_occasion_is_not_the_unit() -> None:
    log = _read(cdnow())
    assert log.customers("1997-09-30", unit="day").to_pandas()["frequency"].sum() == 2457
    assert log.customers("1997-09-30", unit="month").to_pandas()["frequency"].sum() == 2457
    assert log.customers("1997-09-30", occasion="week").to_pandas()["frequency"].sum() == 2216
    assert log.customers("1997-09-30", occasion="month").to_pandas()["frequency"].sum() == 1625


def test_the_master_has_the_distinct_histories_of_the_literature() -> None:
    frame = _read(cdnow_master()).customers("1997-09-30").to_pandas()
    assert len(frame) == 23570
    assert len(frame[["frequency", "recency", "T"]].drop_duplicates()) == 8685


@pytest.mark.parametrize(
    "more",
    [{"until": "1990-01-01"}, {"until": "never"}, {"unit": "year"}, {"occasion": "hour"}, {"until": pd.NaT}],
)
def test_arguments_that_can_not_be_are_said(more: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        _read(cdnow()).customers(**more)


def _summary(**columns: Any) -> pd.DataFrame:
    base = {
        "customer_id": ["b", "a"],
        "frequency": [2, 0],
        "recency": [3.0, 0.0],
        "T": [9.0, 8.0],
        "monetary_value": [5.0, 0.0],
    }
    return pd.DataFrame(base | columns)


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"customer_id": ["a", "a"]}, ("customer_id", "the same value")),
        ({"customer_id": ["a", None]}, ("customer", "no id")),
        ({"frequency": [2.5, 0]}, ("frequency", "a fraction")),
        ({"frequency": [-1, 0]}, ("frequency", "a negative number")),
        ({"frequency": [np.nan, 0]}, ("frequency", "null or NaN")),
        ({"recency": [10.0, 0.0]}, ("recency", "more than T")),
        ({"recency": [np.nan, 0.0]}, ("recency", "null or NaN")),
        ({"recency": [3.0, 4.0]}, ("recency", "above 0 with frequency 0")),
        ({"recency": [0.0, 0.0]}, ("recency", "0 with repeat purchases")),
        ({"T": [np.inf, 8.0]}, ("T", "an infinite number")),
        ({"T": ["old", "8"]}, ("T", "text")),
        ({"monetary_value": [np.nan, 0.0]}, ("monetary_value", "null or NaN")),
        ({"monetary_value": [-1.0, 0.0]}, ("monetary_value", "a negative number")),
    ],
)
def test_each_fault_of_a_summary_is_named(columns: Any, fault: tuple[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        Customers.read(_summary(**columns), unit="week")
    assert fault in {(each.where, each.got) for each in caught.value.faults}
    assert "customer" in str(caught.value)


def test_one_nan_recency_is_an_error_not_a_fit() -> None:
    frame = _read(cdnow()).customers("1997-09-30").to_pandas()
    frame.loc[17, "recency"] = np.nan
    with pytest.raises(InputError, match="null or NaN in 1 row"):
        Customers.read(frame, unit="week")


def test_time_since_the_last_purchase_is_recognised() -> None:
    with pytest.raises(InputError, match="pass T - recency"):
        Customers.read(_summary(recency=[6.0, 8.0]), unit="week")


def test_columns_may_have_other_names() -> None:
    names = {"customer": "id", "frequency": "x", "recency": "t_x", "T": "T_cal", "monetary_value": "m"}
    frame = _summary().rename(columns=dict(zip(_summary().columns, names.values(), strict=True)))
    found = Customers.read(frame, unit="week", **names)
    assert found.columns == ("customer_id", "frequency", "recency", "T", "monetary_value")
    with pytest.raises(InputError, match="no column 'm'"):
        Customers.read(frame.drop(columns="m"), unit="week", **names)
    with pytest.raises(InputError, match="two columns"):
        Customers.read(frame.assign(T=1.0), unit="week", **names)


def test_the_index_serves_as_id() -> None:
    frame = _summary().set_index("customer_id")
    for customer in ("customer_id", None):
        found = Customers.read(frame, unit="week", customer=customer).to_pandas()
        assert found["customer_id"].to_list() == ["b", "a"]


@pytest.mark.parametrize("kind", ["arrow", "polars"])
def test_row_numbers_serve_as_ids(kind: str) -> None:
    frame = _summary().drop(columns="customer_id")
    source = pa.Table.from_pandas(frame) if kind == "arrow" else pl.DataFrame(frame.to_dict("list"))
    found = Customers.read(source, unit="week", customer=None)
    assert (found.kind, found.to_pandas()["customer_id"].to_list()) == (kind, [0, 1])


def test_a_file_has_no_row_numbers(tmp_path: Any) -> None:
    _summary().to_csv(tmp_path / "summary.csv", index=False)
    with pytest.raises(InputError, match="say customer="):
        Customers.read(tmp_path / "summary.csv", unit="week", customer=None)
    found = Customers.read(tmp_path / "summary.csv", unit="week")
    assert found.to_pandas()["frequency"].to_list() == [0, 2]


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "ibis"])
def test_what_came_in_goes_out_in_its_order(kind: str, tmp_path: Any) -> None:
    frame = _summary()
    sources = {
        "pandas": frame,
        "polars": pl.DataFrame(frame.to_dict("list")),
        "arrow": pa.Table.from_pandas(frame),
    }
    if kind == "ibis":
        frame.to_parquet(tmp_path / "summary.parquet")
    customers = Customers.read(sources.get(kind, tmp_path / "summary.parquet"), unit="week")
    given = customers.give(pd.DataFrame({"customer_id": ["a", "b"], "alive": [0.1, 0.2]}))
    rows = given.to_pylist() if kind == "arrow" else given.to_dicts() if kind == "polars" else None
    if kind == "pandas":
        rows = given.to_dict("records")
    elif kind == "ibis":
        rows = given.order_by("alive").to_pyarrow().to_pylist()[::-1]
    assert rows == [{"customer_id": "b", "alive": 0.2}, {"customer_id": "a", "alive": 0.1}]


def test_several_rows_for_a_customer_are_ordered_within() -> None:
    customers = Customers.read(_summary(), unit="week")
    long = pd.DataFrame({"customer_id": ["a", "b", "a", "b"], "horizon": [2, 2, 1, 1]})
    assert customers.give(long, then=("horizon",)).to_numpy().tolist() == [
        ["b", 1],
        ["b", 2],
        ["a", 1],
        ["a", 2],
    ]


def test_a_summary_of_a_log_reads_back() -> None:
    first = _read(cdnow()).customers("1997-09-30")
    again = Customers.read(first.to_pandas(), unit="week")
    pd.testing.assert_frame_equal(first.to_pandas(), again.to_pandas())

"""Reading a log: every fault is named, every row that leaves is counted."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables import audit
from segmodels.tables.datasets import cdnow
from segmodels.tables.engine import fetch
from segmodels.tables.transactions import Transactions


def _log(**columns: Any) -> pd.DataFrame:
    base: dict[str, Any] = {
        "who": ["a", "b", "c"],
        "day": ["2024-01-01", "2024-01-02", "2024-01-03"],
        "paid": [1.0, 2.0, 3.0],
    }
    return pd.DataFrame(base | columns)


def _read(log: Any, **more: Any) -> Transactions:
    return Transactions.read(log, customer="who", date="day", value="paid", **more)


def _faults(log: Any, **more: Any) -> dict[tuple[str, str], int | None]:
    with pytest.raises(InputError) as caught:
        _read(log, **more)
    return {(fault.where, fault.got): fault.rows for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("columns", "fault", "rows"),
    [
        ({"who": ["a", None, "c"]}, ("customer", "no id"), 1),
        ({"who": ["a", " ", ""]}, ("customer", "no id"), 2),
        ({"who": [1.0, np.nan, 2.0]}, ("customer", "no id"), 1),
        ({"who": ["a", 1, "c"]}, ("customer", "text beside numbers"), None),
        ({"day": ["2024-01-01", None, "2024-01-03"]}, ("date", "no date"), 1),
        ({"day": pd.to_datetime(["2024-01-01", None, "2024-01-03"])}, ("date", "no date"), 1),
        ({"day": ["2024-01-01", "2024-02-30", "soon"]}, ("date", "text that is no date"), 2),
        ({"day": ["31/12/2023", "30/12/2023", "01/12/2023"]}, ("date", "text that is no date"), 3),
        ({"day": ["2024-01-01", "2999-01-01", "2024-01-03"]}, ("date", "a date in the future"), 1),
        ({"day": [1.5, 2.5, 3.5]}, ("date", "a column of float64"), None),
        ({"day": [20240101, 20240102, 20240103]}, ("date", "a column of int64"), None),
        ({"paid": [1.0, np.nan, 2.0]}, ("value", "null or NaN"), 1),
        ({"paid": [1.0, np.inf, -np.inf]}, ("value", "an infinite number"), 2),
        ({"paid": ["$12.50", "2", "1,000.00"]}, ("value", "text"), 2),
        ({"paid": [12.5, "$2", 3]}, ("value", "text"), 1),
        ({"paid": ["1.234,50", "-0,5 €", "2"]}, ("value", "a decimal comma"), 2),
        ({"paid": ["1.234,50", "$1,000.00", "1,000"]}, ("value", "text"), 2),
        ({"paid": [True, False, True]}, ("value", "a column of boolean"), None),
        ({"paid": [1.0, 0.0, 0.0]}, ("value", "zero"), 2),
        ({"paid": [1.0, -2.0, 1.0]}, ("value", "a negative number"), 1),
    ],
)
def test_each_fault_is_named_and_counted(columns: Any, fault: tuple[str, str], rows: int | None) -> None:
    found = _faults(_log(**columns))
    assert found[fault] == rows


def test_all_faults_come_together_with_examples() -> None:
    log = _log(who=["a", None, "c"], day=["x", "2024-01-02", None], paid=["$12.50", "0", "-1"])
    with pytest.raises(InputError) as caught:
        _read(log)
    assert len(caught.value.faults) == 6
    text = str(caught.value)
    assert "customer a on x: $12.50" in text
    assert "zero='keep'" in text
    assert "negative='net'" in text


def test_a_missing_column_names_the_nearest_and_other_faults() -> None:
    with pytest.raises(InputError) as caught:
        Transactions.read(_log(paid=["$1", "2", "3"]), customer="Who", date="date", value="paid")
    assert [fault.where for fault in caught.value.faults] == ["customer", "date", "value"]
    assert "who, day, paid" in str(caught.value)
    assert "customer='who'" in str(caught.value)


def test_an_empty_table_is_a_fault() -> None:
    assert ("source", "an empty table") in _faults(_log().iloc[:0])


def test_an_unknown_policy_is_a_fault() -> None:
    assert ("zero", "'maybe'") in _faults(_log(), zero="maybe")


@pytest.mark.parametrize(
    "day",
    [
        ["2024-01-01T10:00:00+01:00", "2024-01-01T10:00:00+02:00", "2024-01-01T10:00:00+01:00"],
        ["2024-01-01T10:00:00+01:00", "2024-01-01T10:00:00", "2024-01-01T10:00:00"],
        [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01", tz="Asia/Tokyo"), None],
    ],
)
def test_mixed_time_zones_are_a_fault(day: list[Any]) -> None:
    assert ("date", "times of several time zones") in _faults(_log(day=pd.Series(day, dtype=object)))


@pytest.mark.parametrize(
    "day",
    [
        pd.to_datetime(["2024-01-01 23:30", "2024-07-01 00:30"]).tz_localize("Europe/Berlin"),
        pd.Series(
            [pd.Timestamp(day, tz="Europe/Berlin") for day in ("2024-01-01 23:30", "2024-07-01 00:30")],
            dtype=object,
        ),
        ["2024-01-01T23:30:00+01:00", "2024-07-01T00:30:00.5+01:00"],
        ["2024-01-01 23:30:00-08", "2024-07-01 00:30:00-08"],
        ["2024-01-01T23:30:00Z", "2024-07-01T00:30:00Z"],
    ],
)
def test_a_single_zone_gives_its_own_calendar_days(day: Any) -> None:
    log = Transactions.read(pd.DataFrame({"who": ["a", "a"], "day": day}), customer="who", date="day")
    assert (log.first_date, log.last_date) == (dt.date(2024, 1, 1), dt.date(2024, 7, 1))


def test_parquet_keeps_the_zone_of_its_writer(tmp_path: Path) -> None:
    day = pd.to_datetime(["2024-01-01 00:30", "2024-07-01 00:30"]).tz_localize("Europe/Berlin")
    pd.DataFrame({"who": ["a", "a"], "day": day}).to_parquet(tmp_path / "log.parquet")
    log = Transactions.read(tmp_path / "log.parquet", customer="who", date="day")
    assert (log.first_date, log.last_date) == (dt.date(2024, 1, 1), dt.date(2024, 7, 1))


@pytest.mark.parametrize(
    ("day", "date_format"),
    [
        (["31/12/2023", "30/12/2023", "01/12/2023"], "%d/%m/%Y"),
        ([20231231, 20231230, 20231201], "%Y%m%d"),
    ],
)
def test_a_date_format_is_followed(day: list[Any], date_format: str) -> None:
    log = _read(_log(day=day), date_format=date_format)
    assert (log.first_date, log.last_date) == (dt.date(2023, 12, 1), dt.date(2023, 12, 31))
    assert ("date", "text that is no date") in _faults(
        _log(day=[str(each) + "x" for each in day]), date_format=date_format
    )


def test_the_advice_for_decimal_commas_gives_the_right_numbers() -> None:
    column = pd.Series(["1.234,50", "-0,5 €", "2", "1 000,25"])
    with pytest.raises(InputError, match="decimal comma") as caught:
        _read(_log(paid=column[:3]))
    advice = "column.str.replace(r'[^0-9,-]', '', regex=True).str.replace(',', '.').astype(float)"
    assert advice in str(caught.value)
    given = column.str.replace(r"[^0-9,-]", "", regex=True).str.replace(",", ".").astype(float)
    assert given.tolist() == [1234.5, -0.5, 2.0, 1000.25]


def test_the_sum_of_no_rows_is_nothing() -> None:
    assert audit.Count(5, 2, 0.3) - audit.Count(5, 2, 0.1 + 0.2) == audit.Count(0, 0, 0.0)
    assert np.isnan((audit.Count(5, 2, np.nan) - audit.Count(5, 2, np.nan)).value)


def test_a_number_is_no_date() -> None:
    for given in (20240201, np.int64(20240201), 20240201.0):
        with pytest.raises(InputError, match=r"until: got .*20240201.*; expected a date"):
            _read(_log()).customers(given)


def test_today_bounds_the_dates() -> None:
    assert ("date", "a date in the future") in _faults(_log(), today=dt.date(2024, 1, 2))


def test_without_values_there_are_purchases_only() -> None:
    log = Transactions.read(_log(), customer="who", date="day")
    assert log.table.columns == ("customer_id", "date")
    assert "monetary_value" not in log.customers().columns
    assert log.audit["value"].isna().all()


REFUNDS = pd.DataFrame(
    [
        ("a", "2024-01-01", 10.0),
        ("a", "2024-01-01", -4.0),  # netted: the day is worth 6
        ("a", "2024-01-05", -5.0),  # a day of nothing but a refund leaves
        ("b", "2024-01-02", 8.0),
        ("b", "2024-01-02", -8.0),  # nets to 0: leaves, and b with it
        ("c", "2024-01-03", 0.0),  # a free item, no refund
        ("c", "2024-01-04", 7.0),
    ],
    columns=["who", "day", "paid"],
)


def _adds_up(audit: pd.DataFrame) -> None:
    audit = audit.set_index("step")[["rows", "customers", "value"]]
    left = audit[audit.index.str.startswith("left:")].sum()
    np.testing.assert_allclose(audit.loc["read"], audit.loc["used"] + left)


def test_what_rounding_leaves_of_a_full_refund_is_no_purchase() -> None:
    log = pd.DataFrame({"who": "a", "day": "2024-01-02", "paid": [0.1, 0.2, -0.3]})
    log = pd.concat([log, log.iloc[:1].assign(day="2024-01-01")])
    customers = _read(log, negative="net").customers("2024-01-02").to_pandas()
    assert customers[["frequency", "total"]].to_numpy().tolist() == [[0.0, 0.1]]


def test_refunds_are_netted_within_the_customer_day() -> None:
    log = _read(REFUNDS, zero="keep", negative="net")
    rows = fetch(log.table.order_by("customer_id", "date")).to_pylist()
    assert [(row["customer_id"], row["date"].day, row["value"]) for row in rows] == [
        ("a", 1, 6.0),
        ("c", 3, 0.0),
        ("c", 4, 7.0),
    ]
    audit = log.audit.set_index("step")
    assert audit["rows"].to_dict() == {
        "read": 7,
        "left: customer-days whose net is no purchase": 3,
        "used": 4,
        "of which zero values, kept": 1,
        "of which refunds, netted": 1,
    }
    assert audit["customers"].to_list()[:3] == [3, 1, 2]
    _adds_up(log.audit)
    _adds_up(log.customers().audit)


def test_negative_and_zero_rows_are_dropped_and_counted() -> None:
    log = _read(REFUNDS, zero="drop", negative="drop")
    assert log.audit["rows"].to_list() == [7, 1, 3, 3]
    assert log.audit["value"].to_list() == [8.0, 0.0, -17.0, 25.0]
    _adds_up(log.audit)


def test_policies_that_nothing_falls_under_change_nothing() -> None:
    plain, policed = _read(_log()), _read(_log(), zero="drop", negative="net")
    pd.testing.assert_frame_equal(plain.audit, policed.audit)


def test_the_audit_of_cdnow_adds_up() -> None:
    log = Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="drop")
    audit = log.customers("1997-02-28").audit
    _adds_up(audit)
    rows = audit.set_index("step")["rows"]
    assert rows["left: zero values, dropped"] == 8
    assert rows["used"] == rows["merged: same day as another"] + rows["occasions"]
    assert audit.set_index("step")["customers"]["left: bought after 1997-02-28"] > 0

"""The base: any table, every fault at once, every respondent found."""

import decimal

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segmodels.errors import InputError
from segmodels.segments.projection.read import places_of, read_customers

FRAME = pd.DataFrame(
    {
        "customer_id": [3, 1, 2],
        "spend": [10.0, np.nan, 5.5],
        "channel": ["web", None, "shop"],
        "member": [True, False, True],
        "orders": [1, 2, 3],
    }
)


@pytest.mark.parametrize("convert", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
def test_frames_keep_their_order(convert):
    read = read_customers(convert(FRAME), "customer_id", None, {})
    assert read.customer_id.tolist() == [3, 1, 2]
    assert list(read.features) == ["spend", "channel", "member", "orders"]
    assert read.features["member"].tolist() == [1.0, 0.0, 1.0]
    assert read.features["channel"].isna().tolist() == [False, True, False]
    assert read.features["orders"].dtype == np.float64


def test_paths_and_engines_are_sorted_by_id(tmp_path):
    FRAME.to_parquet(tmp_path / "base.parquet")
    FRAME.to_csv(tmp_path / "base.csv", index=False)
    expected = FRAME.sort_values("customer_id", ignore_index=True)
    for source in (
        ibis.memtable(pa.Table.from_pandas(FRAME)),
        str(tmp_path / "base.parquet"),
        tmp_path / "base.csv",
    ):
        read = read_customers(source, "customer_id", ["spend", "channel"], {"values": "orders"})
        assert read.customer_id.tolist() == [1, 2, 3]
        np.testing.assert_array_equal(read.features["spend"], expected["spend"])
        assert read.features["channel"].isna().tolist() == [True, False, False]
        assert read.numbers["orders"].tolist() == [2, 3, 1]
        back = read.give(pd.DataFrame({"customer_id": read.customer_id}))
        assert isinstance(back, ibis.Table)


def test_ids_of_a_csv_file_stay_text_where_one_is(tmp_path):
    FRAME.assign(customer_id=["007", "8", "9"]).to_csv(tmp_path / "base.csv", index=False)
    read = read_customers(str(tmp_path / "base.csv"), "customer_id", None, {})
    assert read.customer_id.tolist() == ["007", "8", "9"]


def test_decimals_are_numbers_and_categoricals_texts():
    frame = FRAME.assign(
        spend=[decimal.Decimal("1.5"), None, decimal.Decimal(2)], channel=pd.Categorical(["a", "b", "a"])
    )
    read = read_customers(frame, "customer_id", ["spend", "channel"], {})
    assert read.features["spend"].tolist()[::2] == [1.5, 2.0]
    assert read.features["channel"].tolist() == ["a", "b", "a"]


def test_all_faults_are_reported_together():
    n = 200
    frame = pd.DataFrame(
        {
            "id": ["a", "a", None] + [f"c{k}" for k in range(n - 3)],
            "joined": pd.date_range("2020-01-01", periods=n),
            "name": [f"name {k}" for k in range(n)],
            "empty": pd.Series([None] * n, dtype="str"),
            "ratio": [np.inf] + [1.0] * (n - 1),
            "worth": [np.nan] + [1.0] * (n - 1),
            "fine": 1.0,
        }
    )
    with pytest.raises(InputError) as caught:
        read_customers(frame, "id", None, {"values": "worth"})
    text = str(caught.value)
    assert len(caught.value.faults) == 7
    for part in (
        "no id",
        "same id twice",
        "'joined'",
        "200 different texts",
        "no value at all",
        "infinite",
        "values: ",
    ):
        assert part in text


def test_missing_columns_are_named_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean customer='customer_id'") as caught:
        read_customers(FRAME, "customerid", ["spend", "chanel"], {"values": "worth"})
    assert len(caught.value.faults) == 3
    with pytest.raises(InputError, match="no rows"):
        read_customers(FRAME.head(0).astype({"channel": "str"}), "customer_id", ["orders"], {})
    with pytest.raises(InputError, match="at least one column"):
        read_customers(FRAME[["customer_id"]], "customer_id", None, {})


def test_respondents_outside_the_base_are_counted_with_examples():
    with pytest.raises(InputError, match=r"in 2 rows \(for example 8, 9\)"):
        places_of(pd.Index([1, 8, 9]), pd.Index([3, 1, 2]))
    with pytest.raises(InputError, match="ids of type"):
        places_of(pd.Index(["1"]), pd.Index([3, 1, 2]))
    assert places_of(pd.Index([2, 3]), pd.Index([3, 1, 2])).tolist() == [2, 0]

"""A split in time."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.datasets import cdnow
from segmodels.tables.holdout import total
from segmodels.tables.transactions import Transactions


@pytest.fixture(scope="module")
def log() -> Transactions:
    return Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="keep")


def test_cdnow_holdout_is_the_literatures(log: Transactions) -> None:
    split = log.holdout("1997-09-30")
    purchases, value = total(split)
    assert purchases == 1882
    assert value == pytest.approx(70976.39, abs=0.005)
    assert split.duration == 39.0
    assert len(split.calibration) == 2357


def test_rows_stand_in_the_order_of_the_calibration(log: Transactions) -> None:
    split = log.holdout("1997-09-30")
    assert (split.to_pandas()["customer_id"] == split.calibration.to_pandas()["customer_id"]).all()


def test_everything_read_is_accounted_for(log: Transactions) -> None:
    audit = log.holdout("1997-02-15", "1997-12-31").audit.set_index("step")
    parts = audit.drop("read")
    np.testing.assert_allclose(parts["rows"].sum(), audit.loc["read", "rows"])
    np.testing.assert_allclose(parts["value"].sum(), audit.loc["read", "value"])
    assert audit.loc["left: first bought after 1997-02-15", "customers"] > 0


def test_two_holdouts_in_a_row_sum_to_one(log: Transactions) -> None:
    whole = total(log.holdout("1997-09-30"))
    first = total(log.holdout("1997-09-30", "1997-12-31"))
    rest = cdnow().query("date > '1997-12-31'")
    known = log.customers("1997-09-30").to_pandas()["customer_id"]
    rest = rest[rest["customer_id"].isin(known)]
    assert whole[0] == first[0] + len(rest.drop_duplicates(["customer_id", "date"]))
    assert whole[1] == pytest.approx(first[1] + rest["value"].sum())


def test_without_values_there_is_no_total() -> None:
    frame = pd.DataFrame({"who": ["a", "a"], "day": ["2024-01-01", "2024-01-15"]})
    split = Transactions.read(frame, customer="who", date="day").holdout("2024-01-02", unit="day")
    assert split.future.columns == ("customer_id", "frequency_holdout")
    assert split.duration == 13.0
    assert total(split) == (1, 0.0)


@pytest.mark.parametrize(
    ("until", "end"), [("1998-06-30", None), ("1997-09-30", "1997-09-30"), ("soon", None)]
)
def test_impossible_dates_are_said(log: Transactions, until: str, end: str | None) -> None:
    with pytest.raises(InputError):
        log.holdout(until, end)

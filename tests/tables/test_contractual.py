"""Subscriptions are told from purchases."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.contractual import looks_contractual
from segmodels.tables.datasets import cdnow
from segmodels.tables.transactions import Transactions


def _read(frame: pd.DataFrame) -> Transactions:
    return Transactions.read(frame, customer="customer_id", date="date")


@pytest.mark.parametrize(
    ("frequency", "periods", "name"), [("MS", 12, "month"), ("7D", 20, "week"), ("YS", 5, "year")]
)
def test_subscriptions_do_not_pass(frequency: str, periods: int, name: str) -> None:
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {
                "customer_id": i,
                "date": pd.date_range("2018-01-01", periods=rng.integers(4, periods), freq=frequency)
                + pd.Timedelta(days=int(rng.integers(28))),
            }
        )
        for i in range(50)
    ]
    found = looks_contractual(_read(pd.concat(parts)))
    assert found.passed is False
    assert name in found.text


def test_purchases_at_will_pass() -> None:
    assert looks_contractual(_read(cdnow())).passed is True


def test_regular_shoppers_pass() -> None:
    rng = np.random.default_rng(2)
    gaps = rng.gamma(2.0, 5.0, size=(200, 20)).round().astype(int) + 1
    days = pd.Timestamp("2022-01-01") + pd.to_timedelta(gaps.cumsum(axis=1).ravel(), unit="D")
    frame = pd.DataFrame({"customer_id": np.repeat(np.arange(200), 20), "date": days})
    assert looks_contractual(_read(frame)).passed is True


def test_a_few_customers_are_not_judged() -> None:
    frame = pd.DataFrame({"customer_id": 1, "date": pd.date_range("2022-01-01", periods=9, freq="MS")})
    assert looks_contractual(_read(frame)).passed is None


def test_a_holdout_allows_what_it_is_told_to() -> None:
    parts = [
        pd.DataFrame({"customer_id": who, "date": pd.date_range("2022-01-03", periods=20, freq="7D")})
        for who in range(20)
    ]
    log = _read(pd.concat(parts))
    with pytest.raises(InputError, match="customers free to buy"):
        _ = log.holdout("2022-03-31").calibration.setting
    found = log.holdout("2022-03-31", contractual="allow").calibration.setting
    assert found is not None
    assert found.passed is False

"""Attributes join every customer, or say who is missing."""

import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.attributes import Attributes
from segmodels.tables.customers import Customers


@pytest.fixture
def customers() -> Customers:
    frame = pd.DataFrame({"customer_id": [3, 1, 2], "frequency": 0, "recency": 0.0, "T": [3.0, 2.0, 1.0]})
    return Customers.read(frame, unit="week")


def test_attributes_join_in_the_order_that_came_in(customers: Customers) -> None:
    channel = pd.DataFrame({"customer_id": [1, 2, 3, 4], "channel": ["web", "shop", "web", "shop"]})
    joined = customers.with_attributes(channel)
    assert joined.to_pandas()["customer_id"].to_list() == [3, 1, 2]
    assert joined.to_pandas()["channel"].to_list() == ["web", "web", "shop"]
    assert joined.audit.iloc[-1].to_dict()["rows"] == 1
    assert len(joined) == 3


def test_customers_without_attributes_are_named(customers: Customers) -> None:
    channel = pd.DataFrame({"customer_id": [1], "channel": ["web"]})
    with pytest.raises(InputError, match=r"in 2 rows \(for example 2, 3\)"):
        customers.with_attributes(channel)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"customer_id": [1, 2, 3], "channel": ["web", None, "shop"]}, "channel: got null in 1 row"),
        ({"customer_id": [1, 2, 2, 3], "channel": ["a"] * 4}, r"2 \(twice\)"),
        ({"customer_id": [1, 2, 3], "T": [1, 2, 3]}, "a column 'T'"),
        ({"customer_id": ["1", "2", "3"], "channel": ["a"] * 3}, "ids of type string"),
        ({"customer_id": [1, 2, 3]}, "no attribute"),
        ({"id": [1, 2, 3], "channel": ["a"] * 3}, "no column 'customer_id'"),
    ],
)
def test_faults_are_named(customers: Customers, frame: dict[str, list[object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        customers.with_attributes(pd.DataFrame(frame))


def test_only_the_columns_asked_for() -> None:
    frame = pd.DataFrame({"id": [1], "a": [1], "b": [None]})
    assert Attributes.read(frame, customer="id", columns=["a"]).table.columns == ("customer_id", "a")

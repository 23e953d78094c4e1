"""Logs for the tests of the segments."""

import pandas as pd
import pytest

from segmodels.tables.transactions import Transactions


@pytest.fixture
def transactions():
    """Read rows of customer, date and value."""

    def build(rows):
        frame = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
        frame["date"] = pd.to_datetime(frame["date"], format="mixed")
        return Transactions.read(frame, customer="customer_id", date="date", value="value", zero="keep")

    return build

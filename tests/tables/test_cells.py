"""Cells hold every customer once, and scores find their way back."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.cells import join_scores, purchase_cells, spend_cells
from segmodels.tables.customers import Customers
from segmodels.tables.datasets import cdnow
from segmodels.tables.engine import fetch
from segmodels.tables.transactions import Transactions


@pytest.fixture(scope="module")
def customers() -> Customers:
    log = Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="keep")
    return log.customers("1997-09-30")


@pytest.fixture(scope="module")
def grouped(customers: Customers) -> Customers:
    ids = customers.to_pandas()["customer_id"]
    frame = pd.DataFrame(
        {"customer_id": ids, "channel": np.where(ids % 3 == 0, "web", "shop"), "age": ids % 2}
    )
    return customers.with_attributes(frame)


def test_cdnow_has_1016_histories(customers: Customers) -> None:
    cells = purchase_cells(customers)
    assert len(cells.count) == 1016
    assert cells.n_customers == 2357
    assert (cells.frequency * cells.count).sum() == 2457
    assert cells.start.tolist() == [0, 1016]
    assert cells.groups.shape == (1, 0)
    assert cells.frequency.dtype == cells.start.dtype == np.int64
    assert cells.recency.dtype == cells.T.dtype == cells.count.dtype == np.float64


def test_cells_are_sorted(customers: Customers) -> None:
    cells = purchase_cells(customers)
    rows = list(zip(cells.recency, cells.T, cells.frequency, strict=True))
    assert rows == sorted(set(rows))


def test_groups_are_slices(grouped: Customers) -> None:
    cells = purchase_cells(grouped, by=("channel", "age"))
    assert cells.groups.to_numpy().tolist() == [["shop", 0], ["shop", 1], ["web", 0], ["web", 1]]
    frame = grouped.to_pandas()
    for i, (channel, age) in enumerate(cells.groups.itertuples(index=False)):
        mine = frame[(frame["channel"] == channel) & (frame["age"] == age)]
        part = slice(cells.start[i], cells.start[i + 1])
        assert cells.count[part].sum() == len(mine)
        assert (cells.count[part] * cells.T[part]).sum() == pytest.approx(mine["T"].sum())
    assert spend_cells(grouped, by=("channel",)).groups["channel"].to_list() == ["shop", "web"]


def test_spend_cells_are_the_repeaters(customers: Customers) -> None:
    cells = spend_cells(customers)
    assert cells.n_customers + cells.left_out == 946
    frame = customers.to_pandas()
    assert (cells.count * cells.monetary_value).sum() == pytest.approx(frame["monetary_value"].sum())


def test_repeaters_who_spent_nothing_are_counted() -> None:
    frame = pd.DataFrame(
        {"customer_id": [1, 2], "frequency": 1, "recency": 1.0, "T": 2.0, "monetary_value": [0.0, 3.0]}
    )
    assert spend_cells(Customers.read(frame, unit="week")).left_out == 1
    with pytest.raises(InputError, match="no repeat buyer"):
        spend_cells(Customers.read(frame.iloc[:1], unit="week"))
    with pytest.raises(InputError, match="no column 'monetary_value'"):
        spend_cells(Customers.read(frame.drop(columns="monetary_value"), unit="week"))


def test_scores_reach_every_customer_by_exact_equality(customers: Customers) -> None:
    cells = purchase_cells(customers)
    keys = {"frequency": cells.frequency, "recency": cells.recency, "T": cells.T}
    scores = pd.DataFrame({**keys, "score": np.random.default_rng(1).random(len(cells.count))})
    joined = fetch(join_scores(customers, scores.sample(frac=1, random_state=2), on=tuple(keys))).to_pandas()
    expected = customers.to_pandas().merge(scores, on=list(keys), validate="many_to_one")
    pd.testing.assert_series_equal(
        joined.set_index("customer_id")["score"].sort_index(),
        expected.set_index("customer_id")["score"].sort_index(),
    )


def test_scores_that_do_not_fit_are_refused(customers: Customers) -> None:
    cells = purchase_cells(customers)
    scores = pd.DataFrame({"recency": np.unique(cells.recency)}).assign(score=1.0)
    with pytest.raises(InputError, match="customers without a score"):
        join_scores(customers, scores.iloc[1:], on=("recency",))
    with pytest.raises(InputError, match="a second score"):
        join_scores(customers, pd.concat([scores, scores.iloc[:1]]), on=("recency",))
    with pytest.raises(InputError, match="a column 'T'"):
        join_scores(customers, scores.assign(T=1.0), on=("recency",))
    with pytest.raises(InputError, match="no column 'segment'"):
        join_scores(customers, scores, on=("segment",))


def test_group_columns_are_checked(customers: Customers) -> None:
    with pytest.raises(InputError, match="with_attributes"):
        purchase_cells(customers, by=("channel",))
    frame = pd.DataFrame(
        {"customer_id": [1, 2], "frequency": 0, "recency": 0.0, "T": 2.0, "channel": ["web", None]}
    )
    with pytest.raises(InputError, match="a group for every customer"):
        purchase_cells(Customers.read(frame, unit="week"), by=("channel",))

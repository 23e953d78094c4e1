"""Cells: distinct histories and how many customers have each. Models are fitted on cells and joined back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import to_arrow, to_pandas
from segmodels.tables.customers import Customers, require_columns_of
from segmodels.tables.engine import Table, bring, fetch
from segmodels.tables.summary import Unit


@dataclass(frozen=True, eq=False)
class PurchaseCells:
    """Distinct purchase histories, sorted by group, then recency, T and frequency. C cells in G groups.

    Parameters
    ----------
    frequency
        Repeat purchases, int64 (C,).
    recency, T
        Age at the last purchase, and age, in `unit`, float64 (C,). Bit for bit as in the customers' table.
    count
        Customers with this history, float64 (C,).
    start
        Where each group starts, and where the last ends, int64 (G+1,).
    groups
        The groups, one row each; one row without columns if there is but one.
    unit
        The unit of time.
    """

    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    count: np.ndarray
    start: np.ndarray
    groups: pd.DataFrame
    unit: Unit

    @property
    def n_customers(self) -> int:
        """How many customers the cells stand for."""
        return round(float(self.count.sum()))

    @property
    def group(self) -> np.ndarray:
        """Which group each cell is in, int64 (C,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.start))

    @property
    def group_sizes(self) -> np.ndarray:
        """Customers in each group, float64 (G,)."""
        return np.add.reduceat(self.count, self.start[:-1]) if len(self.count) else np.zeros(len(self.groups))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What a likelihood takes behind the parameters."""
        return (self.frequency, self.recency, self.T, self.count, self.start)

    def frame(self) -> pd.DataFrame:
        """One row per cell: the columns that tell it from others."""
        cells = pd.DataFrame({"frequency": self.frequency, "recency": self.recency, "T": self.T})
        groups = self.groups.iloc[self.group].reset_index(drop=True)
        return pd.concat([cells, groups], axis=1)


@dataclass(frozen=True, eq=False)
class SpendCells:
    """Distinct (frequency, mean spend) of customers with repeat purchases of positive value, sorted so.

    Parameters
    ----------
    frequency, count, start, groups
        As in :class:`PurchaseCells`.
    monetary_value
        Mean value of the repeat purchases, float64 (C,).
    left_out
        Repeat buyers left out because their mean value is 0.
    """

    frequency: np.ndarray
    monetary_value: np.ndarray
    count: np.ndarray
    start: np.ndarray
    groups: pd.DataFrame
    left_out: int = field(default=0)

    @property
    def n_customers(self) -> int:
        """How many customers the cells stand for."""
        return round(float(self.count.sum()))

    @property
    def group(self) -> np.ndarray:
        """Which group each cell is in, int64 (C,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.start))

    @property
    def group_sizes(self) -> np.ndarray:
        """Customers in each group, float64 (G,)."""
        return np.add.reduceat(self.count, self.start[:-1]) if len(self.count) else np.zeros(len(self.groups))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What a likelihood takes behind the parameters."""
        return (self.frequency, self.monetary_value, self.count, self.start)

    def frame(self) -> pd.DataFrame:
        """One row per cell: the columns that tell it from others."""
        cells = pd.DataFrame({"frequency": self.frequency, "monetary_value": self.monetary_value})
        groups = self.groups.iloc[self.group].reset_index(drop=True)
        return pd.concat([cells, groups], axis=1)


def purchase_cells(customers: Customers, by: Sequence[str] = ()) -> PurchaseCells:
    """Group customers by purchase history on the engine that holds them.

    Parameters
    ----------
    by
        Columns whose distinct values are groups; nulls are a fault.

    Examples
    --------
    >>> summary = pd.DataFrame(
    ...     {"customer_id": [1, 2, 3], "frequency": [0, 2, 0], "recency": [0, 3, 0], "T": [9, 9, 9]}
    ... )
    >>> cells = purchase_cells(Customers.read(summary, unit="week"))
    >>> cells.frequency.tolist(), cells.count.tolist(), cells.start.tolist()
    ([0, 2], [2.0, 1.0], [0, 2])
    """
    names = ("recency", "T", "frequency")
    data, start, groups = _group(customers, customers.table, tuple(by), names)
    return PurchaseCells(
        data["frequency"], data["recency"], data["T"], data["count"], start, groups, customers.unit
    )


def spend_cells(customers: Customers, by: Sequence[str] = ()) -> SpendCells:
    """Group repeat buyers by frequency and mean spend.

    Raises
    ------
    InputError
        If there are no monetary values, or no repeat buyer with a positive one.

    Examples
    --------
    >>> summary = pd.DataFrame(
    ...     {"customer_id": [1, 2], "frequency": [0, 2], "recency": [0, 3], "T": 9, "monetary_value": [0, 5]}
    ... )
    >>> cells = spend_cells(Customers.read(summary, unit="week"))
    >>> cells.monetary_value.tolist(), cells.left_out
    ([5.0], 0)
    """
    require_columns_of(customers, ("monetary_value",), "monetary_value")
    table = customers.table
    repeaters = table.filter(table.frequency > 0)
    zero = repeaters.aggregate(zero=(repeaters.monetary_value == 0).sum())
    left_out = int(fetch(zero).column("zero")[0].as_py() or 0)
    spenders = repeaters.filter(repeaters.monetary_value > 0)
    data, start, groups = _group(customers, spenders, tuple(by), ("frequency", "monetary_value"))
    if not len(data["count"]):
        raise InputError(
            Fault(
                "monetary_value",
                "no repeat buyer with a value above 0",
                "at least one",
                "A spend model needs some.",
            )
        )
    return SpendCells(data["frequency"], data["monetary_value"], data["count"], start, groups, left_out)


def join_scores(customers: Customers, scores: pd.DataFrame, on: Sequence[str]) -> Table:
    """Join one row of scores for each cell back to the customers, on their engine.

    Parameters
    ----------
    scores
        The columns `on`, distinct, and the scores.
    on
        The cell's columns, such as ``("frequency", "recency", "T")``; floats must be equal bit for bit, as
        they are when they come from :func:`purchase_cells`.

    Returns
    -------
    Table
        The customers' columns and the scores.

    Raises
    ------
    InputError
        If a customer has no score, a cell has two, or a score has the name of a customers' column.

    Examples
    --------
    >>> summary = pd.DataFrame({"customer_id": [1], "frequency": [0], "recency": [0.0], "T": [9.0]})
    >>> customers = Customers.read(summary, unit="week")
    >>> join_scores(customers, pd.DataFrame({"T": [9.0], "alive": [0.5]}), on=("T",)).columns
    ('customer_id', 'frequency', 'recency', 'T', 'alive')
    """
    keys = tuple(on)
    require_columns_of(customers, keys, "on")
    clash = [name for name in scores.columns if name not in keys and name in customers.columns]
    if clash:
        raise InputError(
            Fault("scores", f"a column {clash[0]!r}", "names the customers do not have", "Rename it.")
        )
    if scores.duplicated(list(keys)).any():
        twice = int(scores.duplicated(list(keys)).sum())
        raise InputError(
            Fault("scores", "a second score for a cell", "one row for each cell", "Score each once.", twice)
        )
    table = customers.table
    brought = bring(to_arrow(scores), table)
    unscored = table.anti_join(brought, list(keys))
    rows = int(fetch(unscored.aggregate(rows=unscored.count())).column("rows")[0].as_py())
    if rows:
        advice = "Score every cell of these customers, with the keys as the cells hold them."
        raise InputError(
            Fault("scores", "customers without a score", "a score for every customer", advice, rows)
        )
    return table.inner_join(brought, list(keys))


def _group(
    customers: Customers, table: Table, by: tuple[str, ...], names: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], np.ndarray, pd.DataFrame]:
    """Count on the engine, sort here: columns by name, the starts of the groups, and the groups."""
    require_columns_of(customers, by, "by")
    counted = fetch(table.group_by([*by, *names]).aggregate(count_=table.count()))
    code, groups = _groups(counted, by)
    data: dict[str, np.ndarray] = {name: _numbers(counted.column(name)) for name in names}
    data["count"] = _numbers(counted.column("count_")).astype(np.float64)
    order = np.lexsort((*(data[name] for name in reversed(names)), *(() if code is None else (code,))))
    data = {name: np.ascontiguousarray(column[order]) for name, column in data.items()}
    if code is None:
        start = np.array([0, len(order)], dtype=np.int64)
    else:
        start = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(groups)))]).astype(np.int64)
    return data, start, groups


def _groups(counted: pa.Table, by: tuple[str, ...]) -> tuple[np.ndarray | None, pd.DataFrame]:
    if not by:
        return None, pd.DataFrame(index=pd.RangeIndex(1))
    labels = to_pandas(counted.select(list(by)))
    nulls = [name for name in by if counted.column(name).null_count]
    if nulls:
        advice = "Fill them, for example with 'unknown'."
        raise InputError([Fault(name, "null", "a group for every customer", advice) for name in nulls])
    grouped = labels.groupby(list(by), sort=True, observed=True)
    code = grouped.ngroup().to_numpy()
    groups = labels.drop_duplicates().sort_values(list(by), ignore_index=True)
    return code, groups


def _numbers(column: Any) -> np.ndarray:
    return column.to_numpy()

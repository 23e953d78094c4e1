"""Segments of customers by one of their columns, whatever block they come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import WalletFit
from segmodels.tables.engine import fetch
from segmodels.tables.wallets import Wallets

#: Name of the group of all customers where none are kept apart.
ALL = "all"


@dataclass(frozen=True, eq=False)
class Groups:
    """The segments that a column tells apart.

    Parameters
    ----------
    by
        Name of the column; ``None`` for one segment of all.
    values
        Its distinct values, sorted; without missing ones.

    Examples
    --------
    >>> Groups("s", ("a", "b")).codes({"s": np.array(["b", "a", "z"])}, 3).tolist()
    [1, 0, 2]
    """

    by: str | None
    values: tuple[Any, ...]

    def __len__(self) -> int:
        """Count the segments."""
        return 1 if self.by is None else len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the segments, as text."""
        return (ALL,) if self.by is None else tuple(str(value) for value in self.values)

    def codes(self, columns: Mapping[str, NDArray[Any]], rows: int) -> NDArray[np.int64]:
        """Segment of each of so many customers; the number of segments where the value is missing or unseen.

        Raises
        ------
        InputError
            Where the column is not there.
        """
        if self.by is None:
            return np.zeros(rows, np.int64)
        found = pd.Index(np.array(self.values, dtype=object)).get_indexer(_column(columns, self.by))
        return np.where(found < 0, len(self.values), found).astype(np.int64)


def groups_of(fit: WalletFit, by: str | None) -> Groups:
    """Find the segments that a column of the customers tells apart.

    Raises
    ------
    InputError
        Where the customers have no such column.
    """
    if by is None:
        return Groups(None, ())
    seen: set[Any] = set()
    for block in fit.blocks():
        seen.update(pd.unique(_column(block.columns, by)))
    values = [value for value in seen if not pd.isna(value)]
    return Groups(by, tuple(sorted(values, key=lambda value: (str(type(value)), value))))


def _column(columns: Mapping[str, NDArray[Any]], by: str) -> NDArray[Any]:
    if by not in columns:
        got = f"{by!r}, which is not a column of the customers"
        remedy = "Read the wallets with this column among `columns`, or fit with it."
        raise InputError(Fault("by", got, f"one of {sorted(columns)}", remedy))
    return np.asarray(columns[by], dtype=object)


def segment_labels(wallets: Wallets, by: str) -> pd.Series:
    """Give every segment of the base once, answered or not."""
    return fetch(wallets.table.select(by).distinct()).column(by).to_pandas()

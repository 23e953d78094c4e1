"""The buyers as WalletFrontier sees them: distinct own spends, with answers where they are used, and counts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FrontierCells:
    """C cells of buyers, sorted by group.

    Parameters
    ----------
    own, low, high, count
        Own spend; bounds of elsewhere spend, NaN where no answer is used; customers; each of shape (C,).
    start
        Group g owns the cells ``start[g]:start[g + 1]``.
    groups
        Distinct rows of covariates and segment, shape (G, columns).
    money
        Median own spend of the buyers.
    """

    own: Array
    low: Array
    high: Array
    count: Array
    start: NDArray[np.int64]
    groups: pd.DataFrame
    money: float

    @property
    def group_sizes(self) -> Array:
        """Customers in each group, shape (G,)."""
        return np.add.reduceat(self.count, self.start[:-1])

    @property
    def group(self) -> NDArray[np.int64]:
        """Group of each cell, shape (C,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.start))

    @property
    def y(self) -> Array:
        """Log own spend over its median, shape (C,)."""
        return np.log(self.own / self.money)

    def arrays(self, share: NDArray[np.int64]) -> tuple[NDArray[np.generic], ...]:
        """Give the cells as the likelihood takes them; `share` says which mean share each group has."""
        low, high = np.log1p(self.low / self.own), np.log1p(self.high / self.own)
        return self.y, low, high, share[self.group], self.count, self.start


def frontier_cells(wallets: Wallets, columns: tuple[str, ...], *, answers: bool) -> FrontierCells:
    """Group the buyers on the engine that holds them.

    Parameters
    ----------
    columns
        Covariates and segment.
    answers
        Whether answers count as known; if not, all that is seen of a customer is own spend.

    Raises
    ------
    InputError
        Where fewer than three customers buy, or all spend the same.
    """
    table = wallets.table
    names = ["own", *(("low", "high") if answers else ())]
    buyers = table.filter(table.own > 0)
    counted = buyers.group_by([*columns, *names]).aggregate(count_=buyers.count())
    frame = to_pandas(fetch(counted)).sort_values([*columns, *names], ignore_index=True)
    distinct = len(set(frame["own"]))
    if distinct < 3:
        got = f"{distinct} distinct own spends above 0"
        remedy = "A frontier is drawn through the spread of own spend: take more customers."
        raise InputError(Fault("wallets", got, "at least 3", remedy))
    if columns:
        number = frame.groupby(list(columns), sort=True, dropna=False, observed=True).ngroup().to_numpy()
        groups = frame[list(columns)].loc[np.r_[True, number[1:] != number[:-1]]].reset_index(drop=True)
        start = np.searchsorted(number, np.arange(len(groups) + 1))
    else:
        groups, start = pd.DataFrame(index=pd.RangeIndex(1)), np.array([0, len(frame)])
    own, count = frame["own"].to_numpy(np.float64), frame["count_"].to_numpy(np.float64)
    low, high = (
        frame[name].to_numpy(np.float64) if answers else np.full(len(own), np.nan) for name in ("low", "high")
    )
    money = float(np.median(np.repeat(own, count.astype(np.int64))))
    return FrontierCells(own, low, high, count, start.astype(np.int64), groups, money)

"""Customers as WalletCounts sees them: own and category purchases with counts, sorted by group."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods.nbd_dirichlet import CATEGORY_BUYERS, OWN_BUYERS, UNANSWERED
from segmodels.models.wallet.block import Array
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch, is_null
from segmodels.tables.wallets import Wallets

FRAMES: tuple[str, ...] = ("all customers", "category buyers", "own buyers")


@dataclass(frozen=True, eq=False)
class CountsCells:
    """Distinct customers with counts.

    Parameters
    ----------
    k, N
        Own purchases, and category purchases or -1 where there is no answer, shape (C,).
    T
        Length of the window, 1, shape (C,).
    frame
        Code of the sampling frame in :data:`FRAMES`, shape (C,).
    count
        Customers in each cell, shape (C,).
    start
        Group g owns the cells ``start[g]:start[g + 1]``.
    groups
        Distinct rows of covariates and segment, shape (G, columns).
    """

    k: NDArray[np.int64]
    N: NDArray[np.int64]
    T: Array
    frame: NDArray[np.int64]
    count: Array
    start: NDArray[np.int64]
    groups: pd.DataFrame

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The cells as the likelihood takes them."""
        return self.k, self.N, self.T, self.frame, self.count, self.start

    @property
    def group(self) -> NDArray[np.int64]:
        """Group of each cell, shape (C,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.start))

    @property
    def group_sizes(self) -> Array:
        """Customers in each group, shape (G,)."""
        return np.bincount(self.group, self.count, len(self.groups))

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which cells are of answers, shape (C,)."""
        return self.N != UNANSWERED


def cells_of(counted: pd.DataFrame, columns: tuple[str, ...], frame: int) -> CountsCells:
    """Sort cells by group.

    Parameters
    ----------
    counted
        ``k, N, count`` and the columns of covariates and segment.
    """
    if columns:
        distinct: Any = counted[list(columns)].drop_duplicates()
        groups = distinct.sort_values(list(columns), ignore_index=True)
        place = groups.assign(group=np.arange(len(groups)))
        merged = counted.merge(place, on=list(columns), how="left", validate="many_to_one")
    else:
        groups, merged = pd.DataFrame(index=range(1)), counted.assign(group=0)
    cells = merged.groupby(["group", "N", "k"], sort=True, as_index=False).agg({"count": "sum"})
    start = np.searchsorted(cells["group"], np.arange(len(groups) + 1))
    k, N = cells["k"].to_numpy(np.int64), cells["N"].to_numpy(np.int64)
    window, where = np.ones(len(cells)), np.full(len(cells), frame, np.int64)
    return CountsCells(
        k, N, window, where, cells["count"].to_numpy(np.float64), start.astype(np.int64), groups
    )


def counted_answers(wallets: Wallets) -> pd.DataFrame:
    """Fetch the customers who answered, about spend or about purchases only, sorted by id.

    Raises
    ------
    InputError
        Where the wallets have no numbers of purchases.
    """
    table = wallets.table
    missing = [name for name in ("purchases", "total_purchases") if name not in table.columns]
    if missing:
        remedy = "Name them in Wallets.read, or fit WalletShare, which needs spend only."
        raise InputError([Fault(name, "no such column", "numbers of purchases", remedy) for name in missing])
    asked = to_pandas(fetch(table.filter(~is_null(table.high) | ~is_null(table.total_purchases))))
    return asked.sort_values("customer_id", ignore_index=True)


def answered_counts(asked: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Give one row per answer: ``k, N, count``, and the columns."""
    table = asked[list(columns)].copy()
    return table.assign(k=asked["purchases"], N=asked["total_purchases"], count=1.0)


def unanswered_counts(wallets: Wallets, columns: tuple[str, ...], frame: int) -> pd.DataFrame:
    """Count, on the engine, the customers of the frame who answered nothing: ``k, N, count``, and the columns."""
    table = wallets.table
    table = table.filter(is_null(table.high) & is_null(table.total_purchases))
    if frame == OWN_BUYERS:
        table = table.filter(table.purchases > 0)
    counted = table.group_by([*columns, "purchases"]).aggregate(count=lambda t: t.count().cast("float64"))
    return fetch(counted).to_pandas().rename(columns={"purchases": "k"}).assign(N=float(UNANSWERED))


def check_purchases(asked: pd.DataFrame, frame: int) -> None:
    """Refuse answers whose purchases are not known, or that can not be of the frame; all faults together."""
    k, N = asked["purchases"].to_numpy(np.float64), asked["total_purchases"].to_numpy(np.float64)
    frames = f"Give a wider frame: one of {', '.join(map(repr, FRAMES))}."
    silent = "Leave their answer about spend empty, too, or fit WalletShare."
    wrong = (
        ("total_purchases", "no answer beside one about spend", np.isnan(N), silent),
        ("total_purchases", "no purchase by a category buyer", (N == 0) & (frame == CATEGORY_BUYERS), frames),
        ("purchases", "no purchase by an own buyer", (k == 0) & (frame == OWN_BUYERS), frames),
    )
    faults = [_fault(where, got, rows, asked, remedy) for where, got, rows, remedy in wrong if rows.any()]
    if faults:
        raise InputError(faults)


def _fault(where: str, got: str, rows: NDArray[np.bool_], asked: pd.DataFrame, remedy: str) -> Fault:
    examples = tuple(f"customer {value}" for value in asked["customer_id"].to_numpy()[rows][:3])
    return Fault(where, got, "numbers that agree with frame=", remedy, int(rows.sum()), examples)

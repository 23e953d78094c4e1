"""The answered customers as WalletShare sees them: kinds of answers on the Box-Cox scale, sorted by group."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.likelihoods import box_cox
from segmodels.likelihoods.wallet_share import BETWEEN, EXACT, UP_TO, ZERO
from segmodels.models.wallet.own_spend import OwnSpend

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShareCells:
    """Answers of A customers, before the Box-Cox scale is chosen.

    Parameters
    ----------
    own
        Spend with us, shape (A,).
    low, high
        Bounds of elsewhere spend, shape (A,).
    groups
        Distinct rows of covariates and segment, shape (G, columns).
    start
        Group g owns the answers ``start[g]:start[g + 1]``.
    money
        Geometric mean of positive elsewhere spend: the money that the Box-Cox scale counts in.
    """

    own: Array
    low: Array
    high: Array
    groups: pd.DataFrame
    start: NDArray[np.int64]
    money: float

    @cached_property
    def own_spend(self) -> OwnSpend:
        """The scale of own spend that the answers make."""
        return OwnSpend.of(self.own)

    @property
    def group_sizes(self) -> Array:
        """Answers in each group, shape (G,)."""
        return np.diff(self.start).astype(np.float64)

    @property
    def group(self) -> NDArray[np.int64]:
        """Group of each answer, shape (A,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.start))

    @property
    def kind(self) -> NDArray[np.int64]:
        """What is known of each answer, shape (A,)."""
        exact = self.low == self.high
        return np.where(
            exact, np.where(self.high <= 0, ZERO, EXACT), np.where(self.low <= 0, UP_TO, BETWEEN)
        ).astype(np.int64)

    def arrays(self, lam: float) -> tuple[NDArray[np.generic], ...]:
        """Give the cells as ``likelihoods.wallet_share`` takes them."""
        kind, lower = self.kind, float(box_cox.lower(lam))
        y, bend, buyer = self.own_spend.predictors(self.own)
        a, b, jacobian = np.full(len(kind), lower), np.full(len(kind), lower), np.zeros(len(kind))
        some, open_above = np.isin(kind, (EXACT, BETWEEN)), kind != ZERO
        a[some] = box_cox.transform(self.low[some] / self.money, lam)
        b[open_above] = box_cox.transform(self.high[open_above] / self.money, lam)
        exact = kind == EXACT
        jacobian[exact] = box_cox.log_jacobian(self.low[exact] / self.money, lam) - np.log(self.money)
        count = np.ones(len(kind))
        return kind, y, bend, buyer, a, b, jacobian, np.full(len(kind), lower), count, self.start


def share_cells(answered: pd.DataFrame, columns: tuple[str, ...]) -> ShareCells:
    """Sort the answers by group.

    Parameters
    ----------
    answered
        Columns ``own, low, high`` and `columns`; at least one answer above zero.

    Examples
    --------
    >>> frame = pd.DataFrame({"own": [10.0, 5.0], "low": [4.0, 0.0], "high": [4.0, 0.0], "town": ["b", "a"]})
    >>> share_cells(frame, ("town",)).own.tolist()
    [5.0, 10.0]
    """
    names = list(columns)
    if names:
        number = answered.groupby(names, sort=True, dropna=False).ngroup().to_numpy()
        order = np.argsort(number, kind="stable")
        number, frame = number[order], answered.iloc[order]
        groups = frame[names].loc[~pd.Series(number).duplicated().to_numpy()].reset_index(drop=True)
        start = np.searchsorted(number, np.arange(len(groups) + 1))
    else:
        frame, groups, start = answered, pd.DataFrame(index=pd.RangeIndex(1)), np.array([0, len(answered)])
    own, low, high = (frame[name].to_numpy(np.float64) for name in ("own", "low", "high"))
    middle = (low + high)[high > 0] / 2
    return ShareCells(
        own,
        low,
        high,
        groups,
        start.astype(np.int64),
        float(np.exp(np.log(middle).mean())),
    )

"""What is known of every customer, as standardised numbers, and how far the base goes beyond the answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array
from segmodels.tables.wallets import Wallets

#: Customers without an answer that are kept at most.
MOST = 200_000
#: Name of a feature.
SQUARE = "log own spend squared"


@dataclass(frozen=True, eq=False)
class Reach:
    """How many customers of the base are unlike every answered one.

    Parameters
    ----------
    outside
        Customers with at least one reason.
    table
        ``reason, customers``: a customer may have several.
    """

    outside: int
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BaseRows:
    """Customers that stand for the base: every answered one, and all or every k-th of the others.

    Parameters
    ----------
    frame
        ``customer_id, own`` and the columns asked for.
    answered
        Shape (N,).
    weight
        How many customers each stands for, shape (N,).
    reach
        Of the whole base.
    """

    frame: pd.DataFrame
    answered: NDArray[np.bool_]
    weight: Array
    reach: Reach


def base_rows(
    wallets: Wallets, columns: Sequence[str], *, by: str | None = None, most: int = MOST
) -> BaseRows:
    """Walk the base once and keep the rows that stand for it.

    Parameters
    ----------
    wallets
        The customers.
    columns
        That are needed beside own spend.
    by
        The one of them that is a category even where it is a number.
    most
        Customers without an answer to keep.

    Raises
    ------
    InputError
        Where a column is not there or has missing values. All faults at once.
    """
    asked = wallets.answered()
    absent = [name for name in columns if name not in asked.columns]
    if absent:
        remedy = "Read the wallets with these columns among `columns`."
        raise InputError([Fault("columns", f"{name!r}, not a column", "a column", remedy) for name in absent])
    support = _Support.of(asked, columns, by)
    every = max(1, -(-(len(wallets) - len(asked)) // most))
    kept: list[pd.DataFrame] = []
    seen, outside, missing = 0, np.zeros(len(support.reasons) + 1, np.int64), dict.fromkeys(columns, 0)
    for frame in wallets.blocks():
        answered = frame["low"].notna().to_numpy()
        place = seen + np.cumsum(~answered) - 1
        # From the middle of the first k customers on, so that the sample is centred.
        keep = answered | (place % every == every // 2)
        seen += int((~answered).sum())
        outside += support.outside(frame)
        for name in columns:
            missing[name] += _unusable(frame, name)
        kept.append(frame.loc[keep, ["customer_id", "own", "low", *columns]])
    faults = [
        Fault(
            name, "missing values", "a value for every customer", "Fill them or leave the column out.", rows
        )
        for name, rows in missing.items()
        if rows
    ]
    if faults:
        raise InputError(faults)
    frame = pd.concat(kept, ignore_index=True)
    answered = frame["low"].notna().to_numpy()
    others = int((~answered).sum())
    weight = np.where(answered, 1.0, seen / max(others, 1))
    reach = Reach(int(outside[-1]), pd.DataFrame({"reason": support.reasons, "customers": outside[:-1]}))
    return BaseRows(frame.drop(columns="low"), answered, weight, reach)


@dataclass(frozen=True, eq=False)
class _Support:
    """Where answers were seen: a range of own spend, and categories."""

    low: float
    high: float
    nonbuyers: bool
    levels: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, asked: pd.DataFrame, columns: Sequence[str], by: str | None) -> "_Support":
        own = asked["own"].to_numpy(np.float64)
        buying = own[own > 0]
        levels = {
            name: pd.unique(asked[name].to_numpy()) for name in columns if not _is_number(asked, name, by)
        }
        low, high = (buying.min(), buying.max()) if len(buying) else (np.inf, -np.inf)
        return cls(float(low), float(high), bool((own == 0).any()), levels)

    @property
    def reasons(self) -> list[str]:
        own = ["own spend below that of all answered", "own spend above that of all answered"]
        return [
            *own,
            "no own spend, and none who answered is so",
            *(f"category of {name}" for name in self.levels),
        ]

    def outside(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Count customers by reason and, last, with any."""
        own = frame["own"].to_numpy(np.float64)
        none = own == 0
        found = [~none & (own < self.low), ~none & (own > self.high), none & (not self.nonbuyers)]
        found += [~frame[name].isin(list(levels)).to_numpy() for name, levels in self.levels.items()]
        table = np.stack([*found, np.any(found, axis=0)])
        return table.sum(axis=1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class CustomerFeatures:
    """How customers become standardised numbers.

    Parameters
    ----------
    names
        Of the features, P.
    columns
        Columns of the customers beside own spend, each with its categories, or None where it is a number.
    centre, scale
        Means and standard deviations over the base, shape (P,).
    log_own
        Mean logarithm of own spend over those with some, at which those without are put.
    """

    names: tuple[str, ...]
    columns: dict[str, tuple[object, ...] | None]
    centre: Array
    scale: Array
    log_own: float

    @property
    def flags(self) -> NDArray[np.bool_]:
        """Which features are 0 or 1 before they are standardised, shape (P,)."""
        found = [True, False, False]
        for levels in self.columns.values():
            found += [False] if levels is None else [True] * len(levels)
        return np.array(found)

    @classmethod
    def of(
        cls, frame: pd.DataFrame, columns: Sequence[str], weight: Array, *, by: str | None = None
    ) -> "CustomerFeatures":
        """Learn means, spreads and categories from rows that stand for the base."""
        own = frame["own"].to_numpy(np.float64)
        buys = own > 0
        log_own = float(np.average(np.log(own[buys]), weights=weight[buys])) if buys.any() else 0.0
        kinds = {name: None if _is_number(frame, name, by) else _levels(frame, name) for name in columns}
        names = ["no own spend", "log own spend", SQUARE]
        for name, levels in kinds.items():
            names += [name] if levels is None else [f"{name}: {level}" for level in levels]
        raw = _raw(frame, kinds, log_own)
        centre = np.average(raw, axis=0, weights=weight)
        scale = np.sqrt(np.average((raw - centre) ** 2, axis=0, weights=weight))
        varies = scale > 1e-12 * np.maximum(np.abs(centre), 1.0)
        return cls(tuple(names), kinds, centre, np.where(varies, scale, 1.0), log_own)

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Standardised features of customers, shape (N, P)."""
        return (_raw(frame, self.columns, self.log_own) - self.centre) / self.scale


def _is_number(frame: pd.DataFrame, name: str, by: str | None) -> bool:
    return name != by and pd.api.types.is_numeric_dtype(frame[name].dtype)


def _unusable(frame: pd.DataFrame, name: str) -> int:
    missing = frame[name].isna().to_numpy(dtype=np.bool_)
    if not pd.api.types.is_numeric_dtype(frame[name].dtype):
        return int(missing.sum())
    return int((missing | np.isinf(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))).sum())


def _levels(frame: pd.DataFrame, name: str) -> tuple[object, ...]:
    return tuple(sorted(pd.unique(frame[name].to_numpy()), key=str))


def _raw(frame: pd.DataFrame, columns: dict[str, tuple[object, ...] | None], log_own: float) -> Array:
    own = frame["own"].to_numpy(np.float64)
    buys = own > 0
    around = np.where(buys, np.log(np.where(buys, own, 1.0)) - log_own, 0.0)
    found = [(~buys).astype(np.float64), around, around**2]
    for name, levels in columns.items():
        if levels is None:
            found.append(frame[name].to_numpy(np.float64))
        else:
            found += [(frame[name] == level).to_numpy(np.float64) for level in levels]
    return np.column_stack(found)

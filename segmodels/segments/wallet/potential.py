"""Incremental potential of a customer: its headroom, or the part of it that look-alikes show to be attainable.

Both rise with elsewhere spend, so probabilities and expectations come from its distribution, without draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array, WalletBlock, WalletFit
from segmodels.models.wallet.look_alikes import attainable
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.sources import open_source, require_columns
from segmodels.tables.summary import check_choice

PotentialKind = Literal["headroom", "attainable"]
# Gauss-Legendre on four panels, each four times as wide as the one before: most customers spend far less elsewhere
# than the largest amounts.
_POINTS, _SHARES = np.polynomial.legendre.leggauss(8)
_ENDS = np.array([0.0, 1 / 64, 1 / 16, 1 / 4, 1.0])
_NODES = (_ENDS[:-1, None] + np.diff(_ENDS)[:, None] * (_POINTS + 1) / 2).ravel()
_WEIGHTS = (np.diff(_ENDS)[:, None] * _SHARES / 2).ravel()


class Targets(Protocol):
    """Target share of customers, as :func:`~segmodels.models.wallet.look_alikes.target_shares` gives it."""

    def of(self, block: WalletBlock) -> Array:
        """Target share of each customer, shape (B,)."""
        ...


@dataclass(frozen=True, eq=False)
class Potential:
    """What is meant by potential, and its law for the customers of a block.

    Parameters
    ----------
    kind
        ``"headroom"``: all elsewhere spend C. ``"attainable"``: max(0, target · (own + C) − own).
    targets
        Target shares; needed for ``"attainable"``.

    Raises
    ------
    InputError
        For another kind, and for ``"attainable"`` without targets.
    """

    kind: PotentialKind = "headroom"
    targets: Targets | None = None

    def __post_init__(self) -> None:
        check_choice("potential", self.kind, ("headroom", "attainable"))
        if self.kind == "attainable" and self.targets is None:
            remedy = "Pass targets=target_shares(fit)."
            raise InputError(Fault("targets", "None", "target shares, for attainable potential", remedy))

    def of(self, block: WalletBlock, elsewhere: Array) -> Array:
        """Potential at given elsewhere spend, shape (B, D) from (B, D)."""
        if self.kind == "headroom" or self.targets is None:
            return elsewhere
        return attainable(block.own, elsewhere, self.targets.of(block))

    def above(self, block: WalletBlock, cuts: Array) -> Array:
        """Probability that the potential is more than each cut, shape (B, K) from (K,); cuts at least 0."""
        needed, target = self._needed(block, cuts)
        # A target of 0 leaves nothing to attain.
        return np.where(target == 0, 0.0, block.elsewhere.above(needed)) + 0 * target

    def expected(self, block: WalletBlock) -> Array:
        """Give expected potential, shape (B,); NaN of whom nothing is known."""
        return block.elsewhere.mean() if self.kind == "headroom" else self.excess(block, 0.0)

    def excess(self, block: WalletBlock, cut: float) -> Array:
        """Give what is expected beyond a cut, E[max(0, potential − cut)], shape (B,); cuts at least 0.

        With k the elsewhere spend that makes the potential equal to the cut, E[max(0, C − k)] is E[C] less the
        integral of P(C > c) from 0 to k: a bounded interval, whatever the tail.
        """
        needed, targets = self._needed(block, np.array([cut]))
        k, target, mean = needed[:, 0], targets[:, 0], block.elsewhere.mean()
        above = block.elsewhere.above(k[:, None] * _NODES)
        # Not a matrix product, which would round a customer differently in blocks of other sizes.
        found = target * np.maximum(mean - k * (above * _WEIGHTS).sum(axis=1), 0.0)
        # Of a certain amount the probability is a step, which no nodes can find.
        sure = ((above == 0) | (above == 1)).all(axis=1)
        exact = np.maximum(self.of(block, mean[:, None])[:, 0] - cut, 0.0)
        return np.where(sure & (target > 0), exact, found)

    def _needed(self, block: WalletBlock, cuts: Array) -> tuple[Array, Array]:
        """Elsewhere spend beyond which the potential is more than the cuts, (B, K), and the targets, (B, 1).

        Attainable potential exceeds t just where elsewhere spend exceeds (t + own) / target − own.
        """
        if self.kind == "headroom" or self.targets is None:
            return np.broadcast_to(cuts, (len(block), len(cuts))), np.ones((len(block), 1))
        target, own = self.targets.of(block)[:, None], block.own[:, None]
        some = target > 0
        spent = np.divide(cuts + own, target, out=np.zeros((len(block), len(cuts))), where=some) - own
        return np.where(some, np.maximum(spent, 0.0), 0.0), target


@dataclass(frozen=True, eq=False)
class Scored:
    """What is expected of N customers; each field of shape (N,), in the order of their ids.

    Parameters
    ----------
    customer_id
        Ids.
    own, value, expected
        Spend with us, value (own spend unless other values were given), and expected potential in money, NaN
        where it is not identified.
    answered, status
        As in :class:`~segmodels.models.wallet.block.WalletBlock`.
    """

    customer_id: pd.Index
    own: Array
    value: Array
    expected: Array
    answered: NDArray[np.bool_]
    status: NDArray[np.int8]

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.own)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whose potential is identified, shape (N,)."""
        return ~np.isnan(self.expected)


def scored(fit: WalletFit, potential: Potential, value: Any = None) -> Scored:
    """Walk the customers once for what is expected of each.

    Raises
    ------
    InputError
        For values that do not fit the customers, where no customer is identified, and where the model expects
        infinitely much of one.
    """
    parts = [(b.customer_id, b.own, potential.expected(b), b.answered, b.status) for b in _finite(fit)]
    ids, own, expected, answered, status = (np.concatenate(part) for part in zip(*parts, strict=True))
    if np.isnan(expected).all():
        remedy = "Ask customers what they spend elsewhere, or give an anchor from outside."
        raise InputError(Fault("fit", "no identified customer", "at least one", remedy))
    customers = pd.Index(ids, name="customer_id")
    return Scored(customers, own, value_of_customers(value, customers, own), expected, answered, status)


def refuse_infinite(block: WalletBlock) -> None:
    """Refuse customers of whom the model expects infinitely much: no sum over them has a mean.

    Raises
    ------
    InputError
        With advice.
    """
    if np.isinf(block.elsewhere.mean()).any():
        remedy = (
            "Fit normal errors, or on a larger Box-Cox scale (0.25, say): Student errors of a logarithm have no mean, "
            "and the mean of draws is that of the largest."
        )
        raise InputError(Fault("fit", "an infinite expected elsewhere spend", "a finite one", remedy))


def _finite(fit: WalletFit) -> Iterator[WalletBlock]:
    for block in fit.blocks():
        refuse_infinite(block)
        yield block


def value_of_customers(value: Any, customer_id: pd.Index, own: Array) -> Array:
    """Bring values into the order of the customers, shape (N,); own spend where none are given.

    Parameters
    ----------
    value
        A Series indexed by customer_id, any table with columns ``customer_id`` and ``value``, or None. Further
        customers do no harm.
    customer_id
        The customers, N.
    own
        Their own spend, shape (N,).

    Raises
    ------
    InputError
        Where a customer has no value, two, or one that is not finite.

    Examples
    --------
    >>> value = pd.Series([3.0, 1.0], index=["b", "a"])
    >>> value_of_customers(value, pd.Index(["a", "b"]), np.zeros(2)).tolist()
    [1.0, 3.0]
    """
    if value is None:
        return own
    series = value if isinstance(value, pd.Series) else _series(value)
    if not series.index.is_unique:
        twice = series.index[series.index.duplicated()]
        examples = tuple(f"customer {name}" for name in twice[:3])
        fault = Fault("value", "repeated ids", "one value per customer", "Sum them.", len(twice), examples)
        raise InputError(fault)
    numbers = series.reindex(customer_id).to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers)
    if bad.any():
        examples = tuple(f"customer {name}" for name in customer_id[bad][:3])
        remedy = "Give every customer of the wallets a value, 0 where it has none."
        raise InputError(
            Fault("value", "missing or not finite", "a number", remedy, int(bad.sum()), examples)
        )
    return numbers


def _series(value: Any) -> pd.Series:
    opened = open_source(value, ("customer_id", "value"))
    faults = require_columns(opened, {"customer": "customer_id", "value": "value"})
    if faults:
        raise InputError(faults)
    frame = to_pandas(fetch(opened.table.select("customer_id", "value")))
    return pd.Series(frame["value"].to_numpy(), index=pd.Index(frame["customer_id"]))

"""What every model of the wallet gives of a block of customers: a distribution of elsewhere spend for each.

Wallet, share and attainable potential are monotone in elsewhere spend, so one distribution serves them all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]
# In the order of their codes.
STATUS: tuple[str, ...] = ("identified", "extrapolated", "not_identified")
IDENTIFIED, EXTRAPOLATED, NOT_IDENTIFIED = range(3)


class Elsewhere(Protocol):
    """Elsewhere spend C of B customers; NaN everywhere for those of whom nothing is known."""

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        ...

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        ...

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D): parameters vary, chance does not."""
        ...

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K) from (B, K) or (K,); thresholds at least 0."""
        ...

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        ...

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D); the same customer and number, the same draw."""
        ...

    def take(self, rows: slice | NDArray[np.int64]) -> Self:
        """Take some of the customers."""
        ...


@dataclass(frozen=True, eq=False)
class WalletBlock:
    """A block of B customers.

    Parameters
    ----------
    customer_id
        Ids, shape (B,).
    own
        Spend with us, shape (B,).
    columns
        Further columns of the customers, each of shape (B,).
    answered
        Whether a survey answer of the customer is known, shape (B,).
    status
        Codes of :data:`STATUS`, shape (B,).
    elsewhere
        The distribution; of an answer it is the answer.
    """

    customer_id: NDArray[Any]
    own: Array
    columns: dict[str, NDArray[Any]]
    answered: NDArray[np.bool_]
    status: NDArray[np.int8]
    elsewhere: Elsewhere

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.own)

    def take(self, rows: NDArray[np.int64]) -> "WalletBlock":
        """Take some of the customers, by position."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return WalletBlock(
            self.customer_id[rows],
            self.own[rows],
            columns,
            self.answered[rows],
            self.status[rows],
            self.elsewhere.take(rows),
        )


class WalletFit(Protocol):
    """What a fitted wallet offers to whatever comes after it."""

    @property
    def wallets(self) -> Wallets:
        """The customers that are scored."""
        ...

    @property
    def base(self) -> Wallets:
        """The customers that were fitted, among whom look-alikes are found."""
        ...

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the fit found out about itself."""
        ...

    @property
    def seed(self) -> int:
        """Of the draws."""
        ...

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in the order of their ids."""
        ...

    def survey(self) -> WalletBlock:
        """Give the customers who answered, with what the model says of them *without* their own answer in hand."""
        ...

    def on(self, wallets: Wallets) -> Self:
        """Return the same posterior, ready to score other customers."""
        ...

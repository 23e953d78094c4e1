"""Two-way tables of all pairs of coded items at once, observed and expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.models.needs.components import Codes, Components

Array = NDArray[np.float64]
_BLOCK = 20_000


@dataclass(frozen=True)
class Pairs:
    """The pairs of some items, and where each category stands.

    Parameters
    ----------
    names
        Of the items.
    sizes
        How many categories each has, shape (J,).
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Place of the first category of each item among those of all, shape (J,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @property
    def upper(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the first and of the second item of each pair, shape (J (J - 1) / 2,)."""
        first, second = np.triu_indices(len(self.names), 1)
        return first.astype(np.int64), second.astype(np.int64)

    @property
    def df(self) -> NDArray[np.int64]:
        """(C - 1) (D - 1) of each pair."""
        free = np.array(self.sizes) - 1
        first, second = self.upper
        return free[first] * free[second]

    def observed(self, codes: Codes, weight: Array) -> Array:
        """Tabulate who gave both answers, shape (D, D) with D the categories of all items.

        Parameters
        ----------
        codes
            Positions of categories, -1 where missing, shape (N, J).
        weight
            Shape (N,).
        """
        table = np.zeros((sum(self.sizes), sum(self.sizes)))
        for start in range(0, len(codes), _BLOCK):
            block, heavy = codes[start : start + _BLOCK], weight[start : start + _BLOCK]
            marks = np.zeros((len(block), len(table)))
            rows, items = np.nonzero(block >= 0)
            marks[rows, self.starts[items] + block[rows, items]] = 1
            table += marks.T @ (marks * heavy[:, None])
        return table

    def expected(self, components: Components, observed: Array) -> Array:
        """Tables that a mixture expects of the respondents of `observed` who answered both, shape (D, D)."""
        mixed = np.vstack([np.exp(table) for table in components.log_probability])
        joint = (mixed * np.exp(components.log_weight)) @ mixed.T
        return joint * np.repeat(np.repeat(self.blocks(observed), self.sizes, 0), self.sizes, 1)

    def blocks(self, table: Array) -> Array:
        """Sum a table of categories within each pair of items, shape (J, J)."""
        return np.add.reduceat(np.add.reduceat(table, self.starts, axis=0), self.starts, axis=1)

    def chi_squared(self, components: Components, observed: Array) -> Array:
        """Pearson's X² of each pair; infinite where an answer came that the model holds impossible."""
        expected = self.expected(components, observed)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where((expected == 0) & (observed == 0), 0.0, (observed - expected) ** 2 / expected)
        return self.blocks(terms)[self.upper]

    def frame(self, values: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        """One row per pair: the two items, and figures."""
        first, second = self.upper
        names = np.array(self.names, dtype=object)
        return pd.DataFrame({"item": names[first], "other_item": names[second], **values})


def pairs_of(components: Components) -> Pairs:
    """Give the pairs of a mixture's items."""
    return Pairs(components.item_names, tuple(item.size for item in components.items))

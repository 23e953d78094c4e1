"""Where the parameters of a latent class model stand in theta."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmodels.likelihoods.adjacent_category import NOMINAL, ORDINAL
from segmodels.tables.codebook import Item

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
    """K classes, D coefficients of membership, items, styles and numbers.

    theta holds, in this order: membership (K - 1, D), the first class being the reference; for each nominal
    item its logits (K, C - 1) against the first category; for each ordinal item beta (C - 1) and lambda
    (K - 1), the first class being the reference; the loadings of the styles; for each continuous number the
    means (K) and log standard deviations (K), for each count the log rates (K).

    Parameters
    ----------
    n_classes, width
        K and D.
    items
        The coded items.
    numbers
        The items answered in numbers.
    styles
        f and g at the nodes of the quadrature, shape (2, Q); without styles one node at 0.
    node_weight
        Probability of each node, shape (Q,).
    free
        Which of the two styles, agreement and extremes, have a loading.
    """

    n_classes: int
    width: int
    items: tuple[Item, ...]
    numbers: tuple[Item, ...]
    styles: Array
    node_weight: Array
    free: tuple[bool, bool]

    @cached_property
    def class_of(self) -> Index:
        """Class of each component, shape (M,): classes times nodes."""
        return np.repeat(np.arange(self.n_classes), len(self.node_weight))

    @cached_property
    def styles_of(self) -> Array:
        """Styles at the components, shape (2, M)."""
        return np.ascontiguousarray(np.tile(self.styles, self.n_classes))

    @cached_property
    def log_node(self) -> Array:
        """Log-probability of each component's node, shape (M,)."""
        return np.log(np.tile(self.node_weight, self.n_classes))

    def _width(self, item: Item) -> int:
        if item.scale == "ordinal":
            return item.size + self.n_classes - 2
        if item.coded:
            return self.n_classes * (item.size - 1)
        return self.n_classes * (2 if item.scale == "continuous" else 1)

    @cached_property
    def _ends(self) -> list[int]:
        """Where membership, each item, each style and each number end in theta."""
        widths = [(self.n_classes - 1) * self.width]
        widths += [self._width(item) for item in self.items]
        widths += [int(free) for free in self.free]
        widths += [self._width(item) for item in self.numbers]
        return [int(end) for end in np.cumsum(widths)]

    @property
    def members(self) -> int:
        """How many parameters membership has."""
        return self._ends[0]

    @cached_property
    def table(self) -> Index:
        """One row an item: ordinal or not, categories, first row of its probabilities, first place in theta."""
        first = np.cumsum([0, *(item.size for item in self.items)])
        rows = [
            (ORDINAL if item.scale == "ordinal" else NOMINAL, item.size, first[j], self._ends[j])
            for j, item in enumerate(self.items)
        ]
        return np.array(rows, np.int64).reshape(-1, 4)

    @property
    def rows(self) -> int:
        """Sum of the categories of all items."""
        return sum(item.size for item in self.items)

    @cached_property
    def style_at(self) -> Index:
        """Places of the loadings of agreement and extremes in theta; -1 where there is none."""
        begin = self._ends[len(self.items)]
        agreement, extremes = self.free
        return np.array([begin if agreement else -1, begin + agreement if extremes else -1], np.int64)

    @cached_property
    def numbers_at(self) -> tuple[int, ...]:
        """First place in theta of each number."""
        begin = len(self.items) + 2
        return tuple(self._ends[begin : begin + len(self.numbers)])

    @property
    def size(self) -> int:
        """P."""
        return self._ends[-1]

    def places(self, component: int) -> Index:
        """Places in theta that matter to a component: membership, its items, styles, its numbers."""
        k = int(self.class_of[component])
        found = [np.arange(self.members)]
        for kind, size, _, at in self.table:
            if kind == ORDINAL:
                found.append(np.arange(at, at + size - 1))
                found.append(np.arange(at + size - 2 + k, at + size - 1 + k) if k else np.empty(0, np.int64))
            else:
                found.append(np.arange(at + k * (size - 1), at + (k + 1) * (size - 1)))
        found.append(self.style_at[self.style_at >= 0])
        for item, at in zip(self.numbers, self.numbers_at, strict=True):
            found.append(
                np.array([at + k, at + self.n_classes + k] if item.scale == "continuous" else [at + k])
            )
        return np.concatenate(found).astype(np.int64)

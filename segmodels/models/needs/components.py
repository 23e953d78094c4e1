"""A fitted mixture of coded items as tables of log-probabilities: all that scoring needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.likelihoods.mixture import log_by_class, memberships
from segmodels.tables.codebook import Item

Array = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Components:
    """M components, each of one of K classes; given its component, a respondent's answers are independent.

    Without response styles the components are the classes. With them a class is one component per node of
    the quadrature over styles.

    Parameters
    ----------
    names
        Of the classes, in order.
    items
        The coded items.
    class_of
        Class of each component, shape (M,).
    log_weight
        Log of the probability of each component, shape (M,); their exponentials sum to 1.
    log_probability
        For each item the log-probability of each category in each component, shape (C, M).

    Examples
    --------
    >>> item = Item("q", "binary", (0, 1))
    >>> two = Components(
    ...     ("a", "b"), (item,), np.arange(2), np.log([0.5, 0.5]), (np.log([[0.9, 0.2], [0.1, 0.8]]),)
    ... )
    >>> two.posterior(np.array([[1], [-1]])).round(3).tolist()
    [[0.111, 0.889], [0.5, 0.5]]
    """

    names: tuple[str, ...]
    items: tuple[Item, ...]
    class_of: NDArray[np.int64]
    log_weight: Array
    log_probability: tuple[Array, ...]

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.names)

    @property
    def item_names(self) -> tuple[str, ...]:
        """Names of the items in order."""
        return tuple(item.name for item in self.items)

    @property
    def class_shares(self) -> Array:
        """Probability of each class, shape (K,)."""
        return np.bincount(self.class_of, np.exp(self.log_weight), self.n_classes)

    def restrict(self, names: Sequence[str]) -> "Components":
        """Keep some items, in the order given; the others count as not asked."""
        places = [self.item_names.index(name) for name in names]
        items = tuple(self.items[place] for place in places)
        return replace(self, items=items, log_probability=tuple(self.log_probability[p] for p in places))

    def log_joint(self, codes: Codes) -> Array:
        """Log of the probability of component and answers, shape (N, M).

        Parameters
        ----------
        codes
            Positions of categories in the order of ``items``, -1 where missing, shape (N, J).
        """
        total = np.repeat(self.log_weight[None], len(codes), axis=0)
        for column, table in zip(codes.T, self.log_probability, strict=True):
            # The last row stands for a missing answer, which -1 picks.
            total += np.vstack([table, np.zeros(len(self.log_weight))])[column]
        return total

    def log_joint_classes(self, codes: Codes) -> Array:
        """Log of the probability of class and answers, shape (N, K)."""
        return log_by_class(self.log_joint(codes), self.class_of)

    def posterior(self, codes: Codes) -> Array:
        """Probability of each class given the answers, shape (N, K); rows sum to 1."""
        return memberships(self.log_joint_classes(codes))

    def probability(self, name: str) -> Array:
        """Probability of each category of an item in each class, shape (C, K)."""
        table = np.exp(self.log_probability[self.item_names.index(name)] + self.log_weight)
        joint = np.column_stack([table[:, self.class_of == k].sum(axis=1) for k in range(self.n_classes)])
        return joint / self.class_shares

    def simulate(self, n: int, rng: np.random.Generator) -> tuple[Codes, NDArray[np.int64]]:
        """Draw n respondents: codes of shape (n, J) and true classes of shape (n,)."""
        which = rng.choice(len(self.log_weight), n, p=np.exp(self.log_weight) / np.exp(self.log_weight).sum())
        codes = np.empty((n, len(self.items)), np.int16)
        for j, table in enumerate(self.log_probability):
            cumulated = np.cumsum(np.exp(table), axis=0)
            draws = rng.random(n) * cumulated[-1, which]
            codes[:, j] = (draws[None] >= cumulated[:-1, which]).sum(axis=0)
        return codes, self.class_of[which]

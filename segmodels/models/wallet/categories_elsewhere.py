"""Elsewhere spend in one of several categories and over all of them: correlated draws that belong together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.block import Array, Elsewhere
from segmodels.models.wallet.copula_levels import Levels

_DRAWS = 400
_ROWS = 5_000


class Part(Elsewhere, Protocol):
    """Elsewhere spend in one category, as a function of a uniform number."""

    def at(self, u: Array, numbers: NDArray[np.int64]) -> Array:
        """C at the level u of each draw's distribution, shape (B, D) from (B, D)."""
        ...

    def take(self, rows: slice | NDArray[np.int64]) -> Self:
        """Take some of the customers."""
        ...


@dataclass(frozen=True, eq=False)
class CategoryElsewhere:
    """Elsewhere spend in one category, given the answers in all.

    Customers who answered nothing in the other categories have the law of the category's own model. Of the others,
    what is not a draw is an average of 400 draws.

    Parameters
    ----------
    part
        What the category's own model and answers say.
    levels
        Of all categories.
    which
        Position of the category among them.
    """

    part: Part
    levels: Levels
    which: int

    @cached_property
    def _told(self) -> NDArray[np.int64]:
        """Positions of customers of whom another category tells."""
        return np.flatnonzero(self.levels.told[:, self.which])

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        return self._averaged(self.part.none(), lambda draws: (draws <= 0).mean(axis=1))

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        plain = self.part.mean()
        return np.where(np.isinf(plain), plain, self._averaged(plain, lambda draws: draws.mean(axis=1)))

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D).

        Where another category tells of the customer, all draws are moved by the same factor.
        """
        result, plain = np.array(self.part.means(numbers)), self.part.mean()
        told = self._told[np.isfinite(plain[self._told]) & (plain[self._told] > 0)]
        result[told] *= (self.mean()[told] / plain[told])[:, None]
        return result

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K)."""
        result = np.array(self.part.above(threshold))
        t = np.broadcast_to(threshold, result.shape)[self._told]
        return self._averaged(result, lambda draws: _above(draws, t))

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        return self._averaged(self.part.quantiles(levels), lambda draws: np.quantile(draws, levels, axis=1).T)

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        return self.part.at(self.levels.draws(np.asarray(numbers))[self.which], np.asarray(numbers))

    def take(self, rows: slice | NDArray[np.int64]) -> "CategoryElsewhere":
        """Take some of the customers."""
        return CategoryElsewhere(self.part.take(rows), self.levels.take(rows), self.which)

    def _averaged(self, plain: Array, reduce: Callable[[Array], Array]) -> Array:
        """Put averages of draws where another category tells of the customer."""
        result = np.array(plain)
        if len(self._told):
            draws = self.take(self._told).draws(np.arange(_DRAWS))
            result[self._told] = reduce(draws)
            result[self._told[np.isnan(draws[:, 0])]] = np.nan
        return result


@dataclass(frozen=True, eq=False)
class CategoriesElsewhere:
    """Sum over K categories of the elsewhere spend of B customers.

    Parameters
    ----------
    parts
        Of each category, without what the others tell.
    levels
        Of all categories.
    """

    parts: tuple[Part, ...]
    levels: Levels

    @property
    def categories(self) -> tuple[CategoryElsewhere, ...]:
        """Of each category, given the answers in all."""
        return tuple(CategoryElsewhere(part, self.levels, k) for k, part in enumerate(self.parts))

    @property
    def fixed(self) -> Array:
        """The part of C that exact answers fix, shape (B,)."""
        total = np.zeros(len(self.levels.keys))
        for part in self.parts:
            if isinstance(part, Answered):
                total += np.where(part.low == part.high, part.low, 0.0)
        return total

    def none(self) -> Array:
        """Probability that C is 0 in every category, shape (B,)."""
        return self._reduced(lambda draws: (draws <= 0).mean(axis=1, keepdims=True), 1)[:, 0]

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        return np.sum([each.mean() for each in self.categories], axis=0)

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D)."""
        return np.sum([each.means(numbers) for each in self.categories], axis=0)

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K), by 400 draws."""
        t = np.atleast_2d(np.asarray(threshold, np.float64))
        t = np.broadcast_to(t, (len(self.levels.keys), t.shape[1]))
        result = np.empty(t.shape)
        for rows, draws in self._blocks():
            result[rows] = _above(draws, t[rows])
            result[rows][np.isnan(draws[:, 0])] = np.nan
        return result

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L), by 400 draws."""
        return self._reduced(lambda draws: np.quantile(draws, levels, axis=1).T, len(levels))

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D): the sum of those of the categories."""
        numbers = np.asarray(numbers)
        total = np.zeros((len(self.levels.keys), len(numbers)))
        for part, u in zip(self.parts, self.levels.draws(numbers), strict=True):
            total += part.at(u, numbers)
        return total

    def take(self, rows: slice | NDArray[np.int64]) -> "CategoriesElsewhere":
        """Take some of the customers."""
        return CategoriesElsewhere(tuple(part.take(rows) for part in self.parts), self.levels.take(rows))

    def _blocks(self) -> Iterator[tuple[slice, Array]]:
        numbers = np.arange(_DRAWS)
        for start in range(0, len(self.levels.keys), _ROWS):
            rows = slice(start, start + _ROWS)
            yield rows, self.take(rows).draws(numbers)

    def _reduced(self, reduce: Callable[[Array], Array], width: int) -> Array:
        result = np.empty((len(self.levels.keys), width))
        for rows, draws in self._blocks():
            result[rows] = reduce(draws)
            result[rows][np.isnan(draws[:, 0])] = np.nan
        return result


def _above(draws: Array, threshold: Array) -> Array:
    """Share of draws above each threshold, shape (B, K)."""
    return np.column_stack([(draws > t[:, None]).mean(axis=1) for t in threshold.T])

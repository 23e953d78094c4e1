"""Elsewhere spend over several categories: the sum of correlated draws."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from segmodels.inference.counter_random import uniforms
from segmodels.models.wallet.block import Array, Elsewhere

# Streams beyond those of one category.
_FIRST_STREAM = 16
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
class CategoriesElsewhere:
    """Sum over K categories of the elsewhere spend of B customers.

    Parameters
    ----------
    parts
        Of each category.
    correlation
        Draws of the correlation between them, shape (draws, K, K).
    keys, seed
        Of the draws.
    """

    parts: tuple[Part, ...]
    correlation: Array
    keys: NDArray[np.uint64]
    seed: int

    def none(self) -> Array:
        """Probability that C is 0 in every category, shape (B,)."""
        return self._reduced(lambda draws: (draws <= 0).mean(axis=1, keepdims=True), 1)[:, 0]

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        return np.sum([part.mean() for part in self.parts], axis=0)

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D)."""
        return np.sum([part.means(numbers) for part in self.parts], axis=0)

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K), by 400 draws."""
        t = np.atleast_2d(np.asarray(threshold, np.float64))
        t = np.broadcast_to(t, (len(self.keys), t.shape[1]))
        result = np.empty(t.shape)
        for rows, draws in self._blocks():
            result[rows] = (draws[:, None, :] > t[rows][:, :, None]).mean(axis=2)
            result[rows][np.isnan(draws[:, 0])] = np.nan
        return result

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L), by 400 draws."""
        return self._reduced(lambda draws: np.quantile(draws, levels, axis=1).T, len(levels))

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        total = np.zeros((len(self.keys), len(numbers)))
        for part, u in zip(self.parts, self._uniforms(np.asarray(numbers)), strict=True):
            total += part.at(u, np.asarray(numbers))
        return total

    def _uniforms(self, numbers: NDArray[np.int64]) -> list[Array]:
        """One uniform for each category, correlated through normals, each (B, D)."""
        raw = [
            ndtri(uniforms(self.seed, self.keys, numbers, _FIRST_STREAM + 4 * k))
            for k in range(len(self.parts))
        ]
        roots = np.linalg.cholesky(self.correlation[numbers % len(self.correlation)])
        return [
            ndtr(np.sum([roots[:, k, j] * raw[j] for j in range(k + 1)], axis=0))
            for k in range(len(self.parts))
        ]

    def _blocks(self) -> Iterator[tuple[slice, Array]]:
        numbers = np.arange(_DRAWS)
        for start in range(0, len(self.keys), _ROWS):
            rows = slice(start, start + _ROWS)
            yield rows, self.take(rows).draws(numbers)

    def take(self, rows: slice | NDArray[np.int64]) -> "CategoriesElsewhere":
        """Take some of the customers."""
        parts = tuple(part.take(rows) for part in self.parts)
        return CategoriesElsewhere(parts, self.correlation, self.keys[rows], self.seed)

    def _reduced(self, reduce: Callable[[Array], Array], width: int) -> Array:
        result = np.empty((len(self.keys), width))
        for rows, draws in self._blocks():
            result[rows] = reduce(draws)
            result[rows][np.isnan(draws[:, 0])] = np.nan
        return result

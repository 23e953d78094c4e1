"""Draws times cells, a block at a time.

Given that a customer is alive, the date of the last purchase tells nothing more about the future. So cells are
walked in the order of (group, T, x), and the costly part is computed once for each distinct such triple.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.grouped import GroupedPosterior

Array = NDArray[np.float64]
_ELEMENTS = 2_000_000
GRAIN = 16
"""Cells that share one generator; blocks are whole grains, so that their size does not change a draw."""


@dataclass(frozen=True)
class CellArrays:
    """Cells as plain arrays, each of shape (C,).

    Parameters
    ----------
    frequency, recency, T
        As the likelihood takes them.
    group
        Which group of covariates and segment each cell belongs to.
    """

    frequency: Array
    recency: Array
    T: Array
    group: NDArray[np.int64]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Positions in the order of (group, T, frequency, recency)."""
        return np.lexsort((self.recency, self.frequency, self.T, self.group))


@dataclass(frozen=True)
class Block:
    """Some cells with the parameters of all draws.

    Parameters
    ----------
    rows
        Positions of the cells among all, shape (C,).
    frequency, recency, T
        Shape (C, 1).
    parameters
        One array per parameter, shape (1, D) or (C, D).
    first, inverse
        Of each distinct (group, T, frequency) the first cell, shape (U,); and of each cell its triple, (C,).
    likelihood
        The likelihood's module.
    start
        Place of the first cell in the walk.
    """

    rows: NDArray[np.int64]
    frequency: Array
    recency: Array
    T: Array
    parameters: tuple[Array, ...]
    first: NDArray[np.int64]
    inverse: NDArray[np.int64]
    likelihood: Any
    start: int = 0

    def alive(self, horizon: float = 0.0) -> Array:
        """P(alive at T + horizon), shape (C, D)."""
        return self.likelihood.alive(self.frequency, self.recency, self.T, *self.parameters, horizon)

    def thinned(self, most: int) -> "Block":
        """Return the block with at most ``most`` evenly spaced draws, for what is costly and only averaged."""
        draws = max(values.shape[1] for values in self.parameters)
        if draws <= most:
            return self
        kept = np.linspace(0, draws - 1, most).round().astype(np.int64)
        return replace(self, parameters=tuple(values[:, kept] for values in self.parameters))

    def given_alive(self, function: Callable[..., Array], *leading: Any) -> Array:
        """``function(*leading, x, T, *parameters)``, computed once for each triple, shape (C, D, ...)."""
        return self.triples(function, *leading)[self.inverse]

    def triples(self, function: Callable[..., Array], *leading: Any) -> Array:
        """``function(*leading, x, T, *parameters)`` of each distinct (group, T, frequency), shape (U, D, ...)."""
        few = self.at(self.first)
        return function(*leading, few.frequency, few.T, *few.parameters)

    def at(self, cells: NDArray[np.int64]) -> "Block":
        """Return some of the cells, by their places in the block."""
        return replace(
            self,
            rows=self.rows[cells],
            frequency=self.frequency[cells],
            recency=self.recency[cells],
            T=self.T[cells],
            parameters=tuple(part if len(part) == 1 else part[cells] for part in self.parameters),
            inverse=self.inverse[cells],
        )


def blocks(
    cells: CellArrays, posterior: GroupedPosterior, u: Array, wide: int = 1, elements: int = _ELEMENTS
) -> Iterator[Block]:
    """Walk the cells.

    Parameters
    ----------
    cells
        The C cells.
    posterior
        Turns coordinates into parameters of a group.
    u
        Draws of the coordinates, shape (D, k).
    wide
        How many numbers are kept for each cell and draw at a time; blocks shrink with it.
    elements
        About how many numbers a block's array may hold.
    """
    likelihood = import_module(posterior.parametrisation.likelihood)
    size = GRAIN * max(1, elements // (len(u) * wide * GRAIN))
    group, order = cells.group, cells.order
    single = len(posterior.design.codes) == 1
    common = np.moveaxis(posterior.parameters(u)[:, 0, :], -1, 0)[:, None, :] if single else None
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        if common is None:
            low = int(group[rows[0]])
            values = posterior.parameters(u, slice(low, int(group[rows[-1]]) + 1))
            parameters = tuple(np.moveaxis(values[:, group[rows] - low, :], -1, 0).swapaxes(1, 2))
        else:
            parameters = tuple(common)
        x, t_x, T = cells.frequency[rows], cells.recency[rows], cells.T[rows]
        new = np.ones(len(rows), bool)
        new[1:] = (np.diff(x) != 0) | (np.diff(T) != 0) | (np.diff(group[rows]) != 0)
        yield Block(
            rows,
            x[:, None],
            t_x[:, None],
            T[:, None],
            parameters,
            np.flatnonzero(new),
            np.cumsum(new) - 1,
            likelihood,
            start,
        )


def reduce_blocks(walk: Iterator[Block], reduce: Callable[[Block], Any]) -> Iterator[tuple[Block, Any]]:
    """Apply ``reduce`` to blocks in threads (the likelihoods release the GIL), in order, a few ahead."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        pending: list[tuple[Block, Any]] = []
        for block in walk:
            pending.append((block, pool.submit(reduce, block)))
            if len(pending) > threads:
                done, future = pending.pop(0)
                yield done, future.result()
        for done, future in pending:
            yield done, future.result()


def score(
    cells: CellArrays,
    posterior: GroupedPosterior,
    u: Array,
    reduce: Callable[[Block], Array],
    columns: int,
    wide: int = 1,
) -> Array:
    """Collect ``reduce(block)``, shape (cells of the block, columns), in the order of the cells: (C, columns)."""
    scores = np.empty((len(cells.T), columns))
    for block, values in reduce_blocks(blocks(cells, posterior, u, wide), reduce):
        scores[block.rows] = values
    return scores


def summarise(draws: Array, levels: tuple[float, ...]) -> Array:
    """Mean over draws and quantiles: (C, D) to (C, 1 + levels)."""
    mean = draws.mean(axis=1, keepdims=True)
    if not levels:
        return mean
    return np.concatenate([mean, np.quantile(draws, levels, axis=1).T], axis=1)

"""Simulated futures: what may happen, not only what is expected."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmodels.models.value.scoring import GRAIN, Block

Array = NDArray[np.float64]
_AT_LEAST = 1000


def enough(u: Array) -> Array:
    """Repeat the draws until there are at least 1,000, a future each; shape (D', k) from (D, k)."""
    return np.repeat(u, max(1, -(-_AT_LEAST // len(u))), axis=0)


def simulated_counts(block: Block, ends: Array, seed: int, copies: int | None = None) -> NDArray[np.int64]:
    """Purchases up to each horizon, one simulated future per draw, shape (C, D', H).

    Parameters
    ----------
    block
        The cells.
    ends
        Ascending horizons, shape (H,).
    seed
        With a cell's place in the walk it fixes its futures; neither threads nor the size of blocks matter.
    copies
        Futures per draw; by default enough to make 1,000 futures.

    Returns
    -------
    array
        D' is draws times copies.
    """
    draws = max(values.shape[1] for values in block.parameters)
    copies = max(1, -(-_AT_LEAST // draws)) if copies is None else copies
    return np.concatenate([_counts(part, ends, seed, copies) for part in _grains(block)])


def _grains(block: Block) -> Iterator[Block]:
    """Cut a block where every walk over the same cells cuts, however large its blocks are."""
    for low in range(0, len(block.rows), GRAIN):
        part = block.at(np.arange(low, min(low + GRAIN, len(block.rows))))
        yield replace(part, start=block.start + low)


def _counts(part: Block, ends: Array, seed: int, copies: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, part.start, 2])
    parameters = [np.repeat(values, copies, axis=1) for values in part.parameters]
    edges = np.concatenate([[0.0], ends])
    periods = part.likelihood.simulate_future(rng, edges, part.frequency, part.T, *parameters)
    alive = np.broadcast_to(part.alive(), (len(part.rows), periods.shape[1] // copies))
    lives = rng.random(periods.shape[:-1]) < np.repeat(alive, copies, axis=1)
    return np.cumsum(periods, axis=-1) * lives[..., None]


def simulated_values(
    block: Block, edges: Array, weights: Array, mean: Array, spend: list[Array], seed: int
) -> Array:
    """Discounted spend of one simulated future per draw, shape (years, C, D).

    Parameters
    ----------
    block
        Customers, shape (C,).
    edges
        Ends of the months, shape (H,).
    weights
        Discount times margin of each month, one row per horizon, shape (years, H).
    mean
        Mean spend of past repeat purchases, shape (C,).
    spend
        p, q and v, each (1, D) or (C, D).
    seed
        As in :func:`simulated_counts`.
    """
    values = []
    for part in _grains(block):
        low = part.start - block.start
        rows = slice(low, low + len(part.rows))
        p, q, v = (values if len(values) == 1 else values[rows] for values in spend)
        rng = np.random.default_rng([seed, part.start, 1])
        counts = np.diff(_counts(part, edges, seed, 1), axis=-1, prepend=0)
        rate = rng.gamma(q + p * part.frequency) / (v + part.frequency * mean[rows, None])
        shape = np.where(counts > 0, p[..., None] * counts, 1.0)
        spent = np.where(counts > 0, rng.gamma(shape), 0.0) / rate[..., None]
        values.append(spent @ weights.T)
    return np.moveaxis(np.concatenate(values), -1, 0)

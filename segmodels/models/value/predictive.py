"""Simulated futures: what may happen, not only what is expected."""

import numpy as np
from numpy.typing import NDArray

from segmodels.models.value.scoring import Block

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
        With the place of the block it fixes the futures; threads do not matter.
    copies
        Futures per draw; by default enough to make 1,000 futures.

    Returns
    -------
    array
        D' is draws times copies.
    """
    rng = np.random.default_rng([seed, int(block.rows[0]), len(block.rows)])
    draws = max(values.shape[1] for values in block.parameters)
    copies = max(1, -(-_AT_LEAST // draws)) if copies is None else copies
    parameters = [np.repeat(values, copies, axis=1) for values in block.parameters]
    edges = np.concatenate([[0.0], ends])
    periods = block.likelihood.simulate_future(rng, edges, block.frequency, block.T, *parameters)
    lives = rng.random(periods.shape[:-1]) < np.repeat(
        np.broadcast_to(block.alive(), (len(block.rows), draws)), copies, axis=1
    )
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
    rng = np.random.default_rng([seed, int(block.rows[0]), len(block.rows), 1])
    counts = np.diff(simulated_counts(block, edges, seed, copies=1), axis=-1, prepend=0)
    p, q, v = spend
    rate = rng.gamma(q + p * block.frequency) / (v + block.frequency * mean[:, None])
    shape = np.broadcast_to(p[..., None], counts.shape)
    spent = np.where(counts > 0, rng.gamma(np.where(counts > 0, shape * counts, 1.0)), 0.0) / rate[..., None]
    return np.moveaxis(spent @ weights.T, -1, 0)

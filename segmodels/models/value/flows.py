"""Value of customers under every draw, a block at a time: the arithmetic behind lifetime value."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from segmodels.likelihoods import gamma_gamma
from segmodels.models.value.predictive import simulated_values
from segmodels.models.value.scoring import Block

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Flows:
    """What some customers are worth.

    Parameters
    ----------
    rows
        Where they stand among all.
    means
        Mean over draws up to each horizon, shape (years, C).
    sums
        Sum over the customers of each segment, shape (segments, years, D).
    last
        Value up to the last horizon under every draw, shape (C, D).
    """

    rows: slice
    means: Array
    sums: Array
    last: Array


@dataclass(frozen=True)
class Cashflow:
    """When money counts and how much.

    Parameters
    ----------
    edges
        Ends of the months in the unit of the fit, shape (H,).
    weights
        Discount times margin of each month up to each horizon, shape (years, H).
    """

    edges: Array
    weights: Array

    @property
    def on_expected(self) -> Array:
        """Weights on E(t) rather than on its increments, shape (years, H)."""
        return self.weights - np.append(self.weights[:, 1:], np.zeros((len(self.weights), 1)), axis=1)


@dataclass(frozen=True)
class Spenders:
    """What is known of the spend of all customers, in their order.

    Parameters
    ----------
    mean
        Mean spend of past repeat purchases, shape (N,).
    group
        Group under the spend model, shape (N,).
    parameters
        From groups, shape (C,), to p, q, v, each (D, 1) or (D, C).
    """

    mean: Array
    group: Integers
    parameters: Callable[[Integers], tuple[Array, ...]]

    def spread(self, rows: Integers) -> list[Array]:
        """p, q, v of some customers, each (1, D) or (C, D)."""
        return [np.moveaxis(part, 0, -1) for part in self.parameters(self.group[rows])]


@njit(cache=True, nogil=True)
def _accumulate(
    base: Array, lines: Array, places: Integers, mean: Array, segments: int
) -> tuple[Array, Array, Array]:
    """Multiply base[year, cell] by intercept[line] + slope[line] * mean, and add up.

    ``lines`` holds intercepts and slopes, (2, L, D); ``places`` the cell, line and segment of each customer,
    (3, C). Returns means (years, C), sums (segments, years, D) and the last year's values (C, D).
    """
    years, draws = base.shape[0], base.shape[2]
    count = places.shape[1]
    sums = np.zeros((segments, years, draws))
    means, last = np.empty((years, count)), np.empty((count, draws))
    spent = np.empty(draws)
    for c in range(count):
        cell, line, segment = places[0, c], places[1, c], places[2, c]
        for d in range(draws):
            spent[d] = lines[0, line, d] + lines[1, line, d] * mean[c]
        for y in range(years):
            total = 0.0
            for d in range(draws):
                value = base[y, cell, d] * spent[d]
                sums[segment, y, d] += value
                total += value
                last[c, d] = value
            means[y, c] = total / draws
    return means, sums, last


def expected_flows(
    block: Block, cash: Cashflow, spenders: Spenders, segment: Integers, segments: int
) -> Flows:
    """Value expected under each draw.

    Parameters
    ----------
    block
        The customers, each a cell of its own, in the order of (group, T, frequency, recency).
    cash, spenders
        Money.
    segment
        Segment of each of the block's customers, shape (C,).
    segments
        How many segments there are.
    """
    flow = block.triples(block.likelihood.expected_given_alive, cash.edges) @ cash.on_expected.T
    by_year = np.ascontiguousarray(np.moveaxis(flow, -1, 0))
    first, cell = _runs(block.inverse, block.recency[:, 0])
    distinct = block.at(first)
    base = distinct.alive() * by_year[:, block.inverse[first]]
    x = block.frequency[:, 0]
    key = np.stack([spenders.group[block.rows], x.astype(np.int64)])
    _, start, line = np.unique(key, axis=1, return_index=True, return_inverse=True)
    lines = np.stack(
        gamma_gamma.posterior_mean_coefficients(x[start, None], *spenders.spread(block.rows[start]))
    )
    draws = max(base.shape[2], lines.shape[2])
    places = np.stack([cell, line.reshape(-1), segment]).astype(np.int64)
    base, lines = (_wide(part, draws) for part in (base, lines))
    means, sums, last = _accumulate(base, lines, places, spenders.mean[block.rows], segments)
    return Flows(_span(block), means, sums, last)


def _wide(values: Array, draws: int) -> Array:
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], draws)))


def predicted_flows(
    block: Block, cash: Cashflow, spenders: Spenders, segment: Integers, segments: int, seed: int
) -> Flows:
    """Value of one simulated future per draw; arguments as in :func:`expected_flows`."""
    spread = spenders.spread(block.rows)
    values = simulated_values(block, cash.edges, cash.weights, spenders.mean[block.rows], spread, seed)
    sums = np.zeros((segments, len(values), values.shape[2]))
    for code in np.unique(segment):
        sums[code] = values[:, segment == code].sum(axis=1)
    return Flows(_span(block), values.mean(axis=2), sums, values[-1])


def quantiles(values: Array, levels: tuple[float, ...]) -> Array:
    """Quantiles of each row, interpolated linearly, shape (C, levels)."""
    places = (values.shape[1] - 1) * np.asarray(levels)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, values.shape[1] - 1)
    ordered = np.partition(values, np.unique(np.append(below, above)), axis=1)
    part = places - below
    return ordered[:, below] * (1 - part) + ordered[:, above] * part


def _runs(triple: Integers, recency: Array) -> tuple[Integers, Integers]:
    """First customer of each run of equal histories, and the run of each customer."""
    new = np.ones(len(triple), bool)
    new[1:] = (np.diff(triple) != 0) | (np.diff(recency) != 0)
    return np.flatnonzero(new), np.cumsum(new) - 1


def _span(block: Block) -> slice:
    return slice(int(block.rows[0]), int(block.rows[-1]) + 1)

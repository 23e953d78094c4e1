"""Purchases of all customers together, period by period: expected, and simulated.

A simulated sum is the expected sum under a draw of the parameters plus the chance in the customers' purchases.
That chance is simulated for at most 2,000 customers picked at random; the deviation of their sum from its
expectation is scaled by sqrt(N / n), because variances add over independent customers. With fewer customers
it is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from segmodels.models.value.predictive import simulated_counts
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks

Array = NDArray[np.float64]
_FUTURES = 500
_CUSTOMERS = 2_000
_FEWEST_CUSTOMERS = 200
_SIMULATED = 40_000_000
_AT_A_TIME = 2_000_000
_EVALUATED = 30_000_000
_FEWEST_DRAWS = 100


@dataclass(frozen=True)
class Sums:
    """Purchases of all customers in each of H periods.

    Parameters
    ----------
    expected
        Posterior mean, shape (H,).
    simulated
        One future per row, parameters and chance both, shape (F, H).
    """

    expected: Array
    simulated: Array


def of_known(fit: PurchaseFit, ends: Array, seed: int) -> Sums:
    """Forecast the customers of a fit, each given their history.

    Parameters
    ----------
    fit
        The model with its customers.
    ends
        Ends of the periods, in units of time from now, ascending, shape (H,).
    seed
        Of the simulation.
    """
    rng = np.random.default_rng([seed, 0, 3])
    cells = fit.cells
    u = _thinned(fit.u, len(cells.count) * len(ends))
    every = CellArrays(cells.frequency.astype(np.float64), cells.recency, cells.T, cells.group)
    picked = _picked(cells.count, len(ends), rng)
    copies = -(-_FUTURES // len(u))
    counts = np.column_stack([cells.count, np.bincount(picked, minlength=len(cells.count))])
    expected = np.zeros((2, len(u), len(ends)))

    def expect(block: Block) -> Array:
        given = block.given_alive(block.likelihood.expected_given_alive, ends)
        weighed = counts[block.rows].T[:, :, None] * np.broadcast_to(block.alive(), given.shape[:2])
        return np.einsum("kcd,cdh->kdh", weighed, given)

    for _, part in reduce_blocks(blocks(every, fit.density, u, len(ends)), expect):
        expected += part
    some = CellArrays(every.frequency[picked], every.recency[picked], every.T[picked], every.group[picked])
    simulated = np.zeros((len(u) * copies, len(ends)))
    walk = blocks(some, fit.density, u, copies * len(ends))
    for _, part in reduce_blocks(
        walk, lambda block: simulated_counts(block, ends, seed, copies).sum(axis=0, dtype=np.float64)
    ):
        simulated += part
    return _sums(expected, simulated, cells.n_customers / len(picked))


def of_new(fit: PurchaseFit, before: Array, seed: int) -> Sums:
    """Describe the customers of a fit as new ones, each from their own first purchase on.

    Parameters
    ----------
    fit
        The model with its customers; of their histories only T, which tells when each began, is used.
    before
        Ends of the periods, in units of time from now; negative before now, ascending, shape (H,).
    seed
        Of the simulation.

    Notes
    -----
    The expected sum at an end e is the sum over customers of E[X(T + e)] (Fader, Hardie and Lee 2005, eq. 9),
    where a customer counts from T + e = 0 on.
    """
    rng = np.random.default_rng([seed, 1])
    cells = fit.cells
    u = _thinned(fit.u, len(np.unique(cells.T)) + len(before))
    picked = _picked(cells.count, len(before), rng)
    counts = np.column_stack([cells.count, np.bincount(picked, minlength=len(cells.count))])
    copies = -(-_FUTURES // len(u))
    likelihood = import_module(fit.density.parametrisation.likelihood)
    expected = np.zeros((2, len(u), len(before)))
    simulated = np.zeros((len(u) * copies, len(before)))
    for rows, parameters in _groups(fit, u):
        ages = np.maximum(cells.T[rows][:, None] + before, 0.0)
        distinct, where = np.unique(ages, return_inverse=True)
        means = likelihood.expected_new(distinct[:, None], *parameters)
        for k in range(2):
            weights = np.zeros((len(before), len(distinct)))
            ends = np.broadcast_to(np.arange(len(before)), ages.shape)
            np.add.at(weights, (ends, where.reshape(ages.shape)), counts[rows, k][:, None])
            expected[k] += (weights @ means).T
        for start in np.unique(cells.T[rows]):
            people = int(counts[rows, 1][cells.T[rows] == start].sum())
            born = start + before > 0
            if people and born.any():
                lives = _lives(rng, people, start + before[born], likelihood, parameters, copies)
                simulated[:, born] += lives
    return _sums(expected, simulated, cells.n_customers / len(picked))


def _lives(
    rng: np.random.Generator,
    people: int,
    ages: Array,
    likelihood: object,
    parameters: list[Array],
    copies: int,
) -> Array:
    """Simulate new customers of one start; their cumulative purchases in sum, shape (F, H)."""
    futures = parameters[0].shape[1] * copies
    at_a_time = max(1, _AT_A_TIME // (futures * len(ages)))
    summed = np.zeros((futures, len(ages)))
    for first in range(0, people, at_a_time):
        rows = np.arange(first, min(first + at_a_time, people))
        zero, own = np.zeros((len(rows), 1)), np.arange(len(rows))
        block = Block(rows, zero, zero, zero, tuple(parameters), own, own, likelihood)
        summed += simulated_counts(block, ages, int(rng.integers(2**31)), copies).sum(axis=0)
    return summed


def _groups(fit: PurchaseFit, u: Array) -> Iterator[tuple[NDArray[np.int64], list[Array]]]:
    """Walk the groups of covariates: positions of their cells, and parameters of shape (1, D)."""
    start = fit.cells.start
    for group in range(len(start) - 1):
        values = fit.density.parameters(u, slice(group, group + 1))[:, 0]
        yield np.arange(start[group], start[group + 1]), list(values.T[:, None, :])


def _sums(expected: Array, simulated: Array, scale: float) -> Sums:
    """Turn cumulative sums into sums of each period; ``expected`` of all and of those picked."""
    copies = len(simulated) // expected.shape[1]
    whole, some = (np.repeat(part, copies, axis=0) for part in expected)
    futures = np.diff(whole + np.sqrt(scale) * (simulated - some), axis=1, prepend=0.0)
    return Sums(np.diff(expected[0].mean(axis=0), prepend=0.0), futures)


def _thinned(u: Array, evaluations: int) -> Array:
    """Keep evenly spaced draws: 500, or fewer where each costs much, but 100."""
    most = max(_FEWEST_DRAWS, min(_FUTURES, _EVALUATED // max(1, evaluations)))
    if len(u) <= most:
        return u
    return u[np.linspace(0, len(u) - 1, most).round().astype(np.int64)]


def _picked(count: Array, periods: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Pick customers to simulate, as positions of their cells, sorted."""
    most = max(_FEWEST_CUSTOMERS, min(_CUSTOMERS, _SIMULATED // (_FUTURES * max(1, periods))))
    customers = round(float(count.sum()))
    if customers <= most:
        return np.repeat(np.arange(len(count)), count.astype(np.int64))
    chosen = np.sort(rng.choice(customers, most, replace=False, shuffle=False))
    return np.searchsorted(np.cumsum(count), chosen, side="right")

"""The answer of a customer goes before what a model says of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.counter_random import uniforms
from segmodels.likelihoods import tabulated
from segmodels.models.wallet.block import Array, Elsewhere

_STREAM = 7
# Amounts of the table of a truncated law: even steps, equal ratios, and quantiles of the model.
_EVEN = np.linspace(0.0, 1.0, 33)
_RATIOS = np.linspace(0.0, 1.0, 24)
_SMALLEST = 1e-6
_LEVELS = (np.arange(32) + 0.5) / 32
# A smaller part of what the model has from the lower bound on is mostly rounding.
_FAINT = 1e-9


@dataclass(frozen=True, eq=False)
class Answered:
    """Elsewhere spend of a block in which some customers answered.

    An exact answer is certain. Of a rounded or censored one the model's law is taken, cut to the interval: within it
    an amount is as likely as the model has it, nothing at all included where the interval begins at zero. Where the
    model says nothing of the customer, or has nothing in the interval, the answer is even over it.

    Parameters
    ----------
    model
        What the model says of all B customers.
    low, high
        Bounds of the answers, shape (B,); NaN where there is none.
    keys, seed
        Of the draws.
    """

    model: Elsewhere
    low: Array
    high: Array
    keys: NDArray[np.uint64]
    seed: int

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Who answered, shape (B,)."""
        return ~np.isnan(self.low)

    @cached_property
    def atom(self) -> Array:
        """Probability of exactly nothing, given the answer, shape (B,)."""
        exactly = np.where(self.known & (self.high <= 0), 1.0, 0.0)
        # only an interval from zero has any probability at its first amount
        return self._answers(exactly, self._law[1][:, 0])

    @cached_property
    def _open(self) -> NDArray[np.int64]:
        """Positions of the answers that are intervals, R of them."""
        return np.flatnonzero(self.low < self.high)

    @cached_property
    def _law(self) -> tuple[Array, Array]:
        """Amounts within the intervals, and the probability of no more than each, both (R, G)."""
        low, high = self.low[self._open, None], self.high[self._open, None]
        if not len(low):
            return np.empty((0, 1)), np.empty((0, 1))
        model = self.model.take(self._open)
        likely = model.quantiles(_LEVELS)
        likely = np.clip(np.where(np.isnan(likely), low, likely), low, high)
        start = np.where(low > 0, low, _SMALLEST * high)
        steps = low + (high - low) * _EVEN, start * (high / start) ** _RATIOS, likely
        amounts = np.minimum(np.sort(np.concatenate(steps, axis=1), axis=1), high)
        above = model.above(amounts)
        first = np.where(low <= 0, 1.0, above[:, :1])
        mass = first - above[:, -1:]
        below = (amounts - low) / (high - low)
        np.divide(first - above, mass, out=below, where=mass > _FAINT * first)
        below = np.maximum.accumulate(np.clip(below, 0.0, 1.0), axis=1)
        below[:, -1] = 1.0
        return amounts, below

    def _answers(self, result: Array, within: Array) -> Array:
        """Put what is said of the intervals into a result of all."""
        result[self._open] = within
        return result

    def _given(self, result: Array, levels: Array) -> Array:
        """Put answers into a result (B, L): exact ones, and intervals at levels (R, L)."""
        result[self.known] = self.low[self.known, None]
        return self._answers(result, tabulated.quantiles(*self._law, levels)) if len(self._open) else result

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        return np.where(self.known, self.atom, self.model.none())

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        return self._answers(np.where(self.known, self.low, self.model.mean()), tabulated.mean(*self._law))

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D); of an answer, of the answer."""
        return np.where(self.known[:, None], self.mean()[:, None], self.model.means(numbers))

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K) from (B, K) or (K,)."""
        result = np.array(self.model.above(threshold))
        t = np.broadcast_to(threshold, result.shape)
        result[self.known] = self.low[self.known, None] > t[self.known]
        if not len(self._open):
            return result
        return self._answers(result, tabulated.above(*self._law, t[self._open]))

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        u = np.tile(np.asarray(levels, np.float64), (len(self._open), 1))
        return self._given(np.array(self.model.quantiles(levels)), u)

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        u = uniforms(self.seed, self.keys[self._open], numbers, _STREAM)
        return self._given(np.array(self.model.draws(numbers)), u)

    def at(self, u: Array, numbers: NDArray[np.int64]) -> Array:
        """C at the level u of each draw's distribution, shape (B, D) from (B, D); one category's model only."""
        result = np.array(self.model.at(u, numbers))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        return self._given(result, u[self._open])

    def take(self, rows: slice | NDArray[np.int64]) -> "Answered":
        """Take some of the customers."""
        model = self.model.take(rows)
        return Answered(model, self.low[rows], self.high[rows], self.keys[rows], self.seed)

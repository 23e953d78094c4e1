"""The answer of a customer goes before what a model says of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.counter_random import uniforms
from segmodels.models.wallet.block import Array, Elsewhere

_STREAM = 7


@dataclass(frozen=True, eq=False)
class Answered:
    """Elsewhere spend of a block in which some customers answered.

    An exact answer is certain. A rounded or censored one is taken as even over its interval; where the interval
    begins at zero, the model says how likely nothing at all is, given that it is no more than the upper end.

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
        open_below = self.known & (self.low <= 0) & (self.high > 0)
        atom = np.where(self.known & (self.high <= 0), 1.0, 0.0)
        if not open_below.any():
            return atom
        below = 1 - self.model.above(np.where(self.known, self.high, 0.0)[:, None])[:, 0]
        given = np.divide(self.model.none(), below, out=np.zeros_like(below), where=below > 0)
        # of a customer about whom the model says nothing, an open answer is taken as even
        return np.where(open_below, np.clip(np.nan_to_num(given), 0.0, 1.0), atom)

    def _value(self, u: Array) -> Array:
        """Quantile function of the answered, shape (A, L) from levels (A, L)."""
        atom, low, high = (each[self.known, None] for each in (self.atom, self.low, self.high))
        rest = np.divide(
            u - atom, 1 - atom, out=np.zeros(np.broadcast_shapes(u.shape, atom.shape)), where=atom < 1
        )
        return np.where(u <= atom, 0.0, low + np.clip(rest, 0, 1) * (high - low))

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        return np.where(self.known, self.atom, self.model.none())

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        return np.where(self.known, (1 - self.atom) * (self.low + self.high) / 2, self.model.mean())

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K) from (B, K) or (K,)."""
        result = np.array(self.model.above(threshold))
        t = np.broadcast_to(threshold, result.shape)[self.known]
        atom, low, high = (each[self.known, None] for each in (self.atom, self.low, self.high))
        width = np.broadcast_to(high - low, t.shape)
        part = np.divide(high - t, width, out=(t < high).astype(np.float64), where=width > 0)
        result[self.known] = (1 - atom) * np.clip(part, 0, 1)
        return result

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        result = np.array(self.model.quantiles(levels))
        result[self.known] = self._value(np.broadcast_to(levels, (int(self.known.sum()), len(levels))))
        return result

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        result = np.array(self.model.draws(numbers))
        if self.known.any():
            result[self.known] = self._value(uniforms(self.seed, self.keys[self.known], numbers, _STREAM))
        return result

    def at(self, u: Array, numbers: NDArray[np.int64]) -> Array:
        """C at the level u of each draw's distribution, shape (B, D) from (B, D); one category's model only."""
        result = np.array(self.model.at(u, numbers))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if self.known.any():
            result[self.known] = self._value(u[self.known])
        return result

    def take(self, rows: slice | NDArray[np.int64]) -> "Answered":
        """Take some of the customers."""
        model = self.model.take(rows)
        return Answered(model, self.low[rows], self.high[rows], self.keys[rows], self.seed)

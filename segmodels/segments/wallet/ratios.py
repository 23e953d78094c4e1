"""Ratios of what was answered to what was expected: one of all, and the segments' own, partially pooled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from segmodels.inference.counter_random import uniforms
from segmodels.models.wallet.block import Array, Elsewhere

#: Scale of the half-normal prior on the standard deviation of the segments' relative deviations.
SPREAD = 0.5
# That standard deviation is summed over, on a grid.
_SPREADS = np.linspace(0.0, 2.0, 201)
#: Of the random numbers, far from those that models use: of the answers' weights, and of the segments.
_STREAM, _SEGMENTS = 10_000, 10_001


@dataclass(frozen=True, eq=False)
class Ratios:
    """Ratios of what was answered to what was expected, by segment.

    The ratio of all is r. A segment's answers sum to 1 + d times r times what was expected of them; given its true
    deviation, d is normal with the relative variance that the answers have about r in all segments together, and the
    true deviations are normal around none, with a standard deviation whose prior is half-normal.

    Parameters
    ----------
    answered, expected
        Elsewhere spend of the n answered customers, shape (n,).
    weight
        Shape (n,).
    code
        Segment of each, shape (n,): 0 .. G - 1, or G where it has none.
    groups
        Number of segments, G.
    keys, seed
        Of the random numbers.
    model
        What the model says of the answered; with it, a draw of the ratio of all is against what the draw's own
        parameters expect.

    Examples
    --------
    >>> one = np.ones(40)
    >>> Ratios(3 * one, 2 * one, one, np.zeros(40, np.int64), 1, np.arange(40, dtype=np.uint64), 1).factor.tolist()
    [1.5, 1.5]
    """

    answered: Array
    expected: Array
    weight: Array
    code: NDArray[np.int64]
    groups: int
    keys: NDArray[np.uint64]
    seed: int
    model: Elsewhere | None = None

    @property
    def whole(self) -> float:
        """The ratio of all."""
        return float((self.weight @ self.answered) / (self.weight @ self.expected))

    @property
    def whole_error(self) -> float:
        """Standard error of its logarithm, linearised."""
        away = self.weight * (self.answered - self.whole * self.expected)
        n = len(away)
        return float(np.sqrt((away**2).sum() * n / max(n - 1, 1)) / (self.weight @ self.answered))

    @property
    def without(self) -> Array:
        """The ratio of all without each answer, shape (n,)."""
        answered, expected = self.weight * self.answered, self.weight * self.expected
        rest = expected.sum() - expected
        return np.divide(answered.sum() - answered, rest, out=np.full(len(rest), np.nan), where=rest > 0)

    @cached_property
    def observed(self) -> tuple[Array, Array]:
        """Deviations of the segments as answered, and their variances, each (G,); infinite where nobody answered."""
        rows = (self.code == np.arange(self.groups)[:, None]).astype(np.float64)
        parts = self.whole * self.weight * self.expected
        away = self.weight * self.answered - parts
        sums, n = rows @ parts, len(away)
        relative = (away @ away) / (parts @ parts) * n / max(n - 1, 1)
        some = sums > 0
        deviation = np.divide(rows @ away, sums, out=np.zeros(self.groups), where=some)
        share = np.divide(rows @ parts**2, sums**2, out=np.full(self.groups, np.inf), where=some)
        return deviation, np.where(some, relative * share, np.inf)

    @cached_property
    def spreads(self) -> Array:
        """Probability of each standard deviation of the grid, shape (K,)."""
        deviation, variance = self.observed
        known = np.isfinite(variance)
        if self.groups < 2 or not variance[known].all():
            return np.eye(len(_SPREADS))[0]
        total = variance[known] + _SPREADS[:, None] ** 2
        height = -0.5 * (np.log(total) + deviation[known] ** 2 / total).sum(axis=1)
        height -= 0.5 * (_SPREADS / SPREAD) ** 2
        height = np.exp(height - height.max())
        return height / height.sum()

    @cached_property
    def reliability(self) -> Array:
        """How much of its own deviation each segment keeps, between 0 and 1, shape (G,)."""
        return self._kept(_SPREADS) @ self.spreads

    @cached_property
    def deviations(self) -> tuple[Array, Array]:
        """Posterior means and standard deviations of the segments' deviations, each (G,)."""
        kept = self._kept(_SPREADS)
        means = kept * self.observed[0][:, None]
        mean = means @ self.spreads
        variance = (means**2 + _SPREADS**2 * (1 - kept)) @ self.spreads - mean**2
        return mean, np.sqrt(np.maximum(variance, 0))

    @property
    def factor(self) -> Array:
        """One for each segment and, last, the ratio of all, shape (G + 1,)."""
        return self.whole * (1 + np.append(self.deviations[0], 0.0))

    @property
    def standard_error(self) -> Array:
        """Of the logarithm of the factors, linearised, shape (G + 1,)."""
        mean, sd = self.deviations
        return np.hypot(self.whole_error, np.append(sd / (1 + mean), 0.0))

    def drawn(self, numbers: NDArray[np.int64]) -> Array:
        """Give factors under the draws of these numbers, shape (G + 1, D).

        The ratio of all by the Bayesian bootstrap: gaps between answers are drawn anew; deviations from their
        posterior, cut off where a factor would be below 0.
        """
        gaps = -np.log(uniforms(self.seed, self.keys, numbers, _STREAM)) * self.weight[:, None]
        # no matrix product: a draw must not depend on how many are made
        whole = (gaps * self.answered[:, None]).sum(axis=0) / (gaps * self.expected[:, None]).sum(axis=0)
        if self.model is not None:
            parts = self.weight[:, None] * self.model.means(numbers)
            whole *= (self.weight * self.expected).sum() / parts.sum(axis=0)
        segments = np.arange(self.groups, dtype=np.uint64)
        which, u = (uniforms(self.seed, segments, numbers, _SEGMENTS + k) for k in range(2))
        # one standard deviation for all segments of a draw
        spread = _SPREADS[np.searchsorted(np.cumsum(self.spreads)[:-1], which[0])]
        kept = self._kept(spread)
        mean, sd = kept * self.observed[0][:, None], spread * np.sqrt(1 - kept)
        low = ndtr(np.divide(-1 - mean, sd, out=np.full(mean.shape, -np.inf), where=sd > 0))
        return whole * np.vstack([1 + mean + sd * ndtri(low + u * (1 - low)), np.ones(len(whole))])

    def _kept(self, spread: Array) -> Array:
        """Part of its deviation that a segment keeps, (G, K), given the standard deviations of all, (K,)."""
        variance = self.observed[1][:, None]
        total = spread**2 + variance
        return np.divide(spread**2, total, out=np.zeros(total.shape), where=total > 0)

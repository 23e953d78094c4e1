"""Levels of several categories under each draw: correlated, and given what a customer answered.

An exact answer fixes the latent normal of its category, a rounded one and nothing elsewhere bound it. The other
categories are drawn from the normal that the copula leaves them, given all of these. Bounds come from the law averaged
over the posterior, as those do to which the correlation was fitted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from segmodels.inference.counter_random import uniforms
from segmodels.models.wallet.block import Array, Elsewhere
from segmodels.models.wallet.copula import FAR, between

# Streams of random numbers beyond those of one category.
_FREE, _BOUND = 16, 1_000
# Of Gibbs sampling, where several categories are bounded.
_SWEEPS = 12
# Customers of one pattern of answers at a time.
_ROWS = 2_000


@dataclass(frozen=True, eq=False)
class Levels:
    """Latent normals of B customers in K categories.

    Parameters
    ----------
    lower, upper
        Bounds, shape (B, K): equal where the value is known, infinite where nothing is.
    correlation
        Draws of the correlation, shape (draws, K, K).
    keys, seed
        Of the draws.
    """

    lower: Array
    upper: Array
    correlation: Array
    keys: NDArray[np.uint64]
    seed: int

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Whether anything is known of each, shape (B, K)."""
        return np.isfinite(self.lower) | np.isfinite(self.upper)

    @property
    def told(self) -> NDArray[np.bool_]:
        """Whether anything is known of another category of the customer, shape (B, K)."""
        return self.answered.sum(axis=1, keepdims=True) > self.answered

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """Level of each category within what is left open there, 0 to 1, shape (K, B, D)."""
        z = self._free(self.keys, numbers)
        known, bound = self.lower == self.upper, self.answered
        patterns, place = np.unique(known + bound.astype(np.int8), axis=0, return_inverse=True)
        for k, pattern in enumerate(patterns):
            if not pattern.any():
                continue
            rows = np.flatnonzero(place.ravel() == k)
            for start in range(0, len(rows), _ROWS):
                some = rows[start : start + _ROWS]
                z[:, some] = self._given(some, pattern, z[:, some], numbers)
        levels = ndtr(z)
        for k in range(len(z)):
            rows = np.flatnonzero(bound[:, k])
            low, high = self.lower[rows, k, None], self.upper[rows, k, None]
            levels[k, rows] = _within(z[k, rows], low, high)
        return levels

    def take(self, rows: slice | NDArray[np.int64]) -> "Levels":
        """Take some of the customers."""
        return Levels(self.lower[rows], self.upper[rows], self.correlation, self.keys[rows], self.seed)

    def _free(self, keys: NDArray[np.uint64], numbers: NDArray[np.int64]) -> Array:
        """Correlated normals as if nobody had answered, shape (K, B, D)."""
        raw = [ndtri(uniforms(self.seed, keys, numbers, _FREE + 4 * k)) for k in range(self.lower.shape[1])]
        roots = np.linalg.cholesky(self.correlation[numbers % len(self.correlation)])
        return np.stack(
            [np.sum([roots[:, k, j] * raw[j] for j in range(k + 1)], axis=0) for k in range(len(raw))]
        )

    def _given(
        self, rows: NDArray[np.int64], pattern: NDArray[np.int8], free: Array, numbers: NDArray[np.int64]
    ) -> Array:
        """Latent normals of customers who answered alike: 2 a known value, 1 bounds, 0 nothing; (K, B, D)."""
        fixed, rest = np.flatnonzero(pattern), np.flatnonzero(pattern == 0)
        z = free.copy()
        z[fixed] = self._fixed(rows, fixed, pattern, numbers)
        if len(rest):
            matrix = self.correlation[numbers % len(self.correlation)]
            block = matrix[:, fixed[:, None], fixed]
            slope = np.linalg.solve(block, matrix[:, fixed[:, None], rest])
            # what is left of the free draw does not depend on the categories that are fixed
            away = z[fixed] - free[fixed]
            z[rest] = free[rest] + np.sum(
                [slope[:, j].T[:, None, :] * away[j] for j in range(len(fixed))], axis=0
            )
        return z

    def _fixed(
        self,
        rows: NDArray[np.int64],
        fixed: NDArray[np.int64],
        pattern: NDArray[np.int8],
        numbers: NDArray[np.int64],
    ) -> Array:
        """Latent normals of the categories with an answer, shape (F, B, D), by Gibbs sampling within bounds."""
        shape = (len(rows), len(numbers))
        lower, upper = self.lower[rows][:, fixed].T[:, :, None], self.upper[rows][:, fixed].T[:, :, None]
        z = np.stack(
            [
                np.broadcast_to(between(0.0, 1.0, a, b, np.full(a.shape, 0.5)), shape)
                for a, b in zip(lower, upper, strict=True)
            ]
        )
        bound = np.flatnonzero(pattern[fixed] == 1)
        matrix = self.correlation[numbers % len(self.correlation)]
        precision = np.linalg.inv(matrix[:, fixed[:, None], fixed])
        for sweep in range(_SWEEPS if len(bound) > 1 else 1):
            for j in bound:
                others = np.delete(np.arange(len(fixed)), j)
                sd = 1 / np.sqrt(precision[:, j, j])
                weights = precision[:, j, others].T[:, None, :]
                mean = -(sd**2) * (weights * z[others]).sum(axis=0)
                stream = _BOUND + sweep * self.lower.shape[1] + int(fixed[j])
                u = uniforms(self.seed, self.keys[rows], numbers, stream)
                z[j] = between(mean, sd, lower[j], upper[j], u)
        return z


def bounds_of(model: Elsewhere, low: Array, high: Array) -> tuple[Array, Array]:
    """Bounds of the latent normals that answers give, each (B,); infinite where there is none.

    Parameters
    ----------
    model
        What is said of the customers without their answers; where it says nothing, an answer tells nothing either.
    low, high
        Bounds of the answers, shape (B,); NaN where there is none.
    """
    lower, upper = np.full(len(low), -np.inf), np.full(len(low), np.inf)
    rows = np.flatnonzero(~np.isnan(low))
    if not len(rows):
        return lower, upper
    model, low, high = model.take(rows), low[rows], high[rows]
    above, none = model.above(np.column_stack([low, high])), model.none()
    known = ~np.isnan(none)
    begin = np.where(low <= 0, -np.inf, _normal(1 - above[:, 0], above[:, 0]))
    end = np.where(high <= 0, _normal(none, 1 - none), _normal(1 - above[:, 1], above[:, 1]))
    lower[rows[known]], upper[rows[known]] = begin[known], end[known]
    return lower, upper


def _normal(below: Array, above: Array) -> Array:
    """Take normals of which so much is below, from whichever tail is the smaller; finite."""
    z = np.where(below < above, ndtri(np.clip(below, 0, 1)), -ndtri(np.clip(above, 0, 1)))
    return np.clip(z, -FAR, FAR)


def _within(z: Array, low: Array, high: Array) -> Array:
    """Level of normals within their bounds, from 0 to 1; a half where the bounds are one."""
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    width = ndtr(high) - ndtr(low)
    level = (ndtr(np.where(flip, -z, z)) - ndtr(low)) / np.where(width > 0, width, np.inf)
    level = np.where(width > 0, np.clip(level, 0.0, 1.0), 0.5)
    return np.where(flip, 1 - level, level)

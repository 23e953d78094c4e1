"""Elsewhere spend of a block of customers under WalletCounts.

The probabilities of purchases elsewhere are averaged over a hundred posterior draws; numbers above 24 share a bin
with those within a tenth. From there on tails, quantiles and means are those of one mixture of log-normals,
without simulation. Draws use a posterior draw each.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from segmodels.errors import NotConverged
from segmodels.inference.counter_random import uniforms
from segmodels.inference.grouped import GroupedPosterior
from segmodels.likelihoods import nbd_dirichlet
from segmodels.likelihoods.row_threads import over_rows
from segmodels.models.wallet.block import Array
from segmodels.models.wallet.counts_mixture import fill_above, fill_quantiles
from segmodels.models.wallet.counts_spend import SpendElsewhere

# Of more draws every so many are averaged over: that changes a probability by a tenth of its posterior error.
_AVERAGED = 100
_ELEMENTS = 2_000_000
_EXACT, _RATIO, _BINS = 25, 1.1, 120
# Shared variances closer than this are one, so that customers share quantiles.
_H_RATIO = 1.01
_PURCHASES, _SPEND = 0, 1


@dataclass(frozen=True, eq=False)
class CountsElsewhere:
    """Distribution of elsewhere spend of B customers, of U kinds by their purchases and group.

    Parameters
    ----------
    density
        The posterior, with the design of the U kinds.
    u
        Draws of its coordinates, shape (D, k).
    k, first
        Own purchases of each kind, and the fewest category purchases it can have, shape (U,).
    N
        Category purchases of each kind, or -1 where they are not known, shape (U,).
    code
        Kind of each customer, shape (B,).
    x, t
        Mean and variance of log spend per purchase here, shape (B,).
    known
        Whether the model can say anything of the customer, shape (B,).
    spend
        Spend per purchase elsewhere.
    keys, seed
        Of the draws.
    """

    density: GroupedPosterior
    u: Array
    k: NDArray[np.int64]
    first: NDArray[np.int64]
    N: NDArray[np.int64]
    code: NDArray[np.int64]
    x: Array
    t: Array
    known: NDArray[np.bool_]
    spend: SpendElsewhere
    keys: NDArray[np.uint64]
    seed: int

    @cached_property
    def _purchases(self) -> tuple[Array, Array]:
        """Probability and mean of each bin of purchases elsewhere, each of shape (U, E); the first bin is 0."""
        picked = self.u[np.linspace(0, len(self.u) - 1, min(len(self.u), _AVERAGED)).astype(np.int64)]
        edges = _edges()
        shape = (len(self.k), len(edges) - 1)
        weights, means = np.empty(shape), np.empty(shape)

        def fill(rows: slice) -> None:
            parameters = np.ascontiguousarray(self.density.parameters(picked, rows))
            weights[rows], means[rows] = nbd_dirichlet.elsewhere_weights(
                self.k[rows], self.first[rows], 1.0, parameters, edges
            )

        _over_kinds(fill, len(self.k), len(picked))
        if not np.isfinite(weights).all():
            raise _endless()
        self._put_answers(weights, means)
        used = max(2, int(np.flatnonzero(weights.any(axis=0)).max(initial=0)) + 1)
        return weights[:, :used], means[:, :used]

    @cached_property
    def _mixture(self) -> tuple[Array, Array, Array, Array]:
        """Weights, logarithms and variances of the bins above 0, each of shape (U, E), and omegas."""
        weights, means = self._purchases
        some = np.ascontiguousarray(weights[:, 1:]), means[:, 1:]
        return some[0], np.log(some[1]), self.spend.variance(some[1]), self.spend.omegas

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        return self._blank(self._purchases[0][self.code, 0])

    def mean(self) -> Array:
        """Mean of C, shape (B,)."""
        weights, centres, variances, omegas = self._mixture
        line, h = self.spend.line(self.x, self.t)
        inner = weights * np.exp(centres)
        total = np.zeros(len(self.x))
        for omega in omegas:
            half = 0.5 * omega**2
            total += (inner * np.exp(half * variances)).sum(axis=1)[self.code] * np.exp(half * h)
        return self._blank(np.exp(line) * total / len(omegas))

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D)."""
        numbers, edges = np.asarray(numbers, np.int64), _edges()
        out = np.empty((len(self.x), len(numbers)))
        line, omega = self.spend.lines(self.x, numbers, self.seed, len(self.u))
        own = self.spend.unsure * self.t
        for d, which in enumerate(numbers % len(self.u)):
            parameters = np.ascontiguousarray(self.density.parameters(self.u[[which]], slice(None)))
            weights, bought = nbd_dirichlet.elsewhere_weights(self.k, self.first, 1.0, parameters, edges)
            if not np.isfinite(weights).all():
                raise _endless()
            self._put_answers(weights, bought)
            half = 0.5 * omega[d] ** 2
            amounts = (weights * bought * np.exp(half * self.spend.variance(np.maximum(bought, 1)))).sum(
                axis=1
            )
            out[:, d] = amounts[self.code] * np.exp(line[:, d] + half * own)
        return self._blank(out)

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K)."""
        line, h = self.spend.line(self.x, self.t)
        t = np.atleast_2d(np.asarray(threshold, np.float64))
        with np.errstate(divide="ignore"):  # nothing at all is -inf, and more than that is what is wanted
            log_t = np.log(np.broadcast_to(t, (len(line), t.shape[1]))) - line[:, None]
        out = np.empty(log_t.shape)
        place = log_t, self.code, h, self._mixture, out
        over_rows(lambda begin, end: fill_above(*place, begin, end), len(out))
        return self._blank(out)

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        line, h = self.spend.line(self.x, self.t)
        step = np.round(np.log(h) / np.log(_H_RATIO)).astype(np.int64)
        kinds, back = np.unique(np.stack([self.code, step], axis=1), axis=0, return_inverse=True)
        out = np.empty((len(kinds), len(levels)))
        code, h = np.ascontiguousarray(kinds[:, 0]), _H_RATIO ** kinds[:, 1].astype(np.float64)
        place = np.asarray(levels, np.float64), code, h, self._mixture, out
        over_rows(lambda begin, end: fill_quantiles(*place, begin, end), len(out))
        return self._blank(np.exp(out[back.ravel()] + line[:, None]))

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        numbers = np.asarray(numbers, np.int64)
        bought = self._numbers(numbers)
        line, omega = self.spend.lines(self.x, numbers, self.seed, len(self.u))
        z = ndtri(uniforms(self.seed, self.keys, numbers, _SPEND))
        some = np.maximum(bought, 1)
        spread = np.sqrt(self.spend.variance(some) + self.spend.unsure * self.t[:, None])
        values = bought * np.exp(line + omega * spread * z)
        return self._blank(values)

    def take(self, rows: slice | NDArray[np.int64]) -> "CountsElsewhere":
        """Take some of the customers."""
        x, t = self.x[rows], self.t[rows]
        return replace(self, code=self.code[rows], x=x, t=t, known=self.known[rows], keys=self.keys[rows])

    def _numbers(self, numbers: NDArray[np.int64]) -> Array:
        """Purchases elsewhere under each draw, shape (B, D)."""
        order = np.argsort(self.code, kind="stable")
        edges = np.searchsorted(self.code[order], np.arange(len(self.k) + 1))
        u = uniforms(self.seed, self.keys, numbers, _PURCHASES)
        picked = self.u[numbers % len(self.u)]
        bought = np.empty(u.shape)

        def fill(rows: slice) -> None:
            mine = order[edges[rows.start] : edges[rows.stop]]
            start = edges[rows.start : rows.stop + 1] - edges[rows.start]
            parameters = np.ascontiguousarray(self.density.parameters(picked, rows))
            bought[mine] = nbd_dirichlet.elsewhere_numbers(
                self.k[rows], self.first[rows], 1.0, parameters, start, np.arange(len(mine)), u[mine]
            )

        _over_kinds(fill, len(self.k), len(picked))
        if not np.isfinite(bought).all():
            raise _endless()
        told = self.N[self.code]
        return np.where(told[:, None] >= 0, (told - self.k[self.code])[:, None], bought)

    def _put_answers(self, weights: Array, means: Array) -> None:
        """Put the purchases that were answered into probabilities and means of the bins, each (U, E)."""
        told = np.flatnonzero(self.N >= 0)
        J = (self.N - self.k)[told]
        place = np.minimum(np.searchsorted(_edges(), J, side="right") - 1, weights.shape[1] - 1)
        weights[told] = 0.0
        weights[told, place], means[told, place] = 1.0, J

    def _blank(self, values: Array) -> Array:
        if not self.known.all():
            values[~self.known] = np.nan
        return values


def _over_kinds(fill: Callable[[slice], None], kinds: int, draws: int) -> None:
    """Call ``fill`` on pieces of the kinds, in threads, each small enough for its parameters to fit in memory."""
    size = max(1, _ELEMENTS // (4 * max(1, draws)))

    def pieces(first: int, last: int) -> None:
        for begin in range(first, last, size):
            fill(slice(begin, min(begin + size, last)))

    over_rows(pieces, kinds)


def _edges() -> NDArray[np.int64]:
    wide = np.ceil(_EXACT * _RATIO ** np.arange(1, _BINS)).astype(np.int64)
    return np.unique(np.concatenate([np.arange(_EXACT + 1), wide]))


def _endless() -> NotConverged:
    return NotConverged(
        "Under some draws customers buy more than a million times in the window.",
        "The answers hardly determine the category rate: add answers or give informative priors.",
    )

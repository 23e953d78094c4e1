"""Elsewhere spend of a block of customers under WalletShare: closed form given the posterior's moments.

On the Box-Cox scale a customer's location is linear in the coordinates, so over the posterior it has a mean and
a variance in closed form; the spread of the errors is kept as a few equally likely nodes. Only averages over the
posterior are taken this way. Draws use the posterior draws themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp, stdtr, stdtrit

from segmodels.likelihoods import box_cox, wallet_draws, wallet_mixture
from segmodels.models.wallet.block import Array
from segmodels.models.wallet.share_lines import Lines, errors_of

_HERMITE = 9
_ELEMENTS = 2_000_000


@dataclass(frozen=True, eq=False)
class ShareElsewhere:
    """Distribution of elsewhere spend of B customers.

    Parameters
    ----------
    lines
        The posterior, as lines in the customers' features.
    features
        Of each customer, shape (B, F).
    code
        Segment of each customer, shape (B,).
    known
        Whether the model can say anything of the customer, shape (B,).
    keys, seed
        Of the draws.
    """

    lines: Lines
    features: Array
    code: NDArray[np.int64]
    known: NDArray[np.bool_]
    keys: NDArray[np.uint64]
    seed: int

    def none(self) -> Array:
        """Probability that C is 0, shape (B,)."""
        return self._blank(self._atom())

    def mean(self) -> Array:
        """Mean of C, shape (B,); infinite where it does not exist, as under t errors on the log scale."""
        if not self.lines.has_mean:
            return self._blank(np.full(len(self.features), np.inf))
        mean, variance = self.lines.moments(self.features, self.code)
        lines = self.lines
        return self._blank(
            wallet_mixture.mean(
                mean,
                variance,
                self._atom(),
                lines.sigma_nodes,
                lines.place(self.features),
                lines.scale,
                lines.money,
                lines.mixing,
            )
        )

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K)."""
        mean, variance = self.lines.moments(self.features, self.code)
        lines, t = self.lines, np.atleast_2d(np.asarray(threshold, np.float64))
        t = np.ascontiguousarray(np.broadcast_to(t, (len(mean), t.shape[1])))
        return self._blank(
            wallet_mixture.above(
                t,
                mean,
                variance,
                self._atom(),
                lines.sigma_nodes,
                lines.place(self.features),
                lines.scale,
                lines.money,
                lines.mixing,
            )
        )

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C at ascending levels, shape (B, L)."""
        mean, variance = self.lines.moments(self.features, self.code)
        lines, q = self.lines, np.asarray(levels, np.float64)
        return self._blank(
            wallet_mixture.quantiles(
                q,
                mean,
                variance,
                self._atom(),
                lines.sigma_nodes,
                lines.place(self.features),
                lines.scale,
                lines.money,
                lines.mixing,
            )
        )

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, shape (B, D)."""
        lines = self.lines
        m, sigma, nu = lines.locations(self.features, self.code, numbers)
        p0 = lines.atoms(self.features, self.code, numbers)
        return self._blank(
            wallet_draws.draws(
                m, sigma, p0, lines.scale, lines.money, self.seed, self.keys, np.asarray(numbers), nu
            )
        )

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the posterior draws of these numbers, shape (B, D)."""
        lines, numbers = self.lines, np.asarray(numbers)
        out = np.full((len(self.features), len(numbers)), np.inf)
        if not lines.has_mean:
            return self._blank(out)
        step = max(1, _ELEMENTS // max(1, len(out) * len(lines.mixing)))
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            m, sigma, nu = lines.locations(self.features, self.code, some)
            given = m.ravel(), np.zeros(m.size), lines.atoms(self.features, self.code, some).ravel()
            nodes = errors_of(sigma, nu).reshape(m.size, -1)
            rest = np.arange(m.size), lines.scale, lines.money, lines.mixing
            out[:, start : start + step] = wallet_mixture.mean(*given, nodes, *rest).reshape(m.shape)
        return self._blank(out)

    def at(self, u: Array, numbers: NDArray[np.int64]) -> Array:
        """C at the level u of each draw's distribution, shape (B, D) from (B, D)."""
        lines = self.lines
        m, sigma, nu = lines.locations(self.features, self.code, numbers)
        p0 = lines.atoms(self.features, self.code, numbers)
        lower = -1 / lines.scale if lines.scale > 0 else -np.inf
        # what is left above: of numbers near 1 the digits are there
        rest = np.clip((1 - u) / np.maximum(1 - p0, 1e-300), 1e-16, 1 - 1e-16)
        error = _errors_above((lower - m) / sigma, rest, nu)
        amount = lines.money * box_cox.inverse(m + sigma * error, lines.scale)
        return self._blank(np.where(u <= p0, 0.0, amount))

    def take(self, rows: slice | NDArray[np.int64]) -> "ShareElsewhere":
        """Take some of the customers."""
        features, code, known = self.features[rows], self.code[rows], self.known[rows]
        return ShareElsewhere(self.lines, features, code, known, self.keys[rows], self.seed)

    def _atom(self) -> Array:
        """Average over the posterior of the probability of the hurdle, shape (B,)."""
        mean, variance = self.lines.hurdle_moments(self.features, self.code)
        nodes, weights = np.polynomial.hermite_e.hermegauss(_HERMITE)
        sd = np.sqrt(variance)
        total = np.zeros(len(mean))
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += weight / (1 + np.exp(-(mean + node * sd)))
        return total

    def _blank(self, values: Array) -> Array:
        if not self.known.all():
            values[~self.known] = np.nan
        return values


def _errors_above(low: Array, rest: Array, nu: Array) -> Array:
    """Errors above `low` that leave `rest` of the probability there above themselves, (B, D); far beyond it, too."""
    if np.isinf(nu).all():
        error = -ndtri_exp(np.log(rest) + log_ndtr(-low))
    else:
        above = rest * stdtr(nu, -low)
        floor = stdtr(nu, low)
        below = floor + (1 - rest) * (1 - floor)
        error = np.where(above < 0.5, -stdtrit(nu, above), stdtrit(nu, below))
    return np.asarray(np.maximum(error, low))

"""The posterior of WalletShare as lines in the customers' features: what is left after the fit to score with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr

from segmodels.inference.grouped import GroupedPosterior
from segmodels.likelihoods.wallet_share import PARAMETERS
from segmodels.models.wallet.block import Array
from segmodels.models.wallet.own_spend import OwnSpend

_AT = {name: k for k, name in enumerate(PARAMETERS)}
_NODES = 24
# Own spends at which the spread of the errors is worked out: neighbours differ by little.
_PLACES = 256
# Draws whose t errors stand for all, and the normals that each of them is a mixture of.
_T_DRAWS, _T_NODES, _T_END = 8, 24, 7.0
_ONE = np.ones(1)


@dataclass(frozen=True, eq=False)
class Lines:
    """Draws of the coefficients of each segment.

    Parameters
    ----------
    amount
        Coefficients of the location, by segment, shape (S, draws, F); features are 1, centred log own spend within
        the middle of the answers (0 of a nonbuyer), its bend, whether a nonbuyer, and the standardised covariates.
    hurdle
        Coefficients of logit P(C = 0), shape (S, draws, F).
    sigma
        Spread of the errors, shape (draws,).
    nu
        Degrees of freedom, shape (draws,); infinite under normal errors.
    scale, money
        Box-Cox scale, and the money that it counts in.
    spread_slope
        Slope of log spread in centred log own spend, shape (draws,).
    own_spend
        Its scale.
    """

    amount: Array
    hurdle: Array
    sigma: Array
    nu: Array
    scale: float
    money: float
    spread_slope: Array
    own_spend: OwnSpend

    @cached_property
    def sigma_nodes(self) -> Array:
        """Spreads of normal errors at each of 256 own spends, shape (256, K), in laws of as many as `mixing` has."""
        y = np.linspace(self.own_spend.low, self.own_spend.high, _PLACES)[:, None]
        spreads = np.log(self.sigma) + self.spread_slope * y
        if np.isinf(self.nu).all():
            return np.exp(np.quantile(spreads, _middles(min(_NODES, len(self.sigma))), axis=1).T)
        some = np.argsort(self.nu, kind="stable")[
            (_middles(min(_T_DRAWS, len(self.nu))) * len(self.nu)).astype(np.int64)
        ]
        every = np.exp(spreads[:, some, None] + np.log(_widenings(self.nu[some, None])))
        return every.reshape(_PLACES, -1)

    @property
    def mixing(self) -> Array:
        """Weights of the normals that make one law of errors, shape (M,)."""
        return _ONE if np.isinf(self.nu).all() else _normal_scores()[1]

    @property
    def has_mean(self) -> bool:
        """Whether an expected elsewhere spend exists: a t with nu degrees of freedom has moments below nu alone."""
        return has_mean(self.nu, self.scale)

    def place(self, features: Array) -> NDArray[np.int64]:
        """Row of :attr:`sigma_nodes` of each customer, shape (B,)."""
        low, high = self.own_spend.low, self.own_spend.high
        at = (np.clip(features[:, 1], low, high) - low) / max(high - low, 1e-12) * (_PLACES - 1)
        return np.rint(at).astype(np.int64)

    @cached_property
    def _moments(self) -> tuple[Array, Array]:
        return self.amount.mean(axis=1), _covariances(self.amount)

    @cached_property
    def _hurdle_moments(self) -> tuple[Array, Array]:
        return self.hurdle.mean(axis=1), _covariances(self.hurdle)

    def moments(self, features: Array, code: NDArray[np.int64]) -> tuple[Array, Array]:
        """Posterior mean and variance of each customer's location, each (B,)."""
        return _project(*self._moments, features, code)

    def hurdle_moments(self, features: Array, code: NDArray[np.int64]) -> tuple[Array, Array]:
        """Posterior mean and variance of each customer's logit P(C = 0), each (B,)."""
        return _project(*self._hurdle_moments, features, code)

    def locations(
        self, features: Array, code: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> tuple[Array, Array, Array]:
        """Locations (B, D), spreads (B, D) and degrees of freedom (D,) under the draws of these numbers."""
        which = np.asarray(numbers) % len(self.sigma)
        spreads = self.sigma[which] * np.exp(np.outer(features[:, 1], self.spread_slope[which]))
        return _each(self.amount[:, which], features, code), spreads, self.nu[which]

    def atoms(self, features: Array, code: NDArray[np.int64], numbers: NDArray[np.int64]) -> Array:
        """P(C = 0) under the draws of these numbers, shape (B, D)."""
        which = np.asarray(numbers) % len(self.sigma)
        logit = _each(self.hurdle[:, which], features, code)
        np.negative(logit, out=logit)
        np.exp(logit, out=logit)
        logit += 1
        return np.reciprocal(logit, out=logit)


def features_of(own: Array, own_spend: OwnSpend, covariates: Array) -> Array:
    """Features of B customers, shape (B, 4 + P): 1, centred log own spend, its bend, nonbuyer, covariates."""
    y, bend, buyer = own_spend.predictors(own)
    return np.column_stack([np.ones(len(y)), y, bend, 1 - buyer, covariates])


def lines_of(density: GroupedPosterior, u: Array, scale: float, own_spend: OwnSpend) -> Lines:
    """Turn draws of the coordinates, shape (draws, size), into lines."""
    (_, level, level_shift, _), (_, _, slope_shift, _), (_, none, none_shift, _) = density.blocks()
    segments, values = (
        max(1, len(density.design.segments)),
        density.parametrisation.forward(u[:, : density.base], 1),
    )

    def column(name: str, shift: slice | None) -> Array:
        base = np.repeat(values[:, _AT[name]][None], segments, axis=0)
        return base + u[:, shift].T if density.pooled and shift is not None else base

    amount = {"level": level_shift, "slope": slope_shift, "bend": None, "nonbuyer_level": None}
    hurdle = {"hurdle": none_shift, "hurdle_slope": None, "hurdle_bend": None, "nonbuyer_hurdle": None}
    stacks = []
    for names, place in ((amount, level), (hurdle, none)):
        parts = [column(name, shift) for name, shift in names.items()]
        slopes = np.broadcast_to(u[:, place], (segments, len(u), place.stop - place.start))
        stacks.append(np.concatenate([np.stack(parts, axis=-1), slopes], axis=-1))
    sigma, nu, fan = (values[:, _AT[name]] for name in ("sigma", "nu", "spread_slope"))
    return Lines(stacks[0], stacks[1], sigma, nu, scale, density.scale, fan, own_spend)


def errors_of(sigma: Array, nu: Array) -> Array:
    """Spreads of the M normals that errors are a mixture of, (B, D, M), from spreads (B, D) and freedom (D,)."""
    if np.isinf(nu).all():
        return sigma[:, :, None]
    return sigma[:, :, None] * _widenings(nu[:, None])


def _widenings(nu: Array) -> Array:
    """How much wider than the t each of its normals is: root of nu over a chi-squared, last axis (M,)."""
    return np.sqrt(nu / chdtri(nu, ndtr(_normal_scores()[0])))


def has_mean(nu: Array, scale: float) -> bool:
    """Whether elsewhere spend has a mean for all but a twentieth of the degrees of freedom."""
    return bool(np.isinf(nu).all() or scale * float(np.quantile(nu, 0.05)) > 1)


def _normal_scores() -> tuple[Array, Array]:
    """Gauss-Legendre points of a standard normal, far into its tails, and their weights."""
    points, weights = np.polynomial.legendre.leggauss(_T_NODES)
    density = weights * np.exp(-0.5 * (_T_END * points) ** 2)
    return _T_END * points, density / density.sum()


def _middles(size: int) -> Array:
    return (np.arange(size) + 0.5) / size


def _covariances(draws: Array) -> Array:
    """Covariance over the draws by segment, shape (S, F, F); zero of a single draw."""
    centred = draws - draws.mean(axis=1, keepdims=True)
    return np.einsum("sdf,sdg->sfg", centred, centred) / draws.shape[1]


def _project(mean: Array, covariance: Array, features: Array, code: NDArray[np.int64]) -> tuple[Array, Array]:
    location, variance = np.empty(len(features)), np.empty(len(features))
    for s in np.unique(code):
        rows = code == s
        x = features[rows]
        location[rows] = x @ mean[s]
        variance[rows] = np.einsum("bf,bf->b", x @ covariance[s], x)
    return location, np.maximum(variance, 0)


def _each(coefficients: Array, features: Array, code: NDArray[np.int64]) -> Array:
    """Features times the draws of each customer's segment, shape (B, D) from (S, D, F)."""
    if len(coefficients) == 1:
        return features @ coefficients[0].T
    result = np.empty((len(features), coefficients.shape[1]))
    for s in np.unique(code):
        rows = code == s
        result[rows] = features[rows] @ coefficients[s].T
    return result

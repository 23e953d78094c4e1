"""Spend per purchase, here and elsewhere.

By Gamma-Gamma (Fader and Hardie 2013) the logarithm of what a customer spends here per purchase has, given own
purchases and spend, a mean x and a variance t in closed form; those who bought nothing here have those of
everybody. What the answered spend elsewhere per purchase is log-normal around a line in x, with a free slope:

    log(C / J) ~ Normal(intercept + slope (x - centre), omega^2 (c + (1 - c) / J + g t)),   J = N - k

where c is the part of the variance that does not average out over J purchases, and g how much not knowing x
matters. Given both all is conjugate (normal and inverse gamma: Gelman et al., Bayesian Data Analysis, section
14.8); they are chosen from a grid by marginal likelihood.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import digamma, gammaincinv, gammaln, polygamma

from segmodels.errors import Fault, InputError
from segmodels.inference.design import design
from segmodels.inference.fit import infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import GAMMA_GAMMA
from segmodels.inference.settings import MAP
from segmodels.models.value import priors
from segmodels.models.wallet.block import Array
from segmodels.tables.engine import fetch
from segmodels.tables.wallets import Wallets

_STARTS = ((1.0, 0.5, 0.0), (0.0, 0.0, 0.0), (3.0, 2.0, 1.0), (-1.0, -1.0, -1.0))
# Weak: ten and four times omega wide around the same spend elsewhere as here, and a slope of one half.
_PRIOR_MEAN, _PRIOR_PRECISION = np.array([0.0, 0.5]), np.diag([0.01, 0.0625])
_SHAPE, _RATE = 2.0, 0.25
_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_UNSURE = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0)
_NODES = 8
# The fewest draws of the line, whatever the purchases were fitted by: it is conjugate and costs nothing.
_DRAWS = 1000
FEWEST = 5


@dataclass(frozen=True, eq=False)
class SpendElsewhere:
    """Spend per purchase elsewhere, given that here.

    Parameters
    ----------
    own
        Gamma-Gamma parameters p, q, v of spend per purchase here, shape (3,).
    centre
        Mean of x among the answers used.
    coefficients
        Posterior mean of intercept and slope, shape (2,).
    covariance
        Posterior covariance of the coefficients over omega^2, shape (2, 2).
    shape, rate
        Of the inverse gamma posterior of omega^2.
    part
        c, the part of the variance that does not average out over purchases.
    unsure
        g, how much the variance rises with that of x.
    low, high
        Range of x among the answers used.
    answers
        How many answers were used.
    """

    own: Array
    centre: float
    coefficients: Array
    covariance: Array
    shape: float
    rate: float
    part: float
    unsure: float
    low: float
    high: float
    answers: int

    @property
    def omegas(self) -> Array:
        """Equally likely values of omega, shape (K,); so every mean is finite."""
        levels = 1 - (np.arange(_NODES) + 0.5) / _NODES
        return np.sqrt(self.rate / gammaincinv(self.shape, levels))

    def variance(self, J: Array) -> Array:
        """Variance of log spend per purchase over omega^2, given J purchases; J at least 1."""
        return self.part + (1 - self.part) / J

    def line(self, x: Array, t: Array) -> tuple[Array, Array]:
        """Posterior mean of the line, and over omega^2 the variance that all purchases share; shape (B,)."""
        at = np.stack([np.ones_like(x), x - self.centre], axis=-1)
        shared = np.einsum("bi,ij,bj->b", at, self.covariance, at) + self.unsure * t
        return self.centre + at @ self.coefficients, shared

    def lines(self, x: Array, numbers: NDArray[np.int64], seed: int, draws: int) -> tuple[Array, Array]:
        """Draws of the line, shape (B, D), and of omega, shape (D,); the same number, the same draw."""
        rng = np.random.default_rng([seed, crc32(b"spend elsewhere")])
        size = max(draws, _DRAWS)
        omega = np.sqrt(self.rate / rng.gamma(self.shape, size=size))
        root = np.linalg.cholesky(self.covariance)
        coefficients = self.coefficients + omega[:, None] * (rng.normal(size=(size, 2)) @ root.T)
        picked = coefficients[numbers % size]
        return self.centre + picked[:, 0] + (x[:, None] - self.centre) * picked[:, 1], omega[numbers % size]


def log_own_spend(k: Array, own: Array, parameters: Array) -> tuple[Array, Array]:
    """Mean x and variance t of log spend per purchase here given purchases and spend, each of shape (B,).

    Parameters
    ----------
    parameters
        Gamma-Gamma p, q, v. A customer's rate is Gamma(q + p k, v + own), and spend per purchase p over it.

    Examples
    --------
    >>> x, t = log_own_spend(np.array([0.0, 400.0]), np.array([0.0, 8000.0]), np.array([6.0, 4.0, 15.0]))
    >>> np.exp(x).round(1), t.round(3)
    (array([25.6, 20. ]), array([0.284, 0.   ]))
    """
    p, q, v = parameters
    return np.log(p) - digamma(q + p * k) + np.log(v + own), np.asarray(polygamma(1, q + p * k))


def own_spend(wallets: Wallets, seed: int) -> Array:
    """Fit Gamma-Gamma to all customers with purchases, at the mode; p, q, v, shape (3,).

    Raises
    ------
    InputError
        Where fewer than two customers bought anything.
    """
    bought = wallets.table.filter((wallets.table.purchases > 0) & (wallets.table.own > 0))
    counted = bought.group_by(["purchases", "own"]).aggregate(count=lambda t: t.count().cast("float64"))
    frame = fetch(counted).to_pandas().sort_values(["purchases", "own"])
    if frame["count"].sum() < 2:
        got, remedy = "fewer than two customers with purchases", "Give the purchases of all customers."
        raise InputError(Fault("purchases", got, "own purchases", remedy))
    x, count = frame["purchases"].to_numpy(np.int64), frame["count"].to_numpy(np.float64)
    mean = frame["own"].to_numpy(np.float64) / x
    cells = (x, mean, count, np.array([0, len(x)]))
    alone = design(pd.DataFrame(index=range(1)), np.ones(1), ((),), None)
    scale = float(np.median(np.repeat(mean, count.astype(np.int64))))
    prior = (priors.SHAPE, priors.SHAPE, priors.RATE)
    density = GroupedPosterior(GAMMA_GAMMA, prior, priors.COEFFICIENT, priors.SPREAD, alone, cells, scale)
    draws = infer(density, MAP(), seed, [np.array(start) for start in _STARTS])
    return density.parameters(draws.u[0, 0])[0]


def disagreeing(answered: pd.DataFrame) -> NDArray[np.bool_]:
    """Answers that name purchases elsewhere but no spend, or spend but no purchases, shape (A,)."""
    elsewhere = (answered["total_purchases"] > answered["purchases"]).to_numpy()
    none, some = (answered["high"] <= 0).to_numpy(), (answered["low"] > 0).to_numpy()
    return (elsewhere & none) | (~elsewhere & some)


def spend_elsewhere(answered: pd.DataFrame, own: Array) -> SpendElsewhere:
    """Regress the answers' spend per purchase elsewhere on that here; an interval counts as its middle.

    Raises
    ------
    InputError
        Where fewer than five answers name both purchases and spend elsewhere.
    """
    k, spend = answered["purchases"].to_numpy(np.float64), answered["own"].to_numpy(np.float64)
    J = answered["total_purchases"].to_numpy(np.float64) - k
    amount = (answered["low"] + answered["high"]).to_numpy(np.float64) / 2
    used = (J > 0) & (amount > 0)
    if used.sum() < FEWEST:
        got, remedy = f"{used.sum()} answers with purchases and spend elsewhere", "Ask more customers."
        raise InputError(Fault("wallets", got, f"at least {FEWEST}", remedy))
    x, t = log_own_spend(k[used], spend[used], own)
    y = np.log(amount[used] / J[used]) - x.mean()
    grid = [(part, unsure) for part in _PARTS for unsure in _UNSURE]
    fits = [_conjugate(x - x.mean(), y, part + (1 - part) / J[used] + unsure * t) for part, unsure in grid]
    best = int(np.argmax([fit[0] for fit in fits]))
    extent = float(x.min()), float(x.max()), len(x)
    return SpendElsewhere(own, float(x.mean()), *fits[best][1:], *grid[best], *extent)


def _conjugate(x: Array, y: Array, variance: Array) -> tuple[float, Array, Array, float, float]:
    """Log marginal likelihood, up to a constant, and the posterior: mean, covariance, shape, rate."""
    at = np.stack([np.ones_like(x), x], axis=1)
    weighted = at / variance[:, None]
    precision = _PRIOR_PRECISION + weighted.T @ at
    covariance = np.linalg.inv(precision)
    mean = covariance @ (_PRIOR_PRECISION @ _PRIOR_MEAN + weighted.T @ y)
    off, from_prior = y - at @ mean, mean - _PRIOR_MEAN
    shape = _SHAPE + len(y) / 2
    rate = _RATE + 0.5 * float(off @ (off / variance) + from_prior @ _PRIOR_PRECISION @ from_prior)
    log_marginal = gammaln(shape) - shape * np.log(rate) - 0.5 * np.linalg.slogdet(precision)[1]
    return float(log_marginal - 0.5 * np.log(variance).sum()), mean, covariance, shape, rate

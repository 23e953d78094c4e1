"""Which undecided customers would be decided by better parameters, and which only by being asked.

A customer's probability p of high potential is an average, over the uncertain parameters, of the probability
p(θ) that each parameter value gives it. More answers of others bring θ closer to its true value, and p to
p(θ): how far p can move is the variance of p(θ). One draw of a customer is one yes or no per θ, which does
not show it; but all customers share θ, so that the covariance of two customers' yes and no over the draws is
the covariance of their p(θ), and where the two are alike (one segment, about the same p) that is its
variance. p(θ) is then taken as a beta variable of mean p and that variance, and the customer counts as
decided where it reaches `sure` on either side.

Where customers that look alike do not move together, the variance is too low, and of too few it is not
estimated but taken as 0: the count is of those who are decided at least. It is what infinitely many answers
could do, a limit and not the yield of the next hundred.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from segmodels.models.wallet.block import Array, WalletFit
from segmodels.segments.wallet.potential import Potential

#: Of fewer customers no variance is estimated.
FEWEST_ALIKE = 30
_BANDS = 5


def decidable(probability: Array, variance: Array, sure: float) -> Array:
    """Give the probability that p(θ) is at least `sure` or at most 1 − `sure`, for beta variables p(θ).

    Parameters
    ----------
    probability, variance
        Mean and variance of p(θ), shape (N,). A variance of 0 or less leaves p(θ) where it is, one of
        p (1 − p) or more makes it 0 or 1.
    sure
        Above a half.

    Examples
    --------
    >>> decidable(np.array([0.5, 0.5, 0.5]), np.array([0.0, 1 / 12, 0.25]), 0.8).round(3).tolist()
    [0.0, 0.4, 1.0]
    """
    p = np.asarray(probability, np.float64)
    bound = p * (1 - p)
    between = (variance > 0) & (variance < bound)
    size = np.divide(bound, variance, out=np.full(len(p), 2.0), where=between) - 1
    a, b = np.where(between, p * size, 1.0), np.where(between, (1 - p) * size, 1.0)
    outside = beta.sf(sure, a, b) + beta.cdf(1 - sure, a, b)
    already = (np.maximum(p, 1 - p) >= sure) | ((variance > 0) & (variance >= bound))
    return np.where(between, outside, already.astype(np.float64))


def alike(probability: Array, segment: NDArray[np.int64], sure: float) -> NDArray[np.int64]:
    """Group undecided customers by probability and segment, shape (N,); −1 where too few are alike.

    Groups of fewer than 30 are joined with those of the same probability in other small segments.

    Parameters
    ----------
    probability
        Of high potential, between 1 − `sure` and `sure`, shape (N,).
    segment
        Codes from 0, shape (N,).

    Examples
    --------
    >>> alike(np.full(40, 0.5), np.repeat([0, 1], [35, 5]), 0.8)[[0, 39]].tolist()
    [7, -1]
    """
    width = (2 * sure - 1) / _BANDS
    band = np.clip(((probability - (1 - sure)) / width).astype(np.int64), 0, _BANDS - 1)
    group = (segment + 1) * _BANDS + band
    group = np.where(np.bincount(group)[group] >= FEWEST_ALIKE, group, band)
    return np.where(np.bincount(group)[group] >= FEWEST_ALIKE, group, -1)


def decided_by_others(
    fit: WalletFit,
    potential: Potential,
    cut: float,
    high: Array,
    segment: NDArray[np.int64],
    sure: float,
    draws: int,
) -> float:
    """Give the expected number of undecided customers whom better parameters alone would decide, at least.

    Parameters
    ----------
    cut
        Of potential.
    high
        Probability of high potential of the undecided, NaN for all other customers, shape (N,).
    segment
        Codes from 0, shape (N,).
    sure
        The probability that decides.
    draws
        Numbers 0 to `draws` − 1 are taken.
    """
    open_ = np.flatnonzero(~np.isnan(high))
    if not len(open_):
        return 0.0
    group = np.full(len(high), -1)
    group[open_] = alike(high[open_], segment[open_], sure)
    variance = np.nan_to_num(parameter_variance(fit, potential, cut, group, draws), nan=0.0)
    own = np.where(group[open_] >= 0, np.append(variance, 0.0)[group[open_]], 0.0)
    return float(decidable(high[open_], own, sure).sum())


def parameter_variance(
    fit: WalletFit, potential: Potential, cut: float, group: NDArray[np.int64], draws: int
) -> Array:
    """Estimate the mean covariance of "potential is above the cut" between the customers of each group, shape (G,).

    With S_d the number of them above the cut in draw d, it is (Var S − Σ Var of each) / (M (M − 1)). Unbiased, so
    it can be negative; NaN for groups of fewer than two.

    Parameters
    ----------
    group
        Group of each of the N customers, −1 for none, shape (N,).
    draws
        Numbers 0 to `draws` − 1 are taken, at least two.
    """
    groups = int(group.max(initial=-1)) + 1
    high, alone = np.zeros((groups, draws)), np.zeros(groups)
    at = 0
    for block in fit.blocks(max(1, 4_000_000 // draws)):
        here = group[at : at + len(block)]
        at += len(block)
        rows = np.flatnonzero(here >= 0)
        if not len(rows):
            continue
        up = (potential.of(block, block.elsewhere.draws(np.arange(draws))) > cut)[rows].astype(np.float64)
        np.add.at(high, here[rows], up)
        alone += np.bincount(here[rows], weights=up.var(axis=1, ddof=1), minlength=groups)
    members = np.bincount(group[group >= 0], minlength=groups).astype(np.float64)
    pairs = members * (members - 1)
    return np.divide(high.var(axis=1, ddof=1) - alone, pairs, out=np.full(groups, np.nan), where=pairs > 0)

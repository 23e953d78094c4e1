"""The Dirichlet of several brands: what penetrations and purchase rates follow from a market's shares.

Each brand against all others is the NBD-Dirichlet of :mod:`segmodels.likelihoods.nbd_dirichlet`, with r = K,
alpha = K / M, phi = S and mu the brand's share.

Source: Goodhardt, Ehrenberg and Chatfield (1984), The Dirichlet, JRSS A 147(5), section 3.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import nbd_dirichlet
from segmodels.models.wallet.block import Array

_LOWEST, _HIGHEST = 1e-6, 1e6


@dataclass(frozen=True)
class DirichletMarket:
    """Parameters of a market.

    Parameters
    ----------
    M
        Category purchases per head, buyers or not.
    K
        Shape of the category rate: the smaller, the more customers differ in how much they buy.
    S
        Concentration of the shares: the smaller, the more customers differ in what they buy.
    """

    M: float
    K: float
    S: float


def dirichlet_fit(
    penetration: float, rate: float, shares: ArrayLike, penetrations: ArrayLike
) -> DirichletMarket:
    """Fit a market by means and zeros.

    K gives the category its penetration; each brand's S gives the brand its own, and the market's S is their mean
    weighted by share.

    Parameters
    ----------
    penetration, rate
        Of the category: part of the customers who buy at all, and purchases per buyer (above 1).
    shares, penetrations
        Of each brand: share of the category's purchases, and part of the customers who buy it, shape (B,).

    Raises
    ------
    InputError
        Where no market has such figures.

    Examples
    --------
    >>> dirichlet_fit(0.56, 2.6, [0.25, 0.19], [0.20, 0.17])
    DirichletMarket(M=1.456..., K=0.7788..., S=1.6930...)
    """
    share, bought = np.asarray(shares, np.float64), np.asarray(penetrations, np.float64)
    _check(penetration, rate, share, bought)
    M = penetration * rate
    K = _root(lambda K: K * np.log1p(M / K) + np.log1p(-penetration))

    def off(S: float, mu: float, reached: float) -> float:
        return float(_penetration(DirichletMarket(M, K, S), np.array([mu]))[0]) - reached

    each = [
        _root(lambda S, mu=mu, reached=reached: off(S, mu, reached))
        for mu, reached in zip(share, bought, strict=True)
    ]
    if not np.isfinite([K, *each]).all():
        got, remedy = "penetrations too high or too low for the shares and rates", "Check their window."
        expected = "figures of one window"
        raise InputError(Fault("penetrations", got, expected, remedy, int((~np.isfinite(each)).sum())))
    return DirichletMarket(M, K, float(np.average(each, weights=share)))


def dirichlet_figures(market: DirichletMarket, shares: ArrayLike) -> pd.DataFrame:
    """Give what the model expects of each brand.

    Returns
    -------
    pandas.DataFrame
        One row per brand: ``share``; ``penetration``; ``purchase_rate``, of the brand by its buyers; and
        ``category_rate``, of the category by the brand's buyers.

    Examples
    --------
    >>> dirichlet_figures(DirichletMarket(1.456, 0.7788, 1.2953), [0.25, 0.02]).round(2)
       share  penetration  purchase_rate  category_rate
    0   0.25         0.20           1.82           3.16
    1   0.02         0.02           1.61           3.38
    """
    share = np.asarray(shares, np.float64)
    reached = _penetration(market, share)
    # Purchases of the category are those of buyers of the brand and of the others, who are at N with k = 0.
    others = _of_nonbuyers(market, share)
    return pd.DataFrame(
        {
            "share": share,
            "penetration": reached,
            "purchase_rate": market.M * share / reached,
            "category_rate": (market.M - others) / reached,
        }
    )


def _penetration(market: DirichletMarket, share: Array) -> Array:
    none = nbd_dirichlet.log_density(0, -1, market.K, market.K / market.M, market.S, share)
    return -np.expm1(none)


def _of_nonbuyers(market: DirichletMarket, share: Array) -> Array:
    """Category purchases per head by those who do not buy each brand, shape (B,)."""
    none = np.zeros(len(share), np.int64)
    each = [np.full(len(share), value) for value in (market.K, market.K / market.M, market.S)]
    parameters = np.stack([*each, share], axis=1)[None]
    _, means = nbd_dirichlet.elsewhere_weights(none, none, 1.0, parameters, np.array([0, 1]))
    return means[:, 0] * (1 - _penetration(market, share))


def _root(f: Callable[[float], float]) -> float:
    """Find the root in log scale; NaN where there is none."""

    def of_log(log_z: float) -> float:
        return f(math.exp(log_z))

    low, high = math.log(_LOWEST), math.log(_HIGHEST)
    if of_log(low) * of_log(high) > 0:
        return math.nan
    found: Any = brentq(of_log, low, high, xtol=1e-13)
    return math.exp(found)


def _check(penetration: float, rate: float, share: Array, bought: Array) -> None:
    faults: list[Fault] = []
    if not 0 < penetration < 1:
        faults.append(
            Fault("penetration", repr(penetration), "between 0 and 1", "Give a part, not per cent.")
        )
    if not rate > 1:
        faults.append(Fault("rate", repr(rate), "above 1", "Give purchases per buyer, not per head."))
    if share.shape != bought.shape or share.ndim != 1:
        faults.append(Fault("shares", f"shapes {share.shape}, {bought.shape}", "one of each brand", "Align."))
    for name, values in (("shares", share), ("penetrations", bought)):
        wrong = ~((values > 0) & (values < 1))
        if wrong.any():
            examples = tuple(repr(float(value)) for value in values[wrong][:3])
            remedy = "Give parts, not per cent."
            faults.append(
                Fault(name, "no parts", "numbers between 0 and 1", remedy, int(wrong.sum()), examples)
            )
    if share.sum() > 1 + 1e-9:
        faults.append(
            Fault("shares", f"a sum of {share.sum():.3f}", "at most 1", "Give parts of the category.")
        )
    if faults:
        raise InputError(faults)

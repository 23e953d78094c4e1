"""Customers who buy often or seldom, here and elsewhere, of whom some were asked."""

import numpy as np
import pandas as pd

from segmodels.tables.wallets import Wallets

TRUTH = {"r": 1.5, "alpha": 0.3, "phi": 3.0, "mu": 0.4}


def world(seed, n=4000, *, frame="category buyers", asked=0.3, share_slope=0.0, rate_slope=0.0, phi=3.0):
    """Customers of a file with that frame, of whom some are asked; elsewhere costs about as much as here."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    mu = 1 / (1 + np.exp(-(np.log(0.4 / 0.6) + share_slope * age)))
    N = rng.poisson(rng.gamma(1.5, 1 / 0.3, n) * np.exp(rate_slope * age))
    k = rng.binomial(N, rng.beta(phi * mu, phi * (1 - mu)))
    nu = rng.gamma(4.0, 1 / 20, n)
    own = np.where(k > 0, rng.gamma(np.maximum(6.0 * k, 1.0)) / nu, 0.0)
    price = np.exp(0.5 + 0.7 * np.log(6 / nu) + 0.3 * rng.normal(size=n))
    table = pd.DataFrame({"id": np.arange(n), "own": own, "k": k, "age": age, "N": N, "C": (N - k) * price})
    inside = {"all customers": N >= 0, "category buyers": N > 0, "own buyers": k > 0}[frame]
    table = table[inside].reset_index(drop=True)
    return table.assign(asked=rng.random(len(table)) < asked)


def read(table, **keywords):
    told = table.assign(answer=table["C"].where(table["asked"]), total=table["N"].where(table["asked"]))
    return Wallets.read(
        told.drop(columns=["N", "C", "asked"]),
        customer="id",
        own="own",
        elsewhere="answer",
        purchases="k",
        total_purchases="total",
        **keywords,
    )


def block_of(fit, size=100_000):
    return next(iter(fit.blocks(size)))


def evidence_of(fit, name):
    return next(item for item in fit.evidence if item.name == name)

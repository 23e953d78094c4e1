"""A panel, the law by which it was made, and a model that knows the law."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import lognorm

from segmodels.errors import InputError, NotConverged
from segmodels.evaluate.wallet.masked_truth import masked_truth
from segmodels.evaluate.wallet.peers import MeanImputation, NearestNeighbours
from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP
from segmodels.models.wallet.block import NOT_IDENTIFIED, WalletBlock
from segmodels.tables.wallets import Wallets

LEVEL, SLOPE, SIGMA = 6.0, -0.8, 0.6
FEW = {"mean imputation": MeanImputation(), "nearest neighbours": NearestNeighbours()}


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    own = rng.lognormal(3, 1, n)
    elsewhere = np.exp(LEVEL + SLOPE * np.log(own) + SIGMA * rng.normal(size=n))
    ids = rng.permutation(n) + 1000
    region = rng.choice(["north", "south"], n)
    return pd.DataFrame({"customer_id": ids, "own": own, "elsewhere": elsewhere, "region": region})


@dataclass(frozen=True, eq=False)
class LogNormal:
    own: np.ndarray
    known: np.ndarray
    factor: float

    def law(self):
        scale = np.where(self.known, self.factor * np.exp(LEVEL) * self.own**SLOPE, np.nan)
        return lognorm(SIGMA, scale=scale[:, None])

    def none(self):
        return np.where(self.known, 0.0, np.nan)

    def mean(self):
        return self.law().mean()[:, 0]

    def quantiles(self, levels):
        return self.law().ppf(np.asarray(levels)[None, :])


@dataclass(frozen=True, eq=False)
class OracleFit:
    spec: "Oracle"
    wallets: Wallets
    seed: int

    @property
    def evidence(self):
        return (Evidence("Honesty", self.spec.factor == 1, "Of the factor."),)

    def blocks(self, size=100):
        for frame in self.wallets.blocks(size):
            own = frame["own"].to_numpy()
            answered = frame["low"].notna().to_numpy()
            known = own < self.spec.most
            status = np.where(known, 0, NOT_IDENTIFIED).astype(np.int8)
            law = LogNormal(own, known, self.spec.factor)
            yield WalletBlock(frame["customer_id"].to_numpy(), own, {}, answered, status, law)


@dataclass(frozen=True)
class Oracle:
    """Predicts by the true law times a factor, and knows nobody who spends `most` or more."""

    factor: float = 1.0
    most: float = np.inf
    answers: int = 0
    error: type[Exception] = InputError

    def fit(self, wallets, setting, *, seed):
        del setting
        if wallets.n_answered < self.answers:
            text = ("Too few.", "Ask more.")
            raise NotConverged(*text) if self.error is NotConverged else self.error(text[0])
        return OracleFit(self, wallets, seed)


PANEL = simulate(400, 1)


def oracle_study():
    """Run the protocol with the truth, and with half of it."""
    models = {"oracle": Oracle(), "half": Oracle(factor=0.5)}
    return masked_truth(
        PANEL,
        models,
        seed=3,
        peers=FEW,
        sizes=(50, 200, 1000),
        replications=6,
        setting=MAP(),
        segment="region",
    )

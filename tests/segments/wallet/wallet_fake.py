"""A fitted wallet whose every figure is known in closed form: log-normal elsewhere spend with a hurdle at zero."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from segmodels.models.wallet.block import EXTRAPOLATED, IDENTIFIED, NOT_IDENTIFIED, WalletBlock

RESERVED = ("customer_id", "own", "low", "high", "m", "status")


def _mixed(x):
    """The finaliser of SplitMix64, on uint64."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def fake_uniforms(seed, keys, numbers, stream):
    """Uniforms that depend on seed, customer, number and stream alone, shape (B, D)."""
    with np.errstate(over="ignore"):
        row = _mixed(np.asarray(keys, np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed + 1))
        column = _mixed(np.asarray(numbers, np.uint64) + np.uint64(7919 * (stream + 1)))
        bits = _mixed(row[:, None] + column[None, :] * np.uint64(0xD1342543DE82EF95))
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


@dataclass(frozen=True, eq=False)
class FakeElsewhere:
    """C is 0 with probability p0, else log-normal(m, s); certain where `answer` is not NaN."""

    m: np.ndarray
    s: float
    p0: float
    answer: np.ndarray
    keys: np.ndarray
    seed: int
    level_sd: float

    @property
    def _known(self):
        return ~np.isnan(self.answer)

    def none(self):
        free = np.where(np.isnan(self.m), np.nan, self.p0)
        return np.where(self._known, (self.answer == 0).astype(float), free)

    def mean(self):
        return np.where(self._known, self.answer, (1 - self.p0) * np.exp(self.m + self.s**2 / 2))

    def means(self, numbers):
        level = self.level_sd * ndtri(fake_uniforms(self.seed, np.zeros(1, np.uint64), numbers, 9))
        free = (1 - self.p0) * np.exp(self.m[:, None] + self.s**2 / 2 + level)
        return np.where(self._known[:, None], self.answer[:, None], free)

    def take(self, rows):
        return replace(self, m=self.m[rows], answer=self.answer[rows], keys=self.keys[rows])

    def above(self, threshold):
        t = np.broadcast_to(np.atleast_2d(threshold), (len(self.m), np.atleast_2d(threshold).shape[1]))
        with np.errstate(divide="ignore"):
            free = (1 - self.p0) * ndtr((self.m[:, None] - np.log(t)) / self.s)
        return np.where(self._known[:, None], self.answer[:, None] > t, free)

    def quantiles(self, levels):
        inside = np.maximum((np.asarray(levels) - self.p0) / (1 - self.p0), 0.0)
        with np.errstate(over="ignore"):
            free = np.exp(self.m[:, None] + self.s * ndtri(inside)[None, :])
        return np.where(self._known[:, None], self.answer[:, None], free)

    def draws(self, numbers):
        """With a level that all customers share in a draw, as parameters do."""
        level = self.level_sd * ndtri(fake_uniforms(self.seed, np.zeros(1, np.uint64), numbers, 9))
        zero = fake_uniforms(self.seed, self.keys, numbers, 0) < self.p0
        z = ndtri(fake_uniforms(self.seed, self.keys, numbers, 1))
        free = np.where(zero, 0.0, np.exp(self.m[:, None] + self.s * z + level))
        free = np.where(np.isnan(self.m)[:, None], np.nan, free)
        return np.where(self._known[:, None], self.answer[:, None], free)


@dataclass(frozen=True, eq=False)
class FakeWallets:
    """The few things of Wallets that are asked of it, around a frame."""

    frame: pd.DataFrame
    category: str | None = None
    kind: str = "pandas"

    def __len__(self):
        return len(self.frame)

    @property
    def n_answered(self):
        return int(self.frame["low"].notna().sum())

    def answered(self):
        return self.frame[self.frame["low"].notna()].reset_index(drop=True)

    def blocks(self, size=100_000):
        for start in range(0, len(self.frame), size):
            yield self.frame.iloc[start : start + size].reset_index(drop=True)

    def give(self, frame):
        return frame


@dataclass(frozen=True, eq=False)
class FakeFit:
    """Scores the customers of a frame by m, s and p0; a row without m is not identified."""

    wallets: Any
    s: float = 0.8
    p0: float = 0.1
    seed: int = 1
    level_sd: float = 0.0
    evidence: tuple = ()

    @property
    def base(self):
        return self.wallets

    def blocks(self, size=100_000):
        for frame in self.wallets.blocks(size):
            yield self._block(frame, asked=True)

    def survey(self):
        return self._block(self.wallets.answered(), asked=False)

    def on(self, wallets):
        return replace(self, wallets=wallets)

    def _block(self, frame, *, asked):
        m = frame["m"].to_numpy(float)
        answered = frame["low"].notna().to_numpy()
        middle = ((frame["low"] + frame["high"]) / 2).to_numpy(float)
        keys = frame["customer_id"].to_numpy(np.uint64)
        answer = middle if asked else np.full(len(frame), np.nan)
        elsewhere = FakeElsewhere(m, self.s, self.p0, answer, keys, self.seed, self.level_sd)
        columns = {name: frame[name].to_numpy() for name in frame.columns if name not in RESERVED}
        own = frame["own"].to_numpy(float)
        return WalletBlock(
            frame["customer_id"].to_numpy(),
            own,
            columns,
            answered,
            frame["status"].to_numpy(np.int8),
            elsewhere,
        )


def fake_fit(n=2000, *, answered=200, seed=1, s=0.8, p0=0.1, slope=0.3, level_sd=0.05, unknown=0.02):
    """Customers with own spend, a segment and a region; the fit knows how elsewhere spend came about."""
    rng = np.random.default_rng(seed)
    own = np.where(rng.random(n) < 0.05, 0.0, np.exp(rng.normal(4.6, 1.0, n)))
    m = 4.6 + slope * (np.log(np.where(own > 0, own, 100.0)) - 4.6)
    segment = rng.choice(["a", "b", "c", "d"], n)
    m = m + pd.Series(segment).map({"a": 0.0, "b": 0.3, "c": -0.3, "d": 0.1}).to_numpy()
    elsewhere = np.where(rng.random(n) < p0, 0.0, np.exp(m + s * rng.standard_normal(n)))
    asked = np.isin(np.arange(n), rng.choice(n, answered, replace=False))
    hidden = (rng.random(n) < unknown) & ~asked
    status = np.where(
        hidden, NOT_IDENTIFIED, np.where(own > np.quantile(own, 0.98), EXTRAPOLATED, IDENTIFIED)
    )
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(n) + 10,
            "own": own,
            "low": np.where(asked, elsewhere, np.nan),
            "high": np.where(asked, elsewhere, np.nan),
            "segment": segment,
            "region": rng.choice(["north", "south"], n),
            "m": np.where(hidden, np.nan, m),
            "status": status,
        }
    )
    return FakeFit(FakeWallets(frame), s=s, p0=p0, seed=seed, level_sd=level_sd)

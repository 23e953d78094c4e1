"""Fits for the grid and the plan: with a level that is part of the closed form, and with given target shares."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from wallet_fake import FakeElsewhere, FakeFit, fake_uniforms


@dataclass(frozen=True, eq=False)
class GivenTargets:
    """The same target share for everyone, or one that depends on own spend."""

    target: float = 0.8
    slope: float = 0.0

    def of(self, block):
        return np.clip(self.target + self.slope * np.log1p(block.own), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class LevelElsewhere(FakeElsewhere):
    """Log-normal with variance s² in all, of which level_sd² is a level that all customers share in a draw."""

    def draws(self, numbers):
        level = self.level_sd * ndtri(fake_uniforms(self.seed, np.zeros(1, np.uint64), numbers, 9))
        zero = fake_uniforms(self.seed, self.keys, numbers, 0) < self.p0
        z = ndtri(fake_uniforms(self.seed, self.keys, numbers, 1))
        own_sd = np.sqrt(self.s**2 - self.level_sd**2)
        free = np.where(zero, 0.0, np.exp(self.m[:, None] + own_sd * z + level))
        free = np.where(np.isnan(self.m)[:, None], np.nan, free)
        return np.where(self._known[:, None], self.answer[:, None], free)


@dataclass(frozen=True, eq=False)
class LevelFit(FakeFit):
    """A fake fit whose parameters are uncertain, and whose predictions know it."""

    def _block(self, frame, *, asked):
        block = super()._block(frame, asked=asked)
        of = block.elsewhere
        spent = LevelElsewhere(of.m, of.s, of.p0, of.answer, of.keys, of.seed, of.level_sd)
        return replace(block, elsewhere=spent)


@dataclass(frozen=True, eq=False)
class SmallBlocks(FakeFit):
    """The same fit, in blocks of seven customers whatever is asked for."""

    def blocks(self, size=100_000):
        assert size > 0
        yield from super().blocks(7)


def all_draws(fit, draws):
    """Elsewhere spend of everybody, shape (N, D), and the one block of them."""
    (block,) = fit.blocks(10**9)
    return block, block.elsewhere.draws(np.arange(draws))

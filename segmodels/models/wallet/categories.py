"""Several categories jointly: a WalletShare for each, and what they have in common.

Own spend in every other category is a covariate of each category's model, and what is left over is correlated
between the categories by a Gaussian copula. So what a customer buys of one thing here tells of all it buys
elsewhere, and a total over categories has the interval that it should.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.inference.settings import Setting
from segmodels.models.wallet import storage
from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.arguments import check_wallets, seed_faults
from segmodels.models.wallet.block import Array, WalletBlock
from segmodels.models.wallet.categories_elsewhere import CategoriesElsewhere, CategoryElsewhere
from segmodels.models.wallet.categories_rows import fitted_parts, own_by_category, parts_of, summed
from segmodels.models.wallet.category_fit import WalletCategoryFit
from segmodels.models.wallet.copula import correlation_draws
from segmodels.models.wallet.copula_levels import Levels, bounds_of
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.share import WalletShare, WalletShareFit
from segmodels.tables.wallets import Wallets

_CORRELATIONS = 500


@dataclass(frozen=True)
class WalletCategories:
    """WalletShare in several categories at once.

    Parameters
    ----------
    model
        The model of each category.
    others
        Whether own spend in the other categories tells of each category.

    Examples
    --------
    >>> WalletCategories(WalletShare(by="region")).model.by
    'region'
    """

    model: WalletShare = field(default_factory=WalletShare)
    others: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides own spend."""
        return self.model.columns

    @property
    def by(self) -> str | None:
        """Column of the segments."""
        return self.model.by

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> "WalletCategoriesFit":
        """Fit to the answers of all categories.

        Raises
        ------
        InputError
            Where there is one category only, a customer lacks a row in one of them, or one is not bought here.
        NotConverged
            With advice.
        """
        faults = seed_faults(seed)
        if not isinstance(wallets, Wallets) or len(wallets.categories) < 2:
            remedy = "Name the column: Wallets.read(..., category=), or fit WalletShare."
            faults.append(Fault("wallets", "no several categories", "at least two categories", remedy))
        if faults:
            raise InputError(faults)
        wide = own_by_category(wallets)
        if self.others:
            _refuse_unbought(wide)
        typical = wide.where(wide > 0).median().fillna(1.0).to_numpy(np.float64)
        parts = parts_of(wallets, wide, typical if self.others else None)
        fits: dict[str, WalletShareFit] = {}
        for k, (name, part) in enumerate(parts.items()):
            spec = self.model
            if self.others:
                spec = replace(
                    spec, covariates=(*spec.covariates, *(f"log_own_{j}" for j in parts if j != name))
                )
            fits[name] = spec.fit(part, setting, seed=(seed + 7919 * k) % 2**64)
        lower, upper = _latent(fits)
        rng = np.random.default_rng([seed, 4])
        correlation = correlation_draws(lower, upper, _CORRELATIONS, rng)
        return WalletCategoriesFit(self, fits, correlation, typical, seed, wallets, wallets)


@dataclass(frozen=True, eq=False, repr=False)
class WalletCategoriesFit:
    """Fits of several categories, and draws of the correlation between them.

    As a fitted wallet it speaks of the sum over the categories; ``fit[category]`` speaks of one. Draws of the same
    customer and number belong together: those of the categories add up to that of the sum. What a customer answered in
    one category tells of its others through the correlation.

    Parameters
    ----------
    fits
        By category.
    correlation
        Draws of the correlation of what is left over, shape (draws, K, K).
    typical
        Median own spend of each category's buyers, in which logarithms of own spend count, shape (K,).
    rows
        The customers that are scored, a row for each category.
    base
        Those that were fitted.
    """

    spec: WalletCategories
    fits: Mapping[str, WalletShareFit]
    correlation: Array
    typical: Array
    seed: int
    rows: Wallets
    base: Wallets

    def __getitem__(self, category: str) -> WalletCategoryFit:
        """Give the wallet in one category.

        Raises
        ------
        InputError
            For a category that was not fitted.
        """
        if category not in self.fits:
            remedy = "Mind the spelling; categories are those of the wallets that were fitted."
            raise InputError(Fault("category", repr(category), f"one of {', '.join(self.fits)}", remedy))
        return WalletCategoryFit(category, self)

    @property
    def wallets(self) -> Wallets:
        """The customers that are scored, one row for each: sums over the categories."""
        return self._summed

    @cached_property
    def _summed(self) -> Wallets:
        return summed(self.rows, tuple(self.fits))

    def __repr__(self) -> str:
        """Name the categories."""
        return f"WalletCategoriesFit of {len(self.fits)} categories: {', '.join(self.fits)}"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every check of every category."""
        return tuple(
            replace(item, name=f"{name}: {item.name}")
            for name, fit in self.fits.items()
            for item in fit.evidence
        )

    @property
    def params(self) -> pd.DataFrame:
        """Posterior means, one row for each category."""
        return pd.DataFrame({name: fit.params for name, fit in self.fits.items()}).T.rename_axis("category")

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Posterior mean of the correlation between the categories."""
        names = pd.Index(list(self.fits), name="category")
        return pd.DataFrame(self.correlation.mean(axis=0), index=names, columns=names)

    def on(self, wallets: Wallets) -> Self:
        """Return the same posterior, ready to score other customers; they have a row in every category."""
        check_wallets(wallets)
        if wallets is self.rows:
            return self
        parts = fitted_parts(wallets, tuple(self.fits), self.typical if self.spec.others else None)
        return replace(
            self, fits={name: fit.on(parts[name]) for name, fit in self.fits.items()}, rows=wallets
        )

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers: own and elsewhere spend are sums over the categories."""
        for blocks in zip(*(fit.blocks(size) for fit in self.fits.values()), strict=True):
            yield self._sum(list(blocks))

    def survey(self) -> WalletBlock:
        """Those who answered in every category, without their own answers in hand."""
        return self._sum(_complete(self.fits))

    def category_blocks(self, category: str, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in one category, given their answers in all."""
        which = list(self.fits).index(category)
        for blocks in zip(*(fit.blocks(size) for fit in self.fits.values()), strict=True):
            yield self._one(list(blocks), which)

    def category_survey(self, category: str) -> WalletBlock:
        """Those who answered in one category, without any answer in hand."""
        block = self.fits[category].survey()
        levels = self._levels([block] * len(self.fits))
        elsewhere = CategoryElsewhere(_part(block), levels, list(self.fits).index(category))
        return replace(block, elsewhere=elsewhere)

    def predict(
        self,
        levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95),
        tau: float = 0.8,
        targets: TargetShares | None = None,
    ) -> Any:
        """Wallet, share, headroom and attainable of every customer over all categories; see :func:`predict.predict`.

        ``fit[category].predict()`` gives those of one category.
        """
        by = self.spec.model.by
        # a segment that differs between the categories of a customer is no segment of the sum
        return predict(self, levels, by if by in self.wallets.columns else None, tau, targets)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fits of all categories and their correlation as one netCDF; no customer's id is in it."""
        return storage.write(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], wallets: Wallets) -> Self:
        """Read a fit written by ``save``, with the wallets that it was saved with.

        Raises
        ------
        InputError
            Where the file is damaged, or of another model or version, or the wallets are others.
        """
        held = storage.opened(cls, path, wallets)
        trees, held["rows"] = held["fits"], held.pop("wallets")
        parts = fitted_parts(wallets, tuple(trees), held["typical"] if held["spec"].others else None)
        held["fits"] = {name: WalletShareFit.load(tree, parts[name]) for name, tree in trees.items()}
        return cls(**held)

    def _sum(self, blocks: list[WalletBlock]) -> WalletBlock:
        first = blocks[0]
        own = np.sum([block.own for block in blocks], axis=0)
        status = np.max([block.status for block in blocks], axis=0).astype(np.int8)
        answered = np.all([block.answered for block in blocks], axis=0)
        elsewhere = CategoriesElsewhere(tuple(_part(block) for block in blocks), self._levels(blocks))
        columns = {name: values for name, values in first.columns.items() if name in self.wallets.columns}
        return WalletBlock(first.customer_id, own, columns, answered, status, elsewhere)

    def _one(self, blocks: list[WalletBlock], which: int) -> WalletBlock:
        block = blocks[which]
        return replace(block, elsewhere=CategoryElsewhere(_part(block), self._levels(blocks), which))

    def _levels(self, blocks: list[WalletBlock]) -> Levels:
        bounds = [_bounds(block) for block in blocks]
        lower, upper = (np.column_stack(each) for each in zip(*bounds, strict=True))
        return Levels(lower, upper, self.correlation, customer_keys(blocks[0].customer_id), self.seed)


def _part(block: WalletBlock) -> Any:
    # WalletShare, with answers before it or without: both have levels
    return block.elsewhere


def _bounds(block: WalletBlock) -> tuple[Array, Array]:
    """Bounds of the latent normals that the answers of a block give, each (B,)."""
    law = block.elsewhere
    if isinstance(law, Answered):
        return bounds_of(law.model, law.low, law.high)
    return np.full(len(block), -np.inf), np.full(len(block), np.inf)


def _refuse_unbought(wide: pd.DataFrame) -> None:
    """Refuse a category that nobody buys here: its own spend would tell of none of the others."""
    unbought = [str(name) for name in wide.columns if not (wide[name].to_numpy(np.float64) > 0).any()]
    if unbought:
        got = f"no own spend in {', '.join(unbought)}"
        remedy = "Leave such categories out, or fit WalletCategories(others=False)."
        raise InputError(Fault("category", got, "customers who buy here in every category", remedy))


def _complete(fits: Mapping[str, WalletShareFit]) -> list[WalletBlock]:
    """Survey blocks of the customers who answered in all categories, in the order of their ids."""
    blocks = [fit.survey() for fit in fits.values()]
    ids = [pd.Index(block.customer_id) for block in blocks]
    common = ids[0]
    for other in ids[1:]:
        common = common.intersection(other)
    if not len(common):
        remedy = "Ask some customers about all categories."
        raise InputError(Fault("wallets", "no customer who answered in every category", "some", remedy))
    common = common.sort_values()
    return [block.take(index.get_indexer(common)) for block, index in zip(blocks, ids, strict=True)]


def _latent(fits: Mapping[str, WalletShareFit]) -> tuple[Array, Array]:
    """Bounds of the latent normals of everyone who answered in at least two categories, each (A, K)."""
    lowers: dict[str, pd.Series] = {}
    uppers: dict[str, pd.Series] = {}
    for name, fit in fits.items():
        frame = fit.wallets.answered()
        low, high = (frame[column].to_numpy(np.float64) for column in ("low", "high"))
        index = pd.Index(frame["customer_id"])
        bounds = bounds_of(fit.survey().elsewhere, low, high)
        lowers[name], uppers[name] = (pd.Series(each, index=index) for each in bounds)
    lower, upper = pd.DataFrame(lowers), pd.DataFrame(uppers)
    several = lower.notna().sum(axis=1) >= 2
    if not several.any():
        remedy = "Ask some customers about more than one category."
        raise InputError(Fault("wallets", "no customer answered in two categories", "some overlap", remedy))
    return (
        lower[several].fillna(-np.inf).to_numpy(np.float64),
        upper[several].fillna(np.inf).to_numpy(np.float64),
    )

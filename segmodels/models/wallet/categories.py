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
from numpy.typing import NDArray
from scipy.special import ndtri

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.inference.settings import Setting
from segmodels.models.wallet import storage
from segmodels.models.wallet.block import Array, WalletBlock
from segmodels.models.wallet.categories_elsewhere import CategoriesElsewhere
from segmodels.models.wallet.copula import correlation_draws
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.share import WalletShare, WalletShareFit
from segmodels.tables.engine import fetch
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

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> "WalletCategoriesFit":
        """Fit to the answers of all categories.

        Raises
        ------
        InputError
            Where there is one category only, or a customer lacks a row in one of them.
        NotConverged
            With advice.
        """
        if not isinstance(wallets, Wallets) or len(wallets.categories) < 2:
            remedy = "Name the column: Wallets.read(..., category=), or fit WalletShare."
            raise InputError(Fault("wallets", "no several categories", "at least two categories", remedy))
        wide = _own(wallets)
        typical = wide.where(wide > 0).median().fillna(1.0).to_numpy(np.float64)
        parts = _parts(wallets, wide, typical if self.others else None)
        fits: dict[str, WalletShareFit] = {}
        for k, (name, part) in enumerate(parts.items()):
            spec = self.model
            if self.others:
                spec = replace(
                    spec, covariates=(*spec.covariates, *(f"log_own_{j}" for j in parts if j != name))
                )
            fits[name] = spec.fit(part, setting, seed=seed + 7919 * k)
        lower, upper = _latent(fits)
        rng = np.random.default_rng([seed, 4])
        correlation = correlation_draws(lower, upper, _CORRELATIONS, rng)
        return WalletCategoriesFit(self, fits, correlation, typical, seed, wallets, wallets)


@dataclass(frozen=True, eq=False, repr=False)
class WalletCategoriesFit:
    """Fits of several categories, and draws of the correlation between them.

    As a fitted wallet it speaks of the sum over the categories; ``fit[category]`` speaks of one.

    Parameters
    ----------
    fits
        By category.
    correlation
        Draws of the correlation of what is left over, shape (draws, K, K).
    typical
        Median own spend of each category's buyers, in which logarithms of own spend count, shape (K,).
    """

    spec: WalletCategories
    fits: Mapping[str, WalletShareFit]
    correlation: Array
    typical: Array
    seed: int
    wallets: Wallets
    base: Wallets

    def __getitem__(self, category: str) -> WalletShareFit:
        """Give the fit of one category."""
        return self.fits[category]

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
        """Return the same posterior, ready to score other customers."""
        parts = _fitted_parts(wallets, tuple(self.fits), self.typical if self.spec.others else None)
        return replace(
            self, fits={name: fit.on(parts[name]) for name, fit in self.fits.items()}, wallets=wallets
        )

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers: own and elsewhere spend are sums over the categories."""
        for blocks in zip(*(fit.blocks(size) for fit in self.fits.values()), strict=True):
            yield self._sum(blocks)

    def survey(self) -> WalletBlock:
        """Those who answered in every category, without their own answers in hand."""
        return self._sum(_complete(self.fits))

    def predict(
        self,
        levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95),
        tau: float = 0.8,
        targets: TargetShares | None = None,
    ) -> pd.DataFrame:
        """Wallet, share, headroom and attainable of every customer over all categories, as pandas.

        ``fit[category].predict()`` gives those of one category.
        """
        return predict(self, levels, self.spec.model.by, tau, targets)

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
        trees = held["fits"]
        parts = _fitted_parts(wallets, tuple(trees), held["typical"] if held["spec"].others else None)
        held["fits"] = {name: WalletShareFit.load(tree, parts[name]) for name, tree in trees.items()}
        return cls(**held)

    def _sum(self, blocks: Any) -> WalletBlock:
        first: WalletBlock = blocks[0]
        own = np.sum([block.own for block in blocks], axis=0)
        status = np.max([block.status for block in blocks], axis=0).astype(np.int8)
        answered = np.all([block.answered for block in blocks], axis=0)
        keys = customer_keys(first.customer_id)
        elsewhere = CategoriesElsewhere(
            tuple(block.elsewhere for block in blocks), self.correlation, keys, self.seed
        )
        return WalletBlock(first.customer_id, own, first.columns, answered, status, elsewhere)


def _own(wallets: Wallets) -> pd.DataFrame:
    """Own spend, one row for each customer and one column for each category.

    Raises
    ------
    InputError
        Where a customer lacks a row in a category.
    """
    rows = fetch(wallets.table.select("customer_id", "category", "own")).to_pandas()
    sizes, customers = rows["category"].value_counts(), rows["customer_id"].nunique()
    if (sizes != customers).any():
        shown = tuple(
            f"{name}: {sizes[name]:,} of {customers:,} customers" for name in wallets.categories[:3]
        )
        remedy = "Add rows with own 0 for categories that a customer does not buy here."
        got, expected = "customers without a row", "a row in every category"
        raise InputError(Fault("category", got, expected, remedy, examples=shown))
    wide = rows.pivot_table(index="customer_id", columns="category", values="own").rename_axis(columns=None)
    return wide.loc[:, list(wallets.categories)]


def _parts(wallets: Wallets, wide: pd.DataFrame, typical: Array | None) -> dict[str, Wallets]:
    """Take the wallets of each category in `wide`; with own spend in the others, unless `typical` is None."""
    parts = {str(name): wallets.of(str(name)) for name in wide.columns}
    if typical is None:
        return parts
    logs = (wide / typical).apply(np.log1p).add_prefix("log_own_")
    return {
        name: part.with_attributes(logs.drop(columns=f"log_own_{name}").reset_index())
        for name, part in parts.items()
    }


def _fitted_parts(wallets: Wallets, names: tuple[str, ...], typical: Array | None) -> dict[str, Wallets]:
    missing = [name for name in names if name not in wallets.categories]
    if missing:
        got, remedy = f"no category {', '.join(missing)}", "Give rows of every fitted category."
        raise InputError(Fault("wallets", got, f"all of {', '.join(names)}", remedy))
    return _parts(wallets, _own(wallets).loc[:, list(names)], typical)


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
        frame, block = fit.wallets.answered(), fit.survey()
        bounds = frame[["low", "high"]].to_numpy(np.float64)
        below = 1 - block.elsewhere.above(bounds)
        nothing = block.elsewhere.none()
        zero = bounds[:, 1] <= 0
        low = np.where(bounds[:, 0] <= 0, 0.0, below[:, 0])
        high = np.where(zero, nothing, below[:, 1])
        index = pd.Index(frame["customer_id"])
        lowers[name], uppers[name] = (pd.Series(_normal(each), index=index) for each in (low, high))
    lower, upper = pd.DataFrame(lowers), pd.DataFrame(uppers)
    several = lower.notna().sum(axis=1) >= 2
    if not several.any():
        remedy = "Ask some customers about more than one category."
        raise InputError(Fault("wallets", "no customer answered in two categories", "some overlap", remedy))
    return (
        lower[several].fillna(-np.inf).to_numpy(np.float64),
        upper[several].fillna(np.inf).to_numpy(np.float64),
    )


def _normal(p: NDArray[np.float64]) -> Array:
    # where the model is not identified (NaN) the answer tells nothing of the copula
    return np.asarray(ndtri(np.clip(p, 0.0, 1.0)))

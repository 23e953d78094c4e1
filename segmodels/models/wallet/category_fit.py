"""One of several categories as a fitted wallet of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import pandas as pd
import xarray as xr

from segmodels.evidence import Evidence
from segmodels.inference.grouped import GroupedPosterior
from segmodels.models.wallet.block import Array, WalletBlock
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.share import WalletShare, WalletShareFit
from segmodels.tables.wallets import Wallets


class _Categories(Protocol):
    """What a fit of several categories gives of one."""

    @property
    def fits(self) -> Mapping[str, WalletShareFit]: ...

    @property
    def base(self) -> Wallets: ...

    @property
    def seed(self) -> int: ...

    def category_blocks(self, category: str, size: int = ...) -> Iterator[WalletBlock]: ...

    def category_survey(self, category: str) -> WalletBlock: ...

    def on(self, wallets: Wallets) -> Self: ...


@dataclass(frozen=True, eq=False, repr=False)
class WalletCategoryFit:
    """The wallet in one of several categories, with what the answers in the others tell of it.

    Its draws are those that make up the draws of the sum over the categories. The model as it was fitted to this
    category is ``categories.fits[category]``.

    Parameters
    ----------
    category
        Its name.
    categories
        The fit of all categories.
    """

    category: str
    categories: _Categories

    def __repr__(self) -> str:
        """Name the category, then model, size, parameters and checks."""
        return f"{self.category}: {self._fit!r}"

    @property
    def _fit(self) -> WalletShareFit:
        return self.categories.fits[self.category]

    @property
    def spec(self) -> WalletShare:
        """The model that was fitted to this category."""
        return self._fit.spec

    @property
    def wallets(self) -> Wallets:
        """The customers that are scored, with the rows of this category."""
        return self._fit.wallets

    @property
    def base(self) -> Wallets:
        """The customers that were fitted, with the rows of all categories."""
        return self.categories.base

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What the fit of this category found out about itself."""
        return self._fit.evidence

    @property
    def params(self) -> pd.Series:
        """Posterior means of this category's model."""
        return self._fit.params

    @property
    def posterior(self) -> xr.DataTree:
        """Posterior of this category's model, as ArviZ has it."""
        return self._fit.posterior

    @property
    def density(self) -> GroupedPosterior:
        """What was fitted to this category."""
        return self._fit.density

    @property
    def u(self) -> Array:
        """All draws of the coordinates of this category's model, shape (draws, k)."""
        return self._fit.u

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of this category's answers under its model."""
        return self._fit.log_likelihood

    @property
    def seed(self) -> int:
        """Of the draws."""
        return self.categories.seed

    def on(self, wallets: Wallets) -> Self:
        """Return the same posterior, ready to score other customers; they have a row in every category."""
        return type(self)(self.category, self.categories.on(wallets))

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in the order of their ids."""
        yield from self.categories.category_blocks(self.category, size)

    def survey(self) -> WalletBlock:
        """Give those who answered in this category, without any answer in hand."""
        return self.categories.category_survey(self.category)

    def predict(
        self,
        levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95),
        tau: float = 0.8,
        targets: TargetShares | None = None,
    ) -> Any:
        """Wallet, share, headroom and attainable potential of every customer; see :func:`predict.predict`."""
        return predict(self, levels, self.spec.by, tau, targets)

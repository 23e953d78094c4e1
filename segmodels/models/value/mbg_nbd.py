"""MBG/NBD: as BG/NBD, with a chance to drop out right after the first purchase as well.

Source: Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing 24(3).
"""

from dataclasses import dataclass
from typing import Any, Self

from segmodels.inference.parametrisation import beta_geometric
from segmodels.inference.priors import Prior
from segmodels.inference.settings import MAP, Setting
from segmodels.models.value import lifetimes_bridge, priors, storage
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.purchases import covariate_columns, fit_purchases
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit

FORM = beta_geometric("segmodels.likelihoods.mbg_nbd")


@dataclass(frozen=True)
class MBGNBD:
    """The MBG/NBD model; parameters as in :class:`~segmodels.models.value.bg_nbd.BGNBD`.

    Examples
    --------
    >>> MBGNBD(purchase_covariates=("online",)).columns
    ('online',)
    """

    r: Prior = priors.SHAPE
    alpha: Prior = priors.RATE
    phi: Prior = priors.DROPOUT
    kappa: Prior = priors.CERTAINTY
    coefficient: Prior = priors.COEFFICIENT
    spread: float = priors.SPREAD
    purchase_covariates: tuple[str, ...] = ()
    dropout_covariates: tuple[str, ...] = ()
    by: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides frequency, recency and T."""
        return covariate_columns(self.purchase_covariates, self.dropout_covariates, self.by)

    def fit(self, customers: Customers, setting: Setting, *, seed: int) -> "MBGNBDFit":
        """Fit to customers; errors as in BG/NBD."""
        base = (self.r, self.alpha, self.phi, self.kappa)
        parts = fit_purchases(FORM, self, base, customers, setting, seed)
        return MBGNBDFit(self, parts.cells, parts.density, parts.posterior, parts.evidence, seed, customers)


class MBGNBDFit(PurchaseFit):
    """A fitted MBG/NBD model."""

    @classmethod
    def load(cls, path: Any, customers: Customers | None = None) -> Self:
        """Read a fit written by ``save``; give customers to score them."""
        return storage.load(cls, MBGNBD, FORM, path, customers)

    @classmethod
    def from_lifetimes(cls, fitter: Any, unit: Unit = "day") -> Self:
        """Take over a fitted ``lifetimes.ModifiedBetaGeoFitter``; see ``BGNBDFit.from_lifetimes``."""
        return lifetimes_bridge.purchases(cls, MBGNBD(), FORM, fitter, "ModifiedBetaGeoFitter", unit, MAP())

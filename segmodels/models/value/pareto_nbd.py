"""Pareto/NBD: purchases while alive, and an exponential lifetime that may end at any time.

Source: Schmittlein, Morrison and Colombo (1987), Counting your customers, Management Science 33(1).
"""

from dataclasses import dataclass
from typing import Any, Self

from segmodels.inference.parametrisation import PARETO as FORM
from segmodels.inference.priors import Prior
from segmodels.inference.settings import MAP, Setting
from segmodels.models.value import lifetimes_bridge, priors, storage
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.purchases import covariate_columns, fit_purchases
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit


@dataclass(frozen=True)
class ParetoNBD:
    """The Pareto/NBD model.

    While alive a customer buys at a Poisson rate that is Gamma(r, alpha) over customers, and dies at a rate that
    is Gamma(s, beta) over customers.

    Parameters
    ----------
    r, alpha, s, beta
        Priors on log r, log(alpha / mean T), log s and log(beta / mean T).
    coefficient, spread, by
        As in :class:`~segmodels.models.value.bg_nbd.BGNBD`.
    purchase_covariates
        Columns that shift the log purchase rate.
    dropout_covariates
        Columns that shift the log death rate.

    Examples
    --------
    >>> ParetoNBD(by="channel").columns
    ('channel',)
    """

    r: Prior = priors.SHAPE
    alpha: Prior = priors.RATE
    s: Prior = priors.SHAPE
    beta: Prior = priors.RATE
    coefficient: Prior = priors.COEFFICIENT
    spread: float = priors.SPREAD
    purchase_covariates: tuple[str, ...] = ()
    dropout_covariates: tuple[str, ...] = ()
    by: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides frequency, recency and T."""
        return covariate_columns(self.purchase_covariates, self.dropout_covariates, self.by)

    def fit(self, customers: Customers, setting: Setting, *, seed: int) -> "ParetoNBDFit":
        """Fit to customers; errors as in BG/NBD."""
        base = (self.r, self.alpha, self.s, self.beta)
        parts = fit_purchases(FORM, self, base, customers, setting, seed)
        return ParetoNBDFit(
            self, parts.cells, parts.density, parts.posterior, parts.evidence, seed, customers
        )


class ParetoNBDFit(PurchaseFit):
    """A fitted Pareto/NBD model."""

    @classmethod
    def load(cls, path: Any, customers: Customers | None = None) -> Self:
        """Read a fit written by ``save``; give customers to score them."""
        return storage.load(cls, ParetoNBD, FORM, path, customers)

    @classmethod
    def from_lifetimes(cls, fitter: Any, unit: Unit = "day") -> Self:
        """Take over a fitted ``lifetimes.ParetoNBDFitter``; see ``BGNBDFit.from_lifetimes``."""
        return lifetimes_bridge.purchases(cls, ParetoNBD(), FORM, fitter, "ParetoNBDFitter", unit, MAP())

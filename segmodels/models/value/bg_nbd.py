"""BG/NBD: purchases while alive, and a chance to drop out after each repeat purchase.

Source: Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
"""

from dataclasses import dataclass
from typing import Any, Self

from segmodels.evidence import Evidence
from segmodels.inference.parametrisation import beta_geometric
from segmodels.inference.priors import Prior
from segmodels.inference.settings import MAP, Setting
from segmodels.models.value import lifetimes_bridge, priors, storage
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.purchases import covariate_columns, fit_purchases, one_time_buyers
from segmodels.tables.cells import PurchaseCells
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit

FORM = beta_geometric("segmodels.likelihoods.bg_nbd")


@dataclass(frozen=True)
class BGNBD:
    """The BG/NBD model.

    While alive a customer buys at a Poisson rate; rates are Gamma(r, alpha) over customers. After each repeat
    purchase a customer drops out with a probability that is Beta(a, b) over customers.

    Parameters
    ----------
    r, alpha, phi, kappa
        Priors on log r, log(alpha / mean T), logit phi and log kappa, where phi = a / (a + b) is the mean
        dropout probability and kappa = a + b.
    coefficient
        Prior of each coefficient of a standardised covariate.
    spread
        Scale of the half-normal prior on the standard deviation of the segments' shifts.
    purchase_covariates
        Columns that shift the log purchase rate.
    dropout_covariates
        Columns that shift logit phi.
    by
        Column that holds the segment; rates and dropout are partially pooled over its segments.

    Examples
    --------
    >>> import pandas as pd, segmodels as sg
    >>> summary = pd.DataFrame(
    ...     {
    ...         "customer_id": range(6),
    ...         "frequency": [0, 0, 1, 2, 5, 0],
    ...         "recency": [0.0, 0.0, 10.0, 20.0, 30.0, 0.0],
    ...         "T": [39.0, 38.0, 39.0, 37.0, 36.0, 35.0],
    ...     }
    ... )
    >>> fit = sg.BGNBD().fit(sg.Customers.read(summary, unit="week"), sg.MAP(), seed=1)
    >>> fit.alive().columns.tolist()
    ['customer_id', 'alive']
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

    def fit(self, customers: Customers, setting: Setting, *, seed: int) -> "BGNBDFit":
        """Fit to customers.

        Raises
        ------
        InputError
            Where customers or covariates can not be used.
        NotConverged
            With advice.
        """
        base = (self.r, self.alpha, self.phi, self.kappa)
        parts = fit_purchases(FORM, self, base, customers, setting, seed)
        evidence = (*parts.evidence, always_alive(parts.cells))
        return BGNBDFit(self, parts.cells, parts.density, parts.posterior, evidence, seed, customers)


class BGNBDFit(PurchaseFit):
    """A fitted BG/NBD model."""

    @classmethod
    def load(cls, path: Any, customers: Customers | None = None) -> Self:
        """Read a fit written by ``save``; give customers to score them."""
        return storage.load(cls, BGNBD, FORM, path, customers)

    @classmethod
    def from_lifetimes(cls, fitter: Any, unit: Unit = "day") -> Self:
        """Take over a fitted ``lifetimes.BetaGeoFitter``, its parameters and its customers.

        Parameters
        ----------
        fitter
            The fitted object.
        unit
            What its ``T`` was measured in; lifetimes does not keep it.
        """
        return lifetimes_bridge.purchases(cls, BGNBD(), FORM, fitter, "BetaGeoFitter", unit, MAP())


def always_alive(cells: PurchaseCells) -> Evidence:
    """Say how many customers the model takes to be alive whatever happens."""
    share, once = one_time_buyers(cells)
    text = (
        f"{once:,.0f} customers ({share:.0%}) bought once, and BG/NBD gives each of them P(alive) = 1: it "
        "lets nobody leave before a second purchase. Where that matters, use MBGNBD, which lets them."
    )
    return Evidence("P(alive) of one-time buyers", None, text)

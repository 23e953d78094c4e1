"""Gamma-Gamma: spend per purchase, independent of how often a customer buys.

Source: Fader and Hardie (2013), The Gamma-Gamma model of monetary value, brucehardie.com note 025.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import spearmanr

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.design import design, design_like
from segmodels.inference.fit import infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import GAMMA_GAMMA as FORM
from segmodels.inference.posterior import posterior_tree
from segmodels.inference.priors import Prior
from segmodels.inference.settings import MAP, Setting
from segmodels.likelihoods import gamma_gamma
from segmodels.models.value import covariates, lifetimes_bridge, priors, storage
from segmodels.models.value.arguments import check_customers, check_fit, levels
from segmodels.models.value.describe import describe_fit
from segmodels.tables.cells import SpendCells, join_scores, purchase_cells, spend_cells
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit

Array = NDArray[np.float64]
_ELEMENTS = 2_000_000
_STARTS = ((1.0, 0.5, 0.0), (0.0, 0.0, 0.0), (3.0, 2.0, 1.0), (-1.0, -1.0, -1.0))


@dataclass(frozen=True)
class GammaGamma:
    """The Gamma-Gamma model.

    Each purchase of a customer is Gamma(p, nu); nu is Gamma(q, v) over customers, with v a rate. Only
    customers with a repeat purchase and a positive mean spend tell about it.

    Parameters
    ----------
    p, q, v
        Priors on log p, log(q - 1) and log(v / median spend); q is above 1 by construction, so that mean spend
        exists.
    coefficient
        Prior of each coefficient of a standardised covariate.
    spread
        Scale of the half-normal prior on the standard deviation of the segments' shifts.
    spend_covariates
        Columns that shift log mean spend.
    by
        Column that holds the segment; mean spend is partially pooled over its segments.

    Examples
    --------
    >>> GammaGamma(by="channel").columns
    ('channel',)
    """

    p: Prior = priors.SHAPE
    q: Prior = priors.SHAPE
    v: Prior = priors.RATE
    coefficient: Prior = priors.COEFFICIENT
    spread: float = priors.SPREAD
    spend_covariates: tuple[str, ...] = ()
    by: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides frequency and monetary_value."""
        return tuple(dict.fromkeys((*self.spend_covariates, *(() if self.by is None else (self.by,)))))

    def fit(self, customers: Customers, setting: Setting, *, seed: int) -> "GammaGammaFit":
        """Fit to customers.

        Raises
        ------
        InputError
            Where no customer has a repeat purchase with a positive spend.
        NotConverged
            With advice.
        """
        check_fit(self, (self.p, self.q, self.v), customers, setting, seed)
        cells = spend_cells(customers, self.columns)
        # A segment without a repeat buyer has no cell, and yet its customers are expected to spend.
        segments: Any = None if self.by is None else purchase_cells(customers, (self.by,)).groups[self.by]
        known = design(cells.groups, cells.group_sizes, (tuple(self.spend_covariates),), self.by, segments)
        scale = float(np.median(np.repeat(cells.monetary_value, cells.count.astype(np.int64))))
        density = GroupedPosterior(
            FORM, (self.p, self.q, self.v), self.coefficient, self.spread, known, cells.arrays, scale
        )
        starts = [np.zeros(density.size) for _ in _STARTS]
        for start, base in zip(starts, _STARTS, strict=True):
            start[:3] = base
        draws = infer(density, setting, seed, starts)
        attributes = storage.describe(self, density, customers.unit)
        attributes |= {"setting": repr(setting), "seed": seed}
        tree = posterior_tree(density, draws, attributes)
        evidence = (*draws.evidence, *_evidence(cells))
        return GammaGammaFit(self, cells, density, tree, evidence, seed, customers)


@dataclass(frozen=True, eq=False, repr=False)
class GammaGammaFit:
    """A fitted Gamma-Gamma model; parameters as of ``PurchaseFit``."""

    spec: GammaGamma
    cells: SpendCells
    density: GroupedPosterior
    posterior: xr.DataTree
    evidence: tuple[Evidence, ...]
    seed: int
    customers: Customers | None

    def __repr__(self) -> str:
        """Model, size, parameters and checks, in three lines."""
        return describe_fit(self, f"{self.cells.n_customers:,} customers with repeat purchases")

    @property
    def u(self) -> Array:
        """All draws of the coordinates, shape (draws, k)."""
        u = self.posterior["unconstrained_posterior"]["u"].to_numpy()
        return u.reshape(-1, u.shape[-1])

    @property
    def params(self) -> pd.Series:
        """Posterior means of p, q and v (the mode under MAP), at the mean of the covariates."""
        values = FORM.forward(self.u[:, :3], self.density.scale)
        return pd.Series(values.mean(axis=0), index=list(FORM.parameters), name="GammaGamma")

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood at ``params`` of all customers who tell about spend."""
        return self.density.log_likelihood(covariates.mean_coordinates(self.density, self.u))

    def on(self, customers: Customers) -> Self:
        """Return the same posterior, ready to score other customers."""
        check_customers(customers)
        cells = spend_cells(customers, self.spec.columns)
        same = design_like(self.density.design, cells.groups, self.spec.by)
        density = replace(self.density, design=same, cells=cells.arrays)
        return replace(self, cells=cells, density=density, customers=customers)

    def expected_spend(self) -> Any:
        """Spend expected of each customer per purchase.

        Returns
        -------
        table
            One row per customer: ``customer_id, expected_spend``, in the kind of table that came in.
        """
        customers = self.customers
        if customers is None:
            got = "a fit loaded without customers"
            raise InputError(Fault("customers", got, "customers", "Call fit.on(customers) first."))
        return customers.give(self.spend_lines(customers))

    def spend_lines(self, customers: Customers) -> Any:
        """Join ``customer_id, expected_spend`` on the engine: E[spend | x, m] = A(x) + B(x) m."""
        cells = purchase_cells(customers, self.spec.columns)
        frame = cells.frame()[["frequency", *self.spec.columns]].assign(group=cells.group)
        frame = frame.drop_duplicates(["frequency", "group"]).reset_index(drop=True)
        spread = self.group_parameters_of(self.u, cells.groups)
        frame[["intercept", "slope"]] = 0.0
        size = max(1, _ELEMENTS // len(self.u))
        for start in range(0, len(frame), size):
            rows = slice(start, start + size)
            x = frame["frequency"].to_numpy(np.float64)[rows]
            lines = gamma_gamma.posterior_mean_coefficients(x, *spread(frame["group"].to_numpy()[rows]))
            for name, part in zip(("intercept", "slope"), lines, strict=True):
                frame.loc[frame.index[rows], name] = part.mean(axis=0)
        joined = join_scores(customers, frame.drop(columns="group"), ("frequency", *self.spec.columns))
        spend = joined["intercept"] + joined["slope"] * joined["monetary_value"]
        return joined.select("customer_id", expected_spend=spend)

    def group_parameters(self, groups: pd.DataFrame) -> Array:
        """Draws of p, q, v for given covariates and segments, shape (draws, groups, 3)."""
        same = design_like(self.density.design, groups, self.spec.by)
        return replace(self.density, design=same).parameters(self.u)

    def group_parameters_of(
        self, u: Array, groups: pd.DataFrame | None = None
    ) -> Callable[[NDArray[np.int64]], tuple[Array, ...]]:
        """Return a function from rows of ``groups``, shape (C,), to p, q and v, each (draws, 1) or (draws, C)."""
        known = self.cells.groups if groups is None else groups
        same = replace(self.density, design=design_like(self.density.design, known, self.spec.by))
        if len(known) == 1:
            values = np.moveaxis(same.parameters(u), -1, 0)
            return lambda rows: tuple(values)  # noqa: ARG005
        return lambda rows: tuple(np.moveaxis(same.parameters(u, rows), -1, 0))

    def expected_spend_new(self) -> Array:
        """Draws of the mean spend per purchase of somebody not seen before, shape (draws,)."""
        values = FORM.forward(self.u[:, :3], self.density.scale)
        return gamma_gamma.expected_new(*values.T)

    def log_likelihood_blocks(self, size: int = 500) -> Any:
        """Walk (positions of cells, log-likelihood of one customer of each cell under each draw)."""
        group = np.repeat(np.arange(len(self.cells.groups)), np.diff(self.cells.start))
        for start in range(0, len(self.cells.count), size):
            rows = np.arange(start, min(start + size, len(self.cells.count)))
            x = self.cells.frequency[rows, None].astype(np.float64)
            values = np.moveaxis(self.density.parameters(self.u, group[rows]), -1, 0).swapaxes(1, 2)
            yield rows, gamma_gamma.log_density(x, self.cells.monetary_value[rows, None], *values)

    def effects(self, interval: float = 0.9) -> pd.DataFrame:
        """Covariate effects on spend, with intervals."""
        return covariates.effects(self.density, self.u, self.cells.group_sizes, levels(interval))

    def shrinkage(self) -> pd.DataFrame:
        """Each segment's own mean spend, its pooled one, and how far it was drawn to the whole."""
        centre = covariates.mean_coordinates(self.density, self.u)
        return covariates.shrinkage(self.density, centre, self.cells.group_sizes)

    def pymc_model(self) -> Any:
        """Build the PyMC model that NUTS runs."""
        from segmodels.inference.sample import pymc_model

        return pymc_model(self.density)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write posterior, spec and cells as netCDF, at once or not at all; no customer's id is in it."""
        return storage.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], customers: Customers | None = None) -> Self:
        """Read a fit written by ``save``; give customers to score them."""
        return storage.load(cls, GammaGamma, FORM, path, customers)

    @classmethod
    def from_lifetimes(cls, fitter: Any, unit: Unit = "day") -> Self:
        """Take over a fitted ``lifetimes.GammaGammaFitter``, its parameters and its customers."""
        return lifetimes_bridge.spend(cls, GammaGamma(), FORM, fitter, "GammaGammaFitter", unit, MAP())


def _evidence(cells: SpendCells) -> tuple[Evidence, ...]:
    left_out = Evidence(
        "Customers that tell about spend",
        None,
        f"{cells.count.sum():,.0f} customers with a repeat purchase and a positive mean spend were used; "
        f"{cells.left_out:,} repeat buyers with a mean spend of zero were not.",
    )
    return (left_out, independence(cells))


def independence(cells: SpendCells) -> Evidence:
    """Test whether spend rises with frequency, which the model assumes it does not.

    Spearman's rank correlation over customers with a repeat purchase; cells are repeated by their counts.
    """
    times = cells.count.astype(np.int64)
    x, m = np.repeat(cells.frequency, times), np.repeat(cells.monetary_value, times)
    if len(np.unique(x)) < 2 or len(np.unique(m)) < 2:
        return Evidence("Spend independent of frequency", None, "Too little variation to tell.")
    test: Any = spearmanr(x, m)
    rho, p_value = float(test.statistic), float(test.pvalue)
    pearson = float(np.corrcoef(x, m)[0, 1])
    dependent = p_value < 0.01 and abs(rho) > 0.1
    direction = "rises" if rho > 0 else "falls"
    text = (
        f"Spend per purchase {direction} with frequency (Spearman {rho:.2f}, p {_p_value(p_value)}): the value of "
        "the best customers is biased, so check lift by decile in a backtest."
        if dependent
        else f"No sign that spend depends on frequency (Spearman {rho:.2f}, p {_p_value(p_value)})."
    )
    figures = {"spearman": rho, "p_value": p_value, "pearson": pearson, "customers": len(x)}
    table = pd.DataFrame([figures])
    return Evidence("Spend independent of frequency", not dependent, text, table)


def _p_value(p: float) -> str:
    return f"{p:.2g}" if p > 1e-300 else "below 1e-300"

"""What a fitted purchase model can say: the surface that BG/NBD, MBG/NBD and Pareto/NBD share."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.design import design_like
from segmodels.inference.grouped import GroupedPosterior
from segmodels.likelihoods.discount import continuous_rate
from segmodels.models.value import covariates, totals
from segmodels.models.value.arguments import (
    Of,
    check_customers,
    checked_horizons,
    levels,
    require_not_negative,
    require_of,
    require_positive,
)
from segmodels.models.value.describe import describe_fit
from segmodels.models.value.forecast import Curve, new_customer
from segmodels.models.value.forecast_table import forecast_table
from segmodels.models.value.predictive import simulated_counts
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks, score, summarise
from segmodels.models.value.storage import save
from segmodels.tables.cells import PurchaseCells, join_scores, purchase_cells
from segmodels.tables.customers import Customers

Array = NDArray[np.float64]
_KEYS = ("frequency", "recency", "T")


@dataclass(frozen=True, eq=False, repr=False)
class PurchaseFit:
    """A fitted purchase model; made by ``fit`` of a spec, by ``load`` or by ``from_lifetimes``.

    Parameters
    ----------
    spec
        The model: priors, covariates, segments.
    cells
        The customers as cells.
    density
        The posterior density that was fitted.
    posterior
        Its draws: an xarray DataTree as ArviZ reads it, dimensions chain and draw.
    evidence
        What was checked.
    seed
        The seed of the fit.
    customers
        The customers to report on; ``None`` after loading without them.
    """

    spec: Any
    cells: PurchaseCells
    density: GroupedPosterior
    posterior: xr.DataTree
    evidence: tuple[Evidence, ...]
    seed: int
    customers: Customers | None

    def __repr__(self) -> str:
        """Model, size, parameters and checks, in three lines."""
        return describe_fit(self, f"{self.cells.n_customers:,} customers, in units of a {self.unit}")

    @property
    def unit(self) -> str:
        """The unit of time of everything: "day", "week" or "month"."""
        return self.cells.unit

    @property
    def u(self) -> Array:
        """All draws of the coordinates, shape (draws, k)."""
        u = self.posterior["unconstrained_posterior"]["u"].to_numpy()
        return u.reshape(-1, u.shape[-1])

    @property
    def _centre(self) -> Array:
        """The draw at the posterior mean of the parameters (the mode under MAP), as coordinates."""
        return self.u[0] if len(self.u) == 1 else covariates.mean_coordinates(self.density, self.u)

    @property
    def params(self) -> pd.Series:
        """Posterior means of the parameters (the mode under MAP), at the mean of the covariates."""
        names = self.density.parametrisation.parameters
        values = self.density.parametrisation.forward(self.u[:, : self.density.base], self.density.scale)
        return pd.Series(values.mean(axis=0), index=list(names), name=type(self.spec).__name__)

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all customers at ``params``."""
        return self.density.log_likelihood(self._centre)

    def on(self, customers: Customers) -> Self:
        """Return the same posterior, ready to score other customers.

        Raises
        ------
        InputError
            Where their unit of time is another, or a covariate or segment is missing.
        """
        check_customers(customers)
        if customers.unit != self.unit:
            got = f"customers in units of a {customers.unit}"
            raise InputError(
                Fault("unit", got, f"units of a {self.unit}", "Summarise them in the unit of the fit.")
            )
        return self._with_cells(purchase_cells(customers, self.spec.columns), customers)

    def _with_cells(self, cells: PurchaseCells, customers: Customers | None) -> Self:
        known = self.density.design
        same = design_like(known, cells.groups, self.spec.by)
        density = replace(self.density, design=same, cells=cells.arrays)
        return replace(self, cells=cells, density=density, customers=customers)

    @property
    def _arrays(self) -> CellArrays:
        return CellArrays(
            self.cells.frequency.astype(np.float64), self.cells.recency, self.cells.T, self.cells.group
        )

    def _customers(self) -> Customers:
        if self.customers is None:
            raise InputError(
                Fault(
                    "customers",
                    "a fit loaded without customers",
                    "customers",
                    "Call fit.on(customers) first.",
                )
            )
        return self.customers

    def _give(self, scores: Array, columns: Sequence[str]) -> Any:
        """Join scores of cells to the customers, and give them in the kind of table that came in."""
        customers = self._customers()
        frame = self.cells.frame()
        for k, column in enumerate(columns):
            frame[column] = scores[:, k]
        joined = join_scores(customers, frame, (*_KEYS, *self.spec.columns))
        return customers.give(joined.select("customer_id", *columns))

    def expected_purchases(self, horizon: float, interval: float | None = None, of: Of = "prediction") -> Any:
        """Purchases expected of each customer within ``horizon`` units of time from now.

        Parameters
        ----------
        horizon
            In the unit of the fit.
        interval
            Probability of an interval to add, such as 0.8; columns ``low`` and ``high``.
        of
            ``"prediction"``: an interval for the number of purchases itself; ``"expectation"``: for its
            expectation only, as the parameters are uncertain.

        Returns
        -------
        table
            One row per customer: ``customer_id, expected_purchases[, low, high]``, in the kind of table that
            the customers came in.
        """
        require_positive("horizon", horizon)
        require_of(of)
        bounds = () if interval is None else levels(interval)
        ends = np.array([horizon], np.float64)

        def reduce(block: Block) -> Array:
            given = block.given_alive(block.likelihood.expected_given_alive, ends)[..., 0]
            expected = block.alive() * given
            if not bounds or of == "expectation":
                return summarise(expected, bounds)
            counts = simulated_counts(block, ends, self.seed)[..., 0]
            return np.column_stack(
                [expected.mean(axis=1), np.quantile(counts, bounds, axis=1, method="inverted_cdf").T]
            )

        names = ["expected_purchases", "low", "high"][: 1 + len(bounds)]
        return self._give(score(self._arrays, self.density, self.u, reduce, len(names)), names)

    def alive(self, horizon: float = 0.0, interval: float | None = None) -> Any:
        """P(alive) of each customer, ``horizon`` units of time from now.

        Returns
        -------
        table
            One row per customer: ``customer_id, alive[, low, high]``.
        """
        require_not_negative("horizon", horizon)
        bounds = () if interval is None else levels(interval)
        names = ["alive", "low", "high"][: 1 + len(bounds)]
        scores = score(
            self._arrays,
            self.density,
            self.u,
            lambda block: summarise(np.broadcast_to(block.alive(horizon), _shape(block)), bounds),
            len(names),
        )
        return self._give(scores, names)

    def forecast(
        self,
        horizons: Sequence[float],
        *,
        annual_discount: float = 0.10,
        counts: Sequence[int] = (0, 1, 2),
        spend: Any = None,
    ) -> Any:
        """Give one curve over horizons for every customer.

        Parameters
        ----------
        horizons
            Ascending, in the unit of the fit.
        annual_discount
            Effective rate per year, for the discounted columns.
        counts
            The n of the columns ``probability_n``, P(X = n).
        spend
            A fitted :class:`GammaGamma`; adds ``expected_spend``, money over the horizon.

        Returns
        -------
        table
            One row per customer and horizon.
        """
        curve = Curve(checked_horizons(horizons), tuple(counts), continuous_rate(annual_discount, self.unit))
        columns = curve.columns
        wide = 25
        flat = score(
            self._arrays,
            self.density,
            self.u,
            lambda block: curve.evaluate(block).reshape(len(block.rows), -1),
            len(curve.horizons) * len(columns),
            wide,
        )
        scores = flat.reshape(len(flat), len(curve.horizons), len(columns))
        keys = (*_KEYS, *self.spec.columns)
        return forecast_table(self._customers(), self.cells.frame(), scores, curve, keys, spend)

    def new_customer(
        self,
        horizons: Sequence[float],
        *,
        counts: Sequence[int] = (0, 1, 2),
        interval: float = 0.8,
        group: int | None = None,
    ) -> pd.DataFrame:
        """Give the curve of somebody who has just bought for the first time, one row per horizon.

        Parameters
        ----------
        group
            Row of ``cells.groups`` whose covariates and segment the customer has; ``None`` for the mean.
        """
        curve = Curve(checked_horizons(horizons), tuple(counts), 0.0)
        if group is None:
            form = self.density.parametrisation
            values = form.forward(self.u[:, : self.density.base], self.density.scale)
        else:
            values = self.density.parameters(self.u, slice(group, group + 1))[:, 0]
        likelihood = next(blocks(self._arrays, self.density, self.u[:1])).likelihood
        return pd.DataFrame(new_customer(likelihood, curve, tuple(values.T), levels(interval)))

    def total(self, horizon: float, by: str | None = None, of: Of = "expectation") -> xr.DataArray:
        """Every draw of the purchases of all customers together, or of each segment.

        Parameters
        ----------
        horizon
            In the unit of the fit.
        by
            A column of the customers to sum within.
        of
            ``"expectation"`` or ``"prediction"``: with the chance in each customer's own purchases.

        Returns
        -------
        xarray.DataArray
            Dimensions ``segment`` (with ``by``) and ``draw``.
        """
        require_positive("horizon", horizon)
        require_of(of)
        fit = self if by is None else self._crossed(by)
        labels = None if by is None else fit.cells.groups[by].astype(str).to_numpy()
        return totals.total_purchases(fit, horizon, labels, of)

    def _crossed(self, by: str) -> Self:
        customers = self._customers()
        columns = dict.fromkeys((*self.spec.columns, by))
        return self._with_cells(purchase_cells(customers, tuple(columns)), customers)

    def log_likelihood_blocks(self) -> Any:
        """Walk (positions of cells, log-likelihood of one customer of each cell under each draw).

        Yields
        ------
        rows, values
            Shapes (C,) and (C, D); the number of customers in each cell is ``cells.count``.
        """

        def reduce(block: Block) -> Array:
            return block.likelihood.log_density(block.frequency, block.recency, block.T, *block.parameters)

        walk = reduce_blocks(blocks(self._arrays, self.density, self.u), reduce)
        return ((block.rows, values) for block, values in walk)

    def effects(self, interval: float = 0.9) -> pd.DataFrame:
        """Covariate effects: coefficients, multipliers, average marginal effects, with intervals."""
        return covariates.effects(self.density, self.u, self.cells.group_sizes, levels(interval))

    def shrinkage(self) -> pd.DataFrame:
        """Each segment's own estimate, its pooled estimate, and how far it was drawn to the whole."""
        return covariates.shrinkage(self.density, self._centre, self.cells.group_sizes)

    def pymc_model(self) -> Any:
        """Build the PyMC model that NUTS runs."""
        from segmodels.inference.sample import pymc_model

        return pymc_model(self.density)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write posterior, spec and cells as netCDF, at once or not at all; no customer's id is in it."""
        return save(self, path)


def _shape(block: Block) -> tuple[int, int]:
    return len(block.rows), max(values.shape[1] for values in block.parameters)

"""Lifetime value: what customers are expected to earn within a horizon, discounted.

Cash flows are monthly and counted at mid-month. The value of a customer under one draw is
P(alive) x (discounted purchases given alive) x (spend per purchase) x margin. Draws of the purchase and of
the spend model are paired by their number; the two posteriors are independent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.likelihoods import gamma_gamma
from segmodels.likelihoods.discount import mid_month
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.predictive import simulated_values
from segmodels.models.value.purchase_fit import Of, PurchaseFit
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks
from segmodels.tables.arrow import to_pandas
from segmodels.tables.customers import Customers
from segmodels.tables.engine import fetch

Array = NDArray[np.float64]
_LEVELS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class LifetimeValue:
    """Lifetime value of every customer, with its uncertainty; made by :func:`lifetime_value`.

    Parameters
    ----------
    purchases, spend
        The fitted models.
    months, annual_discount, margin
        Horizon, effective rate per year, and share of spend that is earned.
    of
        What the percentiles are of: ``"expectation"`` or ``"prediction"``.
    """

    purchases: PurchaseFit
    spend: GammaGammaFit
    months: int
    annual_discount: float
    margin: float
    of: Of

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The customers that are valued, in the order of (group, T, frequency, recency), with their groups."""
        return _customer_frame(self.purchases, self.spend)

    @property
    def years(self) -> tuple[int, ...]:
        """Whole years within the horizon, and the horizon itself in months: 12, 24, …, months."""
        return tuple(dict.fromkeys((*range(12, self.months + 1, 12), self.months)))

    @cached_property
    def _passed(self) -> tuple[pd.DataFrame, Array]:
        frame = self.customers
        years = self.years
        columns = np.empty((len(frame), 1 + len(_LEVELS) + len(years)))
        totals = np.zeros((len(years), self._draws))
        for rows, values in self._walk():
            last = values[-1]
            columns[rows, 0] = last.mean(axis=1)
            columns[rows, 1:4] = np.quantile(last, _LEVELS, axis=1).T
            columns[rows, 4:] = values.mean(axis=2).T
            totals += values.sum(axis=1)
        names = ["value", "p10", "p50", "p90", *(f"value_{months}m" for months in years)]
        table = pd.DataFrame(columns, columns=names)
        table.insert(0, "customer_id", frame["customer_id"])
        return table, totals

    @property
    def table(self) -> Any:
        """One row per customer: ``customer_id, value, p10, p50, p90`` and the value by years, as ``value_12m``."""
        known = self.purchases.customers
        assert known is not None  # noqa: S101  (checked when made)
        return known.give(self._passed[0])

    @property
    def total(self) -> xr.DataArray:
        """Every draw of the value of all customers together, dimension draw."""
        return xr.DataArray(self._passed[1][-1], dims="draw", name="value")

    @property
    def curve(self) -> pd.DataFrame:
        """The total by months: ``months, mean, p10, p50, p90``."""
        totals = self._passed[1]
        p10, p50, p90 = np.quantile(totals, _LEVELS, axis=1)
        frame = {"months": self.years, "mean": totals.mean(axis=1), "p10": p10, "p50": p50, "p90": p90}
        return pd.DataFrame(frame)

    def by(self, labels: Any) -> xr.DataArray:
        """Every draw of each segment's value, dimensions segment and draw.

        Parameters
        ----------
        labels
            A pandas Series of labels indexed by customer_id, a Segmentation, or the name of a column of the
            customers.

        Raises
        ------
        InputError
            Where a customer has no label.
        """
        codes, names = self._codes(labels)
        sums = np.zeros((len(names), self._draws))
        for rows, values in self._walk(last_only=True):
            mine = codes[rows]
            for code in np.unique(mine):
                sums[code] += values[-1][mine == code].sum(axis=0)
        return xr.DataArray(sums, {"segment": list(names)}, ("segment", "draw"), name="value")

    def draw_blocks(self, size: int = 1000) -> Iterator[tuple[int, int, Array]]:
        """Walk (start, stop, draws of shape (stop - start, D)) in the order of ``customers``; repeatable."""
        for rows, values in self._walk(last_only=True, most=size):
            yield rows.start, rows.stop, values[-1]

    @property
    def _draws(self) -> int:
        return max(len(self._u[0]), len(self._u[1]))

    @cached_property
    def _u(self) -> tuple[Array, Array]:
        first, second = self.purchases.u, self.spend.u
        if min(len(first), len(second)) > 1:
            fewest = min(len(first), len(second))
            return _evenly(first, fewest), _evenly(second, fewest)
        return first, second

    def _codes(self, labels: Any) -> tuple[NDArray[np.int64], pd.Index]:
        ids = self.customers["customer_id"]
        if isinstance(labels, str):
            known = self.purchases.customers
            assert known is not None  # noqa: S101  (checked when made)
            frame = to_pandas(fetch(known.table.select("customer_id", labels)))
            labels = frame.set_index("customer_id")[labels]
        series = getattr(labels, "labels", labels)
        matched = series.reindex(ids)
        missing = ids[matched.isna().to_numpy()]
        if len(missing):
            examples = tuple(repr(value) for value in missing.head(3))
            remedy = "Give a Series indexed by customer_id, one label each."
            raise InputError(
                Fault("labels", "no label", "one for every customer", remedy, len(missing), examples)
            )
        codes, names = pd.factorize(matched.astype(str), sort=True)
        return codes.astype(np.int64), pd.Index(names)

    def _walk(self, *, last_only: bool = False, most: int = 1000) -> Iterator[tuple[slice, Array]]:
        """Walk (rows of ``customers``, values of shape (years, rows, draws))."""
        frame = self.customers
        u, spend_u = self._u
        years = (self.months,) if last_only else self.years
        edges, weights = mid_month(self.months, self.annual_discount, self.purchases.unit)
        by_horizon = np.array([_differences(weights, months) for months in years])
        arrays = CellArrays(
            frame["frequency"].to_numpy(np.float64),
            frame["recency"].to_numpy(np.float64),
            frame["T"].to_numpy(np.float64),
            frame["purchase_group"].to_numpy(np.int64),
        )
        mean = frame["monetary_value"].to_numpy(np.float64)
        group = frame["spend_group"].to_numpy(np.int64)
        spend = self.spend.group_parameters_of(spend_u)

        def reduce(block: Block) -> Array:
            spread = [np.moveaxis(part, 0, -1) for part in spend(group[block.rows])]
            if self.of == "prediction":
                scale = self.margin * np.array([_upto(weights, months) for months in years])
                return simulated_values(block, edges, scale, mean[block.rows], spread, self.purchases.seed)
            flow = block.given_alive(block.likelihood.expected_given_alive, edges) @ by_horizon.T
            intercept, slope = gamma_gamma.posterior_mean_coefficients(block.frequency, *spread)
            spent = intercept + slope * mean[block.rows, None]
            value = (self.margin * block.alive() * spent)[..., None] * flow
            return np.moveaxis(np.broadcast_to(value, (*value.shape[:1], self._draws, len(years))), -1, 0)

        elements = max(1, most) * len(u)
        walk = blocks(arrays, self.purchases.density, u, wide=1, elements=min(elements, 1_000_000))
        for block, values in reduce_blocks(walk, reduce):
            yield slice(int(block.rows[0]), int(block.rows[-1]) + 1), values


def _differences(weights: Array, months: int) -> Array:
    """Weights on E(t) rather than on its increments: sum of w[h] (E[h] - E[h-1])."""
    kept = _upto(weights, months)
    return kept - np.append(kept[1:], 0.0)


def _upto(weights: Array, months: int) -> Array:
    return np.where(np.arange(len(weights)) < months, weights, 0.0)


def _evenly(u: Array, size: int) -> Array:
    return u[np.linspace(0, len(u) - 1, size).round().astype(np.int64)]


def _customer_frame(purchases: PurchaseFit, spend: GammaGammaFit) -> pd.DataFrame:
    known = purchases.customers
    if known is None:
        raise InputError(
            Fault("purchases", "a fit loaded without customers", "customers", "Call purchases.on(customers).")
        )
    return grouped_customers(known, purchases, spend)


def grouped_customers(known: Customers, purchases: PurchaseFit, spend: GammaGammaFit) -> pd.DataFrame:
    """Fetch the customers with the group of each under both models, in the order that blocks are walked."""
    columns = ("frequency", "recency", "T", "monetary_value")
    attributes = dict.fromkeys((*purchases.spec.columns, *spend.spec.columns))
    frame = to_pandas(fetch(known.table.select("customer_id", *columns, *attributes)))
    for name, fit in (("purchase_group", purchases), ("spend_group", spend)):
        frame[name] = _group_codes(frame, fit)
    order = np.lexsort((frame["recency"], frame["frequency"], frame["T"], frame["purchase_group"]))
    return frame.iloc[order].reset_index(drop=True)


def _group_codes(frame: pd.DataFrame, fit: Any) -> NDArray[np.int64]:
    columns = list(fit.spec.columns)
    if not columns:
        return np.zeros(len(frame), np.int64)
    known: Any = pd.MultiIndex.from_frame(fit.cells.groups[columns])
    customers: Any = frame[columns]
    return known.get_indexer(pd.MultiIndex.from_frame(customers)).astype(np.int64)


def lifetime_value(
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    months: int = 36,
    *,
    annual_discount: float = 0.10,
    margin: float = 1.0,
    of: Of = "expectation",
) -> LifetimeValue:
    """Value customers: discounted margin of the purchases expected within the horizon from now.

    Parameters
    ----------
    purchases, spend
        Fitted models of the same customers.
    months
        Horizon, always in months, whatever the unit of the fits.
    annual_discount
        Effective rate per year; 0.10 is ten per cent a year.
    margin
        Share of spend that is earned.
    of
        What P10, P50 and P90 are of: ``"expectation"`` (what is not known of the parameters), or
        ``"prediction"`` (that, and the chance in each customer's purchases and spend).

    Raises
    ------
    InputError
        Where the fits have no customers, or a figure is out of range.
    """
    faults = []
    if months != int(months) or months < 1:
        faults.append(Fault("months", repr(months), "a whole number of at least 1", "Give 36, say."))
    if not annual_discount > -1 or not np.isfinite(annual_discount):
        faults.append(
            Fault("annual_discount", repr(annual_discount), "a rate such as 0.10", "Ten per cent is 0.10.")
        )
    if not np.isfinite(margin):
        faults.append(Fault("margin", repr(margin), "a share of spend such as 0.3", "Give a number."))
    known = purchases.customers
    if known is None:
        faults.append(
            Fault("purchases", "no customers", "a fit with customers", "Call purchases.on(customers).")
        )
    elif "monetary_value" not in known.columns:
        faults.append(
            Fault("customers", "no monetary_value", "mean spend", "Read the log with value='column'.")
        )
    if faults:
        raise InputError(faults)
    return LifetimeValue(purchases, spend, int(months), float(annual_discount), float(margin), of)


def spend_dependence(value: LifetimeValue) -> Evidence:
    """Say whether spend rises with frequency, which would bias the value of the best customers."""
    return next(item for item in value.spend.evidence if item.name == "Spend independent of frequency")

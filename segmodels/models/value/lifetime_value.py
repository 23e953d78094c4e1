"""Lifetime value: what customers are expected to earn within a horizon, discounted.

Cash flows are monthly and counted at mid-month. The value of a customer under one draw is
P(alive) x (discounted purchases given alive) x (spend per purchase) x margin. Draws of the purchase and of
the spend model are paired by their number; the two posteriors are independent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods.discount import mid_month
from segmodels.models.value.arguments import Of, require_of
from segmodels.models.value.flows import Cashflow, Flows, Spenders, expected_flows, predicted_flows, quantiles
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks
from segmodels.tables.arrow import to_pandas
from segmodels.tables.customers import Customers
from segmodels.tables.engine import fetch

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEVELS = (0.1, 0.5, 0.9)
_ELEMENTS = 1_000_000
_FUTURES = 1000


@dataclass(frozen=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        """Say what it is the value of; nothing is computed."""
        return (
            f"LifetimeValue: {self.months} months at {self.annual_discount:.1%} a year, margin {self.margin:.0%}; "
            f"percentiles of the {self.of}\n{self.purchases!r}\n{self.spend!r}"
        )

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
        years = self.years
        columns = np.empty((len(self.customers), 1 + len(_LEVELS) + len(years)))
        totals = np.zeros((len(years), self._draws))
        for flows, ordered in self._walk(years, reduce=lambda flows: quantiles(flows.last, _LEVELS)):
            columns[flows.rows, 0] = flows.means[-1]
            columns[flows.rows, 1:4] = ordered
            columns[flows.rows, 4:] = flows.means.T
            totals += flows.sums[0]
        names = ["value", "p10", "p50", "p90", *(f"value_{months}m" for months in years)]
        table = pd.DataFrame(columns, columns=names)
        table.insert(0, "customer_id", self.customers["customer_id"])
        return table, totals

    @property
    def means(self) -> pd.Series:
        """Posterior mean of each customer, indexed by customer_id, in the order of :meth:`draw_blocks`."""
        table = self._passed[0]
        return pd.Series(table["value"].to_numpy(), pd.Index(table["customer_id"]), name="value")

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

    @cached_property
    def _monthly(self) -> tuple[Array, Array]:
        """Discounted cash flow of each month: means (N, months) and draws of the sum (months, D)."""
        months = tuple(range(1, self.months + 1))
        means = np.empty((len(self.customers), self.months))
        sums = np.zeros((self.months, self._draws))
        for flows, _ in self._walk(months):
            means[flows.rows] = np.diff(flows.means.T, axis=1, prepend=0.0)
            sums += np.diff(flows.sums[0], axis=0, prepend=0.0)
        return means, sums

    @property
    def cash_flows(self) -> pd.DataFrame:
        """The cash flow of all customers together, month by month.

        Returns
        -------
        pandas.DataFrame
            ``month``; ``discount``, the factor at mid-month; ``cash_flow``, the margin expected in the month;
            ``discounted``, the same at today's value, whose sum is the value; its ``p10, p50, p90``.
        """
        sums = self._monthly[1]
        _, discount = mid_month(self.months, self.annual_discount, self.purchases.unit)
        p10, p50, p90 = np.quantile(sums, _LEVELS, axis=1)
        discounted = sums.mean(axis=1)
        return pd.DataFrame(
            {
                "month": np.arange(1, self.months + 1),
                "discount": discount,
                "cash_flow": discounted / discount,
                "discounted": discounted,
                "p10": p10,
                "p50": p50,
                "p90": p90,
            }
        )

    @property
    def customer_cash_flows(self) -> Any:
        """Each customer's discounted cash flow, one row per customer: ``customer_id, month_1, month_2, …``."""
        known = self.purchases.customers
        assert known is not None  # noqa: S101  (checked when made)
        names = [f"month_{month}" for month in range(1, self.months + 1)]
        table = pd.DataFrame(self._monthly[0], columns=names)
        table.insert(0, "customer_id", self.customers["customer_id"])
        return known.give(table)

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
        for flows, _ in self._walk((self.months,), codes, len(names)):
            sums += flows.sums[:, -1]
        return xr.DataArray(sums, {"segment": list(names)}, ("segment", "draw"), name="value")

    def draw_blocks(self, size: int = 1000) -> Iterator[tuple[int, int, Array]]:
        """Walk (start, stop, draws of shape (stop - start, D)) in the order of ``customers``; repeatable."""
        for flows, _ in self._walk((self.months,), most=size):
            yield flows.rows.start, flows.rows.stop, flows.last

    @property
    def _draws(self) -> int:
        return max(len(self._u[0]), len(self._u[1]))

    @cached_property
    def _u(self) -> tuple[Array, Array]:
        first, second = self.purchases.u, self.spend.u
        fewest, most = sorted((len(first), len(second)))
        if self.of == "prediction":
            # A future needs a draw of both models, and percentiles need many futures.
            size = max(_FUTURES, fewest if fewest > 1 else most)
            return _evenly(first, size), _evenly(second, size)
        if fewest > 1:
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
        if series.index.has_duplicates:
            twice = series.index[series.index.duplicated()]
            examples = tuple(repr(value) for value in twice[:3])
            remedy = "Give a Series indexed by customer_id, one label each."
            raise InputError(
                Fault("labels", "a second label", "one for every customer", remedy, len(twice), examples)
            )
        matched = series.reindex(ids)
        missing = pd.Series(ids[matched.isna().to_numpy()])
        if len(missing):
            examples = tuple(repr(value) for value in missing.head(3))
            remedy = "Give a Series indexed by customer_id, one label each."
            raise InputError(
                Fault("labels", "no label", "one for every customer", remedy, len(missing), examples)
            )
        known_order = isinstance(matched.dtype, pd.CategoricalDtype)
        names = matched.cat.categories if known_order else pd.Index(matched.unique()).sort_values()
        places: Any = pd.Index(names).get_indexer(matched)
        return places.astype(np.int64), pd.Index(names).astype(str)

    def _walk(
        self,
        years: tuple[int, ...],
        segment: Integers | None = None,
        segments: int = 1,
        most: int = 1000,
        reduce: Callable[[Flows], Any] = lambda flows: None,  # noqa: ARG005
    ) -> Iterator[tuple[Flows, Any]]:
        """Walk the customers in blocks of at most ``most``; ``reduce`` runs in the block's thread."""
        frame, (u, spend_u) = self.customers, self._u
        codes = np.zeros(len(frame), np.int64) if segment is None else segment
        edges, discount = mid_month(self.months, self.annual_discount, self.purchases.unit)
        within = np.arange(self.months) < np.array(years)[:, None]
        cash = Cashflow(edges, self.margin * discount * within)
        spenders = Spenders(
            frame["monetary_value"].to_numpy(np.float64),
            frame["spend_group"].to_numpy(np.int64),
            self.spend.group_parameters_of(spend_u, _groups(frame, self.spend)),
        )
        arrays = CellArrays(
            frame["frequency"].to_numpy(np.float64),
            frame["recency"].to_numpy(np.float64),
            frame["T"].to_numpy(np.float64),
            frame["purchase_group"].to_numpy(np.int64),
        )

        def value(block: Block) -> tuple[Flows, Any]:
            mine = codes[block.rows]
            if self.of == "prediction":
                flows = predicted_flows(block, cash, spenders, mine, segments, self.purchases.seed)
            else:
                flows = expected_flows(block, cash, spenders, mine, segments)
            return flows, reduce(flows)

        elements = min(most * len(u), _ELEMENTS) // max(1, len(years) // 3)
        walk = blocks(arrays, self.purchases.density, u, elements=elements)
        return (pair for _, pair in reduce_blocks(walk, value))


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
    frame["purchase_group"] = _group_codes(frame, purchases, purchases.cells.groups)
    frame["spend_group"] = _group_codes(frame, spend, _groups(frame, spend))
    # The engine may give equal histories in any order; predictions are drawn in this one.
    order = ["purchase_group", "T", "frequency", "recency", "monetary_value", "customer_id"]
    return frame.sort_values(order, ignore_index=True)


def _groups(frame: pd.DataFrame, fit: Any) -> pd.DataFrame:
    """Distinct covariates and segments of all customers, also of those without a repeat purchase."""
    columns = list(fit.spec.columns)
    distinct: Any = frame[columns].drop_duplicates() if columns else frame[[]][:1]
    return distinct.sort_values(columns, ignore_index=True) if columns else distinct


def _group_codes(frame: pd.DataFrame, fit: Any, groups: pd.DataFrame) -> NDArray[np.int64]:
    columns = list(fit.spec.columns)
    if not columns:
        return np.zeros(len(frame), np.int64)
    distinct: Any = groups[columns]
    known: Any = pd.MultiIndex.from_frame(distinct)
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
    require_of(of)
    faults: list[Fault] = []
    if not isinstance(purchases, PurchaseFit) or not isinstance(spend, GammaGammaFit):
        got = f"{type(purchases).__name__} and {type(spend).__name__}"
        remedy = "Give purchases first, spend second."
        raise InputError(Fault("purchases, spend", got, "a purchase fit and a GammaGammaFit", remedy))
    if not isinstance(months, int) or months < 1:
        faults.append(Fault("months", repr(months), "a whole number of at least 1", "Give 36, say."))
    if not -1 < annual_discount <= 1:
        remedy = "Ten per cent a year is 0.10."
        faults.append(Fault("annual_discount", repr(annual_discount), "a rate per year up to 1", remedy))
    if not 0 < margin <= 1:
        faults.append(
            Fault("margin", repr(margin), "a share of spend above 0, up to 1", "30 per cent is 0.3.")
        )
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

"""Customer by customer: what the models expect, as frames ready to be written."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.tables.arrow import to_pandas
from segmodels.tables.customers import Customers
from segmodels.tables.engine import fetch

#: Columns of a forecast that change little from draw to draw are averaged over so many draws.
THINNED = 400


def customer_scores(
    customers: Customers, purchases: PurchaseFit, spend: GammaGammaFit | None, horizon: float, level: float
) -> pd.DataFrame:
    """Give one row per customer: history, P(alive), purchases expected with an interval, spend expected.

    Parameters
    ----------
    horizon
        Of ``expected_purchases``, in the unit of the fit; the interval is of the number of purchases itself.
    level
        Probability inside ``purchases_low`` and ``purchases_high``.
    """
    frame = customers.to_pandas()
    parts = [
        as_pandas(purchases.alive()),
        as_pandas(purchases.expected_purchases(horizon, interval=level)).rename(
            columns={"low": "purchases_low", "high": "purchases_high"}
        ),
    ]
    if spend is not None:
        parts.append(as_pandas(spend.expected_spend()))
    for part in parts:
        frame = frame.merge(part, on="customer_id", validate="one_to_one")
    return frame


def customer_forecast(
    customers: Customers,
    purchases: PurchaseFit,
    spend: GammaGammaFit | None,
    horizons: tuple[float, ...],
    annual_discount: float,
) -> pd.DataFrame:
    """Give one row per customer and horizon: purchases, P(alive), P(at least one), discounted, spend.

    ``expected_purchases`` and ``expected_spend`` are means over all draws; the probabilities and discounted
    purchases, which cost more, over at most ``THINNED`` evenly spaced ones.
    """
    curve = as_pandas(
        thinned(purchases, THINNED).forecast(horizons, annual_discount=annual_discount, counts=())
    )
    exact = pd.concat(
        [as_pandas(purchases.expected_purchases(end)).assign(horizon=float(end)) for end in horizons],
        ignore_index=True,
    )
    rest = curve.drop(columns="expected_purchases")
    frame = exact.merge(rest, on=["customer_id", "horizon"], validate="one_to_one")
    if spend is not None:
        frame = frame.merge(as_pandas(spend.expected_spend()), on="customer_id", validate="many_to_one")
        frame["expected_spend"] *= frame["expected_purchases"]
    order = pd.Index(customers.to_pandas()["customer_id"]).get_indexer(pd.Index(frame["customer_id"]))
    rank = np.lexsort((frame["horizon"].to_numpy(), order))
    first = ["customer_id", "horizon"]
    return frame.iloc[rank][[*first, *(name for name in frame if name not in first)]].reset_index(drop=True)


def thinned(fit: PurchaseFit, most: int) -> PurchaseFit:
    """Keep at most so many evenly spaced draws of a fit."""
    chains, draws = (fit.posterior["unconstrained_posterior"].sizes[name] for name in ("chain", "draw"))
    step = -(-chains * draws // most)
    return fit if step == 1 else replace(fit, posterior=fit.posterior.isel(draw=slice(None, None, step)))


def total_of(frame: pd.DataFrame, column: str) -> float:
    """Sum a column.

    >>> total_of(pd.DataFrame({"alive": [0.5, 1.0]}), "alive")
    1.5
    """
    return float(frame[column].to_numpy(np.float64).sum())


def as_pandas(table: Any) -> pd.DataFrame:
    """Take a table of whichever kind a fit gives as pandas."""
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, pa.Table):
        return to_pandas(table)
    return to_pandas(table.to_arrow() if hasattr(table, "to_arrow") else fetch(table))


def id_type(customers: Customers) -> pa.DataType:
    """Give the type of the ids, as it came in."""
    return fetch(customers.table.select("customer_id").limit(0)).schema.field("customer_id").type

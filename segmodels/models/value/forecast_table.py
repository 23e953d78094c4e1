"""The forecast of cells, joined to customers: one row per customer and horizon."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.models.value.forecast import Curve
from segmodels.tables.cells import join_scores
from segmodels.tables.customers import Customers

Array = NDArray[np.float64]


def forecast_table(
    customers: Customers, cells: pd.DataFrame, scores: Array, curve: Curve, keys: tuple[str, ...], spend: Any
) -> Any:
    """Stack the horizons.

    Parameters
    ----------
    customers
        To join to.
    cells
        Keys of the cells, one row each.
    scores
        Shape (C, H, columns).
    curve
        Names the columns and horizons.
    keys
        Columns to join on.
    spend
        A fitted Gamma-Gamma model or ``None``; adds ``expected_spend``.
    """
    import ibis

    tables = []
    columns = list(curve.columns)
    line = None if spend is None else spend.spend_lines(customers)
    for h, horizon in enumerate(curve.horizons):
        frame = cells.copy()
        frame[columns] = scores[:, h]
        joined = join_scores(customers, frame, keys).mutate(horizon=ibis.literal(float(horizon)))
        kept = ["customer_id", "horizon", *columns]
        if line is not None:
            mean = joined.left_join(line, "customer_id")
            joined = mean.mutate(expected_spend=mean["expected_purchases"] * mean["expected_spend"])
            kept.append("expected_spend")
        tables.append(joined.select(*kept))
    table = tables[0] if len(tables) == 1 else ibis.union(*tables)
    return customers.give(table, then=("horizon",))

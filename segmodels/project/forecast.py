"""Score customers with a saved fit."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.lifetime_value import lifetime_value
from segmodels.project.fits import PURCHASES, SPEND, load_purchases
from segmodels.project.folder import read_state
from segmodels.project.plan import HORIZONS, Plan, readable
from segmodels.project.scores import as_pandas, id_type
from segmodels.tables.customers import Customers
from segmodels.tables.sources import open_source

_SUMMARY = ("frequency", "recency", "T")


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a saved fit says of customers.

    Parameters
    ----------
    table
        One row per customer: ``customer_id, frequency, recency, T, alive``, ``expected_purchases_H`` for each
        horizon H; with values ``expected_spend`` per purchase, ``expected_spend_H`` over each horizon, and
        ``value, p10, p50, p90`` (lifetime value; also by years, as ``value_12m``).
    id_type
        Of ``customer_id``, as it came in.
    model, unit
        Of the fit.
    horizons
        Of the forecast, in `unit`.
    notes
        What was left out, and why.
    """

    table: pd.DataFrame
    id_type: pa.DataType
    model: str
    unit: str
    horizons: tuple[float, ...]
    notes: tuple[str, ...]


def forecast(fit: str | os.PathLike[str], plan: Plan) -> Forecast:
    """Score the customers of a log or of a ready summary with a saved fit; nothing is fitted.

    Parameters
    ----------
    fit
        A folder that ``run`` wrote, or a netCDF file of a purchase model in one.
    plan
        The source and its columns, `until`, horizons, months, discount, margin; its model and unit are those
        of the fit. A source with columns frequency, recency and T is a summary, in the unit of the fit.

    Raises
    ------
    InputError
        Where the fit or the source can not be used.
    """
    path = Path(fit) / PURCHASES if Path(fit).is_dir() else Path(fit)
    model, purchases = load_purchases(path)
    customers = read_customers(plan, purchases.unit)
    purchases = purchases.on(customers)
    ends = plan.horizons or HORIZONS[purchases.unit]
    kept = [name for name in ("customer_id", *_SUMMARY, "monetary_value") if name in customers.columns]
    parts = [as_pandas(purchases.alive())]
    parts += [
        as_pandas(purchases.expected_purchases(end)).rename(
            columns={"expected_purchases": f"expected_purchases_{end:g}"}
        )
        for end in ends
    ]
    notes: tuple[str, ...] = ()
    if not path.with_name(SPEND).is_file():
        notes = (f"No {SPEND} beside the fit, so spend and lifetime value are left out.",)
    elif "monetary_value" not in customers.columns:
        notes = ("The customers have no monetary_value, so spend and lifetime value are left out.",)
    else:
        spend = GammaGammaFit.load(path.with_name(SPEND), customers)
        worth = lifetime_value(
            purchases, spend, plan.months, annual_discount=plan.annual_discount, margin=plan.margin
        )
        parts += [as_pandas(spend.expected_spend()), as_pandas(worth.table)]
    frame = customers.to_pandas().loc[:, kept]
    for part in parts:
        frame = frame.merge(part, on="customer_id", validate="one_to_one")
    return Forecast(_with_spend(frame, ends), id_type(customers), model, purchases.unit, tuple(ends), notes)


def _with_spend(frame: pd.DataFrame, ends: Sequence[float]) -> pd.DataFrame:
    if "expected_spend" not in frame:
        return frame
    sums = {
        f"expected_spend_{end:g}": frame["expected_spend"] * frame[f"expected_purchases_{end:g}"]
        for end in ends
    }
    return frame.assign(**sums)


def read_customers(plan: Plan, unit: Any) -> Customers:
    """Read customers from a log, or from a ready summary where the columns are those of one."""
    with readable():
        columns = open_source(plan.source, None, plan.table).columns
    if all(name in columns for name in _SUMMARY):
        return Customers.read(plan.source, unit=unit, customer=plan.customer, table=plan.table)
    return plan.read().customers(plan.until, unit, contractual=plan.contractual)


def remembered(fit: str | os.PathLike[str]) -> dict[str, Any]:
    """Give what the run that made a fit was told of its log: columns, formats, policies.

    Raises
    ------
    InputError
        Where there is no such fit.
    """
    path = Path(fit)
    if not path.exists():
        raise InputError(
            Fault("fit", f"no file or folder {path}", "a folder that fit wrote", "Check the path.")
        )
    plan = read_state(path if path.is_dir() else path.parent).get("plan", {})
    names = ("customer", "date", "value", "date_format", "zero", "negative", "currency", "contractual")
    return {name: plan[name] for name in names if plan.get(name) is not None}

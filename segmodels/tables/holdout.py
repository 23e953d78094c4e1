"""A split in time: customers as known on a day, and what they bought afterwards."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.audit import count, ledger
from segmodels.tables.calibration import bought_until, calibrate
from segmodels.tables.customers import Contractual, Customers
from segmodels.tables.engine import Table, fetch, keep
from segmodels.tables.summary import DAYS_PER, Occasion, Unit, as_day, in_grains, in_money, occasions

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions


@dataclass(frozen=True, eq=False)
class Holdout:
    """What was known at the split, and what came afterwards. Made by ``Transactions.holdout``.

    Parameters
    ----------
    calibration
        The customers as known on the last day before the holdout.
    future
        One row for each of them: ``customer_id``, ``frequency_holdout`` (occasions in the holdout, 0 where
        none) and, if values were given, ``total_holdout`` (their value).
    duration
        Length of the holdout, in `unit`.
    unit
        The unit of the calibration, too.
    counted
        Makes the audit.
    """

    calibration: Customers
    future: Table = field(repr=False)
    duration: float
    unit: Unit
    counted: Callable[[], pd.DataFrame] = field(repr=False)

    @cached_property
    def audit(self) -> pd.DataFrame:
        """The ledger: read = all that left + calibration + holdout. Counted when first asked for."""
        return self.counted()

    def to_pandas(self) -> pd.DataFrame:
        """Fetch the future as pandas, in the order of ``calibration.to_pandas()``."""
        known = self.calibration
        return Customers(self.future, known.unit, "pandas", known.counted, known.order).to_pandas()


def split(
    transactions: "Transactions",
    until: str | dt.date,
    end: str | dt.date | None,
    unit: Unit,
    occasion: Occasion,
    contractual: Contractual = "refuse",
) -> Holdout:
    """Split a log; see :meth:`Transactions.holdout`."""
    first = as_day(until, "until")
    last = transactions.last_date if end is None else as_day(end, "end")
    if last <= first:
        raise InputError(
            Fault("end", str(last), f"a day after until={first}", "Choose an earlier until= or later end=.")
        )
    calibration = calibrate(transactions, first, unit, occasion, contractual)
    later = in_grains(bought_until(transactions.table, transactions, last), transactions.digits)
    bought = occasions(later.filter(later.date > first), occasion)
    sums: dict[str, Any] = {"frequency_holdout": bought.count()}
    if "value" in bought.columns:
        sums["total_holdout"] = in_money(bought.value.sum(), transactions.digits)
    each = bought.group_by("customer_id").aggregate(**sums)
    joined = calibration.table.select("customer_id").left_join(each, "customer_id")
    zero = {"frequency_holdout": joined.frequency_holdout.fill_null(0).cast("int64")}
    if "total_holdout" in sums:
        zero["total_holdout"] = joined.total_holdout.fill_null(0.0)
    future = keep(joined.select("customer_id", **zero))
    return Holdout(
        calibration=calibration,
        future=future,
        duration=(last - first).days / DAYS_PER[unit],
        unit=unit,
        counted=lambda: _audit(transactions, first, last),
    )


def _audit(transactions: "Transactions", first: dt.date, last: dt.date) -> pd.DataFrame:
    steps = transactions.steps()
    counts = [(name, count(table)) for name, table in steps]
    lines = [counts[0]]
    for (_, before), (name, after) in pairwise(counts):
        lines.append((f"left: {name}", before - after))
    rows = steps[-1][1]
    known = rows.filter(rows.date <= first)
    within = rows.filter(rows.date <= last)
    later = rows.filter((rows.date > first) & (rows.date <= last))
    lines += [
        (f"left: bought after {last}", counts[-1][1] - count(within)),
        (f"left: first bought after {first}", count(later.anti_join(known, "customer_id"))),
        ("calibration", count(known)),
        ("holdout", count(later.semi_join(known, "customer_id"))),
    ]
    return ledger(lines)


def total(holdout: Holdout) -> tuple[int, float]:
    """Purchases and value of the whole holdout; the value is 0 without values."""
    future = holdout.future
    sums: dict[str, Any] = {"purchases": future.frequency_holdout.sum()}
    if "total_holdout" in future.columns:
        sums["value"] = future.total_holdout.sum()
    found = fetch(future.aggregate(**sums)).to_pylist()[0]
    return int(found["purchases"]), float(found.get("value", 0.0))

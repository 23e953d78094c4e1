"""Customers as known on a given day, from a transaction log."""

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.audit import Count, ledger, stages
from segmodels.tables.contractual import regularity
from segmodels.tables.customers import Contractual, Customers
from segmodels.tables.engine import Table, fetch, keep
from segmodels.tables.summary import Occasion, Unit, as_day, check_choice, in_grains, occasions, summarise

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions


def calibrate(
    transactions: "Transactions",
    until: str | dt.date | None,
    unit: Unit,
    occasion: Occasion,
    contractual: Contractual = "refuse",
) -> Customers:
    """Summarise a log up to a day; see :meth:`Transactions.customers`."""
    check_choice("unit", unit, ("day", "week", "month"))
    check_choice("contractual", contractual, ("refuse", "allow"))
    check_choice("occasion", occasion, ("day", "week", "month"))
    day = transactions.last_date if until is None else as_day(until, "until")
    if day < transactions.first_date:
        raise InputError(
            Fault("until", str(day), f"a day from {transactions.first_date} on", "Nobody had bought by then.")
        )
    if day > max(transactions.last_date, dt.date.today()):  # noqa: DTZ011  (a calendar day of the user's)
        expected = "a day that has passed: nobody can have been watched until then"
        raise InputError(Fault("until", str(day), expected, f"The log ends on {transactions.last_date}."))
    rows = in_grains(bought_until(transactions.table, transactions, day), transactions.digits)
    return Customers(
        table=keep(summarise(occasions(rows, occasion), day, unit, transactions.digits)),
        unit=unit,
        kind=transactions.kind,
        counted=lambda: _audit(transactions, day, occasion),
        regularity=lambda: regularity(bought_until(transactions.table, transactions, day)),
        contractual=contractual,
    )


def bought_until(rows: Table, transactions: "Transactions", day: dt.date) -> Table:
    """Rows up to a day; no filter where there is nothing to filter."""
    return rows if day >= transactions.last_date else rows.filter(rows.date <= day)


def _audit(transactions: "Transactions", day: dt.date, occasion: Occasion) -> pd.DataFrame:
    steps = transactions.steps()
    steps.append((f"bought after {day}", bought_until(steps[-1][1], transactions, day)))
    return ledger([*stages(steps), *occasion_lines(steps[-1][1], occasion)])


def occasion_lines(rows: Table, occasion: Occasion) -> list[tuple[str, Count]]:
    """Count rows merged into another of the same occasion, and the occasions; they sum to the rows."""
    each = occasions(rows, occasion)
    sums = {} if "value" not in each.columns else {"value": each.value.sum()}
    found = fetch(
        each.aggregate(
            rows=each.count(),
            customers=each.customer_id.nunique(),
            merged=(each.merged - 1).sum(),
            affected=each.customer_id.nunique(where=each.merged > 1),
            **sums,
        )
    ).to_pylist()[0]
    total = found.get("value", float("nan"))
    merged = Count(int(found["merged"] or 0), int(found["affected"]), float("nan"))
    whole = Count(int(found["rows"]), int(found["customers"]), total)
    return [(f"merged: same {occasion} as another", merged), ("occasions", whole)]

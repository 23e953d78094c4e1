"""The ledger of a table: rows that came in, rows that left and why, rows that are used."""

from dataclasses import dataclass
from math import isfinite

import pandas as pd

from segmodels.tables.engine import Table, fetch


@dataclass(frozen=True)
class Count:
    """Rows, distinct customers and total value of a set of rows."""

    rows: int
    customers: int
    value: float

    def __sub__(self, other: "Count") -> "Count":
        """Count what is in this and not in the other, its subset."""
        rows, value = self.rows - other.rows, self.value - other.value
        if not rows and isfinite(value):
            # Sums of the same rows in another order differ in their last digits.
            value = 0.0
        return Count(rows, self.customers - other.customers, value)


def count(table: Table) -> Count:
    """Count a table with the column customer_id and, perhaps, value."""
    value = {"value": table.value.sum()} if "value" in table.columns else {}
    found = fetch(
        table.aggregate(rows=table.count(), customers=table.customer_id.nunique(), **value)
    ).to_pylist()[0]
    total = float(found["value"] or 0.0) if value else float("nan")
    return Count(int(found["rows"]), int(found["customers"]), total)


def ledger(lines: list[tuple[str, Count]]) -> pd.DataFrame:
    """Write lines as a table with columns step, rows, customers, value."""
    return pd.DataFrame(
        {
            "step": [step for step, _ in lines],
            "rows": [each.rows for _, each in lines],
            "customers": [each.customers for _, each in lines],
            "value": [each.value for _, each in lines],
        }
    )


def stages(remaining: list[tuple[str, Table]]) -> list[tuple[str, Count]]:
    """Count what each step took away.

    Parameters
    ----------
    remaining
        The step's name and the rows that remain after it; the first is what was read.

    Returns
    -------
    list
        ``read``, then ``left: …`` for each step (customers are those of whom no row remains), then ``used``;
        read = used + all that left, in each column.
    """
    counts = [count(table) for _, table in remaining]
    lines = [(remaining[0][0], counts[0])]
    for (step, _), before, after in zip(remaining[1:], counts[:-1], counts[1:], strict=True):
        lines.append((f"left: {step}", before - after))
    return [*lines, ("used", counts[-1])]

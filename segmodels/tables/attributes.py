"""Static attributes of customers, such as channel or region."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import ibis
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables import rules
from segmodels.tables.arrow import Kind
from segmodels.tables.audit import Count, ledger
from segmodels.tables.engine import Table, beside, fetch, is_null, keep
from segmodels.tables.sources import open_source, require_columns

if TYPE_CHECKING:
    from segmodels.tables.customers import Customers


@dataclass(frozen=True, eq=False)
class Attributes:
    """What does not change about a customer. Made by :meth:`read`.

    Parameters
    ----------
    table
        ``customer_id`` and the attributes; one row for each customer, no nulls.
    kind
        The kind of table that came in.
    """

    table: Table = field(repr=False)
    kind: Kind

    @classmethod
    def read(
        cls, source: Any, *, customer: str, columns: Sequence[str] | None = None, table: str | None = None
    ) -> Self:
        """Read and check attributes. All faults are reported together.

        Parameters
        ----------
        source
            As in :meth:`Transactions.read`. CSV columns are text, apart from ids that are all plain integers.
        customer
            The column of ids.
        columns
            The attributes wanted. None: every other column.
        table
            The table within a DuckDB file.

        Raises
        ------
        InputError
            For missing columns, null ids or attributes, and ids that occur twice.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [1, 2], "channel": ["web", "shop"], "age": [30, 40]})
        >>> Attributes.read(frame, customer="id", columns=["channel"]).table.columns
        ('customer_id', 'channel')
        """
        opened = open_source(source, None if columns is None else (customer, *columns), table)
        wanted = {"customer": customer} | {f"columns[{i}]": name for i, name in enumerate(columns or ())}
        faults = require_columns(opened, wanted)
        if faults:
            raise InputError(faults)
        names = [name for name in (columns or opened.columns) if name != customer]
        raw = opened.table
        rows = raw.select(customer_id=raw[customer], **{name: raw[name] for name in names})
        found, figures = rules.check(rows, _rules(rows, names), _texts(rows))
        if not names:
            found.append(Fault("columns", "no attribute", "at least one column beside the id", "Name some."))
        found += rules.duplicates(
            rows.filter(~is_null(rows.customer_id)), "customer_id", "Keep one row per customer."
        )
        if found:
            raise InputError(found)
        if opened.untyped and not figures["texts"]:
            rows = rows.mutate(customer_id=rows.customer_id.cast("int64"))
        return cls(rows, opened.kind)


def join(customers: "Customers", attributes: Attributes) -> "Customers":
    """Join attributes to customers; see :meth:`Customers.with_attributes`."""
    known = beside(attributes.table, customers.table)
    faults = _fit_faults(customers.table, known)
    if faults:
        raise InputError(faults)
    without = customers.table.anti_join(known, "customer_id")
    rows = int(fetch(without.aggregate(rows=without.count())).column("rows")[0].as_py())
    if rows:
        first = fetch(without.select("customer_id").order_by("customer_id").limit(3)).column(0).to_pylist()
        advice = "Add them, or leave these customers out."
        raise InputError(
            Fault(
                "attributes",
                "customers without attributes",
                "a row for every customer",
                advice,
                rows,
                tuple(map(str, first)),
            )
        )
    joined = keep(customers.table.inner_join(known, "customer_id"))

    def counted() -> pd.DataFrame:
        unknown = known.anti_join(customers.table, "customer_id")
        extra = int(fetch(unknown.aggregate(rows=unknown.count())).column("rows")[0].as_py())
        line = ledger([("attributes of unknown customers, left out", Count(extra, extra, float("nan")))])
        return pd.concat([customers.audit, line], ignore_index=True)

    return replace(customers, table=joined, counted=counted)


def _rules(rows: Table, names: Sequence[str]) -> list[rules.Rule]:
    who = ibis.literal("customer ") + rules.text_of(rows.customer_id)
    found = [
        rules.Rule(
            "customer",
            "no id",
            "an id in every row",
            "Drop them.",
            rules.is_missing_id(rows.customer_id),
            who,
        )
    ]
    advice = "Fill them, for example with 'unknown', or drop the column."
    return [
        *found,
        *(
            rules.Rule(
                name, "null", "a value for every customer", advice, rules.is_missing_id(rows[name]), who
            )
            for name in names
        ),
    ]


def _texts(rows: Table) -> dict[str, Any]:
    if not rows.customer_id.type().is_string():
        return {}
    return {"texts": (~rules.integer_text(rows.customer_id)).sum()}


def _fit_faults(customers: Table, attributes: Table) -> list[Fault]:
    ours, theirs = customers.customer_id.type(), attributes.customer_id.type()
    faults = [
        Fault(
            "attributes",
            f"a column {name!r}",
            "columns that the customers do not have",
            "Rename it, or leave it out.",
        )
        for name in attributes.columns
        if name != "customer_id" and name in customers.columns
    ]
    if ours.is_numeric() != theirs.is_numeric():
        faults.append(
            Fault("attributes", f"ids of type {theirs}", f"ids of type {ours}", "Convert one of them.")
        )
    return faults

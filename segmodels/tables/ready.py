"""A summary table that someone else made, checked."""

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.tables import parse, rules
from segmodels.tables.audit import count, ledger
from segmodels.tables.engine import Table, fetch, is_null, keep
from segmodels.tables.sources import Source, open_source, require_columns
from segmodels.tables.summary import Unit, check_choice

_AGE = (
    "recency is the age at the last purchase, 0 for one-time buyers; "
    "if yours is the time since the last purchase, pass T - recency."
)


def read_summary(
    source: Any, unit: Unit, customer: str | None, names: dict[str, str], table: str | None
) -> dict[str, Any]:
    """Read and check a summary; the fields of :class:`Customers`, by name."""
    check_choice("unit", unit, ("day", "week", "month"))
    source, customer = _with_ids(source, customer)
    opened = open_source(source, None, table)
    given = {
        name: column for name, column in names.items() if name != "monetary_value" or column in opened.columns
    }
    if names["monetary_value"] != "monetary_value":
        given["monetary_value"] = names["monetary_value"]
    faults = _shape_faults(opened, {"customer": customer, **given})
    if faults:
        raise InputError(faults)
    rows = _prepare(opened, customer, given)
    found, figures = rules.check(rows, _rules(rows, tuple(given)), _texts(rows))
    if not figures["rows"]:
        found.append(Fault("source", "an empty table", "at least one row", "Check the query or the file."))
    order = None if opened.kind == "ibis" else pd.Index(_ids(rows, source, customer))
    if not _surely_unique(order):
        known = rows.filter(~is_null(rows.customer_id))
        found += rules.duplicates(known, "customer_id", "Keep one row per customer.")
    if found:
        raise InputError(found)
    checked = _typed(rows, tuple(given), to_integer=opened.untyped and not figures["texts"])
    if opened.kind != "ibis" and any(opened.table[column].type().is_string() for column in given.values()):
        checked = keep(checked)
    return {
        "table": checked,
        "unit": unit,
        "kind": opened.kind,
        "counted": lambda: ledger([("read", count(checked)), ("used", count(checked))]),
        "order": order,
    }


def _with_ids(source: Any, customer: str | None) -> tuple[Any, str]:
    """Give a pandas frame its index, and other in-memory tables their row numbers, as the column of ids."""
    if isinstance(source, pd.DataFrame):
        if customer is None:
            return source.assign(customer_id=source.index), "customer_id"
        if customer not in source.columns and source.index.name == customer:
            return source.reset_index(), customer
        return source, customer
    if customer is not None:
        return source, customer
    if isinstance(source, pa.Table):
        numbers = pa.array(np.arange(source.num_rows))
        return source.append_column("customer_id", numbers), "customer_id"
    if type(source).__module__.split(".")[0] == "polars" and hasattr(source, "lazy"):
        return source.lazy().with_row_index("customer_id").collect(), "customer_id"
    raise InputError(
        Fault(
            "customer",
            "None",
            "the column of ids",
            "Rows of a file or an engine have no order: say customer=.",
        )
    )


def _surely_unique(ids: pd.Index | None) -> bool:
    """Whether pandas can tell cheaply that ids differ: integers, which are the same ids on the engine."""
    return ids is not None and ids.dtype.kind in "iu" and ids.is_unique


def _ids(rows: Table, source: Any, customer: str) -> Any:
    """List the ids in the order that came in."""
    if isinstance(source, pd.DataFrame):
        return source[customer].to_numpy() if customer in source.columns else source.index
    if isinstance(source, pa.Table):
        return source.column(customer).to_pandas()
    if hasattr(source, "lazy"):
        return source.lazy().select(customer).collect().to_arrow().column(0).to_pandas()
    return fetch(rows.select("customer_id")).column(0).to_pandas()


def _shape_faults(opened: Source, wanted: dict[str, str]) -> list[Fault]:
    faults = require_columns(opened, wanted)
    for argument, name in wanted.items():
        if name not in opened.table.columns:
            continue
        fault = (
            None if argument == "customer" else parse.type_fault(opened.table[name], argument, "number", None)
        )
        faults += [] if fault is None else [fault]
    if wanted["customer"] in opened.mixed:
        faults.append(
            Fault("customer", "text beside numbers", "ids of one type", "Convert them with .astype(str).")
        )
    renamed = {
        "customer_id" if argument == "customer" else argument: name for argument, name in wanted.items()
    }
    for target, name in renamed.items():
        if name != target and target in opened.columns and target not in wanted.values():
            advice = f"Drop or rename the column {target!r}."
            faults.append(Fault(target, f"two columns, {name!r} and {target!r}", "one of them", advice))
    return faults


def _prepare(opened: Source, customer: str, given: dict[str, str]) -> Table:
    raw = opened.table
    numbers = {name: parse.as_number(raw[column]) for name, column in given.items()}
    got = {f"got_{name}": raw[column] for name, column in given.items()}
    others = {name: raw[name] for name in raw.columns if name not in {customer, *given.values()}}
    return raw.select(customer_id=raw[customer], **numbers, **others, **got)


def _texts(rows: Table) -> dict[str, Any]:
    if not rows.customer_id.type().is_string():
        return {}
    return {"texts": (~rules.integer_text(rows.customer_id)).sum()}


def _typed(rows: Table, given: tuple[str, ...], *, to_integer: bool) -> Table:
    # An integer as it came in spares every later query two conversions.
    whole = rows.got_frequency if rows.got_frequency.type().is_integer() else rows.frequency
    checked = rows.mutate(frequency=whole.cast("int64")).drop(*[f"got_{name}" for name in given])
    return checked.mutate(customer_id=checked.customer_id.cast("int64")) if to_integer else checked


def _rules(rows: Table, given: tuple[str, ...]) -> list[rules.Rule]:
    who = ibis.literal("customer ") + rules.text_of(rows.customer_id)
    shown = who + ":"
    for name in given:
        shown = shown + f" {name} " + rules.text_of(rows[f"got_{name}"])
    found = [
        rules.Rule(
            "customer",
            "no id",
            "an id in every row",
            "Drop them.",
            rules.is_missing_id(rows.customer_id),
            shown,
        )
    ]
    repair = "Repair or drop them."
    for name in given:
        column, got = rows[name], rows[f"got_{name}"]
        found += [
            rules.Rule(
                name, "null or NaN", "a number in every row", repair, is_null(got) | column.isnan(), shown
            ),
            rules.Rule(name, "text", "numbers", repair, ~is_null(got) & is_null(column), shown),
            rules.Rule(
                name, "an infinite number", "finite numbers", repair, rules.is_infinite(column), shown
            ),
            rules.Rule(name, "a negative number", "0 or more", repair, column < 0, shown),
        ]
    x, t_x, age = rows.frequency, rows.recency, rows["T"]
    whole = "frequency counts repeat purchases: purchase days minus one."
    finite = ~(x.isnan() | rules.is_infinite(x) | t_x.isnan() | age.isnan())
    return [
        *found,
        rules.Rule("frequency", "a fraction", "whole numbers", whole, finite & (x != x.floor()), shown),
        rules.Rule("recency", "more than T", "recency up to T", _AGE, finite & (t_x > age), shown),
        rules.Rule(
            "recency",
            "above 0 with frequency 0",
            "0 with frequency 0",
            _AGE,
            finite & (x == 0) & (t_x > 0),
            shown,
        ),
        rules.Rule(
            "recency",
            "0 with repeat purchases",
            "above 0 with frequency above 0",
            "Purchases of one day are one occasion; count distinct days, or use a finer unit.",
            finite & (x > 0) & (t_x == 0),
            shown,
        ),
    ]

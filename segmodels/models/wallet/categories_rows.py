"""Wallets of several categories: own spend side by side, the rows of each category, and the sums of customers."""

from dataclasses import replace
from functools import reduce
from operator import add, or_

import ibis
import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array
from segmodels.tables.engine import Table, fetch, is_null, keep
from segmodels.tables.wallet_audit import audit_of
from segmodels.tables.wallets import Wallets

# What belongs to a category, not to a customer.
_OF_A_CATEGORY = ("customer_id", "category", "own", "low", "high", "purchases", "total_purchases")
# In the order in which one of them gives the sum its kind.
_MARKS = ("censored", "rounded", "exact")


def own_by_category(wallets: Wallets) -> pd.DataFrame:
    """Own spend, one row for each customer and one column for each category.

    Raises
    ------
    InputError
        Where a customer lacks a row in a category.
    """
    rows = fetch(wallets.table.select("customer_id", "category", "own")).to_pandas()
    sizes, customers = rows["category"].value_counts(), rows["customer_id"].nunique()
    if (sizes != customers).any():
        shown = tuple(
            f"{name}: {sizes[name]:,} of {customers:,} customers" for name in wallets.categories[:3]
        )
        remedy = "Add rows with own 0 for categories that a customer does not buy here."
        got, expected = "customers without a row", "a row in every category"
        raise InputError(Fault("category", got, expected, remedy, examples=shown))
    wide = rows.pivot_table(index="customer_id", columns="category", values="own").rename_axis(columns=None)
    return wide.loc[:, list(wallets.categories)]


def parts_of(wallets: Wallets, wide: pd.DataFrame, typical: Array | None) -> dict[str, Wallets]:
    """Take the wallets of each category in `wide`; with own spend in the others, unless `typical` is None."""
    parts = {str(name): wallets.of(str(name)) for name in wide.columns}
    if typical is None:
        return parts
    logs = (wide / typical).apply(np.log1p).add_prefix("log_own_")
    return {
        name: part.with_attributes(logs.drop(columns=f"log_own_{name}").reset_index())
        for name, part in parts.items()
    }


def fitted_parts(wallets: Wallets, names: tuple[str, ...], typical: Array | None) -> dict[str, Wallets]:
    """Take the wallets of the fitted categories out of any.

    Raises
    ------
    InputError
        Where a category is not there, or a customer lacks a row in one.
    """
    missing = [name for name in names if name not in wallets.categories]
    if missing:
        got, remedy = f"no category {', '.join(missing)}", "Give rows of every fitted category."
        raise InputError(Fault("wallets", got, f"all of {', '.join(names)}", remedy))
    return parts_of(wallets, own_by_category(wallets).loc[:, list(names)], typical)


def summed(wallets: Wallets, names: tuple[str, ...]) -> Wallets:
    """One row for each customer: sums over the categories of these names, each of which all customers have.

    Answered is who answered in every category. Other columns are kept where a customer has one value in all.
    """
    table = keep(_sums(wallets.table, names, ("own", "low", "high", *customer_columns(wallets))))
    marks = keep(_marks(wallets.marks, names))
    together = " + ".join(names)
    return replace(
        wallets,
        table=table,
        marks=marks,
        categories=(),
        counted=lambda: audit_of(marks, wallets.window, together),
    )


def customer_columns(wallets: Wallets) -> tuple[str, ...]:
    """Columns, beyond those with a meaning of their own, of which every customer has one value in all categories."""
    columns = [name for name in wallets.columns if name not in _OF_A_CATEGORY]
    if not columns:
        return ()
    table = wallets.table
    each = table.group_by("customer_id").aggregate(**{name: table[name].nunique() for name in columns})
    most = fetch(each.aggregate(**{name: each[name].max() for name in columns})).to_pylist()[0]
    return tuple(name for name in columns if (most[name] or 0) <= 1)


def _sums(table: Table, names: tuple[str, ...], columns: tuple[str, ...]) -> Table:
    """Sum own spend and answers in the order of the names, the same bits on every run; null where one is null."""
    found = {}
    for name in columns:
        if name in ("own", "low", "high"):
            found[name] = reduce(add, [table[name].max(where=table.category == each) for each in names])
        else:
            found[name] = table[name].max(where=table.category == names[0])
    return table.group_by("customer_id").aggregate(**found)


def _marks(marks: Table, names: tuple[str, ...]) -> Table:
    """Kinds of the summed answers: that of the least exact one, null where one is missing."""
    rows = marks.filter(reduce(or_, [marks.category == each for each in names]))
    flags = {name: (rows.mark == name).fill_null(False).any() for name in _MARKS}
    own = reduce(add, [rows.own.max(where=rows.category == each) for each in names])
    silent = is_null(rows.mark).any()
    found = rows.group_by("customer_id").aggregate(
        own=own, silent=silent, nothing=rows.nothing.all(), **flags
    )
    kind = ibis.cases(*[(found[name] & ~found.silent, name) for name in _MARKS])
    return found.select("customer_id", "own", "nothing", mark=kind)

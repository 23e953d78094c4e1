"""The base as it came in: ids, features and values of every customer, checked, all faults together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import Kind, from_arrow, plain, to_arrow
from segmodels.tables.engine import bring, fetch
from segmodels.tables.sources import Source, open_source, require_columns

type Array = NDArray[np.float64]

#: A text with more categories than this share of the customers names customers and says nothing of others.
NAMES_CUSTOMERS = 0.5


@dataclass(frozen=True, eq=False)
class Customers:
    """Every customer of the base.

    Parameters
    ----------
    customer_id
        In the order that came in, shape (N,); of a path or an Ibis table, whose rows have no order, sorted.
    features
        Numbers as float64 with NaN, texts as text with nulls; rows as in `customer_id`.
    numbers
        Other columns asked for, as numbers, by name.
    kind
        The kind of table that came in.
    like
        The table on its engine, where it came from one.
    """

    customer_id: pd.Index
    features: pd.DataFrame
    numbers: Mapping[str, Array]
    kind: Kind
    like: Any = None

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.customer_id)

    def give(self, frame: pd.DataFrame) -> Any:
        """Give a result with a row per customer in the kind of table that came in."""
        if self.kind == "pandas":
            return frame
        data = to_arrow(frame)
        return bring(data, self.like) if self.kind == "ibis" else from_arrow(data, self.kind)

    def with_feature(self, name: str, values: Array) -> Self:
        """Add a feature; one that has the name is replaced."""
        return replace(self, features=self.features.assign(**{name: values}))


def read_customers(
    source: Any,
    customer: str,
    features: Sequence[str] | None,
    wanted: Mapping[str, str],
) -> Customers:
    """Read the columns that are needed, as a whole, into memory.

    Of CSV, whose columns are text, those whose every value is a number become numbers.

    Parameters
    ----------
    source
        pandas, Polars or Arrow table, a path, or an Ibis table.
    customer
        Column of ids.
    features
        Columns that describe customers. None: all but `customer` and those of `wanted`.
    wanted
        Columns of numbers needed besides, by argument, such as ``{"values": "spend"}``.

    Raises
    ------
    InputError
        For missing columns, ids that are null or repeat, dates, texts that differ from customer to customer,
        columns without a value, and infinite numbers.
    """
    data, opened = _columns(source, customer, features, tuple(wanted.values()))
    named = {f"features[{name!r}]": name for name in features or ()}
    faults = require_columns(opened, {"customer": customer} | named | dict(wanted))
    if faults:
        raise InputError(faults)
    others = [name for name in opened.columns if name != customer and name not in wanted.values()]
    ids = _ids(data.column(customer), untyped=opened.untyped)
    faults = _id_faults(ids)
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(others if features is None else features):
        columns[name], found = _feature(name, data.column(name), untyped=opened.untyped)
        faults += found
    numbers: dict[str, Array] = {}
    for argument, name in wanted.items():
        numbers[name], found = _number(argument, name, data.column(name), untyped=opened.untyped)
        faults += found
    if not columns and not faults:
        remedy = "Name features, or give a table with columns beside the id."
        faults.append(Fault("features", "none", "at least one column", remedy))
    if faults:
        raise InputError(faults)
    return Customers(ids, pd.DataFrame(columns), numbers, opened.kind, opened.table)


def _columns(
    source: Any, customer: str, features: Sequence[str] | None, others: tuple[str, ...]
) -> tuple[pa.Table, Source]:
    """Fetch columns; rows of frames in memory keep their order, which engines do not, others are sorted by id."""
    needed = None if features is None else (customer, *features, *others)
    in_memory = not isinstance(source, (str, Path, ir.Table))
    opened = open_source(source, () if in_memory else needed)
    kept = [name for name in opened.columns if needed is None or name in needed]
    if not in_memory:
        data = fetch(opened.table.select(kept)) if kept else pa.table({})
        return (data.sort_by(customer) if customer in kept else data), opened
    if opened.kind == "pandas":
        named = source.set_axis([str(name) for name in source.columns], axis="columns")
        return to_arrow(named.loc[:, kept]), opened
    data = source.lazy().collect().to_arrow() if opened.kind == "polars" else source
    return pa.table({name: plain(data.column(name)) for name in kept}), opened


def _ids(column: Any, *, untyped: bool) -> pd.Index:
    ids = pd.Index(column.to_pandas(), name="customer_id")
    if untyped and not ids.hasnans and ids.str.fullmatch(r"-?(0|[1-9]\d{0,17})").all():
        return ids.astype(np.int64)
    return ids


def _id_faults(ids: pd.Index) -> list[Fault]:
    if len(ids) == 0:
        return [Fault("base", "no rows", "a row for every customer", "Check the selection.")]
    faults: list[Fault] = []
    if ids.hasnans:
        rows = int(ids.isna().sum())
        faults.append(Fault("customer", "no id", "an id in every row", "Drop or repair them.", rows))
    twice = ids[ids.duplicated() & ids.notna()]
    if len(twice):
        examples = tuple(str(name) for name in twice.unique()[:3])
        faults.append(
            Fault("customer", "the same id twice", "each id once", "Keep one row each.", len(twice), examples)
        )
    return faults


def _floats(column: Any, *, untyped: bool) -> Array | None:
    """Numbers with NaN for null, or None where the column holds none."""
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        column = column.cast(pa.int64()) if pa.types.is_boolean(kind) else column
    elif untyped and pa.types.is_string(kind):
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid:
            return None
    elif not (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _feature(name: str, column: Any, *, untyped: bool) -> tuple[Any, list[Fault]]:
    where, rows = f"features[{name!r}]", len(column)
    if column.null_count == rows:
        return None, [Fault(where, "no value at all", "values", "Leave it out.", rows)]
    numbers = _floats(column, untyped=untyped)
    if numbers is not None:
        infinite = np.isinf(numbers)
        if infinite.any():
            fault = Fault(where, "infinite", "finite numbers", "Make them null.", int(infinite.sum()))
            return numbers, [fault]
        return numbers, []
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        remedy = "Make it a number, such as days since, or a text."
        return None, [Fault(where, f"values of type {column.type}", "numbers or texts", remedy)]
    different = len(column.unique())
    if different > max(NAMES_CUSTOMERS * rows, 50):
        got = f"{different:,} different texts"
        remedy = "It names customers; say features= without it."
        return None, [Fault(where, got, "categories that customers share", remedy, rows)]
    return column.to_pandas(), []


def _number(argument: str, name: str, column: Any, *, untyped: bool) -> tuple[Array, list[Fault]]:
    numbers = _floats(column, untyped=untyped)
    if numbers is None:
        fault = Fault(argument, f"{name!r} of type {column.type}", "numbers", "Convert it.")
        return np.empty(0), [fault]
    return numbers, finite_faults(argument, numbers) if argument == "values" else []


def finite_faults(argument: str, numbers: Array) -> list[Fault]:
    """Refuse what is missing or not finite."""
    bad = np.flatnonzero(~np.isfinite(numbers))
    if not len(bad):
        return []
    examples = tuple(f"row {row}" for row in bad[:3])
    return [Fault(argument, "missing or not finite", "a number", "Repair them.", len(bad), examples)]


def places_of(respondents: pd.Index, base: pd.Index) -> NDArray[np.int64]:
    """Find the row of each respondent in the base, shape (R,).

    Raises
    ------
    InputError
        Where respondents are not in the base, or the ids are of another type.
    """
    if pd.api.types.is_numeric_dtype(respondents) != pd.api.types.is_numeric_dtype(base):
        got, expected = f"ids of type {base.dtype}", f"ids of type {respondents.dtype}, as in the survey"
        raise InputError(Fault("customer", got, expected, "Convert one of them."))
    places = base.get_indexer(respondents)
    unknown = respondents[places < 0]
    if len(unknown):
        examples = tuple(str(name) for name in unknown[:3])
        got, expected = "respondents that are not in the base", "every respondent in the base"
        remedy = "Add them to the base, or leave them out of the survey."
        raise InputError(Fault("customer", got, expected, remedy, len(unknown), examples))
    return np.asarray(places, dtype=np.int64)

"""Tables of covariates and outcomes, joined to respondents by id and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.sources import open_source

Array = NDArray[np.float64]
Kind = Literal["continuous", "count", "categorical"]
Missing = Literal["error", "omit"]

_MOST_CATEGORIES = 50


@dataclass(frozen=True, eq=False)
class Variable:
    """One column beside the respondents.

    Parameters
    ----------
    name
        Of the column.
    kind
        ``"continuous"``, ``"count"`` or ``"categorical"``.
    categories
        Of a categorical variable, in order; else empty.
    column
        Numbers, or positions of categories, shape (N,); 0 where not known.
    known
        Which respondents have a value, shape (N,).
    """

    name: str
    kind: Kind
    categories: tuple[str, ...]
    column: Array
    known: NDArray[np.bool_]

    @property
    def dummies(self) -> Array:
        """1 in the column of the category, shape (N, C); rows of zeros where it is not known."""
        return np.eye(len(self.categories))[self.column.astype(np.intp)] * self.known[:, None]


def join(
    table: Any, customer_id: pd.Index, role: str, kinds: Mapping[str, Kind], missing: Missing
) -> tuple[list[Variable], list[Fault]]:
    """Bring the columns of a table into the order of the respondents.

    Parameters
    ----------
    table
        Any table with a column ``customer_id``; pandas frames and series may have it as their index. It may
        hold other customers, too.
    role
        ``"covariates"`` or ``"outcomes"``, for messages.
    kinds
        What a column is, where its type does not say it.
    missing
        ``"error"``: every respondent must have every value.

    Returns
    -------
    list of Variable, list of Fault
        The faults of everything that can not be used.
    """
    frame, faults = _frame(table, role)
    if frame is None:
        return [], faults
    ids = pd.Index(frame.pop("customer_id"))
    ours = ids.isin(customer_id)
    frame, ids = frame.loc[ours], ids[ours]
    if not ids.is_unique:
        twice = ids[ids.duplicated()]
        examples = tuple(str(name) for name in twice[:3])
        fault = Fault(role, "ids that repeat", "one row per customer", "Aggregate it.", len(twice), examples)
        return [], [fault]
    place = ids.get_indexer(customer_id)
    absent = place < 0
    if absent.all() or (absent.any() and missing == "error"):
        examples = tuple(f"customer {name}" for name in customer_id[absent][:3])
        remedy = "Add their rows, check the type of the ids, or say missing='omit'."
        got, expected = "no row for respondents", "a row for every respondent"
        return [], [Fault(role, got, expected, remedy, int(absent.sum()), examples)]
    if not len(frame.columns):
        return [], [Fault(role, "no column beside customer_id", "at least one", "Add a column.")]
    found: list[Variable] = []
    for name in frame.columns:
        kind = kinds.get(str(name))
        variable, wrong = _variable(str(name), frame[name], place, kind, role)
        faults += wrong
        if variable is None:
            continue
        faults += _unknown(variable, absent, customer_id, missing)
        found.append(variable)
    return found, faults


def _frame(table: Any, role: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Any table as a pandas frame with a column customer_id."""
    if isinstance(table, pd.Series):
        table = table.to_frame(name=role if table.name is None else table.name)
    if not isinstance(table, pd.DataFrame):
        opened = open_source(table)
        if opened.untyped:
            remedy = "Read the file yourself, with types, and pass the table."
            return None, [Fault(role, "a CSV file, whose columns are text", "a table with types", remedy)]
        table = to_pandas(fetch(opened.table))
    if "customer_id" not in table.columns and table.index.name == "customer_id":
        table = table.reset_index()
    if "customer_id" not in table.columns:
        there = ", ".join(str(name) for name in table.columns[:8]) or "none"
        remedy = "Rename the column of ids, or make it the index of that name."
        return None, [Fault(role, f"the columns {there}", "a column customer_id", remedy)]
    return table.copy(deep=False), []


def _variable(
    name: str, column: pd.Series, place: NDArray[np.intp], kind: Kind | None, role: str
) -> tuple[Variable | None, list[Fault]]:
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return None, [Fault(name, "dates", "numbers or categories", "Give days since a date, or a year.")]
    if not number and kind in ("continuous", "count"):
        examples = tuple(repr(value) for value in column.head(3))
        fault = Fault(
            name, f"a column of type {column.dtype}", f"numbers for {kind}", "Convert it.", None, examples
        )
        return None, [fault]
    if not number or kind == "categorical":
        return _categorical(name, column, place)
    return _number(name, column, place, kind or "continuous", role)


def _number(
    name: str, column: pd.Series, place: NDArray[np.intp], kind: Kind, role: str
) -> tuple[Variable | None, list[Fault]]:
    every = np.append(column.to_numpy(np.float64, na_value=np.nan), np.nan)[place]
    known = ~np.isnan(every)
    values = np.where(known, every, 0.0)
    wild = ~np.isfinite(values)
    if wild.any():
        return None, [Fault(name, "infinite values", "finite numbers", "Repair them.", int(wild.sum()))]
    if kind == "count":
        bad = known & ((values < 0) | (values != np.round(values)))
        if bad.any():
            examples = tuple(str(value) for value in values[bad][:3])
            remedy = "Leave its kind away: any number has a mean."
            expected = "whole numbers from 0 for a count"
            return None, [Fault(name, "other numbers", expected, remedy, int(bad.sum()), examples)]
    if len(np.unique(values[known])) < 2:
        got = "the same value for everyone" if known.any() else "no value"
        return None, [Fault(name, got, "a variable that varies", f"Leave it out of the {role}.")]
    return Variable(name, kind, (), values, known), []


def _categorical(
    name: str, column: pd.Series, place: NDArray[np.intp]
) -> tuple[Variable | None, list[Fault]]:
    every = pd.Categorical(column)
    codes = np.append(every.codes.astype(np.int64), -1)[place]
    used = np.unique(codes[codes >= 0])
    if len(used) < 2:
        return None, [Fault(name, f"{len(used)} category", "at least two", "Leave it out.")]
    if len(used) > _MOST_CATEGORIES:
        expected = f"at most {_MOST_CATEGORIES}"
        return None, [Fault(name, f"{len(used)} categories", expected, "Group them, or make it a number.")]
    known = codes >= 0
    values = np.where(known, np.searchsorted(used, codes), 0).astype(np.float64)
    categories = tuple(str(every.categories[code]) for code in used)
    return Variable(name, "categorical", categories, values, known), []


def _unknown(
    variable: Variable, absent: NDArray[np.bool_], customer_id: pd.Index, missing: Missing
) -> list[Fault]:
    gone = ~variable.known & ~absent
    if missing == "omit" or not gone.any():
        return []
    examples = tuple(f"customer {name}" for name in customer_id[gone][:3])
    remedy = "Fill them, or say missing='omit'."
    return [
        Fault(variable.name, "no value", "a value for every respondent", remedy, int(gone.sum()), examples)
    ]


def check_names(
    covariates: list[Variable], outcomes: list[Variable], kinds: Mapping[str, Kind], faults: list[Fault]
) -> None:
    """Raise all faults, those of names included.

    Raises
    ------
    InputError
        With every fault found so far.
    """
    named = [variable.name for variable in (*covariates, *outcomes)]
    both = sorted({name for name in named if named.count(name) > 1})
    if both:
        remedy = "Leave it out of one of them."
        faults.append(Fault("outcomes", f"also covariates: {', '.join(both)}", "other columns", remedy))
    strange = sorted(set(kinds) - set(named) - {fault.where for fault in faults})
    if strange:
        there = ", ".join(named) or "none"
        faults.append(Fault("kinds", f"unknown {', '.join(strange)}", f"one of: {there}", "Check the names."))
    wrong = sorted({str(kind) for kind in kinds.values()} - {"continuous", "count", "categorical"})
    if wrong:
        expected = "'continuous', 'count' or 'categorical'"
        faults.append(Fault("kinds", f"{', '.join(wrong)}", expected, "Use one of these."))
    if faults:
        raise InputError(faults)

"""Ids of respondents: one each, and known in the base where one is given."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.attributes import Attributes
from segmodels.tables.customers import Customers
from segmodels.tables.engine import Table, bring, fetch
from segmodels.tables.summary import check_choice
from segmodels.tables.survey_source import Sheet, open_sheet

_INTEGER = r"0|-?[1-9][0-9]{0,17}"


def ids_of(sheet: Sheet, customer: str | None) -> tuple[pd.Index, list[Fault]]:
    """Ids of the rows; without a column of ids the index of a pandas frame, or row numbers from 0.

    Returns
    -------
    tuple
        The ids, named ``customer_id``, and what is wrong with them, other than repeats.
    """
    if customer is None:
        if sheet.kind == "ibis":
            advice = "Rows of a file or an engine have no lasting order: say customer=."
            return sheet.index, [Fault("customer", "None", "the column of ids", advice)]
        return _checked(sheet.index.rename("customer_id"))
    column = sheet.data[customer]
    if isinstance(column, pa.ChunkedArray):
        column = column.to_pandas()
    ids = pd.Index(column, name="customer_id")
    if isinstance(ids, pd.CategoricalIndex):
        ids = ids.astype(ids.categories.dtype)
    if sheet.untyped and len(ids) and not ids.hasnans and ids.str.fullmatch(_INTEGER).all():
        ids = ids.astype("int64")
    return _checked(ids)


def _checked(ids: pd.Index) -> tuple[pd.Index, list[Fault]]:
    if isinstance(ids, pd.MultiIndex):
        advice = "Say customer=, the column of ids."
        return ids, [Fault("customer", "an index of several levels", "one id a row", advice)]
    faults: list[Fault] = []
    null = ids.isna()
    if ids.dtype.kind not in "iufbmM":
        if pd.api.types.infer_dtype(ids, skipna=True) in {"mixed", "mixed-integer"}:
            advice = "Convert them with .astype(str)."
            faults.append(Fault("customer", "text beside numbers", "ids of one type", advice))
        null = null | np.array([isinstance(value, str) and not value.strip() for value in ids], dtype=bool)
    rows = np.flatnonzero(null)
    if rows.size:
        examples = tuple(f"row {row}" for row in rows[:3])
        advice = "Repair or drop them."
        faults.append(Fault("customer", "no id", "an id in every row", advice, int(rows.size), examples))
    return ids, faults


def repeat_faults(ids: pd.Index) -> list[Fault]:
    """One fault if ids occur more than once."""
    known = ids[ids.notna()]
    twice = known[known.duplicated(keep=False)]
    if not len(twice):
        return []
    times = twice.value_counts(sort=False)
    examples = tuple(f"{who}, {count} times" for who, count in times.head(3).items())
    advice = "Keep one row per respondent."
    return [Fault("customer", "the same id", "each id once", advice, len(twice), examples)]


def unmatched_rows(ids: pd.Index, base: Any, unmatched: str) -> tuple[int, list[Fault]]:
    """Find respondents who are not in the base.

    Parameters
    ----------
    ids
        Of the respondents.
    base
        `Customers`, `Attributes`, a table with a column ``customer_id``, or ids; None: nothing is checked.
    unmatched
        ``"error"`` or ``"keep"``.

    Returns
    -------
    tuple
        How many there are, and the fault where they are an error.

    Examples
    --------
    >>> unmatched_rows(pd.Index([1, 2, 9]), pd.Series([1, 2, 3]), "keep")
    (1, [])
    """
    check_choice("unmatched", unmatched, ("error", "keep"))
    if base is None:
        return 0, []
    try:
        lost = _lost(ids, base)
    except InputError as error:
        return 0, list(error.faults)
    if unmatched == "keep" or not lost.any():
        return int(lost.sum()), []
    examples = tuple(str(who) for who in ids[lost][:3])
    advice = "Correct the ids, or keep these respondents: unmatched='keep'."
    fault = Fault(
        "customer", "ids that are not in the base", "ids of the base", advice, int(lost.sum()), examples
    )
    return int(lost.sum()), [fault]


def _lost(ids: pd.Index, base: Any) -> NDArray[np.bool_]:
    if isinstance(base, (Customers, Attributes)):
        return _lost_on_engine(ids, base.table)
    if isinstance(base, (pd.Index, pd.Series, np.ndarray, list, tuple, set, frozenset)):
        known = pd.Index(list(base) if isinstance(base, (set, frozenset)) else base)
    else:
        sheet = open_sheet(base, ["customer_id"], None)
        if "customer_id" not in sheet.data:
            there = ", ".join(sheet.columns)
            raise InputError(
                Fault("base", "no column 'customer_id'", f"one of: {there}", "Rename the column of ids.")
            )
        known = ids_of(sheet, "customer_id")[0]
    _check_types(ids, text=not pd.api.types.is_numeric_dtype(known.dtype))
    return ~ids.isin(known)


def _lost_on_engine(ids: pd.Index, table: Table) -> NDArray[np.bool_]:
    """Ask the engine, so that a large base need not come into memory."""
    _check_types(ids, text=not table.customer_id.type().is_numeric())
    ours = bring(pa.table({"customer_id": pa.Array.from_pandas(ids.dropna().unique())}), table)
    lost = fetch(ours.anti_join(table, "customer_id").select("customer_id")).column(0)
    return ids.isin(pd.Index(lost.to_pandas())) | ids.isna()


def _check_types(ids: pd.Index, *, text: bool) -> None:
    if text == pd.api.types.is_numeric_dtype(ids.dtype):
        got = "text" if text else "numbers"
        raise InputError(
            Fault("base", f"ids that are {got}", f"ids of type {ids.dtype}", "Convert one of them.")
        )

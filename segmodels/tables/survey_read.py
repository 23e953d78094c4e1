"""Reading answers, one row a respondent: every check made, all faults together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import CODED, NUMERIC, Code, Codebook, Item
from segmodels.tables.responses import Absent, Items
from segmodels.tables.survey_codes import UNKNOWN, Matcher, distinct, positions
from segmodels.tables.survey_ids import ids_of, repeat_faults, unmatched_rows
from segmodels.tables.survey_learn import learn, skipped
from segmodels.tables.survey_numbers import read_number
from segmodels.tables.survey_rank import Order, Rankings, read_order, read_places
from segmodels.tables.survey_rules import nearest, rows_fault
from segmodels.tables.survey_source import Column, Sheet, open_sheet
from segmodels.tables.survey_weights import Sample, sample_of


@dataclass(frozen=True)
class Roles:
    """Which columns hold what is no answer.

    Parameters
    ----------
    customer
        Ids; None: the index of a pandas frame, or row numbers.
    weight, count, strata, cluster
        As in :meth:`Responses.read`.
    """

    customer: str | None
    weight: str | None = None
    count: str | None = None
    strata: str | None = None
    cluster: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Argument to column, of those given."""
        given = {name: getattr(self, name) for name in ("customer", "weight", "count", "strata", "cluster")}
        return {name: column for name, column in given.items() if column is not None}


@dataclass(frozen=True, eq=False)
class Checks:
    """What answers and ids are checked against; see :meth:`Responses.read`."""

    missing: Absent = ()
    base: Any = None
    unmatched: str = "error"


@dataclass(frozen=True, eq=False)
class Answers:
    """What was read of the items: those without faults, their answers, and the faults."""

    items: list[Item] = field(default_factory=list[Item])
    by_item: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    faults: list[Fault] = field(default_factory=list[Fault])


def items_of(given: Items) -> tuple[Item, ...]:
    """List the items asked for, with categories or without.

    Raises
    ------
    InputError
        For unknown words for scales, and names that repeat; all together.

    Examples
    --------
    >>> [item.scale for item in items_of({"q1": "ordinal", "age": Item("age", "continuous")})]
    ['ordinal', 'continuous']
    """
    if isinstance(given, Codebook):
        return given.items
    if not isinstance(given, Mapping):
        return Codebook(tuple(given)).items
    made: list[Item] = []
    faults: list[Fault] = []
    for name, scale in given.items():
        if isinstance(scale, Item):
            made.append(scale)
            if scale.name != name:
                got = f"an item named {scale.name!r}"
                faults.append(Fault(f"items[{name!r}]", got, "the same name", "Name the column in both."))
            continue
        try:
            made.append(Item(str(name), scale))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return Codebook(tuple(made)).items


def read_answers(
    source: Any,
    roles: Roles,
    items: Items,
    checks: Checks,
    table: str | None = None,
    order: Order | None = None,
) -> dict[str, Any]:
    """Read and check answers; the fields of :class:`Responses`, by name."""
    asked = () if order is not None and not items else items_of(items)
    places = () if order is None else order.places
    wanted = [*roles.columns.values(), *(item.name for item in asked), *places]
    sheet = open_sheet(source, wanted, table)
    faults = column_faults(sheet, roles, [item.name for item in asked], places)
    if roles.customer is not None and roles.customer not in sheet.data:
        raise InputError(faults)
    ids, id_faults = ids_of(sheet, roles.customer)
    faults += id_faults + repeat_faults(ids)
    if not sheet.rows:
        raise InputError(
            [*faults, Fault("source", "an empty table", "at least one row", "Check the query or the file.")]
        )
    answers = read_items(sheet, asked, checks.missing, ids)
    if order is not None and set(places) <= set(sheet.data):
        answers = _with_ranking(answers, read_order(sheet, order, ids))
    sample, sample_faults = sample_of(sheet, roles.columns, ids)
    unknown, base_faults = unmatched_rows(ids, checks.base, checks.unmatched)
    faults += answers.faults + sample_faults + base_faults
    if faults:
        raise InputError(faults)
    book = Codebook(tuple(answers.items))
    return {
        "customer_id": ids,
        "codebook": book,
        "answers": answers.by_item,
        "weight": sample.weight,
        "count": sample.count,
        "strata": sample.strata,
        "cluster": sample.cluster,
        "kind": sheet.kind,
        "engine": sheet.engine,
        "audit": audit_of(asked, answers, sample, unknown, base=checks.base is not None),
    }


def _with_ranking(answers: Answers, ranked: Rankings) -> Answers:
    return Answers(
        [*ranked.items, *answers.items],
        {**ranked.by_item, **answers.by_item},
        [*answers.faults, *ranked.faults],
    )


def column_faults(
    sheet: Sheet, roles: Roles, items: Sequence[str], places: Sequence[str] = ()
) -> list[Fault]:
    """Columns that are not there, or that serve twice."""
    there = ", ".join(sheet.columns) or "none"
    faults = [
        Fault(argument, f"no column {name!r}", f"one of: {there}", nearest(name, sheet.columns))
        for argument, name in roles.columns.items()
        if name not in sheet.columns
    ]
    for argument, names in (("items", items), ("places", places)):
        lost = [name for name in names if name not in sheet.columns]
        if lost:
            advice = " ".join(f"{name}: {nearest(name, sheet.columns)}" for name in lost[:3])
            named = ", ".join(map(repr, lost[:3])) + (", …" if len(lost) > 3 else "")
            got = f"{len(lost)} without a column: {named}"
            faults.append(Fault(argument, got, f"some of the columns there are: {there}", advice))
    # A stratum may well be an item, too; a second answer may not.
    times = Counter([*roles.columns.values(), *places])
    faults += [
        Fault("columns", f"{name!r} {many} times", "each column in one role", "Leave it out of the others.")
        for name, many in times.items()
        if many > 1
    ]
    return faults


def read_items(sheet: Sheet, asked: Sequence[Item], missing: Absent, ids: pd.Index) -> Answers:
    """Read each item's column; items whose column is not there are passed over."""
    found = Answers()
    found.faults.extend(_missing_faults(asked, missing))
    there = [item for item in asked if item.name in sheet.data]
    absent = {item.name: _absent(missing, item.name) for item in there}
    ranked = read_places(sheet, [item for item in there if item.scale == "rank"], absent, ids)
    found.faults.extend(ranked.faults)
    for item in there:
        if item.scale == "rank":
            found.items.append(item)
            found.by_item.update({item.name: ranked.by_item[item.name]} if ranked.by_item else {})
            continue
        try:
            known, values = _read_item(
                item, sheet.data[item.name], absent[item.name], ids, untyped=sheet.untyped
            )
        except InputError as error:
            found.faults.extend(error.faults)
            continue
        found.items.append(known)
        found.by_item[item.name] = values
    return found


def _read_item(
    item: Item, column: Column, absent: tuple[Code, ...], ids: pd.Index, *, untyped: bool
) -> tuple[Item, NDArray[Any]]:
    if item.scale in CODED:
        return _coded(item, column, absent, ids, untyped=untyped)
    if item.scale in NUMERIC:
        return item, read_number(item, column, absent, ids)
    advice = "Read best-worst tasks with read_tasks, one row for each item shown."
    raise InputError(Fault(f"items[{item.name!r}]", f"scale {item.scale!r}", "one answer a row", advice))


def _absent(missing: Absent, name: str) -> tuple[Code, ...]:
    """Codes that mean no answer to an item."""
    given = missing.get(name, ()) if isinstance(missing, Mapping) else missing
    return (given,) if isinstance(given, (str, int, float)) else tuple(given)


def _missing_faults(asked: Sequence[Item], missing: Absent) -> list[Fault]:
    faults: list[Fault] = []
    names = [item.name for item in asked]
    if isinstance(missing, Mapping):
        faults += [
            Fault("missing", f"no item {name!r}", f"one of: {', '.join(names)}", nearest(name, names))
            for name in missing
            if name not in names
        ]
    for item in asked:
        match = Matcher(item.categories)
        both = [code for code in _absent(missing, item.name) if match.position(code) != UNKNOWN]
        if both:
            got = f"{both[0]!r}, which is a category of {item.name!r}"
            advice = "Say missing={item: codes} for the items in which it means no answer."
            faults.append(Fault("missing", got, "codes that are no answers", advice))
    return faults


def _coded(
    item: Item, column: Column, absent: tuple[Code, ...], ids: pd.Index, *, untyped: bool
) -> tuple[Item, NDArray[np.int16]]:
    found = distinct(column)
    known = item if item.categories else learn(item, found, absent, untyped=untyped)
    places = positions(found, known.categories, absent)
    codes = ", ".join(map(repr, known.categories[:12])) + (", …" if known.size > 12 else "")
    wrong = places == UNKNOWN
    if wrong.any():
        bad = sorted({repr(found.levels[at]) for at in np.unique(found.index[wrong])})
        advice = (
            f"Correct them, add the code to the categories, or say missing=({bad[0]},) if it means no answer."
        )
        many = "a code that is no category" if len(bad) == 1 else f"{len(bad)} codes that are no category"
        fault = Fault(f"items[{item.name!r}]", many, codes, advice)
        raise InputError(rows_fault(fault, wrong, ids, lambda row: repr(found.levels[found.index[row]])))
    return known, places


def audit_of(
    asked: Sequence[Item], answers: Answers, sample: Sample, unknown: int, *, base: bool
) -> pd.DataFrame:
    """Write the ledger: ``step, rows``."""
    absent = {
        name: values < 0 if values.dtype.kind == "i" else np.isnan(values)
        for name, values in answers.by_item.items()
    }
    told = [absent[item.name] for item in answers.items if item.dimension != "profile"]
    rows = len(sample.weight)
    lines: list[tuple[str, int]] = [("read", rows)]
    lines.append(("no answer to any item but the profile's", int(np.all(told, axis=0).sum()) if told else 0))
    lines.append(
        ("at least one answer missing", int(np.any(list(absent.values()), axis=0).sum()) if absent else 0)
    )
    if sample.divisor is not None:
        lines.append((f"weights divided by their mean, {sample.divisor:.6g}", rows))
    if base:
        lines.append(("not in the base, kept", unknown))
    learned = {item.name for item in asked if not item.categories}
    for item in answers.items:
        gaps = skipped(item) if item.name in learned else []
        if gaps:
            codes = ", ".join(map(str, gaps[:5]))
            lines.append((f"{item.name}: nobody answered {codes}, which is no category", 0))
    return pd.DataFrame(lines, columns=["step", "rows"])

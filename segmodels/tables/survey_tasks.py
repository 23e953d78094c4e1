"""Best-worst tasks: from one row for each item shown to one row a task."""

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.survey_codes import UNKNOWN, Matcher, distinct, is_blank
from segmodels.tables.survey_ids import ids_of, unmatched_rows
from segmodels.tables.survey_rank import Alternatives, named_items, sorted_codes
from segmodels.tables.survey_read import Checks, Roles, column_faults
from segmodels.tables.survey_rules import rows_fault
from segmodels.tables.survey_source import Column, Sheet, open_sheet
from segmodels.tables.survey_task_rules import (
    Grid,
    renumbered,
    sorted_grid,
    task_faults,
    tasks_of,
    without_choice,
)
from segmodels.tables.survey_weights import Sample, sample_of

if TYPE_CHECKING:
    from segmodels.tables.responses import Responses

Unanswered = Literal["error", "leave_out"]
_WORDS = {"best": 1, "worst": -1, "shown": 0}


@dataclass(frozen=True)
class Long:
    """The columns of a long table of tasks, and how to read them; see :meth:`Responses.read_tasks`."""

    customer: str
    task: str
    item: str
    choice: str
    alternatives: Alternatives | None = None
    unanswered: Unanswered = "error"


@dataclass(frozen=True, eq=False)
class _Read:
    """What a long table holds: respondents in the order in which they first appear, and their rows.

    `grid` is sorted by task where there are no faults; `first` is the first row of each respondent, and
    `respondent` the place of each row's respondent among the ids, both in the order of the source.
    """

    ids: pd.Index
    items: tuple[Item, ...]
    grid: Grid
    respondent: NDArray[np.int64]
    first: NDArray[np.int64]
    faults: list[Fault]


def read_long(
    source: Any,
    long: Long,
    roles: Roles,
    checks: Checks,
    table: str | None = None,
    respondents: "Responses | None" = None,
) -> dict[str, Any]:
    """Read and check tasks; the fields of :class:`Responses`, by name.

    Parameters
    ----------
    roles
        The columns of ids, weights and design; constant within a respondent.
    respondents
        Those to whom the tasks belong, with their other answers; None: those who have a task.
    """
    names = [long.task, long.item, long.choice]
    sheet = open_sheet(source, [*roles.columns.values(), *names], table)
    faults = column_faults(sheet, roles, (), names)
    if faults:
        raise InputError(faults)
    if not sheet.rows:
        raise InputError(
            Fault("source", "an empty table", "at least one row", "Check the query or the file.")
        )
    read = _read(sheet, long)
    if (read.respondent < 0).any():
        raise InputError(read.faults)
    sample, wrong = _sample(sheet, roles, read)
    unknown, outside = unmatched_rows(read.ids, checks.base, checks.unmatched)
    faults = [*read.faults, *wrong, *outside]
    grid, left = read.grid, 0
    if not read.faults:
        if long.unanswered == "leave_out":
            grid, left = without_choice(grid)
        faults += task_faults(grid, read.ids)
    if respondents is not None:
        faults += _join_faults(respondents, read, roles)
    if faults:
        raise InputError(faults)
    steps = [("rows of tasks read", sheet.rows)]
    steps += [("tasks left out, without a choice", left)] if long.unanswered == "leave_out" else []
    steps += [("not in the base, kept", unknown)] if checks.base is not None else []
    if respondents is None:
        return _of_tasks(read, grid, sample, sheet) | {"audit": _ledger(steps)}
    return _of_respondents(respondents, read, grid, steps)


def _read(sheet: Sheet, long: Long) -> _Read:
    rows, faults = ids_of(sheet, long.customer)
    respondent, ids = pd.factorize(rows)
    found = distinct(sheet.data[long.task])
    label = np.array([*found.levels, None], dtype=object)[found.index]
    null = np.array([value is None for value in label], dtype=bool)
    faults += rows_fault(Fault("task", "null", "a task in every row", "Repair them."), null, rows)
    item, items, wrong = _items(sheet, long, rows)
    choice, more = _choices(sheet, long.choice, rows)
    faults += wrong + more
    first = np.unique(respondent, return_index=True)[1]
    grid = sorted_grid(respondent, found.index, item, choice, label)
    return _Read(pd.Index(ids, name="customer_id"), items, grid, respondent, first, faults)


def _items(sheet: Sheet, long: Long, rows: pd.Index) -> tuple[NDArray[Any], tuple[Item, ...], list[Fault]]:
    found = distinct(sheet.data[long.item])
    given = long.alternatives
    if given is None:
        there = [
            value
            for value, times in zip(found.levels, found.counts, strict=True)
            if times and not is_blank(value)
        ]
        if len({isinstance(value, str) for value in there}) > 1:
            advice = "Convert the column to one type, or give alternatives={code: name}."
            fault = Fault("item", "text beside numbers", "codes of one type", advice)
            return np.zeros(sheet.rows, np.int64), (), [fault]
        given = {code: str(code) for code in sorted_codes(there, untyped=sheet.untyped)}
    codes, items, faults = named_items(given, "best_worst", Matcher(()))
    match = Matcher(codes)
    place = np.array([*(match.position(value) for value in found.levels), UNKNOWN])[found.index]
    listed = ", ".join(map(repr, codes[:12])) + (", …" if len(codes) > 12 else "")
    advice = "Correct them, or add the item to the alternatives."

    def shown(row: int) -> str:
        at = int(found.index[row])
        return "null" if at < 0 else repr(found.levels[at])

    fault = Fault("item", "codes of no item", listed, advice)
    return place, items, faults + rows_fault(fault, place == UNKNOWN, rows, shown)


def _choices(sheet: Sheet, column: str, rows: pd.Index) -> tuple[NDArray[np.int64], list[Fault]]:
    found = distinct(sheet.data[column])
    match = Matcher((1, -1, 0))
    values = [_choice(value, match) for value in found.levels]
    choice = np.array([*values, 0], dtype=np.int64)[found.index]
    advice = "Null and blank count as shown."
    fault = Fault("choice", "other values", "1 or 'best', -1 or 'worst', 0 or 'shown'", advice)
    wrong = choice == UNKNOWN
    return choice, rows_fault(fault, wrong, rows, lambda row: repr(found.levels[found.index[row]]))


def _choice(value: Any, match: Matcher) -> int:
    if is_blank(value):
        return 0
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()]
    place = UNKNOWN if isinstance(value, bool) else match.position(value)
    return UNKNOWN if place == UNKNOWN else (1, -1, 0)[place]


def _sample(sheet: Sheet, roles: Roles, read: _Read) -> tuple[Sample, list[Fault]]:
    """Read weights and design of the respondents, which must be the same in all rows of each."""
    columns = {name: column for name, column in roles.columns.items() if name != "customer"}
    faults: list[Fault] = []
    data: dict[str, Column] = {}
    for argument, name in columns.items():
        column = sheet.data[name]
        index = distinct(column).index
        differs = index != index[read.first][read.respondent]
        advice = "Give each respondent one value."
        fault = Fault(argument, "other values in other rows of a respondent", "one value", advice)
        faults += rows_fault(fault, differs, read.ids[read.respondent])
        data[name] = (
            column.iloc[read.first] if isinstance(column, pd.Series) else column.take(pa.array(read.first))
        )
    reduced = replace(sheet, rows=len(read.ids), data=data)
    sample, wrong = sample_of(reduced, columns, read.ids)
    return sample, faults + wrong


def _join_faults(respondents: "Responses", read: _Read, roles: Roles) -> list[Fault]:
    faults: list[Fault] = []
    if len(roles.columns) > 1:
        advice = "Give them where the respondents are read."
        faults.append(Fault("respondents", "weights or a design, too", "them once", advice))
    if respondents.tasks is not None:
        faults.append(Fault("respondents", "best-worst tasks", "none yet", "Read all tasks together."))
    taken = [item.name for item in read.items if item.name in respondents.codebook]
    if taken:
        advice = "Rename the alternatives: alternatives={code: name}."
        faults.append(Fault("item", f"the item {taken[0]!r}, which was read", "other names", advice))
    lost = ~read.ids.isin(respondents.customer_id)
    if lost.any():
        examples = tuple(str(who) for who in read.ids[lost][:3])
        advice = "Read their other answers, too, or leave their tasks out."
        got = "ids that are not among the respondents"
        faults.append(Fault("customer", got, "ids of respondents", advice, int(lost.sum()), examples))
    return faults


def _of_tasks(read: _Read, grid: Grid, sample: Sample, sheet: Sheet) -> dict[str, Any]:
    return {
        "customer_id": read.ids,
        "codebook": Codebook(read.items),
        "answers": {},
        "weight": sample.weight,
        "count": sample.count,
        "strata": sample.strata,
        "cluster": sample.cluster,
        "tasks": tasks_of(grid, grid.respondent, 0),
        "kind": sheet.kind,
        "engine": sheet.engine,
    }


def _of_respondents(
    respondents: "Responses", read: _Read, grid: Grid, steps: list[tuple[str, int]]
) -> dict[str, Any]:
    rows = respondents.customer_id.get_indexer(read.ids)
    # Respondents keep their order, so the tasks are sorted anew.
    moved = rows[grid.respondent]
    order = np.lexsort((grid.task, moved))
    tasks = tasks_of(renumbered(grid.pick(order)), moved[order], len(respondents.codebook))
    without = len(respondents) - len(read.ids)
    ledger = _ledger([*steps, ("respondents without a task", without)])
    fields = {each.name: getattr(respondents, each.name) for each in dataclasses.fields(respondents)}
    return fields | {
        "codebook": Codebook((*respondents.codebook.items, *read.items)),
        "tasks": tasks,
        "audit": pd.concat([respondents.audit, ledger], ignore_index=True),
    }


def _ledger(steps: list[tuple[str, int]]) -> pd.DataFrame:
    return pd.DataFrame(steps, columns=["step", "rows"])

"""What a plan names, read and checked: the survey, its indicators, and the base; all faults together."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from segmodels.errors import Fault, InputError
from segmodels.project.needs_plan import NeedsPlan
from segmodels.project.plan import readable
from segmodels.segments.projection.read import Customers, read_customers
from segmodels.tables.codebook import Codebook
from segmodels.tables.engine import fetch
from segmodels.tables.responses import Responses
from segmodels.tables.sources import open_source
from segmodels.tables.survey_rules import nearest

_OTHER_MODELS = {"rank": "sg.RankedNeeds", "best_worst": "sg.BestWorst"}
_ROW = "customer_id"


@dataclass(frozen=True, eq=False)
class Survey:
    """A survey that was read.

    Parameters
    ----------
    responses
        The respondents.
    indicators
        Names of the items that make the segments.
    base
        Every customer; None where there is no base.
    notes
        What a reader of the results should know of how they were read.
    """

    responses: Responses
    indicators: tuple[str, ...]
    base: Customers | None
    notes: tuple[str, ...] = ()

    @property
    def scales(self) -> tuple[str, ...]:
        """The indicators that are rating scales."""
        return tuple(name for name in self.indicators if self.responses.codebook[name].scale == "ordinal")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The indicators that are answered in numbers."""
        return tuple(name for name in self.indicators if not self.responses.codebook[name].coded)


def read_survey(plan: NeedsPlan) -> Survey:
    """Read survey and base.

    Raises
    ------
    InputError
        With every fault of codebook, survey and base.
    """
    book = plan.known()
    with readable():
        items: Any = _scales(plan) if book is None else book
    faults = _choices_faults(items)
    if faults:
        raise InputError(faults)
    base, faults = _base(plan)
    try:
        responses = read_responses(plan, items, base)
    except InputError as error:
        raise InputError([*faults, *map(_joined, error.faults)]) from error
    if faults:
        raise InputError(faults)
    indicators, notes = _indicators(plan, responses.codebook)
    unknown = [name for name in plan.directions if name not in responses.codebook]
    if unknown:
        there = f"among: {', '.join(responses.codebook.names)}"
        where = "premium" if unknown[0] in plan.premium else "bargain"
        raise InputError(Fault(where, f"no item {unknown[0]!r}", there, nearest(unknown[0], plan.directions)))
    return Survey(responses, indicators, base, notes)


def read_responses(plan: NeedsPlan, items: Any, base: Customers | None = None) -> Responses:
    """Read the answers of a plan's survey under some items."""
    with readable(), tempfile.TemporaryDirectory() as folder:
        source, customer = (
            (plan.source, plan.customer)
            if plan.customer is not None
            else numbered(plan.source, plan.table, Path(folder))
        )
        read = Responses.read(
            source,
            customer=customer,
            items=items,
            weight=plan.weight,
            strata=plan.strata,
            cluster=plan.cluster,
            missing=plan.missing,
            base=None if base is None else base.customer_id,
            table=None if plan.customer is None else plan.table,
        )
    # Results go to a folder, not back to an engine that held a copy of the file.
    return read if plan.customer is not None else replace(read, kind="pandas", engine=None)


def numbered(source: Any, table: str | None, folder: Path) -> tuple[Any, str | None]:
    """Give a source and the column of its ids, for a survey without ids whose rows are numbered.

    Parameters
    ----------
    source
        As :meth:`Responses.read` takes it.
    table
        Within a DuckDB file.
    folder
        Where a copy of a CSV may stand while it is read: its columns stay text, of which nothing is guessed.
    """
    if not isinstance(source, (str, Path, ir.Table)):
        return source, None
    opened = open_source(source, None, table)
    opened.table.get_backend().raw_sql("SET preserve_insertion_order = true")
    data = fetch(opened.table)
    if not opened.untyped:
        return data, None
    name = _ROW
    while name in data.column_names:
        name += "_"
    path = folder / "numbered.csv"
    pa_csv.write_csv(data.append_column(name, pa.array(range(data.num_rows), pa.int64())), path)
    return path, name


def _scales(plan: NeedsPlan) -> dict[str, str]:
    """Item to scale, patterns written out."""
    given = plan.items
    if not isinstance(given, Mapping):
        return {}
    if not any(set(name) & set("*?[") for name in given):
        return dict(given)
    columns = open_source(plan.source, None, plan.table).columns
    return {
        name: scale
        for pattern, scale in given.items()
        for name in matching("items", (pattern,), [each for each in columns if each != plan.customer])
    }


def matching(where: str, patterns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Write patterns out.

    Raises
    ------
    InputError
        For patterns, or names, that match nothing.

    Examples
    --------
    >>> matching("items", ("q*",), ("q1", "age", "q2"))
    ('q1', 'q2')
    """
    found: dict[str, None] = {}
    faults: list[Fault] = []
    for pattern in patterns:
        some = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        found |= dict.fromkeys(some)
        if not some:
            there = f"one of: {', '.join(names)}"
            faults.append(Fault(where, f"no item {pattern!r}", there, nearest(pattern, names)))
    if faults:
        raise InputError(faults)
    return tuple(found)


def _choices_faults(items: Codebook | Mapping[str, str]) -> list[Fault]:
    """Refuse rankings and tasks, which have models of their own."""
    scales = {item.name: item.scale for item in items} if isinstance(items, Codebook) else items
    return [
        Fault(
            "codebook",
            f"{name!r} of scale {scale}",
            "answers to one question each",
            f"The command line has latent classes of ratings alone; in Python use {_OTHER_MODELS[scale]}.",
        )
        for name, scale in scales.items()
        if scale in _OTHER_MODELS
    ]


def _base(plan: NeedsPlan) -> tuple[Customers | None, list[Fault]]:
    if plan.base is None:
        return None, []
    customer = plan.base_customer or plan.customer or "customer_id"
    wanted = {} if plan.value is None else {"values": plan.value}
    try:
        with readable():
            return read_customers(plan.base, customer, plan.features or None, wanted), []
    except InputError as error:
        named = {"customer": "base_customer", "values": "value", "source": "base"}
        return None, [replace(fault, where=named.get(fault.where, fault.where)) for fault in error.faults]


def _joined(fault: Fault) -> Fault:
    """Say what can be done here about respondents who are not in the base."""
    if "unmatched=" not in fault.remedy:
        return fault
    return replace(fault, remedy="Correct the ids, add them to the base, or leave them out of the survey.")


def _indicators(plan: NeedsPlan, book: Codebook) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose the items that make the segments; satisfaction describes them and does not make them."""
    if not isinstance(plan.items, Mapping) and plan.items:
        return matching("items", plan.items, book.names), ()
    usable = tuple(name for name in book.indicators if book[name].scale not in _OTHER_MODELS)
    needs = tuple(name for name in usable if book[name].dimension != "satisfaction")
    if not needs or len(needs) == len(usable):
        return usable, ()
    left = len(usable) - len(needs)
    note = (
        f"{left} items on satisfaction describe the segments and do not make them: people are alike in what they "
        "need, not in how content they are. Name items to change this."
    )
    return needs, (note,)


def base_frame(base: Customers, value: str | None) -> pd.DataFrame:
    """Give the base as a table: ``customer_id``, the features and the value."""
    frame = base.features.copy()
    if value is not None and value not in frame:
        frame[value] = base.numbers[value]
    frame.insert(0, "customer_id", base.customer_id.to_numpy())
    return frame

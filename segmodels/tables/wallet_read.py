"""Own spend and answers, read from one table or two, checked, and brought together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables import rules
from segmodels.tables.arrow import Kind, array, plain
from segmodels.tables.engine import Table, beside, fetch, is_null, keep
from segmodels.tables.sources import Source, open_source
from segmodels.tables.wallet_audit import audit_of
from segmodels.tables.wallet_columns import (
    Limits,
    Roles,
    answer_columns,
    argument_faults,
    clash_faults,
    kept_columns,
    own_columns,
    shape_faults,
)
from segmodels.tables.wallet_interval import bounded
from segmodels.tables.wallet_rounding import cent, is_multiple, is_told, powers, units
from segmodels.tables.wallet_rules import answer_rules, below_fault, joint_rules, own_rules, who

_ENOUGH = 20
# Named so that no column of a user is called the same.
_MARK, _NOTHING = "segmodels_mark", "segmodels_nothing"


@dataclass(frozen=True, eq=False)
class _Read:
    """Own spend beside answers as the checks see them, and the names of the further columns."""

    rows: Table
    kept: tuple[str, ...]


def read_wallets(
    source: Any,
    answers: Any,
    roles: Roles,
    limits: Limits,
    tables: tuple[str | None, str | None] = (None, None),
) -> dict[str, Any]:
    """Read and check wallets; the fields of :class:`segmodels.tables.wallets.Wallets`, by name.

    `tables` are those within DuckDB files, of own spend and of answers.
    """
    faults = argument_faults(roles, limits, answers)
    if faults:
        raise InputError(faults)
    roles, limits = _as_floats(roles, limits)
    _refuse_empty({"source": source, "answers": answers})
    source = _with_index(source, roles.customer)
    named = roles.named_by_own() | ({} if answers is not None else roles.named_by_answer(alone=False))
    opened = open_source(source, None if roles.columns is None else tuple(named.values()), tables[0])
    read = _one(opened, roles) if answers is None else _two(opened, answers, roles, tables[1])
    windows, categories = _labels(read.rows, "window"), _labels(read.rows, "category")
    if len(windows) > 1:
        advice = "Read one window at a time: filter both own spend and answers first."
        raise InputError(
            Fault("window", f"{len(windows)} windows", "one", advice, examples=tuple(windows[:3]))
        )
    kept = keep(_final(_bounded(read.rows, roles, limits), read.kept))
    marks = kept.select(
        *[name for name in ("customer_id", "category", "own") if name in kept.columns],
        mark=kept[_MARK],
        nothing=kept[_NOTHING],
    )
    window, category = next(iter(windows), None), _named(categories)
    return {
        "table": kept.drop(_MARK, _NOTHING),
        "kind": opened.kind,
        "counted": lambda: audit_of(marks, window, category),
        "marks": marks,
        "window": window,
        "categories": tuple(categories),
        "order": _order(source, roles.customer, opened.kind),
    }


def _refuse_empty(given: Mapping[str, Any]) -> None:
    """Name files of no bytes, in which an engine sees a column of its own making."""
    advice = "Check how it was written."
    faults = [
        Fault(where, f"an empty file, {str(path)!r}", "a header and rows", advice)
        for where, path in given.items()
        if isinstance(path, (str, Path)) and Path(path).is_file() and not Path(path).stat().st_size
    ]
    if faults:
        raise InputError(faults)


def _as_floats(roles: Roles, limits: Limits) -> tuple[Roles, Limits]:
    """Numbers of NumPy and fractions as the floats that engines take."""
    step = roles.rounding
    step = step if step is None or isinstance(step, str) else float(step)
    return replace(roles, rounding=step), Limits(float(limits.below), float(limits.most_below))


def _one(opened: Source, roles: Roles) -> _Read:
    """Read own spend and answers that are columns of one table."""
    named = roles.named_by_own() | roles.named_by_answer(alone=False)
    kept = _shaped(shape_faults(opened, named), opened, roles, alone=False)
    raw = opened.table
    rows = raw.select(**own_columns(raw, roles, kept), **answer_columns(raw, roles, alone=False))
    own = own_rules(rows, [(name, f"kept_{i}") for i, name in enumerate(kept)])
    found, figures = rules.check(
        rows, [*own, *answer_rules(rows, roles.argument, alone=False), *_joint(rows, roles)], _texts(rows)
    )
    found += _key_faults(rows, figures, "source")
    if found:
        raise InputError(found)
    return _Read(_as_integers(rows, untyped=opened.untyped and not figures["texts"]), kept)


def _two(opened: Source, answers: Any, roles: Roles, table: str | None) -> _Read:
    """Read own spend of one table, answers of another, and join them."""
    named = roles.named_by_answer(alone=True)
    survey = _survey(_with_index(answers, roles.customer), tuple(named.values()), table)
    faults = shape_faults(opened, roles.named_by_own()) + shape_faults(survey, named)
    kept = _shaped(faults, opened, roles, alone=True)
    rows = opened.table.select(**own_columns(opened.table, roles, kept))
    said = survey.table.select(**answer_columns(survey.table, roles, alone=True))
    own = own_rules(rows, [(name, f"kept_{i}") for i, name in enumerate(kept)])
    found, ours = rules.check(rows, own, _texts(rows))
    further, theirs = rules.check(said, answer_rules(said, roles.argument, alone=True), _texts(said))
    found += [*_key_faults(rows, ours, "source"), *further, *_key_faults(said, theirs, "answers")]
    if found:
        raise InputError(found)
    rows = _as_integers(rows, untyped=opened.untyped and not ours["texts"])
    said = _as_integers(said, untyped=survey.untyped and not theirs["texts"] and _whole(rows))
    joined = _joined(rows, beside(said, rows))
    found, _ = rules.check(joined, _joint(joined, roles), {})
    if found:
        raise InputError(found)
    return _Read(joined, kept)


def _survey(answers: Any, names: tuple[str, ...], table: str | None) -> Source:
    try:
        return open_source(answers, names, table)
    except InputError as error:
        raise InputError([_of_answers(fault) for fault in error.faults]) from None


def _of_answers(fault: Fault) -> Fault:
    """Say the same of the table of answers."""
    if fault.where != "table":
        return replace(fault, where="answers")
    got = fault.got.replace("table=", "answers_table=")
    return replace(fault, where="answers_table", got=got, remedy="Say answers_table=.")


def _shaped(faults: list[Fault], opened: Source, roles: Roles, *, alone: bool) -> tuple[str, ...]:
    """List the further columns, unless there are faults."""
    kept = kept_columns(opened, roles, alone=alone)
    faults = faults + clash_faults(kept)
    if faults:
        raise InputError(faults)
    return kept


def _joint(rows: Table, roles: Roles) -> list[rules.Rule]:
    step = roles.rounding
    return joint_rules(rows, None if isinstance(step, str) else step, roles.argument)


def _joined(rows: Table, said: Table) -> Table:
    """Put answers beside own spend; refuse answers of nobody."""
    keys = [name for name in ("customer_id", "category") if name in said.columns]
    if _whole(rows) != _whole(said):
        raise InputError(_type_fault(rows, said))
    unknown = said.anti_join(rows, keys)
    strangers = rules.Rule(
        "answers: customer",
        "answers of nobody in the source" if len(keys) == 1 else "answers without a row in the source",
        "customers of the source",
        "Add a row to the source, with own spend 0 for who buys nothing of us; or leave the answers out.",
        ~is_null(unknown.customer_id),
        who(unknown),
    )
    found, _ = rules.check(unknown, [strangers], {})
    if found:
        raise InputError(found)
    new = said.rename({f"answers_{name}": name for name in keys})
    both = rows.left_join(new, [rows[name] == new[f"answers_{name}"] for name in keys])
    return both.drop(*[f"answers_{name}" for name in keys])


def _type_fault(rows: Table, said: Table) -> Fault:
    """Say how many ids of the table of text are no whole numbers, and which; the other one has numbers."""
    got, expected = (f"ids of type {each.customer_id.type()}" for each in (said, rows))
    text = rows if _whole(said) else said
    others = text.filter(~rules.integer_text(text.customer_id))
    count = int(fetch(others.aggregate(rows=others.count())).to_pylist()[0]["rows"])
    where = "answers: customer" if text is said else "customer"
    if not count:
        return Fault("answers: customer", got, expected, "Convert one of them.")
    shown = fetch(others.select("customer_id").distinct().order_by("customer_id").limit(3)).column(0)
    ids = tuple(repr(each) for each in shown.to_pylist())
    advice = "Write ids without a decimal point." if all("." in each for each in ids) else "Repair them."
    return Fault(
        where, "ids that are no whole numbers", "whole numbers as in the other table", advice, count, ids
    )


def _bounded(rows: Table, roles: Roles, limits: Limits) -> Table:
    """Add low, high, mark and nothing; refuse too many totals below own spend."""
    if roles.answer is None:
        none = {name: ibis.null("float64") for name in ("low", "high")}
        return rows.mutate(**none, mark=ibis.null("string"), nothing=ibis.literal(value=False))
    step = roles.rounding
    rounding = (_auto(rows) if step == "auto" else None) if isinstance(step, str) else step
    smallest = cent(_said(rows)) if roles.argument == "total" else 0.0
    marked = rows.mutate(**bounded(rows, roles.argument, limits.below, rounding, smallest))
    counted = marked.aggregate(
        answers=marked.mark.count(), censored=(marked.mark == "censored").fill_null(False).sum()
    )
    found = fetch(counted).to_pylist()[0]
    answers, censored = int(found["answers"]), int(found["censored"] or 0)
    if answers >= _ENOUGH and censored > limits.most_below * answers:
        shown = who(marked) + ": total " + rules.text_of(marked.got_answer)
        shown = shown + ", own " + rules.text_of(marked.got_own)
        shape = below_fault(censored, answers, (), limits.most_below)
        rule = rules.Rule(
            shape.where, shape.got, shape.expected, shape.remedy, marked.mark == "censored", shown
        )
        raise InputError(rule.fault(censored, rules.examples(marked, rule)))
    return marked


def _auto(rows: Table) -> tuple[float, ...]:
    said = _said(rows)
    if not said.size:
        return ()
    return units(said, np.array([_grid_of_own(rows, float(said.max()))]))


def _said(rows: Table) -> NDArray[np.float64]:
    """Fetch the answers above zero."""
    return fetch(rows.filter(rows.answer > 0).select("answer")).column("answer").to_numpy()


def _grid_of_own(rows: Table, largest: float) -> float:
    """Find the largest power of ten that divides own spend of everybody; who answers may buy nothing at all.

    A search for one exception ends as soon as there is one, so only the last goes through all rows.
    """
    told = rows.filter(is_told(rows.own, largest)).select("own")
    for step in powers(largest):
        if not fetch(told.filter(~is_multiple(told.own, step)).limit(1)).num_rows:
            return step
    return powers(largest)[-1]


def _final(rows: Table, kept: Sequence[str]) -> Table:
    first = ("customer_id", "category", "own", "low", "high", "purchases", "total_purchases")
    further = {name: rows[f"kept_{i}"] for i, name in enumerate(kept)}
    return rows.select(
        *[name for name in first if name in rows.columns],
        **further,
        **{_MARK: rows["mark"], _NOTHING: rows["nothing"]},
    )


def _labels(rows: Table, name: str) -> list[str]:
    """List the different windows or categories, sorted."""
    if name not in rows.columns:
        return []
    return fetch(rows.select(name).distinct().order_by(name)).column(0).to_pylist()


def _named(categories: Sequence[str]) -> str | None:
    listed = ", ".join(categories[:3]) or None
    return listed if len(categories) <= 3 else f"{listed} and {len(categories) - 3} more"


def _key_faults(rows: Table, figures: dict[str, Any], where: str) -> list[Fault]:
    if not figures["rows"]:
        return [Fault(where, "an empty table", "at least one row", "Check the query or the file.")]
    known, key, advice = rows.filter(~is_null(rows.customer_id)), "customer_id", "Keep one row per customer."
    if "category" in rows.columns:
        both = rules.text_of(known.customer_id) + " in " + rules.text_of(known.category)
        known, key = known.select(**{"customer and category": both}), "customer and category"
        advice = "Keep one row per customer and category."
    found = rules.duplicates(known, key, advice)
    name = "customer" if key == "customer_id" else key
    return [replace(each, where=name if where == "source" else f"answers: {name}") for each in found]


def _texts(rows: Table) -> dict[str, Any]:
    if not rows.customer_id.type().is_string():
        return {}
    return {"texts": (~rules.integer_text(rows.customer_id)).sum()}


def _as_integers(rows: Table, *, untyped: bool) -> Table:
    return rows.mutate(customer_id=rows.customer_id.cast("int64")) if untyped else rows


def _whole(rows: Table) -> bool:
    return bool(rows.customer_id.type().is_integer())


def _with_index(source: Any, customer: str) -> Any:
    """Give a pandas frame whose index bears the name of the ids a column of them."""
    if isinstance(source, pd.DataFrame) and source.index.name == customer and customer not in source.columns:
        return source.reset_index()
    return source


def _order(source: Any, customer: str, kind: Kind) -> pd.Index | None:
    """List the ids in the order that came in."""
    if kind == "ibis":
        return None
    if isinstance(source, pd.DataFrame):
        at = [str(name) for name in source.columns].index(customer)
        ids = array(source.iloc[:, at])
    elif kind == "polars":
        ids = plain(source.lazy().select(customer).collect().to_arrow().column(0))
    else:
        ids = plain(source.column(customer))
    return pd.Index(np.asarray(ids.to_pandas())).unique()

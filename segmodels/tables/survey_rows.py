"""What is made of answers that were read: fewer rows, covariates, frames, another codebook."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import CODED, NUMERIC, Codebook, Item
from segmodels.tables.survey_codes import MISSING, UNKNOWN, Matcher
from segmodels.tables.survey_rules import nearest, rows_fault

if TYPE_CHECKING:
    from segmodels.tables.responses import Responses, Tasks


def tasks_taken(tasks: "Tasks", rows: NDArray[Any], many: int) -> "Tasks":
    """Tasks of the rows taken, numbered as these.

    Parameters
    ----------
    rows
        Positions or a mask, as for an array of shape (many,).
    """
    chosen = np.arange(many)[rows]
    order = np.argsort(tasks.respondent, kind="stable")
    first = np.searchsorted(tasks.respondent[order], chosen, "left")
    size = np.searchsorted(tasks.respondent[order], chosen, "right") - first
    begin = np.cumsum(size) - size
    within = np.arange(size.sum()) - np.repeat(begin, size)
    picked = order[np.repeat(first, size) + within]
    return replace(
        tasks,
        respondent=np.repeat(np.arange(len(chosen)), size),
        shown=tasks.shown[picked],
        best=tasks.best[picked],
        worst=tasks.worst[picked],
    )


def _known(codebook: Codebook, names: Sequence[str]) -> list[Item]:
    faults = [
        Fault(
            "items",
            f"no item {name!r}",
            f"one of: {', '.join(codebook.names)}",
            nearest(name, codebook.names),
        )
        for name in names
        if name not in codebook
    ]
    if faults:
        raise InputError(faults)
    return [codebook[name] for name in names]


def answered(responses: "Responses", names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each row answers each item; see :meth:`Responses.answered`."""
    columns = [_answered(responses, item) for item in _known(responses.codebook, names)]
    return np.column_stack(columns) if columns else np.empty((len(responses), 0), bool)


def _answered(responses: "Responses", item: Item) -> NDArray[np.bool_]:
    if item.scale == "best_worst":
        rows = np.zeros(len(responses), bool)
        if responses.tasks is not None:
            rows[responses.tasks.respondent] = True
        return rows
    if item.scale == "rank":
        ranked = [other.name for other in responses.codebook if other.scale == "rank"]
        return (responses.codes(ranked) >= 0).any(axis=1)
    values = responses.answers[item.name]
    return values >= 0 if item.coded else ~np.isnan(values)


def complete(responses: "Responses", names: Sequence[str]) -> "Responses":
    """Leave out incomplete rows; see :meth:`Responses.complete`."""
    whole = answered(responses, names).all(axis=1)
    listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    kept = responses.take(np.flatnonzero(whole))
    mean = float(kept.case_weight.sum() / kept.n) if kept.n else 0.0
    if not mean > 0:
        got = f"no row that answers all of {listed}"
        raise InputError(Fault("items", got, "some of positive weight", "Name fewer items."))
    steps = [(f"left out: no answer to one of {listed}", int((~whole).sum()))]
    if not np.isclose(mean, 1, rtol=1e-12, atol=0):
        steps.append((f"weights divided by their mean, {mean:.6g}", len(kept)))
        kept = replace(kept, weight=kept.weight / mean)
    ledger = pd.concat([responses.audit, pd.DataFrame(steps, columns=["step", "rows"])], ignore_index=True)
    return replace(kept, audit=ledger)


def covariates(responses: "Responses", names: Sequence[str]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Items as a matrix of numbers; see :meth:`Responses.covariates`."""
    items = _known(responses.codebook, names)
    faults = [
        Fault(
            "covariates", f"the {item.scale} item {item.name!r}", "coded items and numbers", "Leave it out."
        )
        for item in items
        if item.scale not in CODED + NUMERIC
    ]
    for item in items:
        if item.scale in CODED + NUMERIC:
            advice = f"Leave these rows out: responses.complete({list(names)!r})."
            fault = Fault(f"covariates: {item.name}", "no answer", "an answer in every row", advice)
            faults += rows_fault(fault, ~_answered(responses, item), responses.customer_id)
    if faults:
        raise InputError(faults)
    blocks = [_columns(item, responses.answers[item.name]) for item in items]
    if not blocks:
        return np.empty((len(responses), 0)), ()
    return np.column_stack([block for block, _ in blocks]), tuple(
        name for _, names in blocks for name in names
    )


def _columns(item: Item, values: NDArray[Any]) -> tuple[NDArray[np.float64], list[str]]:
    if not item.coded:
        return values[:, None], [item.name]
    if item.scale == "ordinal":
        numbers = all(
            isinstance(code, (int, float)) and not isinstance(code, bool) for code in item.categories
        )
        codes = np.asarray(item.categories if numbers else range(item.size), dtype=np.float64)
        return codes[values][:, None], [item.name]
    others = np.arange(1, item.size)
    names = [f"{item.name}[{code}]" for code in item.categories[1:]]
    return (values[:, None] == others).astype(np.float64), names


def to_pandas(responses: "Responses") -> pd.DataFrame:
    """Answers as they came; see :meth:`Responses.to_pandas`."""
    columns: dict[str, Any] = {"customer_id": responses.customer_id.array}
    for item in responses.codebook:
        if item.scale == "best_worst":
            continue
        values = responses.answers[item.name]
        if item.scale == "rank":
            columns[item.name] = pd.array(np.where(values < 0, 0, values) + 1, "Int64")
            columns[item.name][values < 0] = pd.NA
        else:
            columns[item.name] = _decoded(item, values) if item.coded else values
    return pd.DataFrame(columns)


def _decoded(item: Item, values: NDArray[Any]) -> Any:
    kinds = {type(code) for code in item.categories}
    if kinds == {float, int}:
        kinds = {float}
    dtype = {bool: "boolean", int: "Int64", float: "Float64", str: "str"}.get(kinds.pop(), "object")
    codes = pd.array([*item.categories, pd.NA], dtype if not kinds else "object")
    return codes.take(np.where(values < 0, item.size, values))


def checked_answers(responses: "Responses", answers: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Answers of the type and range that their items ask for; see :meth:`Responses.with_answers`."""
    made: dict[str, NDArray[Any]] = {}
    faults: list[Fault] = []
    for item, given in zip(_known(responses.codebook, list(answers)), answers.values(), strict=True):
        where, values = f"answers[{item.name!r}]", np.asarray(given)
        if item.scale == "best_worst" or values.shape != (len(responses),):
            got = f"shape {values.shape} of scale {item.scale!r}"
            expected = f"shape ({len(responses)},) of an item with one answer a row"
            faults.append(Fault(where, got, expected, "Give one answer a row."))
        elif item.scale in NUMERIC:
            made[item.name] = values.astype(np.float64)
            fault = Fault(where, "an infinite number", "finite numbers, NaN where missing", "Correct them.")
            faults += rows_fault(fault, np.isinf(made[item.name]), responses.customer_id)
        elif not np.issubdtype(values.dtype, np.integer):
            faults.append(Fault(where, f"{values.dtype}", "integers, -1 where missing", "Give positions."))
        else:
            most = item.size if item.coded else sum(other.scale == "rank" for other in responses.codebook)
            fault = Fault(where, "positions out of range", f"-1 to {most - 1}", "Give positions, not codes.")
            faults += rows_fault(fault, (values < -1) | (values >= most), responses.customer_id)
            made[item.name] = values.astype(np.int16)
    if faults:
        raise InputError(faults)
    return made


def recode(responses: "Responses", codebook: Codebook) -> "Responses":
    """Answers under another codebook; see :meth:`Responses.recode`."""
    if responses.codebook == codebook:
        return responses
    faults = _ranking_faults(responses, codebook)
    made: dict[str, NDArray[Any]] = {}
    scales = {item.scale for item in responses.codebook}
    for item in codebook:
        if item.name not in responses.codebook and item.scale in {"rank", "best_worst"} & scales:
            # An alternative that nobody ranked, or was shown.
            made |= {item.name: np.full(len(responses), MISSING, np.int16)} if item.scale == "rank" else {}
            continue
        try:
            made |= _item_recoded(responses, item)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return replace(responses, codebook=codebook, answers=made, tasks=_tasks_recoded(responses, codebook))


def _ranking_faults(responses: "Responses", codebook: Codebook) -> list[Fault]:
    """Refuse a codebook without alternatives that were ranked: their places would be gaps."""
    lost = [i.name for i in responses.codebook if i.scale == "rank" and i.name not in codebook]
    kept = any(item.scale == "rank" for item in codebook)
    ranked = [name for name in lost if (responses.answers[name] >= 0).any()] if kept else []
    if not ranked:
        return []
    rows = int((responses.codes(ranked) >= 0).any(axis=1).sum())
    advice = "Score rankings of the alternatives that were fitted."
    fault = Fault("ranking", "alternatives outside the codebook", "its alternatives", advice)
    return [replace(fault, rows=rows, examples=tuple(ranked[:3]))]


def _item_recoded(responses: "Responses", item: Item) -> dict[str, NDArray[Any]]:
    ours = _known(responses.codebook, [item.name])[0]
    if ours.coded != item.coded or (not item.coded and ours.scale != item.scale):
        fault = Fault(
            f"items[{item.name!r}]", f"scale {ours.scale!r}", repr(item.scale), "Read it as that scale."
        )
        raise InputError(fault)
    if item.scale == "best_worst":
        return {}
    if not item.coded:
        return {item.name: responses.answers[item.name]}
    made, faults = _recoded(responses, ours, item)
    if faults:
        raise InputError(faults)
    return {item.name: made}


def _recoded(responses: "Responses", ours: Item, item: Item) -> tuple[NDArray[np.int16], list[Fault]]:
    match = Matcher(item.categories)
    table = np.array([*(match.position(code) for code in ours.categories), MISSING], np.int16)
    values = responses.answers[item.name]
    made = table[values]
    codes = ", ".join(map(repr, item.categories[:12]))
    advice = "Correct them, or fit with a codebook that has them."
    fault = Fault(f"items[{item.name!r}]", "codes that are no category", codes, advice)
    shown = lambda row: repr(ours.categories[values[row]])  # noqa: E731
    return made, rows_fault(fault, made == UNKNOWN, responses.customer_id, shown)


def _tasks_recoded(responses: "Responses", codebook: Codebook) -> "Tasks | None":
    """Tasks with the positions that their items have in another codebook."""
    tasks = responses.tasks
    if tasks is None or not any(item.scale == "best_worst" for item in codebook):
        return None
    names = codebook.names
    table = np.array(
        [*(names.index(n) if n in names else UNKNOWN for n in responses.codebook.names), -1], np.int16
    )
    shown = table[tasks.shown]
    lost = (shown == UNKNOWN).any(axis=1)
    if lost.any():
        which = np.unique(tasks.shown[shown == UNKNOWN])
        examples = tuple(responses.codebook.names[at] for at in which[:3])
        advice = "Score tasks of the items that were fitted."
        fault = Fault("tasks", "items outside the codebook", "its best-worst items", advice)
        raise InputError(replace(fault, rows=int(lost.sum()), examples=examples))
    return replace(tasks, shown=shown, best=table[tasks.best], worst=table[tasks.worst])


def described(responses: "Responses") -> str:
    """One line: rows, items by scale, share of missing answers."""
    scales = [item.scale for item in responses.codebook]
    items = ", ".join(f"{scales.count(scale)} {scale}" for scale in dict.fromkeys(scales))
    text = f"Responses({len(responses):,} rows; items: {items}"
    names = [item.name for item in responses.codebook if item.scale in CODED + NUMERIC]
    if names:
        text += f"; {1 - answered(responses, names).mean():.1%} of the answers missing"
    if responses.tasks is not None:
        text += f"; {len(responses.tasks.best):,} tasks"
    return f"{text})"

"""What must hold of items, codebooks and columns of a survey, as faults."""

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault
from segmodels.tables.codebook import CODED, Dimension, Measure, Scale

if TYPE_CHECKING:
    from segmodels.tables.codebook import Item


def nearest(name: str, there: Iterable[str]) -> str:
    """Advise the name most like one that is not there."""
    lower = {each.lower(): each for each in there}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    return f"Did you mean {lower[near[0]]!r}?" if near else "Check the name."


def rows_fault(
    fault: Fault, broken: NDArray[np.bool_], ids: pd.Index, shown: Callable[[int], str] | None = None
) -> list[Fault]:
    """One fault of the rows that are broken, none where there are none.

    Parameters
    ----------
    fault
        The fault without rows and examples.
    broken
        Which rows break the rule, shape (N,).
    ids
        Of the respondents, shape (N,).
    shown
        Gives the offending value of a row; None: only the respondent is shown.
    """
    rows = np.flatnonzero(broken)
    if not rows.size:
        return []
    examples = tuple(
        f"customer {ids[row]}" if shown is None else f"customer {ids[row]}: {shown(row)}"
        for row in rows[:3].tolist()
    )
    return [Fault(fault.where, fault.got, fault.expected, fault.remedy, int(rows.size), examples)]


def item_faults(item: "Item") -> list[Fault]:
    """Everything wrong with an item."""
    where = f"item {item.name!r}"
    faults: list[Fault] = []
    if not isinstance(item.name, str) or not item.name.strip():
        faults.append(Fault("item", f"the name {item.name!r}", "a text", "Name the column that holds it."))
    faults += _word_faults(where, "scale", item.scale, get_args(Scale))
    if item.dimension is not None:
        faults += _word_faults(where, "dimension", item.dimension, get_args(Dimension))
    if item.measures is not None:
        faults += _word_faults(where, "measures", item.measures, get_args(Measure))
        if not item.benefit:
            faults.append(
                Fault(where, f"measures={item.measures!r} of no benefit", "a benefit", "Say benefit= too.")
            )
        if item.scale == "nominal":
            advice = "Say 'ordinal', or leave measures out."
            faults.append(
                Fault(where, f"{item.measures} on a nominal scale", "answers with an order", advice)
            )
    if isinstance(item.categories, str) or isinstance(item.texts, str):
        return [*faults, Fault(where, "a text", "a sequence of codes", "Write ('a', 'b'), not 'ab'.")]
    return faults + (_category_faults(item, where) if item.scale in CODED else _number_faults(item, where))


def _word_faults(where: str, argument: str, got: Any, options: tuple[str, ...]) -> list[Fault]:
    if got in options:
        return []
    expected = f"one of {', '.join(map(repr, options))}"
    return [Fault(where, f"{argument}={got!r}", expected, nearest(str(got), options))]


def _number_faults(item: "Item", where: str) -> list[Fault]:
    if not item.categories and not item.texts:
        return []
    advice = "Leave them out, or say 'nominal' or 'ordinal'."
    return [Fault(where, f"categories of a {item.scale} scale", "none", advice)]


def _category_faults(item: "Item", where: str) -> list[Fault]:
    codes = item.categories
    if not codes:
        advice = "Give the categories, too."
        return [Fault(where, "texts without categories", "a code for each", advice)] if item.texts else []
    faults: list[Fault] = []
    wrong = [code for code in codes if not isinstance(code, (bool, int, float, str))]
    wrong += [code for code in codes if isinstance(code, float) and not math.isfinite(code)]
    wrong += [code for code in codes if isinstance(code, str) and not code.strip()]
    if wrong:
        got, advice = f"the code {wrong[0]!r}", "Leave it out; what means no answer goes into missing=."
        faults.append(Fault(where, got, "numbers, texts or booleans", advice))
    # 1, 1.0, True and "1" are one code: answers could not tell them apart.
    repeated = [code for code, times in Counter(_spelled(code) for code in codes).items() if times > 1]
    if repeated:
        faults.append(Fault(where, f"the code {repeated[0]} twice", "each code once", "Merge them."))
    if item.scale == "binary" and len(codes) != 2:
        advice = "Say 'nominal' or 'ordinal', or give both codes."
        faults.append(Fault(where, f"{len(codes)} categories of a binary scale", "two", advice))
    elif len(codes) < 2:
        advice = "Leave out an item that can not vary."
        faults.append(Fault(where, "one category", "two or more", advice))
    if item.texts and len(item.texts) != len(codes):
        got = f"{len(item.texts)} texts for {len(codes)} categories"
        faults.append(Fault(where, got, "a text for each category", "Complete the texts."))
    return faults


def _spelled(code: Any) -> str:
    return str(int(code)) if isinstance(code, bool) else str(code).strip()


def codebook_faults(items: Sequence["Item"]) -> list[Fault]:
    """Everything wrong with items together."""
    faults: list[Fault] = []
    if not items:
        faults.append(Fault("items", "none", "at least one item", "Name the questions."))
    twice = [name for name, times in Counter(item.name for item in items).items() if times > 1]
    if twice:
        faults.append(
            Fault(
                "items",
                f"{len(twice)} name{'s' if len(twice) > 1 else ''} twice",
                "each name once",
                "Rename them.",
                None,
                tuple(twice[:3]),
            )
        )
    measured = Counter((item.benefit, item.measures) for item in items if item.measures)
    for (benefit, measures), times in measured.items():
        if times > 1:
            names = [i.name for i in items if i.benefit == benefit and i.measures == measures]
            got = f"{times} items that hold its {measures}"
            advice = "Keep one, or split the benefit."
            faults.append(
                Fault(f"benefit {benefit!r}", got, "one at most", advice, None, tuple(map(repr, names)))
            )
    return faults

"""Rankings: the place of each alternative, or the alternative at each place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Code, Codebook, Item, Scale
from segmodels.tables.survey_codes import MISSING, UNKNOWN, Distinct, Matcher, distinct, is_blank, number_of
from segmodels.tables.survey_numbers import numbers_of
from segmodels.tables.survey_rules import rows_fault
from segmodels.tables.survey_source import Sheet

Alternatives = Mapping[Code, "str | Item"]
Places = NDArray[np.int16]


@dataclass(frozen=True)
class Order:
    """Where a ranking is that names the alternative at each place; see :meth:`Responses.read_orderings`."""

    places: tuple[str, ...]
    alternatives: Alternatives | None
    none: tuple[Code, ...]


@dataclass(frozen=True, eq=False)
class Rankings:
    """The alternatives, the place of each less one (-1 not ranked), and what is wrong with them."""

    items: tuple[Item, ...] = ()
    by_item: dict[str, Places] = field(default_factory=dict[str, Places])
    faults: list[Fault] = field(default_factory=list[Fault])


def read_places(
    sheet: Sheet, items: Sequence[Item], absent: Mapping[str, tuple[Code, ...]], ids: pd.Index
) -> Rankings:
    """Read a ranking whose columns are the alternatives and hold their places, 1 the best.

    Places of a respondent start at 1 and have no gaps and no ties; alternatives that are not ranked are null.

    Parameters
    ----------
    items
        The alternatives, all of scale ``"rank"``.
    absent
        Of each alternative the codes that mean that it was not ranked.

    Examples
    --------
    >>> frame = pd.DataFrame({"price": [1, 2], "brand": [2, None], "design": [3, 1]})
    >>> sheet = Sheet(2, dict(frame.items()), tuple(frame), frame.index, "pandas")
    >>> alternatives = [Item(name, "rank") for name in frame]
    >>> read_places(sheet, alternatives, dict.fromkeys(frame, ()), frame.index).by_item["brand"].tolist()
    [1, -1]
    """
    faults: list[Fault] = []
    columns: dict[str, NDArray[np.float64]] = {}
    for item in items:
        where, advice = f"items[{item.name!r}]", "Places are 1, 2, 3 …; leave what was not ranked empty."
        values, unread, shown = numbers_of(sheet.data[item.name], absent[item.name])
        faults += rows_fault(Fault(where, "no number", "places", advice), unread, ids, shown)
        wrong = ~np.isnan(values) & ~(np.isfinite(values) & (values >= 1) & (values == np.floor(values)))
        faults += rows_fault(Fault(where, "no place", "1, 2, 3 …", advice), wrong, ids, shown)
        columns[item.name] = values
    if faults or not columns:
        return Rankings(tuple(items), {}, faults)
    table = np.column_stack(list(columns.values()))
    faults = _place_faults(table, ids)
    if faults:
        return Rankings(tuple(items), {}, faults)
    places = np.where(np.isnan(table), 0, table).astype(np.int16) - np.int16(1)
    return Rankings(
        tuple(items), {name: np.ascontiguousarray(places[:, at]) for at, name in enumerate(columns)}
    )


def _shortened(parts: list[str]) -> str:
    return " ".join(parts[:12]) + (" …" if len(parts) > 12 else "")


def _place_faults(table: NDArray[np.float64], ids: pd.Index) -> list[Fault]:
    ordered = np.sort(table, axis=1)
    ties = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    last = np.where(np.isnan(table), 0, table).max(axis=1)
    gaps = ~ties & (last != (~np.isnan(table)).sum(axis=1))

    def shown(row: int) -> str:
        return _shortened(["–" if np.isnan(place) else f"{place:g}" for place in table[row].tolist()])

    advice = "Let the tied ones be unranked where they are the last, or ask again."
    ties_fault = Fault("ranking", "a place twice", "each place once", advice)
    advice = "Number them anew where only the order counts: frame[names].rank(axis=1)."
    gaps_fault = Fault("ranking", "places with a gap, or that do not start at 1", "1, 2, 3 …", advice)
    return rows_fault(ties_fault, ties, ids, shown) + rows_fault(gaps_fault, gaps, ids, shown)


def read_order(sheet: Sheet, order: Order, ids: pd.Index) -> Rankings:
    """Read a ranking whose columns are the places and hold the alternatives put there.

    Parameters
    ----------
    order
        The columns, best place first; code to name or item of each alternative (None: every code that occurs
        is an alternative of its own name); and the codes that say that a place is empty, beside null.

    Examples
    --------
    >>> frame = pd.DataFrame({"first": [2, 1], "second": [1, 0]})
    >>> sheet = Sheet(2, dict(frame.items()), tuple(frame), frame.index, "pandas")
    >>> order = Order(("first", "second"), {1: "price", 2: "brand"}, (0,))
    >>> found = read_order(sheet, order, frame.index)
    >>> found.by_item["price"].tolist(), found.by_item["brand"].tolist()
    ([1, 0], [0, -1])
    """
    places = order.places
    columns = [distinct(sheet.data[name]) for name in places]
    empty = Matcher(order.none)
    codes, items, faults = _alternatives(columns, order.alternatives, empty, untyped=sheet.untyped)
    if faults:
        return Rankings(items, {}, faults)
    match = Matcher(codes)
    put = np.column_stack([_positions(found, match, empty) for found in columns])
    faults = _order_faults(columns, places, put, ids, match)
    if faults:
        return Rankings(items, {}, faults)
    rank = np.full((sheet.rows, len(items)), MISSING, np.int16)
    rows = np.arange(sheet.rows)
    for place in range(len(places)):
        given = put[:, place] != MISSING
        rank[rows[given], put[given, place]] = place
    return Rankings(items, {item.name: np.ascontiguousarray(rank[:, at]) for at, item in enumerate(items)})


def _positions(found: Distinct, match: Matcher, empty: Matcher) -> Places:
    table = np.full(len(found.levels) + 1, MISSING, np.int16)
    for at, value in enumerate(found.levels):
        table[at] = MISSING if _is_empty(value, empty) else match.position(value)
    return table[found.index]


def _is_empty(value: object, empty: Matcher) -> bool:
    return is_blank(value) or empty.position(value) != UNKNOWN


def _alternatives(
    columns: Sequence[Distinct], given: Alternatives | None, empty: Matcher, *, untyped: bool
) -> tuple[tuple[Code, ...], tuple[Item, ...], list[Fault]]:
    if given is None:
        there = list(
            dict.fromkeys(
                value
                for found in columns
                for value, rows in zip(found.levels, found.counts, strict=True)
                if rows and not _is_empty(value, empty)
            )
        )
        if len({isinstance(value, str) for value in there}) > 1:
            advice = "Convert the columns to one type, or give alternatives={code: name}."
            return (), (), [Fault("places", "text beside numbers", "codes of one type", advice)]
        given = {code: str(code) for code in sorted_codes(there, untyped=untyped)}
    return named_items(given, "rank", empty)


def sorted_codes(there: Sequence[Code], *, untyped: bool) -> list[Code]:
    """Sort codes; of text that came in without a type, numbers by value."""
    numbers = [number_of(code) if isinstance(code, str) else None for code in there]
    if untyped and there and all(number is not None for number in numbers):
        return [code for _, code in sorted(zip(numbers, there, strict=True))]  # pyright: ignore[reportArgumentType]
    return sorted(there)  # pyright: ignore[reportArgumentType]


def named_items(
    given: Alternatives, scale: Scale, empty: Matcher
) -> tuple[tuple[Code, ...], tuple[Item, ...], list[Fault]]:
    """Codes of alternatives and their items, with what is wrong with them."""
    faults: list[Fault] = []
    items: list[Item] = []
    for code, name in given.items():
        if isinstance(name, Item):
            items.append(name)
            if name.scale != scale:
                faults.append(
                    Fault(f"alternatives[{code!r}]", f"scale {name.scale!r}", repr(scale), "Change it.")
                )
        else:
            items.append(Item(str(name), scale))
        if empty.position(code) != UNKNOWN:
            advice = "Say none= with another code."
            faults.append(Fault("alternatives", f"{code!r}, which is none", "codes of alternatives", advice))
    if len(items) < 2:
        faults.append(Fault("alternatives", f"{len(items)} of them", "two or more", "Name them all."))
    try:
        Codebook(tuple(items) or (Item("x", scale),))
    except InputError as error:
        faults += [replace(fault, where="alternatives") for fault in error.faults]
    return tuple(given), tuple(items), faults


def _order_faults(
    columns: Sequence[Distinct], places: Sequence[str], put: Places, ids: pd.Index, match: Matcher
) -> list[Fault]:
    faults: list[Fault] = []
    codes = ", ".join(map(repr, match.codes[:12]))
    for at, (found, name) in enumerate(zip(columns, places, strict=True)):
        advice = "Correct them, add the alternative, or say none= if it means an empty place."
        fault = Fault(f"places[{name!r}]", "codes of no alternative", codes, advice)
        shown = lambda row, found=found: repr(found.levels[found.index[row]])  # noqa: E731
        faults += rows_fault(fault, put[:, at] == UNKNOWN, ids, shown)

    def ranking(row: int) -> str:
        return _shortened(["–" if code < 0 else str(match.codes[code]) for code in put[row].tolist()])

    ordered = np.sort(put, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    gaps = ((put[:, 1:] != MISSING) & (put[:, :-1] == MISSING)).any(axis=1)
    fault = Fault("ranking", "an alternative twice", "each alternative at one place", "Correct them.")
    faults += rows_fault(fault, twice, ids, ranking)
    advice = "Move what follows up where only the order counts."
    fault = Fault("ranking", "an empty place before a filled one", "places filled from the first", advice)
    return faults + rows_fault(fault, gaps, ids, ranking)

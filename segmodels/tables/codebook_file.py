"""Codebooks as tables, CSV and JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Code, Item
from segmodels.tables.survey_codes import as_numbers, is_blank
from segmodels.tables.survey_rules import nearest

COLUMNS = ("item", "scale", "categories", "label", "dimension", "benefit", "measures")
_FORMAT = "segmodels codebook 1"
_RANGE = re.compile(r"\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*")


def read_items(source: Any) -> tuple[Item, ...]:
    """Read the items of a codebook; see :meth:`Codebook.read`.

    Raises
    ------
    InputError
        With every fault of every row.
    """
    if isinstance(source, (str, Path)) and str(source).lower().endswith(".json"):
        text = _text_of(Path(source))
        loaded = _loaded(text)
        if isinstance(loaded, dict):
            return items_from_json(text)
        source = loaded
    rows = _rows(source)
    if not rows:
        raise InputError(Fault("codebook", "no rows", "a row for each item", "Add the items."))
    there = list(dict.fromkeys(name for row in rows for name in row))
    faults = [
        Fault("codebook", f"no column {name!r}", f"the columns {', '.join(COLUMNS)}", nearest(name, there))
        for name in ("item", "scale")
        if name not in there
    ]
    faults += [
        Fault("codebook", f"a column {name!r}", f"the columns {', '.join(COLUMNS)}", nearest(name, COLUMNS))
        for name in there
        if name not in COLUMNS
    ]
    if faults:
        raise InputError(faults)
    return _made([_arguments(row) for row in rows])


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise InputError(Fault("codebook", f"no file at {str(path)!r}", "a file", "Check the path."))
    return path.read_text(encoding="utf-8-sig")


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        got = f"no JSON (line {error.lineno}: {error.msg})"
        raise InputError(Fault("codebook", got, "JSON as to_json writes it", "Repair the file.")) from error


def _rows(source: Any) -> list[dict[str, Any]]:
    if isinstance(source, (str, Path)):
        path = Path(source)
        _text_of(path)
        separator = "\t" if path.suffix.lower() == ".tsv" else None
        frame = pd.read_csv(path, sep=separator, engine="python", dtype=str, keep_default_na=False)
        return frame.rename(columns=str.strip).to_dict("records")
    if isinstance(source, pd.DataFrame):
        return source.rename(columns=str).to_dict("records")
    if isinstance(source, Sequence) and all(isinstance(row, Mapping) for row in source):
        return [{str(name): value for name, value in row.items()} for row in source]
    got = f"a {type(source).__name__}"
    advice = "Pass the path of a CSV or JSON file, or the table itself."
    raise InputError(Fault("codebook", got, "a path, a pandas frame or a list of dicts", advice))


def _arguments(row: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of an `Item` from one row; blanks count as not given."""
    given = {name: None if _blank(value) else value for name, value in row.items()}
    categories, texts = parse_categories(given.get("categories"))
    return {
        "name": _stripped(given["item"]),
        "scale": _stripped(given["scale"]),
        "categories": categories,
        "texts": texts,
        "label": _stripped(given.get("label")) or "",
        "dimension": _stripped(given.get("dimension")),
        "benefit": _stripped(given.get("benefit")) or "",
        "measures": _stripped(given.get("measures")),
    }


def _blank(value: Any) -> bool:
    return is_blank(value) or (isinstance(value, float) and value != value)  # noqa: PLR0124 (NaN)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def parse_categories(given: Any) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    """Codes and texts of categories as a codebook writes them.

    Parameters
    ----------
    given
        ``"1=poor|2=fair|3=good"``, ``"no|yes"``, ``"1..5"``, a sequence of codes, or None. Codes that are all
        numbers become numbers.

    Examples
    --------
    >>> parse_categories("1=poor|2=good"), parse_categories("1..3"), parse_categories("no|yes")
    (((1, 2), ('poor', 'good')), ((1, 2, 3), ()), (('no', 'yes'), ()))
    """
    if given is None:
        return (), ()
    if not isinstance(given, str):
        return (tuple(given), ()) if isinstance(given, (list, tuple)) else ((given,), ())
    span = _RANGE.fullmatch(given)
    if span:
        low, high = int(span[1]), int(span[2])
        step = 1 if high >= low else -1
        return tuple(range(low, high + step, step)), ()
    parts = [part.strip() for part in given.split("|")]
    if all("=" in part for part in parts):
        pairs = [part.split("=", 1) for part in parts]
        return _typed([code.strip() for code, _ in pairs]), tuple(text.strip() for _, text in pairs)
    return _typed(parts), ()


def _typed(codes: list[str]) -> tuple[Code, ...]:
    numbers = as_numbers(codes)
    return tuple(codes) if numbers is None or len(numbers) < len(codes) else tuple(numbers)


def _made(arguments: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    """Make every item, and report the faults of all together."""
    items: list[Item] = []
    faults: list[Fault] = []
    for each in arguments:
        try:
            items.append(Item(**each))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return tuple(items)


def items_to_frame(items: Sequence[Item]) -> pd.DataFrame:
    """Write items as a table; see :meth:`Codebook.to_frame`."""
    rows = [
        (i.name, i.scale, _written(i), i.label, i.dimension or "", i.benefit, i.measures or "") for i in items
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _written(item: Item) -> str:
    if item.texts:
        return "|".join(f"{code}={text}" for code, text in zip(item.categories, item.texts, strict=True))
    return "|".join(map(str, item.categories))


def items_to_json(items: Sequence[Item]) -> str:
    """Write items as JSON, one item a line; see :meth:`Codebook.to_json`."""
    lines = ",\n".join("  " + json.dumps(asdict(item), ensure_ascii=False, allow_nan=False) for item in items)
    return f'{{"format": {json.dumps(_FORMAT)}, "items": [\n{lines}\n]}}\n'


def items_from_json(text: str) -> tuple[Item, ...]:
    """Read what `items_to_json` wrote; see :meth:`Codebook.from_json`."""
    loaded = _loaded(text)
    if not isinstance(loaded, dict) or loaded.get("format") != _FORMAT:
        got = f"format {loaded.get('format')!r}" if isinstance(loaded, dict) else f"a {type(loaded).__name__}"
        advice = "Read a table of items with Codebook.read."
        raise InputError(Fault("codebook", got, f"format {_FORMAT!r}", advice))
    items = loaded.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(Fault("codebook", "no list of items", "items, each with its fields", "Repair it."))
    known = {each.name for each in fields(Item)}
    wrong = sorted({name for item in items for name in set(item) - known})
    wrong += ["no name or scale"] if any(not {"name", "scale"} <= set(item) for item in items) else []
    if wrong:
        advice = "Was it written by a later version?"
        raise InputError(Fault("codebook", f"an item with {wrong[0]}", ", ".join(sorted(known)), advice))
    return _made(items)

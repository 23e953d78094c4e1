"""Frozen values as JSON, and back to the last bit: specifications, evidence, frames, numbers, texts, tuples of them."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pandas as pd

_TYPE = "type"


def text_of(value: Any) -> str:
    """Write a value; each frozen dataclass in it by its fields.

    Examples
    --------
    >>> from segmodels.inference.priors import Normal
    >>> value_of(text_of((Normal(0.1, 2.0), 3)), tuple[Normal, ...])
    (Normal(mean=0.1, sd=2.0), 3)
    """
    return json.dumps(value, default=_plain)


def value_of(text: str, kind: Any) -> Any:
    """Read what :func:`text_of` wrote.

    Parameters
    ----------
    kind
        The annotation of the value: only dataclasses that it names, or that their fields name, are built.

    Raises
    ------
    KeyError
        Where the fields of a dataclass are not those of the text.
    """
    known = {each.__name__: each for each in _dataclasses(kind)}

    def rebuilt(held: dict[str, Any]) -> Any:
        name = held.get(_TYPE)
        if name == "DataFrame":
            return _frame(held)
        if not isinstance(name, str) or name not in known:
            return held
        parts = {str(each): _tuple(value) for each, value in held.items() if each != _TYPE}
        if parts.keys() != {field.name for field in fields(known[name])}:
            raise KeyError(name)
        return known[name](**parts)

    return _tuple(json.loads(text, object_hook=rebuilt))


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, k] for k in range(value.shape[1])]
        return {
            _TYPE: "DataFrame",
            "columns": _index_parts(value.columns),
            "index": _index_parts(value.index),
            "types": [str(column.dtype) for column in columns],
            "data": [column.astype(object).tolist() for column in columns],
        }
    if is_dataclass(value):
        return {_TYPE: type(value).__name__} | {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, dt.date | dt.time | pd.Timedelta):
        return value.isoformat()
    # a number of NumPy is written as Python's
    return dict(value) if isinstance(value, Mapping) else value.item()


def _frame(held: dict[str, Any]) -> pd.DataFrame:
    index, data = _index(held["index"]), zip(held["data"], held["types"], strict=True)
    columns = {k: pd.Series(values, index, dtype=kind) for k, (values, kind) in enumerate(data)}
    return pd.DataFrame(columns, index).set_axis(_index(held["columns"]), axis=1)


def _index_parts(index: pd.Index) -> dict[str, Any]:
    span = [index.start, index.stop, index.step] if isinstance(index, pd.RangeIndex) else None
    values = [] if span else index.astype(object).tolist()
    return {"span": span, "values": values, "dtype": str(index.dtype), "name": index.name}


def _index(held: dict[str, Any]) -> pd.Index:
    if held["span"]:
        return pd.RangeIndex(*held["span"], name=held["name"])
    return pd.Index(held["values"], dtype=held["dtype"], name=held["name"])


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _dataclasses(kind: Any) -> Iterator[type[Any]]:
    """Walk the dataclasses that an annotation names, at any depth."""
    for each in (kind, *get_args(kind)):
        if is_dataclass(each) and isinstance(each, type):
            yield each
            for field in fields(each):
                yield from _dataclasses(field.type)

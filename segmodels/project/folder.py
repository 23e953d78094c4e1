"""A folder of results: every file is written whole or not at all, and what is done is remembered."""

import json
import os
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from segmodels.errors import Fault, InputError
from segmodels.report.atomic import whole

STATE = "run.json"
_ABANDONED = 3600.0
#: A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, eq=False)
class Folder:
    """The folder that a run writes to; made by :func:`open_folder`.

    Parameters
    ----------
    path
        Of the folder.
    state
        What ``run.json`` holds.
    written
        Names of the files that this run has written.
    """

    path: Path
    state: dict[str, Any]
    written: list[str] = field(default_factory=list[str])

    def remember(self, **news: Any) -> None:
        """Write news into ``run.json``."""
        self.state.update(news)
        write_json(self.state, self.path / STATE)

    def table(self, name: str, frame: pd.DataFrame, like: pa.DataType | None = None) -> None:
        """Write a table as Parquet; ``like`` is the type that its customer_id has where it came from."""
        write_table(frame, self.path / f"{name}.parquet", like)
        self.written.append(f"{name}.parquet")

    def finish(self) -> None:
        """Delete what an earlier run wrote and this one did not, and remember that all is done."""
        for name in set(self.state.get("files", {})) - set(self.written):
            (self.path / name).unlink(missing_ok=True)
        self.remember(state="complete", files={name: digest(self.path / name) for name in self.written})

    @property
    def files(self) -> dict[str, str]:
        """Stem to path of every file written."""
        return {Path(name).stem: str(self.path / name) for name in self.written}


def open_folder(path: str | os.PathLike[str]) -> Folder:
    """Open a folder for results, and make it where it is not there.

    Raises
    ------
    InputError
        Where the path is a file, or can not be written to.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Fault("out", f"{folder} ({error.strerror})", "a folder to write to", "Name another one.")
        ) from error
    if not os.access(folder, os.W_OK):
        raise InputError(Fault("out", f"{folder}, read-only", "a folder to write to", "Name another one."))
    for part in folder.glob(".*.part*"):
        # Of a run that was killed; one that goes on at this moment has younger ones.
        if time.time() - part.stat().st_mtime > _ABANDONED:
            part.unlink(missing_ok=True)
    return Folder(folder, read_state(folder))


def read_state(folder: Path) -> dict[str, Any]:
    """Read ``run.json``; empty where there is none, or none that can be read."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write JSON, whole or not at all."""
    with whole(path) as part:
        part.write_text(json.dumps(plain(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def require_target(path: Path) -> None:
    """Refuse a path that no table can be written to.

    Raises
    ------
    InputError
        Where the ending is none of Parquet or CSV, or the folder is not there or can not be written to.
    """
    if path.suffix.lower() not in (".parquet", ".pq", ".csv"):
        raise InputError(Fault("out", f"{path.name!r}", "a name that ends in .parquet or .csv", "Rename it."))
    if path.is_dir():
        raise InputError(Fault("out", f"the folder {path}", "a file to write", "Name a file in it."))
    if not path.parent.is_dir():
        remedy = "Make the folder, or name another."
        raise InputError(Fault("out", f"no folder {path.parent}", "a file in a folder that is there", remedy))
    if not os.access(path.parent, os.W_OK):
        got = f"{path.parent}, read-only"
        raise InputError(Fault("out", got, "a folder to write to", "Name another one."))


def write_table(frame: pd.DataFrame, path: Path, like: pa.DataType | None = None) -> None:
    """Write a table as Parquet or, by the ending of the path, as CSV; whole or not at all.

    In CSV a text that a spreadsheet would run as a formula (it begins with ``= + - @``) gets an apostrophe
    before it. Numbers stay numbers.

    Raises
    ------
    InputError
        Where the ending is another, or there is no such folder.
    """
    require_target(path)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    if like is not None and "customer_id" in table.column_names:
        at = table.column_names.index("customer_id")
        table = table.set_column(at, "customer_id", table.column(at).cast(like))
    with whole(path) as part:
        (_write_csv if path.suffix.lower() == ".csv" else _write_parquet)(table, part)


def _write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def _write_csv(table: pa.Table, path: Path) -> None:
    columns = [_harmless(table.column(name)) for name in table.column_names]
    names = [_quoted(name) for name in table.column_names]
    pa_csv.write_csv(pa.table(columns, names=names), path)


def _harmless(column: pa.ChunkedArray) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    return pa.array([None if text is None else _quoted(text) for text in column.to_pylist()], pa.string())


def _quoted(text: str) -> str:
    """Make a text harmless to a spreadsheet.

    >>> _quoted("=1+1"), _quoted("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def digest(path: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        summed = sha256()
        while chunk := file.read(1 << 20):
            summed.update(chunk)
    return summed.hexdigest()


def plain(value: Any) -> Any:
    """Turn figures into what JSON knows; what is not finite becomes null.

    >>> plain({"a": np.float64(0.5), "b": float("nan"), "c": (np.int64(1), True)})
    {'a': 0.5, 'b': None, 'c': [1, True]}
    """
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)

"""Any table that a user holds, as an Ibis table on an engine, and back.

In-memory frames are copied into a DuckDB database of their own, so that a later change to the frame can
not change what was checked. Files and engine tables stay where they are and are read when needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import Kind, has_mixed, plain, to_arrow
from segmodels.tables.engine import Table, connect, on_engine, store, table_of, view_of

_PARQUET = (".parquet", ".pq")
_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
_DUCKDB = (".duckdb", ".ddb", ".db")


@dataclass(frozen=True, eq=False)
class Source:
    """A table on an engine, and what is known of how it came in.

    Parameters
    ----------
    table
        The table. Reading it again gives the same rows.
    kind
        What came in; a path counts as ``"ibis"``, since its table may be larger than memory.
    columns
        Every column of the source; `table` may hold fewer.
    untyped
        True for CSV: every column is text, nothing was guessed.
    mixed
        Columns of a pandas frame that hold text beside numbers.
    zones
        Time zones that the engine does not know but the file does: column to zone.
    """

    table: Table
    kind: Kind
    columns: tuple[str, ...]
    untyped: bool = False
    mixed: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict[str, str])


def open_source(source: Any, columns: Sequence[str] | None = None, table: str | None = None) -> Source:
    """Open any source as an Ibis table.

    Parameters
    ----------
    source
        pandas, Polars (eager or lazy) or Arrow table; a path or glob to Parquet or CSV; the path of a DuckDB
        file; or any Ibis table.
    columns
        The columns that will be needed; of an in-memory frame only these are copied. None: all.
    table
        The table within a DuckDB file.

    Raises
    ------
    InputError
        If the source is of no known kind, or the file is not there.

    Examples
    --------
    >>> opened = open_source(pd.DataFrame({"customer": ["a", "b"], "spend": [1.5, 2.0]}))
    >>> opened.kind, opened.columns
    ('pandas', ('customer', 'spend'))
    """
    if isinstance(source, ir.Table):
        return Source(on_engine(source), "ibis", tuple(source.columns))
    if isinstance(source, (str, Path)):
        return _open_path(str(source), table)
    if isinstance(source, pd.DataFrame):
        return _open_pandas(source, columns)
    if isinstance(source, (pa.Table, pa.RecordBatch)):
        return _open_arrow(source, columns, "arrow")
    if type(source).__module__.split(".")[0] == "polars" and hasattr(source, "lazy"):
        names = source.lazy().collect_schema().names()
        wanted = names if columns is None else [name for name in names if name in columns]
        opened = _open_arrow(source.lazy().select(wanted).collect().to_arrow(), None, "polars")
        return Source(opened.table, "polars", tuple(names))
    raise InputError(
        Fault(
            "source",
            f"a {type(source).__name__}",
            "a pandas, Polars, Arrow or Ibis table, or a path",
            "Pass the table itself, or the path of a Parquet, CSV or DuckDB file.",
        )
    )


def require_columns(source: Source, wanted: Mapping[str, str]) -> list[Fault]:
    """Name every wanted column that is not there, and the nearest that is.

    Parameters
    ----------
    wanted
        Argument to column name, such as ``{"customer": "customer_id"}``.
    """
    import difflib

    faults: list[Fault] = []
    for argument, name in wanted.items():
        if name in source.columns:
            continue
        near = difflib.get_close_matches(
            name.lower(), [have.lower() for have in source.columns], n=1, cutoff=0.5
        )
        nearest = next((have for have in source.columns if near and have.lower() == near[0]), None)
        advice = f"Did you mean {argument}={nearest!r}?" if nearest else f"Say {argument}= and one of these."
        there = ", ".join(source.columns) or "none"
        faults.append(
            Fault(argument, f"no column {name!r}", f"one of the columns there are: {there}", advice)
        )
    return faults


def _open_path(path: str, table: str | None) -> Source:
    lower = path.lower()
    if lower.endswith(_DUCKDB) or (table is not None and not lower.endswith(_PARQUET + _CSV)):
        return _open_duckdb(path, table)
    if Path(path).is_dir():
        path, lower = f"{path}/*.parquet", ".parquet"
    files = _files(path)
    if not files:
        raise InputError(
            Fault("source", f"no file at {path!r}", "a path or glob that exists", "Check the path.")
        )
    con = connect()
    if lower.endswith(_PARQUET):
        opened = view_of(con, path, "read_parquet(?)")
        schema = pq.read_schema(files[0])
        zones = {each.name: tz for each in schema if (tz := getattr(each.type, "tz", None)) is not None}
        return Source(opened, "ibis", tuple(opened.columns), zones=zones)
    if lower.endswith(_CSV):
        opened = view_of(con, path, "read_csv(?, header = true, auto_detect = true, all_varchar = true)")
        return Source(opened, "ibis", tuple(opened.columns), untyped=True)
    raise InputError(
        Fault(
            "source",
            f"the path {path!r}",
            f"an ending of {', '.join(_PARQUET + _CSV + _DUCKDB)}",
            "Rename the file, or read it yourself and pass the table.",
        )
    )


def _files(path: str) -> list[str]:
    import glob

    if Path(path).is_file():
        return [path]
    return sorted(glob.glob(path, recursive=True))  # noqa: PTH207 (pathlib's glob takes no absolute pattern)


def _open_duckdb(path: str, table: str | None) -> Source:
    if not Path(path).is_file():
        raise InputError(Fault("source", f"no file at {path!r}", "a DuckDB file", "Check the path."))
    con = connect()
    quoted = path.replace("'", "''")
    con.raw_sql(f"ATTACH '{quoted}' AS source (READ_ONLY)")
    # Not con.list_tables: Ibis 12 calls a method for it that DuckDB 2 no longer has.
    listed = con.raw_sql("SELECT table_name FROM duckdb_tables() WHERE database_name = 'source'").fetchall()
    there = sorted(name for (name,) in listed)
    if table is None or table not in there:
        got = "no table=" if table is None else f"table={table!r}"
        raise InputError(
            Fault("table", got, f"one of the tables there are: {', '.join(there) or 'none'}", "Say table=.")
        )
    opened = table_of(con, table, "source", "main")
    return Source(opened, "ibis", tuple(opened.columns))


def _open_pandas(frame: pd.DataFrame, columns: Sequence[str] | None) -> Source:
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            Fault(
                "source", f"two columns named {twice[0]!r}", "each name once", "Rename or drop one of them."
            )
        )
    named = frame.set_axis(names, axis="columns")
    wanted = names if columns is None else [name for name in names if name in columns]
    mixed = tuple(name for name in wanted if has_mixed(named.loc[:, name]))
    data = to_arrow(named.loc[:, wanted]) if wanted else pa.table({"_": pa.nulls(len(frame), pa.bool_())})
    return Source(store(connect(), data), "pandas", tuple(names), mixed=mixed)


def _open_arrow(data: Any, columns: Sequence[str] | None, kind: Kind) -> Source:
    names = tuple(data.schema.names)
    wanted = names if columns is None else tuple(name for name in names if name in columns)
    arrays = {name: plain(data.column(name)) for name in wanted}
    copied = pa.table(arrays) if arrays else pa.table({"_": pa.nulls(data.num_rows, pa.bool_())})
    return Source(store(connect(), copied), kind, names)

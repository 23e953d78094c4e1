"""Moving rows to and from the engine that holds a table."""

import contextlib
import tempfile
import uuid
import weakref
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa

# Ibis gives a column its methods by its data type, which no static checker can see; hence Any, with a name.
type Table = Any
type Column = Any


def fetch(table: Table) -> pa.Table:
    """All rows of an engine's table, in memory, as Arrow."""
    return table.to_pyarrow()


def keep(table: Table) -> Table:
    """Compute a table once; the engine holds the rows until they are no longer used."""
    backend = table.get_backend()
    if backend.name != "duckdb":
        return table.cache()
    name = _name()
    backend.raw_sql(f'CREATE TEMP TABLE "{name}" AS {ibis.to_sql(table, dialect="duckdb")}')
    return _until_unused(backend, name)


def bring(data: pa.Table, like: Table) -> Table:
    """Put an in-memory table on the engine that holds `like`."""
    backend = like.get_backend()
    if backend.name != "duckdb":
        return ibis.memtable(data)
    return store(backend, data)


def beside(table: Table, like: Table) -> Table:
    """Move a table to the engine that holds `like`, unless it is there."""
    return table if table.get_backend() is like.get_backend() else bring(fetch(table), like)


def connect() -> Any:
    """Open a DuckDB database of its own; it may spill to disk, and its zone is UTC on every machine.

    Rows keep no order there, which is faster. A connection serves one thread at a time; DuckDB refuses a second.
    """
    spill = str(Path(tempfile.gettempdir()) / _name())
    con = duckdb.connect(config={"temp_directory": spill, "preserve_insertion_order": False})
    con.execute("SET TimeZone = 'UTC'")
    return ibis.duckdb.from_connection(con)


def store(backend: Any, data: pa.Table) -> Table:
    """Copy an in-memory table into a DuckDB connection."""
    name = _name()
    backend.con.register(f"{name}_arrow", data)
    backend.raw_sql(f'CREATE TEMP TABLE "{name}" AS FROM "{name}_arrow"')
    backend.con.unregister(f"{name}_arrow")
    return _until_unused(backend, name)


def table_of(backend: Any, name: str, catalog: str | None = None, database: str | None = None) -> Table:
    """Open a table or view of a DuckDB connection.

    ``backend.table`` does the same, and asks for the columns by a method that DuckDB is about to drop.
    """
    parts = [part.replace('"', '""') for part in (catalog, database, name) if part is not None]
    quoted = ".".join(f'"{part}"' for part in parts)
    described = backend.raw_sql(f"DESCRIBE {quoted}").fetchall()
    kinds = backend.compiler.type_mapper
    columns = {row[0]: kinds.from_string(row[1], nullable=row[2] == "YES") for row in described}
    namespace = ops.Namespace(catalog=catalog, database=database)
    return ops.DatabaseTable(name, schema=ibis.schema(columns), source=backend, namespace=namespace).to_expr()


def view_of(backend: Any, path: str, reader: str) -> Table:
    """Open files as a view of a DuckDB connection.

    Parameters
    ----------
    path
        A path or glob.
    reader
        Of DuckDB, with ``?`` for the path: ``read_parquet(?)``.
    """
    name, absolute = _name(), str(Path(path).absolute()).replace("'", "''")
    files = reader.replace("?", f"'{absolute}'")
    backend.raw_sql(f'CREATE TEMP VIEW "{name}" AS FROM {files}')
    return table_of(backend, name)


def is_null(column: Column) -> Column:
    """Whether a value is missing."""
    return column.isnull()


def on_engine(table: Table) -> Table:
    """Copy an expression on ``ibis.memtable`` into a database of its own; leave others where they are."""
    return store(connect(), table.to_pyarrow()) if table.op().find(ops.InMemoryTable) else table


def _until_unused(backend: Any, name: str) -> Table:
    """Open a temporary table that is dropped when the last expression on it is gone.

    Ibis' own cache does this too, but its DROP statement is empty under recent sqlglot.
    """
    table = table_of(backend, name)
    weakref.finalize(table.op(), _drop, backend, name).atexit = False
    return table


def _drop(backend: Any, name: str) -> None:
    """Drop a table, unless its connection is closed or in the midst of a result; then it goes with that."""
    with contextlib.suppress(duckdb.Error):
        backend.raw_sql(f'DROP TABLE IF EXISTS "{name}"')


def _name() -> str:
    return f"segmodels_{uuid.uuid4().hex}"

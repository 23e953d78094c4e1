"""The columns of a survey in memory, from any source, with their rows in the order that came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import Kind
from segmodels.tables.engine import Table
from segmodels.tables.sources import open_source

type Column = pd.Series | pa.ChunkedArray


@dataclass(frozen=True, eq=False)
class Sheet:
    """Columns of a survey.

    Parameters
    ----------
    rows
        How many there are.
    data
        The columns wanted that are there.
    columns
        Names of all columns of the source.
    index
        Ids of the rows where no column holds them.
    kind
        What came in.
    untyped
        Whether every column is text, as in CSV.
    engine
        A table on the engine that came in, for results to be brought there; None: in memory.
    """

    rows: int
    data: dict[str, Column]
    columns: tuple[str, ...]
    index: pd.Index
    kind: Kind
    untyped: bool = False
    engine: Table | None = None


def open_sheet(source: Any, wanted: Sequence[str], table: str | None) -> Sheet:
    """Bring the columns wanted into memory; those that are not there are left out.

    Raises
    ------
    InputError
        If the source can not be opened, or holds a name twice.

    Examples
    --------
    >>> sheet = open_sheet(pd.DataFrame({"id": [7, 3], "q1": [1, 2], "q2": [2, 2]}), ["id", "q1", "q9"], None)
    >>> sheet.rows, list(sheet.data), sheet.columns
    (2, ['id', 'q1'], ('id', 'q1', 'q2'))
    """
    if isinstance(source, pd.DataFrame):
        return _of_pandas(source, wanted)
    if isinstance(source, (pa.Table, pa.RecordBatch)):
        data = pa.Table.from_batches([source]) if isinstance(source, pa.RecordBatch) else source
        return _of_arrow(data, wanted, tuple(data.schema.names), "arrow")
    if type(source).__module__.split(".")[0] == "polars" and hasattr(source, "lazy"):
        names = tuple(source.lazy().collect_schema().names())
        chosen = [name for name in names if name in wanted] or list(names[:1])
        return _of_arrow(source.lazy().select(chosen).collect().to_arrow(), wanted, names, "polars")
    return _of_engine(source, wanted, table)


def _of_pandas(frame: pd.DataFrame, wanted: Sequence[str]) -> Sheet:
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            Fault(
                "source", f"two columns named {twice[0]!r}", "each name once", "Rename or drop one of them."
            )
        )
    data: dict[str, Column] = {
        name: frame.iloc[:, at] for at, name in enumerate(names) if name in set(wanted)
    }
    name = frame.index.name
    if name is not None and str(name) not in names:
        # An index that bears a name serves as a column.
        names.append(str(name))
        if str(name) in wanted:
            data[str(name)] = frame.index.to_series(index=pd.RangeIndex(len(frame)))
    return Sheet(len(frame), data, tuple(names), frame.index, "pandas")


def _of_arrow(data: pa.Table, wanted: Sequence[str], names: tuple[str, ...], kind: Kind) -> Sheet:
    columns: dict[str, Column] = {
        name: data.column(name) for name in data.schema.names if name in set(wanted)
    }
    return Sheet(data.num_rows, columns, names, pd.RangeIndex(data.num_rows), kind)


def _of_engine(source: Any, wanted: Sequence[str], table: str | None) -> Sheet:
    opened = open_source(source, wanted, table)
    rows: Any = source if isinstance(source, ir.Table) else opened.table
    if not isinstance(source, ir.Table):
        # The connection is ours alone, and rows of a file have an order that results keep.
        opened.table.get_backend().raw_sql("SET preserve_insertion_order = true")
    chosen = [name for name in opened.columns if name in set(wanted)] or list(opened.columns[:1])
    data = rows.select(*chosen).to_pyarrow()
    sheet = _of_arrow(data, wanted, opened.columns, opened.kind)
    return Sheet(
        sheet.rows, sheet.data, sheet.columns, sheet.index, opened.kind, opened.untyped, opened.table
    )

"""Every kind of source gives the same rows."""

import datetime as dt
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segmodels.errors import InputError
from segmodels.tables.engine import bring, fetch, keep
from segmodels.tables.sources import open_source
from segmodels.tables.transactions import Transactions

LOG = pd.DataFrame(
    {
        "who": ["a", "a", "b"],
        "day": pd.to_datetime(["2024-01-01", "2024-01-15", "2024-01-08"]),
        "paid": [10.0, 20.5, 5.0],
    }
)


def _write(kind: str, folder: Path) -> object:
    path = folder / f"log.{kind}"
    if kind == "parquet":
        LOG.to_parquet(path)
    elif kind == "csv":
        LOG.to_csv(path, index=False)
    elif kind == "glob":
        for i in range(len(LOG)):
            LOG.iloc[[i]].to_parquet(folder / f"part{i}.parquet")
        return str(folder / "part*.parquet")
    elif kind == "folder":
        LOG.to_parquet(folder / "one.parquet")
        return folder
    elif kind == "duckdb":
        with duckdb.connect(path) as con:
            con.register("frame", pa.Table.from_pandas(LOG))
            con.execute("CREATE TABLE log AS FROM frame")
    return path


@pytest.fixture(
    params=["pandas", "polars", "lazy", "arrow", "parquet", "csv", "glob", "folder", "duckdb", "ibis"]
)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[object, str]:
    frame = pl.DataFrame(LOG.to_dict("list"))
    ready = {
        "pandas": (LOG, "pandas"),
        "polars": (frame, "polars"),
        "lazy": (frame.lazy(), "polars"),
        "arrow": (pa.Table.from_pandas(LOG), "arrow"),
    }
    if request.param in ready:
        return ready[request.param]
    if request.param == "ibis":
        return ibis.duckdb.connect().read_parquet(_write("parquet", tmp_path)), "ibis"
    return _write(request.param, tmp_path), "ibis"


def test_every_source_gives_the_same_customers(source: tuple[object, str]) -> None:
    table, kind = source
    inside = "log" if str(table).endswith("duckdb") else None
    log = Transactions.read(table, customer="who", date="day", value="paid", table=inside)
    assert (log.kind, log.first_date, log.last_date) == (kind, dt.date(2024, 1, 1), dt.date(2024, 1, 15))
    found = log.customers().to_pandas()
    assert found["customer_id"].to_list() == ["a", "b"]
    assert found["recency"].to_list() == [2.0, 0.0]
    assert found["T"].to_list() == [2.0, 1.0]
    assert found["monetary_value"].to_list() == [20.5, 0.0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([1, 2], "a list"),
        ("nowhere.parquet", "no file at"),
        ("nowhere.duckdb", "no file at"),
        ("nowhere*.csv", "no file at"),
    ],
)
def test_what_is_no_source_is_said(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_source(source)


def test_a_file_of_unknown_ending_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.xlsx").touch()
    with pytest.raises(InputError, match="an ending of"):
        open_source(tmp_path / "log.xlsx")


def test_a_missing_table_names_those_there(tmp_path: Path) -> None:
    path = _write("duckdb", tmp_path)
    with pytest.raises(InputError, match="one of the tables there are: log"):
        open_source(path, table="logs")


def test_a_name_that_occurs_twice_is_a_fault() -> None:
    with pytest.raises(InputError, match="two columns named 'a'"):
        open_source(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_later_change_of_the_frame_changes_nothing() -> None:
    frame = LOG.copy()
    log = Transactions.read(frame, customer="who", date="day", value="paid")
    frame["paid"] = -1.0
    assert fetch(log.table.aggregate(total=log.table.value.sum())).to_pylist() == [{"total": 35.5}]


def test_an_ibis_memtable_moves_to_a_database_of_its_own() -> None:
    opened = open_source(ibis.memtable(pa.table({"a": [1]})))
    assert fetch(opened.table).to_pylist() == [{"a": 1}]


def test_tables_kept_are_dropped_when_unused() -> None:
    like = open_source(LOG).table
    backend = like.get_backend()
    kept, brought = keep(like.limit(1)), bring(pa.table({"a": [1]}), like)
    assert len(backend.con.sql("SHOW TABLES").fetchall()) == 3
    del kept, brought
    import gc

    gc.collect()
    assert len(backend.con.sql("SHOW TABLES").fetchall()) == 1


def test_csv_keeps_the_zeros_that_lead_an_id(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("who,day\n0004,2024-01-01\n12,2024-01-02\n")
    found = Transactions.read(path, customer="who", date="day").customers().to_pandas()
    assert found["customer_id"].to_list() == ["0004", "12"]
    path.write_text("who,day\n4,2024-01-01\n12,2024-01-02\n")
    found = Transactions.read(path, customer="who", date="day").customers().to_pandas()
    assert found["customer_id"].to_list() == [4, 12]

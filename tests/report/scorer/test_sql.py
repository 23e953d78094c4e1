"""The SELECT scores on two engines as Python does."""

import sqlite3
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.models.needs.components import Components
from segmodels.report.scorer import sql
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.tables.codebook import Item

TABLE, ID = 'answers "of" 1999', 'per son\'s "id"'
TYPES = {str: "VARCHAR", int: "INTEGER", bool: "BOOLEAN", float: "DOUBLE"}


def type_of(item):
    kinds = {type(code) for code in item.categories}
    return TYPES[str if str in kinds else float if float in kinds else kinds.pop()]


def score(engine, tool, rows, **names):
    """Columns and rows of the result, in the order of ids."""
    connection = (sqlite3 if engine == "sqlite" else duckdb).connect(":memory:")
    table, customer = names.get("table", TABLE), names.get("customer", ID)
    columns = ", ".join(f"{sql.identifier(q.name)} {type_of(q)}" for q in tool.questions)
    connection.execute(
        f"CREATE TABLE {sql.identifier(table)} ({sql.identifier(customer)} INTEGER, {columns})"
    )
    marks = ", ".join("?" for _ in range(len(tool.questions) + 1))
    values = [(at, *(row[q.name] for q in tool.questions)) for at, row in enumerate(rows)]
    connection.executemany(f"INSERT INTO {sql.identifier(table)} VALUES ({marks})", values)  # noqa: S608
    statement = sql.select(tool, table=table, customer=customer)
    found = connection.execute(f"SELECT * FROM ({statement}) AS s ORDER BY 1")  # noqa: S608
    result = pd.DataFrame(found.fetchall(), columns=[column[0] for column in found.description])
    connection.close()
    return result


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_every_pattern(engine, tool, answers, expected):
    found = score(engine, tool, answers)
    probabilities, segments = expected
    names = [ID, *tool.names, "segment", "probability", "answered", "problem"]
    assert list(found.columns) == names
    assert found[list(tool.names)].to_numpy(float) == pytest.approx(probabilities, abs=1e-12)
    assert found["segment"].tolist() == segments
    assert found["probability"].to_numpy(float) == pytest.approx(probabilities.max(axis=1), abs=1e-12)
    assert found["answered"].tolist() == [sum(code is not None for code in row.values()) for row in answers]
    assert found["problem"].isna().all()


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_an_unknown_code_gives_no_score_and_is_named(engine, tool, answers):
    first, second, _, fourth = (item.name for item in tool.questions)
    rows = [
        {**answers[-1], first: "It's"},
        {**answers[-1], second: 4, fourth: 0.25},
        {**answers[-1], first: "  "},
        dict.fromkeys(answers[0], None),
    ]
    found = score(engine, tool, rows)
    assert found.loc[:1, [*tool.names, "segment", "probability", "answered"]].isna().all(axis=None)
    assert found["problem"].tolist()[:2] == [f"unknown code: {first}", f"unknown code: {second} {fourth}"]
    assert found["answered"].tolist()[2:] == [3, 0]
    assert found["problem"].isna().tolist() == [False, False, True, True]
    assert found.loc[3, list(tool.names)].tolist() == pytest.approx(tool.components.class_shares)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_ties_mixed_codes_and_very_small_probabilities(engine, tied):
    everyone = [{f"q{j}": (i >> j) & 1 for j in range(1, 4)} for i in range(16)]
    assert set(score(engine, tied, everyone)["segment"]) == {"a", "c"}
    items = tuple(Item(f"q{j}", "nominal", (0, "DK")) for j in range(60))
    rare = np.log([[1e-9, 2e-9], [1 - 1e-9, 1 - 2e-9]])
    small = typing_tool(Components(("a", "b"), items, np.arange(2), np.log([0.5, 0.5]), (rare,) * 60))
    rows = [dict.fromkeys((item.name for item in items), code) for code in ("0", "DK")]
    found = score(engine, small, rows)[["a", "b"]].to_numpy(float)
    expected = small.posterior(np.repeat([[0], [1]], 60, axis=1))
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_one_segment_and_one_question(engine):
    item = Item("q", "binary", (0, 1))
    table = np.log([[0.25], [0.75]])
    one = typing_tool(Components(("all",), (item,), np.arange(1), np.zeros(1), (table,)))
    found = score(engine, one, [{"q": 1}, {"q": None}])
    assert found["all"].tolist() == [1, 1]
    assert found["segment"].tolist() == ["all", "all"]


def test_a_table_in_a_schema(tied):
    connection = duckdb.connect(":memory:")
    connection.execute('CREATE SCHEMA "my ""own"""')
    connection.execute('CREATE TABLE "my ""own""".t (id INTEGER, q1 INTEGER, q2 INTEGER, q3 INTEGER)')
    statement = sql.select(tied, table=('my "own"', "t"), customer="id")
    assert connection.execute(f"CREATE VIEW v AS {statement}").execute("SELECT * FROM v").fetchall() == []
    connection.close()


def test_the_file_ends_its_statement(tied, tmp_path):
    path = sql.write(tied, tmp_path / "tool.sql", table="t", customer="id")
    assert path.read_text(encoding="utf-8") == sql.select(tied, table="t", customer="id") + ";\n"


def test_names_that_collide_and_null_characters_are_refused(tied):
    for names in (("Price", "price", "c"), ("id", "b", "c"), ("Segment", "b", "c"), ("a\0", "b", "c")):
        broken = replace(tied, components=replace(tied.components, names=names))
        with pytest.raises(InputError, match="names"):
            sql.select(broken, table="t", customer="ID")
    for table in ("", ("a", ""), ()):
        with pytest.raises(InputError, match="empty name"):
            sql.select(tied, table=table, customer="id")

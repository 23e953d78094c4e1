"""Answers are read from any table, in order, with all faults together; and what is made of them."""

import time

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.tables.attributes import Attributes
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.customers import Customers
from segmodels.tables.responses import Responses

FRAME = pd.DataFrame(
    {
        "id": [12, 7, 30, 4, 5],
        "rating": pd.array([5, 1, None, 2, 5], "Int64"),
        "owner": ["yes", "no", "no", None, "yes"],
        "channel": ["web", "shop", "web", "app", "web"],
        "age": [31.5, None, 40.0, 22.0, 57.0],
        "visits": [3, 0, 2, 2, 11],
        "w": [2.0, 1.0, 1.0, 0.0, 4.0],
        "region": ["n", "s", "n", "s", "s"],
        "psu": [1, 1, 2, 1, 2],
    }
)
ITEMS = {"rating": "ordinal", "owner": "binary", "channel": "nominal", "age": "continuous", "visits": "count"}


def read(source, **more):
    arguments = {"customer": "id", "items": ITEMS} | more
    return Responses.read(source, **arguments)


def faults_of(source, **more):
    with pytest.raises(InputError) as error:
        read(source, **more)
    return {fault.where: fault for fault in error.value.faults}


def same(one, other):
    assert one.customer_id.tolist() == other.customer_id.tolist()
    assert one.codebook == other.codebook
    for name in one.codebook.names:
        assert np.array_equal(
            one.answers[name], other.answers[name], equal_nan=one.codebook[name].coded is False
        )


def test_answers_as_positions_and_numbers():
    found = read(FRAME)
    assert found.customer_id.tolist() == [12, 7, 30, 4, 5]
    assert found.codebook["rating"].categories == (1, 2, 5)
    assert found.codebook["owner"].categories == ("no", "yes")
    assert found.codes(["rating", "owner", "channel"]).tolist() == [
        [2, 1, 2],
        [0, 0, 1],
        [-1, 0, 2],
        [1, -1, 0],
        [2, 1, 2],
    ]
    assert found.codes(["rating"]).dtype == np.int16
    assert np.array_equal(found.numbers(["age"])[:, 0], [31.5, np.nan, 40, 22, 57], equal_nan=True)
    assert found.weight.tolist() == [1.0] * 5
    assert found.n == 5


@pytest.fixture
def files(tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.to_parquet(tmp_path / "a.parquet")
    with duckdb.connect(tmp_path / "a.duckdb") as con:
        con.register("arrow", pa.Table.from_pandas(FRAME, preserve_index=False))
        con.execute("CREATE TABLE survey AS FROM arrow")
    return tmp_path


def test_every_kind_of_source_gives_the_same_answers(files):
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    want = read(FRAME)
    same(read(pl.from_pandas(FRAME)), want)
    same(read(pl.from_pandas(FRAME).lazy()), want)
    same(read(table), want)
    same(read(table.to_batches()[0]), want)
    same(read(ibis.memtable(table)), want)
    same(read(files / "a.csv"), want)
    same(read(str(files / "a.parquet")), want)
    same(read(files / "a.duckdb", table="survey"), want)
    same(read(FRAME.set_index("id")), want)
    same(read(FRAME.set_index("id"), customer=None), want)
    same(read(FRAME.convert_dtypes(dtype_backend="pyarrow")), want)


def test_results_go_back_in_the_kind_that_came_in(files):
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    scores = pd.DataFrame({"customer_id": FRAME["id"], "class 1": np.linspace(0, 1, 5)})
    assert isinstance(read(FRAME).give(scores), pd.DataFrame)
    assert isinstance(read(pl.from_pandas(FRAME)).give(scores), pl.DataFrame)
    assert isinstance(read(table).give(scores), pa.Table)
    con = ibis.duckdb.connect()
    con.con.register("arrow", table)
    source = con.table("arrow")
    given = read(source).give(scores)
    assert given.get_backend() is con
    assert given.join(source, given.customer_id == source.id).count().to_pyarrow().as_py() == 5
    for source in (files / "a.csv", ibis.memtable(table)):
        assert read(source).give(scores)["class 1"].sum().to_pyarrow().as_py() == pytest.approx(2.5)


def test_rows_of_a_large_file_keep_their_order(tmp_path):
    n = 300_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"id": rng.permutation(n), "q": rng.integers(0, 2, n)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=20_000)
    for name in ("a.csv", "a.parquet"):
        found = Responses.read(tmp_path / name, customer="id", items={"q": "binary"})
        assert np.array_equal(found.customer_id, frame["id"])
        assert np.array_equal(found.answers["q"], frame["q"])


def test_text_of_a_file_matches_codes_of_any_type(tmp_path):
    (tmp_path / "a.csv").write_text("id,a,b,c,d\nx,1, no ,true,1.0\ny,2,yes,FALSE,2\nz,,,,\n")
    book = Codebook(
        (
            Item("a", "ordinal", ("1", "2", "3")),
            Item("b", "binary", ("no", "yes")),
            Item("c", "binary", (False, True)),
            Item("d", "ordinal", (1, 2, 3)),
        )
    )
    found = Responses.read(tmp_path / "a.csv", customer="id", items=book)
    assert found.codes(book.names).tolist() == [[0, 0, 1, 0], [1, 1, 0, 1], [-1, -1, -1, -1]]
    assert found.customer_id.tolist() == ["x", "y", "z"]


def test_a_code_outside_the_codebook_is_an_error_also_when_scoring():
    fitted = read(FRAME).codebook
    new = FRAME.assign(rating=[5, 3, 3, 9, 1])
    fault = faults_of(new, items=fitted)["items['rating']"]
    assert fault.rows == 3
    assert fault.examples == ("customer 7: 3", "customer 30: 3", "customer 4: 9")
    assert "1, 2, 5" in fault.expected
    scored = read(FRAME.iloc[[1, 0, 1]].assign(id=[1, 2, 3]), items=fitted)
    assert scored.codebook == fitted
    assert scored.codes(["rating"])[:, 0].tolist() == [0, 2, 0]


def test_all_faults_come_together():
    broken = FRAME.assign(
        id=[12, 7, 12, None, 5],
        owner=["yes", "no", "maybe", "no", "yes"],
        age=[1.0, np.inf, 2.0, 3.0, 4.0],
        visits=[1, -1, 2, 2, 1],
        w=[1.0, -2.0, None, 1.0, np.inf],
    ).assign(visits=[1, -1, 2.5, 2, 1])
    found = read_faults(
        broken, weight="w", items=ITEMS | {"ratng": "ordinal", "region": "ordinal"}, base=[5, 7]
    )
    text = "\n".join(map(str, found))
    for said in (
        "'ratng'",
        "Did you mean 'rating'",
        "no id in 1 row (for example row 3)",
        "the same id in 2 rows (for example 12.0, 2 times)",
        "3 different answers (for example",
        "an infinite number in 1 row",
        "a negative number or a fraction in 2 rows",
        "weight: got a negative number in 1 row",
        "weight: got null in 1 row",
        "weight: got an infinite number",
        "texts that say no order",
        "ids that are not in the base in 3 rows",
    ):
        assert said in text


def read_faults(source, **more):
    with pytest.raises(InputError) as error:
        read(source, **more)
    return error.value.faults


def test_missing_codes_mean_no_answer():
    frame = FRAME.assign(
        rating=[5, 99, -1, 2, 5], owner=["yes", "DK", "no", "no", "yes"], age=[1, 2, 99, 3, 4]
    )
    found = read(frame, missing=(99, -1, "DK"))
    assert found.codebook["rating"].categories == (2, 5)
    assert found.codes(["rating", "owner"]).tolist() == [[1, 1], [-1, -1], [-1, 0], [0, 0], [1, 1]]
    assert np.isnan(found.numbers(["age"])[:, 0]).tolist() == [False, False, True, False, False]
    only = read(frame, items={"rating": "ordinal"}, missing={"rating": (99, "-1")})
    assert only.codebook["rating"].categories == (2, 5)
    assert read(frame, items={"rating": "ordinal"}, missing=-1).codebook["rating"].categories == (2, 5, 99)


def test_a_missing_code_that_is_a_category_is_refused():
    book = [Item("rating", "ordinal", (1, 2, 5))]
    assert "which is a category" in faults_of(FRAME, items=book, missing=(5,))["missing"].got
    assert "no item 'ratings'" in faults_of(FRAME, items=book, missing={"ratings": 5})["missing"].got


def test_weights_have_a_mean_of_one_over_respondents():
    found = read(FRAME.assign(n=[1, 2, 3, 0, 4]), weight="w", count="n")
    assert (found.weight @ found.count) / found.n == pytest.approx(1)
    assert found.case_weight.sum() == pytest.approx(found.n) == 10
    assert "weights divided by their mean, 2.3" in found.audit["step"].iloc[3]
    tenfold = read(FRAME.assign(n=[1, 2, 3, 0, 4], w=FRAME["w"] * 10), weight="w", count="n")
    assert np.allclose(found.weight, tenfold.weight)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"w": [0.0] * 5}, "weight: got 0 in every row"),
        ({"w": ["a"] * 5}, "weight: got no number in 5 rows"),
        ({"w": [True] * 5}, "weight: got no number in 5 rows"),
        ({"n": [1.5, 1, 1, 1, 1]}, "count: got a fraction in 1 row (for example customer 12: 1.5)"),
        ({"n": [-1, 1, 1, 1, 1]}, "count: got a negative number"),
        ({"n": [0] * 5}, "count: got 0 in every row"),
        ({"n": [0, 0, 0, 1, 0]}, "weight: got 0 wherever count is not"),
        ({"region": ["n", None, "n", "s", "s"]}, "strata: got null in 1 row"),
        ({"psu": [1, 1, np.nan, 1, 1]}, "cluster: got null in 1 row"),
    ],
)
def test_weights_and_design_that_can_not_be(column, said):
    frame = FRAME.assign(n=1).assign(**column)
    found = read_faults(frame, weight="w", count="n", strata="region", cluster="psu")
    assert said in "\n".join(map(str, found))


def test_clusters_are_told_apart_within_strata():
    found = read(FRAME, strata="region", cluster="psu")
    assert len(set(zip(found.strata, found.cluster, strict=True))) == len(set(found.cluster)) == 4
    assert read(FRAME, cluster="psu").cluster.tolist() == [0, 0, 1, 0, 1]


def bases():
    ids = [4, 5, 7, 12, 30, 99]
    summary = pd.DataFrame({"customer_id": ids, "frequency": 0, "recency": 0.0, "T": 9.0})
    yield Customers.read(summary, unit="week")
    yield Attributes.read(pd.DataFrame({"id": ids, "channel": "web"}), customer="id")
    yield summary
    yield pl.from_pandas(summary)
    yield pd.Index(ids)
    yield set(ids)
    yield np.array(ids)


def test_ids_are_looked_up_in_the_base():
    stranger = FRAME.assign(id=[12, 7, 31, 4, 32])
    for base in bases():
        assert len(read(FRAME, base=base)) == 5
        fault = faults_of(stranger, base=base)["customer"]
        assert (fault.rows, fault.examples) == (2, ("31", "32"))
        kept = read(stranger, base=base, unmatched="keep")
        assert len(kept) == 5
        assert kept.audit.set_index("step")["rows"]["not in the base, kept"] == 2


def test_ids_of_another_type_than_the_base_are_refused():
    assert "Convert one of them" in faults_of(FRAME, base=pd.Index(["12", "7"]))["base"].remedy
    assert "no column 'customer_id'" in faults_of(FRAME, base=FRAME)["base"].got


def test_the_audit_counts():
    frame = FRAME.assign(rating=[1, None, 2, 3, None], owner=["yes", None, None, "no", "no"])
    items = {"rating": "ordinal", "owner": "binary", "age": Item("age", "continuous", dimension="profile")}
    steps = read(frame, items=items).audit.set_index("step")["rows"]
    assert steps["read"] == 5
    assert steps["no answer to any item but the profile's"] == 1
    assert steps["at least one answer missing"] == 3


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        (FRAME.iloc[:0], {}, "an empty table"),
        (FRAME, {"items": {}}, "at least one item"),
        (FRAME, {"items": {"rating": "ordnal", "owner": "binry"}}, "Did you mean 'binary'"),
        (FRAME, {"items": {"rating": Item("other", "count")}}, "an item named 'other'"),
        (FRAME, {"items": [Item("rating", "count")] * 2}, "1 name twice"),
        (FRAME, {"items": {"rating": "best_worst"}}, "read_tasks"),
        (FRAME, {"customer": "idd"}, "Did you mean 'id'"),
        (FRAME, {"weight": "id"}, "each column in one role"),
        (FRAME, {"unmatched": "drop"}, "unmatched"),
        (FRAME.assign(id=[1, "a", 2, 3, 4]), {}, "text beside numbers"),
        (FRAME.assign(id=["a", " ", "b", "c", "d"]), {}, "no id in 1 row"),
        (FRAME.assign(channel=[["web"], [], [], [], []]), {}, "one answer a row"),
        (FRAME.assign(channel=["web", 1, 2, 3, 4]), {}, "text beside numbers"),
        (FRAME.assign(age=["1,5", "2", "3", "4", "5"]), {}, "no number in 1 row"),
        (FRAME.assign(visits=[True] * 5), {}, "no number in 5 rows"),
        ("nowhere.csv", {}, "no file at"),
        (7, {}, "a pandas, Polars"),
    ],
)
def test_what_can_not_be_read(source, more, said):
    assert said in "\n".join(map(str, read_faults(source, **more)))


def test_a_file_has_no_row_numbers(files):
    assert "say customer=" in faults_of(files / "a.csv", customer=None)["customer"].remedy


def test_rows_are_taken_in_any_order():
    found = read(FRAME, weight="w", strata="region", cluster="psu")
    some = found.take(np.array([4, 0, 0]))
    assert some.customer_id.tolist() == [5, 12, 12]
    assert some.codes(["rating"])[:, 0].tolist() == [2, 2, 2]
    assert some.weight.tolist() == found.weight[[4, 0, 0]].tolist()
    assert some.strata.tolist() == found.strata[[4, 0, 0]].tolist()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 3, None]),
            st.sampled_from(["a", "b", None]),
            st.sampled_from([True, False, None]),
            st.sampled_from([0.5, 1.5, 2.5, None]),
            st.one_of(st.none(), st.floats(-10, 10)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_answers_go_out_as_they_came_in(rows):
    book = Codebook(
        (
            Item("q1", "ordinal", (1, 2, 3)),
            Item("q2", "nominal", ("a", "b", "c")),
            Item("q3", "binary", (False, True)),
            Item("q4", "ordinal", (0.5, 1.5, 2.5)),
            Item("q5", "continuous"),
        )
    )
    frame = pd.DataFrame(rows, columns=list(book.names)).astype({"q1": "Int64", "q3": "boolean", "q5": float})
    found = Responses.read(frame, customer=None, items=book)
    out = found.to_pandas()
    assert out["q1"].tolist() == frame["q1"].tolist()
    assert out["q2"].isna().tolist() == frame["q2"].isna().tolist()
    same(Responses.read(out, customer="customer_id", items=book), found)


def test_it_says_what_it_holds():
    assert repr(read(FRAME)) == (
        "Responses(5 rows; items: 1 ordinal, 1 binary, 1 nominal, 1 continuous, 1 count; "
        "12.0% of the answers missing)"
    )


def test_a_hundred_thousand_respondents_are_read_at_once():
    rng = np.random.default_rng(1)
    names = [f"q{j}" for j in range(20)]
    frame = pd.DataFrame(rng.integers(1, 6, (100_000, 20)), columns=names)
    start = time.process_time()
    found = Responses.read(frame, customer=None, items=dict.fromkeys(names, "ordinal"))
    assert time.process_time() - start < 2
    assert all(values.dtype == np.int16 for values in found.answers.values())
    assert np.array_equal(found.codes(names), frame.to_numpy() - 1)

"""Wallets come from every kind of table, in one table or two, and go back in the kind that came in."""

import warnings
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segmodels.errors import InputError
from segmodels.tables.attributes import Attributes
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets

OWN = pd.DataFrame({"who": [3, 1, 2, 4], "spend": [80.0, 20.0, 0.0, 50.0], "seg": ["a", "b", "c", "a"]})
SAID = pd.DataFrame({"who": [4, 3, 2], "total": [50.0, 100.0, 50.0]})
NAMES = {"customer": "who", "own": "spend", "total": "total"}
EXPECTED = [[2, 0.0, 50.0, 50.0, "c"], [3, 80.0, 20.0, 20.0, "a"], [4, 50.0, 0.0, 0.0, "a"]]
KINDS = ["pandas", "polars", "lazy", "arrow", "batch", "parquet", "csv", "ibis"]


def _as(kind, frame, folder, name):
    if kind == "pandas":
        return frame
    if kind in {"polars", "lazy"}:
        made = pl.DataFrame(frame.to_dict("list"))
        return made.lazy() if kind == "lazy" else made
    if kind == "arrow":
        return pa.Table.from_pandas(frame)
    if kind == "batch":
        return pa.RecordBatch.from_pandas(frame)
    path = folder / f"{name}.{'csv' if kind == 'csv' else 'parquet'}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    return ibis.duckdb.connect().read_parquet(path) if kind == "ibis" else path


@pytest.mark.parametrize("survey", ["pandas", "csv", "ibis"])
@pytest.mark.parametrize("base", KINDS)
def test_own_spend_and_survey_of_any_kind_meet(base, survey, tmp_path):
    source, answers = _as(base, OWN, tmp_path, "own"), _as(survey, SAID, tmp_path, "said")
    wallets = Wallets.read(source, **NAMES, answers=answers)
    assert wallets.answered().to_numpy().tolist() == EXPECTED
    assert wallets.columns == ("customer_id", "own", "low", "high", "seg")
    assert len(wallets) == 4


@pytest.mark.parametrize(
    ("kind", "given"),
    [("pandas", pd.DataFrame), ("lazy", pl.DataFrame), ("arrow", pa.Table), ("batch", pa.Table)],
)
def test_a_result_goes_back_in_the_kind_and_order_that_came_in(kind, given, tmp_path):
    wallets = Wallets.read(_as(kind, OWN, tmp_path, "own"), customer="who", own="spend")
    result = wallets.give(pd.DataFrame({"customer_id": [1, 1, 2, 3, 4], "k": [2, 1, 1, 1, 1]}), then=("k",))
    assert isinstance(result, given)
    frame = result if kind == "pandas" else result.to_pandas()
    assert frame.to_numpy().tolist() == [[3, 1], [1, 1], [1, 2], [2, 1], [4, 1]]
    assert wallets.to_pandas()["customer_id"].to_list() == [3, 1, 2, 4]


def test_a_result_of_files_and_engines_is_ibis(tmp_path):
    wallets = Wallets.read(_as("parquet", OWN, tmp_path, "own"), customer="who", own="spend")
    frame = pd.DataFrame({"customer_id": [1], "x": [2]})
    assert wallets.give(frame).join(wallets.table, "customer_id").count().to_pyarrow().as_py() == 1
    assert wallets.give(wallets.table) is wallets.table


def test_a_table_within_a_duckdb_file(tmp_path):
    import duckdb

    with duckdb.connect(tmp_path / "w.duckdb") as con:
        con.register("frame", pa.Table.from_pandas(OWN))
        con.execute("CREATE TABLE own AS FROM frame")
    wallets = Wallets.read(tmp_path / "w.duckdb", **NAMES, answers=SAID, table="own")
    assert wallets.n_answered == 3


def test_answers_in_a_duckdb_file(tmp_path):
    import duckdb

    path = tmp_path / "w.duckdb"
    with duckdb.connect(path) as con:
        for name, frame in (("own", OWN), ("said", SAID)):
            con.register("frame", pa.Table.from_pandas(frame))
            con.execute(f"CREATE TABLE {name} AS FROM frame")
    wallets = Wallets.read(path, **NAMES, answers=path, table="own", answers_table="said")
    assert wallets.answered().to_numpy().tolist() == EXPECTED
    with pytest.raises(
        InputError, match=r"answers_table: got no answers_table=; .*: own, said\. Say answers_"
    ):
        Wallets.read(OWN, **NAMES, answers=path)


def test_decimals_longer_than_an_engine_has_are_numbers():
    third = Decimal(10) / Decimal(3)
    frame = OWN.assign(spend=[Decimal("12.34"), third, Decimal(0), Decimal("1." + "1" * 50)])
    wallets = Wallets.read(frame, customer="who", own="spend")
    assert wallets.to_pandas()["own"].to_list() == pytest.approx([12.34, 10 / 3, 0.0, 10 / 9])


@pytest.mark.parametrize("kind", ["pandas", "parquet", "csv"])
def test_nothing_that_duckdb_is_about_to_drop_is_called(kind, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = _as(kind, OWN, tmp_path, 'own, "it\'s"')
        wallets = Wallets.read(source, **NAMES, answers=SAID)
        assert wallets.n_answered == 3
        assert len(list(wallets.blocks(2))) == 2


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="source: got an empty file"):
        Wallets.read(tmp_path / "empty.csv", customer="who", own="spend")


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ([3, 1, 2, 4], [4, 3, 2], int),
        (["3", "1", "2", "4"], ["4", "3", "2"], int),
        (["3", "1", "2", "04"], [3, 2, 1], str),
    ],
)
def test_ids_in_csv_are_whole_numbers_only_where_all_are(ours, theirs, found, tmp_path):
    source = _as("csv", OWN.assign(who=ours), tmp_path, "own")
    wallets = Wallets.read(source, **NAMES, answers=_as("csv", SAID.assign(who=theirs), tmp_path, "said"))
    ids = wallets.to_pandas()["customer_id"]
    assert {type(each) for each in ids.to_list()} == {found}
    assert wallets.n_answered == 3


def test_ids_of_text_and_of_numbers_do_not_meet():
    with pytest.raises(
        InputError, match="answers: customer: got ids of type string; expected ids of type int64"
    ):
        Wallets.read(OWN, **NAMES, answers=SAID.assign(who=SAID["who"].astype(str)))


def test_the_index_serves_as_the_column_that_it_is_named_for():
    wallets = Wallets.read(OWN.set_index("who"), **NAMES, answers=SAID.set_index("who"))
    assert wallets.answered().to_numpy().tolist() == EXPECTED


def test_a_later_change_of_the_frame_changes_nothing():
    frame = OWN.copy()
    wallets = Wallets.read(frame, customer="who", own="spend")
    frame["spend"] = -1.0
    assert wallets.to_pandas()["own"].to_list() == [80.0, 20.0, 0.0, 50.0]


@pytest.mark.parametrize("size", [1, 7, 100, 1000, 5000])
def test_blocks_are_the_whole_table_in_order_whatever_their_size(size):
    frame = simulate_wallets(1000 if size > 1 else 20, np.random.default_rng(1), answered=10)
    shuffled = frame.sample(frac=1, random_state=1)
    wallets = Wallets.read(shuffled, customer="customer_id", own="own", total="total")
    blocks = list(wallets.blocks(size))
    assert {len(block) for block in blocks[:-1]} <= {size}
    whole = pd.concat(blocks, ignore_index=True)
    pd.testing.assert_series_equal(whole["own"], frame["own"])
    assert whole["customer_id"].to_list() == frame["customer_id"].to_list()
    assert whole.columns.to_list() == list(wallets.columns)


def test_other_queries_may_run_between_blocks():
    frame = simulate_wallets(1000, np.random.default_rng(1), answered=100)
    wallets = Wallets.read(frame, customer="customer_id", own="own", total="total")
    seen = 0
    for block in wallets.blocks(100):
        seen += len(block) * (len(wallets.answered()) == 100) * (len(wallets.audit) > 0)
        wallets.give(block)
    assert seen == 1000
    with pytest.raises(InputError, match="size: got 0"):
        next(wallets.blocks(0))


@pytest.mark.slow
def test_a_million_customers_pass_in_ten_blocks():
    frame = simulate_wallets(1_000_000, np.random.default_rng(1), answered=1000)
    wallets = Wallets.read(frame, customer="customer_id", own="own", total="total")
    blocks = [(len(block), float(block["own"].sum())) for block in wallets.blocks()]
    assert [rows for rows, _ in blocks] == [100_000] * 10
    assert sum(own for _, own in blocks) == pytest.approx(frame["own"].sum(), rel=1e-12)


def test_attributes_join_every_category_and_tell_of_strangers():
    long = pd.concat([OWN.assign(what="tea"), OWN.assign(what="wine", spend=1.0)])
    wallets = Wallets.read(long, customer="who", own="spend", category="what")
    region = pd.DataFrame({"customer_id": [1, 2, 3, 4, 5], "region": list("nsnsn")})
    joined = wallets.with_attributes(Attributes.read(region, customer="customer_id"))
    assert len(joined) == 8
    assert joined.to_pandas()["region"].to_list() == list("nnnnssss")
    assert joined.audit.iloc[-1]["step"] == "attributes of unknown customers, left out"
    assert joined.of("wine").to_pandas()["own"].to_list() == [1.0] * 4
    with pytest.raises(InputError, match="customers without attributes in 2 rows"):
        wallets.with_attributes(region.iloc[1:])
    with pytest.raises(InputError, match="a column 'seg'"):
        wallets.with_attributes(region.rename(columns={"region": "seg"}))


def test_one_category_of_several_has_its_own_audit():
    long = pd.concat([OWN.assign(what="tea"), OWN.assign(what="wine", spend=200.0)])
    wallets = Wallets.read(long, **NAMES, answers=SAID.assign(what="tea"), category="what")
    assert (wallets.category, wallets.categories, wallets.n_answered) == (None, ("tea", "wine"), 3)
    assert next(wallets.blocks(3))["category"].to_list() == ["tea", "wine", "tea"]
    tea, wine = wallets.of("tea"), wallets.of("wine")
    assert (tea.category, tea.n_answered, wine.n_answered, len(wine)) == ("tea", 3, 0, 4)
    value = wine.audit.set_index("step")["value"]
    assert (value["used"], value["category: wine"]) == (800.0, 800.0)

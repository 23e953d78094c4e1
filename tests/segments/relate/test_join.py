"""Tables beside the respondents: what joins, and what is refused with all its faults at once."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from segmodels.errors import InputError
from segmodels.segments.relate.join import join
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.sandwich import Sample

IDS = pd.Index(["u1", "u2", "u3", "u4", "u5", "u6"], name="customer_id")
SPEND = [10.0, 20.0, 30.0, 40.0, 50.0, 70.0]


def people(**columns):
    return pd.DataFrame({"customer_id": IDS, **columns})


def joined(table, kinds=None, missing="error"):
    found, faults = join(table, IDS, "covariates", kinds or {}, missing)
    assert not faults, [str(fault) for fault in faults]
    return found


def faults_of(table, kinds=None, missing="error"):
    return [str(fault) for fault in join(table, IDS, "covariates", kinds or {}, missing)[1]]


@pytest.fixture(scope="module")
def classes():
    joint = np.log(np.array([[0.8, 0.2]] * 3 + [[0.2, 0.8]] * 3))
    return Measurement(("a", "b"), IDS, joint, np.log([[0.5, 0.5]]), Sample(np.ones(6), np.ones(6)))


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame,
        lambda frame: frame.set_index("customer_id"),
        lambda frame: frame.set_index("customer_id")["spend"],
        pl.from_pandas,
        lambda frame: pl.from_pandas(frame).to_arrow(),
    ],
    ids=["frame", "index", "series", "polars", "arrow"],
)
def test_any_table_in_any_order_with_other_customers(make):
    frame = pd.concat([people(spend=SPEND), pd.DataFrame({"customer_id": ["else"], "spend": [-1.0]})])
    (found,) = joined(make(frame.iloc[::-1].reset_index(drop=True)))
    assert (found.name, found.kind, found.column.tolist()) == ("spend", "continuous", SPEND)


def test_texts_booleans_and_categoricals_are_categories():
    ordered = pd.Categorical(list("hhmmll"), categories=["l", "m", "h", "never"], ordered=True)
    found = joined(people(size=ordered, member=[True, False] * 3, city=list("bbaacc")))
    assert [each.categories for each in found] == [("l", "m", "h"), ("False", "True"), ("a", "b", "c")]
    assert found[0].dummies.tolist() == [[0, 0, 1]] * 2 + [[0, 1, 0]] * 2 + [[1, 0, 0]] * 2


def test_numbers_can_be_codes_and_nullable():
    (found,) = joined(people(region=[1, 2, 1, 2, 3, 3]), kinds={"region": "categorical"})
    assert found.categories == ("1", "2", "3")
    (found,) = joined(people(age=pd.array([1, 2, 3, 4, 5, 6], "Int64")))
    assert found.column.tolist() == [1, 2, 3, 4, 5, 6]


def test_missing_respondents_are_counted_with_examples():
    (text,) = faults_of(people(spend=SPEND).iloc[2:])
    assert "no row for respondents in 2 rows" in text
    assert "u1" in text
    assert "missing='omit'" in text


def test_ids_of_another_type_are_told_even_where_missing_may_be():
    table = pd.DataFrame({"customer_id": range(6), "spend": SPEND})
    (text,) = faults_of(table, missing="omit")
    assert "6 rows" in text
    assert "type of the ids" in text


def test_all_faults_come_together():
    table = people(
        a=[1.0, np.nan, 3.0, 4.0, 5.0, 6.0],
        b=[1.0] * 6,
        c=[np.inf, *SPEND[1:]],
        d=pd.date_range("2024", periods=6),
        e=["x", None, "x", "y", "y", "y"],
        f=["x"] * 6,
        g=SPEND,
    )
    texts = " | ".join(faults_of(table, kinds={"g": "count", "e": "count"}))
    for part in ("a: got no value in 1 row", "b: got the same value", "c: got infinite", "d: got dates"):
        assert part in texts
    assert "e: got a column of type" in texts
    assert "f: got 1 category" in texts
    assert "g: got" not in texts
    assert "whole numbers" in " ".join(faults_of(people(g=[0.5, *SPEND[1:]]), kinds={"g": "count"}))


@pytest.mark.parametrize(
    ("table", "part"),
    [
        (pd.DataFrame({"id": IDS, "spend": SPEND}), "a column customer_id"),
        (pd.concat([people(spend=SPEND)] * 2), "ids that repeat in 6 rows"),
        (people(), "no column beside"),
        (
            people(name=[f"n{i}" for i in range(6)]).merge(people(spend=SPEND)).drop(columns="name").iloc[:0],
            "no row",
        ),
    ],
    ids=["no id", "twice", "no column", "empty"],
)
def test_tables_that_can_not_be_used(table, part):
    assert part in " ".join(faults_of(table))


def test_a_csv_file_has_no_types(tmp_path):
    people(spend=SPEND).to_csv(tmp_path / "people.csv", index=False)
    assert "columns are text" in " ".join(faults_of(str(tmp_path / "people.csv")))
    people(spend=SPEND).to_parquet(tmp_path / "people.parquet")
    assert joined(str(tmp_path / "people.parquet"))[0].column.tolist() == SPEND


def test_omitted_respondents_are_left_out_of_what_needs_them_and_counted(classes):
    part = people(spend=[np.nan, *SPEND[1:]])
    found = relate_measurement(classes, outcomes=part, method="naive", missing="omit")
    assert found.outcomes["estimate"].tolist() == pytest.approx([25.0, 160 / 3])
    evidence = {one.name: one for one in found.evidence}["Left out"]
    assert evidence.table["respondents_left_out"].tolist() == [1]


def test_arguments_are_checked_together(classes):
    with pytest.raises(InputError) as caught:
        relate_measurement(
            classes,
            outcomes=people(spend=SPEND),
            method="lazy",
            assignment="hard",
            reference="z",
            missing="?",
        )
    assert [fault.where for fault in caught.value.faults] == ["method", "assignment", "missing", "reference"]
    with pytest.raises(InputError, match="neither covariates nor outcomes"):
        relate_measurement(classes)


def test_columns_are_one_thing_and_kinds_name_columns(classes):
    with pytest.raises(InputError) as caught:
        relate_measurement(
            classes,
            covariates=people(spend=SPEND),
            outcomes=people(spend=SPEND),
            kinds={"spent": "count", "spend": "money"},
        )
    text = str(caught.value)
    assert "also covariates: spend" in text
    assert "unknown spent" in text
    assert "money" in text


def test_covariates_that_determine_one_another_are_refused(classes):
    table = people(spend=SPEND, cents=[100 * each for each in SPEND])
    with pytest.raises(InputError, match="linear dependence among spend, cents"):
        relate_measurement(classes, covariates=table)

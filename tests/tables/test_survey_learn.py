"""Which categories answers show, when the codebook does not say."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from segmodels.errors import InputError
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses


def learned(values, scale, **more):
    return read(pd.DataFrame({"q": values}), scale, **more).codebook["q"].categories


def read(frame, scale, **more):
    return Responses.read(frame, customer=None, items={"q": scale}, **more)


@pytest.mark.parametrize(
    ("values", "scale", "categories"),
    [
        ([1, 0, 1], "binary", (0, 1)),
        ([2.0, 1.0, np.nan], "binary", (1, 2)),
        ([True, True], "binary", (False, True)),
        (pd.array([True, None], "boolean"), "binary", (False, True)),
        (["Yes", "No"], "binary", ("No", "Yes")),
        (["Y", "N", "N"], "binary", ("N", "Y")),
        (["ja", "nein"], "binary", ("nein", "ja")),
        (["oui", "non"], "binary", ("non", "oui")),
        (["TRUE", "FALSE"], "binary", ("FALSE", "TRUE")),
        (["b", "a"], "binary", ("a", "b")),
        (["c", "a", "b"], "nominal", ("a", "b", "c")),
        ([30, 10, 20], "nominal", (10, 20, 30)),
        (["10", "9", "x"], "nominal", ("10", "9", "x")),
        (["10", "9"], "nominal", ("9", "10")),
        (["10", "9", "8"], "ordinal", ("8", "9", "10")),
        (["2 fair", "1 poor", "10 good"], "ordinal", ("1 poor", "2 fair", "10 good")),
        (["1. poor", "2. fair"], "ordinal", ("1. poor", "2. fair")),
        ([1.5, 1.0, 2.0], "ordinal", (1, 1.5, 2)),
        ([-1, 1, 0], "ordinal", (-1, 0, 1)),
        (
            pd.Categorical(["low", "high"], ["low", "mid", "high"], ordered=True),
            "ordinal",
            ("low", "mid", "high"),
        ),
        (pd.Categorical(["b", "a"], ["b", "a", "c"], ordered=True), "nominal", ("b", "a", "c")),
        (pd.Categorical(["b", "a"], ["b", "a", "c"]), "nominal", ("a", "b")),
        (pd.Categorical([2, 3], [1, 2, 3]), "ordinal", (2, 3)),
        (pd.cut([1, 9], [0, 5, 10]), "ordinal", ("(0, 5]", "(5, 10]")),
        (pd.array([3, 1, None], "Int8"), "ordinal", (1, 3)),
        (pd.array([3, 1, 1], "uint8"), "ordinal", (1, 3)),
        (
            pd.to_datetime(["2024-01-02", "2024-01-01"]),
            "nominal",
            ("2024-01-01T00:00:00", "2024-01-02T00:00:00"),
        ),
    ],
)
def test_categories_that_answers_show(values, scale, categories):
    found = learned(values, scale)
    assert found == categories
    assert [type(code) for code in found] == [type(code) for code in categories]


def test_the_order_of_a_polars_enum_counts():
    frame = pl.DataFrame({"q": pl.Series(["high", "low"], dtype=pl.Enum(["low", "mid", "high"]))})
    found = read(frame, "ordinal")
    assert found.codebook["q"].categories == ("low", "mid", "high")
    assert found.answers["q"].tolist() == [2, 0]


def test_a_code_between_others_that_nobody_gave_is_no_category_unless_declared():
    frame = pd.DataFrame({"q": [1, 2, 4, 5]})
    found = read(frame, "ordinal")
    assert found.codebook["q"].categories == (1, 2, 4, 5)
    assert "q: nobody answered 3, which is no category" in found.audit["step"].tolist()
    declared = read(frame, Item("q", "ordinal", (1, 2, 3, 4, 5)))
    assert declared.answers["q"].tolist() == [0, 1, 3, 4]
    assert not declared.audit["step"].str.contains("nobody").any()
    with pytest.raises(InputError, match="customer 0: 3"):
        read(pd.DataFrame({"q": [3]}), found.codebook["q"])


@pytest.mark.parametrize(
    ("values", "scale", "said"),
    [
        ([0, 0], "binary", "only the answer 0"),
        ([3, 3], "ordinal", "only the answer 3"),
        ([None, None], "nominal", "no answer at all"),
        ([1, 2, 3], "binary", "3 different answers"),
        (["low", "high"], "ordinal", "texts that say no order"),
        (["1 a", "1 b"], "ordinal", "texts that say no order"),
        (list(range(101)), "nominal", "at most 100"),
        ([1, "a", 2], "nominal", "text beside numbers"),
        (["a", "NA", "b"], "nominal", r"say missing=\('NA',\)"),
        (["1", "n/a", "2"], "ordinal", "the text 'n/a' among the answers"),
    ],
)
def test_answers_that_show_no_scale(values, scale, said):
    with pytest.raises(InputError, match=said):
        learned(values, scale)


def test_a_file_that_writes_na_is_not_given_a_category_for_it(tmp_path):
    (tmp_path / "a.csv").write_text("id,gpa\n1,1\n2,NA\n3,5\n")
    with pytest.raises(InputError, match="say missing="):
        Responses.read(tmp_path / "a.csv", customer="id", items={"gpa": "ordinal"})
    found = Responses.read(tmp_path / "a.csv", customer="id", items={"gpa": "ordinal"}, missing="NA")
    assert found.codebook["gpa"].categories == (1, 5)
    assert found.answers["gpa"].tolist() == [0, -1, 1]


def test_text_of_a_file_becomes_numbers_where_numbers_were_meant(tmp_path):
    (tmp_path / "a.csv").write_text(
        "id,likert,zip,half,flag\n1,5,01,0.5,true\n2,1,02,1.0,false\n3,,01,2,true\n"
    )
    items = {"likert": "ordinal", "zip": "nominal", "half": "ordinal", "flag": "binary"}
    found = Responses.read(tmp_path / "a.csv", customer="id", items=items)
    assert [item.categories for item in found.codebook] == [
        (1, 5),
        ("01", "02"),
        (0.5, 1, 2),
        ("false", "true"),
    ]
    assert found.customer_id.dtype == np.int64
    typed = pd.DataFrame({"id": [9], "likert": [1.0], "zip": ["02"], "half": [0.5], "flag": [True]})
    again = Responses.read(typed, customer="id", items=found.codebook)
    assert again.codes(list(items)).tolist() == [[0, 1, 0, 1]]

"""What a codebook refuses, and that it comes back as it was written."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.tables.codebook import Codebook, Item

BOOK = Codebook(
    (
        Item("q1", "ordinal", (1, 2, 3), ("poor", "fair", "good"), "How, in all?", "satisfaction"),
        Item("i1", "ordinal", (1, 2, 3, 4, 5), (), "", "benefit", "price", "importance"),
        Item("s1", "ordinal", (1, 2, 3, 4, 5), (), "", "satisfaction", "price", "satisfaction"),
        Item("owner", "binary", (False, True)),
        Item("zip", "nominal", ("01", "1x", "2")),
        Item("half", "ordinal", (0.5, 1, 1.5)),
        Item("age", "count", dimension="profile"),
    )
)


def faults(error):
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"name": "q", "scale": "ordnal"}, "Did you mean 'ordinal'"),
        ({"name": "", "scale": "count"}, "Name the column"),
        ({"name": "q", "scale": "count", "dimension": "benefits"}, "Did you mean 'benefit'"),
        ({"name": "q", "scale": "count", "measures": "importance"}, "of no benefit"),
        ({"name": "q", "scale": "nominal", "benefit": "b", "measures": "importance"}, "nominal scale"),
        ({"name": "q", "scale": "count", "categories": (0, 1)}, "categories of a count scale"),
        ({"name": "q", "scale": "rank", "categories": (1, 2)}, "categories of a rank scale"),
        ({"name": "q", "scale": "binary", "categories": (0, 1, 2)}, "3 categories of a binary"),
        ({"name": "q", "scale": "nominal", "categories": ("a",)}, "one category"),
        ({"name": "q", "scale": "nominal", "categories": ("a", "b", "a")}, "the code a twice"),
        ({"name": "q", "scale": "nominal", "categories": (1, "1")}, "the code 1 twice"),
        ({"name": "q", "scale": "nominal", "categories": (True, 1)}, "the code 1 twice"),
        ({"name": "q", "scale": "nominal", "categories": (1, None)}, "the code None"),
        ({"name": "q", "scale": "nominal", "categories": (1, float("nan"))}, "the code None"),
        ({"name": "q", "scale": "nominal", "categories": (1, float("inf"))}, "the code inf"),
        ({"name": "q", "scale": "nominal", "categories": ("a", " ")}, "the code ' '"),
        ({"name": "q", "scale": "nominal", "categories": "ab"}, "a sequence of codes"),
        ({"name": "q", "scale": "ordinal", "categories": (1, 2), "texts": ("a",)}, "1 texts for 2"),
        ({"name": "q", "scale": "ordinal", "texts": ("a", "b")}, "texts without categories"),
    ],
)
def test_an_item_that_can_not_be_is_refused(item, says):
    with pytest.raises(InputError, match=says):
        Item(**item)


def test_all_faults_of_an_item_come_together():
    with pytest.raises(InputError) as error:
        Item("q", "binary", (1, 1, 2), ("a",), dimension="colour", measures="weight")
    assert len(faults(error)) == 6


def test_codes_become_pythons_own():
    item = Item("q", "ordinal", np.array([1.0, 2.0, 2.5]))
    assert item.categories == (1, 2, 2.5)
    assert [type(code) for code in item.categories] == [int, int, float]


def test_a_codebook_has_each_name_once_and_two_items_a_benefit():
    price = Item("i1", "ordinal", (1, 2), benefit="price", measures="importance")
    again = Item("i2", "ordinal", (1, 2), benefit="price", measures="importance")
    with pytest.raises(InputError) as error:
        Codebook((price, again, Item("i1", "count")))
    assert len(faults(error)) == 2
    with pytest.raises(InputError, match="at least one item"):
        Codebook(())


def test_an_item_is_found_by_name_or_the_nearest_is_named():
    assert BOOK["age"].scale == "count"
    assert "age" in BOOK
    assert BOOK.restrict(["age", "q1"]).names == ("age", "q1")
    with pytest.raises(InputError, match="Did you mean 'owner'"):
        BOOK["ownr"]


def test_benefits_name_their_two_items():
    assert BOOK.benefits.to_numpy().tolist() == [["price", "i1", "s1"]]


def test_json_keeps_every_type():
    again = Codebook.from_json(BOOK.to_json())
    assert again == BOOK
    kinds = [[type(code) for code in item.categories] for item in again]
    assert kinds == [[type(code) for code in item.categories] for item in BOOK]


codes = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.text(min_size=1, max_size=5).filter(str.strip),
)


@given(st.lists(codes, min_size=2, max_size=6), st.text(max_size=8))
def test_json_round_trip_of_any_codebook(categories, label):
    try:
        book = Codebook((Item("q", "nominal", tuple(categories), label=label),))
    except InputError:
        return
    again = Codebook.from_json(book.to_json())
    assert repr(again) == repr(book)


def test_a_table_of_items_reads_back():
    frame = BOOK.to_frame()
    assert frame["categories"].iloc[0] == "1=poor|2=fair|3=good"
    again = Codebook.read(frame)
    # As a table tells no types, booleans come back as text; all else is as it was.
    assert again["owner"].categories == ("False", "True")
    rest = [name for name in BOOK.names if name != "owner"]
    assert again.restrict(rest) == BOOK.restrict(rest)


def test_files_are_read(tmp_path):
    BOOK.restrict(["q1", "i1", "age"]).to_frame().to_csv(tmp_path / "book.csv", index=False)
    (tmp_path / "semicolons.csv").write_text("item;scale;categories\nq1;ordinal;1=poor|2=fair|3=good\n")
    (tmp_path / "book.json").write_text(BOOK.to_json())
    (tmp_path / "rows.json").write_text(
        json.dumps([{"item": "q1", "scale": "ordinal", "categories": "1..3"}])
    )
    assert Codebook.read(tmp_path / "book.csv") == BOOK.restrict(["q1", "i1", "age"])
    assert Codebook.read(str(tmp_path / "semicolons.csv"))["q1"].texts == ("poor", "fair", "good")
    assert Codebook.read(tmp_path / "book.json") == BOOK
    assert Codebook.read(tmp_path / "rows.json")["q1"].categories == (1, 2, 3)


@pytest.mark.parametrize(
    ("written", "categories", "texts"),
    [
        ("1=poor|2=fair", (1, 2), ("poor", "fair")),
        ("no|yes", ("no", "yes"), ()),
        ("1..5", (1, 2, 3, 4, 5), ()),
        ("5..1", (5, 4, 3, 2, 1), ()),
        ("-2..0", (-2, -1, 0), ()),
        ("a=x=y|b=z", ("a", "b"), ("x=y", "z")),
        ("0.5|1|1.5", (0.5, 1, 1.5), ()),
        (None, (), ()),
    ],
)
def test_categories_as_they_are_written(written, categories, texts):
    item = Codebook.read([{"item": "q", "scale": "nominal", "categories": written}])["q"]
    assert (item.categories, item.texts) == (categories, texts)


def test_faults_of_all_rows_come_together():
    rows = [{"item": "q1", "scale": "ordnal"}, {"item": "q2", "scale": "binary", "categories": "1..3"}]
    with pytest.raises(InputError) as error:
        Codebook.read(rows)
    assert len(faults(error)) == 2
    with pytest.raises(InputError) as error:
        Codebook.read(pd.DataFrame({"item": ["q1"], "scal": ["ordinal"]}))
    assert "Did you mean 'scal'" in faults(error)[0]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere.csv", "no file at"),
        ("nowhere.json", "no file at"),
        (7, "a path, a pandas frame"),
        ([], "no rows"),
        (pd.DataFrame({"item": [], "scale": []}), "no rows"),
    ],
)
def test_what_is_no_codebook_is_refused(source, says):
    with pytest.raises(InputError, match=says):
        Codebook.read(source)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": "other", "items": []}',
        '{"format": "segmodels codebook 1", "items": 7}',
        '{"format": "segmodels codebook 1", "items": [{"name": "q"}]}',
        BOOK.to_json().replace('"label"', '"lable"', 1),
    ],
)
def test_json_of_another_kind_is_refused(text):
    with pytest.raises(InputError, match="codebook"):
        Codebook.from_json(text)

"""Distinct values are found whatever the type of a column, and match codes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.tables.survey_codes import UNKNOWN, Matcher, distinct


def values_of(column):
    found = distinct(column)
    return [None if at < 0 else found.levels[at] for at in found.index]


numbers = st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), min_size=1, max_size=30)


@given(numbers)
def test_integers(values):
    assert values_of(pd.Series(values, dtype="Int64")) == values
    assert values_of(pd.Series(values, dtype="float64")) == values
    assert values_of(pa.chunked_array([pa.array(values, pa.int64())])) == values
    known = [value for value in values if value is not None]
    assert values_of(pd.Series(known, dtype="int64")) == known


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5), st.floats(-9, 9)), min_size=1, max_size=30))
def test_floats(values):
    want = [None if value is None else float(value) for value in values]
    for column in (pd.Series(values, dtype="float64"), pa.chunked_array([pa.array(want, pa.float64())])):
        assert values_of(column) == want


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "c d"])), min_size=1, max_size=30))
def test_texts(values):
    for column in (
        pd.Series(values, dtype="str"),
        pd.Series(values, dtype=object),
        pd.Series(values, dtype="category"),
        pa.chunked_array([pa.array(values, pa.string())]),
        pa.chunked_array([pa.array(values[:1], pa.string()), pa.array(values[1:], pa.string())]),
        pa.chunked_array(
            [pa.array(values[:1], pa.string()), pa.array(values[1:], pa.string())]
        ).dictionary_encode(),
    ):
        assert values_of(column) == values


def test_numbers_at_the_ends_of_their_types():
    edges = [-(2**63), 2**63 - 1]
    assert values_of(pd.Series(edges)) == edges
    assert values_of(pd.Series([0, 2**64 - 1], dtype="uint64")) == [0, 2**64 - 1]
    assert values_of(pd.Series([np.inf, -np.inf, 1.0, np.nan])) == [np.inf, -np.inf, 1, None]
    assert values_of(pd.Series([np.nan, np.nan])) == [None, None]
    assert values_of(pa.chunked_array([pa.nulls(2)])) == [None, None]


@pytest.mark.parametrize(
    ("codes", "value", "position"),
    [
        ((1, 2), "2", 1),
        ((1, 2), " 2.0 ", 1),
        ((1, 2), 2.0, 1),
        ((1, 2), True, 0),
        ((1, 2), 3, UNKNOWN),
        ((1, 2), "two", UNKNOWN),
        ((0.5, 1), "5e-1", 0),
        (("1", "2"), 2, 1),
        (("01", "1"), "01", 0),
        (("01", "1"), 1, 1),
        (("a", "b "), "b ", 1),
        (("a", "b"), " b", 1),
        (("a", "b"), "B", UNKNOWN),
        ((False, True), "TRUE", 1),
        ((False, True), "true", 1),
        ((False, True), 1, 1),
        ((False, True), "0", 0),
        (("false", "true"), True, 1),
        (("FALSE", "TRUE"), False, 0),
        ((0, 1), "true", UNKNOWN),
        ((1, 2), None, UNKNOWN),
        ((1, 2), "nan", UNKNOWN),
    ],
)
def test_codes_match_whatever_their_type(codes, value, position):
    assert Matcher(codes).position(value) == position

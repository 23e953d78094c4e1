"""Draws to intervals, numbers to text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.report import tables

FINITE = st.floats(-1e9, 1e9)


def test_percentiles_keep_one_row_per_quantity():
    draws = np.random.default_rng(1).normal([0.0, 10.0], size=(4001, 2))
    found = tables.percentiles(draws)
    assert found.columns.tolist() == ["p10", "p50", "p90"]
    np.testing.assert_allclose(found, np.quantile(draws, [0.1, 0.5, 0.9], axis=0).T)


def test_whole_weights_are_the_same_as_repeated_draws():
    rng = np.random.default_rng(2)
    draws, weights = rng.normal(size=(401, 3)), rng.integers(0, 4, 401)
    repeated = np.repeat(draws, weights, axis=0)
    expected = np.quantile(repeated, [0.1, 0.5, 0.9], axis=0, method="inverted_cdf").T
    np.testing.assert_allclose(tables.percentiles(draws, weights), expected)
    ours = tables.interval_table({"r": draws[:, 0]}, weights=weights).iloc[0]
    assert ours["mean"] == pytest.approx(repeated[:, 0].mean())
    assert ours["sd"] == pytest.approx(repeated[:, 0].std())


def test_interval_table_has_a_row_per_parameter_and_segment():
    rng = np.random.default_rng(3)
    table = tables.interval_table(
        {"r": rng.gamma(2, size=500), "alpha": rng.gamma(3, size=(500, 2))}, level=0.9
    )
    assert table["parameter"].tolist() == ["r", "alpha", "alpha"]
    assert table["segment"].tolist()[1:] == [0, 1]
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()


@given(st.lists(FINITE, min_size=1, max_size=30))
def test_rounded_parts_add_up_to_the_rounded_total(parts):
    rounded = tables.largest_remainder(parts)
    assert rounded.sum() == round(float(np.sum(parts)))
    assert (np.abs(rounded - parts) <= 1).all()


def test_rounding_does_not_hide_what_is_missing():
    rounded = tables.largest_remainder([1.4, np.nan])
    assert rounded[0] == 1
    assert np.isnan(rounded[1])


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["", "$", "EUR"]))
def test_any_number_becomes_text(value, currency):
    for text in (tables.number(value), tables.money(value, currency), tables.money_short(value, currency)):
        assert text
        assert "nan" not in text
        assert "inf" not in text


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=12))
def test_written_shares_add_up_to_one_hundred(parts):
    written = tables.parts_of_one(np.array(parts))
    assert sum(round(10 * float(text.rstrip("%").lstrip("<>"))) for text in written) == 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0%"),
        (1.0, "100.0%"),
        (1e-9, "<0.1%"),
        (1 - 1e-9, ">99.9%"),
        (2.5, "250.0%"),
        (-0.0001, "0.0%"),
    ],
)
def test_share_is_never_a_false_certainty(value, text):
    assert tables.share(value) == text


def test_a_column_of_money_has_the_same_decimals_throughout():
    assert tables.moneys("$")(np.array([0.5, 12.345])) == ["$0.50", "$12.35"]
    assert tables.moneys("$", whole=True)(np.array([100.4, 100.4, 100.4])) == ["$101", "$100", "$100"]


def test_a_table_of_a_frame_shows_every_kind_of_column():
    frame = pd.DataFrame(
        {
            "name": ["a", None],
            "n": pd.array([1200, None], dtype="Int64"),
            "ok": [True, False],
            "day": pd.to_datetime(["1997-09-30", None]),
            "x": [0.25, np.nan],
        }
    )
    table = tables.written(frame, "Kinds")
    assert table.rows == [("a", "1,200", "yes", "1997-09-30", "0.2500"), ("–", "–", "no", "–", "–")]
    assert [column.numeric for column in table.columns] == [False, True, False, False, True]


def test_a_named_index_is_a_column_of_the_table():
    assert tables.written(pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="segment")), "").rows == [
        ("a", "1")
    ]

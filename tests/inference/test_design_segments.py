"""Segments keep their names, whatever type their column has."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.design import design, design_like, segment_codes, segment_labels

DAYS = ["2024-01-01", "2024-01-02", "2025-06-30"]
COLUMNS = {
    "days": pd.Series(pd.to_datetime(DAYS)),
    "days by the second": pd.Series(pd.to_datetime(DAYS)).astype("datetime64[s]"),
    "times": pd.Series(pd.to_datetime(["2024-01-01 00:00:00", "2024-01-02 10:30:00", "2025-06-30 00:00:01"])),
    "dates": pd.Series([dt.date.fromisoformat(day) for day in DAYS]),
    "periods": pd.Series(pd.PeriodIndex(DAYS, freq="M").unique()),
    "spans": pd.Series(pd.to_timedelta([1, 2, 40], unit="D")),
    "single": pd.Series([0.1, 0.25, 3.3], dtype="float32"),
    "double": pd.Series([0.1, 0.25, 3.0]),
    "whole": pd.Series([3, 1, 2]),
    "nullable": pd.Series([3, 1, 2], dtype="Int64"),
    "flags": pd.Series([False, True]),
    "text": pd.Series(["b", "a", "c"]),
    "categories": pd.Series(["b", "a", "c"], dtype="category"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_segments_of_a_fit_are_found_again(name):
    column = COLUMNS[name].rename("when")
    groups = column.to_frame()
    known = design(groups, np.ones(len(groups)), ((),), "when")
    assert known.segments == tuple(str(label) for label in pd.Index(column.unique()).sort_values())
    assert (design_like(known, groups, "when").codes == known.codes).all()
    # One row's name does not depend on the other rows.
    for row, code in enumerate(known.codes):
        assert design_like(known, groups.iloc[[row]], "when").codes.tolist() == [code]
    again = design_like(known, groups.iloc[::-1].reset_index(drop=True), "when")
    assert (again.codes == known.codes[::-1]).all()


def test_a_day_is_found_among_days_written_out():
    days = pd.Series(pd.to_datetime(DAYS))
    assert segment_codes(tuple(DAYS), days).tolist() == [0, 1, 2]
    assert segment_codes(tuple(f"{day} 00:00:00" for day in DAYS), days).tolist() == [0, 1, 2]


def test_a_new_date_is_an_unknown_segment():
    groups = pd.DataFrame({"when": pd.to_datetime(DAYS)})
    known = design(groups, np.ones(3), ((),), "when")
    later = pd.DataFrame({"when": pd.to_datetime(["2024-01-01", "2026-01-01"])})
    with pytest.raises(InputError, match="unknown segments in 1 row") as caught:
        design_like(known, later, "when")
    assert "2026-01-01" in str(caught.value)


def test_missing_segments_are_unknown():
    assert segment_codes(("a", "b"), pd.Series(["b", None, np.nan])).tolist() == [1, -1, -1]
    assert segment_labels(pd.Series([], dtype=object)).shape == (0,)
    assert segment_codes((), pd.Series(["a"])).tolist() == [-1]

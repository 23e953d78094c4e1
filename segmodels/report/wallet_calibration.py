"""Calibration of intervals as a section of the page."""

import numpy as np
import pandas as pd

from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import written_column
from segmodels.report.plots import coverage as plot
from segmodels.report.tables import Column, Table, figures, floats, words
from segmodels.report.wallet_parts import CalibrationPart

NOBODY = "Nobody was asked, so nobody's truth is known, and whether the intervals hold it can not be checked."
_HOW = (
    "Dots on the dotted line are right; below it intervals are too narrow, above it too wide. Where many customers "
    "spend nothing elsewhere, an interval that begins at 0 holds all of them, and so more than it names."
)
_PIT = (
    "The histogram shows where in its predicted distribution the truth lay, from 0, below all that was thought likely, "
    "to 1, above it: the probability integral transform (PIT). Level bars are right: high bars at both "
    "ends say that the distribution is too narrow, a hill in the middle that it is too wide, a slope that it is off "
    "to one side. In 95% of cases chance alone keeps a bar within the shade. Of customers who spend nothing "
    "elsewhere the place is drawn at random within the probability of 0."
)


def calibration(found: CalibrationPart | None) -> Section:
    """Show nominal against actual coverage, and the probability integral transform; of no answers, say so."""
    if found is None:
        return Section("calibration", "Calibration: can not be checked, as nobody was asked", (NOBODY,))
    frame = found.coverage.sort_values("nominal", kind="stable").reset_index(drop=True)
    table = _coverage_table(frame)
    drawings = [
        Drawing(
            "calibration-coverage",
            "Nominal and actual coverage",
            f"Dots of actual against nominal coverage of intervals. {_finding(frame)}.",
            plot.coverage(frame),
            table,
        )
    ]
    text = [f"Answers were hidden from the model by {found.how}, then predicted and compared.", _HOW]
    if found.pit is not None:
        bins = plot.pit_bins(floats(found.pit, "pit"))
        label = "Histogram of the probability integral transform, with the range that chance lets one expect."
        heading = "Where in the distribution the truth lay (PIT)"
        drawings.append(
            Drawing("calibration-pit", heading, label, plot.pit_histogram(bins), _pit_table(bins))
        )
        text.append(_PIT)
    title = f"Calibration: {_finding(frame)}"
    return Section("calibration", title, tuple(text), tuple(drawings), (table,), paired=len(drawings) > 1)


def _finding(frame: pd.DataFrame) -> str:
    """Say how the interval nearest to 80% did."""
    nominal = floats(frame, "nominal")
    at = int(np.argmin(np.abs(nominal - 0.8)))
    actual = float(floats(frame, "actual")[at])
    if not np.isfinite(actual):
        return "not known"
    return f"{tables.share(float(nominal[at]), 0)} intervals held the truth {tables.share(actual, 0)} of the time"


def _coverage_table(frame: pd.DataFrame) -> Table:
    nominal, actual = (floats(frame, name) for name in ("nominal", "actual"))
    columns: list[Column] = [
        words("Interval", [tables.share(value, 0) for value in nominal]),
        figures("Truth inside", actual, tables.shares),
    ]
    if "low" in frame and "high" in frame:
        ends = levels.ranges(*(tables.shares(floats(frame, end)) for end in ("low", "high")))
        columns.append(written_column("Range that chance leaves", ends))
    columns.append(written_column("Difference", [_points(value) for value in actual - nominal]))
    if "customers" in frame:
        columns.append(figures("Customers", frame["customers"], tables.each_count))
    return Table("Nominal and actual coverage", tuple(columns))


def _points(difference: float) -> str:
    """Write a difference of shares in percentage points.

    >>> _points(0.021), _points(-0.03), _points(float("nan"))
    ('+2.1 points', '−3.0 points', '–')
    """
    written = tables.number(100 * difference, 1)
    if written == tables.MISSING:
        return written
    return f"{'+' if difference > 0 else ''}{written} points"


def _pit_table(bins: pd.DataFrame) -> Table:
    ends = [levels.tenths(floats(bins, name)) for name in ("left", "right")]
    expected = levels.ranges(*(tables.shares(floats(bins, end)) for end in ("low", "high")))
    columns = (
        words("Place", levels.ranges(*ends)),
        figures("Customers", bins["customers"], tables.each_count),
        figures("Share", bins["share"], tables.shares),
        written_column("Range that chance leaves", expected),
    )
    return Table("Where in the distribution the truth lay (PIT)", columns)

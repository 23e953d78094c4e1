"""Tipping points as a section of the page: what if those who did not answer are different."""

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.plots.tipping import times, tipping
from segmodels.report.segment_names import all_shown
from segmodels.report.tables import Column, Table, figures, floats, words
from segmodels.report.wallet_columns import unit
from segmodels.report.wallet_parts import TippingPart

_DELTAS = {
    "threshold_delta": "Crosses the cut of the grid at",
    "rank_delta": "Changes its rank at",
}
_HOW = (
    "Those who did not answer may spend more or less elsewhere than customers like them who did. The data can not say; "
    "the figure shows what would follow. Where a small difference changes a decision, ask more, or decide for both "
    "cases."
)


def tipping_points(found: TippingPart, currency: str) -> Section:
    """Show headroom over delta, and at which delta a decision changes."""
    drawing = Drawing(
        "tipping-headroom",
        "Headroom by what those who did not answer spend elsewhere",
        f"Lines: headroom of segments over delta. {_finding(found)}.",
        tipping(found.headroom, currency=currency),
        _headroom_table(found.headroom, currency),
    )
    return Section(
        "tipping", f"Tipping points: {_finding(found)}", (_HOW,), (drawing,), (_point_table(found.points),)
    )


def _finding(found: TippingPart) -> str:
    """Count the segments that tip within the deltas looked at."""
    deltas, points = floats(found.headroom, "delta"), found.points
    there = [name for name in _DELTAS if name in points]
    if not there:
        return "how headroom depends on those who did not answer"
    at = np.stack([floats(points, name) for name in there])
    tips = (np.isfinite(at) & (at >= deltas.min()) & (at <= deltas.max())).any(axis=0)
    between = (
        f"if those who did not answer differ by {times(float(deltas.min()))} to {times(float(deltas.max()))}"
    )
    number, size = int(tips.sum()), len(points)
    if not number:
        return f"no decision changes {between}"
    of = tables.count(size)
    return f"{tables.count(number)} of {of} segment{'' if size == 1 else 's'} tip{'s' if number == 1 else ''} {between}"


def _headroom_table(frame: pd.DataFrame, currency: str) -> Table:
    """Write a row a segment and a column a delta."""
    names = list(dict.fromkeys(frame["segment"]))
    columns: list[Column] = [words("Segment", all_shown(names))]
    for delta in np.unique(floats(frame, "delta")):
        part = frame.loc[floats(frame, "delta") == delta].drop_duplicates("segment").set_index("segment")
        values = floats(part.reindex(names), "headroom")
        columns.append(figures(times(float(delta)), values, tables.moneys("")))
    return Table(unit("Headroom by elsewhere spend of those who did not answer", currency), tuple(columns))


def _point_table(points: pd.DataFrame) -> Table:
    columns: list[Column] = [words("Segment", all_shown(points["segment"]))]
    for name, label in _DELTAS.items():
        if name in points:
            written = [
                times(float(value)) if np.isfinite(value) else "never" for value in floats(points, name)
            ]
            columns.append(Column(label, tuple(written), numeric=True))
    columns.append(words("In words", points["words"]))
    return Table("What would have to be true to change a decision", tuple(columns))

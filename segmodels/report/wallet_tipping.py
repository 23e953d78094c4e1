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
    "threshold_delta": "Crosses the cut of the grid if it differs by",
    "rank_delta": "Changes its rank if it alone differs by",
}
_HOW = (
    "Those who did not answer may spend more or less elsewhere than predicted. The data can not say; the figure and "
    "the table behind it show what would follow if those of all segments differ alike."
)
_ALONE = (
    "The table of tipping points asks another question of each segment: how much more or less would those of this "
    "segment who did not answer have to spend elsewhere, and the others as predicted, before it draws level with the "
    "next larger or smaller segment, or crosses the cut of the value grid? Where a small difference is enough, ask "
    "more, or decide for both cases."
)


#: Segments in a table, those with the most headroom; the results have all.
_MOST = 12


def tipping_points(found: TippingPart, currency: str) -> Section:
    """Show headroom over delta, and at which delta a decision changes."""
    first = _first(found)
    drawing = Drawing(
        "tipping-headroom",
        "Headroom if those of all segments who did not answer differ alike",
        f"Lines: headroom of segments over delta, which is the same in all of them. {_finding(found)}.",
        tipping(found.headroom, currency=currency),
        _headroom_table(first.headroom, currency),
    )
    text = [_HOW, _ALONE]
    more = len(found.points) - len(first.points)
    if more:
        text.append(
            f"The tables have the {tables.count(len(first.points))} segments with the most headroom; "
            f"{tables.count(more)} more {'stands' if more == 1 else 'stand'} in tipping_points.csv."
        )
    title = f"Tipping points: {_finding(found)}"
    return Section("tipping", title, tuple(text), (drawing,), (_point_table(first),))


def _first(found: TippingPart) -> TippingPart:
    """Keep the segments with the most headroom where they are many, the largest first."""
    if len(found.points) <= _MOST:
        return found
    # The departure that is closest to none.
    rows = found.headroom.assign(away=np.abs(floats(found.headroom, "delta")))
    now = rows.sort_values("away", kind="stable").drop_duplicates("segment")
    names = now.sort_values("headroom", ascending=False, kind="stable")["segment"].head(_MOST).tolist()
    headroom, points = (
        each.set_index("segment").loc[names].reset_index() for each in (found.headroom, found.points)
    )
    return TippingPart(headroom, points)


def _finding(found: TippingPart) -> str:
    """Count the segments that tip within the deltas looked at."""
    deltas, points = floats(found.headroom, "delta"), found.points
    there = [name for name in _DELTAS if name in points]
    if not there:
        return "how headroom depends on those who did not answer"
    at = np.stack([floats(points, name) for name in there])
    tips = (np.isfinite(at) & (at >= deltas.min()) & (at <= deltas.max())).any(axis=0)
    between = f"{times(float(deltas.min()))} to {times(float(deltas.max()))}"
    number, size = int(tips.sum()), len(points)
    if not number:
        return f"no segment changes its place if its customers who did not answer differ by {between}"
    of = f"{tables.count(size)} segment{'' if size == 1 else 's'}"
    one = "changes its place if its" if number == 1 else "change their place if their own"
    return f"{tables.count(number)} of {of} {one} customers who did not answer differ by {between}"


def _headroom_table(frame: pd.DataFrame, currency: str) -> Table:
    """Write a row a segment and a column a delta."""
    names = list(dict.fromkeys(frame["segment"]))
    columns: list[Column] = [words("Segment", all_shown(names))]
    for delta in np.unique(floats(frame, "delta")):
        part = frame.loc[floats(frame, "delta") == delta].drop_duplicates("segment").set_index("segment")
        values = floats(part.reindex(names), "headroom")
        columns.append(figures(times(float(delta)), values, tables.moneys("")))
    caption = "Headroom by elsewhere spend of those of all segments who did not answer"
    return Table(unit(caption, currency), tuple(columns))


def _point_table(found: TippingPart) -> Table:
    """Write where each segment tips; of those without a headroom that is not known, which is not never."""
    points, frame = found.points, found.headroom
    known = set(frame.loc[np.isfinite(floats(frame, "headroom")), "segment"])
    columns: list[Column] = [words("Segment", all_shown(points["segment"]))]
    for name, label in _DELTAS.items():
        if name in points:
            written = [
                times(float(value)) if np.isfinite(value) else "never" if segment in known else "not known"
                for segment, value in zip(points["segment"], floats(points, name), strict=True)
            ]
            columns.append(Column(label, tuple(written), numeric=True))
    columns.append(words("In words", points["words"]))
    return Table("Tipping points, if those of this segment alone differ", tuple(columns))

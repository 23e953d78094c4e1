"""Potential by segment as a section of the page."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import listed
from segmodels.report.plots.segment_potential import Series, segment_potential, short
from segmodels.report.segment_names import all_shown, is_draft, shown
from segmodels.report.tables import Table, floats, words
from segmodels.report.wallet_columns import axis_name, measures, part, total_of
from segmodels.report.wallet_parts import SegmentPart

_SHOWN = {
    "Wallet and share by segment": ("customers", "answered", "not_identified", "own", "wallet", "share"),
    "Potential by segment": ("customers", "headroom", "attainable", "extrapolated", "extrapolated_share"),
}
_RAW = ("answered", "headroom", "raw_headroom", "share", "raw_share")


class _Line(NamedTuple):
    """A column that is drawn."""

    column: str
    name: str
    open: bool = False


class _Picture(NamedTuple):
    """What a figure of segments shows."""

    key: str
    heading: str
    label: str
    lines: tuple[_Line, ...]
    percent: bool = False


_PICTURES = (
    _Picture(
        "segments-potential",
        "Headroom and attainable",
        "Dots with intervals: headroom and attainable by segment.",
        (_Line("headroom", "Headroom"), _Line("attainable", "Attainable")),
    ),
    _Picture(
        "segments-share",
        "Share of wallet",
        "Dots with intervals: share of wallet by segment, poststratified and from the answers alone.",
        (_Line("share", "All customers (poststratified)"), _Line("raw_share", "Answers alone", open=True)),
        percent=True,
    ),
    _Picture(
        "segments-raw",
        "Headroom: all customers predicted, and answers alone",
        "Dots with intervals: headroom by segment, poststratified and from the answers alone.",
        (
            _Line("headroom", "All customers (poststratified)"),
            _Line("raw_headroom", "Answers alone", open=True),
        ),
    ),
)


def segments(found: SegmentPart, currency: str, level: float) -> Section:
    """Show the potential of segments, the highest headroom first."""
    headroom = floats(found.table, "headroom")
    rows = found.table.iloc[np.argsort(-headroom, kind="stable")].reset_index(drop=True)
    # Of one segment the total is the same line.
    total = () if found.total is None or len(rows) == 1 else (found.total.assign(segment="All"),)
    every = pd.concat([rows, *total], ignore_index=True)
    strong = (len(rows),) if total else ()
    text = [
        (
            "Headroom is what customers of the segment spend elsewhere; share of wallet is own spend over wallet, sum "
            "over sum. Large segments have much headroom because they are large: the table has the customers beside "
            "it. What is not known of customers who are not identified is in none of these figures."
        ),
        *_unknown(rows),
    ]
    if any(name in rows for name in ("raw_headroom", "raw_share")):
        text.append(
            "Answers alone: the mean of those of the segment who answered, taken for all of its customers. Where it is "
            "far from the poststratified figure, for which every customer is predicted and the predictions are added "
            "up, those who answered are not like the others. Each row, and that of all, is its own mean times its own "
            "customers, so answers alone do not add up over segments."
        )
    if any(map(is_draft, rows["segment"])):
        text.append("Names with a star (*) are drafts.")
    pictures = [
        picture
        for picture in _PICTURES
        if picture.lines[0].column in rows and (picture.key != "segments-raw" or "raw_headroom" in rows)
    ]
    shown_tables = [
        _table(caption, every, names, currency, level, strong) for caption, names in _SHOWN.items()
    ]
    return Section(
        "segments",
        _title(rows, currency),
        tuple(text),
        tuple(_drawings(rows, every, pictures, (currency, level, strong))),
        tuple(shown_tables),
    )


def _unknown(rows: pd.DataFrame) -> Iterator[str]:
    """Name the segments of which nothing is known."""
    names = all_shown(rows.loc[~np.isfinite(floats(rows, "headroom")), "segment"])
    if names:
        yield (
            f"Not known: wallet, share and headroom of {listed(names)}. No customer there is identified: the figures "
            "are missing, not 0."
        )


def _title(rows: pd.DataFrame, currency: str) -> str:
    known = rows.loc[np.isfinite(floats(rows, "headroom"))]
    if known.empty:
        return "Potential by segment: no headroom is known"
    name = short(shown(known["segment"].iloc[0]), 60)
    most = float(floats(known, "headroom")[0])
    held = part(most, total_of(known, "headroom"))
    money = tables.money_short(most, currency)
    if len(known) < len(rows):
        rest = f"of {tables.count(len(rows) - len(known))} of {tables.count(len(rows))} segments nothing is known"
        return f"Potential by segment: {name} has the most headroom, {money}; {rest}"
    if len(rows) == 1:
        return f"Potential by segment: the one segment, {name}, has {money} of headroom"
    return f"Potential by segment: {name} has the most headroom, {money} or {held} of all"


def _drawings(
    rows: pd.DataFrame,
    every: pd.DataFrame,
    pictures: list[_Picture],
    written: tuple[str, float, tuple[int, ...]],
) -> Iterator[Drawing]:
    currency, level, strong = written
    names = all_shown(rows["segment"])
    for picture in pictures:
        series = [_series(rows, line, currency, picture) for line in picture.lines if line.column in rows]
        columns = _RAW if picture.key == "segments-raw" else tuple(line.column for line in picture.lines)
        known = [one.low is not None for one in series]
        x = axis_name(known, "%" if picture.percent else currency or "money", level)
        yield Drawing(
            picture.key,
            picture.heading,
            picture.label,
            segment_potential(names, series, x=x, percent=picture.percent),
            _table(picture.heading, every, columns, currency, level, strong),
        )


def _series(rows: pd.DataFrame, line: _Line, currency: str, picture: _Picture) -> Series:
    middle = floats(rows, line.column)
    said = (
        [tables.share(value, 0) for value in middle]
        if picture.percent
        else [tables.money_short(value, currency) for value in middle]
    )
    ends = (f"{line.column}_low", f"{line.column}_high")
    low, high = (floats(rows, end) if all(each in rows for each in ends) else None for end in ends)
    return Series(line.name, middle, said, low, high, line.open)


def _table(
    caption: str,
    frame: pd.DataFrame,
    names: tuple[str, ...],
    currency: str,
    level: float,
    strong: tuple[int, ...],
) -> Table:
    columns = [words("Segment", all_shown(frame["segment"])), *measures(frame, names, currency, level)]
    return Table(caption, tuple(columns), strong)

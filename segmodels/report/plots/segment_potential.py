"""Several figures of each segment with their intervals, one segment below the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from segmodels.report.plots import labels, theme
from segmodels.report.tables import Floats

#: From so many rows on they stand closer and have no figures beside the dots.
_MANY = 13
_LETTERS = 26
#: Letters of a name that stands above its row on a phone.
_ACROSS = 44


@dataclass(frozen=True)
class Series:
    """One figure of every segment.

    Parameters
    ----------
    name
        In the legend.
    middle
        Shape (N,).
    said
        The figures as text.
    low, high
        Ends of the intervals, shape (N,); None where there are none.
    open
        Whether the mark is an open square, for what the figure is held against.
    """

    name: str
    middle: Floats
    said: Sequence[str]
    low: Floats | None = None
    high: Floats | None = None
    open: bool = False


_LOOKS = ((theme.MODEL, "circle"), (theme.ACCENT, "diamond"), ("#009e73", "triangle-up"))


def segment_potential(
    names: Sequence[str], series: Sequence[Series], *, x: str, percent: bool = False
) -> go.Figure:
    """Draw a dot and its interval for each segment and figure.

    Parameters
    ----------
    names
        Of the segments, from the top, shape (N,).
    series
        Figures of them, three at most.
    x
        Title of the axis, with its unit.
    percent
        Whether figures are shares, which are drawn from 0 to 100.

    Examples
    --------
    >>> one = Series("Headroom", np.array([3.0, 5.0]), ["3", "5"], np.array([2.0, 4.0]), np.array([4.0, 7.0]))
    >>> figure = segment_potential(["a", "b"], [one], x="Money (EUR)")
    >>> figure.data[0].x.tolist(), figure.data[0].error_x.array.tolist()
    ([3.0, 5.0], [1.0, 2.0])
    """
    size, crowded = len(names), len(names) >= _MANY
    by = 100 if percent else 1
    # Series share a row: the first one above, the last one below its middle.
    shifts = np.linspace(-0.22, 0.22, len(series)) if len(series) > 1 else [0.0]
    traces = [
        _trace(names, one, by, float(shift), _LOOKS[at])
        for at, (one, shift) in enumerate(zip(series, shifts, strict=True))
    ]
    axis, _ = labels.rows_of([short(name, _LETTERS) if crowded else name for name in names], width=_LETTERS)
    _, narrow = labels.rows_of([short(name, _ACROSS) for name in names])
    row = 10 + 7 * len(series) if crowded else 22 + 22 * len(series)
    figure = theme.dress(
        traces, x=theme.plain(x), y="Segment (name)", height=max(row * size + 120, theme.HEIGHT)
    )
    figure.update_yaxes(axis, title_text="", showgrid=True)
    figure.update_xaxes(
        showgrid=True, rangemode="tozero", separatethousands=True, exponentformat="B", minexponent=6
    )
    beside, above = ([] if crowded else _written(series, by, shifts, edge) for edge in (0.08, 0.3))
    figure.update_layout(annotations=beside, margin={"r": 28, "t": 30}, showlegend=len(series) > 1)
    below = max((28 + 24 * len(series)) * size + 130, theme.HEIGHT)
    figure.layout.meta = {
        "narrow": {
            "data": {},
            "layout": {**narrow, "annotations": [*above, *narrow["annotations"]], "height": below},
        }
    }
    return figure


def short(text: str, most: int) -> str:
    """Cut a text in its middle, as names that begin alike often end in what tells them apart.

    >>> short("Families in the north, 3 or more", 16), short("Families", 16)
    ('Familie…or more', 'Families')
    """
    if len(text) <= most:
        return text
    last = most // 2
    return f"{text[: most - last - 1].rstrip()}…{text[-last:].lstrip()}"


def _trace(names: Sequence[str], one: Series, by: float, shift: float, look: tuple[str, str]) -> go.Scatter:
    colour, symbol = (theme.INK, "square-open") if one.open else look
    trace = go.Scatter(
        x=by * one.middle,
        y=np.arange(len(names)) + shift,
        name=theme.plain(one.name),
        mode="markers",
        marker={"size": 9, "color": colour, "symbol": symbol, "line": {"width": 1.5, "color": colour}},
        customdata=[
            f"{labels.wrapped(name, 60, 2)}<br>{theme.plain(one.name)}: {theme.plain(text)}"
            for name, text in zip(names, one.said, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        # A dot at 0 stands on the edge, and is drawn whole.
        cliponaxis=False,
    )
    if one.low is not None and one.high is not None:
        bars = theme.whiskers(by * one.middle, by * one.low, by * one.high)
        trace.error_x = {**bars, "color": colour}
    return trace


def _written(series: Sequence[Series], by: float, shifts: Any, edge: float) -> list[dict[str, object]]:
    """Write each figure above its dot; within that part of the axis at its left, to the right of the dot's middle."""
    ends = [one.middle if one.high is None else one.high for one in series]
    most = max((float(np.nanmax(values, initial=0.0)) for values in ends), default=0.0)
    return [
        {
            "x": by * float(value),
            "y": place + float(shift),
            "text": theme.plain(text),
            "showarrow": False,
            "xanchor": "left" if value < edge * most else "center",
            "xshift": -5 if value < edge * most else 0,
            "yanchor": "bottom",
            "yshift": 3,
            "font": {"size": 11, "color": theme.INK},
        }
        for one, shift in zip(series, shifts, strict=True)
        # What a figure is held against stands near it, and its text would cover the other one.
        if not one.open
        for place, (value, text) in enumerate(zip(one.middle, one.said, strict=True))
        if np.isfinite(value)
    ]

"""Figures with their intervals, one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from segmodels.report.plots import labels, theme
from segmodels.report.tables import Floats


@dataclass(frozen=True)
class Dots:
    """What is drawn.

    Parameters
    ----------
    names
        Of the rows, from the top.
    middle
        Shape (N,).
    said
        The figures as text, which stand beside the dots.
    low, high
        Ends of the intervals, shape (N,); None where there are none.
    strong
        Rows to be stressed, shape (N,); none by default.
    letters
        Width of the names beside the figure.
    """

    names: Sequence[str]
    middle: Floats
    said: Sequence[str]
    low: Floats | None = None
    high: Floats | None = None
    strong: Sequence[bool] = ()
    letters: int = 36


def interval_dots(
    dots: Dots, *, x: str, marks: Sequence[tuple[float, str]] = (), zero: bool = False
) -> go.Figure:
    """Draw a dot and its interval for each row.

    Parameters
    ----------
    dots
        What is drawn.
    x
        Title of the axis, with its unit.
    marks
        Values that mean something, with their names.
    zero
        Whether the axis begins at 0.

    Examples
    --------
    >>> two = Dots(["a", "b"], np.array([3.0, 5.0]), ["3", "5"], np.array([2.0, 4.0]), np.array([4.0, 7.0]))
    >>> figure = interval_dots(two, x="Value (EUR)")
    >>> figure.data[0].x.tolist(), list(figure.layout.yaxis.ticktext)
    ([3.0, 5.0], ['a', 'b'])
    """
    size = len(dots.middle)
    strong = list(dots.strong) or [False] * size
    trace = go.Scatter(
        x=dots.middle,
        y=list(range(size)),
        mode="markers",
        marker={
            "size": 10,
            "color": [theme.ACCENT if one else theme.MODEL for one in strong],
            "symbol": ["diamond" if one else "circle" for one in strong],
            "line": {"width": 1, "color": "white"},
        },
        customdata=[labels.wrapped(name, 60, 2) for name in dots.names],
        text=[theme.plain(text) for text in dots.said],
        hovertemplate="%{customdata}: %{text}<extra></extra>",
    )
    if dots.low is not None and dots.high is not None:
        trace.error_x = theme.whiskers(dots.middle, dots.low, dots.high)
    axis, narrow = labels.rows_of(dots.names, width=dots.letters, lines=2)
    figure = theme.dress([trace], x=theme.plain(x), y="Row (name)", height=_height(size, 34, 100))
    figure.update_yaxes(axis, title_text="", showgrid=True)
    figure.update_xaxes(showgrid=True)
    if zero:
        figure.update_xaxes(rangemode="tozero")
    written = _written(dots)
    for value, name in marks:
        _mark(figure, value, name)
    figure.update_layout(
        annotations=[*figure.layout.annotations, *written], margin={"r": 24, "t": 40 if marks else 20}
    )
    lines = [one.to_plotly_json() for one in figure.layout.annotations]
    figure.layout.meta = {
        "narrow": {
            "data": {},
            "layout": {
                **narrow,
                "annotations": [*lines, *narrow["annotations"]],
                "height": _height(size, 68, 110),
            },
        }
    }
    return figure


def _height(rows: int, row: int, around: int) -> int:
    return max(row * rows + around, theme.HEIGHT)


def _written(dots: Dots) -> list[dict[str, object]]:
    """Write each figure above its dot."""
    return [
        {
            "x": float(value),
            "y": place,
            "text": theme.plain(text),
            "showarrow": False,
            "yanchor": "bottom",
            "yshift": 4,
            "font": {"size": 11, "color": theme.INK},
        }
        for place, (value, text) in enumerate(zip(dots.middle, dots.said, strict=True))
        if np.isfinite(value)
    ]


def _mark(figure: go.Figure, value: float, name: str) -> None:
    line = {"color": theme.MUTED, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=value, x1=value, y0=0, y1=1, yref="paper", line=line, layer="below")
    figure.add_annotation(
        x=value,
        y=1,
        yref="paper",
        text=theme.plain(name),
        showarrow=False,
        yanchor="bottom",
        yshift=12,
        font={"color": theme.MUTED, "size": 12},
    )

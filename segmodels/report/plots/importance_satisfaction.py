"""What a segment finds important against how satisfied it is: which needs are underserved."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import labels, theme

_QUADRANTS = (
    ("Fix first", "right", "bottom"),
    ("Keep up", "right", "top"),
    ("Less urgent", "left", "bottom"),
    ("More than asked", "left", "top"),
)
_RANGE = (-0.4, 10.4)
_MOST_NAMED = 6


class _Kind(NamedTuple):
    name: str
    symbol: str
    colour: str
    size: int


_KINDS = (
    _Kind("Underserved", "diamond", theme.ACCENT, 12),
    _Kind("Served", "circle", theme.MODEL, 10),
    _Kind("Overserved", "square-open", theme.MUTED, 10),
)


def importance_satisfaction(
    frame: pd.DataFrame, *, centre: tuple[float, float] = (5.0, 5.0), least: float = 10.0
) -> go.Figure:
    """Draw the map of one segment.

    Parameters
    ----------
    frame
        One row for each benefit: ``benefit, importance, satisfaction, opportunity``, and where known
        ``importance_low, importance_high, satisfaction_low, satisfaction_high``.
    centre
        Importance and satisfaction at which the quadrants meet.
    least
        Opportunity from which a need is underserved; such needs are named.

    Examples
    --------
    >>> figure = importance_satisfaction(
    ...     pd.DataFrame({"benefit": ["Speed"], "importance": [9.0], "satisfaction": [4.0], "opportunity": [14.0]})
    ... )
    >>> figure.data[0].name, figure.layout.annotations[-1].text
    ('Underserved', 'Speed')
    """
    score, over = tables.floats(frame, "opportunity"), _overserved(frame)
    under = score >= least
    groups = (under, ~under & ~over, ~under & over)
    traces = [
        _points(frame.loc[mask], kind) for kind, mask in zip(_KINDS, groups, strict=True) if bool(mask.any())
    ]
    figure = theme.dress(traces, x="Importance (0 to 10)", y="Satisfaction (0 to 10)", height=440)
    figure.update_layout(showlegend=True)
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(range=list(_RANGE), tickvals=[0, 2, 4, 6, 8, 10], showgrid=False)
    _background(figure, centre, least)
    _name(figure, frame, np.flatnonzero(under)[np.argsort(-score[under], kind="stable")][:_MOST_NAMED])
    return figure


def _overserved(frame: pd.DataFrame) -> Any:
    return tables.floats(frame, "satisfaction") > tables.floats(frame, "importance")


def _points(frame: pd.DataFrame, kind: _Kind) -> go.Scatter:
    x, y, score = (tables.floats(frame, name) for name in ("importance", "satisfaction", "opportunity"))
    said = [
        f"<b>{labels.wrapped(benefit, 50, 2)}</b><br>importance {tables.number(a, 1)}, satisfaction "
        f"{tables.number(b, 1)}<br>opportunity {tables.number(c, 1)}"
        for benefit, a, b, c in zip(frame["benefit"], x, y, score, strict=True)
    ]
    trace = go.Scatter(
        x=x,
        y=y,
        name=kind.name,
        mode="markers",
        customdata=said,
        marker={
            "symbol": kind.symbol,
            "size": kind.size,
            "color": kind.colour,
            "line": {"width": 1.5 if "open" in kind.symbol else 1, "color": kind.colour},
        },
        hovertemplate="%{customdata}<extra></extra>",
    )
    for axis, name in (("error_x", "importance"), ("error_y", "satisfaction")):
        if f"{name}_low" in frame and f"{name}_high" in frame:
            bars = theme.whiskers(frame[name], frame[f"{name}_low"], frame[f"{name}_high"])
            trace[axis] = {**bars, "color": kind.colour, "width": 0, "thickness": 1}
    return trace


def _background(figure: go.Figure, centre: tuple[float, float], least: float) -> None:
    """Draw the quadrants, and the region in which needs are underserved: 2 I - S at least so much."""
    line = {"color": "#9aa5b1", "width": 1, "dash": "dot"}
    x, y = centre
    figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=line, layer="below")
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=y, y1=y, line=line, layer="below")
    corners = ((least / 2, 0.0), (10.0, 0.0), (10.0, max(20 - least, 0.0)))
    path = " L ".join(f"{a:g},{b:g}" for a, b in corners)
    figure.add_shape(
        type="path", path=f"M {path} Z", fillcolor="rgba(213, 94, 0, 0.09)", line={"width": 0}, layer="below"
    )
    for text, across, upright in _QUADRANTS:
        figure.add_annotation(
            x=1 if across == "right" else 0,
            y=1 if upright == "top" else 0,
            xref="paper",
            yref="paper",
            xanchor=across,
            yanchor=upright,
            text=text,
            showarrow=False,
            font={"color": theme.MUTED, "size": 12},
            xshift=-4 if across == "right" else 4,
            yshift=-2 if upright == "top" else 2,
        )


def _name(figure: go.Figure, frame: pd.DataFrame, places: Any) -> None:
    """Name points beside them, where there is room."""
    x, y = tables.floats(frame, "importance"), tables.floats(frame, "satisfaction")
    low, high = _RANGE
    texts = [labels.wrapped(benefit, 20, 2) for benefit in frame["benefit"]]
    # Named points come first; the words in the corners are obstacles like points.
    across, up = ((values - low) / (high - low) for values in (x, y))
    corners = np.array(
        [[0.06, 0.2, 0.88, 0.95, 0.06, 0.2, 0.06, 0.2], [0.03, 0.03, 0.03, 0.03, 0.97, 0.97, 0.97, 0.97]]
    )
    found = labels.apart(
        np.concatenate([across, corners[0]]), np.concatenate([up, corners[1]]), [*texts, *[""] * 8], places
    )
    for place, (anchor, upright) in found.items():
        dx, dy = labels.shifts((anchor, upright))
        figure.add_annotation(
            x=float(x[place]),
            y=float(y[place]),
            text=texts[place],
            showarrow=False,
            xanchor=anchor,
            yanchor=upright,
            xshift=dx,
            yshift=dy,
            align=anchor,
            font={"size": 12, "color": theme.INK},
        )

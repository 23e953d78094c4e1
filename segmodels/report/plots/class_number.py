"""How many classes: criteria, held-out score, separation and smallest class over their number."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import theme

#: Criteria drawn, with the colour, dash and mark of each: told apart in grey, too.
CRITERIA: dict[str, tuple[str, str, str]] = {
    "BIC": ("#0072b2", "solid", "circle"),
    "CAIC": ("#d55e00", "dash", "square"),
    "aBIC": ("#009e73", "dot", "diamond"),
    "AIC3": ("#1c2733", "dashdot", "triangle-up"),
    "ICL": ("#a6567f", "longdash", "x"),
}
#: How well classes are told apart: column → name.
SEPARATION = {
    "relative_entropy": "Relative entropy",
    "entropy_r_squared": "Entropy R²",
    "accuracy": "Accuracy, all",
    "typing_accuracy": "Accuracy, few",
}
_X = "Classes (number)"
_STYLES = tuple(CRITERIA.values())


def criteria(frame: pd.DataFrame, best: int | None = None) -> go.Figure:
    """Draw the information criteria, each with a larger mark where it is lowest.

    Parameters
    ----------
    frame
        One row for each number: ``n_classes`` and any of the criteria.
    best
        The number recommended.

    Examples
    --------
    >>> figure = criteria(pd.DataFrame({"n_classes": [1, 2], "BIC": [90.0, 80.0], "AIC3": [85.0, 84.0]}), 2)
    >>> [trace.name for trace in figure.data], figure.data[0].marker.size
    (['BIC', 'AIC3'], (6, 13))
    """
    traces: list[Any] = []
    for name, style in CRITERIA.items():
        if name in frame and np.isfinite(tables.floats(frame, name)).any():
            values = tables.floats(frame, name)
            said = [tables.number(value, 1) for value in values]
            sizes = [13 if at == int(np.nanargmin(values)) else 6 for at in range(len(values))]
            traces.append(_line(frame, values, said, name, style, sizes))
    return _over_classes(traces, frame, best, theme.plain("Criterion (the lower the better)"))


def held_out(frame: pd.DataFrame, best: int | None = None) -> go.Figure:
    """Draw the mean log-density of respondents who were not fitted, with one standard error.

    Parameters
    ----------
    frame
        ``n_classes, held_out`` and, where known, ``held_out_se``.
    best
        The number recommended.

    Examples
    --------
    >>> held_out(pd.DataFrame({"n_classes": [1, 2], "held_out": [-9.1, -8.7]})).layout.yaxis.title.text
    'Held-out log score (per respondent)'
    """
    values = tables.floats(frame, "held_out")
    trace = _line(frame, values, [tables.number(v, 3) for v in values], "Held-out score", _STYLES[0], 8)
    if "held_out_se" in frame:
        error = tables.floats(frame, "held_out_se")
        trace.error_y = theme.whiskers(values, values - error, values + error)
    return _over_classes([trace], frame, best, "Held-out log score (per respondent)")


def separation(frame: pd.DataFrame, best: int | None = None) -> go.Figure:
    """Draw how well classes are told apart, from 0 to 1.

    Parameters
    ----------
    frame
        ``n_classes`` and any of the columns of ``SEPARATION``.
    best
        The number recommended.

    Examples
    --------
    >>> figure = separation(pd.DataFrame({"n_classes": [2, 3], "accuracy": [0.97, 0.93]}))
    >>> figure.data[0].name
    'Accuracy, all'
    """
    traces: list[Any] = []
    for (name, label), style in zip(SEPARATION.items(), _STYLES, strict=False):
        if name in frame and np.isfinite(tables.floats(frame, name)).any():
            values = tables.floats(frame, name)
            traces.append(_line(frame, values, [tables.number(v, 2) for v in values], label, style, 7))
    figure = _over_classes(traces, frame, best, "Separation (0 none, 1 perfect)")
    figure.update_yaxes(range=[0, 1.04])
    return figure


def smallest(frame: pd.DataFrame, best: int | None = None, least: float = 0.05) -> go.Figure:
    """Draw the share of the smallest class, beside what is too small.

    Parameters
    ----------
    frame
        ``n_classes, smallest_share``.
    best
        The number recommended.
    least
        Share below which a class is too small.

    Examples
    --------
    >>> smallest(pd.DataFrame({"n_classes": [2, 3], "smallest_share": [0.4, 0.1]})).data[0].y.tolist()
    [40.0, 10.0]
    """
    values = tables.floats(frame, "smallest_share")
    trace = _line(frame, 100 * values, [tables.share(v) for v in values], "Smallest class", _STYLES[0], 8)
    figure = _over_classes([trace], frame, best, "Smallest class (% of respondents)")
    edge = {"color": theme.ACCENT, "width": 1.5, "dash": "dash"}
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=100 * least, y1=100 * least, line=edge)
    figure.update_yaxes(rangemode="tozero")
    return figure


def _line(
    frame: pd.DataFrame,
    values: tables.Floats,
    said: list[str],
    name: str,
    style: tuple[str, str, str],
    size: Any,
) -> go.Scatter:
    colour, dash, symbol = style
    return go.Scatter(
        x=tables.floats(frame, "n_classes"),
        y=values,
        customdata=said,
        name=name,
        mode="lines+markers",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 1, "color": "white"}},
        hovertemplate=f"%{{x}} classes: {name} %{{customdata}}<extra></extra>",
    )


def _over_classes(traces: list[Any], frame: pd.DataFrame, best: int | None, y: str) -> go.Figure:
    figure = theme.dress(traces, x=_X, y=y)
    numbers = tables.floats(frame, "n_classes")
    figure.update_xaxes(tickmode="linear", dtick=1, range=[numbers.min() - 0.4, numbers.max() + 0.4])
    if best is not None:
        _mark(figure, best)
    return figure


def _mark(figure: go.Figure, best: int) -> None:
    line: dict[str, Any] = {"color": theme.MUTED, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=best, x1=best, y0=0, y1=1, yref="paper", line=line, layer="below")
    font = {"color": theme.MUTED, "size": 12}
    figure.add_annotation(
        x=best,
        y=1,
        yref="paper",
        text="recommended",
        showarrow=False,
        xanchor="left",
        yanchor="top",
        xshift=4,
        font=font,
    )

"""How well a few questions place people, over their number."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import theme


def questions_curve(
    frame: pd.DataFrame,
    *,
    chosen: int | None = None,
    ceiling: float | None = None,
    baseline: float | None = None,
) -> go.Figure:
    """Draw true accuracy over the number of golden questions.

    Parameters
    ----------
    frame
        One row for each number: ``q, accuracy`` and, where known, ``worst_recall`` (of the worst segment) and
        ``standard_error``.
    chosen
        The number chosen.
    ceiling
        Accuracy with all questions.
    baseline
        Accuracy without any: the share of the largest segment.

    Examples
    --------
    >>> curve = pd.DataFrame({"q": [1, 2], "accuracy": [0.61, 0.87], "worst_recall": [0.0, 0.78]})
    >>> figure = questions_curve(curve, chosen=2, ceiling=0.93)
    >>> [trace.name for trace in figure.data]
    ['Ceiling, all questions', 'Accuracy', 'Worst segment']
    """
    q = tables.floats(frame, "q")
    ends = [float(q.min()) - 0.3, float(q.max()) + 0.3]
    traces: list[go.Scatter] = []
    for name, value, dash in (
        ("Ceiling, all questions", ceiling, "dash"),
        ("Largest segment, no question", baseline, "dot"),
    ):
        if value is not None and np.isfinite(value):
            line = {"color": theme.MUTED, "width": 1.5, "dash": dash}
            hover = f"{name}: {tables.share(value)}<extra></extra>"
            both = [100 * value] * 2
            traces.append(go.Scatter(x=ends, y=both, name=name, mode="lines", line=line, hovertemplate=hover))
    traces.append(_line(frame, "accuracy", "Accuracy", theme.MODEL, "circle", "solid"))
    if "standard_error" in frame and bool((tables.floats(frame, "standard_error") > 0).any()):
        value, error = (100 * tables.floats(frame, name) for name in ("accuracy", "standard_error"))
        traces[-1].error_y = theme.whiskers(value, value - 1.96 * error, value + 1.96 * error)
    if "worst_recall" in frame:
        traces.append(_line(frame, "worst_recall", "Worst segment", theme.ACCENT, "square", "longdash"))
    figure = theme.dress(
        traces, x="Questions asked (number)", y="Placed in their true segment (%)", height=400
    )
    figure.update_xaxes(dtick=1, range=ends)
    figure.update_yaxes(range=[0, 102])
    if chosen is not None:
        _mark(figure, chosen)
    return figure


def _line(frame: pd.DataFrame, column: str, name: str, colour: str, symbol: str, dash: str) -> go.Scatter:
    values = tables.floats(frame, column)
    return go.Scatter(
        x=tables.floats(frame, "q"),
        y=100 * values,
        name=name,
        mode="lines+markers",
        customdata=[tables.share(value) for value in values],
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"symbol": symbol, "size": 8, "color": colour},
        hovertemplate=f"%{{x}} questions: {name.lower()} %{{customdata}}<extra></extra>",
    )


def _mark(figure: go.Figure, chosen: int) -> None:
    line = {"color": theme.MUTED, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=chosen, x1=chosen, y0=0, y1=1, yref="paper", line=line, layer="below")
    figure.add_annotation(
        x=chosen,
        y=0.02,
        yref="paper",
        text="chosen",
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        xshift=5,
        font={"color": theme.MUTED, "size": 12},
    )

"""Actual and expected purchases over time, in sum and period by period."""

from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from segmodels.report.plots import theme


def cumulative(
    frame: pd.DataFrame, *, unit: str, calibration_end: date | float | None = None, level: float = 0.8
) -> go.Figure:
    """Draw purchases summed since the start.

    Parameters
    ----------
    frame
        One row per period: ``period`` (its number), ``cumulative_actual``, ``cumulative_expected``; ``date``
        (its end) replaces the number where it is there, ``cumulative_low`` and ``cumulative_high`` add the
        interval.
    unit
        ``"day"``, ``"week"`` or ``"month"``.
    calibration_end
        Where the data that the model saw end: a date, or a period where the frame has no dates.
    level
        Probability inside the interval.

    Examples
    --------
    >>> weeks = pd.DataFrame({"period": [1], "cumulative_actual": [3], "cumulative_expected": [2.5]})
    >>> cumulative(weeks, unit="week").layout.yaxis.title.text
    'Repeat purchases since the start (count)'
    """
    title = "Repeat purchases since the start (count)"
    return _track(frame, "cumulative_", title, unit, calibration_end, level)


def incremental(
    frame: pd.DataFrame, *, unit: str, calibration_end: date | float | None = None, level: float = 0.8
) -> go.Figure:
    """Draw the purchases of each period.

    Parameters
    ----------
    frame
        As for :func:`cumulative`, with ``actual``, ``expected`` and, where known, ``low`` and ``high``.
    unit, calibration_end, level
        As for :func:`cumulative`.

    Examples
    --------
    >>> weeks = pd.DataFrame({"period": [1, 2], "actual": [3, 2], "expected": [2.5, 3.0]})
    >>> incremental(weeks, unit="week").layout.yaxis.title.text
    'Repeat purchases per week (count)'
    """
    return _track(frame, "", f"Repeat purchases per {unit} (count)", unit, calibration_end, level)


def _track(
    frame: pd.DataFrame, prefix: str, title: str, unit: str, split: date | float | None, level: float
) -> go.Figure:
    dated = "date" in frame
    x = frame["date"].dt.strftime("%Y-%m-%d").to_list() if dated else frame["period"].to_list()
    label = f"End of the {unit} (date)" if dated else f"Time since the start ({unit}s)"
    traces: list[go.Scatter] = []
    if f"{prefix}low" in frame and f"{prefix}high" in frame:
        interval = theme.interval_name(level)
        traces += theme.band(x, frame[f"{prefix}low"], frame[f"{prefix}high"], interval)
    for name, column, line in (
        ("Actual", "actual", {"color": theme.ACTUAL, "width": 2}),
        ("Expected", "expected", {"color": theme.MODEL, "width": 2.5, "dash": "dash"}),
    ):
        y = frame[prefix + column].to_numpy(float)
        hover = "%{x}: %{y:,.0f} " + name.lower() + "<extra></extra>"
        traces.append(go.Scatter(x=x, y=y, name=name, mode="lines", line=line, hovertemplate=hover))
    figure = theme.dress(traces, x=theme.plain(label), y=theme.plain(title))
    figure.update_yaxes(rangemode="tozero")
    if split is not None:
        _mark(figure, split)
    return figure


def after(frame: pd.DataFrame, split: date | float) -> NDArray[np.bool_]:
    """Tell which periods end after the split.

    >>> after(pd.DataFrame({"period": [1, 2, 3]}), 2).tolist()
    [False, False, True]
    """
    if isinstance(split, int | float):
        return frame["period"].to_numpy() > split
    return frame["date"].to_numpy("datetime64[ns]") > np.datetime64(split.isoformat()[:10])


def _mark(figure: go.Figure, split: date | float) -> None:
    """Draw the line between what the model saw and what it did not see."""
    at = split if isinstance(split, int | float) else split.isoformat()[:10]
    figure.add_shape(
        type="line",
        x0=at,
        x1=at,
        y0=0,
        y1=1,
        yref="paper",
        line={"color": theme.MUTED, "width": 1, "dash": "dot"},
    )
    for text, side in (("fitted", "right"), ("held out", "left")):
        figure.add_annotation(
            x=at,
            y=0.02,
            yref="paper",
            text=text,
            showarrow=False,
            xanchor=side,
            yanchor="bottom",
            xshift=-5 if side == "right" else 5,
            font={"color": theme.MUTED, "size": 12},
        )

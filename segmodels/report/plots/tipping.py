"""Headroom of segments if those who did not answer differ from what the model says of them."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import theme
from segmodels.report.plots.segment_potential import short
from segmodels.report.segment_names import shown

#: Segments with the most headroom, drawn in colours of their own; the others are grey.
MOST_NAMED = 6
_LOOKS = (
    ("#0072b2", "solid", "circle"),
    ("#d55e00", "dash", "square"),
    ("#009e73", "dot", "diamond"),
    ("#1c2733", "dashdot", "triangle-up"),
    ("#a6567f", "longdash", "x"),
    ("#8a6d00", "longdashdot", "star"),
)


def times(delta: float) -> str:
    """Write a delta as a change in per cent.

    >>> times(0.2), times(-0.5), times(0.0)
    ('+22%', '−39%', '0%')
    """
    change = tables.share(float(np.expm1(delta)), 0)
    return f"+{change}" if delta > 0 and change != tables.MISSING else change


def tipping(frame: pd.DataFrame, *, currency: str) -> go.Figure:
    """Draw the headroom of each segment over delta.

    Parameters
    ----------
    frame
        One row for each segment and delta: ``segment, delta, headroom``.
    currency
        Sign or letters of the currency.

    Examples
    --------
    >>> two = pd.DataFrame({"segment": "a", "delta": [0.0, 0.2], "headroom": [10.0, 12.2]})
    >>> list(tipping(two, currency="EUR").layout.xaxis.ticktext)
    ['0%', '+22%']
    """
    rows = frame.sort_values("delta", kind="stable")
    # A segment of which nothing is known has no line, and no place in the legend.
    parts = [(str(name), part) for name, part in rows.groupby("segment", sort=False, observed=True)]
    parts = [pair for pair in parts if np.isfinite(_largest(pair[1]))]
    parts.sort(key=lambda pair: _largest(pair[1]), reverse=True)
    # Those in grey come first, so that the others lie above them.
    traces = [_line(name, part, None, currency) for name, part in parts[MOST_NAMED:]]
    if traces:
        traces[0].showlegend = True
        traces[0].name = f"{tables.count(len(traces))} other{'s' if len(traces) > 1 else ''}"
    traces += [
        _line(name, part, look, currency)
        for (name, part), look in zip(parts[:MOST_NAMED], _LOOKS, strict=False)
    ]
    deltas = np.unique(tables.floats(rows, "delta"))
    x = "Elsewhere spend of all who did not answer, against the model"
    figure = theme.dress(traces, x=x, y=theme.axis_title("Headroom", currency), height=440)
    narrow = 0.16 * (deltas.max() - deltas.min()) if len(deltas) > 1 else 1.0
    figure.update_xaxes(
        tickmode="array", tickvals=deltas, ticktext=[times(float(delta)) for delta in deltas], tickangle=0
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    # What is close together in the middle has no room for all of its ticks on a phone.
    kept = _apart(deltas, float(narrow))
    figure.layout.meta = {
        "narrow": {
            "data": {},
            "layout": {
                "xaxis.tickvals": kept,
                "xaxis.ticktext": [times(delta) for delta in kept],
                "xaxis.title.text": "Elsewhere spend of all who<br>did not answer, against the model",
                "height": 520,
            },
        }
    }
    return figure


def _apart(deltas: tables.Floats, least: float) -> list[float]:
    """Keep deltas that lie so far apart, 0 first of all."""
    kept: list[float] = []
    for delta in sorted(map(float, deltas), key=abs):
        if all(abs(delta - other) >= least for other in kept):
            kept.append(delta)
    return sorted(kept)


def _largest(part: pd.DataFrame) -> float:
    found = tables.floats(part, "headroom")
    return float(np.nanmax(found)) if np.isfinite(found).any() else -np.inf


def _line(name: str, part: pd.DataFrame, look: tuple[str, str, str] | None, currency: str) -> go.Scatter:
    delta, headroom = (tables.floats(part, column) for column in ("delta", "headroom"))
    colour, dash, symbol = look or ("#b6c0ca", "solid", "circle")
    written = theme.plain(short(shown(name), 50))
    said = [
        f"{written}, {times(float(d))}: {theme.plain(tables.money_short(float(h), currency))}"
        for d, h in zip(delta, headroom, strict=True)
    ]
    return go.Scatter(
        x=delta,
        y=headroom,
        name=theme.plain(short(shown(name), 28)),
        mode="lines+markers",
        line={"color": colour, "width": 2 if look else 1, "dash": dash},
        marker={"symbol": symbol, "size": 7 if look else 3, "color": colour},
        showlegend=look is not None,
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
    )

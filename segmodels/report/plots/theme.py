"""The look that all figures share, handed to each figure and never set for the process."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

INK = "#1c2733"
MUTED = "#5b6875"
GRID = "#e3e8ee"
# Okabe and Ito's blue and vermilion: told apart under every common colour blindness, and in grey on paper.
MODEL = "#0072b2"
BAND = "rgba(0, 114, 178, 0.18)"
ACTUAL = INK
ACCENT = "#d55e00"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
# One hue from light to dark, so that the order survives a grey print.
SCALE = ((0.0, "#f3f7fb"), (0.25, "#bdd7e9"), (0.5, "#6baed6"), (0.75, "#2279b5"), (1.0, "#08306b"))
HEIGHT = 340


def plain(text: object) -> str:
    """Give text to Plotly as text: its markup and its ``%{...}`` templates are disarmed.

    >>> plain("<b>%{x}</b>"), plain('say "no"')
    ('&lt;b&gt;&#37;{x}&lt;/b&gt;', 'say "no"')
    """
    # Quotes stay: Plotly would show their entities as they are.
    return escape(str(text), quote=False).replace("%", "&#37;")


def tick(text: object, most: int = 20) -> str:
    """Name a bar, cut where it would take the room of the figure.

    >>> tick("Customers of the first quarter"), tick(7)
    ('Customers of the fi…', '7')
    """
    word = str(text)
    return plain(word if len(word) <= most else f"{word[: most - 1]}…")


def axis_title(what: str, unit: str = "") -> str:
    """Name what an axis shows and, in brackets, its unit.

    >>> axis_title("Value", "$")
    'Value ($)'
    """
    return plain(f"{what} ({unit})" if unit else what)


def template() -> go.layout.Template:
    """Build the layout template of all figures.

    >>> template().layout.paper_bgcolor
    'rgba(0,0,0,0)'
    """
    axis = {
        "automargin": True,
        "gridcolor": GRID,
        "linecolor": "#9aa5b1",
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "#9aa5b1",
        "title": {"standoff": 10, "font": {"size": 13, "color": MUTED}},
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
            "xaxis": {**axis, "showgrid": False, "showline": True},
            "yaxis": {
                **axis,
                "ticks": "",
                "separatethousands": True,
                "exponentformat": "B",
                "minexponent": 6,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
            "hoverlabel": {
                "bgcolor": "white",
                "bordercolor": "#9aa5b1",
                "font": {"family": FONT, "color": INK},
            },
            "hovermode": "closest",
            # A drag must scroll the page on a phone.
            "dragmode": False,
            "bargap": 0.25,
        }
    )


def dress(traces: Sequence[Any], *, x: str, y: str, height: int = HEIGHT) -> go.Figure:
    """Make a figure of traces in the shared look; ``x`` and ``y`` are the axis titles with their units."""
    figure = go.Figure(data=list(traces))
    figure.update_layout(template=template(), height=height, showlegend=len(traces) > 1)
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=y)
    return figure


def band(x: Any, low: Any, high: Any, name: str) -> tuple[go.Scatter, ...]:
    """Shade between two lines, where both are known; nothing where they nowhere are."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    kept = np.isfinite(low) & np.isfinite(high)
    if not kept.any():
        return ()
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": name}
    x = np.asarray(x)[kept]
    return (
        go.Scatter(x=x, y=low[kept], showlegend=False, **edge),
        go.Scatter(x=x, y=high[kept], name=plain(name), fill="tonexty", fillcolor=BAND, **edge),
    )


def whiskers(middle: Any, low: Any, high: Any) -> dict[str, Any]:
    """Error bars from the middle to the two ends of an interval."""
    middle = np.asarray(middle, float)
    return {
        "type": "data",
        "symmetric": False,
        "array": np.maximum(np.asarray(high, float) - middle, 0),
        "arrayminus": np.maximum(middle - np.asarray(low, float), 0),
        "color": INK,
        "thickness": 1.4,
        "width": 5,
    }


def interval_name(level: float) -> str:
    """Name an interval by the probability inside it.

    >>> interval_name(0.8)
    '80% interval'
    """
    return f"{100 * level:g}% interval"

"""Expected value of customers in ten equal groups."""

import pandas as pd
import plotly.graph_objects as go

from segmodels.report.plots import theme


def deciles(frame: pd.DataFrame, *, currency: str, level: float = 0.8) -> go.Figure:
    """Draw the value of each decile with its interval.

    Parameters
    ----------
    frame
        One row per decile, the best first: ``decile``, ``value``, ``low``, ``high``; ``actual`` adds what
        came.
    currency
        Sign or letters of the currency.
    level
        Probability inside the interval.

    Examples
    --------
    >>> two = pd.DataFrame({"decile": [1, 2], "value": [90.0, 10.0], "low": [70, 5], "high": [110, 20]})
    >>> deciles(two, currency="EUR").layout.yaxis.title.text
    'Value of the decile (EUR)'
    """
    x = [theme.tick(label) for label in frame["decile"]]
    value = frame["value"].to_numpy(float)
    hover = "Decile %{x}: %{y:,.4~r} " + theme.plain(currency) + "<extra></extra>"
    traces: list[go.Bar | go.Scatter] = [
        go.Bar(
            x=x,
            y=value,
            name=f"Expected, {theme.interval_name(level)}",
            marker_color=theme.MODEL,
            error_y=theme.whiskers(value, frame["low"], frame["high"]),
            hovertemplate=hover,
        )
    ]
    if "actual" in frame:
        marker = {
            "symbol": "diamond",
            "size": 9,
            "color": theme.ACCENT,
            "line": {"width": 1, "color": "white"},
        }
        y = frame["actual"].to_numpy(float)
        traces.append(go.Scatter(x=x, y=y, name="Actual", mode="markers", marker=marker, hovertemplate=hover))
    title = theme.axis_title("Value of the decile", currency)
    figure = theme.dress(traces, x="Decile (the best customers first)", y=title)
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero")
    return figure

"""Calibration of intervals: how often they held the truth, and where in them it lay."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import binom

from segmodels.report import tables
from segmodels.report.plots import theme
from segmodels.report.tables import Floats


def coverage(frame: pd.DataFrame) -> go.Figure:
    """Draw how often intervals held the truth against how often they should.

    Parameters
    ----------
    frame
        ``nominal, actual``, between 0 and 1; and where known ``low, high`` of the actual coverage.

    Examples
    --------
    >>> coverage(pd.DataFrame({"nominal": [0.5, 0.8], "actual": [0.52, 0.79]})).data[0].y.tolist()
    [52.0, 79.0]
    """
    nominal, actual = (100 * tables.floats(frame, name) for name in ("nominal", "actual"))
    said = [
        f"{tables.share(x / 100, 0)} interval: {tables.share(y / 100)}"
        for x, y in zip(nominal, actual, strict=True)
    ]
    found = go.Scatter(
        x=nominal,
        y=actual,
        name="Actual",
        mode="markers",
        marker={"size": 9, "color": theme.MODEL, "line": {"width": 1, "color": "white"}},
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
    )
    if "low" in frame and "high" in frame:
        low, high = (100 * tables.floats(frame, name) for name in ("low", "high"))
        found.error_y = theme.whiskers(actual, low, high)
    edge = {"color": theme.MUTED, "width": 1.5, "dash": "dot"}
    right = go.Scatter(
        x=[0, 100], y=[0, 100], name="As it should be", mode="lines", line=edge, hoverinfo="skip"
    )
    figure = theme.dress(
        [found, right],
        x="Probability named by the interval (%)",
        y="Truth inside (% of customers)",
        height=380,
    )
    figure.update_xaxes(range=[0, 103], dtick=20, showgrid=True)
    figure.update_yaxes(range=[0, 103], dtick=20)
    return figure


def pit_bins(values: Floats, bins: int = 10, level: float = 0.95) -> pd.DataFrame:
    """Count values of the probability integral transform in bins of equal width.

    Parameters
    ----------
    values
        Between 0 and 1, shape (N,); those not known are left out.
    bins
        How many.
    level
        Probability of the range of each bin's share if all places are equally likely.

    Returns
    -------
    pandas.DataFrame
        ``left, right, customers, share``; ``low, high`` of the share.

    Examples
    --------
    >>> pit_bins(np.array([0.1, 0.2, 0.9]), bins=2)[["left", "customers"]].to_numpy().tolist()
    [[0.0, 2.0], [0.5, 1.0]]
    """
    known = values[np.isfinite(values)]
    edges = np.linspace(0, 1, bins + 1)
    number = np.histogram(known, edges)[0].astype(float)
    size = max(len(known), 1)
    low, high = (
        float(binom.ppf(tail, len(known), 1 / bins)) / size for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return pd.DataFrame(
        {"left": edges[:-1], "right": edges[1:], "customers": number, "share": number / size}
    ).assign(low=low, high=high)


def pit_histogram(frame: pd.DataFrame) -> go.Figure:
    """Draw where in its predicted distribution the truth lay; the shade is what chance lets one expect.

    Parameters
    ----------
    frame
        As :func:`pit_bins` gives it.

    Examples
    --------
    >>> pit_histogram(pit_bins(np.array([0.1, 0.2, 0.9]), bins=2)).data[0].x.tolist()
    [0.25, 0.75]
    """
    left, right, share = (tables.floats(frame, name) for name in ("left", "right", "share"))
    said = [
        f"{tables.number(a, 1)} to {tables.number(b, 1)}: {tables.share(c)}"
        for a, b, c in zip(left, right, share, strict=True)
    ]
    bars = go.Bar(
        x=(left + right) / 2,
        y=100 * share,
        width=right - left,
        marker={"color": "#86bbdf", "line": {"width": 1, "color": "white"}},
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure = theme.dress([bars], x="PIT (0 to 1)", y="Customers (%)", height=380)
    low, high = (100 * float(frame[end].iloc[0]) for end in ("low", "high"))
    box: dict[str, Any] = {"type": "rect", "x0": 0, "x1": 1, "line": {"width": 0}, "layer": "above"}
    figure.add_shape(**box, y0=low, y1=high, fillcolor="rgba(213, 94, 0, 0.16)")
    expected = 100 / len(frame)
    line = {"color": theme.ACCENT, "width": 1.5, "dash": "dash"}
    figure.add_shape(type="line", x0=0, x1=1, y0=expected, y1=expected, line=line)
    figure.update_xaxes(range=[0, 1], dtick=0.2)
    figure.update_yaxes(range=[0, 1.15 * max(high, float(100 * share.max()), expected)])
    figure.update_layout(bargap=0)
    return figure

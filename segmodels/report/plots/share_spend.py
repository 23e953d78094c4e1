"""Share of wallet against own spend: what customers answered, and what the model says."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import theme
from segmodels.report.tables import Floats

#: More answers than this are drawn as dots that stand for several.
MOST_POINTS = 1500
_BINS = (30, 25)


def share_spend(
    curve: pd.DataFrame, answers: pd.DataFrame | None = None, *, currency: str, band: float = 0.8
) -> go.Figure:
    """Draw answers as dots, the model's median as a line and its band for one customer as a shade.

    Parameters
    ----------
    curve
        Ascending: ``own`` (above 0), ``median``; and where known ``low, high``.
    answers
        ``own, share``, a row a customer; those without own spend have no place on the logarithmic axis.
    currency
        Sign or letters of the currency.
    band
        Probability between ``low`` and ``high``.

    Examples
    --------
    >>> curve = pd.DataFrame({"own": [10.0, 100.0], "median": [0.2, 0.5], "low": [0.1, 0.3], "high": [0.4, 0.8]})
    >>> figure = share_spend(curve, pd.DataFrame({"own": [0.0, 20.0], "share": [0.0, 0.3]}), currency="EUR")
    >>> figure.data[0].x.tolist(), figure.layout.xaxis.title.text
    ([20.0], 'Own spend (EUR), logarithmic')
    """
    own, median = (tables.floats(curve, name) for name in ("own", "median"))
    traces: list[Any] = [] if answers is None else _dots(answers, currency)
    if "low" in curve and "high" in curve:
        low, high = (100 * tables.floats(curve, name) for name in ("low", "high"))
        traces += theme.band(own, low, high, f"Model, {100 * band:g}% of customers")
    said = [
        f"{theme.plain(tables.money(x, currency))}: {tables.share(y)}"
        for x, y in zip(own, median, strict=True)
    ]
    traces.append(
        go.Scatter(
            x=own,
            y=100 * median,
            name="Model, median",
            mode="lines" if len(own) > 1 else "markers",
            line={"color": theme.MODEL, "width": 2.5},
            customdata=said,
            hovertemplate="Model, own spend %{customdata}<extra></extra>",
        )
    )
    x = f"{theme.axis_title('Own spend', currency)}, logarithmic"
    figure = theme.dress(traces, x=x, y="Share of wallet (%)", height=420)
    figure.update_xaxes(
        type="log", dtick=1, exponentformat="B", minexponent=6, separatethousands=True, showgrid=True
    )
    figure.update_yaxes(range=[-2, 102])
    figure.update_layout(showlegend=True)
    return figure


def _dots(answers: pd.DataFrame, currency: str) -> list[Any]:
    own, share = (tables.floats(answers, name) for name in ("own", "share"))
    kept = (own > 0) & np.isfinite(own) & np.isfinite(share)
    own, share = own[kept], share[kept]
    if not len(own):
        return []
    many = len(own) > MOST_POINTS
    number = np.ones(len(own))
    if many:
        own, share, number = binned(own, share)
    said = [
        f"{tables.count(n)} answer{'' if n == 1 else 's'}: own spend {theme.plain(tables.money(x, currency))}, "
        f"share {tables.share(y)}"
        for x, y, n in zip(own, share, number, strict=True)
    ]
    size: Any = 3 + 13 * np.sqrt(number / number.max()) if many else 6
    return [
        go.Scatter(
            x=own,
            y=100 * share,
            name="Answers (area: number)" if many else "Answers",
            mode="markers",
            marker={"size": size, "color": theme.ACCENT, "opacity": 0.55, "line": {"width": 0}},
            customdata=said,
            hovertemplate="%{customdata}<extra></extra>",
        )
    ]


def binned(own: Floats, share: Floats) -> tuple[Floats, Floats, Floats]:
    """Put answers together that lie near each other: middle of own spend and share, and their number.

    Parameters
    ----------
    own, share
        Shape (N,); own spend above 0.

    Examples
    --------
    >>> [part.tolist() for part in binned(np.array([10.0, 10.0, 1000.0]), np.array([0.5, 0.5, 1.0]))][2]
    [2.0, 1.0]
    """
    across, upright = _BINS
    logs = np.log(own)
    edges = np.histogram_bin_edges(logs, across), np.linspace(0, 1, upright + 1)
    number, _, _ = np.histogram2d(logs, np.clip(share, 0, 1), edges)
    middle_own, middle_share = (0.5 * (edge[1:] + edge[:-1]) for edge in edges)
    i, j = np.nonzero(number)
    return np.exp(middle_own[i]), middle_share[j], number[i, j]

"""How unequally value is spread over customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report.plots import theme
from segmodels.report.tables import share


@dataclass(frozen=True)
class Concentration:
    """A Lorenz curve and its summaries.

    Parameters
    ----------
    curve
        ``share_of_customers`` and ``share_of_value`` from 0 to 1, the least valuable customers first.
    gini
        0 where all customers are alike, towards 1 where one holds all.
    top_10, top_20
        Share of value held by the most valuable 10 and 20 per cent of customers.
    """

    curve: pd.DataFrame
    gini: float
    top_10: float
    top_20: float


def lorenz(concentration: Concentration) -> go.Figure:
    """Draw the Lorenz curve with the top 10 and 20 per cent marked.

    Examples
    --------
    >>> curve = pd.DataFrame({"share_of_customers": [0.0, 0.8, 1.0], "share_of_value": [0.0, 0.3, 1.0]})
    >>> figure = lorenz(Concentration(curve, 0.5, 0.4, 0.7))
    >>> figure.layout.annotations[0].text
    'Top 20% hold 70%'
    """
    curve = _thinned(concentration.curve)
    hover = "The least valuable %{x:.0f}% of customers hold %{y:.1f}% of value<extra></extra>"
    line = {"color": theme.MODEL, "width": 2.5}
    edge = {"color": theme.MUTED, "width": 1, "dash": "dot"}
    tops = ((0.8, concentration.top_20, "Top 20%"), (0.9, concentration.top_10, "Top 10%"))
    marks = {"size": 9, "color": theme.ACCENT, "line": {"width": 1, "color": "white"}}
    figure = theme.dress(
        [
            go.Scatter(
                x=100 * curve["share_of_customers"].to_numpy(float),
                y=100 * curve["share_of_value"].to_numpy(float),
                name="Customers",
                mode="lines",
                line=line,
                fill="tozeroy",
                fillcolor="rgba(0, 114, 178, 0.10)",
                hovertemplate=hover,
            ),
            go.Scatter(x=[0, 100], y=[0, 100], name="All alike", mode="lines", line=edge, hoverinfo="skip"),
            go.Scatter(
                x=[100 * at for at, _, _ in tops],
                y=[100 * (1 - held) for _, held, _ in tops],
                mode="markers",
                marker=marks,
                showlegend=False,
                hoverinfo="skip",
            ),
        ],
        x="Share of customers, the least valuable first (%)",
        y="Share of value (%)",
        height=380,
    )
    for at, held, name in tops:
        figure.add_annotation(
            x=100 * at,
            y=100 * (1 - held),
            text=f"{name} hold {share(held, 0)}",
            showarrow=False,
            xanchor="right",
            yanchor="bottom",
            xshift=-7,
            yshift=2,
        )
    figure.update_layout(margin_r=24)
    figure.update_xaxes(range=[0, 100], dtick=20)
    figure.update_yaxes(range=[0, 100])
    return figure


def _thinned(curve: pd.DataFrame, points: int = 201) -> pd.DataFrame:
    """Keep at most ``points`` of the curve, its two ends among them."""
    if len(curve) <= points:
        return curve
    return curve.iloc[np.unique(np.linspace(0, len(curve) - 1, points).round().astype(int))]

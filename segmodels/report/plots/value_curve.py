"""Lifetime value of all customers, year after year."""

import pandas as pd
import plotly.graph_objects as go

from segmodels.report.plots import theme
from segmodels.report.tables import floats, money_short

MOST_LABELS = 5


def value_curve(frame: pd.DataFrame, *, currency: str) -> go.Figure:
    """Draw the value summed up to the end of each year, with P10, P50 and P90.

    Parameters
    ----------
    frame
        One row per year: ``year`` (1, 2, 3), ``p10``, ``p50``, ``p90``, discounted and summed over customers.
    currency
        Sign or letters of the currency.

    Examples
    --------
    >>> years = pd.DataFrame({"year": [1, 2], "p10": [8.0, 11.0], "p50": [10.0, 15.0], "p90": [12.0, 20.0]})
    >>> value_curve(years, currency="$").layout.yaxis.title.text
    'Lifetime value ($)'
    """
    years, middle_value = floats(frame, "year"), floats(frame, "p50")
    hover = "Up to year %{x}: %{y:,.4~r} " + theme.plain(currency) + "<extra></extra>"
    middle = go.Scatter(
        x=years,
        y=middle_value,
        name="P50",
        mode="lines+markers+text" if len(years) <= MOST_LABELS else "lines+markers",
        text=[theme.plain(money_short(value, currency)) for value in middle_value],
        textposition="top center",
        line={"color": theme.MODEL, "width": 2.5},
        marker={"size": 8},
        hovertemplate=hover,
    )
    figure = theme.dress(
        [*theme.band(years, frame["p10"], frame["p90"], "P10 to P90"), middle],
        x="Time from now (years)",
        y=theme.axis_title("Lifetime value", currency),
    )
    # Room for the labels of the first and the last year.
    figure.update_xaxes(dtick=1, range=[years.min() - 0.4, years.max() + 0.4])
    figure.update_yaxes(rangemode="tozero")
    return figure

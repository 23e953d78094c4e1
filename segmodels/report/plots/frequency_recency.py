"""What the model makes of every pair of purchase count and time since the last purchase."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from segmodels.report.plots import theme
from segmodels.report.tables import length


@dataclass(frozen=True)
class FrequencyRecency:
    """The model's answers on a grid of customers who were first seen ``T`` ago.

    Parameters
    ----------
    frequency
        Repeat purchases, shape (F,), ascending.
    recency
        Age at the last purchase in the unit of the page, shape (R,), ascending from 0 to ``T``.
    T
        Age of these customers, in the same unit.
    alive
        P(alive) now, shape (R, F); NaN where no customer can be (such as no repeat purchase but a recency).
    purchases
        Expected purchases over ``horizon``, shape (R, F).
    horizon
        In the same unit.
    """

    frequency: NDArray[np.int64]
    recency: NDArray[np.float64]
    T: float
    alive: NDArray[np.float64]
    purchases: NDArray[np.float64]
    horizon: float


def alive(grid: FrequencyRecency, *, unit: str) -> go.Figure:
    """Draw P(alive) as a heat map, in percent.

    Examples
    --------
    >>> one = np.array([[0.5]])
    >>> figure = alive(FrequencyRecency(np.array([1]), np.array([20.0]), 39.0, one, one, 39.0), unit="week")
    >>> figure.data[0].zmax
    100
    """
    return _heat(grid, 100 * grid.alive, unit, "P(alive), %", "%{z:.0f}%", 100)


def purchases(grid: FrequencyRecency, *, unit: str) -> go.Figure:
    """Draw the expected purchases over the horizon as a heat map.

    Examples
    --------
    >>> one = np.array([[0.5]])
    >>> grid = FrequencyRecency(np.array([1]), np.array([20.0]), 39.0, one, one, 39.0)
    >>> purchases(grid, unit="week").data[0].colorbar.title.text
    'Expected purchases in the next 39 weeks'
    """
    title = f"Expected purchases in the next {length(grid.horizon)} {unit}s"
    return _heat(grid, grid.purchases, unit, theme.plain(title), "%{z:,.2f} purchases", None)


def _heat(
    grid: FrequencyRecency, values: NDArray[np.float64], unit: str, title: str, shown: str, top: float | None
) -> go.Figure:
    since = np.round(grid.T - grid.recency, 6)
    hover = (
        "%{x} repeat purchases, the last %{y:.3~r} "
        + theme.plain(unit)
        + "s ago: "
        + shown
        + "<extra></extra>"
    )
    bar = {
        "orientation": "h",
        "x": 0.5,
        # Placed in the container: a bar placed by the axes moves the margin that moves the axes, without end.
        "yref": "container",
        "y": 0.99,
        "yanchor": "top",
        "thickness": 10,
        "len": 1.0,
        "outlinewidth": 0,
        "ypad": 0,
        "title": {"text": title, "side": "top", "font": {"size": 13}},
    }
    trace = go.Heatmap(
        x=grid.frequency,
        y=since,
        z=values,
        colorscale=theme.SCALE,
        zmin=0,
        zmax=top,
        colorbar=bar,
        hoverongaps=False,
        hovertemplate=hover,
    )
    y = theme.axis_title("Time since the last purchase", f"{unit}s")
    figure = theme.dress([trace], x="Repeat purchases (count)", y=y, height=420)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 64, "b": 48})
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=False)
    return figure

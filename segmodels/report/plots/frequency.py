"""How many customers made how many repeat purchases: in the data, and under the model."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report.plots import theme


def frequency(frame: pd.DataFrame, *, level: float = 0.8) -> go.Figure:
    """Draw the histogram of repeat purchases, actual beside expected.

    Parameters
    ----------
    frame
        One row per bar: ``purchases`` (a number, or text such as ``"7+"``), ``actual`` and ``expected``
        customers; ``low`` and ``high`` add the interval of the expected.
    level
        Probability inside the interval.

    Examples
    --------
    >>> bars = pd.DataFrame({"purchases": ["0", "1+"], "actual": [60, 40], "expected": [58.0, 42.0]})
    >>> [trace.name for trace in frequency(bars).data]
    ['Actual', 'Expected by the model']
    """
    x = [theme.tick(label) for label in frame["purchases"]]
    expected = frame["expected"].to_numpy(float)
    interval, name = None, "Expected by the model"
    if "low" in frame and "high" in frame:
        interval = theme.whiskers(expected, frame["low"], frame["high"])
        name += f", {theme.interval_name(level)}"
    hover = "%{x} repeat purchases: %{y:,.0f} customers<extra></extra>"
    actual = frame["actual"].to_numpy(np.float64)
    figure = theme.dress(
        [
            go.Bar(x=x, y=actual, name="Actual", marker_color="#8a96a3", hovertemplate=hover),
            go.Bar(
                x=x, y=expected, name=name, marker_color=theme.MODEL, error_y=interval, hovertemplate=hover
            ),
        ],
        x="Repeat purchases (count)",
        y="Customers (count)",
    )
    figure.update_xaxes(type="category")
    return figure

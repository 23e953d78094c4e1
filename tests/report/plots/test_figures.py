"""What holds for every figure, and the arithmetic of single ones."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from segmodels.report.plots import deciles, frequency, frequency_recency, lorenz, theme, tracking, value_curve


@pytest.fixture
def figures(full_page):
    page = full_page
    return [
        tracking.cumulative(page.tracking.assign(cumulative_actual=1, cumulative_expected=1.0), unit="week"),
        tracking.incremental(page.tracking, unit="week", calibration_end=page.calibration_end),
        frequency.frequency(page.frequency),
        frequency_recency.alive(page.grid, unit="week"),
        frequency_recency.purchases(page.grid, unit="week"),
        deciles.deciles(page.deciles, currency="$"),
        lorenz.lorenz(page.concentration),
        value_curve.value_curve(page.value_curve, currency="EUR"),
    ]


def test_every_figure_has_axis_titles_and_the_shared_look(figures):
    for figure in figures:
        assert isinstance(figure, go.Figure)
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
        assert figure.layout.template.layout.font.family == theme.FONT
        assert figure.layout.height >= theme.HEIGHT


def test_no_figure_changes_the_process(figures):
    assert figures
    assert pio.templates.default == "plotly"


def test_the_band_covers_only_where_the_interval_is_known(full_page):
    low, high, *_ = tracking.incremental(full_page.tracking, unit="week").data
    assert len(low.x) == len(high.x) == 6
    assert (np.asarray(low.y) == 7).all()
    assert (np.asarray(high.y) == 14).all()


def test_whiskers_reach_the_ends_of_the_interval(full_page):
    bar = deciles.deciles(full_page.deciles, currency="$").data[0]
    np.testing.assert_allclose(np.asarray(bar.y) + np.asarray(bar.error_y.array), full_page.deciles["high"])
    np.testing.assert_allclose(
        np.asarray(bar.y) - np.asarray(bar.error_y.arrayminus), full_page.deciles["low"]
    )


def test_a_long_lorenz_curve_is_thinned_and_keeps_its_ends():
    shares = np.linspace(0, 1, 100_001)
    curve = pd.DataFrame({"share_of_customers": shares, "share_of_value": shares**3})
    line = lorenz.lorenz(lorenz.Concentration(curve, 0.5, 0.27, 0.49)).data[0]
    assert len(line.x) <= 201
    assert (line.x[0], line.x[-1]) == (0, 100)


def test_the_map_puts_a_recent_purchase_on_top(full_page):
    figure = frequency_recency.alive(full_page.grid, unit="week")
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.data[0].y.tolist() == [39.0, 29.25, 19.5, 9.75, 0.0]

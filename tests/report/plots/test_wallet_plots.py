"""Figures of the page on wallets: what they show is what the frames say, at every width."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from scipy.stats import binom
from wallet_pages import grid_part, make_wallet_page, share_part, tipping_part

from segmodels.report.html import figure_json
from segmodels.report.plots import theme
from segmodels.report.plots.coverage import coverage, pit_bins, pit_histogram
from segmodels.report.plots.segment_potential import Series, segment_potential
from segmodels.report.plots.share_spend import MOST_POINTS, binned, share_spend
from segmodels.report.plots.tipping import MOST_NAMED, times, tipping
from segmodels.report.plots.value_grid import decile_bands, value_grid
from segmodels.report.wallet_segments import segments

CUTS = ("own spend of $310", "headroom of $800")


def potential(size, series=2):
    middle = np.linspace(1, 9, size)
    each = [
        Series(f"S{k}", middle + k, [f"{v:.1f}" for v in middle], middle - 0.5, middle + 2)
        for k in range(series)
    ]
    return segment_potential([f"Segment {k}" for k in range(size)], each, x="Money (EUR)")


@pytest.fixture
def figures():
    part = share_part()
    return [
        value_grid(grid_part().cells, currency="$", cuts=CUTS),
        decile_bands(grid_part().bands, currency="$"),
        share_spend(part.curve, part.answers, currency="$"),
        potential(3),
        coverage(make_wallet_page().calibration.coverage),
        pit_histogram(pit_bins(np.linspace(0, 1, 100))),
        tipping(tipping_part(["a", "b"]).headroom, currency="$"),
    ]


def test_every_figure_has_the_shared_look_and_changes_nothing_else(figures):
    for figure in figures:
        assert isinstance(figure, go.Figure)
        assert figure.layout.template.layout.font.family == theme.FONT
        assert figure.layout.height >= theme.HEIGHT
        assert figure_json(figure)
    assert pio.templates.default == "plotly"


# --- the value grid -----------------------------------------------------------------------------------------


def test_cells_lie_where_value_goes_up_and_potential_to_the_right_and_are_as_dark_as_their_headroom():
    cells = grid_part().cells
    figure = value_grid(cells, currency="$", cuts=CUTS)
    shade = np.asarray(figure.data[0].z, float)
    np.testing.assert_allclose(shade, np.array([[2.7, 14.2], [3.1, 16.0]]) / 36)
    at = {note.text.split("<br>")[0]: (note.x, note.y) for note in figure.layout.annotations}
    assert at["<b>Invest</b>"] == (1, 1)
    assert at["<b>Protect</b>"] == (0, 1)
    assert at["<b>Competitors' customers</b>"] == (1, 0)
    assert at["<b>Least appealing</b>"] == (0, 0)


def test_a_line_too_long_for_half_of_a_phone_is_parted_there():
    figure = value_grid(grid_part().cells, currency="thalers", cuts=CUTS)
    assert "headroom 16.0 million thalers" in figure.layout.annotations[0].text
    narrow = figure.layout.meta["narrow"]["layout"]["annotations"]
    assert "headroom<br>16.0 million thalers" in narrow[0]["text"]
    assert max(len(line) for note in narrow for line in note["text"].split("<br>")) <= 23 + len("<b></b>")


def test_names_that_begin_alike_are_told_apart():
    names = [f"A segment whose name somebody wrote without a thought, number {k}" for k in range(30)]
    one = Series("Headroom", np.arange(30.0), ["x"] * 30)
    figure = segment_potential(names, [one], x="Money")
    assert len(set(figure.layout.yaxis.ticktext)) == 30
    assert len({note["text"] for note in figure.layout.meta["narrow"]["layout"]["annotations"]}) == 30
    assert len({trace.name for trace in tipping(tipping_part(names).headroom, currency="").data[-6:]}) == 6


@pytest.mark.parametrize("headroom", [0.0, np.nan])
def test_a_grid_without_headroom_is_drawn(headroom):
    cells = grid_part().cells.assign(headroom=headroom)
    figure = value_grid(cells, currency="", cuts=CUTS)
    assert not np.asarray(figure.data[0].z).any()


def test_deciles_and_bands_keep_their_order_and_a_missing_pair_is_blank():
    frame = grid_part().bands.iloc[1:]
    heat = decile_bands(frame, currency="$").data[0]
    customers = np.array(heat.text)
    # The first pair is missing, so its band comes last.
    assert customers.shape == (11, 4)
    assert customers[0, 3] == ""
    assert np.isnan(np.asarray(heat.z, float)[0, 3])
    assert np.nansum(np.asarray(heat.z, float)) == pytest.approx(frame["headroom"].sum())


# --- share against spend ------------------------------------------------------------------------------------


def test_every_answer_with_own_spend_is_a_dot():
    part = share_part(200)
    dots = share_spend(part.curve, part.answers, currency="$").data[0]
    kept = part.answers.loc[part.answers["own"] > 0]
    np.testing.assert_allclose(dots.x, kept["own"])
    np.testing.assert_allclose(dots.y, 100 * kept["share"])


def test_many_answers_are_put_together_and_none_is_lost():
    part = share_part(20_000)
    dots = share_spend(part.curve, part.answers, currency="$").data[0]
    assert len(dots.x) <= 750 < MOST_POINTS
    kept = part.answers.loc[part.answers["own"] > 0]
    own, share, number = binned(kept["own"].to_numpy(), kept["share"].to_numpy())
    assert number.sum() == len(kept)
    # Middles of bins 4% wide are nearer than half of that.
    assert (number @ share) / len(kept) == pytest.approx(kept["share"].mean(), abs=0.02)
    assert (number @ np.log(own)) / len(kept) == pytest.approx(np.log(kept["own"]).mean(), abs=0.2)


def test_answers_of_customers_who_all_spend_alike_make_one_bin():
    own, share, number = binned(np.full(9, 7.0), np.full(9, 1.0))
    assert number.tolist() == [9]
    assert own[0] == pytest.approx(7.0, rel=0.1)
    assert share[0] == pytest.approx(1.0, abs=0.03)


def test_nobody_with_own_spend_leaves_the_model_alone():
    part = share_part()
    nobody = part.answers.assign(own=0.0)
    assert [trace.name for trace in share_spend(part.curve, nobody, currency="").data[-1:]] == [
        "Model, median"
    ]
    assert len(share_spend(part.curve, nobody, currency="").data) == 3


# --- segments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 4, 13, 30])
def test_thirty_segments_fit_on_a_sheet_of_paper_and_all_are_named(size):
    figure = potential(size)
    assert len(figure.layout.yaxis.ticktext) == size
    assert figure.layout.height <= 900
    narrow = figure.layout.meta["narrow"]["layout"]
    assert sum(note.get("xref") == "paper" for note in narrow["annotations"]) == size
    assert narrow["height"] >= figure.layout.height


def test_series_of_a_row_lie_apart_and_whiskers_reach_the_ends():
    figure = potential(4)
    first, second = figure.data
    assert (np.asarray(second.y) - np.asarray(first.y)).min() > 0.3
    np.testing.assert_allclose(
        np.asarray(first.x) + np.asarray(first.error_x.array), np.linspace(1, 9, 4) + 2
    )


def test_shares_are_drawn_in_per_cent():
    page = make_wallet_page()
    drawn = {drawing.key: drawing for drawing in segments(page.segments, "$", 0.9).drawings}
    figure = drawn["segments-share"].figure
    np.testing.assert_allclose(figure.data[0].x, 100 * page.segments.table["share"])
    assert figure.data[1].marker.symbol == "square-open"


def test_missing_ends_and_figures_are_not_drawn():
    middle = np.array([1.0, np.nan])
    one = Series("Headroom", middle, ["1", "–"], np.array([np.nan, np.nan]), np.array([2.0, np.nan]))
    figure = segment_potential(["a", "b"], [one], x="Money")
    assert [note.text for note in figure.layout.annotations] == ["1"]


def test_figures_near_the_names_are_written_away_from_them():
    one = Series("Headroom", np.array([0.0, 50.0, 100.0]), ["$0", "$50", "$100"])
    figure = segment_potential(["a", "b", "c"], [one], x="Money")
    assert [note.xanchor for note in figure.layout.annotations] == ["left", "center", "center"]


def test_whiskers_without_both_ends_have_no_length():
    middle = np.array([1.0, np.nan])
    one = Series("Headroom", middle, ["1", "–"], np.array([np.nan, np.nan]), np.array([2.0, np.nan]))
    figure = segment_potential(["a", "b"], [one], x="Money")
    assert np.isnan(np.asarray(figure.data[0].error_x.arrayminus)).all()


# --- calibration --------------------------------------------------------------------------------------------


def test_bins_of_pit_hold_every_known_value_once_and_their_range_is_binomial():
    values = np.array([0.0, 0.05, 0.1, 0.999, 1.0, np.nan])
    bins = pit_bins(values)
    assert bins["customers"].tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert bins["share"].sum() == pytest.approx(1)
    many = pit_bins(np.linspace(0, 1, 1_000))
    low, high = (1_000 * many[end].iloc[0] for end in ("low", "high"))
    assert binom.cdf(high, 1_000, 0.1) - binom.cdf(low - 1, 1_000, 0.1) >= 0.95


def test_of_no_value_of_pit_nothing_is_said():
    bins = pit_bins(np.array([np.nan]))
    assert bins["customers"].sum() == 0
    assert figure_json(pit_histogram(bins))


def test_coverage_has_its_range_and_the_line_it_should_lie_on():
    frame = pd.DataFrame(
        {"nominal": [0.5, 0.9], "actual": [0.4, 0.92], "low": [0.3, 0.9], "high": [0.5, 0.95]}
    )
    found, right = coverage(frame).data
    np.testing.assert_allclose(found.error_y.array, [10, 3])
    np.testing.assert_allclose(found.error_y.arrayminus, [10, 2])
    assert list(right.x) == list(right.y)


# --- tipping points -----------------------------------------------------------------------------------------


def test_deltas_are_written_as_changes():
    assert [times(delta) for delta in (-np.log(2), 0.0, np.log(1.5))] == ["−50%", "0%", "+50%"]


@pytest.mark.parametrize("size", [1, 6, 30])
def test_segments_with_the_most_headroom_have_looks_of_their_own(size):
    names = [f"Segment {k}" for k in range(size)]
    figure = tipping(tipping_part(names).headroom, currency="$")
    assert len(figure.data) == size
    legend = [trace.name for trace in figure.data if trace.showlegend]
    others = [f"{size - MOST_NAMED} others"] if size > MOST_NAMED else []
    assert legend == [*others, *names[:MOST_NAMED]]
    named = [trace for trace in figure.data if trace.name in names[:MOST_NAMED]]
    assert len({(trace.line.dash, trace.marker.symbol) for trace in named}) == min(size, MOST_NAMED)


def test_a_phone_has_fewer_ticks_and_0_among_them():
    figure = tipping(tipping_part(["a"]).headroom, currency="$")
    narrow = figure.layout.meta["narrow"]["layout"]
    assert len(figure.layout.xaxis.tickvals) == 7
    assert 0.0 in narrow["xaxis.tickvals"]
    assert np.diff(narrow["xaxis.tickvals"]).min() >= 0.16


def test_a_single_delta_is_drawn():
    one = pd.DataFrame({"segment": ["a"], "delta": [0.0], "headroom": [np.nan]})
    assert figure_json(tipping(one, currency=""))

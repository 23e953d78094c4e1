"""Figures of the page on needs: what they show is what the frames say, at every width."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs_pages import class_table, make_needs_page, opportunity_rows, profile_rows, segment_names

from segmodels.report import needs_sections
from segmodels.report.html import figure_json
from segmodels.report.needs_opportunities import maps
from segmodels.report.plots import class_number, labels, questions_curve, theme
from segmodels.report.plots.importance_satisfaction import importance_satisfaction
from segmodels.report.plots.interval_dots import Dots, interval_dots
from segmodels.report.plots.profile_heatmap import profile_heatmap

UNIT = st.floats(0, 1)


def battery(items, segments, label="Item {}"):
    listed = [
        (f"q{j}", label.format(j), "benefit" if j % 3 else "attitude", "ordinal", ("1", "2", "3"))
        for j in range(items)
    ]
    return profile_rows(segment_names("S", segments), listed)


@pytest.fixture
def figures():
    page = make_needs_page()
    k = class_table()
    dots = Dots(["a"], np.array([1.0]), ["1"], np.array([0.5]), np.array([2.0]))
    return [
        profile_heatmap(needs_sections.heat_rows(page.profile)),
        importance_satisfaction(page.opportunity),
        interval_dots(dots, x="Value (EUR)"),
        questions_curve.questions_curve(page.typing.curve, chosen=2, ceiling=0.9, baseline=0.3),
        *(draw(k, 3) for draw in (class_number.criteria, class_number.held_out)),
        *(draw(k, 3) for draw in (class_number.separation, class_number.smallest)),
    ]


def test_every_figure_has_the_shared_look_and_changes_nothing_else(figures):
    for figure in figures:
        assert isinstance(figure, go.Figure)
        assert figure.layout.template.layout.font.family == theme.FONT
        assert figure.layout.height >= theme.HEIGHT
        assert figure_json(figure)
    assert pio.templates.default == "plotly"


# --- heat map -----------------------------------------------------------------------------------------------


def test_colour_is_the_logarithm_of_the_index_and_text_the_share():
    frame = pd.DataFrame(
        {
            "group": "Benefits",
            "label": "Low prices",
            "segment": ["a", "b", "c", "d"],
            "estimate": [0.4, 0.8, 0.9, 0.1],
            "total": 0.4,
            "index": [100.0, 200.0, 225.0, 25.0],
            "proportion": True,
            "z": [0.0, 4.0, 5.0, -3.0],
            "q_value": [0.9, 0.01, 0.2, 0.05],
        }
    )
    heat = profile_heatmap(frame).data[0]
    np.testing.assert_allclose(heat.z[0], [0, 1, 1, -1, 0])
    assert heat.text[0].tolist() == ["40%", "80%▲", "90%", "10%▼", "40%"]


def test_the_scale_of_colours_has_its_middle_at_100_and_is_lightest_there():
    levels = [(place, int(colour[1:3], 16) + int(colour[3:5], 16)) for place, colour in profile_scale()]
    assert max(levels, key=lambda pair: pair[1])[0] == 0.5


def profile_scale():
    return [tuple(stop) for stop in profile_heatmap(rows_of(2, 2)).data[0].colorscale]


def rows_of(items, segments, label="Item {}"):
    return needs_sections.heat_rows(battery(items, segments, label))


@pytest.mark.parametrize("items", [1, 6, 21, 40, 100])
@pytest.mark.parametrize("segments", [2, 9])
def test_maps_show_every_item_once_and_none_is_longer_than_a_sheet_of_paper(items, segments):
    frame = battery(items, segments)
    section = needs_sections.profile(frame, {}, 0.95)
    told = [text for drawing in section.drawings for text in drawing.figure.layout.yaxis.ticktext]
    assert sorted(text for text in told if text.startswith("Item")) == sorted(
        f"Item {j}" for j in range(items)
    )
    assert max(drawing.figure.layout.height for drawing in section.drawings) <= 950
    assert all(len(drawing.figure.data[0].z[0]) == segments + 1 for drawing in section.drawings)
    assert len({drawing.key for drawing in section.drawings}) == len(section.drawings)
    assert sum(len(drawing.table.rows) for drawing in section.drawings) == items * segments


def test_labels_that_are_cut_alike_keep_their_rows_and_columns():
    frame = rows_of(4, 3, "A very long question that goes on and on, as questions of surveys do, number {}")
    frame["segment"] = frame["segment"].map(
        {f"S {k}": "A name that is far too long to be shown " + str(k) for k in range(3)}
    )
    heat = profile_heatmap(frame)
    assert len(set(heat.data[0].x)) == len(heat.layout.xaxis.ticktext) == 4
    assert len(set(heat.data[0].y)) == len(heat.layout.yaxis.ticktext) == 6
    assert max(len(line) for text in heat.layout.yaxis.ticktext for line in text.split("<br>")) <= 40 + len(
        "<b></b>"
    )


def test_what_labels_share_stands_in_the_heading():
    section = needs_sections.profile(make_needs_page().profile, {}, 0.95)
    texts = section.drawings[0].figure.layout.yaxis.ticktext
    assert texts[:3] == ("<b>Benefits – How important</b>", "Segment", "Low prices")
    assert "Source Segment: friends" in texts
    assert "Decides alone" in texts


def test_on_a_phone_every_row_has_its_name_above_itself(figures):
    for figure in figures:
        if figure.layout.meta is None:
            continue
        narrow = figure.layout.meta["narrow"]["layout"]
        rows = len(figure.layout.yaxis.ticktext)
        assert narrow["yaxis.showticklabels"] is False
        assert sum(note.get("xref") == "paper" and note["x"] == 0 for note in narrow["annotations"]) == rows
        assert narrow["height"] >= figure.layout.height


# --- labels -------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=12), st.integers(1, 24))
def test_labels_cover_no_other_label_and_no_point_and_stay_inside(points, letters):
    x, y = np.array(points).T
    texts = ["n" * letters] * len(points)
    plot = (270.0, 300.0)
    found = labels.apart(x, y, texts, range(len(points)), plot=plot)
    boxes = {}
    for place, anchors in found.items():
        dx, dy = labels.shifts(anchors)
        across = {"left": 0.0, "center": 0.5, "right": 1.0}[anchors[0]]
        upright = {"bottom": 0.0, "middle": 0.5, "top": 1.0}[anchors[1]]
        left = x[place] * plot[0] + dx - across * labels.LETTER * letters
        bottom = y[place] * plot[1] + dy - upright * 15
        boxes[place] = (left, left + labels.LETTER * letters, bottom, bottom + 15)
    for place, (left, right, bottom, top) in boxes.items():
        assert 0 <= left <= right <= plot[0]
        assert 0 <= bottom <= top <= plot[1]
        for other, (a, b, c, d) in boxes.items():
            assert other == place or not (left < b and a < right and bottom < d and c < top)
        inside = (x * plot[0] > left) & (x * plot[0] < right) & (y * plot[1] > bottom) & (y * plot[1] < top)
        assert not inside[np.arange(len(points)) != place].any()


def test_names_keep_quotes_and_lose_markup():
    assert labels.wrapped('say "no" <b>', 40) == 'say "no" &lt;b&gt;'


# --- importance and satisfaction ----------------------------------------------------------------------------


def test_the_shaded_corner_holds_what_scores_10_or_more():
    figure = importance_satisfaction(opportunity_rows(("a",), ("x", "y")))
    path = next(shape.path for shape in figure.layout.shapes if shape.path)
    corners = np.array([pair.split(",") for pair in path[2:-2].split(" L ")], float)
    importance, satisfaction = corners.T
    np.testing.assert_allclose(importance + np.maximum(importance - satisfaction, 0), [10, 20, 10])


def test_underserved_needs_are_named_and_marked_apart():
    frame = pd.DataFrame(
        {
            "benefit": ["Speed", "Price", "Looks"],
            "importance": [9.0, 5.0, 2.0],
            "satisfaction": [4.0, 4.0, 7.0],
            "opportunity": [14.0, 6.0, 2.0],
        }
    )
    figure = importance_satisfaction(frame)
    assert [trace.name for trace in figure.data] == ["Underserved", "Served", "Overserved"]
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    named = [note.text for note in figure.layout.annotations if note.xref != "paper"]
    assert named == ["Speed"]


def test_intervals_are_drawn_where_they_are_known():
    frame = opportunity_rows(("a",), ("x", "y")).assign(importance_low=1.0, importance_high=9.9)
    trace = importance_satisfaction(frame).data[0]
    np.testing.assert_allclose(np.asarray(trace.x) - np.asarray(trace.error_x.arrayminus), 1.0)
    assert trace.error_y.array is None


def test_quadrants_meet_at_the_same_place_in_every_map():
    section = maps(opportunity_rows(("a", "b"), ("x", "y", "z")), "$", 0.95)
    places = {
        tuple((shape.x0, shape.y0) for shape in drawing.figure.layout.shapes if shape.type == "line")
        for drawing in section.drawings
    }
    assert len(places) == 1
    assert len(section.drawings) == 2


# --- number of classes, questions, dots ---------------------------------------------------------------------


def test_each_criterion_is_marked_where_it_is_lowest_and_the_recommended_number_by_a_line():
    figure = class_number.criteria(class_table(), 3)
    lowest = {trace.name: trace.x[int(np.argmax(trace.marker.size))] for trace in figure.data}
    assert lowest == {"BIC": 3, "AIC3": 4, "ICL": 3}
    assert [shape.x0 for shape in figure.layout.shapes] == [3]
    assert (
        len({trace.line.dash for trace in figure.data})
        == len({trace.marker.symbol for trace in figure.data})
        == 3
    )


def test_held_out_scores_have_their_standard_error():
    trace = class_number.held_out(class_table()).data[0]
    np.testing.assert_allclose(trace.error_y.array, 0.05)


def test_the_curve_stays_under_its_ceiling_line_and_marks_the_number_chosen():
    curve = pd.DataFrame({"q": [1, 2, 3], "accuracy": [0.6, 0.8, 0.85], "worst_recall": [0.1, 0.5, 0.7]})
    figure = questions_curve.questions_curve(curve, chosen=2, ceiling=0.9)
    by_name = {trace.name: np.asarray(trace.y) for trace in figure.data}
    assert (by_name["Accuracy"] <= by_name["Ceiling, all questions"][0]).all()
    assert figure.layout.shapes[0].x0 == 2


def test_whiskers_of_dots_reach_the_ends_of_the_interval():
    dots = Dots(["a", "b"], np.array([3.0, 5.0]), ["3", "5"], np.array([2.0, 4.0]), np.array([4.5, 7.0]))
    trace = interval_dots(dots, x="Value (EUR)").data[0]
    np.testing.assert_allclose(np.asarray(trace.x) + np.asarray(trace.error_x.array), [4.5, 7.0])
    np.testing.assert_allclose(np.asarray(trace.x) - np.asarray(trace.error_x.arrayminus), [2.0, 4.0])

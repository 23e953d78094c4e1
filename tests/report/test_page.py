"""The page as a document: sections, escaping, no network, structure."""

import json
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go
import pytest
from html_document import Document, ids
from plotly.offline import get_plotlyjs

from segmodels.errors import InputError
from segmodels.report.html import figure_json
from segmodels.report.page import render, write

SECTIONS = [
    "audit",
    "fit",
    "tracking",
    "frequency",
    "maps",
    "deciles",
    "tiers",
    "concentration",
    "value",
    "backtest",
]
FIGURES = 8


def test_a_full_page_has_every_section_figure_and_table(full_page):
    document = Document(render(full_page))
    assert document.open == []
    assert [key for key in ids(document) if key in SECTIONS] == SECTIONS
    assert {"headline", "notes", "glossary"} < set(ids(document))
    figures = [attrs for _, attrs in document.elements if "data-figure" in attrs]
    assert len(figures) == len(document.figures()) == FIGURES
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in figures)
    tags = [tag for tag, _ in document.elements]
    # Each figure and one check have a table; audit, parameters, tiers and backtest are tables themselves.
    assert tags.count("details") == FIGURES + 1
    assert tags.count("table") == tags.count("caption") == FIGURES + 1 + 4


def test_the_figures_that_a_reader_takes_away_are_written_as_people_write_them(full_page):
    text = Document(render(full_page)).text
    for wanted in (
        "2,357",
        "1,653",
        "1,556 to 1,794",
        "$147,000",
        "P10 $121,000 · P90 $178,000",
        "60%",
        "1 of 2 checks passed",
    ):
        assert wanted in text
    assert "nan" not in text.lower().replace("finance", "")


def test_a_bare_page_leaves_out_what_it_has_not(bare_page):
    html = render(bare_page)
    document = Document(html)
    assert not set(ids(document)) & {*SECTIONS, "headline", "notes"}
    assert "glossary" in ids(document)
    assert not document.scripts
    assert len(html) < 20_000


@pytest.mark.parametrize(
    "name", ["audit", "parameters", "tracking", "frequency", "grid", "deciles", "tiers", "concentration"]
)
def test_each_section_can_be_left_out_alone(full_page, name):
    missing = {"calibration_end": None} if name == "tracking" else {}
    assert Document(render(replace(full_page, **{name: None}, **missing))).open == []


def test_frames_need_no_more_than_their_required_columns(full_page):
    page = replace(
        full_page,
        audit=full_page.audit[["step"]],
        parameters=full_page.parameters[["parameter", "mean"]].assign(low=float("nan"), high=float("nan")),
        tracking=full_page.tracking[["period", "actual", "expected"]],
        calibration_end=6,
        frequency=full_page.frequency[["purchases", "actual", "expected"]],
        deciles=full_page.deciles.drop(columns="actual"),
        tiers=full_page.tiers[["tier", "customers", "value"]],
        backtest=full_page.backtest[["method"]],
    )
    assert "Week" in Document(render(page)).text


def test_all_faults_of_the_input_are_reported_together(full_page):
    with pytest.raises(InputError) as caught:
        replace(
            full_page, tiers=pd.DataFrame({"tier": ["A"]}), audit=full_page.audit.iloc[:0], calibration_end=6
        )
    assert [fault.where for fault in caught.value.faults] == ["audit", "tiers", "calibration_end"]
    assert "customers, value" in str(caught.value)


def test_text_from_data_stays_text(nasty_page, full_page):
    nasty, plain = Document(render(nasty_page)), Document(render(full_page))
    assert [tag for tag, _ in nasty.elements] == [tag for tag, _ in plain.elements]
    for _, attrs in nasty.elements:
        assert not [name for name in attrs if name.startswith("on")]
    assert "<script>alert(1)</script>" in nasty.text
    # Plotly reads a few tags and templates in its text, so figures hold it escaped once more.
    figures = json.dumps(list(nasty.figures().values()))
    assert "alert(1)" in figures
    assert "<script" not in figures
    assert "<img" not in figures
    assert "%{x}&" not in figures


def test_json_can_not_end_its_script_element():
    text = figure_json(go.Figure(layout_title_text="</script><!--\u2028\u2029&"))
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text)["layout"]["title"]["text"] == "</script><!--\u2028\u2029&"


def test_nothing_is_fetched(full_page):
    html = render(full_page).replace(get_plotlyjs(), "")
    assert len(html) < 200_000, "Plotly's library has to be in the page once"
    document = Document(html)
    for tag, attrs in document.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
    assert not re.search(r"https?://|@import|url\(|//cdn", html)


def test_the_browser_is_told_to_fetch_nothing_and_to_run_these_scripts_only(full_page):
    document = Document(render(full_page))
    policy = next(attrs["content"] for _, attrs in document.elements if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert policy.count("'sha256-") == 2
    assert "script-src 'unsafe" not in policy


def test_ids_are_unique_and_links_and_labels_lead_somewhere(full_page):
    document = Document(render(full_page))
    assert len(ids(document)) == len(set(ids(document)))
    targets = [attrs["href"][1:] for tag, attrs in document.elements if tag == "a"]
    targets += [attrs["aria-labelledby"] for _, attrs in document.elements if "aria-labelledby" in attrs]
    targets += [attrs["data-figure"] for _, attrs in document.elements if "data-figure" in attrs]
    assert set(targets) <= set(ids(document))


def test_headings_go_down_one_level_at_a_time(full_page):
    levels = Document(render(full_page)).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_names_its_axes_with_units(full_page):
    for figure in Document(render(full_page)).figures().values():
        for axis in ("xaxis", "yaxis"):
            title = figure["layout"][axis]["title"]["text"]
            assert re.search(r"\(.+\)$", title), title


def test_the_split_needs_no_dates(full_page):
    page = replace(full_page, tracking=full_page.tracking.drop(columns="date"), calibration_end=6)
    shapes = Document(render(page)).figures()["tracking-cumulative-data"]["layout"]["shapes"]
    assert shapes[0]["x0"] == 6
    dated = Document(render(full_page)).figures()["tracking-cumulative-data"]["layout"]["shapes"]
    assert dated[0]["x0"] == date(1997, 2, 18).isoformat()


def test_the_sentence_on_tracking_is_about_the_time_held_out(full_page):
    text = Document(render(full_page)).text
    actual = full_page.tracking["actual"][full_page.tracking["date"] > "1997-02-18"].sum()
    expected = 10.5 * (full_page.tracking["date"] > "1997-02-18").sum()
    assert (
        f"expected {expected:,.0f} repeat purchases in the time held out from it; {actual:,} were made"
        in text
    )


def test_the_same_page_is_the_same_text(full_page):
    assert render(full_page) == render(full_page)


def test_write_replaces_the_page_whole(full_page, bare_page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    assert write(bare_page, path) == path
    assert path.read_text(encoding="utf-8") == render(bare_page)
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(FileNotFoundError):
        write(full_page, tmp_path / "nowhere" / "page.html")


def test_a_base_without_value_or_purchases_still_has_a_page(full_page):
    nothing = {"actual": 0, "expected": 0.0}
    page = replace(
        full_page,
        tracking=full_page.tracking.assign(**nothing, low=float("nan"), high=float("nan")),
        frequency=full_page.frequency.assign(**nothing),
        deciles=full_page.deciles.assign(value=0.0, low=0.0, high=0.0, actual=0.0),
        tiers=full_page.tiers.assign(value=0.0, revenue=0.0),
        value_curve=full_page.value_curve.assign(p10=0.0, p50=0.0, p90=0.0),
    )
    assert "nan" not in Document(render(page)).text.lower().replace("finance", "")

"""The page on needs as a document: sections, figures people take away, escaping, drafts, faults."""

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from conftest import NASTY
from html_document import Document, ids
from needs_pages import make_needs_page
from plotly.offline import get_plotlyjs

from segmodels.errors import InputError
from segmodels.report.needs_notes import needs_notes
from segmodels.report.needs_page import NeedsPage, Provenance, render, write

SECTIONS = [
    *("personas", "profile", "roles", "kano", "opportunity", "maps", "price"),
    *("outside", "typing", "base", "classes", "fit", "audit"),
]
# A map of all items, two rankings, a map a segment, the price axis, an outcome, a curve, two of the base, four of K.
FIGURES = 1 + 2 + 3 + 1 + 1 + 1 + 2 + 4


@pytest.fixture(scope="module")
def full():
    return make_needs_page()


@pytest.fixture(scope="module")
def html(full):
    return render(full)


@pytest.fixture(scope="module")
def document(html):
    return Document(html)


@pytest.fixture(scope="module")
def nasty():
    return Document(render(make_needs_page(NASTY, NASTY)))


def test_a_full_page_has_every_section_figure_and_table(document):
    assert document.open == []
    assert [key for key in ids(document) if key in SECTIONS] == SECTIONS
    assert {"headline", "notes", "glossary"} < set(ids(document))
    drawn = [attrs for _, attrs in document.elements if "data-figure" in attrs]
    assert len(drawn) == len(document.figures()) == FIGURES
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in drawn)
    tags = [tag for tag, _ in document.elements]
    # Besides those behind figures: one behind a check, and two that open when asked for.
    assert tags.count("details") == FIGURES + 3
    assert tags.count("table") == tags.count("caption")


@pytest.mark.parametrize(
    "wanted",
    [
        "600",
        "recommended: 3",
        "Largest segment",
        "50%",
        "Accuracy of 2 golden questions",
        "87%",
        "23,570",
        "index 155",
        "score 12.3 (11.0 to 13.6) · $38,600",
        "2 questions place 86.6% of people in the segment that they are truly of (accuracy)",
        "with all questions it would be 88.9%, the ceiling.",
        "They place 93.1% as the full battery does (agreement, 91.7% for respondents whom the tool had not seen).",
        "No signal: Segment.",
        "Segments differ in Segment; no difference is shown in tenure.",
        "Base expectation: Segment 0.",
        "1 of 2 checks passed",
    ],
)
def test_what_a_reader_takes_away_is_written_as_people_write_it(document, wanted):
    assert wanted in document.text


def test_nothing_that_is_not_known_is_written_as_nan(document):
    assert not re.search(r"\bnan\b", document.text.lower())


def test_the_confusion_table_says_what_share_of_a_segment_is_placed_where(document):
    # 0.25 of 0.35 truly of it, and 0.05 of 0.35 of every other.
    assert "71.4%" in document.text
    assert "14.3%" in document.text


def test_a_bare_page_leaves_out_what_it_has_not():
    bare = NeedsPage("Shop", Provenance("survey.csv", "latent class", datetime(2026, 1, 31, tzinfo=UTC), 7))
    html = render(bare)
    found = Document(html)
    assert not set(ids(found)) & {*SECTIONS, "headline", "notes"}
    assert "glossary" in ids(found)
    assert not found.scripts
    assert len(html) < 30_000


@pytest.mark.parametrize("name", [each.name for each in fields(NeedsPage)][4:])
def test_each_part_can_be_left_out_alone(full, name):
    field = next(each for each in fields(NeedsPage) if each.name == name)
    found = Document(render(replace(full, **{name: field.default})))
    assert found.open == []
    assert len(ids(found)) == len(set(ids(found)))


def test_frames_need_no_more_than_their_required_columns(full):
    lean = replace(
        full,
        profile=full.profile.drop(columns=["low", "high", "index_low", "index_high", "z", "q_value"]),
        roles=full.roles[["label", "role"]],
        kano=full.kano[["feature", "segment", "category"]],
        opportunity=full.opportunity[["benefit", "segment", "importance", "satisfaction", "opportunity"]],
        price=full.price[["segment", "mean", "side"]],
        typing=replace(
            full.typing,
            curve=full.typing.curve[["q", "accuracy"]],
            numbers=full.typing.numbers[["number", "value"]],
            segments=full.typing.segments[["segment", "recall", "precision"]],
        ),
        base=replace(
            full.base,
            value=full.base.value[["segment", "value", "low", "high"]],
            lift=full.base.lift[["segment", "decile", "predicted", "observed", "lift"]],
        ),
        classes=replace(full.classes, table=full.classes.table[["n_classes", "BIC"]], best=None),
        audit=full.audit[["step"]],
    )
    found = Document(render(lean))
    assert found.open == []
    # Without money one ranking less, and of the number of classes the criteria alone.
    assert len(found.figures()) == FIGURES - 1 - 3


def test_all_faults_of_the_input_are_reported_together(full):
    with pytest.raises(InputError) as caught:
        replace(
            full,
            level=95,
            audit=full.audit.iloc[:0],
            roles=full.roles[["role"]],
            base=replace(full.base, sizes=full.base.sizes[["segment"]]),
            price=full.price.assign(segment=["a", "b", "c"]),
        )
    assert [fault.where for fault in caught.value.faults] == [
        "roles",
        "audit",
        "base.sizes",
        "price",
        "level",
    ]
    assert "segments a, b, c" in str(caught.value)


def test_parts_of_fits_that_were_named_differently_are_refused(full):
    renamed = full.typing.confusion.rename(index={full.typing.confusion.index[0]: "Bargain hunters"})
    with pytest.raises(InputError, match="Make all parts from one fit"):
        replace(full, typing=replace(full.typing, confusion=renamed))


def test_draft_names_are_flagged_wherever_they_stand(document):
    assert "draft name" not in document.text
    found = Document(render(make_needs_page(draft="draft: ")))
    assert found.text.count("draft name") == 3
    assert "Names with a star (*) are drafts" in found.text
    assert "Segment 0*" in found.text
    assert "draft: Segment" not in found.text
    heat = found.figures()["profile-1-data"]["layout"]["xaxis"]["ticktext"]
    assert heat[0].startswith("Segment 0*")
    assert heat[-1] == "All"
    assert not any(
        "*" in text for text in document.figures()["profile-1-data"]["layout"]["xaxis"]["ticktext"]
    )


def test_text_from_data_stays_text(nasty, document):
    assert [tag for tag, _ in nasty.elements] == [tag for tag, _ in document.elements]
    for _, attrs in nasty.elements:
        assert not [name for name in attrs if name.startswith("on")]
    assert "<script>alert(1)</script>" in nasty.text
    # Plotly reads a few tags and templates in its text, so figures hold it escaped once more.
    figures = json.dumps(list(nasty.figures().values()))
    assert "alert(1)" in figures
    assert "<script" not in figures
    assert "<img" not in figures
    assert "%{x}&" not in figures


def test_nothing_is_fetched_and_no_other_script_runs(html, document):
    own = html.replace(get_plotlyjs(), "")
    assert len(own) < 300_000, "Plotly's library has to be in the page once"
    for tag, attrs in document.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
    assert not re.search(r"https?://|@import|url\(|//cdn", own)
    policy = next(attrs["content"] for _, attrs in document.elements if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert policy.count("'sha256-") == 2
    assert "script-src 'unsafe" not in policy


def test_ids_are_unique_and_links_and_labels_lead_somewhere(document):
    assert len(ids(document)) == len(set(ids(document)))
    targets = [attrs["href"][1:] for tag, attrs in document.elements if tag == "a"]
    targets += [attrs["aria-labelledby"] for _, attrs in document.elements if "aria-labelledby" in attrs]
    targets += [attrs["data-figure"] for _, attrs in document.elements if "data-figure" in attrs]
    assert set(targets) <= set(ids(document))


def test_headings_go_down_one_level_at_a_time(document):
    assert document.headings[0] == 1
    assert document.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(document.headings))


def test_the_same_page_is_the_same_text_and_is_written_whole(full, html, tmp_path):
    path = tmp_path / "needs.html"
    path.write_text("old")
    assert write(full, path) == path
    assert path.read_text(encoding="utf-8") == html
    assert [each.name for each in tmp_path.iterdir()] == ["needs.html"]


def test_a_segment_nobody_is_placed_in_still_has_a_page(full):
    empty = full.typing.confusion * 0.0
    nothing = full.opportunity.assign(opportunity=np.nan, importance=np.nan, satisfaction=np.nan)
    page = replace(full, opportunity=nothing, typing=replace(full.typing, confusion=empty))
    assert not re.search(r"\bnan\b", Document(render(page)).text.lower())


def test_notes_say_whether_the_model_has_a_response_style():
    assert any("no response style" in note for note in needs_notes(response_style=False))
    assert not any("response style" in note for note in needs_notes())


def test_outcomes_without_any_mean_are_tabulated_only(full):
    shares = full.outside.outcomes.loc[full.outside.outcomes["category"] != ""]
    page = replace(full, outside=replace(full.outside, outcomes=shares))
    assert "outcome-1-data" not in Document(render(page)).figures()

"""The page on wallets as a document: sections, what people take away, escaping, faults, edges."""

import json
import re
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from conftest import NASTY
from html_document import Document, ids
from plotly.offline import get_plotlyjs
from wallet_pages import frontier_page, make_wallet_page

from segmodels.errors import InputError
from segmodels.report.wallet_notes import NO_SURVEY
from segmodels.report.wallet_page import WalletPage, render, write
from segmodels.report.wallet_parts import (
    AskPart,
    CalibrationPart,
    Estimate,
    GridPart,
    SegmentPart,
    SharePart,
)

SECTIONS = ["known", "grid", "share", "segments", "calibration", "tipping", "ask", "fit", "glossary"]
# Amounts; cells and bands; shares; three of segments; coverage and PIT; tipping; sizes.
FIGURES = 1 + 2 + 1 + 3 + 2 + 1 + 1


@pytest.fixture(scope="module")
def full():
    return make_wallet_page()


@pytest.fixture(scope="module")
def html(full):
    return render(full)


@pytest.fixture(scope="module")
def document(html):
    return Document(html)


@pytest.fixture(scope="module")
def nasty():
    return Document(render(make_wallet_page(NASTY, NASTY)))


def test_a_full_page_has_every_section_figure_and_table_in_order(document):
    assert document.open == []
    assert [key for key in ids(document) if key in SECTIONS] == SECTIONS
    assert {"headline", "notes"} < set(ids(document))
    drawn = [attrs for _, attrs in document.elements if "data-figure" in attrs]
    assert len(drawn) == len(document.figures()) == FIGURES
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in drawn)
    tags = [tag for tag, _ in document.elements]
    # Besides those behind figures: the audit, and one behind a check.
    assert tags.count("details") == FIGURES + 2
    assert tags.count("table") == tags.count("caption")


@pytest.mark.parametrize(
    "wanted",
    [
        "What is known: about 25% of the wallet is ours, $36.0 million is spent elsewhere",
        "1,204 of them (5%) told what they spend in all; the other 22,366 are predicted.",
        "$48.1 million (90% interval: $44.0 million to $53.2 million)",
        "25.2% (90% interval: 22.9% to 27.6%)",
        "share that 20% of the look-alikes reach",
        "Of 470 customers nothing can be said (not identified): they and their own spend of $200,000",
        "17 answers named less than own spend",
        "233 answers were round",
        "Value grid: 4,010 customers to invest in hold 44% of headroom",
        "6,402 customers (28%) are undecided: no cell has a probability of 80% or more.",
        "highest expected headroom holds 34% of it",
        "Share against spend: the share rises from 12% to 62%",
        "37 who answered have no own spend",
        "Segment 0 has the most headroom, $12.0 million or 46% of all",
        "Calibration: 80% intervals held the truth 78% of the time",
        "−2.0 points",
        "Tipping points: 2 of 4 segments change their place if their own customers who did not answer differ by −39%",
        "Whom to ask next: 310 more answers bring the error of mean headroom to 5%",
        "The first 10 of 45 customers to ask",
        "The 10 of them whose answers are expected to gain most",
        "Checks: 1 of 2 not passed",
    ],
)
def test_what_a_reader_takes_away_is_written_as_people_write_it(document, wanted):
    assert wanted in document.text


def test_nothing_that_is_not_known_is_written_as_nan(document):
    assert not re.search(r"\bnan\b", document.text.lower())


def test_intervals_and_figures_that_are_not_known_are_dashes(full):
    table = full.segments.table.copy()
    table[[name for name in table if name.endswith(("_low", "_high"))]] = np.nan
    table.loc[0, ["headroom", "share", "attainable"]] = np.nan
    bare = {name: Estimate(np.nan) for name in ("wallet", "headroom", "share", "attainable")}
    coverage = full.calibration.coverage.assign(actual=np.nan)
    page = replace(
        full,
        headline=replace(full.headline, own_not_identified=np.nan, **bare),
        segments=SegmentPart(table),
        calibration=replace(full.calibration, coverage=coverage),
        grid=replace(full.grid, cells=full.grid.cells.assign(headroom=np.nan), top_headroom=np.nan),
        share=replace(full.share, curve=full.share.curve.assign(median=np.nan)),
    )
    found = Document(render(page))
    assert not re.search(r"\bnan\b", found.text.lower())
    assert "Segment 1 has the most headroom" in found.text


def test_a_bare_page_says_what_is_known_and_no_more(full):
    found = Document(render(WalletPage(full.title, full.provenance, full.headline)))
    assert [key for key in ids(found) if key in SECTIONS] == ["known", "glossary"]


@pytest.mark.parametrize("name", [each.name for each in fields(WalletPage)][5:])
def test_each_part_can_be_left_out_alone(full, name):
    field = next(each for each in fields(WalletPage) if each.name == name)
    found = Document(render(replace(full, **{name: field.default})))
    assert found.open == []
    assert len(ids(found)) == len(set(ids(found)))


def test_frames_need_no_more_than_their_required_columns(full):
    lean = replace(
        full,
        grid=GridPart(full.grid.cells[["cell", "customers", "value", "headroom"]].iloc[1:2], 1.0, 2.0),
        share=SharePart(full.share.curve[["own", "median"]]),
        segments=SegmentPart(full.segments.table[["segment", "customers", "own", "headroom"]]),
        calibration=CalibrationPart(full.calibration.coverage[["nominal", "actual"]]),
        tipping=replace(full.tipping, points=full.tipping.points[["segment", "words"]]),
        ask=AskPart(sizes=full.ask.sizes[["error", "still"]], whom=full.ask.whom[["customer_id", "reason"]]),
    )
    found = Document(render(lean))
    # Without bands, shares, answers alone and PIT.
    assert len(found.figures()) == FIGURES - 4
    assert "Value grid: nobody is of high value and of high potential" in found.text


def test_a_model_without_answers_says_so_where_answers_are_missing():
    found = Document(render(frontier_page()))
    assert [key for key in ids(found) if key in SECTIONS] == [
        *("known", "grid", "share", "segments", "calibration", "fit", "glossary"),
    ]
    assert "Nobody was asked what they spend elsewhere." in found.text
    assert "no answers to hold the model's shares against" in found.text
    assert "Calibration: can not be checked, as nobody was asked" in found.text
    assert NO_SURVEY in found.text
    without = Document(render(replace(frontier_page(), share=None)))
    assert "Share against spend: nobody was asked" in without.text


@pytest.mark.parametrize("size", [1, 2, 30])
def test_any_number_of_segments_is_shown_whole(size):
    found = Document(render(make_wallet_page(size=size)))
    for key in ("segments-potential", "segments-share", "segments-raw"):
        assert len(found.figures()[f"{key}-data"]["layout"]["yaxis"]["ticktext"]) == size
    assert found.text.count(f"Segment {size - 1}") >= 6


def test_the_segments_stand_from_the_highest_headroom_down_and_the_total_last(full):
    turned = replace(full, segments=replace(full.segments, table=full.segments.table.iloc[::-1]))
    html = render(full)
    assert render(turned) == html
    figure = Document(html).figures()["segments-potential-data"]
    assert figure["layout"]["yaxis"]["ticktext"] == [f"Segment {k}" for k in range(4)]
    assert re.findall(r'class="strong">\s*<th scope="row">(.*?)</th>', html) == ["All"] * 5


def test_all_faults_of_the_input_are_reported_together(full):
    cells = full.grid.cells.assign(cell="sell")
    with pytest.raises(InputError) as caught:
        replace(
            full,
            level=90,
            grid=replace(full.grid, cells=cells, bands=full.grid.bands.iloc[:0]),
            share=replace(full.share, curve=full.share.curve[["own"]]),
            segments=replace(full.segments, total=pd.concat([full.segments.total] * 2)),
            tipping=replace(full.tipping, points=full.tipping.points.assign(segment=["a", "b", "c", "d"])),
        )
    assert [fault.where for fault in caught.value.faults] == [
        *("grid.bands", "share.curve", "grid.cells", "tipping.points", "segments.total", "level"),
    ]
    assert "segments a, b, c, d" in str(caught.value)


def test_a_segment_twice_is_refused(full):
    twice = pd.concat([full.segments.table] * 2)
    with pytest.raises(InputError, match="a segment twice"):
        replace(full, segments=SegmentPart(twice), tipping=None)


def test_draft_names_are_marked():
    found = Document(render(make_wallet_page(draft="draft: ")))
    assert "draft: Segment" not in found.text
    assert "Segment 0*" in found.text
    assert "Names with a star (*) are drafts." in found.text


def test_text_from_data_stays_text(nasty, document):
    assert [tag for tag, _ in nasty.elements] == [tag for tag, _ in document.elements]
    assert not [name for _, attrs in nasty.elements for name in attrs if name.startswith("on")]
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


def test_ids_are_unique_and_links_and_labels_lead_somewhere(document):
    assert len(ids(document)) == len(set(ids(document)))
    targets = [attrs["href"][1:] for tag, attrs in document.elements if tag == "a"]
    targets += [attrs["aria-labelledby"] for _, attrs in document.elements if "aria-labelledby" in attrs]
    targets += [attrs["data-figure"] for _, attrs in document.elements if "data-figure" in attrs]
    assert set(targets) <= set(ids(document))
    assert all(after <= before + 1 for before, after in pairwise(document.headings))


def test_the_same_page_is_the_same_text_and_is_written_whole(full, html, tmp_path):
    path = tmp_path / "wallet.html"
    path.write_text("old")
    assert write(full, path) == path
    assert path.read_text(encoding="utf-8") == html
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.html"]


def test_without_a_currency_money_has_no_sign(full):
    assert "$" not in Document(render(replace(full, currency=""))).text

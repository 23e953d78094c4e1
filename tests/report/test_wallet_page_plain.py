"""What a stranger stumbled over on the page: tables in print, long lists, small words, cuts that part nobody."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from html_document import Document
from wallet_pages import headline, make_wallet_page, segment_part, tipping_part

from segmodels.report import embed
from segmodels.report.wallet_calibration import calibration
from segmodels.report.wallet_cuts import cut_notes
from segmodels.report.wallet_grid import grid
from segmodels.report.wallet_known import known
from segmodels.report.wallet_page import render
from segmodels.report.wallet_segments import segments
from segmodels.report.wallet_tipping import tipping_points
from segmodels.segments.wallet.value_grid import CELLS

BOTH = ("own spend", 90.0), ("headroom", 40.0)


def heads(*numbers):
    return dict(zip(CELLS, map(float, numbers), strict=True))


# --- A6 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (heads(0, 0, 30, 20), "own spend at $90.00 separates nobody: no customer is above it"),
        (heads(30, 20, 0, 0), "own spend at $90.00 separates nobody: all customers are above it"),
        (heads(0, 30, 0, 20), "headroom at $40.00 separates nobody: no customer is above it"),
        (heads(30, 0, 20, 0.2), "headroom at $40.00 separates nobody: all customers are above it"),
    ],
)
def test_a_cut_that_separates_nobody_is_said(customers, said):
    (note,) = cut_notes(customers, *BOTH, "$")
    assert said in note
    assert note.endswith("Choose another cut.")


def test_a_cut_that_parts_customers_is_not_worth_a_word_and_one_at_0_is():
    assert not list(cut_notes(heads(1, 2, 3, 4), *BOTH, "$"))
    (note,) = cut_notes(heads(1, 2, 3, 4), ("own spend", 0.0), BOTH[1], "$")
    assert note == "The cut of own spend is at 0: every customer with any of it is high."


def test_the_page_says_it_beside_the_cuts():
    part = make_wallet_page().grid
    none = part.cells.assign(customers=[0.0, 0.0, 9_000.0, 14_000.0, 470.0])
    text = " ".join(grid(replace(part, cells=none), "$", 0.9).text)
    assert "separates nobody: no customer is above it" in text
    assert "separates nobody" not in " ".join(grid(part, "$", 0.9).text)


# --- A9 and words -------------------------------------------------------------------------------------------


def test_answers_alone_are_said_not_to_add_up_and_poststratified_is_explained_where_it_stands():
    text = " ".join(segments(segment_part(["a", "b"]), "$", 0.9).text)
    assert "its own mean times its own customers, so answers alone do not add up over segments" in text
    assert (
        "poststratified figure, for which every customer is predicted and the predictions are added up"
        in text
    )


def test_pit_is_explained_in_its_section():
    text = " ".join(calibration(make_wallet_page().calibration).text)
    assert (
        "from 0, below all that was thought likely, to 1, above it: the probability integral transform"
        in text
    )


def test_one_segment_has_no_second_line_of_the_same():
    shown = segments(segment_part(["a"]), "$", 0.9).tables
    assert all(table.columns[0].cells == ("a",) for table in shown)


def test_a_target_of_the_whole_wallet_explains_that_attainable_is_near_headroom():
    head = replace(headline(), target_of_all=0.62)
    text = " ".join(known(head, "model", "$", 0.9, None).text)
    assert "For 62% of the buyers that share is 100%" in text
    assert "the whole headroom counts as attainable" in text
    assert "that share is 100%" not in " ".join(known(headline(), "model", "$", 0.9, None).text)


def test_what_a_status_means_stands_in_the_cell_of_its_name():
    table = known(headline(), "model", "$", 0.9, None).tables[0]
    assert [column.numeric for column in table.columns] == [False, True, True]
    assert table.columns[0].cells[2] == "not identified: nothing is known of what they spend elsewhere."


# --- many segments ------------------------------------------------------------------------------------------


def test_of_many_segments_the_twelve_with_the_most_headroom_stand_in_the_tables():
    names = [f"store {k}" for k in range(60)]
    part = tipping_part(names, "Level with.")
    mixed = replace(part, points=part.points.sample(frac=1, random_state=1))
    section = tipping_points(mixed, "$")
    text = " ".join(section.text)
    assert (
        "The tables have the 12 segments with the most headroom; 48 more stand in tipping_points.csv." in text
    )
    for table in (section.tables[0], section.drawings[0].table):
        assert table.columns[0].cells == tuple(names[:12])
    assert "of 60 segments" in section.title
    # Those in grey are drawn all the same.
    assert len(section.drawings[0].figure.data) == 60


def test_few_segments_are_all_shown():
    section = tipping_points(tipping_part(["a", "b", "c"]), "$")
    assert "tipping_points.csv" not in " ".join(section.text)
    assert section.tables[0].columns[0].cells == ("a", "b", "c")


def test_a_segment_of_which_nothing_is_known_is_behind_those_with_headroom():
    names = [f"store {k}" for k in range(13)]
    part = tipping_part(names)
    lost = part.headroom.assign(
        headroom=np.where(part.headroom["segment"] == "store 0", np.nan, part.headroom["headroom"])
    )
    cells = tipping_points(replace(part, headroom=lost), "$").tables[0].columns[0].cells
    assert cells == tuple(names[1:])


# --- print --------------------------------------------------------------------------------------------------


def test_print_shows_the_table_behind_each_figure_and_keeps_headings_with_what_they_head():
    style = embed.template_text("wallet.css").split("@media print")[1]
    assert "figure details:not([open]) { display: block" in style
    assert "figure details::details-content { content-visibility: visible" in style
    assert "break-after: avoid" in style
    page = Document(render(replace(make_wallet_page(), audit=pd.DataFrame({"step": ["read"], "rows": [1]}))))
    assert style.strip()[:40] in "".join(render(make_wallet_page()))
    assert "Terms" in page.text

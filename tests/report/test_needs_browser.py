"""The page on needs in headless Chromium: figures are drawn, nothing overflows, nothing complains."""

import re
from dataclasses import replace

import pytest
from browser import MARKS, dump, looked_at
from conftest import NASTY
from needs_pages import make_needs_page, profile_rows, segment_names

from segmodels.report.needs_page import write

pytestmark = MARKS
FIGURES = 15


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_drawn_and_fits(tmp_path, width):
    page = write(make_needs_page(), tmp_path / "needs.html")
    assert looked_at(page, tmp_path, width) == (f"0 0 {FIGURES} true", [])


def test_nine_segments_and_forty_items_with_long_names_fit_on_a_phone(tmp_path):
    many = make_needs_page(
        "A segment whose name somebody wrote without a thought of those who read it", size=9
    )
    label = "When I think of it, what matters to me is that it works as I expected it to work, question {}"
    items = [(f"q{j}", label.format(j), "benefit", "ordinal", ("1", "2", "3")) for j in range(40)]
    names = segment_names(many.title, 9)
    page = write(replace(many, profile=profile_rows(names, items)), tmp_path / "needs.html")
    # Two maps of items instead of one, and six maps of segments more.
    assert looked_at(page, tmp_path, 390) == (f"0 0 {FIGURES + 7} true", [])


def test_names_from_data_do_not_run(tmp_path):
    page = write(make_needs_page(NASTY, NASTY), tmp_path / "needs.html")
    seen = dump(page, tmp_path / "profile")
    assert seen.stdout.count('data-drawn="yes"') == FIGURES
    assert "<img" not in seen.stdout
    assert not re.findall(r"CONSOLE.*", seen.stderr)

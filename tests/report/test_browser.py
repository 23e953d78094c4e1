"""The page in headless Chromium: figures are drawn, nothing overflows, nothing complains."""

import re

import pytest
from browser import MARKS, dump, looked_at

from segmodels.report.page import write

pytestmark = MARKS


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_drawn_and_fits(full_page, tmp_path, width):
    page = write(full_page, tmp_path / "page.html")
    assert looked_at(page, tmp_path, width) == ("0 0 8 true", [])


def test_names_from_data_do_not_run(nasty_page, tmp_path):
    write(nasty_page, tmp_path / "page.html")
    seen = dump(tmp_path / "page.html", tmp_path / "profile")
    assert seen.stdout.count('data-drawn="yes"') == 8
    assert "<img" not in seen.stdout
    assert not re.findall(r"CONSOLE.*", seen.stderr)

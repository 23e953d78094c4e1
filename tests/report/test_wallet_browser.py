"""The page on wallets in headless Chromium: figures are drawn, nothing overflows, nothing complains."""

import re

import pytest
from browser import MARKS, dump, looked_at
from conftest import NASTY
from test_wallet_page import FIGURES
from wallet_pages import frontier_page, make_wallet_page

from segmodels.report.wallet_page import write

pytestmark = MARKS


@pytest.mark.parametrize("width", [390, 1280])
def test_the_wallet_page_is_drawn_and_fits(tmp_path, width):
    page = write(make_wallet_page(), tmp_path / "wallet.html")
    assert looked_at(page, tmp_path, width) == (f"0 0 {FIGURES} true", [])


@pytest.mark.parametrize("size", [1, 30])
def test_one_segment_and_thirty_with_long_names_fit_on_a_phone(tmp_path, size):
    name = "A segment whose name somebody wrote without a thought of those who read it"
    page = write(make_wallet_page(name, "thalers", size=size), tmp_path / "wallet.html")
    assert looked_at(page, tmp_path, 390) == (f"0 0 {FIGURES} true", [])


def test_a_page_without_answers_is_drawn_and_fits(tmp_path):
    page = write(frontier_page(), tmp_path / "wallet.html")
    # Without calibration, tipping points and whom to ask.
    assert looked_at(page, tmp_path, 390) == (f"0 0 {FIGURES - 4} true", [])


def test_names_from_wallets_do_not_run(tmp_path):
    page = write(make_wallet_page(NASTY, NASTY), tmp_path / "wallet.html")
    seen = dump(page, tmp_path / "profile")
    assert seen.stdout.count('data-drawn="yes"') == FIGURES
    assert "<img" not in seen.stdout
    assert not re.findall(r"CONSOLE.*", seen.stderr)

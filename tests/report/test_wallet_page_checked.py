"""Failed checks stand where the figures stand: on the page, and at the top of the summary."""

from dataclasses import replace

import pandas as pd
from html_document import Document
from wallet_pages import make_wallet_page

from segmodels.evidence import Evidence
from segmodels.report.wallet_checked import BEARING, advised, warning
from segmodels.report.wallet_page import render

WAIT = "The data pull it. Do not use the totals before that is settled."
FAILED = (
    Evidence("Answers", None, "Told."),
    Evidence("Level of the wallet", False, WAIT),
    Evidence("single answers", False, "Customer 7."),
    Evidence("Draws suffice", False, "Few."),
    Evidence("cross-validated coverage", False, "Off."),
    Evidence("Divergences", True, "None."),
)


def test_the_line_says_how_many_failed_and_which_bear_on_the_figures():
    line = warning(FAILED)
    assert line == (
        "Before you use these figures: 4 of 5 checks were not passed. On the figures bear: Level of the wallet, "
        "Single answers, Draws suffice. Do not use the totals before this is settled: Level of the wallet."
    )


def test_checks_of_single_customers_do_not_bear_on_the_sums():
    line = warning((FAILED[4], FAILED[5]))
    assert line == "1 of 2 checks was not passed, which does not bear on the sums: Cross-validated coverage."


def test_without_a_failed_check_there_is_no_line():
    assert not warning(FAILED[:1])
    page = replace(make_wallet_page(), evidence=(FAILED[5],))
    assert "were not passed" not in Document(render(page)).text


def test_the_line_stands_between_the_figures_on_top_and_the_first_section():
    text = Document(render(replace(make_wallet_page(), evidence=FAILED))).text
    head, line = text.index("Headline figures"), text.index("Before you use these figures: 4 of 5")
    assert head < line < text.index("What is known: about", head)


def test_every_name_that_bears_is_the_name_of_a_check():
    """A check that is given another name must be given it here, too."""
    from pathlib import Path

    import segmodels

    files = (Path(segmodels.__file__).parent).rglob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "wallet_checked.py")
    assert not [name for name in BEARING if f'"{name}"' not in source]


def test_where_weights_made_the_balance_worse_there_is_advice():
    table = pd.DataFrame({"difference_before": [-0.12, 0.01], "difference_after": [0.13, 0.0]})
    found = Evidence("balance of answered customers and base", False, "It is 0.13.", table)
    assert "Weighting made the balance worse" in advised(found).text
    assert "Weigh by fewer columns" in Document(render(replace(make_wallet_page(), evidence=(found,)))).text
    better = replace(found, table=table.assign(difference_before=0.5))
    assert advised(better) == better

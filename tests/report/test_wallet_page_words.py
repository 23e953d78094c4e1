"""What the page on wallets makes of parts that are at the edge: words, orders, figures that are not known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from html_document import Document
from wallet_pages import ask_part, frontier_page, make_wallet_page, tipping_part

from segmodels.report.plots.segment_potential import Series, segment_potential
from segmodels.report.plots.tipping import tipping
from segmodels.report.plots.value_grid import decile_bands, value_grid
from segmodels.report.wallet_ask import ask
from segmodels.report.wallet_grid import grid
from segmodels.report.wallet_page import render
from segmodels.report.wallet_parts import AskPart
from segmodels.report.wallet_tipping import tipping_points
from segmodels.segments.wallet.whom_to_ask import UNDECIDED

CUTS = ("own spend of $310", "headroom of $800")


@pytest.fixture
def full():
    return make_wallet_page()


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (["few", "few"], "The list has 2 customers that fill the quotas"),
        (
            [UNDECIDED] * 2,
            "The list has the 2 undecided, those first whose answer is expected to gain most. No quota",
        ),
        (["few", UNDECIDED], "The list begins with 1 customer that fills the quotas"),
    ],
)
def test_the_order_of_the_list_is_told_as_it_is(reasons, said):
    part = AskPart(whom=pd.DataFrame({"customer_id": [7, 8], "reason": reasons}))
    text = " ".join(ask(part, "$").text)
    assert said in text
    assert "by what asking them is expected to gain" not in text


def test_the_most_to_gain_stand_in_their_order_and_those_of_no_known_gain_do_not():
    gain = np.array([np.nan, 3.0, 9.0, 5.0])
    whom = pd.DataFrame(
        {"customer_id": list("abcd"), "reason": ["few", "few", UNDECIDED, UNDECIDED], "gain": gain}
    )
    first, most = ask(AskPart(whom=whom, most=3), "$").tables
    assert first.columns[0].cells == ("a", "b", "c")
    assert most.columns[0].cells == ("c", "d", "b")
    assert most.caption == "The 3 of them whose answers are expected to gain most"


@pytest.mark.parametrize(
    ("error", "number", "said"), [(0.025, 700, "2.5%"), (0.05, 310, "5%"), (0.1, 0, "10%")]
)
def test_the_title_speaks_of_the_error_that_was_asked_for(error, number, said):
    part = ask_part(["a"])
    rows = pd.DataFrame({"error": [0.025], "needed": [1_100.0], "still": [700.0], "simple": [1_450.0]})
    sizes = pd.concat([part.sizes, rows], ignore_index=True)
    title = ask(replace(part, sizes=sizes, error=error), "$").title
    expected = f"{number} more answers bring" if number else "there are answers enough"
    assert expected in title
    assert title.endswith(said)


def test_a_title_without_the_error_that_was_asked_for_claims_nothing():
    part = replace(ask_part(["a"]), error=0.033)
    assert ask(part, "$").title == "Whom to ask next: a list of 45 customers"


def test_the_interval_of_the_customers_stands_beside_them(full):
    customers = grid(full.grid, "$", 0.9).tables[0]
    labels = [column.label for column in customers.columns]
    assert labels[labels.index("Customers") + 1] == "90% interval"


def test_the_axes_of_the_grid_say_up_to_and_above():
    figure = value_grid(make_wallet_page().grid.cells, currency="$", cuts=CUTS)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.ticktext == ("up to", "above")


def test_a_name_that_is_parted_on_a_phone_stays_bold():
    figure = value_grid(make_wallet_page().grid.cells, currency="$", cuts=CUTS)
    texts = [note["text"] for note in figure.layout.meta["narrow"]["layout"]["annotations"]]
    assert any(text.startswith("<b>Competitors'<br>customers</b><br>") for text in texts)


def test_numbers_on_the_heat_map_are_dark_on_light():
    heat = decile_bands(make_wallet_page().grid.bands, currency="$").data[0]
    assert heat.textfont.color == "#1c2733"
    darkest = heat.colorscale[-1][1]
    assert min(int(darkest[at : at + 2], 16) for at in (1, 3, 5)) > 0x80


def test_a_dot_at_nothing_is_drawn_whole():
    one = Series("Answers", np.array([0.0, 9.0]), ["0", "9"])
    assert segment_potential(["a", "b"], [one], x="Answers").data[0].cliponaxis is False


def test_a_segment_without_known_headroom_has_no_line():
    frame = tipping_part(["a", "b"]).headroom
    frame.loc[frame["segment"] == "a", "headroom"] = np.nan
    assert [trace.name for trace in tipping(frame, currency="$").data] == ["b"]


def test_segments_of_which_nothing_is_known_are_named_and_stand_last(full):
    table = full.segments.table.copy()
    names = [name for name in table if name.startswith(("headroom", "wallet", "share", "attainable"))]
    table.loc[0, names] = np.nan
    found = Document(render(replace(full, segments=replace(full.segments, table=table)))).text
    assert "Not known: wallet, share and headroom of Segment 0." in found
    assert "Segment 1 has the most headroom, $8.33 million; of 1 of 4 segments nothing is known" in found
    assert "Not known: wallet" not in Document(render(full)).text


def test_never_is_not_said_of_a_segment_of_which_nothing_is_known():
    part = tipping_part(["Segment 0", "Segment 1", "Segment 2", "Segment 3"])
    part.headroom.loc[part.headroom["segment"] == "Segment 0", "headroom"] = np.nan
    points = part.points.assign(rank_delta=np.nan)
    (table,) = tipping_points(replace(part, points=points), "$").tables
    assert table.columns[2].label == "Changes its rank if it alone differs by"
    assert table.columns[2].cells == ("not known", "never", "never", "never")


def test_a_page_of_fixed_parameters_has_a_notice_that_the_others_have_not(full):
    fixed = replace(full, headline=replace(full.headline, fixed=True))
    assert 'class="notice"' in render(fixed)
    assert 'class="notice"' not in render(full)
    anchored = replace(frontier_page(), headline=replace(frontier_page().headline, fixed=True))
    assert "no intervals of sums are shown" in Document(render(anchored)).text


def test_the_names_of_checks_begin_alike(full):
    begun = replace(full.evidence[0], name="smearing factor")
    assert "Smearing factor" in Document(render(replace(full, evidence=(begun,)))).text

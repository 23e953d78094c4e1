"""From a small run to the page: what the page says is what the run found."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from html_document import Document, ids

from segmodels.inference.settings import MAP, Laplace
from segmodels.project.folder import plain
from segmodels.project.wallet_page_frames import ask_part, headline, segment_part, tipping_part
from segmodels.project.wallet_plan import WalletPlan
from segmodels.project.wallet_summary import wallet_summary
from segmodels.project.wallet_way import run_wallet
from segmodels.report.tables import money_short, share
from segmodels.report.wallet_notes import ANCHORED, FIXED, FIXED_ANCHORED, INTERVAL, NO_SURVEY, RECALL
from segmodels.segments.wallet.whom_to_ask import UNDECIDED
from segmodels.tables.simulate_wallets import simulate_wallets

TRUTH = simulate_wallets(
    400, np.random.default_rng(4), answered=160, segments=(0.0, 0.6), covariates=(0.4,), slope=0.6
)
SURVEY = WalletPlan(
    TRUTH,
    seed=1,
    total="total",
    by="segment",
    setting=Laplace(200),
    draws=80,
    folds=0,
    currency="$",
    error=0.025,
)
#: Few of one segment answered; of the other one nobody answered, and nobody buys.
FEW = TRUTH.assign(
    own=TRUTH["own"].where(TRUTH["segment"] == "s1", 0.0),
    total=TRUTH["total"].where(
        (TRUTH["segment"] == "s1") & (TRUTH["total"].rank() < 30) & (TRUTH["own"] > 0)
    ),
)
FRONTIER = replace(SURVEY, model="frontier", mean_share=0.55, mean_share_source="market report")


def gone(plan, folder):
    results, files = run_wallet(plan, folder)
    text = (folder / "page.html").read_text(encoding="utf-8")
    return results, Document(text), (folder / "summary.txt").read_text(encoding="utf-8"), files


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return gone(SURVEY, tmp_path_factory.mktemp("survey"))


@pytest.fixture(scope="module")
def fixed(tmp_path_factory):
    asked = TRUTH.assign(rest=TRUTH["total"] - TRUTH["own"])
    plan = replace(SURVEY, source=asked, total=None, elsewhere="rest", setting=MAP())
    return gone(plan, tmp_path_factory.mktemp("fixed"))


@pytest.fixture(scope="module")
def nobody(tmp_path_factory):
    plan = replace(FRONTIER, source=TRUTH, total=None, setting=MAP())
    return gone(plan, tmp_path_factory.mktemp("nobody"))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return gone(replace(FRONTIER, source=FEW), tmp_path_factory.mktemp("few"))


def rows(document, caption):
    """Cells of the first table with this caption, row by row, as text."""
    lines = [line.strip() for line in document.text.splitlines() if line.strip()]
    at = len(lines) - 1 - lines[::-1].index(caption)
    return lines[at + 1 :]


def test_the_menu_has_every_section_once_and_the_page_says_what_it_is(survey):
    page = survey[1]
    entries = [attrs["href"] for tag, attrs in page.elements if tag == "a"]
    assert len(entries) == len(set(entries))
    menu = page.text[page.text.index("What is known") : page.text.index("Headline figures")]
    assert menu.count("Terms") == 1
    assert "Own, elsewhere, wallet" not in page.text
    assert "Wallet and potential" in page.text
    assert "glossary" in ids(page)


def test_the_figures_on_top_are_those_of_the_run(survey):
    results, page, summary, _ = survey
    total = results.total
    percent, headroom = share(total["share"], 0), money_short(total["headroom"], "$")
    assert f"about {percent} of the wallet is ours, {headroom} is spent elsewhere" in page.text
    ends = " to ".join(money_short(total[f"headroom_{end}"], "$") for end in ("low", "high"))
    assert f"{headroom} (90% interval: {ends})" in page.text
    assert f"Headroom {headroom} ({ends})" in summary
    assert "held fixed" not in page.text + summary
    assert INTERVAL in page.text
    assert "160 of them (40%) told what they spend in all; the other 240 are predicted." in page.text


# --- 3: parameters held fixed -------------------------------------------------------------------------------


def test_intervals_of_a_mode_say_that_the_parameters_are_held_fixed(fixed):
    results, page, summary, _ = fixed
    for text in (page.text, summary):
        assert FIXED in text
    assert INTERVAL not in page.text
    # Beneath wallet, headroom, share and attainable.
    assert page.text.count("parameters held fixed") == 4
    assert "(in brackets: 90% intervals, parameters held fixed)" in summary
    assert wallet_summary(results, {})["model"]["parameters_held_fixed"]


def test_a_frontier_whose_parameters_are_held_fixed_has_no_interval_of_sums(nobody):
    results, page, summary, _ = nobody
    assert FIXED_ANCHORED in page.text
    assert FIXED_ANCHORED in summary
    assert "90% interval" not in page.text
    assert page.text.count("no interval: the parameters are held fixed") == 4
    assert not re.search(r"\(.*\d to .*\d\)", summary)
    told = wallet_summary(results, {})
    parts = [told["total"], *told["segments"], *told["grid"]["cells"]]
    assert not [name for part in parts for name in part if name.endswith(("_low", "_high"))]


# --- 4: who departs -----------------------------------------------------------------------------------------


def test_a_rank_changes_where_the_page_says_if_the_segment_alone_departs(survey):
    results, page, _, _ = survey
    part = tipping_part(results)
    draws = results.totals.draws
    asked, predicted = (draws[name].mean("draw").to_series() for name in ("asked", "predicted"))
    reached = part.points.set_index("segment")["rank_delta"].dropna()
    assert len(reached)
    for segment, delta in reached.items():
        alone = asked + predicted * np.where(predicted.index == segment, np.exp(delta), 1)
        assert alone["s1"] == pytest.approx(alone["s2"])
        both = asked + predicted * np.exp(delta)
        assert both["s1"] != pytest.approx(both["s2"], rel=0.02)
    for said in (
        "Tipping points, if those of this segment alone differ",
        "Changes its rank if it alone differs by",
        "would those of this segment who did not answer have to spend elsewhere, and the others as predicted",
        "Headroom if those of all segments who did not answer differ alike",
    ):
        assert said in page.text


def test_the_figure_beside_it_moves_all_segments(survey):
    results, page, _, _ = survey
    draws = results.totals.draws
    asked, predicted = (draws[name].mean("draw").to_series() for name in ("asked", "predicted"))
    drawn = tipping_part(results).headroom
    expected = asked[drawn["segment"]] + predicted[drawn["segment"]] * np.exp(drawn["delta"].to_numpy())
    np.testing.assert_allclose(drawn["headroom"], expected)
    axis = page.figures()["tipping-headroom-data"]["layout"]["xaxis"]
    assert axis["title"]["text"].startswith("Elsewhere spend of all who")


# --- 5: nothing known ---------------------------------------------------------------------------------------


def test_a_segment_of_which_nothing_is_known_has_no_figure_and_words_instead(few):
    results, page, summary, files = few
    row = segment_part(results).table.set_index("segment").loc["s2"]
    assert row["customers"] == row["not_identified"]
    assert np.isnan(row["headroom"])
    assert "Not known: wallet, share and headroom of s2." in page.text
    assert "of 1 of 2 segments nothing is known" in page.text
    lines = rows(page, "Potential by segment")
    assert lines[lines.index("s2") + 2] == "–"
    assert "s2: headroom and share not known, as no customer is identified" in summary
    assert not re.search(r"\bnan\b|–", summary.lower())
    told = plain(wallet_summary(results, {}))
    assert told["segments"][1]["headroom"] is None
    assert pd.read_csv(files["segments"]).set_index("segment")["headroom"].isna().tolist() == [
        False,
        True,
        False,
    ]


def test_such_a_segment_has_no_line_and_its_tipping_points_are_not_known_instead_of_never(few):
    page = few[1]
    figures = page.figures()
    assert [trace["name"] for trace in figures["tipping-headroom-data"]["data"]] == ["s1"]
    lines = rows(page, "Tipping points, if those of this segment alone differ")
    assert "not known" in lines[lines.index("s2") + 1 : lines.index("s2") + 3]
    assert "never" not in lines[lines.index("s2") + 1 : lines.index("s2") + 3]


# --- 7 and 16: whom to ask ----------------------------------------------------------------------------------


def test_the_list_is_told_in_its_order_and_the_most_to_gain_stand_apart(survey):
    _, page, _, files = survey
    listed = pd.read_csv(files["whom"])
    drawn = listed.loc[listed["reason"] != UNDECIDED]
    gained = listed.loc[listed["reason"] == UNDECIDED]
    assert 10 < len(drawn) < len(listed)
    assert drawn.index.max() < gained.index.min()
    assert gained["gain"].is_monotonic_decreasing
    assert not drawn["gain"].is_monotonic_decreasing
    assert f"The list begins with {len(drawn)} customers that fill the quotas, drawn at random" in page.text
    assert (
        f"Then come the {len(gained)} undecided, those first whose answer is expected to gain most."
        in page.text
    )
    first = rows(page, f"The first 10 of {len(listed)} customers to ask")
    assert first[3:33:3] == listed["customer_id"].astype(str).head(10).tolist()
    most = rows(page, "The 10 of them whose answers are expected to gain most")
    assert most[3:33:3] == listed.nlargest(10, "gain")["customer_id"].astype(str).tolist()


def test_the_error_of_the_title_is_the_one_that_was_asked_for(survey):
    results, page, _, _ = survey
    more = results.ask.sizes.set_index("estimate").loc["model-assisted", "more"]
    assert f"{more:,} more answers bring the error of mean headroom to 2.5%" in page.text
    assert "Error of 2.5%" in page.text
    assert "decile decile" not in page.text
    part = ask_part(results)
    assert part.error == 0.025
    assert part.sizes.set_index("error").loc[0.025, "still"] == more


# --- 10: more than the cut ----------------------------------------------------------------------------------


def test_a_customer_at_the_cut_is_not_above_it_and_the_grid_says_so(tmp_path):
    at = float(TRUTH.loc[TRUTH["own"] > 50, "own"].min())
    plan = replace(SURVEY, by=None, setting=MAP(), value_cut=at)
    results, page, _, _ = gone(plan, tmp_path)
    customers = results.customers.loc[results.customers["own"] == at]
    assert (customers["p_invest"] + customers["p_protect"] == 0).all()
    axes = page.figures()["grid-cells-data"]["layout"]
    assert axes["xaxis"]["ticktext"] == axes["yaxis"]["ticktext"] == ["up to", "above"]
    assert "more than that is high, up to that is low" in page.text


# --- 13: an assumption is no survey -------------------------------------------------------------------------


def test_a_few_answers_do_not_make_a_survey_of_an_assumption(few):
    results, page, _, _ = few
    n = results.wallets.n_answered
    assert 0 < n < 30
    assert f"What is known: own spend and {n} answers; the other wallets rest on an assumption" in page.text
    assert "are predicted from a mean share by a source outside, which the answers correct." in page.text
    assert "are extrapolated, as too few like them answered" in page.text
    assert ANCHORED in page.text
    assert RECALL in page.text
    assert "predicted for the others from what customers like them answered" not in page.text


def test_without_any_answer_the_page_says_that_nobody_was_asked(nobody):
    page = nobody[1]
    assert "nobody was asked, and the wallet rests on an assumption" in page.text
    assert NO_SURVEY in page.text
    assert RECALL not in page.text


# --- 19: what was asked -------------------------------------------------------------------------------------


def test_the_page_says_whether_all_spend_or_spend_elsewhere_was_asked_for(fixed, survey):
    assert "160 of them (40%) told what they spend elsewhere; the other 240" in fixed[1].text
    assert "told what they spend in all" not in fixed[1].text
    assert "told what they spend elsewhere" not in survey[1].text


def test_a_summary_can_be_written_as_json(survey, few):
    for results, _, _, files in (survey, few):
        assert json.dumps(plain(wallet_summary(results, files)), allow_nan=False)


# --- checks, words --------------------------------------------------------------------------------------------


def test_the_summary_and_the_page_say_on_top_which_checks_failed(tmp_path):
    at = TRUTH.index[TRUTH["total"].notna()][5]
    wrong = TRUTH.assign(total=TRUTH["total"].where(TRUTH.index != at, 60_000.0))
    _, page, summary, _ = gone(replace(SURVEY, source=wrong), tmp_path)
    first = summary.splitlines()[0]
    assert first.startswith("Before you use these figures: ")
    assert "Single answers" in first
    assert first in page.text
    assert page.text.index(first) < page.text.index("customers spent")


def test_page_one_speaks_plainly_and_the_terms_of_the_field_are_in_the_notes(survey):
    page = survey[1].text
    first = page[: page.index("Value grid:")]
    assert "Box-Cox" not in first
    assert "Laplace" not in first
    assert "who spends elsewhere and how much, learnt from the answers (WalletShare); 200 fits" in first
    assert "the model is: hurdle and Box-Cox normal (WalletShare), Laplace approximation, 200 draws." in page


def test_targets_of_the_whole_wallet_are_counted_by_buyers(survey):
    results = survey[0]
    table = results.targets.table.assign(target=[1.0, *([0.7] * (len(results.targets.table) - 1))])
    some = replace(results, targets=replace(results.targets, table=table))
    assert headline(some).target_of_all == table["buyers"].iloc[0] / table["buyers"].sum()


def test_cuts_of_tiny_money_are_not_0_in_the_summary(tmp_path):
    small = TRUTH.assign(own=TRUTH["own"] / 1e5, total=TRUTH["total"] / 1e5)
    plan = replace(SURVEY, source=small, by=None, setting=MAP(), value_cut=1e6)
    _, page, summary, files = gone(plan, tmp_path)
    assert "more than 0.00" not in summary
    assert re.search(r"headroom of more than \$0\.00\d*[1-9]", summary)
    for text in (page.text, summary):
        assert "The cut of own spend at $1,000,000 separates nobody: no customer is above it." in text
    assert "text" not in pd.read_csv(files["tipping_points"]).columns

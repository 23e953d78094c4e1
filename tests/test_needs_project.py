"""The whole way from a survey: what is written, the same again, and what is left out, and why."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.classes.criteria import criteria
from segmodels.inference.settings import MAP
from segmodels.models.needs.latent_class import LatentClass, LatentClassFit
from segmodels.project import needs_fits
from segmodels.project.folder import open_folder
from segmodels.project.needs_plan import NeedsPlan, simulated_plan
from segmodels.project.needs_read import matching, read_survey
from segmodels.project.needs_way import STEPS, run_needs, steps_of
from segmodels.project.typing_plan import TypingPlan
from segmodels.project.typing_way import run_typing
from segmodels.tables.simulate_answers import simulate_survey

ITEMS = ("importance_price", "importance_quality", "importance_delivery", "compares", "source")
SURVEY = simulate_survey(240, seed=3, n_classes=3, customers=480, separation=1.4, agreement=0.3)
PLAN = simulated_plan(
    SURVEY, 1, items=ITEMS, n_classes=(2, 3), starts=6, folds=2, questions=3, names={"1": "Bargain hunters"}
)
TINY = pd.DataFrame({"customer_id": range(8), "q1": [1, 1, 2, 2, 1, 3, 3, 2], "q2": [2, 1, 2, 1, 1, 2, 2, 1]})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("needs") / "results"
    told = []
    results, files = run_needs(PLAN, out, told.append)
    return out, results, files, told


def read(files, name):
    return pd.read_parquet(files[name])


def test_every_step_is_told_in_order_and_none_is_left_out_of_the_count(done):
    told = done[3]
    assert [step for step in told if step in STEPS] == list(STEPS)
    assert len(told) == steps_of(PLAN)


def test_segments_are_those_that_the_answers_were_drawn_from(done):
    """Three classes were simulated; the segments are more alike to them than chance would be."""
    _, results, files, _ = done
    assert results.fit.n_classes == 3
    placed = read(files, "customers").set_index("customer_id")["segment"]
    crossed = pd.crosstab(placed, SURVEY.classes.loc[placed.index])
    assert crossed.max(axis=1).sum() / len(placed) > 0.75
    assert (crossed.idxmax(axis=1)["Bargain hunters"]) == "Price seekers"


def test_every_respondent_and_every_customer_is_there_once(done):
    files = done[2]
    for name, ids in (
        ("customers", SURVEY.answers["customer_id"]),
        ("base", SURVEY.customers["customer_id"]),
    ):
        table = read(files, name)
        assert sorted(table["customer_id"]) == sorted(ids)
        names = read(files, "shares")["class"].tolist()
        np.testing.assert_allclose(table[names].sum(axis=1), 1)
        largest = table[names].to_numpy().max(axis=1)
        np.testing.assert_allclose(table["certainty"], largest)
    assert read(files, "base")["source"].value_counts()["asked"] == 240


def test_sizes_and_values_add_up_to_the_base(done):
    files = done[2]
    assert read(files, "sizes")["customers"].sum() == pytest.approx(480)
    assert read(files, "values")["value"].sum() == pytest.approx(SURVEY.customers["spend"].sum())
    assert read(files, "shares")["share"].sum() == pytest.approx(1)


def test_names_are_the_users_and_drafts_say_that_they_are(done):
    _, results, files, _ = done
    table = read(files, "shares")
    assert table["class"].iloc[0] == "Bargain hunters"
    assert table["draft"].tolist() == [False, True, True]
    assert table["class"].str.startswith("draft: ").tolist() == [False, True, True]
    assert results.fit.names == tuple(table["class"])


def test_a_style_is_taken_for_rating_scales_and_the_page_shows_why(done):
    out, results, _, _ = done
    assert results.fit.spec.style == ("agreement",)
    why = results.style[0]
    n = results.fit.n
    for row in why.table.to_dict("records"):
        bic = criteria(row["log_likelihood"], row["parameters"], n)["BIC"]
        assert row["BIC"] == pytest.approx(bic)
    assert why.name in (out / "page.html").read_text(encoding="utf-8")


def test_the_page_says_that_the_data_are_simulated(done):
    page = (done[0] / "page.html").read_text(encoding="utf-8")
    assert "Simulated data" in page
    assert "no survey was read" in page


def test_all_that_was_asked_for_is_written_whole(done):
    out, _, files, _ = done
    names = "customers base profile shares class_numbers residuals evidence roles opportunity relation"
    names += " questions sizes values lift needs codebook page price_axis"
    assert set(names.split()) <= set(files)
    state = json.loads((out / "run.json").read_text())
    assert state["state"] == "complete"
    assert set(state["files"]) == {Path(path).name for path in files.values()}
    assert not list(out.glob(".*"))


def test_satisfaction_describes_segments_and_does_not_make_them():
    survey = read_survey(replace(PLAN, items=()))
    assert not [name for name in survey.indicators if name.startswith("satisfaction")]
    assert "satisfaction" in survey.notes[0]


def test_a_second_run_takes_up_the_fit_and_other_names(done, monkeypatch):
    out, results, _, _ = done
    monkeypatch.setattr(needs_fits, "choose_classes", None)
    folder = open_folder(out)
    again = needs_fits.choose(PLAN, results.survey, folder, print)
    assert again.fit.names == ("1", "2", "3")
    np.testing.assert_array_equal(again.fit.theta, results.fit.theta)
    np.testing.assert_allclose(again.fit.covariance, results.fit.covariance)
    pd.testing.assert_frame_equal(again.table, results.chosen.table)
    assert again.reasons == results.chosen.reasons
    with pytest.raises(TypeError):
        needs_fits.choose(replace(PLAN, seed=2), results.survey, folder, print)


def test_a_killed_run_takes_up_the_fits_that_were_finished(done, tmp_path):
    survey = done[1].survey
    spec = LatentClass(1, items=ITEMS)
    kept = needs_fits.KeptClasses(2, replace(spec.starts, random=2, kept=1), spec, tmp_path)
    first = kept.fit(survey.responses, MAP(), seed=1)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    again = kept.fit(survey.responses, MAP(), seed=1)
    assert path.stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.membership(), again.membership())
    np.testing.assert_allclose(first.covariance, again.covariance)
    kept.fit(survey.responses, MAP(), seed=2)
    other = survey.responses.take(np.arange(200))
    kept.fit(other, MAP(), seed=1)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_run_leaves_results_of_other_commands_alone(done, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"files": {"purchases.nc": ""}}))
    with pytest.raises(InputError, match=r"out: got .* which holds results of value"):
        run_needs(PLAN, tmp_path)
    with pytest.raises(InputError, match="which holds results of needs"):
        run_typing(TypingPlan(done[0], 1), done[0])


def test_a_small_survey_without_base_says_what_it_can(tmp_path):
    plan = NeedsPlan(TINY, 1, items={"q1": "ordinal", "q2": "binary"}, n_classes=(1,), starts=2)
    results, files = run_needs(plan, tmp_path / "one")
    assert results.fit.names == ("draft: average",)
    assert results.notes == ("One class needs no golden questions.",)
    assert not {"base", "relation", "questions", "roles"} & set(files)
    two, files = run_needs(replace(plan, n_classes=(2,)), tmp_path / "two")
    assert len(read(files, "customers")) == 8
    assert two.fit.spec.style == ()


def test_rows_without_ids_are_numbered_and_their_codes_stay_as_they_were(tmp_path):
    path = tmp_path / "rows.csv"
    TINY.drop(columns="customer_id").assign(q2=["01", "1"] * 4).to_csv(path, index=False)
    plan = NeedsPlan(path, 1, customer=None, items={"q*": "nominal"})
    responses = read_survey(plan).responses
    assert responses.customer_id.tolist() == list(range(8))
    assert responses.codebook["q2"].categories == ("01", "1")
    frame = TINY.drop(columns="customer_id")
    assert read_survey(replace(plan, source=frame)).responses.customer_id.tolist() == list(range(8))


BROKEN = {
    "classes": ({"n_classes": (0,)}, "classes"),
    "take": ({"take": 9}, "take"),
    "base": ({"base": None, "value": "spend"}, "value"),
    "reserved": ({"names": {"1": "segment"}}, "names"),
    "both": ({"bargain": ("loyal",), "premium": ("loyal",)}, "premium"),
    "scales": ({"items": {"q1": "ordinal"}}, "items"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_settings_that_make_no_sense_are_refused(case):
    news, where = BROKEN[case]
    with pytest.raises(InputError) as caught:
        replace(PLAN, **news)
    assert where in {fault.where for fault in caught.value.faults}


def test_faults_of_survey_and_base_are_reported_together():
    base = SURVEY.customers.assign(spend="much")
    plan = replace(PLAN, base=base, source=SURVEY.answers.assign(source="nowhere"))
    with pytest.raises(InputError) as caught:
        read_survey(plan)
    assert {fault.where for fault in caught.value.faults} == {"value", "items['source']"}


def test_respondents_outside_the_base_are_an_error_that_can_be_mended_here():
    with pytest.raises(InputError, match="add them to the base") as caught:
        read_survey(replace(PLAN, base=SURVEY.customers.iloc[:100]))
    assert caught.value.faults[0].rows > 0


@pytest.mark.parametrize(("scale", "model"), [("rank", "RankedNeeds"), ("best_worst", "BestWorst")])
def test_rankings_and_tasks_name_the_model_that_takes_them(scale, model):
    with pytest.raises(InputError, match=f"sg.{model}"):
        read_survey(NeedsPlan(TINY, 1, items={"q1": scale, "q2": scale}))


def test_patterns_that_match_nothing_are_an_error():
    with pytest.raises(InputError, match="no item 'z\\*'"):
        matching("items", ("q*", "z*"), ("q1", "q2"))


@pytest.fixture(scope="module")
def typed(done, tmp_path_factory):
    out = tmp_path_factory.mktemp("typing") / "tool"
    plan = TypingPlan(done[0], 1, questions=2, survey=SURVEY.answers, folds=2)
    return run_typing(plan, out)


def test_typing_tells_the_numbers_apart(typed):
    results, files = typed
    found = results.numbers.set_index("number")["value"]
    assert found["true accuracy"] <= found["ceiling"]
    assert found["largest share"] <= found["true accuracy"]
    assert {"agreement", "cross-validated agreement", "cross-validated accuracy"} <= set(found.index)
    assert len(results.report.cross_validation.folds) == 2
    assert {f"typing.{ending}" for ending in ("json", "sql", "xlsx", "html")} <= set(files)
    confusion = pd.read_parquet(files["confusion.parquet"])
    assert confusion.drop(columns="true_segment").to_numpy().sum() == pytest.approx(1)


def test_typing_agrees_with_the_fit_that_it_came_from(typed, done):
    results, _ = typed
    fit = LatentClassFit.load(done[0] / "needs.nc")
    assert results.tool.names == fit.names == done[1].fit.names
    codes = done[1].survey.responses.codes([item.name for item in results.tool.questions])
    expected = fit.components.restrict([item.name for item in results.tool.questions]).posterior(codes)
    np.testing.assert_allclose(results.tool.posterior(codes), expected)


def test_typing_without_the_survey_says_what_it_leaves_out(done, tmp_path):
    plan = TypingPlan(done[0], 1, questions=("importance_price", "compares"))
    results, files = run_typing(plan, tmp_path / "tool")
    assert "Without the survey" in results.notes[0]
    assert "agreement" not in set(results.numbers["number"])
    assert [item.name for item in results.tool.questions] == ["importance_price", "compares"]
    assert "curve.parquet" not in files


def test_values_are_those_of_every_segment(done):
    plan = TypingPlan(done[0], 1, values={"1": 3.0, "2": 2.0})
    with pytest.raises(InputError, match="values"):
        plan.values_by_name(("a", "b", "c"))
    assert plan.values_by_name(("a", "b")) == {"a": 3.0, "b": 2.0}

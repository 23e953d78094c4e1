"""Commands on needs: what they write, what they say, and how they end."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from segmodels.cli import app
from segmodels.cli.needs_options import absent, class_numbers, item_scales, pairs, worth
from segmodels.errors import InputError
from segmodels.tables.simulate_answers import random_likert, simulate_likert

CODEBOOK = """item,scale,categories,label,dimension
q1,ordinal,1..3,Low prices,benefit
q2,ordinal,1..3,Quality,benefit
q3,ordinal,1..3,Speed,attitude
sex,nominal,f|m,Sex,profile
"""


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    truth = random_likert(2, 3, seed=5, n_categories=3, spread=2.5)
    frame, _ = simulate_likert(120, truth, seed=6, missing=0.02)
    frame["sex"] = ["f", "m"] * 60
    frame.rename(columns={"customer_id": "id"}).to_csv(folder / "survey.csv", index=False)
    (folder / "codebook.csv").write_text(CODEBOOK)
    return folder / "survey.csv"


@pytest.fixture(scope="module")
def segmented(survey):
    out = survey.parent / "needs"
    told = ["--customer", "id", "--codebook", survey.parent / "codebook.csv", "--style", "none"]
    options = ["--classes", "1-2", "--starts", 4, "--folds", 2, "--take", 2, "--names", "1=Thrifty, always"]
    done = invoke("needs", survey, *told, *options, "--out", out, "--json")
    assert done.exit_code == 0, done.stderr
    return out, json.loads(done.stdout)


@pytest.mark.parametrize("command", ["needs", "typing"])
def test_help_has_an_example_and_the_exit_codes(command):
    shown = invoke(command, "--help").stdout
    assert f"segmodels {command}" in shown
    assert "130" in shown


def test_the_help_says_what_the_package_does():
    shown = invoke("--help").stdout
    assert "survey" in shown
    assert {"needs", "typing", "fit", "check"} <= set(shown.split())


def test_needs_writes_the_page_and_one_json_object(segmented):
    out, found = segmented
    names = {path.name for path in out.iterdir()}
    assert {"page.html", "customers.parquet", "needs.nc", "codebook.json", "run.json"} <= names
    assert found["respondents"] == pytest.approx(120)
    assert found["classes"]["taken"] == 2
    assert [segment["draft"] for segment in found["segments"]] == [False, True]
    assert found["segments"][0]["name"] == "Thrifty, always"
    assert sum(segment["share"] for segment in found["segments"]) == pytest.approx(1)
    assert found["items"] == ["q1", "q2", "q3"]
    assert not found["simulated"]


def test_typing_reads_the_survey_as_the_fit_was_told(segmented, survey, tmp_path):
    done = invoke(
        "typing", segmented[0], "--questions", 2, "--survey", survey, "--folds", 2, "--out", tmp_path / "t"
    )
    assert done.exit_code == 0, done.stderr
    for said in (
        "2 golden questions",
        "true accuracy",
        "ceiling",
        "cross-validated agreement",
        "typing.html",
    ):
        assert said in done.stdout
    assert (tmp_path / "t" / "typing.sql").is_file()


def test_typing_takes_named_questions(segmented, tmp_path):
    done = invoke(
        "typing", segmented[0] / "needs.nc", "--questions", "q1,q3", "--out", tmp_path / "t", "--json"
    )
    assert done.exit_code == 0, done.stderr
    assert [each["item"] for each in json.loads(done.stdout)["questions"]] == ["q1", "q3"]


BROKEN = {
    "columns": ("who,q1\n1,1\n", "no column 'id'"),
    "codes": ("id,q1,q2,q3,sex\n1,9,1,1,f\n2,1,2,1,m\n", "--missing 98,99"),
    "twice": ("id,q1,q2,q3,sex\n1,1,1,1,f\n1,1,2,1,m\n", "the same id in 2 rows"),
    "rows": ("id,q1,q2,q3,sex\n", "an empty table"),
    "empty": ("", "no column 'id'"),
    "same": ("id,q1,q2,q3,sex\n1,1,1,1,f\n2,1,2,2,m\n", "the same answer everywhere"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_survey_ends_with_2_and_says_what_to_do(case, survey, tmp_path):
    text, said = BROKEN[case]
    (tmp_path / "survey.csv").write_text(text)
    done = invoke(
        *("needs", tmp_path / "survey.csv", "--customer", "id"),
        *("--codebook", survey.parent / "codebook.csv", "--classes", 2, "--out", tmp_path / "out"),
    )
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


REFUSED = {
    ("needs", "--out", "o"): "survey",
    ("needs", "s.csv", "--simulated", "--out", "o"): "survey",
    ("needs", "s.csv", "--out", "o"): "codebook",
    ("needs", "s.csv", "--items", "q1", "--out", "o"): "items",
    ("needs", "s.csv", "--items", "q1:ordinal", "--classes", "many", "--out", "o"): "classes",
    ("needs", "s.csv", "--items", "q1:ordinal", "--number-rows", "--base", "b.csv", "--out", "o"): "base",
    ("typing", "none", "--out", "o"): "fit",
    ("typing", "none", "--objective", "value", "--out", "o"): "values",
    ("typing", "none", "--weight", "w", "--out", "o"): "survey",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_options_that_can_not_be_used_are_named(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(*words, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["faults"][0]["where"] == REFUSED[words]


def test_a_stop_ends_with_130_and_keeps_what_is_finished(survey, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("segmodels.project.needs_way.style_evidence", stopped)
    done = invoke(
        *("needs", survey, "--customer", "id", "--items", "q1:ordinal,q2:ordinal", "--classes", 2),
        *("--starts", 2, "--out", tmp_path / "out"),
    )
    assert done.exit_code == 130
    assert "Finished fits are kept" in done.stderr
    assert (tmp_path / "out" / "needs.nc").is_file()
    assert not (tmp_path / "out" / "page.html").exists()


def test_simulated_data_are_what_the_demonstration_runs_on(monkeypatch, tmp_path):
    plans = []

    def told(plan, *_):
        plans.append(plan)
        raise InputError([])

    monkeypatch.setattr("segmodels.project.needs_way.run_needs", told)
    assert invoke("needs", "--simulated", "--out", tmp_path / "out").exit_code == 2
    (plan,) = plans
    assert plan.simulated
    assert isinstance(plan.source, pd.DataFrame)
    assert plan.base is not None


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (class_numbers, "1-"),
        (absent, "q1=1,q1=2"),
        (worth, "1=much"),
        (lambda text: pairs(text, "names"), "one"),
        (lambda text: item_scales(text, scaled=True), "q1"),
    ],
)
def test_options_that_are_written_otherwise_are_refused(read, text):
    with pytest.raises(InputError):
        read(text)

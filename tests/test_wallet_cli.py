"""The command on wallets: what it writes, what it says, and how it ends."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from segmodels.cli import app
from segmodels.cli.wallet_options import columns, cut, one_or_two, stated_share, step
from segmodels.errors import InputError
from segmodels.tables.simulate_wallets import simulate_wallets


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wallets")
    frame = simulate_wallets(300, np.random.default_rng(4), answered=120, covariates=(0.5,))
    frame = frame.rename(columns={"customer_id": "id", "own": "spend", "x1": "age"})
    frame["period"] = "12 months of 2024"
    base = ["id", "spend", "age", "period"]
    frame[base].to_csv(folder / "base.csv", index=False)
    survey = frame.loc[frame["total"].notna(), ["id", "total", "period"]]
    survey.to_csv(folder / "survey.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def run(files):
    out = files / "out"
    done = invoke(
        *(
            "wallet",
            files / "base.csv",
            "--answers",
            files / "survey.csv",
            "--customer",
            "id",
            "--own",
            "spend",
        ),
        *("--total", "total", "--window", "period", "--covariate", "age", "--setting", "map", "--folds", 2),
        *("--currency", "EUR", "--value-cut", "75%", "--budget", 50, "--out", out, "--json"),
    )
    assert done.exit_code == 0, done.stderr
    return out, json.loads(done.stdout)


def test_help_has_an_example_and_the_exit_codes():
    shown = invoke("wallet", "--help").stdout
    assert "segmodels wallet base.csv" in shown
    assert "130" in shown
    assert "wallet" in invoke("--help").stdout.split()


def test_it_writes_the_page_and_one_json_object(run, files):
    out, found = run
    names = {path.name for path in out.iterdir()}
    assert {"page.html", "customers.parquet", "wallet.nc", "segments.csv", "summary.txt", "run.json"} <= names
    assert (found["customers"], found["answered"]) == (300, 120)
    assert found["window"] == "12 months of 2024"
    assert found["model"]["setting"] == "MAP()"
    assert {"sigma", "scale"} <= set(found["model"]["params"])
    total = found["total"]
    assert total["wallet"] == pytest.approx(total["own"] + total["headroom"])
    assert [row["cell"] for row in found["grid"]["cells"]][:2] == ["invest", "protect"]
    assert found["grid"]["value_cut"] == pytest.approx(
        pd.read_csv(files / "base.csv")["spend"].quantile(0.75)
    )
    assert [row["nominal"] for row in found["calibration"]] == [0.5, 0.8, 0.95]
    assert len(pd.read_csv(out / "whom.csv")) <= 50
    assert "error_with_budget" in found["ask"]["sizes"][0]
    assert not found["simulated"]


def test_it_says_the_same_in_words_and_where_the_page_is(run, files):
    out, _ = run
    done = invoke(
        *(
            "wallet",
            files / "base.csv",
            "--answers",
            files / "survey.csv",
            "--customer",
            "id",
            "--own",
            "spend",
        ),
        *("--total", "total", "--window", "period", "--covariate", "age", "--setting", "map", "--folds", 2),
        *("--currency", "EUR", "--value-cut", "75%", "--budget", 50, "--out", out),
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith((out / "summary.txt").read_text(encoding="utf-8"))
    for said in ("300 customers", "EUR", f"Page: {out / 'page.html'}", "customers.parquet"):
        assert said in done.stdout


def test_without_a_survey_it_takes_a_mean_share(files, tmp_path):
    done = invoke(
        *("wallet", files / "base.csv", "--customer", "id", "--own", "spend", "--model", "frontier"),
        *("--mean-share", 0.4, "--mean-share-source", "market report", "--setting", "map", "--out", tmp_path),
    )
    assert done.exit_code == 0, done.stderr
    assert "0 answered" in done.stdout
    assert "market report" in (tmp_path / "page.html").read_text(encoding="utf-8")


BASE = "id,spend,total\n1,10,20\n2,5,\n"
BROKEN = {
    "columns": ("who,spend\n1,1\n", "no column 'id'"),
    "few": (BASE, "1 answers; expected at least 30"),
    "twice": ("id,spend,total\n1,10,20\n1,5,\n", "customer"),
    "negative": ("id,spend,total\n1,-10,20\n2,5,\n", "own"),
    "text": ("id,spend,total\n1,much,20\n2,5,\n", "much"),
    "rows": ("id,spend,total\n", "an empty table"),
    "empty": ("", "an empty file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_table_ends_with_2_and_says_what_to_do(case, tmp_path):
    text, said = BROKEN[case]
    (tmp_path / "base.csv").write_text(text)
    done = invoke(
        *("wallet", tmp_path / "base.csv", "--customer", "id", "--own", "spend", "--total", "total"),
        *("--out", tmp_path / "out"),
    )
    assert done.exit_code == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_answers_of_strangers_and_of_another_window_are_refused(files, tmp_path):
    told = ("--customer", "id", "--own", "spend", "--total", "total", "--out", tmp_path / "out")
    survey = pd.read_csv(files / "survey.csv")
    survey.assign(id=survey["id"] + 10_000).to_csv(tmp_path / "strangers.csv", index=False)
    done = invoke("wallet", files / "base.csv", "--answers", tmp_path / "strangers.csv", *told)
    assert done.exit_code == 2
    assert "answers of nobody" in done.stderr
    survey.assign(period="last month").to_csv(tmp_path / "month.csv", index=False)
    words = ("--answers", tmp_path / "month.csv", "--window", "period")
    done = invoke("wallet", files / "base.csv", *words, *told)
    assert done.exit_code == 2
    assert "last month" in done.stderr


REFUSED = {
    ("--out", "o"): "BASE",
    ("b.csv", "--simulated"): "BASE",
    ("b.csv",): "--total",
    ("b.csv", "--total", "t", "--rounding", "10", "--window", "a,b,c"): "--window",
    ("b.csv", "--model", "frontier"): "--mean-share",
    ("b.csv", "--model", "frontier", "--mean-share", "40 per cent"): "--mean-share",
    ("b.csv", "--model", "frontier", "--mean-share", "0.4", "--mean-share-sd", "0"): "--mean-share-sd",
    ("b.csv", "--model", "frontier", "--mean-share", "a=0.4,b=0.3"): "--by",
    ("b.csv", "--model", "counts", "--total", "t"): "--purchases",
    ("b.csv", "--total", "t", "--mean-share", "0.4"): "--mean-share",
    ("b.csv", "--total", "t", "--value-cut", "high"): "--value-cut",
    ("b.csv", "--total", "t", "--potential-cut", "120%"): "--potential-cut",
    ("b.csv", "--total", "t", "--folds", "1"): "--folds",
    ("nothing.csv", "--total", "t"): "BASE",
    ("--simulated", "--model", "counts"): "--model",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_options_that_can_not_be_used_are_named(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("wallet", *words, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["faults"][0]["where"] == REFUSED[words]


def test_total_and_elsewhere_are_not_both_asked(files, tmp_path):
    told = ("--customer", "id", "--own", "spend", "--total", "age", "--elsewhere", "age")
    done = invoke("wallet", files / "base.csv", *told, "--out", tmp_path)
    assert done.exit_code == 2
    assert "one of them" in done.stderr


def test_a_stop_ends_with_130_and_keeps_the_fit(files, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("segmodels.project.wallet_way.target_shares", stopped)
    done = invoke(
        *(
            "wallet",
            files / "base.csv",
            "--answers",
            files / "survey.csv",
            "--customer",
            "id",
            "--own",
            "spend",
        ),
        *("--total", "total", "--setting", "map", "--out", tmp_path / "out"),
    )
    assert done.exit_code == 130
    assert "Finished fits are kept" in done.stderr
    assert (tmp_path / "out" / "wallet.nc").is_file()
    assert not (tmp_path / "out" / "page.html").exists()


def test_simulated_data_are_what_the_demonstration_runs_on(monkeypatch, tmp_path):
    plans = []

    def told(plan, *_):
        plans.append(plan)
        raise InputError([])

    monkeypatch.setattr("segmodels.project.wallet_way.run_wallet", told)
    assert invoke("wallet", "--simulated", "--out", tmp_path / "out").exit_code == 2
    assert invoke("wallet", "--simulated", "--model", "frontier", "--out", tmp_path / "out").exit_code == 2
    survey, none = plans
    assert survey.simulated
    assert isinstance(survey.source, pd.DataFrame)
    assert (survey.total, survey.by) == ("total", "segment")
    assert none.total is None


@pytest.mark.parametrize(
    "read",
    [
        lambda: one_or_two("a,b,c", "window"),
        lambda: stated_share("much"),
        lambda: stated_share("a=much"),
        lambda: cut("x%", "value_cut"),
        lambda: cut("0%", "value_cut"),
    ],
)
def test_options_that_are_written_otherwise_are_refused(read):
    with pytest.raises(InputError):
        read()


def test_options_are_read_as_they_are_meant():
    assert columns(["a,b", "a", "c"]) == ("a", "b", "c")
    assert step("auto") == "auto"
    assert step("2.5") == 2.5
    assert stated_share(".4") == 0.4
    assert stated_share("40 %") == 0.4
    assert stated_share("a=40%,b=.3") == {"a": 0.4, "b": 0.3}

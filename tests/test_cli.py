"""Commands: what they write, what they say, and how they end."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import segmodels
from segmodels.cli import app
from segmodels.tables.datasets import cdnow


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.csv"
    cdnow().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def fitted(log):
    out = log.parent / "results"
    options = [
        "--value",
        "value",
        "--zero",
        "keep",
        "--until",
        "1997-09-30",
        "--setting",
        "map",
        "--months",
        "12",
    ]
    done = CliRunner().invoke(app, ["fit", str(log), *options, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.stderr
    return out, json.loads(done.stdout)


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_version():
    assert invoke("--version").stdout.split() == ["segmodels", segmodels.__version__]


@pytest.mark.parametrize("command", ["demo", "fit", "forecast", "check"])
def test_help_has_an_example_and_the_exit_codes(command):
    shown = invoke(command, "--help").stdout
    assert f"segmodels {command}" in shown
    assert "130" in shown


def test_fit_writes_tables_posteriors_and_a_page(fitted):
    out, found = fitted
    names = {path.name for path in out.iterdir()}
    assert {"customers.parquet", "purchases.nc", "spend.nc", "page.html", "run.json"} <= names
    assert found["customers"] == 2357
    assert found["purchases"]["params"]["r"] == pytest.approx(0.2426, abs=1e-3)
    assert found["purchases"]["log_likelihood"] == pytest.approx(-9582.429, abs=0.01)
    assert found["lifetime_value"]["p50"] > 0


def test_forecast_scores_a_log_as_the_fit_was_told(fitted, log, tmp_path):
    out, found = fitted
    target = tmp_path / "scores.parquet"
    done = invoke(
        "forecast", out, log, "--until", "1997-09-30", "--horizons", "39", "--months", 12, "--out", target
    )
    assert done.exit_code == 0, done.stderr
    scores = pd.read_parquet(target)
    assert scores["expected_purchases_39"].sum() == pytest.approx(found["purchases"]["expected"])
    assert scores["value"].sum() == pytest.approx(found["lifetime_value"]["mean"])
    np.testing.assert_allclose(
        scores["expected_spend_39"], scores["expected_spend"] * scores["expected_purchases_39"]
    )


def test_forecast_scores_a_summary(fitted, tmp_path):
    summary = pd.DataFrame(
        {"customer_id": ["=a", "b"], "frequency": [0, 2], "recency": [0, 30.43], "T": [38.86, 38.86]}
    )
    summary.to_parquet(tmp_path / "summary.parquet")
    target = tmp_path / "scores.csv"
    done = invoke("forecast", fitted[0], tmp_path / "summary.parquet", "--out", target, "--json")
    assert done.exit_code == 0, done.stderr
    assert "no monetary_value" in json.loads(done.stdout)["notes"][0]
    scores = pd.read_csv(target)
    assert scores["customer_id"].tolist() == ["'=a", "b"]
    assert scores["expected_purchases_26"].gt(0).all()


def test_check_ends_with_1_where_a_check_is_not_passed(log):
    done = invoke("check", log, "--value", "value", "--zero", "keep", "--setting", "map", "--json")
    found = json.loads(done.stdout)
    failed = [each["name"] for each in found["evidence"] if each["passed"] is False]
    assert "Gamma–Gamma: Spend independent of frequency" in failed
    assert found["backtest"]
    assert done.exit_code == 1


BROKEN = {
    "columns": ("id,when\n1,2024-01-01\n", "no column 'customer_id'"),
    "currency": ("customer_id,date,value\n1,2024-01-01,$5\n", "got text in 1 row"),
    "future": ("customer_id,date,value\n1,2094-01-01,5\n", "a date in the future"),
    "empty": ("customer_id,date,value\n", "an empty table"),
    "negative": ("customer_id,date,value\n1,2024-01-01,-5\n", "line: --negative net or --negative drop."),
    "decimal comma": ('customer_id,date,value\n1,2024-01-01,"1.234,50"\n', "got a decimal comma in 1 row"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_log_ends_with_2_and_says_what_to_do(case, tmp_path):
    text, said = BROKEN[case]
    (tmp_path / "log.csv").write_text(text)
    done = invoke("fit", tmp_path / "log.csv", "--value", "value", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_broken_log_in_json_lists_every_fault(tmp_path):
    (tmp_path / "log.csv").write_text(BROKEN["columns"][0])
    done = invoke("check", tmp_path / "log.csv", "--json")
    assert done.exit_code == 2
    assert [fault["where"] for fault in json.loads(done.stdout)["error"]["faults"]] == ["customer", "date"]


@pytest.mark.parametrize("name", ["junk.parquet", "none.csv", "log.docx"])
def test_a_file_that_can_not_be_read_ends_with_2(name, tmp_path):
    if name != "none.csv":
        (tmp_path / name).write_text("no table")
    done = invoke("fit", tmp_path / name, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "source" in done.stderr


def test_no_fit_ends_with_2(tmp_path, log):
    assert invoke("forecast", tmp_path / "none", log, "--out", tmp_path / "a.csv").exit_code == 2
    (tmp_path / "none.nc").write_text("no netCDF")
    done = invoke("forecast", tmp_path / "none.nc", log, "--out", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert "which can not be read" in done.stderr or "no netCDF file" in done.stderr


def test_nowhere_to_write_ends_with_2(fitted, log, tmp_path):
    done = invoke("forecast", fitted[0], log, "--out", tmp_path / "none" / "scores.csv")
    assert done.exit_code == 2
    assert "no folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_date_format_given_is_named(tmp_path):
    (tmp_path / "log.csv").write_text("customer_id,date\n1,31/12/2023\n2,30/11/2023\n")
    done = invoke("check", tmp_path / "log.csv", "--date-format", "%d.%m.%Y")
    assert done.exit_code == 2
    assert "dates written as '%d.%m.%Y'" in done.stderr
    assert "ISO" not in done.stderr


@pytest.mark.parametrize(("option", "share"), [("--discount", 10), ("--margin", 30), ("--margin", 0)])
def test_per_cent_is_refused_where_a_share_is_meant(option, share, fitted, log, tmp_path):
    for words in (("fit", log, "--out", tmp_path), ("forecast", fitted[0], log, "--out", tmp_path / "a.csv")):
        done = invoke(*words, option, share)
        assert done.exit_code == 2
        assert "up to 1" in done.stderr


def test_a_log_of_contracts_is_refused_with_a_reason(tmp_path):
    days = [f"2023-{month:02}-05" for month in range(1, 13)]
    rows = [f"{customer},{day}" for customer in range(20) for day in days]
    (tmp_path / "log.csv").write_text("\n".join(["customer_id,date", *rows]))
    done = invoke("fit", tmp_path / "log.csv", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "contract" in done.stderr
    assert "--allow-contractual" in done.stderr
    assert "--zero" not in done.stderr


def test_no_convergence_ends_with_3_and_ctrl_c_with_130(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise segmodels.NotConverged("R-hat is 2.", "Tune longer.")

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("segmodels.project.way.run", fail)
    done = invoke("demo", "--out", tmp_path)
    assert done.exit_code == 3
    assert "Tune longer." in done.stderr
    monkeypatch.setattr("segmodels.project.way.run", stop)
    assert invoke("demo", "--out", tmp_path).exit_code == 130


@pytest.mark.slow
def test_the_demo_runs_in_a_process_of_its_own(tmp_path):
    command = [sys.executable, "-m", "segmodels", "demo", "--out", str(tmp_path / "demo"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    found = json.loads(done.stdout)
    assert done.stderr == ""
    assert found["purchases"]["expected"] == pytest.approx(1653, rel=0.01)
    page = (tmp_path / "demo" / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")

"""The whole way: what is written, whole and the same again; what is left out, and why."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP, Laplace
from segmodels.project import fits
from segmodels.project.backtests import origins
from segmodels.project.folder import open_folder, write_table
from segmodels.project.plan import Plan, demo
from segmodels.project.scores import thinned
from segmodels.project.way import STEPS, run
from segmodels.report.atomic import whole
from segmodels.tables.datasets import cdnow

PLAN = replace(demo(Laplace(draws=200), seed=1), months=12)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "results"
    told = []
    results, files = run(PLAN, out, told.append)
    return out, results, files, told


def read(files, name):
    return pd.read_parquet(files[name])


def test_every_step_is_told_in_order(done):
    assert done[3] == list(STEPS)


def test_published_holdout_sum(done):
    _, results, files, _ = done
    scores = read(files, "customers")
    assert results.horizon == 39
    assert scores["expected_purchases"].sum() == pytest.approx(1653, rel=0.01)


def test_customers_are_there_once_with_value_and_segments(done):
    scores = read(done[2], "customers")
    assert len(scores) == scores["customer_id"].nunique() == 2357
    assert not scores.isna().to_numpy().any()
    assert (scores["p10"] <= scores["p50"]).all()
    assert (scores["p50"] <= scores["p90"]).all()
    assert scores["tier_probability"].between(0, 1).all()


def test_ids_keep_their_type(done):
    assert pq.read_schema(done[2]["customers"]).field("customer_id").type == pa.int64()


def test_segments_add_up_to_the_whole(done):
    files = done[2]
    scores = read(files, "customers")
    for name in ("deciles", "rfm", "tiers"):
        table = read(files, name)
        assert table["customers"].sum() == len(scores)
        assert table["value"].sum() == pytest.approx(scores["value"].sum())
        assert table["revenue"].sum() == pytest.approx(scores["total"].sum())


def test_forecast_agrees_with_the_customers(done):
    forecast = read(done[2], "forecast")
    assert forecast["horizon"].unique().tolist() == [13, 26, 52]
    sums = forecast.groupby("horizon")["expected_purchases"].sum()
    assert sums.is_monotonic_increasing
    scores = read(done[2], "customers")
    assert sums[26] < scores["expected_purchases"].sum() < sums[52]


def test_the_state_names_every_file_and_its_digest(done):
    out, _, files, _ = done
    state = json.loads((out / "run.json").read_text())
    assert state["state"] == "complete"
    assert set(state["files"]) == {path.rsplit("/", 1)[1] for path in files.values()}
    assert not list(out.glob(".*.part*"))


def test_the_page_shows_all_sections(done):
    page = (done[0] / "page.html").read_text(encoding="utf-8")
    for heading in ("Data audit", "Tracking", "Value deciles", "Tiers", "Lorenz curve", "Backtest"):
        assert heading in page


def test_what_only_a_stopped_run_needs_is_gone(done):
    assert not (done[0] / ".backtest").exists()


def test_a_second_run_takes_up_the_fits_and_gives_the_same_figures(done, monkeypatch):
    out, _, files, _ = done
    before = {name: read(files, name) for name in ("customers", "tracking", "tiers", "backtest")}
    monkeypatch.setattr(fits, "_keep", lambda *_: pytest.fail("fitted again"))
    _, again = run(PLAN, out)
    for name, table in before.items():
        pd.testing.assert_frame_equal(read(again, name), table)


def test_a_fit_of_other_data_or_seed_is_not_taken_up(done, tmp_path):
    folder = open_folder(tmp_path)
    customers = done[1].customers
    fits.fit_spend(folder, customers, MAP(), 1)
    key = folder.state["fits"][fits.SPEND]["key"]
    fits.fit_spend(folder, customers, MAP(), 2)
    assert folder.state["fits"][fits.SPEND]["key"] != key


def test_a_damaged_fit_is_not_taken_up(done, tmp_path):
    folder = open_folder(tmp_path)
    fits.fit_spend(folder, done[1].customers, MAP(), 1)
    (tmp_path / fits.SPEND).write_bytes(b"half")
    assert fits.fit_spend(folder, done[1].customers, MAP(), 1).params.notna().all()


def test_without_values_the_value_part_is_left_out_and_said(tmp_path):
    plan = Plan(cdnow(), 1, setting=MAP(), until=dt.date(1997, 9, 30), end=dt.date(1997, 12, 30))
    results, files = run(plan, tmp_path)
    assert results.value is None
    assert "No column of values" in results.notes[0]
    assert "tiers" not in files
    assert "spend" not in files
    assert "Lifetime value, next" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_gone(tmp_path):
    folder = open_folder(tmp_path)
    folder.table("tiers", pd.DataFrame({"a": [1]}))
    folder.finish()
    folder = open_folder(tmp_path)
    folder.table("audit", pd.DataFrame({"a": [1]}))
    folder.finish()
    assert not (tmp_path / "tiers.parquet").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "table.txt"
    target.write_text("old")

    def fail():
        with whole(target) as part:
            part.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_csv_never_holds_a_formula_and_keeps_negative_numbers(tmp_path):
    frame = pd.DataFrame({"customer_id": ["=1+1", "+a", "-b", "@c", "plain", None], "value": [-1.5] * 6})
    write_table(frame, tmp_path / "t.csv")
    read_back = pd.read_csv(tmp_path / "t.csv")
    assert read_back["customer_id"].tolist()[:5] == ["'=1+1", "'+a", "'-b", "'@c", "plain"]
    assert read_back["value"].tolist() == [-1.5] * 6


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.parquet"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "t.xlsx")


def test_settings_are_checked_together():
    with pytest.raises(InputError) as caught:
        Plan("log.csv", -1, months=0, margin=0.0, level=1.0, horizons=(3.0, 2.0))
    assert {fault.where for fault in caught.value.faults} == {"seed", "months", "margin", "level", "horizons"}


def test_origins_lie_within_the_log():
    days, horizon = origins(PLAN, PLAN.read())
    assert horizon == 39
    assert days[-1] == dt.date(1997, 9, 30)
    plan = replace(PLAN, until=None, end=None)
    days, horizon = origins(plan, plan.read())
    assert days[-1] + dt.timedelta(days=round(7 * horizon)) <= dt.date(1998, 6, 30)
    assert days == tuple(sorted(days))


def test_a_short_log_has_no_origins():
    log = cdnow().query("date < '1997-01-20'")
    plan = replace(PLAN, source=log, until=None, end=None)
    assert origins(plan, plan.read()) == ((), 0.0)


def test_thinned_keeps_evenly_spaced_draws(done):
    fit = done[1].purchases
    few = thinned(fit, 50)
    np.testing.assert_array_equal(few.u, fit.u[::4])
    assert thinned(fit, 1000) is fit

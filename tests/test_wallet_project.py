"""The whole way to wallets: what is written, that sums agree, the same again, and what is left out, and why."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP, Laplace
from segmodels.project import wallet_fits, wallet_way
from segmodels.project.folder import open_folder
from segmodels.project.needs_folder import open_for
from segmodels.project.wallet_customers import P_CELLS
from segmodels.project.wallet_models import MODELS
from segmodels.project.wallet_page_frames import wallet_page
from segmodels.project.wallet_plan import WalletPlan, simulated_wallet_plan
from segmodels.project.wallet_read import read_wallets, values_of
from segmodels.project.wallet_share_frames import share_curve
from segmodels.project.wallet_summary import wallet_summary, wallet_words
from segmodels.project.wallet_way import WALLET_STEPS, run_wallet
from segmodels.segments.wallet.value_grid import CELLS, Quantile
from segmodels.tables.simulate_wallets import simulate_wallets

TRUTH = simulate_wallets(
    500, np.random.default_rng(4), answered=200, segments=(0.0, 0.6), covariates=(0.4,), slope=0.6
)
PLAN = simulated_wallet_plan(TRUTH, 1, folds=2, setting=Laplace(500), draws=150, currency="$")
QUICK = replace(PLAN, by=None, setting=Laplace(200))
SECTIONS = ("known", "grid", "share", "segments", "calibration", "tipping", "ask", "fit", "glossary")
#: What holds the time of the run, or the digests of what does.
TIMED = {"page.html", "run.json", "wallet.nc"}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("wallet") / "results"
    told = []
    results, files = run_wallet(PLAN, out, told.append)
    return out, results, files, told


def contents(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name not in TIMED}


def test_every_step_is_told_in_order(done):
    assert done[3] == list(WALLET_STEPS)


def test_all_that_was_asked_for_is_written_whole(done):
    out, _, files, _ = done
    names = "customers segments grid bands whom strata sizes targets tipping_points weights coverage audit"
    names += " evidence calibration wallet summary simulated page"
    assert set(files) == set(names.split())
    state = json.loads((out / "run.json").read_text())
    assert (state["kind"], state["state"]) == ("wallet", "complete")
    assert set(state["files"]) == {Path(path).name for path in files.values()}
    assert not list(out.glob(".*"))


def test_figures_of_page_segments_grid_and_bands_add_up(done):
    """One fit, one set of draws: the headroom on top is the sum of segments, of cells, and of bands."""
    _, results, files, _ = done
    page = wallet_page(results, datetime.now(UTC))
    segments, grid, bands = (pd.read_csv(files[name]) for name in ("segments", "grid", "bands"))
    for name in ("headroom", "attainable"):
        top = getattr(page.headline, name).value
        rows = segments.set_index("segment")[name]
        assert rows.drop("total").sum() == pytest.approx(top, rel=1e-9)
        assert rows["total"] == pytest.approx(top, rel=1e-9)
        cells = grid.set_index("cell")[name]
        assert cells[list(CELLS)].sum() == pytest.approx(top, rel=1e-9)
        assert cells["identified"] == pytest.approx(top, rel=1e-9)
        assert bands[name].sum() == pytest.approx(top, rel=1e-9)
    whole = grid.set_index("cell").loc["identified"]
    assert page.headline.headroom.low == pytest.approx(whole["headroom_low"], rel=1e-9)
    assert page.headline.own == pytest.approx(TRUTH["own"].sum())
    assert whole["value"] == pytest.approx(page.headline.own)
    assert page.headline.wallet.value == pytest.approx(page.headline.own + page.headline.headroom.value)
    shown = page.segments.table
    assert shown["headroom"].sum() == pytest.approx(page.headline.headroom.value)
    assert page.grid.cells["headroom"].sum() == pytest.approx(page.headline.headroom.value)
    assert page.grid.bands["headroom"].sum() == pytest.approx(page.headline.headroom.value)
    zero = page.tipping.headroom
    assert zero.loc[zero["delta"] == 0, "headroom"].sum() == pytest.approx(page.headline.headroom.value)


def test_customers_are_there_once_and_agree_with_the_sums(done):
    _, results, files, _ = done
    table = pd.read_parquet(files["customers"])
    assert table["customer_id"].tolist() == sorted(TRUTH["customer_id"])
    np.testing.assert_allclose(table[list(P_CELLS.values())].sum(axis=1), 1)
    np.testing.assert_allclose(table["wallet_mean"], table["own"] + table["headroom_mean"])
    assert (table["headroom_q05"] <= table["headroom_q95"]).all()
    # Both are of one posterior; the sums are means over 150 of its draws, and are off by the chance of those.
    drawn = results.totals.draws["elsewhere"].sum("segment").to_numpy()
    assert table["headroom_mean"].sum() == pytest.approx(
        drawn.mean(), abs=4 * drawn.std() / np.sqrt(len(drawn))
    )
    assert drawn.mean() == pytest.approx(results.total["headroom"])
    told = TRUTH.set_index("customer_id")
    asked = table.set_index("customer_id").loc[told["total"].notna()[lambda s: s].index]
    np.testing.assert_allclose(asked["wallet_mean"], told.loc[asked.index, "total"])
    assert asked["answered"].all()
    assert table["answered"].sum() == 200
    assert (table["value"] == table["own"]).all()
    assert table["segment"].tolist() == told.loc[table["customer_id"], "segment"].tolist()


def test_what_the_answers_alone_would_say_is_the_mean_of_them(done):
    segments = done[1].segments.set_index("segment")
    asked = TRUTH.loc[TRUTH["total"].notna()]
    for name, part in [*asked.groupby("segment"), ("total", asked)]:
        size = len(TRUTH) if name == "total" else (TRUTH["segment"] == name).sum()
        mean = (part["total"] - part["own"]).mean()
        assert segments.loc[name, "raw_headroom"] == pytest.approx(mean * size)
        assert segments.loc[name, "raw_share"] == pytest.approx(part["own"].sum() / part["total"].sum())


def test_the_page_has_every_section_and_says_that_the_data_are_simulated(done):
    page = (done[0] / "page.html").read_text(encoding="utf-8")
    for name in SECTIONS:
        assert f'id="{name}"' in page, name
    assert "Simulated data" in page
    assert "2-fold cross-validation" in page


def test_the_summary_says_the_figures_in_words(done):
    text = Path(done[2]["summary"]).read_text(encoding="utf-8")
    for said in ("500 customers", "200 answered", "Headroom $", "intervals held", "undecided", "invest:"):
        assert said in text
    assert text == "\n".join(wallet_words(done[1])) + "\n"
    found = wallet_summary(done[1], done[2])
    assert found["total"]["headroom"] == done[1].total["headroom"]
    assert [row["segment"] for row in found["segments"]] == ["s1", "s2"]
    assert sum(found["status"].values()) == 500


def test_evidence_is_of_fit_answers_respondents_and_calibration(done):
    held = json.loads(Path(done[2]["evidence"]).read_text())["evidence"]
    names = [each["name"] for each in held]
    assert len(set(names)) == len(names)
    assert {"smearing factor", "Posterior predictive checks", "cross-validated coverage"} <= set(names)
    assert "overlap of answered customers and base" in names


def test_whom_to_ask_has_nobody_who_answered_and_is_in_order(done):
    listed = pd.read_csv(done[2]["whom"])
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    asked = TRUTH.loc[TRUTH["total"].notna(), "customer_id"]
    assert not listed["customer_id"].isin(asked).any()


def test_the_same_seed_gives_the_same_files(done, tmp_path):
    first = contents(done[0])
    run_wallet(PLAN, tmp_path / "again")
    assert contents(tmp_path / "again") == first


def test_the_order_of_the_customers_is_not_in_the_figures_and_the_seed_is(tmp_path):
    run_wallet(QUICK, tmp_path / "one")
    run_wallet(replace(QUICK, source=TRUTH.sample(frac=1, random_state=2)), tmp_path / "mixed")
    run_wallet(replace(QUICK, seed=2), tmp_path / "seed")
    one, mixed, seed = (contents(tmp_path / name) for name in ("one", "mixed", "seed"))
    # An engine sums the audit in the order of the rows, so the last digit may differ.
    assert {name for name in one if mixed[name] != one[name]} <= {"simulated.csv", "audit.csv"}
    assert one["segments.csv"] != seed["segments.csv"]


def test_a_killed_run_takes_up_the_fit_and_the_calibration(tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(wallet_way, "write_tables", killed)
        with pytest.raises(KeyboardInterrupt):
            run_wallet(QUICK, out)
    assert {path.name for path in out.iterdir()} == {"wallet.nc", "calibration.json", "run.json"}
    assert json.loads((out / "run.json").read_text())["state"] == "running"
    written = (out / "wallet.nc").stat().st_mtime_ns
    with monkeypatch.context() as patched:
        patched.setattr(wallet_fits, "spec_of", _no_fitting)
        patched.setattr(wallet_fits, "cross_validated", killed)
        run_wallet(QUICK, out)
    assert (out / "wallet.nc").stat().st_mtime_ns == written
    run_wallet(QUICK, tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


class _NeverFitted:
    """A specification that bears the name of another one, and can not be fitted."""

    def __init__(self, spec):
        self.spec = spec

    def __repr__(self):
        return repr(self.spec)

    def fit(self, *_, **__):
        pytest.fail("it was fitted anew")


def _no_fitting(plan):
    return _NeverFitted(MODELS[plan.model].spec(plan))


def test_other_answers_or_settings_are_other_fits(done):
    wallets = done[1].wallets
    key = wallet_fits.key_of(PLAN, wallets)
    assert key == wallet_fits.key_of(PLAN, read_wallets(PLAN))
    one = TRUTH["total"].notna().idxmax()
    told = TRUTH.assign(total=TRUTH["total"].where(TRUTH.index != one, TRUTH["total"] + 1))
    others = [replace(PLAN, source=told), replace(PLAN, covariates=()), replace(PLAN, seed=2)]
    others += [replace(PLAN, setting=MAP()), replace(PLAN, errors="t")]
    keys = {wallet_fits.key_of(other, read_wallets(other)) for other in others}
    assert len(keys | {key}) == 6


def test_a_damaged_fit_is_not_taken_up(tmp_path):
    plan = replace(PLAN, folds=0, setting=MAP(), by=None)
    run_wallet(plan, tmp_path)
    (tmp_path / "wallet.nc").write_bytes(b"damaged")
    again, _ = run_wallet(plan, tmp_path)
    assert again.fit.params.notna().all()


def test_a_run_leaves_results_of_other_commands_alone(done, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"kind": "needs"}))
    with pytest.raises(InputError, match="which holds results of needs"):
        run_wallet(PLAN, tmp_path)
    with pytest.raises(InputError, match="which holds results of wallet"):
        open_for("needs", done[0])


def test_a_run_without_segments_leaves_out_what_needs_them(tmp_path):
    plan = replace(PLAN, by=None, folds=0, setting=MAP())
    results, files = run_wallet(plan, tmp_path)
    assert results.notes == ("Calibration: left out, as no folds were asked for.",)
    assert not {"coverage", "calibration"} & set(files)
    page = Path(files["page"]).read_text(encoding="utf-8")
    assert 'id="segments"' not in page
    assert 'id="tipping"' in page
    assert pd.read_csv(files["segments"])["segment"].tolist() == ["all", "total"]


def test_an_earlier_calibration_goes_when_it_is_not_asked_for(tmp_path):
    plan = replace(PLAN, by=None, setting=MAP())
    _, files = run_wallet(plan, tmp_path)
    assert Path(files["coverage"]).is_file()
    run_wallet(replace(plan, folds=0), tmp_path)
    assert not (tmp_path / "coverage.csv").exists()
    assert not (tmp_path / "calibration.json").exists()


def test_value_cuts_and_potential_are_those_of_the_plan(tmp_path):
    frame = TRUTH.assign(forecast=2 * TRUTH["own"] + 5)
    plan = replace(PLAN, source=frame, by=None, folds=0, setting=MAP(), value="forecast")
    plan = replace(
        plan, value_cut=100.0, potential_cut=Quantile(0.75), potential="attainable", bands=(20.0, 90.0)
    )
    results, files = run_wallet(plan, tmp_path)
    table = pd.read_parquet(files["customers"])
    np.testing.assert_allclose(table["value"], 2 * table["own"] + 5)
    high = table["p_invest"] + table["p_protect"]
    np.testing.assert_allclose(high, table["value"] > 100, atol=1e-12)
    assert results.grid.potential_cut == pytest.approx(np.quantile(results.grid.scored.expected, 0.75))
    assert set(pd.read_csv(files["bands"])["band"]) == {"band 1", "band 2", "band 3", "not identified"}
    assert "forecast" in Path(files["page"]).read_text(encoding="utf-8")
    assert values_of(plan, results.wallets).loc[1] == pytest.approx(frame["forecast"].iloc[0])


def test_without_a_survey_the_mean_share_from_outside_is_told(tmp_path):
    plan = simulated_wallet_plan(TRUTH, 1, model="frontier", setting=MAP(), draws=100)
    results, files = run_wallet(plan, tmp_path)
    assert results.selection is None
    assert results.tipping is None
    assert results.calibration is None
    assert results.level is results.fit
    page = Path(files["page"]).read_text(encoding="utf-8")
    assert "made up for the demonstration" in page
    assert "Nobody was asked" in page
    assert not {"tipping_points", "coverage", "weights"} & set(files)
    customers = pd.read_parquet(files["customers"])
    unknown = customers["status"] == "not_identified"
    assert unknown.sum() == (TRUTH["own"] == 0).sum()
    assert customers.loc[unknown, "headroom_mean"].isna().all()
    assert (customers.loc[unknown, "cell"] == "not identified").all()
    grid = pd.read_csv(files["grid"]).set_index("cell")
    assert grid.loc["identified", "headroom"] == pytest.approx(results.total["headroom"])
    assert results.total["wallet"] == pytest.approx(results.total["own"] + results.total["headroom"])


def test_few_answers_do_not_move_the_level_of_a_frontier(tmp_path):
    few = TRUTH.assign(total=TRUTH["total"].where(TRUTH.index < 50))
    plan = WalletPlan(few, 1, total="total", model="frontier", mean_share=0.55, setting=MAP(), draws=50)
    results, _ = run_wallet(plan, tmp_path)
    n = results.wallets.n_answered
    assert 10 < n < 30
    assert results.level is results.fit
    assert any(f"Only {n} customers answered" in note for note in results.notes)


def test_counts_go_the_whole_way(tmp_path):
    rng = np.random.default_rng(3)
    wanted, share = rng.negative_binomial(2, 0.15, 400), rng.beta(1.2, 1.5, 400)
    bought = rng.binomial(wanted, share)
    price = np.exp(rng.normal(2.5, 0.3, (400, 2)))
    frame = pd.DataFrame({"id": np.arange(400), "spent": bought * price[:, 0], "n": bought})
    frame["rest"], frame["all"] = (wanted - bought) * price[:, 1], wanted.astype(float)
    frame.loc[150:, ["rest", "all"]] = np.nan
    plan = WalletPlan(
        frame,
        1,
        customer="id",
        own="spent",
        elsewhere="rest",
        purchases="n",
        total_purchases="all",
        model="counts",
        frame="all customers",
        setting=MAP(),
        folds=2,
        draws=60,
    )
    results, files = run_wallet(plan, tmp_path)
    assert len(pd.read_parquet(files["customers"])) == 400
    assert results.calibration is not None
    again, _ = run_wallet(plan, tmp_path)
    assert again.total == results.total
    truth = ((wanted - bought) * price[:, 1]).sum()
    assert results.total["headroom"] == pytest.approx(truth, rel=0.3)


def test_a_fold_that_can_not_be_fitted_leaves_the_calibration_out_and_says_why(tmp_path):
    few = TRUTH.assign(total=TRUTH["total"].where(TRUTH["total"].rank() <= 40))
    plan = WalletPlan(few, 1, total="total", setting=MAP(), folds=2, draws=50)
    results, files = run_wallet(plan, tmp_path)
    assert results.calibration is None
    assert "could not be fitted" in results.notes[0]
    assert 'id="calibration"' not in Path(files["page"]).read_text(encoding="utf-8")


def test_csv_files_may_hold_base_and_round_answers(tmp_path):
    survey = TRUTH.loc[TRUTH["total"].notna(), ["customer_id", "total"]]
    survey = survey.assign(total=10 * np.rint(survey["total"] / 10))
    survey.to_csv(tmp_path / "survey.csv", index=False)
    base = TRUTH.drop(columns=["total", "true_elsewhere"]).assign(age=30 + TRUTH.index % 40)
    base.to_csv(tmp_path / "base.csv", index=False)
    plan = replace(PLAN, source=str(tmp_path / "base.csv"), answers=str(tmp_path / "survey.csv"), name="")
    plan = replace(plan, simulated=False, rounding=10.0, folds=0, by=None, setting=MAP(), response=("age",))
    results, files = run_wallet(plan, tmp_path / "out")
    assert results.plan.title == "base.csv"
    page = wallet_page(results, datetime.now(UTC))
    assert page.headline.rounded > 150
    assert "simulated" not in files
    assert "survey.csv" not in (tmp_path / "out" / "run.json").read_text()
    # Written as text, read as numbers: one feature each, not one for every value.
    features = results.selection.balance["feature"].astype(str)
    assert features.str.contains("age").sum() == features.str.contains("x1").sum() == 1
    in_memory = replace(plan, source=base, answers=survey)
    again, _ = run_wallet(in_memory, tmp_path / "memory")
    assert again.total["headroom"] == pytest.approx(results.total["headroom"], rel=1e-6)


def test_the_curve_is_the_share_of_buyers_by_spend(done):
    """With a slope below one the share rises with own spend; everybody answered: without the answers."""
    curve = share_curve(done[1].level)
    assert curve["own"].is_monotonic_increasing
    assert (curve["low"] <= curve["median"]).all()
    assert (curve["median"] <= curve["high"]).all()
    assert curve["median"].iloc[-1] > curve["median"].iloc[0]
    whole = TRUTH.assign(total=TRUTH["own"] + TRUTH["true_elsewhere"])
    plan = replace(PLAN, source=whole, by=None, setting=MAP())
    wallets = read_wallets(plan)
    fit = MODELS["share"].spec(plan).fit(wallets, MAP(), seed=1)
    everybody = share_curve(fit)
    assert everybody["own"].is_monotonic_increasing
    assert everybody["median"].between(0, 1).all()


def test_the_folder_remembers_the_plan_without_the_data(done):
    plan = open_folder(done[0]).state["plan"]
    assert plan["model"] == "share"
    assert plan["setting"] == "Laplace(draws=500)"
    assert "source" not in plan

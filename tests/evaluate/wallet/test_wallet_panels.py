"""Real panels whose wallets are known: their sizes, and what simple ways do on them."""

from pathlib import Path

import pytest
from scipy.stats import spearmanr

from segmodels.evaluate.wallet.masked_truth import masked_truth
from segmodels.evaluate.wallet.peers import MeanImputation, NearestNeighbours, OwnOverShare

ROOT = Path(__file__).parents[3]
# Customers, share who spend nothing elsewhere, households.
SIZES = {
    "half_stores": (1335, 0.193, 1743),
    "private_label": (1717, 0.0, 1743),
    "drug_gm": (1525, 0.0, 1743),
    "tuna_starkist": (2508, 0.453, 3093),
    "ketchup_heinz": (1252, 0.569, 1956),
    "margarine_parkay": (410, 0.156, 516),
    "budget_food": (23_911, 0.0, 23_972),
}


@pytest.fixture
def panels(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.datasets.wallet_panels import PANELS

    return PANELS


@pytest.mark.parametrize("name", SIZES)
def test_panels_have_their_known_sizes_and_are_whole(panels, shared_data, name):
    panel = panels[name](shared_data)
    frame = panel.frame
    customers, none, households = SIZES[name]
    assert (len(frame), panel.households) == (customers, households)
    assert panel.none == pytest.approx(none, abs=0.001)
    assert panel.name == name
    assert not frame.isna().any(axis=None)
    assert frame["customer_id"].is_unique
    assert (frame["own"] > 0).all()
    assert (frame["total"] >= frame["own"]).all()
    assert set(panel.covariates) <= set(frame.columns)
    if "purchases" in frame:
        assert ((frame["purchases"] > 0) & (frame["purchases"] <= frame["total_purchases"])).all()
        # Who buys nothing elsewhere spends nothing there.
        loyal = frame["purchases"] == frame["total_purchases"]
        assert (frame.loc[loyal, "own"] == frame.loc[loyal, "total"]).all()


def test_there_is_no_other_panel(panels):
    assert set(panels) == set(SIZES)


@pytest.mark.parametrize(
    ("name", "sign"), [("half_stores", -1), ("private_label", 1), ("drug_gm", 1), ("budget_food", 1)]
)
def test_even_the_sign_of_own_beside_elsewhere_depends_on_the_firm(panels, shared_data, name, sign):
    frame = panels[name](shared_data).frame
    assert sign * spearmanr(frame["own"], frame["total"] - frame["own"])[0] > 0.4


def test_food_is_its_share_of_all_expenditure(panels, shared_data):
    frame = panels["budget_food"](shared_data).frame
    assert (frame["own"] / frame["total"]).mean() == pytest.approx(0.379, abs=0.001)
    assert frame["segment"].nunique() == 40


def test_own_over_share_ranks_the_wrong_way_where_stores_compete(panels, shared_data):
    frame = panels["half_stores"](shared_data).frame
    ways = {"own": OwnOverShare(), "mean": MeanImputation(), "near": NearestNeighbours()}
    study = masked_truth(
        frame, {}, seed=1, peers=ways, mechanisms=("random", "own_spend"), sizes=(267,), replications=3
    )
    means = study.summary().set_index(["mechanism", "method", "score"])["mean"]
    assert means["random", "own", "spearman"] < -0.35
    assert means["random", "near", "spearman"] > 0.35
    assert means["random", "near", "pinball"] < means["random", "mean", "pinball"]
    # Those who buy much here answer more, and buy less elsewhere.
    assert means["own_spend", "mean", "total_wallet"] == pytest.approx(0.83, abs=0.03)
    assert means["own_spend", "own", "total_wallet"] == pytest.approx(0.66, abs=0.03)


def test_a_study_is_taken_up_where_it_was(panels, shared_data, tmp_path):
    del panels
    from experiments.studies.wallet_masked_truth import main

    words = [
        str(shared_data),
        "--panels",
        "margarine_parkay",
        "--models",
        "--sizes",
        "60",
        "--replications",
        "2",
    ]
    words += ["--mechanisms", "random", "--results", str(tmp_path), "--cache", str(tmp_path / "kept")]
    main(words)
    first = (tmp_path / "wallet_masked_truth.csv").read_text(encoding="utf-8")
    scores = tmp_path / "kept" / "margarine_parkay" / "scores.csv"
    stamp = scores.stat().st_mtime_ns
    main(words)
    assert (tmp_path / "wallet_masked_truth.csv").read_text(encoding="utf-8") == first
    assert scores.stat().st_mtime_ns == stamp
    main([*words, "--seed", "2"])
    assert scores.stat().st_mtime_ns != stamp
    assert (tmp_path / "wallet_masked_truth.csv").read_text(encoding="utf-8") != first
    page = (tmp_path / "wallet_masked_truth.md").read_text(encoding="utf-8")
    assert "| margarine_parkay | 410 | 0.16 | 516 |" in page
    assert "| mean imputation |" in page

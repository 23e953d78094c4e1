"""Verdicts of the masked-truth protocol."""

from dataclasses import replace

import pandas as pd
import pytest
from wallet_oracle import FEW, PANEL, Oracle, oracle_study

from segmodels.errors import InputError, NotConverged
from segmodels.evaluate.wallet.masked_truth import masked_truth
from segmodels.evaluate.wallet.scores import BEST
from segmodels.inference.settings import MAP


@pytest.fixture(scope="module")
def study():
    return oracle_study()


def test_evidence_passes_the_truth_and_not_half_of_it(study):
    beats, calibrated, refused = study.evidence("oracle")
    assert (beats.passed, calibrated.passed, refused.passed) == (True, True, True)
    assert "1000 were skipped" in refused.text
    loses, narrow, flagged = study.evidence("half")
    assert (loses.passed, narrow.passed) == (False, False)
    assert "Honesty (36)" in flagged.text
    assert len(study.flagged) == 36


def shy_study(**more):
    arguments = {"peers": FEW, "sizes": (50, 200), "replications": 4, "setting": MAP()} | more
    models = {"shy": Oracle(answers=100, error=NotConverged), "half": Oracle(factor=0.5)}
    return masked_truth(PANEL, models, seed=1, mechanisms=("random", "outside_spend"), **arguments)


def test_kinds_of_survey_in_which_a_model_never_predicted_are_told_and_take_the_verdict():
    beats, calibrated, refused = shy_study().evidence("shy")
    assert (beats.passed, calibrated.passed, refused.passed) == (None, None, False)
    kinds = [("random", 50), ("random", 200), ("outside_spend", 50), ("outside_spend", 200)]
    for item in (beats, calibrated):
        assert list(item.table[["mechanism", "n"]].itertuples(index=False, name=None)) == kinds
    assert beats.table["verdict"].tolist()[:3] == ["did not predict", "better", "did not predict"]
    assert beats.table["replications"].tolist() == [0, 4, 0, 4]
    assert "did not predict in 1" in beats.text
    assert "It did not predict: random, n = 50." in calibrated.text
    nowhere = shy_study(sizes=(50,)).evidence("shy")
    assert [item.passed for item in nowhere] == [None, None, False]
    assert "did not predict in 1" in nowhere[0].text


def test_what_is_bad_in_one_kind_of_survey_is_bad_though_another_is_not_known(study):
    """It loses in surveys of 200, and what it does in those of 50 has no standard error."""
    few = (study.scores["n"] == 50) & (study.scores["replication"] > 0)
    part = replace(study, scores=study.scores.loc[~few])
    beats, narrow, _ = part.evidence("half")
    assert set(beats.table["verdict"]) >= {"not known", "worse"}
    assert (beats.passed, narrow.passed) == (False, False)
    assert [item.passed for item in part.evidence("oracle")[:2]] == [None, None]


def test_the_best_peer_is_not_one_that_refused_the_hard_surveys(study):
    """Each survey is harder than the one before; the lucky peer is worse, and saw the first two alone."""
    above = {"oracle": 0.0, "nearest neighbours": 1.0, "mean imputation": 2.0}
    rows = [
        ("random", 50, number, method, "pinball", 10.0 * number + more + 0.01 * number)
        for number in range(6)
        for method, more in above.items()
        if method != "mean imputation" or number < 2
    ]
    scores = pd.DataFrame(rows, columns=study.scores.columns)
    some = study.surveys.loc[(study.surveys["mechanism"] == "random") & (study.surveys["n"] == 50)]
    means = replace(study, scores=scores).summary("pinball").set_index("method")["mean"]
    assert means["mean imputation"] < means["nearest neighbours"]
    extra = study.scores.loc[study.scores["score"].isin(["coverage_80", "below_90", "below_90_own"])]
    part = replace(study, scores=pd.concat([scores, extra]), surveys=some)
    judged = part.evidence("oracle")[0].table.iloc[0]
    assert (judged["best_peer"], judged["replications"]) == ("nearest neighbours", 6)


def test_the_worst_that_is_told_is_of_surveys_that_are_judged(study):
    table, text = (getattr(study.evidence("half")[0], name) for name in ("table", "text"))
    judged = table.loc[table["mechanism"] != "outside_spend"]
    worst = judged.loc[judged["difference"].idxmin()]
    assert f"{worst['mechanism']}, n = {worst['n']}." in text
    assert f"{-worst['difference']:+.3f}" in text


@pytest.mark.parametrize(
    "score", ["spearman", "top_decile", "coverage_80", "total_wallet", "known", "pinbal"]
)
def test_only_a_loss_is_taken_for_one(study, score):
    with pytest.raises(InputError, match=r"one of pinball, .*rmse"):
        study.evidence("oracle", score)


def test_any_loss_may_be_compared(study):
    for loss in (name for name, best in BEST.items() if best == "least"):
        judged = study.evidence("half", loss)[0]
        assert f"by {loss}:" in judged.text
        assert set(judged.table["verdict"]) <= {"better", "even", "worse"}
    assert [study.evidence("half", loss)[0].passed for loss in ("mae", "interval_80")] == [False, False]


def test_a_loss_that_is_not_defined_gives_no_verdict():
    """In one of the regions nobody spends anything elsewhere."""
    panel = PANEL.assign(elsewhere=PANEL["elsewhere"].where(PANEL["region"] == "south", 0.0))
    found = masked_truth(panel, {}, seed=1, peers=FEW, sizes=(50,), replications=2, segment="region")
    judged = found.evidence("mean imputation", "segment_rmse")[0]
    assert judged.passed is None
    assert "nothing to compare in 2" in judged.text


def test_customers_of_whom_a_model_says_nothing_are_told():
    limit = float(PANEL["own"].quantile(0.7))
    models = {"narrow": Oracle(most=limit)}
    found = masked_truth(PANEL, models, seed=1, peers=FEW, sizes=(100,), replications=2, setting=MAP())
    known = found.summary("known").set_index("method").loc["narrow", "mean"].min()
    assert f"it knows {known:.0%} at the least" in found.evidence("narrow")[2].text
    assert "it knows" not in found.evidence("mean imputation")[2].text


def test_one_replication_gives_no_verdict():
    study = masked_truth(
        PANEL, {"oracle": Oracle()}, seed=1, peers=FEW, sizes=(50,), replications=1, setting=MAP()
    )
    assert [item.passed for item in study.evidence("oracle")] == [None, None, True]

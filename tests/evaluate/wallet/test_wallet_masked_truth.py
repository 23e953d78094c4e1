"""The masked-truth protocol, with a model that knows the law by which the panel was made."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from wallet_oracle import FEW, LEVEL, PANEL, SIGMA, SLOPE, LogNormal, Oracle, OracleFit, oracle_study

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evaluate.wallet.known_truth import known_truth
from segmodels.evaluate.wallet.masked_truth import PEERS, masked_truth
from segmodels.evaluate.wallet.mechanisms import MECHANISMS, select
from segmodels.evaluate.wallet.peers import MeanImputation, OwnOverShare
from segmodels.evaluate.wallet.replication import Replication, Survey, masked_wallets
from segmodels.evaluate.wallet.scores import LEVELS
from segmodels.inference.settings import MAP
from segmodels.tables.wallets import Wallets


@dataclass(frozen=True)
class Spy:
    """A peer that looks for what it should not see."""

    def predict(self, survey, base, levels, columns, seed):
        assert list(base.columns) == ["own", *columns]
        assert set(survey.index).isdisjoint(base.index)
        return MeanImputation().predict(survey, base, levels, columns, seed)


@pytest.fixture(scope="module")
def study():
    return oracle_study()


def test_every_survey_scores_every_method(study):
    assert study.skipped == (1000,)
    surveys = len(MECHANISMS) * 2 * 6
    assert len(study.surveys) == surveys
    pinball = study.scores.loc[study.scores["score"] == "pinball"]
    assert len(pinball) == surveys * 4
    assert study.scores["value"].notna().all()
    assert study.refused.empty
    # Only those who did not answer are scored.
    assert (study.surveys["scored"] == 400 - study.surveys["n"]).all()


def test_the_truth_is_calibrated_and_beats_everything_else(study):
    means = study.summary().set_index(["mechanism", "n", "method", "score"])["mean"].sort_index()
    # 400 customers are a sample of the law, too: their total is not exactly what it expects.
    expected = (np.exp(LEVEL + SIGMA**2 / 2) * PANEL["own"] ** SLOPE).sum()
    ratio = expected / PANEL["elsewhere"].sum()
    assert ratio == pytest.approx(1, abs=0.1)
    for n in (50, 200):
        cell = means.loc["random", n]
        assert cell["oracle", "coverage_80"] == pytest.approx(0.8, abs=0.03)
        assert cell["oracle", "total_elsewhere"] == pytest.approx(ratio, abs=0.04)
        assert cell["half", "total_elsewhere"] == pytest.approx(cell["oracle", "total_elsewhere"] / 2)
        assert cell["oracle", "spearman"] == pytest.approx(cell["half", "spearman"])
        for other in ("half", *FEW):
            assert cell["oracle", "pinball"] < cell[other, "pinball"]


def test_summary_and_paired_differences_are_those_of_the_slow_way(study):
    rows = study.scores
    some = (rows["mechanism"] == "own_spend") & (rows["n"] == 50) & (rows["score"] == "rmse")
    wide = rows.loc[some].pivot_table(index="replication", columns="method", values="value")
    means = study.summary("rmse").set_index(["mechanism", "n", "method"]).loc[("own_spend", 50, "half")]
    assert means["mean"] == pytest.approx(wide["half"].mean())
    assert means["se"] == pytest.approx(wide["half"].std(ddof=1) / np.sqrt(6))
    gap = wide["half"] - wide["oracle"]
    paired = study.paired("oracle", "rmse").set_index(["mechanism", "n", "method"])
    row = paired.loc[("own_spend", 50, "half")]
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["se"] == pytest.approx(gap.std(ddof=1) / np.sqrt(6))
    assert row["replications"] == 6
    assert "oracle" not in paired.index.get_level_values("method")


def test_the_same_seed_gives_the_same_with_any_number_of_processes():
    arguments = {"seed": 5, "sizes": (60,), "mechanisms": ("random", "own_spend"), "replications": 2}
    models = {"oracle": Oracle()}
    one = masked_truth(PANEL, models, **arguments, setting=MAP())
    two = masked_truth(PANEL, models, **arguments, setting=MAP(), workers=2)
    pd.testing.assert_frame_equal(one.scores, two.scores, check_exact=True)
    pd.testing.assert_frame_equal(one.surveys, two.surveys)
    other = masked_truth(PANEL, models, **(arguments | {"seed": 6}), peers={}, setting=MAP())
    assert other.scores["value"].iloc[0] != one.scores["value"].iloc[0]


def test_a_survey_does_not_depend_on_which_others_are_made():
    few = masked_truth(
        PANEL, {}, seed=5, peers=FEW, sizes=(60,), mechanisms=("own_spend",), replications=1
    ).scores
    many = masked_truth(PANEL, {}, seed=5, peers=FEW, sizes=(30, 60), replications=2).scores
    same = many.merge(few, on=["mechanism", "n", "replication", "method", "score"])
    assert len(same) == len(few)
    assert (same["value_x"] == same["value_y"]).all()


def test_the_order_of_the_customers_changes_nothing():
    arguments = {"seed": 5, "peers": FEW, "sizes": (60,), "replications": 2, "setting": MAP()}
    one = masked_truth(PANEL, {"oracle": Oracle()}, **arguments)
    other = masked_truth(PANEL.sample(frac=1, random_state=1), {"oracle": Oracle()}, **arguments)
    pd.testing.assert_frame_equal(one.scores, other.scores)


@pytest.mark.parametrize("error", [InputError, NotConverged])
def test_refusals_are_entered_and_the_others_still_scored(error):
    model = {"shy": Oracle(answers=100, error=error)} if error is NotConverged else {"shy": Shy()}
    study = masked_truth(
        PANEL,
        model,
        seed=1,
        peers=FEW,
        sizes=(50, 200),
        mechanisms=("random",),
        replications=3,
        setting=MAP(),
    )
    assert study.refused[["n", "method"]].drop_duplicates().to_numpy().tolist() == [[50, "shy"]]
    assert len(study.refused) == 3
    assert study.refused["reason"].str.contains("Too few").all()
    counts = study.summary("pinball").set_index(["n", "method"])["replications"]
    assert (50, "shy") not in counts.index
    assert counts[200, "shy"] == counts[50, "mean imputation"] == 3
    refused = study.evidence("shy")[2]
    assert refused.passed is False
    assert "3 of 6" in refused.text


@dataclass(frozen=True)
class Shy:
    """Refuses small surveys as the models do."""

    def fit(self, wallets, setting, *, seed):
        del setting
        if wallets.n_answered < 100:
            raise InputError(Fault("wallets", "Too few answers", "100", "Ask more."))
        return OracleFit(Oracle(), wallets, seed)


def test_a_bug_is_not_taken_for_a_refusal():
    with pytest.raises(ZeroDivisionError):
        masked_truth(
            PANEL,
            {"broken": Oracle(answers=999, error=ZeroDivisionError)},
            seed=1,
            peers=FEW,
            sizes=(50,),
            replications=1,
            setting=MAP(),
        )


@dataclass(frozen=True, eq=False)
class NoMean(LogNormal):
    def mean(self):
        return np.full(len(self.own), np.inf)


@dataclass(frozen=True)
class Heavy:
    """Has errors so heavy that there is no mean."""

    def fit(self, wallets, setting, *, seed):
        del setting
        return HeavyFit(Oracle(), wallets, seed)


class HeavyFit(OracleFit):
    def blocks(self, size=100):
        for block in super().blocks(size):
            law = block.elsewhere
            yield replace(block, elsewhere=NoMean(law.own, law.known, law.factor))


def test_a_model_without_a_mean_is_refused_for_that():
    found = masked_truth(
        PANEL, {"heavy": Heavy()}, seed=1, peers=FEW, sizes=(50,), replications=1, setting=MAP()
    )
    assert len(found.refused) == len(MECHANISMS)
    assert found.refused["reason"].str.contains("infinite expected").all()


def test_all_are_scored_on_the_customers_that_all_know():
    limit = float(PANEL["own"].quantile(0.7))
    study = masked_truth(
        PANEL, {"narrow": Oracle(most=limit)}, seed=1, peers=FEW, sizes=(100,), mechanisms=("random",),
        replications=2, setting=MAP(),
    )  # fmt: skip
    known = study.summary("known").set_index("method")["mean"]
    assert known["mean imputation"] == 1
    assert known["narrow"] == pytest.approx(0.7, abs=0.05)
    assert (study.surveys["scored"] / 300).mean() == pytest.approx(known["narrow"])
    nobody = masked_truth(
        PANEL, {"blind": Oracle(most=0)}, seed=1, peers=FEW, sizes=(100,), replications=1, setting=MAP()
    )
    assert nobody.refused["reason"].str.contains("nobody identified").all()
    assert (nobody.surveys["scored"] == 300).all()


def test_nothing_hidden_is_seen():
    truth = known_truth(PANEL.assign(purchases=3.0, total_purchases=9.0))
    asked = np.zeros(400, bool)
    asked[:30] = True
    wallets = masked_wallets(truth, asked)
    frame = next(wallets.blocks())
    assert wallets.n_answered == 30
    hidden = frame.loc[~frame["customer_id"].isin(truth["customer_id"][:30])]
    assert hidden[["low", "high", "total_purchases"]].isna().all(axis=None)
    assert frame["purchases"].notna().all()
    answered = wallets.answered()
    np.testing.assert_allclose(answered["high"], truth["elsewhere"][:30])
    study = masked_truth(
        PANEL, {}, seed=1, peers={"spy": Spy()}, sizes=(50,), columns=("region",), replications=1
    )
    assert len(study.surveys) == 3


def test_a_replication_by_hand():
    truth = known_truth(PANEL)
    run = Replication(truth, {}, {"share": OwnOverShare()}, MAP(), None, (), 11)
    outcome = run(Survey("own_spend", 80, 4))
    drawn, _ = np.random.SeedSequence([11, 1, 80, 4]).spawn(2)
    rows = select("own_spend", truth["own"], truth["elsewhere"], 80, np.random.default_rng(drawn))
    survey, rest = truth.iloc[rows], truth.drop(index=rows)
    told = OwnOverShare().predict(survey, rest, LEVELS, (), seed=1).mean
    ratio = told.sum() / rest["elsewhere"].sum()
    assert outcome.scores["share"]["total_elsewhere"] == pytest.approx(ratio)


def test_wallets_and_frames_of_totals_say_the_same():
    whole = PANEL.assign(total=PANEL["own"] + PANEL["elsewhere"]).drop(columns="elsewhere")
    wallets = Wallets.read(PANEL, customer="customer_id", own="own", elsewhere="elsewhere")
    one = known_truth(PANEL)
    pd.testing.assert_frame_equal(known_truth(whole)[list(one.columns)], one, check_exact=False)
    pd.testing.assert_frame_equal(known_truth(wallets), one, check_dtype=False)


def test_what_floats_leave_of_a_difference_is_nothing_elsewhere():
    own = np.array([0.1 + 0.2, 100.7, 5.0])
    total = np.array([0.3, 100.7 - 1.4e-14, 6.0])
    frame = pd.DataFrame({"customer_id": [1, 2, 3], "own": own, "total": total})
    assert (total < own).tolist() == [True, True, False]
    assert known_truth(frame)["elsewhere"].tolist() == [0.0, 0.0, 1.0]
    stated = frame.drop(columns="total").assign(elsewhere=total - own)
    assert known_truth(stated)["elsewhere"].tolist() == [0.0, 0.0, 1.0]
    assert known_truth(stated.assign(elsewhere=1e-12))["elsewhere"].tolist() == [1e-12] * 3


def test_the_names_there_are_follow_one_of():
    with pytest.raises(InputError, match="mechanisms: got 'luck'; expected one of random, own_spend"):
        masked_truth(PANEL, {}, seed=1, mechanisms=("luck",))


def test_what_is_no_known_truth_is_refused():
    holes = PANEL.assign(elsewhere=PANEL["elsewhere"].where(PANEL.index > 4))
    with pytest.raises(InputError, match="everybody's wallet"):
        known_truth(Wallets.read(holes, customer="customer_id", own="own", elsewhere="elsewhere"))
    with pytest.raises(InputError, match="5 rows"):
        known_truth(holes)
    both = PANEL.assign(total=PANEL["own"] + PANEL["elsewhere"])
    twice = Wallets.read(both, customer="customer_id", own="own", total="total")
    with pytest.raises(InputError, match="second truth"):
        known_truth(twice)
    units = PANEL.assign(elsewhere=PANEL["elsewhere"].round())
    rounded = Wallets.read(units, customer="customer_id", own="own", elsewhere="elsewhere", rounding=1.0)
    with pytest.raises(InputError, match="interval"):
        known_truth(rounded)
    with pytest.raises(InputError, match="elsewhere and total"):
        known_truth(PANEL.assign(total=1.0))
    with pytest.raises(InputError, match="repeated"):
        known_truth(pd.concat([PANEL, PANEL.iloc[:2]]))
    with pytest.raises(InputError, match="elsewhere"):
        known_truth(PANEL.assign(total=0.5 * PANEL["own"]).drop(columns="elsewhere"))


def test_all_faults_of_the_arguments_are_told_together():
    with pytest.raises(InputError) as caught:
        masked_truth(
            PANEL,
            {"mean imputation": Oracle()},
            seed=1,
            mechanisms=("post",),
            sizes=(400, 0),
            replications=0,
            workers=0,
            segment="town",
            columns=("elsewhere",),
        )
    told = [fault.where for fault in caught.value.faults]
    assert told == ["models", "mechanisms", "replications", "workers", "sizes", "segment", "columns"]
    holes = PANEL.assign(region=PANEL["region"].where(PANEL.index > 4))
    with pytest.raises(InputError, match="missing labels in 5 rows"):
        masked_truth(holes, {}, seed=1, segment="region")
    with pytest.raises(InputError, match="left to predict"):
        masked_truth(PANEL, {}, seed=1, sizes=(400,))
    with pytest.raises(InputError, match="peers"):
        masked_truth(PANEL, {}, seed=1, peers={})


def test_unknown_scores_and_references_are_refused(study):
    with pytest.raises(InputError, match="score"):
        study.summary("pinbal")
    with pytest.raises(InputError, match="reference"):
        study.paired("orakel")


def test_all_peers_are_there_by_default():
    assert len(PEERS) == 6
    study = masked_truth(PANEL, {}, seed=1, sizes=(100,), mechanisms=("random",), replications=1)
    assert list(dict.fromkeys(study.scores["method"])) == list(PEERS)

"""The masked-truth protocol, with a model that knows the law by which the panel was made."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evaluate.wallet.known_truth import known_truth
from segmodels.evaluate.wallet.masked_truth import PEERS, masked_truth
from segmodels.evaluate.wallet.mechanisms import MECHANISMS, select
from segmodels.evaluate.wallet.peers import MeanImputation, NearestNeighbours, OwnOverShare
from segmodels.evaluate.wallet.replication import Replication, Survey, masked_wallets
from segmodels.evaluate.wallet.scores import LEVELS
from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP
from segmodels.models.wallet.block import NOT_IDENTIFIED, WalletBlock
from segmodels.tables.wallets import Wallets

LEVEL, SLOPE, SIGMA = 6.0, -0.8, 0.6
FEW = {"mean imputation": MeanImputation(), "nearest neighbours": NearestNeighbours()}


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    own = rng.lognormal(3, 1, n)
    elsewhere = np.exp(LEVEL + SLOPE * np.log(own) + SIGMA * rng.normal(size=n))
    ids = rng.permutation(n) + 1000
    region = rng.choice(["north", "south"], n)
    return pd.DataFrame({"customer_id": ids, "own": own, "elsewhere": elsewhere, "region": region})


@dataclass(frozen=True, eq=False)
class LogNormal:
    own: np.ndarray
    known: np.ndarray
    factor: float

    def law(self):
        scale = np.where(self.known, self.factor * np.exp(LEVEL) * self.own**SLOPE, np.nan)
        return lognorm(SIGMA, scale=scale[:, None])

    def none(self):
        return np.where(self.known, 0.0, np.nan)

    def mean(self):
        return self.law().mean()[:, 0]

    def quantiles(self, levels):
        return self.law().ppf(np.asarray(levels)[None, :])


@dataclass(frozen=True, eq=False)
class OracleFit:
    spec: "Oracle"
    wallets: Wallets
    seed: int

    @property
    def evidence(self):
        return (Evidence("Honesty", self.spec.factor == 1, "Of the factor."),)

    def blocks(self, size=100):
        for frame in self.wallets.blocks(size):
            own = frame["own"].to_numpy()
            answered = frame["low"].notna().to_numpy()
            known = own < self.spec.most
            status = np.where(known, 0, NOT_IDENTIFIED).astype(np.int8)
            law = LogNormal(own, known, self.spec.factor)
            yield WalletBlock(frame["customer_id"].to_numpy(), own, {}, answered, status, law)


@dataclass(frozen=True)
class Oracle:
    """Predicts by the true law times a factor, and knows nobody who spends `most` or more."""

    factor: float = 1.0
    most: float = np.inf
    answers: int = 0
    error: type[Exception] = InputError

    def fit(self, wallets, setting, *, seed):
        del setting
        if wallets.n_answered < self.answers:
            text = ("Too few.", "Ask more.")
            raise NotConverged(*text) if self.error is NotConverged else self.error(text[0])
        return OracleFit(self, wallets, seed)


@dataclass(frozen=True)
class Spy:
    """A peer that looks for what it should not see."""

    def predict(self, survey, base, levels, columns, seed):
        assert list(base.columns) == ["own", *columns]
        assert set(survey.index).isdisjoint(base.index)
        return MeanImputation().predict(survey, base, levels, columns, seed)


PANEL = simulate(400, 1)


@pytest.fixture(scope="module")
def study():
    models = {"oracle": Oracle(), "half": Oracle(factor=0.5)}
    return masked_truth(
        PANEL,
        models,
        seed=3,
        peers=FEW,
        sizes=(50, 200, 1000),
        replications=6,
        setting=MAP(),
        segment="region",
    )


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


def test_evidence_passes_the_truth_and_not_half_of_it(study):
    beats, calibrated, refused = study.evidence("oracle")
    assert (beats.passed, calibrated.passed, refused.passed) == (True, True, True)
    assert "1000 were skipped" in refused.text
    loses, narrow, flagged = study.evidence("half")
    assert (loses.passed, narrow.passed) == (False, False)
    assert "Honesty (36)" in flagged.text
    assert len(study.flagged) == 36


def test_one_replication_gives_no_verdict():
    study = masked_truth(
        PANEL, {"oracle": Oracle()}, seed=1, peers=FEW, sizes=(50,), replications=1, setting=MAP()
    )
    assert [item.passed for item in study.evidence("oracle")] == [None, None, True]


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


def test_what_is_no_known_truth_is_refused():
    holes = PANEL.assign(elsewhere=PANEL["elsewhere"].where(PANEL.index > 4))
    with pytest.raises(InputError, match="everybody's wallet"):
        known_truth(Wallets.read(holes, customer="customer_id", own="own", elsewhere="elsewhere"))
    with pytest.raises(InputError, match="5 rows"):
        known_truth(holes)
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

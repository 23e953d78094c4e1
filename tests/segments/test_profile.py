"""Class profiles: hand-worked tables, laws, and the model's probabilities on real data."""

import numpy as np
import pandas as pd
import pytest

from segmodels.inference.settings import MAP, Laplace
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.profile import profile
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses, Tasks

FEW = Starts(random=4)


@pytest.fixture(scope="module")
def mcdonalds(shared_data):
    frame = pd.read_csv(shared_data / "mcdonalds" / "mcdonalds.csv")
    names = list(frame.columns[:11])
    items = [Item(name, "binary", ("No", "Yes")) for name in names]
    items += [
        Item("Age", "continuous", dimension="profile"),
        Item("Gender", "nominal", dimension="profile"),
        Item("VisitFrequency", "nominal", dimension="profile"),
    ]
    return Responses.read(frame, customer=None, items=items)


@pytest.fixture(scope="module")
def fit(mcdonalds):
    return LatentClass(4, starts=FEW).fit(mcdonalds, MAP(), seed=1)


@pytest.fixture(scope="module")
def found(fit):
    return profile(SoftSegments.of(fit, seed=1), seed=1)


def small():
    """Six people in two certain segments, weights 1 and 2."""
    book = Codebook(
        (
            Item("colour", "nominal", ("red", "green", "blue")),
            Item("speed", "ordinal", (1, 2, 3, 4, 5), label="Speed"),
            Item("visits", "count", dimension="profile"),
        )
    )
    answers = {
        "colour": np.array([0, 0, 1, 2, 2, -1], np.int16),
        "speed": np.array([4, 3, 0, 0, 1, 4], np.int16),
        "visits": np.array([2.0, 4.0, 0.0, 1.0, np.nan, 3.0]),
    }
    weight = np.array([1, 1, 1, 1, 2, 2.0])
    responses = Responses(pd.RangeIndex(6), book, answers, weight / weight.mean(), np.ones(6))
    return SoftSegments(responses, ("a", "b"), np.eye(2)[[0, 0, 0, 1, 1, 1]])


def test_a_table_worked_by_hand():
    table = profile(small(), seed=1).table.set_index(["item", "statistic", "category", "segment"])
    # Segment a: red, red, green. Segment b: blue with weight 1, blue with 2, one missing.
    assert table.loc[("colour", "probability", "red", "a"), "estimate"] == pytest.approx(2 / 3)
    assert table.loc[("colour", "probability", "blue", "b"), "estimate"] == pytest.approx(1)
    # All who answered weigh 6: red 2.
    assert table.loc[("colour", "probability", "red", "a"), "total"] == pytest.approx(1 / 3)
    assert table.loc[("colour", "probability", "red", "a"), "index"] == pytest.approx(200)
    assert table.loc[("colour", "probability", "red", "a"), "base"] == 3
    assert table.loc[("colour", "probability", "blue", "b"), "base"] == 2
    assert table.loc[("speed", "mean", "", "b"), "estimate"] == pytest.approx((1 + 2 * 2 + 2 * 5) / 5)
    assert table.loc[("speed", "top box", "", "a"), "estimate"] == pytest.approx(2 / 3)
    assert table.loc[("visits", "mean", "", "b"), "estimate"] == pytest.approx((1 + 2 * 3) / 3)
    assert table.loc[("visits", "mean", "", "b"), "index"] == pytest.approx(100 * (7 / 3) / (13 / 6))


def test_separation_and_divergence_worked_by_hand():
    found = profile(small(), ["colour"], seed=1)
    # Totals red 1/3, green 1/6, blue 1/2; segments weigh one half each of those who answered.
    whole = 1 - (1 / 9 + 1 / 36 + 1 / 4)
    between = (1 / 3) ** 2 + (1 / 6) ** 2 + (1 / 2) ** 2
    assert found.separation["eta2"].item() == pytest.approx(between / whole)
    a = 2 / 3 * np.log(2) + 1 / 3 * np.log(2)
    assert found.divergence.loc["colour"].tolist() == pytest.approx([a, np.log(2)])


def test_certain_membership_is_a_crosstab(mcdonalds):
    code = np.arange(len(mcdonalds)) % 3
    segments = SoftSegments(mcdonalds, ("a", "b", "c"), np.eye(3)[code])
    wide = profile(segments, ["VisitFrequency"], seed=1).wide()
    texts = np.array(mcdonalds.codebook["VisitFrequency"].category_texts)[mcdonalds.answers["VisitFrequency"]]
    crosstab = pd.crosstab(texts, np.array(["a", "b", "c"])[code], normalize="columns")
    np.testing.assert_allclose(
        wide.droplevel([0, 1]).loc[crosstab.index, ["a", "b", "c"]].to_numpy(), crosstab.to_numpy()
    )


def test_the_model_speaks_for_its_indicators(fit, found):
    own = fit.profile().set_index(["item", "category", "class"])
    table = found.table[found.table["method"] == "model"].set_index(["item", "category", "segment"])
    assert set(table.index.get_level_values(0)) == {item.name for item in fit.problem.layout.items}
    np.testing.assert_allclose(table["estimate"], own.loc[table.index, "probability"])
    inner = ~own.loc[table.index, "boundary"].to_numpy()
    np.testing.assert_allclose(table["se"][inner], own.loc[table.index, "standard_error"][inner], rtol=1e-6)


def test_shares_average_to_the_answers_of_all(fit, found, mcdonalds):
    shares = fit.class_shares.to_numpy()
    yes = found.table[found.table["category"] == "Yes"]
    for name, rows in yes.groupby("item"):
        assert shares @ rows["estimate"].to_numpy() == pytest.approx(rows["total"].iloc[0], abs=1e-3)
        # With next to no prior the model reproduces the observed share.
        assert rows["total"].iloc[0] == pytest.approx(mcdonalds.answers[name].mean(), abs=2e-3)
        assert shares @ rows["index"].to_numpy() == pytest.approx(100, abs=0.2)
    # Published beside the data: shares of Yes.
    first = yes[yes["segment"] == "1"].set_index("item")["total"]
    assert first[["yummy", "convenient", "cheap"]].round(2).tolist() == [0.55, 0.91, 0.60]


def test_items_outside_the_model_are_weighted_by_membership(fit, found, mcdonalds):
    age = found.table[found.table["item"] == "Age"]
    membership = fit.membership()
    expected = mcdonalds.answers["Age"] @ membership / membership.sum(axis=0)
    np.testing.assert_allclose(age["estimate"], expected)
    assert (age["method"] == "posterior-weighted").all()
    without = profile(SoftSegments.of(fit, seed=1, draws=0), ["Age"], seed=1).table
    assert (age["se"].to_numpy() > without["se"].to_numpy()).all()


def test_draws_of_a_posterior_give_about_the_errors_of_the_delta_method(mcdonalds, fit):
    laplace = LatentClass(4, starts=FEW).fit(mcdonalds, Laplace(200), seed=1)
    drawn = profile(laplace, ["cheap", "spicy", "Age"], seed=1).table
    plain = profile(fit, ["cheap", "spicy", "Age"], seed=1).table
    np.testing.assert_allclose(drawn["estimate"], plain["estimate"], atol=0.02)
    # The sandwich and the information differ, and draws have noise.
    np.testing.assert_allclose(drawn["se"], plain["se"], rtol=0.5)


def test_the_same_seed_gives_the_same_profile(fit):
    one, two = (profile(fit, ["Gender", "Age"], seed=3).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_differentiators_are_ordered_and_tested(found):
    top = found.differentiators(3)
    assert top.groupby("segment").size().tolist() == [3] * 4
    assert (top["q_value"] <= 0.05).all()
    for _, rows in top.groupby("segment"):
        assert rows["divergence"].is_monotonic_decreasing
        assert rows["item"].is_unique
    assert not set(top["item"]) & {"Age", "Gender", "VisitFrequency"}
    assert set(found.differentiators(dimensions=["profile"])["item"]) <= {"Age", "Gender", "VisitFrequency"}


def test_q_values_run_over_the_table(found):
    assert (found.table["q_value"] >= found.table["p_value"] - 1e-15).all()
    assert found.table["p_value"].between(0, 1).all()


def test_ordinal_models_have_means_and_top_boxes(shared_data):
    frame = pd.read_csv(shared_data / "risk" / "risk.csv")
    items = [Item(name, "ordinal", (1, 2, 3, 4, 5)) for name in frame.columns]
    responses = Responses.read(frame, customer=None, items=items)
    fit = LatentClass(2, style=("agreement",), starts=FEW).fit(responses, MAP(), seed=1)
    found = profile(fit, seed=1)
    rows = found.table[found.table["item"] == "Health"]
    probability = rows[rows["statistic"] == "probability"].pivot_table(
        index="category", columns="segment", values="estimate", sort=False
    )
    mean = rows.loc[rows["statistic"] == "mean", "estimate"].to_numpy()
    np.testing.assert_allclose(np.arange(1, 6) @ probability.to_numpy(), mean)
    top = rows.loc[rows["statistic"] == "top box", "estimate"].to_numpy()
    np.testing.assert_allclose(probability.to_numpy()[3:].sum(axis=0), top)
    assert (rows["method"] == "model").all()
    assert (rows["se"] > 0).all()


def test_a_car_survey_of_mixed_scales(shared_data):
    frame = pd.read_csv(shared_data / "auto_survey" / "auto.csv")
    reasons = [name for name in frame.columns if name.startswith("ch_")]
    items = [Item(name, "binary", (False, True), label=name[3:]) for name in reasons]
    items += [
        Item("satisfaction", "ordinal", tuple(range(10, 0, -1)), dimension="profile"),
        Item("model", "nominal", dimension="profile"),
    ]
    responses = Responses.read(frame, customer=None, items=items)
    found = profile(LatentClass(3, starts=FEW).fit(responses, MAP(), seed=1), seed=1)
    mean = found.table[(found.table["item"] == "satisfaction") & (found.table["statistic"] == "mean")]
    # Categories run from bad to good, so scores are places, not the codes, which fall.
    observed = 11 - frame["satisfaction"].mean()
    assert mean["total"].iloc[0] == pytest.approx(observed)
    shares = found.shares.to_numpy()
    assert shares @ mean["estimate"].to_numpy() == pytest.approx(observed)
    assert found.sizes.sum() == pytest.approx(793)


def test_rankings_and_best_worst_tasks_have_profiles():
    book = Codebook((Item("a", "rank"), Item("b", "rank"), Item("c", "rank")))
    ranks = {"a": [0, 0, -1, -1], "b": [1, -1, 0, -1], "c": [2, 1, 1, -1]}
    answers = {name: np.array(places, np.int16) for name, places in ranks.items()}
    one = np.ones(4)
    segments = SoftSegments(Responses(pd.RangeIndex(4), book, answers, one, one), ("all",), np.ones((4, 1)))
    wide = profile(segments, seed=1).wide()
    assert wide["all"].to_numpy() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 2 / 3, 0, 2 / 3])

    book = Codebook((Item("x", "best_worst"), Item("y", "best_worst"), Item("z", "best_worst")))
    tasks = Tasks(
        np.array([0, 0, 1]),
        np.array([[0, 1, 2], [0, 1, -1], [1, 2, -1]], np.int16),
        np.array([0, 0, 2], np.int16),
        np.array([2, 1, 1], np.int16),
    )
    two = np.ones(2)
    segments = SoftSegments(
        Responses(pd.RangeIndex(2), book, {}, two, two, tasks=tasks), ("all",), np.ones((2, 1))
    )
    table = profile(segments, seed=1).table.set_index("item")
    # x: best twice of two; y: worst once of two, and once of one; z: worst once of one, best once of one.
    assert table["estimate"].to_dict() == {"x": 1.0, "y": -0.75, "z": 0.0}


def test_best_less_worst_of_political_issues_is_the_published_count(shared_data):
    frame = pd.read_parquet(shared_data / "bws_vdata" / "vdata.parquet")
    responses = Responses.read_tasks(frame, customer="id", task="block", item="issue", choice="value")
    everyone = SoftSegments(responses, ("all",), np.ones((350, 1)))
    mean = profile(everyone, seed=1).table.set_index("item")["estimate"]
    # bwsTools prints how often each was best and worst; each was shown four times to each of 350 people.
    assert mean["healthcare"] == pytest.approx((731 - 125) / 1400)
    assert mean["biasmedia"] == pytest.approx((124 - 808) / 1400)


def test_intervals_of_the_model_cover():
    rng = np.random.default_rng(0)
    truth = np.array([[0.85, 0.8, 0.75, 0.7, 0.2, 0.15], [0.2, 0.3, 0.25, 0.4, 0.7, 0.6]])
    share = np.array([0.65, 0.35])
    index = 100 * truth / (share @ truth)
    book = Codebook(tuple(Item(f"q{j}", "binary", (0, 1)) for j in range(6)))
    covered, trials = np.zeros(2), 40
    for _ in range(trials):
        code = rng.choice(2, 300, p=share)
        yes = (rng.random((300, 6)) < truth[code]).astype(np.int16)
        answers = {f"q{j}": yes[:, j] for j in range(6)}
        responses = Responses(pd.RangeIndex(300), book, answers, np.ones(300), np.ones(300))
        fit = LatentClass(2, starts=Starts(random=2)).fit(responses, MAP(), seed=1)
        table = profile(SoftSegments.of(fit, seed=1, draws=0), seed=1).table
        rows = table[table["category"] == "1"]
        low, high = rows["low"].to_numpy().reshape(6, 2).T, rows["high"].to_numpy().reshape(6, 2).T
        covered[0] += ((low <= truth) & (truth <= high)).mean()
        low, high = (
            rows["index_low"].to_numpy().reshape(6, 2).T,
            rows["index_high"].to_numpy().reshape(6, 2).T,
        )
        covered[1] += ((low <= index) & (index <= high)).mean()
    assert (covered / trials >= 0.91).all()
    assert (covered / trials <= 0.99).all()

"""Opportunity scores: hand-worked tables, laws, coverage, and two satisfaction surveys."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.opportunity import band_of, opportunity
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

FIVE = (1, 2, 3, 4, 5)


def book(benefits, points=FIVE):
    items = []
    for name in benefits:
        items.append(Item(f"i_{name}", "ordinal", points, benefit=name, measures="importance"))
        items.append(Item(f"s_{name}", "ordinal", points, benefit=name, measures="satisfaction"))
    return Codebook(tuple(items))


def people(answers, benefits=("speed",), *, points=FIVE, weight=None, count=None):
    """Answers as codes 1 to 5, NaN where missing."""
    n = len(next(iter(answers.values())))
    coded = {
        name: np.where(np.isnan(given), -1, np.nan_to_num(given) - 1).astype(np.int16)
        for name, given in ((name, np.asarray(given, float)) for name, given in answers.items())
    }
    count = np.ones(n) if count is None else np.asarray(count, float)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    weight = weight * count.sum() / (weight @ count)
    return Responses(pd.RangeIndex(n), book(benefits, points), coded, weight, count)


def everyone(responses):
    return SoftSegments(responses, ("all",), np.ones((len(responses), 1)))


def test_a_table_worked_by_hand():
    # Ten people: eight find speed important, five are satisfied; of the eight, three are.
    answers = {"i_speed": [5, 4, 4, 5, 5, 4, 4, 5, 3, 1], "s_speed": [5, 4, 4, 3, 3, 2, 1, 3, 5, 4]}
    values = pd.Series(np.arange(1.0, 11.0))
    found = opportunity(everyone(people(answers)), seed=1, shrink=0, values=values).table.iloc[0]
    assert found["importance"] == pytest.approx(8)
    assert found["satisfaction"] == pytest.approx(5)
    assert found["opportunity"] == pytest.approx(8 + 3)
    assert found["band"] == "neutral"
    assert not found["overserved"]
    assert found["unmet_share"] == pytest.approx(0.5)
    assert found["segment_value"] == pytest.approx(55)
    assert found["money"] == pytest.approx(27.5)


def test_segments_are_weighted_by_membership():
    answers = {"i_speed": [5, 1], "s_speed": [1, 5]}
    segments = SoftSegments(people(answers, weight=[3, 1]), ("a", "b"), np.array([[0.8, 0.2], [0.4, 0.6]]))
    table = opportunity(segments, seed=1, shrink=0, replicates=10).table.set_index("segment")
    # Segment a: 3 x 0.8 important of 3 x 0.8 + 1 x 0.4.
    assert table.loc["a", "importance"] == pytest.approx(10 * 2.4 / 2.8)
    assert table.loc["b", "satisfaction"] == pytest.approx(10 * 0.6 / 1.2)


def test_missing_answers_count_for_nothing():
    answers = {"i_speed": [5, 5, 1, np.nan], "s_speed": [1, np.nan, 5, 1]}
    found = opportunity(everyone(people(answers)), seed=1, shrink=0).table.iloc[0]
    assert found["importance"] == pytest.approx(10 * 2 / 3)
    assert found["satisfaction"] == pytest.approx(10 / 3)
    assert found["unmet_share"] == pytest.approx(1 / 2)
    assert found["base"] == 2


def test_small_cells_are_drawn_towards_all():
    rng = np.random.default_rng(1)
    answers = {"i_speed": rng.integers(1, 6, 105), "s_speed": rng.integers(1, 6, 105)}
    answers["i_speed"][:5] = 5
    segments = SoftSegments(people(answers), ("few", "many"), np.eye(2)[np.repeat([0, 1], [5, 100])])
    table = opportunity(segments, seed=1, shrink=10).table.set_index("segment")
    every = 10 * np.isin(answers["i_speed"], [4, 5]).mean()
    assert table.loc["few", "importance_raw"] == 10
    assert table.loc["few", "importance"] == pytest.approx(every + (10 - every) * 5 / 15)
    assert abs(table.loc["many", "importance"] - table.loc["many", "importance_raw"]) < 0.1


def test_scores_stay_within_0_and_20():
    rng = np.random.default_rng(2)
    names = tuple("abcdef")
    answers = {f"{m}_{b}": rng.integers(1, 6, 50) for b in names for m in "is"}
    segments = SoftSegments(people(answers, names), ("x", "y", "z"), rng.dirichlet(np.ones(3), 50))
    table = opportunity(segments, seed=1).table
    assert table[["opportunity", "low", "high"]].to_numpy().min() >= 0
    assert table[["opportunity", "low", "high"]].to_numpy().max() <= 20
    assert (table["low"] <= table["high"]).all()
    assert (table["overserved"] == (table["satisfaction"] > table["importance"])).all()
    extreme = opportunity(everyone(people({"i_speed": [5, 5], "s_speed": [1, 1]})), seed=1).table
    assert extreme["opportunity"].item() == 20


def test_weighted_shares_average_to_those_of_all():
    rng = np.random.default_rng(3)
    answers = {"i_speed": rng.integers(1, 6, 60), "s_speed": rng.integers(1, 6, 60)}
    responses = people(answers, weight=rng.uniform(0.5, 2, 60))
    segments = SoftSegments(responses, ("x", "y", "z"), rng.dirichlet(np.ones(3), 60))
    table = opportunity(segments, seed=1, replicates=10).table
    whole = opportunity(everyone(responses), seed=1, replicates=10).table.iloc[0]
    for column in ("importance_raw", "satisfaction_raw"):
        assert segments.shares @ table[column].to_numpy() == pytest.approx(whole[column])


def test_counts_are_replication():
    rng = np.random.default_rng(4)
    n = 40
    answers = {"i_speed": rng.integers(1, 6, n), "s_speed": rng.integers(1, 6, n)}
    count, membership = rng.integers(1, 6, n), rng.dirichlet(np.ones(2), n)
    again = np.repeat(np.arange(n), count)
    long = {name: given[again] for name, given in answers.items()}
    one = opportunity(SoftSegments(people(answers, count=count), ("x", "y"), membership), seed=1).table
    two = opportunity(SoftSegments(people(long), ("x", "y"), membership[again]), seed=2).table
    same = ["importance", "satisfaction", "opportunity", "unmet_share", "base"]
    np.testing.assert_allclose(one[same], two[same])
    # Intervals are those of the same distribution, from other draws.
    np.testing.assert_allclose(one[["low", "high"]], two[["low", "high"]], atol=0.5)


def test_intervals_cover():
    rng = np.random.default_rng(5)
    # Importance 0.7, satisfaction 0.4 in the first segment, the reverse in the second.
    important, satisfied = np.array([0.7, 0.4]), np.array([0.4, 0.7])
    truth = 10 * important + np.maximum(10 * (important - satisfied), 0)
    code = np.repeat([0, 1], 150)
    covered = np.zeros(2)
    for trial in range(100):
        answers = {
            "i_speed": np.where(rng.random(300) < important[code], 5, 1),
            "s_speed": np.where(rng.random(300) < satisfied[code], 5, 1),
        }
        segments = SoftSegments(people(answers), ("x", "y"), np.eye(2)[code])
        table = opportunity(segments, seed=trial, shrink=0, replicates=200).table
        covered += (table["low"] <= truth) & (truth <= table["high"])
    assert (covered >= 88).all()


def test_uncertain_classes_widen_the_interval():
    rng = np.random.default_rng(6)
    answers = {"i_speed": np.repeat([5, 1], 200), "s_speed": np.ones(400)}
    responses = people(answers)
    sure = np.eye(2)[np.repeat([0, 1, 0, 1], 100)]
    draws = tuple(
        np.clip(sure + rng.normal() * 0.3 * (np.arange(400) < 200)[:, None] * [1, -1], 0.01, 0.99)
        for _ in range(40)
    )
    draws = tuple(one / one.sum(axis=1, keepdims=True) for one in draws)
    plain = opportunity(SoftSegments(responses, ("x", "y"), sure), seed=1).table
    unsure = opportunity(SoftSegments(responses, ("x", "y"), sure, draws), seed=1).table
    assert ((unsure["high"] - unsure["low"]) > (plain["high"] - plain["low"])).all()


@pytest.mark.parametrize(
    ("score", "over", "band"),
    [
        (15.01, False, "major"),
        (15.0, False, "solid"),
        (12.0, False, "solid"),
        (11.99, False, "neutral"),
        (10.0, False, "neutral"),
        (9.99, False, "served or unimportant"),
        (5.0, True, "overserved"),
    ],
)
def test_bands(score, over, band):
    assert band_of(score, overserved=over) == band


def test_top_boxes_can_be_named_item_by_item():
    points = tuple(range(1, 11))
    answers = {"i_speed": [8, 9, 10, 1], "s_speed": [8, 7, 6, 5]}
    responses = people(answers, points=points)
    found = opportunity(everyone(responses), seed=1, shrink=0)
    assert found.boxes["boxes"].tolist() == ["9, 10", "9, 10"]
    wider = opportunity(everyone(responses), seed=1, shrink=0, top={"i_speed": 3, "s_speed": 4})
    assert wider.table[["importance", "satisfaction"]].iloc[0].tolist() == [7.5, 5.0]
    with pytest.raises(InputError, match="1 to 9"):
        opportunity(everyone(responses), seed=1, top={"i_speed": 10, "s_speed": 4})


def test_faults_come_together():
    amount = Item("i", "continuous", benefit="speed", measures="importance")
    good = Item("s", "ordinal", FIVE, benefit="speed", measures="satisfaction")
    codes = {"i": np.zeros(2), "s": np.zeros(2, np.int16)}
    one = np.ones(2)
    responses = Responses(pd.RangeIndex(2), Codebook((amount, good)), codes, one, one)
    with pytest.raises(InputError) as caught:
        opportunity(everyone(responses), seed=1, shrink=-1)
    assert {fault.where for fault in caught.value.faults} == {"shrink", "i"}
    unpaired = Responses(pd.RangeIndex(2), Codebook((good,)), codes, one, one)
    with pytest.raises(InputError, match="no pair of items"):
        opportunity(everyone(unpaired), seed=1)
    with pytest.raises(InputError, match="no finite value"):
        opportunity(everyone(people({"i_speed": [5, 1], "s_speed": [1, 1]})), seed=1, values=pd.Series([1.0]))


@pytest.mark.parametrize(
    ("folder", "importance", "satisfaction"),
    [("bank_satisfaction_es/satisfaction.csv", "expe", "qual"), ("ecsi_mobi/mobi.csv", "CUEX", "PERQ")],
)
def test_satisfaction_surveys(shared_data, folder, importance, satisfaction):
    frame = pd.read_csv(shared_data / folder)
    points = tuple(range(11))
    pairs = [n for n in range(1, 6) if f"{importance}{n}" in frame and f"{satisfaction}{n}" in frame]
    items = [
        Item(f"{importance}{n}", "ordinal", points, benefit=f"b{n}", measures="importance") for n in pairs
    ]
    items += [
        Item(f"{satisfaction}{n}", "ordinal", points, benefit=f"b{n}", measures="satisfaction") for n in pairs
    ]
    responses = Responses.read(frame, customer=None, items=items)
    spec = LatentClass(2, starts=Starts(random=3))
    fit = spec.fit(responses, MAP(), seed=1)
    value = pd.Series(1.0, responses.customer_id)
    found = opportunity(fit, seed=1, values=value, replicates=300)
    membership = fit.membership()
    table = found.table.set_index(["benefit", "segment"])
    top = (frame[f"{importance}1"] >= 9).to_numpy()
    share = top @ membership / membership.sum(axis=0)
    assert table.loc["b1", "importance_raw"].to_numpy() == pytest.approx(10 * share)
    # One unit of value each: money is people, and ranks agree with it.
    assert table["money"].sum() <= 250 * len(pairs)
    assert table.loc["b1", "segment_value"].sum() == pytest.approx(250)
    assert table["rank_by_money"].to_numpy()[table["money"].to_numpy().argmax()] == 1
    assert (table["low"] <= table["opportunity"] + 1).all()
    again = opportunity(fit, seed=1, values=value, replicates=300)
    pd.testing.assert_frame_equal(found.table, again.table)

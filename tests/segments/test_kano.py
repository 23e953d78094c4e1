"""Kano's method: the standard table, coefficients by hand, Fong's test, laws and coverage."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.segments.kano import CATEGORIES, KanoAnswers, KanoFeature, kano, kano_categories
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

ANSWERS = KanoAnswers(
    like="like", must_be="must be", neutral="neutral", live_with="live with", dislike="dislike"
)
APP = KanoFeature("app", "with", "without")
BOOK = Codebook(tuple(Item(name, "nominal", ANSWERS.codes) for name in ("with", "without")))
# An example of each category: with the feature, without it.
PAIRS = {"A": (0, 2), "O": (0, 4), "M": (2, 4), "I": (2, 2), "R": (2, 0), "Q": (0, 0)}


def people(letters, *, weight=None, count=None):
    codes = np.array([PAIRS.get(letter, (-1, 0)) for letter in letters], np.int16)
    n = len(codes)
    count = np.ones(n) if count is None else np.asarray(count, float)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    weight = weight * count.sum() / (weight @ count)
    answers = {"with": codes[:, 0], "without": codes[:, 1]}
    return Responses(pd.RangeIndex(n), BOOK, answers, weight, count)


def everyone(responses):
    return SoftSegments(responses, ("all",), np.ones((len(responses), 1)))


def test_the_table_is_the_published_one():
    with_it, without = np.divmod(np.arange(25), 5)
    letters = "".join(CATEGORIES[place] for place in kano_categories(with_it, without))
    assert letters == "QAAAORIIIMRIIIMRIIIMRRRRQ"
    assert kano_categories(np.array([-1, 0]), np.array([0, -1])).tolist() == [-1, -1]


def test_coefficients_worked_by_hand():
    letters = "A" * 40 + "O" * 30 + "M" * 20 + "I" * 10 + "R" * 3 + "Q" * 2
    found = kano(everyone(people(letters)), [APP], ANSWERS, seed=1)
    row = found.table.iloc[0]
    assert row["better"] == pytest.approx(0.70)
    assert row["worse"] == pytest.approx(-0.50)
    assert row["better_low"] < 0.70 < row["better_high"]
    assert row["worse_low"] < -0.50 < row["worse_high"]
    assert row["category"] == "A"
    assert row["second"] == "O"
    assert row["total_strength"] == pytest.approx(90 / 105)
    assert row["category_strength"] == pytest.approx(10 / 105)
    # Fong: |40 - 30| against sqrt(70 x (210 - 70) / 210) = 6.83, for a deviate of 1.46: not clear at 10 per cent.
    assert row["fong"] == pytest.approx(10 / np.sqrt(70 * 140 / 210), rel=0.01)
    assert not row["clear"]
    clear = kano(everyone(people("A" * 42 + "O" * 28 + letters[70:])), [APP], ANSWERS, seed=1).table.iloc[0]
    assert clear["fong"] > 1.645
    assert clear["clear"]


def test_counts_add_up():
    rng = np.random.default_rng(1)
    letters = rng.choice([*CATEGORIES, ""], 80)
    segments = SoftSegments(people(letters), ("a", "b", "c"), rng.dirichlet(np.ones(3), 80))
    found = kano(segments, [APP], ANSWERS, seed=1)
    sums = found.shares.groupby("segment", sort=False)[["share", "count"]].sum()
    assert sums["share"].to_numpy() == pytest.approx(1)
    assert sums["count"].to_numpy() == pytest.approx(found.table["base"].to_numpy())
    assert sums["count"].sum() == pytest.approx((letters != "").sum())
    whole = kano(everyone(people(letters)), [APP], ANSWERS, seed=1).shares.set_index("category")
    np.testing.assert_allclose(found.shares.groupby("category")["count"].sum(), whole["count"].sort_index())


def test_segments_are_told_apart():
    letters = "M" * 50 + "A" * 50
    segments = SoftSegments(people(letters), ("old", "new"), np.eye(2)[np.repeat([0, 1], 50)])
    table = kano(segments, [APP], ANSWERS, seed=1).table.set_index("segment")
    assert table["category"].to_dict() == {"old": "M", "new": "A"}
    assert table.loc["old", "worse"] == -1
    assert table.loc["new", "better"] == 1
    assert table.loc["new", "better_low"] > 0.9
    assert table["clear"].all()


def test_ties_go_to_the_more_binding():
    assert kano(everyone(people("IIAAOOMM")), [APP], ANSWERS, seed=1).table["category"].item() == "M"


def test_counts_are_replication():
    letters, count = np.array(list("AOMIA")), np.array([3, 2, 4, 1, 2])
    one = kano(everyone(people(letters, count=count)), [APP], ANSWERS, seed=1)
    two = kano(everyone(people(np.repeat(letters, count))), [APP], ANSWERS, seed=1)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.shares, two.shares)


def test_weights_shift_the_shares_and_widen_the_errors():
    weight = np.r_[np.full(20, 3.0), np.full(20, 1.0)]
    shifted = kano(everyone(people("A" * 20 + "M" * 20, weight=weight)), [APP], ANSWERS, seed=1).table.iloc[0]
    assert shifted["better"] == pytest.approx(0.75)
    # Weights of 1 and 3 in turn leave the shares, but forty people tell as much as 40 x 4 / 5 = 32.
    uneven = kano(everyone(people("A" * 30 + "M" * 10, weight=np.tile([1, 3], 20))), [APP], ANSWERS, seed=1)
    plain = kano(everyone(people("A" * 30 + "M" * 10)), [APP], ANSWERS, seed=1)
    ratio = uneven.table["fong"].item() / plain.table["fong"].item()
    assert ratio == pytest.approx(np.sqrt(32 / 40), rel=0.01)


def test_intervals_cover():
    rng = np.random.default_rng(2)
    chance = np.array([0.35, 0.25, 0.2, 0.15, 0.05])
    better, worse = 0.6 / 0.95, -0.45 / 0.95
    covered = np.zeros(2)
    for _ in range(200):
        letters = rng.choice(list("AOMIR"), 80, p=chance)
        row = kano(everyone(people(letters)), [APP], ANSWERS, seed=1).table.iloc[0]
        covered += [
            row["better_low"] <= better <= row["better_high"],
            row["worse_low"] <= worse <= row["worse_high"],
        ]
    assert (covered >= 182).all()
    assert (covered <= 199).all()


def test_fong_keeps_its_level():
    rng = np.random.default_rng(3)
    n, trials = 300, 1500
    draws = rng.multinomial(n, [0.45, 0.45, 0.1], trials)
    first, second = draws[:, 0], draws[:, 1]
    deviate = np.abs(first - second) / np.sqrt((first + second) * (2 * n - first - second) / (2 * n))
    # Two shares of one sample vary against each other: the published test rejects more often than it says.
    assert 0.1 < (deviate > 1.645).mean() < 0.3


def test_faults_come_together():
    short = KanoAnswers("like", "must be", "neutral", "live with", "like")
    with pytest.raises(InputError) as caught:
        kano(everyone(people("AM")), [APP, KanoFeature("app", "with", "gone")], short, seed=1)
    assert {fault.where for fault in caught.value.faults} == {"answers", "features", "with", "without"}

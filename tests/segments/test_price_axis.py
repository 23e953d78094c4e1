"""Placing segments between premium seeking and bargain hunting."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.agreement import agreement_by_model, freed
from segmodels.segments.price_axis import price_axis
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

FIVE = (1, 2, 3, 4, 5)


def people(answers, *, weight=None, count=None):
    n = len(next(iter(answers.values())))
    book = Codebook(tuple(Item(name, "ordinal", FIVE) for name in answers))
    coded = {
        name: np.where(np.isnan(np.asarray(given, float)), -1, np.nan_to_num(given) - 1).astype(np.int16)
        for name, given in answers.items()
    }
    count = np.ones(n) if count is None else np.asarray(count, float)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    return Responses(pd.RangeIndex(n), book, coded, weight * count.sum() / (weight @ count), count)


def rounded(values):
    return np.clip(np.round(values), 1, 5)


def attitudes(rng, n, style):
    """Taste for premium, overall agreement, and answers to six items on price and six on other things."""
    taste, agreement = rng.normal(size=n), style * rng.normal(size=n)
    noise = lambda: rng.normal(size=n) * 0.7  # noqa: E731
    answers = {f"premium{j}": rounded(3 + taste * 0.8 + agreement + noise()) for j in range(3)}
    answers |= {f"bargain{j}": rounded(3 - taste * 0.8 + agreement + noise()) for j in range(3)}
    answers |= {f"other{j}": rounded(3 + agreement + noise()) for j in range(6)}
    return taste, agreement, answers


def test_a_table_worked_by_hand():
    # Standardised premium: -1, -1, 1, 1; bargain the reverse: scores are those numbers themselves.
    responses = people({"best": [1, 1, 5, 5], "cheap": [5, 5, 1, 1]})
    segments = SoftSegments(responses, ("a", "b"), np.array([[1, 0], [0.5, 0.5], [0, 1], [0, 1]]))
    found = price_axis(segments, {"best": 1, "cheap": -1}, seed=1)
    assert found.scores.tolist() == [-1, -1, 1, 1]
    assert found.table["mean"].tolist() == pytest.approx([-1, (2 - 0.5) / 2.5])
    assert found.table["bargain_share"].tolist() == pytest.approx([1, 0.2])
    assert found.table["premium_share"].tolist() == pytest.approx([0, 0.8])
    assert found.items["correlation"].tolist() == pytest.approx([1, 1])


def test_segment_means_average_to_zero_and_sides_to_one():
    rng = np.random.default_rng(1)
    _, _, answers = attitudes(rng, 120, 0.3)
    responses = people(answers, weight=rng.uniform(0.5, 2, 120))
    segments = SoftSegments(responses, ("a", "b", "c"), rng.dirichlet(np.ones(3), 120))
    found = price_axis(segments, {"premium0": 1, "bargain0": -1, "bargain1": -1}, seed=1)
    assert segments.shares @ found.table["mean"].to_numpy() == pytest.approx(0, abs=1e-12)
    sides = found.table[["premium_share", "between_share", "bargain_share"]].sum(axis=1)
    assert sides.to_numpy() == pytest.approx(1)
    weight = responses.case_weight
    assert np.average(found.scores**2, weights=weight) == pytest.approx(1)


def test_directions_turned_round_turn_the_axis_round():
    rng = np.random.default_rng(2)
    responses = people(attitudes(rng, 60, 0.3)[2])
    segments = SoftSegments(responses, ("a", "b"), rng.dirichlet(np.ones(2), 60))
    one = price_axis(segments, {"premium0": 1, "bargain0": -1}, seed=1)
    two = price_axis(segments, {"premium0": -1, "bargain0": 1}, seed=1)
    np.testing.assert_allclose(one.scores, -two.scores, atol=1e-12)
    np.testing.assert_allclose(one.table["premium_share"], two.table["bargain_share"])


def test_agreement_with_everything_is_taken_out():
    rng = np.random.default_rng(3)
    taste, agreement, answers = attitudes(rng, 800, 0.8)
    one_sided = {"premium0": 1, "premium1": 1, "premium2": 1}
    segments = SoftSegments(people(answers), ("all",), np.ones((800, 1)))
    raw = price_axis(segments, one_sided, seed=1)
    freed_of = price_axis(segments, one_sided, seed=1, style_items=[f"other{j}" for j in range(6)])
    assert np.corrcoef(raw.scores, agreement)[0, 1] > 0.5
    assert abs(np.corrcoef(freed_of.scores, agreement)[0, 1]) < 0.2
    assert np.corrcoef(freed_of.scores, taste)[0, 1] > np.corrcoef(raw.scores, taste)[0, 1] + 0.1
    assert [check.passed for check in raw.evidence] == [True, False]
    assert [check.passed for check in freed_of.evidence] == [True, True]


def test_a_fit_with_a_style_frees_the_axis():
    rng = np.random.default_rng(4)
    n = 500
    kind, agreement = np.repeat([0, 1], n // 2), rng.normal(size=n)
    taste = np.where(kind == 1, 1.2, -1.2)
    noise = lambda: rng.normal(size=n) * 0.6  # noqa: E731
    answers = {f"premium{j}": rounded(3 + taste * 0.7 + 0.7 * agreement + noise()) for j in range(2)}
    answers |= {"cheap": rounded(3 - taste * 0.7 + 0.7 * agreement + noise())}
    answers |= {f"other{j}": rounded(3 + 0.7 * agreement + noise()) for j in range(4)}
    responses = people(answers)
    spec = LatentClass(2, style=("agreement",), starts=Starts(random=3))
    segments = SoftSegments.of(spec.fit(responses, MAP(), seed=1), seed=1, draws=10)
    estimated = agreement_by_model(segments)
    assert abs(np.corrcoef(estimated, agreement)[0, 1]) > 0.85
    one_sided = {"premium0": 1, "premium1": 1}
    found = price_axis(segments, one_sided, seed=1)
    plain = SoftSegments(responses, segments.names, segments.memberships)
    raw = price_axis(plain, one_sided, seed=1)
    assert abs(np.corrcoef(found.scores, agreement)[0, 1]) < np.corrcoef(raw.scores, agreement)[0, 1] - 0.3
    assert set(found.table["side"]) == {"premium seeking", "bargain hunting"}
    assert "estimated by the fit" in found.evidence[1].text


def test_what_least_squares_takes_out_is_uncorrelated():
    rng = np.random.default_rng(5)
    values, agreement, weight = rng.normal(size=50), rng.normal(size=50), rng.uniform(1, 2, 50)
    left = freed(values + 2 * agreement, agreement, weight)
    centred = agreement - np.average(agreement, weights=weight)
    assert weight @ (left * centred) == pytest.approx(0, abs=1e-10)


def test_counts_are_replication():
    rng = np.random.default_rng(6)
    answers = {"best": rng.integers(1, 6, 20), "cheap": rng.integers(1, 6, 20)}
    count, membership = rng.integers(1, 4, 20), rng.dirichlet(np.ones(2), 20)
    again = np.repeat(np.arange(20), count)
    long = {name: given[again] for name, given in answers.items()}
    directions = {"best": 1, "cheap": -1}
    one = price_axis(SoftSegments(people(answers, count=count), ("a", "b"), membership), directions, seed=1)
    two = price_axis(SoftSegments(people(long), ("a", "b"), membership[again]), directions, seed=1)
    pd.testing.assert_frame_equal(one.table, two.table)


def test_who_answers_nothing_has_no_score():
    responses = people({"best": [1, 5, np.nan, 3], "cheap": [5, np.nan, np.nan, 3]})
    found = price_axis(SoftSegments(responses, ("all",), np.ones((4, 1))), {"best": 1, "cheap": -1}, seed=1)
    assert found.scores.isna().tolist() == [False, False, True, False]
    assert found.table["base"].item() == 3


def test_intervals_cover_the_mean_of_a_segment():
    rng = np.random.default_rng(7)
    code = np.repeat([0, 1], [40, 160])
    covered, trials = 0, 150
    for _ in range(trials):
        answers = {"best": rounded(3 + rng.normal(size=200) * 1.2)}
        found = price_axis(SoftSegments(people(answers), ("a", "b"), np.eye(2)[code]), {"best": 1}, seed=1)
        covered += found.table["low"][0] <= 0 <= found.table["high"][0]
    assert 0.9 <= covered / trials <= 0.995


def test_faults_come_together():
    book = Codebook((Item("brand", "nominal", (1, 2)), Item("best", "ordinal", FIVE)))
    codes = {name: np.zeros(2, np.int16) for name in book.names}
    segments = SoftSegments(
        Responses(pd.RangeIndex(2), book, codes, np.ones(2), np.ones(2)), ("a",), np.ones((2, 1))
    )
    with pytest.raises(InputError) as caught:
        price_axis(segments, {"brand": 1, "best": 2, "gone": 1}, seed=1)
    assert [fault.where for fault in caught.value.faults] == ["directions", "brand", "items"]


def test_perceptions_of_mcdonalds(shared_data):
    frame = pd.read_csv(shared_data / "mcdonalds" / "mcdonalds.csv")
    items = [Item(name, "binary", ("No", "Yes")) for name in frame.columns[:11]]
    responses = Responses.read(frame, customer=None, items=items)
    fit = LatentClass(4, starts=Starts(random=4)).fit(responses, MAP(), seed=1)
    found = price_axis(fit, {"expensive": 1, "cheap": -1}, seed=1)
    # Classes 2 and 4 find it expensive and not cheap, 1 and 3 the reverse.
    assert found.table["side"].tolist() == ["bargain hunting", "premium seeking"] * 2
    assert found.evidence[0].passed

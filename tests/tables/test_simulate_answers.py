"""Simulated answers follow what they are drawn from."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.responses import Responses
from segmodels.tables.simulate_answers import Likert, random_likert, simulate_likert, simulate_survey
from segmodels.tables.survey_choices import balanced_design, simulate_best_worst, simulate_rankings
from segmodels.tables.survey_story import CLASSES


def test_ratings_are_adjacent_category_logits():
    """Odds of neighbouring categories, by hand: threshold and slope."""
    truth = Likert(np.array([1.0]), np.array([[0.7]]), np.array([[0.0, 0.2, -0.1]]), agreement=0.5)
    low, high = truth.log_probability(np.array([0.0, 2.0]))[0].T
    assert np.diff(low) == pytest.approx([0.2 + 0.7, -0.3 + 0.7])
    assert np.diff(high) == pytest.approx([0.2 + 0.7 + 1.0, -0.3 + 0.7 + 1.0])
    assert np.exp(low).sum() == pytest.approx(1)


def test_answers_are_as_frequent_as_the_truth_says():
    truth = random_likert(3, 4, seed=1, agreement=0.6)
    frame, classes = simulate_likert(60_000, truth, seed=2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    tables = truth.log_probability(nodes)
    for k in range(3):
        share = (classes == k).mean()
        assert share == pytest.approx(1 / 3, abs=0.01)
        for j, table in enumerate(tables):
            want = np.exp(table).reshape(5, 3, 15)[:, k] @ (weights / weights.sum())
            seen = np.bincount(frame.loc[classes == k, f"q{j + 1}"].to_numpy() - 1, minlength=5)
            assert np.allclose(seen / seen.sum(), want, atol=0.012)


def test_agreement_makes_answers_go_together():
    frame, _ = simulate_likert(4000, random_likert(1, 6, seed=3, agreement=0.8), seed=4)
    plain, _ = simulate_likert(4000, random_likert(1, 6, seed=3), seed=4)
    above = ~np.eye(6, dtype=bool)
    assert frame.iloc[:, 1:].astype(float).corr().to_numpy()[above].min() > 0.1
    assert abs(plain.iloc[:, 1:].astype(float).corr().to_numpy()[above]).max() < 0.06


def test_the_same_seed_gives_the_same_answers_and_a_share_is_missing():
    truth = random_likert(2, 5, seed=1)
    one, classes = simulate_likert(2000, truth, seed=7, missing=0.2)
    other, again = simulate_likert(2000, truth, seed=7, missing=0.2)
    assert one.equals(other)
    assert np.array_equal(classes, again)
    assert not one.equals(simulate_likert(2000, truth, seed=8, missing=0.2)[0])
    assert one.isna().to_numpy()[:, 1:].mean() == pytest.approx(0.2, abs=0.015)
    found = Responses.read(one, customer="customer_id", items={f"q{j}": "ordinal" for j in range(1, 6)})
    assert {item.categories for item in found.codebook} == {(1, 2, 3, 4, 5)}


def test_rankings_are_plackett_luce():
    worth = np.array([0.5, 0.3, 0.2])
    frame, classes = simulate_rankings(40_000, np.log([worth, worth[::-1]]), [0.75, 0.25], seed=1)
    first = frame.loc[classes == 0]
    assert (classes == 0).mean() == pytest.approx(0.75, abs=0.01)
    assert np.allclose(first["Rank_1"].value_counts(normalize=True).sort_index(), worth, atol=0.01)
    then = first.loc[first["Rank_1"] == 1, "Rank_2"].value_counts(normalize=True)
    assert then[2] == pytest.approx(0.3 / 0.5, abs=0.012)


def test_partial_rankings_fill_places_from_the_first():
    frame, _ = simulate_rankings(2000, np.zeros((1, 6)), [1.0], seed=1, places=4, partial=0.5)
    names = [f"Rank_{place}" for place in range(1, 5)]
    found = Responses.read_orderings(frame, customer="customer_id", places=names)
    assert found.codebook.names == ("1", "2", "3", "4", "5", "6")
    ranked = (found.codes(found.codebook.names) >= 0).sum(axis=1)
    assert set(ranked) == {1, 2, 3, 4}
    assert (ranked == 4).mean() == pytest.approx(0.5, abs=0.04)


def test_best_and_worst_follow_utilities():
    utility = np.array([[1.0, 0.0, -1.0]])
    design = np.array([[[0, 1, 2]]])
    frame, _ = simulate_best_worst(30_000, utility, [1.0], design, seed=1)
    best = frame.loc[frame["choice"] == 1, "item"].value_counts(normalize=True).sort_index()
    worth = np.exp(utility[0])
    assert np.allclose(best, worth / worth.sum(), atol=0.01)
    picked = frame.pivot_table(index="customer_id", columns="item", values="choice")
    then = (picked.loc[picked[1] == 1, 3] == -1).mean()
    assert then == pytest.approx(np.e / (np.e + 1), abs=0.012)


def test_a_design_shows_items_equally_often_and_pairs_nearly_so():
    design = balanced_design(13, 4, 13, seed=1, versions=20)
    for version in design:
        assert np.bincount(version.ravel()).tolist() == [4] * 13
        pairs = np.zeros((13, 13), int)
        for task in version:
            pairs[np.ix_(task, task)] += 1
        assert pairs[np.triu_indices(13, 1)].max() <= 3


@pytest.mark.parametrize("n_classes", [1, 4, 6])
def test_a_survey_comes_from_its_base(n_classes):
    survey = simulate_survey(500, seed=1, n_classes=n_classes)
    found = Responses.read(
        survey.answers, customer="customer_id", items=survey.codebook, weight="weight", base=survey.customers
    )
    assert (len(found), len(survey.customers)) == (500, 2_500)
    assert set(survey.classes) == set(CLASSES[:n_classes])
    assert survey.customers["customer_id"].is_unique
    assert len(survey.codebook.benefits) == 8
    assert survey.truth.level.shape == (19, n_classes)


def test_weights_make_up_for_who_answers():
    survey = simulate_survey(6000, seed=2, customers=20_000)
    known = survey.customers.set_index("customer_id")["frequency"]
    of_respondents, weight = known.loc[survey.answers["customer_id"]], survey.answers["weight"]
    assert of_respondents.mean() > 1.15 * known.mean()
    assert np.average(of_respondents, weights=weight) == pytest.approx(known.mean(), rel=0.03)
    assert weight.sum() == pytest.approx(20_000, rel=0.03)


def test_signal_ties_behaviour_to_the_class():
    def spread(signal):
        survey = simulate_survey(1000, seed=3, customers=20_000, signal=signal)
        spend = survey.customers["spend"].groupby(survey.classes.to_numpy()).mean()
        return spend.max() / spend.min()

    assert spread(0.0) < 1.1
    assert spread(1.0) > 2
    assert spread(0.0) < spread(0.5) < spread(1.0)


def test_without_separation_classes_answer_alike():
    survey = simulate_survey(3000, seed=4, separation=0.0, agreement=0.0)
    assert np.ptp(survey.truth.level, axis=1).max() < 1e-12


def test_a_survey_may_be_of_everybody_and_the_same_seed_gives_the_same():
    survey = simulate_survey(300, seed=5, customers=300)
    assert survey.answers["customer_id"].tolist() == survey.customers["customer_id"].tolist()
    assert survey.answers["weight"].tolist() == [1.0] * 300
    again = simulate_survey(300, seed=5, customers=300)
    pd.testing.assert_frame_equal(survey.answers, again.answers)
    pd.testing.assert_frame_equal(survey.customers, again.customers)


@pytest.mark.parametrize(
    "more",
    [{"n_classes": 7}, {"n_classes": 0}, {"missing": 1.5}, {"customers": 5}, {"n": 0}],
)
def test_surveys_that_can_not_be_drawn(more):
    with pytest.raises(InputError):
        simulate_survey(more.pop("n", 10), seed=1, **more)


def test_designs_that_can_not_be_drawn():
    with pytest.raises(InputError):
        balanced_design(3, 4, 2, seed=1)

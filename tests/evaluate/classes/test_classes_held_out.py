"""Held-out scores: a case with a closed form, folds of respondents and clusters, answers that nobody else gave."""

import numpy as np
import pandas as pd
import pytest
from class_worlds import binary_frame, binary_survey, maximum_likelihood, nominal

from segmodels.errors import InputError
from segmodels.evaluate.classes.held_out import compare, deal, held_out
from segmodels.models.needs.latent_class import LatentClass
from segmodels.tables.responses import Responses


def test_one_class_is_scored_by_the_frequencies_of_the_other_folds():
    survey = binary_survey(60, [1.0], [[0.7, 0.4]], 1)
    found = held_out(maximum_likelihood(1), survey, seed=2, folds=4, starts=1)
    codes = survey.codes(["q1", "q2"])
    fold = deal(survey, 4, 2).count.argmax(axis=1)
    density = np.empty(60)
    for f in range(4):
        p = codes[fold != f].mean(axis=0)
        density[fold == f] = np.log(np.where(codes[fold == f], p, 1 - p)).sum(axis=1)
    assert found.score == pytest.approx(density.mean(), abs=1e-8)
    assert found.se == pytest.approx(density.std(ddof=1) / np.sqrt(60), abs=1e-8)


def test_folds_are_of_equal_size_and_the_same_for_every_model():
    survey = binary_survey(53, [1.0], [[0.7, 0.4]], 1)
    dealt = deal(survey, 5, 9)
    assert dealt.count.sum(axis=1).tolist() == [1.0] * 53
    assert sorted(dealt.count.sum(axis=0)) == [10, 10, 11, 11, 11]
    np.testing.assert_array_equal(dealt.count, deal(survey, 5, 9).count)


def test_counts_are_dealt_out_one_respondent_at_a_time():
    frame = pd.DataFrame({"q1": [1, 0], "q2": [0, 1], "times": [30, 20]})
    survey = nominal(frame, count="times")
    dealt = deal(survey, 5, 1)
    assert dealt.count.sum(axis=1).tolist() == [30, 20]
    assert dealt.count.sum(axis=0).tolist() == [10] * 5
    found = held_out(maximum_likelihood(1), survey, seed=1, folds=5, starts=1)
    assert np.isfinite(found.score)
    assert found.se > 0


def test_clusters_stay_together_and_their_errors_are_larger():
    rng = np.random.default_rng(1)
    frame = binary_frame(200, [1.0], [[0.5, 0.5]], 1)
    frame["cluster"] = np.repeat(np.arange(20), 10)
    # Members of a cluster answer alike.
    for name in ("q1", "q2"):
        frame[name] = np.repeat(rng.random(20) < 0.3, 10).astype(int)
    clustered = nominal(frame, cluster="cluster")
    dealt = deal(clustered, 4, 1)
    assert (dealt.count > 0).sum(axis=1).max() == 1
    together = pd.Series(dealt.count.argmax(axis=1)).groupby(frame["cluster"]).nunique()
    assert (together == 1).all()
    spec = maximum_likelihood(1)
    free = nominal(frame.drop(columns="cluster"))
    assert held_out(spec, clustered, seed=1, folds=4).se > 2 * held_out(spec, free, seed=1, folds=4).se


def test_differences_are_paired():
    survey = binary_survey(300, [0.5, 0.5], [[0.9] * 5, [0.1] * 5], 1)
    scores = {k: held_out(LatentClass(k), survey, seed=1, starts=5) for k in (1, 2, 3)}
    table = compare(scores)
    assert table["held_out"].idxmax() == 2
    assert table.loc[2, "held_out_difference"] == 0
    assert table.loc[2, "held_out_difference_se"] == 0
    # What two models make of the same respondents differs less than the respondents do.
    assert table.loc[3, "held_out_difference_se"] < table.loc[3, "held_out_se"] / 2
    assert table.loc[1, "held_out_difference"] < -5 * table.loc[1, "held_out_difference_se"]


def test_an_answer_that_nobody_else_gave_is_left_out_and_counted():
    frame = pd.DataFrame({"q1": [1, 2] * 10, "q2": [*([1, 1, 2, 2] * 5)]})
    frame.loc[0, "q1"] = 3
    found = held_out(maximum_likelihood(1), nominal(frame), seed=1, folds=4, starts=1)
    assert found.unpredictable == 1
    assert np.isfinite(found.score)


def test_the_score_does_not_depend_on_threads_or_scale_of_weights():
    frame = binary_frame(120, [0.5, 0.5], [[0.9] * 4, [0.2] * 4], 3, missing=0.1)
    frame["w"] = np.linspace(1.0, 2.0, 120)
    one = held_out(LatentClass(2), nominal(frame, weight="w"), seed=1, workers=1, starts=5)
    two = held_out(
        LatentClass(2), nominal(frame.assign(w=3 * frame["w"]), weight="w"), seed=1, workers=2, starts=5
    )
    assert one.score == pytest.approx(two.score, abs=1e-9)
    assert one.se == pytest.approx(two.se, abs=1e-9)


def test_numbers_are_scaled_by_the_training_folds():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(1000.0, 30.0, 50)})
    survey = Responses.read(frame, customer=None, items={"x": "continuous"})
    found = held_out(maximum_likelihood(1), survey, seed=1, folds=5, starts=1)
    fold = deal(survey, 5, 1).count.argmax(axis=1)
    x, density = frame["x"].to_numpy(), np.empty(50)
    for f in range(5):
        mean, sd = x[fold != f].mean(), x[fold != f].std()
        density[fold == f] = -0.5 * np.log(2 * np.pi) - np.log(sd) - 0.5 * ((x[fold == f] - mean) / sd) ** 2
    assert found.score == pytest.approx(density.mean(), abs=1e-6)


@pytest.mark.parametrize("folds", [1, 61])
def test_folds_that_can_not_be_are_refused(folds):
    with pytest.raises(InputError, match="60 respondents"):
        held_out(maximum_likelihood(1), binary_survey(60, [1.0], [[0.5, 0.5]], 1), seed=1, folds=folds)

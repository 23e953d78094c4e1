"""The choice of the number of classes: on known truths, its table, and its reasons."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from class_worlds import FEW, binary_survey

import segmodels
from segmodels.errors import InputError
from segmodels.evaluate.classes.choose import choose_classes
from segmodels.evaluate.classes.order import in_order, threads_of
from segmodels.evaluate.classes.recommend import recommend
from segmodels.evaluate.classes.search import missed_by
from segmodels.inference.settings import MAP
from segmodels.models.needs.latent_class import LatentClass
from segmodels.models.needs.ranked_needs import RankedNeeds
from segmodels.tables.responses import Responses
from segmodels.tables.survey_choices import simulate_rankings

YES = [[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.9, 0.1], [0.1, 0.1, 0.1, 0.1, 0.9, 0.9]]
COLUMNS = [
    "n_classes",
    "log_likelihood",
    "parameters",
    "AIC",
    "AIC3",
    "BIC",
    "CAIC",
    "aBIC",
    "ICL",
    "AWE",
    "relative_entropy",
    "entropy_r_squared",
    "classification_error",
    "accuracy",
    "typing_accuracy",
    "smallest_share",
    "smallest_n",
    "smallest_AvePP",
    "smallest_OCC",
    "times_found",
    "climbs",
    "largest_residual",
    "largest_residual_p",
    "missed_by",
    "held_out",
    "held_out_se",
    "held_out_difference",
    "held_out_difference_se",
    "bootstrap_p",
]


@pytest.fixture(scope="module")
def survey():
    return binary_survey(400, [0.4, 0.35, 0.25], YES, 1, missing=0.05)


@pytest.fixture(scope="module")
def choice(survey):
    steps = []
    found = choose_classes(
        LatentClass(1, starts=FEW),
        survey,
        n_classes=range(1, 5),
        seed=1,
        test="bootstrap",
        replicates=19,
        progress=lambda *step: steps.append(step),
    )
    return found, steps


def test_the_true_number_is_found_and_every_criterion_says_why(choice):
    found, _ = choice
    assert found.best == 3
    assert found.fit.n_classes == 3
    assert found.table["BIC"].idxmin() == 2
    assert found.table["bootstrap_p"].iloc[1:3].tolist() == pytest.approx([0.05, 0.05])
    assert found.table["bootstrap_p"].iloc[3] > 0.05
    assert any("bootstrap test is first content with 3 classes" in reason for reason in found.reasons)
    assert "3 classes are recommended." in str(found)
    assert found.evidence[0].name == "Number of classes"


def test_the_table_has_a_row_a_number_and_agrees_with_the_fits(choice):
    found, _ = choice
    table = found.table
    assert table.columns.tolist() == COLUMNS
    assert table["n_classes"].tolist() == [1, 2, 3, 4] == list(found.fits)
    assert table["log_likelihood"].is_monotonic_increasing
    assert table["parameters"].tolist() == [6, 13, 20, 27]
    for row in table.to_dict("records"):
        fit = found.fits[row["n_classes"]]
        assert row["log_likelihood"] == pytest.approx(fit.log_likelihood)
        assert row["smallest_share"] == pytest.approx(fit.class_shares.min())
        assert row["accuracy"] == pytest.approx(1 - row["classification_error"])
        assert row["typing_accuracy"] <= 1
    assert table["held_out_difference"].max() == 0
    assert table["largest_residual"].iloc[0] > 10 * table["largest_residual"].iloc[2]
    assert table["largest_residual_p"].iloc[0] == pytest.approx(0.05)
    assert table["largest_residual_p"].iloc[2] > 0.05


def test_progress_counts_every_step_once(choice):
    _, steps = choice
    done, total, texts = zip(*steps, strict=True)
    assert done == tuple(range(1, 4 * 6 + 3 + 1))
    assert set(total) == {4 * 6 + 3}
    assert texts[0] == "4 classes fitted"


def test_the_same_seed_gives_the_same_answer_for_any_number_of_workers(survey):
    one, many = (
        choose_classes(LatentClass(1, starts=FEW), survey, MAP(), [1, 2, 3], seed=4, folds=3, workers=workers)
        for workers in (1, 3)
    )
    pd.testing.assert_frame_equal(one.table, many.table)
    assert one.reasons == many.reasons


def test_a_function_may_make_the_models_and_folds_may_be_left_out(survey):
    found = choose_classes(lambda k: LatentClass(k, starts=FEW), survey, n_classes=[2, 3], seed=1, folds=0)
    assert found.table["held_out"].isna().all()
    assert found.best == 3
    assert not found.scores


def test_rankings_have_a_number_of_classes_too():
    utility = np.array([[2.0, 1.0, -1.0, -2.0], [-2.0, 1.0, -1.0, 2.0]])
    frame, _ = simulate_rankings(300, utility, [0.6, 0.4], seed=1)
    places = [f"Rank_{place}" for place in range(1, 5)]
    survey = Responses.read_orderings(frame, customer="customer_id", places=places)
    found = choose_classes(RankedNeeds(1, starts=FEW), survey, n_classes=[1, 2, 3], seed=1, folds=3)
    assert found.best == 2
    assert found.table["largest_residual"].isna().all()
    assert found.table["typing_accuracy"].isna().all()


def test_a_missed_optimum_is_noticed_by_splitting_fewer_classes(choice):
    found, _ = choice
    fit, fewer = found.fits[3], found.fits[2]
    assert missed_by(fit, fewer, seed=1) == pytest.approx(0, abs=1e-4)
    poor = fit.at(np.concatenate([fit.theta[:2], np.zeros(len(fit.theta) - 2)]))
    assert missed_by(poor, fewer, seed=1) > 10


def test_all_faults_of_the_arguments_are_told_together():
    with pytest.raises(InputError, match=r"(?s)n_classes.*test.*folds.*responses"):
        choose_classes(LatentClass(1), pd.DataFrame(), n_classes=[0], seed=1, test="lmr", folds=1)


def test_results_come_in_order_and_what_is_not_wanted_is_not_begun():
    begun = []

    def work(task):
        begun.append(task)
        return task * task

    results = in_order(work, range(100), workers=3)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    results.close()
    assert len(begun) < 20
    with pytest.raises(InputError, match="workers"):
        threads_of(0)


def rows(**columns):
    """Three numbers of classes, between which only the columns given decide."""
    plain = {
        "n_classes": [1, 2, 3],
        **{key: [30.0, 20.0, 25.0] for key in ("AIC", "AIC3", "BIC", "CAIC", "aBIC", "ICL")},
        "held_out": [np.nan] * 3,
        "held_out_difference": [np.nan] * 3,
        "held_out_difference_se": [np.nan] * 3,
        "smallest_share": [1.0, 0.4, 0.2],
        "smallest_n": [500.0, 200.0, 100.0],
        "smallest_AvePP": [1.0, 0.9, 0.9],
        "times_found": [10, 10, 10],
        "climbs": [10, 10, 10],
        "missed_by": [0.0, 0.0, 0.0],
        "bootstrap_p": [np.nan] * 3,
    }
    return pd.DataFrame(plain | columns)


def held(*differences):
    return {"held_out": list(differences), "held_out_difference": list(differences)}


def test_agreement_is_said():
    found = recommend(rows())
    assert found.best == 2
    assert found.reasons == ("All information criteria are lowest at 2 classes.",)


def test_a_score_within_one_standard_error_lets_the_smaller_number_do():
    score = held(-0.5, -0.009, 0.0) | {"held_out_difference_se": [0.1, 0.01, 0.0]}
    found = recommend(rows(BIC=[30.0, 20.0, 19.0], **score))
    assert found.best == 2
    assert "best at 3 classes; that of 2 is within one standard error" in found.reasons[1]
    assert "BIC asks for 3 and the held-out score for 2: the smaller is taken." in found.reasons


@pytest.mark.parametrize(
    ("column", "values", "word"),
    [
        ("smallest_share", [1.0, 0.03, 0.02], "3.0% of respondents"),
        ("smallest_AvePP", [1.0, 0.6, 0.9], "AvePP 0.60"),
        ("smallest_AvePP", [1.0, np.nan, 0.9], "nobody is assigned"),
    ],
)
def test_classes_of_no_use_are_left(column, values, word):
    found = recommend(rows(**{column: values}))
    assert found.best == 1
    assert any(word in reason and "so 1 instead" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"times_found": [10, 1, 10]}, "1 of 10 climbs"),
        ({"missed_by": [0.0, 0.0, 0.5]}, "best optimum of 3 classes was missed"),
        ({"smallest_n": [500.0, 12.0, 10.0]}, "about 12 respondents"),
        ({"BIC": [3.0, 2.0, 1.0]}, "largest number tried"),
        ({"BIC": [3.0, 2.0, 1.0]}, "disagree"),
        ({"bootstrap_p": [np.nan, 0.01, 0.02]}, "rejects every number up to 2"),
        (
            {"bootstrap_p": [np.nan, 0.3, 0.5]},
            "first content with 1 class (p = 0.30 for one more), which is not",
        ),
        ({"bootstrap_p": [np.nan, 0.01, 0.5]}, "first content with 2 classes (p = 0.50 for one more), too"),
    ],
)
def test_cautions_are_plain_sentences(columns, words):
    assert any(words in reason for reason in recommend(rows(**columns)).reasons)


def test_a_fit_is_not_changed_by_being_chosen(choice, survey):
    found, _ = choice
    again = replace(LatentClass(1, starts=FEW), n_classes=3).fit(survey, MAP(), seed=found.fit.seed)
    np.testing.assert_array_equal(found.fit.theta, again.theta)
    assert segmodels.Evidence is type(found.evidence[0])

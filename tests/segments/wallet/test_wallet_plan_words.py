"""What the survey plan says where everybody, or nearly everybody, has answered (C15)."""

from dataclasses import replace

import pytest
from wallet_fake import fake_fit

from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.survey_size import Spread, size_table


@pytest.fixture(scope="module")
def fit():
    return fake_fit(600, answered=150, level_sd=0.0, unknown=0.0)


def test_of_a_base_that_answered_nothing_more_is_needed():
    fit = fake_fit(300, answered=300, level_sd=0.0, unknown=0.0)
    plan = survey_plan(fit, budget=100)
    assert plan.left == 0
    assert "All identified customers answered: the mean headroom needs no more answers." in plan.text
    assert "more answers bring" not in plan.text
    assert plan.sizes["more"].tolist() == [0, 0]


def test_a_budget_beyond_the_base_is_a_budget_for_all_that_are_left(fit):
    plan = survey_plan(fit, budget=10_000_000)
    assert "The budget of 10,000,000 is enough for all 450 who have not answered." in plan.text
    assert "10,000,000 more answers" not in plan.text
    assert plan.sizes["error_with_budget"].tolist() == [0.0, 0.0]


def test_weighted_answers_do_not_ask_for_more_customers_than_are_left():
    table = size_table(
        Spread(3.0, 3.0, "answers"), error=0.01, population=100, answered=20.0, budget=None, left=10
    )
    assert table["more"].tolist() == [10, 10]
    assert (table["needed"] <= 100).all()


def test_a_model_that_saves_no_answer_is_said_to_save_none(fit):
    plan = survey_plan(fit)
    worse = plan.sizes.assign(more=[148, 149], error_now=0.08)
    text = replace(plan, sizes=worse).text
    assert "149 more answers bring its standard error to 5.0%; the model saves none of them." in text
    better = replace(plan, sizes=plan.sizes.assign(more=[149, 48], error_now=0.08)).text
    assert "48 more answers bring its standard error to 5.0% with the model's help, 149 without it." in better
    every = replace(plan, sizes=plan.sizes.assign(more=[450, 450], error_now=0.08)).text
    assert "comes to 5.0% only if all 450 others answer; the model saves none of them." in every

"""Every model of needs can be projected: what its answers say, and how sure that is."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from segmodels.errors import InputError
from segmodels.inference.settings import MAP, Laplace
from segmodels.inference.starts import Starts
from segmodels.models.needs.best_worst import BestWorst
from segmodels.models.needs.latent_class import LatentClass
from segmodels.models.needs.ranked_needs import RankedNeeds
from segmodels.segments.projection.projection import Projection
from segmodels.segments.projection.survey import answers_of
from segmodels.tables.responses import Responses
from segmodels.tables.simulate_answers import simulate_survey
from segmodels.tables.survey_choices import balanced_design, simulate_best_worst, simulate_rankings

FEW = Starts(random=4, kept=2)
UTILITY = np.array([[2.0, 1.0, 0.0, -1.0, -2.0], [-2.0, -1.0, 0.0, 1.0, 2.0]])
ITEMS = (
    "importance_price",
    "importance_quality",
    "importance_delivery",
    "compares",
    "loyal",
    "pleasure",
    "alone",
)


@pytest.fixture(scope="module")
def made():
    return simulate_survey(500, seed=3, n_classes=3, customers=5000)


@pytest.fixture(scope="module")
def answers(made):
    return Responses.read(made.answers, customer="customer_id", items=made.codebook, weight="weight")


@pytest.fixture(scope="module")
def needs(answers):
    return LatentClass(3, items=ITEMS, starts=FEW).fit(answers, MAP(), seed=1)


def test_densities_and_shares_make_up_the_membership(needs):
    found = answers_of(needs)
    shares = softmax(np.append(0.0, needs.theta[:2]))
    np.testing.assert_allclose(
        softmax(found.log_density + np.log(shares), axis=1), needs.membership(), atol=1e-9
    )
    again = found.other_parameters(np.random.default_rng(1))
    assert again.shape == found.log_density.shape
    assert np.abs(again - found.log_density).max() > 0.1


def test_covariates_do_not_count_twice(answers):
    with_age = LatentClass(3, items=ITEMS, covariates=("region",), starts=FEW).fit(answers, MAP(), seed=1)
    found = answers_of(with_age)
    # Two respondents with the same answers have the same density, wherever they live.
    codes = pd.DataFrame(answers.codes(ITEMS)).assign(row=np.arange(len(answers)))
    twice = codes[codes.duplicated(list(range(len(ITEMS))), keep=False)]
    assert len(twice) > 10
    for _, rows in twice.groupby(list(range(len(ITEMS)))):
        same = found.log_density[rows["row"]]
        np.testing.assert_allclose(same, np.repeat(same[:1], len(same), axis=0), atol=1e-9)


def test_rankings_and_tasks_have_densities_too():
    frame, classes = simulate_rankings(100, UTILITY, [0.5, 0.5], seed=1)
    places = [name for name in frame.columns if name != "customer_id"]
    ranked = Responses.read_orderings(frame, customer="customer_id", places=places)
    tasks, chosen = simulate_best_worst(60, UTILITY, [0.5, 0.5], balanced_design(5, 3, 5, seed=1), seed=1)
    asked = Responses.read_tasks(tasks, customer="customer_id", task="task", item="item", choice="choice")
    for fit, truth in (
        (RankedNeeds(2, starts=FEW).fit(ranked, MAP(), seed=1), classes),
        (BestWorst(2, starts=FEW).fit(asked, MAP(), seed=1), chosen),
    ):
        found = answers_of(fit)
        right = (found.log_density.argmax(axis=1) == truth).mean()
        assert max(right, 1 - right) > 0.95
        assert found.other_parameters(np.random.default_rng(1)).shape == found.log_density.shape


def test_draws_are_used_where_there_are_some_and_said_to_be_missing_where_there_are_none(
    made, answers, needs
):
    spec = Projection(classifier=LogisticRegression(max_iter=1000), replicates=20)
    drawn = LatentClass(3, items=ITEMS, starts=FEW).fit(answers, Laplace(draws=20), seed=1)
    pair = [answers_of(drawn).other_parameters(np.random.default_rng(seed)) for seed in (1, 2)]
    assert np.abs(pair[0] - pair[1]).max() > 0.01
    scored = spec.fit(needs.on(answers), made.customers, seed=1)
    last = scored.evidence[-1]
    assert last.name == "survey's parameters"
    assert last.passed is False
    with pytest.raises(InputError, match="one class"):
        answers_of(LatentClass(1, items=ITEMS, starts=FEW).fit(answers, MAP(), seed=1))


def test_a_retailer_of_three_kinds_of_customers(made, needs):
    spec = Projection(classifier=LogisticRegression(max_iter=1000), replicates=40)
    fit = spec.fit(needs, made.customers, values="spend", seed=1)
    assert fit.verdict.passed
    crossed = pd.crosstab(fit.segmentation.labels.to_numpy(), made.classes.to_numpy()).to_numpy()
    assert crossed.max(axis=1).sum() / crossed.sum() > 0.7
    order = crossed.argmax(axis=1)
    assert sorted(order) == [0, 1, 2]
    names = sorted(made.classes.unique())
    truth = made.classes.value_counts()[names].to_numpy()[order]
    assert ((fit.sizes["customers"] - truth).abs() < 3.5 * fit.sizes["standard_error"]).all()
    # Survey weights repair the sample already; the projection does not do so once more.
    weights = fit.weights
    assert np.abs(np.log(weights["weight"] / weights["survey_weight"])).mean() < 0.12

"""The errors hold the whole way: what a respondent moves is the derivative of both steps in its count."""

from dataclasses import replace

import numpy as np
import pytest
from bakk_kuha import measured, table, with_covariate

from segmodels.segments.relate.classification_error import classify
from segmodels.segments.relate.figures import Estimator, of_covariates, of_outcome
from segmodels.segments.relate.join import Variable
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.sandwich import Sample, covariance

N = 300
METHODS = [(m, a) for m in ("bch", "ml") for a in ("modal", "proportional")] + [("two-step", "modal")]


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(8)
    y, classes, x = with_covariate(rng, N, 0.8)
    z = rng.normal(np.array([-1.0, 1.0, 0.0])[classes])
    colour = (classes + (rng.random(N) < 0.4)) % 3
    return y, x, z, colour.astype(float), rng.gamma(4, 0.25, N)


def variables(x, z, colour):
    known = np.ones(N, bool)
    return (
        Variable("x", "continuous", (), x, known),
        Variable("z", "continuous", (), z, known),
        Variable("colour", "categorical", ("r", "g", "b"), colour, known),
        Variable("n", "count", (), colour, known),
    )


def both_steps(survey, count, method, assignment):
    y, x, z, colour, weight = survey
    fitted = measured(y, 0.8, Sample(weight, count), pseudo=0.0, tolerance=1e-13)
    classes = classify(fitted.posterior, fitted.sample.case_weight, assignment)
    estimator = Estimator(method, fitted, classes)
    covariate, *outcomes = variables(x, z, colour)
    return [of_covariates(estimator, [covariate], 0), *(of_outcome(estimator, each, 0) for each in outcomes)]


@pytest.mark.parametrize(("method", "assignment"), METHODS)
def test_influence_is_the_derivative_in_the_count(survey, method, assignment):
    here = both_steps(survey, np.ones(N), method, assignment)
    for i in (0, 57, 123):
        more, less = np.ones(N), np.ones(N)
        more[i] += 0.01
        less[i] -= 0.01
        up, down = (both_steps(survey, count, method, assignment) for count in (more, less))
        for at, high, low in zip(here, up, down, strict=True):
            slope = (high.estimate - low.estimate).ravel() / 0.02
            np.testing.assert_allclose(at.influence[i], slope, rtol=5e-3, atol=2e-6)


@pytest.mark.parametrize("method", ["bch", "ml", "two-step"])
def test_influences_sum_to_nothing(survey, method):
    for figures in both_steps(survey, np.ones(N), method, "modal"):
        np.testing.assert_allclose(figures.influence.sum(axis=0), 0, atol=1e-4)


def test_two_step_variance_is_that_of_bakk_and_kuha():
    """V22 + A V11 A': the two parts are uncorrelated in a large sample without weights."""
    rng = np.random.default_rng(4)
    y, _, x = with_covariate(rng, 8000, 0.8)
    whole = measured(y, 0.8, pseudo=0.0)
    found = {
        part: relate_measurement(measurement, covariates=table(x=x), method="two-step").coefficients
        for part, measurement in {"both": whole, "second": replace(whole, first_step=None)}.items()
    }
    estimator = Estimator("two-step", whole, classify(whole.posterior, np.ones(8000), "modal"))
    covariate = Variable("x", "continuous", (), x, np.ones(8000, bool))
    through = of_covariates(estimator, [covariate], 0)
    alone = of_covariates(
        Estimator("two-step", replace(whole, first_step=None), estimator.classification), [covariate], 0
    )
    a_v11_a = covariance(through.influence - alone.influence, whole.sample)
    published = np.sqrt(np.diag(alone.covariance + a_v11_a))[2:]
    np.testing.assert_allclose(found["both"]["standard_error"], published, rtol=0.03)
    # And the first step matters.
    assert (found["both"]["standard_error"] > 1.02 * found["second"]["standard_error"]).all()


def test_a_known_measurement_says_that_it_counts_as_known():
    rng = np.random.default_rng(4)
    y, _, x = with_covariate(rng, 300, 0.8)
    whole = measured(y, 0.8)
    texts = {
        one.name: one.text
        for one in relate_measurement(replace(whole, first_step=None), covariates=table(x=x)).evidence
    }
    assert "leave its uncertainty out" in texts["Uncertainty of the classes"]

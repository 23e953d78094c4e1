"""Maxima against a general optimiser, boundaries, and what the evidence says."""

import numpy as np
import pytest
from bakk_kuha import likely, measured, measurement, table, with_covariate, with_outcome
from scipy.optimize import minimize

from segmodels.errors import Infeasible
from segmodels.segments.relate import likelihood
from segmodels.segments.relate.classification_error import classify
from segmodels.segments.relate.families import Categorical, Gaussian, Poisson
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.structure import Structure
from segmodels.segments.relate.tests_of_difference import wald

N = 300


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(21)
    y, classes, x = with_covariate(rng, N, 0.8)
    return measured(y, 0.8), classes, x


def families(classes):
    rng = np.random.default_rng(22)
    z = rng.normal(np.array([-1.0, 1.0, 0.0])[classes])
    n = rng.poisson(np.array([1.0, 3.0, 5.0])[classes]).astype(float)
    colour = np.eye(3)[(classes + rng.choice(3, N, p=[0.5, 0.3, 0.2])) % 3]
    return [Gaussian((z - z.mean()) / z.std(), z.mean(), z.std()), Poisson(n), Categorical(colour)]


def objective(known, structure, weight, theta):
    return -(weight * likelihood.posterior(known, structure, theta)[1]).sum()


@pytest.mark.parametrize("which", [0, 1, 2], ids=["gaussian", "poisson", "categorical"])
@pytest.mark.parametrize("assignment", ["modal", "proportional"])
def test_maximum_and_information_against_general_tools(survey, which, assignment):
    measurement, classes, x = survey
    outcome = families(classes)[which]
    design = np.column_stack([np.ones(N), (x - x.mean()) / x.std()])
    structure = Structure(3, 1, design, outcome)
    found = classify(measurement.posterior, np.ones(N), assignment)
    column, share = found.unfolded()
    known = likelihood.Known(np.log(found.error.T)[column], share)
    weight = np.random.default_rng(23).gamma(2, 0.5, N)
    solution = likelihood.maximise(known, structure, weight, [weight[:, None] * found.posterior])
    lines = weight[:, None] * share
    other = minimize(
        lambda theta: objective(known, structure, lines, theta),
        solution.theta + 0.05,
        method="BFGS",
        tol=1e-10,
    )
    assert solution.objective >= -other.fun - 1e-6
    # Louis' information is minus the Hessian; logits of categories move nothing together, which is added.
    step = 1e-4 * np.eye(structure.size)
    hessian = np.array(
        [
            [
                sum(
                    a * b * objective(known, structure, lines, solution.theta + a * step[i] + b * step[j])
                    for a in (1, -1)
                    for b in (1, -1)
                )
                / 4e-8
                for j in range(structure.size)
            ]
            for i in range(structure.size)
        ]
    )
    own = likelihood.information(structure, solution.theta, solution.posterior, lines)
    if which == 2:
        d, of_class = structure.logits, (lines[:, :, None] * solution.posterior).sum(axis=(0, 1))
        for k in range(3):
            own[d + 3 * k : d + 3 * k + 3, d + 3 * k : d + 3 * k + 3] -= of_class[k] / 3
    np.testing.assert_allclose(own, hessian, atol=2e-2, rtol=1e-3)


def test_money_far_from_zero_is_as_good_as_standard_numbers(survey):
    measurement, classes, x = survey
    z = np.random.default_rng(24).normal(np.array([-1.0, 1.0, 0.0])[classes])
    plain = relate_measurement(measurement, covariates=table(x=x), outcomes=table(z=z))
    moved = relate_measurement(
        measurement, covariates=table(x=1e4 * x + 1e6), outcomes=table(z=5e6 + 1e5 * z)
    )
    np.testing.assert_allclose(moved.outcomes["estimate"], 5e6 + 1e5 * plain.outcomes["estimate"], rtol=1e-9)
    errors = moved.outcomes["standard_error"], 1e5 * plain.outcomes["standard_error"]
    np.testing.assert_allclose(*errors, rtol=1e-5)
    np.testing.assert_allclose(moved.tests["wald"], plain.tests["wald"], rtol=1e-5)


def test_a_category_that_a_class_never_gives_is_at_the_boundary():
    rng = np.random.default_rng(3)
    y, classes, _ = with_outcome(rng, 1000, 0.97)
    bought = np.where(classes == 0, "no", np.where(rng.random(1000) < 0.5, "yes", "no"))
    found = relate_measurement(measured(y, 0.97), outcomes=table(bought=bought), method="two-step")
    rows = found.outcomes.set_index(["category", "class"])
    assert rows.loc[("yes", "a"), "estimate"] == pytest.approx(0, abs=1e-5)
    assert np.isnan(rows.loc[("yes", "a"), "standard_error"])
    assert rows.loc[("yes", "b"), "standard_error"] == pytest.approx(np.sqrt(0.25 / 333), rel=0.1)
    evidence = {one.name: one for one in found.evidence}["Boundary"]
    assert evidence.passed is False
    assert "bought" in evidence.text
    # The other two classes are still compared with it.
    assert found.tests["p"].item() < 1e-6


def test_a_covariate_that_separates_has_no_error():
    rng = np.random.default_rng(3)
    classes = rng.integers(3, size=900)
    y = (rng.random((900, 6)) < likely(0.99).T[classes]).astype(float)
    found = relate_measurement(measured(y, 0.99), covariates=table(x=classes == 1), method="naive")
    assert found.coefficients["standard_error"].isna().any()
    assert {one.name: one for one in found.evidence}["Boundary"].passed is False


def test_impossible_shares_of_bch_are_given_as_they_are():
    rng = np.random.default_rng(12)
    y, classes, _ = with_outcome(rng, 400, 0.72)
    rare = np.where((classes == 1) & (rng.random(400) < 0.3), "yes", "no")
    found = relate_measurement(measured(y, 0.72), outcomes=table(rare=rare), method="bch")
    assert found.outcomes["estimate"].min() < 0
    evidence = {one.name: one for one in found.evidence}["BCH weights"]
    assert evidence.passed is False
    assert (evidence.table["estimate"] < 0).any()
    likely_ones = relate_measurement(measured(y, 0.72), outcomes=table(rare=rare), method="ml").outcomes
    assert likely_ones["estimate"].between(0, 1).all()
    known = likely_ones.dropna()
    assert known["low"].between(0, 1).all()


def test_a_distribution_that_does_not_hold_shows_against_bch():
    """Skewed money in one class: the normal likelihood calls its tail another class, weighting does not."""
    rng = np.random.default_rng(6)
    y, classes, _ = with_outcome(rng, 4000, 0.8)
    spend = rng.lognormal(np.array([3.0, 4.0, 4.0])[classes], 1.2)
    fitted = measured(y, 0.8)
    found = {m: relate_measurement(fitted, outcomes=table(spend=spend), method=m) for m in ("ml", "bch")}
    truth = np.exp(np.array([3.0, 4.0, 4.0]) + 0.72)
    off = np.abs(found["bch"].outcomes["estimate"] - truth) / found["bch"].outcomes["standard_error"]
    assert (off < 3).all()
    agreement = {one.name: one for one in found["ml"].evidence}["Agreement with BCH"]
    assert agreement.passed is False
    assert "spend" in agreement.text
    normal = relate_measurement(fitted, outcomes=table(z=rng.normal(classes)), method="ml")
    assert {one.name: one for one in normal.evidence}["Agreement with BCH"].passed


def test_low_separation_is_said():
    rng = np.random.default_rng(6)
    y, _, z = with_outcome(rng, 2000, 0.65)
    known = measurement(y, np.full(3, 1 / 3), likely(0.65))
    evidence = {one.name: one for one in relate_measurement(known, outcomes=table(z=z)).evidence}
    assert evidence["Separation of the classes"].passed is False
    assert set(evidence["Separation of the classes"].table["measure"]) == {"entropy R2", "relative entropy"}


def test_two_step_needs_no_assignments():
    rng = np.random.default_rng(6)
    y, _, z = with_outcome(rng, 300, 0.8)
    # A third class that is nobody's most probable one.
    known = measurement(
        y, np.array([0.5, 0.49, 0.01]), np.column_stack([likely(0.8)[:, :2], np.full(6, 0.5)])
    )
    with pytest.raises(Infeasible, match="class number 3"):
        relate_measurement(known, outcomes=table(z=z), method="ml")
    found = relate_measurement(known, outcomes=table(z=z), method="two-step")
    assert len(found.outcomes) == 3


def test_wald_by_hand_and_with_a_direction_without_variance():
    spread = np.array([[2.0, 1.0], [1.0, 3.0]])
    b = np.array([1.0, -2.0])
    assert wald(b, spread, np.eye(2)).statistic == pytest.approx(b @ np.linalg.solve(spread, b))
    assert wald(b, np.diag([1.0, 0.0]), np.eye(2)).df == 1

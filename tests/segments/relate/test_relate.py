"""Relating a fitted model of needs: against the model written out, one-step, and across every kind of fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bakk_kuha import MEANS, measurement, table, with_covariate

import segmodels as sg
from segmodels.errors import InputError
from segmodels.segments.relate import Relation, relate
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.sandwich import Sample

N = 900
ITEMS = list("abcdef")
STARTS = sg.Starts(random=8, kept=3)


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(31)
    y, classes, x = with_covariate(rng, N, 0.85)
    y[rng.random(y.shape) < 0.03] = np.nan
    frame = pd.DataFrame(y, columns=ITEMS).assign(
        customer_id=np.arange(N), x=x, weight=rng.gamma(4, 0.25, N), stratum=rng.integers(0, 4, N)
    )
    frame["psu"] = frame["stratum"] * 50 + rng.integers(0, 50, N)
    outside = table(z=rng.normal(MEANS[classes]), city=np.array(["north", "south"])[rng.integers(0, 2, N)])
    return frame, classes, outside


def read(frame, **design):
    return sg.Responses.read(frame, customer="customer_id", items=dict.fromkeys(ITEMS, "binary"), **design)


@pytest.fixture(scope="module")
def fit(survey):
    answers = read(survey[0], weight="weight")
    return sg.LatentClass(3, constants=sg.BayesConstants.none(), starts=STARTS).fit(answers, sg.MAP(), seed=1)


def test_a_fit_gives_what_the_model_written_out_gives(survey):
    frame, _, outside = survey
    complete = frame.fillna(1.0)
    answers = read(complete, weight="weight")
    fit = sg.LatentClass(3, constants=sg.BayesConstants.none(), starts=STARTS).fit(answers, sg.MAP(), seed=1)
    p = np.array([fit.components.probability(name)[1] for name in ITEMS])
    sample = Sample(answers.weight, answers.count)
    by_hand = measurement(complete[ITEMS].to_numpy(), fit.class_shares.to_numpy(), p, sample)
    for method in ("naive", "bch", "ml", "two-step"):
        how = {"covariates": complete[["customer_id", "x"]], "outcomes": outside, "method": method}
        one, other = relate(fit, **how), relate_measurement(by_hand, **how)
        for name in ("coefficients", "outcomes", "tests"):
            numbers = getattr(one, name).select_dtypes("number").columns
            np.testing.assert_allclose(getattr(one, name)[numbers], getattr(other, name)[numbers], rtol=1e-5)


def test_two_step_is_close_to_one_step(survey, fit):
    """Covariates in the model itself are the most precise; two-step loses little (Bakk and Kuha 2018)."""
    frame, _, _ = survey
    everything = sg.Responses.read(
        frame,
        customer="customer_id",
        items={**dict.fromkeys(ITEMS, "binary"), "x": "continuous"},
        weight="weight",
    )
    spec = sg.LatentClass(3, covariates=("x",), constants=sg.BayesConstants.none(), starts=STARTS)
    one_step = spec.fit(everything, sg.MAP(), seed=1)
    # Classes are in the order of their sizes in both, which may differ: they are matched by their profiles.
    order = [
        int(np.argmin([abs(np.subtract(ours, theirs)).sum() for theirs in _profiles(one_step)]))
        for ours in _profiles(fit)
    ]
    assert sorted(order) == [0, 1, 2]
    one = one_step.coefficients(reference=one_step.names[order[0]]).set_index(["class", "covariate"])
    two = relate(fit, covariates=frame[["customer_id", "x"]], method="two-step").coefficients
    two = two.set_index(["class", "covariate"])
    for k in (1, 2):
        here, there = two.loc[fit.names[k], "x"], one.loc[one_step.names[order[k]], "x"]
        assert here["coefficient"] == pytest.approx(there["coefficient"], abs=0.75 * there["standard_error"])
        assert here["standard_error"] == pytest.approx(there["standard_error"], rel=0.25)


def _profiles(fit):
    return np.array([fit.components.probability(name)[1] for name in ITEMS]).T


def test_both_at_once_are_each_alone(survey, fit):
    frame, _, outside = survey
    covariates = frame[["customer_id", "x"]]
    both = relate(fit, covariates=covariates, outcomes=outside)
    assert isinstance(both, Relation)
    alone = relate(fit, covariates=covariates), relate(fit, outcomes=outside)
    pd.testing.assert_frame_equal(both.coefficients, alone[0].coefficients)
    pd.testing.assert_frame_equal(both.outcomes, alone[1].outcomes)
    assert both.tests["variable"].tolist() == ["x", "z", "city"]
    assert both.tests["df"].tolist() == [2, 2, 2]
    # City has nothing to do with the classes; the other two have.
    assert (both.tests["p_holm"] < 1e-6).tolist() == [True, True, False]
    assert len(both.differences) == 3 + 3 + 2 * 3
    assert "covariate x: Wald" in repr(both)


def test_names_of_classes_go_through(survey, fit):
    named = fit.rename({"1": "Bargain hunters"})
    found = relate(named, covariates=survey[0][["customer_id", "x"]], outcomes=survey[2])
    assert found.reference == "Bargain hunters"
    assert "Bargain hunters" in set(found.outcomes["class"])
    assert "Bargain hunters" not in set(found.coefficients["class"])
    assert found.classification.index.tolist()[0] == "Bargain hunters"
    assert found.covariances["z"].index.get_level_values("class").tolist()[0] == "Bargain hunters"
    error = np.sqrt(np.diag(found.covariances["z"]))
    rows = found.outcomes[found.outcomes["outcome"] == "z"]
    np.testing.assert_allclose(error, rows["standard_error"])


def test_the_design_of_the_sample_enters_the_errors(survey, fit):
    frame, _, outside = survey
    answers = read(frame, weight="weight", strata="stratum", cluster="psu")
    designed = sg.LatentClass(3, constants=sg.BayesConstants.none(), starts=STARTS).fit(
        answers, sg.MAP(), seed=1
    )
    one, other = relate(fit, outcomes=outside).outcomes, relate(designed, outcomes=outside).outcomes
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-6)
    ratio = other["standard_error"] / one["standard_error"]
    # Clusters without an effect of their own: other errors, but not by much.
    assert not np.allclose(ratio, 1, rtol=1e-4)
    assert ratio.between(0.6, 1.6).all()


def test_other_respondents_can_be_related(survey, fit):
    frame, _, outside = survey
    half = read(frame.iloc[: N // 2], weight="weight")
    found = relate(fit.on(half), outcomes=outside)
    assert {one.name: one for one in found.evidence}["Uncertainty of the classes"].passed is None
    assert len(found.outcomes) == 3 + 2 * 3


def test_a_fit_without_respondents_is_told(survey, fit):
    with pytest.raises(InputError, match=r"on\(responses\)"):
        relate(replace(fit, responses=None, fitted=False), outcomes=survey[2])


def test_styles_and_numbers_come_along():
    """Components of a class (nodes of a style) and items in numbers reach the errors, too."""
    rng = np.random.default_rng(2)
    classes = rng.integers(2, size=500)
    style = rng.normal(size=500)
    scores = np.array([[1.2, -1.2, 1.2, -1.2, 0.0], [-1.2, 1.2, 0.0, 1.2, -1.2]])[classes] + style[:, None]
    ratings = np.clip(np.round(3 + scores + 0.7 * rng.normal(size=scores.shape)), 1, 5).astype(int)
    frame = pd.DataFrame(ratings, columns=list("abcde"))
    frame = frame.assign(visits=rng.poisson(np.array([2.0, 4.0])[classes]), customer_id=np.arange(500))
    items = {**dict.fromkeys("abcde", "ordinal"), "visits": "count"}
    answers = sg.Responses.read(frame, customer="customer_id", items=items)
    spec = sg.LatentClass(2, style=("agreement",), starts=STARTS)
    styled = spec.fit(answers, sg.MAP(), seed=1)
    outside = table(z=rng.normal(classes))
    found = relate(styled, outcomes=outside, method="two-step").outcomes
    assert sorted(found["estimate"]) == pytest.approx([0, 1], abs=0.25)
    # What moves the parameters moves the posterior as the errors take it to: along one direction.
    _check_pull(styled)


def test_rankings_are_related_alike():
    rng = np.random.default_rng(1)
    classes = rng.integers(2, size=500)
    utility = np.array([[2.0, 1.0, 0.0, -1.0, 0.0], [-1.0, 0.0, 1.0, 2.0, 0.5]])[classes]
    places = (-(utility + rng.gumbel(size=utility.shape))).argsort(axis=1).argsort(axis=1) + 1
    frame = pd.DataFrame(places, columns=list("abcde")).assign(customer_id=np.arange(500))
    answers = sg.Responses.read(frame, customer="customer_id", items=dict.fromkeys("abcde", "rank"))
    ranked = sg.RankedNeeds(2, starts=STARTS).fit(answers, sg.MAP(), seed=1)
    for method in ("ml", "bch", "two-step"):
        found = relate(ranked, outcomes=table(z=rng.normal(classes)), method=method).outcomes
        assert sorted(found["estimate"]) == pytest.approx([0, 1], abs=0.25)
    _check_pull(ranked)


def _check_pull(fit):
    from segmodels.segments.relate.of_fit import measure

    rng = np.random.default_rng(0)
    measured = measure(fit)
    gradient = rng.normal(size=(2, *measured.log_joint.shape))
    direction = rng.normal(size=len(fit.theta))
    up, down = (measure(fit.at(fit.theta + sign * 1e-5 * direction)) for sign in (1, -1))
    for pull, field in (
        (measured.first_step.pull_joint, "log_joint"),
        (measured.first_step.pull_prior, "log_prior"),
    ):
        slope = (getattr(up, field) - getattr(down, field)) / 2e-5
        moved = (gradient * slope).sum(axis=(1, 2))
        np.testing.assert_allclose(pull(gradient) @ direction, moved, rtol=1e-5)


def test_derivatives_with_covariates_in_the_model(survey):
    frame, _, _ = survey
    items = {**dict.fromkeys(ITEMS, "binary"), "x": "continuous"}
    answers = sg.Responses.read(frame.iloc[:300], customer="customer_id", items=items)
    fit = sg.LatentClass(3, covariates=("x",), starts=STARTS).fit(answers, sg.MAP(), seed=1)
    _check_pull(fit)

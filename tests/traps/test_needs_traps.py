"""Defects that were found in StepMix 3.0.0 (research notes, section 4.2): each a test of ours."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.evaluate.classes.criteria import criteria

FEW = sg.Starts(8, 3)


def likert(n=150, items=4, seed=1):
    rng = np.random.default_rng(seed)
    z = rng.integers(0, 2, n)
    scores = np.clip(np.round(rng.normal(2.2 + 1.6 * z[:, None], 0.9, (n, items))), 1, 5)
    return pd.DataFrame(scores, columns=[f"q{j}" for j in range(items)]).astype("Int64")


def answers_of(frame, **roles):
    items = [sg.Item(name, "nominal", (1, 2, 3, 4, 5)) for name in frame if name.startswith("q")]
    return sg.Responses.read(frame, customer=None, items=items, **roles)


def test_the_sample_size_adjusted_criterion_is_that_of_sclove():
    """n* = (n + 2) / 24, as Mplus prints it: 1812.083, where the wrong formula gives 1864.119."""
    assert criteria(-891.143, 7, 1692)["aBIC"] == pytest.approx(1812.083, abs=1e-3)


def test_answers_from_one_to_five_have_no_category_zero():
    fit = sg.LatentClass(3, starts=FEW).fit(answers_of(likert()), sg.MAP(), seed=1)
    assert fit.n_parameters == 2 + 3 * 4 * 4
    assert set(fit.profile()["category"]) == {"1", "2", "3", "4", "5"}


def test_a_code_that_was_never_asked_is_refused_when_scoring():
    frame = likert()
    fit = sg.LatentClass(2, starts=FEW).fit(answers_of(frame), sg.MAP(), seed=1)
    book = fit.responses.codebook
    for place in ("q0", "q3"):  # neither the first nor the last item may slip through
        with pytest.raises(sg.InputError, match=place):
            fit.membership(sg.Responses.read(frame.assign(**{place: 6}), customer=None, items=book))


@pytest.mark.parametrize("method", ["bch", "ml", "naive", "two-step"])
def test_weights_count_in_every_step(method):
    frame = likert()
    times = np.where(frame["q0"] > 3, 3, 1)
    age = pd.DataFrame({"age": np.random.default_rng(2).normal(40 + 5 * (frame["q1"] > 3), 4)})
    plain = answers_of(frame)
    counted = answers_of(frame.assign(times=times), count="times")
    repeated = answers_of(frame.loc[np.repeat(frame.index, times)].reset_index(drop=True))
    again = age.loc[np.repeat(age.index, times)].reset_index(drop=True)
    tables = [
        sg.relate(
            sg.LatentClass(2, starts=FEW).fit(each, sg.MAP(), seed=1),
            outcomes=outcome.assign(customer_id=range(len(outcome))),
            method=method,
        ).outcomes
        for each, outcome in ((plain, age), (counted, age), (repeated, again))
    ]
    estimate = [table["estimate"].to_numpy(float) for table in tables]
    np.testing.assert_allclose(estimate[1], estimate[2], rtol=1e-5)
    assert np.abs(estimate[0] - estimate[1]).max() > 1e-3


def test_criteria_count_weighted_respondents():
    frame = likert()
    times = np.random.default_rng(3).integers(1, 4, len(frame))
    fits = [
        sg.LatentClass(2, starts=FEW).fit(each, sg.MAP(), seed=1)
        for each in (
            answers_of(frame.assign(times=times), count="times"),
            answers_of(frame.loc[np.repeat(frame.index, times)].reset_index(drop=True)),
        )
    ]
    one, two = (pd.Series(sg.information_criteria(fit), dtype=float) for fit in fits)
    np.testing.assert_allclose(one, two, rtol=1e-8)


def test_an_item_that_nobody_answered_is_refused():
    frame = likert().assign(q4=pd.NA).astype("Int64")
    with pytest.raises(sg.InputError, match=r"q4.*no answer"):
        sg.LatentClass(2, starts=FEW).fit(answers_of(frame), sg.MAP(), seed=1)


def test_standard_errors_need_no_bootstrap():
    table = sg.LatentClass(2, starts=FEW).fit(answers_of(likert()), sg.MAP(), seed=1).profile()
    inside = table[~table["boundary"]]
    assert (inside["standard_error"] > 0).all()


def test_convergence_is_that_of_the_best_start():
    fit = sg.LatentClass(3, starts=FEW).fit(answers_of(likert()), sg.MAP(), seed=1)
    told = next(each for each in fit.evidence if each.name == "Converged")
    assert told.passed is True
    gradient = fit.problem.prior_gradient(fit.theta) + fit.problem.weight @ np.concatenate(
        [
            fit.scores()[[int(np.flatnonzero(fit.problem.of_row == u)[0])]]
            for u in range(len(fit.problem.weight))
        ]
    )
    assert np.abs(gradient).max() < 1e-2

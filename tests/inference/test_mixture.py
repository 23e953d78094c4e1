"""Starts, SQUAREM, Newton, errors and relabelling of mixtures."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.inference.louis import Design, covariance, inverse, scores
from segmodels.inference.mixture import climb
from segmodels.inference.relabel import membership, relabel
from segmodels.inference.starts import find_optimum

NONE = sg.BayesConstants.none()


@pytest.fixture(scope="module")
def gss82(survey):
    return sg.LatentClass(3, constants=NONE).problem(survey("gss82"))


def test_squarem_ends_where_plain_em_ends_and_never_falls(gss82):
    theta = gss82.start(np.random.default_rng(3))
    plain, value = theta, -np.inf
    for _ in range(20_000):
        plain, reached = gss82.step(plain)
        if reached - value < 1e-8:
            break
        value = reached
    fast = climb(gss82, theta, 1e-8, 20_000)
    assert fast.converged
    assert fast.objective == pytest.approx(reached, abs=1e-3)
    best = -np.inf
    for most in range(3, 60, 3):
        now = gss82.objective(climb(gss82, theta, 0.0, most).theta)
        assert now >= best - 1e-9
        best = now


def test_five_optima_of_gss82_and_how_often(gss82):
    """The manual of poLCA (section 5.7) finds these five in 500 starts, the best one in 258."""
    found = find_optimum(gss82, sg.Starts(random=150, kept=150), 7)
    published = [-2754.545, -2755.617, -2755.739, -2762.005, -2762.231]
    reached = found.table["objective"].to_numpy()
    for value in published:
        assert np.abs(reached - value).min() < 2e-3
    assert found.table["times"].to_numpy()[0] / 150 == pytest.approx(0.52, abs=0.15)


def test_the_number_of_workers_does_not_matter(gss82):
    one, two = (find_optimum(gss82, sg.Starts(12, 4), 5, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.theta, two.theta)
    pd.testing.assert_frame_equal(one.table, two.table)


def test_an_optimum_found_once_warns(survey):
    problem = sg.LatentClass(4, constants=NONE).problem(survey("carcinoma"))
    evidence = find_optimum(problem, sg.Starts(3, 3), 1).evidence[0]
    assert evidence.passed is False
    assert "Starts(random=12, kept=12)" in evidence.text


def test_a_start_that_is_given_is_used(gss82):
    best = find_optimum(gss82, sg.Starts(50, 10), 1)
    again = find_optimum(gss82, sg.Starts(1, 1), 1, first=[best.theta])
    assert again.objective == pytest.approx(best.objective, abs=1e-6)


def test_standard_errors_of_polca(fitted):
    """Outer products of the scores, as poLCA 1.6 prints them."""
    shares = fitted("carcinoma", 3).shares(errors="outer_product")
    np.testing.assert_allclose(shares["standard_error"], [0.0479, 0.0475, 0.0407], atol=1e-4)
    np.testing.assert_allclose(
        fitted("gss82", 3).shares(errors="outer_product")["standard_error"],
        [0.0455, 0.0519, 0.0351],
        atol=1e-4,
    )


def test_clusters_and_strata_by_hand(survey):
    answers = survey("values")
    fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    problem, n = fit.problem, len(answers)
    rng = np.random.default_rng(1)
    cluster, weight = rng.integers(0, 20, n), rng.uniform(0.5, 2.0, n)
    strata = cluster // 10
    every = np.concatenate([part for _, part in scores(problem, fit.theta)])[problem.of_row]
    meat = np.zeros((problem.size, problem.size))
    for h in (0, 1):
        units = np.array(
            [
                (every * weight[:, None])[(cluster == c) & (strata == h)].sum(axis=0)
                for c in range(10 * h, 10 * h + 10)
            ]
        )
        centred = units - units.mean(axis=0)
        meat += 10 / 9 * centred.T @ centred
    bread = inverse(np.linalg.inv(fit.covariance_by("information")))
    design = Design(problem.of_row, weight, np.ones(n), strata, cluster)
    found = covariance(problem, fit.theta, design)
    np.testing.assert_allclose(found, bread @ meat @ bread, rtol=1e-6, atol=1e-9)


def test_switched_labels_come_back(survey):
    fit = sg.LatentClass(3).fit(survey("carcinoma"), sg.Laplace(draws=60), seed=2)
    rng, problem = np.random.default_rng(3), fit.problem
    orders = np.array([rng.permutation(3) for _ in fit.draws])
    mixed = np.stack([problem.permute(u, order) for u, order in zip(fit.draws, orders, strict=True)])
    back = relabel(problem, fit.theta, mixed)
    for before, after in zip(fit.draws, back.draws, strict=True):
        np.testing.assert_allclose(membership(problem, after), membership(problem, before), atol=1e-8)
    assert back.moved == int((orders != np.arange(3)).any(axis=1).sum())

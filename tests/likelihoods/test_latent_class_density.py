"""The pass over patterns against plain sums over every answer, and the compiled density against differences."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm, poisson

import segmodels as sg
from segmodels.inference.louis import gradient, information
from segmodels.likelihoods.adjacent_category import scores
from segmodels.likelihoods.latent_class import expect, log_joint
from segmodels.likelihoods.latent_class_density import total_and_gradient
from segmodels.models.needs.components import Components
from segmodels.models.needs.latent_class_sampling import density_arrays
from segmodels.tables.simulate_answers import simulate_survey

CODES = np.array([[0, 2], [1, -1], [-1, -1]], np.int16)
FIRST = np.array([0, 2])
NUMBERS = np.array([[0.3, 2.0], [np.nan, 0.0], [1.0, np.nan]])
GROUP = np.array([0, 1, 0])
WEIGHT = np.array([1.0, 2.5, 0.5])


@pytest.fixture
def tables():
    rng = np.random.default_rng(1)
    log_p = np.log(np.vstack([rng.dirichlet(np.ones(2), 3).T, rng.dirichlet(np.ones(3), 3).T]))
    log_prior = np.log(rng.dirichlet(np.ones(3), 2))
    mean, sd, rate = rng.normal(size=3), rng.uniform(0.5, 2, 3), rng.uniform(0.5, 4, 3)
    curves = np.stack(
        [
            [-np.log(sd) - mean**2 / (2 * sd**2), mean / sd**2, -1 / (2 * sd**2)],
            [-rate, np.log(rate), np.zeros(3)],
        ]
    )
    return log_p, log_prior, curves, (mean, sd, rate)


def by_hand(tables):
    """Density of each pattern and component, from the textbook's densities."""
    log_p, log_prior, _, (mean, sd, rate) = tables
    out = np.zeros((3, 3))
    for u, m in product(range(3), range(3)):
        density = np.exp(log_prior[GROUP[u], m])
        for j, code in enumerate(CODES[u]):
            density *= np.exp(log_p[FIRST[j] + code, m]) if code >= 0 else 1.0
        x, count = NUMBERS[u]
        if not np.isnan(x):
            density *= norm.pdf(x, mean[m], sd[m]) * np.sqrt(2 * np.pi)
        if not np.isnan(count):
            # without x!, which no component changes
            density *= poisson.pmf(count, rate[m]) * np.prod(np.arange(1, count + 1))
        out[u, m] = density
    return out


def test_densities_are_products_over_what_was_answered(tables):
    found = log_joint(CODES, FIRST, NUMBERS, GROUP, *tables[:3])
    np.testing.assert_allclose(np.exp(found), by_hand(tables), rtol=1e-12)


def test_the_sums_are_weighted_posteriors(tables):
    total, counts, members, moments = expect(CODES, FIRST, NUMBERS, GROUP, WEIGHT, *tables[:3])
    joint = by_hand(tables)
    r = WEIGHT[:, None] * joint / joint.sum(axis=1, keepdims=True)
    assert total == pytest.approx(WEIGHT @ np.log(joint.sum(axis=1)), rel=1e-12)
    np.testing.assert_allclose(counts, [r[0], r[1], np.zeros(3), np.zeros(3), r[0]], atol=1e-15)
    np.testing.assert_allclose(members, [r[0] + r[2], r[1]], atol=1e-15)
    np.testing.assert_allclose(moments[0], [r[0] + r[2], 0.3 * r[0] + r[2], 0.09 * r[0] + r[2]], atol=1e-15)


def test_the_likelihood_of_all_answers_sums_to_one():
    """Over every answer pattern, for styles of both kinds too."""
    simulated = simulate_survey(60, seed=1, n_classes=2)
    names = tuple(simulated.codebook.indicators[:3])
    answers = sg.Responses.read(simulated.answers, customer="customer_id", items=simulated.codebook)
    spec = sg.LatentClass(2, items=names, style=("agreement", "extremes"), nodes=5)
    problem = spec.problem(answers)
    theta = problem.start(np.random.default_rng(3))
    log_p, log_prior, _ = problem.tables(theta)
    tables = tuple(log_p[row : row + size] for _, size, row, _ in problem.layout.table)
    model = Components(("a", "b"), problem.layout.items, problem.class_of, log_prior[0], tables)
    every = np.array(list(product(*[range(item.size) for item in problem.layout.items])), np.int16)
    assert np.exp(model.log_joint(every)).sum() == pytest.approx(1.0, abs=1e-10)


def test_scores_of_five_points_by_hand():
    np.testing.assert_allclose(scores(5), [[-2, -1, 0, 1, 2], [1.0, -0.5, -1.0, -0.5, 1.0]])


MIXED = {
    "nominal": sg.LatentClass(3, items=("a", "b")),
    "ordinal": sg.LatentClass(3, items=("o", "p")),
    "styles": sg.LatentClass(2, items=("o", "p", "a"), style=("agreement", "extremes"), nodes=4),
    "numbers": sg.LatentClass(2, items=("x", "n", "a")),
    "covariates": sg.LatentClass(3, items=("a", "o", "n"), covariates=("x",), style=("agreement",)),
}


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(5)
    import pandas as pd

    n = 80
    frame = pd.DataFrame(
        {
            "id": range(n),
            "a": rng.integers(0, 2, n),
            "b": rng.integers(0, 3, n),
            "o": rng.integers(1, 6, n),
            "p": rng.integers(1, 5, n),
            "x": rng.normal(50, 10, n),
            "n": rng.poisson(2, n),
            "w": rng.uniform(0.5, 2, n),
        }
    ).astype({"a": "Int64", "o": "Int64"})
    frame.loc[:9, ["a", "o"]] = pd.NA
    items = {"a": "binary", "b": "nominal", "o": "ordinal", "p": "ordinal", "x": "continuous", "n": "count"}
    return sg.Responses.read(frame, customer="id", items=items, weight="w")


@pytest.mark.parametrize("name", MIXED)
def test_gradient_and_information_are_derivatives(mixed, name):
    problem = MIXED[name].problem(mixed)
    theta = problem.start(np.random.default_rng(2))
    step = 1e-5 * np.eye(problem.size)
    slope = [(problem.objective(theta + e) - problem.objective(theta - e)) / 2e-5 for e in step]
    np.testing.assert_allclose(gradient(problem, theta), slope, atol=2e-5)
    bend = [(gradient(problem, theta - e) - gradient(problem, theta + e)) / 2e-5 for e in step]
    curvature, first = information(problem, theta)
    np.testing.assert_allclose(curvature, bend, atol=1e-4)
    np.testing.assert_allclose(first, gradient(problem, theta), atol=1e-9)


@pytest.mark.parametrize("name", MIXED)
def test_the_compiled_density_is_the_objective(mixed, name):
    problem = MIXED[name].problem(mixed)
    rng = np.random.default_rng(4)
    first, second = problem.start(rng), problem.start(rng)
    values = [total_and_gradient(theta, *density_arrays(problem).values()) for theta in (first, second)]
    # up to what no parameter changes
    gap = values[0][0] - values[1][0]
    assert gap == pytest.approx(problem.objective(first) - problem.objective(second), rel=1e-9)
    np.testing.assert_allclose(values[0][1], gradient(problem, first), atol=1e-8)


@pytest.mark.parametrize("name", MIXED)
def test_an_em_step_never_lowers_the_objective(mixed, name):
    problem = MIXED[name].problem(mixed)
    for seed in range(3):
        theta = problem.start(np.random.default_rng(seed))
        values = []
        for _ in range(30):
            theta, value = problem.step(theta)
            values.append(value)
        assert np.all(np.diff(values) > -1e-8)


@pytest.mark.parametrize("name", MIXED)
def test_permuted_classes_are_the_same_model(mixed, name):
    problem = MIXED[name].problem(mixed)
    theta = problem.start(np.random.default_rng(6))
    order = np.array([2, 0, 1] if problem.layout.n_classes == 3 else [1, 0])
    moved = problem.permute(theta, order)
    joint, other = problem.log_joint(theta), problem.log_joint(moved)
    nodes = joint.shape[1] // problem.layout.n_classes
    columns = (order[:, None] * nodes + np.arange(nodes)).ravel()
    np.testing.assert_allclose(other, joint[:, columns], atol=1e-10)

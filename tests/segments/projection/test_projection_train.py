"""Training on answers: the likelihood by brute force, EM that never falls, and attenuation that goes."""

import numpy as np
import pytest
from projection_worlds import EFFECTS, INTERCEPT, true_components, world
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from segmodels.errors import InputError
from segmodels.segments.projection.calibrate import calibrate
from segmodels.segments.projection.train import posterior, prepared, shares, train

FREE = LogisticRegression(C=1e6, max_iter=5000, tol=1e-8)


@pytest.fixture(scope="module")
def tiny():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 1))
    seen = (z[:, 0] + rng.normal(size=40) > 0).astype(int)
    table = np.log([[0.8, 0.3], [0.2, 0.7]])
    return z, table[seen], rng.uniform(0.5, 2, 40)


def test_shares_make_the_answers_most_probable():
    rng = np.random.default_rng(0)
    density, weight = rng.normal(size=(50, 3)), rng.uniform(0.2, 3, 50)

    def loss(free):
        return -weight @ logsumexp(log_softmax(np.append(free, 0.0)) + density, axis=1)

    best = minimize(loss, np.zeros(2), options={"gtol": 1e-9}).x
    np.testing.assert_allclose(shares(density, weight), np.exp(log_softmax(np.append(best, 0.0))), atol=1e-6)


def test_the_posterior_is_bayes_theorem():
    prior, density = np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([[0.9, 0.1], [0.3, 0.2]])
    by_hand = [[0.18 / 0.26, 0.08 / 0.26], [0.6, 0.4]]
    np.testing.assert_allclose(posterior(np.log(prior), np.log(density)), by_hand)
    # A class of answers so improbable that their product is no float any more.
    assert posterior(np.log(prior[:1]), np.array([[-2000.0, -2001.0]])).sum() == pytest.approx(1)


def test_em_finds_the_maximum_of_the_likelihood_and_never_falls(tiny):
    z, density, weight = tiny

    def loss(theta):
        prior = log_softmax(np.column_stack([theta[0] + theta[1] * z[:, 0], np.zeros(40)]), axis=1)
        return -weight @ logsumexp(prior + density, axis=1) / weight.sum()

    best = min(minimize(loss, start).fun for start in ([0, 0], [0, 1], [0, -1]))
    path = -train(FREE, z, density, weight, rounds=300).path
    assert np.diff(path).max() < 1e-6
    # EM stops where a round adds 1e-4.
    assert path[-1] == pytest.approx(best, abs=3e-3)
    assert len(train(FREE, z, density, weight, rounds=2).path) == 2


def test_weights_count_like_repeated_respondents(tiny):
    z, density, _ = tiny
    times = np.arange(40) % 3
    rows = np.repeat(np.arange(40), times)
    once = train(LogisticRegression(tol=1e-9), z, density, times.astype(float))
    repeated = train(LogisticRegression(tol=1e-9), z[rows], density[rows], np.ones(len(rows)))
    np.testing.assert_allclose(once.log_probability(z), repeated.log_probability(z), atol=1e-6)
    np.testing.assert_allclose(once.path, repeated.path, atol=1e-8)


def test_training_on_the_answers_takes_the_attenuation_away():
    made = world(3, n=4000, asked=8000, bias=0.0, accuracy=0.72)
    rows = made.rows
    z = made.base[["income", "age", "tenure"]].to_numpy()[rows]
    density = made.survey.log_joint() - np.log(1 / 3)
    weight = np.ones(len(rows))
    known = np.where(np.arange(3) == made.truth[rows][:, None], 0.0, -50.0)
    slope = {
        rounds: calibrate(
            train(FREE, z, density, weight, rounds=rounds).log_probability(z), known, weight
        ).slope
        for rounds in (1, 30)
    }
    # Soft labels of the survey alone: the true log-odds are twice as steep; by EM as steep as they should be.
    assert slope[1] > 1.8
    assert slope[30] == pytest.approx(1, abs=0.12)
    coefficients = train(FREE, z, density, weight, rounds=30).classifier.coef_
    truth = EFFECTS - EFFECTS.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(coefficients, truth.T, atol=0.25)
    assert INTERCEPT.argmax() == 0


def test_forests_that_say_never_keep_finite_log_odds(tiny):
    z, density, weight = tiny
    forest = RandomForestClassifier(5, max_depth=None, random_state=1)
    found = train(forest, z, density, weight, rounds=2).log_probability(z)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)


def test_classifiers_are_checked_and_given_seed_and_one_worker():
    forest = prepared(RandomForestClassifier(n_jobs=2), 7)
    assert (forest.random_state, forest.n_jobs) == (7, None)
    assert prepared(RandomForestClassifier(random_state=3), 7).random_state == 3
    with pytest.raises(InputError, match="without sample_weight"):
        prepared(KNeighborsClassifier(), 1)
    with pytest.raises(InputError, match="without predict_proba"):
        prepared(LinearSVC(), 1)
    with pytest.raises(InputError, match="Pipeline has not"):
        prepared(make_pipeline(StandardScaler(), LogisticRegression()), 1)


def test_the_worlds_answers_are_those_of_their_components():
    codes, classes = true_components().simulate(2000, np.random.default_rng(1))
    assert (true_components().posterior(codes).argmax(axis=1) == classes).mean() > 0.75

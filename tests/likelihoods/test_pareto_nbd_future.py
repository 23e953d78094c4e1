"""Pareto/NBD forecasts against brute force and a simulator that buys event by event."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import gammaln, hyperu

from segmodels.likelihoods import pareto_nbd as model

SETTINGS = [
    (0.55, 10.58, 0.61, 11.67),
    (1.7, 20.0, 0.4, 3.0),
    (0.9, 2.0, 2.5, 60.0),
    (3.0, 8.0, 1.0, 8.0),
]


def slow_histories(rng, T, r, alpha, s, beta, n):
    """Buy and drop out, event by event."""
    histories = []
    for _ in range(n):
        rate, death = rng.gamma(r) / alpha, rng.exponential(1 / (rng.gamma(s) / beta))
        times, now = [], rng.exponential(1 / rate)
        while now < min(T, death):
            times.append(now)
            now += rng.exponential(1 / rate)
        histories.append((times, death))
    return histories


@pytest.mark.parametrize("parameters", SETTINGS)
def test_expected_given_alive_is_the_integral_of_survival(parameters):
    r, alpha, s, beta = parameters
    x, T = 5, 30.0
    for t in (1e-9, 3.0, 60.0):
        lived = quad(lambda u: ((beta + T) / (beta + T + u)) ** s, 0, t, epsabs=0, epsrel=1e-12)[0]
        expected = (r + x) / (alpha + T) * lived
        assert_allclose(model.expected_given_alive([t], x, T, *parameters), [expected], rtol=1e-11)


def test_future_of_the_living_against_simulation():
    parameters, T, t = (1.5, 6.0, 0.8, 12.0), 15.0, 12.0
    rng = np.random.default_rng(7)
    histories = slow_histories(rng, T + t, *parameters, 60_000)
    for wanted in (0, 2, 5):
        future = np.array(
            [
                np.sum(np.array(times) > T)
                for times, death in histories
                if death > T and np.sum(np.array(times) <= T) == wanted
            ]
        )
        fast = model.simulate_future(rng, [0.0, 5.0, t], np.full(20_000, wanted), T, *parameters)
        mean = model.expected_given_alive([5.0, t], wanted, T, *parameters)
        assert abs(future.mean() - mean[1]) < 4 * future.std() / np.sqrt(future.size)
        assert abs(fast.sum(1).mean() - mean[1]) < 4 * fast.sum(1).std() / np.sqrt(20_000)
        assert abs(fast[:, 0].mean() - mean[0]) < 4 * fast[:, 0].std() / np.sqrt(20_000)
        for n in (0, 1, 3):
            chance = float(model.pmf_given_alive(n, t, wanted, T, *parameters))
            for draws in (future, fast.sum(1)):
                error = np.sqrt(chance * (1 - chance) / draws.size)
                assert abs(np.mean(draws == n) - chance) < 4 * error


def test_simulated_histories_follow_the_slow_ones():
    parameters, T, n = (0.9, 4.0, 1.4, 20.0), 30.0, 30_000
    rng = np.random.default_rng(8)
    x, t_x = model.simulate(rng, np.full(n, T), *parameters)
    slow = slow_histories(rng, T, *parameters, n)
    slow_x = np.array([len(times) for times, _ in slow])
    slow_t = np.array([max(times, default=0.0) for times, _ in slow])
    for fast, other in ((x, slow_x), (t_x, slow_t), (x * t_x, slow_x * slow_t), (x == 0, slow_x == 0)):
        error = np.sqrt((np.var(fast) + np.var(other)) / n)
        assert abs(np.mean(fast) - np.mean(other)) < 4 * error
    mean = model.expected_new(T, *parameters)
    assert abs(x.mean() - mean) < 4 * x.std() / np.sqrt(n)


def test_simulation_repeats_with_its_seed():
    draws = [model.simulate(np.random.default_rng(1), np.full(50, 9.0), *SETTINGS[0]) for _ in range(2)]
    assert_allclose(draws[0], draws[1])
    assert draws[0][0].dtype == np.int64
    future = model.simulate_future(
        np.random.default_rng(1), [0, 1, 2, 3], np.ones((4, 1)), np.ones(5), *SETTINGS[0]
    )
    assert future.shape == (4, 5, 3)
    assert future.dtype == np.int64


@pytest.mark.parametrize("parameters", [*SETTINGS, (0.3, 4e3, 7.0, 0.5), (40.0, 2.0, 0.05, 900.0)])
@pytest.mark.parametrize("n", [0, 1, 7, 400])
def test_pmf_is_the_integral_over_the_dropout_age(parameters, n):
    r, alpha, s, beta = parameters
    nodes, weights = np.polynomial.legendre.leggauss(8)
    ways = gammaln(r + n) - gammaln(r) - gammaln(n + 1)

    def bought(u):
        return np.exp(ways - r * np.log1p(u / alpha) - n * np.log1p(alpha / u))

    for t in (0.5, 39.0, 2000.0):
        # u from t down to nothing, by Gauss-Legendre on short panels of log(u)
        width = 4.0 / (n + 40)
        y = (np.arange(0.0, 45.0, width)[:, None] + 0.5 * width * (1 + nodes)).ravel()
        u = t * np.exp(-y)
        density = u * bought(u) * s / (beta + u) * (beta / (beta + u)) ** s
        dead = np.sum(density.reshape(-1, 8) @ weights) * 0.5 * width
        living = bought(t) * (beta / (beta + t)) ** s
        assert_allclose(model.pmf_new(n, t, *parameters), dead + living, rtol=1e-11, atol=1e-290)


@pytest.mark.parametrize("parameters", SETTINGS)
def test_pmf_sums_to_one_with_the_right_mean(parameters):
    n = np.arange(4000)
    mass = model.pmf_new(n, 30.0, *parameters)
    assert_allclose(mass.sum(), 1.0, rtol=1e-12)
    assert_allclose(n @ mass, model.expected_new(30.0, *parameters), rtol=1e-11)
    later = model.pmf_given_alive(n, 26.0, 3, 30.0, *parameters)
    assert_allclose(later.sum(), 1.0, rtol=1e-12)
    assert_allclose([n @ later], model.expected_given_alive([26.0], 3, 30.0, *parameters), rtol=1e-11)
    assert_allclose(model.none_given_alive([26.0], 3, 30.0, *parameters), later[:1], rtol=1e-12)


def test_pmf_at_age_zero():
    assert_allclose(model.pmf_new([0, 1, 5], 0.0, *SETTINGS[0]), [1.0, 0.0, 0.0])
    assert_allclose(model.none_given_alive([0.0], [0, 3], 9.0, *SETTINGS[0]), 1.0)


def test_present_value_is_the_weighted_sum_of_periods():
    rng = np.random.default_rng(9)
    t, weights = np.cumsum(rng.uniform(0.5, 6, 36)), rng.uniform(0.2, 1, 36)
    x, T = rng.integers(0, 40, (3, 1)), rng.uniform(0, 60, 4)
    for parameters in SETTINGS:
        expected = np.diff(model.expected_given_alive(t, x, T, *parameters), axis=-1, prepend=0.0) @ weights
        value = model.present_value_given_alive(t, weights, x, T, *parameters)
        assert value.shape == (3, 4)
        assert_allclose(value, expected, rtol=1e-11)
        ones = model.present_value_given_alive(t, np.ones(36), x, T, *parameters)
        assert_allclose(ones, model.expected_given_alive(t[-1:], x, T, *parameters)[..., 0], rtol=1e-12)


@pytest.mark.parametrize("s", [0.3, 0.999999999, 1.0, 2.0, 7.5])
@pytest.mark.parametrize("rate", [1e-9, 1e-5, 0.002, 0.3, 40.0])
def test_residual_is_the_discounted_integral(s, rate):
    r, alpha, beta, x, T = 0.6, 10.0, 12.0, 4, 30.0
    clock = beta + T
    corners = np.log(np.concatenate([[1e-18], np.logspace(-12, 9, 43), [46 / rate / clock]]))
    corners = np.unique(np.minimum(corners, corners[-1]))
    life = sum(
        quad(lambda y: np.exp(y - rate * clock * np.exp(y) - s * np.log1p(np.exp(y))), a, b, epsrel=1e-12)[0]
        for a, b in pairwise(corners)
    )
    value = model.residual_given_alive(rate, x, T, r, alpha, s, beta)
    assert_allclose(value, (r + x) / (alpha + T) * clock * life, rtol=1e-9)


def test_residual_is_the_confluent_hypergeometric_function():
    z = np.array([0.01, 0.2, 3.0])
    u = hyperu(0.4, 0.4, z) * z ** (0.4 - 1)
    value = model.residual_given_alive(z / 50.0, 2, 40.0, 0.5, 8.0, 0.4, 10.0)
    assert_allclose(value, 2.5 / 48.0 * 50.0 * u, rtol=1e-10)


def test_residual_without_discounting():
    assert model.residual_given_alive(0.0, 2, 40.0, 0.5, 8.0, 0.9, 10.0) == np.inf
    far = model.expected_given_alive([1e12], 2, 40.0, 0.5, 8.0, 3.0, 10.0)
    assert_allclose(model.residual_given_alive(0.0, 2, 40.0, 0.5, 8.0, 3.0, 10.0), far[0], rtol=1e-12)


@pytest.mark.parametrize("s", [1 - 1e-9, 1.0, 1 + 1e-9])
def test_expectations_pass_smoothly_through_shape_one(s):
    limit = (0.6 + 4) / (10.0 + 30) * 42.0 * np.log1p(20.0 / 42.0)
    assert_allclose(model.expected_given_alive([20.0], 4, 30.0, 0.6, 10.0, s, 12.0), [limit], rtol=1e-8)
    assert_allclose(
        model.present_value_given_alive([20.0], [1.0], 4, 30.0, 0.6, 10.0, s, 12.0), limit, rtol=1e-8
    )


def test_arguments_that_have_the_common_shape_already():
    """NumPy marks an array broadcast to its own shape, and warns where Numba asks for its flags."""
    chances = model.pmf_new(np.arange(3), 39.0, *(np.full((1, 1), value) for value in (0.5, 10, 0.6, 12)))
    assert chances.shape == (1, 3)

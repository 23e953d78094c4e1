"""Wallet times share: brute-force convolution, intervals, slopes, tails, and u given eps."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import special, stats
from scipy.integrate import quad

from segmodels.likelihoods import normal_exponential as ne
from segmodels.likelihoods import normal_exponential_mixture as mixture

POINTS = [(0.5, 0.8, 1.5), (-0.4, 0.3, 0.6), (1.0, 1.7, 4.0), (0.0, 0.05, 2.0)]


def by_hand(y, level, sigma, a, low=0.0, high=np.inf):
    """The integral of both densities over u."""

    def joint(u):
        return stats.norm.pdf(y + u, level, sigma) * stats.expon.pdf(u, scale=1 / a)

    centre = np.clip(level - y - a * sigma**2, low, high)
    cuts = np.unique(np.clip(np.r_[low, centre + sigma * np.arange(-8, 9), high], low, high))
    return sum(quad(joint, lo, hi, epsabs=0, epsrel=1e-11)[0] for lo, hi in pairwise(cuts))


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("y", [-3.0, -0.3, 0.4, 1.9])
def test_density_is_the_convolution(y, point):
    expected = by_hand(y, *point)
    if expected > 1e-200:
        assert ne.log_density(y, *point) == pytest.approx(np.log(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("bounds", [(0.0, 0.2), (0.1, 1.2), (2.0, 2.5), (0.7, np.inf)])
def test_an_interval_has_the_probability_of_its_u(point, bounds):
    for y in (-1.0, 0.1, 0.6):
        expected = by_hand(y, *point, *bounds)
        if expected > 1e-200:
            assert ne.log_density(y, *point, *bounds) == pytest.approx(np.log(expected), rel=1e-8, abs=1e-8)


def test_an_exact_u_is_the_limit_of_narrow_intervals_and_all_u_are_no_knowledge():
    exact = ne.log_density(0.2, *POINTS[0], 0.4, 0.4)
    narrow = ne.log_density(0.2, *POINTS[0], 0.4 - 1e-5, 0.4 + 1e-5) - np.log(2e-5)
    assert exact == pytest.approx(narrow, abs=1e-8)
    everything = ne.log_density(0.2, *POINTS[0], 0.0, np.inf)
    assert everything == pytest.approx(ne.log_density(0.2, *POINTS[0]), rel=1e-14)


def test_the_share_is_beta_where_u_is_exponential():
    u = np.linspace(0.01, 6.0, 50)
    for a in (0.3, 1.0, 2.5):
        beta = stats.beta(a, 1).pdf(np.exp(-u)) * np.exp(-u)
        np.testing.assert_allclose(stats.expon.pdf(u, scale=1 / a), beta, rtol=1e-12)
        assert stats.beta(a, 1).mean() == pytest.approx(a / (a + 1))


def cells(seed, groups=2):
    rng = np.random.default_rng(seed)
    y, u = ne.simulate(rng, np.zeros(60), 0.7, 1.2)
    low, high = np.full(60, np.nan), np.full(60, np.nan)
    low[:15] = high[:15] = u[:15]
    low[15:25], high[15:25] = u[15:25] * 0.7, u[15:25] * 1.5
    low[25:30], high[25:30] = 0.0, u[25:30] + 0.1
    low[30:33], high[30:33] = u[30:33], np.inf
    mixed = rng.permutation(60)
    start = np.linspace(0, 60, groups + 1).astype(np.int64)
    count = rng.integers(1, 5, 60).astype(float)
    return y[mixed], low[mixed], high[mixed], rng.integers(0, 2, 60), count, start


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_differences(seed):
    data = cells(seed)
    rng = np.random.default_rng(seed + 10)
    params = np.c_[rng.normal(0, 0.5, 2), rng.uniform(0.2, 2, 2), rng.uniform(0.4, 3, (2, 2))]
    value, gradient = ne.total_and_gradient(params, *data)
    assert value == pytest.approx(ne.total(params, *data), rel=1e-14)
    assert ne.totals(params[None], *data)[0] == ne.total(params, *data)
    for g in range(2):
        for k in range(4):
            step = np.zeros_like(params)
            step[g, k] = 1e-6
            numeric = (ne.total(params + step, *data) - ne.total(params - step, *data)) / 2e-6
            assert gradient[g, k] == pytest.approx(numeric, rel=1e-6, abs=1e-5)


def test_totals_are_sums_of_densities_and_counts_are_repeats():
    y, low, high, share, count, start = cells(4, groups=1)
    params = np.array([[0.2, 0.6, 0.9, 2.1]])
    each = ne.log_density(y, 0.2, 0.6, params[0, 2 + share], low, high)
    assert ne.total(params, y, low, high, share, count, start) == pytest.approx(count @ each, rel=1e-13)
    order = np.repeat(np.arange(60), count.astype(int))
    repeated = (*(column[order] for column in (y, low, high, share)), np.ones(len(order)))
    ends = np.array([0, len(order)])
    assert ne.total(params, *repeated, ends) == pytest.approx(count @ each, rel=1e-13)


@pytest.mark.parametrize("eps", [-1e3, -40.0, 40.0, 1e3])
def test_far_tails_are_finite_with_finite_slopes(eps):
    for low, high in [(np.nan, np.nan), (0.0, 0.5), (3.0, np.inf), (2.0, 2.0)]:
        data = np.array([eps]), np.array([low]), np.array([high]), np.array([0]), np.ones(1), np.array([0, 1])
        value, gradient = ne.total_and_gradient(np.array([[0.0, 1.0, 1.5]]), *data)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_scaled_error_function_and_hazard_agree_with_scipy():
    x = np.r_[0.0, np.geomspace(1e-6, 1e6, 400), np.linspace(3.9, 4.1, 50)]
    np.testing.assert_allclose([ne.erfcx(each) for each in x], special.erfcx(x), rtol=1e-14)
    z = np.linspace(-30, 30, 300)
    hazards = np.exp(stats.norm.logpdf(z) - special.log_ndtr(-z))
    np.testing.assert_allclose([ne.hazard(each) for each in z], hazards, rtol=1e-12)


@pytest.mark.parametrize("z", [-45.0, -6.0, -0.5, 0.0, 0.9, 1.1, 7.0, 60.0, 300.0])
def test_truncated_quantile_inverts_the_survival(z):
    p = np.array([1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999, 1 - 1e-9])
    x = np.array([ne.truncated_quantile(each, z) for each in p])
    assert (np.diff(x) > 0).all()
    back = np.array([ne.survival(z, z + each) for each in x])
    np.testing.assert_allclose(back, 1 - p, rtol=1e-9, atol=1e-13)
    if z > 1:  # the exponential limit, and scipy where it holds
        np.testing.assert_allclose(x, stats.expon.ppf(p) / z, rtol=1.1 / z**2 * 25)
    assert ne.truncated_quantile(0.0, z) == 0
    assert math.isinf(ne.truncated_quantile(1.0, z))


@pytest.mark.parametrize("eps", [-2.0, 0.3, 5.0])
def test_u_given_eps_is_a_truncated_normal(eps):
    sigma, a = 0.8, 1.5
    mean = -eps - a * sigma**2
    reference = stats.truncnorm(-mean / sigma, np.inf, mean, sigma)
    u = np.array([0.01, 0.3, 1.0, 2.5])
    np.testing.assert_allclose(ne.posterior_cdf(u, eps, sigma, a), reference.cdf(u), rtol=1e-9)
    p = np.array([0.01, 0.3, 0.9])
    np.testing.assert_allclose(ne.posterior_quantile(p, eps, sigma, a), reference.ppf(p), rtol=1e-8)
    assert ne.posterior_mean(eps, sigma, a) == pytest.approx(reference.mean(), rel=1e-8)
    assert ne.posterior_cdf(0.0, eps, sigma, a) == 0


def test_bayes_rule_holds_between_joint_marginal_and_posterior():
    u, step = 0.6, 1e-5
    slope = np.diff(ne.posterior_cdf([u - step, u + step], -0.3, 0.8, 1.5))[0] / (2 * step)
    ratio = ne.log_density(0.2, 0.5, 0.8, 1.5, u, u) - ne.log_density(0.2, 0.5, 0.8, 1.5)
    assert np.exp(ratio) == pytest.approx(slope, rel=1e-7)


def test_the_remote_mean_joins_the_near_one():
    eps = np.array([59.9, 60.1]) - 0.5
    means = ne.posterior_mean(eps, 1.0, 0.5)
    np.testing.assert_allclose(means * np.array([59.9, 60.1]), 1 - 2 / 3600, rtol=1e-5)


def test_inversion_draws_from_the_posterior():
    p = (np.arange(20_000) + 0.5) / 20_000
    draws = ne.posterior_quantile(p, -0.7, 0.8, 1.5)
    assert draws.mean() == pytest.approx(ne.posterior_mean(-0.7, 0.8, 1.5), rel=1e-4)
    assert stats.kstest(draws, lambda u: ne.posterior_cdf(u, -0.7, 0.8, 1.5)).pvalue > 0.99


@pytest.mark.parametrize("z", [-6.0, -0.3, 0.4, 3.0, 20.0])
@pytest.mark.parametrize("sigma", [0.1, 0.9, 2.5])
def test_the_mean_wallet_per_own_spend_is_the_integral(z, sigma):
    def integrand(x):
        return np.exp(sigma * x - 0.5 * x * (2 * z + x))

    ends = [0, 0.05, 0.5, 2, 8, 60]
    over, under = (
        sum(quad(f, lo, hi, epsrel=1e-11)[0] for lo, hi in pairwise(ends))
        for f in (integrand, lambda x: np.exp(-0.5 * x * (2 * z + x)))
    )
    assert mixture.mean_inverse_share(z, sigma) == pytest.approx(over / under, rel=1e-8)

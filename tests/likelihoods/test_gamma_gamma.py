from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.special import digamma as scipy_digamma
from scipy.special import gammaln

from segmodels.likelihoods import gamma_gamma as gg

CDNOW = (6.24957142, 3.74422451, 15.44352294)


def textbook(x, m, p, q, v):
    w = p * x
    return (
        gammaln(w + q)
        - gammaln(w)
        - gammaln(q)
        + q * np.log(v)
        + (w - 1) * np.log(m)
        + w * np.log(x)
        - (w + q) * np.log(x * m + v)
    )


def cells(size, seed, largest=60, groups=1):
    rng = np.random.default_rng(seed)
    x = rng.integers(1, largest, size)
    m = gg.simulate(rng, x, *CDNOW)
    count = rng.integers(1, 9, size).astype(float)
    start = np.linspace(0, size, groups + 1).astype(np.int64)
    return x, m, count, start


def test_parameters_are_in_the_order_of_the_functions():
    assert gg.PARAMETERS == ("p", "q", "v")


@pytest.mark.parametrize(
    ("x", "m", "p", "q", "v"),
    [(1, 12.0, *CDNOW), (7, 31.0, *CDNOW), (3, 0.4, 0.6, 1.1, 2.0), (2, 90.0, 2.0, 9.0, 300.0)],
)
def test_density_is_the_integral_over_the_rates(x, m, p, q, v):
    def joint(nu):
        return stats.gamma.pdf(m, p * x, scale=1 / (nu * x)) * stats.gamma.pdf(nu, q, scale=1 / v)

    mode = (p * x + q - 1) / (x * m + v)
    value = sum(quad(joint, lo, hi, epsabs=0, epsrel=1e-11)[0] for lo, hi in [(0, mode), (mode, 40 * mode)])
    assert np.exp(gg.log_density(x, m, p, q, v)) == pytest.approx(value, rel=1e-8)


def test_density_integrates_to_one():
    area = sum(
        quad(lambda m: np.exp(gg.log_density(3, m, *CDNOW)), lo, hi, epsrel=1e-10)[0]
        for lo, hi in [(0, 30), (30, 300), (300, np.inf)]
    )
    assert area == pytest.approx(1, abs=1e-7)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 50), st.floats(0.1, 500), st.floats(0.05, 40), st.floats(1.001, 30), st.floats(0.5, 500)
)
def test_density_is_the_textbook_form(x, m, p, q, v):
    assert gg.log_density(x, m, p, q, v) == pytest.approx(textbook(x, m, p, q, v), rel=1e-11, abs=1e-10)


def test_density_broadcasts():
    value = gg.log_density(np.array([[1], [2]]), np.array([3.0, 4.0, 5.0]), *CDNOW)
    assert value.shape == (2, 3)
    assert value[1, 2] == gg.log_density(2, 5.0, *CDNOW)
    assert gg.log_density(np.empty(0, np.int64), np.empty(0), *CDNOW).shape == (0,)


def test_trap_17_no_overflow_for_small_integer_types():
    assert gg.log_density(np.int8(50), np.int8(38), 6.25, 3.74, 15.44) == pytest.approx(-4.17021381, abs=5e-9)


def test_a_customer_without_repeat_purchase_says_nothing():
    assert gg.log_density(0, 0.0, *CDNOW) == 0
    x, m, count, start = np.array([0, 3]), np.array([0.0, 9.0]), np.ones(2), np.array([0, 2])
    value, gradient = gg.total_and_gradient(np.array([CDNOW]), x, m, count, start)
    alone = gg.total_and_gradient(np.array([CDNOW]), x[1:], m[1:], count[1:], np.array([0, 1]))
    assert value == alone[0] == gg.total(np.array([CDNOW]), x, m, count, start)
    np.testing.assert_array_equal(gradient, alone[1])


def test_totals_are_exact_against_scipy():
    x, m, count, start = cells(5_000, 1)
    params = np.array([CDNOW])
    p, q, v = CDNOW
    s, w = x * m, p * x
    expected = (count * textbook(x, m, *CDNOW)).sum()
    slopes = [
        (count * x * (scipy_digamma(w + q) - scipy_digamma(w) - np.log1p(v / s))).sum(),
        (count * (scipy_digamma(w + q) - scipy_digamma(q) - np.log1p(s / v))).sum(),
        (count * (q / v - (w + q) / (s + v))).sum(),
    ]
    value, gradient = gg.total_and_gradient(params, x, m, count, start)
    assert value == pytest.approx(expected, rel=1e-12)
    assert gg.total(params, x, m, count, start) == value
    # the scale of a derivative's error is the sum of its terms' sizes, which cancel near the optimum
    np.testing.assert_allclose(gradient[0], slopes, rtol=1e-12, atol=1e-12 * count.sum() * x.max())


def test_groups_have_their_own_parameters_and_gradients():
    x, m, count, start = cells(300, 2, groups=3)
    params = np.array([CDNOW, (0.7, 1.2, 3.0), (30.0, 12.0, 8.0)])
    value, gradient = gg.total_and_gradient(params, x, m, count, start)
    each = [
        gg.total_and_gradient(params[[g]], x[lo:hi], m[lo:hi], count[lo:hi], np.array([0, hi - lo]))
        for g, (lo, hi) in enumerate(pairwise(start))
    ]
    assert value == pytest.approx(sum(one for one, _ in each), rel=1e-13)
    np.testing.assert_array_equal(gradient, np.vstack([slope for _, slope in each]))


def test_an_empty_group_and_no_cells_at_all():
    x, m, count, _ = cells(10, 3)
    params = np.array([CDNOW, CDNOW])
    value, gradient = gg.total_and_gradient(params, x, m, count, np.array([0, 0, 10]))
    assert np.isfinite(value)
    assert (gradient[0] == 0).all()
    none = np.empty(0, np.int64), np.empty(0), np.empty(0), np.array([0, 0, 0])
    assert gg.total(params, *none) == 0
    assert gg.total_and_gradient(params, *none)[0] == 0


@pytest.mark.parametrize("params", [CDNOW, (0.5, 1.000001, 1.0), (500.0, 2.0, 0.1), (3.0, 40.0, 900.0)])
def test_gradient_is_that_of_the_value(params):
    x, m, count, start = cells(400, 4, largest=2001)
    gradient = gg.total_and_gradient(np.array([params]), x, m, count, start)[1][0]
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-5 * params[i]
        at = [gg.total(np.array([params]) + k * step, x, m, count, start) for k in (-2, -1, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step[i])
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-9 * abs(at[0]) / step[i])


def test_order_and_split_counts_change_nothing():
    x, m, count, start = cells(500, 5)
    params = np.array([CDNOW])
    value, gradient = gg.total_and_gradient(params, x, m, count, start)
    order = np.random.default_rng(6).permutation(500)
    other = gg.total_and_gradient(params, x[order], m[order], count[order], start)
    assert other[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(other[1], gradient, rtol=1e-11)
    halves = np.tile(x, 2), np.tile(m, 2), np.tile(count / 2, 2), start * 2
    split = gg.total_and_gradient(params, *halves)
    assert split[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(split[1], gradient, rtol=1e-11)


@pytest.mark.parametrize("scale", [100.0, 1e-9, 1e9])
def test_currency_shifts_the_density_by_its_logarithm_only(scale):
    x, m, count, start = cells(200, 7)
    p, q, v = CDNOW
    np.testing.assert_allclose(
        gg.log_density(x, scale * m, p, q, scale * v),
        gg.log_density(x, m, p, q, v) - np.log(scale),
        rtol=1e-12,
    )
    value, gradient = gg.total_and_gradient(np.array([[p, q, v]]), x, m, count, start)
    other, slope = gg.total_and_gradient(np.array([[p, q, scale * v]]), x, scale * m, count, start)
    assert other == pytest.approx(value - count.sum() * np.log(scale), rel=1e-12)
    np.testing.assert_allclose(slope[0] * [1, 1, scale], gradient[0], rtol=1e-9)


@pytest.mark.parametrize("m", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("x", [1, 2, 2_000, 100_000])
@pytest.mark.parametrize(
    "params", [(500.0, 1 + 1e-9, 15.0), (6.0, 3.0, 1e-9), (6.0, 3.0, 1e9), (1e-3, 50.0, 1.0)]
)
def test_extremes_end_in_finite_numbers(x, m, params):
    value, gradient = gg.total_and_gradient(
        np.array([params]), np.array([x]), np.array([m]), np.ones(1), np.array([0, 1])
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(float(gg.log_density(x, m, *params)), rel=1e-12)


def test_a_large_shape_tends_to_the_inverse_gamma():
    # as p x grows, m is p / nu without noise: the density becomes that of p / nu itself
    p, q, v, x = 500.0, 3.0, 0.1, 200_000
    m = np.array([4.0, 20.0, 90.0])
    limit = stats.invgamma.logpdf(m, q, scale=p * v)
    np.testing.assert_allclose(gg.log_density(x, m, p, q, v), limit, atol=1e-6)
    # at w = 1e8 the textbook form has lost these digits; the stable form has not: the gap halves as x doubles
    gap = gg.log_density(x, m, p, q, v) - limit
    twice = gg.log_density(2 * x, m, p, q, v) - limit
    np.testing.assert_allclose(gap / twice, 2.0, rtol=1e-4)


@pytest.mark.parametrize("z", [1e-6, 0.3, 1.0, 1.4616, 3.7, 11.99, 12.0, 250.0, 1e6])
def test_digamma_is_scipys(z):
    assert gg.digamma(z) == pytest.approx(scipy_digamma(z), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize(("x", "m"), [(0, 0.0), (1, 12.0), (2, 22.35), (40, 90.0)])
def test_posterior_mean_is_that_of_the_posterior(x, m):
    p, q, v = 6.25, 3.74, 15.44

    def posterior(nu):
        spend = stats.gamma.pdf(m, p * x, scale=1 / (nu * x)) if x else 1.0
        return spend * stats.gamma.pdf(nu, q, scale=1 / v)

    mode = (p * x + q - 1) / (x * m + v)
    pieces = [(1e-12, mode), (mode, 30 * mode)]
    weight = sum(quad(posterior, lo, hi, epsabs=0, epsrel=1e-10)[0] for lo, hi in pieces)
    spend = sum(
        quad(lambda nu: p / nu * posterior(nu), lo, hi, epsabs=0, epsrel=1e-10)[0] for lo, hi in pieces
    )
    A, B = gg.posterior_mean_coefficients(x, p, q, v)
    assert A + B * m == pytest.approx(spend / weight, rel=1e-7)


def test_posterior_mean_shrinks_from_the_population_to_the_customer():
    A, B = gg.posterior_mean_coefficients(np.array([0, 1, 10, 10**9]), *CDNOW)
    assert A[0] == gg.expected_new(*CDNOW)
    assert B[0] == 0
    assert (np.diff(B) > 0).all()
    assert B[-1] == pytest.approx(1)
    draws = gg.posterior_mean_coefficients(
        np.arange(3)[:, None], np.full(5, 6.0), np.full(5, 3.0), np.full(5, 15.0)
    )
    assert draws[0].shape == draws[1].shape == (3, 5)


def test_simulated_means_have_the_moments_of_the_model():
    p, q, v, x, size = 6.0, 8.0, 40.0, 3, 400_000
    m = gg.simulate(np.random.default_rng(8), np.full(size, x), p, q, v)
    mean = p * v / (q - 1)
    between = (p * v) ** 2 / ((q - 1) ** 2 * (q - 2))
    within = p * v**2 / ((q - 1) * (q - 2)) / x
    assert m.mean() == pytest.approx(mean, abs=4 * np.sqrt((between + within) / size))
    assert m.var() == pytest.approx(between + within, rel=0.03)
    assert (gg.simulate(np.random.default_rng(8), np.zeros(5), p, q, v) == 0).all()


def test_simulated_means_have_the_density():
    x = 4
    m = gg.simulate(np.random.default_rng(9), np.full(20_000, x), *CDNOW)
    edges = np.quantile(m, [0.1, 0.5, 0.9])
    for edge in edges:
        below = quad(lambda at: np.exp(gg.log_density(x, at, *CDNOW)), 0, edge)[0]
        assert (m <= edge).mean() == pytest.approx(below, abs=0.015)


def test_simulated_rates_are_the_posterior():
    x, m = 3, 25.0
    p, q, v = CDNOW
    nu = gg.simulate_rate(np.random.default_rng(10), np.full(20_000, x), m, p, q, v)
    assert stats.kstest(nu, stats.gamma(q + p * x, scale=1 / (v + x * m)).cdf).pvalue > 1e-3
    assert gg.simulate_rate(
        np.random.default_rng(10), [1, 2], [3.0, 4.0], np.full((7, 1), p), q, v
    ).shape == (7, 2)


def test_simulated_future_spend_has_the_moments_of_the_posterior():
    p, q, v, x, m, n, size = 6.0, 4.0, 15.0, 3, 25.0, 5, 400_000
    spend = gg.simulate_future(np.random.default_rng(11), n, np.full(size, x), m, p, q, v)
    shape, rate = q + p * x, v + x * m
    mean = n * p * rate / (shape - 1)
    between = (n * p * rate) ** 2 / ((shape - 1) ** 2 * (shape - 2))
    within = n * p * rate**2 / ((shape - 1) * (shape - 2))
    A, B = gg.posterior_mean_coefficients(x, p, q, v)
    assert mean == pytest.approx(n * (A + B * m))
    assert spend.mean() == pytest.approx(mean, abs=4 * np.sqrt((between + within) / size))
    assert spend.var() == pytest.approx(between + within, rel=0.03)


def test_periods_of_a_customer_share_one_rate():
    size, n = 200_000, np.array([4, 4])
    p, q, v = 6.0, 8.0, 40.0
    x, m = np.zeros((size, 1)), np.zeros((size, 1))
    spend = gg.simulate_future(np.random.default_rng(12), np.broadcast_to(n, (size, 2)), x, m, p, q, v)
    between = (4 * p * v) ** 2 / ((q - 1) ** 2 * (q - 2))
    within = 4 * p * v**2 / ((q - 1) * (q - 2))
    correlation = np.corrcoef(spend.T)[0, 1]
    assert correlation == pytest.approx(between / (between + within), abs=0.02)
    assert (gg.simulate_future(np.random.default_rng(12), 0, x, m, p, q, v) == 0).all()


def test_same_seed_same_draws():
    one, two = (gg.simulate(np.random.default_rng(13), np.arange(9), *CDNOW) for _ in range(2))
    np.testing.assert_array_equal(one, two)

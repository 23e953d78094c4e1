"""NBD-Dirichlet: the density beside plain sums, its limits, and what it says of own and elsewhere purchases."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import betaln, gammaln
from scipy.stats import nbinom

from segmodels.likelihoods import nbd_dirichlet as nd

POINTS = [
    (2.0, 0.5, 1.0, 0.4),
    (0.27, 0.1, 3.9, 0.63),
    (1.8, 0.9, 22.0, 0.11),
    (30.0, 0.4, 0.05, 0.9),
    (0.05, 0.02, 200.0, 0.5),
]


def joint(k, n, r, alpha, phi, mu, T=1.0):
    """The density written as in a textbook."""
    a, b = phi * mu, phi * (1 - mu)
    log_nb = gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * np.log(alpha / (alpha + T))
    log_nb += n * np.log(T / (alpha + T))
    log_choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return log_nb + log_choose + betaln(a + k, b + n - k) - betaln(a, b)


def simulate(rng, size, r, alpha, phi, mu):
    rate, share = rng.gamma(r, 1 / alpha, size), rng.beta(phi * mu, phi * (1 - mu), size)
    return rate, share


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("T", [1.0, 0.25])
def test_answers_have_the_textbook_density(point, T):
    k, n = np.array([0, 0, 1, 3, 70, 5]), np.array([0, 7, 1, 9, 150, 600])
    np.testing.assert_allclose(
        nd.log_density(k, n, *point, T=T), joint(k, n, *point, T=T), rtol=1e-11, atol=1e-9
    )


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("k", [0, 1, 6, 80])
def test_without_an_answer_category_purchases_are_summed_out(point, k):
    n = np.arange(k, 20_000)
    brute = np.logaddexp.reduce(joint(k, n, *point))
    np.testing.assert_allclose(nd.log_density(k, -1, *point), brute, rtol=1e-10, atol=1e-10)
    some = np.logaddexp.reduce(joint(k, n[n > 0], *point)) - np.log1p(-np.exp(joint(0, 0, *point)))
    np.testing.assert_allclose(nd.log_density(k, -1, *point, frame=nd.CATEGORY_BUYERS), some, rtol=1e-9)


@pytest.mark.parametrize("point", POINTS[:3])
@pytest.mark.parametrize("frame", [nd.ALL_CUSTOMERS, nd.CATEGORY_BUYERS, nd.OWN_BUYERS])
def test_probabilities_of_a_frame_sum_to_one(point, frame):
    own = np.exp(nd.log_density(np.arange(2000), -1, *point, frame=frame)).sum()
    k, n = np.meshgrid(np.arange(500), np.arange(500))
    both = np.exp(nd.log_density(k, n, *point, frame=frame)).sum()
    assert own == pytest.approx(1, abs=1e-10)
    assert both == pytest.approx(1, abs=1e-10)


def test_who_is_outside_the_frame_or_impossible_has_probability_zero():
    frames = np.array([nd.CATEGORY_BUYERS, nd.OWN_BUYERS, nd.OWN_BUYERS, nd.ALL_CUSTOMERS])
    k, n = np.array([0, 0, 0, 3]), np.array([0, 2, -1, 2])
    assert (nd.log_density(k, n, *POINTS[0], frame=frames) == -np.inf).all()


@pytest.mark.parametrize("frame", [nd.ALL_CUSTOMERS, nd.CATEGORY_BUYERS, nd.OWN_BUYERS])
def test_gradient_is_the_slope_of_the_value(frame):
    k, N = np.array([1, 1, 5, 2, 3, 70, 200]), np.array([4, -1, -1, 2, 9, 100, 230])
    T, count = np.array([1.0, 1, 1, 0.5, 1, 2, 2]), np.arange(1.0, 8)
    cells = k, N, T, np.full(7, frame), count, np.array([0, 4, 7])
    if frame != nd.OWN_BUYERS:
        k[1] = 0
    params = np.array([[2.0, 0.5, 1.3, 0.4], [0.7, 0.01, 30.0, 0.7]])
    value, gradient = nd.total_and_gradient(params, *cells)
    scale = params.ravel()
    slopes = approx_fprime(np.ones(8), lambda z: nd.total((z * scale).reshape(2, 4), *cells), 1e-7) / scale
    np.testing.assert_allclose(gradient.ravel(), slopes, rtol=2e-4, atol=1e-4)
    assert nd.total(params, *cells) == value
    assert nd.totals(params[None], *cells)[0] == value
    each = nd.log_density(k, N, *np.repeat(params, [4, 3], axis=0).T, T=T, frame=frame)
    assert value == pytest.approx(count @ each, rel=1e-12)


def test_a_split_of_the_counts_changes_nothing():
    params = np.array([POINTS[0]])
    whole = nd.total_and_gradient(
        params,
        np.array([2]),
        np.array([-1]),
        np.ones(1),
        np.ones(1, np.int64),
        np.array([5.0]),
        np.array([0, 1]),
    )
    split = nd.total_and_gradient(
        params,
        np.array([2, 2]),
        np.array([-1, -1]),
        np.ones(2),
        np.ones(2, np.int64),
        np.array([2.0, 3.0]),
        np.array([0, 2]),
    )
    assert whole[0] == pytest.approx(split[0], rel=1e-14)
    np.testing.assert_allclose(whole[1], split[1], rtol=1e-13)


def test_the_ridge_own_counts_alone_do_not_identify_the_wallet():
    """For r = a + b all b give the same own counts, whether the mean wallet is 6 or 40."""
    a, alpha, k = 2.0, 0.5, np.arange(400)
    known = nbinom.pmf(k, a, alpha / (1 + alpha))
    for b in (1.0, 3.0, 8.0, 18.0):
        own = np.exp(nd.log_density(k, -1, a + b, alpha, a + b, a / (a + b)))
        assert np.abs(own - known).sum() / 2 < 1e-12


def test_covariance_of_rates_has_the_sign_of_phi_less_r():
    r, alpha, phi, mu = 2.0, 0.2, 0.6, 0.28 / 0.6
    assert nd.rate_covariance(r, alpha, phi, mu) == pytest.approx(-10.889, abs=5e-4)
    rate, share = simulate(np.random.default_rng(1), 1_000_000, r, alpha, phi, mu)
    # the standard error of the simulated covariance is about 0.1
    assert np.cov(rate * share, rate * (1 - share))[0, 1] == pytest.approx(-10.889, abs=0.4)
    assert nd.rate_covariance(r, alpha, 2.0, mu) == 0
    assert nd.rate_covariance(r, alpha, 9.0, mu) > 0


def test_limits():
    k = np.arange(12)
    alike = nd.log_density(k, -1, 1.5, 0.4, 1e9, 0.3)  # every customer has the share mu: thinned Poisson
    np.testing.assert_allclose(alike, nbinom.logpmf(k, 1.5, 1 / (1 + 0.3 / 0.4)), atol=1e-6)
    n = np.arange(12)
    loyal = nd.log_density(n, n, 1.5, 0.4, 1e-9, 0.3) - np.where(n > 0, np.log(0.3), 0)  # all or nothing
    np.testing.assert_allclose(loyal, nbinom.logpmf(n, 1.5, 0.4 / 1.4), atol=1e-6)


@pytest.mark.parametrize("point", POINTS[:3])
def test_weights_of_purchases_elsewhere_are_those_of_bayes(point):
    k, first = np.array([0, 0, 4]), np.array([0, 1, 4])
    edges = np.array([0, 1, 2, 5, 20])
    weights, means = nd.elsewhere_weights(k, first, 1.0, np.tile(point, (1, 3, 1)), edges)
    for row, (own, least) in enumerate(zip(k, first, strict=True)):
        n = np.arange(least, 20_000)
        p = np.exp(joint(own, n, *point) - np.logaddexp.reduce(joint(own, n, *point)))
        place = np.minimum(np.searchsorted(edges, n - own, side="right") - 1, 3)
        np.testing.assert_allclose(weights[row], np.bincount(place, p, 4), atol=1e-12)
        expected = p @ (n - own)
        assert weights[row] @ means[row] == pytest.approx(expected, rel=1e-9)


def test_weights_are_averaged_over_draws():
    one, edges = np.array([2]), np.array([0, 1, 3, 9])
    params = np.array(POINTS[:3])[:, None]
    each = [nd.elsewhere_weights(one, one, 1.0, params[[d]], edges)[0] for d in range(3)]
    np.testing.assert_allclose(
        nd.elsewhere_weights(one, one, 1.0, params, edges)[0], np.mean(each, axis=0), rtol=1e-12
    )


def test_numbers_are_drawn_by_inversion():
    k, first, rng = np.array([0, 3]), np.array([0, 3]), np.random.default_rng(3)
    code = rng.permutation(np.repeat([0, 1], 40_000))
    order, start = np.argsort(code, kind="stable"), np.array([0, 40_000, 80_000])
    params = np.tile(POINTS[0], (1, 2, 1))
    numbers = nd.elsewhere_numbers(k, first, 1.0, params, start, order, rng.random((80_000, 1)))[:, 0]
    edges = np.arange(40)
    weights, _ = nd.elsewhere_weights(k, first, 1.0, params, edges)
    for kind in (0, 1):
        seen = np.bincount(np.minimum(numbers[code == kind], 38).astype(int), minlength=39) / 40_000
        assert np.abs(seen - weights[kind]).sum() / 2 < 0.012


def test_a_sum_without_an_end_is_said_to_be_none():
    endless = (1.0, 1e-12, 1.0, 0.5)
    assert nd.log_density(2, -1, *endless) == -np.inf
    weights, _ = nd.elsewhere_weights(
        np.array([2]), np.array([2]), 1.0, np.array([[endless]]), np.array([0, 1, 2])
    )
    assert np.isnan(weights).any()


def test_extreme_parameters_do_not_overflow():
    # L(0) = E[(1 + p T / alpha)^-r] over the share p, by the trapezoidal rule in logit p
    logit = np.linspace(-40, 40, 200_001)
    log_p, log_rest = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    log_beta = 50 * log_p + 50 * log_rest - betaln(50, 50)
    brute = np.logaddexp.reduce(log_beta - 400 * np.log1p(np.exp(log_p) / 0.3)) + np.log(logit[1] - logit[0])
    assert nd.log_density(0, -1, 400.0, 0.3, 100.0, 0.5) == pytest.approx(brute, rel=1e-9)

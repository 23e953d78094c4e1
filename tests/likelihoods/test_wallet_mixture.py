"""The predictive of many customers: against SciPy node by node, integration, and draws against their distributions."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr

from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.likelihoods import box_cox, normal, student_t, truncated_power
from segmodels.likelihoods import wallet_mixture as wm

LAMBDAS = [0.0, 0.05, 0.33, 0.5, 1.0]
LEVELS = np.array([0.0, 1e-6, 0.01, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 0.99, 1 - 1e-9, 1.0])
G = 100.0


def world(size, seed, wide=1.0):
    """Customers whose mean, variance, atom and segment differ: mean, var, p0, sigma, code."""
    rng = np.random.default_rng(seed)
    sigma = np.sort(0.7 * np.exp(0.3 * rng.normal(size=(3, 24))), axis=1)
    mean, var = wide * rng.normal(size=size), 0.3 * rng.random(size) ** 2
    return mean, var, 0.6 * rng.random(size), sigma, rng.integers(0, 3, size)


def slow_above(c, mean, var, p0, sigma, lam):
    """P(C > c) of one customer, node by node, in logarithms."""
    z, s = box_cox.transform(np.asarray(c) / G, lam), np.sqrt(var + sigma**2)
    low = log_ndtr((mean - box_cox.lower(lam)) / s)
    return (1 - p0) * np.exp(log_ndtr((mean - z[..., None]) / s) - low).mean(axis=-1)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_above_is_the_mean_over_the_nodes(lam):
    mean, var, p0, sigma, code = columns = world(200, 1)
    thresholds = np.array([1e-3, 5.0, 100.0, 1e4])
    got = wm.above(thresholds, *columns, lam, G)
    expected = [slow_above(thresholds, mean[i], var[i], p0[i], sigma[code[i]], lam) for i in range(200)]
    assert_allclose(got, expected, rtol=1e-11, atol=1e-14)
    each = wm.above(np.tile(thresholds, (200, 1)) * np.arange(1, 201)[:, None], *columns, lam, G)
    assert_allclose(each[0], got[0], rtol=0)


def test_above_at_the_ends():
    columns = world(5, 2)
    got = wm.above([-1.0, 0.0, np.inf], *columns, 0.33, G)
    assert_allclose(got, np.stack([np.ones(5), 1 - columns[2], np.zeros(5)], axis=1))


@pytest.mark.parametrize("wide", [1.0, 6.0])
@pytest.mark.parametrize("lam", LAMBDAS)
def test_quantiles_are_the_inverse_of_above(lam, wide):
    columns = world(400, 3, wide)
    p0, got = columns[2], wm.quantiles(LEVELS, *columns, lam, G)
    assert (np.diff(got, axis=1) >= 0).all()
    assert (got[p0[:, None] >= LEVELS] == 0).all()
    assert (got[:, -1] == np.inf).all()
    inner = (p0[:, None] < LEVELS) & (LEVELS < 1)
    # Where the amount is too small for a double, or its scale too coarse near the end, the probability jumps.
    apart = wm.above(got, *columns, lam, G) - (1 - LEVELS)
    assert abs(apart[inner & (got > 1e-9 * G)]).max() < 1e-10


def test_quantiles_of_one_normal_are_those_of_scipy():
    mean, var, sigma = np.array([-0.4, 1.2]), np.array([0.1, 0.0]), np.array([[0.6]])
    got = wm.quantiles([0.1, 0.5, 0.9], mean, var, [0.0, 0.0], sigma, [0, 0], 0.0, G)
    expected = G * np.exp(stats.norm.ppf([[0.1, 0.5, 0.9]], mean[:, None], np.sqrt(var + 0.36)[:, None]))
    assert_allclose(got, expected, rtol=1e-9)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_quantiles_never_fail(lam):
    """Scales that differ a thousandfold, means far beyond the end of the scale, atoms of all or nothing."""
    mean = np.array([-60.0, -20.0, -5.0, 0.0, 30.0, 0.0, 0.0, 0.0])
    p0 = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.0, 1.0, 1 - 1e-12])
    var = np.array([0.0, 0.0, 1e-6, 0.0, 0.0, 4.0, 0.1, 0.1])
    sigma = np.array([[1e-2, 0.05, 0.3, 1.0, 10.0], [0.4, 0.5, 0.6, 0.7, 0.8]])
    code = np.array([0, 1, 0, 0, 0, 1, 0, 0])
    got = wm.quantiles(LEVELS, mean, var, p0, sigma, code, lam, G)
    assert not np.isnan(got).any()
    assert (np.diff(got, axis=1)[:, :-1] >= 0).all()
    back = wm.above(got, mean, var, p0, sigma, code, lam, G)
    seen = (got > 1e-6) & (got < np.inf)
    assert abs(back - (1 - LEVELS))[seen].max() < 1e-9


@pytest.mark.parametrize("lam", LAMBDAS)
def test_mean_is_the_integral_of_the_density(lam):
    mean, var, p0, sigma, code = columns = world(12, 5)
    got = wm.mean(*columns, lam, G)
    bottom = float(box_cox.lower(lam))
    for i in range(12):
        s = np.sqrt(var[i] + sigma[code[i]] ** 2)
        weights = 1 / ndtr((mean[i] - bottom) / s) / s.size

        def amount(z, i=i, s=s, weights=weights):
            density = (weights * stats.norm.pdf(z, mean[i], s)).sum()
            return float(box_cox.inverse(z, lam)) * density

        edges = [max(bottom, mean[i] - 12 * s.max()), mean[i], mean[i] + 4 * s.max(), mean[i] + 22 * s.max()]
        area = sum(quad(amount, *pair, epsrel=1e-12, epsabs=0, limit=200)[0] for pair in pairwise(edges))
        assert got[i] == pytest.approx((1 - p0[i]) * G * area, rel=1e-8)


def test_mean_of_a_square_has_a_closed_form():
    """lam = 1/2: C / g = X^2 with X = 1 + z / 2, a normal truncated at 0, even where hardly any of it is above 0."""
    center, s = np.array([-30.0, -8.0, -2.0, 0.0, 3.0, 50.0]), 0.7
    got = wm.mean(center, np.zeros(6), np.zeros(6), np.array([[s]]), np.zeros(6, int), 0.5, G)
    r = (1 + center / 2) / (s / 2)
    inverse_mills = np.exp(stats.norm.logpdf(r) - log_ndtr(r))
    assert_allclose(got[1:], (G * (s / 2) ** 2 * (r**2 + 1 + r * inverse_mills))[1:], rtol=1e-8)
    # far out E[X^2 | X > 0] is 2 / r^2 (1 - 9 / r^2 ...)
    assert got[0] == pytest.approx(G * (s / 2) ** 2 * 2 / r[0] ** 2, rel=0.01)


@pytest.mark.parametrize("p", [0.5, 1.0, 3.03, 10.0, 100.0])
def test_truncated_powers_are_interpolated_to_nine_digits(p):
    u = np.linspace(-6, 10, 1_601)
    table = truncated_power.flat_log_power(p)
    got = np.array([truncated_power.flat_at(table, each) + p * each for each in u])
    exact = np.array([truncated_power.log_power(np.sinh(each), p) for each in u])
    assert abs(got - exact).max() < 1e-9
    for r in (-5.0, 0.0, 2.0, 30.0):
        mode = 0.5 * (r + np.sqrt(r * r + 4 * p))

        def lifted(x, r=r, mode=mode):
            return np.exp(p * np.log(x / mode) + (mode - r) ** 2 / 2 - (x - r) ** 2 / 2)

        area = sum(
            quad(lifted, *pair, epsabs=0, epsrel=1e-12)[0] for pair in ((1e-290, mode), (mode, mode + 40))
        )
        expected = np.log(area / np.sqrt(2 * np.pi)) + p * np.log(mode) - (mode - r) ** 2 / 2 - log_ndtr(r)
        assert truncated_power.log_power(r, p) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_mean_is_that_of_the_quantiles():
    columns = world(50, 6)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    for lam in (0.2, 0.5):
        levels = 0.5 * (nodes + 1)
        rough = wm.quantiles(levels, *columns, lam, G) @ (weights / 2)
        assert_allclose(wm.mean(*columns, lam, G), rough, rtol=2e-3)


@pytest.mark.parametrize(
    ("m", "lam", "nu"), [(-1.0, 0.5, 4.0), (0.5, 0.33, 6.0), (0.3, 0.0, 3.0), (0.0, 1.0, 30.0)]
)
def test_a_mixture_of_normals_is_a_t_cut_off_at_the_end_of_the_scale(m, lam, nu):
    points, weights = np.polynomial.legendre.leggauss(30)
    mixing = weights * np.exp(-0.5 * (7 * points) ** 2)
    sigma = 0.9 * np.sqrt(nu / stats.chi2.ppf(ndtr(7 * points), nu))
    columns = [m], [0.0], [0.2], sigma[None], [0], lam, G, mixing / mixing.sum()
    levels = np.array([0.3, 0.6, 0.9, 0.99])
    got = wm.quantiles(levels, *columns)
    bottom = float(box_cox.lower(lam))
    beyond = stats.t.sf((bottom - m) / 0.9, nu)
    over = stats.t.sf((box_cox.transform(got[0] / G, lam) - m) / 0.9, nu) / beyond
    assert_allclose(0.8 * over, 1 - levels, rtol=5e-5)
    assert_allclose(wm.above(got, *columns)[0], 1 - levels, rtol=1e-9)
    if lam * nu > 1:
        edges = [bottom, m, m + 10, m + 1e3, m + 1e5]

        def amount(z):
            return box_cox.inverse(z, lam) * stats.t.pdf((z - m) / 0.9, nu) / 0.9

        exact = sum(quad(amount, *pair, limit=300)[0] for pair in pairwise(edges)) / beyond
        assert_allclose(wm.mean(*columns)[0], 0.8 * G * exact, rtol=1e-3)


def test_two_laws_of_errors_count_alike():
    mixing = np.array([0.3, 0.7])
    both = np.array([[0.5, 1.0, 0.8, 1.6]])
    for lam in (0.0, 0.5):
        rest = [[-1.0], [0.0], [0.1]]
        parts = [wm.above([50.0, 200.0], *rest, both[:, k : k + 2], [0], lam, G, mixing) for k in (0, 2)]
        assert_allclose(
            wm.above([50.0, 200.0], *rest, both, [0], lam, G, mixing), np.mean(parts, axis=0), rtol=1e-12
        )
        means = [wm.mean(*rest, both[:, k : k + 2], [0], lam, G, mixing) for k in (0, 2)]
        assert_allclose(wm.mean(*rest, both, [0], lam, G, mixing), np.mean(means, axis=0), rtol=1e-12)


def test_a_customer_without_a_distribution_gets_none():
    mean, var, p0, sigma, code = world(3, 7)
    mean[1] = np.nan
    columns = mean, var, p0, sigma, code, 0.33, G
    for got in (
        wm.quantiles([0.2, 0.9], *columns),
        wm.above([0.0, 9.0], *columns),
        wm.mean(*columns)[:, None],
    ):
        assert np.isnan(got[1]).all()
        assert np.isfinite(got[[0, 2]]).all()
    drawn = wm.draws(mean[:, None], [0.8], p0[:, None], 0.33, G, 1, customer_keys([1, 2, 3]), [0])
    assert np.isnan(drawn[:, 0]).tolist() == [False, True, False]


def test_blocks_and_threads_change_nothing():
    mean, var, p0, sigma, code = columns = world(5_000, 8)
    whole = wm.quantiles(LEVELS[1:-1], *columns, 0.33, G), wm.above([5.0, 80.0], *columns, 0.33, G)
    parts = [(mean[at], var[at], p0[at], sigma, code[at]) for at in np.array_split(np.arange(5_000), 17)]
    assert (np.concatenate([wm.quantiles(LEVELS[1:-1], *part, 0.33, G) for part in parts]) == whole[0]).all()
    assert (np.concatenate([wm.above([5.0, 80.0], *part, 0.33, G) for part in parts]) == whole[1]).all()
    assert (np.concatenate([wm.mean(*part, 0.33, G) for part in parts]) == wm.mean(*columns, 0.33, G)).all()


def test_draws_belong_to_customer_and_number():
    rng = np.random.default_rng(4)
    m, p0, keys, numbers = (
        rng.normal(size=(3_000, 9)),
        rng.random((3_000, 9)) / 2,
        customer_keys(np.arange(3_000)),
        np.arange(9),
    )
    sigma, nu = np.linspace(0.5, 1.5, 9), np.array([np.inf, 3, 4, 5, 6, np.inf, 9, 30, 2.0])
    whole = wm.draws(m, sigma, p0, 0.33, G, 5, keys, numbers, nu)
    some, few = np.array([2_999, 7, 31]), np.array([8, 2])
    part = wm.draws(
        m[np.ix_(some, few)], sigma[few], p0[np.ix_(some, few)], 0.33, G, 5, keys[some], numbers[few], nu[few]
    )
    assert (part == whole[np.ix_(some, few)]).all()
    assert ((whole == 0) == (uniforms(5, keys, numbers, 0) < p0)).all()
    wide = wm.draws(m, np.broadcast_to(sigma, m.shape), p0, 0.33, G, 5, keys, numbers, nu)
    assert (wide == whole).all()
    assert (wm.draws(m, sigma, p0, 0.33, G, 6, keys, numbers, nu) != whole).mean() > 0.6


@pytest.mark.parametrize("nu", [np.inf, 30.0, 4.0, 1.5])
@pytest.mark.parametrize("m", [0.6, -2.0, -3.2, -9.0, -45.0])
@pytest.mark.parametrize("lam", [0.0, 0.5])
def test_draws_have_their_distribution(lam, m, nu):
    """The share at 0, and the probability integral transform of the rest; below -2 most of the error is cut off."""
    size, sigma = 40_000, 0.8
    shape = (size // 50, 50)
    keys, numbers = customer_keys(np.arange(shape[0])), np.arange(50)
    freedom = np.full(50, nu)
    drawn = wm.draws(
        np.full(shape, m), np.full(50, sigma), np.full(shape, 0.3), lam, G, 11, keys, numbers, freedom
    )
    assert (drawn == 0).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / size))
    z = box_cox.transform(drawn[drawn > 0] / G, lam)
    low = float(box_cox.lower(lam))
    beyond = student_t.log_above((low - m) / sigma, nu)[0]
    over = np.exp([student_t.log_above((each - m) / sigma, nu)[0] - beyond for each in z])
    assert stats.kstest(over, "uniform").pvalue > 1e-3


def test_t_errors_are_those_of_scipy():
    keys, numbers = customer_keys(np.arange(4_000)), np.arange(20)
    zero = np.zeros((4_000, 20))
    for nu in (1.0, 2.5, 8.0):
        drawn = wm.draws(zero, np.ones(20), zero, 0.0, 1.0, 3, keys, numbers, np.full(20, nu))
        inside = (drawn > 0) & (drawn < np.inf)
        assert inside.mean() > 0.999
        assert stats.kstest(np.log(drawn[inside]), stats.t(nu).cdf).pvalue > 1e-3


def test_quantiles_are_those_of_draws():
    """Posterior draws of the location, and of sigma: their mixture is what the quantiles are of."""
    rng = np.random.default_rng(9)
    sigma = np.array([[0.5, 0.7, 0.9, 1.1]])
    size = 400_000
    which = np.arange(size) % 4
    m = 0.3 + np.sqrt(0.2) * rng.normal(size=(1, size))
    drawn = wm.draws(
        m, sigma[0, which], np.full((1, size), 0.25), 0.33, G, 2, customer_keys([1]), np.arange(size)
    )
    levels = np.array([0.3, 0.5, 0.8, 0.95])
    got = wm.quantiles(levels, [0.3], [0.2], [0.25], sigma, [0], 0.33, G)
    # The location is truncated with the error here and after it there; that is far below the noise.
    below = (drawn <= got.T).mean(axis=1)
    assert_allclose(below, levels, atol=4 * 0.5 / np.sqrt(size))
    assert drawn.mean() == pytest.approx(wm.mean([0.3], [0.2], [0.25], sigma, [0], 0.33, G)[0], rel=0.01)


def test_fast_tail_is_that_of_scipy():
    z = np.linspace(-37, 37, 2_001)
    got = np.array([normal.above_and_kernel(v) for v in z])
    assert_allclose(got[:, 0], ndtr(-z), rtol=1e-12)
    assert_allclose(got[:, 1], np.exp(-z * z / 2), rtol=1e-13)

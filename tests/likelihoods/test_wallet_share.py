"""The density of elsewhere spend: against integration, SciPy, finite differences, and far out in the tails."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats
from scipy.integrate import quad

from segmodels.likelihoods import box_cox, normal, student_t
from segmodels.likelihoods import wallet_share as ws

PARAMETERS = np.array([0.2, 0.5, 0.15, 0.8, -1.0, 0.3, 0.25, 0.4, 0.6, 0.0, np.inf])
SIGMA, SPREAD_SLOPE, NU = (ws.PARAMETERS.index(name) for name in ("sigma", "spread_slope", "nu"))
FAN = 0.15
NUS = [np.inf, 30.0, 5.5, 1.7]
LAMBDAS = [0.0, 0.1, 0.33, 0.5, 1.0]
G = 40.0


def with_nu(nu):
    return np.append(PARAMETERS[:NU], nu)


def answer(kind, low, high, y, buyer, lam, parameters, w=0.0):
    """Log-density of one answer given in money."""
    bottom = float(box_cox.lower(lam))
    a = bottom if kind == ws.UP_TO else float(box_cox.transform(low / G, lam))
    b = float(box_cox.transform(high / G, lam))
    jacobian = float(box_cox.log_jacobian(low / G, lam)) - np.log(G) if kind == ws.EXACT else 0.0
    return float(ws.log_density(kind, y, w, buyer, a, b, jacobian, bottom, *parameters))


def mixed(size, seed, lam, groups=1):
    """Cells of all kinds, sorted by group."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, size)
    buyer = (rng.random(size) < 0.8).astype(float)
    y, w = rng.normal(size=size) * buyer, rng.random(size) * buyer
    low = G * np.exp(rng.normal(size=size))
    high = np.where(kind == ws.EXACT, low, low * (1.01 + rng.random(size)))
    bottom = float(box_cox.lower(lam))
    a = np.where(kind == ws.UP_TO, bottom, box_cox.transform(low / G, lam))
    b = box_cox.transform(high / G, lam)
    jacobian = np.where(kind == ws.EXACT, box_cox.log_jacobian(low / G, lam) - np.log(G), 0.0)
    count = rng.integers(1, 4, size).astype(float)
    start = np.linspace(0, size, groups + 1).astype(np.int64)
    return kind, y, w, buyer, a, b, jacobian, np.full(size, bottom), count, start


def test_parameters_are_in_the_order_of_the_functions():
    names = "level slope bend sigma hurdle hurdle_slope hurdle_bend nonbuyer_level nonbuyer_hurdle spread_slope nu"
    assert names.split() == list(ws.PARAMETERS)


@pytest.mark.parametrize("buyer", [1.0, 0.0])
@pytest.mark.parametrize("lam", LAMBDAS)
@pytest.mark.parametrize("nu", NUS)
def test_atom_and_density_add_up_to_one(nu, lam, buyer):
    y = 0.7 * buyer

    def density(log_amount):
        amount = np.exp(log_amount)
        return np.exp(answer(ws.EXACT, amount, amount, y, buyer, lam, with_nu(nu))) * amount

    middle, far = np.log(G), 200.0
    edges = [-600.0, -60.0, middle - 6, middle - 1, middle + 1, middle + 6, middle + 60, middle + far]
    area = sum(quad(density, *pair, epsabs=1e-12, limit=400)[0] for pair in pairwise(edges))
    atom = np.exp(answer(ws.ZERO, 0.0, 0.0, y, buyer, lam, with_nu(nu)))
    # A t of few degrees on the log scale has a little left beyond e^400.
    assert area + atom == pytest.approx(1, abs=1e-9 if lam > 0 or nu > 5 else 1e-3)


@pytest.mark.parametrize("lam", LAMBDAS)
@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize(("low", "high"), [(30.0, 55.0), (39.99, 40.01), (1.0, 2.0), (400.0, 900.0)])
def test_an_interval_is_the_integral_of_the_density(low, high, nu, lam):
    def density(amount):
        return np.exp(answer(ws.EXACT, amount, amount, 0.7, 1.0, lam, with_nu(nu)))

    area = quad(density, low, high, epsabs=0, epsrel=1e-12)[0]
    assert np.exp(answer(ws.BETWEEN, low, high, 0.7, 1.0, lam, with_nu(nu))) == pytest.approx(area, rel=1e-10)


@pytest.mark.parametrize("lam", LAMBDAS)
@pytest.mark.parametrize("nu", NUS)
def test_an_interval_from_zero_holds_the_atom_and_all_above_it(nu, lam):
    parameters = with_nu(nu)
    atom = np.exp(answer(ws.ZERO, 0.0, 0.0, -0.4, 1.0, lam, parameters))
    parts = [
        np.exp(answer(ws.BETWEEN, low, 10.0 * low, -0.4, 1.0, lam, parameters))
        for low in 10.0 ** np.arange(-320, 2)
    ]
    whole = np.exp(answer(ws.UP_TO, 0.0, 100.0, -0.4, 1.0, lam, parameters))
    assert whole == pytest.approx(atom + sum(parts), rel=1e-11 if nu > 5 or lam > 0 else 1e-3)


@pytest.mark.parametrize("nu", NUS)
def test_density_on_the_log_scale_is_that_of_scipy(nu):
    amounts = G * np.exp(np.linspace(-3, 3, 13))
    p0 = special.expit(-1.0 + 0.3 * 0.7)
    error = stats.norm if nu == np.inf else stats.t(nu)
    z = np.log(amounts / G)
    expected = np.log1p(-p0) + error.logpdf((z - 0.55) / 0.8) - np.log(0.8) - np.log(amounts)
    got = [answer(ws.EXACT, amount, amount, 0.7, 1.0, 0.0, with_nu(nu)) for amount in amounts]
    assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("lam", [0.0, 0.33, 0.5])
@pytest.mark.parametrize("nu", NUS)
def test_gradient_is_that_of_finite_differences(nu, lam):
    cells = mixed(240, 3, lam, groups=3)
    rng = np.random.default_rng(5)
    params = with_nu(nu) * (1 + 0.2 * rng.normal(size=(3, 11)))
    params[:, SPREAD_SLOPE] = [FAN, -FAN, 0.0]
    params[:, [SIGMA, NU]] = abs(params[:, [SIGMA, NU]])
    value, gradient = ws.total_and_gradient(params, *cells)
    assert value == ws.total(params, *cells)
    for g in range(3):
        for k in range(10 if nu == np.inf else 11):
            step = 1e-5 * max(1.0, abs(params[g, k]))
            ends = []
            for sign in (1, -1):
                moved = params.copy()
                moved[g, k] += sign * step
                ends.append(ws.total(moved, *cells))
            numeric = (ends[0] - ends[1]) / (2 * step)
            assert gradient[g, k] == pytest.approx(numeric, rel=2e-6, abs=2e-6), (g, ws.PARAMETERS[k])
    if nu == np.inf:
        assert (gradient[:, NU] == 0).all()


@pytest.mark.parametrize("nu", NUS)
def test_a_spread_slope_is_a_spread_of_each_customer(nu):
    fanned, wide = with_nu(nu), with_nu(nu)
    fanned[SPREAD_SLOPE] = FAN
    wide[SIGMA] *= np.exp(FAN * 0.7)
    for kind, low, high in ((ws.EXACT, 30.0, 30.0), (ws.BETWEEN, 20.0, 60.0), (ws.UP_TO, 0.0, 50.0)):
        got = answer(kind, low, high, 0.7, 1.0, 0.33, fanned)
        assert got == pytest.approx(answer(kind, low, high, 0.7, 1.0, 0.33, wide), rel=1e-12)


def test_a_bend_is_a_level_of_each_customer():
    bent, shifted = PARAMETERS, PARAMETERS + np.array([0.15 * 0.6, 0, 0, 0, 0.25 * 0.6, 0, 0, 0, 0, 0, 0])
    for kind, low, high in ((ws.ZERO, 0.0, 0.0), (ws.EXACT, 30.0, 30.0), (ws.UP_TO, 0.0, 50.0)):
        got = answer(kind, low, high, 0.7, 1.0, 0.33, bent, 0.6)
        assert got == pytest.approx(answer(kind, low, high, 0.7, 1.0, 0.33, shifted), rel=1e-12)


@pytest.mark.parametrize("nu", NUS)
def test_a_total_is_the_sum_over_customers(nu):
    kind, y, w, buyer, a, b, jacobian, bottom, count, start = cells = mixed(90, 8, 0.33, groups=2)
    params = np.array([with_nu(nu), with_nu(nu)])
    params[1, :NU] += [0.3, -0.2, 0.1, 0.4, 0.5, 0.1, -0.2, -0.3, 0.2, FAN]
    rows = params[np.repeat([0, 1], np.diff(start))]
    each = ws.log_density(kind, y, w, buyer, a, b, jacobian, bottom, *rows.T)
    assert ws.total(params, *cells) == pytest.approx((count * each).sum(), rel=1e-12)
    both = ws.totals(np.stack([params, params + 0.01]), *cells)
    assert_allclose(both, [ws.total(params, *cells), ws.total(params + 0.01, *cells)], rtol=0)


def test_counts_are_repeats():
    kind, y, w, buyer, a, b, jacobian, bottom, count, _ = cells = mixed(50, 2, 0.1)
    times = count.astype(int)
    long = [np.repeat(column, times) for column in (kind, y, w, buyer, a, b, jacobian, bottom)]
    repeated = ws.total_and_gradient(
        PARAMETERS[None], *long, np.ones(times.sum()), np.array([0, times.sum()])
    )
    once = ws.total_and_gradient(PARAMETERS[None], *cells)
    assert once[0] == pytest.approx(repeated[0], rel=1e-12)
    assert_allclose(once[1], repeated[1], rtol=1e-10)


@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize("z", [-40.0, 40.0])
@pytest.mark.parametrize("lower", [-np.inf, -3.0, 39.0])
def test_far_tails_stay_finite(z, nu, lower):
    if z < lower:
        pytest.skip("below the end of the scale")
    params = np.array([[0.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, nu]])
    a = np.array([z, z, max(z - 0.5, lower), lower])
    cells = (
        np.arange(4),
        np.zeros(4),
        np.zeros(4),
        np.ones(4),
        a,
        np.full(4, z),
        np.zeros(4),
        np.full(4, lower),
    )
    for k in range(4):
        one = [column[k : k + 1] for column in cells]
        value, gradient = ws.total_and_gradient(params, *one, np.ones(1), np.array([0, 1]))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_a_far_interval_of_the_normal_is_that_of_scipy():
    for a, b in [(38.0, 39.0), (-41.0, -40.0), (-0.5, 0.2), (2.0, 2.0001), (-30.0, 30.0), (31.0, 31.001)]:
        low, high = (a, b) if a + b <= 0 else (-b, -a)
        expected = special.log_ndtr(high) + np.log(-np.expm1(special.log_ndtr(low) - special.log_ndtr(high)))
        got, _ = student_t.log_between(a, b, np.inf, *student_t.log_constant(np.inf))
        assert got == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_no_hurdle_is_none():
    params = np.array([[0.2, 0.0, 0.0, 0.8, -np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, np.inf]])
    none = np.zeros(2)
    cells = np.array([1, 3]), none, none, np.ones(2), np.array([0.5, -np.inf]), np.full(2, 0.5), none
    value, gradient = ws.total_and_gradient(params, *cells, np.full(2, -np.inf), np.ones(2), np.array([0, 2]))
    u = (0.5 - 0.2) / 0.8
    assert value == pytest.approx(stats.norm.logpdf(u) - np.log(0.8) + stats.norm.logcdf(u), rel=1e-12)
    assert np.isfinite(gradient).all()


def test_normal_tails_and_quantiles_are_those_of_scipy():
    z = np.concatenate([np.linspace(-37, 300, 3001), [-np.inf]])
    assert_allclose([normal.log_above(v) for v in z], special.log_ndtr(-z), rtol=2e-12, atol=1e-300)
    p = np.concatenate([np.geomspace(1e-300, 0.5, 5001), 1 - np.geomspace(1e-15, 0.5, 501)])
    assert_allclose([normal.quantile(v) for v in p], special.ndtri(p), rtol=1e-15, atol=1e-15)
    assert normal.quantile(0.0) == -np.inf
    assert normal.quantile(1.0) == np.inf


def test_tails_of_the_cauchy_distribution_are_arctangents():
    z = np.array([1e-12, 1e-3, 0.5, 3.0, 1e3, 1e12])
    got = np.exp([student_t.log_above(v, 1.0)[0] for v in z])
    assert_allclose(got, np.arctan2(1.0, z) / np.pi, rtol=1e-14)


@pytest.mark.parametrize("nu", [0.4, 1.0, 2.0, 3.3, 5.0, 12.0, 40.0, 300.0, 1e4])
def test_tails_of_t_are_those_of_scipy(nu):
    z = np.concatenate([np.linspace(-40, 40, 401), [1e-3, -1e-3, 0.0, 1e5]])
    got = np.array([student_t.log_above(v, nu) for v in z])
    tails = stats.t.sf(z, nu)
    assert_allclose(np.exp(got[:, 0])[tails > 1e-290], tails[tails > 1e-290], rtol=1e-12)
    step = 1e-3 * nu
    ends = [np.array([student_t.log_above(v, nu + k * step)[0] for v in z]) for k in (-2, -1, 1, 2)]
    numeric = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * step)
    assert_allclose(got[:, 1], numeric, rtol=1e-7, atol=1e-9)


def test_a_great_many_degrees_of_freedom_are_the_normal():
    z = np.linspace(-6, 6, 49)
    got = [student_t.log_above(v, 1e7)[0] for v in z]
    assert_allclose(got, special.log_ndtr(-z), rtol=1e-4, atol=1e-9)
    assert student_t.log_constant(1e9)[0] == pytest.approx(normal.log_density(0.0), abs=1e-8)

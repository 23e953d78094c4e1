"""Laws that BG/NBD and MBG/NBD both obey, against brute force in the obvious way."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law
from scipy.stats import poisson

from segmodels.likelihoods import bg_nbd, mbg_nbd

MODELS = pytest.mark.parametrize("model", [bg_nbd, mbg_nbd], ids=["bg", "mbg"])
PARAMETERS = (0.7, 5.0, 1.3, 2.4)
CASES = ((0, 0.0, 20.0), (1, 3.0, 20.0), (3, 18.0, 20.0), (4, 12.0, 12.0))


def extra(model):
    """Opportunities to stop at the first purchase."""
    return 1 if model is mbg_nbd else 0


def over_customers(f, r, alpha, a, b):
    """Average f(lambda, p) over the population."""
    u, y = np.linspace(-60.0, 8.0, 1701)[:, None], np.linspace(-40.0, 40.0, 2001)
    rate, p = np.exp(u), 1 / (1 + np.exp(-y))
    weight = (
        np.exp(gamma_law.logpdf(rate, r, scale=1 / alpha) + beta_law.logpdf(p, a, b)) * rate * p * (1 - p)
    )
    return (weight * f(rate, p)).sum() * 0.04 * 0.04


def simulated_slowly(rng, model, T, t, r, alpha, a, b):
    """One customer, event by event: x, t_x, purchases in (T, T + t], alive at T, alive at T + t."""
    rate, p = rng.gamma(r) / alpha, rng.beta(a, b)
    alive, now, x, t_x, later, alive_T = True, 0.0, 0, 0.0, 0, True
    if model is mbg_nbd and rng.random() < p:
        return 0, 0.0, 0, False, False
    while alive:
        now += rng.exponential(1 / rate)
        if now > T + t:
            break
        if now <= T:
            x, t_x = x + 1, now
        else:
            later += 1
        alive = rng.random() >= p
        alive_T = alive_T and (alive or now > T)
    return x, t_x, later, alive_T, alive


@pytest.fixture(scope="module", params=[bg_nbd, mbg_nbd], ids=["bg", "mbg"])
def slow(request):
    rng = np.random.default_rng(5)
    rows = [simulated_slowly(rng, request.param, 20.0, 15.0, *PARAMETERS) for _ in range(40_000)]
    return request.param, np.array(rows, dtype=float).T


def close_in_mean(draws, expected):
    assert abs(draws.mean() - np.mean(expected)) < 4.5 * draws.std() / math.sqrt(len(draws))


@MODELS
@pytest.mark.parametrize(("x", "t_x", "T"), CASES)
def test_density_is_the_integral_over_customers(model, x, t_x, T):
    k = x + extra(model)

    def density(rate, p):
        alive = rate**x * (1 - p) ** k * np.exp(-rate * T)
        return alive + (rate**x * p * (1 - p) ** (k - 1) * np.exp(-rate * t_x) if k else 0.0)

    brute = over_customers(density, *PARAMETERS)
    assert_allclose(np.exp(model.log_density(x, t_x, T, *PARAMETERS)), brute, rtol=1e-8)


def test_slow_simulator_agrees_with_everything(slow):
    model, (x, t_x, later, alive_now, alive_later) = slow
    close_in_mean(x, model.expected_new(20.0, *PARAMETERS))
    for n in (0, 1, 3):
        close_in_mean((x == n) * 1.0, model.pmf_new(n, 20.0, *PARAMETERS))
    chance = model.alive(x, t_x, 20.0, *PARAMETERS)
    close_in_mean(alive_now - chance, 0.0)
    close_in_mean((alive_now - chance) * x, 0.0)
    close_in_mean(alive_later - model.alive(x, t_x, 20.0, *PARAMETERS, horizon=15.0), 0.0)
    living = alive_now == 1.0
    expected = model.expected_given_alive([15.0], x[living], 20.0, *PARAMETERS)[:, 0]
    close_in_mean(later[living] - expected, 0.0)
    close_in_mean((later[living] - expected) * (x[living] > 1), 0.0)
    for n in (0, 1, 2):
        pmf = model.pmf_given_alive(n, 15.0, x[living], 20.0, *PARAMETERS)
        close_in_mean((later[living] == n) - pmf, 0.0)


def test_fast_simulator_agrees_with_the_slow_one(slow):
    model, (x, t_x, _, _, _) = slow
    fast_x, fast_t = model.simulate(np.random.default_rng(1), np.full(40_000, 20.0), *PARAMETERS)
    for mine, theirs in ((fast_x, x), (fast_x**2.0, x**2), (fast_t, t_x), (fast_t * fast_x, t_x * x)):
        spread = math.sqrt((mine.var() + theirs.var()) / len(x))
        assert abs(mine.mean() - theirs.mean()) < 4.5 * spread
    assert ((fast_x == 0) == (fast_t == 0)).all()
    assert fast_t.max() <= 20.0


@MODELS
def test_simulated_future_has_the_expected_mean_in_each_period(model):
    draws = model.simulate_future(
        np.random.default_rng(1), [0, 5, 10, 30], np.full(100_000, 2), 20.0, *PARAMETERS
    )
    expected = np.diff(model.expected_given_alive([5.0, 10.0, 30.0], 2, 20.0, *PARAMETERS), prepend=0.0)
    for h in range(3):
        close_in_mean(draws[:, h] * 1.0, expected[h])
    assert_allclose(
        (draws.sum(1) == 1).mean(), model.pmf_given_alive(1, 30.0, 2, 20.0, *PARAMETERS), atol=0.007
    )


@MODELS
def test_conditional_expectation_is_the_integral_over_customers(model):
    x, T, t = 2, 20.0, 15.0
    r, alpha, a, b = PARAMETERS
    stay = beta_law(a, b + x + extra(model))
    brute = quad(lambda p: stay.pdf(p) * -math.expm1(-(r + x) * math.log1p(p * t / (alpha + T))) / p, 0, 1)[0]
    assert_allclose(model.expected_given_alive([t], x, T, *PARAMETERS), [brute], rtol=1e-9)


@MODELS
def test_pmf_sums_to_one_and_has_the_expected_mean(model):
    n = np.arange(4000)
    for pmf, mean in (
        (model.pmf_new(n, 39.0, *PARAMETERS), model.expected_new(39.0, *PARAMETERS)),
        (
            model.pmf_given_alive(n, 39.0, 3, 20.0, *PARAMETERS),
            model.expected_given_alive([39.0], 3, 20.0, *PARAMETERS)[0],
        ),
    ):
        assert_allclose(pmf.sum(), 1.0, rtol=1e-10)
        assert_allclose((n * pmf).sum(), mean, rtol=1e-9)


@MODELS
def test_none_is_the_first_of_the_pmf_and_new_is_a_history_of_no_age(model):
    x, t = np.array([0, 2, 40]), [1.0, 39.0]
    none = model.none_given_alive(t, x, 20.0, *PARAMETERS)
    assert none.shape == (3, 2)
    assert_allclose(none, model.pmf_given_alive(0, t, x[:, None], 20.0, *PARAMETERS), rtol=1e-12)
    chance = model.alive(0, 0.0, 0.0, *PARAMETERS)
    assert_allclose(
        model.expected_new(t, *PARAMETERS),
        chance * model.expected_given_alive(t, 0, 0.0, *PARAMETERS),
        rtol=1e-12,
    )


@MODELS
def test_alive_is_a_probability_that_falls_with_silence_and_horizon(model):
    silence = model.alive(5, 10.0, np.linspace(10.0, 200.0, 50), *PARAMETERS)
    later = model.alive(5, 10.0, 12.0, *PARAMETERS, horizon=np.linspace(0.0, 1e4, 50))
    for path in (silence, later):
        assert (path >= 0).all()
        assert (path <= 1).all()
        assert (np.diff(path) < 0).all()


@MODELS
def test_alive_later_is_the_integral_over_customers(model):
    r, alpha, a, b = PARAMETERS
    for x, t in ((0, 8.0), (3, 50.0), (3, 1e4)):
        stay = beta_law(a, b + x + extra(model))
        brute = quad(
            lambda p, t=t, x=x, stay=stay: stay.pdf(p) * (1 + p * t / (alpha + 20)) ** -(r + x),
            0,
            1,
            limit=500,
        )[0]
        ratio = model.alive(x, 9.0 * (x > 0), 20.0, *PARAMETERS, horizon=t) / model.alive(
            x, 9.0 * (x > 0), 20.0, *PARAMETERS
        )
        assert_allclose(ratio, brute, rtol=1e-7)


@MODELS
def test_present_value_is_the_weighted_sum_of_increments(model):
    x, T, t = np.array([[0], [7]]), np.array([3.0, 39.0, 80.0]), np.linspace(4.0, 157.0, 36)
    weights = 1.1 ** (-np.arange(36) / 12)
    curve = model.expected_given_alive(t, x, T, *PARAMETERS)
    value = model.present_value_given_alive(t, weights, x, T, *PARAMETERS)
    assert value.shape == (2, 3)
    assert_allclose(value, (np.diff(curve, prepend=0.0) * weights).sum(-1), rtol=1e-12)


@MODELS
@pytest.mark.parametrize(("x", "a", "rate"), [(0, 0.6, 0.01), (3, 1.0, 0.002), (200, 2.5, 0.05)])
def test_residual_is_the_discounted_integral(model, x, a, rate):
    args = (x, 20.0, 0.7, 5.0, a, 2.4)
    brute = quad(
        lambda u: float(model.expected_given_alive([u / rate], *args)[0]) * math.exp(-u), 0, 60, limit=200
    )[0]
    assert_allclose(model.residual_given_alive(rate, *args), brute, rtol=1e-7)


def cells(rng, groups=3, n=400, largest=30):
    x = rng.integers(0, largest, n)
    T = rng.integers(1, 40, n) / 7 + 20
    t_x = np.where(x > 0, T * rng.integers(1, 8, n) / 8, 0.0)
    group = np.sort(rng.integers(0, groups, n))
    order = np.lexsort((x, T, t_x, group))
    count = rng.integers(1, 12, n) * 1.0
    start = np.searchsorted(group, np.arange(groups + 1))
    params = rng.uniform(0.3, 5.0, (groups, 4))
    return params, x[order], t_x[order], T[order], count, start


@MODELS
@pytest.mark.parametrize("largest", [1, 30, 2000])
def test_total_is_the_sum_of_densities_and_its_gradient_the_slope(model, largest):
    params, x, t_x, T, count, start = cells(np.random.default_rng(3), largest=largest)
    group = np.repeat(np.arange(3), np.diff(start))
    expected = (count * model.log_density(x, t_x, T, *params[group].T)).sum()
    value, gradient = model.total_and_gradient(params, x, t_x, T, count, start)
    assert_allclose([value, model.total(params, x, t_x, T, count, start)], expected, rtol=1e-12)
    for g in range(3):
        for k in range(4):
            step = np.zeros_like(params)
            step[g, k] = 1e-5 * params[g, k]
            slope = model.total(params + step, x, t_x, T, count, start) - model.total(
                params - step, x, t_x, T, count, start
            )
            assert_allclose(gradient[g, k], slope / (2 * step[g, k]), rtol=1e-5, atol=1e-8 * abs(value))


@MODELS
def test_totals_of_many_draws_are_the_total_of_each(model):
    rng = np.random.default_rng(11)
    x = np.concatenate([np.zeros(3_000, np.int64), rng.integers(0, 40, 4_000)])
    T = rng.uniform(1.0, 60.0, len(x))
    t_x, count = np.where(x > 0, T * rng.uniform(0.01, 1.0, len(x)), 0.0), rng.integers(1, 9, len(x)) * 1.0
    start = np.array([0, 2_500, 2_500, len(x)])
    params = np.exp(rng.normal(0.0, 1.0, (35, 3, 4)))
    group = np.repeat(np.arange(3), np.diff(start))
    each = [model.total(draw, x, t_x, T, count, start) for draw in params]
    slow = [(count * model.log_density(x, t_x, T, *draw[group].T)).sum() for draw in params]
    together = model.totals(params, x, t_x, T, count, start)
    assert together.tolist() == each
    assert_allclose(together, slow, rtol=1e-12)
    assert not np.isfinite(model.totals(np.full((1, 3, 4), np.nan), x, t_x, T, count, start)).any()


@MODELS
def test_total_knows_neither_the_order_nor_the_splitting_of_cells(model):
    rng = np.random.default_rng(4)
    params, x, t_x, T, count, _ = cells(rng, groups=1)
    one = np.array([0, len(x)])
    value, gradient = model.total_and_gradient(params, x, t_x, T, count, one)
    shuffled = rng.permutation(len(x))
    again = [v[shuffled] for v in (x, t_x, T, count)]
    assert_allclose(model.total(params, *again, one), value, rtol=1e-12)
    halves = [np.repeat(v, 2) for v in (x, t_x, T, count / 2)]
    assert_allclose(model.total(params, *halves, 2 * one), value, rtol=1e-12)
    assert_allclose(model.total_and_gradient(params, *halves, 2 * one)[1], gradient, rtol=1e-10)
    groups = np.array([0, 100, 100, len(x)])
    assert_allclose(model.total(np.repeat(params, 3, 0), x, t_x, T, count, groups), value, rtol=1e-12)


@MODELS
def test_days_and_weeks_say_the_same(model):
    r, alpha, a, b = PARAMETERS
    days = (r, 7 * alpha, a, b)
    assert_allclose(
        model.log_density(3, 70.0, 140.0, *days),
        model.log_density(3, 10.0, 20.0, *PARAMETERS) - 3 * math.log(7),
    )
    assert_allclose(
        model.expected_given_alive([70.0], 3, 140.0, *days),
        model.expected_given_alive([10.0], 3, 20.0, *PARAMETERS),
    )
    assert_allclose(
        model.residual_given_alive(0.001, 3, 140.0, *days),
        model.residual_given_alive(0.007, 3, 20.0, *PARAMETERS),
    )
    assert_allclose(model.alive(3, 70.0, 140.0, *days), model.alive(3, 10.0, 20.0, *PARAMETERS))


@MODELS
@pytest.mark.parametrize("a", [1e-3, 1 - 1e-9, 1.0, 1 + 1e-9, 1e4])
@pytest.mark.parametrize("b", [1e-3, 2.4, 1e4])
@pytest.mark.parametrize("r", [1e-4, 0.24, 30.0])
def test_extremes_are_finite(model, a, b, r):
    x, T = np.array([0, 0, 1, 2000]), np.array([0.0, 40.0, 40.0, 40.0])
    t_x = np.array([0.0, 0.0, 0.1, 1.0])
    args = (r, 4.4, a, b)
    t = np.array([0.0, 1.0, 157.0, 1e4])
    results = [
        model.log_density(x, t_x, T, *args),
        model.alive(x, t_x, T, *args),
        model.alive(x, t_x, T, *args, horizon=100.0),
        model.expected_given_alive(t, x, T, *args),
        model.residual_given_alive(0.002, x, T, *args),
        model.expected_new(t, *args),
        model.pmf_new([0, 1, 2000, 5], t, *args),
        model.pmf_given_alive([0, 1, 2000, 5], t, x, T, *args),
        model.none_given_alive(t, x, T, *args),
    ]
    assert all(np.isfinite(result).all() for result in results)
    assert (np.diff(results[3], axis=1) >= -1e-10 * results[3][:, 1:]).all()
    params, start = np.array([args]), np.array([0, 4])
    value, gradient = model.total_and_gradient(params, x, t_x, T, np.ones(4), start)
    assert_allclose([value, model.total(params, x, t_x, T, np.ones(4), start)], results[0].sum(), rtol=1e-10)
    assert np.isfinite(gradient).all()
    drawn, _ = model.simulate(np.random.default_rng(1), T, *args)
    future = model.simulate_future(np.random.default_rng(1), [0, 1, 50], x, T, *args)
    assert (drawn >= 0).all()
    assert (future >= 0).all()


@MODELS
def test_nothing_special_happens_at_a_equal_to_one(model):
    at, beside = (
        model.expected_given_alive([10.0, 300.0], 3, 20.0, 0.7, 5.0, a, 2.4) for a in (1.0, 1 + 1e-9)
    )
    assert_allclose(at, beside, rtol=1e-8)


def test_without_stopping_purchases_are_negative_binomial():
    args = (0.7, 5.0, 1e-12, 2.4)
    assert_allclose(bg_nbd.expected_new(39.0, *args), 0.7 / 5.0 * 39.0, rtol=1e-9)
    brute = quad(lambda rate: gamma_law.pdf(rate, 0.7, scale=0.2) * poisson.pmf(4, 39.0 * rate), 0, 5)[0]
    assert_allclose(bg_nbd.pmf_new(4, 39.0, *args), brute, rtol=1e-6)


@pytest.mark.parametrize(
    ("r", "x", "a"), [(1e-4, 2000, 100.0), (0.01, 2000, 7.0), (30.0, 50, 1.5), (0.24, 0, 0.8)]
)
def test_a_curve_is_as_exact_as_its_single_points(r, x, a):
    t = np.linspace(0.01, 157.0, 36)
    curve = bg_nbd.expected_given_alive(t, x, 20.0, r, 4.4, a, 2.4)
    points = [bg_nbd.expected_given_alive([u], x, 20.0, r, 4.4, a, 2.4)[0] for u in t]
    assert_allclose(curve, points, rtol=1e-11)

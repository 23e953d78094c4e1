"""The Pareto/NBD likelihood against brute force, simulation, and laws that hold always."""

import inspect
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import gamma

from segmodels.likelihoods import pareto_nbd as model

CDNOW_OPTIMUM = (0.55327702, 10.57768282, 0.60624001, 11.6687366)
SETTINGS = [
    (0.55, 10.58, 0.61, 11.67),
    (1.7, 20.0, 0.4, 3.0),
    (0.9, 2.0, 2.5, 60.0),
    (3.0, 8.0, 1.0, 8.0),
]
HISTORIES = [(0, 0.0, 12.0), (0, 0.0, 0.0), (1, 3.0, 40.0), (4, 39.5, 40.0), (4, 40.0, 40.0), (9, 12.0, 30.0)]


def cdnow_cells() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    log = pd.read_csv(
        Path(package.origin).parent / "datasets" / "CDNOW_sample.txt",
        sep=r"\s+",
        header=None,
        names=["master", "customer", "date", "quantity", "value"],
    )
    log["date"] = pd.to_datetime(log["date"].astype(str), format="%Y%m%d")
    log = log[log["date"] <= "1997-09-30"].drop_duplicates(["customer", "date"])
    dates = log.groupby("customer")["date"].agg(["size", "min", "max"])
    customers = pd.DataFrame(
        {
            "t_x": (dates["max"] - dates["min"]).dt.days / 7,
            "T": (pd.Timestamp("1997-09-30") - dates["min"]).dt.days / 7,
            "x": dates["size"] - 1,
        }
    )
    cells = customers.groupby(["t_x", "T", "x"]).size().rename("count").reset_index()
    return cells["x"].to_numpy(np.int64), *(cells[c].to_numpy(float) for c in ("t_x", "T", "count"))


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


def random_cells(rng, n, groups=1):
    T = rng.uniform(1, 60, n)
    x, t_x = model.simulate(rng, T, 1.2, 8.0, 0.7, 12.0)
    count = rng.integers(1, 5, n).astype(float)
    start = np.concatenate([[0], np.sort(rng.integers(0, n, groups - 1)), [n]])
    return x, t_x, T, count, start


def test_parameters_are_the_arguments_in_order():
    assert tuple(inspect.signature(model.log_density).parameters)[3:] == model.PARAMETERS
    assert tuple(inspect.signature(model.expected_new).parameters)[1:] == model.PARAMETERS


# ------------------------------------------------------------------ density


@pytest.mark.parametrize("parameters", SETTINGS)
@pytest.mark.parametrize("history", [(0, 0.0, 12.0), (1, 3.0, 40.0), (4, 39.5, 40.0), (9, 12.0, 30.0)])
def test_density_is_the_integral_over_both_rates(parameters, history):
    (r, alpha, s, beta), (x, t_x, T) = parameters, history

    # both integrals by the trapezoidal rule over the logs of the rates
    grid = np.arange(-100.0, 12.0, 0.2)
    rate, death = np.exp(grid)[:, None], np.exp(grid)
    both = rate + death
    history_given_rates = rate**x * (
        death / both * (np.exp(-both * t_x) - np.exp(-both * T)) + np.exp(-both * T)
    )
    density = gamma.pdf(rate, r, scale=1 / alpha) * rate * gamma.pdf(death, s, scale=1 / beta) * death
    brute = np.sum(history_given_rates * density) * 0.2**2
    assert_allclose(np.exp(model.log_density(*history, *parameters)), brute, rtol=1e-9)


@pytest.mark.parametrize("parameters", [*SETTINGS, (0.3, 4e3, 7.0, 0.5), (2.0, 0.02, 0.3, 900.0)])
@pytest.mark.parametrize("history", [*HISTORIES, (2000, 39.0, 40.0), (2000, 10.0, 40.0)])
def test_density_is_the_integral_over_the_dropout_time(parameters, history):
    (r, alpha, s, beta), (x, t_x, T) = parameters, history

    def log_given_age(u):
        return -(r + x) * np.log1p((u - t_x) / (alpha + t_x)) - s * np.log1p((u - t_x) / (beta + t_x))

    def dropped(log_wait):
        u = t_x + np.exp(log_wait)
        return np.exp(log_wait + log_given_age(u)) * s / (beta + u)

    corners = np.log(min(alpha, beta) + t_x) - np.log(r + x + s) + np.arange(-42.0, 30.0, 2.0)
    top = np.log(T - t_x) if t_x < T else -np.inf
    corners = np.unique(np.minimum(corners, top)) if t_x < T else []
    integral = sum(quad(dropped, low, high, epsabs=0, epsrel=1e-12)[0] for low, high in pairwise(corners))
    if t_x < T and corners[-1] < top:
        integral += quad(dropped, corners[-1], top, epsabs=0, epsrel=1e-12)[0]
    begun = gammaln(r + x) - gammaln(r) - x * np.log(alpha + t_x)
    begun += -r * np.log1p(t_x / alpha) - s * np.log1p(t_x / beta)
    brute = begun + np.log(integral + np.exp(log_given_age(T)))
    assert_allclose(model.log_density(*history, *parameters), brute, rtol=1e-11, atol=1e-11)


def test_density_integrates_to_the_share_of_each_count():
    parameters, T = (1.7, 20.0, 0.4, 3.0), 26.0
    for x in range(1, 5):
        # the x - 1 purchases before the last may lie anywhere before it
        def over_recency(t, x=x):
            return np.exp(model.log_density(x, t, T, *parameters) + (x - 1) * np.log(t) - gammaln(x))

        mass = quad(over_recency, 0, T, epsrel=1e-11)[0]
        assert_allclose(mass, model.pmf_new(x, T, *parameters), rtol=1e-9)
    assert_allclose(np.exp(model.log_density(0, 0.0, T, *parameters)), model.pmf_new(0, T, *parameters))


def test_mean_score_is_zero_at_the_truth():
    parameters = np.array([[0.8, 6.0, 0.9, 15.0]])
    x, t_x = model.simulate(np.random.default_rng(5), np.full(200_000, 40.0), *parameters[0])
    cells = x, t_x, np.full(x.size, 40.0), np.ones(x.size)
    scores = []
    for part in np.split(np.arange(x.size), 200):
        part_cells = [np.ascontiguousarray(column[part]) for column in cells]
        scores.append(model.total_and_gradient(parameters, *part_cells, np.array([0, part.size]))[1][0])
    z = np.mean(scores, axis=0) / (np.std(scores, axis=0) / np.sqrt(len(scores)))
    assert np.all(np.abs(z) < 4)


# ------------------------------------------------------------------ totals and gradient


@pytest.mark.parametrize("groups", [1, 3])
def test_total_is_the_sum_of_densities(groups):
    rng = np.random.default_rng(2)
    x, t_x, T, count, start = random_cells(rng, 400, groups)
    params = np.array(SETTINGS[:groups])
    each = np.repeat(params, np.diff(start), axis=0)
    expected = np.sum(count * model.log_density(x, t_x, T, *each.T))
    assert_allclose(model.total(params, x, t_x, T, count, start), expected, rtol=1e-12)
    assert_allclose(model.total_and_gradient(params, x, t_x, T, count, start)[0], expected, rtol=1e-12)


def test_order_and_splits_change_nothing():
    rng = np.random.default_rng(3)
    x, t_x, T, count, start = random_cells(rng, 300)
    params = np.array(SETTINGS[:1])
    value, gradient = model.total_and_gradient(params, x, t_x, T, count, start)
    order = rng.permutation(x.size)
    shuffled = model.total_and_gradient(params, x[order], t_x[order], T[order], count[order], start)
    twice = [np.repeat(v, 2) for v in (x, t_x, T, count / 2)]
    split = model.total_and_gradient(params, *twice, 2 * start)
    for other_value, other_gradient in (shuffled, split):
        assert_allclose(other_value, value, rtol=1e-12)
        assert_allclose(other_gradient, gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "parameters",
    [*SETTINGS, (0.3, 40.0, 7.0, 0.5), (2.0, 0.2, 0.3, 90.0), (5.0, 7.0, 2.0, 7.0 * (1 + 1e-9))],
)
@pytest.mark.parametrize("history", [*HISTORIES, (2000, 39.0, 40.0), (300, 10.0, 40.0)])
def test_gradient_is_the_slope(parameters, history):
    x, t_x, T = history
    cells = np.array([x]), np.array([t_x]), np.array([T]), np.array([1.0]), np.array([0, 1])
    centre = np.array(parameters)
    _, gradient = model.total_and_gradient(centre[None], *cells)
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-3 * centre[j]
        around = [model.total((centre + k * step)[None], *cells) for k in (-2, -1, 1, 2)]
        slope = (around[0] - 8 * around[1] + 8 * around[2] - around[3]) / 12
        assert_allclose(gradient[0, j] * step[j], slope, rtol=1e-8, atol=3e-12 * max(1.0, abs(around[0])))


def test_no_cells_have_no_likelihood():
    none = np.zeros(0)
    value, gradient = model.total_and_gradient(
        np.array(SETTINGS[:1]), np.zeros(0, np.int64), none, none, none, np.array([0, 0])
    )
    assert value == 0.0
    assert_allclose(gradient, 0.0)
    # a group without cells among others
    cells = np.array([2]), np.array([3.0]), np.array([9.0]), np.array([1.0])
    assert_allclose(model.total_and_gradient(np.array(SETTINGS[:2]), *cells, np.array([0, 0, 1]))[1][0], 0.0)


@pytest.mark.parametrize("unit", [7.0, 1 / 30.4375, 1e6])
def test_unit_of_time_does_not_matter(unit):
    x, t_x, T, count, start = random_cells(np.random.default_rng(4), 200)
    r, alpha, s, beta = SETTINGS[0]
    other = (r, alpha * unit, s, beta * unit)
    value = model.total(np.array([SETTINGS[0]]), x, t_x, T, count, start)
    scaled = model.total(np.array([other]), x, t_x * unit, T * unit, count, start)
    assert_allclose(scaled, value - np.sum(count * x) * np.log(unit), rtol=1e-11)

    def answers(u, parameters):
        future = x, T * u, *parameters
        return (
            model.alive(x, t_x * u, T * u, *parameters, horizon=9 * u),
            model.expected_given_alive([9 * u], *future),
            model.residual_given_alive(0.002 / u, *future),
            model.pmf_given_alive(2, 9 * u, *future),
        )

    same = answers(1.0, SETTINGS[0]), answers(unit, other)
    for here, there in zip(*same, strict=True):
        assert_allclose(here, there, rtol=1e-9)


def test_cdnow_maximum_likelihood():
    cells = cdnow_cells()
    start = np.array([0, cells[0].size])
    assert (np.sum(cells[3]), cells[0] @ cells[3]) == (2357, 2457)
    assert abs(model.total(np.array([CDNOW_OPTIMUM]), *cells, start) - -9594.9761789) < 1e-6

    def loss(logs):
        value, gradient = model.total_and_gradient(np.exp(logs)[None], *cells, start)
        return -value, -gradient[0] * np.exp(logs)

    fit = minimize(loss, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-4})
    assert_allclose(np.exp(fit.x), CDNOW_OPTIMUM, rtol=1e-3)
    assert abs(-fit.fun - -9594.9761789) < 1e-4


# ------------------------------------------------------------------ alive


def test_alive_against_simulation():
    parameters, T = (1.5, 6.0, 0.8, 12.0), 20.0
    rng = np.random.default_rng(6)
    histories = slow_histories(rng, T, *parameters, 40_000)
    x = np.array([len(times) for times, _ in histories])
    t_x = np.array([max(times, default=0.0) for times, _ in histories])
    death = np.array([dead for _, dead in histories])
    for horizon in (0.0, 15.0):
        chance = model.alive(x, t_x, T, *parameters, horizon=horizon)
        lives = death > T + horizon
        for group in (x == 0, x == 1, (x >= 4) & (t_x > 15), (x >= 2) & (t_x < 10)):
            error = np.mean(lives[group] - chance[group]) / np.sqrt(
                np.mean(chance[group] * (1 - chance[group])) / group.sum()
            )
            assert abs(error) < 4


def test_alive_falls_with_the_time_since_the_last_purchase():
    chance = model.alive(6, np.linspace(0.5, 38.5, 77), 39.0, *SETTINGS[0])
    assert np.all(np.diff(chance) > 0)
    assert np.all((chance > 0) & (chance < 1))
    later = model.alive(6, 30.0, 39.0, *SETTINGS[0], horizon=np.linspace(0, 500, 50))
    assert np.all(np.diff(later) < 0)


def test_alive_next_to_certain_and_next_to_impossible():
    assert model.alive(0, 0.0, 0.0, *SETTINGS[0]) == 1.0
    assert model.alive(2000, 40.0, 40.0, *SETTINGS[0]) > 0.999
    assert 0.0 <= model.alive(2000, 10.0, 40.0, *SETTINGS[0]) < 1e-300


# ------------------------------------------------------------------ extremes

shapes = st.floats(1e-3, 1e3)
clocks = st.floats(1e-4, 1e5)
fractions = st.floats(0, 1)


@settings(max_examples=200, deadline=None)
@given(shapes, clocks, shapes, clocks, st.integers(0, 5000), fractions, st.floats(0, 1e4), fractions)
def test_everything_is_finite_everywhere(r, alpha, s, beta, x, recency, T, near):
    parameters = (r, alpha, s, alpha if near > 0.7 else beta)
    x = x if T > 0 and recency > 0 else 0
    t_x = recency * T if x else 0.0
    cells = np.array([x]), np.array([t_x]), np.array([T]), np.array([1.0]), np.array([0, 1])
    value, gradient = model.total_and_gradient(np.array([parameters]), *cells)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    assert_allclose(value, model.log_density(x, t_x, T, *parameters), rtol=1e-9, atol=1e-7)
    assert 0.0 <= model.alive(x, t_x, T, *parameters, horizon=3.0) <= 1.0
    mean = model.expected_given_alive([5.0, 50.0], x, T, *parameters)
    assert np.all(np.isfinite(mean))
    assert 0 <= mean[0] <= mean[1] * (1 + 1e-12)
    assert np.isfinite(model.residual_given_alive(0.002, x, T, *parameters))
    none = model.none_given_alive([5.0, 50.0], x, T, *parameters)
    assert 0 <= none[1] <= none[0] * (1 + 1e-12)
    assert none[0] <= 1
    assert_allclose(model.pmf_given_alive(0, [5.0, 50.0], x, T, *parameters), none, rtol=1e-8, atol=1e-300)

"""Finding the mode: of easy shapes, of hard ones, and by way of a sample."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import segmodels as sg
from segmodels.errors import NotConverged
from segmodels.inference.optimise import find_mode, precision
from segmodels.tables.simulate import simulate_bg_nbd

FAR = [np.array([3.0, -2.0, 1.0])]
CURVATURE = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 0.1]])


def quadratic(u):
    return -0.5 * float(u @ CURVATURE @ u), -CURVATURE @ u


def bent(u):
    """A ridge along a parabola, the mode at (1, 1)."""
    gap = u[1] - u[0] ** 2
    return -50 * gap**2 - (1 - u[0]) ** 2, np.array([200 * gap * u[0] + 2 * (1 - u[0]), -100 * gap])


def test_mode_and_precision_of_a_quadratic():
    mode = find_mode(quadratic, FAR)
    assert_allclose(mode.point, 0.0, atol=1e-4)
    assert_allclose(mode.precision, CURVATURE, atol=1e-4)
    assert_allclose(precision(quadratic, FAR[0]), CURVATURE, atol=1e-4)
    assert mode.decrement < 1e-9


def test_mode_at_the_end_of_a_bent_ridge():
    mode = find_mode(bent, [np.array([-1.5, 2.0])])
    assert_allclose(mode.point, 1.0, atol=1e-5)
    assert mode.decrement < 1e-9


def test_a_saddle_is_refused():
    with pytest.raises(NotConverged, match="No mode was found from 2 starting points"):
        find_mode(
            lambda u: (u[0] ** 2 - u[1] ** 2, np.array([2 * u[0], -2 * u[1]])), [np.array([0.0, 1.0])] * 2
        )


@pytest.mark.parametrize(
    "rough",
    [
        lambda u: tuple(0.5 * part for part in quadratic(u - 0.3)),
        lambda _: (0.0, np.zeros(3)),
        lambda _: (np.nan, np.zeros(3)),
    ],
    ids=["near", "no mode", "no value"],
)
def test_a_rough_density_is_only_where_to_begin(rough):
    mode = find_mode(quadratic, FAR, rough)
    assert_allclose(mode.point, 0.0, atol=1e-4)
    assert_allclose(mode.precision, CURVATURE, atol=1e-4)


@pytest.fixture(scope="module")
def fit():
    rng = np.random.default_rng(3)
    rows = simulate_bg_nbd(30_000, 0.3, 30.0, 0.8, 2.4, rng.uniform(180, 270, 30_000), rng)
    return sg.BGNBD().fit(sg.Customers.read(rows, unit="day"), sg.MAP(), seed=1)


def test_a_sample_stands_for_all_customers(fit):
    whole, sampled = fit.density, fit.density.sampled(5_000)
    assert len(sampled.cells[0]) <= 5_000
    assert_allclose(sampled.cells[-2].sum(), 30_000)
    assert sampled.cells[-1].tolist() == [0, len(sampled.cells[0])]
    assert abs(sampled.log_density(fit.u[0])[0] / whole.log_density(fit.u[0])[0] - 1) < 0.02


def test_the_sample_leads_to_the_mode_of_all(fit):
    start = [np.array([-1.0, -1.0, -1.0, 0.7])]
    alone = find_mode(fit.density.log_density, start)
    led = find_mode(fit.density.log_density, start, fit.density.sampled(5_000).log_density)
    assert max(alone.decrement, led.decrement) < 1e-9
    assert_allclose(led.point, alone.point, rtol=1e-5)
    assert_allclose(fit.u[0], alone.point, rtol=1e-5)
    assert_allclose(led.precision, alone.precision, rtol=1e-4, atol=1e-3 * np.abs(alone.precision).max())

"""The plain arithmetic of exp and log, against NumPy."""

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose

from segmodels.likelihoods import elementary

SIZES = np.exp(np.linspace(-690, 690, 20_001))


@njit
def fill(function, values, results):
    for i in range(len(values)):
        results[i] = function(values[i])


def each(function, values):
    """Values in a loop that is compiled as a whole, as the likelihoods have it."""
    results = np.empty_like(values)
    fill(function, values, results)
    return results


@pytest.mark.parametrize("values", [SIZES, np.linspace(0.5, 2.0, 20_001), 1 + np.geomspace(1e-15, 0.1, 999)])
def test_log_is_exact(values):
    assert_allclose(each(elementary.log, values), np.log(values), rtol=6e-16)


def test_exp_of_negative_is_exact():
    values = -np.concatenate([np.linspace(0, 700, 20_001), np.geomspace(1e-300, 1, 999)])
    assert_allclose(each(elementary.exp_of_negative, values), np.exp(values), rtol=6e-16)


def test_exp_of_the_very_negative_is_next_to_nothing():
    assert (each(elementary.exp_of_negative, np.array([-700.1, -1e300, -np.inf])) < 1e-303).all()


def test_log_one_plus_is_exact():
    values = np.concatenate([np.linspace(0, 1, 20_001), np.geomspace(1e-300, 1, 999)])
    assert_allclose(each(elementary.log_one_plus, values), np.log1p(values), rtol=6e-16)

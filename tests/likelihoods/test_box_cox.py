"""The Box-Cox scale: back and forth, its ends, its slope, and the logarithm as its limit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from segmodels.likelihoods import box_cox

LAMBDAS = [0.0, 1e-300, 1e-12, 1e-4, 0.1, 0.33, 0.5, 1.0, 2.0]
AMOUNTS = np.geomspace(1e-8, 1e8, 161)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_there_and_back(lam):
    z = box_cox.transform(AMOUNTS, lam)
    # Close to its lower end the scale holds few digits of the amount.
    near = 1.0 if lam == 0 else 1 + lam * z
    assert_allclose(box_cox.inverse(z, lam), AMOUNTS, rtol=4e-15 * (1 + 1 / np.min(near)) / max(lam, 0.05))


@pytest.mark.parametrize("lam", LAMBDAS)
def test_scale_is_that_of_scipy(lam):
    assert_allclose(box_cox.transform(AMOUNTS, lam), special.boxcox(AMOUNTS, lam), rtol=1e-13)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_one_number_is_as_an_array(lam):
    z = box_cox.transform(AMOUNTS, lam)
    assert_allclose([box_cox.scale_of(c, lam) for c in AMOUNTS], z, rtol=1e-14)
    assert_allclose([box_cox.amount_of(v, lam) for v in z], box_cox.inverse(z, lam), rtol=1e-13)


@pytest.mark.parametrize("lam", [0.0, 0.1, 0.5, 1.0])
def test_jacobian_is_the_slope(lam):
    amounts = np.geomspace(0.1, 10, 21)
    step = 1e-6 * amounts
    slope = (box_cox.transform(amounts + step, lam) - box_cox.transform(amounts - step, lam)) / (2 * step)
    assert_allclose(np.exp(box_cox.log_jacobian(amounts, lam)), slope, rtol=1e-8)


@pytest.mark.parametrize("lam", [0.0, 0.2, 0.5])
def test_ends_of_the_scale(lam):
    bottom = float(box_cox.lower(lam))
    assert bottom == (-np.inf if lam == 0 else -1 / lam)
    assert box_cox.transform(0.0, lam) == bottom == box_cox.scale_of(0.0, lam)
    assert box_cox.inverse([bottom, bottom - 1], lam).tolist() == [0.0, 0.0]
    assert box_cox.amount_of(bottom, lam) == 0.0
    assert box_cox.transform(np.inf, lam) == np.inf == box_cox.inverse(np.inf, lam)
    assert box_cox.amount_of(np.inf, lam) == np.inf == box_cox.scale_of(np.inf, lam)


def test_small_lambda_runs_into_the_logarithm():
    assert_allclose(box_cox.transform(AMOUNTS, 1e-14), np.log(AMOUNTS), rtol=1e-12)
    assert_allclose(box_cox.inverse(np.log(AMOUNTS), 1e-14), AMOUNTS, rtol=1e-11)


def test_broadcasts():
    assert box_cox.transform(np.ones((3, 1)), [0.0, 0.5]).shape == (3, 2)
    assert np.isnan(box_cox.transform(np.nan, 0.5))
    assert np.isnan(box_cox.inverse(np.nan, 0.5))

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.frequency import frequency_fit
from segmodels.inference.settings import Laplace
from segmodels.models.value.mbg_nbd import MBGNBD


def test_the_calibration_fit_of_the_literature(modes):
    bars = frequency_fit(modes["BG/NBD"])
    assert bars["purchases"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert bars["actual"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    known = [1407.68, 460.32, 192.46, 101.16, 59.85, 38.12, 25.55]
    np.testing.assert_allclose(bars["expected"][:7], known, atol=0.006)
    # The literature's 71.23 is a sum cut off at some n: its bars are 2,356.4 customers together.
    np.testing.assert_allclose(bars["expected"].sum(), 2357)


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD", "Pareto/NBD"])
@pytest.mark.parametrize("top", [1, 20])
def test_bars_hold_all_customers(modes, model, top):
    bars = frequency_fit(modes[model], top=top)
    assert bars["actual"].sum() == 2357
    np.testing.assert_allclose(bars["expected"].sum(), 2357)
    assert bars["expected"].between(bars["low"] - 1, bars["high"] + 1).all()


def test_draws_widen_the_intervals_and_repeat(customers, modes):
    fit = MBGNBD().fit(customers, Laplace(1000), seed=1)
    bars = frequency_fit(fit)
    pd.testing.assert_frame_equal(bars, frequency_fit(fit))
    mode = frequency_fit(modes["MBG/NBD"])
    assert (bars["high"] - bars["low"]).iloc[0] > (mode["high"] - mode["low"]).iloc[0]


def test_the_interval_of_the_mode_is_the_binomial_s(modes, customers):
    """Customers are independent given the parameters, so each bar has the variance of its Bernoullis."""
    from segmodels.likelihoods import bg_nbd

    bars = frequency_fit(modes["BG/NBD"], level=0.95)
    chance = bg_nbd.pmf_new(0, customers.to_pandas()["T"].to_numpy(), *modes["BG/NBD"].params)
    sd = np.sqrt((chance * (1 - chance)).sum())
    np.testing.assert_allclose((bars["high"] - bars["low"]).iloc[0], 2 * 1.96 * sd, rtol=0.1)


def test_faults(modes):
    with pytest.raises(InputError, match="top"):
        frequency_fit(modes["BG/NBD"], top=0)
    with pytest.raises(InputError, match="level"):
        frequency_fit(modes["BG/NBD"], level=1.0)

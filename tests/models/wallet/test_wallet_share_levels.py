"""Elsewhere spend at a level of its distribution: finite however far the mean lies below the end of the scale."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import segmodels as sg
from segmodels.inference.counter_random import uniforms
from segmodels.models.wallet.share import WalletShare
from segmodels.models.wallet.share_elsewhere import _errors_above


@pytest.mark.parametrize("nu", [np.inf, 4.0])
@pytest.mark.parametrize("low", [-np.inf, -3.0, 0.0, 5.0, 9.0, 40.0])
def test_errors_above_a_bound_leave_the_rest_above_themselves(nu, low):
    rest = np.array([[1e-12, 0.01, 0.3, 0.7, 0.99, 1 - 1e-16]])
    found = _errors_above(np.full((1, 1), low), rest, np.array([nu]))
    assert np.isfinite(found).all()
    assert (found >= low).all()
    assert (np.diff(found[0]) < 0).all()
    if np.isinf(nu):
        np.testing.assert_allclose(
            norm.logsf(found[0, :-1]), np.log(rest[0, :-1]) + norm.logsf(low), rtol=1e-8, atol=1e-10
        )


@pytest.mark.parametrize("errors", ["normal", "t"])
def test_levels_far_below_the_end_of_the_scale_are_finite_and_agree_with_draws(errors):
    frame = sg.simulate_wallets(400, np.random.default_rng(2), answered=150)
    wallets = sg.Wallets.read(
        frame, customer="customer_id", own="own", total="total", columns=["segment"], most_below=1.0
    )
    fit = WalletShare(scale=0.5, errors=errors).fit(wallets, sg.Laplace(draws=100), seed=1)
    law, numbers = fit.survey().elsewhere, np.arange(100)
    u = uniforms(3, law.keys, numbers, 0)
    np.testing.assert_allclose(
        np.quantile(law.at(u, numbers), (0.2, 0.5, 0.9)),
        np.quantile(law.draws(numbers), (0.2, 0.5, 0.9)),
        rtol=0.03,
    )
    far = replace(law, features=law.features - 60 * (np.arange(law.features.shape[1]) == 0))
    found = far.at(np.maximum(u, 0.999), numbers)
    assert np.isfinite(found).all()
    assert (found >= 0).all()

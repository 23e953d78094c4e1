"""What is special to BG/NBD."""

import numpy as np
from numpy.testing import assert_allclose

from segmodels.likelihoods import bg_nbd

CDNOW = (0.24259453, 4.41360235, 0.79292205, 2.42590704)


def test_one_time_buyers_are_alive_for_certain_today_but_not_tomorrow():
    ages = np.array([0.0, 1.0, 1000.0])
    assert_allclose(bg_nbd.alive(0, 0.0, ages, *CDNOW), 1.0)
    assert (bg_nbd.alive(0, 0.0, ages, *CDNOW, horizon=39.0) < 1.0).all()


def test_no_purchase_of_a_one_time_buyer_needs_no_death():
    assert_allclose(bg_nbd.none_given_alive([39.0], 0, 38.86, *CDNOW), [0.855], atol=1e-3)


def test_two_thousand_purchases_and_a_of_one_give_sensible_expectations():
    for a in (0.8, 1.0, 1.2):
        expected = bg_nbd.expected_given_alive([39.0], 2000, 38.86, 0.243, 4.414, a, 2.426)[0]
        assert 1000.0 < expected < 2000.243 * 39.0 / (4.414 + 38.86)


def test_density_at_age_zero_is_one():
    assert bg_nbd.log_density(0, 0.0, 0.0, *CDNOW) == 0.0

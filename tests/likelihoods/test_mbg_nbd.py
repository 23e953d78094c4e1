"""What is special to MBG/NBD."""

import numpy as np
from numpy.testing import assert_allclose

from segmodels.likelihoods import bg_nbd, mbg_nbd

CDNOW = (0.52484305, 6.18308466, 0.89135948, 1.61400287)


def test_one_time_buyers_may_be_gone_from_the_start():
    r, alpha, a, b = CDNOW
    assert_allclose(mbg_nbd.alive(0, 0.0, 0.0, *CDNOW), b / (a + b))
    assert (np.diff(mbg_nbd.alive(0, 0.0, np.linspace(0.0, 100.0, 9), *CDNOW)) < 0.0).all()
    stopped = a / (a + b)
    assert_allclose(
        np.exp(mbg_nbd.log_density(0, 0.0, 30.0, *CDNOW)),
        stopped + (1 - stopped) * (alpha / (alpha + 30.0)) ** r,
    )


def test_given_alive_it_is_bg_nbd_with_one_more_opportunity_passed():
    r, alpha, a, b = CDNOW
    assert_allclose(
        mbg_nbd.pmf_given_alive(2, 13.0, 3, 30.0, *CDNOW),
        bg_nbd.pmf_given_alive(2, 13.0, 3, 30.0, r, alpha, a, b + 1),
    )


def test_many_never_return_however_long_one_waits():
    _, _, a, b = CDNOW
    assert mbg_nbd.pmf_new(0, 1e9, *CDNOW) > a / (a + b)
    assert_allclose(mbg_nbd.pmf_new(0, 1e30, *CDNOW), a / (a + b), rtol=1e-6)

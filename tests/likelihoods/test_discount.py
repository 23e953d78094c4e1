import numpy as np
import pytest

from segmodels.errors import InputError
from segmodels.likelihoods.discount import DAYS_PER, continuous_rate, mid_month


def test_days_per_unit():
    assert dict(DAYS_PER) == {"day": 1, "week": 7, "month": 30.4375}


@pytest.mark.parametrize(("unit", "year"), [("day", 365.25), ("week", 365.25 / 7), ("month", 12.0)])
def test_trap_2_the_horizon_is_months_whatever_the_unit(unit, year):
    edges, weights = mid_month(12, 0.1, unit)
    assert edges.shape == weights.shape == (12,)
    assert edges[-1] == pytest.approx(year, rel=1e-15)
    np.testing.assert_allclose(np.diff(edges, prepend=0), year / 12, rtol=1e-12)
    np.testing.assert_array_equal(weights, mid_month(12, 0.1, "month")[1])


def test_trap_3_the_rate_is_per_year_not_per_period():
    assert continuous_rate(0.10, "week") == pytest.approx(0.0018266, abs=5e-8)
    for unit, days in DAYS_PER.items():
        assert np.expm1(continuous_rate(0.10, unit) * 365.25 / days) == pytest.approx(0.10, rel=1e-14)


def test_weights_are_those_of_the_middle_of_the_month():
    weights = mid_month(36, 0.21, "week")[1]
    np.testing.assert_allclose(weights, 1.21 ** (-(np.arange(36) + 0.5) / 12), rtol=1e-14)
    assert weights[0] * weights[11] == pytest.approx(1 / 1.21)
    delta = continuous_rate(0.21, "week")
    middle = mid_month(36, 0.21, "week")[0] - 0.5 * 30.4375 / 7
    np.testing.assert_allclose(weights, np.exp(-delta * middle), rtol=1e-13)


def test_no_discount():
    edges, weights = mid_month(1, 0, "day")
    assert edges.tolist() == [30.4375]
    assert weights.tolist() == [1.0]
    assert continuous_rate(0.0, "day") == 0


def test_a_longer_horizon_begins_like_a_shorter_one():
    short, long = mid_month(12, 0.08, "week"), mid_month(60, 0.08, "week")
    for one, other in zip(short, long, strict=True):
        np.testing.assert_array_equal(one, other[:12])


@pytest.mark.parametrize("months", [0, -3, 1.5, float("nan"), float("inf"), True])
def test_a_horizon_is_a_positive_whole_number(months):
    with pytest.raises(InputError, match="months: got"):
        mid_month(months, 0.1, "week")


def test_all_faults_come_together():
    with pytest.raises(InputError) as caught:
        mid_month(0, float("nan"), "W")
    assert [fault.where for fault in caught.value.faults] == ["annual_discount", "unit", "months"]
    with pytest.raises(InputError, match="'year'"):
        continuous_rate(0.1, "year")
    with pytest.raises(InputError, match="annual_discount"):
        continuous_rate(-1.0, "day")

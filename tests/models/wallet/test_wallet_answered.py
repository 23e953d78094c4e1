"""A rounded answer is the model's law cut to its interval; an exact one is itself and costs nothing."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import lognorm

from segmodels.models.wallet.answered import Answered

SEED = 5


@dataclass(frozen=True, eq=False)
class LogNormal:
    """C is 0 with probability p0, else log-normal(m, s); nothing is known of whom m is NaN."""

    m: np.ndarray
    s: float = 0.8
    p0: float = 0.2

    @property
    def _law(self):
        return lognorm(self.s, scale=np.exp(self.m)[:, None])

    def none(self):
        return np.where(np.isnan(self.m), np.nan, self.p0)

    def mean(self):
        return (1 - self.p0) * np.exp(self.m + self.s**2 / 2)

    def means(self, numbers):
        return self.mean()[:, None] * (1 + np.asarray(numbers))

    def above(self, threshold):
        return (1 - self.p0) * self._law.sf(np.atleast_2d(threshold))

    def quantiles(self, levels):
        inside = np.maximum((np.asarray(levels) - self.p0) / (1 - self.p0), 0.0)
        return self._law.ppf(np.broadcast_to(inside, (len(self.m), len(inside))))

    def draws(self, numbers):
        return np.tile(np.exp(self.m)[:, None], (1, len(numbers)))

    def at(self, u, numbers):  # noqa: ARG002
        return self._law.ppf(u)

    def take(self, rows):
        return LogNormal(self.m[rows], self.s, self.p0)


class Silent(LogNormal):
    """Must not be asked of some customers only: that is for intervals."""

    def take(self, rows):
        raise AssertionError(rows)


def _answered(model, low, high):
    low, high = np.array(low, float), np.array(high, float)
    return Answered(model, low, high, np.arange(len(low)).astype(np.uint64) + 3, SEED)


LOW, HIGH = [0.0, 0.0, 40.0, 500.0, 60.0, np.nan], [30.0, 500.0, 140.0, 1500.0, 60.0, np.nan]


@pytest.fixture(scope="module")
def some():
    return _answered(LogNormal(np.full(6, np.log(40.0))), LOW, HIGH)


def _cut(some, i, size=200_000):
    """Slow: the model's quantiles at even levels between those of the bounds."""
    model = some.model.take(np.array([i]))
    first = 0.0 if some.low[i] <= 0 else 1 - model.above(some.low[i : i + 1])[0, 0]
    last = 1 - model.above(some.high[i : i + 1])[0, 0]
    return model.quantiles(first + (last - first) * (np.arange(size) + 0.5) / size)[0]


@pytest.mark.parametrize("i", range(4))
def test_an_interval_is_the_model_cut_to_it(some, i):
    slow, width = _cut(some, i), HIGH[i] - LOW[i]
    assert some.mean()[i] == pytest.approx(slow.mean(), abs=2e-3 * width)
    assert some.none()[i] == pytest.approx((slow == 0).mean(), abs=1e-5)
    levels = np.array([0.05, 0.3, 0.5, 0.8, 0.99])
    np.testing.assert_allclose(some.quantiles(levels)[i], np.quantile(slow, levels), atol=4e-3 * width)
    cuts = LOW[i] + width * np.array([0.0, 0.1, 0.4, 0.9, 1.0])
    np.testing.assert_allclose(some.above(cuts)[i], (slow > cuts[:, None]).mean(axis=1), atol=3e-3)


def test_draws_have_the_same_law(some):
    draws = some.draws(np.arange(20_000))
    levels = np.array([0.1, 0.5, 0.9])
    reached = (draws[:, None, :] <= some.quantiles(levels)[:, :, None]).mean(axis=2)
    expected = np.where(some.none()[:4, None] > levels, some.none()[:4, None], levels)
    np.testing.assert_allclose(reached[:4], expected, atol=0.015)
    assert ((draws[:4] >= np.array(LOW[:4])[:, None]) & (draws[:4] <= np.array(HIGH[:4])[:, None])).all()


def test_a_wide_answer_does_not_blow_up_the_total():
    rng = np.random.default_rng(2)
    truth = np.where(rng.random(4000) < 0.2, 0.0, 40.0 * np.exp(0.8 * rng.standard_normal(4000)))
    middle = np.round(truth / 500) * 500
    model = LogNormal(np.full(4000, np.log(40.0)))
    found = _answered(model, np.maximum(middle - 250, 0), middle + 250)
    assert found.mean().sum() == pytest.approx(truth.sum(), rel=0.03)


def test_a_draw_belongs_to_customer_and_number_whatever_the_block(some):
    numbers = np.array([4, 0, 90])
    rows = np.array([3, 1, 4])
    np.testing.assert_array_equal(some.take(rows).draws(numbers), some.draws(numbers)[rows])
    np.testing.assert_array_equal(some.draws(numbers[1:]), some.draws(numbers)[:, 1:])


def test_a_level_of_an_interval_is_its_quantile(some):
    u = np.tile([0.2, 0.6, 0.9], (6, 1))
    found = some.at(u, np.arange(3))
    np.testing.assert_array_equal(found[:4], some.quantiles(u[0])[:4])
    assert (found[4] == 60.0).all()
    np.testing.assert_array_equal(found[5], some.model.at(u, np.arange(3))[5])


def test_where_the_model_says_nothing_an_interval_is_even():
    # nothing known of the customer, and an interval where the model has nothing
    found = _answered(LogNormal(np.array([np.nan, 0.0]), s=0.01), [0.0, 900.0], [100.0, 1000.0])
    np.testing.assert_allclose(found.mean(), [50.0, 950.0])
    np.testing.assert_allclose(found.quantiles(np.array([0.25])), [[25.0], [925.0]])
    np.testing.assert_allclose(found.above(np.array([[75.0], [975.0]])), [[0.25], [0.25]])
    assert found.none().tolist() == [0.0, 0.0]


def test_under_every_draw_an_answer_has_the_same_mean(some):
    found = some.means(np.array([0, 7]))
    np.testing.assert_array_equal(found[:5], np.tile(some.mean()[:5, None], (1, 2)))
    np.testing.assert_array_equal(found[5], some.model.means(np.array([0, 7]))[5])


def test_exact_answers_cost_nothing():
    found = _answered(Silent(np.zeros(3)), [0.0, 7.0, np.nan], [0.0, 7.0, np.nan])
    assert found.none().tolist() == [1.0, 0.0, 0.2]
    assert found.mean()[:2].tolist() == [0.0, 7.0]
    assert found.above(np.array([0.0, 6.9, 7.0]))[:2].tolist() == [[0, 0, 0], [1, 1, 0]]
    assert (found.quantiles(np.array([0.1, 0.9]))[1] == 7.0).all()
    assert (found.draws(np.arange(3))[1] == 7.0).all()
    assert (found.at(np.full((3, 2), 0.4), np.arange(2))[1] == 7.0).all()

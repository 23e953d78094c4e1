"""Laws given as tables: quantile and tail undo each other, and the mean is that of the quantiles."""

import numpy as np

from segmodels.likelihoods import tabulated


def _laws():
    rng = np.random.default_rng(1)
    amounts = np.sort(rng.gamma(1.0, 50.0, (5, 12)), axis=1)
    amounts[0, 4:7] = amounts[0, 4]  # equal amounts
    below = np.sort(rng.random((5, 12)), axis=1)
    below[:, -1] = 1.0
    below[1, 0] = 0.0  # without an atom
    return amounts, below


def test_the_mean_is_that_of_the_quantiles():
    amounts, below = _laws()
    levels = np.tile((np.arange(200_000) + 0.5) / 200_000, (5, 1))
    slow = tabulated.quantiles(amounts, below, levels).mean(axis=1)
    np.testing.assert_allclose(tabulated.mean(amounts, below), slow, rtol=1e-4)


def test_the_tail_is_the_part_of_the_quantiles_above():
    amounts, below = _laws()
    levels = np.tile((np.arange(100_000) + 0.5) / 100_000, (5, 1))
    values = tabulated.quantiles(amounts, below, levels)
    thresholds = np.tile([0.0, 10.0, 40.0, 90.0, 1e6], (5, 1))
    slow = (values[:, None, :] > thresholds[:, :, None]).mean(axis=2)
    np.testing.assert_allclose(tabulated.above(amounts, below, thresholds), slow, atol=2e-5)


def test_beyond_the_table_there_is_nothing():
    amounts, below = np.array([[2.0, 4.0]]), np.array([[0.0, 1.0]])
    assert tabulated.above(amounts, below, np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])).tolist() == [
        [1, 1, 0.5, 0, 0]
    ]
    assert tabulated.quantiles(amounts, below, np.array([[0.0, 0.25, 1.0]])).tolist() == [[2.0, 2.5, 4.0]]

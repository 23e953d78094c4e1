"""Draws of categories belong together, and an answer in one tells of the others."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import kstest

import segmodels as sg
from segmodels.inference.counter_random import customer_keys
from segmodels.models.wallet.copula import correlation_draws
from segmodels.models.wallet.copula_levels import Levels, bounds_of
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets

R = np.array([[1.0, 0.7, 0.4], [0.7, 1.0, 0.2], [0.4, 0.2, 1.0]])
INF = np.inf
NUMBERS = np.arange(60)


def levels(lower, upper, n=400, matrix=R):
    shape = n, len(matrix)
    return Levels(
        np.broadcast_to(lower, shape), np.broadcast_to(upper, shape), matrix[None], customer_keys(range(n)), 1
    )


def test_without_answers_levels_are_even_and_correlated():
    u = levels([-INF] * 3, [INF] * 3).draws(NUMBERS).reshape(3, -1)
    z = np.corrcoef(np.sqrt(2) * u)
    assert all(kstest(each[::10], "uniform").pvalue > 1e-3 for each in u)
    assert z[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.35), abs=0.02)


def brute(inside, n=2_000_000):
    z = np.random.default_rng(1).multivariate_normal(np.zeros(3), R, n)
    return ndtr(z[inside(z)])


@pytest.mark.parametrize(
    ("lower", "upper", "inside"),
    [
        ([1.2, -INF, -INF], [1.2, INF, INF], lambda z: abs(z[:, 0] - 1.2) < 0.02),
        ([-INF, -INF, -INF], [-0.8, INF, INF], lambda z: z[:, 0] < -0.8),
        ([0.5, -INF, -INF], [1.0, -0.3, INF], lambda z: (abs(z[:, 0] - 0.75) < 0.25) & (z[:, 1] < -0.3)),
        ([0.9, -INF, -INF], [0.9, -0.2, INF], lambda z: (abs(z[:, 0] - 0.9) < 0.02) & (z[:, 1] < -0.2)),
    ],
    ids=["known", "below", "two bounds", "known and a bound"],
)
def test_what_is_open_follows_the_normal_given_the_answers(lower, upper, inside):
    found, wanted = levels(lower, upper).draws(NUMBERS), brute(inside)
    for k in range(3):
        if lower[k] == upper[k]:
            continue
        low, high = ndtr(lower[k]), ndtr(upper[k])
        u = low + (high - low) * found[k]
        assert u.mean() == pytest.approx(wanted[:, k].mean(), abs=0.008)
        assert u.std() == pytest.approx(wanted[:, k].std(), abs=0.008)


def test_a_draw_does_not_depend_on_who_is_beside_it_or_which_draws_are_made():
    lower, upper = np.full((9, 3), -INF), np.full((9, 3), INF)
    lower[2, 0] = upper[2, 0] = 1.0
    upper[3:6, :2] = -0.5
    whole = Levels(lower, upper, R[None], customer_keys(range(9)), 5)
    all_of_them = whole.draws(np.arange(30))
    rows = np.array([2, 4, 8])
    np.testing.assert_array_equal(whole.take(rows).draws(np.arange(7, 19)), all_of_them[:, rows, 7:19])


def test_far_off_answers_have_finite_bounds():
    frame = simulate_wallets(400, np.random.default_rng(2), answered=100)
    wallets = Wallets.read(frame, customer="customer_id", own="own", total="total", columns=())
    model = WalletShare(scale=0.0).fit(wallets, sg.MAP(), seed=1).survey().elsewhere
    answers = np.array([0.0, 1e-300, 1e15, 1e300])
    low = np.concatenate([answers, np.full(96, np.nan)])
    lower, upper = bounds_of(model, low, low)
    assert lower[0] == -INF
    assert np.isfinite(upper[0])
    assert np.isfinite(lower[1:4]).all()
    np.testing.assert_array_equal(lower[1:4], upper[1:4])
    assert np.isinf(lower[4:]).all()
    assert np.isinf(upper[4:]).all()


def test_the_correlation_copes_with_far_off_bounds():
    z = np.random.default_rng(3).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 300)
    lower, upper = z.copy(), z.copy()
    lower[0], upper[0] = [8.0, -INF], [8.0, -8.0]
    lower[1], upper[1] = [-INF, -INF], [INF, INF]
    found = correlation_draws(lower, upper, 100, np.random.default_rng(4))
    assert np.isfinite(found).all()


def test_the_spread_of_the_correlation_is_that_of_known_variances():
    # Variances that are known to be 1 make the correlation surer than Fisher's (1 - r²) / √n.
    n, rho = 400, 0.7
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        z = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
        found.append(correlation_draws(z, z, 800, rng)[:, 0, 1].std())
    wanted = (1 - rho**2) / np.sqrt(n * (1 + rho**2))
    assert np.mean(found) == pytest.approx(wanted, rel=0.12)


def test_correlations_of_several_categories_are_calibrated():
    ranks = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        # even over all 3 x 3 correlation matrices, by rejection
        while True:
            r = rng.uniform(-1, 1, 3)
            matrix = np.array([[1, r[0], r[1]], [r[0], 1, r[2]], [r[1], r[2], 1]])
            if np.linalg.det(matrix) > 0 and np.linalg.eigvalsh(matrix)[0] > 0:
                break
        z = rng.multivariate_normal(np.zeros(3), matrix, 25)
        found = correlation_draws(z, z, 150, rng, tune=30)
        ranks += [(found[:, i, j] < matrix[i, j]).mean() for i, j in ((0, 1), (0, 2), (1, 2))]
    assert kstest(ranks, "uniform").pvalue > 0.01

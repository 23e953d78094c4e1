"""Several categories: the correlation is recovered, and totals have the interval that they should."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import segmodels as sg
from segmodels.errors import InputError
from segmodels.models.wallet.categories import WalletCategories
from segmodels.models.wallet.copula import correlation_draws
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.wallets import Wallets

RHO = 0.7


def _frame(n, answered, seed, rho=RHO):
    rng = np.random.default_rng(seed)
    own = np.exp(rng.multivariate_normal([3, 2], [[1, 0.4], [0.4, 1]], n))
    z = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    rows = []
    for k, name in enumerate(("coffee", "tea")):
        p0 = 0.25
        u = norm.cdf(z[:, k])
        amount = 3 + 0.3 * np.log(own[:, 1 - k]) + 0.8 * norm.ppf(np.clip((u - p0) / (1 - p0), 1e-12, 1))
        c = np.where(u < p0, 0.0, np.exp(amount))
        total = np.where(np.arange(n) < answered, own[:, k] + c, np.nan)
        rows.append(
            pd.DataFrame({"id": np.arange(n), "what": name, "own": own[:, k], "total": total, "truth": c})
        )
    return pd.concat(rows, ignore_index=True)


def _read(frame):
    return Wallets.read(frame.drop(columns="truth"), customer="id", own="own", total="total", category="what")


@pytest.fixture(scope="module")
def fitted():
    frame = _frame(1500, 500, 1)
    return frame, WalletCategories(WalletShare(scale=0.0)).fit(_read(frame), sg.Laplace(draws=400), seed=1)


def test_the_copula_sees_through_bounds():
    rng = np.random.default_rng(3)
    z = rng.multivariate_normal([0, 0, 0], [[1, 0.6, 0.3], [0.6, 1, 0.0], [0.3, 0.0, 1]], 1500)
    lower, upper = z.copy(), z.copy()
    lower[z < -0.3], upper[z < -0.3] = -np.inf, -0.3
    lower[:400, 2], upper[:400, 2] = -np.inf, np.inf
    found = correlation_draws(lower, upper, 300, rng)
    for (j, k), truth in (((0, 1), 0.6), ((0, 2), 0.3), ((1, 2), 0.0)):
        draws = found[:, j, k]
        assert abs(draws.mean() - truth) < 4 * draws.std() + 0.01
        assert draws.std() < 0.06


def test_the_correlation_is_recovered(fitted):
    fit = fitted[1]
    draws = fit.correlation[:, 0, 1]
    assert abs(draws.mean() - RHO) < 4 * draws.std()
    assert fit.correlations.loc["coffee", "coffee"] == pytest.approx(1.0)


def test_own_spend_of_one_category_tells_of_the_other(fitted):
    part = fitted[1]["coffee"]
    slope = part.u[:, part.density.names.index("level[log_own_tea]")]
    assert slope.mean() > 3 * slope.std()


def test_totals_over_categories_cover(fitted):
    frame, fit = fitted
    truth = frame.groupby("id")["truth"].sum()
    table = fit.predict(levels=(0.1, 0.5, 0.9)).set_index("customer_id")
    rest = table[~table["answered"]]
    # two-sided intervals that begin at an atom hold more than they say: one side is tested
    for name, level in (("q50", 0.5), ("q90", 0.9)):
        assert abs((truth[rest.index] <= rest[f"headroom_{name}"]).mean() - level) < 0.06
    known = table[table["answered"]]
    np.testing.assert_allclose(known["headroom_q50"], truth[known.index], rtol=1e-9, atol=1e-9)


def test_parts_add_up_under_every_draw(fitted):
    fit = fitted[1]
    block = next(fit.blocks())
    own = sum(next(part.blocks()).own for part in fit.fits.values())
    np.testing.assert_allclose(block.own, own)
    draws = block.elsewhere.draws(np.arange(200))
    np.testing.assert_allclose(draws.mean(), block.elsewhere.mean().mean(), rtol=0.05)


def test_what_can_not_be_joined_is_said():
    frame = _frame(200, 100, 2)
    with pytest.raises(InputError, match="row in every category"):
        WalletCategories().fit(_read(frame.iloc[:-5]), sg.MAP(), seed=1)
    with pytest.raises(InputError, match="at least two categories"):
        WalletCategories().fit(_read(frame[frame["what"] == "tea"]), sg.MAP(), seed=1)
    with pytest.raises(InputError, match="several categories"):
        WalletShare().fit(_read(frame), sg.MAP(), seed=1)

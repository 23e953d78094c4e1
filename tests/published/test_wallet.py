"""Published numbers about wallets: a row of ``wallet.csv`` each.

The printed figures belong to S = 1.2953, which is not the share-weighted mean of the brands' S, 1.55, that
``dirichlet_fit`` gives. Without the three brands of the largest S the weighted mean is 1.2953 to all its digits, so
that is likely how it came about; here it is given to the figures.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

from segmodels.errors import InputError
from segmodels.models.wallet.counts_brands import DirichletMarket, dirichlet_figures, dirichlet_fit

ROWS = list(pd.read_csv(Path(__file__).with_name("wallet.csv")).itertuples())
BRANDS = ["Colgate DC", "Macleans", "Close Up", "Signal", "ultrabrite", "Gibbs SR", "Boots", "Sainsbury"]
SHARES = np.array([0.25, 0.19, 0.10, 0.10, 0.09, 0.08, 0.03, 0.02])
PENETRATIONS = np.array([0.20, 0.17, 0.09, 0.08, 0.08, 0.07, 0.03, 0.02])


@pytest.fixture(scope="module")
def market():
    return dirichlet_fit(0.56, 2.6, SHARES, PENETRATIONS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.quantity}-{row.brand}-{row.atol}")
def test_published_number(row, market):
    if row.quantity in ("M", "K"):
        got = getattr(market, row.quantity)
    else:
        given = DirichletMarket(market.M, market.K, row.S)
        got = dirichlet_figures(given, SHARES)[row.quantity][BRANDS.index(row.brand)]
    assert got == pytest.approx(row.value, abs=row.atol * 1.001)


def test_without_the_three_largest_s_their_mean_is_that_of_the_printed_figures(market):
    each = np.array([dirichlet_fit(0.56, 2.6, [m], [b]).S for m, b in zip(SHARES, PENETRATIONS, strict=True)])
    assert pytest.approx(np.average(each, weights=SHARES)) == market.S
    assert pytest.approx(1.55, abs=0.005) == market.S
    kept = each < 2
    assert np.average(each[kept], weights=SHARES[kept]) == pytest.approx(1.2953, abs=5e-5)


def test_a_market_gives_back_its_own_figures():
    truth = DirichletMarket(1.456, 0.7788, 1.3)
    figures = dirichlet_figures(truth, SHARES)
    buyers = 1 - nbinom.pmf(0, truth.K, truth.K / (truth.K + truth.M))
    found = dirichlet_fit(buyers, truth.M / buyers, SHARES, figures["penetration"])
    np.testing.assert_allclose((found.M, found.K, found.S), (truth.M, truth.K, truth.S), rtol=1e-8)


def test_figures_are_those_of_simulated_buyers():
    rng, market = np.random.default_rng(2), DirichletMarket(1.456, 0.7788, 1.2953)
    N = rng.poisson(rng.gamma(market.K, market.M / market.K, 400_000))
    for share in (0.25, 0.02):
        k = rng.binomial(N, rng.beta(market.S * share, market.S * (1 - share), N.size))
        got = dirichlet_figures(market, [share]).iloc[0]
        error = 4 / np.sqrt((k > 0).sum())
        assert got["penetration"] == pytest.approx((k > 0).mean(), rel=error)
        assert got["purchase_rate"] == pytest.approx(k[k > 0].mean(), rel=error)
        assert got["category_rate"] == pytest.approx(N[k > 0].mean(), rel=error)


def test_impossible_markets_are_refused():
    with pytest.raises(InputError, match=r"(?s)penetration.*rate.*shares"):
        dirichlet_fit(56, 0.5, [0.8, 0.7], [0.2, 0.1])
    with pytest.raises(InputError, match="one window"):
        dirichlet_fit(0.5, 2.0, [0.01], [0.45])

"""Are the posteriors right on average? Ranks of the truth among draws, and coverage of forecasts."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, kstest

import segmodels as sg
from segmodels.likelihoods import bg_nbd
from segmodels.tables.simulate import simulate_bg_nbd, simulate_gamma_gamma

PURCHASES = {
    "r": sg.Normal(-0.5, 0.4),
    "alpha": sg.Normal(-1.5, 0.4),
    "phi": sg.Normal(-1.0, 0.5),
    "kappa": sg.Normal(1.0, 0.5),
}
SPEND = {"p": sg.Normal(1.5, 0.4), "q": sg.Normal(1.0, 0.4), "v": sg.Normal(0.5, 0.4)}
AGE, DRAWS = 40.0, 199


def _ranks(model, priors, simulate, runs):
    """Rank of the true coordinates among the draws, shape (runs, coordinates); uniform if all is right."""
    rng = np.random.default_rng(20)
    ranks = []
    for run in range(runs):
        truth = np.array([prior.sample(rng, 1)[0] for prior in priors.values()])
        fit = model(**priors).fit(simulate(truth, rng), sg.Laplace(draws=DRAWS * 5), seed=run)
        form, scale = fit.density.parametrisation, fit.density.scale
        known = form.inverse(simulate.natural(truth), scale)
        ranks.append((fit.u[::5][:DRAWS] < known).sum(axis=0))
    return np.array(ranks)


class _Purchases:
    """All customers have the same age, so that the scale, mean age, is known to the prior."""

    def natural(self, truth):
        r, alpha, phi, kappa = truth
        drop = 1 / (1 + np.exp(-phi))
        return np.array([np.exp(r), AGE * np.exp(alpha), drop * np.exp(kappa), (1 - drop) * np.exp(kappa)])

    def __call__(self, truth, rng):
        return sg.Customers.read(simulate_bg_nbd(150, *self.natural(truth), AGE, rng), unit="week")


def _uniform(ranks):
    for column in ranks.T:
        assert kstest((column + 0.5) / (DRAWS + 1), "uniform").pvalue > 1e-3


@pytest.mark.slow
def test_ranks_are_uniform_under_bg_nbd():
    _uniform(_ranks(sg.BGNBD, PURCHASES, _Purchases(), 150))


@pytest.mark.slow
def test_ranks_are_uniform_under_gamma_gamma():
    """The scale of v is the median spend of the data, so the prior is moved back to the unit of the truth."""
    rng, ranks = np.random.default_rng(21), []
    for run in range(150):
        p, q, v = (float(np.exp(prior.sample(rng, 1)[0])) for prior in SPEND.values())
        x = rng.integers(1, 8, 120)
        frame = simulate_gamma_gamma(x, p, 1 + q, v, rng).assign(recency=5.0, T=10.0)
        fit = sg.GammaGamma(**SPEND).fit(sg.Customers.read(frame, unit="week"), sg.MAP(), seed=run)
        # the prior on v is stated in units of the median: take it back to the unit of the truth
        shifted = sg.Normal(SPEND["v"].mean - np.log(fit.density.scale), SPEND["v"].sd)
        model = sg.GammaGamma(p=SPEND["p"], q=SPEND["q"], v=shifted)
        fit = model.fit(sg.Customers.read(frame, unit="week"), sg.Laplace(draws=DRAWS * 5), seed=run)
        known = fit.density.parametrisation.inverse(np.array([p, 1 + q, v]), fit.density.scale)
        ranks.append((fit.u[::5][:DRAWS] < known).sum(axis=0))
    _uniform(np.array(ranks))


@pytest.mark.slow
def test_forecast_intervals_cover_simulated_futures():
    """At the nominal level, for customers and for their sum."""
    truth, inside, totals, customers = (0.6, 5.0, 0.8, 2.5), 0, 0, 0
    for run in range(30):
        rng = np.random.default_rng(run)
        frame = simulate_bg_nbd(300, *truth, 40.0, rng)
        x, t_x = frame["frequency"].to_numpy(), frame["recency"].to_numpy()
        alive = rng.random(300) < bg_nbd.alive(x, t_x, 40.0, *truth)
        future = bg_nbd.simulate_future(rng, [0.0, 26.0], x, 40.0, *truth)[:, 0] * alive
        fit = sg.BGNBD().fit(sg.Customers.read(frame, unit="week"), sg.Laplace(draws=600), seed=run)
        table = fit.expected_purchases(26, interval=0.8)
        hit = (table["low"].to_numpy() <= future) & (future <= table["high"].to_numpy())
        inside, customers = inside + int(hit.sum()), customers + 300
        low, high = np.quantile(fit.total(26, of="prediction"), (0.1, 0.9))
        totals += int(low <= future.sum() <= high)
    assert inside / customers > 0.8  # counts are whole, so an interval holds a little more
    assert binom.cdf(totals, 30, 0.8) > 5e-3
    assert binom.sf(totals - 1, 30, 0.8) > 5e-4


def _segments(alphas, sizes, rng):
    frames = [
        simulate_bg_nbd(n, 0.9, alpha, 0.8, 2.5, 40.0, rng).assign(region=f"r{k:02d}")
        for k, (n, alpha) in enumerate(zip(sizes, alphas, strict=True))
    ]
    frame = pd.concat(frames, ignore_index=True)
    return sg.Customers.read(frame.assign(customer_id=np.arange(len(frame))), unit="week")


@pytest.mark.slow
def test_pooling_beats_own_estimates_and_shrinks_small_segments_more():
    rng, own, pooled = np.random.default_rng(2), [], []
    for _ in range(6):
        alphas = 6.0 * np.exp(rng.normal(0, 0.35, 8))
        sizes = (6, 8, 10, 15, 30, 80, 200, 400)
        table = sg.BGNBD(by="region").fit(_segments(alphas, sizes, rng), sg.MAP(), seed=1).shrinkage()
        rates = table[table["effect"] == "purchase"]
        truth = 0.9 / alphas
        own.append(np.log(rates["own"] / truth).to_numpy())
        pooled.append(np.log(rates["pooled"] / truth).to_numpy())
        assert rates["shrinkage"].iloc[:3].mean() > rates["shrinkage"].iloc[-2:].mean()
        assert rates["shrinkage"].between(0, 1).all()
    assert np.mean(np.square(pooled)) < np.mean(np.square(own))


@pytest.mark.slow
def test_segments_that_are_the_same_are_pooled_almost_fully():
    customers = _segments([6.0] * 6, [250] * 6, np.random.default_rng(5))
    fit = sg.BGNBD(by="region").fit(customers, sg.MAP(), seed=1)
    posterior = fit.posterior["posterior"]
    assert float(posterior["purchase_sd"].squeeze()) < 0.2
    assert float(np.abs(posterior["purchase_shift"]).max()) < 0.15

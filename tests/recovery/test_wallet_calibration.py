"""Simulation-based calibration of WalletShare: ranks of the truth among the draws are uniform.

Source: Talts et al. (2018), Validating Bayesian inference algorithms with simulation-based calibration.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import segmodels as sg
from segmodels.inference.priors import Normal
from segmodels.likelihoods import box_cox
from segmodels.models.wallet.share import WalletShare
from segmodels.tables.wallets import Wallets

DRAWS = 199
PRIORS = {
    "level": Normal(0.0, 0.5),
    "slope": Normal(0.0, 0.5),
    "bend": Normal(0.0, 0.4),
    "sigma": Normal(-0.5, 0.3),
    "hurdle": Normal(-1.0, 0.7),
    "hurdle_slope": Normal(0.0, 0.5),
    "hurdle_bend": Normal(0.0, 0.8),
    "nonbuyer_level": Normal(0.0, 0.5),
    "nonbuyer_hurdle": Normal(-0.5, 0.5),
    "spread_slope": Normal(0.0, 0.2),
}


def _own_spend(own):
    """Centred logs up to the ends of their middle 95 %, the square that is 1 at both ends, and who buys."""
    buyer = own > 0
    logs = np.log(own[buyer])
    low, high = np.quantile(logs - logs.mean(), (0.025, 0.975))
    y, bend = np.zeros(len(own)), np.zeros(len(own))
    y[buyer] = np.clip(logs - logs.mean(), low, high)
    bend[buyer] = ((2 * y[buyer] - low - high) / (high - low)) ** 2
    return y, bend, buyer


def _world(rng, n, scale, segments, priors, *, covariate):
    """A truth from the prior, and the answers it gives; money is fixed by the shift of the level's prior."""
    truth = {name: float(prior.sample(rng, 1)[0]) for name, prior in priors.items()}
    own = np.where(rng.random(n) < 0.15, 0.0, np.exp(rng.normal(3.0, 1.0, n)))
    y, bend, buyer = _own_spend(own)
    x = rng.normal(size=n)
    frame = pd.DataFrame(
        {"id": np.arange(n), "own": own, "x": x, "segment": rng.integers(0, max(segments, 1), n)}
    )
    code = frame["segment"].to_numpy()
    m = truth["level"] + np.where(buyer, truth["slope"] * y + truth["bend"] * bend, truth["nonbuyer_level"])
    logit = truth["hurdle"] + np.where(
        buyer, truth["hurdle_slope"] * y + truth["hurdle_bend"] * bend, truth["nonbuyer_hurdle"]
    )
    if segments:
        for name in ("level", "slope", "none"):
            truth[f"{name} sd"] = abs(rng.normal(0, 0.5))
            for s in range(segments):
                truth[f"{name}[{s}]"] = rng.normal(0, truth[f"{name} sd"])
            shift = np.array([truth[f"{name}[{s}]"] for s in range(segments)])[code]
            m = m + shift * {"level": 1.0, "slope": y, "none": 0.0}[name]
            logit = logit + shift * (name == "none")
    if covariate:
        z = (x - x.mean()) / x.std()
        truth["level[x]"], truth["none[x]"] = rng.normal(0, 0.5, 2)
        m, logit = m + truth["level[x]"] * z, logit + truth["none[x]"] * z
    sigma, lower = np.exp(truth["sigma"] + truth["spread_slope"] * y), -1 / scale if scale else -np.inf
    e = m + sigma * rng.normal(size=n)
    while (low := e <= lower).any():
        e[low] = (m + sigma * rng.normal(size=n))[low]
    c = np.where(rng.random(n) < 1 / (1 + np.exp(-logit)), 0.0, box_cox.inverse(e, scale))
    return truth, frame.assign(total=own + c)


def _rank(truth, fit):
    names = fit.density.names
    u = fit.u[::5][:DRAWS]
    known = {name: np.log(value) if name.endswith(" sd") else value for name, value in truth.items()}
    return {name: int((u[:, k] < known[name]).sum()) for k, name in enumerate(names)}


def _money(frame):
    c = (frame["total"] - frame["own"]).to_numpy()
    return float(np.exp(np.log(c[c > 1e-12]).mean()))


def _in_money(priors, truth, money, scale):
    """Priors and truth of amounts z, for amounts in units of `money`: z becomes k z + shift."""
    k = money**-scale
    shift = (k - 1) / scale if scale else -np.log(money)
    for name in ("level", "slope", "bend", "nonbuyer_level"):
        add = shift if name == "level" else 0.0
        priors = priors | {name: Normal(priors[name].mean * k + add, priors[name].sd * k)}
        truth = truth | {name: truth[name] * k + add}
    sigma = Normal(priors["sigma"].mean + np.log(k), priors["sigma"].sd)
    return priors | {"sigma": sigma}, truth | {"sigma": truth["sigma"] + np.log(k)}


def _ranks(runs, n, setting, *, segments=0, covariate=False, scale=0.0, priors=PRIORS):
    """The unit of money hangs on the answers, so priors and truth are put into it."""
    rng, ranks = np.random.default_rng(31), []
    for run in range(runs):
        truth, frame = _world(rng, n, scale, segments, priors, covariate=covariate)
        if (frame["total"] > frame["own"] + 1e-12).sum() <= 3:
            continue
        given, truth = _in_money(priors, truth, _money(frame), scale)
        spec = WalletShare(
            **given,
            coefficient=Normal(0.0, 0.5),
            scale=scale,
            by="segment" if segments else None,
            covariates=("x",) if covariate else (),
        )
        wallets = Wallets.read(frame, customer="id", own="own", total="total")
        ranks.append(_rank(truth, spec.fit(wallets, setting, seed=run)))
    return pd.DataFrame(ranks)


def _uniform(ranks):
    for name, column in ranks.items():
        p = kstest((column + 0.5) / (DRAWS + 1), "uniform").pvalue
        assert p > 1e-3, (name, p)


@pytest.mark.slow
def test_ranks_are_uniform_under_wallet_share():
    _uniform(_ranks(200, 80, sg.Laplace(draws=DRAWS * 5), covariate=True))


@pytest.mark.slow
def test_ranks_are_uniform_under_wallet_share_with_segments():
    _uniform(_ranks(40, 120, sg.Laplace(draws=DRAWS * 5), segments=4))


@pytest.mark.slow
def test_ranks_are_uniform_on_a_box_cox_scale_that_is_cut_off():
    priors = PRIORS | {"sigma": Normal(0.2, 0.2)}
    _uniform(_ranks(80, 100, sg.Laplace(draws=DRAWS * 5), scale=0.4, priors=priors))

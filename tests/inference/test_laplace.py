"""Laplace's draws: weights, ridges, what k-hat says, and NUTS as the judge."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.inference.diagnose import importance, walls
from segmodels.inference.laplace import Weighted, around, weighted_draws
from segmodels.inference.optimise import Mode, find_mode
from segmodels.inference.priors import SoftBox
from segmodels.inference.proposal import Mixture
from segmodels.inference.ridge import bends, follow, leading
from segmodels.tables.simulate import simulate_bg_nbd


def skewed(u):
    """The logarithm of a Gamma(0.8) in the first coordinate, which bends the mean of the second."""
    x, gap = u[0], u[1] - 0.5 * u[0] ** 2
    value = 0.8 * x - np.exp(x) - 0.5 * gap**2 / 0.09
    return value, np.array([0.8 - np.exp(x) + gap * x / 0.09, -gap / 0.09])


def skewed_many(u):
    return np.array([skewed(row)[0] for row in u])


def test_a_mixture_integrates_to_one_and_its_draws_agree():
    mixture = Mixture(np.array([[0.0], [4.0]]), np.array([[[1.0]], [[0.5]]]), np.array([0.3, 0.7]))
    grid = np.linspace(-60, 60, 200_001)
    density = np.exp(mixture.log_density(grid[:, None]))
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-5)
    draws = mixture.sample(np.random.default_rng(1), 100_000)[:, 0]
    below = np.trapezoid(density[grid < 3.5], grid[grid < 3.5])
    assert (draws < 3.5).mean() == pytest.approx(below, abs=5e-3)


def test_a_bent_posterior_is_noticed_and_followed():
    mode = find_mode(skewed, [np.zeros(2)])
    ridge = leading(mode)
    assert bends(skewed, ridge)
    rng = np.random.default_rng(3)
    weighted = weighted_draws(follow(skewed, ridge), skewed_many, 4000, rng)
    assert weighted.khat < 0.5
    assert weighted.effective > 800
    first = weighted.resample(rng)[:, 0]
    truth = np.log(np.random.default_rng(9).gamma(0.8, size=400_000))
    assert first.mean() == pytest.approx(truth.mean(), abs=0.12)
    assert first.std() == pytest.approx(truth.std(), rel=0.08)


def test_resampling_keeps_the_mean_and_the_number():
    rng = np.random.default_rng(1)
    proposals = rng.normal(size=(5000, 2))
    weights = rng.dirichlet(np.full(5000, 0.5))
    drawn = Weighted(proposals, weights, 0.1).resample(rng)
    assert drawn.shape == proposals.shape
    assert drawn.mean(axis=0) == pytest.approx(weights @ proposals, abs=0.02)


def test_k_hat_limits_depend_on_the_number_of_draws():
    few = importance(Weighted(np.zeros((500, 1)), np.full(500, 1 / 500), 0.66))
    many = importance(Weighted(np.zeros((4000, 1)), np.full(4000, 1 / 4000), 0.66))
    thin = importance(Weighted(np.zeros((4000, 1)), np.append(0.9, np.full(3999, 0.1 / 3999)), 0.2))
    assert (few.passed, many.passed, thin.passed) == (False, True, False)
    assert "more of them may cure it: Laplace(draws=4000), or else NUTS()" in few.text


def test_a_poor_proposal_fails_and_says_so():
    narrow = around(Mode(np.zeros(1), 0.0, np.array([[2500.0]]), 0.0))
    weighted = weighted_draws(narrow, lambda u: -0.5 * (u**2).sum(axis=1), 2000, np.random.default_rng(1))
    assert not importance(weighted).passed


def test_a_handful_of_draws_is_no_error_and_no_success():
    wide = around(Mode(np.zeros(1), 0.0, np.eye(1), 0.0))
    weighted = weighted_draws(wide, lambda u: -0.5 * (u**2).sum(axis=1), 2, np.random.default_rng(1))
    assert weighted.resample(np.random.default_rng(1)).shape == (2, 1)
    assert not importance(weighted).passed


def test_no_mode_is_said_with_advice():
    with pytest.raises(sg.NotConverged, match="informative priors"):
        find_mode(lambda u: (float(u[0]), np.ones(1)), [np.zeros(1)])


def test_k_hat_passes_for_pareto_nbd_whatever_the_seed(cdnow_customers):
    """Its posterior has a long tail towards equal death rates, which draws around the mode never see."""
    spreads = []
    for seed in (1, 2, 3):
        fit = sg.ParetoNBD().fit(cdnow_customers, sg.Laplace(), seed=seed)
        evidence = {item.name: item for item in fit.evidence}["Pareto k-hat"]
        assert evidence.passed
        assert evidence.table["effective_draws"].item() > 1000
        spreads.append(fit.u.std(axis=0)[2])
    assert np.ptp(spreads) < 0.1 * np.mean(spreads)


def _judge(judged, judge, mean, sd):
    gap = np.abs(judged.mean(axis=0) - judge.mean(axis=0)) / judge.std(axis=0)
    ratio = judged.std(axis=0) / judge.std(axis=0)
    assert np.all(gap < mean), gap
    assert np.all(np.abs(ratio - 1) < sd), ratio


@pytest.mark.slow
def test_laplace_and_nuts_agree_on_cdnow(cdnow_customers):
    laplace = sg.BGNBD().fit(cdnow_customers, sg.Laplace(), seed=1)
    nuts = sg.BGNBD().fit(cdnow_customers, sg.NUTS(draws=1500, tune=1000, chains=2), seed=2)
    assert not [str(item) for item in nuts.evidence if item.passed is False]
    _judge(laplace.u, nuts.u, 0.12, 0.1)
    totals = [fit.total(39).to_numpy() for fit in (laplace, nuts)]
    assert totals[0].mean() == pytest.approx(totals[1].mean(), abs=0.15 * totals[1].std())
    assert totals[0].std() == pytest.approx(totals[1].std(), rel=0.1)


@pytest.mark.slow
def test_laplace_and_nuts_agree_under_pooling():
    rng = np.random.default_rng(4)
    frames = []
    for k, (n, alpha) in enumerate(((300, 3.0), (150, 6.0), (60, 9.0), (12, 4.0))):
        frames.append(simulate_bg_nbd(n, 0.8, alpha, 0.8, 2.5, 30.0, rng).assign(region=f"r{k}"))
    frame = pd.concat(frames, ignore_index=True)
    customers = sg.Customers.read(frame.assign(customer_id=np.arange(len(frame))), unit="week")
    priors = {
        "r": sg.Normal(0, 1),
        "alpha": sg.Normal(-1, 1),
        "phi": sg.Normal(-1, 1),
        "kappa": sg.Normal(1, 1),
    }
    model = sg.BGNBD(by="region", **priors)
    laplace = model.fit(customers, sg.Laplace(draws=4000), seed=1)
    nuts = model.fit(customers, sg.NUTS(draws=1500, tune=1500, chains=2), seed=2)
    evidence = {item.name: item for item in laplace.evidence}["Pareto k-hat"]
    assert evidence.passed, evidence.text
    _judge(laplace.u, nuts.u, 0.25, 0.2)
    mine, theirs = (fit.total(26, by="region").to_numpy() for fit in (laplace, nuts))
    _judge(mine.T, theirs.T, 0.2, 0.15)


def test_what_fails_is_named_and_its_cure():
    """k-hat that passes is not what is at fault where draws count for little (C11)."""
    thin = importance(Weighted(np.zeros((4000, 1)), np.append(0.9, np.full(3999, 0.1 / 3999)), 0.2))
    assert "4,000 draws count as 1 (at least 100 wanted)" in thin.text
    assert "k-hat is well; too few draws count. More draws may cure it: Laplace(draws=16000)" in thin.text
    far = importance(Weighted(np.zeros((500, 1)), np.full(500, 1 / 500), 0.9))
    assert far.text.endswith("The approximation is poor: use NUTS().")


def test_what_the_data_leave_open_is_said_in_plain_words():
    """No 'walls' (C13)."""
    loose = walls(("r",), (SoftBox(-3.0, 3.0),), Mode(np.zeros(1), 0.0, np.array([[0.5]]), 0.0))
    tight = walls(("r",), (SoftBox(-3.0, 3.0),), Mode(np.zeros(1), 0.0, np.array([[500.0]]), 0.0))
    assert (loose.passed, tight.passed) == (False, True)
    assert loose.text.startswith(
        "The data do not determine r: hardly more than the limits that the prior sets"
    )
    assert "wall" not in loose.text + tight.text

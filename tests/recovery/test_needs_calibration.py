"""Is the posterior of latent classes right on average? Ranks of the truth among NUTS draws, and an exact posterior."""

import numpy as np
import nutpie
import pandas as pd
import pytest
from scipy.stats import beta, kstest

import segmodels as sg
from segmodels.models.needs.latent_class_problem import even
from segmodels.models.needs.latent_class_sampling import density_arrays, pymc_model
from segmodels.models.needs.latent_class_tables import class_shares, probabilities

CONCENTRATION, RESPONDENTS, RUNS = 2.0, 150, 100


def survey_of(yes):
    frame = pd.DataFrame(yes.astype(int), columns=[f"q{j + 1}" for j in range(yes.shape[1])])
    items = [sg.Item(name, "binary", (0, 1)) for name in frame]
    return sg.Responses.read(frame, customer=None, items=items)


def quantities(problem, theta):
    """What does not depend on labels: marginal probabilities, the larger share, and the log-likelihood."""
    share, p = class_shares(problem, theta)[0], probabilities(problem, theta)[1::2]
    joint = problem.log_joint(theta)
    return [*(p @ share), share.max(), problem.weight @ np.logaddexp(*joint.T)]


def simulated(rng):
    """Truth from the prior, answers from the truth."""
    share = rng.dirichlet(np.full(2, CONCENTRATION))
    p = rng.beta(CONCENTRATION, CONCENTRATION, (2, 4))
    z = rng.choice(2, RESPONDENTS, p=share)
    problem = sg.LatentClass(2).problem(survey_of(rng.random((RESPONDENTS, 4)) < p[z]))
    truth = np.concatenate([[np.log(share[1] / share[0])], np.log(p / (1 - p)).T.ravel()])
    return problem, truth


def ranks(seed):
    """Rank of the truth among the draws, between 0 and 1, shape (runs, quantities); compiled once."""
    rng, found = np.random.default_rng(seed), []
    first, _ = simulated(rng)
    compiled = nutpie.compile_pymc_model(pymc_model(first, CONCENTRATION))
    for run in range(RUNS):
        problem, truth = simulated(rng)
        arrays = density_arrays(even(problem, CONCENTRATION))
        own = compiled.with_data(**{name: np.asarray(values) for name, values in arrays.items()})
        tree = nutpie.sample(own, draws=400, tune=400, chains=2, seed=run, progress_bar=False)
        draws = tree["posterior"]["theta"].to_numpy().reshape(-1, problem.size)[::8]
        every = np.array([quantities(problem, u) for u in draws])
        found.append((every < quantities(problem, truth)).mean(axis=0))
    return np.array(found)


@pytest.mark.slow
def test_ranks_are_uniform():
    found = ranks(31)
    for column in found.T:
        assert kstest(column, "uniform").pvalue > 1e-3
        # too wide or too narrow a posterior puts ranks in the middle or at the ends
        assert kstest(np.abs(2 * column - 1), "uniform").pvalue > 1e-3


@pytest.mark.slow
def test_one_class_has_the_posterior_of_the_textbook():
    rng = np.random.default_rng(1)
    yes = rng.random((60, 2)) < [0.3, 0.9]
    fit = sg.LatentClass(1).fit(survey_of(yes), sg.NUTS(draws=1000, tune=500, chains=2), seed=3)
    table = fit.profile().set_index(["item", "category"])
    for j, name in enumerate(("q1", "q2")):
        exact = beta(1 + yes[:, j].sum(), 1 + (~yes[:, j]).sum())
        row = table.loc[(name, "1")]
        assert row["probability"] == pytest.approx(exact.mean(), abs=4 * exact.std() / 20)
        assert row["standard_error"] == pytest.approx(exact.std(), rel=0.15)
        assert row["low"] == pytest.approx(exact.ppf(0.025), abs=0.02)


@pytest.mark.slow
def test_a_style_is_sampled_and_labels_are_those_of_the_mode(shared_data):
    frame = pd.read_csv(shared_data / "risk" / "risk.csv").iloc[:250, :3]
    answers = sg.Responses.read(frame, customer=None, items=dict.fromkeys(frame, "ordinal"))
    spec = sg.LatentClass(2, style=("agreement",), nodes=5, starts=sg.Starts(10, 3))
    fit = spec.fit(answers, sg.NUTS(draws=150, tune=250, chains=2), seed=1)
    named = {each.name for each in fit.evidence}
    assert {"Label switching", "R-hat", "Effective sample size", "Divergences"} <= named
    drawn = fit.posterior["posterior"]["class_share"]
    assert drawn.dims == ("chain", "draw", "class")
    np.testing.assert_allclose(drawn.sum("class"), 1.0)
    every = fit.membership_draws(draws=40).mean(axis=0)
    # most respondents are where the mode has them
    assert (every.argmax(axis=1) == fit.membership().argmax(axis=1)).mean() > 0.8

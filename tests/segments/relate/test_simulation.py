"""The simulation of Bakk and Kuha (2018) at their middle separation, and the size of the tests.

The whole grid is ``benchmarks/outside_relations.py``; this is its middle cell.
"""

import numpy as np
import pytest
from bakk_kuha import (
    MEANS,
    SLOPES,
    answers,
    likely,
    measured,
    measurement,
    table,
    with_covariate,
    with_outcome,
)

from segmodels.segments.relate.relate import relate_measurement

SETS, SIZE, SEPARATION = 24, 1000, 0.8
METHODS = ("naive", "bch", "ml", "two-step")


@pytest.fixture(scope="module")
def grid():
    """By method estimates and standard errors (sets, 5): three means, then the slopes of two classes."""
    found = {method: ([], []) for method in METHODS}
    for k in range(SETS):
        rng = np.random.default_rng([2018, k])
        y, _, z = with_outcome(rng, SIZE, SEPARATION)
        after = measured(y, SEPARATION, tolerance=1e-6)
        y, _, x = with_covariate(rng, SIZE, SEPARATION)
        before = measured(y, SEPARATION, tolerance=1e-6)
        for method, (estimates, errors) in found.items():
            means = relate_measurement(after, outcomes=table(z=z), method=method).outcomes
            slopes = relate_measurement(before, covariates=table(x=x), method=method).coefficients
            slopes = slopes[slopes["covariate"] == "x"]
            estimates.append([*means["estimate"], *slopes["coefficient"]])
            errors.append([*means["standard_error"], *slopes["standard_error"]])
    return {method: (np.array(estimates), np.array(errors)) for method, (estimates, errors) in found.items()}


TRUTH = np.append(MEANS, SLOPES[1:])
#: Means of -1 and 1, slopes of -1 and 1.
OUTCOME, COVARIATE = [0, 1], [3, 4]


def bias(estimates, columns):
    """Mean distance from the truth, away from zero counted as positive."""
    return ((estimates - TRUTH) * np.sign(TRUTH))[:, columns].mean()


@pytest.mark.slow
def test_naive_is_drawn_to_zero_as_published(grid):
    assert -0.35 < bias(grid["naive"][0], OUTCOME) < -0.2
    assert -0.5 < bias(grid["naive"][0], COVARIATE) < -0.3


@pytest.mark.slow
@pytest.mark.parametrize("method", ["bch", "ml", "two-step"])
def test_corrected_estimates_are_not(grid, method):
    estimates = grid[method][0]
    assert abs(bias(estimates, OUTCOME)) < 0.05
    # Slopes by BCH spread more, and more outwards: over 200 sets their bias is 0.02, over these few 0.04
    # more or less.
    assert abs(bias(estimates, COVARIATE)) < (0.1 if method == "bch" else 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["bch", "ml", "two-step"])
def test_intervals_cover_the_truth(grid, method):
    estimates, errors = grid[method]
    covered = np.abs(estimates - TRUTH) < 1.96 * errors
    # 120 intervals, not all independent: four standard errors about 95 per cent.
    assert 0.87 < covered.mean() <= 1


@pytest.mark.slow
def test_likelihoods_are_more_precise_than_weighting(grid):
    spread = {method: estimates.std(axis=0) for method, (estimates, _) in grid.items()}
    assert (spread["two-step"][COVARIATE] < spread["bch"][COVARIATE]).all()
    assert spread["ml"][COVARIATE].mean() < spread["bch"][COVARIATE].mean()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "assignment"), [("ml", "modal"), ("bch", "proportional")])
def test_omnibus_tests_have_their_size(method, assignment):
    """Nothing outside differs between classes: five per cent of tests say it does."""
    rejected = []
    for k in range(100):
        rng = np.random.default_rng([5, k])
        y = answers(rng, rng.integers(3, size=300), 0.85)
        known = measurement(y, np.full(3, 1 / 3), likely(0.85))
        found = relate_measurement(
            known,
            covariates=table(x=rng.normal(size=300)),
            outcomes=table(z=rng.normal(size=300), colour=rng.choice(["r", "g", "b"], 300)),
            method=method,
            assignment=assignment,
        )
        rejected += list(found.tests["p"] < 0.05)
    # 300 tests: four standard errors are .05.
    assert 0.015 < np.mean(rejected) < 0.1

"""Over many worlds: intervals hold the truth as often as they promise, and probabilities are calibrated."""

import numpy as np
import pytest
from projection_worlds import world
from sklearn.linear_model import LogisticRegression

from segmodels.segments.projection.calibrate import calibrate
from segmodels.segments.projection.projection import Projection

WORLDS = 10


@pytest.fixture(scope="module")
def fits():
    spec = Projection(classifier=LogisticRegression(max_iter=1000), replicates=30)
    made = [world(100 + seed, n=3000, asked=400) for seed in range(WORLDS)]
    return made, [spec.fit(each.survey, each.base, values="spend", seed=1) for each in made]


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["customers", "value"])
def test_intervals_hold_the_truth_as_often_as_they_promise(fits, quantity):
    inside, away = [], []
    for made, fit in zip(*fits, strict=True):
        weight = made.base["spend"] if quantity == "value" else None
        truth = np.bincount(made.truth, weight, minlength=3)
        table = fit.sizes if quantity == "customers" else getattr(fit, "values")  # noqa: B009 (PD011)
        inside += list((table["low"] <= truth) & (truth <= table["high"]))
        away += list((table[quantity] - truth) / table["standard_error"])
    # 30 intervals of 95 per cent, of which two in a world are nearly independent.
    assert np.mean(inside) >= 0.8
    # Errors are as large as the standard errors say, and on both sides.
    assert 0.7 < np.std(away) < 1.35
    assert abs(np.mean(away)) < 0.6


@pytest.mark.slow
def test_probabilities_of_customers_who_were_not_asked_are_calibrated(fits):
    slopes = []
    for made, fit in zip(*fits, strict=True):
        others = ~fit.base.asked
        known = np.where(np.arange(3) == made.truth[others][:, None], 0.0, -50.0)
        slopes.append(calibrate(np.log(fit.memberships[others]), known, np.ones(others.sum())).slope)
    assert np.mean(slopes) == pytest.approx(1, abs=0.12)
    assert all(fit.verdict.passed for fit in fits[1])


@pytest.mark.slow
def test_evidence_passes_in_worlds_that_fit(fits):
    for name in ("calibration", "agreement of totals", "balance of respondents and base"):
        passed = [next(each.passed for each in fit.evidence if each.name == name) for fit in fits[1]]
        assert passed.count(True) >= WORLDS - 1

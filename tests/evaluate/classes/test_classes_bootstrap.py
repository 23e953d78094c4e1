"""The bootstrap likelihood-ratio test: its size, its power, its p-values, and what it refuses."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from class_worlds import FEW, binary_frame, binary_survey, maximum_likelihood, nominal

from segmodels.errors import InputError, NotConverged
from segmodels.evaluate.classes.bootstrap_test import bootstrap_likelihood_ratio
from segmodels.evaluate.classes.split import split
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass


def test_two_classes_of_gss82_are_too_few_and_three_of_carcinoma_enough(fitted):
    few = bootstrap_likelihood_ratio(fitted("gss82", 2), fitted("gss82", 3), seed=1, replicates=19)
    assert few.statistic == pytest.approx(2 * (2783.2680 - 2754.5454), abs=1e-2)
    assert few.p == pytest.approx(1 / 20)
    assert (few.exceedances, few.stopped, len(few.replicates)) == (0, False, 19)
    enough = bootstrap_likelihood_ratio(
        fitted("carcinoma", 3), fitted("carcinoma", 4), seed=1, replicates=99, stop_after_exceedances=3
    )
    assert enough.p > 0.05
    assert enough.evidence.passed


def test_it_stops_where_p_is_clearly_not_small(fitted):
    test = bootstrap_likelihood_ratio(
        fitted("values", 2), fitted("values", 3), seed=1, stop_after_exceedances=4
    )
    assert test.stopped
    assert test.exceedances == 4
    assert test.p == pytest.approx(4 / len(test.replicates))
    assert len(test.replicates) < 99
    # The last sample is the one that stopped it.
    assert test.replicates["statistic"].iloc[-1] >= test.statistic


def test_p_does_not_depend_on_the_number_of_threads(fitted):
    one, many = (
        bootstrap_likelihood_ratio(
            fitted("values", 2), fitted("values", 3), seed=5, stop_after_exceedances=3, workers=workers
        )
        for workers in (1, 3)
    )
    assert one.p == many.p
    pd.testing.assert_frame_equal(one.replicates, many.replicates)


def test_one_class_more_never_fits_a_sample_worse(fitted):
    test = bootstrap_likelihood_ratio(fitted("carcinoma", 2), fitted("carcinoma", 3), seed=2, replicates=20)
    assert (test.replicates["statistic"] >= -1e-3).all()
    assert test.p == pytest.approx(1 / 21)


def test_missing_answers_weights_and_constants_are_honoured():
    frame = binary_frame(150, [0.6, 0.4], [[0.9] * 5, [0.1] * 5], 1, missing=0.3)
    frame["w"] = np.linspace(0.5, 1.5, 150)
    survey = nominal(frame, weight="w")
    fits = [LatentClass(k, starts=FEW).fit(survey, MAP(), seed=1) for k in (1, 2, 3)]
    first, second = (
        bootstrap_likelihood_ratio(less, more, seed=1, replicates=19, stop_after_exceedances=2)
        for less, more in pairwise(fits)
    )
    assert first.p == pytest.approx(1 / 20)
    assert second.p > 0.05


@pytest.mark.slow
def test_a_true_hypothesis_is_rejected_as_often_as_the_level_says():
    # With one exceedance enough to stop, p <= .05 means none in 19 samples: exactly one chance in twenty.
    rejected = []
    for seed in range(80):
        survey = binary_survey(100, [1.0], [[0.7, 0.5, 0.4, 0.6]], seed)
        less, more = (
            maximum_likelihood(k, starts=Starts(random=15, kept=5)).fit(survey, MAP(), seed=1) for k in (1, 2)
        )
        test = bootstrap_likelihood_ratio(
            less, more, seed=seed, replicates=19, stop_after_exceedances=1, workers=1
        )
        rejected.append(test.p <= 0.05)
    assert 0.0 < np.mean(rejected) <= 0.11


def test_a_missed_optimum_of_the_answers_is_made_good_and_told(fitted):
    fit, more = fitted("gss82", 2), fitted("gss82", 3)
    # One class is split in two equal ones: three classes that fit as two do.
    poor = more.at(split(fit.problem.layout, fit.theta, 0, SimpleNamespace(normal=lambda *_: 0.0)))
    tests = [bootstrap_likelihood_ratio(fit, each, seed=1, replicates=9) for each in (more, poor)]
    assert tests[0].missed_by == 0
    assert "missed" not in tests[0].evidence.text
    assert tests[1].missed_by == pytest.approx(more.log_likelihood - poor.log_likelihood, abs=1e-3)
    assert "missed its best optimum" in tests[1].evidence.text
    assert tests[1].statistic == pytest.approx(tests[0].statistic, abs=1e-2)
    assert tests[1].p == tests[0].p


def test_a_worse_fit_with_one_class_more_is_no_statistic(fitted):
    more = fitted("values", 3)
    poor = more.at(more.theta + np.random.default_rng(1).normal(0, 2, more.theta.shape))
    with pytest.raises(NotConverged, match="more starts"):
        bootstrap_likelihood_ratio(fitted("values", 2), poor, seed=1)


def test_what_makes_no_test_is_refused_all_at_once(fitted):
    with pytest.raises(InputError, match=r"(?s)one class more.*respondents.*replicates"):
        bootstrap_likelihood_ratio(fitted("values", 1), fitted("gss82", 3), seed=1, replicates=0)
    with pytest.raises(InputError, match="respondents"):
        bootstrap_likelihood_ratio(replace(fitted("values", 1), responses=None), fitted("values", 2), seed=1)

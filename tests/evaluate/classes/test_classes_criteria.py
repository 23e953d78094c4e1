"""Published criteria and entropies; laws of weights."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from class_worlds import maximum_likelihood, nominal

from segmodels.errors import InputError
from segmodels.evaluate.classes.criteria import (
    classification_entropy,
    criteria,
    entropies,
    information_criteria,
)
from segmodels.inference.settings import MAP

# Mplus' output on UCLA's page of Dayton's example.
MPLUS = {"AIC": 1796.286, "BIC": 1834.321, "aBIC": 1812.083}


@pytest.mark.parametrize(("name", "value"), MPLUS.items())
def test_criteria_are_those_that_mplus_prints(name, value):
    assert criteria(-891.143, 7, 1692)[name] == pytest.approx(value, abs=1.1e-3)


def test_sample_size_adjusted_bic_has_the_adjusted_size_alone_in_the_logarithm():
    wrong = 2 * 891.143 + 7 * np.log(1692 * (1692 + 2) / 24)
    assert wrong == pytest.approx(1864.119, abs=1e-3)  # StepMix 3.0.0
    assert criteria(-891.143, 7, 1692)["aBIC"] < 1813


@pytest.mark.parametrize(
    ("name", "n_classes", "criterion", "value"),
    [
        ("carcinoma", 2, "AIC", 664.514),
        ("carcinoma", 2, "BIC", 706.074),
        ("carcinoma", 3, "AIC", 633.410),
        ("carcinoma", 3, "BIC", 697.136),
        ("carcinoma", 3, "aBIC", 624.427),
        ("carcinoma", 3, "CAIC", 720.136),
        ("carcinoma", 3, "ICL", 716.409),
        ("cheating", 2, "BIC", 931.941),
        ("values", 2, "BIC", 1057.313),
        ("gss82", 2, "BIC", 5658.729),
        ("gss82", 3, "BIC", 5650.926),
        ("election", 3, "BIC", 34218.958),
    ],
)
def test_criteria_of_fits_are_those_of_the_literature(fitted, name, n_classes, criterion, value):
    assert information_criteria(fitted(name, n_classes))[criterion] == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "n_classes", "relative", "r_squared"),
    [
        ("carcinoma", 3, 0.9257, 0.9213),
        ("carcinoma", 2, 0.9855, None),
        ("cheating", 2, 0.7366, 0.5856),
        ("values", 2, 0.7193, 0.6715),
        ("gss82", 3, 0.6669, None),
        ("election", 3, 0.8336, None),
    ],
)
def test_both_entropies_have_their_names(fitted, name, n_classes, relative, r_squared):
    found = entropies(fitted(name, n_classes))
    assert found["relative_entropy"] == pytest.approx(relative, abs=1e-4)
    assert found["entropy_r_squared"] <= found["relative_entropy"]
    if r_squared is not None:
        assert found["entropy_r_squared"] == pytest.approx(r_squared, abs=1e-4)


def test_one_class_has_no_entropy_and_icl_is_bic(fitted):
    fit = fitted("values", 1)
    found = information_criteria(fit)
    assert found["ICL"] == found["BIC"]
    assert entropies(fit).drop("entropy").isna().all()


def test_entropy_counts_weights_and_nothing_for_certainty():
    posterior = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert classification_entropy(posterior, np.array([3.0, 9.0])) == pytest.approx(3 * np.log(2))


def test_weights_and_counts_are_repeated_rows(shared_data):
    frame = pd.read_csv(shared_data / "polca_values" / "values.csv")
    patterns = frame.value_counts().reset_index(name="times")
    fits = [
        maximum_likelihood(2).fit(nominal(rows, **roles), MAP(), seed=1)
        for rows, roles in ((frame, {}), (patterns, {"count": "times"}))
    ]
    for figures in (information_criteria, entropies):
        pd.testing.assert_series_equal(*map(figures, fits), rtol=1e-6)
    # Weights have a mean of 1: n is the number of rows, and what they say is shared out by weight.
    weighted = maximum_likelihood(2).fit(nominal(patterns, weight="times"), MAP(), seed=1)
    assert information_criteria(weighted)["n"] == len(patterns)
    shared = entropies(weighted).drop("entropy")
    pd.testing.assert_series_equal(shared, entropies(fits[0]).drop("entropy"), rtol=1e-4)


def test_a_fit_without_its_respondents_is_refused(fitted):
    with pytest.raises(InputError, match="respondents it was fitted to"):
        information_criteria(replace(fitted("values", 2), responses=None))

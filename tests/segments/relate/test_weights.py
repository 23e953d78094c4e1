"""Counts are replication, the scale of weights is nothing, and designs widen errors as they should."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bakk_kuha import measured, table, with_covariate

from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.sandwich import Sample, covariance

METHODS = [(m, a) for m in ("naive", "bch", "ml") for a in ("modal", "proportional")] + [
    ("two-step", "modal")
]
N = 400


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(2)
    y, classes, x = with_covariate(rng, N, 0.85)
    z = rng.normal(np.array([-1.0, 1.0, 0.0])[classes])
    colour = np.array(["red", "green", "blue"])[(classes + (rng.random(N) < 0.4)) % 3]
    n = rng.poisson(np.array([1.0, 3.0, 5.0])[classes])
    return y, rng.integers(1, 4, N).astype(float), table(x=x), table(z=z, colour=colour, n=n)


def related(y, sample, covariates, outcomes, method, assignment):
    fitted = measured(y, 0.85, sample, pseudo=0.0, tolerance=1e-12)
    kinds = {"n": "count"}
    return relate_measurement(
        fitted, covariates=covariates, outcomes=outcomes, kinds=kinds, method=method, assignment=assignment
    )


def assert_same(one, other):
    for name in ("coefficients", "outcomes", "tests", "differences"):
        a, b = getattr(one, name), getattr(other, name)
        numbers = a.select_dtypes("number").columns
        np.testing.assert_allclose(a[numbers], b[numbers], rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(one.classification, other.classification, rtol=1e-5)


@pytest.mark.parametrize(("method", "assignment"), METHODS)
def test_counts_are_replication(survey, method, assignment):
    y, count, covariates, outcomes = survey
    rows = np.repeat(np.arange(N), count.astype(int))

    def replicated(frame):
        return frame.iloc[rows].assign(customer_id=np.arange(len(rows)))

    merged = related(y, Sample(np.ones(N), count), covariates, outcomes, method, assignment)
    long = related(
        y[rows],
        Sample(np.ones(len(rows)), np.ones(len(rows))),
        replicated(covariates),
        replicated(outcomes),
        method,
        assignment,
    )
    assert_same(merged, long)


@pytest.mark.parametrize(("method", "assignment"), METHODS)
def test_the_scale_of_weights_is_nothing(survey, method, assignment):
    y, weight, covariates, outcomes = survey
    one, ten = (
        related(y, Sample(scale * weight, np.ones(N)), covariates, outcomes, method, assignment)
        for scale in (1.0, 10.0)
    )
    assert_same(one, ten)


def test_a_cluster_of_copies_counts_once(survey):
    y, _, covariates, outcomes = survey
    rows = np.tile(np.arange(N), 2)
    alone = related(
        y, Sample(np.ones(N), np.ones(N), None, np.arange(N)), covariates, outcomes, "ml", "modal"
    )
    copies = related(
        y[rows],
        Sample(np.ones(2 * N), np.ones(2 * N), None, rows.astype(np.int64)),
        covariates.iloc[rows].assign(customer_id=np.arange(2 * N)),
        outcomes.iloc[rows].assign(customer_id=np.arange(2 * N)),
        "ml",
        "modal",
    )
    for name in ("coefficients", "outcomes"):
        np.testing.assert_allclose(
            getattr(alone, name)["standard_error"], getattr(copies, name)["standard_error"], rtol=2e-3
        )


def test_strata_take_out_what_differs_between_them():
    influence = np.array([[1.0], [1.2], [-1.0], [-1.2]])
    even = Sample(np.ones(4), np.ones(4))
    within = replace(even, strata=np.array([0, 0, 1, 1]))
    # By hand: each stratum 2/1 times (0.1^2 + 0.1^2).
    assert covariance(influence, within).item() == pytest.approx(0.08)
    assert covariance(influence, even).item() == pytest.approx(4.88)
    clustered = replace(even, cluster=np.array([0, 0, 1, 1]))
    # Two units, 2.2 and -2.2 about 0, times 2/1.
    assert covariance(influence, clustered).item() == pytest.approx(19.36)


def test_strata_of_one_unit_add_nothing_and_counts_are_units():
    influence = np.array([[1.0], [3.0], [7.0]])
    sample = Sample(np.ones(3), np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1]))
    long = Sample(np.ones(4), np.ones(4), np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(covariance(influence, sample), covariance(influence[[0, 0, 1, 2]], long))


def test_order_of_respondents_and_of_tables_is_nothing(survey):
    y, weight, covariates, outcomes = survey
    rng = np.random.default_rng(0)
    order = rng.permutation(N)
    one = related(y, Sample(weight, np.ones(N)), covariates, outcomes, "ml", "modal")
    shuffled = measured(y[order], 0.85, Sample(weight[order], np.ones(N)), pseudo=0.0, tolerance=1e-12)
    shuffled = replace(shuffled, customer_id=pd.Index(order, name="customer_id"))
    other = relate_measurement(
        shuffled,
        covariates=covariates.sample(frac=1, random_state=1),
        outcomes=outcomes.set_index("customer_id"),
        kinds={"n": "count"},
    )
    assert_same(one, other)

"""Designs: errors of means by textbook formulas, resampling that has them, folds that split no unit."""

import numpy as np
import pytest

from segmodels.segments.projection.sampling import Design


def test_clusters_are_what_is_drawn():
    values = np.array([1.0, 3.0, 2.0, 6.0, 5.0, 7.0])
    design = Design.of(6, cluster=np.array([0, 0, 1, 1, 2, 2]))
    mean, error = design.mean(values, np.ones(6))
    means = np.array([2.0, 4.0, 6.0])
    assert mean == 4
    assert error == pytest.approx(means.std(ddof=1) / np.sqrt(3))


def test_strata_take_the_variance_between_them_away():
    values = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    strata = np.array([0, 0, 0, 1, 1, 1])
    _, error = Design.of(6, strata).mean(values, np.ones(6))
    assert error == pytest.approx(np.sqrt(0.25 / 3 + 0.25 / 3))
    assert Design.of(6).mean(values, np.ones(6))[1] > 3 * error


def test_a_unit_alone_in_its_stratum_still_adds_its_variance():
    _, error = Design.of(3, np.array([0, 0, 1])).mean(np.array([0.0, 0.0, 9.0]), np.ones(3))
    assert error > 1


def test_the_same_cluster_code_in_two_strata_is_two_clusters():
    design = Design.of(4, np.array([0, 0, 1, 1]), np.array([1, 1, 1, 2]))
    assert design.unit.tolist() == [0, 0, 1, 2]
    assert design.stratum.tolist() == [0, 1, 1]


def test_resampling_has_the_spread_of_the_mean():
    rng = np.random.default_rng(1)
    values, weight = rng.normal(size=30), rng.uniform(0.5, 2, 30)
    design = Design.of(30, np.arange(30) % 2, np.arange(30) // 3)
    means = [np.average(values, weights=weight * design.resample(rng)) for _ in range(3000)]
    assert np.std(means) == pytest.approx(design.mean(values, weight)[1], rel=0.1)
    times = design.resample(rng)
    # Of n units n - 1 are drawn and weigh n / (n - 1): each stratum keeps its number of units.
    first = np.unique(design.unit, return_index=True)[1]
    np.testing.assert_allclose(np.bincount(design.stratum, times[first]), np.bincount(design.stratum))


def test_folds_split_no_cluster_and_are_of_equal_size():
    cluster = np.random.default_rng(3).integers(0, 40, 500)
    design = Design.of(500, cluster=cluster)
    fold = design.folds(5, np.random.default_rng(1))
    assert all(len(set(fold[cluster == c])) == 1 for c in range(40))
    per_unit = fold[np.unique(design.unit, return_index=True)[1]]
    assert np.bincount(per_unit).tolist() == [8] * 5

"""Where classes are certain every method is plain regression on them, worked by hand."""

import numpy as np
import pandas as pd
import pytest
from bakk_kuha import table

from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.sandwich import Sample

METHODS = [
    (method, assignment)
    for method in ("naive", "bch", "ml", "two-step")
    for assignment in ("modal", "proportional")
]
#                 class a         class b
CLASSES = np.array([0] * 30 + [1] * 20)
GROUP = np.array(["x"] * 20 + ["y"] * 10 + ["x"] * 5 + ["y"] * 15)


def certain(classes, sample=None, names=("a", "b")):
    joint = np.where(np.eye(len(names))[classes] > 0, 0.0, -800.0)
    sample = sample or Sample(np.ones(len(classes)), np.ones(len(classes)))
    shares = np.bincount(classes, sample.case_weight) / sample.case_weight.sum()
    return Measurement(
        names, pd.RangeIndex(len(classes)), joint + np.log(shares), np.log(shares)[None], sample
    )


@pytest.mark.parametrize(("method", "assignment"), METHODS)
def test_a_logit_on_a_group_is_the_log_odds_ratio(method, assignment):
    found = relate_measurement(
        certain(CLASSES), covariates=table(group=GROUP), method=method, assignment=assignment
    )
    slope = found.coefficients.set_index("covariate").loc["group"]
    # Odds of b against a: 5 : 20 among x, 15 : 10 among y.
    assert slope["category"] == "y"
    assert slope["coefficient"] == pytest.approx(np.log((15 / 10) / (5 / 20)), rel=1e-8)
    assert slope["standard_error"] == pytest.approx(np.sqrt(1 / 15 + 1 / 10 + 1 / 5 + 1 / 20), rel=1e-8)
    assert slope["odds_ratio"] == pytest.approx(6, rel=1e-8)
    z = slope["coefficient"] / slope["standard_error"]
    assert found.tests["wald"].item() == pytest.approx(z**2, rel=1e-8)


@pytest.mark.parametrize(("method", "assignment"), METHODS)
def test_means_and_shares_are_those_of_the_groups(method, assignment):
    z = np.random.default_rng(5).normal(size=50)
    found = relate_measurement(
        certain(CLASSES), outcomes=table(z=z, group=GROUP), method=method, assignment=assignment
    )
    rows = found.outcomes.set_index(["outcome", "category", "class"])
    for k, name in enumerate("ab"):
        inside = z[k == CLASSES]
        assert rows.loc[("z", "", name), "estimate"] == pytest.approx(inside.mean(), rel=1e-8)
        error = np.sqrt(inside.var() / len(inside))
        assert rows.loc[("z", "", name), "standard_error"] == pytest.approx(error, rel=1e-8)
    share = rows.loc[("group", "y", "b")]
    assert share["estimate"] == pytest.approx(0.75, rel=1e-8)
    assert share["standard_error"] == pytest.approx(np.sqrt(0.75 * 0.25 / 20), rel=1e-8)
    tests = found.tests.set_index("variable")
    off = z[:30].mean() - z[30:].mean()
    assert tests.loc["z", "wald"] == pytest.approx(off**2 / (z[:30].var() / 30 + z[30:].var() / 20), rel=1e-8)
    assert tests["df"].tolist() == [1, 1]


@pytest.mark.parametrize("method", ["ml", "two-step"])
def test_counts_have_means_with_robust_errors(method):
    n = np.random.default_rng(5).poisson(3, size=50)
    found = relate_measurement(
        certain(CLASSES), outcomes=table(n=n), kinds={"n": "count"}, method=method
    ).outcomes
    assert found["estimate"].to_numpy() == pytest.approx([n[:30].mean(), n[30:].mean()], rel=1e-7)
    errors = [np.sqrt(n[:30].var() / 30), np.sqrt(n[30:].var() / 20)]
    assert found["standard_error"].to_numpy() == pytest.approx(errors, rel=1e-7)
    assert (found["low"] > 0).all()


def test_three_classes_and_two_covariates_solve_the_score_equations():
    rng = np.random.default_rng(9)
    x, group = rng.normal(size=300) * 40 + 2000, rng.integers(0, 3, 300)
    classes = rng.integers(0, 3, 300)
    found = relate_measurement(
        certain(classes, names=("a", "b", "c")), covariates=table(x=x, group=np.array(list("pqr"))[group])
    )
    frame = found.coefficients.pivot_table(
        index="class", columns=["covariate", "category"], values="coefficient", sort=False
    )
    design = np.column_stack([np.ones(300), x, group == 1, group == 2])
    logits = np.column_stack([np.zeros(300), design @ frame.to_numpy().T])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(design.T @ (np.eye(3)[classes] - p) / [[1], [2000], [1], [1]], 0, atol=1e-6)


def test_the_reference_class_changes_the_view_alone():
    rng = np.random.default_rng(9)
    classes, x = rng.integers(0, 3, 300), rng.normal(size=300)
    measurement = certain(classes, names=("a", "b", "c"))
    first, last = (
        relate_measurement(measurement, covariates=table(x=x), reference=name) for name in ("a", "c")
    )
    columns = ["wald", "df", "p"]
    np.testing.assert_allclose(first.tests[columns], last.tests[columns], rtol=1e-6)
    columns = ["difference", "standard_error", "p_holm"]
    np.testing.assert_allclose(first.differences[columns], last.differences[columns], rtol=1e-6)
    assert set(last.coefficients["class"]) == {"a", "b"}
    slope = first.coefficients.set_index(["class", "covariate"])["coefficient"].loc["c", "x"]
    back = last.coefficients.set_index(["class", "covariate"])["coefficient"].loc["a", "x"]
    assert slope == pytest.approx(-back, rel=1e-6)

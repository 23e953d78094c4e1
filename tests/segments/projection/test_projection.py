"""The whole way: totals that add up, truth within intervals, no signal where there is none, any table."""

# ruff: noqa: PD011 (`values` of a projection are no frame's)

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from projection_worlds import NAMES, TrueSurvey, world
from sklearn.linear_model import LogisticRegression

from segmodels.errors import InputError
from segmodels.segments.projection.projection import Projection

PLAIN = LogisticRegression(max_iter=1000)
QUICK = Projection(classifier=PLAIN, replicates=20)


@pytest.fixture(scope="module")
def made():
    return world(1, n=4000, asked=400)


@pytest.fixture(scope="module")
def fit(made):
    return QUICK.fit(made.survey, made.base, values="spend", seed=1)


def test_every_customer_has_probabilities_and_a_source(made, fit):
    table = fit.probabilities
    assert table["customer_id"].tolist() == made.base["customer_id"].tolist()
    assert list(table.columns) == ["customer_id", *NAMES, "source"]
    np.testing.assert_allclose(table[list(NAMES)].sum(axis=1), 1)
    assert (np.flatnonzero(table["source"] == "asked") == made.rows).all()
    assert set(table["source"]) == {"asked", "projected"}
    assert len(fit.segmentation) == len(made.base)
    assert fit.segmentation.names == NAMES


def test_sizes_and_values_add_up_and_are_the_sums_of_probabilities(made, fit):
    assert fit.sizes["customers"].sum() == pytest.approx(len(made.base))
    assert fit.values["value"].sum() == pytest.approx(made.base["spend"].sum())
    np.testing.assert_allclose(fit.draws[:, 0].sum(axis=1), len(made.base))
    np.testing.assert_allclose(fit.draws[:, 1].sum(axis=1), made.base["spend"].sum())
    summary = fit.segmentation.summary(made.base.set_index("customer_id")["spend"])
    np.testing.assert_allclose(summary["expected_customers"], fit.sizes["customers"])
    np.testing.assert_allclose(summary["expected_revenue"], fit.values["value"])
    assert (fit.sizes["low"] < fit.sizes["customers"]).all()
    np.testing.assert_allclose(fit.values["mean_value"], fit.values["value"] / fit.sizes["customers"])


def test_the_truth_is_near(made, fit):
    truth = np.bincount(made.truth)
    away = (fit.sizes["customers"] - truth) / fit.sizes["standard_error"]
    assert away.abs().max() < 3.5
    worth = np.bincount(made.truth, made.base["spend"])
    assert ((fit.values["value"] - worth) / fit.values["standard_error"]).abs().max() < 3.5
    projected = ~fit.base.asked
    assert np.abs(fit.memberships[projected] - made.probability[projected]).mean() < 0.08
    assert fit.verdict.passed


def test_answers_make_respondents_surer_than_features_do(made, fit):
    own = fit.memberships[made.rows, made.truth[made.rows]]
    others = fit.memberships[np.arange(len(made.base)), made.truth][~fit.base.asked]
    assert own.mean() > others.mean() + 0.15


def test_the_evidence_holds_in_a_world_that_fits(fit):
    found = {each.name: each.passed for each in fit.evidence}
    assert found["signal"]
    assert found["balance of respondents and base"]
    assert found["agreement of totals"]
    assert set(fit.candidates["classifier"]) == {"LogisticRegression"}
    assert repr(fit).startswith("ProjectionFit from")
    ways = next(each for each in fit.evidence if each.name == "agreement of totals").table
    assert ways["way"].unique().tolist() == ["model-assisted", "quantification", "answers alone"]


def test_the_order_of_rows_changes_nothing_and_the_seed_fixes_everything(made, fit):
    rng = np.random.default_rng(1)
    shuffled = made.base.iloc[rng.permutation(len(made.base))]
    order = rng.permutation(len(made.rows))
    survey = TrueSurvey(made.survey.components, made.survey.responses.take(order))
    again = QUICK.fit(survey, shuffled, values="spend", seed=1)
    pd.testing.assert_frame_equal(again.sizes, fit.sizes, check_exact=True)
    pd.testing.assert_frame_equal(again.values, fit.values, check_exact=True)
    pd.testing.assert_frame_equal(again.lift, fit.lift, check_exact=True)
    mine = again.probabilities.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(mine, fit.probabilities, check_exact=True)
    other = QUICK.fit(made.survey, made.base, values="spend", seed=2)
    assert not np.array_equal(other.draws, fit.draws)


def test_values_may_come_beside_the_base(made, fit):
    worth = made.base.set_index("customer_id")["spend"].sample(frac=1, random_state=1)
    features = Projection(features=("income", "age", "tenure"), classifier=PLAIN, replicates=20)
    beside = features.fit(made.survey, made.base.drop(columns="spend"), values=worth, seed=1)
    pd.testing.assert_frame_equal(beside.values, fit.values)
    scored = beside.score(made.base.head(5), values=worth)
    assert scored["customer_id"].tolist() == made.base["customer_id"].head(5).tolist()
    with pytest.raises(InputError, match="values: got missing"):
        features.fit(made.survey, made.base, values=worth.iloc[1:], seed=1)
    with pytest.raises(InputError, match="expected values"):
        _ = replace(fit, base=replace(fit.base, amounts=None)).values


def test_other_customers_are_scored_as_those_of_the_base(made, fit):
    projected = made.base[~fit.base.asked].head(7)
    scored = fit.score(projected)
    expected = fit.memberships[projected.index]
    np.testing.assert_allclose(scored[list(NAMES)], expected)


@pytest.mark.parametrize("kind", ["polars", "arrow", "ibis"])
def test_a_table_goes_out_as_it_came_in(made, fit, kind):
    data = pa.Table.from_pandas(made.base, preserve_index=False)
    source = {"polars": pl.from_arrow, "arrow": lambda t: t, "ibis": ibis.memtable}[kind](data)
    found = QUICK.fit(made.survey, source, values="spend", seed=1)
    assert isinstance(
        found.probabilities, {"polars": pl.DataFrame, "arrow": pa.Table, "ibis": ibis.Table}[kind]
    )
    pd.testing.assert_frame_equal(found.sizes, fit.sizes, check_exact=True)
    assert found.base.customers.kind == kind
    assert fit.base.customers.kind == "pandas"


def test_features_that_say_nothing_give_everyone_the_shares():
    made = world(5, n=3000, asked=400, signal=0.0)
    fit = QUICK.fit(made.survey, made.base, values="spend", seed=1)
    assert fit.verdict.passed is False
    assert "No signal" in fit.verdict.text
    assert repr(fit).endswith("no signal")
    projected = fit.memberships[~fit.base.asked]
    np.testing.assert_allclose(projected, np.repeat(projected[:1], len(projected), axis=0))
    # Respondents still have what they answered.
    assert fit.memberships[fit.base.asked].max(axis=1).mean() > 0.6
    truth = np.bincount(made.truth)
    assert (((fit.sizes["customers"] - truth) / fit.sizes["standard_error"]).abs() < 3.5).all()
    assert fit.sizes["customers"].sum() == pytest.approx(3000)


def test_a_base_of_nothing_but_respondents_is_what_they_answered():
    made = world(7, n=600, asked=300, bias=0.0)
    everyone = made.base.iloc[made.rows]
    fit = QUICK.fit(made.survey, everyone, values="spend", seed=1)
    assert fit.base.asked.all()
    assert set(fit.probabilities["source"]) == {"asked"}
    truth = np.bincount(made.truth[made.rows])
    assert ((fit.sizes["customers"] - truth).abs() < 3.5 * fit.sizes["standard_error"]).all()


def test_weights_for_answering_take_the_bias_of_a_survey_away():
    made = world(6, n=5000, asked=800, bias=1.6)
    # The classifier is not told what decides who answers, so that only weights can help.
    features, truth = ("age", "tenure"), np.bincount(made.truth) / 5000
    given = made.base.assign(trust=1 + np.exp(-1.6 * (made.base["income"] - 0.5 * made.base["age"])))
    off = {}
    for how in ("none", "trust"):
        sizes = replace(QUICK, features=features, response_weights=how).fit(made.survey, given, seed=1).sizes
        off[how] = ((sizes["share"] - truth) / (sizes["standard_error"] / 5000)).abs().max()
    assert off["none"] > 5
    assert off["trust"] < 3
    estimated = QUICK.fit(made.survey, made.base, seed=1)
    assert ((estimated.sizes["share"] - truth) / (estimated.sizes["standard_error"] / 5000)).abs().max() < 3
    table = next(e.table for e in estimated.evidence if e.name == "balance of respondents and base")
    before, after = (table[f"difference_{when}"].abs().max() for when in ("before", "after"))
    assert before > 0.4
    assert after < before / 2


def test_faults_of_settings_survey_and_base_are_told():
    made = world(2, n=400, asked=60)
    with pytest.raises(InputError) as caught:
        Projection(folds=1, replicates=3, level=1.5, trim=0.5)
    assert len(caught.value.faults) == 4
    with pytest.raises(InputError, match="one text"):
        Projection(features="spend")
    with pytest.raises(InputError, match="not in the base"):
        QUICK.fit(made.survey, made.base.drop(index=made.rows[:2]), seed=1)
    few = TrueSurvey(made.survey.components, made.survey.responses.take(np.arange(20)))
    with pytest.raises(InputError, match="20 respondents"):
        QUICK.fit(few, made.base, seed=1)
    twice = replace(made.survey.responses, count=np.full(len(made.rows), 2.0))
    with pytest.raises(InputError, match="a count other than 1"):
        QUICK.fit(replace(made.survey, responses=twice), made.base, seed=1)
    zero = replace(QUICK, response_weights="none_of_these")
    with pytest.raises(InputError, match="no column 'none_of_these'"):
        zero.fit(made.survey, made.base, seed=1)
    with pytest.raises(InputError, match="zero or less"):
        replace(QUICK, response_weights="trust").fit(made.survey, made.base.assign(trust=0.0), seed=1)

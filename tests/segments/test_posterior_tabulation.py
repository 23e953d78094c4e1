"""Weighted tabulation, its errors by design, and the intervals and tests built on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments import proportions
from segmodels.segments.posterior_tabulation import tabulate, tabulate_item, top_box
from segmodels.segments.sampling_errors import bootstrap_weights, influence_covariance, sampling_units
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses
from segmodels.tables.segmentation import Segmentation


def people(y, *, weight=None, count=None, strata=None, cluster=None):
    n = len(y)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    count = np.ones(n) if count is None else np.asarray(count, float)
    return Responses(
        pd.RangeIndex(n),
        Codebook((Item("y", "continuous"),)),
        {"y": np.asarray(y, float)},
        weight * count.sum() / (weight @ count),
        count,
        None if strata is None else np.asarray(strata),
        None if cluster is None else np.asarray(cluster),
    )


def soft(rng, n, k):
    return rng.dirichlet(np.ones(k), n)


def test_certain_membership_is_a_plain_crosstab():
    rng = np.random.default_rng(1)
    y, code, weight = rng.integers(0, 2, 60).astype(float), rng.integers(0, 3, 60), rng.uniform(0.5, 2, 60)
    found = tabulate(
        SoftSegments(people(y, weight=weight), ("a", "b", "c"), np.eye(3)[code]), y, proportion=True
    )
    for k in range(3):
        inside = code == k
        assert found.value[k] == pytest.approx(np.average(y[inside], weights=weight[inside]))
        assert found.rest[k] == pytest.approx(np.average(y[~inside], weights=weight[~inside]))
    assert found.total == pytest.approx(np.average(y, weights=weight))
    assert found.eta2 == pytest.approx(
        sum(found.weight * (found.value - found.total) ** 2) / (found.total * (1 - found.total))
    )


def test_without_weights_the_error_is_the_textbook_one():
    y = np.array([1.0, 2.0, 4.0, 9.0, 3.0, 3.5])
    found = tabulate(SoftSegments(people(y), ("all",), np.ones((6, 1))), y, proportion=False)
    assert found.error[0] == pytest.approx(y.std(ddof=1) / np.sqrt(6))
    assert np.isnan(found.against_rest()[0])
    assert found.index(0.95)[0][0] == 100
    assert found.index(0.95)[1][0] == found.index(0.95)[2][0] == 100


def test_shares_average_to_the_total_and_indices_to_100():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 80).astype(float)
    y[::7] = np.nan
    segments = SoftSegments(people(y, weight=rng.uniform(0.3, 3, 80)), tuple("abcd"), soft(rng, 80, 4))
    found = tabulate(segments, y, proportion=True)
    assert found.weight @ found.value == pytest.approx(found.total)
    assert found.weight @ found.index(0.95)[0] == pytest.approx(100)
    np.testing.assert_allclose(found.weight * found.value + (1 - found.weight) * found.rest, found.total)


@pytest.mark.parametrize("design", ["none", "strata", "clusters"])
def test_counts_are_replication(design):
    rng = np.random.default_rng(3)
    n = 20
    y, count, weight = rng.normal(size=n), rng.integers(1, 5, n), rng.uniform(0.5, 2, n)
    membership = soft(rng, n, 3)
    again = np.repeat(np.arange(n), count)
    strata = np.repeat([0, 1], n // 2) if design != "none" else None
    cluster = np.arange(n) // 2 if design == "clusters" else None

    def of(rows, counts):
        return people(
            y[rows],
            weight=weight[rows],
            count=counts,
            strata=None if strata is None else strata[rows],
            cluster=None if cluster is None else cluster[rows],
        )

    short = tabulate(SoftSegments(of(np.arange(n), count), tuple("abc"), membership), y, proportion=False)
    long = tabulate(
        SoftSegments(of(again, np.ones(len(again))), tuple("abc"), membership[again]),
        y[again],
        proportion=False,
    )
    np.testing.assert_allclose(short.value, long.value)
    np.testing.assert_allclose(short.covariance, long.covariance, atol=1e-14)
    np.testing.assert_allclose(short.base, long.base)


def test_the_error_of_clusters_is_that_of_their_totals():
    # Four clusters of three alike: twelve rows tell no more than four.
    y = np.repeat([0.0, 1.0, 2.0, 5.0], 3)
    responses = people(y, cluster=np.repeat(np.arange(4), 3))
    found = tabulate(SoftSegments(responses, ("all",), np.ones((12, 1))), y, proportion=False)
    assert found.error[0] == pytest.approx(np.std([0, 1, 2, 5], ddof=1) / 2)


def test_strata_take_their_differences_out():
    y = np.array([0.0, 1.0, 10.0, 11.0])
    responses = people(y, strata=[0, 0, 1, 1])
    found = influence_covariance((y - y.mean())[:, None] / 4, responses)
    # Each stratum: two units, variance of a mean 0.25, weight one half.
    assert found[0, 0] == pytest.approx(2 * 0.25 * 0.25)


def test_a_stratum_with_one_unit_is_joined_with_another():
    units = sampling_units(people(np.arange(6.0), strata=[0, 0, 0, 1, 1, 2]))
    assert units.stratum.tolist() == [0, 0, 0, 1, 1, 1]
    two = sampling_units(people(np.arange(5.0), strata=[0, 0, 0, 1, 2]))
    assert two.stratum.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("design", ["none", "counts", "two a stratum"])
def test_the_bootstrap_has_the_variance_of_the_design(design):
    rng = np.random.default_rng(4)
    n = 40
    y = rng.normal(size=n) + np.repeat(np.arange(n // 2), 2) * 0.2
    given = {
        "none": {},
        "counts": {"count": rng.integers(1, 4, n)},
        "two a stratum": {"strata": np.repeat(np.arange(n // 2), 2)},
    }[design]
    responses = people(y, weight=rng.uniform(0.5, 1.5, n), **given)
    found = tabulate(SoftSegments(responses, ("all",), np.ones((n, 1))), y, proportion=False)
    drawn = bootstrap_weights(responses, 6000, np.random.default_rng(5))
    np.testing.assert_allclose((drawn @ responses.count).mean(), responses.n, rtol=1e-3)
    weight = drawn * responses.case_weight
    means = weight @ y / weight.sum(axis=1)
    assert means.std() == pytest.approx(found.error[0], rel=0.06)


def test_uncertain_segments_widen_the_errors():
    rng = np.random.default_rng(6)
    y, membership = rng.normal(size=50), soft(rng, 50, 2)
    draws = tuple(soft(rng, 50, 2) for _ in range(30))
    sure = tabulate(SoftSegments(people(y), ("a", "b"), membership), y, proportion=False)
    unsure = tabulate(SoftSegments(people(y), ("a", "b"), membership, draws), y, proportion=False)
    means = np.array([(one * y[:, None]).sum(axis=0) / one.sum(axis=0) for one in draws])
    np.testing.assert_allclose(unsure.error**2, sure.error**2 + means.var(axis=0, ddof=1))


def test_the_test_against_the_rest_is_the_pooled_test_of_two_proportions():
    # 30 of 50 against 20 of 50: z = 0.2 / sqrt(0.5 * 0.5 * (1/50 + 1/50)) = 2.
    y = np.concatenate([np.ones(30), np.zeros(20), np.ones(20), np.zeros(30)])
    found = tabulate(
        SoftSegments(people(y), ("a", "b"), np.eye(2)[np.repeat([0, 1], 50)]), y, proportion=True
    )
    # The variance with n - 1 in place of n is wider by a hundredth.
    np.testing.assert_allclose(found.against_rest(), [2.0, -2.0], rtol=0.011)


def test_wald_and_eta2_are_those_of_an_analysis_of_variance():
    rng = np.random.default_rng(7)
    code = np.repeat([0, 1, 2], 400)
    y = rng.normal(size=1200) + 0.3 * code
    found = tabulate(SoftSegments(people(y), tuple("abc"), np.eye(3)[code]), y, proportion=False)
    anova = stats.f_oneway(*(y[code == k] for k in range(3)))
    assert found.wald()[0] == pytest.approx(2 * anova.statistic, rel=0.02)
    assert found.eta2 == pytest.approx(2 * anova.statistic / (2 * anova.statistic + 1197), rel=1e-9)
    low, high = found.eta2_interval(0.95)
    # Steiger's interval by inverting the noncentral F distribution.
    ends = [
        next(nc for nc in np.arange(0, 400, 0.25) if stats.ncf.cdf(anova.statistic, 2, 1197, nc) <= p)
        for p in (0.975, 0.025)
    ]
    np.testing.assert_allclose([low, high], [end / (end + 1200) for end in ends], rtol=0.1)


def test_segments_that_never_mix_still_differ():
    y = np.repeat([0.0, 1.0], 30)
    found = tabulate(
        SoftSegments(people(y), ("a", "b"), np.eye(2)[np.repeat([0, 1], 30)]), y, proportion=True
    )
    assert found.eta2 == pytest.approx(1)
    assert 10 < found.wald()[0] < 1e4
    assert found.against_rest()[1] == pytest.approx(np.sqrt(60))
    low, high = found.interval(0.95)
    assert low[0] == 0
    assert 0.05 < high[0] < 0.2


def test_q_values_are_those_of_scipy():
    p = np.random.default_rng(8).uniform(size=30) ** 3
    np.testing.assert_allclose(proportions.false_discovery(p), stats.false_discovery_control(p))


def test_noncentrality_inverts_the_distribution():
    for statistic, df in ((3.0, 2), (20.0, 4), (900.0, 3)):
        low, high = proportions.noncentrality(statistic, df, 0.9)
        if low:
            assert stats.ncx2.cdf(statistic, df, low) == pytest.approx(0.95)
        assert stats.ncx2.cdf(statistic, df, high) == pytest.approx(0.05)


def test_indices_cover_their_truth():
    # Small segments and rare answers, where a normal interval of a ratio fails.
    rng = np.random.default_rng(9)
    truth, share = np.array([0.05, 0.30, 0.10]), np.array([0.2, 0.5, 0.3])
    index = 100 * truth / (share @ truth)
    covered = np.zeros((3, 2))
    code = np.repeat([0, 1, 2], [60, 150, 90])
    segments = SoftSegments(people(np.zeros(300)), tuple("abc"), np.eye(3)[code])
    for _ in range(300):
        y = (rng.random(300) < truth[code]).astype(float)
        found = tabulate(segments, y, proportion=True)
        low, high = found.interval(0.95)
        covered[:, 0] += (low <= truth) & (truth <= high)
        _, low, high = found.index(0.95)
        covered[:, 1] += (low <= index) & (index <= high)
    assert (covered / 300 >= 0.92).all()
    assert (covered / 300 <= 0.995).all()


def test_clusters_are_needed_for_coverage():
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(40), 10)
    segments = {
        name: SoftSegments(people(np.zeros(400), cluster=given), ("all",), np.ones((400, 1)))
        for name, given in (("with", cluster), ("without", None))
    }
    covered = dict.fromkeys(segments, 0)
    for _ in range(200):
        y = (rng.random(400) < rng.beta(1, 1, 40)[cluster]).astype(float)
        for name, one in segments.items():
            low, high = tabulate(one, y, proportion=True).interval(0.95)
            covered[name] += low[0] <= 0.5 <= high[0]
    assert covered["with"] / 200 >= 0.9
    assert covered["without"] / 200 < 0.8


@pytest.mark.parametrize(("size", "boxes"), [(2, 1), (3, 1), (4, 2), (5, 2), (7, 2), (10, 2)])
def test_top_boxes_are_two_but_at_most_half(size, boxes):
    scale = "binary" if size == 2 else "ordinal"
    assert top_box(Item("q", scale, tuple(range(size))), 2).sum() == boxes


def test_nominal_items_have_no_top_box():
    with pytest.raises(InputError, match="ordinal or binary"):
        top_box(Item("q", "nominal", (1, 2, 3)), 2)


def test_a_segment_in_which_nobody_answered_has_no_figures():
    y = np.array([1.0, 0.0, np.nan])
    found = tabulate(SoftSegments(people(y), ("a", "b"), np.eye(2)[[0, 0, 1]]), y, proportion=True)
    assert found.value[0] == 0.5
    assert np.isnan(found.value[1])
    assert np.isnan(found.interval(0.95)[0][1])
    assert np.isnan(found.against_rest()).all()


def test_a_fit_without_its_responses_is_refused():
    rng = np.random.default_rng(11)
    book = Codebook((Item("q", "binary", (0, 1)), Item("r", "binary", (0, 1))))
    answers = {name: rng.integers(0, 2, 40).astype(np.int16) for name in book.names}
    responses = Responses(pd.RangeIndex(40), book, answers, np.ones(40), np.ones(40))
    fit = LatentClass(1).fit(responses, MAP(), seed=1)
    assert SoftSegments.of(fit, seed=1, draws=0).shares.tolist() == [1.0]
    with pytest.raises(InputError, match="loaded without responses"):
        SoftSegments.of(replace(fit, responses=None), seed=1)


def test_any_segmentation_can_be_tabulated():
    book = Codebook((Item("q", "binary", (0, 1)),))
    one = np.ones(2)
    answers = Responses(pd.Index(["b", "a"]), book, {"q": np.array([0, 1], np.int16)}, one, one)
    tiers = Segmentation(["a", "b", "c"], ("high", "low"), np.array([0, 1, 1]))
    segments = SoftSegments.from_segmentation(answers, tiers)
    found = tabulate_item(segments, "q", np.array([0.0, 1.0]), proportion=True)
    assert found.value.tolist() == [1.0, 0.0]
    with pytest.raises(InputError, match="respondents without a segment"):
        SoftSegments.from_segmentation(answers, Segmentation(["b"], ("x",), np.array([0])))

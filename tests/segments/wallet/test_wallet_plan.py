"""The survey planner: textbook numbers, simulated samples, integrals, and a list that keeps its promises."""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.special import ndtr, ndtri
from wallet_fake import FakeFit, FakeWallets, fake_fit
from wallet_levels import GivenTargets, LevelFit, SmallBlocks, all_draws

from segmodels.errors import InputError
from segmodels.models.wallet.block import IDENTIFIED
from segmodels.segments.wallet.potential import Potential, scored
from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.survey_size import answers_needed, error_reached, leverage, size_table, spread
from segmodels.segments.wallet.undecided import alike, decidable, decided_by_others, parameter_variance
from segmodels.segments.wallet.value_grid import value_grid
from segmodels.segments.wallet.whom_to_ask import BEYOND, FEW, UNDECIDED, UNKNOWN, gains
from segmodels.tables.wallets import Wallets


def same_customers(n, *, s, level_sd, m=4.0, p0=0.0):
    """Customers of whom the model says one and the same; their own spend tells them apart."""
    frame = pd.DataFrame({"customer_id": np.arange(n), "own": np.linspace(1, 100, n), "m": m})
    frame = frame.assign(low=np.nan, high=np.nan, status=IDENTIFIED, segment="a")
    return LevelFit(FakeWallets(frame), s=s, p0=p0, seed=5, level_sd=level_sd)


@pytest.fixture(scope="module")
def fit():
    return fake_fit(2000, answered=150, level_sd=0.0)


@pytest.fixture(scope="module")
def plan(fit):
    return survey_plan(fit, by="segment")


# --- how many answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ten", "five"), [(200, 798), (73, 290), (234, 936), (88, 349)])
def test_numbers_for_ten_and_five_per_cent_come_from_one_cv(ten, five):
    """Half-stores, private label, tuna and food of the brand panels: (CV / .1)² and (CV / .05)²."""
    cv = 0.05 * np.sqrt(five - 0.5)
    assert (answers_needed(cv, 0.1), answers_needed(cv, 0.05)) == (ten, five)


def test_the_error_promised_is_that_of_samples_drawn():
    rng = np.random.default_rng(1)
    base = rng.lognormal(0, 1, 300)
    cv = base.std(ddof=1) / base.mean()
    n = answers_needed(cv, 0.08, len(base))
    assert 50 < n < answers_needed(cv, 0.08)
    means = np.array([rng.choice(base, n, replace=False).mean() for _ in range(6000)])
    assert means.std() / base.mean() == pytest.approx(error_reached(cv, n, len(base)), rel=0.04)
    assert error_reached(cv, n, 300) <= 0.08 < error_reached(cv, n - 1, 300)


def test_everybody_is_enough_and_nobody_is_not():
    assert answers_needed(50.0, 1e-6, 400) == 400
    assert error_reached(1.0, 400, 400) == 0
    assert error_reached(1.0, 0, 400) == np.inf


@pytest.mark.parametrize(("cv", "error"), [(1.0, 0.0), (np.nan, 0.1), (-1.0, 0.1), (np.inf, 0.1)])
def test_a_number_of_answers_needs_a_cv_and_an_error(cv, error):
    with pytest.raises(InputError, match="error"):
        answers_needed(cv, error)


def test_the_spread_is_that_of_answers_and_of_what_the_model_leaves(fit):
    found = spread(fit, Potential(), scored(fit, Potential()), 100)
    rows = fit.wallets.answered()
    answer = rows["low"].to_numpy()
    model = 0.9 * np.exp(rows["m"].to_numpy() + 0.8**2 / 2)
    assert found.total == pytest.approx(answer.std(ddof=1) / answer.mean())
    seen = fit.survey()
    design = np.where(seen.own > 0, np.log(np.where(seen.own > 0, seen.own, 1.0)), np.nan)
    design = np.nan_to_num(design - np.nanmean(design))
    buys = (seen.own == 0) - (seen.own == 0).mean()
    left = (answer - model) / (1 - leverage(np.column_stack([buys, (design - design.mean()) / design.std()])))
    assert found.residual == pytest.approx(left.std(ddof=1) / answer.mean())
    assert found.source == "answers"


def test_with_few_answers_the_spread_is_that_of_the_model():
    fit = fake_fit(3000, answered=29, level_sd=0.0, unknown=0.0)
    found = spread(fit, Potential(), scored(fit, Potential()), 400)
    m = fit.wallets.frame["m"].to_numpy()[~fit.wallets.frame["low"].notna()]
    mean, square = 0.9 * np.exp(m + 0.32), 0.9 * np.exp(2 * m + 1.28)
    left = np.sqrt((square - mean**2).mean())
    assert found.source == "predictions"
    assert found.residual == pytest.approx(left / mean.mean(), rel=0.03)
    assert found.total == pytest.approx(np.sqrt(square.mean() - mean.mean() ** 2) / mean.mean(), rel=0.03)


def test_answers_there_are_are_deducted_and_the_model_saves_some(plan, fit):
    sizes = plan.sizes.set_index("estimate")
    identified = int(plan.grid.scored.known.sum())
    for name, cv in (("simple", plan.spread.total), ("model-assisted", plan.spread.residual)):
        needed = (cv / 0.05) ** 2 / (1 + (cv / 0.05) ** 2 / identified)
        assert sizes.loc[name, "needed"] == np.ceil(needed)
        assert sizes.loc[name, "more"] == max(np.ceil(needed) - fit.wallets.n_answered, 0)
    assert sizes.loc["model-assisted", "needed"] < sizes.loc["simple", "needed"]


def test_a_budget_says_what_error_it_reaches(plan):
    more = int(plan.sizes["more"].iloc[1])
    known = int((plan.grid.scored.known & plan.grid.scored.answered).sum())
    table = size_table(plan.spread, error=0.05, population=1960, answered=known, budget=more)
    assert table["error_with_budget"].iloc[1] <= 0.0501
    assert (table["error_with_budget"] < table["error_now"]).all()


# --- what better parameters could decide --------------------------------------------------------------------


def test_the_variance_of_the_probability_is_that_of_an_integral():
    fit = same_customers(200, s=1.0, level_sd=0.5)
    group = np.repeat([0, 1], [120, 80])
    found = parameter_variance(fit, Potential(), np.exp(4.2), group, 4000)
    level = 0.5 * ndtri((np.arange(20_000) + 0.5) / 20_000)
    exact = ndtr((level - 0.2) / np.sqrt(0.75)).var()
    assert found == pytest.approx(exact, rel=0.08)


def test_without_uncertain_parameters_the_variance_is_none():
    fit = same_customers(300, s=1.0, level_sd=0.0)
    found = parameter_variance(fit, Potential(), np.exp(4.2), np.zeros(300, int), 2000)
    assert abs(found[0]) < 0.001


@pytest.mark.parametrize("sure", [0.6, 0.8, 0.95])
def test_the_decidable_are_between_nobody_and_all(sure):
    p = np.linspace(0.05, 0.95, 19)
    assert decidable(p, np.zeros(19), sure).tolist() == (np.maximum(p, 1 - p) >= sure).tolist()
    assert (decidable(p, p * (1 - p), sure) == 1).all()
    middle = np.array([decidable(np.array([0.5]), np.array([v]), sure)[0] for v in (0.001, 0.01, 0.1, 0.2)])
    assert (np.diff(middle) > 0).all()


@pytest.mark.parametrize("level_sd", [0.3, 0.6, 0.9])
def test_the_number_decided_by_others_is_near_that_of_known_parameters(level_sd):
    """How many of the undecided have p(θ) beyond `sure`, on average over θ, when θ is known."""
    rng = np.random.default_rng(2)
    fit = same_customers(900, s=1.0, level_sd=level_sd, m=4.0 + 0.4 * rng.standard_normal(900))
    grid = value_grid(fit, potential_cut=np.exp(4.0), draws=1500)
    high = grid.probability[:, 0] + grid.probability[:, 2]
    open_ = grid.undecided
    found = decided_by_others(
        fit,
        grid.potential,
        grid.potential_cut,
        np.where(open_, high, np.nan),
        np.zeros(900, int),
        0.8,
        1500,
    )
    m = fit.wallets.frame["m"].to_numpy()[open_]
    level = level_sd * ndtri((np.arange(2000) + 0.5) / 2000)
    p = ndtr((m[:, None] + level - 4.0) / np.sqrt(1 - level_sd**2))
    exact = ((p >= 0.8) | (p <= 0.2)).mean(axis=1).sum()
    assert open_.sum() > 300
    assert found == pytest.approx(exact, rel=0.1, abs=0.02 * open_.sum())


def test_customers_are_alike_in_segment_and_probability():
    rng = np.random.default_rng(3)
    p, segment = rng.uniform(0.2, 0.8, 1000), rng.integers(0, 4, 1000)
    group = alike(p, segment, 0.8)
    for code in np.unique(group[group >= 0]):
        assert np.ptp(p[group == code]) <= 0.6 / 5 + 1e-12
        assert (group == code).sum() >= 30
    assert (alike(p[:20], segment[:20], 0.8) == -1).all()


# --- whom to ask --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [Potential(), Potential("attainable", GivenTargets(0.7))])
def test_the_gain_is_the_mean_loss_of_the_wrong_side_over_draws(axis):
    fit = fake_fit(60, answered=0, level_sd=0.0, unknown=0.1)
    cut = 60.0
    block, spent = all_draws(fit, 20_000)
    amount = axis.of(block, spent)
    high = axis.above(block, np.array([cut]))[:, 0]
    vain, missed = np.maximum(cut - amount, 0), np.maximum(amount - cut, 0)
    loss = np.where((high > 0.5)[:, None], vain, missed)
    found = gains(fit, axis, cut, high)
    known = ~np.isnan(high)
    error = loss[known].std(axis=1) / np.sqrt(20_000)
    assert (np.abs(found[known] - loss[known].mean(axis=1)) < 5 * error).all()
    assert np.isnan(found[~known]).all()


def test_quotas_are_filled_and_nobody_is_asked_twice(plan, fit):
    whom, strata = plan.whom, plan.strata
    answered = fit.wallets.frame.loc[fit.wallets.frame["low"].notna(), "customer_id"]
    assert whom["customer_id"].is_unique
    assert not whom["customer_id"].isin(answered).any()
    assert whom["rank"].tolist() == list(range(1, len(whom) + 1))
    chosen = whom[whom["reason"] != UNDECIDED]
    assert len(chosen) == strata["quota"].sum()
    assert chosen["rank"].max() == len(chosen)
    assert (strata["answered"] + strata["quota"] >= np.minimum(strata["customers"], 10)).all()
    assert strata["customers"].sum() == len(fit.wallets)
    gain = whom.loc[whom["reason"] == UNDECIDED, "gain"].to_numpy()
    assert (np.diff(gain) <= 0).all()
    assert (gain >= 0).all()
    left = plan.grid.scored.customer_id[plan.grid.undecided]
    assert set(left) <= set(whom["customer_id"])


def test_each_stratum_gives_its_quota(plan, fit):
    chosen = plan.whom[plan.whom["reason"] != UNDECIDED]
    rows = fit.wallets.frame.set_index("customer_id").loc[chosen["customer_id"]]
    wanted = plan.strata.groupby("segment")["quota"].sum()
    assert rows["segment"].value_counts().sort_index().to_dict() == wanted.to_dict()
    by = plan.strata.groupby("status")["quota"].sum()
    reasons = chosen["reason"].value_counts()
    assert reasons[[FEW, BEYOND, UNKNOWN]].tolist() == [
        by["identified"],
        by["extrapolated"],
        by["not_identified"],
    ]


def test_a_list_cut_short_is_in_proportion_to_the_quotas(fit):
    plan = survey_plan(fit, by="segment", error=0.03)
    chosen = plan.whom[plan.whom["reason"] != UNDECIDED]
    half = fit.wallets.frame.set_index("customer_id")["segment"]
    share = half.loc[chosen["customer_id"].head(len(chosen) // 2)].value_counts(normalize=True).sort_index()
    quota = plan.strata.groupby("segment")["quota"].sum()
    assert share.to_numpy() == pytest.approx((quota / quota.sum()).to_numpy(), abs=0.03)


def test_a_budget_cuts_the_list_and_nothing_else(fit, plan):
    short = survey_plan(fit, by="segment", budget=25)
    pd.testing.assert_frame_equal(short.whom, plan.whom.head(25))
    assert "25 more answers bring the error to" in short.text


def test_neither_repetition_nor_blocks_change_the_plan(fit, plan):
    again = survey_plan(fit, by="segment")
    other = survey_plan(
        SmallBlocks(fit.wallets, s=fit.s, p0=fit.p0, seed=fit.seed, level_sd=fit.level_sd), by="segment"
    )
    pd.testing.assert_frame_equal(again.whom, plan.whom)
    pd.testing.assert_frame_equal(other.whom, plan.whom)
    assert again.text == plan.text == other.text
    elsewhere = survey_plan(replace(fit, seed=99), by="segment")
    assert elsewhere.whom["customer_id"].tolist() != plan.whom["customer_id"].tolist()


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "ibis"])
def test_the_list_keeps_its_order_in_every_kind_of_table(kind):
    frame = pd.DataFrame({"id": range(40), "own": np.arange(40.0)})
    given = {
        "pandas": lambda: frame,
        "polars": lambda: pl.from_pandas(frame),
        "arrow": lambda: pa.Table.from_pandas(frame),
        "ibis": lambda: ibis.memtable(pa.Table.from_pandas(frame)),
    }[kind]()
    wallets = Wallets.read(given, customer="id", own="own")
    known = pd.DataFrame({"customer_id": np.arange(40), "own": np.arange(40.0), "m": 3.0, "segment": "a"})
    fit = FakeFit(FakeWallets(known.assign(low=np.nan, high=np.nan, status=IDENTIFIED)))
    plan = survey_plan(fit)
    there = replace(plan, grid=replace(plan.grid, fit=replace(fit, wallets=wallets)))
    whom = there.whom
    column = (whom.to_pyarrow() if kind == "ibis" else whom)["customer_id"]
    ids = column.to_pylist() if kind in ("arrow", "ibis") else column.to_list()
    assert ids == plan.whom["customer_id"].tolist()
    assert ids != sorted(ids)


def test_the_quota_of_a_stratum_is_a_random_sample(fit):
    """Own spend of those chosen is that of the base: the list does not prefer what it finds interesting."""
    plan = survey_plan(fit, error=0.03)
    own = fit.wallets.frame.set_index("customer_id")["own"]
    free = plan.grid.scored.status == IDENTIFIED
    chosen = plan.whom.loc[plan.whom["reason"] == FEW, "customer_id"]
    log = np.log1p(own)
    base = log[free]
    error = base.std() / np.sqrt(len(chosen))
    assert abs(log[chosen].mean() - base.mean()) < 3 * error


def test_the_text_tells_the_numbers(plan):
    assert f"{plan.undecided:,} customers are undecided" in plan.text
    assert f"{plan.sizes['more'].iloc[1]:,} more answers bring its standard error to 5.0%" in plan.text
    assert 0 <= plan.decided_by_others <= plan.undecided


def test_a_mean_that_is_known_well_enough_asks_for_nothing(fit):
    plan = survey_plan(fit, error=0.5, fewest=1)
    assert plan.sizes["more"].tolist() == [0, 0]
    assert "meets the 50.0% wanted" in plan.text


def test_attainable_potential_has_a_plan_of_its_own(fit, plan):
    targets = GivenTargets(0.7)
    found = survey_plan(fit, of="attainable", targets=targets)
    assert found.grid.potential.kind == "attainable"
    grid = value_grid(fit, targets=targets)
    kept = survey_plan(fit, grid, of="attainable")
    assert kept.grid is grid
    assert kept.spread == found.spread != plan.spread


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"error": 0.0, "budget": 0, "fewest": 0}, ("error", "budget", "fewest")),
        ({"by": "colour"}, ("colour", "segment")),
        ({"of": "attainable"}, ("target",)),
    ],
)
def test_settings_out_of_range_are_refused(fit, settings, words):
    with pytest.raises(InputError) as caught:
        survey_plan(fit, **settings)
    assert all(word in str(caught.value) for word in words)


def test_a_grid_of_other_customers_or_of_one_draw_is_refused(fit):
    with pytest.raises(InputError, match="other customers"):
        survey_plan(fit, value_grid(fake_fit(100, answered=30), draws=2))
    with pytest.raises(InputError, match="1 draw"):
        survey_plan(fit, value_grid(fit, draws=1))


def test_without_any_potential_there_is_no_plan(fit):
    frame = fit.wallets.frame.assign(low=0.0, high=0.0)
    with pytest.raises(InputError, match="mean of 0"):
        survey_plan(type(fit)(FakeWallets(frame)))


def test_a_total_that_is_less_sure_than_the_answers_say_is_told():
    fit = fake_fit(2000, answered=300, seed=3, level_sd=0.6)
    unsure, sure = (survey_plan(each) for each in (fit, fake_fit(2000, answered=300, seed=3, level_sd=0.0)))
    assert unsure.drawn_error > 0.4
    assert f"known to {unsure.drawn_error:.1%} only" in unsure.text
    assert "The total itself" not in sure.text

"""WalletFrontier: what it recovers, what it refuses, and whose the level is."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import segmodels as sg
from segmodels.errors import InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.likelihoods.normal_exponential import posterior_cdf
from segmodels.models.wallet.block import STATUS
from segmodels.models.wallet.frontier import WalletFrontier
from segmodels.models.wallet.frontier_anchor import MeanShare, with_answers
from segmodels.tables.wallets import Wallets

FREE = sg.Normal(0.0, 2.0)
STATED = MeanShare(0.5, source="made up")
LEVELS = np.array([0.05, 0.25, 0.5, 0.8, 0.95])


def world(n=3_000, seed=1, a=1.0, highest=1.0, level=5.0, sigma=0.6, answered=0, nonbuyers=0):
    """Customers of the model: share is highest times Beta(a, 1), log wallet is normal."""
    rng = np.random.default_rng(seed)
    age, town = rng.integers(2, 7, n) * 10.0, rng.choice(["a", "b", "c"], n)
    wallet = np.exp(level + 0.2 * (age - 40) / 14 + 0.3 * (town == "b") + sigma * rng.normal(size=n))
    own = wallet * highest * rng.beta(a, 1, n)
    own[:nonbuyers] = 0
    total = np.where(rng.permutation(n) < answered, wallet, np.nan)
    columns = {"customer_id": np.arange(n), "own": own, "total": total, "age": age, "town": town}
    return pd.DataFrame(columns | {"wallet": wallet})


def read(frame):
    columns = {"total": "total"} if frame["total"].notna().any() else {}
    frame = frame.drop(columns="wallet") if columns else frame.drop(columns=["wallet", "total"])
    return Wallets.read(frame, customer="customer_id", own="own", **columns)


def evidence(fit, name) -> Evidence:
    return next(item for item in fit.evidence if item.name == name)


def block_of(fit):
    return next(fit.blocks())


@pytest.fixture(scope="module")
def plain():
    frame = world()
    return frame, WalletFrontier(STATED).fit(read(frame), sg.Laplace(1_000), seed=3)


@pytest.mark.parametrize("missing", [None, 0.4, "0.4"])
def test_without_a_mean_share_it_says_where_one_can_be_had(missing):
    with pytest.raises(InputError, match=r"market size .* panel supplier.* official household") as error:
        WalletFrontier(missing)
    assert error.value.faults[0].where == "mean_share"


def test_shares_and_segments_are_checked():
    for wrong in (0.0, 1.0, 38, "x", np.nan, {}, {"a": 2.0}):
        with pytest.raises(InputError):
            MeanShare(wrong)
    with pytest.raises(InputError):
        MeanShare(0.4, sd_log=0)
    with pytest.raises(InputError, match="by"):
        WalletFrontier(MeanShare({"a": 0.4}))
    with pytest.raises(InputError, match="segments without a share"):
        WalletFrontier(MeanShare({"a": 0.4, "b": 0.3}), by="town").fit(read(world(90)), sg.MAP(), seed=1)
    with pytest.raises(InputError, match="at least 3"):
        WalletFrontier(STATED).fit(read(world(5, nonbuyers=3)), sg.MAP(), seed=1)


def test_recovers_beta_shares_with_the_highest_at_one(plain):
    frame, _ = plain
    fit = WalletFrontier(STATED, ceiling=None, covariates=("age",)).fit(
        read(frame), sg.Laplace(1_000), seed=3
    )
    share = (frame["own"] / frame["wallet"]).mean()
    draws = fit.mean_share["mean_share"]
    assert abs(draws.mean() - share) < 3 * draws.std() + 0.01
    assert fit.params["sigma"] == pytest.approx(0.6, abs=0.1)
    spend = block_of(fit)
    expected = spend.own + spend.elsewhere.mean()
    assert expected.sum() / frame["wallet"].sum() == pytest.approx(1, abs=0.1)
    inside = (frame["wallet"] - frame["own"]).to_numpy()[:, None] <= spend.elsewhere.quantiles(LEVELS)
    # all customers share one error of the parameters
    np.testing.assert_allclose(inside.mean(axis=0), LEVELS, atol=0.04)


def test_recovers_a_world_whose_shares_end_below_one():
    frame = world(4_000, a=3.0, highest=0.5)
    stated = MeanShare(float((frame["own"] / frame["wallet"]).mean()), 0.1)
    fit = WalletFrontier(stated, covariates=("age",)).fit(read(frame), sg.Laplace(1_000), seed=3)
    assert fit.params["mean_share"] == pytest.approx(0.375, abs=0.03)
    assert fit.params["ceiling"] == pytest.approx(0.5, abs=0.07)
    spend = block_of(fit)
    assert (spend.own + spend.elsewhere.mean()).sum() / frame["wallet"].sum() == pytest.approx(1, abs=0.1)
    assert evidence(fit, "Level of the wallet").passed


def test_the_stated_share_sets_the_level_and_own_spend_does_not():
    wallets = read(world(a=3.0, highest=0.8))
    totals = []
    for share in (0.2, 0.4):
        fit = WalletFrontier(MeanShare(share, 0.1)).fit(wallets, sg.MAP(), seed=1)
        spend = block_of(fit)
        totals.append((spend.own + spend.elsewhere.mean()).sum())
        assert evidence(fit, "Level of the wallet").passed
    assert totals[0] / totals[1] == pytest.approx(2, abs=0.15)
    table = evidence(fit, "Wallet at other mean shares").table
    assert table["wallet"].is_monotonic_decreasing
    assert table["wallet"].iloc[1] == pytest.approx(totals[1], rel=1e-3)


def test_a_share_that_skewness_pulls_away_is_not_passed():
    wallets = read(world(a=3.0, highest=0.4))
    fit = WalletFrontier(MeanShare(0.3), ceiling=None).fit(wallets, sg.Laplace(500), seed=1)
    level = evidence(fit, "Level of the wallet")
    assert level.passed is False
    assert "skewness" in level.text
    assert level.table["pulled_by_sd"].iloc[0] > 2


def test_distribution_is_one_and_the_same_in_all_its_forms(plain):
    _, fit = plain
    elsewhere = block_of(fit).elsewhere
    q = elsewhere.quantiles(LEVELS)
    assert (np.diff(q, axis=1) > 0).all()
    np.testing.assert_allclose(1 - elsewhere.above(q), np.broadcast_to(LEVELS, q.shape), atol=1e-9)
    few = elsewhere.take(slice(0, 40))
    nodes, weights = np.polynomial.legendre.leggauss(400)
    integral = few.quantiles((nodes + 1) / 2) @ weights / 2
    np.testing.assert_allclose(few.mean(), integral, rtol=2e-3)
    assert (elsewhere.none() == 0).all()


def below(elsewhere, c):
    """P(C <= c) over all draws, shape (B, L) from (B, L), the slow way."""
    which = np.arange(len(elsewhere.frontier.u))
    row, level = elsewhere.frontier.levels(which, elsewhere.matrix, elsewhere.code)
    sigma, a, gap = elsewhere.frontier.shape(which)
    eps = np.log(elsewhere.own / elsewhere.frontier.density.scale)[:, None] - level[row]
    ratio = np.log1p(c / elsewhere.own[:, None])
    each = [posterior_cdf(ratio[:, [j]] - gap[0], eps, sigma, a[0]).mean(axis=1) for j in range(c.shape[1])]
    return np.stack(each, axis=1)


@pytest.mark.parametrize(("a", "highest", "ceiling"), [(1.0, 1.0, None), (1.0, 1.0, FREE), (3.0, 0.5, FREE)])
def test_nodes_stand_for_all_draws(a, highest, ceiling):
    spec = WalletFrontier(STATED, ceiling=ceiling)
    fit = spec.fit(read(world(1_000, a=a, highest=highest)), sg.Laplace(1_000), seed=3)
    few = block_of(fit).elsewhere.take(np.arange(0, 1_000, 50))
    error = below(few, few.quantiles(LEVELS)) - LEVELS
    assert np.abs(error).max() < 0.015
    assert np.sqrt((error**2).mean()) < 0.004


def test_one_draw_is_exact():
    fit = WalletFrontier(STATED).fit(read(world(500)), sg.MAP(), seed=3)
    few = block_of(fit).elsewhere
    np.testing.assert_allclose(
        below(few, few.quantiles(LEVELS)), np.broadcast_to(LEVELS, (500, 5)), atol=1e-9
    )


def test_draws_have_the_distribution_and_do_not_depend_on_the_block(plain):
    _, fit = plain
    whole = block_of(fit).elsewhere
    numbers = np.arange(1_000)
    few = whole.take(slice(10, 30)).draws(numbers)
    levels = 1 - whole.take(slice(10, 30)).above(few)
    assert stats.kstest(levels.ravel(), "uniform").statistic < 0.02
    parts = np.concatenate([block.elsewhere.draws(numbers[:3]) for block in fit.blocks(700)])
    np.testing.assert_array_equal(parts, whole.draws(numbers[:3]))
    np.testing.assert_array_equal(few[:, ::-1], whole.take(slice(10, 30)).draws(numbers[::-1]))


def test_status_answers_and_those_who_do_not_buy():
    frame = world(1_500, answered=60, nonbuyers=50)
    fit = WalletFrontier(STATED).fit(read(frame), sg.Laplace(500), seed=1)
    spend = block_of(fit)
    status = np.array(STATUS)[spend.status]
    silent = ~spend.answered
    assert (status[spend.answered] == "identified").all()
    assert (status[silent & (spend.own == 0)] == "not_identified").all()
    low, high = spend.own[spend.answered & (spend.own > 0)].min(), spend.own[spend.answered].max()
    inside = (spend.own >= low) & (spend.own <= high) & (spend.own > 0)
    assert (status[inside] == "identified").all()
    assert (status[silent & ~inside & (spend.own > 0)] == "extrapolated").all()
    lost = silent & (spend.own == 0)
    for values in (
        spend.elsewhere.mean(),
        spend.elsewhere.quantiles(LEVELS),
        spend.elsewhere.draws(np.arange(3)),
    ):
        assert np.isnan(values[lost]).all()
        assert np.isfinite(values[~lost]).all()
    known = (frame["total"] - frame["own"]).to_numpy()[spend.answered]
    np.testing.assert_allclose(spend.elsewhere.mean()[spend.answered], known)
    survey = fit.survey()
    assert survey.answered.all()
    assert not np.allclose(survey.elsewhere.mean(), known, equal_nan=True)
    np.testing.assert_array_equal(survey.customer_id, frame.loc[frame["total"].notna(), "customer_id"])


def test_without_answers_everybody_who_buys_is_extrapolated(plain):
    _, fit = plain
    assert set(np.array(STATUS)[block_of(fit).status]) == {"extrapolated"}


def test_few_answers_move_the_stated_share_to_theirs():
    frame = world(1_500, a=3.0, highest=0.4, answered=45)
    fit = WalletFrontier(MeanShare(0.5, 0.5)).fit(read(frame), sg.Laplace(500), seed=1)
    assert fit.params["mean_share"] == pytest.approx(0.3, abs=0.06)
    assert evidence(fit, "Level of the wallet").table["answers"].tolist() == [45]


def test_the_update_by_answers_is_that_of_the_exact_posterior_on_a_grid():
    prior, shares = sg.Normal(0.2, 0.4), np.array([0.3, 0.5, 0.2, 0.6, 0.35])
    grid = np.linspace(-3, 3, 20_001)
    m = 1 / (1 + np.exp(-grid))
    variance = m * (1 - m) / (m / (1 - m) + 2) / len(shares)
    weight = stats.norm.pdf(grid, 0.2, 0.4) * stats.norm.pdf(shares.mean(), m, np.sqrt(variance))
    weight /= weight.sum()
    mean = weight @ grid
    found = with_answers(prior, shares)
    assert found.mean == pytest.approx(mean, abs=0.03)
    assert found.sd == pytest.approx(np.sqrt(weight @ (grid - mean) ** 2), rel=0.06)
    assert with_answers(prior, shares[:0]) == prior


def test_intervals_and_exact_answers_enter_the_likelihood_where_the_highest_share_is_one():
    frame = world(600, answered=200)
    full = WalletFrontier(MeanShare(0.5, 3.0), ceiling=None)
    exact = full.fit(read(frame), sg.MAP(), seed=1)
    heaped = frame.drop(columns="wallet").assign(total=2 * np.ceil(frame["total"] / 2))
    rounded = Wallets.read(heaped, customer="customer_id", own="own", total="total", rounding=2.0)
    close = full.fit(rounded, sg.MAP(), seed=1)
    np.testing.assert_allclose(exact.params, close.params, rtol=0.01)
    assert exact.params["mean_share"] == pytest.approx((frame["own"] / frame["wallet"]).mean(), abs=0.05)


def test_segments_have_levels_and_may_have_shares_of_their_own():
    frame = world(1_200, answered=12)
    stated = MeanShare({"a": 0.5, "b": 0.3, "c": 0.6}, 0.1)
    fit = WalletFrontier(stated, by="town").fit(read(frame), sg.Laplace(400), seed=2)
    means = fit.mean_share.mean()
    assert means.index.tolist() == ["a", "b", "c"]
    assert means["b"] < means["a"] < means["c"]
    table = evidence(fit, "Level of the wallet").table
    assert table["stated"].tolist() == [0.5, 0.3, 0.6]
    assert table["answers"].sum() == 12
    ratio = pd.Series(block_of(fit).elsewhere.mean() / frame["own"]).groupby(frame["town"]).median()
    assert ratio["b"] > ratio["a"] > ratio["c"]
    with pytest.raises(InputError, match="unknown segments"):
        block_of(fit.on(read(frame.assign(town="z"))))


def test_a_mean_share_of_a_segment_is_known_by_the_answers_of_that_segment():
    frame = world(1_500, answered=300)
    silenced = frame["town"] == "b"
    few = frame.index[(frame["town"] == "c") & frame["total"].notna()][20:]
    frame.loc[silenced, "total"] = np.nan
    frame.loc[few, "total"] = np.nan
    stated = MeanShare({"a": 0.5, "b": 0.5, "c": 0.5}, 0.2)
    fit = WalletFrontier(stated, by="town").fit(read(frame), sg.MAP(), seed=1)
    assert evidence(fit, "Level of the wallet").table["answers"].tolist()[1:] == [0, 20]
    block = block_of(fit)
    status, silent = np.array(STATUS)[block.status], ~block.answered
    assert (status[silent & frame["town"].isin(["b", "c"])] == "extrapolated").all()
    of_a = (frame["town"] == "a").to_numpy()
    low, high = block.own[of_a & block.answered].min(), block.own[of_a & block.answered].max()
    inside = of_a & (block.own >= low) & (block.own <= high)
    assert (status[inside] == "identified").all()
    assert (status[silent & of_a & ~inside] == "extrapolated").all()
    # one mean share of all is known by the answers of all
    one = block_of(WalletFrontier(STATED, by="town").fit(read(frame), sg.MAP(), seed=1))
    assert (np.array(STATUS)[one.status[silent & silenced]] == "identified").mean() > 0.9


@pytest.mark.parametrize(
    "values", [(1, 2, 3), tuple(pd.to_datetime(["2024-01-01", "2024-04-01", "2024-07-01"]))]
)
def test_mean_shares_go_by_the_values_in_the_column_of_segments(values, tmp_path):
    frame = world(600, answered=60)
    frame["town"] = frame["town"].map(dict(zip("abc", values, strict=True)))
    given = dict(zip(values, (0.5, 0.3, 0.6), strict=True))
    spec = WalletFrontier(MeanShare(given, 0.1), by="town")
    fit = spec.fit(read(frame), sg.MAP(), seed=1)
    assert evidence(fit, "Level of the wallet").table["stated"].tolist() == [0.5, 0.3, 0.6]
    given[values[0]] = 0.9
    assert spec == WalletFrontier(
        MeanShare({str(k): s for k, s in (given | {values[0]: 0.5}).items()}, 0.1), by="town"
    )
    if values[0] == 1:
        assert type(fit).load(fit.save(tmp_path / "wallet.nc"), read(frame)).spec == spec
    with pytest.raises(InputError, match="two shares for one segment"):
        MeanShare({1: 0.4, "1": 0.5})


def test_order_repeats_and_seed_do_what_they_should(plain):
    frame, fit = plain
    again = WalletFrontier(STATED).fit(read(frame.sample(frac=1, random_state=1)), sg.Laplace(1_000), seed=3)
    np.testing.assert_array_equal(fit.u, again.u)
    other = fit.on(read(frame.iloc[:10]))
    np.testing.assert_array_equal(
        block_of(other).elsewhere.draws(np.arange(5)), block_of(fit).elsewhere.draws(np.arange(5))[:10]
    )
    twice = pd.concat([frame, frame.assign(customer_id=frame["customer_id"] + 10_000)])
    doubled = WalletFrontier(STATED).fit(read(twice), sg.MAP(), seed=3)
    assert len(doubled.cells.count) == len(fit.cells.count)
    assert (doubled.cells.count == 2).all()
    assert customer_keys([1])[0] == block_of(fit).elsewhere.keys[1]


def test_own_spend_without_a_frontier_still_gives_a_wallet():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"customer_id": range(800), "own": np.exp(rng.gumbel(3, 0.5, 800))})
    fit = WalletFrontier(MeanShare(0.3)).fit(
        Wallets.read(frame, customer="customer_id", own="own"), sg.Laplace(500), seed=1
    )
    assert "no frontier" in evidence(fit, "Own spend").text
    spend = block_of(fit)
    share = spend.own / (spend.own + spend.elsewhere.quantiles(np.array([0.5]))[:, 0])
    assert np.median(share) == pytest.approx(0.3, abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("ceiling", [None, FREE])
def test_nuts_agrees_with_laplace(ceiling):
    spec = WalletFrontier(STATED, ceiling=ceiling)
    wallets = read(world(500))
    laplace = spec.fit(wallets, sg.Laplace(4_000), seed=1)
    nuts = spec.fit(wallets, sg.NUTS(draws=1_000, tune=1_000, chains=2), seed=1)
    spread = nuts.u.std(axis=0)
    assert (np.abs(laplace.u.mean(axis=0) - nuts.u.mean(axis=0)) < 0.25 * spread).all()
    np.testing.assert_allclose(laplace.u.std(axis=0), spread, rtol=0.25)


def test_predictions_agree_with_themselves_and_leave_nonbuyers_blank():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"id": np.arange(400), "own": np.exp(rng.normal(3, 1, 400))})
    frame.loc[:20, "own"] = 0.0
    wallets = Wallets.read(frame, customer="id", own="own")
    fit = WalletFrontier(MeanShare(0.4, source="a market report")).fit(wallets, sg.Laplace(draws=300), seed=1)
    found = fit.predict(levels=(0.1, 0.5, 0.9))
    blank = found["own"] == 0
    assert found.loc[blank, "wallet_mean"].isna().all()
    assert found.loc[~blank, "wallet_mean"].notna().all()
    np.testing.assert_allclose(found["wallet_q90"], found["own"] + found["headroom_q90"])

"""The simple ways to predict elsewhere spend."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.wallet.features import features
from segmodels.evaluate.wallet.masked_truth import PEERS
from segmodels.evaluate.wallet.peers import (
    DecileMeans,
    MeanImputation,
    NearestNeighbours,
    OwnOverShare,
    empirical,
)
from segmodels.evaluate.wallet.quantile_peers import GRID, BoostedQuantile, LinearQuantile
from segmodels.evaluate.wallet.scores import LEVELS, wallet_scores

ALL = pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)


def simulate(n, seed, slope=-0.6, atom=0.25):
    """Hurdle log-normal: elsewhere falls with own spend, and in town b is twice as much."""
    rng = np.random.default_rng(seed)
    own = rng.lognormal(3, 1, n)
    town = rng.choice(["a", "b"], n)
    mean = 6 + slope * np.log(own) + np.log(2) * (town == "b")
    c = np.where(rng.random(n) < atom, 0.0, np.exp(rng.normal(mean, 0.7)))
    return pd.DataFrame({"own": own, "town": town, "elsewhere": c})


@pytest.fixture(scope="module")
def panel():
    return simulate(400, 1), simulate(3000, 2)


@ALL
def test_predictions_are_distributions(peer, panel):
    survey, base = panel
    found = peer.predict(survey, base[["own", "town"]], LEVELS, ("town",), seed=1)
    assert found.quantiles.shape == (len(base), len(LEVELS))
    assert found.known.all()
    assert (np.diff(found.quantiles, axis=1) >= 0).all()
    assert (found.quantiles >= 0).all()
    assert (found.mean >= 0).all()
    assert ((found.none >= 0) & (found.none <= 1)).all()


@ALL
def test_the_same_seed_the_same_prediction_and_no_order_of_customers_changes_it(peer, panel):
    survey, base = panel
    mixed = np.random.default_rng(3).permutation(len(base))
    one = peer.predict(survey, base, LEVELS, ("town",), seed=1)
    other = peer.predict(survey, base.iloc[mixed], LEVELS, ("town",), seed=1)
    np.testing.assert_allclose(other.quantiles, one.quantiles[mixed], rtol=1e-6)
    np.testing.assert_allclose(other.mean, one.mean[mixed], rtol=1e-6)


@ALL
def test_what_is_hidden_is_not_looked_at(peer, panel):
    survey, base = panel
    one = peer.predict(survey, base.assign(elsewhere=7.0), LEVELS, ("town",), seed=1)
    other = peer.predict(survey, base.drop(columns="elsewhere"), LEVELS, ("town",), seed=1)
    assert (one.quantiles == other.quantiles).all()


@ALL
def test_no_unit_of_money_changes_a_prediction(peer, panel):
    survey, base = panel
    money = ["own", "elsewhere"]
    dear, customers = (frame.assign(**(16 * frame[money])) for frame in (survey, base))
    one = peer.predict(survey, base, LEVELS, (), seed=1)
    other = peer.predict(dear, customers, LEVELS, (), seed=1)
    np.testing.assert_allclose(other.quantiles, 16 * one.quantiles, rtol=1e-5)
    np.testing.assert_allclose(other.mean, 16 * one.mean, rtol=1e-5)


@ALL
def test_nobody_asked_is_refused(peer, panel):
    survey, base = panel
    with pytest.raises(InputError, match="nobody"):
        peer.predict(survey.iloc[:0], base, LEVELS, (), seed=1)


def test_mean_imputation_gives_everybody_the_same():
    survey = pd.DataFrame({"own": [1.0, 2, 3, 4], "elsewhere": [0.0, 2, 4, 10]})
    found = MeanImputation().predict(survey, pd.DataFrame({"own": [0.0, 9.0]}), [0.5], (), seed=1)
    assert found.mean.tolist() == [4, 4]
    assert found.quantiles.tolist() == [[3], [3]]
    assert found.none.tolist() == [0.25, 0.25]


def test_own_over_share_worked_by_hand():
    # Share 10 / 40: three times own spend. Ratios of actual to that: 0, 1, 1.2.
    survey = pd.DataFrame({"own": [1.0, 4.0, 5.0], "elsewhere": [0.0, 12.0, 18.0]})
    found = OwnOverShare().predict(survey, pd.DataFrame({"own": [2.0, 0.0]}), [0.5], (), seed=1)
    assert found.mean.tolist() == [6.0, 0.0]
    assert found.quantiles.tolist() == [[6.0], [0.0]]
    assert found.none.tolist() == pytest.approx([1 / 3, 1])


def test_own_over_share_needs_own_spend_and_takes_no_elsewhere_for_none():
    base = pd.DataFrame({"own": [2.0]})
    with pytest.raises(InputError, match="own"):
        OwnOverShare().predict(pd.DataFrame({"own": [0.0], "elsewhere": [1.0]}), base, [0.5], (), seed=1)
    loyal = pd.DataFrame({"own": [3.0, 5.0], "elsewhere": [0.0, 0.0]})
    assert OwnOverShare().predict(loyal, base, [0.5], (), seed=1).mean.tolist() == [0]


def test_deciles_are_those_of_all_customers_and_thin_ones_take_in_their_neighbours():
    base = pd.DataFrame({"own": np.arange(1.0, 101.0)})
    # Answers in the lowest and in the highest decile alone.
    survey = pd.DataFrame({"own": [2.0, 3.0, 97.0, 98.0], "elsewhere": [10.0, 20.0, 1.0, 3.0]})
    found = DecileMeans(least=2).predict(survey, base, [0.5], (), seed=1)
    assert found.mean[0] == 15
    assert found.mean[-1] == 2
    # Deciles 5 and 6 reach both ends at different distances: 5 is nearer to the first.
    assert found.mean[45] == 15
    assert found.mean[60] == 2
    everybody = DecileMeans(least=99).predict(survey, base, [0.5], (), seed=1)
    assert np.ptp(everybody.mean) == 0


def test_neighbours_are_those_of_the_slow_way(panel):
    survey, base = panel[0], panel[1].iloc[:50]
    found = NearestNeighbours(k=7).predict(survey, base, [0.1, 0.5], ("town",), seed=1)
    asked, other = features(survey, base, ("town",))
    answers = survey["elsewhere"].to_numpy()
    for row, point in enumerate(other):
        near = answers[np.argsort(((asked - point) ** 2).sum(axis=1))[:7]]
        assert found.mean[row] == pytest.approx(near.mean())
        assert found.none[row] == pytest.approx((near == 0).mean())


def test_few_answers_are_all_neighbours():
    survey = pd.DataFrame({"own": [1.0, 2.0, 3.0], "elsewhere": [1.0, 2.0, 6.0]})
    assert NearestNeighbours().predict(survey, survey, [0.5], (), seed=1).mean.tolist() == [3, 3, 3]


def test_linear_quantiles_find_the_truth_of_a_hurdle_log_normal():
    survey, base = simulate(4000, 5), simulate(2000, 6)
    found = LinearQuantile().predict(survey, base, LEVELS, ("town",), seed=1)
    true = 6 - 0.6 * np.log(base["own"]) + np.log(2) * (base["town"] == "b")
    from scipy.stats import norm

    for column, level in ((2, 0.5), (4, 0.9)):
        exact = np.exp(true + 0.7 * norm.ppf((level - 0.25) / 0.75))
        assert np.abs(np.log(found.quantiles[:, column] / exact)).mean() < 0.06
    assert (found.quantiles[:, :2] == 0).all()
    assert found.none.mean() == pytest.approx(0.25, abs=0.03)
    mean = 0.75 * np.exp(true + 0.7**2 / 2)
    assert (found.mean / mean).mean() == pytest.approx(1, abs=0.06)


def test_linear_quantiles_are_straight_in_log_own_where_everybody_spends():
    """Without an atom the conditional level is the level: at those of the grid, the regression itself."""
    from sklearn.linear_model import QuantileRegressor

    survey, base = simulate(300, 7, atom=0), simulate(40, 8, atom=0)
    found = LinearQuantile().predict(survey, base, [0.1, 0.5, 0.9], (), seed=1)
    for column, level in enumerate((0.1, 0.5, 0.9)):
        assert level in GRID
        line = QuantileRegressor(quantile=level, alpha=0).fit(
            np.log(survey[["own"]].to_numpy()), np.log(survey["elsewhere"])
        )
        expected = np.exp(line.predict(np.log(base[["own"]].to_numpy())))
        np.testing.assert_allclose(found.quantiles[:, column], expected, rtol=1e-4)


def test_linear_quantiles_refuse_too_few_answers():
    survey, base = simulate(20, 1), simulate(5, 2)
    with pytest.raises(InputError, match="answers above 0"):
        LinearQuantile(least=20).predict(survey, base, LEVELS, (), seed=1)


@pytest.mark.parametrize("peer", [LinearQuantile(), BoostedQuantile(), NearestNeighbours()])
def test_what_depends_on_own_spend_and_town_beats_the_mean(peer):
    survey, base = simulate(1000, 9, slope=-1), simulate(3000, 10, slope=-1)
    found = peer.predict(survey, base, LEVELS, ("town",), seed=1)
    plain = MeanImputation().predict(survey, base, LEVELS, (), seed=1)
    loss, flat = (wallet_scores(each, base["own"], base["elsewhere"]) for each in (found, plain))
    assert loss["pinball"] < 0.97 * flat["pinball"]
    assert loss["spearman"] > 0.25
    assert loss["coverage_80"] == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("peer", [LinearQuantile(), BoostedQuantile()])
def test_a_survey_in_which_everybody_spends_elsewhere_rules_a_zero_out(peer):
    found = peer.predict(simulate(100, 1, atom=0), simulate(50, 2), LEVELS, (), seed=1)
    assert (found.none == 0).all()


def test_empirical_quantiles_are_0_up_to_the_share_of_0():
    samples = np.append(np.zeros(60), np.arange(1.0, 41.0))[None, :]
    found = empirical(samples, [0.1, 0.5, 0.8])
    assert found.quantiles[0, :2].tolist() == [0, 0]
    assert found.quantiles[0, 2] == pytest.approx(np.quantile(np.arange(1, 41), 0.5), abs=0.5)


def test_customers_without_own_spend_have_a_column_of_their_own():
    survey = pd.DataFrame({"own": [0.0, 1.0, 5.0]})
    asked, other = features(survey, pd.DataFrame({"own": [0.0, 2.0]}), ())
    assert asked.shape == (3, 2)
    assert asked[0].tolist() == other[0].tolist()
    # Their log is that of the least spender; the second column tells the two apart.
    assert asked[0, 0] == asked[1, 0]
    assert asked[0, 1] != asked[1, 1]
    both = np.vstack([asked, other])
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(both.std(axis=0), 1)


@pytest.mark.parametrize("peer", [NearestNeighbours(k=3), LinearQuantile(), BoostedQuantile()])
def test_customers_who_are_all_alike_are_refused_by_ways_that_tell_them_apart(peer):
    survey = pd.DataFrame({"own": np.ones(60), "elsewhere": np.arange(60.0)})
    with pytest.raises(InputError, match="the same for all"):
        peer.predict(survey, survey[["own"]], LEVELS, (), seed=1)


def test_missing_values_and_columns_are_refused_together():
    frame = pd.DataFrame({"own": [1.0, 2.0], "age": [30, np.nan]})
    with pytest.raises(InputError) as caught:
        features(frame, frame, ("age", "town"))
    assert [fault.where for fault in caught.value.faults] == ["age", "town"]

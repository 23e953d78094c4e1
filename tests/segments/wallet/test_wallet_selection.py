"""Weights of the answered: against scikit-learn, and against a known way of answering."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from wallet_fake import FakeFit, FakeWallets, fake_fit

from segmodels.errors import InputError
from segmodels.segments.wallet.customer_features import base_rows
from segmodels.segments.wallet.selection import hajek, logistic, respondents


def _asked(n, seed, strength=1.0):
    """A base in which those with larger own spend, and the north, answer more often."""
    rng = np.random.default_rng([seed, 1])
    frame = fake_fit(n, answered=0, seed=seed, unknown=0.0).wallets.frame
    logs = np.log(np.where(frame["own"] > 0, frame["own"], 100.0))
    linear = -3.0 + strength * (logs - 4.6) + 0.7 * strength * (frame["region"] == "north")
    answered = rng.random(n) < 1 / (1 + np.exp(-linear))
    frame["age"] = rng.normal(50, 10, n)
    frame["low"] = frame["high"] = np.where(answered, 1.0, np.nan)
    return FakeWallets(frame), 1 / (1 + np.exp(-linear))


def test_the_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    x, weight = rng.standard_normal((400, 3)), rng.uniform(0.5, 2.0, 400)
    answered = rng.random(400) < 1 / (1 + np.exp(-(x @ [1.0, -0.5, 0.0] - 1)))
    ours, covariance = logistic(x, answered, weight)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(x, answered, sample_weight=weight)
    assert ours == pytest.approx(np.append(theirs.intercept_, theirs.coef_), abs=1e-5)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_a_separated_answer_has_finite_slopes():
    x = np.linspace(-1, 1, 50)[:, None]
    found, _ = logistic(x, x[:, 0] > 0, np.ones(50))
    assert np.isfinite(found).all()
    assert found[1] > 1


def test_weights_sum_to_the_base_and_repair_the_balance():
    wallets, _ = _asked(20_000, 1)
    found = respondents(wallets, ("region", "age"))
    assert found.weights.sum() == pytest.approx(len(wallets))
    assert found.weights.index.tolist() == wallets.answered()["customer_id"].tolist()
    table = found.balance.set_index("feature")
    assert table.loc["log own spend", "difference_before"] > 0.5
    assert table["difference_after"].abs().max() < 0.1
    frame = wallets.frame
    assert table.loc["age", "base"] == pytest.approx(frame["age"].mean())
    assert table.loc["age", "before"] == pytest.approx(wallets.answered()["age"].mean())
    assert found.effective_n < wallets.n_answered


def test_propensities_are_those_by_which_customers_answered():
    wallets, truth = _asked(30_000, 2)
    found = respondents(wallets, ("region",))
    mine = truth[wallets.frame["low"].notna()]
    assert np.corrcoef(np.log(found.propensity), np.log(mine))[0, 1] > 0.98
    assert np.average(found.propensity / mine) == pytest.approx(1.0, abs=0.1)


def test_the_weighted_mean_of_the_answered_is_that_of_the_base():
    """The mean of own spend itself, which no feature is, comes right on average."""
    ratios = []
    for seed in range(12):
        wallets, _ = _asked(8000, 10 + seed)
        own, weight = (
            wallets.answered()["own"].to_numpy(),
            respondents(wallets, ("region",)).weights.to_numpy(),
        )
        ratios.append([own.mean(), np.average(own, weights=weight)] / wallets.frame["own"].mean())
    before, after = np.mean(ratios, axis=0)
    assert before > 1.6
    assert after == pytest.approx(1.0, abs=0.05)


def test_a_random_survey_has_nearly_equal_weights():
    fit = fake_fit(5000, answered=1000, unknown=0.0)
    found = respondents(fit, ("region",), by="segment")
    assert found.effective_n > 0.97 * 1000
    assert all(each.passed for each in found.evidence)


def test_every_kth_of_the_others_stands_for_k():
    wallets, _ = _asked(6000, 3)
    rows = base_rows(wallets, (), most=1000)
    others = ~rows.answered
    assert others.sum() <= 1000
    assert rows.weight.sum() == pytest.approx(len(wallets))
    assert rows.answered.sum() == wallets.n_answered
    whole = wallets.frame["own"].mean()
    assert np.average(rows.frame["own"], weights=rows.weight) == pytest.approx(whole, rel=0.1)


def test_customers_unlike_any_answered_are_counted():
    wallets, _ = _asked(4000, 4)
    frame = wallets.frame.copy()
    frame.loc[frame["low"].isna().to_numpy() & (np.arange(len(frame)) % 5 == 0), "region"] = "island"
    frame.loc[frame["own"] == 0, ["low", "high"]] = np.nan
    wallets = FakeWallets(frame)
    found = respondents(wallets, ("region",))
    reasons = found.reach.table.set_index("reason")["customers"]
    own, asked = frame["own"], wallets.answered()["own"]
    assert reasons["category of region"] == (frame["region"] == "island").sum()
    assert reasons["no own spend, and none who answered is so"] == (own == 0).sum()
    assert reasons["own spend below that of all answered"] == ((own > 0) & (own < asked.min())).sum()
    assert reasons["own spend above that of all answered"] == (own > asked.max()).sum()
    assert found.reach.outside <= reasons.sum()
    overlap = found.evidence[0]
    assert overlap.passed is False
    assert "ask such customers" in overlap.text


def test_a_segment_that_is_a_number_is_a_category():
    wallets, _ = _asked(3000, 5)
    coded = FakeWallets(
        wallets.frame.assign(segment=wallets.frame["segment"].map({"a": 1, "b": 2, "c": 3, "d": 9}))
    )
    as_words, as_codes = respondents(wallets, by="segment"), respondents(coded, by="segment")
    assert np.allclose(as_words.weights, as_codes.weights)
    assert as_codes.coefficients["feature"].str.startswith("segment: ").sum() == 4


def test_where_all_answered_all_weights_are_one():
    found = respondents(fake_fit(200, answered=200, unknown=0.0), ("region",))
    assert found.weights.tolist() == [1.0] * 200


def test_names_and_order_of_columns_do_not_matter():
    wallets, _ = _asked(3000, 6)
    one, other = respondents(wallets, ("region", "age")), respondents(wallets, ("age", "region", "age"))
    assert np.allclose(one.weights, other.weights)


def test_hajek_weights_of_equal_chances_are_equal():
    assert hajek(np.full(4, 0.02), 1000.0).tolist() == [250.0] * 4


def test_faults_of_columns_are_reported_together():
    wallets, _ = _asked(500, 7)
    with pytest.raises(InputError) as caught:
        respondents(wallets, ("colour", "size"))
    assert len(caught.value.faults) == 2
    frame = wallets.frame.assign(region=wallets.frame["region"].where(wallets.frame["age"] < 60))
    frame.loc[3, "age"] = np.inf
    frame.loc[4, "age"] = np.nan
    with pytest.raises(InputError) as caught:
        respondents(FakeWallets(frame), ("region", "age"))
    assert {fault.where: fault.rows for fault in caught.value.faults} == {
        "region": int((wallets.frame["age"] >= 60).sum()),
        "age": 2,
    }


def test_without_answers_there_is_nothing_to_weight():
    frame = fake_fit(50, answered=5).wallets.frame.assign(low=np.nan, high=np.nan)
    with pytest.raises(InputError, match="no answers"):
        respondents(FakeFit(FakeWallets(pd.DataFrame(frame))))

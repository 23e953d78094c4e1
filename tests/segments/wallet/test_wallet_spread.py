"""What a model leaves over, as if it had not seen the answers; and answers that count for fewer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from wallet_fake import fake_fit

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.potential import Potential, scored
from segmodels.segments.wallet.selection import Selection, respondents
from segmodels.segments.wallet.smearing import smeared
from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.survey_size import error_reached, leverage, spread
from segmodels.tables.wallets import Wallets

N, P = 60, 5
NAMES = tuple(f"x{k}" for k in range(P))


def _survey(seed, rows=1000):
    """Elsewhere spend that five columns and own spend tell of, of 60 who answered and of others."""
    rng = np.random.default_rng(seed)
    own, x = np.exp(rng.normal(4.6, 1.0, N + rows)), rng.standard_normal((N + rows, P))
    line = 4.6 + 0.5 * (np.log(own) - 4.6) + 0.2 * x.sum(axis=1)
    spent = np.where(rng.random(len(own)) < 0.1, 0.0, np.exp(line + 0.4 * rng.standard_normal(len(own))))
    frame = pd.DataFrame({"id": np.arange(len(own)), "own": own, **dict(zip(NAMES, x.T, strict=True))})
    frame["rest"] = np.where(np.arange(len(own)) < N, spent, np.nan)
    return frame, line, spent


def _fit(frame, seed=1):
    wallets = Wallets.read(frame, customer="id", own="own", elsewhere="rest")
    return WalletShare(covariates=NAMES, scale=0.0).fit(wallets, MAP(), seed=seed)


def _left_over(seed):
    """What is left over of the answers that were seen, as told, and of customers who were not seen; in money."""
    frame, line, spent = _survey(seed)
    fit = _fit(frame)
    told = spread(fit, Potential(), scored(fit, Potential()), 10)
    seen = (spent[:N] - fit.survey().elsewhere.mean()).std(ddof=1)
    (block,) = fit.blocks()
    mean = 0.9 * np.exp(line[N:] + 0.08)
    noise = 0.9 * np.exp(2 * line[N:] + 0.32) - mean**2
    unseen = np.sqrt((noise + (block.elsewhere.mean()[N:] - mean) ** 2).mean())
    return seen, told.residual * spent[:N].mean(), unseen


def test_what_is_left_over_is_that_of_customers_whom_the_model_has_not_seen():
    seen, told, unseen = np.mean([_left_over(seed) for seed in range(25)], axis=0)
    assert told == pytest.approx(unseen, rel=0.08)
    assert seen < 0.92 * unseen


def test_it_is_that_of_fits_without_the_answer():
    frame, _, spent = _survey(2, rows=0)
    fit = _fit(frame)
    told = spread(fit, Potential(), scored(fit, Potential()), 10).residual * spent.mean()
    left = np.empty(N)
    for i in range(N):
        (block,) = _fit(frame.assign(rest=frame["rest"].where(frame.index != i))).blocks()
        left[i] = spent[i] - block.elsewhere.mean()[i]
    assert told == pytest.approx(left.std(ddof=1), rel=0.04)
    assert (spent - fit.survey().elsewhere.mean()).std(ddof=1) < 0.9 * left.std(ddof=1)


def test_a_smeared_fit_leans_on_the_columns_of_the_fit_inside():
    frame, _, _ = _survey(1)
    level = smeared(_fit(frame))
    told = spread(level, Potential(), scored(level, Potential()), 10)
    answer = frame["rest"][:N]
    seen = (answer - level.survey().elsewhere.mean()).std(ddof=1) / answer.mean()
    # With own spend alone the leverages are a third of what they are.
    assert told.residual > 1.1 * seen


def test_leverage_is_how_much_an_answer_moves_its_own_expectation():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((25, 3)), rng.standard_normal(25)
    full, penalty = np.column_stack([np.ones(25), x]), np.diag([0.0, 1.0, 1.0, 1.0])

    def fitted(values):
        return full @ np.linalg.solve(full.T @ full + penalty, full.T @ values)

    moved = [fitted(y + np.eye(25)[i])[i] - fitted(y)[i] for i in range(25)]
    assert leverage(x) == pytest.approx(moved)
    # What is left over of an answer, over one less its leverage, is what is left over without it.
    for i in (0, 7):
        others = np.arange(25) != i
        a = full[others]
        beta = np.linalg.solve(a.T @ a + penalty, a.T @ y[others])
        assert (y - fitted(y))[i] / (1 - leverage(x)[i]) == pytest.approx(y[i] - full[i] @ beta)


def test_weighted_answers_count_as_fewer():
    fit = fake_fit(1500, answered=200, level_sd=0.0)
    ids = pd.Index(fit.wallets.answered()["customer_id"], name="customer_id")
    chance = np.where(np.arange(200) % 4 == 0, 0.05, 0.4)
    weighted = replace(respondents(fit), customer_id=ids, propensity=chance)
    plain, plan = survey_plan(fit), survey_plan(fit, selection=weighted, budget=50)
    n = weighted.effective_n
    assert (plain.answered, plain.effective) == (200, 200)
    assert (plan.answered, plan.effective) == (200, pytest.approx(n))
    assert n < 100
    population = int(plan.grid.scored.known.sum())
    for row, cv in zip(plan.sizes.itertuples(), (plan.spread.total, plan.spread.residual), strict=True):
        assert row.error_now == pytest.approx(error_reached(cv, n, population))
        assert row.error_with_budget == pytest.approx(error_reached(cv, n + 50, population))
        assert row.more == np.ceil(row.needed - n)
    assert plan.sizes["more"].dtype == np.int64
    assert f"(weighted, the 200 answers count as {n:,.0f})" in plan.text
    assert "weighted" not in plain.text


def test_a_selection_of_other_customers_is_refused():
    fit = fake_fit(500, answered=60)
    other: Selection = respondents(fake_fit(500, answered=60, seed=9))
    with pytest.raises(InputError, match="answered customers without a weight"):
        survey_plan(fit, selection=other)

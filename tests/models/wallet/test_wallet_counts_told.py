"""WalletCounts: customers who told how often they buy, and not what they spend."""

import numpy as np
import pytest
from wallet_buyers import block_of, evidence_of, read, world

from segmodels.errors import InputError
from segmodels.inference.settings import MAP, Laplace
from segmodels.models.wallet.counts import WalletCounts
from segmodels.tables.wallets import Wallets


def partly(table, many):
    """Answers about spend of the first so many who were asked; the others name purchases only."""
    silent = table.index[table["asked"]][many:]
    told = table.assign(answer=table["C"].where(table["asked"]), total=table["N"].where(table["asked"]))
    told.loc[silent, "answer"] = np.nan
    roles = {"customer": "id", "own": "own", "elsewhere": "answer", "purchases": "k"}
    return (
        silent,
        told,
        Wallets.read(told.drop(columns=["N", "C", "asked"]), total_purchases="total", **roles),
    )


def test_answers_about_purchases_only_take_part_and_are_counted():
    table = world(61, 2000)
    silent, told, wallets = partly(table, 200)
    fit = WalletCounts().fit(wallets, Laplace(draws=500), seed=1)
    assert fit.cells.count.sum() == table["asked"].sum()
    assert f"of {table['asked'].sum():,} answers" in repr(fit)
    text = evidence_of(fit, "Purchases and spend agree").text
    assert f"A further {len(silent)} name purchases only" in text
    assert fit.spend.answers == ((told["answer"] > 0) & (told["total"] > told["k"])).sum()
    # so what is known of purchases is as much as if all had told their spend, too
    full = WalletCounts().fit(read(table), Laplace(draws=500), seed=1)
    np.testing.assert_array_equal(full.u, fit.u)
    others = evidence_of(fit, "Own purchases of the others").table
    assert others["observed"].sum() == (~table["asked"]).sum()


def test_purchases_that_were_told_hold_for_the_forecast():
    table = world(62, 2000)
    silent, _, wallets = partly(table, 200)
    fit = WalletCounts().fit(wallets, Laplace(draws=1000), seed=1)
    block = block_of(fit).take(np.asarray(silent))
    assert not block.answered.any()
    J, C = (table["N"] - table["k"])[silent].to_numpy(), table["C"][silent].to_numpy()
    elsewhere, numbers = block.elsewhere, np.arange(3000)
    np.testing.assert_array_equal(elsewhere.none(), J == 0)
    draws = elsewhere.draws(numbers)
    assert ((draws == 0) == (J == 0)[:, None]).all()
    some = J > 0
    np.testing.assert_allclose(draws.mean(axis=1)[some], elsewhere.mean()[some], rtol=0.06)
    np.testing.assert_allclose(elsewhere.means(np.arange(1000)).mean(axis=1), elsewhere.mean(), rtol=0.02)
    levels = np.array([0.1, 0.5, 0.9])
    reached = (draws[:, :, None] <= elsewhere.quantiles(levels)[:, None]).mean(axis=1)
    assert np.abs(reached - levels)[some].max() < 0.04
    # the interval holds, and is much narrower than without the purchases
    low, middle, high = elsewhere.quantiles(levels)[some].T
    inside = ((C[some] >= low) & (C[some] <= high)).mean()
    assert abs(inside - 0.8) < 4 * np.sqrt(0.16 / some.sum())
    blind = read(table.assign(asked=False))
    without = block_of(fit.on(blind)).take(np.asarray(silent)).elsewhere.quantiles(levels)[some].T
    assert np.median((high - low) / middle) < 0.5 * np.median((without[2] - without[0]) / without[1])


def test_purchases_that_were_told_cut_rounded_answers_too():
    """Of an answer between nothing and 20 the purchases tell whether it is nothing."""
    table = world(63, 1500)
    middle = 20 * np.floor(table["C"] / 20) + 10
    told = table.assign(
        answer=middle.where(table["asked"]), total=table["N"].where(table["asked"]), width=20.0
    )
    roles = {"customer": "id", "own": "own", "elsewhere": "answer", "purchases": "k", "rounding": "width"}
    wallets = Wallets.read(told.drop(columns=["N", "C", "asked"]), total_purchases="total", **roles)
    block = block_of(WalletCounts().fit(wallets, MAP(), seed=1))
    rows = np.flatnonzero(table["asked"] & (table["C"] < 20))
    few, nothing = block.take(rows), (table["N"] == table["k"]).to_numpy()[rows]
    assert min(nothing.sum(), (~nothing).sum()) > 5
    assert few.answered.all()
    np.testing.assert_allclose(few.elsewhere.none(), nothing, atol=1e-12)
    draws = few.elsewhere.draws(np.arange(50))
    assert ((draws == 0) == nothing[:, None]).all()
    assert (draws <= 20).all()


def test_purchases_only_are_checked_as_well():
    table = world(64, 1500, frame="all customers")
    nobody = table["asked"] & (table["N"] == 0)
    assert nobody.sum() > 5
    told = table.assign(
        answer=table["C"].where(table["asked"] & ~nobody), total=table["N"].where(table["asked"])
    )
    wallets = Wallets.read(
        told.drop(columns=["N", "C", "asked"]),
        customer="id",
        own="own",
        elsewhere="answer",
        purchases="k",
        total_purchases="total",
    )
    with pytest.raises(InputError, match="by a category buyer"):
        WalletCounts().fit(wallets, MAP(), seed=1)
    WalletCounts(frame="all customers").fit(wallets, MAP(), seed=1)

"""What a fit of the wallet is refused for, in one error."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.inference.settings import MAP
from segmodels.models.wallet.arguments import check_wallet_fit, seed_faults
from segmodels.models.wallet.frontier import WalletFrontier
from segmodels.models.wallet.frontier_anchor import MeanShare
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.bands import potential_bands
from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import wallet_totals
from segmodels.segments.wallet.value_grid import value_grid
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets


@pytest.mark.parametrize("seed", [2**64, np.float64(1.0), -1, None, True, "1"])
def test_a_seed_that_draws_can_not_take_is_refused_before_the_fit(seed):
    wallets = Wallets.read(pd.DataFrame({"id": [1], "own": [2.0]}), customer="id", own="own")
    with pytest.raises(InputError) as caught:
        WalletShare().fit(wallets, MAP(), seed=seed)
    assert [fault.where for fault in caught.value.faults] == ["seed", "wallets"]
    assert "a whole number from 0 to 2^64 - 1" in str(caught.value)


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1, np.uint64(2**64 - 1), np.int32(5)])
def test_every_seed_accepted_gives_draws(seed):
    assert seed_faults(seed) == []
    drawn = uniforms(int(seed), customer_keys([1, 2]), [0, 1], 0)
    assert ((drawn > 0) & (drawn < 1)).all()


def _read(frame, *columns):
    return Wallets.read(frame, customer="customer_id", own="own", total="total", columns=columns)


@pytest.fixture(scope="module")
def base():
    return simulate_wallets(300, np.random.default_rng(5), answered=60, segments=(-0.3, 0.3))


@pytest.mark.parametrize(
    "call",
    [
        wallet_totals,
        value_grid,
        potential_bands,
        lambda fit: survey_plan(fit, budget=10),
        lambda fit: wallet_totals([fit]),
        lambda _: wallet_totals(WalletShare),
        lambda fit: wallet_totals(fit.to_pandas()),
    ],
)
def test_what_is_no_fit_is_refused_with_how_one_is_made(call, base):
    with pytest.raises(InputError, match=r"fit: got .*; expected a fitted wallet\. .*WalletShare\(\)\.fit\("):
        call(_read(base))


def test_a_fit_on_a_frame_is_refused_where_it_is_used(base):
    fit = WalletShare().fit(_read(base), MAP(), seed=1)
    with pytest.raises(InputError, match="wallets of the fit: got a DataFrame; expected Wallets"):
        wallet_totals(replace(fit, wallets=base))


def test_tipping_points_are_of_totals(base):
    with pytest.raises(InputError, match=r"totals: got a Wallets; expected WalletTotals\. Sum the fit first"):
        tipping_points(_read(base))


@pytest.mark.parametrize("some", [1.0, 0.5])
def test_answers_that_all_say_the_same_are_refused_before_the_fit(some, base):
    more = np.where(np.random.default_rng(1).random(len(base)) < some, 100.0, 0.0)
    frame = base.assign(total=(base["own"] + more).where(base["total"].notna()))
    with pytest.raises(InputError, match=r"all answers.* equal: 100 spent elsewhere") as caught:
        WalletShare().fit(_read(frame), MAP(), seed=1)
    assert "Student" not in str(caught.value)
    assert "WalletFrontier" not in str(caught.value)


def test_a_column_of_which_hardly_any_segment_has_two_answers_is_refused(base):
    frame = base.assign(id_like=base["customer_id"].astype(str), cell=(base["customer_id"] % 25).astype(str))
    with pytest.raises(InputError, match="id_like: got 60 segments among 60 answers; expected at least two"):
        WalletShare(by="id_like").fit(_read(frame, "id_like"), MAP(), seed=1)
    check_wallet_fit(_read(frame, "cell"), MAP(), 1, (), ("cell",))
    numbers = frame.assign(number=frame["customer_id"] * 1.5)
    with pytest.raises(InputError, match="number: got 60 segments"):
        check_wallet_fit(_read(numbers, "number"), MAP(), 1, (), ("number",), by="number")
    check_wallet_fit(_read(numbers, "number"), MAP(), 1, (), ("number",))


def test_a_covariate_that_varies_only_among_those_not_asked_is_said_to(base):
    frame = base.assign(x=np.where(base["total"].notna(), 1.0, base["own"]))
    with pytest.raises(InputError, match=r"x: got 1.0 for all customers that the fit can use; .*answered"):
        WalletShare(covariates=("x",)).fit(_read(frame, "x"), MAP(), seed=1)


def test_a_mean_share_of_no_segment_is_refused(base):
    spec = WalletFrontier(MeanShare({"s1": 0.4, "s2": 0.6, "s9": 0.5}), by="segment")
    with pytest.raises(InputError, match=r"mean_share: got a share of 's9'; expected .*: s1, s2"):
        spec.fit(_read(base, "segment"), MAP(), seed=1)

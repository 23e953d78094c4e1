"""What is no fit, or no wallets, is refused at the door of each function that takes one."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.models.wallet.look_alikes import target_shares
from segmodels.models.wallet.predictive_checks import wallet_checks
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.smearing import smeared
from segmodels.tables.simulate_wallets import simulate_wallets
from segmodels.tables.wallets import Wallets


@pytest.fixture(scope="module")
def base():
    frame = simulate_wallets(300, np.random.default_rng(5), answered=60)
    names = {"customer": "customer_id", "own": "own", "total": "total"}
    return Wallets.read(frame.assign(number=frame["customer_id"] * 1.5), columns=["number"], **names)


@pytest.mark.parametrize("call", [target_shares, wallet_checks, smeared])
def test_wallets_are_no_fit_of_them(call, base):
    with pytest.raises(InputError, match=r"fit: got a Wallets; expected a fitted wallet"):
        call(base)


def test_a_frame_is_not_scored(base):
    fit = WalletShare().fit(base, MAP(), seed=1)
    with pytest.raises(InputError, match="wallets: got a DataFrame; expected Wallets"):
        fit.on(pd.DataFrame({"customer_id": [1], "own": [1.0]}))


def test_a_column_of_numbers_is_no_segmentation(base):
    with pytest.raises(InputError, match="number: got 60 segments among 60 answers"):
        WalletShare(by="number").fit(base, MAP(), seed=1)

"""What a fit of the wallet is refused for, in one error."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.inference.settings import MAP
from segmodels.models.wallet.arguments import seed_faults
from segmodels.models.wallet.share import WalletShare
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

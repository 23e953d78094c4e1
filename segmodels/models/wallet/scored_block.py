"""From a frame of customers and what a model says of them to a block, known answers first."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.inference.counter_random import customer_keys
from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.block import IDENTIFIED, Elsewhere, WalletBlock

_ROWS = ("customer_id", "own", "low", "high")


def scored_block(
    frame: pd.DataFrame, model: Elsewhere, status: NDArray[np.int8], seed: int, *, answers: bool
) -> WalletBlock:
    """Make the block of B customers.

    Parameters
    ----------
    frame
        Rows of ``Wallets.table``.
    model, status
        What the model says of the customers without their answers, and how far it can be relied on, shape (B,).
    seed
        Of the draws.
    answers
        Whether a known answer goes before the model.
    """
    ids, own = frame["customer_id"].to_numpy(), frame["own"].to_numpy(np.float64)
    low, high = frame["low"].to_numpy(np.float64), frame["high"].to_numpy(np.float64)
    answered = ~np.isnan(low)
    elsewhere = model
    if answers:
        status = np.where(answered, IDENTIFIED, status).astype(np.int8)
        if answered.any():
            elsewhere = Answered(model, low, high, customer_keys(ids), seed)
    columns: dict[str, Any] = {
        str(name): frame[name].to_numpy() for name in frame.columns if name not in _ROWS
    }
    return WalletBlock(ids, own, columns, answered, status, elsewhere)

"""Share of wallet against own spend, as the page shows it."""

import numpy as np
import pandas as pd

from segmodels.models.wallet.block import WalletBlock, WalletFit
from segmodels.project.wallet_results import WalletResults
from segmodels.report.wallet_parts import SharePart

#: Buyers that are looked at, draws of each, points of the curve, and buyers at each of them at the least.
_BUYERS, _DRAWS, _POINTS, _FEWEST = 20_000, 40, 24, 20
_BAND = 0.8


def share_part(results: WalletResults) -> SharePart | None:
    """Show the answers, and what the model says of buyers with so much own spend; None without buyers."""
    curve = share_curve(results.level)
    if curve.empty:
        return None
    asked = results.wallets.answered()
    if asked.empty:
        return SharePart(curve, None, _BAND)
    own = asked["own"].to_numpy(np.float64)
    elsewhere = (asked["low"].to_numpy(np.float64) + asked["high"].to_numpy(np.float64)) / 2
    return SharePart(curve, pd.DataFrame({"own": own, "share": _share(own, elsewhere)}), _BAND)


def share_curve(level: WalletFit) -> pd.DataFrame:
    """Give median and band of the share of buyers without an answer, by own spend.

    Where everybody answered, it is what the model says of them without their answers. Every k-th buyer is taken,
    so that there are no more than 20,000, and those with about the same own spend are taken together.

    Returns
    -------
    pandas.DataFrame
        ``own, median, low, high``, ascending; empty where there are no buyers of whom something is known.
    """
    blocks = [level.survey()] if level.wallets.n_answered == len(level.wallets) else level.blocks()
    every = max(1, -(-len(level.wallets) // _BUYERS))
    own, share = [np.empty(0)], [np.empty((0, _DRAWS))]
    for block in blocks:
        rows = (
            _unanswered(block)[::every] if level.wallets.n_answered < len(level.wallets) else _buyers(block)
        )
        drawn = block.elsewhere.draws(np.arange(_DRAWS))[rows]
        known = np.isfinite(drawn).all(axis=1)
        own.append(block.own[rows][known])
        share.append(_share(block.own[rows][known][:, None], drawn[known]))
    spent, shares = np.concatenate(own), np.concatenate(share)
    order = np.argsort(spent, kind="stable")
    points = min(_POINTS, len(order) // _FEWEST)
    parts = np.array_split(order, max(points, 1)) if len(order) else []
    tails = ((1 - _BAND) / 2, 0.5, (1 + _BAND) / 2)
    rows = [(float(np.median(spent[part])), *np.quantile(shares[part], tails)) for part in parts]
    frame = pd.DataFrame(rows, columns=["own", "low", "median", "high"])
    # Customers with the very same own spend may fill several parts.
    return frame.drop_duplicates("own").reset_index(drop=True)


def _buyers(block: WalletBlock) -> np.ndarray:
    return np.flatnonzero(block.own > 0)


def _unanswered(block: WalletBlock) -> np.ndarray:
    return np.flatnonzero((block.own > 0) & ~block.answered)


def _share(own: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    """Own spend over wallet; NaN of those who spend nothing anywhere."""
    wallet = own + elsewhere
    return np.divide(own, wallet, out=np.full(wallet.shape, np.nan), where=wallet > 0)

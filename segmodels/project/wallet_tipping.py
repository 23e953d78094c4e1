"""Tipping points of segments by both rules: their rank, and the cut of the grid."""

import numpy as np
import pandas as pd

from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import WalletTotals
from segmodels.segments.wallet.value_grid import ValueGrid
from segmodels.tables.wallets import Wallets

_NO_DECISION = "One segment has no rank; the figure shows how its headroom moves."


def tipping_of(
    plan: WalletPlan, wallets: Wallets, totals: WalletTotals, grid: ValueGrid
) -> pd.DataFrame | None:
    """Find at which departure of those who did not answer a segment changes its rank or crosses the grid's cut.

    Returns
    -------
    pandas.DataFrame or None
        As of :func:`tipping_points` with the rule ``"rank"``, where ``delta, factor, crosses`` are; and
        ``threshold_delta`` (NaN for never, or where the cut is of attainable potential or 0) and ``words``. None where
        nobody answered, as then nobody can be different from those who did.
    """
    if wallets.n_answered == 0:
        return None
    table = tipping_points(totals, interval=plan.level)
    several = len(totals.names) > 1
    said = [[text] if several and text else [] for text in table["text"]]
    table["threshold_delta"] = np.nan
    if plan.potential == "headroom" and grid.potential_cut > 0:
        crossed = tipping_points(totals, rule="threshold", cut=grid.potential_cut, interval=plan.level)
        table["threshold_delta"] = crossed["delta"]
        pairs = zip(said, crossed["text"], strict=True)
        said = [[*words, text] if text else words for words, text in pairs]
    return table.assign(words=[" ".join(words) or _NO_DECISION for words in said])

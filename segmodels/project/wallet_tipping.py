"""Tipping points of segments by both rules: their rank, and the cut of the grid."""

import numpy as np
import pandas as pd

from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.cut_crossing import cut_crossings
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import WalletTotals
from segmodels.segments.wallet.value_grid import ValueGrid
from segmodels.tables.wallets import Wallets

_NO_DECISION = "One segment has no rank; the figure shows how its headroom moves."
_NEVER = (np.nan, "")


def tipping_of(
    plan: WalletPlan, wallets: Wallets, totals: WalletTotals, grid: ValueGrid
) -> pd.DataFrame | None:
    """Find at which departure of those who did not answer a segment changes its rank or crosses the grid's cut.

    Returns
    -------
    pandas.DataFrame or None
        As of :func:`tipping_points` with the rule ``"rank"``, where ``delta, factor, crosses`` are; and
        ``threshold_delta``, at which most of the segment's customers stand on the other side of the grid's cut (NaN for
        never, or where the cut is of attainable potential or 0), and ``words``. None where nobody answered, as then
        nobody can be different from those who did.
    """
    if wallets.n_answered == 0:
        return None
    table = tipping_points(totals, interval=plan.level)
    crossed = _crossed(plan, grid)
    segments = [str(name) for name in table["segment"]]
    known = np.isfinite(table["headroom"].to_numpy(np.float64))
    known[-1] = False
    several = int(known.sum()) > 1
    words: list[str] = []
    for segment, here, text in zip(segments, known, table["text"], strict=True):
        # Of the one segment of which something is known there is no rank; of one of which nothing is, no more to say.
        rank = text if several or not here else ""
        cut = crossed[segment][1] if here and segment in crossed else ""
        words.append(" ".join(each for each in (rank, cut) if each) or ("" if several else _NO_DECISION))
    deltas = [crossed.get(segment, _NEVER)[0] for segment in segments]
    return table.assign(threshold_delta=deltas, words=words)


def _crossed(plan: WalletPlan, grid: ValueGrid) -> dict[str, tuple[float, str]]:
    """Departure at which each segment crosses the cut of the grid, and words; none where the cut is not of headroom."""
    if plan.potential != "headroom" or not grid.potential_cut > 0:
        return {}
    found = cut_crossings(grid.fit, grid.potential_cut, by=plan.by)
    rows = zip(found["segment"], found["delta"], found["text"], strict=True)
    return {str(segment): (float(delta), str(text)) for segment, delta, text in rows}

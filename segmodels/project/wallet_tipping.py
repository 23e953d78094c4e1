"""Tipping points of segments by both rules: their rank, and the cut of the grid."""

import numpy as np
import pandas as pd

from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.cut_crossing import cut_crossings
from segmodels.segments.wallet.tipping_points import tipping_points
from segmodels.segments.wallet.totals import TOTAL, WalletTotals
from segmodels.segments.wallet.value_grid import ValueGrid
from segmodels.tables.wallets import Wallets

_NO_DECISION = "One segment has no rank; the figure shows how its headroom moves."
_UNKNOWN = "Nothing is known: no customer of it is identified."
_NEVER = (np.nan, np.nan)


def tipping_of(
    plan: WalletPlan, wallets: Wallets, totals: WalletTotals, grid: ValueGrid
) -> pd.DataFrame | None:
    """Find at which departure of those who did not answer a segment changes its rank or crosses the grid's cut.

    Returns
    -------
    pandas.DataFrame or None
        As of :func:`tipping_points` with the rule ``"rank"``, where ``delta, factor, crosses`` are; and
        ``threshold_delta``, at which most of the segment's customers stand on the other side of the grid's cut (NaN for
        never, or where the cut is of attainable potential or 0), and short ``words`` in place of ``text``. None where
        nobody answered, as then nobody can be different from those who did.
    """
    if wallets.n_answered == 0:
        return None
    table = tipping_points(totals, interval=plan.level)
    crossed = _crossed(plan, grid)
    segments = [str(name) for name in table["segment"]]
    known = np.isfinite(table["headroom"].to_numpy(np.float64))
    several = int(known[:-1].sum()) > 1
    words = [
        _words(name, here=bool(here), several=several, beside=beside, above=crossed.get(name, _NEVER)[1])
        for name, here, beside in zip(segments, known, table["crosses"], strict=True)
    ]
    deltas = [crossed.get(segment, _NEVER)[0] for segment in segments]
    # The long words of the library would say the same a second time.
    return table.drop(columns="text").assign(threshold_delta=deltas, words=words)


def _words(name: str, *, here: bool, several: bool, beside: str, above: float) -> str:
    """Say what stands beside the departures, in few words."""
    if name == TOTAL:
        return "" if several else _NO_DECISION
    if not here:
        return _UNKNOWN
    # Of the one segment of which something is known there is no rank.
    rank = [f"level with {beside!r}" if beside else "keeps its rank"] if several else []
    cut = [f"{above:.0%} of its customers above the cut now"] if np.isfinite(above) else []
    said = "; ".join((*rank, *cut))
    return f"{said[:1].upper()}{said[1:]}." if said else _NO_DECISION


def _crossed(plan: WalletPlan, grid: ValueGrid) -> dict[str, tuple[float, float]]:
    """Departure at which each segment crosses the grid's cut, and who is above it; none if it is not of headroom."""
    if plan.potential != "headroom" or not grid.potential_cut > 0:
        return {}
    found = cut_crossings(grid.fit, grid.potential_cut, by=plan.by)
    rows = zip(found["segment"], found["delta"], found["above"], strict=True)
    return {str(segment): (float(delta), float(above)) for segment, delta, above in rows}

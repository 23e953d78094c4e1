"""At which departure of those who did not answer most customers of a segment stand on the other side of a cut.

Elsewhere spend is skewed: the mean of a segment is above a cut long before most of its customers are. A cut between
customers, such as that of the value grid, is therefore held against customers: C > cut has a probability for each,
and where those who did not answer spend exp(delta) times as much it is that of C > cut · exp(−delta).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import NOT_IDENTIFIED, Array, WalletFit
from segmodels.models.wallet.group_columns import Groups, groups_of
from segmodels.segments.wallet.tipping_points import NO_DEPARTURE, NOT_KNOWN, if_departed
from segmodels.segments.wallet.totals import NO_SEGMENT

#: Departures beyond ± this, factors beyond 150, are not looked at.
FARTHEST = 5.0
#: Departures looked at in a walk over the customers, and walks; each looks closer, between two of the walk before.
_POINTS, _WALKS = 17, 2


def cut_crossings(fit: WalletFit, cut: float, *, by: str | None = None) -> pd.DataFrame:
    """Find the departure at which as many customers of a segment are above the cut as are not.

    Parameters
    ----------
    fit
        Any fitted wallet.
    cut
        Of elsewhere spend, in money.
    by
        A column of the customers; None: one segment of all.

    Returns
    -------
    pandas.DataFrame
        One row a segment, and one of those in no segment where there are some: ``segment``; ``above``, the expected
        share of its identified customers with more than the cut, those who answered counted by their answers;
        ``delta``, the departure of those who did not answer that makes it a half, NaN where none between −5 and 5
        does; ``factor``, its exponential; ``text``, the same in words. To within 0.001 of delta where the share rises
        smoothly.

    Raises
    ------
    InputError
        Where the cut is not an amount above 0, or the column is not there.
    """
    if not 0 < cut < np.inf:
        raise InputError(Fault("cut", str(cut), "an amount above 0", "Nothing can cross a cut at 0."))
    groups = groups_of(fit, by)
    names = (*groups.names, NO_SEGMENT)
    above, customers = _above(fit, groups, cut, np.zeros((len(names), 1)))
    low, high = np.full(len(names), -FARTHEST), np.full(len(names), FARTHEST)
    never = np.zeros(len(names), bool)
    delta = np.full(len(names), np.nan)
    rows = np.arange(len(names))
    for _ in range(_WALKS):
        deltas = np.linspace(low, high, _POINTS, axis=1)
        share, _ = _above(fit, groups, cut, deltas)
        first = (share >= 0.5).argmax(axis=1)
        # Of none, and of the first, nothing is below a half and at it afterwards.
        never |= (first == 0) | ~np.isfinite(share[:, 0])
        before = np.maximum(first - 1, 0)
        low, high = deltas[rows, before], deltas[rows, first]
        rise = share[rows, first] - share[rows, before]
        part = np.divide(0.5 - share[rows, before], rise, out=np.zeros(len(rows)), where=rise > 0)
        delta = low + part * (high - low)
    delta[never] = np.nan
    words = [_words(*row) for row in zip(above[:, 0], delta, strict=True)]
    table = pd.DataFrame(
        {"segment": names, "above": above[:, 0], "delta": delta, "factor": np.exp(delta), "text": words}
    )
    return table if customers[-1] else table.iloc[:-1]


def _above(fit: WalletFit, groups: Groups, cut: float, deltas: Array) -> tuple[Array, NDArray[np.int64]]:
    """Share above the cut at departures of shape (S, K), shape (S, K), NaN of none; and all customers, shape (S,)."""
    sums, known = np.zeros(deltas.shape), np.zeros(len(deltas))
    customers = np.zeros(len(deltas), np.int64)
    for block in fit.blocks():
        code = groups.codes(block.columns, len(block))
        customers += np.bincount(code, minlength=len(deltas))
        counts = block.answered | (block.status != NOT_IDENTIFIED)
        departed = np.where(block.answered[:, None], 0.0, deltas[code])
        up = block.elsewhere.above(cut * np.exp(-departed))
        np.add.at(sums, code[counts], up[counts])
        known += np.bincount(code[counts], minlength=len(deltas))
    heads = np.broadcast_to(known[:, None], sums.shape)
    return np.divide(sums, heads, out=np.full(sums.shape, np.nan), where=heads > 0), customers


def _words(above: float, delta: float) -> str:
    if np.isnan(above):
        return NOT_KNOWN
    most = f"{above:.0%} of the customers of the segment have more headroom than the cut"
    if np.isnan(delta):
        return f"{most}; {NO_DEPARTURE}."
    return f"{most}; {if_departed(delta)}, half of them have."

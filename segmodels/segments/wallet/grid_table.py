"""Customers and money by rows of value and bands of potential, in every draw; and their table with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array, WalletFit
from segmodels.segments.wallet.potential import Potential

_ELEMENTS = 4_000_000


@dataclass(frozen=True, eq=False)
class CellDraws:
    """Totals of cells in every draw.

    Parameters
    ----------
    totals
        Name of the quantity to its totals, shape (R, K + 1, D): rows of value, bands of potential from the
        lowest up and, last, the customers whose potential is not identified. ``customers``, the amounts of the
        customers, ``headroom`` and, with targets, ``attainable``. Money of whom nothing is known is NaN.
    weighted
        Potential of the customers that a weight picks out, those not identified left out, shape (D,).
    """

    totals: dict[str, Array]
    weighted: Array | None = None

    def pick(self, cells: Sequence[Sequence[tuple[int, int]]]) -> "CellDraws":
        """Sum cells into one row of S new ones, shape (S, 1, D)."""
        return CellDraws(
            {
                name: np.stack(
                    [sum((array[r, k] for r, k in some), np.zeros(array.shape[2])) for some in cells]
                )[:, None]
                for name, array in self.totals.items()
            }
        )


def cell_draws(
    fit: WalletFit,
    potential: Potential,
    cuts: Array,
    row: NDArray[np.int64],
    amounts: dict[str, Array],
    *,
    draws: int,
    rows: int = 2,
    weight: Array | None = None,
) -> CellDraws:
    """Sort the customers into cells in every draw and add up, in one walk over the blocks.

    Draws of one number share their parameters, so sums over customers are uncertain as a whole. Customers ×
    draws are never held at once.

    Parameters
    ----------
    fit
        Of N customers.
    potential
        What the bands are of.
    cuts
        Upper ends of the bands but the last, ascending, shape (K - 1,); a potential equal to a cut is below it.
    row
        Row of value of each customer, codes from 0, shape (N,).
    amounts
        Certain amounts of the customers to be added up, each of shape (N,).
    draws
        Number of draws, D.
    rows
        Number of rows of value, R.
    weight
        Part of each customer that counts for ``weighted``, shape (N,).
    """
    shape = (rows, len(cuts) + 2, draws)
    certain = np.column_stack([np.ones(len(row)), *amounts.values()])
    sums = np.zeros((certain.shape[1] + 2, *shape))
    reachable = Potential("attainable", potential.targets) if potential.targets is not None else None
    numbers, at = np.arange(draws), 0
    picked = None if weight is None else np.zeros(draws)
    for block in fit.blocks(max(1, _ELEMENTS // draws)):
        here = slice(at, at + len(block))
        spent = np.ascontiguousarray(block.elsewhere.draws(numbers))
        within = spent if reachable is None else reachable.of(block, spent)
        axis = within if potential.kind == "attainable" else spent
        _add(axis, spent, within, np.asarray(cuts, np.float64), row[here], certain[here], sums)
        if picked is not None and weight is not None:
            some = here.start + np.flatnonzero(weight[here])
            picked += weight[some] @ axis[some - at]
        at += len(block)
    named = ("customers", *amounts, "headroom", "attainable")
    return CellDraws(dict(zip(named[: len(named) - (reachable is None)], sums, strict=False)), picked)


@numba.njit(cache=True, nogil=True)
def _add(
    axis: np.ndarray,
    spent: np.ndarray,
    within: np.ndarray,
    cuts: np.ndarray,
    row: np.ndarray,
    certain: np.ndarray,
    sums: np.ndarray,
) -> None:
    for i in range(axis.shape[0]):
        for d in range(axis.shape[1]):
            band = len(cuts) + 1
            if not np.isnan(axis[i, d]):
                band = 0
                while band < len(cuts) and axis[i, d] > cuts[band]:
                    band += 1
            for a in range(certain.shape[1]):
                sums[a, row[i], band, d] += certain[i, a]
            sums[-2, row[i], band, d] += spent[i, d]
            sums[-1, row[i], band, d] += within[i, d]


def interval_columns(draws: CellDraws, interval: float) -> pd.DataFrame:
    """Mean and central interval of every total, one row per cell, rows of value first.

    Returns
    -------
    pandas.DataFrame
        For each quantity such as ``headroom`` the columns ``headroom, headroom_low, headroom_high``.

    Raises
    ------
    InputError
        Where the interval is not between 0 and 1.

    Examples
    --------
    >>> interval_columns(CellDraws({"customers": np.array([[[1.0, 2.0, 3.0]]])}), 0.5)
       customers  customers_low  customers_high
    0        2.0            1.5             2.5
    """
    if not 0 < interval < 1:
        got, remedy = str(interval), "Write 80 % as 0.8."
        raise InputError(Fault("interval", got, "a probability between 0 and 1", remedy))
    tails = ((1 - interval) / 2, (1 + interval) / 2)
    columns: dict[str, Array] = {}
    for name, array in draws.totals.items():
        flat = array.reshape(-1, array.shape[2])
        low, high = np.quantile(flat, tails, axis=1)
        columns |= {name: flat.mean(axis=1), f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns)

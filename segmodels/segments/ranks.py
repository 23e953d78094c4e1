"""Cut customers into groups by rank, with equal values kept together."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmodels.errors import Fault, InputError


def rank_groups(values: npt.ArrayLike, shares: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Cut values, highest first, into groups of given shares; equal values share a group.

    A value is placed by its middle rank: half-way between the best and the worst rank that its ties occupy.
    Without ties group sizes differ from their shares by less than one customer; a run of ties goes,
    undivided, to the group in which its middle lies, so that groups may be larger, smaller or empty. Neither
    the order of the customers nor the scale of the values matters.

    Parameters
    ----------
    values
        Finite numbers, shape (N,).
    shares
        Shares of the groups from the highest down, shape (S,); sum 1.

    Returns
    -------
    numpy.ndarray
        Group of each value, 0 for the highest, shape (N,).

    Examples
    --------
    >>> rank_groups([5.0, 9.0, 1.0, 5.0], [0.25, 0.5, 0.25]).tolist()
    [1, 0, 2, 1]
    """
    numbers = np.asarray(values, dtype=np.float64)
    _, which, ties = np.unique(-numbers, return_inverse=True, return_counts=True)
    twice_middle = 2 * np.cumsum(ties) - ties
    # Rounding takes off the noise of sums such as .05 + .15; ranks doubled are integers.
    cuts = np.round(2 * len(numbers) * np.cumsum(shares)[:-1], 6)
    return np.searchsorted(cuts, twice_middle, side="right")[which]


def checked_values(where: str, values: pd.Series) -> npt.NDArray[np.float64]:
    """Give the numbers of a Series as float64, shape (N,); `InputError` where one is missing or not finite.

    Examples
    --------
    >>> checked_values("spend", pd.Series([1, 2])).tolist()
    [1.0, 2.0]
    """
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers)
    if bad.any():
        examples = tuple(f"row {name}" for name in values.index[bad][:3])
        raise InputError(
            Fault(
                where, "missing or not finite", "a number", "Repair or drop them.", int(bad.sum()), examples
            )
        )
    return numbers

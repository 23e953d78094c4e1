"""Tiers of lifetime value, and the probability that a customer belongs to its tier."""

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.value.lifetime_value import LifetimeValue
from segmodels.segments.draw_grid import Blocks, cell_counts, cell_of, refuse_not_finite, scaled_blocks
from segmodels.segments.ranks import checked_values, rank_groups
from segmodels.tables.segmentation import Segmentation

SHARES = (0.05, 0.15, 0.30, 0.50)
TIERS = ("top", "high", "middle", "low")


def value_tiers(
    values: pd.Series,
    shares: tuple[float, ...] = SHARES,
    names: tuple[str, ...] = TIERS,
    draws: "npt.NDArray[np.float64] | Blocks | None" = None,
    weights: npt.ArrayLike | None = None,
) -> Segmentation:
    """Cut customers into tiers of value, such as posterior lifetime value, the highest first.

    A customer is *placed* by its posterior mean (`labels`, `sizes`); equal means share a tier
    (`rank_groups`). Its *probabilities* are the share of draws in which its value ranks within each tier, so
    they hold what the placing hides: how sure it is (`certainty`). Within a draw a run of equal values that
    straddles a threshold is split between the two tiers in proportion, as if drawn by lot; so in every draw
    the tiers have exactly their sizes, the shares of N rounded to whole customers at each threshold, and the
    expected sizes are these, too.

    Parameters
    ----------
    values
        Posterior mean per customer, indexed by customer_id.
    shares
        Share of customers in each tier, highest first; sum 1.
    names
        Names of the tiers.
    draws
        Either all draws, shape (N, D), rows in the order of `values`: then thresholds are exact. Or a
        function without arguments that gives
        ``(start, stop, values of shape (stop - start, D))`` for adjoining runs of customers and can be called
        twice: thresholds are then found on a grid with cells at most 0.8 per cent wide (`draw_grid`), in 16
        kB per draw, whatever the number of customers. Only a value in the cell of a threshold can be counted
        wrongly; it counts as tied there, so the error of a customer's probability is below the probability
        that its value lies within 0.8 per cent of a threshold, typically less than the noise of 4,000 draws;
        expected sizes stay exact. ``None``: no uncertainty, membership by the mean is certain.
    weights
        Importance weights of the draws, shape (D,); equal by default.

    Returns
    -------
    Segmentation
        With `assigned` by the posterior mean and soft memberships from the draws.

    Raises
    ------
    InputError
        Where shares do not sum to 1, names and shares disagree, values are not finite, or blocks leave
        customers out.

    Examples
    --------
    >>> mean = pd.Series([9.0, 5.0, 4.0, 1.0], index=list("abcd"))
    >>> draws = np.array([[9.0, 9.0], [4.0, 6.0], [5.0, 3.0], [1.0, 1.0]])
    >>> tiers = value_tiers(mean, shares=(0.5, 0.5), names=("high", "low"), draws=draws)
    >>> tiers.labels.tolist(), tiers.certainty.tolist()
    (['high', 'high', 'low', 'low'], [1.0, 0.5, 0.5, 1.0])
    """
    numbers = checked_values("values", values)
    _refuse_bad_shares(shares, names)
    placed = rank_groups(numbers, shares)
    basis = "lifetime value"
    if draws is None:
        return Segmentation(values.index, names, placed, basis=basis)
    # Positions of the thresholds in the ranking: so many customers are above each.
    above = np.rint(np.cumsum(shares)[:-1] * len(numbers)).astype(np.int64)
    if callable(draws):
        scale = float(np.mean(np.abs(numbers))) or 1.0
        upper = _upper_from_blocks(draws, len(numbers), above, scale, weights)
    else:
        upper = _upper_exact(np.asarray(draws, dtype=np.float64), len(numbers), above, weights)
    edges = np.column_stack([np.zeros(len(numbers)), upper, np.ones(len(numbers))])
    memberships = np.clip(np.diff(edges, axis=1), 0.0, 1.0)
    return Segmentation(values.index, names, memberships, assigned=placed, basis=basis)


def lifetime_tiers(
    value: LifetimeValue,
    shares: tuple[float, ...] = SHARES,
    names: tuple[str, ...] = TIERS,
) -> Segmentation:
    """Cut the customers of a lifetime value into tiers, with every draw; see :func:`value_tiers`."""
    return value_tiers(value.means, shares, names, draws=lambda: value.draw_blocks(1000))


def _refuse_bad_shares(shares: tuple[float, ...], names: tuple[str, ...]) -> None:
    faults: list[Fault] = []
    if len(shares) != len(names):
        faults.append(
            Fault("names", f"{len(names)} names", f"{len(shares)}, one per share", "Name every tier.")
        )
    if not shares or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        faults.append(
            Fault("shares", str(shares), "shares that sum to 1", "Let the last tier take the rest.")
        )
    if faults:
        raise InputError(faults)


def _shares_of_draws(weights: npt.ArrayLike | None, draws: int) -> npt.NDArray[np.float64]:
    """Give weights that sum to 1, shape (D,)."""
    given = np.ones(draws) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (draws,) or not np.isfinite(given).all() or given.min() < 0 or given.sum() <= 0:
        expected = f"{draws} numbers of zero or more"
        raise InputError(Fault("weights", f"shape {given.shape}", expected, "Give one weight per draw."))
    return given / given.sum()


def _upper_exact(
    draws: npt.NDArray[np.float64],
    customers: int,
    above: npt.NDArray[np.int64],
    weights: npt.ArrayLike | None,
) -> npt.NDArray[np.float64]:
    """Probability to be above each threshold, shape (N, S - 1), from all draws at hand."""
    if draws.ndim != 2 or draws.shape[0] != customers or not draws.shape[1]:
        expected = f"shape ({customers}, D)"
        raise InputError(Fault("draws", f"shape {draws.shape}", expected, "One row per customer."))
    refuse_not_finite(int((~np.isfinite(draws)).sum()))
    weight = _shares_of_draws(weights, draws.shape[1])
    upper = np.zeros((customers, len(above)))
    for d in range(draws.shape[1]):
        column = draws[:, d]
        ascending = np.sort(column)
        for j, k in enumerate(above):
            threshold = ascending[customers - max(k, 1)]
            higher = customers - np.searchsorted(ascending, threshold, side="right")
            tied = np.searchsorted(ascending, threshold, side="right") - np.searchsorted(ascending, threshold)
            upper[:, j] += weight[d] * np.where(column == threshold, (k - higher) / tied, column > threshold)
    return upper


def _upper_from_blocks(
    blocks: Blocks, customers: int, above: npt.NDArray[np.int64], scale: float, weights: npt.ArrayLike | None
) -> npt.NDArray[np.float64]:
    """Probability to be above each threshold, shape (N, S - 1), in two passes over the blocks."""
    cell, split = _thresholds(cell_counts(blocks, customers, scale), above)
    weight = _shares_of_draws(weights, len(cell))
    upper = np.zeros((customers, len(above)))
    for start, stop, values in scaled_blocks(blocks, customers, scale):
        _add_upper(values.view(np.int64), cell, split, weight, upper[start:stop])
    return upper


def _thresholds(
    counts: npt.NDArray[np.int32], above: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find each threshold's cell and the share of that cell's customers above it, (D, S - 1) each."""
    cell = np.zeros((len(counts), len(above)), dtype=np.int64)
    split = np.zeros((len(counts), len(above)))
    for d, row in enumerate(counts):
        # at_least[c]: customers in cell c or higher; falls from N.
        at_least = np.cumsum(row[::-1], dtype=np.int64)[::-1]
        cell[d] = len(row) - np.searchsorted(at_least[::-1], np.maximum(above, 1)) - 1
        split[d] = (above - at_least[cell[d]] + row[cell[d]]) / row[cell[d]]
    return cell, split


@numba.njit(cache=True, nogil=True)
def _add_upper(
    bits: np.ndarray, cell: np.ndarray, split: np.ndarray, weight: np.ndarray, upper: np.ndarray
) -> None:
    for i in range(bits.shape[0]):
        for d in range(bits.shape[1]):
            own = cell_of(bits[i, d])
            for j in range(cell.shape[1]):
                if own > cell[d, j]:
                    upper[i, j] += weight[d]
                elif own == cell[d, j]:
                    upper[i, j] += weight[d] * split[d, j]

"""Quantile loss of an answer that is an interval."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# What floats leave of an edge of the grid that is 0.
_NOTHING = 1e-9


def interval_losses(low: Array, high: Array, quantiles: Array, levels: Sequence[float]) -> Array:
    """Quantile loss of each answer at each level, shape (n, L).

    Who rounds says in which cell of a grid spend lies, so that is what is compared: the quantile's cell with the
    answer's. The loss is ``level`` times the cells that the answer is above the quantile, or ``1 - level`` times
    those that it is below, in money; 0 in the same cell. A step function of spend that never falls takes quantiles
    to quantiles, so the right prediction has the least expected loss, as it has with exact answers. (The middle of
    the cell, taken for spend itself, would favour predictions drawn towards middles; above all of an interval from
    0, whose middle nobody need spend.)

    Parameters
    ----------
    low, high
        Bounds of the answers, shape (n,). An exact one (low == high) has the loss of
        :func:`segmodels.evaluate.wallet.scores.pinball`.
    quantiles
        Predicted, shape (n, L).
    levels
        Theirs.

    Notes
    -----
    The grid of an answer is that of its own width: (low, high], (high, high + width] and so on, and the same
    downwards. An interval from 0 is cut off there, or of a total below own spend, and does not show the width; above
    it the grid is that of the median interval that is not cut, and there are no cells where there is none.

    Sources: Gneiting (2011), Making and evaluating point forecasts, Journal of the American Statistical Association
    106:746-762, theorem 9 (losses of a non-decreasing function are consistent for quantiles).

    Examples
    --------
    The first quantile is in the cell of the answer, the second two cells above it, in (70, 90]:

    >>> low, high = np.array([30.0, 30.0]), np.array([50.0, 50.0])
    >>> interval_losses(low, high, np.array([[35.0], [75.0]]), [0.9]).round(6).tolist()
    [[0.0], [4.0]]
    """
    step = _steps(low, high)[:, None]
    level = np.asarray(levels, np.float64)
    above, below = low[:, None] - quantiles, quantiles - high[:, None]
    # An upper end belongs to its cell, a lower one to the cell below; 0 has none below and is in the first.
    falls_short = np.where(step > 0, (above >= 0) & (low[:, None] > 0), above > 0)
    cell = np.where(step > 0, step, 1.0)
    most = np.ceil(low[:, None] / cell - _NOTHING)
    short = np.where(step > 0, np.minimum(np.floor(above / cell) + 1, most) * cell, above)
    over = np.where(step > 0, np.ceil(below / cell) * cell, below)
    return np.where(falls_short, level * short, np.where(below > 0, (1 - level) * over, 0.0 * quantiles))


def _steps(low: Array, high: Array) -> Array:
    """Width of the cells of each answer's grid, shape (n,); 0 where there are none."""
    width = high - low
    whole = (low > 0) & (width > 0)
    usual = float(np.median(width[whole])) if whole.any() else 0.0
    return np.where((low <= 0) & (width > 0), usual, width)

"""Sums over customers, every draw kept."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from segmodels.models.value.predictive import enough, simulated_counts
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks

Array = NDArray[np.float64]


def total_purchases(fit: Any, horizon: float, labels: NDArray[Any] | None, of: str) -> xr.DataArray:
    """Sum purchases up to the horizon over customers.

    Parameters
    ----------
    fit
        A fitted purchase model.
    horizon
        In the unit of the fit.
    labels
        The segment of each group of cells, or ``None`` for one sum.
    of
        ``"expectation"`` or ``"prediction"``.

    Returns
    -------
    xarray.DataArray
        Dimension draw, and before it segment where there are labels.
    """
    ends = np.array([horizon], np.float64)
    cells = fit.cells
    u = enough(fit.u) if of == "prediction" else fit.u
    count = cells.count
    if of == "prediction":
        repeated = np.repeat(np.arange(len(count)), count.astype(np.int64))
        arrays = CellArrays(
            cells.frequency[repeated].astype(np.float64),
            cells.recency[repeated],
            cells.T[repeated],
            cells.group[repeated],
        )
        weight = np.ones(len(repeated))
    else:
        arrays = CellArrays(cells.frequency.astype(np.float64), cells.recency, cells.T, cells.group)
        weight = count

    def reduce(block: Block) -> Array:
        if of == "prediction":
            return simulated_counts(block, ends, fit.seed, copies=1)[..., 0].astype(np.float64)
        return block.alive() * block.given_alive(block.likelihood.expected_given_alive, ends)[..., 0]

    names, codes = (
        (np.array(["all"]), np.zeros(len(cells.groups), np.int64))
        if labels is None
        else np.unique(labels, return_inverse=True)
    )
    sums = np.zeros((len(names), len(u)))
    for block, values in reduce_blocks(blocks(arrays, fit.density, u), reduce):
        segments = codes[arrays.group[block.rows]]
        for segment in np.unique(segments):
            mine = segments == segment
            sums[segment] += weight[block.rows[mine]] @ values[mine]
    if labels is None:
        return xr.DataArray(sums[0], dims="draw", name="purchases")
    return xr.DataArray(sums, {"segment": names}, ("segment", "draw"), name="purchases")

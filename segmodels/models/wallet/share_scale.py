"""Which Box-Cox scale: by marginal likelihood, over a grid from the logarithm to the square root.

The Jacobian is in the density, so that heights on different scales compare. A scale is chosen once; its own
uncertainty is small beside that of a wallet, and given it the predictive distribution has a closed form.

Source: Box and Cox (1964), An analysis of transformations, JRSS B 26(2).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import NotConverged
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.optimise import find_mode

Array = NDArray[np.float64]
GRID: tuple[float, ...] = tuple(np.round(np.arange(0.0, 0.51, 0.05), 2).tolist())
# Segments differ by about this much while the scale is chosen; the choice hardly depends on it.
_SPREAD = 0.3


def choose_scale(density: Callable[[float], GroupedPosterior], starts: list[Array]) -> pd.DataFrame:
    """Log marginal likelihood of each scale, by Laplace's method.

    Parameters
    ----------
    density
        The posterior, given a scale.
    starts
        As in ``find_mode``.

    Returns
    -------
    DataFrame
        ``scale, log_marginal_likelihood``; -inf where no mode was found.
    """
    heights: list[float] = []
    for scale in GRID:
        posterior = density(scale)
        spreads = [spread for *_, spread in posterior.blocks()] if posterior.pooled else []
        rest = np.setdiff1d(np.arange(posterior.size), spreads)

        def at(
            part: Array, posterior: GroupedPosterior = posterior, rest: NDArray[np.int64] = rest
        ) -> tuple[float, Array]:
            u = np.full(posterior.size, np.log(_SPREAD))
            u[rest] = part
            value, gradient = posterior.log_density(u)
            return value, gradient[rest]

        try:
            mode = find_mode(at, [start[rest] for start in starts])
        except NotConverged:
            heights.append(-np.inf)
            continue
        starts = [
            np.insert(mode.point, len(mode.point), np.full(len(spreads), np.log(_SPREAD))),
            *starts[-1:],
        ]
        constant = 0.5 * len(mode.point) * np.log(2 * np.pi)
        heights.append(mode.value + constant - 0.5 * float(np.linalg.slogdet(mode.precision)[1]))
    return pd.DataFrame({"scale": GRID, "log_marginal_likelihood": heights})


def best(table: pd.DataFrame) -> float:
    """Give the scale of the greatest height.

    Raises
    ------
    NotConverged
        Where no scale has a mode.
    """
    heights = table["log_marginal_likelihood"].to_numpy()
    if not np.isfinite(heights).any():
        raise NotConverged("No mode was found on any scale.", "Look at the answers, or give scale=0.0.")
    return float(table["scale"].iloc[int(heights.argmax())])

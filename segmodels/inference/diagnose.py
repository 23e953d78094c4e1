"""Can the posterior be trusted? Each answer is Evidence."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import NotConverged
from segmodels.evidence import Evidence
from segmodels.inference.laplace import Weighted
from segmodels.inference.optimise import Mode
from segmodels.inference.priors import SoftBox

Array = NDArray[np.float64]
_KHAT = 0.7
_EFFECTIVE = 100
_RHAT = 1.01
_RHAT_HOPELESS = 1.1
_WALL = 0.75
_WIDE = 0.2


def importance(weighted: Weighted) -> Evidence:
    """Judge the Laplace approximation by the tail of its importance weights, and by how many draws count.

    The limit of k-hat is 1 - 1 / log10(draws), at most 0.7 (Vehtari et al. 2024, section 3.2).
    """
    draws = len(weighted.weights)
    limit = min(_KHAT, 1 - 1 / np.log10(draws)) if draws > 10 else 0.0
    wanted = min(_EFFECTIVE, draws / 10)
    close, many = bool(weighted.khat < limit), bool(weighted.effective >= wanted)
    text = (
        f"k-hat is {weighted.khat:.2f} (limit {limit:.2f}), and {draws:,} draws count as {weighted.effective:,.0f} "
        f"(at least {wanted:,.0f} wanted). {_advice(weighted.khat, draws, close=close, many=many)}"
    )
    table = pd.DataFrame({"khat": [weighted.khat], "effective_draws": [weighted.effective]})
    return Evidence("Pareto k-hat", close and many, text, table)


def _advice(khat: float, draws: int, *, close: bool, many: bool) -> str:
    """Say which of the two failed, and what cures it."""
    more = f"Laplace(draws={max(4000, 4 * draws)})"
    if close and many:
        return "The weighted draws can be trusted."
    if close:
        return f"k-hat is well; too few draws count. More draws may cure it: {more}, or else NUTS()."
    if khat < _KHAT:
        return f"The limit rises with the draws, so more of them may cure it: {more}, or else NUTS()."
    return "The approximation is poor: use NUTS()."


def chains(u: Array, names: tuple[str, ...], divergences: int) -> tuple[Evidence, ...]:
    """Judge NUTS chains, shape (chain, draw, coordinate).

    Raises
    ------
    NotConverged
        Where R-hat is above 1.1 for a coordinate: such draws are of no use.
    """
    from arviz_stats.base import array_stats

    across = np.moveaxis(u, -1, 0)
    table = pd.DataFrame(
        {
            "coordinate": names,
            "r_hat": array_stats.rhat(across, chain_axis=1, draw_axis=2),
            "ess_bulk": array_stats.ess(across, chain_axis=1, draw_axis=2, method="bulk"),
            "ess_tail": array_stats.ess(across, chain_axis=1, draw_axis=2, method="tail", prob=0.9),
        }
    )
    worst = float(np.max(table["r_hat"].to_numpy()))
    if u.shape[0] > 1 and not worst < _RHAT_HOPELESS:
        name = table.loc[table["r_hat"].idxmax(), "coordinate"]
        raise NotConverged(
            f"R-hat is {worst:.2f} for {name} (limit {_RHAT_HOPELESS}); the chains do not agree.",
            "Tune longer (NUTS(tune=3000)), give informative priors, or drop covariates and segments.",
        )
    fewest = float(np.min(table[["ess_bulk", "ess_tail"]].to_numpy()))
    enough = 100 * u.shape[0]
    return (
        Evidence("R-hat", bool(worst < _RHAT), f"The largest is {worst:.3f} (limit {_RHAT}).", table),
        Evidence(
            "Effective sample size",
            bool(fewest >= enough),
            f"The smallest is {fewest:,.0f} (at least {enough:,} wanted).",
            table,
        ),
        Evidence(
            "Divergences",
            divergences == 0,
            "None." if divergences == 0 else f"{divergences:,} draws diverged: do not trust the tails.",
        ),
    )


def walls(names: tuple[str, ...], priors: tuple[object, ...], mode: Mode) -> Evidence:
    """Say which coordinates the data leave to the limits of their prior.

    A coordinate is not determined where its mode stands close to a limit, or where its posterior standard
    deviation, by the curvature at the mode, is above a fifth of the box's half-width.
    """
    spread = np.sqrt(np.diag(np.linalg.inv(mode.precision)))
    rows = [
        (name, u, sd, prior.low, prior.high, abs(2 * u - prior.low - prior.high) / (prior.high - prior.low))
        for name, prior, u, sd in zip(names, priors, mode.point, spread, strict=False)
        if isinstance(prior, SoftBox)
    ]
    table = pd.DataFrame(rows, columns=["coordinate", "value", "sd", "low", "high", "closeness"])
    wide = table["sd"] > _WIDE * (table["high"] - table["low"]) / 2
    held = table.loc[(table["closeness"] > _WALL) | wide, "coordinate"].tolist()
    text = (
        f"The data do not determine {', '.join(held)}: hardly more than the limits that the prior sets keeps "
        f"{'it' if len(held) == 1 else 'them'} in place. What is said far beyond the data rests on the prior; give an "
        "informative one, or take a simpler model."
        if held
        else "The data determine every parameter; none is near a limit that its prior sets."
    )
    return Evidence("Determined by the data", not held, text, table)

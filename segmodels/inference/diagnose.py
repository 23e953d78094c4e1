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
    passed = bool(weighted.khat < limit and weighted.effective >= min(_EFFECTIVE, draws / 10))
    advice = "The weighted draws can be trusted." if passed else "The approximation is poor: use NUTS()."
    text = f"k-hat is {weighted.khat:.2f} (limit {limit:.2f}), {weighted.effective:,.0f} effective draws. {advice}"
    table = pd.DataFrame({"khat": [weighted.khat], "effective_draws": [weighted.effective]})
    return Evidence("Pareto k-hat", passed, text, table)


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
    """Say which coordinates the data leave to the prior's walls.

    A coordinate is not determined where its mode stands close to a wall, or where its posterior standard
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
        f"The data do not determine {', '.join(held)}: little but the prior's walls holds it. Forecasts far beyond "
        "the data rest on the prior; give an informative one, or take a simpler model."
        if held
        else "The data determine every parameter; the prior's walls are far."
    )
    return Evidence("Determined by the data", not held, text, table)

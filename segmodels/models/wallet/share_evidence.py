"""What a fit of WalletShare found out about itself."""

from typing import Any

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.inference.grouped import GroupedPosterior
from segmodels.likelihoods.wallet_share import BETWEEN, EXACT, UP_TO, ZERO
from segmodels.models.wallet.share_cells import ShareCells
from segmodels.models.wallet.share_lines import has_mean
from segmodels.models.wallet.support import FEWEST_NONBUYERS

# So probable a sign is said without ifs.
_SURE = 0.95


def of_fit(
    spec: Any,
    cells: ShareCells,
    density: GroupedPosterior,
    u: np.ndarray,
    scale: float,
    table: pd.DataFrame | None,
) -> tuple[Evidence, ...]:
    """Answers used, scale, and what own spend says; ``u`` has shape (chain, draw, coordinate)."""
    return (
        _answers(cells),
        _scale(scale, table, _without_mean(spec, u.reshape(-1, u.shape[-1]), density, scale)),
        _slope(u.reshape(-1, u.shape[-1]), density),
        _nonbuyers(cells),
    )


def _answers(cells: ShareCells) -> Evidence:
    kind, names = cells.kind, {ZERO: "nothing", EXACT: "exact", BETWEEN: "rounded", UP_TO: "from zero"}
    counts = {name: int((kind == code).sum()) for code, name in names.items()}
    text = (
        f"{len(kind):,} answers were used: {counts['nothing']:,} spend nothing elsewhere, {counts['exact']:,} are "
        f"exact, {counts['rounded']:,} rounded, and of {counts['from zero']:,} only an upper end is known."
    )
    return Evidence("Answers", None, text, pd.DataFrame([counts]))


def _without_mean(spec: Any, u: np.ndarray, density: GroupedPosterior, scale: float) -> bool:
    """Say whether t errors leave elsewhere spend without a mean."""
    if spec.errors != "t":
        return False
    return not has_mean(density.parametrisation.forward(u[:, : density.base], 1.0)[:, -1], scale)


def _scale(scale: float, table: pd.DataFrame | None, heavy: bool) -> Evidence:  # noqa: FBT001
    words = "the logarithm" if scale == 0 else f"the power {scale:g}"
    how = "given" if table is None else "chosen by marginal likelihood"
    text = f"Elsewhere spend is normal on the scale of {words}, {how}."
    if heavy:
        text += (
            " With these t errors no mean exists: use medians, a larger scale, or normal errors for totals."
        )
    elif table is not None and scale == float(table["scale"].iloc[-1]):
        text += " It is the end of the grid: the answers may not be positively skewed at all."
    return Evidence(
        "Box-Cox scale", False if heavy else None, text, pd.DataFrame() if table is None else table
    )


def _slope(u: np.ndarray, density: GroupedPosterior) -> Evidence:
    """Say where elsewhere spend goes with own spend, from end to end of the middle of the answers."""
    draws, bends = (u[:, density.parametrisation.coordinates.index(name)] for name in ("slope", "bend"))
    mean, up, curved = float(draws.mean()), float((draws > 0).mean()), float((bends > 0).mean())
    sure = up > _SURE or up < 1 - _SURE
    word = "more" if mean > 0 else "less"
    text = (
        f"Who spends more here spends {word} elsewhere (slope {mean:.2f}, P(positive) {up:.2f})."
        if sure and len(draws) > 1
        else f"Own spend hardly tells elsewhere spend (slope {mean:.2f}, P(positive) {up:.2f})."
        if len(draws) > 1
        else f"The slope of elsewhere spend in log own spend is {mean:.2f} at the mode."
    )
    if len(draws) > 1 and (curved > _SURE or curved < 1 - _SURE):
        side = "less" if curved > _SURE else "more"
        text += f" Not in a straight line: in the middle {side} than the ends say (bend {bends.mean():.2f})."
    figures = {
        "slope": mean,
        "sd": float(draws.std()),
        "p_positive": up,
        "bend": float(bends.mean()),
        "bend_sd": float(bends.std()),
        "p_bend_positive": curved,
    }
    return Evidence("What own spend says", None, text, pd.DataFrame([figures]))


def _nonbuyers(cells: ShareCells) -> Evidence:
    n = int((cells.own <= 0).sum())
    known = n >= FEWEST_NONBUYERS
    text = (
        f"{n:,} customers without own spend answered: the others are forecast from them."
        if known
        else f"{f'Only {n:,}' if n else 'No'} customers without own spend answered (5 are needed): the wallet of the "
        "others is not identified."
    )
    return Evidence("Customers without own spend", None, text, pd.DataFrame([{"answers": n}]))

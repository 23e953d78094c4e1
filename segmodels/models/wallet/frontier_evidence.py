"""What a fit of WalletFrontier found out about itself: whose the level of the wallet is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from segmodels.errors import NotConverged
from segmodels.evidence import Evidence
from segmodels.inference.fit import infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.settings import MAP
from segmodels.models.wallet.frontier_anchor import MeanShare
from segmodels.models.wallet.frontier_elsewhere import FrontierElsewhere, FrontierPosterior

if TYPE_CHECKING:
    from segmodels.models.wallet.frontier import WalletFrontierFit

_FAR = 2.0
# Without answers nothing but skewness can make the mean share so much surer than it was stated.
_OVERRULED = 0.5
_FACTORS = (0.8, 1.0, 1.25)
_MOVED = 1.1


def of_fit(fit: "WalletFrontierFit") -> tuple[Evidence, ...]:
    """Level, what another mean share would give, and the customers used."""
    return level(fit), sensitivity(fit), customers(fit)


def level(fit: "WalletFrontierFit") -> Evidence:
    """Compare the stated mean share with the posterior's, in standard deviations of the statement.

    Not passed where they lie more than two apart, or where without any answer the posterior is surer than the
    statement by half. The skewness of own spend is no information about the level,
    though a likelihood takes it for some: then the statement, or the model, is wrong.
    """
    anchor, segments = fit.spec.anchor, fit.density.design.segments
    stated, draws = anchor.of(segments), fit.mean_share
    logit: Any = np.log(draws / (1 - draws))
    pulled = (logit.mean().to_numpy() - np.log(stated / (1 - stated))) / anchor.sd_log
    table = pd.DataFrame(
        {
            "segment": list(draws.columns) if isinstance(anchor.value, Mapping) else ["all"],
            "stated": stated,
            "posterior": draws.mean().to_numpy(),
            "low": draws.quantile(0.05).to_numpy(),
            "high": draws.quantile(0.95).to_numpy(),
            "pulled_by_sd": pulled,
            "answers": _answers(fit),
        }
    )
    worst = table.iloc[int(np.abs(pulled).argmax())]
    overruled = fit.spec.ceiling is None and not len(fit.answers) and len(draws) > 1
    overruled = overruled and bool((logit.std().to_numpy() < _OVERRULED * anchor.sd_log).any())
    far = bool(abs(worst["pulled_by_sd"]) > _FAR)
    text = f"The level of the wallet rests on the stated mean share ({anchor.source})"
    text += f" and {len(fit.answers):,} answers." if len(fit.answers) else "; own spend does not tell it."
    if far or overruled:
        cause = (
            "Answers and statement do not speak of the same customers, window or category."
            if len(fit.answers) and fit.spec.ceiling is not None
            else "It is the skewness of own spend that pulls, which is no information about the level."
        )
        text += (
            f" The data pull it from {worst['stated']:.2f} to {worst['posterior']:.2f}, "
            f"{abs(worst['pulled_by_sd']):.1f} standard deviations. {cause} "
            "Do not use the totals before that is settled."
        )
    return Evidence("Level of the wallet", not (far or overruled), text, table)


def _answers(fit: "WalletFrontierFit") -> list[int]:
    if not isinstance(fit.spec.anchor.value, Mapping):
        return [len(fit.answers)]
    return [int((fit.answers.label == label).sum()) for label in fit.density.design.segments]


def sensitivity(fit: "WalletFrontierFit") -> Evidence:
    """Refit the mode at 0.8, 1 and 1.25 times the mean share, and total the wallets of the buyers."""
    rows: list[dict[str, Any]] = []
    start = fit.u.mean(axis=0)
    for factor in _FACTORS:
        if not (fit.spec.anchor.of(fit.density.design.segments) * factor < 1).all():
            continue
        rows.append(_at(fit, factor, start))
    table = pd.DataFrame(rows)
    found = np.array([row["wallet"] for row in rows if np.isfinite(row["wallet"])])
    text = "No mode was found."
    if len(found):
        moved = found.max() / found.min()
        text = (
            f"With the stated mean share at {', '.join(f'{f:g}' for f in table['factor'])} times its value the buyers' "
            f"wallets total {found.min():,.0f} to {found.max():,.0f}: "
        )
        text += (
            "the uncertainty of the statement passes on to the total."
            if moved > _MOVED
            else "the statement hardly counts, something else sets the level."
        )
    return Evidence("Wallet at other mean shares", None, text, table)


def _at(fit: "WalletFrontierFit", factor: float, start: np.ndarray) -> dict[str, Any]:
    moved = fit.spec.anchor.scaled(factor)
    density = replace(fit.density, priors=_moved(fit, moved))
    result = {"factor": factor, "mean_share": float(moved.of(fit.density.design.segments).mean())}
    try:
        u = infer(density, MAP(), 0, [start]).u[0]
    except NotConverged:
        return result | {"wallet": np.nan, "own_over_wallet": np.nan}
    total = total_wallet(fit, density, u)
    return result | {"wallet": total, "own_over_wallet": float(fit.cells.own @ fit.cells.count) / total}


def _moved(fit: "WalletFrontierFit", moved: MeanShare) -> tuple[Any, ...]:
    """Priors with another statement in place of the stated one; what answers added to it stays."""
    segments, priors = fit.density.design.segments, list(fit.density.priors)
    stated = moved.priors(segments)
    used = stated if fit.spec.ceiling is None else fit.answers.update(stated, segments)
    priors[2 : 2 + len(used)] = used
    return tuple(priors)


def total_wallet(fit: "WalletFrontierFit", density: GroupedPosterior, u: np.ndarray) -> float:
    """Give the expected wallets of all buyers in total, under draws u (D, k)."""
    posterior = FrontierPosterior(density, u, fit.frontier.count, fit.frontier.ceiling)
    group, known, own = fit.cells.group, density.design, fit.cells.own
    keys = np.zeros(len(own), np.uint64)
    elsewhere = FrontierElsewhere(
        posterior, own, known.matrices[0][group], known.codes[group], keys, fit.seed
    )
    return float(fit.cells.count @ (own + elsewhere.mean()))


def customers(fit: "WalletFrontierFit") -> Evidence:
    """Say who was used, and whether own spend has a frontier at all."""
    y, count = fit.cells.y, fit.cells.count
    centred = y - np.average(y, weights=count)
    spread = float(np.average(centred**2, weights=count)) ** 0.5
    skewness = float(np.average((centred / spread) ** 3, weights=count))
    buyers, everyone = float(count.sum()), len(fit.wallets)
    text = (
        f"{buyers:,.0f} customers buy; of {everyone - buyers:,.0f} who do not, the wallet is not identified. "
        f"The skewness of log own spend is {skewness:.2f}"
    )
    text += (
        ": it has a frontier above."
        if skewness < 0
        else ": no frontier shows, so every customer is given about the same share."
    )
    table = pd.DataFrame([{"buyers": buyers, "others": everyone - buyers, "skewness": skewness}])
    return Evidence("Own spend", None, text, table)

"""Verdicts of the masked-truth protocol."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence

# Selection that a model with own spend in it may ignore.
_JUDGED = ("random", "own_spend")
_TOLERANCE = 0.03
_ERRORS = 2.0
_CELL = ["mechanism", "n"]


def against_peers(
    means: pd.DataFrame, paired: pd.DataFrame, model: str, peers: Sequence[str], loss: str
) -> Evidence:
    """Compare with the peer that turned out best in each cell, chosen with hindsight.

    Passed: nowhere among the judged is the model worse by more than two standard errors of the paired difference.
    None where there are too few replications for a standard error, or nothing to compare.
    """
    rows = means.loc[(means["score"] == loss) & means["method"].isin(list(peers))]
    name = f"Masked truth: {model} against its peers"
    best = (
        rows.loc[rows.groupby(_CELL, sort=False)["mean"].idxmin(), [*_CELL, "method"]] if len(rows) else rows
    )
    table = best.merge(paired, on=[*_CELL, "method"], how="inner").rename(columns={"method": "best_peer"})
    if table.empty:
        return Evidence(name, None, "There is nothing to compare.")
    # Paired differences are peer less model: above 0 the model is better.
    table["verdict"] = np.select(
        [table["difference"] > _ERRORS * table["se"], table["difference"] < -_ERRORS * table["se"]],
        ["better", "worse"],
        "even",
    )
    table.loc[table["se"].isna(), "verdict"] = "not known"
    judged = table.loc[table["mechanism"].isin(list(_JUDGED))]
    counts = judged["verdict"].value_counts()
    found = ", ".join(f"{verdict} in {count}" for verdict, count in counts.items())
    worst = table.loc[table["difference"].idxmin()]
    text = (
        f"Beside the best peer of each of {len(judged)} kinds of survey, by {loss}, it is "
        f"{found or 'not judged'}; at worst {-worst['difference']:+.3f} (SE {worst['se']:.3f}) against "
        f"{worst['best_peer']}, {_cell(worst)}."
    )
    known = len(judged) > 0 and "not known" not in counts
    return Evidence(name, "worse" not in counts if known else None, text, table)


def calibration(means: pd.DataFrame, model: str) -> Evidence:
    """Judge cover: of the 80 per cent interval, and of what lies below the 0.9-quantile.

    Passed: nowhere among the judged is either off by more than 0.03 and two standard errors.
    """
    wide = means.loc[means["method"] == model].pivot_table(
        index=_CELL, columns="score", values=["mean", "se"], sort=False
    )
    name = f"Masked truth: calibration of {model}"
    if wide.empty:
        return Evidence(name, None, "It predicted nowhere.")
    mean, table = wide["mean"], pd.DataFrame(index=wide.index)
    # A column without any standard error is not in the pivot.
    error = wide["se"].reindex(columns=mean.columns) if "se" in wide else mean * np.nan
    for score, aim in (("coverage_80", 0.8), ("below_90", mean["below_90_own"])):
        table[score] = mean[score]
        table[f"{score}_off"] = mean[score] - aim
        table[f"{score}_se"] = error[score]
    table = table.reset_index()
    off = table[["coverage_80_off", "below_90_off"]].abs().to_numpy(np.float64)
    slack = _TOLERANCE + _ERRORS * table[["coverage_80_se", "below_90_se"]].to_numpy(np.float64)
    judged = table["mechanism"].isin(list(_JUDGED)).to_numpy()
    known = bool(judged.any() and np.isfinite(slack[judged]).all())
    bad = judged & (off > slack).any(axis=1)
    largest = np.abs(off[judged]).max() if judged.any() else np.nan
    text = f"Cover is off by {largest:.3f} at the most in {int(judged.sum())} kinds of survey."
    if bad.any():
        cells = "; ".join(_cell(row) for _, row in table.loc[bad].iterrows())
        text += f" Off by more than {_TOLERANCE} and chance: {cells}. Do not trust its intervals there."
    return Evidence(name, not bad.any() if known else None, text, table)


def refusals(
    refused: pd.DataFrame, flagged: pd.DataFrame, surveys: pd.DataFrame, model: str, skipped: tuple[int, ...]
) -> Evidence:
    """Count the surveys that a model refused, and those in which a check of its fit did not pass."""
    own = refused.loc[refused["method"] == model]
    checks = flagged.loc[flagged["method"] == model]
    table = own.groupby([*_CELL, "reason"], sort=False).size().rename("surveys").reset_index()
    text = f"It refused {len(own)} of {len(surveys)} surveys."
    if len(checks):
        names = ", ".join(f"{name} ({count})" for name, count in checks["check"].value_counts().items())
        text += f" Checks of its fits that did not pass, and how often: {names}."
    if skipped:
        text += f" Surveys of {', '.join(map(str, skipped))} were skipped: the panel is no larger."
    return Evidence(f"Masked truth: refusals of {model}", own.empty, text, table)


def _cell(row: pd.Series) -> str:
    return f"{row['mechanism']}, n = {row['n']}"

"""Verdicts of the masked-truth protocol."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence

# Selection that a model with own spend in it may ignore.
_JUDGED = ("random", "own_spend")
_TOLERANCE = 0.03
_ERRORS = 2.0
_CELL = ["mechanism", "n"]


def against_peers(
    kinds: pd.DataFrame,
    means: pd.DataFrame,
    paired: pd.DataFrame,
    model: str,
    peers: Sequence[str],
    loss: str,
) -> Evidence:
    """Compare with the peer that turned out best in each kind of survey, chosen with hindsight.

    Passed: the model predicted in all kinds that are judged, and is nowhere among them worse by more than two
    standard errors of the paired difference. None where it did not predict in one of them, or there are too few
    replications for a standard error, or nothing to compare.
    """
    # Paired differences are peer less model: above 0 the model is better. The best peer is that of the surveys in
    # which both predicted, for one that refuses the hard ones has the better mean.
    rivals = paired.loc[paired["method"].isin(list(peers)) & paired["difference"].notna()]
    best = rivals.loc[rivals.groupby(_CELL, sort=False)["difference"].idxmin()] if len(rivals) else rivals
    table = kinds.merge(best, on=_CELL, how="left").rename(columns={"method": "best_peer"})
    table["score"], table["replications"] = loss, table["replications"].fillna(0).astype(np.int64)
    table["verdict"] = _verdicts(table, means.loc[(means["method"] == model) & (means["score"] == loss)])
    judged = table.loc[table["mechanism"].isin(list(_JUDGED))]
    counts = judged["verdict"].value_counts()
    found = ", ".join(f"{verdict} in {count}" for verdict, count in counts.items())
    text = (
        f"Beside the best peer of each of {len(judged)} kinds of survey, by {loss}: {found or 'not judged'}"
    )
    shown = (judged if len(judged) else table).dropna(subset=["difference"])
    if len(shown):
        worst = shown.loc[shown["difference"].idxmin()]
        text += (
            f"; at worst {-worst['difference']:+.3f} (SE {worst['se']:.3f}) against {worst['best_peer']}, "
            f"{_cell(worst)}"
        )
    known = len(judged) > 0 and set(counts.index) <= {"better", "even", "worse"}
    return Evidence(
        f"Masked truth: {model} against its peers", _passed("worse" in counts, known), f"{text}.", table
    )


def calibration(kinds: pd.DataFrame, means: pd.DataFrame, model: str) -> Evidence:
    """Judge cover: of the 80 per cent interval, and of what lies below the 0.9-quantile.

    Passed: the model predicted in all kinds of survey that are judged, and nowhere among them is either off by more
    than 0.03 and two standard errors.
    """
    wide = means.loc[means["method"] == model].pivot_table(
        index=_CELL, columns="score", values=["mean", "se"], sort=False
    )
    name = f"Masked truth: calibration of {model}"
    if wide.empty:
        return Evidence(name, None, "It predicted nowhere.", kinds)
    mean = wide["mean"].reindex(pd.MultiIndex.from_frame(kinds))
    # A column without any standard error is not in the pivot.
    error = wide["se"].reindex(index=mean.index, columns=mean.columns) if "se" in wide else mean * np.nan
    table = pd.DataFrame(index=mean.index)
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
    predicted = judged & np.isfinite(off).all(axis=1)
    largest = np.abs(off[predicted]).max() if predicted.any() else np.nan
    text = f"Cover is off by {largest:.3f} at the most in {int(predicted.sum())} kinds of survey."
    if bad.any():
        cells = "; ".join(_cell(row) for _, row in table.loc[bad].iterrows())
        text += f" Off by more than {_TOLERANCE} and chance: {cells}. Do not trust its intervals there."
    if (judged & ~predicted).any():
        cells = "; ".join(_cell(row) for _, row in table.loc[judged & ~predicted].iterrows())
        text += f" It did not predict: {cells}."
    return Evidence(name, _passed(bool(bad.any()), known), text, table)


def refusals(
    refused: pd.DataFrame,
    flagged: pd.DataFrame,
    surveys: pd.DataFrame,
    means: pd.DataFrame,
    model: str,
    skipped: tuple[int, ...],
) -> Evidence:
    """Count the surveys that a model refused, the customers it knows, and checks of its fits that did not pass."""
    own = refused.loc[refused["method"] == model]
    checks = flagged.loc[flagged["method"] == model]
    table = own.groupby([*_CELL, "reason"], sort=False).size().rename("surveys").reset_index()
    text = f"It refused {len(own)} of {len(surveys)} surveys."
    known = means.loc[(means["method"] == model) & (means["score"] == "known") & (means["mean"] < 1)]
    if len(known):
        least = known.loc[known["mean"].idxmin()]
        text += (
            f" Of the masked customers it knows {least['mean']:.0%} at the least ({_cell(least)}); all methods are "
            "scored on those whom all know."
        )
    if len(checks):
        names = ", ".join(f"{name} ({count})" for name, count in checks["check"].value_counts().items())
        text += f" Checks of its fits that did not pass, and how often: {names}."
    if skipped:
        text += f" Surveys of {', '.join(map(str, skipped))} were skipped: the panel is no larger."
    return Evidence(f"Masked truth: refusals of {model}", own.empty, text, table)


def _verdicts(table: pd.DataFrame, mine: pd.DataFrame) -> NDArray[np.str_]:
    """Judge each kind of survey, given the model's own means where it predicted."""
    here, there = (pd.MultiIndex.from_frame(pd.DataFrame(each[_CELL])) for each in (table, mine))
    predicted = here.isin(there)
    difference, error = (table[name].to_numpy(np.float64) for name in ("difference", "se"))
    return np.select(
        [
            ~predicted,
            np.isnan(difference),
            np.isnan(error),
            difference > _ERRORS * error,
            difference < -_ERRORS * error,
        ],
        ["did not predict", "nothing to compare", "not known", "better", "worse"],
        "even",
    )


def _passed(bad: bool, known: bool) -> bool | None:  # noqa: FBT001
    """Let what is bad somewhere be so whatever is not known of other kinds of survey."""
    return False if bad else True if known else None


def _cell(row: pd.Series) -> str:
    return f"{row['mechanism']}, n = {row['n']}"

"""Whom to ask next, as the page shows it."""

import numpy as np
import pandas as pd

from segmodels.project.wallet_results import WalletResults
from segmodels.project.wallet_tables import whom
from segmodels.report.wallet_parts import AskPart
from segmodels.segments.wallet.survey_size import size_table

#: Relative standard errors of the mean potential beside the one that was asked for.
_ERRORS = (0.1, 0.05, 0.02)
_MOST_STRATA = 10


def ask_part(results: WalletResults) -> AskPart:
    """Show the plan of the next survey."""
    plan, ask = results.plan, results.ask
    listed = whom(results)
    quota = _quota(results)
    text = [ask.text]
    short = int(np.count_nonzero(ask.strata["quota"].to_numpy()))
    if short > _MOST_STRATA:
        text.append(
            f"The {_MOST_STRATA} strata that lack the most answers are shown; strata.csv has all {short:,}."
        )
    return AskPart(
        text=tuple(text),
        sizes=_sizes(results) if plan.potential == "headroom" else None,
        whom=None if listed.empty else listed,
        quota=None if quota.empty else quota,
        error=plan.error,
    )


def _sizes(results: WalletResults) -> pd.DataFrame:
    ask, scored = results.ask, results.grid.scored
    known = int(scored.known.sum())
    rows: list[dict[str, float]] = []
    for error in sorted({*_ERRORS, results.plan.error}, reverse=True):
        table = size_table(
            ask.spread, error=error, population=known, answered=ask.effective, budget=None, left=ask.left
        )
        simple, assisted = table.to_dict("records")
        rows.append(
            {
                "error": error,
                "needed": float(assisted["needed"]),
                "still": float(assisted["more"]),
                "simple": float(simple["more"]),
            }
        )
    return pd.DataFrame(rows)


def _quota(results: WalletResults) -> pd.DataFrame:
    """Give the strata that lack answers, those that lack most first."""
    table = results.ask.strata.sort_values("quota", ascending=False, kind="stable").head(_MOST_STRATA)
    table = table.loc[table["quota"] > 0]
    segment = [f"{name}, " if results.plan.by is not None else "" for name in table["segment"]]
    words = [
        f"{first}{decile}, {status.replace('_', ' ')}"
        for first, decile, status in zip(segment, table["decile"], table["status"], strict=True)
    ]
    return pd.DataFrame(
        {
            "stratum": words,
            "customers": table["customers"].to_numpy(),
            "answered": table["answered"].to_numpy(),
            "ask": table["quota"].to_numpy(),
        }
    )

"""The page of the study of masked wallets."""

import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.datasets.wallet_panels import WalletPanel
from segmodels.evaluate.wallet.masked_results import MaskedTruth

Found = Mapping[str, tuple[WalletPanel, MaskedTruth]]
_SHOWN = (
    "pinball",
    "spearman",
    "top_decile",
    "coverage_80",
    "coverage_95",
    "below_90",
    "below_90_own",
    "total_wallet",
    "total_elsewhere",
    "segment_rmse",
)


def table(found: Found) -> pd.DataFrame:
    """Means and standard errors of every score of every panel, one row each."""
    return pd.concat(
        [study.summary().assign(panel=name) for name, (_, study) in found.items()], ignore_index=True
    )[["panel", "mechanism", "n", "method", "score", "mean", "se", "replications"]]


def page(found: Found, arguments: Mapping[str, Any]) -> str:
    """Write the results as Markdown."""
    asked = ", ".join(f"{name} {arguments[name]}" for name in ("replications", "draws", "seed"))
    given = "those of the panel" if arguments["covariates"] else "own spend alone"
    lines = [
        "# Masked wallets: models beside simple ways",
        "",
        "Panels in which everybody's wallet is known. A survey is drawn, what the others spend elsewhere is hidden and",
        "predicted, and only they are scored. Money is in units of their mean spend elsewhere. What each score means,",
        "and which is best, says `segmodels/evaluate/wallet/scores.py`. `random` and `own_spend` can be dealt with by",
        "a model that knows own spend; `outside_spend` (who spends much elsewhere answers more often) by none.",
        "",
        f"Covariates: {given}; {asked}; Laplace; {time.strftime('%Y-%m-%d')}.",
        "",
        "| panel | customers | spend nothing elsewhere | households |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {len(panel.frame):,} | {panel.none:.2f} | {panel.households:,} |"
            for name, (panel, _) in found.items()
        ),
        "",
    ]
    for name, (_, study) in found.items():
        lines += [f"## {name}", "", *_panel(study)]
    return "\n".join(lines)


def _panel(study: MaskedTruth) -> list[str]:
    lines = [f"- **{name}**: {item}" for name in study.models for item in study.evidence(name)]
    if study.skipped:
        sizes = ", ".join(map(str, study.skipped))
        lines.append(f"- Surveys of {sizes} were skipped: the panel has {study.customers:,} customers.")
    if len(study.refused):
        counts = study.refused.groupby(["method", "mechanism", "n"], sort=False).size()
        told = (f"{who} {times} ({how}, n = {n})" for (who, how, n), times in counts.items())
        lines += [f"- Refused: {'; '.join(told)}."]
    means = study.summary()
    for (mechanism, n), cell in means.groupby(["mechanism", "n"], sort=False):
        lines += ["", f"### {mechanism}, {n} answers", "", *_cell(cell, study, str(mechanism), n)]
    return [*lines, ""]


def _cell(cell: pd.DataFrame, study: MaskedTruth, mechanism: str, n: Any) -> list[str]:
    wide = cell.pivot_table(index="method", columns="score", values="mean", sort=False)
    shown = [score for score in _SHOWN if score in wide]
    paired = {name: _losses(study, name, mechanism, n) for name in study.models}
    head = ["method", *shown, *(f"pinball less {name}'s (SE)" for name in study.models)]
    rows = [
        [
            method,
            *(f"{row[score]:.3f}" for score in shown),
            *(paired[name].get(method, "") for name in paired),
        ]
        for method, row in wide.iterrows()
    ]
    rule = "|---|" + "---:|" * (len(head) - 1)
    return [_row(head), rule, *(_row([str(word) for word in row]) for row in rows)]


def _losses(study: MaskedTruth, name: str, mechanism: str, n: Any) -> dict[Any, str]:
    paired = study.paired(name, "pinball")
    here = paired.loc[(paired["mechanism"] == mechanism) & (paired["n"] == n)]
    return {row["method"]: f"{row['difference']:+.4f} ({row['se']:.4f})" for row in here.to_dict("records")}


def _row(words: list[str]) -> str:
    return f"| {' | '.join(words)} |"

"""What a run on wallets found, in short: for machines, for a terminal, and in plain words."""

from pathlib import Path
from typing import Any

from segmodels.project.page import in_words
from segmodels.project.summary import listed
from segmodels.project.wallet_models import MODELS
from segmodels.project.wallet_results import WalletResults, rows_of
from segmodels.report.tables import count, money_short, share
from segmodels.segments.wallet.value_grid import CELLS

_SIMULATED = "These data are simulated: no customer is real, and nothing here is true of anybody."


def wallet_summary(results: WalletResults, files: dict[str, str]) -> dict[str, Any]:
    """Give the figures in full precision, the evidence and the paths."""
    plan, grid, wallets = results.plan, results.grid, results.wallets
    cells = grid.cells(plan.level).to_dict("records")
    calibration = results.calibration
    return {
        "source": plan.title,
        "simulated": plan.simulated,
        "customers": len(wallets),
        "answered": wallets.n_answered,
        "window": wallets.window,
        "category": wallets.category,
        "seed": plan.seed,
        "model": {"name": plan.model, "setting": repr(plan.setting), "params": _params(results)},
        "total": results.total,
        "segments": rows_of(results.segments)[:-1],
        "status": results.customers["status"].value_counts().to_dict(),
        "grid": {
            "value_cut": grid.value_cut,
            "potential_cut": grid.potential_cut,
            "undecided": int(grid.undecided.sum()),
            "cells": cells,
        },
        "top_tenth_holds": float(results.bands.held.mean()),
        "tipping": None if results.tipping is None else results.tipping.to_dict("records"),
        "ask": {"text": results.ask.text, "sizes": results.ask.sizes.to_dict("records")},
        "calibration": None if calibration is None else calibration.coverage.to_dict("records"),
        "evidence": listed(results.evidence),
        "notes": results.notes,
        "files": files,
    }


def wallet_lines(results: WalletResults, files: dict[str, str]) -> tuple[str, ...]:
    """Say it in a few lines, and where the files are."""
    folder = Path(files["page"]).parent
    others = ", ".join(sorted(Path(path).name for name, path in files.items() if name != "page"))
    return (*wallet_words(results), f"Page: {files['page']}", f"Also in {folder}: {others}")


def wallet_words(results: WalletResults) -> tuple[str, ...]:
    """Say it in plain words, a line each; the same words for the same seed."""
    plan, wallets, total = results.plan, results.wallets, results.total
    own = money_short(float(total["own"]), plan.currency)
    when = "".join(f", {word}" for word in (wallets.window, wallets.category) if word)
    told = [_SIMULATED] if plan.simulated else []
    told += [
        f"{plan.title}: {len(wallets):,} customers who spent {own} here{when}; {wallets.n_answered:,} answered.",
        f"Model: {MODELS[plan.model].title}, {in_words(plan.setting)}, seed {plan.seed}.",
        _amounts(results),
    ]
    if len(results.totals.names) > 1:
        told += ["Segments, the most headroom first:", *_segment_lines(results)]
    told += [f"Value grid: {results.grid.text}", *_cell_lines(results), results.bands.text]
    told.append(results.ask.text)
    if results.calibration is not None:
        told.append(f"Calibration: {results.calibration.text}.")
    told += results.notes
    return (*told, *(str(each) for each in results.evidence if each.passed is False))


def _amounts(results: WalletResults) -> str:
    total, plan = results.total, results.plan
    percent = share(float(total["share"]), 0)
    unknown = float(total["not_identified"])
    left = f" Of {count(unknown)} customers nothing can be said; they are in no figure." if unknown else ""
    return (
        f"Wallet {_money(results, total, 'wallet')}; our share of it is {percent}. Headroom "
        f"{_money(results, total, 'headroom')}, of which {_money(results, total, 'attainable')} attainable "
        f"(in brackets: {share(plan.level, 0)} intervals).{left}"
    )


def _money(results: WalletResults, row: dict[str, Any], name: str) -> str:
    value, low, high = (
        money_short(float(row[column]), results.plan.currency)
        for column in (name, f"{name}_low", f"{name}_high")
    )
    return f"{value} ({low} to {high})"


def _segment_lines(results: WalletResults) -> list[str]:
    rows = sorted(rows_of(results.segments)[:-1], key=lambda row: -float(row["headroom"]))
    return [
        f"  {row['segment']}: headroom {_money(results, row, 'headroom')}, share {share(float(row['share']), 0)}, "
        f"{count(float(row['customers']))} customers, {count(float(row['answered']))} answered"
        for row in rows
    ]


def _cell_lines(results: WalletResults) -> list[str]:
    rows = {row["cell"]: row for row in rows_of(results.grid.cells(results.plan.level))}
    return [
        f"  {name}: {count(float(rows[name]['customers']))} customers, headroom "
        f"{_money(results, rows[name], 'headroom')}"
        for name in CELLS
    ]


def _params(results: WalletResults) -> dict[str, float]:
    fit: Any = results.fit
    return dict(fit.params.to_dict())

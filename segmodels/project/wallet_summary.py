"""What a run on wallets found, in short: for machines, for a terminal, and in plain words."""

from math import inf, isfinite
from pathlib import Path
from typing import Any

from segmodels.inference.settings import MAP
from segmodels.project.page import in_words
from segmodels.project.summary import listed
from segmodels.project.wallet_models import MODELS, trusted
from segmodels.project.wallet_results import WalletResults, rows_of
from segmodels.report.tables import count, money, money_short, share
from segmodels.report.wallet_checked import advised, warning
from segmodels.report.wallet_cuts import cut_notes
from segmodels.report.wallet_notes import held_fixed
from segmodels.segments.wallet.value_grid import CELLS

_SIMULATED = "These data are simulated: no customer is real, and nothing here is true of anybody."


def wallet_summary(results: WalletResults, files: dict[str, str]) -> dict[str, Any]:
    """Give the figures in full precision, the evidence and the paths."""
    plan, grid, wallets = results.plan, results.grid, results.wallets
    cells = trusted(plan, grid.cells(plan.level)).to_dict("records")
    segments = rows_of(trusted(plan, results.segments))
    calibration = results.calibration
    return {
        "source": plan.title,
        "simulated": plan.simulated,
        "customers": len(wallets),
        "answered": wallets.n_answered,
        "window": wallets.window,
        "category": wallets.category,
        "seed": plan.seed,
        "model": {
            "name": plan.model,
            "setting": repr(plan.setting),
            "params": _params(results),
            "parameters_held_fixed": _fixed(results),
        },
        "total": segments[-1],
        "segments": segments[:-1],
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
        "warning": warning(results.evidence),
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
    failed = warning(results.evidence)
    told = [*([failed] if failed else []), *([_SIMULATED] if plan.simulated else [])]
    told += [
        f"{plan.title}: {len(wallets):,} customers who spent {own} here{when}; {wallets.n_answered:,} answered.",
        f"Model: {MODELS[plan.model].title}, {in_words(plan.setting)}, seed {plan.seed}.",
        *([held_fixed(anchored=MODELS[plan.model].anchored)] if _fixed(results) else []),
        _amounts(results),
    ]
    if len(results.totals.names) > 1:
        told += ["Segments, the most headroom first:", *_segment_lines(results)]
    told += [_grid(results), *_cell_lines(results), _held(results)]
    told.append(results.ask.text)
    if results.calibration is not None:
        told.append(f"Calibration: {results.calibration.text}.")
    told += results.notes
    return (*told, *(str(advised(each)) for each in results.evidence if each.passed is False))


def _grid(results: WalletResults) -> str:
    """Say where the cuts are, whom they part, and who is left undecided."""
    grid, plan = results.grid, results.plan
    heads = grid.cells().set_index("cell")["customers"].to_dict()
    value, potential = (plan.value or "own spend", grid.value_cut), (grid.potential.kind, grid.potential_cut)
    known, n = int(grid.scored.known.sum()), len(grid.scored)
    at = ", ".join(f"{name} of more than {money(cut, plan.currency)}" for name, cut in (value, potential))
    undecided = f"{count(float(grid.undecided.sum()))} of {count(known)} customers are undecided"
    said = [
        f"Value grid: high is {at}.",
        f"{undecided}: no cell has a probability of {share(plan.sure, 0)} or more.",
        *cut_notes({str(name): float(size) for name, size in heads.items()}, value, potential, plan.currency),
        *([f"{count(n - known)} are not identified."] if known < n else []),
    ]
    return " ".join(said)


def _fixed(results: WalletResults) -> bool:
    """Whether intervals leave out how far the parameters can be off."""
    return isinstance(results.plan.setting, MAP)


def _held(results: WalletResults) -> str:
    """Say what the customers with the most headroom hold, with its interval where that can be trusted."""
    if not (_fixed(results) and MODELS[results.plan.model].anchored):
        return results.bands.text
    held, kind = share(float(results.bands.held.mean()), 0), results.plan.potential
    return f"The 10% of customers with the highest expected {kind} hold {held} of it."


def _amounts(results: WalletResults) -> str:
    plan = results.plan
    total = rows_of(trusted(plan, results.segments))[-1]
    percent = share(float(total["share"]), 0)
    level = share(plan.level, 0)
    fixed = ", parameters held fixed" if _fixed(results) else ""
    brackets = f" (in brackets: {level} intervals{fixed})" if "headroom_low" in total else ""
    unknown = float(total["not_identified"])
    left = f" Of {count(unknown)} customers nothing can be said; they are in no figure." if unknown else ""
    return (
        f"Wallet {_money(results, total, 'wallet')}; our share of it is {percent}. Headroom "
        f"{_money(results, total, 'headroom')}, of which {_money(results, total, 'attainable')} attainable"
        f"{brackets}.{left}"
    )


def _money(results: WalletResults, row: dict[str, Any], name: str) -> str:
    if not isfinite(row[name]):
        return "not known"
    value = money_short(float(row[name]), results.plan.currency)
    ends = (f"{name}_low", f"{name}_high")
    if not all(end in row for end in ends):
        return value
    low, high = (money_short(float(row[end]), results.plan.currency) for end in ends)
    return f"{value} ({low} to {high})"


def _segment_lines(results: WalletResults) -> list[str]:
    rows = rows_of(trusted(results.plan, results.segments))[:-1]
    # Those of which nothing is known come last.
    rows.sort(key=lambda row: -float(row["headroom"]) if isfinite(row["headroom"]) else inf)
    return [
        f"  {row['segment']}: {_segment(results, row)}, {count(float(row['customers']))} customers, "
        f"{count(float(row['answered']))} answered"
        for row in rows
    ]


def _segment(results: WalletResults, row: dict[str, Any]) -> str:
    if not isfinite(row["headroom"]):
        return "headroom and share not known, as no customer is identified"
    percent = share(float(row["share"]), 0) if isfinite(row["share"]) else "not known"
    return f"headroom {_money(results, row, 'headroom')}, share {percent}"


def _cell_lines(results: WalletResults) -> list[str]:
    plan = results.plan
    rows = {row["cell"]: row for row in rows_of(trusted(plan, results.grid.cells(plan.level)))}
    return [
        f"  {name}: {count(float(rows[name]['customers']))} customers, headroom "
        f"{_money(results, rows[name], 'headroom')}"
        for name in CELLS
    ]


def _params(results: WalletResults) -> dict[str, float]:
    fit: Any = results.fit
    return dict(fit.params.to_dict())

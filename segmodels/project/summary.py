"""What a run found, in short: for machines and for a terminal."""

from pathlib import Path
from typing import Any

import numpy as np

from segmodels.evidence import Evidence
from segmodels.project.check import Checked
from segmodels.project.page import in_words
from segmodels.project.plan import MODELS
from segmodels.project.results import Results
from segmodels.project.scores import total_of
from segmodels.report.tables import Table, count, length, money_short, share, written


def summary(results: Results, files: dict[str, str]) -> dict[str, Any]:
    """Give the figures in full precision, the evidence and the paths."""
    plan, value = results.plan, results.value
    low, high = _interval(results)
    found: dict[str, Any] = {
        "source": plan.title,
        "until": str(results.until),
        "customers": len(results.scores),
        "unit": plan.unit,
        "seed": plan.seed,
        "purchases": {
            "model": MODELS[plan.model].title,
            "setting": repr(plan.setting),
            "params": results.purchases.params.to_dict(),
            "log_likelihood": results.purchases.log_likelihood,
            "horizon": results.horizon,
            "expected": total_of(results.scores, "expected_purchases"),
            "low": low,
            "high": high,
            "alive": total_of(results.scores, "alive"),
        },
    }
    if value is not None:
        p10, p50, p90 = np.quantile(value.lifetime.total.to_numpy(), (0.1, 0.5, 0.9))
        found["spend"] = {
            "params": value.spend.params.to_dict(),
            "log_likelihood": value.spend.log_likelihood,
        }
        found["lifetime_value"] = {
            "months": plan.months,
            "annual_discount": plan.annual_discount,
            "margin": plan.margin,
            "mean": total_of(value.scores, "value"),
            "p10": p10,
            "p50": p50,
            "p90": p90,
            "gini": value.lorenz.gini,
            "top_10": value.lorenz.top_10,
            "top_20": value.lorenz.top_20,
        }
    return found | {
        "evidence": listed(results.evidence),
        "backtest": None if results.backtest is None else results.backtest.table.to_dict("records"),
        "notes": results.notes,
        "files": files,
    }


def listed(evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    """Give evidence as JSON knows it."""
    return [{"name": each.name, "passed": each.passed, "text": each.text} for each in evidence]


def _interval(results: Results) -> tuple[float, float]:
    level = results.plan.level
    low, high = np.quantile(results.total, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def lines(results: Results, files: dict[str, str]) -> tuple[str, ...]:
    """Say it in a few lines."""
    plan, value = results.plan, results.value
    low, high = _interval(results)
    expected, alive = (count(total_of(results.scores, name)) for name in ("expected_purchases", "alive"))
    told = [
        f"{plan.title}: customers up to {results.until}: {len(results.scores):,}.",
        f"Model: {MODELS[plan.model].title}, {in_words(plan.setting)}, seed {plan.seed}.",
        (
            f"Next {length(results.horizon)} {plan.unit}s: {expected} purchases expected "
            f"({share(plan.level, 0)} interval {count(low)} to {count(high)}); {alive} customers still active."
        ),
    ]
    if value is not None:
        p10, p50, p90 = (
            money_short(float(each), plan.currency)
            for each in np.quantile(value.lifetime.total.to_numpy(), (0.1, 0.5, 0.9))
        )
        told.append(
            f"Value over {plan.months} months: {p50} (P10 {p10}, P90 {p90}); "
            f"the top 20% of customers hold {share(value.lorenz.top_20, 0)}."
        )
    told += results.notes
    told += [str(each) for each in results.evidence if each.passed is False]
    folder = Path(files["page"]).parent
    tables = ", ".join(Path(path).name for name, path in files.items() if name != "page")
    return (*told, f"Page: {files['page']}", f"Also in {folder}: {tables}")


def check_summary(found: Checked) -> dict[str, Any]:
    """Give what a check found as JSON knows it."""
    return {
        "passed": found.passed,
        "audit": found.audit.to_dict("records"),
        "evidence": listed(found.evidence),
        "backtest": None if found.backtest is None else found.backtest.table.to_dict("records"),
        "notes": found.notes,
    }


def check_lines(found: Checked) -> tuple[str, ...]:
    """Say what a check found."""
    told = [*_table(written(found.audit, "Data audit")), ""]
    if found.backtest is not None:
        told += [*_table(written(found.backtest.summary(), "Backtest")), ""]
    return (*told, *(str(each) for each in found.evidence), *found.notes)


def _table(table: Table) -> list[str]:
    """Lay a table out for a terminal: text to the left, numbers to the right."""
    columns: list[list[str]] = []
    for column in table.columns:
        cells = [column.label, *column.cells]
        width = max(map(len, cells))
        columns.append([cell.rjust(width) if column.numeric else cell.ljust(width) for cell in cells])
    return [table.caption, *("  ".join(row).rstrip() for row in zip(*columns, strict=True))]

"""What a run on a survey found, in short: for machines and for a terminal."""

from pathlib import Path
from typing import Any

import numpy as np

from segmodels.project.needs_results import NeedsResults
from segmodels.project.page import in_words
from segmodels.project.summary import listed
from segmodels.report.tables import count, money_short, share
from segmodels.segments.draft_names import DRAFT

_SIMULATED = "These data are simulated: no survey was read, and nothing here is true of any customer."


def needs_summary(results: NeedsResults, files: dict[str, str]) -> dict[str, Any]:
    """Give the figures in full precision, the evidence and the paths."""
    plan, fit, chosen = results.plan, results.fit, results.chosen
    return {
        "source": plan.title,
        "simulated": plan.simulated,
        "respondents": fit.n,
        "items": list(fit.spec.indicators(results.survey.responses)),
        "seed": plan.seed,
        "setting": repr(plan.setting),
        "style": list(fit.spec.style),
        "classes": {
            "taken": fit.n_classes,
            "recommended": chosen.recommended,
            "reasons": chosen.reasons,
            "table": chosen.table.to_dict("records"),
        },
        "log_likelihood": fit.log_likelihood,
        "parameters": fit.n_parameters,
        "segments": _segments(results),
        "questions": None if results.questions is None else results.questions.curve.to_dict("records"),
        "base": _base(results),
        "evidence": listed(results.evidence),
        "notes": results.notes,
        "files": files,
    }


def _segments(results: NeedsResults) -> list[dict[str, Any]]:
    table = results.fit.shares(results.plan.level).to_dict("records")
    cards = results.said.personas
    return [
        {
            "number": k + 1,
            "name": card.name,
            "draft": card.name in results.draft,
            "share": row["probability"],
            "low": row["low"],
            "high": row["high"],
            "value": card.value,
            "above": [trait.words for trait in card.above],
            "below": [trait.words for trait in card.below],
            "underserved": [need.benefit for need in card.underserved],
        }
        for k, (row, card) in enumerate(zip(table, cards, strict=True))
    ]


def _base(results: NeedsResults) -> dict[str, Any] | None:
    found = results.projection
    if found is None:
        return None
    return {
        "customers": len(found.base.customers),
        "signal": found.verdict.passed,
        "verdict": found.verdict.text,
        "sizes": found.sizes.to_dict("records"),
        "values": None if found.base.amounts is None else found.values.to_dict("records"),
    }


def needs_lines(results: NeedsResults, files: dict[str, str]) -> tuple[str, ...]:
    """Say it in a few lines."""
    plan, fit, chosen = results.plan, results.fit, results.chosen
    items = fit.spec.indicators(results.survey.responses)
    told = [_SIMULATED] if plan.simulated else []
    told += [
        f"{plan.title}: {count(fit.n)} respondents, {len(items)} items.",
        f"Model: latent classes{_style(fit.spec.style)}, {in_words(plan.setting)}, seed {plan.seed}.",
        _number(fit.n_classes, chosen.recommended, asked=plan.take is not None or len(plan.n_classes) == 1),
        *(f"  {reason}" for reason in chosen.reasons if len(plan.n_classes) > 1),
        "Segments (share of respondents):",
        *_segment_lines(results),
    ]
    if results.draft:
        numbers = ",".join(f"{k + 1}=…" for k, name in enumerate(fit.names) if name in results.draft)
        told.append(f'Names after "{DRAFT.strip()}" are drafts; set your own: --names "{numbers}"')
    told += _base_lines(results)
    told += results.notes
    # That fewer classes are too few is among the reasons.
    told += [str(each) for each in results.evidence if each.passed is False and each not in chosen.tests]
    folder = Path(files["page"]).parent
    others = ", ".join(sorted(Path(path).name for name, path in files.items() if name != "page"))
    return (*told, f"Page: {files['page']}", f"Also in {folder}: {others}")


def _number(taken: int, recommended: int, *, asked: bool) -> str:
    if taken != recommended:
        return f"Classes: {taken}, as asked; {recommended} are recommended."
    return f"Classes: {taken}{', as asked' if asked else ', recommended'}."


def _style(style: tuple[str, ...]) -> str:
    return f" with a response style ({' and '.join(style)})" if style else ""


def _segment_lines(results: NeedsResults) -> list[str]:
    rows = results.fit.shares(results.plan.level).to_dict("records")
    return [
        f"  {k + 1}  {share(float(row['probability']), 0):>4}  {row['class']}" for k, row in enumerate(rows)
    ]


def _base_lines(results: NeedsResults) -> list[str]:
    found = results.projection
    if found is None:
        return []
    told = [f"Base of {len(found.base.customers):,} customers: {found.verdict.text}"]
    values = [""] * len(found.names)
    if found.base.amounts is not None:
        amounts = found.values["value"].to_numpy(np.float64)
        values = [f", worth {money_short(float(value), results.plan.currency)}" for value in amounts]
    rows = zip(found.sizes.to_dict("records"), values, strict=True)
    return told + [
        f"  {k + 1}  {count(row['customers'])} ({count(row['low'])} to {count(row['high'])}){value}"
        for k, (row, value) in enumerate(rows)
    ]

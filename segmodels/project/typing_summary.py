"""What was found of golden questions: as tables, for machines, and for a terminal."""

from pathlib import Path
from typing import Any

import pandas as pd

from segmodels.project.evidence import evidence_frame
from segmodels.project.summary import listed
from segmodels.project.typing_results import TypingResults
from segmodels.report.segment_names import shown
from segmodels.report.tables import share


def typing_tables(results: TypingResults) -> dict[str, pd.DataFrame]:
    """Give the tables by the name of their files."""
    found = {
        "numbers": results.numbers,
        "segments": results.segments,
        "confusion": results.true.confusion.rename_axis(index="true_segment").reset_index(),
        "evidence": evidence_frame(results.evidence),
    }
    if results.golden is not None:
        curve = results.golden.curve
        found["curve"] = curve.assign(questions=[", ".join(names) for names in curve["questions"]])
    if results.report is not None and results.report.cross_validation is not None:
        folds = results.report.cross_validation.folds
        found["folds"] = folds.assign(questions=[", ".join(names) for names in folds["questions"]])
    return found


def typing_summary(results: TypingResults, files: dict[str, str]) -> dict[str, Any]:
    """Give the figures in full precision, the evidence and the paths."""
    return {
        "fit": str(results.plan.path),
        "objective": results.plan.objective,
        "seed": results.plan.seed,
        "questions": [{"item": item.name, "label": item.wording} for item in results.tool.questions],
        "numbers": results.numbers.to_dict("records"),
        "segments": results.segments.to_dict("records"),
        "curve": None if results.golden is None else results.golden.curve.to_dict("records"),
        "evidence": listed(results.evidence),
        "notes": results.notes,
        "files": files,
    }


def typing_lines(results: TypingResults, files: dict[str, str]) -> tuple[str, ...]:
    """Say it in a few lines."""
    told = [f"{len(results.tool.questions)} golden questions, best at {results.plan.objective}:"]
    if results.golden is None:
        told = [f"{len(results.tool.questions)} questions, as named:"]
    told += [f"  {item.name}: {item.wording}" for item in results.tool.questions]
    width = max(len(str(name)) for name in results.numbers["number"])
    told += ["Placed rightly:"]
    for row in results.numbers.to_dict("records"):
        worst = row["worst_segment"]
        told.append(
            f"  {row['number']!s:<{width}}  {share(float(row['value'])):>6}"
            + (
                f"  (worst segment {shown(worst)}: {share(float(row['worst_recall']))})"
                if isinstance(worst, str) and worst
                else ""
            )
        )
    told += results.notes
    told += [str(each) for each in results.evidence]
    return (
        *told,
        *(f"{Path(path).suffix[1:]}: {path}" for name, path in files.items() if name.startswith("typing.")),
    )

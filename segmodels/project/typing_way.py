"""Golden questions for the segments of a fit: choose, judge, write scorers."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evaluate.classes.choose import choose_classes
from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.project.needs_folder import Tell, open_for
from segmodels.project.needs_tables import plain_columns
from segmodels.project.typing_plan import TypingPlan
from segmodels.project.typing_results import TypingResults
from segmodels.project.typing_summary import typing_tables
from segmodels.report.scorer.files import write_scorer
from segmodels.segments.typing_tool.accuracy import Accuracy, accuracy
from segmodels.segments.typing_tool.agreement import implied_agreement
from segmodels.segments.typing_tool.selection import GoldenQuestions, golden_questions
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.segments.typing_tool.validation import validate_typing_tool
from segmodels.tables.responses import Responses

#: What a run tells of, in this order.
TYPING_STEPS = ("Load the fit", "Choose the questions", "Judge them", "Write scorers")
SCORERS = ("json", "sql", "xlsx", "html")
#: In a fold fewer starts are enough, and numbers of classes near the one taken.
_STARTS = Starts(random=20, kept=4)
_NEAR = 2
_MOST = 12


def run_typing(
    plan: TypingPlan, out: str | os.PathLike[str], tell: Tell = lambda _: None
) -> tuple[TypingResults, dict[str, str]]:
    """Choose golden questions, judge them, and write scorers and tables into a folder.

    Returns
    -------
    results, files
        What was found, and the path of each file by its name.

    Raises
    ------
    InputError, NotConverged
        With advice.
    """
    folder = open_for("typing", out)
    tell(TYPING_STEPS[0])
    fit = plan.load()
    responses = plan.read(fit)
    folder.remember(kind="typing", state="running", fit=str(plan.path), seed=plan.seed)
    results = find_typing(plan, fit, responses, tell)
    tell(TYPING_STEPS[3])
    for ending in SCORERS:
        name = f"typing.{ending}"
        write_scorer(results.tool, folder.path / name, title="Which segment?")
        folder.written.append(name)
    for name, frame in typing_tables(results).items():
        folder.table(name, plain_columns(frame))
    folder.finish()
    return results, {name: str(folder.path / name) for name in folder.written}


def find_typing(
    plan: TypingPlan, fit: Any, responses: Responses | None, tell: Tell = lambda _: None
) -> TypingResults:
    """Choose golden questions and judge them; nothing is written."""
    tell(TYPING_STEPS[1])
    components = fit.components
    golden, questions = _choose(plan, fit)
    tool = typing_tool(fit, questions)
    tell(TYPING_STEPS[2])
    notes: list[str] = []
    if responses is None:
        notes.append("Without the survey neither agreement of respondents nor cross-validation can be told.")
        true, ceiling = accuracy(components, questions, seed=plan.seed), accuracy(components, seed=plan.seed)
        numbers, segments = _implied(plan, fit, true, ceiling)
        return TypingResults(
            plan, golden, tool, true, ceiling, None, numbers, segments, _verdict(true, ceiling), tuple(notes)
        )
    if round(responses.n) != round(fit.n):
        notes.append(
            f"The survey has {responses.n:,.0f} respondents, and {fit.n:,.0f} were fitted: agreement is that of these."
        )
    select, told = _select(plan, golden, questions)
    refit, more = _refit(plan, fit)
    notes += [*told, *more] if plan.folds else []
    report = validate_typing_tool(
        fit,
        tool,
        responses,
        seed=plan.seed,
        fit_on=refit if plan.folds else None,
        select=select,
        folds=plan.folds or 2,
    )
    return TypingResults(
        plan,
        golden,
        tool,
        report.true,
        report.ceiling,
        report,
        report.numbers,
        report.per_segment,
        report.evidence,
        tuple(notes),
    )


def _choose(plan: TypingPlan, fit: Any) -> tuple[GoldenQuestions | None, tuple[str, ...]]:
    """Choose questions; those that are named need no choice."""
    names, values = fit.components.item_names, plan.values_by_name(fit.names) or None
    if not isinstance(plan.questions, int):
        unknown = [name for name in plan.questions if name not in names]
        if unknown:
            got = f"no item {', '.join(map(repr, unknown))}"
            there = f"among: {', '.join(names)}"
            raise InputError(Fault("questions", got, there, "Check the names."))
        return None, plan.questions
    if plan.questions > len(names):
        expected = f"1 to {len(names)}, as many as there are items"
        raise InputError(Fault("questions", str(plan.questions), expected, "Ask for fewer."))
    unknown = [name for name in plan.always if name not in names]
    if unknown or len(plan.always) > plan.questions:
        got = ", ".join(map(repr, unknown or plan.always))
        expected = f"at most {plan.questions} of: {', '.join(names)}"
        raise InputError(Fault("always", got, expected, "Check the names."))
    asked = range(max(1, len(plan.always)), min(max(_MOST, plan.questions), len(names)) + 1)
    golden = golden_questions(fit, asked, plan.objective, values, seed=plan.seed, always=plan.always)
    return golden, golden.questions(plan.questions)


def _select(
    plan: TypingPlan, golden: GoldenQuestions | None, questions: tuple[str, ...]
) -> tuple[Callable[[Any, int], tuple[str, ...]], tuple[str, ...]]:
    """Say how questions are chosen within a fold."""

    def same(_: Any, seed: int) -> tuple[str, ...]:  # noqa: ARG001 - as others are called
        return questions

    if golden is None:
        return same, ()
    if plan.objective == "value":
        note = "Within folds the questions were not chosen anew, as classes of a fold have no values of their own."
        return same, (note,)

    def chosen(refit: Any, seed: int) -> tuple[str, ...]:
        number = min(len(questions), len(refit.components.items))
        found = golden_questions(refit, [number], plan.objective, seed=seed, always=plan.always)
        return found.questions(number)

    return chosen, ()


def _refit(plan: TypingPlan, fit: Any) -> tuple[Callable[[Responses, int], Any], tuple[str, ...]]:
    """Fit some respondents; choose the number of classes anew where it was chosen before."""
    spec = replace(fit.spec, starts=_STARTS)
    tried = [int(k) for k in plan.remembered.get("n_classes", ())]
    numbers = [k for k in tried if abs(k - fit.n_classes) <= _NEAR]
    if plan.remembered.get("take") is not None or len(numbers) < 2:
        return lambda part, seed: spec.fit(part, MAP(), seed=seed), ()

    def chosen(part: Responses, seed: int) -> Any:
        return choose_classes(spec, part, MAP(), numbers, seed=seed, folds=0).fit

    note = f"Within folds the number of classes was chosen anew from {numbers[0]} to {numbers[-1]}, by BIC."
    return chosen, (note,)


def _implied(
    plan: TypingPlan, fit: Any, true: Accuracy, ceiling: Accuracy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tabulate what the model implies, where there are no respondents."""
    agreement = implied_agreement(fit.components, true.questions, seed=plan.seed)
    shares = ceiling.table.sum(axis=1)
    found = {"true accuracy": true, "ceiling": ceiling, "implied agreement": agreement}
    rows: list[dict[str, Any]] = [
        {
            "number": name,
            "value": each.overall,
            "standard_error": each.standard_error,
            "worst_segment": each.worst[0],
            "worst_recall": each.worst[1],
        }
        for name, each in found.items()
    ]
    rows.append({"number": "largest share", "value": float(shares.max())})
    rows.append({"number": "proportional chance", "value": float((shares**2).sum())})
    segments = pd.DataFrame(
        {
            "segment": list(true.names),
            "share": shares,
            "recall": true.recall.to_numpy(),
            "precision": true.precision.to_numpy(),
            "ceiling_recall": ceiling.recall.to_numpy(),
        }
    )
    return pd.DataFrame(rows), segments


def _verdict(true: Accuracy, ceiling: Accuracy) -> tuple[Evidence, ...]:
    gap = 100 * (ceiling.overall - true.overall)
    text = (
        f"The questions place people in their true segment in {true.overall:.1%} (worst segment "
        f"{true.worst[0]!r} {true.worst[1]:.1%}); all items would in {ceiling.overall:.1%}, {gap:.1f} points more."
    )
    return (Evidence("Typing tool: true accuracy", None, text),)

"""The whole way from a survey to needs segments: read, choose, describe, project, write."""

import datetime as dt
import os
from dataclasses import fields
from itertools import pairwise
from typing import Any

from segmodels.evaluate.classes.residuals import bivariate_residuals
from segmodels.project.folder import Folder
from segmodels.project.needs_fits import choose, forget, name_classes, without_style
from segmodels.project.needs_folder import Tell, open_for
from segmodels.project.needs_outside import outside
from segmodels.project.needs_page_frames import needs_page
from segmodels.project.needs_plan import NeedsPlan
from segmodels.project.needs_read import read_survey
from segmodels.project.needs_results import NeedsResults
from segmodels.project.needs_say import named, project, values_of, what_they_say
from segmodels.project.needs_style import style_evidence
from segmodels.project.needs_tables import write_tables
from segmodels.report.atomic import whole
from segmodels.report.needs_page import write
from segmodels.segments.typing_tool.selection import GoldenQuestions, golden_questions

#: What a run tells of, in this order.
STEPS = (
    "Read and check the survey",
    "Choose the classes",
    "Look for a style",
    "Describe the segments",
    "Project to the base",
    "Relate to the outside",
    "Find golden questions",
    "Write the page",
)
PAGE = "page.html"
CODEBOOK = "codebook.json"


def run_needs(
    plan: NeedsPlan, out: str | os.PathLike[str], tell: Tell = lambda _: None
) -> tuple[NeedsResults, dict[str, str]]:
    """Go the whole way, and write tables, the fit and the page into a folder.

    Every file is written whole or not at all. A run that was killed may be started again: fits of the same
    answers, model, setting and seed are taken up from the folder.

    Parameters
    ----------
    plan
        What to do.
    out
        The folder; made where it is not there.
    tell
        Called with each of ``STEPS`` when it begins, and with what is done within.

    Returns
    -------
    results, files
        What was found, and the path of each file by its stem.

    Raises
    ------
    InputError, NotConverged
        With advice.
    """
    folder = open_for("needs", out)
    folder.remember(kind="needs", state="running", plan=described(plan))
    results = find_needs(plan, folder, tell)
    tell(STEPS[7])
    _write_codebook(results, folder)
    write_tables(results, folder)
    write(needs_page(results, dt.datetime.now().astimezone()), folder.path / PAGE)
    folder.written.append(PAGE)
    folder.finish()
    forget(folder)
    return results, folder.files


def steps_of(plan: NeedsPlan) -> int:
    """Count what a run tells of at the most."""
    several = len(plan.n_classes) > 1
    fits = len(plan.n_classes) * (1 + (plan.folds if several else 0))
    pairs = sum(b == a + 1 for a, b in pairwise(plan.n_classes))
    return len(STEPS) + fits + (pairs if plan.test == "bootstrap" else 0)


def find_needs(plan: NeedsPlan, folder: Folder, tell: Tell = lambda _: None) -> NeedsResults:
    """Go the whole way up to writing; only fits are kept in the folder."""
    tell(STEPS[0])
    survey = read_survey(plan)
    tell(STEPS[1])
    chosen = choose(plan, survey, folder, lambda *told: tell(told[2]))
    tell(STEPS[2])
    plain = without_style(plan, survey, chosen, folder)
    style = style_evidence(chosen.fit, plain)
    tell(STEPS[3])
    notes = list(survey.notes)
    fit, segments, draft = named(plan, chosen.fit)
    name_classes(fit, folder)
    residuals = None if survey.numbers else bivariate_residuals(fit)
    said, more = what_they_say(plan, survey, segments, values_of(plan, survey))
    tell(STEPS[4])
    projection, left_out = project(plan, survey, fit)
    tell(STEPS[5])
    relation, others = outside(survey, fit, projection)
    tell(STEPS[6])
    questions, why = _questions(plan, fit, survey.numbers)
    notes += [*more, *others, *(each for each in (left_out, why) if each)]
    return NeedsResults(
        plan=plan,
        survey=survey,
        chosen=chosen,
        fit=fit,
        draft=draft,
        residuals=residuals,
        style=style,
        said=said,
        projection=projection,
        relation=relation,
        questions=questions,
        notes=tuple(notes),
    )


def _questions(plan: NeedsPlan, fit: Any, numbers: tuple[str, ...]) -> tuple[GoldenQuestions | None, str]:
    """Look for golden questions; or say why there are none."""
    if fit.n_classes < 2:
        return None, "One class needs no golden questions."
    if numbers:
        what = ", ".join(numbers)
        return (
            None,
            f"Golden questions: left out, as items are answered in numbers ({what}); read them as ordinal.",
        )
    most = min(plan.questions, len(fit.components.items))
    return golden_questions(fit, range(1, most + 1), seed=plan.seed), ""


def _write_codebook(results: NeedsResults, folder: Folder) -> None:
    with whole(folder.path / CODEBOOK) as part:
        part.write_text(results.survey.responses.codebook.to_json() + "\n", encoding="utf-8")
    folder.written.append(CODEBOOK)


def described(plan: NeedsPlan) -> dict[str, Any]:
    """Say in words that JSON knows what was planned."""
    hidden = ("source", "codebook", "base")
    shown = {each.name: getattr(plan, each.name) for each in fields(plan) if each.name not in hidden}
    return shown | {"setting": repr(plan.setting), "name": plan.title}

"""How the segments came about: the number of classes, the checks of the fit, and the data read."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.needs_parts import ClassNumber
from segmodels.report.plots import class_number as plot
from segmodels.report.tables import Column, Table, figures, words


def _one_more(values: tables.Floats) -> list[str]:
    return [tables.number(value, 1) for value in values]


# Column of the table → heading, how it is written. What is not listed is written as it comes.
_COLUMNS: dict[str, tuple[str, tables.Writer]] = {
    "log_likelihood": ("Log-likelihood", levels.hundredths),
    "parameters": ("Parameters", tables.each_count),
    **{name: (name, _one_more) for name in ("AIC", "AIC3", "BIC", "CAIC", "aBIC", "ICL", "AWE")},
    "held_out": ("Held-out log score", levels.thousandths),
    "held_out_se": ("Standard error of the score", levels.thousandths),
    "held_out_difference": ("Score less the best", levels.thousandths),
    "held_out_difference_se": ("Standard error of the difference", levels.thousandths),
    "relative_entropy": ("Relative entropy", levels.thousandths),
    "entropy_r_squared": ("Entropy R²", levels.thousandths),
    "classification_error": ("Classification error", tables.shares),
    "accuracy": ("Accuracy, all questions", tables.shares),
    "typing_accuracy": ("Accuracy, few questions", tables.shares),
    "smallest_share": ("Smallest class", tables.shares),
    "smallest_n": ("Respondents in it", tables.each_count),
    "smallest_AvePP": ("Least AvePP", levels.thousandths),
    "smallest_OCC": ("Least odds of correct classification", levels.tenths),
    "times_found": ("Best optimum found", tables.each_count),
    "climbs": ("Climbs", tables.each_count),
    "missed_by": ("Log-likelihood still missed", levels.hundredths),
    "largest_residual": ("Largest bivariate residual", levels.hundredths),
    "largest_residual_p": ("Its bootstrap p", levels.p_values),
    "bootstrap_p": ("Bootstrap test against one less, p", levels.p_values),
}


_FIT = ("log_likelihood", "parameters", "AIC", "AIC3", "BIC", "CAIC", "aBIC", "ICL", "AWE", "bootstrap_p")


def classes(found: ClassNumber) -> Section:
    """Show the figures over the number of classes, and why one was recommended."""
    frame, best = found.table, found.best
    drawings = tuple(
        Drawing(
            f"classes-{key}",
            heading,
            f"Line chart over the number of classes: {heading.lower()}.",
            draw(frame, best),
            _columns(frame, ("n_classes", *columns), heading),
        )
        for key, heading, columns, draw in _PICTURES
        if any(name in frame and np.isfinite(tables.floats(frame, name)).any() for name in columns)
    )
    text = () if best is None else (f"Recommended: {tables.count(best)}.",)
    strong = () if best is None else tuple(np.flatnonzero(tables.floats(frame, "n_classes") == best).tolist())
    names = [
        name
        for name in map(str, frame.columns)
        if name != "n_classes" and bool(frame[name].notna().to_numpy().any())
    ]
    halves = (
        ("Fit by the number of classes", [name for name in names if name in _FIT]),
        ("Other figures by the number of classes", [name for name in names if name not in _FIT]),
    )
    whole = [(caption, _columns(frame, tuple(part), caption).columns) for caption, part in halves if part]
    return Section(
        "classes",
        "Number of segments: why so many",
        (*text, *found.reasons),
        drawings,
        tuple(Table(caption, columns, strong) for caption, columns in whole),
        paired=len(drawings) > 1,
    )


type _Draw = Callable[[pd.DataFrame, int | None], plot.go.Figure]

_PICTURES: tuple[tuple[str, str, tuple[str, ...], _Draw], ...] = (
    ("criteria", "Information criteria", tuple(plot.CRITERIA), plot.criteria),
    ("held-out", "Held-out score", ("held_out", "held_out_se"), plot.held_out),
    ("separation", "How well classes are told apart", tuple(plot.SEPARATION), plot.separation),
    ("smallest", "Smallest class", ("smallest_share",), plot.smallest),
)


def _columns(frame: pd.DataFrame, names: tuple[str, ...], caption: str) -> Table:
    columns: list[Column] = [words("Classes", [tables.count(k) for k in tables.floats(frame, "n_classes")])]
    for name in names:
        if name == "n_classes" or name not in frame:
            continue
        if name in _COLUMNS:
            label, write = _COLUMNS[name]
            columns.append(figures(label, tables.floats(frame, name), write))
        else:
            columns += tables.written(pd.DataFrame({name: frame[name].to_numpy()}), "").columns
    return Table(caption, tuple(columns))


def audit(frame: pd.DataFrame) -> Section:
    """Show what was read of the survey, and what became of it."""
    columns = [words("Step", frame["step"])]
    if "rows" in frame:
        columns.append(figures("Rows", frame["rows"], tables.each_count))
    rest = frame.drop(columns=[name for name in ("step", "rows") if name in frame])
    columns += tables.written(rest.reset_index(drop=True), "").columns
    text = "What was read of the survey, and what became of it before the fit."
    return Section("audit", "Survey audit", (text,), (), (Table("Rows by step", tuple(columns)),))

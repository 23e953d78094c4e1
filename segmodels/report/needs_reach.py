"""Beyond the survey's answers: what lies outside it, and the golden questions, as sections of the page."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import ends_column, ranged, written_column
from segmodels.report.needs_parts import Outside, Typing
from segmodels.report.plots.interval_dots import Dots, interval_dots
from segmodels.report.plots.questions_curve import questions_curve
from segmodels.report.plots.theme import interval_name
from segmodels.report.segment_names import all_shown, shown
from segmodels.report.tables import Table, figures, floats, words

_MOST_OUTCOMES = 8


# --- outside ------------------------------------------------------------------------------------------------


def outside(found: Outside, level: float) -> Section:
    """Show how segments relate to value, behaviour and demographics."""
    text = [
        (
            "Nobody's segment is known for certain; these estimates allow for that, where counting people in their "
            "most probable segment would draw segments together."
        )
    ]
    if found.method:
        text.append(f"Estimated by {found.method}.")
    if found.tests is not None:
        text.append(_tested(found.tests))
    shown_tables = [
        table
        for table in (
            None if found.tests is None else _test_table(found.tests),
            None if found.outcomes is None else _share_table(found.outcomes, level),
            None if found.coefficients is None else _odds_table(found.coefficients, found.reference, level),
        )
        if table is not None
    ]
    folded = () if found.differences is None else (_difference_table(found.differences),)
    drawings = () if found.outcomes is None else tuple(_outcomes(found.outcomes, level))
    title = "Outside the survey: value, behaviour and who they are"
    return Section(
        "outside",
        title,
        tuple(text),
        drawings,
        tuple(shown_tables),
        found.evidence,
        folded,
        paired=len(drawings) > 1,
    )


def _tested(frame: pd.DataFrame) -> str:
    p = floats(frame, "p_holm" if "p_holm" in frame else "p")
    differ = [str(name) for name, value in zip(frame["variable"], p, strict=True) if value <= 0.05]
    alike = [str(name) for name, value in zip(frame["variable"], p, strict=True) if value > 0.05]
    parts = [f"Segments differ in {', '.join(differ)}" if differ else "Segments differ in nothing tested"]
    if alike:
        parts.append(f"no difference is shown in {', '.join(alike)}")
    return "; ".join(parts) + "."


def _outcomes(frame: pd.DataFrame, level: float) -> Iterator[Drawing]:
    """Draw the means of each outcome by segment."""
    means: pd.DataFrame = frame.loc[_is_mean(frame)]
    for number, (outcome, part) in enumerate(means.groupby("outcome", sort=False), start=1):
        if number > _MOST_OUTCOMES:
            return
        values = floats(part, "estimate")
        names = all_shown(part["class"])
        yield Drawing(
            f"outcome-{number}",
            str(outcome),
            f"Dots with intervals: mean of {outcome} by segment.",
            interval_dots(
                Dots(
                    names,
                    values,
                    tables.numbers(values),
                    floats(part, "low"),
                    floats(part, "high"),
                    letters=22,
                ),
                x=f"{interval_name(level)} (unit of {outcome})",
            ),
            Table(
                f"Mean of {outcome} by segment",
                (
                    words("Segment", names),
                    figures("Mean", values),
                    *ends_column(part, ("low", "high"), level, tables.numbers),
                ),
            ),
        )


def _is_mean(frame: pd.DataFrame) -> NDArray[np.bool_]:
    return np.array([str(category) == "" for category in frame["category"].fillna("")])


def _share_table(frame: pd.DataFrame, level: float) -> Table | None:
    """Write the shares of categories, segments beside each other."""
    rows: pd.DataFrame = frame.loc[~_is_mean(frame)]
    if rows.empty:
        return None
    keys = list(dict.fromkeys(zip(rows["outcome"], rows["category"], strict=True)))
    said = [
        f"{share} ({low} to {high})"
        for share, low, high in zip(
            *(tables.shares(floats(rows, name)) for name in ("estimate", "low", "high")), strict=True
        )
    ]
    cells = dict(zip(zip(rows["outcome"], rows["category"], rows["class"], strict=True), said, strict=True))
    columns = [
        written_column(shown(name), [cells.get((*key, name), tables.MISSING) for key in keys])
        for name in dict.fromkeys(rows["class"])
    ]
    label = f"Shares by segment, with the {interval_name(level)}"
    return Table(
        label, (words("Outcome", [f"{outcome}: {category}" for outcome, category in keys]), *columns)
    )


def _test_table(frame: pd.DataFrame) -> Table:
    columns = [
        words("Variable", frame["variable"]),
        words("Role", frame["role"]),
        figures("Wald", frame["wald"], levels.hundredths),
        figures("df", frame["df"], tables.each_count),
        figures("p", frame["p"], levels.p_values),
    ]
    if "p_holm" in frame:
        columns.append(figures("p, Holm", frame["p_holm"], levels.p_values))
    return Table("Do segments differ?", tuple(columns))


def _odds_table(frame: pd.DataFrame, reference: str, level: float) -> Table:
    # Segments of one term stand together; the constant, which says the least, comes last.
    order = pd.factorize(frame["covariate"].astype(str) + ": " + frame["category"].fillna("").astype(str))[0]
    order = np.where(frame["covariate"] == "constant", len(frame), order)
    frame = frame.iloc[np.argsort(order, kind="stable")]
    named = zip(frame["covariate"], frame["category"].fillna(""), strict=True)
    terms = [f"{name}: {category}" if str(category) else str(name) for name, category in named]
    columns = [
        words("Covariate", terms),
        words("Segment", all_shown(frame["class"])),
        *ranged(frame, "odds_ratio", "Odds ratio", level, _each_number),
    ]
    if "p" in frame:
        columns.append(figures("p", frame["p"], levels.p_values))
    against = f", against {shown(reference)}" if reference else ""
    return Table(f"What goes with belonging to a segment{against}", tuple(columns))


def _each_number(values: tables.Floats) -> list[str]:
    return [tables.number(value) for value in values]


def _difference_table(frame: pd.DataFrame) -> Table:
    named = zip(frame["variable"], frame["category"].fillna(""), strict=True)
    columns = [
        words(
            "Variable", [f"{name}: {category}" if str(category) else str(name) for name, category in named]
        ),
        words("Segment", all_shown(frame["class"])),
        words("Other segment", all_shown(frame["other_class"])),
        figures("Difference", frame["difference"], _each_number),
        figures("Standard error", frame["standard_error"], _each_number),
        figures("p", frame["p"], levels.p_values),
    ]
    if "p_holm" in frame:
        columns.append(figures("p, Holm", frame["p_holm"], levels.p_values))
    return Table("Differences between every two segments", tuple(columns))


# --- golden questions ---------------------------------------------------------------------------------------


def typing(found: Typing) -> Section:
    """Show how well a few questions place people."""
    figure_of = _figures_of(found.numbers)
    asked = len(found.questions)
    drawings: tuple[Drawing, ...] = ()
    if found.curve is not None:
        drawings = (
            Drawing(
                "questions-curve",
                "Accuracy by number of questions",
                "Line chart of the accuracy of the best questions of each number, and of the worst segment.",
                questions_curve(
                    found.curve,
                    chosen=asked or None,
                    ceiling=figure_of.get("ceiling"),
                    baseline=figure_of.get("largest share"),
                ),
                _curve_table(found.curve),
            ),
        )
    shown_tables: list[Table] = []
    if found.questions:
        places = [tables.count(place) for place in range(1, asked + 1)]
        columns = (words("Number", places), words("Question", found.questions))
        shown_tables.append(Table("Golden questions, in the order of asking", columns))
    if found.numbers is not None:
        shown_tables.append(_number_table(found.numbers))
    if found.segments is not None:
        shown_tables.append(_typing_segments(found.segments))
    if found.confusion is not None:
        shown_tables.append(_confusion_table(found.confusion))
    title = "Golden questions: the typing tool"
    return Section(
        "typing", title, tuple(_three(figure_of, asked)), drawings, tuple(shown_tables), found.evidence
    )


def _figures_of(frame: pd.DataFrame | None) -> dict[str, float]:
    if frame is None:
        return {}
    return dict(zip(map(str, frame["number"]), floats(frame, "value").tolist(), strict=True))


def _three(figure_of: dict[str, float], asked: int) -> Iterator[str]:
    """Keep the three numbers apart that are confused."""
    if "true accuracy" not in figure_of:
        return
    with_all = (
        f"; with all questions it would be {tables.share(figure_of['ceiling'])}, the ceiling"
        if "ceiling" in figure_of
        else ""
    )
    many = f"{tables.count(asked)} questions" if asked > 1 else "The questions"
    yield (
        f"{many} place {tables.share(figure_of['true accuracy'])} of people in the segment that they are truly of "
        f"(accuracy){with_all}."
    )
    if "agreement" in figure_of:
        held = figure_of.get("cross-validated agreement", np.nan)
        not_seen = (
            f", {tables.share(held)} for respondents whom the tool had not seen" if np.isfinite(held) else ""
        )
        yield (
            f"They place {tables.share(figure_of['agreement'])} as the full battery does (agreement{not_seen}). This "
            "is the number usually quoted; it says nothing of whether the battery is right."
        )


def _curve_table(frame: pd.DataFrame) -> Table:
    columns = [
        words("Questions", [tables.count(q) for q in floats(frame, "q")]),
        figures("Accuracy", frame["accuracy"], tables.shares),
    ]
    if "standard_error" in frame:
        columns.append(figures("Standard error of simulation", frame["standard_error"], tables.shares))
    if "worst_recall" in frame:
        columns.append(figures("Worst segment", frame["worst_recall"], tables.shares))
    if "worst_segment" in frame:
        columns.append(words("Which one", all_shown(frame["worst_segment"])))
    if "value_lost" in frame and np.isfinite(floats(frame, "value_lost")).any():
        columns.append(figures("Value lost for a person", frame["value_lost"]))
    if "questions" in frame:
        columns.append(words("Best questions", [_joined(each) for each in frame["questions"]]))
    return Table("Accuracy by number of questions", tuple(columns))


def _joined(questions: object) -> str:
    return ", ".join(map(str, questions)) if isinstance(questions, tuple | list) else str(questions)


def _number_table(frame: pd.DataFrame) -> Table:
    columns = [words("Number", frame["number"]), figures("Value", frame["value"], tables.shares)]
    if "standard_error" in frame:
        columns.append(figures("Standard error", frame["standard_error"], tables.shares))
    if "worst_recall" in frame:
        columns.append(figures("Worst segment", frame["worst_recall"], tables.shares))
    if "worst_segment" in frame:
        columns.append(words("Which one", [shown(name) or tables.MISSING for name in frame["worst_segment"]]))
    if "of" in frame:
        columns.append(words("What it counts", frame["of"]))
    return Table("Numbers that are often confused", tuple(columns))


def _typing_segments(frame: pd.DataFrame) -> Table:
    names = {
        "share": "Share",
        "recall": "Of the segment, placed in it",
        "precision": "Of those placed in it, truly of it",
        "ceiling_recall": "Placed with all questions",
        "agreement_recall": "Placed as by all questions",
        "cross_validated_recall": "The same, not seen before",
    }
    columns = [figures(label, frame[name], tables.shares) for name, label in names.items() if name in frame]
    return Table("Golden questions by segment", (words("Segment", all_shown(frame["segment"])), *columns))


def _confusion_table(frame: pd.DataFrame) -> Table:
    joint = frame.to_numpy(np.float64)
    whole = joint.sum(axis=1, keepdims=True)
    share = np.divide(joint, whole, out=np.full(joint.shape, np.nan), where=whole > 0)
    columns = [
        figures(f"Placed in {shown(name)}", share[:, at], tables.shares)
        for at, name in enumerate(frame.columns)
    ]
    return Table(
        "Where people of each segment are placed", (words("Truly of", all_shown(frame.index)), *columns)
    )

"""The segments of every customer of the base, as a section of the page."""

import pandas as pd

from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import ends_column
from segmodels.report.needs_parts import WholeBase
from segmodels.report.plots.interval_dots import Dots, interval_dots
from segmodels.report.plots.theme import interval_name
from segmodels.report.segment_names import all_shown
from segmodels.report.tables import Column, Table, figures, floats, words


def whole_base(found: WholeBase, currency: str, level: float) -> Section:
    """Show the sizes and values of the segments in the whole base."""
    text = [
        "Customers who were not asked have probabilities of the segments, from behaviour, value and attributes."
    ]
    if found.verdict is not None:
        text.append(found.verdict.text)
    drawings: list[Drawing] = []
    if found.sizes is not None:
        said = tables.each_count(floats(found.sizes, "customers"))
        caption = "Customers by segment"
        columns = _total_columns(found.sizes, "customers", "Customers", level, tables.each_count)
        x = f"{interval_name(level)} (number of customers)"
        drawings.append(_totals("base-sizes", found.sizes, "customers", said, (caption, x, columns)))
    if found.value is not None:
        said = [tables.money_short(value, currency) for value in floats(found.value, "value")]
        write = tables.moneys("")
        unit = currency or "money"
        columns = _total_columns(found.value, "value", f"Value ({unit})", level, write)
        if "mean_value" in found.value:
            columns.append(figures("Value of a customer", found.value["mean_value"], write))
        x = f"{interval_name(level)} ({unit})"
        drawings.append(_totals("base-values", found.value, "value", said, ("Value by segment", x, columns)))
    shown_tables = () if found.lift is None else (_lift_table(found.lift),)
    folded = () if found.lift is None else (_all_lift(found.lift),)
    evidence = (*(() if found.verdict is None else (found.verdict,)), *found.evidence)
    return Section(
        "base",
        "Whole base: every customer",
        tuple(text),
        tuple(drawings),
        shown_tables,
        evidence,
        folded,
        paired=len(drawings) > 1,
    )


def _total_columns(
    frame: pd.DataFrame, name: str, label: str, level: float, write: tables.Writer
) -> list[Column]:
    return [
        words("Segment", all_shown(frame["segment"])),
        figures(label, frame[name], write),
        *ends_column(frame, ("low", "high"), level, write),
        figures("Share", frame[name], tables.parts_of_one),
    ]


def _totals(
    key: str, frame: pd.DataFrame, name: str, said: list[str], words_of: tuple[str, str, list[Column]]
) -> Drawing:
    heading, x, columns = words_of
    dots = Dots(
        all_shown(frame["segment"]),
        floats(frame, name),
        said,
        floats(frame, "low"),
        floats(frame, "high"),
        letters=22,
    )
    label = f"Dots with intervals: {heading.lower()} in the whole base."
    return Drawing(key, heading, label, interval_dots(dots, x=x, zero=True), Table(heading, tuple(columns)))


def _lift_table(frame: pd.DataFrame) -> Table:
    """Write the tenth with the highest probability of each segment."""
    top: pd.DataFrame = frame.loc[frame["decile"] == frame["decile"].min()]
    return Table(
        "Respondents held out: the tenth with the highest probability of each segment", _lift_columns(top)
    )


def _all_lift(frame: pd.DataFrame) -> Table:
    columns = list(_lift_columns(frame))
    columns.insert(1, words("Tenth", [tables.count(value) for value in floats(frame, "decile")]))
    return Table("Lift by tenth of the probability", tuple(columns))


def _lift_columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    columns = [words("Segment", all_shown(frame["segment"]))]
    if "respondents" in frame:
        columns.append(figures("Respondents", frame["respondents"], tables.each_count))
    columns += [
        figures("Predicted", frame["predicted"], tables.shares),
        figures("Observed", frame["observed"], tables.shares),
        figures("Lift", frame["lift"], levels.hundredths),
    ]
    if "captured" in frame:
        columns.append(figures("Of the segment, found so far", frame["captured"], tables.shares))
    return tuple(columns)

"""Whom to ask next, as a section of the page."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.plots.segment_potential import Series, segment_potential
from segmodels.report.segment_names import all_shown
from segmodels.report.tables import Column, Table, figures, floats, words
from segmodels.report.wallet_columns import measures
from segmodels.report.wallet_parts import AskPart

_HOW = (
    "Customers are listed by what asking them is expected to gain: the probability that an answer moves them to "
    "another cell, times the money at stake. Such a list is no sample: to estimate the mean, ask by the quota, at "
    "random within each stratum."
)


def ask(found: AskPart, currency: str) -> Section:
    """Show how many more answers are worth having, and whose."""
    text = list(found.text)
    if found.whom is not None:
        text.append(_HOW)
    drawings = () if found.sizes is None else (_sizes(found.sizes),)
    shown = tuple(_tables(found, currency))
    return Section("ask", f"Whom to ask next: {_finding(found)}", tuple(text), drawings, shown)


def _finding(found: AskPart) -> str:
    if found.sizes is not None:
        still = floats(found.sizes, "still")
        # The smallest error that takes answers, of what was asked.
        order = np.argsort(floats(found.sizes, "error"), kind="stable")
        known = [at for at in order if np.isfinite(still[at])]
        if known:
            error = tables.share(float(floats(found.sizes, "error")[known[0]]), 0)
            number = float(np.ceil(still[known[0]]))
            if number <= 0:
                return f"there are answers enough for an error of {error}"
            more = f"{tables.count(number)} more answer{'s' if number > 1 else ''}"
            return f"{more} bring{'' if number > 1 else 's'} the error of mean headroom to {error}"
    if found.whom is not None:
        return f"{tables.count(len(found.whom))} customers whose answers would tell most"
    return "what more answers would bring"


def _sizes(frame: pd.DataFrame) -> Drawing:
    errors = [f"Error of {tables.share(value, 0)}" for value in floats(frame, "error")]
    named = (("still", "With the model"), ("simple", "Simple random sample, without the model"))
    series = [
        Series(name, floats(frame, column), tables.each_count(floats(frame, column)), open=column == "simple")
        for column, name in named
        if column in frame
    ]
    columns: list[Column] = [words("Relative standard error of mean headroom", errors)]
    for column, label in (
        ("needed", "Answers needed"),
        ("still", "Still to be got"),
        ("simple", "Still to be got without the model"),
    ):
        if column in frame:
            columns.append(figures(label, frame[column], tables.each_count))
    return Drawing(
        "ask-sizes",
        "Answers still to be got by the error wanted",
        "Dots: answers still to be got for each relative standard error of mean headroom.",
        segment_potential(errors, series, x="Answers (number)"),
        Table("Answers by the error wanted", tuple(columns)),
    )


def _tables(found: AskPart, currency: str) -> Iterator[Table]:
    if found.quota is not None:
        frame = found.quota
        columns: list[Column] = [words("Stratum", all_shown(frame["stratum"]))]
        columns += [
            figures(label, frame[name], tables.each_count)
            for name, label in (("customers", "Customers"), ("answered", "Answered"), ("ask", "To be asked"))
            if name in frame
        ]
        if "reason" in frame:
            columns.append(words("Why", frame["reason"]))
        yield Table("Quota by stratum", tuple(columns))
    if found.whom is not None:
        frame = found.whom.head(found.most)
        columns = [words("Customer", frame["customer_id"])]
        columns += measures(frame, ("gain",), currency, 0.9)
        columns.append(words("Why", frame["reason"]))
        size, every = tables.count(len(frame)), tables.count(len(found.whom))
        yield Table(f"The first {size} of {every} customers to ask", tuple(columns))

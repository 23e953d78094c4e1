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
from segmodels.segments.wallet.whom_to_ask import UNDECIDED

_GAIN = (
    "What asking a customer is expected to gain is the probability that the answer moves the customer to another cell, "
    "times the money at stake. Those with the most to gain are no sample: an estimate of the mean takes the quotas."
)


def ask(found: AskPart, currency: str) -> Section:
    """Show how many more answers are worth having, and whose."""
    text = list(found.text)
    if found.whom is not None:
        text += [_order(found.whom), _GAIN]
    drawings = () if found.sizes is None else (_sizes(found.sizes),)
    shown = tuple(_tables(found, currency))
    return Section("ask", f"Whom to ask next: {_finding(found)}", tuple(text), drawings, shown)


def _order(whom: pd.DataFrame) -> str:
    """Say in which order the list has the customers."""
    gained = int(np.count_nonzero(whom["reason"].to_numpy() == UNDECIDED))
    drawn = len(whom) - gained
    whose = "customer that fills" if drawn == 1 else "customers that fill"
    quota = f"{tables.count(drawn)} {whose} the quotas, drawn at random within each stratum"
    if not gained:
        return f"The list has {quota}: a stratified sample, from which the mean can be estimated."
    rest = f"the {tables.count(gained)} undecided, those first whose answer is expected to gain most"
    if not drawn:
        return f"The list has {rest}. No quota is open."
    return f"The list begins with {quota}: a stratified sample, from which the mean can be estimated. Then come {rest}."


def _finding(found: AskPart) -> str:
    if found.sizes is not None:
        number, error = _still(found.sizes, found.error)
        if number <= 0:
            return f"there are answers enough for an error of {_percent(error)}"
        if np.isfinite(number):
            more = f"{tables.count(number)} more answer{'s' if number > 1 else ''}"
            return f"{more} bring{'' if number > 1 else 's'} the error of mean headroom to {_percent(error)}"
    if found.whom is not None:
        return f"a list of {tables.count(len(found.whom))} customers"
    return "what more answers would bring"


def _still(sizes: pd.DataFrame, asked: float | None) -> tuple[float, float]:
    """Give the answers still to be got, and for which error: the one asked for, or else the smallest."""
    errors, still = floats(sizes, "error"), np.ceil(floats(sizes, "still"))
    if asked is not None:
        place = np.flatnonzero(np.isclose(errors, asked))
        return (float(still[place[0]]), asked) if len(place) else (np.nan, asked)
    order = [at for at in np.argsort(errors, kind="stable") if np.isfinite(still[at])]
    return (float(still[order[0]]), float(errors[order[0]])) if order else (np.nan, np.nan)


def _percent(error: float) -> str:
    """Write an error as it was asked for, with the decimals that it has.

    >>> _percent(0.05), _percent(0.025)
    ('5%', '2.5%')
    """
    return f"{100 * error:.4g}%"


def _sizes(frame: pd.DataFrame) -> Drawing:
    errors = [f"Error of {_percent(value)}" for value in floats(frame, "error")]
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
        every = tables.count(len(found.whom))
        first = found.whom.head(found.most)
        yield _listed(f"The first {tables.count(len(first))} of {every} customers to ask", first, currency)
        if "gain" in found.whom:
            gain = floats(found.whom, "gain")
            order = np.argsort(-gain, kind="stable")[: found.most]
            most = found.whom.iloc[order[np.isfinite(gain[order])]]
            caption = f"The {tables.count(len(most))} of them whose answers are expected to gain most"
            if len(most):
                yield _listed(caption, most, currency)


def _listed(caption: str, frame: pd.DataFrame, currency: str) -> Table:
    columns: list[Column] = [words("Customer", frame["customer_id"])]
    columns += measures(frame, ("gain",), currency, 0.9)
    columns.append(words("Why", frame["reason"]))
    return Table(caption, tuple(columns))

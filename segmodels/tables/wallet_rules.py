"""What own spend, answers and both together must keep."""

from collections.abc import Sequence
from typing import Any

import ibis

from segmodels.errors import Fault
from segmodels.tables import rules
from segmodels.tables.engine import Column, Table, is_null
from segmodels.tables.wallet_rounding import is_multiple

_REPAIR = "Repair or drop them."
_POINT = (
    "Write numbers only: no currency signs or thousands separators, and a decimal point; "
    "and check that it is the column of amounts."
)


def who(rows: Table) -> Column:
    """Name the customer, and the category if there is one, in an example."""
    named = ibis.literal("customer ") + rules.text_of(rows.customer_id)
    return named + " in " + rules.text_of(rows.category) if "category" in rows.columns else named


def own_rules(rows: Table, kept: Sequence[tuple[str, str]]) -> list[rules.Rule]:
    """Rules of own spend: ids, amounts, labels, counts and further columns (argument and internal name)."""
    row = who(rows)
    nobody = ibis.literal("own ") + rules.text_of(rows.got_own)
    found = [_id_rule(rows, "customer", nobody), *_number_rules(rows, "own", row, required=True)]
    found += [
        rules.Rule(name, "null or blank", "one in every row", _REPAIR, is_null(rows[column]), row)
        for name, column in (("window", "window"), ("category", "category"))
        if column in rows.columns
    ]
    if "purchases" in rows.columns:
        found += [*_count_rules(rows, "purchases", row, required=True), *_both_or_none(rows, row)]
    advice = "Fill them, for example with 'unknown', or leave the column out with columns=."
    return found + [
        rules.Rule(
            name,
            "null or blank" if rows[column].type().is_string() else "null",
            "a value for every customer",
            advice,
            rules.is_missing_id(rows[column]),
            row,
        )
        for name, column in kept
    ]


def answer_rules(rows: Table, argument: str, *, alone: bool) -> list[rules.Rule]:
    """Rules of the answers; those of ids only where the survey is a table of its own."""
    row = who(rows)
    found: list[rules.Rule] = []
    if alone:
        named = "got_answer" if "answer" in rows.columns else "got_total_purchases"
        nobody = ibis.literal(f"{argument} " if "answer" in rows.columns else "total_purchases ")
        found.append(_id_rule(rows, "answers: customer", nobody + rules.text_of(rows[named])))
        if "category" in rows.columns:
            found.append(
                rules.Rule(
                    "answers: category",
                    "null or blank",
                    "one in every row",
                    _REPAIR,
                    is_null(rows.category),
                    row,
                )
            )
    if "answer" in rows.columns:
        found += _number_rules(rows, "answer", row, required=False, argument=argument)
    if "total_purchases" in rows.columns:
        found += _count_rules(rows, "total_purchases", row, required=False)
    return found + _said_rules(rows, row)


def joint_rules(rows: Table, multiple: float | None, argument: str) -> list[rules.Rule]:
    """Rules that own spend and answer keep together."""
    row, found = who(rows), list[rules.Rule]()
    for name in ("window", "category"):
        theirs = f"answer_{name}"
        if theirs in rows.columns:
            shown = (
                row
                + ": own spend of "
                + rules.text_of(rows[name])
                + ", answer of "
                + rules.text_of(rows[theirs])
            )
            advice = f"Compare spend of the same {name} only: convert one, or leave these answers out."
            differs = is_asked(rows) & (rows[name] != rows[theirs])
            found.append(
                rules.Rule(name, f"another {name} of the answer", f"the same {name}", advice, differs, shown)
            )
    if multiple is not None:
        shown = row + f": {argument} " + rules.text_of(rows.got_answer)
        advice = "Say rounding='auto', or name a column with the width of each answer."
        finer = _finite(rows.answer) & ~is_multiple(rows.answer, multiple)
        found.append(
            rules.Rule(
                "rounding",
                "an answer finer than that",
                f"multiples of {multiple:.15g}",
                advice,
                finer,
                shown,
            )
        )
    if {"purchases", "total_purchases"} <= set(rows.columns):
        shown = row + ": " + _shown(rows, "purchases") + ", " + _shown(rows, "total_purchases")
        fewer = _finite(rows.total_purchases) & (rows.total_purchases < rows.purchases)
        advice = "Check window, category and what counts as a purchase; else leave these counts out."
        found.append(
            rules.Rule(
                "total_purchases",
                "fewer than own purchases",
                "all purchases in the category",
                advice,
                fewer,
                shown,
            )
        )
    return found


def is_asked(rows: Table) -> Column:
    """Whether there is an answer, in money or in purchases."""
    asked = ibis.literal(value=False)
    for name in ("answer", "total_purchases"):
        if name in rows.columns:
            asked = asked | ~is_null(rows[f"got_{name}"])
    return asked


def below_fault(rows: int, answers: int, examples: tuple[str, ...], most: float) -> Fault:
    """Too many totals below own spend: own spend and answer hardly mean the same thing."""
    return Fault(
        "total",
        f"totals below own spend, {rows / answers:.0%} of the answers,",
        f"at most {most:.0%} of them",
        "Check that own spend and answer have the same window, category, currency and tax; "
        "most_below=1.0 takes them as they are.",
        rows,
        examples,
    )


def _id_rule(rows: Table, where: str, row: Column) -> rules.Rule:
    missing = rules.is_missing_id(rows.customer_id)
    return rules.Rule(where, "no id", "an id in every row", "Repair or drop these rows.", missing, row)


def _shown(rows: Table, name: str) -> Column:
    return ibis.literal(f"{name} ") + rules.text_of(rows[f"got_{name}"])


def _finite(number: Column) -> Column:
    return ~(is_null(number) | number.isnan() | rules.is_infinite(number))


def _number_rules(
    rows: Table, name: str, row: Column, *, required: bool, argument: str | None = None
) -> list[rules.Rule]:
    where, number, got = argument or name, rows[name], rows[f"got_{name}"]
    shown = row + f": {where} " + rules.text_of(got)
    unread = ~is_null(got) & is_null(number)
    if required:
        gap = rules.Rule(
            where, "null or NaN", "a number in every row", _REPAIR, is_null(got) | number.isnan(), shown
        )
    else:
        advice = "Write null where nobody was asked."
        gap = rules.Rule(where, "NaN", "a number, or null", advice, number.isnan(), shown)
    return [
        gap,
        rules.Rule(where, "text", "numbers", _POINT, unread, shown),
        rules.Rule(where, "an infinite number", "finite numbers", _REPAIR, rules.is_infinite(number), shown),
        rules.Rule(where, "a negative number", "0 or more", _REPAIR, number < 0, shown),
    ]


def _count_rules(rows: Table, name: str, row: Column, *, required: bool) -> list[rules.Rule]:
    number, shown = rows[name], row + ": " + _shown(rows, name)
    fraction = _finite(number) & (number % 1.0 != 0)
    advice = "Count purchases, not their value."
    return [
        *_number_rules(rows, name, row, required=required),
        rules.Rule(name, "a fraction", "whole numbers", advice, fraction, shown),
    ]


def _both_or_none(rows: Table, row: Column) -> list[rules.Rule]:
    shown = row + ": " + _shown(rows, "own") + ", " + _shown(rows, "purchases")
    finite = _finite(rows.own) & _finite(rows.purchases)
    advice = "Take both from the same purchases; a purchase that costs nothing is none."
    return [
        rules.Rule(
            "purchases",
            "0 with own spend",
            "above 0 with own spend",
            advice,
            finite & (rows.own > 0) & (rows.purchases == 0),
            shown,
        ),
        rules.Rule(
            "purchases",
            "above 0 without own spend",
            "0 without own spend",
            advice,
            finite & (rows.own == 0) & (rows.purchases > 0),
            shown,
        ),
    ]


def _said_rules(rows: Table, row: Column) -> list[rules.Rule]:
    """Rules of what must be said wherever there is an answer."""
    asked, found = is_asked(rows), list[rules.Rule]()
    for name in ("window", "category"):
        if f"answer_{name}" in rows.columns:
            none = asked & is_null(rows[f"answer_{name}"])
            found.append(
                rules.Rule(
                    f"{name} of the answer", "null or blank", "one with every answer", _REPAIR, none, row
                )
            )
    if "width" in rows.columns:
        number: Any = rows.width
        bad = ~is_null(rows.got_answer) & (
            is_null(number) | number.isnan() | rules.is_infinite(number) | (number < 0)
        )
        shown = row + ": rounding " + rules.text_of(rows.got_width)
        expected = "a finite width of 0 or more with every answer"
        found.append(
            rules.Rule("rounding", "no width", expected, "Write 0 where an answer is exact.", bad, shown)
        )
    return found

"""Rules that rows must keep: counted together in one pass, examples fetched only for those broken."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from segmodels.errors import Fault
from segmodels.tables.engine import Column, Table, fetch, is_null


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule, as the condition that breaks it.

    Parameters
    ----------
    where, got, expected, remedy
        As in :class:`segmodels.errors.Fault`.
    broken
        True in the rows that break the rule.
    shown
        Text: what an example shows of such a row.
    """

    where: str
    got: str
    expected: str
    remedy: str
    broken: Column
    shown: Column

    def fault(self, rows: int, examples: tuple[str, ...]) -> Fault:
        """Report that `rows` rows break the rule."""
        return Fault(self.where, self.got, self.expected, self.remedy, rows, examples)


def check(
    table: Table, rules: Sequence[Rule], figures: Mapping[str, Column]
) -> tuple[list[Fault], dict[str, Any]]:
    """Count the rows that break each rule, in one aggregation with the `figures` wanted besides.

    Parameters
    ----------
    table
        The table on whose columns the rules stand.
    figures
        Further aggregates of the same table, by name. ``rows`` is always there.

    Returns
    -------
    tuple
        The faults found, each with up to three examples, and the figures.
    """
    counts = {f"broken_{i}": rule.broken.fill_null(False).sum() for i, rule in enumerate(rules)}
    found = fetch(table.aggregate(rows=table.count(), **figures, **counts)).to_pylist()[0]
    faults: list[Fault] = []
    for i, rule in enumerate(rules):
        broken = int(found.pop(f"broken_{i}") or 0)
        if broken:
            faults.append(rule.fault(broken, examples(table, rule)))
    return faults, found


def examples(table: Table, rule: Rule) -> tuple[str, ...]:
    """Three rows that break the rule, as text, always the same three."""
    shown = table.filter(rule.broken).select(example=rule.shown).distinct()
    rows = fetch(shown.order_by("example").limit(3))
    return tuple(str(value) for value in rows.column("example").to_pylist())


def duplicates(table: Table, key: str, remedy: str) -> list[Fault]:
    """One fault if values of `key` occur more than once."""
    seen = table.group_by(key).aggregate(times=lambda t: t.count()).filter(lambda t: t.times > 1)
    shown = seen.aggregate(rows=seen.times.sum()).mutate(where=ibis.literal(key))
    rows = int(fetch(shown).to_pylist()[0]["rows"] or 0)
    if not rows:
        return []
    first = fetch(seen.order_by(key).limit(3)).to_pylist()
    listed = tuple(f"{each[key]} ({_times(each['times'])})" for each in first)
    return [Fault(key, "the same value", "each value once", remedy, rows, listed)]


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def text_of(value: Column) -> Column:
    """Write a value as text for an example; null reads ``null``."""
    return value.cast("string").fill_null("null")


def is_missing_id(value: Column) -> Column:
    """Null, NaN, or text of nothing but blanks."""
    missing = is_null(value)
    if value.type().is_string():
        return missing | (value.strip() == "")
    return missing | value.isnan() if value.type().is_floating() else missing


def is_infinite(number: Column) -> Column:
    """Whether a float64 is plus or minus infinity; engines order NaN above it, or not at all."""
    return (number.abs() > sys.float_info.max) & ~number.isnan()


def integer_text(value: Column) -> Column:
    """Whether text is an integer as it would be written, so that nothing is lost by reading it as one."""
    return value.re_search(r"^(0|-?[1-9][0-9]{0,17})$")


def decimal_comma(value: Column) -> Column:
    """Whether text is a number such as ``-1.234,50 €``: one comma, before one or two last digits."""
    return value.re_search("^[^0-9,]*[0-9.' \u00a0\u202f]*,[0-9]{1,2}[^0-9,]*$")

"""Which column plays which role in wallets, and whether it can."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from segmodels.errors import Fault
from segmodels.tables import parse
from segmodels.tables.engine import Column, Table
from segmodels.tables.sources import Source, require_columns

_AMOUNTS = ("own", "purchases", "total", "elsewhere", "total_purchases", "rounding")
# Names with a meaning of their own in the table that results.
_TAKEN = ("customer_id", "category", "own", "low", "high", "purchases", "total_purchases")


@dataclass(frozen=True)
class Roles:
    """What the caller named, as in :meth:`segmodels.tables.wallets.Wallets.read`."""

    customer: str
    own: str
    total: str | None
    elsewhere: str | None
    window: str | tuple[str, str] | None
    category: str | tuple[str, str] | None
    purchases: str | None
    total_purchases: str | None
    rounding: float | str | None
    columns: tuple[str, ...] | None

    @property
    def argument(self) -> str:
        """Which answer in money there is: ``"total"`` or ``"elsewhere"``."""
        return "total" if self.elsewhere is None else "elsewhere"

    @property
    def answer(self) -> str | None:
        """The column of answers in money."""
        return self.total if self.elsewhere is None else self.elsewhere

    @property
    def width(self) -> str | None:
        """The column of widths, if rounding names one."""
        return self.rounding if isinstance(self.rounding, str) and self.rounding != "auto" else None

    def named_by_own(self) -> dict[str, str]:
        """Argument to column, of what belongs to own spend."""
        named = {"customer": self.customer, "own": self.own, "purchases": self.purchases}
        named |= {"window": _side(self.window, 0), "category": _side(self.category, 0)}
        named |= {f"columns[{i}]": name for i, name in enumerate(self.columns or ())}
        return _given(named)

    def named_by_answer(self, *, alone: bool) -> dict[str, str]:
        """Argument to column, of what belongs to the answer; in a table `alone`, ids and labels as well."""
        named = {self.argument: self.answer, "total_purchases": self.total_purchases, "rounding": self.width}
        for name, role in (("window", self.window), ("category", self.category)):
            if alone or isinstance(role, tuple):
                named[f"answers: {name}" if alone else f"{name} of the answer"] = _side(role, 1)
        return _given(named) | ({"answers: customer": self.customer} if alone else {})


@dataclass(frozen=True)
class Limits:
    """How answers below own spend are taken, as in :meth:`segmodels.tables.wallets.Wallets.read`."""

    below: float
    most_below: float


def argument_faults(roles: Roles, limits: Limits, answers: Any) -> list[Fault]:
    """Name the arguments that can not be meant."""
    faults: list[Fault] = []
    asked = roles.answer is not None or roles.total_purchases is not None
    if roles.total is not None and roles.elsewhere is not None:
        advice = "Name the one that was asked."
        faults.append(Fault("total", "total and elsewhere", "one of them", advice))
    for where, vain in (
        ("answers", answers is not None and not asked),
        ("rounding", roles.rounding is not None and roles.answer is None),
    ):
        if vain:
            advice = "Name the column with total= or elsewhere=."
            faults.append(Fault(where, "no column of answers", "answers in one column", advice))
    if roles.total_purchases is not None and roles.purchases is None:
        faults.append(Fault("purchases", "None", "own purchases beside total_purchases", "Say purchases=."))
    for name, share in (("below", limits.below), ("most_below", limits.most_below)):
        if not 0 <= _float(share) <= 1:
            faults.append(Fault(name, repr(share), "a share from 0 to 1", "Say, for example, 0.05."))
    width = roles.rounding
    if not (width is None or isinstance(width, str) or 0 < _float(width) < math.inf):
        advice = "Say None where answers are exact."
        faults.append(Fault("rounding", repr(width), "a positive number, a column, 'auto' or None", advice))
    return faults


def shape_faults(opened: Source, named: Mapping[str, str]) -> list[Fault]:
    """Name the columns that are not there, serve two roles, or are of a type that can not serve."""
    missing = require_columns(opened, named)
    faults = [_explained(fault) for fault in missing] + _shared(named)
    for argument, name in named.items():
        if name not in opened.table.columns:
            continue
        role = argument.removeprefix("answers: ")
        if role in _AMOUNTS:
            fault = parse.type_fault(opened.table[name], argument, "number", None)
            faults += [] if fault is None else [fault]
        if role == "customer":
            faults += _id_faults(opened, name, argument)
    return faults


def kept_columns(opened: Source, roles: Roles, *, alone: bool) -> tuple[str, ...]:
    """List the further columns to keep; of one table with own spend and answers, none of the answers'."""
    if roles.columns is not None:
        return roles.columns
    used = {*roles.named_by_own().values()}
    if not alone:
        used |= {*roles.named_by_answer(alone=False).values()}
    return tuple(name for name in opened.columns if name not in used)


def clash_faults(kept: tuple[str, ...]) -> list[Fault]:
    """Name the further columns that are called like one of the table that results."""
    advice = "Name its role, rename it, or leave it out with columns=."
    # Engines take no two names that differ by case only.
    return [
        Fault(name, f"a further column {name!r}", "a name without a meaning of its own here", advice)
        for name in kept
        if name.lower() in _TAKEN
    ]


def own_columns(raw: Table, roles: Roles, kept: tuple[str, ...]) -> dict[str, Column]:
    """Own spend as the checks see it: numbers, what came in for them, labels as text."""
    named = roles.named_by_own()
    columns = {"customer_id": raw[roles.customer], **_numbers(raw, {"own": named["own"]})}
    columns |= {name: as_label(raw[named[name]]) for name in ("window", "category") if name in named}
    if roles.purchases is not None:
        columns |= _numbers(raw, {"purchases": roles.purchases})
    return columns | {f"kept_{i}": raw[name] for i, name in enumerate(kept)}


def answer_columns(raw: Table, roles: Roles, *, alone: bool) -> dict[str, Column]:
    """Answers as the checks see them; `category` is what a table `alone` is joined by."""
    named = {"answer": roles.answer, "total_purchases": roles.total_purchases, "width": roles.width}
    columns = _numbers(raw, _given(named))
    for name, role in (("window", roles.window), ("category", roles.category)):
        column = _side(role, 1)
        if column is not None and (alone or isinstance(role, tuple)):
            joined = alone and name == "category"
            columns[name if joined else f"answer_{name}"] = as_label(raw[column])
    return columns | ({"customer_id": raw[roles.customer]} if alone else {})


def as_label(column: Column) -> Column:
    """Write a window or category as text: 12 and 12.0 alike, blanks at the ends taken off, nothing as null."""
    kind = column.type()
    if kind.is_floating():
        whole = column.try_cast("int64")
        return (column == whole).ifelse(whole.cast("string"), column.cast("string"))
    return column.cast("string").strip().nullif("")


def _numbers(raw: Table, named: Mapping[str, str]) -> dict[str, Column]:
    read = {name: parse.as_number(_as_written(raw[column])) for name, column in named.items()}
    return read | {f"got_{name}": raw[column] for name, column in named.items()}


def _as_written(column: Column) -> Column:
    """Numbers of single precision by their digits: 100.2 is 100.2, as in a column of double precision."""
    return column.cast("string") if column.type().is_float32() else column


def _side(role: str | tuple[str, str] | None, side: int) -> str | None:
    return role[side] if isinstance(role, tuple) else role


def _float(value: Any) -> float:
    """Give a number as engines take it, NaN where it is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _given(named: Mapping[str, str | None]) -> dict[str, str]:
    return {argument: name for argument, name in named.items() if name is not None}


def _explained(fault: Fault) -> Fault:
    """Tell who wrote a window or category itself that a column is wanted, which says it of every row."""
    what = fault.where.removeprefix("answers: ").removesuffix(" of the answer")
    if what not in {"window", "category"}:
        return fault
    name = fault.got.removeprefix("no column ")
    if what != fault.where:
        advice = (
            f"The answers must say their {what}, too: add the column {name} to them, with the {what} that was asked "
            "about in each row; or name another column."
        )
        return Fault(fault.where, fault.got, fault.expected, advice)
    advice = (
        f"Own spend and answers must both say their {what}, so it is a column: "
        f"if all rows are of {name}, add one, such as table.assign({what}={name}), and say {what}={what!r}."
    )
    return Fault(fault.where, fault.got, fault.expected, advice)


def _shared(named: Mapping[str, str]) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for argument, name in named.items():
        if name in seen:
            got = f"the column {name!r}, which is {seen[name]} too"
            faults.append(Fault(argument, got, "a column of its own", "Name the other column."))
        seen.setdefault(name, argument)
    return faults


def _id_faults(opened: Source, name: str, argument: str) -> list[Fault]:
    kind: Any = opened.table[name].type()
    if name in opened.mixed:
        advice = "Convert them with .astype(str)."
        return [Fault(argument, "text beside numbers", "ids of one type", advice)]
    if kind.is_integer() or kind.is_string():
        return []
    advice = "Convert the ids, for example with .astype('int64') or .astype(str)."
    return [Fault(argument, f"ids of type {kind}", "whole numbers or text", advice)]

"""Categories learned from answers, where the codebook does not give them."""

from dataclasses import replace
from typing import Any

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Code, Item
from segmodels.tables.survey_codes import UNKNOWN, Distinct, Matcher, as_numbers, is_blank, number_of

#: More learned categories than this are no scale: a number or an id was taken for one.
MOST_LEARNED = 100
#: How files write that a value is missing. "None" may well be an answer.
_NO_ANSWER = frozenset(("na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "."))
_NO_AND_YES = (("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("nein", "ja"), ("non", "oui"))


def learn(item: Item, found: Distinct, missing: tuple[Code, ...], *, untyped: bool) -> Item:
    """Give an item the categories that its answers show.

    Categories that the column's type declares (booleans, ordered categoricals) are all taken. Of others only
    codes that occur become categories: where 1, 2, 4 and 5 occur on an ordinal scale, 3 is none, since a
    category that nobody chose has no place in the likelihood; who wants it there says so in the codebook.

    Parameters
    ----------
    item
        Without categories, of a coded scale.
    found
        Its answers.
    missing
        Codes that mean no answer.
    untyped
        Whether numbers came in as text.

    Raises
    ------
    InputError
        If the answers show no categories or no order.

    Examples
    --------
    >>> from segmodels.tables.survey_codes import distinct
    >>> import pandas as pd
    >>> learn(Item("q", "binary"), distinct(pd.Series(["Yes", "No"])), (), untyped=False).categories
    ('No', 'Yes')
    """
    absent = Matcher(missing)
    there = [
        value
        for value, rows in zip(found.levels, found.counts, strict=True)
        if (rows or found.declared) and not is_blank(value) and absent.position(value) == UNKNOWN
    ]
    if untyped:
        there = as_numbers(there) or there
    wrong = _fault(item, there, declared=found.declared)
    if wrong is not None:
        raise InputError(wrong)
    return replace(item, categories=tuple(there if found.declared else _in_order(item, there)))


def skipped(item: Item) -> list[int]:
    """Whole numbers between the lowest and the highest code that are no category."""
    codes = [code for code in item.categories if isinstance(code, int) and not isinstance(code, bool)]
    if len(codes) < item.size or not codes or max(codes) - min(codes) > MOST_LEARNED:
        return []
    return [code for code in range(min(codes), max(codes)) if code not in codes]


def _fault(item: Item, there: list[Any], *, declared: bool) -> Fault | None:
    where = f"items[{item.name!r}]"
    if not there:
        advice = "Give its categories, or leave the item out."
        return Fault(where, "no answer at all", "answers to learn the categories from", advice)
    wrong = _type_fault(where, there) or _number_fault(item, where, there)
    return wrong if wrong or declared else _order_fault(item, where, there)


def _type_fault(where: str, there: list[Any]) -> Fault | None:
    shown = tuple(map(repr, there[:3]))
    texts = [isinstance(value, str) for value in there]
    if any(texts) and not all(texts):
        advice = "Convert the column to one type, or give the categories."
        return Fault(where, "text beside numbers", "codes of one type", advice, None, shown)
    if not all(isinstance(value, (bool, int, float, str)) for value in there):
        got = f"answers of type {type(there[0]).__name__}"
        return Fault(where, got, "numbers, texts or booleans", "Convert the column.", None, shown)
    absent = [value for value in there if isinstance(value, str) and value.strip().lower() in _NO_ANSWER]
    if absent:
        advice = f"If it means no answer, say missing=({absent[0]!r},); if it is one, give the categories."
        return Fault(where, f"the text {absent[0]!r} among the answers", "codes of answers", advice)
    return None


def _number_fault(item: Item, where: str, there: list[Any]) -> Fault | None:
    shown, many = tuple(map(repr, there[:3])), f"{len(there)} different answers"
    if len(there) == 1:
        advice = "Give its categories, or leave the item out: it tells nobody apart."
        return Fault(where, f"only the answer {there[0]!r}", "two different ones", advice)
    if item.scale == "binary" and len(there) > 2:
        advice = "Say 'nominal' or 'ordinal', or missing= with the codes that mean no answer."
        return Fault(where, many, "two on a binary scale", advice, None, shown)
    if len(there) > MOST_LEARNED:
        advice = "Say 'continuous' or 'count', or give the categories."
        return Fault(where, many, f"at most {MOST_LEARNED}", advice, None, shown)
    return None


def _order_fault(item: Item, where: str, there: list[Any]) -> Fault | None:
    if item.scale != "ordinal" or not isinstance(there[0], str) or _leading(there) is not None:
        return None
    advice = f"Give the categories in order: Item({item.name!r}, 'ordinal', (…)), or an ordered categorical."
    return Fault(where, "texts that say no order", "categories in order", advice, None, tuple(there[:3]))


def _leading(values: list[str]) -> list[float] | None:
    """Find the numbers that texts begin with; None unless each text has one of its own."""
    words = [value.strip().split(maxsplit=1)[0].rstrip(".):=-") for value in values]
    numbers = [number_of(word) for word in words]
    known = [float(number) for number in numbers if number is not None]
    return known if len(known) == len(values) == len(set(known)) else None


def _in_order(item: Item, values: list[Any]) -> list[Any]:
    if not isinstance(values[0], str):
        return sorted(values)
    folded = {value.strip().lower(): value for value in values}
    for pair in _NO_AND_YES:
        if set(folded) == set(pair):
            return [folded[word] for word in pair]
    numbers = _leading(values)
    if item.scale == "ordinal" or (
        numbers is not None and all(number_of(value) is not None for value in values)
    ):
        return [value for _, value in sorted(zip(numbers or [], values, strict=True))]
    return sorted(values)

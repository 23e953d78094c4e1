"""The options of the commands on needs, and what their values become."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class StyleName(StrEnum):
    """Response styles."""

    AUTO = "auto"
    NONE = "none"
    AGREEMENT = "agreement"
    EXTREMES = "extremes"
    BOTH = "both"


class TestName(StrEnum):
    """Tests of a number of classes against the next."""

    NONE = "none"
    BOOTSTRAP = "bootstrap"


class Aim(StrEnum):
    """What golden questions are best at."""

    ACCURACY = "accuracy"
    WORST = "worst"
    VALUE = "value"


SurveyFile = Annotated[
    str | None,
    typer.Argument(metavar="SURVEY", help="Parquet or CSV, one row a respondent, or a DuckDB file."),
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="Show the way on simulated data, which need no file.")
]
NumberRows = Annotated[
    bool, typer.Option("--number-rows", help="The survey has no ids: number its rows from 0.")
]
CodebookFile = Annotated[
    Path | None,
    typer.Option(
        "--codebook",
        help="CSV or JSON, a row an item: item, scale; and perhaps categories, label, dimension, benefit, measures.",
    ),
]
Items = Annotated[
    str,
    typer.Option(
        "--items",
        help='Without a codebook items and scales, such as "q*:ordinal,sex:nominal"; with one, the indicators.',
    ),
]
Weight = Annotated[str | None, typer.Option("--weight", help="Column of sampling weights.")]
Strata = Annotated[str | None, typer.Option("--strata", help="Column of strata.")]
Cluster = Annotated[str | None, typer.Option("--cluster", help="Column of primary sampling units.")]
Missing = Annotated[
    str,
    typer.Option("--missing", help='Codes that mean no answer: 99 or 98,99; by item "q1=99,q2=8|9".'),
]
Classes = Annotated[str, typer.Option("--classes", help="Numbers of classes to try: 1-8, or 4, or 2,4,6.")]
Take = Annotated[int | None, typer.Option("--take", help="The number to take. Default: the one recommended.")]
Style = Annotated[
    StyleName,
    typer.Option(
        "--style", help="Response style estimated with the classes; auto: agreement, for rating scales."
    ),
]
StartsOption = Annotated[int, typer.Option("--starts", help="Random starts of each fit.")]
TestOption = Annotated[
    TestName, typer.Option("--test", help="bootstrap: test each number against the next; takes long.")
]
Replicates = Annotated[int, typer.Option("--replicates", help="Samples of each test at the most.")]
Folds = Annotated[int, typer.Option("--folds", help="Of the cross-validation; 0 leaves it out.")]
Base = Annotated[
    str | None, typer.Option("--base", help="Every customer, a row each: Parquet, CSV. Segments reach all.")
]
BaseCustomer = Annotated[
    str | None, typer.Option("--base-customer", help="Its column of ids. Default: as in the survey.")
]
Features = Annotated[
    str, typer.Option("--features", help="Its columns that describe customers, with commas. Default: all.")
]
ValueOfBase = Annotated[
    str | None, typer.Option("--value", help="Its column of values, such as a lifetime value.")
]
Premium = Annotated[
    str, typer.Option("--premium", help="Items in which a high answer speaks for premium seeking.")
]
Bargain = Annotated[
    str, typer.Option("--bargain", help="Items in which a high answer speaks for bargain hunting.")
]
Names = Annotated[
    str, typer.Option("--names", help='Of the segments: "1=Bargain hunters,2=…". Others get drafts.')
]
Questions = Annotated[
    str, typer.Option("--questions", help="How many golden questions, such as 6; or which, such as q1,q4,q7.")
]
Objective = Annotated[
    Aim,
    typer.Option(
        "--objective", help="Best at: accuracy; worst, the worst segment; value, the value lost (--values)."
    ),
]
Values = Annotated[
    str, typer.Option("--values", help='Worth of a person of each segment, by number: "1=120,2=80".')
]
Always = Annotated[str, typer.Option("--always", help="Questions that are asked in any case.")]
SurveyOption = Annotated[
    str | None,
    typer.Option(
        "--survey", help="The survey that was fitted, for agreement and cross-validation. Else neither."
    ),
]


def words(text: str) -> tuple[str, ...]:
    """Read words with commas between.

    >>> words("a, b,")
    ('a', 'b')
    """
    return tuple(part.strip() for part in text.split(",") if part.strip())


def pairs(text: str, where: str) -> dict[str, str]:
    """Read ``key=value`` with commas between; values may hold commas, too.

    >>> pairs("1=Low prices, always,2=Quality", "names")
    {'1': 'Low prices, always', '2': 'Quality'}
    """
    found: dict[str, str] = {}
    for part in re.split(r",(?=[^,=]+=)", text) if text.strip() else []:
        key, sign, value = part.partition("=")
        if not sign:
            raise _fault(where, part, "pairs such as 1=one,2=two", f"Write {part.strip()}=….")
        if key.strip() in found:
            raise _fault(where, f"{key.strip()} twice", "each once", "Leave one of them out.")
        found[key.strip()] = value.strip()
    return found


def item_scales(text: str, *, scaled: bool) -> Any:
    """Read items: with scales a mapping, else names.

    >>> item_scales("q1:ordinal, q2:binary", scaled=True), item_scales("q1,q2", scaled=False)
    ({'q1': 'ordinal', 'q2': 'binary'}, ('q1', 'q2'))
    """
    parts = words(text)
    if not scaled and not any(":" in part for part in parts):
        return parts
    found: dict[str, str] = {}
    for part in parts:
        name, sign, scale = part.rpartition(":")
        if not sign:
            raise _fault(
                "items", part, "items with scales, where there is no codebook", f"Write {part}:ordinal, say."
            )
        found[name.strip()] = scale.strip()
    return found


def class_numbers(text: str) -> tuple[int, ...]:
    """Read numbers of classes.

    >>> class_numbers("1-4"), class_numbers("4"), class_numbers("2,4-5")
    ((1, 2, 3, 4), (4,), (2, 4, 5))
    """
    found: set[int] = set()
    for part in words(text):
        span = re.fullmatch(r"(\d+)(?:\s*(?:-|\.\.)\s*(\d+))?", part)
        if span is None:
            raise _fault("classes", text, "numbers such as 1-8, 4 or 2,4,6", "Write it so.")
        low, high = int(span[1]), int(span[2] or span[1])
        found |= set(range(low, high + 1))
    return tuple(sorted(found))


def absent(text: str) -> Any:
    """Read codes that mean no answer, of all items or by item.

    >>> absent("98,DK"), absent("q1=99,q2=8|9")
    ((98, 'DK'), {'q1': (99,), 'q2': (8, 9)})
    """
    if "=" in text:
        by_item = pairs(text, "missing")
        return {name: tuple(_code(part) for part in codes.split("|")) for name, codes in by_item.items()}
    return tuple(_code(part) for part in words(text))


def _code(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def worth(text: str) -> dict[str, float]:
    """Read the worth of a person of each segment.

    >>> worth("1=120,2=80.5")
    {'1': 120.0, '2': 80.5}
    """
    found: dict[str, float] = {}
    for key, value in pairs(text, "values").items():
        try:
            found[key] = float(value)
        except ValueError:
            raise _fault("values", value, "a number", "Write 1=120,2=80, say.") from None
    return found


def _fault(where: str, got: str, expected: str, remedy: str) -> Exception:
    from segmodels.errors import Fault, InputError

    return InputError(Fault(where, repr(got), expected, remedy))

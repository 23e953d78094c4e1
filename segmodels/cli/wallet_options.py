"""The options of the command on wallets, and what their values become."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from segmodels.cli.needs_options import pairs, words


class WalletModelName(StrEnum):
    """Models of the wallet."""

    SHARE = "share"
    COUNTS = "counts"
    FRONTIER = "frontier"


class ErrorsName(StrEnum):
    """Errors of elsewhere spend."""

    NORMAL = "normal"
    T = "t"


class FrameName(StrEnum):
    """Whom the table of customers holds."""

    ALL = "all customers"
    CATEGORY = "category buyers"
    OWN = "own buyers"


class PotentialName(StrEnum):
    """What the potential of a customer is."""

    HEADROOM = "headroom"
    ATTAINABLE = "attainable"


BaseFile = Annotated[
    str | None,
    typer.Argument(metavar="BASE", help="Every customer, a row each: Parquet or CSV, or a DuckDB file."),
]
Answers = Annotated[
    str | None,
    typer.Option("--answers", help="The survey, a row an answer. Default: answers are columns of BASE."),
]
AnswersTable = Annotated[
    str | None,
    typer.Option("--answers-table", help="The table of answers, where --answers is a DuckDB file."),
]
MostBelow = Annotated[
    float,
    typer.Option(
        "--most-below",
        min=0,
        max=1,
        help="Share of totals that may lie below own spend; 1 takes any. Each then counts as little elsewhere.",
    ),
]
Own = Annotated[str, typer.Option("--own", help="Column of spend with us: 0 or more.")]
Total = Annotated[
    str | None, typer.Option("--total", help="Column of what customers say they spend in all, us included.")
]
Other = Annotated[
    str | None, typer.Option("--elsewhere", help="Column of what they say they spend with others only.")
]
Window = Annotated[
    str,
    typer.Option("--window", help='Column that names the period; or two, of spend and of answer: "a,b".'),
]
Category = Annotated[str, typer.Option("--category", help="Column that names the category; or two.")]
Only = Annotated[str | None, typer.Option("--only", help="The category to look at, where there are several.")]
By = Annotated[str | None, typer.Option("--by", help="Column of segments, which borrow strength.")]
Covariate = Annotated[
    list[str] | None,
    typer.Option("--covariate", help="Column of numbers that tell of elsewhere spend; say it once for each."),
]
Response = Annotated[
    list[str] | None,
    typer.Option(
        "--response",
        help="Column that may decide who answers: answers are weighted by it. Numbers or words.",
    ),
]
WalletModelOption = Annotated[
    WalletModelName,
    typer.Option(
        "--model",
        help="share; counts, where purchases were asked for, too; frontier, with a mean share and no survey.",
    ),
]
ErrorsOption = Annotated[
    ErrorsName, typer.Option("--errors", help="t where a few answers are far off (share).")
]
FrameOption = Annotated[
    FrameName | None,
    typer.Option("--frame", help="Whom BASE holds (counts). Default: category buyers."),
]
MeanShareOption = Annotated[
    str,
    typer.Option(
        "--mean-share", help='Mean share of wallet (frontier): 0.4 or 40%; by segment "north=0.4,south=0.3".'
    ),
]
MeanShareSource = Annotated[
    str, typer.Option("--mean-share-source", help="Who says so, such as a market report; the page says it.")
]
MeanShareSd = Annotated[
    float, typer.Option("--mean-share-sd", help="How sure it is: 0.25 is a rough report, 0.1 a good one.")
]
Purchases = Annotated[str | None, typer.Option("--purchases", help="Column of own purchases (counts).")]
TotalPurchases = Annotated[
    str | None, typer.Option("--total-purchases", help="Column of stated purchases in all (counts).")
]
Rounding = Annotated[
    str,
    typer.Option(
        "--rounding", help="Of answers: auto finds it; or the step, such as 10; or a column of widths."
    ),
]
ValueColumn = Annotated[
    str | None,
    typer.Option("--value", help="Column of values for the grid, such as a forecast. Default: own spend."),
]
ValueCut = Annotated[
    str,
    typer.Option("--value-cut", help="High value is more than this: an amount, or 50% for the median."),
]
PotentialCut = Annotated[
    str, typer.Option("--potential-cut", help="High potential is more than this, written alike.")
]
PotentialOption = Annotated[
    PotentialName, typer.Option("--potential", help="What the grid is of: headroom, or its attainable part.")
]
Tau = Annotated[
    float, typer.Option("--tau", help="Attainable is the share that this quantile of look-alikes reaches.")
]
Budget = Annotated[
    int | None, typer.Option("--budget", min=1, help="Answers that the next survey can have. Default: any.")
]


#: Options that say what is in a table of customers, or what is known besides; the demonstration has its own.
OF_A_TABLE = (
    *("customer", "own", "answers", "total", "elsewhere", "window", "category", "only", "table", "by"),
    *("covariate", "response", "mean_share", "mean_share_source", "mean_share_sd", "purchases"),
    *("total_purchases", "rounding", "value", "answers_table", "most_below"),
)


def further(
    by: str | None, value: str | None, covariate: list[str] | None, response: list[str] | None
) -> tuple[str, ...]:
    """Name the option of each further column, in the order in which a plan reads them.

    >>> further("region", None, ["age"], ["age,income"])
    ('--by', '--covariate', '--response')
    """
    options = {
        "--by": (by,),
        "--value": (value,),
        "--covariate": columns(covariate),
        "--response": columns(response),
    }
    first: dict[str, str] = {}
    for option, names in options.items():
        for name in names:
            if name is not None:
                first.setdefault(name, option)
    return tuple(first.values())


def columns(given: list[str] | None) -> tuple[str, ...]:
    """Read columns, said one by one or with commas between.

    >>> columns(["age", "size, income"]), columns(None)
    (('age', 'size', 'income'), ())
    """
    return tuple(dict.fromkeys(name for text in given or [] for name in words(text)))


def one_or_two(text: str, where: str) -> Any:
    """Read a column or a pair of them; None where there is none.

    >>> one_or_two("year", "window"), one_or_two("year,asked", "window"), one_or_two("", "window")
    ('year', ('year', 'asked'), None)
    """
    found = words(text)
    if len(found) > 2:
        raise _fault(where, repr(text), "one column, or two", "Name one of own spend, and one of answers.")
    return None if not found else found[0] if len(found) == 1 else found


def step(text: str) -> Any:
    """Read how answers are rounded: a number, ``auto`` or a column; None where they are exact.

    >>> step("10"), step("auto"), step("width"), step("")
    (10.0, 'auto', 'width', None)
    """
    try:
        return float(text)
    except ValueError:
        return text.strip() or None


def stated_share(text: str) -> Any:
    """Read the mean share, or one for each segment; None where there is none.

    >>> stated_share("40%"), stated_share("north=0.4,south=0.3"), stated_share("")
    (0.4, {'north': 0.4, 'south': 0.3}, None)
    """
    if not text.strip():
        return None
    if "=" in text:
        return {name: _share(share, "mean_share") for name, share in pairs(text, "mean_share").items()}
    return _share(text, "mean_share")


def cut(text: str, where: str) -> Any:
    """Read where to cut: an amount, or the share of customers below with a per cent sign.

    >>> cut("500", "value_cut"), cut("75%", "value_cut")
    (500.0, Quantile(level=0.75))
    """
    from segmodels.segments.wallet.value_grid import Quantile

    if text.strip().endswith("%"):
        share = _number(text.strip()[:-1], where) / 100
        if not 0 < share < 1:
            raise _fault(where, repr(text), "above 0% and below 100%", "50% is the median.")
        return Quantile(share)
    return _number(text, where)


def _share(text: str, where: str) -> float:
    """Read a fraction, or per cent with their sign."""
    bare = text.strip()
    return _number(bare[:-1], where) / 100 if bare.endswith("%") else _number(bare, where)


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _fault(where, repr(text), "a number", "Write 0.4 or 500, say.") from None


def _fault(where: str, got: str, expected: str, remedy: str) -> Exception:
    from segmodels.errors import Fault, InputError

    return InputError(Fault(where, got, expected, remedy))

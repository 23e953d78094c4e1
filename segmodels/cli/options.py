"""The options that commands share, and what their values become."""

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from segmodels.inference.settings import Setting


class Model(StrEnum):
    """Purchase models."""

    BG_NBD = "bg-nbd"
    MBG_NBD = "mbg-nbd"
    PARETO_NBD = "pareto-nbd"


class How(StrEnum):
    """Settings of a fit."""

    MAP = "map"
    LAPLACE = "laplace"
    NUTS = "nuts"


class UnitName(StrEnum):
    """Units of time."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ZeroPolicy(StrEnum):
    """What to do with values of zero."""

    KEEP = "keep"
    DROP = "drop"


class NegativePolicy(StrEnum):
    """What to do with values below zero."""

    NET = "net"
    DROP = "drop"


SAME = "Default: as the fit was told."
Log = Annotated[
    str, typer.Argument(metavar="LOG", help="Parquet or CSV (a path or a quoted glob), or a DuckDB file.")
]
CustomerColumn = Annotated[str, typer.Option("--customer", help="Column of customer ids.")]
DateColumn = Annotated[str, typer.Option("--date", help="Column of dates or times.")]
ValueColumn = Annotated[
    str | None, typer.Option("--value", help="Column of amounts. Without it purchases only, no values.")
]
TableName = Annotated[str | None, typer.Option("--table", help="Table within a DuckDB file.")]
DateFormat = Annotated[
    str | None, typer.Option("--date-format", help="How dates are written, such as %d/%m/%Y. Default: ISO.")
]
Zero = Annotated[
    ZeroPolicy | None, typer.Option("--zero", help="Rows of value 0: purchases (keep), or none (drop).")
]
Negative = Annotated[
    NegativePolicy | None,
    typer.Option(
        "--negative",
        help="Rows below 0: net them with the same customer's purchases of that day, or drop them.",
    ),
]
ModelOption = Annotated[Model, typer.Option("--model", help="Purchase model.")]
UnitOption = Annotated[UnitName, typer.Option("--unit", help="Unit of time of ages and horizons.")]
SettingOption = Annotated[
    How, typer.Option("--setting", help="map: the mode only; laplace: quick draws; nuts: sampling by PyMC.")
]
Draws = Annotated[
    int | None, typer.Option("--draws", min=1, help="Draws: 4000 (laplace), 1000 a chain (nuts).")
]
Until = Annotated[
    dt.datetime | None,
    typer.Option(
        "--until", formats=["%Y-%m-%d"], help="Last day that the fit sees; what comes later is held out."
    ),
]
Horizons = Annotated[
    str,
    typer.Option("--horizons", help="Of the forecast, in the unit, such as 13,26,52. Default: to a year."),
]
Months = Annotated[int, typer.Option("--months", help="Horizon of the lifetime value.")]
Discount = Annotated[float, typer.Option("--discount", help="Effective rate per year: 0.10 is ten per cent.")]
Margin = Annotated[float, typer.Option("--margin", help="Share of spend that is earned.")]
Currency = Annotated[str, typer.Option("--currency", help="Sign or letters to write beside amounts.")]
Seed = Annotated[int, typer.Option("--seed", help="Of everything random: same seed, same figures.")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout, and nothing else.")]
Contractual = Annotated[
    bool, typer.Option("--allow-contractual", help="Go on although payments look like those of a contract.")
]


def word(option: StrEnum | None) -> Any:
    """Give the word of an option, which is a literal where it goes."""
    return None if option is None else option.value


def setting_of(how: How, draws: int | None) -> "Setting":
    """Give the setting of a fit."""
    from segmodels.inference.settings import MAP, NUTS, Laplace

    match how:
        case How.MAP:
            return MAP()
        case How.LAPLACE:
            return Laplace() if draws is None else Laplace(draws)
        case How.NUTS:
            return NUTS() if draws is None else NUTS(draws)


def numbers(text: str) -> tuple[float, ...]:
    """Read numbers with commas between.

    >>> numbers("13,26,52")
    (13.0, 26.0, 52.0)
    """
    from segmodels.errors import Fault, InputError

    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(
            Fault("horizons", repr(text), "numbers with commas between", "Give 13,26,52, say.")
        ) from None

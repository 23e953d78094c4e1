"""Commands: demo, fit, forecast, check. No statistics here."""

import datetime as dt
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from segmodels import __version__

if TYPE_CHECKING:
    from segmodels.inference.settings import Setting
    from segmodels.project.plan import Plan

EXIT_CODES = """
Exit codes: 0 done; 1 done, and a check was not passed (only `check`); 2 input or options that can not be
used, with what to do; 3 the fit did not converge; 130 stopped by Ctrl-C (start again: finished fits are kept).
"""

app = typer.Typer(
    name="segmodels",
    help="From a transaction log to what each customer is worth.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


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


Log = Annotated[str, typer.Argument(help="Parquet or CSV (a path or a quoted glob), or a DuckDB file.")]
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


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segmodels {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From a transaction log to what each customer is worth."""


@app.command(epilog=EXIT_CODES)
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("segmodels-demo"),
    nuts: Annotated[
        bool, typer.Option("--nuts", help="Sample by NUTS instead of the quick Laplace draws.")
    ] = False,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Go the whole way on CDNOW, a real log of 2,357 customers who bought music.

    The models see 39 weeks and forecast the 39 weeks after, which are held out.

    - `segmodels demo`
    - `segmodels demo --out /tmp/cdnow --nuts`
    """
    with _answering(as_json):
        from segmodels.project.plan import demo as plan

        _run(plan(_setting(How.NUTS if nuts else How.LAPLACE, None), seed), out, as_json)


@app.command(epilog=EXIT_CODES)
def fit(
    *,
    log: Log,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    customer: CustomerColumn = "customer_id",
    date: DateColumn = "date",
    value: ValueColumn = None,
    table: TableName = None,
    date_format: DateFormat = None,
    zero: Zero = None,
    negative: Negative = None,
    until: Until = None,
    unit: UnitOption = UnitName.WEEK,
    model: ModelOption = Model.BG_NBD,
    setting: SettingOption = How.LAPLACE,
    draws: Draws = None,
    horizons: Horizons = "",
    months: Months = 36,
    discount: Discount = 0.10,
    margin: Margin = 1.0,
    currency: Currency = "",
    seed: Seed = 1,
    allow_contractual: Contractual = False,
    as_json: Json = False,
) -> None:
    """Fit the models to a log; write scored customers, segments, posteriors and a page to read.

    - `segmodels fit orders.csv --customer client --date day --value paid --out results`
    - `segmodels fit "orders/*.parquet" --value amount --zero drop --negative net --until 2024-12-31 --out results`

    Started again with the same log, model, setting and seed, it takes up the fits that are in the folder.
    """
    with _answering(as_json):
        from segmodels.project.plan import Plan

        plan = Plan(
            log,
            seed,
            customer=customer,
            date=date,
            value=value,
            table=table,
            date_format=date_format,
            zero=None if zero is None else zero.value,  # pyright: ignore[reportArgumentType]
            negative=None if negative is None else negative.value,  # pyright: ignore[reportArgumentType]
            until=None if until is None else until.date(),
            unit=unit.value,  # pyright: ignore[reportArgumentType]
            model=model.value,  # pyright: ignore[reportArgumentType]
            setting=_setting(setting, draws),
            horizons=_numbers(horizons),
            months=months,
            annual_discount=discount,
            margin=margin,
            currency=currency,
            contractual="allow" if allow_contractual else "refuse",
        )
        _run(plan, out, as_json)


def _run(plan: "Plan", out: Path, as_json: bool) -> None:
    """Go the whole way, and say what came of it."""
    from segmodels.project.summary import lines, summary
    from segmodels.project.way import STEPS, run

    with _progress(len(STEPS)) as tell:
        results, files = run(plan, out, tell)
    if as_json:
        _print_json(summary(results, files))
    else:
        _print(lines(results, files))


@contextmanager
def _progress(steps: int) -> Generator[Callable[[str], None]]:
    """Show a bar on stderr where it is a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Start", total=steps)
        begun: list[str] = []

        def tell(step: str) -> None:
            bar.update(task, description=step, completed=len(begun))
            begun.append(step)

        yield tell


def _setting(how: How, draws: int | None) -> "Setting":
    from segmodels.inference.settings import MAP, NUTS, Laplace

    match how:
        case How.MAP:
            return MAP()
        case How.LAPLACE:
            return Laplace() if draws is None else Laplace(draws)
        case How.NUTS:
            return NUTS() if draws is None else NUTS(draws)


def _numbers(text: str) -> tuple[float, ...]:
    from segmodels.errors import Fault, InputError

    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(
            Fault("horizons", repr(text), "numbers with commas between", "Give 13,26,52, say.")
        ) from None


@contextmanager
def _answering(as_json: bool) -> Generator[None]:
    """Turn the package's errors into messages and exit codes."""
    from segmodels.errors import Infeasible, InputError, NotConverged

    try:
        yield
    except (InputError, Infeasible) as error:
        faults = [vars(fault) for fault in getattr(error, "faults", ())]
        raise _failed(2, "The input can not be used", error, as_json, {"faults": faults}) from None
    except NotConverged as error:
        raise _failed(3, "The fit did not converge", error, as_json, {"advice": error.advice}) from None
    except KeyboardInterrupt:
        errors.print("Stopped. Finished fits are kept: the same command takes them up.")
        raise typer.Exit(130) from None


def _failed(code: int, what: str, error: Exception, as_json: bool, more: dict[str, Any]) -> typer.Exit:
    if as_json:
        _print_json({"error": {"type": type(error).__name__, "message": str(error).strip()} | more})
    else:
        errors.print(f"[bold red]{what}.[/]", end=" ")
        errors.print(str(error), markup=False)
    return typer.Exit(code)


def _print_json(content: dict[str, Any]) -> None:
    from segmodels.project.folder import plain

    sys.stdout.write(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def _print(text: tuple[str, ...]) -> None:
    for line in text:
        typer.echo(line)

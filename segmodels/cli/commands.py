"""Commands: demo, fit, forecast, check. No statistics here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmodels import __version__
from segmodels.cli import options as opt
from segmodels.cli.answers import EXIT_CODES, answering, print_json, print_lines, progress
from segmodels.cli.options import numbers, setting_of, word

if TYPE_CHECKING:
    from segmodels.project.plan import Plan

app = typer.Typer(
    name="segmodels",
    help="From a transaction log to what customers are worth, and from a survey to why they choose.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        typer.echo(f"segmodels {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From a transaction log to what customers are worth, and from a survey to why they choose."""


@app.command(epilog=EXIT_CODES)
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("segmodels-demo"),
    nuts: Annotated[
        bool, typer.Option("--nuts", help="Sample by NUTS instead of the quick Laplace draws.")
    ] = False,
    seed: opt.Seed = 1,
    as_json: opt.Json = False,
) -> None:
    """Go the whole way on CDNOW, a real log of 2,357 customers who bought music.

    The models see 39 weeks and forecast the 39 weeks after, which are held out.

    - `segmodels demo`
    - `segmodels demo --out /tmp/cdnow --nuts`
    """
    with answering(as_json=as_json):
        from segmodels.project.plan import demo as plan

        _run(plan(setting_of(opt.How.NUTS if nuts else opt.How.LAPLACE, None), seed), out, as_json=as_json)


@app.command(epilog=EXIT_CODES)
def fit(  # noqa: PLR0913
    *,
    log: opt.Log,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    customer: opt.CustomerColumn = "customer_id",
    date: opt.DateColumn = "date",
    value: opt.ValueColumn = None,
    table: opt.TableName = None,
    date_format: opt.DateFormat = None,
    zero: opt.Zero = None,
    negative: opt.Negative = None,
    until: opt.Until = None,
    unit: opt.UnitOption = opt.UnitName.WEEK,
    model: opt.ModelOption = opt.Model.BG_NBD,
    setting: opt.SettingOption = opt.How.LAPLACE,
    draws: opt.Draws = None,
    horizons: opt.Horizons = "",
    months: opt.Months = 36,
    discount: opt.Discount = 0.10,
    margin: opt.Margin = 1.0,
    currency: opt.Currency = "",
    seed: opt.Seed = 1,
    allow_contractual: opt.Contractual = False,
    as_json: opt.Json = False,
) -> None:
    """Fit the models to a log; write scored customers, segments, posteriors and a page to read.

    - `segmodels fit orders.csv --customer client --date day --value paid --out results`
    - `segmodels fit "orders/*.parquet" --value amount --zero drop --negative net --until 2024-12-31 --out results`

    Started again with the same log, model, setting and seed, it takes up the fits that are in the folder.
    """
    with answering(as_json=as_json):
        from segmodels.project.plan import Plan

        plan = Plan(
            log,
            seed,
            customer=customer,
            date=date,
            value=value,
            table=table,
            date_format=date_format,
            zero=word(zero),
            negative=word(negative),
            until=None if until is None else until.date(),
            unit=word(unit),
            model=word(model),
            setting=setting_of(setting, draws),
            horizons=numbers(horizons),
            months=months,
            annual_discount=discount,
            margin=margin,
            currency=currency,
            contractual="allow" if allow_contractual else "refuse",
        )
        _run(plan, out, as_json=as_json)


@app.command(epilog=EXIT_CODES)
def forecast(  # noqa: PLR0913
    *,
    fitted: Annotated[
        Path, typer.Argument(metavar="FIT", help="Folder that fit wrote, or its purchases.nc.")
    ],
    log: Annotated[
        str,
        typer.Argument(metavar="LOG", help="A log, or a summary with frequency, recency, T, monetary_value."),
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write: .parquet or .csv.")],
    customer: Annotated[
        str | None, typer.Option("--customer", help=f"Column of customer ids. {opt.SAME}")
    ] = None,
    date: Annotated[str | None, typer.Option("--date", help=f"Column of dates or times. {opt.SAME}")] = None,
    value: Annotated[str | None, typer.Option("--value", help=f"Column of amounts. {opt.SAME}")] = None,
    table: opt.TableName = None,
    date_format: opt.DateFormat = None,
    zero: opt.Zero = None,
    negative: opt.Negative = None,
    until: opt.Until = None,
    horizons: opt.Horizons = "",
    months: opt.Months = 36,
    discount: opt.Discount = 0.10,
    margin: opt.Margin = 1.0,
    allow_contractual: opt.Contractual = False,
    as_json: opt.Json = False,
) -> None:
    """Score customers with a saved fit: purchases, P(alive), spend and lifetime value, one row each.

    - `segmodels forecast results new-orders.parquet --out scores.parquet`
    - `segmodels forecast results summary.csv --horizons 13,26,52 --months 36 --margin 0.3 --out scores.csv`

    In CSV, texts that a spreadsheet would run as a formula (they begin with = + - @) get an apostrophe before.
    """
    with answering(as_json=as_json):
        from segmodels.project.folder import require_target, write_table
        from segmodels.project.forecast import forecast as score
        from segmodels.project.forecast import remembered
        from segmodels.project.plan import Plan

        require_target(out)
        given: dict[str, Any] = {
            "customer": customer,
            "date": date,
            "value": value,
            "date_format": date_format,
            "zero": word(zero),
            "negative": word(negative),
            "contractual": "allow" if allow_contractual else None,
        }
        told = remembered(fitted) | {name: said for name, said in given.items() if said is not None}
        plan = Plan(
            log,
            0,
            table=table,
            until=None if until is None else until.date(),
            horizons=numbers(horizons),
            months=months,
            annual_discount=discount,
            margin=margin,
            **told,
        )
        with progress(1) as tell:
            tell("Score customers")
            scored = score(fitted, plan)
            write_table(scored.table, out, scored.id_type)
        found = {"model": scored.model, "unit": scored.unit, "horizons": scored.horizons}
        found |= {"customers": len(scored.table), "columns": list(scored.table), "notes": scored.notes}
        if as_json:
            print_json(found | {"files": {"forecast": str(out)}})
        else:
            print_lines((f"{len(scored.table):,} customers scored by {scored.model}: {out}", *scored.notes))


@app.command(epilog=EXIT_CODES)
def check(  # noqa: PLR0913
    *,
    log: opt.Log,
    customer: opt.CustomerColumn = "customer_id",
    date: opt.DateColumn = "date",
    value: opt.ValueColumn = None,
    table: opt.TableName = None,
    date_format: opt.DateFormat = None,
    zero: opt.Zero = None,
    negative: opt.Negative = None,
    until: opt.Until = None,
    unit: opt.UnitOption = opt.UnitName.WEEK,
    model: opt.ModelOption = opt.Model.BG_NBD,
    setting: opt.SettingOption = opt.How.LAPLACE,
    draws: opt.Draws = None,
    seed: opt.Seed = 1,
    as_json: opt.Json = False,
) -> None:
    """Check a log: data audit, contracts, the fit, and a backtest beside simple rules. Writes no file.

    - `segmodels check orders.csv --customer client --date day --value paid`

    Exit code 1 if a check was not passed.
    """
    with answering(as_json=as_json):
        from segmodels.project.check import CHECK_STEPS
        from segmodels.project.check import check as look
        from segmodels.project.plan import Plan
        from segmodels.project.summary import check_lines, check_summary

        plan = Plan(
            log,
            seed,
            customer=customer,
            date=date,
            value=value,
            table=table,
            date_format=date_format,
            zero=word(zero),
            negative=word(negative),
            until=None if until is None else until.date(),
            unit=word(unit),
            model=word(model),
            setting=setting_of(setting, draws),
        )
        with progress(len(CHECK_STEPS)) as tell:
            found = look(plan, tell)
        if as_json:
            print_json(check_summary(found))
        else:
            print_lines(check_lines(found))
    if not found.passed:
        raise typer.Exit(1)


def _run(plan: "Plan", out: Path, *, as_json: bool) -> None:
    """Go the whole way, and say what came of it."""
    from segmodels.project.summary import lines, summary
    from segmodels.project.way import STEPS, run

    with progress(len(STEPS)) as tell:
        results, files = run(plan, out, tell)
    if as_json:
        print_json(summary(results, files))
    else:
        print_lines(lines(results, files))

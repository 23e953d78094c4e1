"""The command on wallets. No statistics here."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmodels.cli import needs_options as need
from segmodels.cli import options as opt
from segmodels.cli import wallet_options as wal
from segmodels.cli.answers import EXIT_CODES, answering, print_json, print_lines, progress
from segmodels.cli.commands import app
from segmodels.cli.options import setting_of, word
from segmodels.cli.wallet_messages import in_options

if TYPE_CHECKING:
    from segmodels.project.wallet_plan import WalletPlan

#: Customers of the demonstration, and those of them who answer.
_SIMULATED, _ANSWERED = 2_000, 400


@app.command(epilog=EXIT_CODES)
def wallet(  # noqa: PLR0913
    *,
    context: typer.Context,
    base: wal.BaseFile = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("segmodels-wallet"),
    simulated: need.Simulated = False,
    customer: opt.CustomerColumn = "customer_id",
    own: wal.Own = "own",
    answers: wal.Answers = None,
    answers_table: wal.AnswersTable = None,
    total: wal.Total = None,
    elsewhere: wal.Other = None,
    window: wal.Window = "",
    category: wal.Category = "",
    only: wal.Only = None,
    table: opt.TableName = None,
    by: wal.By = None,
    covariate: wal.Covariate = None,
    response: wal.Response = None,
    model: wal.WalletModelOption = wal.WalletModelName.SHARE,
    errors: wal.ErrorsOption = wal.ErrorsName.NORMAL,
    mean_share: wal.MeanShareOption = "",
    mean_share_source: wal.MeanShareSource = "source not stated",
    mean_share_sd: wal.MeanShareSd = 0.25,
    purchases: wal.Purchases = None,
    total_purchases: wal.TotalPurchases = None,
    frame: wal.FrameOption = None,
    rounding: wal.Rounding = "",
    most_below: wal.MostBelow = 0.1,
    setting: opt.SettingOption = opt.How.LAPLACE,
    draws: opt.Draws = None,
    value: wal.ValueColumn = None,
    value_cut: wal.ValueCut = "50%",
    potential_cut: wal.PotentialCut = "50%",
    potential: wal.PotentialOption = wal.PotentialName.HEADROOM,
    tau: wal.Tau = 0.8,
    folds: need.Folds = 5,
    budget: wal.Budget = None,
    currency: opt.Currency = "",
    seed: opt.Seed = 1,
    as_json: opt.Json = False,
) -> None:
    """Estimate what every customer spends elsewhere, from own spend and a survey of some.

    - `segmodels wallet --simulated --out wallet` shows all of it, on simulated data
    - `segmodels wallet base.csv --answers survey.csv --customer id --own spend --total total --out wallet`
    - `segmodels wallet base.csv --own spend --elsewhere others --by segment --covariate age --rounding auto`
    - `segmodels wallet base.parquet --own spend --total total --value lifetime_value --currency EUR --budget 500`
    - `segmodels wallet base.csv --own spend --model frontier --mean-share 0.4 --mean-share-source "market report"`

    BASE has every customer, also those who buy nothing here (own spend 0). An answer is what the customer says for
    the same period and the same category as own spend.

    Started again with the same customers, answers, model, setting and seed, it takes up the fit that is in the folder.
    """
    columns = wal.further(by, value, covariate, response)
    named = _named(context)
    with answering(as_json=as_json), in_options(columns, named), _leaving_nothing(out):
        from segmodels.project.wallet_plan import WalletPlan, simulated_wallet_plan

        told: dict[str, Any] = {
            "model": word(model),
            "errors": word(errors),
            "frame": word(frame),
            "setting": setting_of(setting, draws),
            "value_cut": wal.cut(value_cut, "value_cut"),
            "potential_cut": wal.cut(potential_cut, "potential_cut"),
            "potential": word(potential),
            "tau": tau,
            "folds": folds,
            "budget": budget,
            "currency": currency,
        }
        _require_one(base, simulated=simulated)
        if base is None:
            _require_none_unused(context)
            plan = simulated_wallet_plan(_customers(seed), seed, **told)
        else:
            plan = WalletPlan(
                base,
                seed,
                customer=customer,
                own=own,
                answers=answers,
                answers_table=answers_table,
                total=total,
                elsewhere=elsewhere,
                window=wal.one_or_two(window, "window"),
                category=wal.one_or_two(category, "category"),
                only=only,
                table=table,
                by=by,
                covariates=wal.columns(covariate),
                response=wal.columns(response),
                mean_share=wal.stated_share(mean_share),
                mean_share_source=mean_share_source,
                mean_share_sd=mean_share_sd,
                purchases=purchases,
                total_purchases=total_purchases,
                rounding=wal.step(rounding),
                most_below=most_below,
                value=value,
                **told,
            )
        _run(plan, out, as_json=as_json)


@contextmanager
def _leaving_nothing(out: Path) -> Generator[None]:
    """Take away the folder of a run that was refused before it found anything."""
    there = out.exists()
    try:
        yield
    except _input_error():
        if not there and out.is_dir() and [path.name for path in out.iterdir()] == ["run.json"]:
            (out / "run.json").unlink()
            out.rmdir()
        raise


def _input_error() -> type[Exception]:
    from segmodels.errors import InputError

    return InputError


def _named(context: typer.Context) -> dict[str, str]:
    """Give the column of the table that each option names, where it names one."""
    if context.params["base"] is None:
        return {}
    roles = ("customer", "own", "total", "elsewhere", "purchases", "total_purchases", "value")
    return {role: context.params[role] for role in roles if context.params[role]}


def _require_one(base: str | None, *, simulated: bool) -> None:
    """Refuse to guess between a file and a demonstration."""
    from segmodels.errors import Fault, InputError

    if (base is None) == (not simulated):
        got = "neither" if base is None else "both"
        remedy = "Name the table of customers, or say --simulated to see the way on data that need no file."
        raise InputError(Fault("base", got, "a table of customers or --simulated", remedy))


def _require_none_unused(context: typer.Context) -> None:
    """Refuse options of a table beside the demonstration, which brings its own."""
    from segmodels.errors import Fault, InputError

    if context.params["model"] == wal.WalletModelName.COUNTS:
        got, remedy = "'counts' beside --simulated, which has no numbers of purchases", "Leave it out."
        raise InputError(Fault("model", got, "share or frontier", remedy))
    given = [name for name in wal.OF_A_TABLE if _is_given(context, name)]
    if given:
        remedy = "Leave it out, or name the table of customers instead of --simulated."
        raise InputError(
            [
                Fault(name, "an option on a table of customers", "none beside --simulated", remedy)
                for name in given
            ]
        )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")


def _customers(seed: int) -> Any:
    """Draw the customers of the demonstration."""
    import numpy as np

    from segmodels.tables.simulate_wallets import simulate_wallets

    rng = np.random.default_rng(seed)
    more: dict[str, Any] = {"segments": (-0.4, 0.0, 0.5), "covariates": (0.4,)}
    return simulate_wallets(_SIMULATED, rng, answered=_ANSWERED, **more)


def _run(plan: "WalletPlan", out: Path, *, as_json: bool) -> None:
    """Go the whole way, and say what came of it."""
    from segmodels.project.wallet_summary import wallet_lines, wallet_summary
    from segmodels.project.wallet_way import WALLET_STEPS, run_wallet

    with progress(len(WALLET_STEPS)) as tell:
        results, files = run_wallet(plan, out, tell)
    if as_json:
        print_json(wallet_summary(results, files))
    else:
        print_lines(wallet_lines(results, files))

"""Commands: needs, typing. No statistics here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmodels.cli import needs_options as need
from segmodels.cli import options as opt
from segmodels.cli.answers import EXIT_CODES, answering, print_json, print_lines, progress
from segmodels.cli.commands import app
from segmodels.cli.options import setting_of, word

if TYPE_CHECKING:
    from segmodels.project.needs_plan import NeedsPlan

#: Respondents of the demonstration.
_SIMULATED = 800


@app.command(epilog=EXIT_CODES)
def needs(  # noqa: PLR0913
    *,
    survey: need.SurveyFile = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("segmodels-needs"),
    simulated: need.Simulated = False,
    customer: opt.CustomerColumn = "customer_id",
    number_rows: need.NumberRows = False,
    codebook: need.CodebookFile = None,
    items: need.Items = "",
    table: opt.TableName = None,
    weight: need.Weight = None,
    strata: need.Strata = None,
    cluster: need.Cluster = None,
    missing: need.Missing = "",
    classes: need.Classes = "1-8",
    take: need.Take = None,
    style: need.Style = need.StyleName.AUTO,
    setting: opt.SettingOption = opt.How.MAP,
    draws: opt.Draws = None,
    starts: need.StartsOption = 50,
    test: need.TestOption = need.TestName.NONE,
    replicates: need.Replicates = 99,
    folds: need.Folds = 5,
    base: need.Base = None,
    base_customer: need.BaseCustomer = None,
    features: need.Features = "",
    value: need.ValueOfBase = None,
    premium: need.Premium = "",
    bargain: need.Bargain = "",
    names: need.Names = "",
    currency: opt.Currency = "",
    seed: opt.Seed = 1,
    as_json: opt.Json = False,
) -> None:
    """Find needs segments in survey answers, say what they say, and reach every customer of the base.

    - `segmodels needs --simulated --out needs` shows all of it, on simulated data
    - `segmodels needs survey.csv --customer id --codebook codebook.csv --weight w --out needs`
    - `segmodels needs survey.csv --number-rows --items "q*:ordinal" --missing 99 --classes 2-6 --out needs`
    - `segmodels needs survey.csv --codebook codebook.csv --base base.parquet --value lifetime_value --out needs`
    - `segmodels needs survey.csv --codebook codebook.csv --take 4 --names "1=Bargain hunters" --out needs`

    A codebook.csv has a row an item: `item,scale,categories,label,dimension,benefit,measures`, such as
    `q1,ordinal,1=no|2=rather|3=yes,Low prices,benefit,price,importance`. Only item and scale are needed.

    Started again with the same answers, model, setting and seed, it takes up the fits that are in the folder.
    """
    with answering(as_json=as_json):
        from segmodels.project.needs_plan import NeedsPlan, simulated_plan

        told: dict[str, Any] = {
            "n_classes": need.class_numbers(classes),
            "take": take,
            "style": word(style),
            "setting": setting_of(setting, draws),
            "starts": starts,
            "test": word(test),
            "replicates": replicates,
            "folds": folds,
            "currency": currency,
            "names": need.pairs(names, "names"),
        }
        _require_one(survey, simulated=simulated)
        if survey is None:
            from segmodels.tables.simulate_answers import simulate_survey

            plan = simulated_plan(simulate_survey(_SIMULATED, seed=seed), seed, **told)
        else:
            plan = NeedsPlan(
                survey,
                seed,
                customer=None if number_rows else customer,
                codebook=codebook,
                items=need.item_scales(items, scaled=codebook is None),
                weight=weight,
                strata=strata,
                cluster=cluster,
                missing=need.absent(missing),
                table=table,
                base=base,
                base_customer=base_customer,
                features=need.words(features),
                value=value,
                premium=need.words(premium),
                bargain=need.words(bargain),
                **told,
            )
        _run(plan, out, as_json=as_json)


@app.command("typing", epilog=EXIT_CODES)
def typing_tool(  # noqa: PLR0913
    *,
    fitted: Annotated[Path, typer.Argument(metavar="FIT", help="Folder that needs wrote, or its needs.nc.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    questions: need.Questions = "6",
    objective: need.Objective = need.Aim.ACCURACY,
    values: need.Values = "",
    always: need.Always = "",
    survey: need.SurveyOption = None,
    customer: Annotated[
        str | None, typer.Option("--customer", help=f"Column of customer ids. {opt.SAME}")
    ] = None,
    number_rows: need.NumberRows = False,
    weight: Annotated[
        str | None, typer.Option("--weight", help=f"Column of sampling weights. {opt.SAME}")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help=f"Column of primary sampling units. {opt.SAME}")
    ] = None,
    missing: Annotated[
        str | None, typer.Option("--missing", help=f"Codes that mean no answer. {opt.SAME}")
    ] = None,
    table: opt.TableName = None,
    folds: Annotated[int, typer.Option("--folds", help="Of the cross-validation; 0 leaves it out.")] = 10,
    seed: opt.Seed = 1,
    as_json: opt.Json = False,
) -> None:
    """Choose golden questions that place people in the segments; write scorers that need no Python.

    - `segmodels typing needs --questions 6 --survey survey.csv --out typing`
    - `segmodels typing needs/needs.nc --questions q1,q4,q7 --out typing`
    - `segmodels typing needs --questions 5 --objective value --values "1=120,2=80,3=20" --out typing`

    It tells apart three numbers that are often confused: true accuracy, agreement with all questions, and
    agreement of respondents not seen, for whom questions and number of classes are chosen anew in every fold.
    """
    with answering(as_json=as_json):
        from segmodels.project.typing_plan import TypingPlan
        from segmodels.project.typing_summary import typing_lines, typing_summary
        from segmodels.project.typing_way import TYPING_STEPS, run_typing

        told = {
            "customer": customer,
            "weight": weight,
            "cluster": cluster,
            "missing": None if missing is None else need.absent(missing),
            "table": table,
        }
        plan = TypingPlan(
            fitted,
            seed,
            questions=_questions(questions),
            objective=word(objective),
            values=need.worth(values),
            always=need.words(always),
            survey=survey,
            number_rows=number_rows,
            told={name: given for name, given in told.items() if given is not None},
            folds=folds,
        )
        with progress(len(TYPING_STEPS)) as tell:
            results, files = run_typing(plan, out, tell)
        if as_json:
            print_json(typing_summary(results, files))
        else:
            print_lines(typing_lines(results, files))


def _questions(text: str) -> Any:
    return int(text) if text.strip().isdecimal() else need.words(text)


def _require_one(survey: str | None, *, simulated: bool) -> None:
    """Refuse to guess between a file and a demonstration."""
    from segmodels.errors import Fault, InputError

    if (survey is None) == (not simulated):
        got = "neither" if survey is None else "both"
        remedy = "Name the survey, or say --simulated to see the way on data that need no file."
        raise InputError(Fault("survey", got, "a survey or --simulated", remedy))


def _run(plan: "NeedsPlan", out: Path, *, as_json: bool) -> None:
    """Go the whole way, and say what came of it."""
    from segmodels.project.needs_summary import needs_lines, needs_summary
    from segmodels.project.needs_way import run_needs, steps_of

    with progress(steps_of(plan)) as tell:
        results, files = run_needs(plan, out, tell)
    if as_json:
        print_json(needs_summary(results, files))
    else:
        print_lines(needs_lines(results, files))

"""The whole way: read, fit, value, segment, check, write."""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pandas as pd

from segmodels.evaluate.frequency import frequency_fit
from segmodels.evaluate.tracking import tracking
from segmodels.project.backtests import run_backtest
from segmodels.project.evidence import evidence_frame, named, tells_of_spend
from segmodels.project.fits import fit_purchases, fit_spend
from segmodels.project.folder import Folder
from segmodels.project.needs_folder import open_for
from segmodels.project.page import value_page
from segmodels.project.plan import Plan
from segmodels.project.results import Results
from segmodels.project.scores import customer_forecast, customer_scores, id_type
from segmodels.project.value import value_customers
from segmodels.report.page import write
from segmodels.tables.customers import Customers
from segmodels.tables.transactions import Transactions

Tell = Callable[[str], None]
#: What a run tells of, in this order.
STEPS = (
    "Read and check the log",
    "Fit purchases",
    "Fit spend",
    "Forecast each customer",
    "Value and segment",
    "Track",
    "Backtest",
    "Write the page",
)
PAGE = "page.html"
#: Where finished forecasts of the backtest are kept until the run has finished.
CACHE = ".backtest"


def run(
    plan: Plan, out: str | os.PathLike[str], tell: Tell = lambda _: None
) -> tuple[Results, dict[str, str]]:
    """Go the whole way, and write tables, posteriors and the page into a folder.

    Every file is written whole or not at all. A run that was killed may be started again: fits of the same
    data, model, setting and seed are taken up from the folder.

    Parameters
    ----------
    plan
        What to do.
    out
        The folder; made where it is not there.
    tell
        Called with each of ``STEPS`` when it begins.

    Returns
    -------
    results, files
        What was found, and the path of each file by its stem.

    Raises
    ------
    InputError, NotConverged
        With advice.
    """
    folder = open_for("value", out)
    folder.remember(kind="value", state="running", plan=described(plan))
    results = find(plan, folder, tell)
    tell(STEPS[7])
    _write(results, folder)
    folder.finish()
    shutil.rmtree(folder.path / CACHE, ignore_errors=True)
    return results, folder.files


def find(plan: Plan, folder: Folder, tell: Tell = lambda _: None) -> Results:
    """Go the whole way up to writing; only fits are kept in the folder."""
    tell(STEPS[0])
    transactions = plan.read()
    end = plan.holdout_end(transactions)
    customers = transactions.customers(plan.until, plan.unit, contractual=plan.contractual)
    tell(STEPS[1])
    purchases = fit_purchases(folder, customers, plan.model, plan.setting, plan.seed)
    tell(STEPS[2])
    notes = tells_of_spend(plan, customers)
    spend = None if notes else fit_spend(folder, customers, plan.setting, plan.seed)
    tell(STEPS[3])
    horizon = plan.horizon(transactions)
    scores = customer_scores(customers, purchases, spend, horizon, plan.level)
    forecast = customer_forecast(customers, purchases, spend, plan.ends, plan.annual_discount)
    tell(STEPS[4])
    value = None
    if spend is not None:
        so_far: Any = scores.set_index("customer_id")["total"]
        value = value_customers(plan, transactions, purchases, spend, so_far)
        scores = scores.merge(value.scores.reset_index(), on="customer_id", validate="one_to_one")
    tell(STEPS[5])
    until = transactions.last_date if plan.until is None else plan.until
    tracked = tracking(purchases, transactions, until, end, plan.level)
    tell(STEPS[6])
    tested, more = run_backtest(plan, transactions, folder.path / CACHE, spend=spend is not None)
    return Results(
        plan=plan,
        transactions=transactions,
        customers=customers,
        until=until,
        purchases=purchases,
        value=value,
        audit=_audit(transactions, customers),
        scores=scores,
        forecast=forecast,
        evidence=named(plan, purchases, spend, tested),
        horizon=horizon,
        total=purchases.total(horizon, of="prediction").to_numpy(),
        tracking=tracked,
        frequency=frequency_fit(purchases),
        backtest=tested,
        notes=(*notes, *more),
    )


def _audit(transactions: Transactions, customers: Customers) -> pd.DataFrame:
    """Count what was read, which of it needed a policy, and what was used and merged."""
    read, used = transactions.audit, customers.audit
    policies: pd.DataFrame = read.loc[read["step"].str.startswith("of which"), :]  # pyright: ignore[reportAssignmentType]
    return pd.concat([used.iloc[:1], policies, used.iloc[1:]], ignore_index=True)


def _write(results: Results, folder: Folder) -> None:
    like = id_type(results.customers)
    folder.table("customers", results.scores, like)
    folder.table("forecast", results.forecast, like)
    tables = {
        "audit": results.audit,
        "evidence": evidence_frame(results.evidence),
        "tracking": results.tracking,
    }
    if results.value is not None:
        tables |= {
            "deciles": results.value.decile_table,
            "rfm": results.value.rfm_table,
            "tiers": results.value.tier_table,
            "concentration": results.value.concentration,
            "value_by_year": results.value.lifetime.curve,
        }
    if results.backtest is not None:
        tables["backtest"] = results.backtest.table
        tables["lift"] = results.backtest.by_decile
    for name, table in tables.items():
        folder.table(name, table)
    write(value_page(results, dt.datetime.now().astimezone()), folder.path / PAGE)
    folder.written.append(PAGE)


def described(plan: Plan) -> dict[str, Any]:
    """Say in words that JSON knows what was planned."""
    shown = {each.name: getattr(plan, each.name) for each in fields(plan) if each.name != "source"}
    days = {name: str(day) for name, day in shown.items() if isinstance(day, dt.date)}
    return shown | days | {"setting": repr(plan.setting), "name": plan.title}

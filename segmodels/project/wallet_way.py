"""The whole way from own spend and a survey to wallets: read, fit, check, predict, sum, write."""

import datetime as dt
import os
from dataclasses import fields
from typing import Any

from segmodels.evidence import Evidence
from segmodels.models.wallet.block import WalletFit
from segmodels.models.wallet.look_alikes import target_shares
from segmodels.models.wallet.predictive_checks import wallet_checks
from segmodels.project.folder import Folder
from segmodels.project.needs_folder import Tell, open_for
from segmodels.project.wallet_customers import customer_table, raw_segments
from segmodels.project.wallet_fits import calibrate, fit_wallet, key_of, level_of_answers
from segmodels.project.wallet_page_frames import wallet_page
from segmodels.project.wallet_plan import WalletPlan
from segmodels.project.wallet_read import read_wallets, values_of
from segmodels.project.wallet_results import WalletResults
from segmodels.project.wallet_tables import write_tables
from segmodels.project.wallet_tipping import tipping_of
from segmodels.report.wallet_page import write
from segmodels.segments.wallet.bands import potential_bands
from segmodels.segments.wallet.selection import Selection
from segmodels.segments.wallet.survey_plan import survey_plan
from segmodels.segments.wallet.totals import wallet_totals
from segmodels.segments.wallet.value_grid import value_grid

#: What a run tells of, in this order.
WALLET_STEPS = (
    "Read and check the wallets",
    "Fit the model",
    "Check it against the answers",
    "Predict each customer",
    "Sum segments",
    "Place on the value grid",
    "Plan the next survey",
    "Hide answers and predict",
    "Write the page",
)
PAGE = "page.html"


def run_wallet(
    plan: WalletPlan, out: str | os.PathLike[str], tell: Tell = lambda _: None
) -> tuple[WalletResults, dict[str, str]]:
    """Go the whole way, and write tables, the fit and the page into a folder.

    Every file is written whole or not at all. A run that was killed may be started again: a fit of the same
    customers, answers, model, setting and seed is taken up from the folder.

    Parameters
    ----------
    plan
        What to do.
    out
        The folder; made where it is not there.
    tell
        Called with each of ``WALLET_STEPS`` when it begins.

    Returns
    -------
    results, files
        What was found, and the path of each file by its stem.

    Raises
    ------
    InputError, NotConverged
        With advice.
    """
    folder = open_for("wallet", out)
    folder.remember(kind="wallet", state="running", plan=described(plan))
    results = find_wallet(plan, folder, tell)
    tell(WALLET_STEPS[8])
    write_tables(results, folder)
    write(wallet_page(results, dt.datetime.now().astimezone()), folder.path / PAGE)
    folder.written.append(PAGE)
    folder.finish()
    return results, folder.files


def find_wallet(plan: WalletPlan, folder: Folder, tell: Tell = lambda _: None) -> WalletResults:
    """Go the whole way up to writing; only the fit and the cross-validation are kept in the folder."""
    tell(WALLET_STEPS[0])
    wallets = read_wallets(plan)
    value = values_of(plan, wallets)
    tell(WALLET_STEPS[1])
    key = key_of(plan, wallets)
    fit = fit_wallet(plan, wallets, key, folder)
    tell(WALLET_STEPS[2])
    level, selection, note = level_of_answers(plan, fit)
    found = _checks(fit, level, selection)
    tell(WALLET_STEPS[3])
    targets = target_shares(level, by=plan.by, tau=plan.tau)
    common: dict[str, Any] = {"potential": plan.potential, "targets": targets, "draws": plan.draws}
    tell(WALLET_STEPS[4])
    totals = wallet_totals(level, by=plan.by, draws=plan.draws, targets=targets)
    tell(WALLET_STEPS[5])
    cuts: dict[str, Any] = {"value_cut": plan.value_cut, "potential_cut": plan.potential_cut}
    grid = value_grid(level, value=value, sure=plan.sure, **cuts, **common)
    bands = potential_bands(level, value=value, cuts=_bands(plan), **common)
    tell(WALLET_STEPS[6])
    rest: dict[str, Any] = {"error": plan.error, "of": plan.potential, "budget": plan.budget, "by": plan.by}
    ask = survey_plan(level, grid, targets=targets, selection=selection, **rest)
    tell(WALLET_STEPS[7])
    calibration, why = calibrate(plan, wallets, key_of(plan, wallets, (plan.folds, plan.response)), folder)
    return WalletResults(
        plan=plan,
        wallets=wallets,
        fit=fit,
        level=level,
        selection=selection,
        targets=targets,
        customers=customer_table(plan, level, targets, grid),
        totals=totals,
        raw=raw_segments(plan, level),
        grid=grid,
        bands=bands,
        tipping=tipping_of(plan, wallets, totals, grid),
        ask=ask,
        calibration=calibration,
        evidence=(*found, *totals.evidence, *(() if calibration is None else calibration.evidence)),
        notes=tuple(each for each in (note, why) if each),
    )


def _checks(fit: WalletFit, level: WalletFit, selection: Selection | None) -> tuple[Evidence, ...]:
    """Say what the fit says of itself, whether it draws answers like those given, and who answered."""
    own = () if fit.wallets.n_answered == 0 else (wallet_checks(fit),)
    return (*level.evidence, *own, *(() if selection is None else selection.evidence))


def _bands(plan: WalletPlan) -> Any:
    return plan.bands if isinstance(plan.bands, int) else list(plan.bands)


def described(plan: WalletPlan) -> dict[str, Any]:
    """Say in words that JSON knows what was planned."""
    hidden = ("source", "answers")
    shown = {each.name: getattr(plan, each.name) for each in fields(plan) if each.name not in hidden}
    cuts = {name: repr(shown[name]) for name in ("value_cut", "potential_cut")}
    return shown | cuts | {"setting": repr(plan.setting), "name": plan.title}

"""From results on wallets to the page."""

from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from segmodels.inference.settings import MAP, NUTS, Laplace, Setting
from segmodels.project.needs_page_frames import SIMULATED
from segmodels.project.page import in_words
from segmodels.project.wallet_ask_frames import ask_part
from segmodels.project.wallet_models import MODELS, trusted
from segmodels.project.wallet_results import WalletResults, rows_of
from segmodels.project.wallet_share_frames import share_part
from segmodels.report.html import Provenance
from segmodels.report.tables import money
from segmodels.report.wallet_notes import wallet_notes
from segmodels.report.wallet_page import WalletPage
from segmodels.report.wallet_parts import (
    CalibrationPart,
    Estimate,
    GridPart,
    SegmentPart,
    TippingPart,
    WalletHeadline,
)
from segmodels.segments.wallet.tipping_points import DELTAS
from segmodels.segments.wallet.totals import TOTAL
from segmodels.segments.wallet.value_grid import CELLS, UNKNOWN
from segmodels.tables.engine import fetch

_PACKAGES = ("segmodels", "numpy", "scipy", "pandas", "ibis-framework", "duckdb")
_PACKAGES_OF_NUTS = ("pymc", "nutpie", "arviz")

#: Model of a plan → what it does, in plain words.
_PLAIN = {
    "share": "who spends elsewhere and how much, learnt from the answers (WalletShare)",
    "counts": "purchases here and elsewhere and what each costs, learnt from the answers (WalletCounts)",
    "frontier": "a mean share of wallet from outside, spread over customers by own spend (WalletFrontier)",
}
#: A target from here on is the whole wallet.
_ALL = 0.995


def wallet_page(results: WalletResults, made: datetime) -> WalletPage:
    """Assemble the page.

    Parameters
    ----------
    results
        Of a run.
    made
        When.
    """
    plan, head = results.plan, headline(results)
    notes = wallet_notes(asked=head.answered > 0, anchored=head.anchored, fixed=head.fixed)
    simulated = (SIMULATED,) if plan.simulated else ()
    return WalletPage(
        title=f"{'Simulated data: ' if plan.simulated else ''}What customers spend elsewhere: {plan.title}",
        provenance=provenance(results, made),
        headline=head,
        currency=plan.currency,
        level=plan.level,
        grid=grid_part(results),
        share=share_part(results),
        segments=segment_part(results),
        calibration=calibration_part(results),
        tipping=tipping_part(results),
        ask=ask_part(results),
        evidence=results.evidence,
        audit=results.wallets.audit,
        notes=(*simulated, *results.notes, *notes, technical(results)),
    )


def technical(results: WalletResults) -> str:
    """Name the model and the setting in the terms of the field."""
    plan = results.plan
    return (
        f"In the terms of statisticians, the model is: {MODELS[plan.model].title}, {in_words(plan.setting)}."
    )


def provenance(results: WalletResults, made: datetime) -> Provenance:
    """Say where the page comes from, and what was fitted in plain words; the terms of the field are in the notes."""
    plan = results.plan
    packages = (*_PACKAGES, *(_PACKAGES_OF_NUTS if isinstance(plan.setting, NUTS) else ()))
    return Provenance(
        source=plan.title,
        model=f"{_PLAIN[plan.model]}; {_sureness(plan.setting)}",
        made=made,
        seed=plan.seed,
        versions=tuple((name, version(name)) for name in packages),
    )


def _sureness(setting: Setting) -> str:
    """Say in plain words whether it is told how sure the parameters are.

    >>> _sureness(MAP()), _sureness(Laplace(draws=4000))
    ('one best fit', '4,000 fits that the answers allow')
    """
    match setting:
        case MAP():
            return "one best fit"
        case Laplace(draws=draws):
            return f"{draws:,} fits that the answers allow"
        case NUTS(draws=draws, chains=chains):
            return f"{draws * chains:,} fits that the answers allow"


def target_of_all(results: WalletResults) -> float:
    """Part of the buyers whose target share is 100%."""
    table = results.targets.table
    buyers, target = (table[name].to_numpy(np.float64) for name in ("buyers", "target"))
    return float(buyers[target >= _ALL].sum() / buyers.sum()) if buyers.sum() > 0 else 0.0


def headline(results: WalletResults) -> WalletHeadline:
    """Give the figures on top, which are those of the row of all segments."""
    plan, wallets = results.plan, results.wallets
    total = rows_of(trusted(plan, results.segments))[-1]
    status = {str(name): int(n) for name, n in results.customers["status"].value_counts().items()}
    marks = fetch(wallets.marks.group_by("mark").aggregate(rows=lambda t: t.count())).to_pylist()
    kinds = {each["mark"]: int(each["rows"]) for each in marks}
    return WalletHeadline(
        customers=len(wallets),
        answered=wallets.n_answered,
        own=float(total["own"]),
        wallet=_estimate(total, "wallet"),
        share=_estimate(total, "share"),
        headroom=_estimate(total, "headroom"),
        identified=status.get("identified", 0),
        extrapolated=status.get("extrapolated", 0),
        not_identified=status.get("not_identified", 0),
        attainable=_estimate(total, "attainable"),
        own_not_identified=float(total["own_not_identified"]),
        target_quantile=plan.tau,
        censored=kinds.get("censored", 0),
        rounded=kinds.get("rounded", 0),
        window=wallets.window or "",
        category=wallets.category or "",
        assumptions=MODELS[plan.model].assumptions(plan),
        anchored=MODELS[plan.model].anchored,
        told="in all" if plan.total is not None else "elsewhere",
        fixed=isinstance(plan.setting, MAP),
        target_of_all=target_of_all(results),
    )


def _estimate(row: dict[str, Any], name: str) -> Estimate:
    return Estimate(
        *(float(row[column]) for column in (name, f"{name}_low", f"{name}_high") if column in row)
    )


def grid_part(results: WalletResults) -> GridPart:
    """Show cells of the grid, and deciles by bands."""
    plan, grid, bands = results.plan, results.grid, results.bands
    cells = trusted(plan, grid.cells(plan.level))
    shown = cells["cell"].isin(CELLS) | ((cells["cell"] == UNKNOWN) & (cells["customers"] > 0))
    table = trusted(plan, bands.table(plan.level))
    known: Any = table.loc[table["band"] != UNKNOWN].reset_index(drop=True)
    known["band"] = [
        band_name(low, high, plan.currency)
        for low, high in zip(known["potential_from"], known["potential_to"], strict=True)
    ]
    return GridPart(
        cells=cells.loc[shown].reset_index(drop=True),
        value_cut=grid.value_cut,
        potential_cut=grid.potential_cut,
        value_name=plan.value or "own spend",
        potential_name=plan.potential,
        undecided=float(grid.undecided.sum()),
        sure=plan.sure,
        bands=known,
        top_headroom=float(bands.held.mean()) if plan.potential == "headroom" else None,
    )


def band_name(low: float, high: float, currency: str) -> str:
    """Name a band of potential by its ends.

    >>> band_name(0.0, 120.0, "$"), band_name(120.0, float("inf"), "$")
    ('up to $120', 'above $120')
    """
    if not np.isfinite(high):
        return f"above {money(low, currency)}" if low > 0 else "all"
    return (
        f"{money(low, currency)} to {money(high, currency)}" if low > 0 else f"up to {money(high, currency)}"
    )


def segment_part(results: WalletResults) -> SegmentPart | None:
    """Show segments; None where there is one only."""
    if len(results.totals.names) < 2:
        return None
    table = trusted(results.plan, results.segments)
    whole = table["segment"] == TOTAL
    return SegmentPart(
        table.loc[~whole].reset_index(drop=True),
        table.loc[whole].drop(columns="segment").reset_index(drop=True),
    )


def calibration_part(results: WalletResults) -> CalibrationPart | None:
    """Show the cross-validation, where there is one."""
    found = results.calibration
    if found is None:
        return None
    return CalibrationPart(
        found.coverage, found.pit.drop(columns="fold"), f"{found.folds}-fold cross-validation"
    )


def tipping_part(results: WalletResults) -> TippingPart | None:
    """Show headroom over departures, and where decisions change."""
    if results.tipping is None:
        return None
    table: Any = results.tipping.loc[results.tipping["segment"] != TOTAL].reset_index(drop=True)
    over = [
        pd.DataFrame({"segment": table["segment"], "delta": delta, "headroom": table[f"at_{delta:+g}"]})
        for delta in DELTAS
    ]
    points = table[["segment", "threshold_delta", "words"]].assign(rank_delta=table["delta"])
    return TippingPart(pd.concat(over, ignore_index=True), points)

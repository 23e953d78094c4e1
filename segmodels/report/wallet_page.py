"""One self-contained HTML page about what customers spend elsewhere; it fetches nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.report import wallet_calibration, wallet_known, wallet_share
from segmodels.report.html import Provenance, Section, document, write_document
from segmodels.report.tables import count
from segmodels.report.wallet_ask import ask
from segmodels.report.wallet_checked import advised, warning
from segmodels.report.wallet_grid import grid
from segmodels.report.wallet_notes import TERMS, held_fixed
from segmodels.report.wallet_parts import (
    AskPart,
    CalibrationPart,
    GridPart,
    SegmentPart,
    SharePart,
    TippingPart,
    WalletHeadline,
    frame_faults,
    grid_faults,
    segment_faults,
)
from segmodels.report.wallet_segments import segments
from segmodels.report.wallet_tipping import tipping_points


@dataclass(frozen=True, eq=False)
class WalletPage:
    """Everything the page shows, in full precision; a section whose field is ``None`` or empty is left out.

    Where nobody answered (``headline.answered`` is 0), the sections on share against spend and on calibration stay,
    and say that nobody was asked.

    Parameters
    ----------
    title
        Of the page.
    provenance
        What was read, when, by which versions; ``provenance.model`` says in words what was fitted.
    headline
        What is known of the whole base.
    currency
        A sign (``"$"``) or letters (``"EUR"``); empty for none.
    level
        Probability inside every interval called low and high, between 0 and 1.
    grid
        Current value against potential.
    share
        Share of wallet against own spend.
    segments
        Potential by segment.
    calibration
        How often intervals held the truth.
    tipping
        What if those who did not answer are different.
    ask
        Whom to ask next.
    evidence
        Every check of the fit.
    audit
        What was read, a row a step; shown as it comes.
    notes
        Sentences; :func:`segmodels.report.wallet_notes.wallet_notes` has those that always hold.

    Raises
    ------
    InputError
        Where a frame lacks a column or is empty, a cell is not of the grid, parts speak of different segments, or
        the level is no probability; all faults together.
    """

    title: str
    provenance: Provenance
    headline: WalletHeadline
    currency: str = ""
    level: float = 0.9
    grid: GridPart | None = None
    share: SharePart | None = None
    segments: SegmentPart | None = None
    calibration: CalibrationPart | None = None
    tipping: TippingPart | None = None
    ask: AskPart | None = None
    evidence: tuple[Evidence, ...] = ()
    audit: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [
            *frame_faults(self),
            *grid_faults(self.grid),
            *segment_faults(self.segments, self.tipping),
        ]
        if not 0 < self.level < 1:
            faults.append(Fault("level", repr(self.level), "between 0 and 1", "Give 0.9, say."))
        if faults:
            raise InputError(faults)


def render(page: WalletPage) -> str:
    """Write the page as HTML.

    Parameters
    ----------
    page
        What to show. All of its text is taken as text, never as markup.

    Returns
    -------
    str
        One document of about 5 MB, most of it Plotly's library, once.

    Examples
    --------
    >>> from datetime import datetime
    >>> from segmodels.report.wallet_parts import Estimate
    >>> made = Provenance("wallets.csv", "hurdle model", datetime(2026, 1, 31), seed=1)
    >>> head = WalletHeadline(9, 3, 50.0, Estimate(200.0), Estimate(0.25), Estimate(150.0), 9, 0, 0)
    >>> html = render(WalletPage("Shop", made, head))
    >>> html[:15], "<title>Shop</title>" in html
    ('<!doctype html>', True)
    """
    return document(
        "wallet_page.html.j2",
        sections=list(_sections(page)),
        styles=("page.css", "wallet.css"),
        page=page,
        cards=list(wallet_known.cards(page.headline, page.currency, page.level)),
        held=held_fixed(anchored=page.headline.anchored) if page.headline.fixed else "",
        warning=warning(page.evidence),
        terms=TERMS,
    )


def write(page: WalletPage, path: str | os.PathLike[str]) -> Path:
    """Write the page to a file, whole or not at all.

    Parameters
    ----------
    page
        What to show.
    path
        Of the HTML file; an older one is replaced.

    Returns
    -------
    pathlib.Path
        The path written.
    """
    return write_document(render(page), path)


def _sections(page: WalletPage) -> Iterator[Section]:
    currency, level = page.currency, page.level
    yield wallet_known.known(page.headline, page.provenance.model, currency, level, page.audit)
    if page.grid is not None:
        yield grid(page.grid, currency, level)
    # What can not be shown for want of answers is said, not left out.
    nobody = page.headline.answered == 0
    if page.share is not None or nobody:
        yield wallet_share.share(page.share, currency)
    if page.segments is not None:
        yield segments(page.segments, currency, level)
    if page.calibration is not None or nobody:
        yield wallet_calibration.calibration(page.calibration)
    if page.tipping is not None:
        yield tipping_points(page.tipping, currency)
    if page.ask is not None:
        yield ask(page.ask, currency)
    if page.evidence:
        begun = tuple(_begun(advised(found)) for found in page.evidence)
        yield Section("fit", _checked(page.evidence), (), evidence=begun)


def _begun(found: Evidence) -> Evidence:
    return replace(found, name=found.name[:1].upper() + found.name[1:])


def _checked(evidence: tuple[Evidence, ...]) -> str:
    judged = [found for found in evidence if found.passed is not None]
    failed = [found for found in judged if not found.passed]
    if not judged:
        return "Checks: for information, none that judges"
    if failed:
        return f"Checks: {count(len(failed))} of {count(len(judged))} not passed"
    return "Checks: all passed"

"""One self-contained HTML page about why customers choose; it fetches nothing."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.report import (
    needs_base,
    needs_choice,
    needs_opportunities,
    needs_reach,
    needs_sections,
    tables,
)
from segmodels.report.html import Card, Provenance, Section, document, write_document
from segmodels.report.needs_cards import persona_cards
from segmodels.report.needs_parts import REQUIRED, ClassNumber, NeedsHeadline, Outside, Typing, WholeBase
from segmodels.report.segment_names import is_draft, shown
from segmodels.segments.personas import Persona

_REQUIRED: dict[str, tuple[str, ...]] = {
    "profile": (
        *("item", "label", "dimension", "scale", "statistic", "category", "segment"),
        *("estimate", "total", "index"),
    ),
    "roles": ("label", "role"),
    "kano": ("feature", "segment", "category"),
    "opportunity": ("benefit", "segment", "importance", "satisfaction", "opportunity"),
    "price": ("segment", "mean", "side"),
    "audit": ("step",),
}


@dataclass(frozen=True, eq=False)
class NeedsPage:
    """Everything the page shows, in full precision; a section whose field is ``None`` or empty is left out.

    Parameters
    ----------
    title
        Of the page.
    provenance
        What was read, when, by which versions.
    currency
        A sign (``"$"``) or letters (``"EUR"``); empty for none.
    level
        Probability inside every interval, between 0 and 1.
    headline
        The figures on top.
    personas
        A card a segment. Names that begin with ``"draft: "`` are marked as drafts, here and everywhere.
    profile
        One row for each item, statistic, category and segment, those of an item together: ``item, label,
        dimension, scale, statistic, category, segment, estimate, total, index``; and where known ``low, high,
        index_low, index_high, z, q_value``.
    roles
        One row a need: ``label, role``; and where known ``borderline, stated, lowest, lowest_segment, eta2,
        derived, q_value`` and the ends of their intervals, such as ``eta2_low``.
    roles_evidence
        What derived importance was taken from.
    kano
        ``feature, segment, category``; where known ``clear, better, worse`` and the ends of their intervals.
    opportunity
        One row for each benefit and segment: ``benefit, segment, importance, satisfaction, opportunity``; and
        where known ``low, high, band, band_certainty, unmet_share, base, money, money_low, money_high``, and
        the ends of the intervals of importance and satisfaction.
    price
        One row a segment: ``segment, mean, side``; where known ``low, high, premium_share, between_share,
        bargain_share``.
    price_evidence
        Whether the items of the price axis measure one thing.
    outside
        Relations to value, behaviour and demographics.
    typing
        The golden questions.
    base
        The segments of every customer.
    classes
        How many classes, and why.
    evidence
        Every check of the fit.
    audit
        ``step``; and where known ``rows``.
    notes
        Sentences; :func:`segmodels.report.needs_notes.needs_notes` has those that always hold.

    Raises
    ------
    InputError
        Where a frame lacks a column or is empty, parts speak of different segments, or the level is no
        probability; all faults together.
    """

    title: str
    provenance: Provenance
    currency: str = ""
    level: float = 0.95
    headline: NeedsHeadline | None = None
    personas: tuple[Persona, ...] = ()
    profile: pd.DataFrame | None = None
    roles: pd.DataFrame | None = None
    roles_evidence: tuple[Evidence, ...] = ()
    kano: pd.DataFrame | None = None
    opportunity: pd.DataFrame | None = None
    price: pd.DataFrame | None = None
    price_evidence: tuple[Evidence, ...] = ()
    outside: Outside | None = None
    typing: Typing | None = None
    base: WholeBase | None = None
    classes: ClassNumber | None = None
    evidence: tuple[Evidence, ...] = ()
    audit: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [*_frame_faults(self), *_segment_faults(self)]
        if not 0 < self.level < 1:
            faults.append(Fault("level", repr(self.level), "between 0 and 1", "Give 0.95, say."))
        if faults:
            raise InputError(faults)

    @property
    def segments(self) -> dict[str, tuple[str, ...]]:
        """Names of the segments, in the order of each part that has them; the confusion table's are its rows."""
        found = {"personas": tuple(persona.name for persona in self.personas)}
        for where, column, frame in _speaking(self):
            if frame is not None and column in frame:
                found[where] = tuple(dict.fromkeys(map(str, frame[column])))
        confusion = self.typing.confusion if self.typing is not None else None
        if confusion is not None:
            found["typing.confusion"] = tuple(map(str, confusion.index))
        return {where: names for where, names in found.items() if names}


def _speaking(page: NeedsPage) -> Iterator[tuple[str, str, pd.DataFrame | None]]:
    """Walk the frames that speak of every segment, with the column that names it."""
    for where in ("profile", "opportunity", "price", "kano"):
        yield where, "segment", getattr(page, where)
    if page.outside is not None:
        yield "outside.outcomes", "class", page.outside.outcomes
    if page.typing is not None:
        yield "typing.segments", "segment", page.typing.segments
    if page.base is not None:
        yield "base.sizes", "segment", page.base.sizes
        yield "base.value", "segment", page.base.value
        yield "base.lift", "segment", page.base.lift


def _frames(page: NeedsPage) -> Iterator[tuple[str, pd.DataFrame, tuple[str, ...]]]:
    """Walk the frames that are there, with the columns that each must have."""
    for name, required in _REQUIRED.items():
        frame: pd.DataFrame | None = getattr(page, name)
        if frame is not None:
            yield name, frame, required
    for part, of_part in REQUIRED.items():
        holder: object = getattr(page, part)
        for name, required in of_part.items():
            inner: pd.DataFrame | None = getattr(holder, name, None)
            if inner is not None:
                yield f"{part}.{name}", inner, required


def _frame_faults(page: NeedsPage) -> Iterator[Fault]:
    for where, frame, required in _frames(page):
        missing = [column for column in required if column not in frame]
        if missing:
            yield Fault(where, f"no column {', '.join(missing)}", ", ".join(required), "Add what is missing.")
        elif frame.empty:
            yield Fault(where, "an empty table", "one row at least", "Pass None to leave it out.")


def _segment_faults(page: NeedsPage) -> Iterator[Fault]:
    """Find parts that speak of other segments than the first one does: of a fit renamed in between, say."""
    named = page.segments
    if not named:
        return
    first, *others = named
    for where in others:
        if set(named[where]) != set(named[first]):
            got = f"segments {', '.join(named[where])}"
            expected = f"those of {first}: {', '.join(named[first])}"
            yield Fault(where, got, expected, "Make all parts from one fit.")


def render(page: NeedsPage) -> str:
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
    >>> made = Provenance("survey.csv", "latent class, 4 classes", datetime(2026, 1, 31), seed=1)
    >>> html = render(NeedsPage("Shop", made))
    >>> html[:15], "<title>Shop</title>" in html
    ('<!doctype html>', True)
    """
    base = {} if page.base is None else {"sizes": page.base.sizes, "value": page.base.value}
    names = {name for each in page.segments.values() for name in each}
    return document(
        "needs_page.html.j2",
        sections=list(_sections(page)),
        styles=("page.css", "needs.css"),
        page=page,
        cards=list(_cards(page)),
        personas=persona_cards(page.personas, currency=page.currency, price=page.price, base=base),
        drafts=any(map(is_draft, names)),
    )


def write(page: NeedsPage, path: str | os.PathLike[str]) -> Path:
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


def _sections(page: NeedsPage) -> Iterator[Section]:
    if page.personas:
        yield Section("personas", "Personas: the segments at a glance", ())
    yield from _of_needs(page)
    if page.outside is not None:
        yield needs_reach.outside(page.outside, page.level)
    if page.typing is not None:
        yield needs_reach.typing(page.typing)
    if page.base is not None:
        yield needs_base.whole_base(page.base, page.currency, page.level)
    if page.classes is not None:
        yield needs_choice.classes(page.classes)
    if page.evidence:
        yield Section("fit", "The fit and its checks", (), evidence=page.evidence)
    if page.audit is not None:
        yield needs_choice.audit(page.audit)


def _of_needs(page: NeedsPage) -> Iterator[Section]:
    """Build the sections on what segments say and want."""
    if page.profile is not None:
        yield needs_sections.profile(page.profile, _sizes(page), page.level)
    if page.roles is not None:
        yield needs_sections.roles(page.roles, page.roles_evidence, page.level)
    if page.kano is not None:
        yield needs_sections.kano(page.kano, page.level)
    if page.opportunity is not None:
        yield needs_opportunities.opportunity(page.opportunity, page.currency, page.level)
        yield needs_opportunities.maps(page.opportunity, page.currency, page.level)
    if page.price is not None:
        yield needs_opportunities.price(page.price, page.price_evidence, page.level)


def _sizes(page: NeedsPage) -> Mapping[str, str]:
    return {persona.name: tables.share(persona.share, 0) for persona in page.personas}


def _cards(page: NeedsPage) -> Iterator[Card]:
    """Write the headline figures."""
    head = page.headline
    if head is not None:
        yield Card("Respondents", tables.count(head.respondents))
        advised = "" if head.recommended is None else f"recommended: {tables.count(head.recommended)}"
        yield Card("Segments", tables.count(head.segments), advised)
    if page.personas:
        largest = max(page.personas, key=lambda persona: persona.share)
        yield Card("Largest segment", tables.share(largest.share, 0), shown(largest.name))
    if page.opportunity is not None:
        rows = page.opportunity
        score = tables.floats(rows, "opportunity")
        if np.isfinite(score).any():
            row = rows.iloc[int(np.nanargmax(score))]
            beneath = f"{row['benefit']} · {shown(row['segment'])}"
            yield Card("Highest opportunity score", tables.number(float(row["opportunity"]), 1), beneath)
    if page.typing is not None and page.typing.numbers is not None and page.typing.questions:
        yield from _typing_card(page.typing)
    if head is not None and head.customers is not None:
        yield Card("Customers in the base", tables.count(head.customers))


def _typing_card(typing: Typing) -> Iterator[Card]:
    numbers = typing.numbers
    if numbers is None:
        return
    own = numbers.loc[numbers["number"] == "true accuracy", "value"]
    if len(own):
        asked = len(typing.questions)
        label = f"Accuracy of {tables.count(asked)} golden question{'s' if asked > 1 else ''}"
        yield Card(label, tables.share(float(own.iloc[0]), 0), "placed in their true segment")

"""One self-contained HTML page about what customers are worth; it fetches nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.report import sections, tables
from segmodels.report.html import Card, Provenance, Section, document, write_document
from segmodels.report.parameters import parameters
from segmodels.report.plots.frequency_recency import FrequencyRecency
from segmodels.report.plots.lorenz import Concentration
from segmodels.report.plots.theme import interval_name

_REQUIRED: dict[str, tuple[str, ...]] = {
    "audit": ("step",),
    "parameters": ("parameter", "mean"),
    "tracking": ("period", "actual", "expected"),
    "frequency": ("purchases", "actual", "expected"),
    "deciles": ("decile", "customers", "value", "low", "high"),
    "tiers": ("tier", "customers", "value"),
    "value_curve": ("year", "p10", "p50", "p90"),
    "backtest": ("method",),
}


@dataclass(frozen=True)
class Headline:
    """The figures that a reader takes away.

    Parameters
    ----------
    customers
        How many.
    horizon, purchases
        Purchases that all of them are expected to make over the horizon, which is in the unit of the page.
    months, p10, p50, p90
        Lifetime value of all of them over so many months, in the currency of the page; where known.
    purchases_low, purchases_high
        Interval of the purchases, where known.
    alive
        Expected number of customers who are still alive, where known.
    """

    customers: int
    horizon: float
    purchases: float
    months: int | None = None
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    purchases_low: float | None = None
    purchases_high: float | None = None
    alive: float | None = None


@dataclass(frozen=True)
class ValuePage:
    """Everything the page shows, in full precision; a section whose field is ``None`` or empty is left out.

    Parameters
    ----------
    title
        Of the page.
    provenance
        What was read, when, by which versions.
    unit
        Unit of time: ``"day"``, ``"week"`` or ``"month"``.
    currency
        A sign (``"$"``) or letters (``"EUR"``); empty for none.
    level
        Probability inside every interval called low and high, between 0 and 1.
    headline
        The figures on top.
    audit
        ``step``; and where known ``rows``, ``customers``, ``value``.
    parameters
        ``parameter``, ``mean``; and where known ``segment``, ``low``, ``high``.
    evidence
        Every check of the fit.
    tracking
        One row per period: ``period``, ``actual``, ``expected``; and where known ``date`` (its end, a
        datetime), ``low``, ``high``, ``cumulative_actual``, ``cumulative_expected``, ``cumulative_low``,
        ``cumulative_high``.
    calibration_end
        Where the fitted data end: a date if the tracking has dates, else a period.
    frequency
        ``purchases`` (a number, or text such as ``"7+"``), ``actual`` and ``expected`` customers; and where
        known ``low``, ``high``.
    grid
        P(alive) and expected purchases by frequency and recency.
    deciles
        The best first: ``decile``, ``customers``, ``value``, ``low``, ``high``; and where known ``actual``.
    decile_basis
        What customers were sorted by, to follow "sorted by".
    decile_note
        A sentence on what the values are, where it needs one.
    tiers
        The best first: ``tier``, ``customers``, ``value``; and where known ``p10``, ``p90``, ``revenue``
        (past) and ``probability`` (mean probability of truly belonging to it).
    concentration
        The Lorenz curve.
    value_curve
        ``year``, ``p10``, ``p50``, ``p90`` of the value of all customers up to that year.
    backtest
        One row per method: ``method``; and any of ``origins``, ``actual``, ``expected``, ``bias``, ``mae``,
        ``rmse``, ``correlation``, ``lift``, ``coverage``; other columns are shown as they are.
    notes
        Sentences; :func:`segmodels.report.notes.notes` has those of each model.

    Raises
    ------
    InputError
        Where a frame lacks a column or is empty; all faults together.
    """

    title: str
    provenance: Provenance
    unit: str = "week"
    currency: str = ""
    level: float = 0.8
    headline: Headline | None = None
    audit: pd.DataFrame | None = None
    parameters: pd.DataFrame | None = None
    evidence: tuple[Evidence, ...] = ()
    tracking: pd.DataFrame | None = None
    calibration_end: date | float | None = None
    frequency: pd.DataFrame | None = None
    grid: FrequencyRecency | None = None
    deciles: pd.DataFrame | None = None
    decile_basis: str = "expected value"
    decile_note: str = ""
    tiers: pd.DataFrame | None = None
    concentration: Concentration | None = None
    value_curve: pd.DataFrame | None = None
    backtest: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise InputError(faults)


def _faults(page: ValuePage) -> Iterator[Fault]:
    for name, required in _REQUIRED.items():
        frame: pd.DataFrame | None = getattr(page, name)
        if frame is None:
            continue
        missing = [column for column in required if column not in frame]
        if missing:
            yield Fault(name, f"no column {', '.join(missing)}", ", ".join(required), "Add what is missing.")
        elif frame.empty:
            yield Fault(name, "an empty table", "one row at least", "Pass None to leave the section out.")
    if page.tracking is not None and page.calibration_end is not None:
        dated = "date" in page.tracking
        if dated != isinstance(page.calibration_end, date):
            expected = (
                "a date, as the tracking has dates" if dated else "a period, as the tracking has no dates"
            )
            yield Fault("calibration_end", repr(page.calibration_end), expected, "Pass the one that fits.")


def render(page: ValuePage) -> str:
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
    >>> html = render(ValuePage("Shop", Provenance("log.csv", "BG/NBD", datetime(2026, 1, 31), seed=1)))
    >>> html[:15], "<title>Shop</title>" in html
    ('<!doctype html>', True)
    """
    return document(
        "page.html.j2",
        page=page,
        cards=_cards(page),
        sections=[*_of_fit(page), *_of_value(page)],
    )


def write(page: ValuePage, path: str | os.PathLike[str]) -> Path:
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


def _of_fit(page: ValuePage) -> Iterator[Section]:
    """Build the sections on the data and the model."""
    if page.audit is not None:
        yield sections.audit(page.audit, page.currency)
    if page.parameters is not None or page.evidence:
        held = () if page.parameters is None else (parameters(page.parameters, page.level),)
        yield Section("fit", "The fit and its checks", (), (), held, page.evidence)
    if page.tracking is not None:
        yield sections.track(page.tracking, page.unit, page.calibration_end, page.level)
    if page.frequency is not None:
        yield sections.frequency(page.frequency, page.level)
    if page.grid is not None:
        yield sections.maps(page.grid, page.unit)


def _of_value(page: ValuePage) -> Iterator[Section]:
    """Build the sections on what customers are worth."""
    if page.deciles is not None:
        yield sections.deciles(page.deciles, (page.decile_basis, page.decile_note), page.currency, page.level)
    if page.tiers is not None:
        yield sections.tiers(page.tiers, page.currency)
    if page.concentration is not None:
        yield sections.concentration(page.concentration)
    if page.value_curve is not None:
        yield sections.value_curve(page.value_curve, page.currency)
    if page.backtest is not None:
        yield sections.backtest(page.backtest, page.level)


def _cards(page: ValuePage) -> list[Card]:
    """Write the headline figures."""
    cards: list[Card] = []
    head = page.headline
    if head is not None:
        alive = (
            "" if head.alive is None else f"{tables.count(head.alive)} of them expected to be still active"
        )
        cards.append(Card("Customers", tables.count(head.customers), alive))
        between = ""
        if head.purchases_low is not None and head.purchases_high is not None:
            low, high = tables.count(head.purchases_low), tables.count(head.purchases_high)
            between = f"{interval_name(page.level)}: {low} to {high}"
        when = f"Expected purchases, next {tables.length(head.horizon)} {page.unit}s"
        cards.append(Card(when, tables.count(head.purchases), between))
        if head.p10 is not None and head.p50 is not None and head.p90 is not None:
            low, middle, high = (
                tables.money_short(value, page.currency) for value in (head.p10, head.p50, head.p90)
            )
            label = f"Lifetime value, next {head.months} months (P50)"
            cards.append(Card(label, middle, f"P10 {low} · P90 {high}"))
    if page.concentration is not None:
        held = tables.share(page.concentration.top_20, 0)
        cards.append(Card("Held by the top 20% of customers", held, "of value"))
    return cards

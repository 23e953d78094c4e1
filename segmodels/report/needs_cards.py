"""Persona cards, and the figures on top of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmodels.report import levels, tables
from segmodels.report.segment_names import is_draft
from segmodels.report.tables import floats
from segmodels.segments.draft_names import DRAFT, Trait
from segmodels.segments.personas import Persona, UnderservedNeed

#: Standard deviations at the ends of the scale between bargain hunting and premium seeking.
_ENDS = 1.5


@dataclass(frozen=True)
class Said:
    """What stands on the left and on the right of a line of a card."""

    what: str
    figure: str = ""


@dataclass(frozen=True)
class PersonaCard:
    """A segment on a card, as text.

    Parameters
    ----------
    name
        Of the segment, without the mark of drafts.
    draft
        Whether the name is a draft.
    sizes
        Of the segment: among respondents and, where known, in the base and in money.
    above, below
        What it wants more, and less, than others, with the index.
    needs
        Underserved needs, with their score.
    price
        Side between bargain hunting and premium seeking; empty where it was not asked.
    position
        Per cent of the way from the one to the other; empty where it is not known.
    facts
        Who they are, with the index.
    """

    name: str
    draft: bool
    sizes: tuple[Said, ...]
    above: tuple[Said, ...]
    below: tuple[Said, ...]
    needs: tuple[Said, ...]
    price: str
    position: str
    facts: tuple[Said, ...]


def persona_cards(
    personas: Sequence[Persona],
    *,
    currency: str = "",
    price: pd.DataFrame | None = None,
    base: Mapping[str, pd.DataFrame | None] | None = None,
) -> list[PersonaCard]:
    """Write personas as cards.

    Parameters
    ----------
    personas
        Of the segments.
    currency
        Of the values.
    price
        ``segment, mean`` on the axis from bargain hunting to premium seeking.
    base
        ``sizes`` and ``value`` of the segments in the whole base, where known.
    """
    means = {} if price is None else dict(zip(map(str, price["segment"]), floats(price, "mean"), strict=True))
    return [
        PersonaCard(
            name=persona.name.removeprefix(DRAFT),
            draft=is_draft(persona.name),
            sizes=tuple(_sizes(persona, currency, base or {})),
            above=_traits(persona.above),
            below=_traits(persona.below),
            needs=tuple(_need(need, currency) for need in persona.underserved),
            price=persona.price_side,
            position=_position(means.get(persona.name, np.nan)),
            facts=_traits(persona.facts),
        )
        for persona in personas
    ]


def _sizes(persona: Persona, currency: str, base: Mapping[str, pd.DataFrame | None]) -> list[Said]:
    found = [Said(f"of respondents ({tables.count(persona.size)})", tables.share(persona.share, 0))]
    customers = _own(base.get("sizes"), "customers", persona.name)
    if customers is not None:
        found.append(Said(f"of all customers ({tables.count(customers[0])})", tables.share(customers[1], 0)))
    value = _own(base.get("value"), "value", persona.name)
    if value is None and persona.value is not None and persona.value_share is not None:
        value = (persona.value, persona.value_share)
    if value is not None:
        money = tables.money_short(value[0], currency)
        found.append(Said(f"of value ({money})", tables.share(value[1], 0)))
    return found


def _own(frame: pd.DataFrame | None, column: str, name: str) -> tuple[float, float] | None:
    """Give a segment's figure, and its part of the sum."""
    if frame is None:
        return None
    values = floats(frame, column)
    own = values[[str(each) == name for each in frame["segment"]]]
    return (float(own[0]), float(own[0] / values.sum())) if len(own) and values.sum() else None


def _traits(found: Sequence[Trait]) -> tuple[Said, ...]:
    return tuple(
        Said(trait.words, f"index {tables.number(trait.index, 0)}" if np.isfinite(trait.index) else "")
        for trait in found
    )


def _need(need: UnderservedNeed, currency: str) -> Said:
    score, low, high = levels.tenths(np.array([need.opportunity, need.low, need.high]))
    worth = "" if need.money is None else f" · {tables.money_short(need.money, currency)}"
    return Said(need.benefit, f"score {score} ({low} to {high}){worth}")


def _position(mean: float) -> str:
    """Give the place of a mean on the scale, in per cent of its length.

    >>> _position(0.0), _position(9.0), _position(float("nan"))
    ('50.0', '100.0', '')
    """
    if not np.isfinite(mean):
        return ""
    return tables.number(float(np.clip(50 * (1 + mean / _ENDS), 0, 100)), 1)

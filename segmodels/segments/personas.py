"""Personas: all that was found of a segment, on a card."""

from dataclasses import dataclass

from segmodels.errors import Fault, InputError
from segmodels.segments.draft_names import Trait, traits
from segmodels.segments.opportunity import Opportunity
from segmodels.segments.price_axis import PriceAxis
from segmodels.segments.profile import Profile


@dataclass(frozen=True)
class UnderservedNeed:
    """A need that a segment has and does not find met.

    Parameters
    ----------
    benefit, band
        What, and how urgent.
    opportunity, low, high
        Score from 0 to 20, with its interval.
    money
        Behind it; None where values are not known.
    """

    benefit: str
    band: str
    opportunity: float
    low: float
    high: float
    money: float | None


@dataclass(frozen=True)
class Persona:
    """A segment on a card.

    Parameters
    ----------
    name
        Of the segment.
    size, share
        Respondents, and their share, weighted.
    value, value_share
        What its respondents are worth, and their part of the worth of all; None where values are not known.
    above, below
        What distinguishes it most, above and below the rest.
    underserved
        Needs that score 10 or more, the most money or the highest score first.
    price_side
        ``"premium seeking"``, ``"bargain hunting"``, ``"in between"``, or empty where it was not asked.
    facts
        What the profile items say of it.
    """

    name: str
    size: float
    share: float
    value: float | None
    value_share: float | None
    above: tuple[Trait, ...]
    below: tuple[Trait, ...]
    underserved: tuple[UnderservedNeed, ...]
    price_side: str
    facts: tuple[Trait, ...]


def personas(
    profile: Profile,
    opportunity: Opportunity | None = None,
    price: PriceAxis | None = None,
    *,
    most: int = 5,
    alpha: float = 0.05,
) -> tuple[Persona, ...]:
    """Make a card of each segment from what was found.

    Parameters
    ----------
    profile
        Of the segments.
    opportunity, price
        Of the same segments, by name.
    most
        Entries of each list.
    alpha
        Rate of false discoveries of the traits.

    Raises
    ------
    InputError
        Where parts are of other segments.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from segmodels.segments.profile import profile
    >>> from segmodels.segments.soft_segments import SoftSegments
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> from segmodels.tables.responses import Responses
    >>> book = Codebook((Item("q", "binary", ("no", "yes"), label="Low prices"),))
    >>> cheap = np.repeat([0, 1], 50).astype(np.int16)
    >>> people = Responses(pd.RangeIndex(100), book, {"q": cheap}, np.ones(100), np.ones(100))
    >>> first, second = personas(profile(SoftSegments(people, ("1", "2"), np.eye(2)[cheap]), seed=1))
    >>> second.name, second.share, second.above[0].words, second.above[0].index
    ('2', 0.5, 'low prices', 200.0)
    """
    _same_segments(profile, opportunity, price)
    telling = traits(profile, most=len(profile.separation), alpha=alpha)
    facts = traits(profile, most=most, alpha=alpha, dimensions=("profile",))
    sides = {} if price is None else dict(zip(price.table["segment"], price.table["side"], strict=True))
    worth = _worth(opportunity)
    whole = sum(worth.values())
    return tuple(
        Persona(
            name,
            size,
            share,
            worth.get(name),
            worth[name] / whole if name in worth and whole else None,
            tuple(trait for trait in telling[name] if trait.above)[:most],
            tuple(trait for trait in telling[name] if not trait.above)[:most],
            _needs(opportunity, name)[:most],
            str(sides.get(name, "")),
            facts[name],
        )
        for name, size, share in zip(
            profile.names, profile.sizes.to_list(), profile.shares.to_list(), strict=True
        )
    )


def _worth(opportunity: Opportunity | None) -> dict[str, float]:
    """Give what the respondents of each segment are worth; empty where it is not known."""
    if opportunity is None or "segment_value" not in opportunity.table:
        return {}
    names, values = (opportunity.table[column].to_list() for column in ("segment", "segment_value"))
    return dict(zip(names, values, strict=True))


def _needs(opportunity: Opportunity | None, name: str) -> tuple[UnderservedNeed, ...]:
    if opportunity is None:
        return ()
    every = opportunity.underserved()
    rows = every.loc[every["segment"] == name]
    return tuple(
        UnderservedNeed(
            str(row["benefit"]),
            str(row["band"]),
            float(row["opportunity"]),
            float(row["low"]),
            float(row["high"]),
            float(row["money"]) if "money" in row else None,
        )
        for row in rows.to_dict("records")
    )


def _same_segments(profile: Profile, opportunity: Opportunity | None, price: PriceAxis | None) -> None:
    parts = {"opportunity": opportunity, "price": price}
    faults: list[Fault] = []
    for where, part in parts.items():
        if part is None:
            continue
        there = tuple(dict.fromkeys(part.table["segment"].to_list()))
        if there != profile.names:
            got, expected = f"segments {', '.join(there)}", ", ".join(profile.names)
            faults.append(Fault(where, got, expected, "Make all parts from one fit."))
    if faults:
        raise InputError(faults)

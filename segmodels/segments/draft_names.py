"""Draft names of segments, in words of the items that tell them apart most."""

from dataclasses import dataclass
from itertools import combinations

from segmodels.segments.profile import Profile

DRAFT = "draft: "
_YES_AND_NO = (("no", "yes"), ("0", "1"), ("false", "true"), ("0.0", "1.0"), ("n", "y"))
_SHORT = 28
_CANDIDATES = 12


@dataclass(frozen=True)
class Trait:
    """One thing that a segment is more, or less, than others.

    Parameters
    ----------
    words
        Such as ``"cheap"`` or ``"not healthy"``.
    estimate, total
        Of the segment and of all.
    index
        100 times the one over the other; NaN for numbers below 0.
    above
        Whether the segment is above the rest.
    """

    words: str
    estimate: float
    total: float
    index: float
    above: bool


def draft_names(profile: Profile, most: int = 2, alpha: float = 0.05) -> dict[str, str]:
    """Draft a name for each segment, for the user to better: ``fit.rename(draft_names(profile))``.

    Parameters
    ----------
    profile
        Of the segments.
    most
        Items in a name; more are taken where no so few are true of one segment alone.
    alpha
        Rate of false discoveries of the items used.

    Returns
    -------
    dict
        Present name to draft, all different, each beginning with ``"draft: "``. A segment that differs in
        nothing is called average. The same profile always gives the same names.

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
    >>> draft_names(profile(SoftSegments(people, ("1", "2"), np.eye(2)[cheap]), seed=1))
    {'1': 'draft: not low prices', '2': 'draft: low prices'}
    """
    found = traits(profile, most=_CANDIDATES, alpha=alpha)
    words = {name: tuple(trait.words for trait in found[name]) for name in profile.names}
    seen: dict[str, int] = {}
    out: dict[str, str] = {}
    for name in profile.names:
        others = [set(words[other]) for other in profile.names if other != name]
        draft = _joined(_telling(words[name], others, most))
        seen[draft] = seen.get(draft, 0) + 1
        out[name] = DRAFT + (draft if seen[draft] == 1 else f"{draft} ({seen[draft]})")
    return out


def _telling(words: tuple[str, ...], others: list[set[str]], most: int) -> tuple[str, ...]:
    """Choose the first words, in order of what they tell, that together are true of no other segment.

    Examples
    --------
    >>> _telling(("cheap", "fast", "near"), [{"cheap", "fast"}], 2)
    ('cheap', 'near')
    """
    for size in range(min(most, len(words)), len(words) + 1):
        for chosen in combinations(words, size):
            if not any(set(chosen) <= other for other in others):
                return chosen
    return words[:most]


def traits(
    profile: Profile, most: int = 5, alpha: float = 0.05, dimensions: tuple[str, ...] | None = None
) -> dict[str, tuple[Trait, ...]]:
    """Give the traits of each segment, the most distinguishing first.

    Parameters
    ----------
    profile, most, alpha, dimensions
        As in ``Profile.differentiators``.
    """
    rows = profile.differentiators(most=most, alpha=alpha, dimensions=dimensions)
    texts = _texts(profile)
    out: dict[str, tuple[Trait, ...]] = {}
    for name in profile.names:
        own = rows.loc[rows["segment"] == name].to_dict("records")
        out[name] = tuple(
            Trait(
                _words(row, texts[row["item"]]),
                float(row["estimate"]),
                float(row["total"]),
                float(row["index"]),
                row["direction"] > 0,
            )
            for row in own
        )
    return out


def _texts(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Texts of the categories of each item, and its scale in front."""
    out: dict[str, tuple[str, ...]] = {}
    for row in profile.table.loc[profile.table["segment"] == profile.names[0]].to_dict("records"):
        known = out.setdefault(row["item"], (row["scale"],))
        if row["statistic"] == "probability":
            out[row["item"]] = (*known, row["category"])
    return out


def _words(row: dict[object, object], texts: tuple[str, ...]) -> str:
    """Say in words what a segment is more or less.

    Examples
    --------
    >>> _words({"phrase": "Speed", "direction": -1, "category": ""}, ("ordinal", "low", "high"))
    'low on speed'
    >>> _words({"phrase": "Gear", "direction": -1, "category": "manual"}, ("binary", "automatic", "manual"))
    'gear: automatic'
    """
    label, above = shortened(str(row["phrase"])), float(str(row["direction"])) > 0
    scale, *categories = texts
    if scale == "binary":
        if tuple(text.lower() for text in categories) in _YES_AND_NO:
            return label if above else f"not {label}"
        return f"{label}: {categories[-1] if above else categories[0]}"
    if scale == "nominal":
        return f"{label}: {row['category']}" if above else f"{label}: not {row['category']}"
    if scale in ("continuous", "count"):
        return f"{'higher' if above else 'lower'} {label}"
    return f"{'high' if above else 'low'} on {label}"


def shortened(label: str) -> str:
    """Shorten a label at a word, and write its first word small unless it has more capitals.

    Examples
    --------
    >>> shortened("Staff who know what they are talking about")
    'staff who know what they…'
    >>> shortened("ATM nearby"), shortened("I compare prices")
    ('ATM nearby', 'I compare prices')
    """
    text = " ".join(label.split())
    if len(text) > _SHORT:
        cut = text[: _SHORT - 1]
        text = (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:-") + "…"
    first = text.split(" ")[0]
    capitals = first == "I" or any(letter.isupper() for letter in first[1:])
    return text if capitals else text[:1].lower() + text[1:]


def _joined(words: tuple[str, ...]) -> str:
    return ", ".join(words) if words else "average"

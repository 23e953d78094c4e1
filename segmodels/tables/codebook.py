"""What was asked: the items of a survey, their scales and the answers that are possible."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from segmodels.errors import Fault, InputError

Scale = Literal["binary", "nominal", "ordinal", "continuous", "count", "rank", "best_worst"]
Dimension = Literal["benefit", "attitude", "decision_style", "emotional_driver", "satisfaction", "profile"]
Measure = Literal["importance", "satisfaction"]
Code = int | float | str | bool

#: Scales whose answers are one of a known set of categories.
CODED: tuple[Scale, ...] = ("binary", "nominal", "ordinal")
#: Scales whose answers are numbers.
NUMERIC: tuple[Scale, ...] = ("continuous", "count")


@dataclass(frozen=True)
class Item:
    """One question of a survey.

    Parameters
    ----------
    name
        Column that holds the answers; for ``"rank"`` and ``"best_worst"`` the name of the alternative.
    scale
        ``"binary"``, ``"nominal"``, ``"ordinal"``, ``"continuous"``, ``"count"``, ``"rank"`` or
        ``"best_worst"``. Items of scale ``"rank"`` are the alternatives of one ranking; their answers are
        places, 1 the best.
    categories
        The codes that can be answered, in order; for coded scales. Empty: learned from the answers read.
    texts
        What each category says; empty: the codes.
    label
        Wording of the question; empty: the name.
    dimension
        What it asks about: ``"benefit"``, ``"attitude"`` (or motivation), ``"decision_style"``,
        ``"emotional_driver"``, ``"satisfaction"``, or ``"profile"``, which describes respondents and is no
        indicator of their needs.
    benefit
        The benefit that the item is about; empty: none.
    measures
        Whether it holds the importance of the benefit, or the satisfaction with it.

    Examples
    --------
    >>> Item("q1", "ordinal", (1, 2, 3), ("no", "rather", "yes")).size
    3
    """

    name: str
    scale: Scale
    categories: tuple[Code, ...] = ()
    texts: tuple[str, ...] = ()
    label: str = ""
    dimension: Dimension | None = None
    benefit: str = ""
    measures: Measure | None = None

    @property
    def coded(self) -> bool:
        """Whether answers are categories."""
        return self.scale in CODED

    @property
    def size(self) -> int:
        """How many categories there are."""
        return len(self.categories)

    @property
    def wording(self) -> str:
        """The label or, without one, the name."""
        return self.label or self.name

    @property
    def category_texts(self) -> tuple[str, ...]:
        """What each category says."""
        return self.texts or tuple(str(code) for code in self.categories)


@dataclass(frozen=True)
class Codebook:
    """Items, each name once.

    Examples
    --------
    >>> book = Codebook((Item("q1", "binary", (0, 1)), Item("age", "continuous", dimension="profile")))
    >>> book["q1"].size, book.names, book.indicators
    (2, ('q1', 'age'), ('q1',))
    """

    items: tuple[Item, ...]

    def __iter__(self) -> Iterator[Item]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Walk the items in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    def __getitem__(self, name: str) -> Item:
        """Give an item by its name."""
        for item in self.items:
            if item.name == name:
                return item
        there = ", ".join(self.names)
        raise InputError(Fault("items", f"no item {name!r}", f"one of: {there}", "Check the name."))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all items."""
        return tuple(item.name for item in self.items)

    @property
    def indicators(self) -> tuple[str, ...]:
        """Names of the items that can tell classes apart: all but those of the profile."""
        return tuple(item.name for item in self.items if item.dimension != "profile")

    @property
    def benefits(self) -> pd.DataFrame:
        """The benefits of which importance or satisfaction is asked: ``benefit, importance, satisfaction``."""
        found: dict[str, dict[str, str]] = {}
        for item in self.items:
            if item.benefit and item.measures:
                found.setdefault(item.benefit, {})[item.measures] = item.name
        rows = [(name, has.get("importance"), has.get("satisfaction")) for name, has in found.items()]
        return pd.DataFrame(rows, columns=["benefit", "importance", "satisfaction"])

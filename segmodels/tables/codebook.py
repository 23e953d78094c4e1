"""What was asked: the items of a survey, their scales and the answers that are possible."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

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

    Raises
    ------
    InputError
        With every fault: an unknown word for scale, dimension or measures; categories that repeat, are no
        codes or are fewer than two (binary: other than two); texts of another number; categories of numbers;
        a measure without a benefit.

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

    def __post_init__(self) -> None:
        from segmodels.tables.survey_codes import plain
        from segmodels.tables.survey_rules import item_faults

        # A text is a sequence, too: it stays one, for the checks to see.
        if not isinstance(self.categories, str):
            object.__setattr__(self, "categories", tuple(plain(code) for code in self.categories))
        if not isinstance(self.texts, str):
            object.__setattr__(self, "texts", tuple(str(text) for text in self.texts))
        faults = item_faults(self)
        if faults:
            raise InputError(faults)

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
    def phrase(self) -> str:
        """What it asks about, in few words: the benefit, satisfaction with it, or the wording.

        Examples
        --------
        >>> Item("q1", "ordinal", label="How important?", benefit="Safe payment", measures="importance").phrase
        'Safe payment'
        """
        if not self.benefit or self.measures is None:
            return self.wording
        return self.benefit if self.measures == "importance" else f"satisfaction: {self.benefit}"

    @property
    def category_texts(self) -> tuple[str, ...]:
        """What each category says."""
        return self.texts or tuple(str(code) for code in self.categories)


@dataclass(frozen=True)
class Codebook:
    """Items, each name once.

    Parameters
    ----------
    items
        The items, in the order of reports. A benefit has at most one item for its importance and one for the
        satisfaction with it.

    Raises
    ------
    InputError
        With every fault.

    Examples
    --------
    >>> book = Codebook((Item("q1", "binary", (0, 1)), Item("age", "continuous", dimension="profile")))
    >>> book["q1"].size, book.names, book.indicators
    (2, ('q1', 'age'), ('q1',))
    """

    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        from segmodels.tables.survey_rules import codebook_faults

        object.__setattr__(self, "items", tuple(self.items))
        faults = codebook_faults(self.items)
        if faults:
            raise InputError(faults)

    @classmethod
    def read(cls, source: Any) -> Self:
        """Read a codebook, one row an item.

        Parameters
        ----------
        source
            A path to CSV or JSON, a pandas frame, or a list of dicts, with the columns ``item``, ``scale`` and
            perhaps ``categories``, ``label``, ``dimension``, ``benefit``, ``measures``. Categories are written
            ``1=poor|2=fair|3=good``, ``no|yes`` or ``1..5``; codes that are all numbers become numbers.

        Raises
        ------
        InputError
            With every fault of every row.

        Examples
        --------
        >>> book = Codebook.read([{"item": "q1", "scale": "ordinal", "categories": "1=no|2=rather|3=yes"}])
        >>> book["q1"].categories, book["q1"].texts
        ((1, 2, 3), ('no', 'rather', 'yes'))
        """
        from segmodels.tables.codebook_file import read_items

        return cls(read_items(source))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote; codes keep their types.

        Raises
        ------
        InputError
            If the text is no such codebook.
        """
        from segmodels.tables.codebook_file import items_from_json

        return cls(items_from_json(text))

    def to_json(self) -> str:
        """Write as JSON; :meth:`from_json` gives an equal codebook, with codes of the same types.

        Examples
        --------
        >>> book = Codebook((Item("q1", "binary", (False, True)), Item("q2", "nominal", ("1", "2"))))
        >>> Codebook.from_json(book.to_json()) == book
        True
        """
        from segmodels.tables.codebook_file import items_to_json

        return items_to_json(self.items)

    def to_frame(self) -> pd.DataFrame:
        """Write as a table that :meth:`read` reads: ``item, scale, categories, label, dimension, …``.

        Codes of text that look like numbers come back as numbers; :meth:`to_json` keeps every type.

        Examples
        --------
        >>> Codebook((Item("q1", "ordinal", (1, 2, 3)),)).to_frame()["categories"].item()
        '1|2|3'
        """
        from segmodels.tables.codebook_file import items_to_frame

        return items_to_frame(self.items)

    def restrict(self, names: Sequence[str]) -> "Codebook":
        """Keep some items, in the order given.

        Raises
        ------
        InputError
            If there is no such item.
        """
        return Codebook(tuple(self[name] for name in names))

    def __iter__(self) -> Iterator[Item]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Walk the items in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    def __contains__(self, name: object) -> bool:
        """Whether there is an item of this name."""
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Item]:
        return {item.name: item for item in self.items}

    def __getitem__(self, name: str) -> Item:
        """Give an item by its name."""
        if name in self._by_name:
            return self._by_name[name]
        from segmodels.tables.survey_rules import nearest

        there = ", ".join(self.names)
        raise InputError(Fault("items", f"no item {name!r}", f"one of: {there}", nearest(name, self.names)))

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

"""The retailer of the simulated survey: what is asked, and what each class of its customers is like.

Levels are slopes of adjacent-category logits: 0 answers around the middle of the scale, 1 mostly at its top.
"""

import numpy as np
from numpy.typing import NDArray

from segmodels.tables.codebook import Codebook, Item

Array = NDArray[np.float64]

#: Names of the classes, and how common each is.
CLASSES = ("Price seekers", "Quality first", "Short of time", "Want advice", "Green choosers", "Explorers")
SHARES = (0.30, 0.22, 0.18, 0.14, 0.10, 0.06)
IMPORTANCE = (
    "not important at all",
    "rather unimportant",
    "in between",
    "rather important",
    "very important",
)
SATISFACTION = (
    "very dissatisfied",
    "rather dissatisfied",
    "in between",
    "rather satisfied",
    "very satisfied",
)
AGREEMENT = ("do not agree at all", "rather not", "in between", "rather agree", "fully agree")

#: Benefit, wording, then by class how important it is and how satisfied one is. The first two are expected by all.
BENEFITS: tuple[tuple[str, str, tuple[float, ...], tuple[float, ...]], ...] = (
    ("security", "Safe payment", (1.1, 1.2, 1.1, 1.2, 1.1, 1.0), (0.8, 0.9, 0.8, 0.7, 0.8, 0.8)),
    (
        "reliability",
        "Goods that are in stock",
        (0.9, 1.0, 1.2, 0.9, 0.9, 0.9),
        (0.5, 0.7, 0.1, 0.5, 0.5, 0.4),
    ),
    ("price", "Low prices", (1.7, -0.4, 0.1, 0.1, -0.4, 0.2), (-0.6, 0.4, 0.2, 0.2, 0.1, 0.2)),
    ("quality", "Products that last", (-0.2, 1.7, 0.3, 0.6, 0.8, 0.1), (0.3, 0.0, 0.4, 0.4, 0.2, 0.3)),
    ("delivery", "Delivery on the day", (-0.5, 0.1, 1.9, -0.5, -0.6, 0.6), (0.4, 0.4, -0.8, 0.4, 0.4, 0.1)),
    ("advice", "Personal advice", (-0.9, 0.5, -0.7, 1.9, 0.2, -0.5), (0.2, 0.2, 0.2, -0.3, 0.2, 0.4)),
    (
        "sustainability",
        "Sustainable products",
        (-1.0, 0.4, -0.6, -0.0, 2.1, -0.0),
        (0.3, 0.3, 0.3, 0.3, -0.9, 0.3),
    ),
    ("novelty", "New products first", (-0.8, -0.4, 0.0, -0.7, -0.3, 2.1), (0.1, 0.3, 0.1, 0.3, 0.1, -0.6)),
)
#: Name, wording, dimension, level by class.
STATEMENTS: tuple[tuple[str, str, str, tuple[float, ...]], ...] = (
    ("compares", "I compare prices before I buy", "decision_style", (1.6, 0.3, -0.9, 0.1, 0.2, -0.1)),
    ("loyal", "I stay with brands that I know", "attitude", (-0.5, 0.8, 0.5, 0.9, 0.2, -1.3)),
    ("pleasure", "Shopping gives me pleasure", "emotional_driver", (-0.2, 0.2, -1.2, 0.6, -0.1, 1.6)),
)
#: Probability that somebody decides alone, by class.
ALONE = (0.60, 0.55, 0.80, 0.20, 0.50, 0.65)
SOURCES = ("tests", "friends", "advertising", "shop staff")
#: Where one looks for information, by class.
SOURCE = (
    (0.25, 0.20, 0.50, 0.05),
    (0.60, 0.20, 0.10, 0.10),
    (0.25, 0.35, 0.35, 0.05),
    (0.10, 0.25, 0.10, 0.55),
    (0.55, 0.30, 0.05, 0.10),
    (0.20, 0.35, 0.40, 0.05),
)
CHANNELS = ("shop", "online", "app")
#: Utilities of the channels by class; log of purchases a year; log of the mean basket; mean age.
CHANNEL = (
    (0.6, 0.4, 0.0),
    (0.8, 0.3, -0.6),
    (-0.8, 0.6, 0.9),
    (1.6, -0.5, -1.0),
    (0.5, 0.4, -0.2),
    (-0.5, 0.5, 1.2),
)
LOG_FREQUENCY = (1.6, 1.2, 2.2, 1.0, 1.3, 1.9)
LOG_BASKET = (3.1, 4.3, 3.6, 4.0, 3.8, 3.7)
AGE = (44.0, 52.0, 38.0, 58.0, 41.0, 32.0)
REGIONS = ("north", "south", "west")


def codebook() -> Codebook:
    """List what is asked: importance of eight benefits and satisfaction with them, three statements, and more.

    Examples
    --------
    >>> codebook()["importance_price"].benefit, len(codebook().benefits)
    ('price', 8)
    """
    points = (1, 2, 3, 4, 5)
    asked = [
        Item(
            f"importance_{name}",
            "ordinal",
            points,
            IMPORTANCE,
            f"How important: {text.lower()}",
            "benefit",
            name,
            "importance",
        )
        for name, text, _, _ in BENEFITS
    ]
    asked += [
        Item(
            f"satisfaction_{name}",
            "ordinal",
            points,
            SATISFACTION,
            f"How satisfied with: {text.lower()}",
            "satisfaction",
            name,
            "satisfaction",
        )
        for name, text, _, _ in BENEFITS
    ]
    asked += [
        Item(name, "ordinal", points, AGREEMENT, text, dimension)  # pyright: ignore[reportArgumentType]
        for name, text, dimension, _ in STATEMENTS
    ]
    asked += [
        Item("alone", "binary", (0, 1), ("with others", "alone"), "How one decides", "decision_style"),
        Item("source", "nominal", SOURCES, (), "Where one looks for information", "decision_style"),
        Item("age", "count", label="Age in years", dimension="profile"),
        Item("region", "nominal", REGIONS, (), "Region", "profile"),
    ]
    return Codebook(tuple(asked))


def levels() -> Array:
    """Levels of the ordinal items by class, in the order of the codebook, shape (19, 6)."""
    rows = [importance for _, _, importance, _ in BENEFITS]
    rows += [satisfaction for _, _, _, satisfaction in BENEFITS]
    return np.array([*rows, *(level for _, _, _, level in STATEMENTS)])

"""Columns of figures with a column of their intervals beside them."""

from collections.abc import Sequence

import pandas as pd

from segmodels.report import levels, tables
from segmodels.report.plots.theme import interval_name
from segmodels.report.tables import Column, figures, floats


def written_column(label: str, cells: Sequence[str]) -> Column:
    """Make a column of figures that are already written."""
    return Column(label, tuple(cells), numeric=True)


def ends_column(
    frame: pd.DataFrame, ends: tuple[str, str], level: float, write: tables.Writer, label: str = ""
) -> list[Column]:
    """Make a column of intervals, where both ends are known.

    >>> frame = pd.DataFrame({"low": [0.1], "high": [0.2]})
    >>> [column.cells for column in ends_column(frame, ("low", "high"), 0.95, tables.shares)]
    [('10.0% to 20.0%',)]
    """
    if not all(end in frame for end in ends):
        return []
    low, high = (write(floats(frame, end)) for end in ends)
    return [written_column(label or interval_name(level), levels.ranges(low, high))]


def ranged(frame: pd.DataFrame, name: str, label: str, level: float, write: tables.Writer) -> list[Column]:
    """Make a column of figures and, where known, one of their intervals, from ``name_low`` to ``name_high``.

    >>> frame = pd.DataFrame({"eta2": [0.1], "eta2_low": [0.05], "eta2_high": [0.2]})
    >>> [column.label for column in ranged(frame, "eta2", "η²", 0.95, tables.numbers)]
    ['η²', '95% interval']
    """
    if name not in frame:
        return []
    ends = ends_column(frame, (f"{name}_low", f"{name}_high"), level, write)
    return [figures(label, frame[name], write), *ends]


def listed(names: Sequence[str], most: int = 12) -> str:
    """List names in a sentence, long ones shortened.

    >>> listed(["a", "b", "c"], 2), listed([])
    ('a, b and 1 more', 'none')
    """
    if not names:
        return "none"
    more = f" and {tables.count(len(names) - most)} more" if len(names) > most else ""
    return ", ".join(cut(name, 60) for name in names[:most]) + more


def cut(text: str, most: int) -> str:
    """Cut a text to so many letters.

    >>> cut("Delivery on the day", 12), cut("Price", 12)
    ('Delivery on…', 'Price')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

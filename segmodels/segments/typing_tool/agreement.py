"""How often a few questions place people where the full battery does, which is not how often they are right."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.accuracy import by_segment
from segmodels.segments.typing_tool.joint import (
    EFFORT,
    Array,
    Effort,
    Places,
    Sample,
    enumerated,
    pattern_count,
    winners,
)

#: Label of a class of a fold that corresponds to no segment of the full fit.
NO_SEGMENT = "(no segment)"


@dataclass(frozen=True, eq=False)
class Agreement:
    """People placed twice.

    Parameters
    ----------
    names
        Of the segments.
    table
        Share of people placed in the segment of the row by the reference and in that of the column by the
        tool, shape (K, K + 1); sums to 1. The last column is of people placed in no segment.
    effective
        Effective number of respondents, (sum of weights)² / sum of squared weights; of simulated ones their
        number; infinite where every answer pattern was enumerated.

    Examples
    --------
    >>> table = np.array([[0.4, 0.1, 0.0], [0.1, 0.3, 0.1]])
    >>> found = Agreement(("a", "b"), table, 100.0)
    >>> round(found.overall, 3), found.recall.round(3).tolist(), round(found.standard_error, 3)
    (0.7, [0.8, 0.6], 0.046)
    """

    names: tuple[str, ...]
    table: Array
    effective: float = float("inf")

    @property
    def overall(self) -> float:
        """Share of people placed alike."""
        return float(np.trace(self.table))

    @property
    def standard_error(self) -> float:
        """Of `overall`, for a simple random sample of as many effective respondents."""
        return float(np.sqrt(self.overall * (1 - self.overall) / self.effective))

    @property
    def recall(self) -> pd.Series:
        """Of the people that the reference places in a segment, the share that the tool does."""
        return by_segment(self.names, np.diag(self.table), self.table.sum(axis=1), "recall")

    @property
    def precision(self) -> pd.Series:
        """Of the people that the tool places in a segment, the share that the reference does."""
        return by_segment(self.names, np.diag(self.table), self.table[:, :-1].sum(axis=0), "precision")

    @property
    def worst(self) -> tuple[str, float]:
        """The segment with the lowest recall, and this recall; segments without people do not count."""
        recall = self.recall.dropna()
        return str(recall.idxmin()), float(recall.min())

    @property
    def confusion(self) -> pd.DataFrame:
        """`table` with labels; the column of people in no segment only where there are any."""
        index = pd.Index(self.names, name="reference")
        columns = pd.Index([*self.names, NO_SEGMENT], name="placed_in")
        frame = pd.DataFrame(self.table, index=index, columns=columns)
        return frame if self.table[:, -1].any() else frame.drop(columns=NO_SEGMENT)


def tabulate(names: tuple[str, ...], reference: Places, placed: Places, weight: Array) -> Agreement:
    """Compare two placements of respondents.

    Parameters
    ----------
    names
        Of the segments.
    reference, placed
        Positions of segments, -1 for none (in `placed` alone), shape (N,).
    weight
        Of the respondents, shape (N,).
    """
    size = len(names)
    at = reference * (size + 1) + np.where(placed < 0, size, placed)
    table = np.bincount(at, weight, size * (size + 1)).reshape(size, size + 1)
    return Agreement(names, table / weight.sum(), float(weight.sum() ** 2 / (weight**2).sum()))


def implied_agreement(
    components: Components, questions: tuple[str, ...], *, seed: int, effort: Effort = EFFORT
) -> Agreement:
    """Work out the agreement of some questions with all items that the model implies.

    Parameters
    ----------
    components
        The fitted mixture.
    questions
        Names of the items asked.
    seed
        Of simulated answers; not used where the patterns of all items are enumerated.
    effort
        Bounds of the enumeration.

    Examples
    --------
    >>> from segmodels.tables.codebook import Item
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("weak", "binary", (0, 1)), Item("strong", "binary", (0, 1))),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.6, 0.4], [0.4, 0.6]]), np.log([[0.9, 0.1], [0.1, 0.9]])),
    ... )
    >>> round(implied_agreement(two, ("strong",), seed=1).overall, 3)
    1.0
    """
    size = components.n_classes
    table = np.zeros((size, size + 1))
    if pattern_count(components) > effort.patterns:
        sample = Sample.draw(components, effort.draws, seed=seed, stream=1)
        joint = sample.joint(sample.asked(components.item_names))
        placed = winners(sample.joint(sample.asked(questions)))
        _add(table, joint, placed)
        return Agreement(components.names, table, effort.draws)
    others = [name for name in components.item_names if name not in questions]
    short, whole = components.restrict(questions), components.restrict([*questions, *others])
    placed = np.concatenate([winners(joint) for joint in enumerated(short)])
    patterns_behind = pattern_count(whole) // pattern_count(short)
    start = 0
    for joint in enumerated(whole):
        stop = start + joint.shape[1]
        # The questions come first, so the patterns of the other items lie one after the other.
        _add(table, joint, placed[np.arange(start, stop) // patterns_behind])
        start = stop
    return Agreement(components.names, table)


def _add(table: Array, joint: Array, placed: Places) -> None:
    size = len(joint)
    at = winners(joint) * (size + 1) + placed
    table += np.bincount(at, joint.sum(axis=0), table.size).reshape(table.shape)

"""True accuracy of a set of questions: how often the class that they name is the class that a person is of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.joint import (
    EFFORT,
    Array,
    Effort,
    Sample,
    enumerated,
    pattern_count,
    winners,
)


@dataclass(frozen=True, eq=False)
class Accuracy:
    """What a fitted mixture implies for people placed by their answers to some questions.

    Parameters
    ----------
    names
        Of the segments.
    questions
        The questions asked.
    table
        Probability of truly belonging to the segment of the row and being placed in that of the column,
        shape (K, K); sums to 1.
    standard_error
        Of the overall accuracy; 0 where every pattern was enumerated.
    exact
        Whether every pattern was enumerated; otherwise answers were simulated.
    value_lost
        Expected loss for a person who is treated so as to lose least; NaN where no values were given.

    Examples
    --------
    >>> two = Accuracy(("a", "b"), ("q",), np.array([[0.4, 0.1], [0.2, 0.3]]))
    >>> round(two.overall, 3), two.recall.round(3).tolist(), two.precision.round(3).tolist(), two.worst
    (0.7, [0.8, 0.6], [0.667, 0.75], ('b', 0.6))
    """

    names: tuple[str, ...]
    questions: tuple[str, ...]
    table: Array
    standard_error: float = 0.0
    exact: bool = True
    value_lost: float = float("nan")

    @property
    def overall(self) -> float:
        """Probability that a person is placed in the true segment."""
        return float(np.trace(self.table))

    @property
    def recall(self) -> pd.Series:
        """Probability that a person of the segment is placed in it, indexed by segment."""
        return by_segment(self.names, np.diag(self.table), self.table.sum(axis=1), "recall")

    @property
    def precision(self) -> pd.Series:
        """Probability that a person placed in the segment is of it; NaN where no one is placed in it."""
        return by_segment(self.names, np.diag(self.table), self.table.sum(axis=0), "precision")

    @property
    def worst(self) -> tuple[str, float]:
        """The segment with the lowest recall, and this recall."""
        recall = self.recall
        return str(recall.idxmin()), float(recall.min())

    @property
    def confusion(self) -> pd.DataFrame:
        """`table` with the true segments in rows and the segments placed in as columns."""
        index = pd.Index(self.names, name="true_segment")
        return pd.DataFrame(self.table, index=index, columns=pd.Index(self.names, name="placed_in"))


def by_segment(names: Sequence[str], part: Array, whole: Array, name: str) -> pd.Series:
    """Divide by segment, with NaN for a whole of 0; indexed by segment."""
    ratio = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return pd.Series(ratio, index=pd.Index(names, name="segment"), name=name)


def accuracy(
    components: Components,
    questions: Sequence[str] | None = None,
    *,
    seed: int,
    loss: Array | None = None,
    effort: Effort = EFFORT,
) -> Accuracy:
    r"""Work out the true accuracy that the model implies for some questions.

    .. math:: A(S) = \sum_{y_S} \max_k \pi_k p(y_S \mid k)

    summed over every pattern of answers to the questions S or, where there are too many, averaged over
    simulated respondents, of each the largest posterior probability (not a hit or a miss, which would be
    noisier).

    Parameters
    ----------
    components
        The fitted mixture.
    questions
        Names of the items asked; None: all, which gives the ceiling that no set of questions can pass.
    seed
        Of simulated answers; not used where patterns are enumerated.
    loss
        What is lost where a person of the segment of the row is treated as one of the column, shape (K, K).
    effort
        Bounds of the enumeration.

    Examples
    --------
    >>> from segmodels.tables.codebook import Item
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1)),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> round(accuracy(two, seed=1).overall, 3)
    0.85
    """
    asked = components.item_names if questions is None else tuple(questions)
    kept = components.restrict(asked)
    exact = pattern_count(kept) <= effort.patterns
    blocks = enumerated(kept) if exact else [_sampled(components, asked, effort.draws, seed)]
    return _measure(kept, blocks, loss, exact=exact)


def _sampled(components: Components, names: Sequence[str], n: int, seed: int) -> Array:
    # Answers to every item are drawn, so that other questions are measured on the same people.
    sample = Sample.draw(components, n, seed=seed, stream=1)
    return sample.joint(sample.asked(names))


def _measure(components: Components, blocks: Iterable[Array], loss: Array | None, *, exact: bool) -> Accuracy:
    size = components.n_classes
    table = np.zeros((size, size))
    lost, error = float("nan") if loss is None else 0.0, 0.0
    for joint in blocks:
        placed = winners(joint)
        table += np.stack([np.bincount(placed, row, size) for row in joint])
        if loss is not None:
            lost += float((loss.T @ joint).min(axis=0).sum())
        if not exact:
            n = joint.shape[1]
            error = float(np.std(joint.max(axis=0) * n, ddof=1) / np.sqrt(n))
    return Accuracy(components.names, components.item_names, table, error, exact, lost)

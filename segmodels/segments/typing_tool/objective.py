"""What makes one set of questions better than another, and scores of many sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.joint import (
    Array,
    Effort,
    Sample,
    enumerated,
    pattern_count,
    winners,
)

Objective = Literal["accuracy", "worst", "value"]
Values = pd.DataFrame | pd.Series | Mapping[str, float]
#: The first number counts; later ones decide between equals.
Score = tuple[float, ...]
_SAME = 1e-12


def loss_of(values: Values, names: Sequence[str]) -> Array:
    """Work out what is lost where a person of one segment is treated as one of another.

    Parameters
    ----------
    values
        By segment, what a person is worth if treated as what they are; treated otherwise they are worth
        nothing. Or a frame whose rows are the true segments and whose columns are the segments that they are
        treated as.
    names
        Of the segments.

    Returns
    -------
    numpy.ndarray
        Worth under the own treatment less that under the treatment of the column, shape (K, K).

    Raises
    ------
    InputError
        Where a segment is missing, a value is not finite, or another treatment than the own is worth more.

    Examples
    --------
    >>> loss_of({"a": 3.0, "b": 1.0}, ("a", "b")).tolist()
    [[0.0, 3.0], [1.0, 0.0]]
    """
    frame = values if isinstance(values, pd.DataFrame) else _diagonal(pd.Series(values, dtype=float))
    if set(frame.index) != set(names) or set(frame.columns) != set(names) or frame.shape[0] != len(names):
        got = f"values of {', '.join(map(str, frame.index))}"
        remedy = "Give one value a segment, or a frame with the segments in rows and columns."
        raise InputError(Fault("values", got, f"values of {', '.join(names)}", remedy))
    worth = frame.loc[list(names), list(names)].to_numpy(np.float64)
    if not np.isfinite(worth).all():
        raise InputError(
            Fault(
                "values", "missing or not finite", "numbers", "Repair them.", int((~np.isfinite(worth)).sum())
            )
        )
    loss = np.diag(worth)[:, None] - worth
    if (loss < 0).any():
        worse = tuple(str(names[k]) for k in np.flatnonzero((loss < 0).any(axis=1))[:3])
        expected = "no treatment that is worth more than the segment's own"
        raise InputError(
            Fault("values", "a larger one beside the diagonal", expected, "Repair.", examples=worse)
        )
    return loss


def _diagonal(values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(np.diag(values.to_numpy(np.float64)), index=values.index, columns=values.index)


def better(one: Score, other: Score) -> bool:
    """Whether a score is larger, in the first of its numbers that differ by more than rounding.

    >>> better((0.5, 0.2), (0.5, 0.1)), better((0.5, 0.9), (0.5 + 1e-15, 0.9))
    (True, False)
    """
    for mine, theirs in zip(one, other, strict=True):
        if abs(mine - theirs) > _SAME:
            return mine > theirs
    return False


@dataclass(frozen=True, eq=False)
class Judge:
    """Scores sets of questions by one objective.

    Parameters
    ----------
    components
        The fitted mixture.
    objective
        ``"accuracy"``: A(S). ``"worst"``: recall of the worst segment and, between equals, the mean recall.
        ``"value"``: the expected loss under the treatment that loses least, with a minus sign.
    loss
        For ``"value"``, shape (K, K).
    effort
        Bounds of the work.
    seed
        Of the simulated respondents that large sets are compared on.
    """

    components: Components
    objective: Objective
    loss: Array | None
    effort: Effort
    seed: int

    @cached_property
    def sample(self) -> Sample:
        """Simulated respondents, drawn when first needed."""
        return Sample.draw(self.components, self.effort.search_draws, seed=self.seed, stream=0)

    def patterns(self, names: Sequence[str]) -> int:
        """How many ways there are of answering some questions."""
        return pattern_count(self.components.restrict(names))

    def additions(self, base: Sequence[str], candidates: Sequence[str]) -> list[Score]:
        """Score each set of a base and one more question; all by enumeration, or all on one sample."""
        most = max((self.patterns([*base, name]) for name in candidates), default=0)
        if most <= self.effort.search_patterns:
            return [self._exact([*base, name]) for name in candidates]
        state = self.sample.asked(base)
        return [self._of([self.sample.joint(self.sample.ask(state, name))]) for name in candidates]

    def score(self, names: Sequence[str]) -> Score:
        """Score one set."""
        return self.additions(names[:-1], names[-1:])[0]

    def _exact(self, names: Sequence[str]) -> Score:
        return self._of(enumerated(self.components.restrict(names)))

    def _of(self, blocks: Iterable[Array]) -> Score:
        if self.objective == "accuracy":
            return (sum(float(joint.max(axis=0).sum()) for joint in blocks),)
        if self.objective == "value":
            loss = np.zeros((0, 0)) if self.loss is None else self.loss
            return (-sum(float((loss.T @ joint).min(axis=0).sum()) for joint in blocks),)
        recall = self._recall(blocks)
        return float(recall.min()), float(recall.mean())

    def _recall(self, blocks: Iterable[Array]) -> Array:
        """Recall of each segment, shape (K,)."""
        right, all_of_it = np.zeros(self.components.n_classes), np.zeros(self.components.n_classes)
        for joint in blocks:
            placed = winners(joint)
            right += [float(row[placed == k].sum()) for k, row in enumerate(joint)]
            all_of_it += joint.sum(axis=1)
        return right / all_of_it

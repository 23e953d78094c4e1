"""Answers to a survey, checked: one row for each respondent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.tables.arrow import Kind, from_arrow, to_arrow
from segmodels.tables.codebook import Codebook

IntArray = NDArray[np.int16]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tasks:
    """Best-worst tasks, one a row: what was shown, and what was chosen.

    Parameters
    ----------
    respondent
        Row of the respondent in the answers, shape (tasks,).
    shown
        Positions in the codebook of the items shown; -1 fills up. Shape (tasks, most shown).
    best, worst
        Position in the codebook of the item chosen; -1 where none was. Shape (tasks,).
    """

    respondent: NDArray[np.int64]
    shown: IntArray
    best: IntArray
    worst: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Responses:
    """Answers of respondents. Made by :meth:`read`.

    Parameters
    ----------
    customer_id
        One id a respondent, each once, in the order that came in, shape (N,).
    codebook
        The items, with their categories.
    answers
        By item, shape (N,): of coded items the position of the category, -1 where missing (int16); of items
        of scale ``"rank"`` the place less one, -1 where not ranked (int16); of numbers float64, NaN where
        missing. Best-worst items have no entry; see `tasks`.
    weight
        Sampling weights with a mean of 1 over respondents, shape (N,).
    count
        How many respondents a row stands for, shape (N,).
    strata, cluster
        Codes of the stratum and of the primary sampling unit, shape (N,); None where the sample has none.
    tasks
        Best-worst tasks.
    kind
        The kind of table that came in, and that :meth:`give` gives back.
    """

    customer_id: pd.Index
    codebook: Codebook
    answers: Mapping[str, NDArray[Any]]
    weight: FloatArray
    count: FloatArray
    strata: NDArray[np.int64] | None = None
    cluster: NDArray[np.int64] | None = None
    tasks: Tasks | None = None
    kind: Kind = "pandas"
    audit: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.customer_id)

    @property
    def n(self) -> float:
        """How many respondents there are: the sum of `count`."""
        return float(self.count.sum())

    @cached_property
    def case_weight(self) -> FloatArray:
        """What each row weighs in a likelihood, weight times count, shape (N,); sums to ``n``."""
        return self.weight * self.count

    def codes(self, names: Sequence[str]) -> IntArray:
        """Positions of the categories answered, -1 where missing, shape (N, len(names))."""
        if not names:
            return np.empty((len(self), 0), np.int16)
        return np.column_stack([self.answers[name] for name in names])

    def numbers(self, names: Sequence[str]) -> FloatArray:
        """Answers in numbers, NaN where missing, shape (N, len(names))."""
        if not names:
            return np.empty((len(self), 0))
        return np.column_stack([self.answers[name] for name in names])

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Keep some rows, by position, in the order given; weights as they are."""
        picked = {name: values[rows] for name, values in self.answers.items()}
        return replace(
            self,
            customer_id=self.customer_id[rows],
            answers=picked,
            weight=self.weight[rows],
            count=self.count[rows],
            strata=None if self.strata is None else self.strata[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
        )

    def give(self, frame: pd.DataFrame) -> Any:
        """Give a result with a row per respondent in the kind of table that came in."""
        return frame if self.kind == "pandas" else from_arrow(to_arrow(frame), self.kind)

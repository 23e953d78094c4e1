"""Answers to a survey, checked: one row for each respondent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.tables.arrow import Kind, from_arrow, to_arrow
from segmodels.tables.codebook import Code, Codebook, Item, Scale
from segmodels.tables.engine import Table, bring

Items = Mapping[str, Scale | Item] | Sequence[Item] | Codebook
Absent = Sequence[Code] | Mapping[str, Sequence[Code]]
Unmatched = Literal["error", "keep"]
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
    audit
        The ledger: columns ``step, rows``.
    engine
        A table on the engine that came in; None where the source was in memory.
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
    engine: Table | None = None

    @classmethod
    def read(  # noqa: PLR0913
        cls,
        source: Any,
        *,
        customer: str | None,
        items: Items,
        weight: str | None = None,
        count: str | None = None,
        strata: str | None = None,
        cluster: str | None = None,
        missing: Absent = (),
        base: Any = None,
        unmatched: Unmatched = "error",
        table: str | None = None,
    ) -> Self:
        """Read and check answers, one row a respondent. All faults are reported together.

        Parameters
        ----------
        source
            pandas, Polars or Arrow table; path or glob to Parquet or CSV; a DuckDB file; any Ibis table.
        customer
            The column of ids. None: the index of a pandas frame, or the row number (from 0) of another
            in-memory table.
        items
            Column to scale or `Item`, a sequence of items, or a `Codebook`. Categories that are not given are
            learned from the answers: those that occur, sorted; of booleans and ordered categoricals all that
            the type declares. They are the codebook of the result; give it to read other answers, and a code
            that is not in it is an error.
        weight
            Sampling weights, 0 or more; they are divided by their mean over respondents.
        count
            How many respondents a row stands for, where it is a pattern of answers.
        strata, cluster
            Stratum and primary sampling unit of each respondent. Clusters are told apart within strata.
        missing
            Codes that mean no answer, such as ``(99, "DK")``; or item to codes.
        base
            Customers to whom the respondents belong: `Customers`, `Attributes`, a table with a column
            ``customer_id``, or ids.
        unmatched
            What respondents outside the base are: an ``"error"``, or to ``"keep"``.
        table
            The table within a DuckDB file.

        Returns
        -------
        Responses
            A row for every row that came in, in that order (of a table on an engine: in the order in which it
            gives them). Null, and text of nothing but blanks, is a missing answer.

        Raises
        ------
        InputError
            With every fault found: columns that are not there, codes outside the codebook, text that is no
            number, infinite numbers, negative or fractional counts, ids that are null, repeat or are not in
            the base, weights that are null, negative or all 0.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [7, 3, 9], "q1": [1, 3, None], "q2": ["yes", "no", "no"]})
        >>> answers = Responses.read(frame, customer="id", items={"q1": "ordinal", "q2": "binary"})
        >>> answers.codes(["q1", "q2"]).tolist(), answers.codebook["q2"].categories
        ([[0, 1], [1, 0], [-1, 0]], ('no', 'yes'))
        """
        from segmodels.tables.survey_read import Roles, read_answers

        roles = Roles(customer, weight, count, strata, cluster)
        return cls(
            **read_answers(source, roles, items, missing=missing, base=base, unmatched=unmatched, table=table)
        )

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
        if self.kind == "pandas":
            return frame
        data = to_arrow(frame)
        return from_arrow(data, self.kind) if self.engine is None else bring(data, self.engine)

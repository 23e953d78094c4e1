"""Answers to a survey, checked: one row for each respondent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.tables import survey_rows
from segmodels.tables.arrow import Kind, from_arrow, to_arrow
from segmodels.tables.codebook import Code, Codebook, Item, Scale
from segmodels.tables.engine import Table, bring
from segmodels.tables.survey_task_rules import Tasks

Items = Mapping[str, Scale | Item] | Sequence[Item] | Codebook
Absent = Code | Sequence[Code] | Mapping[str, Code | Sequence[Code]]
Unmatched = Literal["error", "keep"]
IntArray = NDArray[np.int16]
FloatArray = NDArray[np.float64]


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
        from segmodels.tables.survey_read import Checks, Roles, read_answers

        roles, checks = Roles(customer, weight, count, strata, cluster), Checks(missing, base, unmatched)
        return cls(**read_answers(source, roles, items, checks, table))

    @classmethod
    def read_orderings(  # noqa: PLR0913
        cls,
        source: Any,
        *,
        customer: str | None,
        places: Sequence[str],
        alternatives: Mapping[Code, str | Item] | None = None,
        none: Code | Sequence[Code] = 0,
        items: Items | None = None,
        weight: str | None = None,
        count: str | None = None,
        strata: str | None = None,
        cluster: str | None = None,
        missing: Absent = (),
        base: Any = None,
        unmatched: Unmatched = "error",
        table: str | None = None,
    ) -> Self:
        """Read rankings whose columns are the places: each holds the alternative put there.

        Where the columns are the alternatives and hold their places, use :meth:`read` with items of scale
        ``"rank"``.

        Parameters
        ----------
        places
            The columns, best place first.
        alternatives
            Code to name, or to an `Item` of scale ``"rank"``. None: the codes that occur.
        none
            The code, or the codes, of a place that was left empty, beside null.
        items
            Further items of the same table, as in :meth:`read`.
        source, customer, weight, count, strata, cluster, missing, base, unmatched, table
            As in :meth:`read`.

        Raises
        ------
        InputError
            As in :meth:`read`, and if an alternative is at two places, or an empty place is before a filled one.

        Examples
        --------
        >>> frame = pd.DataFrame({"first": [2, 1], "second": [1, 0]})
        >>> ranks = Responses.read_orderings(
        ...     frame, customer=None, places=["first", "second"], alternatives={1: "price", 2: "brand"}
        ... )
        >>> ranks.codes(["price", "brand"]).tolist()
        [[1, 0], [0, -1]]
        """
        from segmodels.tables.survey_rank import Order
        from segmodels.tables.survey_read import Checks, Roles, read_answers

        roles, checks = Roles(customer, weight, count, strata, cluster), Checks(missing, base, unmatched)
        empty = (none,) if isinstance(none, (str, int, float)) else tuple(none)
        order = Order(tuple(places), alternatives, empty)
        return cls(**read_answers(source, roles, items or {}, checks, table, order))

    @classmethod
    def read_tasks(  # noqa: PLR0913
        cls,
        source: Any,
        *,
        customer: str,
        task: str,
        item: str,
        choice: str,
        alternatives: Mapping[Code, str | Item] | None = None,
        respondents: "Responses | None" = None,
        unanswered: Literal["error", "leave_out"] = "error",
        weight: str | None = None,
        strata: str | None = None,
        cluster: str | None = None,
        base: Any = None,
        unmatched: Unmatched = "error",
        table: str | None = None,
    ) -> Self:
        """Read best-worst tasks (MaxDiff), one row for each item shown.

        Parameters
        ----------
        task
            Number or name of the task; the same one of two respondents is two tasks.
        item
            The item shown.
        choice
            1 or ``"best"``, -1 or ``"worst"``, 0, ``"shown"`` or null. Tasks with only a best, or only a worst,
            are allowed.
        alternatives
            Code to name, or to an `Item` of scale ``"best_worst"``. None: the codes that occur.
        respondents
            Those to whom the tasks belong, with their other answers and weights; all of them keep their row.
            None: those who have a task, in the order in which they first appear.
        unanswered
            Whether a task in which nothing was chosen is an ``"error"``, or is ``"leave_out"``, and counted.
        weight, strata, cluster
            Columns as in :meth:`read`, the same in all rows of a respondent.
        source, customer, base, unmatched, table
            As in :meth:`read`.

        Raises
        ------
        InputError
            As in :meth:`read`, and for tasks of one item, with an item twice, with two bests or worsts, or with
            the same item as both.

        Examples
        --------
        >>> frame = pd.DataFrame(
        ...     {"id": 7, "task": [1, 1, 1], "item": ["price", "brand", "design"], "choice": [0, 1, -1]}
        ... )
        >>> answers = Responses.read_tasks(frame, customer="id", task="task", item="item", choice="choice")
        >>> answers.codebook.names, answers.tasks.shown.tolist(), answers.tasks.best, answers.tasks.worst
        (('brand', 'design', 'price'), [[2, 0, 1]], array([0], dtype=int16), array([1], dtype=int16))
        """
        from segmodels.tables.survey_read import Checks, Roles
        from segmodels.tables.survey_tasks import Long, read_long

        long = Long(customer, task, item, choice, alternatives, unanswered)
        roles, checks = Roles(customer, weight, None, strata, cluster), Checks((), base, unmatched)
        return cls(**read_long(source, long, roles, checks, table, respondents))

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

    def take(self, rows: NDArray[np.integer[Any]]) -> Self:
        """Keep some rows, by position, in the order given; weights as they are.

        A row taken twice is there twice, its tasks too.
        """
        return replace(
            self,
            customer_id=self.customer_id[rows],
            answers={name: values[rows] for name, values in self.answers.items()},
            weight=self.weight[rows],
            count=self.count[rows],
            strata=None if self.strata is None else self.strata[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            tasks=None if self.tasks is None else survey_rows.tasks_taken(self.tasks, rows, len(self)),
        )

    def answered(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each row answers each item, shape (N, len(names)).

        Of the alternatives of a ranking and the items of best-worst tasks: whether the respondent ranked any,
        or has any task.
        """
        return survey_rows.answered(self, names)

    def complete(self, names: Sequence[str]) -> "Responses":
        """Leave out the rows that miss an answer to one of some items; the audit counts them.

        Weights are divided by their new mean, so that it is 1 again.

        Raises
        ------
        InputError
            If there is no such item, or no row is left.

        Examples
        --------
        >>> frame = pd.DataFrame({"q1": [1, 2, None], "q2": [1, 2, 2]})
        >>> answers = Responses.read(frame, customer=None, items={"q1": "binary", "q2": "binary"})
        >>> len(answers.complete(["q1"])), answers.complete(["q1"]).audit["step"].iloc[-1]
        (2, 'left out: no answer to one of q1')
        """
        return survey_rows.complete(self, names)

    def covariates(self, names: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
        """Items as covariates: a matrix of numbers, shape (N, D), and the names of its columns.

        Numbers are taken as they are, ordinal answers as their codes where these are numbers, else as positions
        from 0. Nominal and binary items become a column for each category but the first, named
        ``item[category]``.

        Raises
        ------
        InputError
            If an answer is missing, or an item is none that can be a covariate.

        Examples
        --------
        >>> frame = pd.DataFrame({"age": [30, 40], "region": ["south", "north"]})
        >>> answers = Responses.read(frame, customer=None, items={"age": "continuous", "region": "nominal"})
        >>> answers.covariates(["age", "region"])
        (array([[30.,  1.],
               [40.,  0.]]), ('age', 'region[south]'))
        """
        return survey_rows.covariates(self, names)

    def to_pandas(self) -> pd.DataFrame:
        """Answers as they came: ``customer_id``, then a column an item, with its codes; missing is NA.

        Rankings are places from 1. Best-worst tasks, which are no answers of one item, are in `tasks`.
        """
        return survey_rows.to_pandas(self)

    def with_answers(self, answers: Mapping[str, NDArray[Any]]) -> Self:
        """Put other answers in the place of those to some items, such as simulated ones.

        Parameters
        ----------
        answers
            By item what `answers` holds: positions, -1 where missing, or numbers, NaN where missing, shape (N,).

        Raises
        ------
        InputError
            If there is no such item, or they are of another shape or out of range.
        """
        return replace(self, answers={**self.answers, **survey_rows.checked_answers(self, answers)})

    def recode(self, codebook: Codebook) -> "Responses":
        """Put the answers under another codebook, such as that of a fit: its items, its categories.

        Raises
        ------
        InputError
            If an item is not there or of another scale, or an answer is none of its categories.

        Examples
        --------
        >>> frame = pd.DataFrame({"q1": [3, 1]})
        >>> fitted = Codebook((Item("q1", "ordinal", (1, 2, 3)),))
        >>> Responses.read(frame, customer=None, items={"q1": "ordinal"}).recode(fitted).codes(["q1"]).tolist()
        [[2], [0]]
        """
        return survey_rows.recode(self, codebook)

    def __repr__(self) -> str:
        """Say how many rows and items there are, and what share of the answers is missing."""
        return survey_rows.described(self)

    def give(self, frame: pd.DataFrame) -> Any:
        """Give a result with a row per respondent in the kind of table that came in."""
        if self.kind == "pandas":
            return frame
        data = to_arrow(frame)
        return from_arrow(data, self.kind) if self.engine is None else bring(data, self.engine)

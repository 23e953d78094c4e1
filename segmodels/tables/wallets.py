"""Own spend of every customer, and what some of them spend elsewhere in the same category."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import ibis
import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.tables.arrow import Kind, from_arrow, to_arrow, to_pandas
from segmodels.tables.engine import Table, bring, fetch, is_null, keep

if TYPE_CHECKING:
    from segmodels.tables.attributes import Attributes

# Named so that no column of a user is called the same.
_PLACE = "segmodels_place"


@dataclass(frozen=True, eq=False, repr=False)
class Wallets:
    """Own spend of all customers, and survey answers about the rest of some wallets. Made by :meth:`read`.

    Parameters
    ----------
    table
        One row for each customer (and category): ``customer_id``; perhaps ``category`` (text); ``own`` (float64,
        spend with us, at least 0); ``low`` and ``high`` (float64: spend elsewhere lies in [low, high], and is
        known exactly where they are equal; null where there is no answer); perhaps ``purchases`` and
        ``total_purchases`` (float64, the latter null where there is no answer); and the other columns kept.
    kind
        The kind of table that came in, and that :meth:`give` gives back.
    counted
        Makes the audit.
    marks
        ``customer_id``, ``own``, perhaps ``category``, and ``mark``: ``"exact"``, ``"rounded"``, ``"censored"``,
        or null where there is no answer.
    window
        The period of both own spend and answers; None where nobody stated it.
    categories
        The categories there are, sorted; empty where there is no column of them.
    order
        The ids in the order that came in; None sorts by id.
    """

    table: Table
    kind: Kind
    counted: Callable[[], pd.DataFrame]
    marks: Table
    window: str | None = None
    categories: tuple[str, ...] = ()
    order: pd.Index | None = field(default=None)

    @classmethod
    def read(  # noqa: PLR0913
        cls,
        source: Any,
        *,
        customer: str,
        own: str,
        total: str | None = None,
        elsewhere: str | None = None,
        window: str | tuple[str, str] | None = None,
        category: str | tuple[str, str] | None = None,
        answers: Any = None,
        purchases: str | None = None,
        total_purchases: str | None = None,
        rounding: float | str | None = None,
        columns: Sequence[str] | None = None,
        below: float = 0.05,
        most_below: float = 0.10,
        table: str | None = None,
        answers_table: str | None = None,
    ) -> Self:
        """Read and check own spend and answers. All faults are reported together.

        Parameters
        ----------
        source
            As in :meth:`Transactions.read`; one row for each customer, also for those who buy nothing of us.
            With a column of categories, one row for each customer and category.
        customer
            The column of ids: whole numbers or text. An index of a pandas frame that bears the name will do.
        own
            Spend with us in the window: 0 or more.
        total, elsewhere
            Stated spend in the whole category, or with competitors only: at most one of them. Null: not asked.
            Neither: no answers at all.
        window
            The column that names the period, such as ``"12 months of 2024"``; or a pair, of the own spend and
            of the answer. There must be one window only. None: nobody stated it, and the audit says so.
        category
            The column that names the category, or such a pair. None: nobody stated it.
        answers
            The survey, if it is a table of its own, joined by `customer` (and category). Then `total`,
            `elsewhere`, `total_purchases` and a column of `rounding` are its columns; `window` and `category`
            are columns of both; the rest are columns of `source`.
        purchases
            Number of own purchases: whole numbers, above 0 exactly where own spend is.
        total_purchases
            Stated number of purchases in the category, at least `purchases`.
        rounding
            None: answers are exact. A number: all are rounded to its multiples. A column: the width that each
            answer stands for, 0 for an exact one. ``"auto"``: the units to which answers heap are found, see
            :func:`segmodels.tables.wallet_rounding.units`. An answer h wide puts spend elsewhere C in
            [max(0, C - h/2), C + h/2]; an answer of nothing spent is always exact.
        columns
            Further columns of `source` to keep, without nulls. None: all others.
        below
            A stated total below own spend (by more than its rounding) says that spend elsewhere is small: it is
            taken to lie in [0, below × own spend], and counted in the audit.
        most_below
            The largest share of such answers that is accepted, judged from 20 answers on.
        table, answers_table
            The table within a DuckDB file, of `source` and of `answers`.

        Raises
        ------
        InputError
            With every fault found.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [3, 1, 2], "spend": [80.0, 20.0, 0.0], "total": [100.0, None, 50.0]})
        >>> wallets = Wallets.read(frame, customer="id", own="spend", total="total")
        >>> wallets
        Wallets(3 customers, 2 answers; window not stated, category not stated)
        >>> wallets.answered()[["customer_id", "own", "low", "high"]].values.tolist()
        [[2.0, 0.0, 50.0, 50.0], [3.0, 80.0, 20.0, 20.0]]
        """
        from segmodels.tables.wallet_read import Limits, Roles, read_wallets

        roles = Roles(
            customer,
            own,
            total,
            elsewhere,
            window,
            category,
            purchases,
            total_purchases,
            rounding,
            None if columns is None else tuple(columns),
        )
        limits = Limits(below, most_below)
        return cls(**read_wallets(source, answers, roles, limits, (table, answers_table)))

    @property
    def category(self) -> str | None:
        """The one category; None where nobody stated it, or there are several."""
        return self.categories[0] if len(self.categories) == 1 else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return tuple(self.table.columns)

    @cached_property
    def _tally(self) -> dict[str | None, int]:
        """Rows of each mark."""
        found = self.marks.group_by("mark").aggregate(rows=lambda t: t.count())
        return {each["mark"]: int(each["rows"]) for each in fetch(found).to_pylist()}

    def __len__(self) -> int:
        """Count the rows: customers, or customers and categories."""
        return sum(self._tally.values())

    @property
    def n_answered(self) -> int:
        """How many rows have an answer."""
        return sum(rows for mark, rows in self._tally.items() if mark is not None)

    @cached_property
    def audit(self) -> pd.DataFrame:
        """The ledger: columns ``step, rows, customers, value``; the value is own spend."""
        return self.counted()

    def __repr__(self) -> str:
        """Say how many customers and answers there are, and of what."""
        tally = self._tally
        kinds = [
            f"{tally[mark]:,} {text}"
            for mark, text in (("censored", "below own spend"), ("rounded", "rounded"))
            if mark in tally
        ]
        answers = _plural(self.n_answered, "answer") + (f" ({', '.join(kinds)})" if kinds else "")
        window = "window not stated" if self.window is None else f"window {self.window}"
        if len(self.categories) > 1:
            return f"Wallets({len(self):,} rows in {len(self.categories)} categories, {answers}; {window})"
        category = "category not stated" if self.category is None else f"category {self.category}"
        return f"Wallets({_plural(len(self), 'customer')}, {answers}; {window}, {category})"

    @property
    def _keys(self) -> list[str]:
        return ["customer_id", "category"] if "category" in self.table.columns else ["customer_id"]

    def _sorted(self, data: pa.Table) -> pd.DataFrame:
        return to_pandas(data.sort_by([(name, "ascending") for name in self._keys]))

    def _ordered(self, data: pa.Table, then: tuple[str, ...]) -> pa.Table:
        """Rows in the order of the customers that came in, then of the columns `then`."""
        if then:
            data = data.sort_by([(name, "ascending") for name in then])
        ids = pd.Index(data.column("customer_id").to_pandas())
        place = pd.Series(ids if self.order is None else self.order.get_indexer(ids))
        return data.take(pa.array(place.argsort(kind="stable").to_numpy()))

    def to_pandas(self) -> pd.DataFrame:
        """Fetch the table as pandas, whatever came in: in the order that came in, or sorted by id."""
        return to_pandas(self._ordered(fetch(self.table), tuple(self._keys[1:])))

    def answered(self) -> pd.DataFrame:
        """Fetch the rows with an answer, sorted by id (and category).

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [1, 2], "spend": [8.0, 5.0], "rest": [None, 3.0]})
        >>> Wallets.read(frame, customer="id", own="spend", elsewhere="rest").answered()
           customer_id  own  low  high
        0            2  5.0  3.0   3.0
        """
        return self._sorted(fetch(self.table.filter(~is_null(self.table.high))))

    def blocks(self, size: int = 100_000) -> Iterator[pd.DataFrame]:
        """Walk all rows, sorted by id (and category), `size` at a time; other queries may run in between.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [3, 1, 2], "spend": [8.0, 5.0, 0.0]})
        >>> wallets = Wallets.read(frame, customer="id", own="spend")
        >>> [block["customer_id"].to_list() for block in wallets.blocks(2)]
        [[1, 2], [3]]
        """
        if size < 1:
            raise InputError(Fault("size", repr(size), "1 or more", "Say how many customers a block has."))
        if len(self) <= size:
            yield self._sorted(fetch(self.table))
            return
        for start in range(0, len(self), size):
            place = self._placed[_PLACE]
            rows = self._placed.filter((place >= start) & (place < start + size)).drop(_PLACE)
            yield self._sorted(fetch(rows))

    @cached_property
    def _placed(self) -> Table:
        """The rows, each with its place in the order, kept on the engine in that order."""
        numbered = self.table.mutate(**{_PLACE: ibis.row_number().over(ibis.window(order_by=self._keys))})
        return keep(numbered.order_by(_PLACE))

    def give(self, result: "pd.DataFrame | Table", then: tuple[str, ...] = ()) -> Any:
        """Give a result in the kind of table that came in.

        Parameters
        ----------
        result
            A table with a column ``customer_id``, one or more rows for each customer.
        then
            Columns that order the rows within a customer.

        Returns
        -------
        DataFrame or Table
            pandas, Polars or Arrow as it came in, in the order of the customers that came in; or Ibis.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [3, 1], "spend": [8.0, 5.0]})
        >>> wallets = Wallets.read(frame, customer="id", own="spend")
        >>> wallets.give(pd.DataFrame({"customer_id": [1, 3], "wallet": [9, 10]})).values.tolist()
        [[3, 10], [1, 9]]
        """
        if self.kind == "ibis":
            return bring(to_arrow(result), self.table) if isinstance(result, pd.DataFrame) else result
        data = to_arrow(result) if isinstance(result, pd.DataFrame) else fetch(result)
        return from_arrow(self._ordered(data, then), self.kind)

    def with_attributes(self, attributes: "Attributes | Any") -> "Wallets":
        """Join static attributes, one row for each customer; all categories of a customer get the same.

        Parameters
        ----------
        attributes
            :class:`Attributes`, or a table with a column ``customer_id``.

        Raises
        ------
        InputError
            If a customer has no attributes, or a column is there already.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [3, 1], "spend": [8.0, 5.0]})
        >>> region = pd.DataFrame({"customer_id": [1, 3], "region": ["north", "south"]})
        >>> Wallets.read(frame, customer="id", own="spend").with_attributes(region).columns
        ('customer_id', 'own', 'low', 'high', 'region')
        """
        from segmodels.tables.attributes import Attributes, join

        known = (
            attributes
            if isinstance(attributes, Attributes)
            else Attributes.read(attributes, customer="customer_id")
        )
        # The join asks only for what both types have: table, audit and counted.
        return cast("Wallets", join(cast("Any", self), known))

    def of(self, category: str) -> "Wallets":
        """Take the rows of one category.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [1, 1], "spend": [8.0, 5.0], "what": ["tea", "wine"]})
        >>> Wallets.read(frame, customer="id", own="spend", category="what").of("tea")
        Wallets(1 customer, 0 answers; window not stated, category tea)
        """
        if category not in self.categories:
            there = ", ".join(map(repr, self.categories)) or "none, since no column of them was named"
            advice = "Take one of them." if self.categories else "Say category= when reading."
            raise InputError(Fault("category", repr(category), f"one of: {there}", advice))
        from segmodels.tables.wallet_audit import audit_of

        marks = self.marks.filter(self.marks.category == category)
        return replace(
            self,
            table=self.table.filter(self.table.category == category),
            marks=marks,
            categories=(category,),
            counted=lambda: audit_of(marks, self.window, category),
        )


def _plural(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

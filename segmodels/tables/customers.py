"""One row for each customer: what the value models see."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.tables.arrow import Kind, from_arrow, to_arrow, to_pandas
from segmodels.tables.engine import Table, bring, fetch
from segmodels.tables.summary import Unit

if TYPE_CHECKING:
    from segmodels.tables.attributes import Attributes

Contractual = Literal["refuse", "allow"]


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers, each with a history in four figures. Made by :meth:`read` or ``Transactions.customers``.

    Parameters
    ----------
    table
        One row for each customer: ``customer_id``; ``frequency`` (repeat purchases, int64); ``recency`` (age
        at the last purchase, 0 if there is no repeat) and ``T`` (age), both float64 in `unit`; perhaps
        ``monetary_value`` (mean value of repeat purchases, 0 if none), ``first_date``, ``last_date``,
        ``total`` (value of all purchases) and attributes.
        0 <= recency <= T, and frequency = 0 exactly where recency = 0.
    unit
        ``"day"``, ``"week"`` or ``"month"`` (30.4375 days).
    kind
        The kind of table that came in, and that :meth:`give` gives back.
    counted
        Makes the audit.
    order
        The ids in the order that came in; None sorts by id.
    regularity
        Tests whether the log behind the summary looks contractual; None where there is no log.
    contractual
        Whether a fit refuses such customers, or only says so.
    """

    table: Table = field(repr=False)
    unit: Unit
    kind: Kind
    counted: Callable[[], pd.DataFrame] = field(repr=False)
    order: pd.Index | None = field(default=None, repr=False)
    regularity: Callable[[], Evidence] | None = field(default=None, repr=False)
    contractual: Contractual = "refuse"

    @classmethod
    def read(
        cls,
        source: Any,
        *,
        unit: Unit,
        customer: str | None = "customer_id",
        frequency: str = "frequency",
        recency: str = "recency",
        T: str = "T",
        monetary_value: str = "monetary_value",
        table: str | None = None,
    ) -> Self:
        """Read and check a ready summary table. All faults are reported together.

        Parameters
        ----------
        source
            As in :meth:`Transactions.read`. Columns not named here are kept as they are.
        unit
            The unit of `recency` and `T` in the table.
        customer
            The column of ids. None: the index of a pandas frame, or the row number (from 0) of another
            in-memory table. An index that bears the name asked for serves as the column.
        frequency, recency, T, monetary_value
            The columns. `monetary_value` may be missing. Where frequency is 0 it is allowed to be positive
            (some summaries put the first purchase there), and no model uses it.
        table
            The table within a DuckDB file.

        Raises
        ------
        InputError
            With every fault found.

        Examples
        --------
        >>> summary = pd.DataFrame({"frequency": [2, 0], "recency": [30.4, 0.0], "T": [39, 39]}, index=[7, 3])
        >>> customers = Customers.read(summary, unit="week", customer=None)
        >>> len(customers), customers.to_pandas()["customer_id"].to_list()
        (2, [7, 3])
        """
        from segmodels.tables.ready import read_summary

        names = {"frequency": frequency, "recency": recency, "T": T, "monetary_value": monetary_value}
        return cls(**read_summary(source, unit, customer, names, table))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns there are."""
        return tuple(self.table.columns)

    @cached_property
    def _rows(self) -> int:
        return int(fetch(self.table.aggregate(rows=self.table.count())).column("rows")[0].as_py())

    def __len__(self) -> int:
        """Count the customers."""
        return self._rows

    @cached_property
    def audit(self) -> pd.DataFrame:
        """The ledger: columns ``step, rows, customers, value``. Counted when first asked for."""
        return self.counted()

    @cached_property
    def setting(self) -> Evidence | None:
        """What the log says about contracts; None where there is none.

        Raises
        ------
        InputError
            If the log looks contractual, unless such customers are allowed.
        """
        found = None if self.regularity is None else self.regularity()
        if found is not None and found.passed is False and self.contractual == "refuse":
            advice = "If they do buy as they please, say customers(contractual='allow')."
            raise InputError(
                Fault("customers", found.text.rstrip("."), "customers free to buy at any time", advice)
            )
        return found

    def to_pandas(self) -> pd.DataFrame:
        """Fetch the table as pandas, whatever came in: in the order that came in, or sorted by id."""
        return to_pandas(self._ordered(fetch(self.table), ()))

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
        >>> summary = pd.DataFrame({"customer_id": [7, 3], "frequency": 0, "recency": 0.0, "T": [9.0, 9.0]})
        >>> customers = Customers.read(summary, unit="week")
        >>> customers.give(pd.DataFrame({"customer_id": [3, 7], "alive": [0.2, 0.8]})).values.tolist()
        [[7.0, 0.8], [3.0, 0.2]]
        """
        if self.kind == "ibis":
            return bring(to_arrow(result), self.table) if isinstance(result, pd.DataFrame) else result
        data = to_arrow(result) if isinstance(result, pd.DataFrame) else fetch(result)
        return from_arrow(self._ordered(data, then), self.kind)

    def with_attributes(self, attributes: "Attributes | Any") -> "Customers":
        """Join static attributes, one row for each customer.

        Parameters
        ----------
        attributes
            :class:`Attributes`, or a table with a column ``customer_id``.

        Raises
        ------
        InputError
            If a customer has no attributes, or a column is there already. Attributes of unknown customers are
            left out, and counted in the audit.

        Examples
        --------
        >>> summary = pd.DataFrame({"customer_id": [7], "frequency": [0], "recency": [0.0], "T": [9.0]})
        >>> channel = pd.DataFrame({"customer_id": [7], "channel": ["web"]})
        >>> Customers.read(summary, unit="week").with_attributes(channel).columns
        ('customer_id', 'frequency', 'recency', 'T', 'channel')
        """
        from segmodels.tables.attributes import Attributes, join

        known = (
            attributes
            if isinstance(attributes, Attributes)
            else Attributes.read(attributes, customer="customer_id")
        )
        return join(self, known)

    def _ordered(self, data: pa.Table, then: tuple[str, ...]) -> pa.Table:
        """Rows in the order of the customers, then of the columns `then`."""
        if then:
            data = data.sort_by([(name, "ascending") for name in then])
        ids = data.column("customer_id").to_pandas()
        position = ids if self.order is None else pd.Series(self.order.get_indexer(pd.Index(ids)))
        if position.is_monotonic_increasing:
            return data
        return data.take(pa.array(position.argsort(kind="stable").to_numpy()))


def require_columns_of(customers: Customers, names: tuple[str, ...], where: str) -> None:
    """Refuse a name that is no column of the customers."""
    missing = [name for name in names if name not in customers.columns]
    if missing:
        there = ", ".join(customers.columns)
        advice = "Join it first: customers.with_attributes(table)."
        raise InputError(
            [Fault(where, f"no column {name!r}", f"one of: {there}", advice) for name in missing]
        )

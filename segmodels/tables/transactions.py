"""A transaction log, checked once at the door."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from segmodels.tables.arrow import Kind
from segmodels.tables.audit import Count, count, ledger, stages
from segmodels.tables.engine import Table
from segmodels.tables.log import policy_steps, read_log
from segmodels.tables.sources import open_source
from segmodels.tables.summary import Occasion, Unit

if TYPE_CHECKING:
    from segmodels.tables.customers import Contractual, Customers
    from segmodels.tables.holdout import Holdout

Zero = Literal["keep", "drop"]
Negative = Literal["net", "drop"]


@dataclass(frozen=True, eq=False)
class Transactions:
    """Purchases: who, on which day, for how much. Made by :meth:`read`.

    Parameters
    ----------
    table
        Columns ``customer_id``, ``date`` (calendar day) and, if values were given, ``value`` (in the currency
        that came in). Rows that the policies removed are gone; with netted refunds there is one row for each
        customer and day.
    kind
        The kind of table that came in.
    first_date, last_date
        First and last date of the log as it came in; the last is where observation ends by default.
    checked
        The rows as read, before any policy.
    zero, negative
        The policies for values of zero and below.
    digits
        Binary digits behind the point that money is summed with, exactly, so that the order of rows does not matter.
    """

    table: Table = field(repr=False)
    kind: Kind
    first_date: dt.date
    last_date: dt.date
    checked: Table = field(repr=False)
    zero: Zero | None = None
    negative: Negative | None = None
    digits: int = field(default=0, repr=False)

    @classmethod
    def read(  # noqa: PLR0913
        cls,
        source: Any,
        *,
        customer: str,
        date: str,
        value: str | None = None,
        table: str | None = None,
        zero: Zero | None = None,
        negative: Negative | None = None,
        date_format: str | None = None,
        today: dt.date | None = None,
    ) -> Self:
        """Read and check a log. All faults are reported together.

        Parameters
        ----------
        source
            pandas, Polars or Arrow table; path or glob to Parquet or CSV; a DuckDB file; any Ibis table.
        customer, date, value
            The columns. Without `value` there are purchases only, and no monetary values.
        table
            The table within a DuckDB file.
        zero
            Rows of value 0: ``"keep"`` them as purchases, or ``"drop"`` them. Needed if there are any.
        negative
            Rows below 0: ``"net"`` them with the same customer's purchases of the same day, and take a day
            whose sum is 0 or less for no purchase; or ``"drop"`` the rows. Needed if there are any.
        date_format
            How text (or integers such as 19970101) is to be read, such as ``"%d/%m/%Y"``.
            Without it text must be ISO, such as ``1997-01-31``.
        today
            Later dates are a fault. Default: the current date.

        Returns
        -------
        Transactions

        Raises
        ------
        InputError
            With every fault found.

        Notes
        -----
        A time becomes a calendar day. If it has a time zone, the day is that of the zone's own calendar (of
        the engine's session zone where an engine keeps none, which is UTC for files). CSV columns are read as
        text, so nothing is guessed; ids that are all plain integers become integers.

        Examples
        --------
        >>> log = pd.DataFrame(
        ...     {"who": ["a", "a", "b"], "day": ["2024-01-01", "2024-02-01", "2024-01-15"], "paid": [9, 9, 5]}
        ... )
        >>> transactions = Transactions.read(log, customer="who", date="day", value="paid")
        >>> print(transactions.audit.to_string(index=False))
        step  rows  customers  value
        read     3          2   23.0
        used     3          2   23.0
        """
        wanted = {"customer": customer, "date": date} | ({} if value is None else {"value": value})
        opened = open_source(source, tuple(wanted.values()), table)
        return cls(**read_log(opened, wanted, zero, negative, date_format, today))

    @cached_property
    def audit(self) -> pd.DataFrame:
        """The ledger: read = used + all that left, in rows, customers and value.

        Columns ``step, rows, customers, value``. Lines that start with ``left:`` say what the policies took
        away (customers: those of whom nothing remains); lines that start with ``of which`` inform only.
        Counted when first asked for.
        """
        return ledger([*stages(self.steps()), *self._remarks()])

    def steps(self) -> list[tuple[str, Table]]:
        """List what remains after each step: the name of the step, and the raw rows."""
        return policy_steps(self.checked, self.zero, self.negative)

    def customers(
        self,
        until: str | dt.date | None = None,
        unit: Unit = "week",
        occasion: Occasion = "day",
        contractual: "Contractual" = "refuse",
    ) -> "Customers":
        """One row for each customer: repeat purchases, their timing and their mean value.

        Parameters
        ----------
        until
            The last day of observation. Default: the last date of the log. Whoever first bought later is left
            out, and counted in the audit.
        unit
            The unit of ``recency`` and ``T``: days, days / 7 or days / 30.4375.
        occasion
            Purchases of one customer within the same day (calendar week, from Monday; calendar month) are one
            occasion, dated by its first purchase. This is another matter than `unit`.
        contractual
            Whether a model fitted to these customers is refused where the log looks like payments under a
            contract (``"refuse"``), or only says so (``"allow"``).

        Returns
        -------
        Customers
            ``customer_id``; ``frequency``: occasions after the first; ``recency``: first to last occasion;
            ``T``: first occasion to `until`; ``monetary_value``: mean value of the repeat occasions, 0 if
            there are none; ``first_date``, ``last_date``: of the first and last occasion; ``total``:
            value of all.

        Examples
        --------
        >>> log = pd.DataFrame({"who": ["a", "a"], "day": ["2024-01-01", "2024-01-15"], "paid": [10.0, 20.0]})
        >>> customers = Transactions.read(log, customer="who", date="day", value="paid").customers()
        >>> customers.to_pandas().iloc[0, :5].to_dict()
        {'customer_id': 'a', 'frequency': 1, 'recency': 2.0, 'T': 2.0, 'monetary_value': 20.0}
        """
        from segmodels.tables.calibration import calibrate

        return calibrate(self, until, unit, occasion, contractual)

    def holdout(
        self,
        until: str | dt.date,
        end: str | dt.date | None = None,
        unit: Unit = "week",
        occasion: Occasion = "day",
        contractual: "Contractual" = "refuse",
    ) -> "Holdout":
        """Split in time: customers as known at `until`, and what they bought afterwards, to `end`.

        Parameters
        ----------
        until, unit, occasion, contractual
            As in :meth:`customers`.
        end
            The last day of the holdout. Default: the last date of the log.

        Examples
        --------
        >>> log = pd.DataFrame({"who": ["a", "a"], "day": ["2024-01-01", "2024-01-15"], "paid": [10.0, 20.0]})
        >>> split = Transactions.read(log, customer="who", date="day", value="paid").holdout("2024-01-08")
        >>> split.to_pandas().iloc[0].to_dict()
        {'customer_id': 'a', 'frequency_holdout': 1, 'total_holdout': 20.0}
        """
        from segmodels.tables.holdout import split

        return split(self, until, end, unit, occasion, contractual)

    def _remarks(self) -> list[tuple[str, Count]]:
        rows = self.steps()[-1][1]
        lines: list[tuple[str, Count]] = []
        if self.zero == "keep":
            lines.append(("of which zero values, kept", count(rows.filter(rows.value == 0))))
        if self.negative == "net":
            lines.append(("of which refunds, netted", count(rows.filter(rows.value < 0))))
        return lines

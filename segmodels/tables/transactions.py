"""A transaction log, checked once at the door."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import ibis
import ibis.expr.types as ir
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables import parse, rules
from segmodels.tables.audit import Count, count, ledger, stages
from segmodels.tables.sources import Kind, Source, fetch, open_source, require_columns
from segmodels.tables.summary import Occasion, Unit

if TYPE_CHECKING:
    from segmodels.tables.customers import Customers
    from segmodels.tables.holdout import Holdout

Zero = Literal["keep", "drop"]
Negative = Literal["net", "drop"]


@dataclass(frozen=True)
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
    """

    table: ir.Table = field(repr=False)
    kind: Kind
    first_date: dt.date
    last_date: dt.date
    checked: ir.Table = field(repr=False)
    zero: Zero | None = None
    negative: Negative | None = None

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
            Rows below 0: ``"net"`` them with the same customer's purchases of the same day, and take a day whose
            sum is 0 or less for no purchase; or ``"drop"`` the rows. Needed if there are any.
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
        ...     {"who": ["a", "a", "b"], "day": ["2024-01-01", "2024-02-01", "2024-01-15"], "paid": [10.0, 20.0, 5.0]}
        ... )
        >>> transactions = Transactions.read(log, customer="who", date="day", value="paid")
        >>> print(transactions.audit.to_string(index=False))
        step  rows  customers  value
        read     3          2   35.0
        used     3          2   35.0
        """
        wanted = {"customer": customer, "date": date} | ({} if value is None else {"value": value})
        opened = open_source(source, tuple(wanted.values()), table)
        faults = [*_policy_faults(zero, negative), *require_columns(opened, wanted)]
        faults += _type_faults(opened, wanted, date_format)
        if faults:
            raise InputError(faults)
        log = _prepare(opened, wanted, date_format)
        found, figures = rules.check(
            log, _rules(log, zero, negative, today or dt.date.today()), _figures(log)
        )  # noqa: DTZ011
        faults = [*_table_faults(log, figures), *found]
        if faults:
            raise InputError(faults)
        rows = log.select("customer_id", "date", *(["value"] if value is not None else []))
        if opened.untyped and not figures["texts"]:
            rows = rows.mutate(customer_id=rows.customer_id.cast("int64"))
        zero = zero if figures.get("zeros") else None
        negative = negative if figures.get("negatives") else None
        used = _steps(rows, zero, negative)[-1][1]
        if negative == "net":
            used = used.group_by("customer_id", "date").aggregate(value=used.value.sum())
        return cls(used, opened.kind, figures["first"], figures["last"], rows, zero, negative)

    @cached_property
    def audit(self) -> pd.DataFrame:
        """The ledger: read = used + all that left, in rows, customers and value.

        Columns ``step, rows, customers, value``. Lines that start with ``left:`` say what the policies removed
        (customers: those of whom nothing remains); lines that start with ``of which`` inform only.
        Counted when first asked for.
        """
        return ledger([*stages(self.steps()), *self._remarks()])

    def steps(self) -> list[tuple[str, ir.Table]]:
        """What remains after each step, as raw rows: the name of the step, and the rows."""
        return _steps(self.checked, self.zero, self.negative)

    def customers(
        self, until: str | dt.date | None = None, unit: Unit = "week", occasion: Occasion = "day"
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

        Returns
        -------
        Customers
            ``customer_id``; ``frequency``: occasions after the first; ``recency``: first to last occasion;
            ``T``: first occasion to `until`; ``monetary_value``: mean value of the repeat occasions, 0 if there
            are none; ``first_date``, ``last_date``: of the first and last occasion; ``total``: value of all.

        Examples
        --------
        >>> log = pd.DataFrame({"who": ["a", "a"], "day": ["2024-01-01", "2024-01-15"], "paid": [10.0, 20.0]})
        >>> customers = Transactions.read(log, customer="who", date="day", value="paid").customers()
        >>> customers.to_pandas().iloc[0, :5].to_dict()
        {'customer_id': 'a', 'frequency': 1, 'recency': 2.0, 'T': 2.0, 'monetary_value': 20.0}
        """
        from segmodels.tables.calibration import calibrate

        return calibrate(self, until, unit, occasion)

    def holdout(
        self,
        until: str | dt.date,
        end: str | dt.date | None = None,
        unit: Unit = "week",
        occasion: Occasion = "day",
    ) -> "Holdout":
        """Split in time: customers as known at `until`, and what they bought afterwards, to `end`.

        Parameters
        ----------
        until, unit, occasion
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

        return split(self, until, end, unit, occasion)

    def _remarks(self) -> list[tuple[str, Count]]:
        rows = self.steps()[-1][1]
        lines: list[tuple[str, Count]] = []
        if self.zero == "keep":
            lines.append(("of which zero values, kept", count(rows.filter(rows.value == 0))))
        if self.negative == "net":
            lines.append(("of which refunds, netted", count(rows.filter(rows.value < 0))))
        return lines


def _policy_faults(zero: str | None, negative: str | None) -> list[Fault]:
    allowed = {"zero": (zero, ("keep", "drop")), "negative": (negative, ("net", "drop"))}
    return [
        Fault(
            name, repr(got), " or ".join(map(repr, options)), f"Say {name}={options[0]!r} or {options[1]!r}."
        )
        for name, (got, options) in allowed.items()
        if got is not None and got not in options
    ]


def _type_faults(opened: Source, wanted: dict[str, str], date_format: str | None) -> list[Fault]:
    faults: list[Fault] = []
    for argument in ("date", "value"):
        name = wanted.get(argument)
        if name in opened.table.columns:
            fault = parse.type_fault(opened.table[name], argument, argument, date_format)
            faults += [] if fault is None else [fault]
    if wanted["customer"] in opened.mixed:
        faults.append(
            Fault(
                "customer",
                "text beside numbers",
                "ids of one type",
                "1 and '1' may be two customers or one: convert the column, for example with .astype(str).",
            )
        )
    return faults


def _prepare(opened: Source, wanted: dict[str, str], date_format: str | None) -> ir.Table:
    """Columns customer_id, date, value as read, and the text of what came in for examples."""
    raw = opened.table
    day = raw[wanted["date"]]
    columns: dict[str, ir.Value] = {
        "customer_id": raw[wanted["customer"]],
        "date": parse.as_date(day, date_format, opened.zones.get(wanted["date"])),
    }
    columns["got_date"] = day.cast("string") if day.type().is_string() else columns["date"].cast("string")
    offset = parse.offset_of(day) if date_format is None else None
    if offset is not None:
        columns["offset"] = offset
    if "value" in wanted:
        spent = raw[wanted["value"]]
        columns |= {"value": parse.as_number(spent), "got_value": spent.cast("string")}
    return raw.select(**columns)


def _figures(log: ir.Table) -> dict[str, ir.Scalar]:
    """Aggregates that the one pass over the log brings besides the faults."""
    figures: dict[str, Any] = {"first": log.date.min(), "last": log.date.max()}
    if log.customer_id.type().is_string():
        figures["texts"] = (~rules.integer_text(log.customer_id)).sum()
    if "value" in log.columns:
        figures |= {"zeros": (log.value == 0).sum(), "negatives": (log.value < 0).sum()}
    if "offset" in log.columns:
        figures |= {"offset_min": log.offset.min(), "offset_max": log.offset.max()}
    return figures


def _table_faults(log: ir.Table, figures: dict[str, Any]) -> list[Fault]:
    if not figures["rows"]:
        return [Fault("source", "an empty table", "at least one row", "Check the query or the file.")]
    if figures.get("offset_min") == figures.get("offset_max"):
        return []
    offsets = fetch(log.select("offset").distinct().order_by("offset").limit(3)).column("offset").to_pylist()
    return [
        Fault(
            "date",
            "times of several time zones",
            "times of one zone, or dates",
            "Convert them first: pd.to_datetime(date, utc=True).dt.tz_convert(your zone).",
            examples=tuple(offset or "no zone" for offset in offsets),
        )
    ]


def _rules(log: ir.Table, zero: str | None, negative: str | None, today: dt.date) -> list[rules.Rule]:
    who = ibis.literal("customer ") + rules.text_of(log.customer_id)
    row = who + " on " + log.got_date.fill_null("null")
    has_value = "value" in log.columns
    row = row + ": " + log.got_value.fill_null("null") if has_value else row
    iso = "Pass date_format=, such as '%d/%m/%Y', or repair them."
    found = [
        rules.Rule(
            "customer",
            "no id",
            "an id in every row",
            "Drop these rows.",
            rules.is_missing_id(log.customer_id),
            row,
        ),
        rules.Rule(
            "date", "no date", "a date in every row", "Repair or drop them.", log.got_date.isnull(), row
        ),
        rules.Rule(
            "date", "text that is no date", "ISO dates", iso, log.got_date.notnull() & log.date.isnull(), row
        ),
        rules.Rule(
            "date",
            "a date in the future",
            f"dates up to {today.isoformat()}",
            "Repair or drop them, or say today=.",
            log.date > ibis.literal(today),
            row,
        ),
    ]
    return [*found, *_value_rules(log, zero, negative, row)] if has_value else found


def _value_rules(
    log: ir.Table, zero: str | None, negative: str | None, row: ir.StringValue
) -> list[rules.Rule]:
    spent = log.value
    text = "Take currency signs and thousands separators off: column.str.replace(r'[^0-9.-]', '', regex=True).astype(float)."
    found = [
        rules.Rule(
            "value",
            "null or NaN",
            "a number in every row",
            "Repair or drop them.",
            log.got_value.isnull() | spent.isnan(),
            row,
        ),
        rules.Rule("value", "text", "numbers", text, log.got_value.notnull() & spent.isnull(), row),
        rules.Rule(
            "value", "an infinite number", "finite numbers", "Repair or drop them.", spent.isinf(), row
        ),
    ]
    if zero is None:
        remedy = "Say zero='keep' (they are purchases) or zero='drop' (they are none)."
        found.append(rules.Rule("value", "zero", "values above 0, or a policy", remedy, spent == 0, row))
    if negative is None:
        remedy = (
            "Say negative='net' (refunds reduce the same customer's purchases of the same day) "
            "or negative='drop' (leave the rows out)."
        )
        found.append(
            rules.Rule("value", "a negative number", "values above 0, or a policy", remedy, spent < 0, row)
        )
    return found


def _steps(rows: ir.Table, zero: str | None, negative: str | None) -> list[tuple[str, ir.Table]]:
    remaining = [("read", rows)]
    if zero == "drop":
        remaining.append(("zero values, dropped", rows.filter(rows.value != 0)))
    if negative == "drop":
        rows = remaining[-1][1]
        remaining.append(("negative values, dropped", rows.filter(rows.value >= 0)))
    elif negative == "net":
        remaining.append(("customer-days whose net is no purchase", _netted(remaining[-1][1])))
    return remaining


def _netted(rows: ir.Table) -> ir.Table:
    """Rows of the customer-days that remain a purchase once their refunds are taken off.

    A day without refunds is none of this policy's business, so that free items stay under ``zero="keep"``.
    """
    days = rows.group_by("customer_id", "date").aggregate(net=rows.value.sum(), least=rows.value.min())
    gone = days.filter((days.net <= 0) & (days.least < 0))
    return rows.anti_join(gone, ["customer_id", "date"])

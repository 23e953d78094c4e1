"""A log read from a source and checked: which rows are purchases, and which leave by a policy."""

import datetime as dt
from typing import Any

import ibis

from segmodels.errors import Fault, InputError
from segmodels.tables import parse, rules
from segmodels.tables.engine import Column, Table, fetch, is_null
from segmodels.tables.sources import Source, require_columns
from segmodels.tables.summary import binary_digits, in_grains, in_money

_ROUNDING = 1e-12


def read_log(
    opened: Source,
    wanted: dict[str, str],
    zero: str | None,
    negative: str | None,
    date_format: str | None,
    today: dt.date | None,
) -> dict[str, Any]:
    """Check a log and apply the policies; the fields of :class:`Transactions`, by name."""
    faults = [*_policy_faults(zero, negative), *require_columns(opened, wanted)]
    faults += _type_faults(opened, wanted, date_format)
    unusable = {fault.where for fault in faults}
    log = _prepare(opened, {have: name for have, name in wanted.items() if have not in unusable}, date_format)
    day = today or dt.datetime.now().astimezone().date()
    found, figures = rules.check(log, _rules(log, zero, negative, date_format, day), _figures(log))
    faults += [*_table_faults(log, figures), *found]
    if faults:
        raise InputError(faults)
    rows = log.select("customer_id", "date", *(["value"] if "value" in wanted else []))
    if opened.untyped and not figures["texts"]:
        rows = rows.mutate(customer_id=rows.customer_id.cast("int64"))
    zero = zero if figures.get("zeros") else None
    negative = negative if figures.get("negatives") else None
    used = policy_steps(rows, zero, negative)[-1][1]
    digits = binary_digits(float(figures.get("largest") or 0.0), int(figures["rows"]))
    if negative == "net":
        whole = in_grains(used, digits)
        used = whole.group_by("customer_id", "date").aggregate(value=in_money(whole.value.sum(), digits))
    return {
        "table": used,
        "kind": opened.kind,
        "first_date": figures["first"],
        "last_date": figures["last"],
        "checked": rows,
        "zero": zero,
        "negative": negative,
        "digits": digits,
    }


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


def _prepare(opened: Source, usable: dict[str, str], date_format: str | None) -> Table:
    """Read customer_id, date and value as far as usable, and as text, for examples, what came in."""
    raw = opened.table
    columns: dict[str, Column] = {"row_": ibis.literal("row")}
    if "customer" in usable:
        columns["customer_id"] = raw[usable["customer"]]
        columns["row_"] = ibis.literal("customer ") + rules.text_of(columns["customer_id"])
    if "date" in usable:
        day = raw[usable["date"]]
        columns["date"] = parse.as_date(day, date_format, opened.zones.get(usable["date"]))
        columns["got_date"] = (day if day.type().is_string() else columns["date"]).cast("string")
        columns["row_"] += ibis.literal(" on ") + columns["got_date"].fill_null("null")
        if date_format is None and day.type().is_string():
            columns["offset"] = parse.offset_of(day)
    if "value" in usable:
        spent = raw[usable["value"]]
        columns |= {"value": parse.as_number(spent), "got_value": spent.cast("string")}
        columns["row_"] += ibis.literal(": ") + columns["got_value"].fill_null("null")
    return raw.select(**columns)


def _figures(log: Table) -> dict[str, Column]:
    """Name the aggregates that the one pass over the log brings besides the faults."""
    figures: dict[str, Any] = {}
    if "date" in log.columns:
        figures |= {"first": log.date.min(), "last": log.date.max()}
    if "customer_id" in log.columns and log.customer_id.type().is_string():
        figures["texts"] = (~rules.integer_text(log.customer_id)).sum()
    if "value" in log.columns:
        figures |= {"zeros": (log.value == 0).sum(), "negatives": (log.value < 0).sum()}
        figures["largest"] = log.value.abs().max()
    if "offset" in log.columns:
        figures |= {"offset_min": log.offset.min(), "offset_max": log.offset.max()}
    return figures


def _table_faults(log: Table, figures: dict[str, Any]) -> list[Fault]:
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


def _rules(
    log: Table, zero: str | None, negative: str | None, date_format: str | None, today: dt.date
) -> list[rules.Rule]:
    found: list[rules.Rule] = []
    if "customer_id" in log.columns:
        missing = rules.is_missing_id(log.customer_id)
        found.append(
            rules.Rule("customer", "no id", "an id in every row", "Drop these rows.", missing, log.row_)
        )
    if "date" in log.columns:
        found += _date_rules(log, date_format, today)
    if "value" in log.columns:
        found += [*_number_rules(log), *_policy_rules(log, zero, negative)]
    return found


def _date_rules(log: Table, date_format: str | None, today: dt.date) -> list[rules.Rule]:
    form, remedy = "ISO dates", "Pass date_format=, such as '%d/%m/%Y', or repair them."
    if date_format is not None:
        form, remedy = f"dates written as {date_format!r}", "Correct date_format=, or repair them."
    none, unread = is_null(log.got_date), ~is_null(log.got_date) & is_null(log.date)
    return [
        rules.Rule("date", "no date", "a date in every row", "Repair or drop them.", none, log.row_),
        rules.Rule("date", "text that is no date", form, remedy, unread, log.row_),
        rules.Rule(
            "date",
            "a date in the future",
            f"dates up to {today.isoformat()}",
            "Repair or drop them, or say today=.",
            log.date > ibis.literal(today),
            log.row_,
        ),
    ]


def _number_rules(log: Table) -> list[rules.Rule]:
    spent, row = log.value, log.row_
    # Either advice would turn numbers of the other kind into others, a hundred or a thousand times off.
    point = (
        "Take currency signs and thousands separators off, for example, where the decimal sign is a point, "
        "column.str.replace(r'[^0-9.-]', '', regex=True).astype(float)."
    )
    comma = (
        "Write a decimal point, for example, where points only mark thousands, "
        "column.str.replace(r'[^0-9,-]', '', regex=True).str.replace(',', '.').astype(float)."
    )
    unread = ~is_null(log.got_value) & is_null(spent)
    with_comma = rules.decimal_comma(log.got_value)
    return [
        rules.Rule(
            "value",
            "null or NaN",
            "a number in every row",
            "Repair or drop them.",
            is_null(log.got_value) | spent.isnan(),
            row,
        ),
        rules.Rule("value", "text", "numbers", point, unread & ~with_comma, row),
        rules.Rule("value", "a decimal comma", "numbers", comma, unread & with_comma, row),
        rules.Rule(
            "value",
            "an infinite number",
            "finite numbers",
            "Repair or drop them.",
            rules.is_infinite(spent),
            row,
        ),
    ]


def _policy_rules(log: Table, zero: str | None, negative: str | None) -> list[rules.Rule]:
    spent, row = log.value, log.row_
    found: list[rules.Rule] = []
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


def policy_steps(rows: Table, zero: str | None, negative: str | None) -> list[tuple[str, Table]]:
    """List what remains after each policy: the name of the step, and the raw rows."""
    remaining = [("read", rows)]
    if zero == "drop":
        remaining.append(("zero values, dropped", rows.filter(rows.value != 0)))
    if negative == "drop":
        rows = remaining[-1][1]
        remaining.append(("negative values, dropped", rows.filter(rows.value >= 0)))
    elif negative == "net":
        remaining.append(("customer-days whose net is no purchase", _netted(remaining[-1][1])))
    return remaining


def _netted(rows: Table) -> Table:
    """Rows of the customer-days that remain a purchase once their refunds are taken off.

    A day without refunds is none of this policy's business, so that free items stay under ``zero="keep"``.
    What rounding leaves of a refund in full (0.1 + 0.2 - 0.3 is not quite 0) is no purchase.
    """
    days = rows.group_by("customer_id", "date").aggregate(
        net=rows.value.sum(), least=rows.value.min(), gross=rows.value.abs().sum()
    )
    gone = days.filter((days.net <= _ROUNDING * days.gross) & (days.least < 0))
    return rows.anti_join(gone, ["customer_id", "date"])

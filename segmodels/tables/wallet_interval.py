"""From an answer to the interval in which spend elsewhere lies."""

from collections.abc import Sequence

import ibis

from segmodels.tables.engine import Column, Table, is_null
from segmodels.tables.wallet_rounding import unit_of

# What floats leave of amounts that are the same, as a share of them (0.3 - (0.1 + 0.2) is not quite 0).
_NOTHING = 1e-9


def bounded(
    rows: Table, argument: str, below: float, rounding: float | Sequence[float] | None, cent: float = 0.0
) -> dict[str, Column]:
    """Write the interval of spend elsewhere, and what kind of answer it comes from, as expressions.

    Parameters
    ----------
    rows
        Columns ``own``, ``answer``, and ``width`` where each answer has one.
    argument
        ``"total"`` or ``"elsewhere"``: what was asked.
    below
        Of a total below own spend, the share of own spend that spend elsewhere is at most.
    rounding
        The width of all answers; or the units to which they heap; or None.
    cent
        The smallest amount that answers tell apart: a total within half of it of own spend is own spend.

    Returns
    -------
    dict
        ``low``, ``high`` and ``mark``, null where there is no answer; ``nothing``, whether a customer spends
        nothing at all.
    """
    answer, own, zero = rows.answer, rows.own, ibis.literal(0.0)
    taken: Column = own if argument == "total" else zero
    noise = taken * _NOTHING + answer * _NOTHING
    # Nothing spent is no rounded number.
    nothing = (answer == 0) & ((own == 0) | (argument == "elsewhere"))
    half = nothing.ifelse(zero, _width(rows, rounding)) / 2.0
    elsewhere = _snapped(answer - taken, noise + (cent * 0.5 if argument == "total" else 0.0))
    least, most = (_snapped(end, noise) for end in (elsewhere - half, elsewhere + half))
    censored, rounded = most < 0, half > 0
    low = ibis.greatest(zero, least)
    high = censored.ifelse(below * own, most)
    mark = ibis.cases((censored, "censored"), (rounded, "rounded"), else_="exact")
    absent = is_null(answer)
    return {
        "low": absent.ifelse(ibis.null("float64"), low),
        "high": absent.ifelse(ibis.null("float64"), high),
        "mark": absent.ifelse(ibis.null("string"), mark),
        "nothing": (~absent & (own == 0) & (answer == 0)).fill_null(False),
    }


def _snapped(amount: Column, noise: Column) -> Column:
    """Take an amount that is no more than noise for nothing."""
    return (amount.abs() <= noise).ifelse(0.0, amount)


def _width(rows: Table, rounding: float | Sequence[float] | None) -> Column:
    if "width" in rows.columns:
        return rows.width
    if rounding is None:
        return ibis.literal(0.0)
    if isinstance(rounding, (int, float)):
        return ibis.literal(float(rounding))
    return unit_of(rows.answer, rounding)

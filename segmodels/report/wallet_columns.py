"""Figures of wallets as people read them: columns of tables, and sentences with intervals."""

from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.interval_columns import ranged
from segmodels.report.plots.theme import interval_name
from segmodels.report.tables import Column
from segmodels.report.wallet_parts import Estimate

_COUNTS = {
    "customers": "Customers",
    "answered": "Answered",
    "extrapolated": "Extrapolated",
    "not_identified": "Not identified",
}
_SHARES = {
    "share": "Share of wallet",
    "raw_share": "Share, answers alone",
    "extrapolated_share": "Headroom that is extrapolated",
}
_MONEY = {
    "own": "Own spend",
    "value": "Current value",
    "wallet": "Wallet",
    "headroom": "Headroom",
    "attainable": "Attainable",
    "raw_headroom": "Headroom, answers alone",
    "gain": "Expected gain of asking",
}


def measures(frame: pd.DataFrame, names: Sequence[str], currency: str, level: float) -> list[Column]:
    """Write columns of a frame, each with its interval beside it where both ends are known.

    Parameters
    ----------
    frame
        With some of the columns of this file, and the ends of their intervals, such as ``headroom_low``.
    names
        Of the columns wanted, in order; those that the frame does not have are left out.
    currency
        Of the amounts; it stands in the heading.
    level
        Probability inside the intervals.

    Examples
    --------
    >>> frame = pd.DataFrame({"headroom": [1234.5], "headroom_low": [900.0], "headroom_high": [1600.0]})
    >>> [(column.label, *column.cells) for column in measures(frame, ["own", "headroom"], "EUR", 0.9)]
    [('Headroom (EUR)', '1,234'), ('90% interval', '900 to 1,600')]
    """
    found: list[Column] = []
    for name in names:
        if name in _COUNTS:
            found += ranged(frame, name, _COUNTS[name], level, tables.each_count)
        elif name in _SHARES:
            found += ranged(frame, name, _SHARES[name], level, tables.shares)
        else:
            found += ranged(frame, name, unit(_MONEY[name], currency), level, tables.moneys(""))
    return found


def unit(what: str, currency: str) -> str:
    """Name amounts with their currency, where there is one.

    >>> unit("Headroom", "$"), unit("Headroom", "")
    ('Headroom ($)', 'Headroom')
    """
    return f"{what} ({currency})" if currency else what


def axis_name(known: Iterable[bool], what: str, level: float) -> str:
    """Name an axis of figures by its unit, and by their intervals where one is known.

    >>> axis_name([False, True], "EUR", 0.9), axis_name([False], "EUR", 0.9)
    ('90% interval (EUR)', 'Estimate (EUR)')
    """
    return f"{interval_name(level) if any(known) else 'Estimate'} ({what})"


def money_between(found: Estimate, currency: str, level: float) -> str:
    """Write an amount with its interval, for a sentence.

    >>> money_between(Estimate(1.2e6, 9e5, 1.6e6), "$", 0.9), money_between(Estimate(1.2e6), "$", 0.9)
    ('$1.20 million (90% interval: $900,000 to $1.60 million)', '$1.20 million')
    """
    written = tables.money_short(found.value, currency)
    return f"{written} ({between(found, currency, level)})" if found.known else written


def share_between(found: Estimate, level: float) -> str:
    """Write a share with its interval, for a sentence.

    >>> share_between(Estimate(0.25, 0.2, 0.3), 0.9)
    '25.0% (90% interval: 20.0% to 30.0%)'
    """
    written = tables.share(found.value)
    return f"{written} ({between(found, None, level)})" if found.known else written


def between(found: Estimate, currency: str | None, level: float) -> str:
    """Write an interval of amounts or, without a currency, of shares; empty where an end is not known."""
    if not found.known:
        return ""
    low, high = (
        tables.share(end) if currency is None else tables.money_short(end, currency)
        for end in (found.low, found.high)
    )
    return f"{interval_name(level)}: {low} to {high}"


def part(value: float, whole: float) -> str:
    """Write a figure as a share of another one.

    >>> part(1, 4), part(1, 0)
    ('25%', '–')
    """
    return tables.share(value / whole, 0) if whole and isfinite(whole) else tables.MISSING


def total_of(frame: pd.DataFrame, name: str) -> float:
    """Add up what is known of a column.

    >>> total_of(pd.DataFrame({"headroom": [1.0, float("nan")]}), "headroom")
    1.0
    """
    return float(np.nansum(tables.floats(frame, name)))

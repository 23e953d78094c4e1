"""Share of wallet against own spend, as a section of the page."""

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import ends_column
from segmodels.report.plots.share_spend import share_spend
from segmodels.report.tables import Table, figures, floats, words
from segmodels.report.wallet_columns import unit
from segmodels.report.wallet_parts import SharePart

NOBODY = "Nobody was asked, so there are no answers to hold the model's shares against."
_BANDS = 5
#: A change of the median share that is worth a word.
_WORTH = 0.05


def share(found: SharePart | None, currency: str) -> Section:
    """Show the answers, and the model's median and band; of no answers, say so."""
    if found is None:
        return Section("share", "Share against spend: nobody was asked", (NOBODY,))
    drawing = Drawing(
        "share-spend",
        "Share of wallet by own spend",
        f"Scatter of share of wallet by own spend with the model's median and band. {_finding(found.curve)}.",
        share_spend(found.curve, found.answers, currency=currency, band=found.band),
        _curve_table(found, currency),
    )
    text = [
        (
            "The line is the model's median for customers with this own spend, the shade holds "
            f"{tables.share(found.band, 0)} of such customers: it shows how far one customer can be from the line, "
            "not how sure the line is."
        )
    ]
    shown: list[Table] = []
    if found.answers is None:
        text.append(NOBODY)
    else:
        text += _without_spend(found.answers)
        shown += _by_spend(found.answers, currency)
    title = f"Share against spend: {_finding(found.curve)}"
    return Section("share", title, tuple(text), (drawing,), tuple(shown))


def _finding(curve: pd.DataFrame) -> str:
    median = floats(curve, "median")
    known = median[np.isfinite(median)]
    if len(known) < 2:
        return "the share at one level of spend"
    first, last = float(known[0]), float(known[-1])
    ends = f"from {tables.share(first, 0)} to {tables.share(last, 0)}"
    if abs(last - first) < _WORTH:
        return f"the share hardly changes with spend, {ends}"
    return f"the share {'rises' if last > first else 'falls'} {ends} as own spend rises"


def _without_spend(answers: pd.DataFrame) -> list[str]:
    none = int((floats(answers, "own") <= 0).sum())
    if not none:
        return []
    who = f"{tables.count(none)} who answered {'has' if none == 1 else 'have'}"
    return [f"{who} no own spend, so that the share is 0; the logarithmic axis has no place for it."]


def _curve_table(found: SharePart, currency: str) -> Table:
    columns = [
        figures(unit("Own spend", currency), found.curve["own"], tables.moneys("")),
        figures("Median share", found.curve["median"], tables.shares),
        *ends_column(found.curve, ("low", "high"), found.band, tables.shares, _range_name(found.band)),
    ]
    return Table("The model's share of wallet by own spend", tuple(columns))


def _range_name(band: float) -> str:
    return f"{tables.share(band, 0)} of customers"


def _by_spend(answers: pd.DataFrame, currency: str) -> list[Table]:
    """Write what was answered, by fifths of own spend."""
    own, shares = (floats(answers, name) for name in ("own", "share"))
    known = np.isfinite(own) & np.isfinite(shares)
    order = np.argsort(own[known], kind="stable")
    parts = [part for part in np.array_split(order, _BANDS) if len(part)]
    if not parts:
        return []
    own, shares = own[known], shares[known]
    first, last = (np.array([own[part][at] for part in parts]) for at in (0, -1))
    low, high = (tables.moneys("")(ends) for ends in (first, last))
    quartiles = np.array([np.quantile(shares[part], (0.25, 0.5, 0.75)) for part in parts])
    columns = (
        words(unit("Own spend", currency), [f"{a} to {b}" for a, b in zip(low, high, strict=True)]),
        figures("Answers", [len(part) for part in parts], tables.each_count),
        *(
            figures(label, quartiles[:, at], tables.shares)
            for at, label in enumerate(("Lower quartile of share", "Median share", "Upper quartile of share"))
        ),
    )
    return [Table("Answers by fifths of own spend", columns)]

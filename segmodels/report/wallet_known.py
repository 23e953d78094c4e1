"""What is known of the wallets and what is not, in plain words: the first section of the page."""

from collections.abc import Iterator
from math import isfinite

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import levels, tables
from segmodels.report.html import Card, Drawing, Section
from segmodels.report.interval_columns import written_column
from segmodels.report.plots.interval_dots import Dots, interval_dots
from segmodels.report.plots.theme import interval_name
from segmodels.report.tables import Table, figures, words
from segmodels.report.wallet_columns import axis_name, between, money_between, part, share_between
from segmodels.report.wallet_parts import Estimate, WalletHeadline

#: Part of the buyers with a target of 100% from which on it is explained.
_MUCH = 0.05


def cards(head: WalletHeadline, currency: str, level: float) -> Iterator[Card]:
    """Write the headline figures."""
    said = "nobody was asked" if head.answered == 0 else f"{tables.count(head.answered)} answered"
    yield Card("Customers", tables.count(head.customers), said)
    yield Card("Own spend", tables.money_short(head.own, currency), head.window)
    for label, found in (("Estimated wallet", head.wallet), ("Headroom", head.headroom)):
        written = tables.money_short(found.value, currency)
        yield Card(label, written, _beneath(head, between(found, currency, level)))
    beneath = _beneath(head, between(head.share, None, level))
    yield Card("Share of wallet", tables.share(head.share.value), beneath)
    if head.attainable is not None:
        written = tables.money_short(head.attainable.value, currency)
        yield Card("Attainable", written, _beneath(head, between(head.attainable, currency, level)))


def _beneath(head: WalletHeadline, interval: str) -> str:
    """Say beneath a figure what its interval leaves out."""
    if not head.fixed:
        return interval
    return f"{interval}, parameters held fixed" if interval else "no interval: the parameters are held fixed"


def known(
    head: WalletHeadline, model: str, currency: str, level: float, audit: pd.DataFrame | None
) -> Section:
    """Say what is known, what is predicted, and what the prediction rests on."""
    rows = list(_amounts(head))
    x = axis_name([found.known for _, found in rows], currency or "money", level)
    middle, low, high = (
        np.array([getattr(found, name) for _, found in rows], float) for name in ("value", "low", "high")
    )
    dots = Dots(
        [name for name, _ in rows],
        middle,
        [tables.money_short(value, currency) for value in middle],
        low,
        high,
        letters=22,
    )
    drawing = Drawing(
        "known-amounts",
        "Own spend, wallet and potential",
        "Dots with intervals: own spend, wallet, headroom and attainable of all customers.",
        _amount_figure(dots, x),
        _amount_table(rows, head, currency, level),
    )
    shown = [_status_table(head)]
    if head.assumptions:
        numbers = [tables.count(at) for at in range(1, len(head.assumptions) + 1)]
        columns = (words("Assumption", numbers), words("What the model takes for granted", head.assumptions))
        shown.append(Table("Assumptions of the model", columns))
    folded = (
        () if audit is None else (tables.written(audit.reset_index(drop=True), "What was read, by step"),)
    )
    text = (*_said(head, currency, level), f"The model: {model}.")
    return Section("known", _title(head, currency), text, (drawing,), tuple(shown), (), folded)


def _amount_figure(dots: Dots, x: str) -> go.Figure:
    """Draw the amounts, with ticks written as everywhere on the page."""
    figure = interval_dots(dots, x=x, zero=True)
    return figure.update_xaxes(separatethousands=True, exponentformat="B", minexponent=6, nticks=6)


def _title(head: WalletHeadline, currency: str) -> str:
    if head.answered == 0:
        return "What is known: own spend; nobody was asked, and the wallet rests on an assumption"
    if head.anchored:
        asked = f"{tables.count(head.answered)} answer{'' if head.answered == 1 else 's'}"
        return f"What is known: own spend and {asked}; the other wallets rest on an assumption"
    if not (isfinite(head.share.value) and isfinite(head.headroom.value)):
        return "What is known: own spend; of the wallet nothing can be said"
    share, headroom = tables.share(head.share.value, 0), tables.money_short(head.headroom.value, currency)
    return f"What is known: about {share} of the wallet is ours, {headroom} is spent elsewhere"


def _said(head: WalletHeadline, currency: str, level: float) -> Iterator[str]:
    where = "".join(f", {word}" for word in (head.window, head.category) if word)
    yield (
        f"{tables.count(head.customers)} customers spent {tables.money_short(head.own, currency)} with us{where}. "
        + _asked(head)
    )
    yield (
        f"Their wallet is estimated at {money_between(head.wallet, currency, level)}. Our share of it is "
        f"{share_between(head.share, level)}; {money_between(head.headroom, currency, level)} is spent elsewhere, the "
        "headroom."
    )
    if head.attainable is not None:
        yield (
            f"Of the headroom {money_between(head.attainable, currency, level)} is attainable: what would come if each "
            f"customer gave us the share that {tables.share(1 - head.target_quantile, 0)} of the look-alikes reach or "
            "surpass." + _no_target(head)
        )
    yield from _statuses(head, currency)
    yield from _readings(head)


def _no_target(head: WalletHeadline) -> str:
    """Explain why much of the headroom counts as attainable."""
    if not head.target_of_all >= _MUCH:
        return ""
    return (
        f" For {tables.share(head.target_of_all, 0)} of the buyers that share is 100%, because so many of their "
        "look-alikes spend nothing elsewhere: of these customers the whole headroom counts as attainable."
    )


def _asked(head: WalletHeadline) -> str:
    if head.answered == 0:
        return "Nobody was asked what they spend elsewhere."
    others = head.customers - head.answered
    some = f"{tables.count(head.answered)} of them ({part(head.answered, head.customers)})"
    told = f"{some} told what they spend {head.told}"
    if not others:
        return f"{told}."
    basis = " from a mean share by a source outside, which the answers correct" if head.anchored else ""
    return f"{told}; the other {tables.count(others)} are predicted{basis}."


def _statuses(head: WalletHeadline, currency: str) -> Iterator[str]:
    found = [f"{tables.count(head.identified)} customers are identified"]
    if head.extrapolated:
        why = "too few like them answered" if head.anchored else "nobody like them answered"
        found.append(f"{tables.count(head.extrapolated)} are extrapolated, as {why}")
    yield f"{'; '.join(found)}."
    if head.not_identified:
        line = f"Of {tables.count(head.not_identified)} customers nothing can be said (not identified)"
        if isfinite(head.own_not_identified):
            spent = tables.money_short(head.own_not_identified, currency)
            line += f": they and their own spend of {spent} are in no figure of wallet, share and headroom"
        yield f"{line}."


def _readings(head: WalletHeadline) -> Iterator[str]:
    if head.censored:
        yield (
            f"{_answers(head.censored)} named less than own spend and {_were(head.censored)} read as next to nothing "
            "elsewhere (censored); none was dropped."
        )
    if head.rounded:
        yield (
            f"{_answers(head.rounded)} {_were(head.rounded)} round and {_were(head.rounded)} read as the interval that "
            "rounds to it."
        )


def _answers(number: int) -> str:
    return f"{tables.count(number)} answer{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _amounts(head: WalletHeadline) -> Iterator[tuple[str, Estimate]]:
    yield "Own spend", Estimate(head.own)
    yield "Wallet", head.wallet
    yield "Headroom", head.headroom
    if head.attainable is not None:
        yield "Attainable", head.attainable


def _amount_table(
    rows: list[tuple[str, Estimate]], head: WalletHeadline, currency: str, level: float
) -> Table:
    write = tables.moneys(currency)
    middle, low, high = (
        [*write(np.array([getattr(found, name) for _, found in rows], float)), tables.share(share)]
        for name, share in (("value", head.share.value), ("low", head.share.low), ("high", head.share.high))
    )
    columns = [
        words("Figure", [*(name for name, _ in rows), "Share of wallet"]),
        written_column("Estimate", middle),
    ]
    if any(found.known for _, found in rows):
        columns.append(written_column(interval_name(level), levels.ranges(low, high)))
    return Table("All customers", tuple(columns))


def _status_table(head: WalletHeadline) -> Table:
    number = np.array([head.identified, head.extrapolated, head.not_identified], float)
    meaning = (
        "answers of customers like them, or their own, are known.",
        (
            "of customers like them only a mean share from outside is known."
            if head.anchored
            else "they lie outside what those who answered are like."
        ),
        "nothing is known of what they spend elsewhere.",
    )
    # In the cell of the name, where a phone has room for it.
    status = [
        f"{name}: {text}"
        for name, text in zip(("identified", "extrapolated", "not identified"), meaning, strict=True)
    ]
    columns = (
        words("Status, and what it means", status),
        figures("Customers", number, tables.each_count),
        figures("Share of customers", number, tables.parts_of_one),
    )
    return Table("Customers by status", columns)

"""What a plan of wallets names, read and checked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.group_columns import segment_labels
from segmodels.project.plan import readable
from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.totals import name_faults
from segmodels.tables import parse
from segmodels.tables.engine import Table, fetch, is_null, keep
from segmodels.tables.sources import open_source
from segmodels.tables.wallets import Wallets


def read_wallets(plan: WalletPlan) -> Wallets:
    """Read own spend and answers, of one category.

    Raises
    ------
    InputError
        With every fault of the tables; for several categories, with what to do; for covariates and values that are
        no numbers; for segments that are called like rows of the results.
    """
    try:
        with readable():
            wallets = Wallets.read(
                plan.source,
                customer=plan.customer,
                own=plan.own,
                total=plan.total,
                elsewhere=plan.elsewhere,
                window=plan.window,
                category=plan.category,
                answers=plan.answers,
                purchases=plan.purchases,
                total_purchases=plan.total_purchases,
                rounding=plan.rounding,
                columns=plan.columns,
                below=plan.below,
                most_below=plan.most_below,
                table=plan.table,
                answers_table=plan.answers_table,
            )
    except InputError as error:
        raise InputError([_named(plan, fault) for fault in error.faults]) from error
    wallets, faults = _with_numbers(plan, wallets)
    faults += _category_faults(plan, wallets)
    faults += [] if plan.by is None else name_faults(segment_labels(wallets, plan.by), "by")
    if faults:
        raise InputError(faults)
    return wallets if plan.only is None else wallets.of(plan.only)


def values_of(plan: WalletPlan, wallets: Wallets) -> pd.Series | None:
    """Give the values that the plan names, indexed by customer_id; None where it names none."""
    if plan.value is None:
        return None
    parts: list[Any] = [frame[["customer_id", plan.value]] for frame in wallets.blocks()]
    frame = pd.concat(parts, ignore_index=True)
    ids = pd.Index(frame["customer_id"], name="customer_id")
    return pd.Series(frame[plan.value].to_numpy(np.float64), index=ids, name="value")


def _named(plan: WalletPlan, fault: Fault) -> Fault:
    """Call a further column by the setting that named it."""
    names = {f"columns[{at}]": _setting(plan, name) for at, name in enumerate(plan.columns)}
    return replace(fault, where=names.get(fault.where, fault.where))


def _setting(plan: WalletPlan, column: str) -> str:
    single = {plan.by: "by", plan.value: "value"}
    return single.get(column) or ("covariates" if column in plan.covariates else "response")


def _with_numbers(plan: WalletPlan, wallets: Wallets) -> tuple[Wallets, list[Fault]]:
    """Read covariates and values that are written as text, which of a CSV file all are."""
    table = wallets.table
    named = dict.fromkeys(plan.covariates, "covariates") | (
        {} if plan.value is None else {plan.value: "value"}
    )
    texts = [name for name in named if table[name].type().is_string()]
    typed = [parse.type_fault(table[name], where, "number", None) for name, where in named.items()]
    faults = [fault for fault in typed if fault is not None]
    faults += [fault for name in texts for fault in _text_faults(table, name, named[name])]
    # Of those that may only decide who answers, text may be meant, unless nothing was typed.
    others = [name for name in plan.response if name not in named and name != plan.by and _untyped(plan)]
    texts += [name for name in others if not _text_faults(table, name, "response")]
    if faults or not texts:
        return wallets, faults
    numbers = {name: parse.as_number(table[name]) for name in texts}
    return replace(wallets, table=keep(table.mutate(**numbers))), []


def _text_faults(table: Table, name: str, where: str) -> list[Fault]:
    wrong = table.filter(is_null(parse.as_number(table[name])))
    rows = int(fetch(wrong.aggregate(rows=wrong.count())).to_pylist()[0]["rows"])
    if not rows:
        return []
    shown = fetch(wrong.select(name).distinct().order_by(name).limit(3)).column(name).to_pylist()
    return [Fault(where, f"text in {name!r}", "numbers", "Convert it, or leave it out.", rows, tuple(shown))]


def _untyped(plan: WalletPlan) -> bool:
    """Whether the source is a CSV file, in which numbers are text, too."""
    return isinstance(plan.source, (str, Path)) and open_source(plan.source, table=plan.table).untyped


def _category_faults(plan: WalletPlan, wallets: Wallets) -> list[Fault]:
    there = wallets.categories
    if plan.only is not None and plan.only not in there:
        expected = f"one of: {', '.join(map(repr, there))}" if there else "a column of categories: category="
        return [Fault("only", repr(plan.only), expected, "Check the spelling.")]
    if plan.only is None and len(there) > 1:
        names = ", ".join(there[:3]) + (", …" if len(there) > 3 else "")
        remedy = (
            f"Take one at a time, such as only={there[0]!r}. Several at once, and what they have in common, are for "
            "Python: WalletCategories().fit(wallets, setting, seed=1)."
        )
        return [Fault("category", f"{len(there)} categories ({names})", "one", remedy)]
    return []

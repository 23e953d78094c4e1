"""The ledger of wallets: how many customers answered, and what their answers are worth."""

import pandas as pd

from segmodels.tables.audit import Count, ledger
from segmodels.tables.engine import Table, fetch, is_null

_ANSWERS = {
    "exact": "answered: exact",
    "rounded": "answered: rounded",
    "censored": "answered: total below own spend",
}


def audit_of(marks: Table, window: str | None, category: str | None) -> pd.DataFrame:
    """Count rows, customers and own spend by the kind of answer.

    Parameters
    ----------
    marks
        As in :class:`segmodels.tables.wallets.Wallets`, with the flag ``nothing``: no spend of any kind.
    window, category
        What was stated; None where nothing was.

    Returns
    -------
    pandas.DataFrame
        Columns ``step, rows, customers, value``; read = no answer + answered, in rows and value, and
        answered = exact + rounded + below own spend. Kinds of answers that do not occur have no line.
    """
    whole, asked = _count(marks), marks.filter(~is_null(marks.mark))
    answered = _count(asked)
    stated = [
        (f"{what}: {'not stated by anybody' if name is None else name}", whole)
        for what, name in (("window", window), ("category", category))
    ]
    kinds = [(step, _count(asked.filter(asked.mark == mark))) for mark, step in _ANSWERS.items()]
    kinds.append(("answered: own spend 0", _count(asked.filter(asked.own == 0))))
    kinds.append(("answered: nothing spent anywhere", _count(asked.filter(asked.nothing))))
    silent = _count(marks.filter(is_null(marks.mark)))
    lines = [("read", whole), *stated, ("no answer", silent), ("answered", answered)]
    return ledger([*lines, *[(step, each) for step, each in kinds if each.rows], ("used", whole)])


def _count(marks: Table) -> Count:
    found = fetch(
        marks.aggregate(rows=marks.count(), customers=marks.customer_id.nunique(), value=marks.own.sum())
    ).to_pylist()[0]
    return Count(int(found["rows"]), int(found["customers"]), float(found["value"] or 0.0))

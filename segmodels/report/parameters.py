"""The parameters of the models in plain words."""

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.plots.theme import interval_name
from segmodels.report.tables import Table, figures, floats, words

MEANINGS: dict[str, str] = {
    "r": "Purchase rate: the smaller, the more customers differ in how often they buy.",
    "alpha": "Purchase rate: scale. The average customer buys r / alpha times per unit of time while active.",
    "a": "Leaving: with b, the average chance a / (a + b) to leave after a purchase.",
    "b": "Leaving: see a.",
    "s": "Leaving: the smaller, the more customers differ in how long they stay.",
    "beta": "Leaving: scale. The average customer leaves at the rate s / beta per unit of time.",
    "p": "Spend: the larger, the less one customer's purchases differ from each other.",
    "q": "Spend: the larger, the less customers differ from each other.",
    "v": "Spend: scale. The average customer spends p v / (q − 1) per purchase.",
}


def parameters(frame: pd.DataFrame, level: float) -> Table:
    """Write the parameters with their intervals and what each one says.

    Parameters
    ----------
    frame
        As :func:`segmodels.report.tables.interval_table` gives it: ``parameter``, ``mean``, and where known
        ``segment``, ``low``, ``high``.
    level
        Probability inside the interval.

    Examples
    --------
    >>> one = pd.DataFrame({"parameter": ["r"], "mean": [0.2426], "low": [0.23], "high": [0.26]})
    >>> parameters(one, 0.8).rows[0][:4]
    ('r', '0.2426', '0.2300', '0.2600')
    """
    columns = [words("Parameter", frame["parameter"])]
    if "segment" in frame:
        columns.append(words("Segment", frame["segment"]))
    columns += [
        figures(label, frame[name], _each_number)
        for name, label in (("mean", "Estimate"), ("low", "Low"), ("high", "High"))
        if name in frame and np.isfinite(floats(frame, name)).any()
    ]
    meanings = [MEANINGS.get(str(name), "") for name in frame["parameter"]]
    if any(meanings):
        columns.append(words("What it says", meanings))
    known = len(columns) > 2 and "low" in frame
    caption = f"Parameters, with {interval_name(level)}s" if known else "Parameters"
    return Table(caption, tuple(columns))


def _each_number(values: tables.Floats) -> list[str]:
    """Write each number with four digits: every parameter has a size of its own."""
    return [tables.number(value, tables.decimals(value, 4)) for value in values]

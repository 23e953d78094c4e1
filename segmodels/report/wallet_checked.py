"""What failed checks mean for the figures: the line that stands above all of them, and advice beside a check."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segmodels.evidence import Evidence
from segmodels.report import tables

#: Checks that speak of the sums and their intervals; the others are of single customers, or of who might be asked.
BEARING = frozenset(
    {
        "Draws suffice",
        "single answers",
        "smearing factor",
        "overlap of answered customers and base",
        "balance of answered customers and base",
        "Level of the wallet",
        "Box-Cox scale",
        "Purchases and spend agree",
        "Spend per purchase elsewhere",
        "Posterior predictive checks",
        "Determined by the data",
        "Converged",
        "Pareto k-hat",
        "R-hat",
        "Effective sample size",
        "Divergences",
    }
)
#: What a check says where the sums must wait.
_WAIT = "Do not use the totals"
_WORSE = (
    "Weighting made the balance worse: too few answered for so many columns. Weigh by fewer columns of response, or "
    "ask more of those who are unlike the base, and hold the sums against those without weights."
)


def warning(evidence: Sequence[Evidence]) -> str:
    """Say in one line how many checks failed, and which of them bear on the figures; empty where none failed.

    Parameters
    ----------
    evidence
        Every check of a run.

    Examples
    --------
    >>> warning((Evidence("R-hat", False, "1.2"), Evidence("Divergences", True, "None.")))
    'Before you use these figures: 1 of 2 checks was not passed. On the figures bears: R-hat.'
    >>> warning((Evidence("Divergences", True, "None."),))
    ''
    """
    judged = [found for found in evidence if found.passed is not None]
    failed = [found for found in judged if not found.passed]
    if not failed:
        return ""
    was = "was" if len(failed) == 1 else "were"
    number = f"{tables.count(len(failed))} of {tables.count(len(judged))} checks {was} not passed"
    bearing = _names([found for found in failed if found.name in BEARING])
    if not bearing:
        names = ", ".join(_names(failed))
        return f"{number}, which {'does' if len(failed) == 1 else 'do'} not bear on the sums: {names}."
    line = f"Before you use these figures: {number}. On the figures bear{_s(bearing)}: {', '.join(bearing)}."
    waiting = _names([found for found in failed if _WAIT in found.text])
    if waiting:
        line += f" {_WAIT} before this is settled: {', '.join(waiting)}."
    return line


def _names(found: Sequence[Evidence]) -> list[str]:
    return list(dict.fromkeys(each.name[:1].upper() + each.name[1:] for each in found))


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) == 1 else ""


def advised(found: Evidence) -> Evidence:
    """Add what to do where weights took the answers further from the base than they were.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"difference_before": [-0.12], "difference_after": [0.13]})
    >>> advised(Evidence("balance", False, "0.13", table)).text[:37]
    '0.13 Weighting made the balance worse'
    """
    ends = [f"difference_{when}" for when in ("before", "after")]
    if found.passed is not False or not set(ends) <= set(found.table.columns) or found.table.empty:
        return found
    before, after = (float(np.nanmax(np.abs(tables.floats(found.table, name)))) for name in ends)
    return replace(found, text=f"{found.text} {_WORSE}") if after > before else found

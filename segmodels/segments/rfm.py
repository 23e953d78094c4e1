"""RFM: recency, frequency and monetary value as quantile scores, cells and named segments.

The recency of RFM is the time *since* the last purchase, its frequency counts *all* purchases. The recency
and frequency of the purchase models (`Customers`) are the age *at* the last purchase and the *repeat*
purchases only. So that nobody feeds one to the other, the columns here are called ``days_since_last``,
``purchases`` and ``spend``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.segments.log import Day, rows_until
from segmodels.segments.ranks import checked_values
from segmodels.tables.arrow import to_pandas
from segmodels.tables.engine import fetch
from segmodels.tables.segmentation import Segmentation
from segmodels.tables.summary import in_money

if TYPE_CHECKING:
    from segmodels.tables.transactions import Transactions

INPUTS = ("days_since_last", "purchases", "spend")
SCORES = ("recency_score", "frequency_score", "monetary_score")
OTHER = "other"


@dataclass(frozen=True)
class Rule:
    """A named box of RFM scores; both ends of each range belong to it."""

    name: str
    recency: tuple[int, int] = (1, 5)
    frequency: tuple[int, int] = (1, 5)
    monetary: tuple[int, int] = (1, 5)


#: Ten customary segments: a partition of the recency and frequency scores, whatever the spend.
RULES = (
    Rule("champions", (5, 5), (4, 5)),
    Rule("loyal", (3, 4), (4, 5)),
    Rule("potential loyal", (4, 5), (2, 3)),
    Rule("new", (5, 5), (1, 1)),
    Rule("promising", (4, 4), (1, 1)),
    Rule("need attention", (3, 3), (3, 3)),
    Rule("about to sleep", (3, 3), (1, 2)),
    Rule("not to be lost", (1, 2), (5, 5)),
    Rule("at risk", (1, 2), (3, 4)),
    Rule("hibernating", (1, 2), (1, 2)),
)


def rfm_inputs(
    transactions: "Transactions",
    until: Day | None = None,
    occasion: Literal["day", "row"] = "day",
) -> pd.DataFrame:
    """Summarise a log for RFM, on the engine that holds it.

    Parameters
    ----------
    transactions
        The log; it needs values.
    until
        Analysis date, included; by default the last day of the log.
    occasion
        ``"day"``: rows of one customer on one day are one purchase, as everywhere in segmodels. ``"row"``:
        every row is one, as in the R package rfm.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, days_since_last, purchases, spend``, ordered by customer_id; all purchases up to
        `until`.

    Raises
    ------
    InputError
        Where the log has no values, or nobody bought by `until`.
    """
    rows, last = rows_until(transactions, until)
    purchases = rows["date"].nunique() if occasion == "day" else rows.count()
    groups = rows.group_by("customer_id")
    spend = in_money(rows["value"].sum(), transactions.digits)
    table = groups.aggregate(last_date=rows["date"].max(), purchases=purchases, spend=spend)
    frame = to_pandas(fetch(table.order_by("customer_id")))
    days = (pd.Timestamp(last) - pd.to_datetime(frame["last_date"])).dt.days
    return frame.assign(days_since_last=days).filter(["customer_id", *INPUTS])


def rfm_scores(
    customers: pd.DataFrame,
    *,
    days_cuts: tuple[float, ...] | None = None,
    purchases_cuts: tuple[float, ...] | None = None,
    spend_cuts: tuple[float, ...] | None = None,
) -> pd.DataFrame:
    """Score recency, frequency and monetary value from 1 to 5; 5 is most recent, most often, most spend.

    The cuts between scores are the 20, 40, 60 and 80 per cent quantiles (linear interpolation), and a value
    equal to a cut belongs below it. So equal customers score equally, and neither currency nor order matters;
    ties can leave a score unused: where most customers bought once, these have frequency score 1 and the next
    have 3 or more. The R package rfm adds 1 to every quantile before comparing, which depends on the
    currency; pass its thresholds less a hair as cuts to reproduce it.

    Parameters
    ----------
    customers
        Columns ``customer_id, days_since_last, purchases, spend``; other columns are kept.
    days_cuts, purchases_cuts, spend_cuts
        Own ascending cuts in place of the quantiles; k cuts, up to 8, give scores 1 to k + 1.

    Returns
    -------
    pandas.DataFrame
        The customers with ``recency_score, frequency_score, monetary_score`` and ``cell``, the three digits
        as text.

    Raises
    ------
    InputError
        Where a column is missing, a value is not finite, or cuts do not ascend.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": list("abcde"), "days_since_last": [2, 400, 90, 30, 9],
    ...                        "purchases": [9, 1, 1, 3, 4], "spend": [80.0, 5.0, 7.0, 60.0, 20.0]})
    >>> rfm_scores(people)["cell"].tolist()
    ['555', '111', '212', '334', '443']
    """
    missing = [name for name in ("customer_id", *INPUTS) if name not in customers.columns]
    if missing:
        raise InputError(
            [Fault(name, "no such column", "the column", "Add or rename it.") for name in missing]
        )
    numbers = [checked_values(name, pd.Series(customers[name])) for name in INPUTS]
    recency = _cuts("days_cuts", days_cuts, numbers[0])
    scored = customers.assign(
        recency_score=len(recency) + 1 - np.searchsorted(recency, numbers[0], side="left"),
        frequency_score=1 + np.searchsorted(_cuts("purchases_cuts", purchases_cuts, numbers[1]), numbers[1]),
        monetary_score=1 + np.searchsorted(_cuts("spend_cuts", spend_cuts, numbers[2]), numbers[2]),
    )
    digits = [scored[name].astype(str) for name in SCORES]
    return scored.assign(cell=digits[0] + digits[1] + digits[2])


def rfm_cells(scored: pd.DataFrame) -> Segmentation:
    """Make each RFM cell that occurs a segment, ``"555"`` first.

    Parameters
    ----------
    scored
        What `rfm_scores` gives.
    """
    names = tuple(sorted(scored["cell"].unique(), reverse=True))
    codes = pd.Categorical(scored["cell"], categories=list(names)).codes
    return Segmentation(pd.Index(scored["customer_id"]), names, np.asarray(codes), basis="RFM cell")


def rfm_segments(scored: pd.DataFrame, rules: tuple[Rule, ...] = RULES) -> Segmentation:
    """Name segments by rules on the scores; the first rule that fits decides.

    Parameters
    ----------
    scored
        What `rfm_scores` gives.
    rules
        In order of precedence. Where some customer fits none, a last segment ``"other"`` is added.

    Examples
    --------
    >>> scored = pd.DataFrame({"customer_id": [1, 2], "recency_score": [5, 1],
    ...                        "frequency_score": [5, 2], "monetary_score": [1, 5]})
    >>> rfm_segments(scored).labels.tolist()
    ['champions', 'hibernating']
    """
    codes = np.full(len(scored), len(rules))
    for code in reversed(range(len(rules))):
        codes[_inside(scored, rules[code])] = code
    names = tuple(rule.name for rule in rules)
    if (codes == len(rules)).any():
        names = (*names, OTHER)
    return Segmentation(pd.Index(scored["customer_id"]), names, codes, basis="RFM scores")


def rfm(
    transactions: "Transactions",
    until: Day | None = None,
    rules: tuple[Rule, ...] = RULES,
) -> Segmentation:
    """Go from a log to named RFM segments: `rfm_inputs`, `rfm_scores`, `rfm_segments`."""
    return rfm_segments(rfm_scores(rfm_inputs(transactions, until)), rules)


def _cuts(
    where: str, given: tuple[float, ...] | None, values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give the cuts asked for, or the quintiles."""
    if given is None:
        return np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    cuts = np.asarray(given, dtype=np.float64)
    if not 1 <= len(cuts) <= 8 or not (np.diff(cuts) >= 0).all():
        raise InputError(Fault(where, str(given), "1 to 8 ascending numbers", "Sort and thin them."))
    return cuts


def _inside(scored: pd.DataFrame, rule: Rule) -> npt.NDArray[np.bool_]:
    ranges = (rule.recency, rule.frequency, rule.monetary)
    fits = [scored[name].between(*ends).to_numpy() for name, ends in zip(SCORES, ranges, strict=True)]
    return fits[0] & fits[1] & fits[2]

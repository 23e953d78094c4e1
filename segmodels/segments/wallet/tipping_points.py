"""How different those who did not answer must be before a segment changes its place.

A survey can not tell whether customers who did not answer spend more or less elsewhere than the like of them who did.
The pattern-mixture model supposes that they spend exp(delta) times as much (Little 1994, Biometrika 81:471-483;
tipping points: Yan, Lee and Li 2009, Journal of Biopharmaceutical Statistics 19:1085-1098). What was predicted of a
segment then scales by exp(delta) and what was answered stays, so that every figure here has a closed form.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array
from segmodels.segments.wallet.totals import TOTAL, WalletTotals

#: Words of a segment without an identified customer, and of one that nothing moves, to follow a semicolon.
NOT_KNOWN = "No customer of the segment is identified: what they spend elsewhere is not known."
NO_DEPARTURE = "no departure of those of this segment who did not answer changes that"
DELTAS = (-0.5, -0.2, -0.1, 0.0, 0.1, 0.2, 0.5)
#: Departures are drawn as the middles of so many equally probable slices.
_SLICES = 201


def tipping_points(
    totals: WalletTotals,
    *,
    deltas: Sequence[float] = DELTAS,
    rule: Literal["rank", "threshold"] = "rank",
    cut: float | None = None,
    prior_sd: float = 0.2,
    interval: float = 0.9,
) -> pd.DataFrame:
    """Find the departure of those who did not answer at which a segment changes its place.

    Parameters
    ----------
    totals
        Of the segments.
    deltas
        Departures at which headroom is shown: the logarithm of how many times as much elsewhere the customers who did
        not answer spend as predicted.
    rule
        ``"rank"``: those of the segment who did not answer depart, and those of all other segments spend what is
        predicted of them, until its headroom equals that of the next larger or the next smaller segment.
        ``"threshold"``: its headroom per identified customer crosses `cut`.
    cut
        In money, for the threshold.
    prior_sd
        Standard deviation of a normal departure, common to all customers, that widens the last two columns; 0 for
        none.
    interval
        Probability of the central intervals.

    Returns
    -------
    pandas.DataFrame
        One row per segment and, last, the total: ``segment, headroom, low, high``; ``at_<delta>`` for each
        delta, the headroom where those of all segments who did not answer depart alike; ``delta``, the smallest
        departure of the segment alone at which its place changes, NaN where none does; ``factor``, its exponential;
        ``crosses``, the segment it draws level with or ``"cut"``; ``text``, the same in words;
        ``low_with_departure, high_with_departure``, the interval with delta ~ N(0, prior_sd²). A segment without
        an identified customer has no place among the others, and NaN for every amount.

    Raises
    ------
    InputError
        For a threshold without a cut, and numbers out of range. All faults at once.

    Examples
    --------
    >>> one = np.ones(2)
    >>> headroom = np.array([[200.0], [110.0]])
    >>> from segmodels.segments.wallet.totals import Sums
    >>> sums = Sums(one, one, 0 * one, 0 * one, one, 0 * one, 0.1 * headroom, 0.9 * headroom, headroom, headroom)
    >>> found = tipping_points(WalletTotals(("a", "b"), sums))
    >>> found[["segment", "factor", "crosses"]].round(3).to_numpy().tolist()
    [['a', 0.5, 'b'], ['b', 1.909, 'a'], ['total', nan, '']]
    """
    _refuse_others(totals)
    _refuse(deltas, rule, cut, prior_sd, interval)
    everyone = totals.sums.rows(np.vstack([np.eye(len(totals.names)), np.ones(len(totals.names))]))
    asked, predicted = everyone.asked, everyone.predicted
    fixed, scaled = asked.mean(axis=1), predicted.mean(axis=1)
    tails = ((1 - interval) / 2, (1 + interval) / 2)
    table = pd.DataFrame({"segment": [*totals.names, TOTAL], "headroom": fixed + scaled})
    table["low"], table["high"] = np.quantile(asked + predicted, tails, axis=1)
    unknown = everyone.unknown
    for delta in deltas:
        table[f"at_{delta:+g}"] = fixed + np.exp(delta) * scaled
    if cut is None:
        found = _ranks(fixed[:-1], scaled[:-1], unknown[:-1], totals.names)
    else:
        heads = (everyone.customers - everyone.not_identified)[:-1]
        found = [_to_cut(*row, cut) for row in zip(fixed[:-1], scaled[:-1], heads, strict=True)]
    delta = np.array([*(each[0] for each in found), np.nan])
    names = [*(each[1] for each in found), ""]
    words = [*(each[2] for each in found), ""]
    table = table.assign(delta=delta, factor=np.exp(delta), crosses=names, text=words)
    wide = np.array([_departed(a, p, prior_sd, tails) for a, p in zip(asked, predicted, strict=True)])
    table = table.assign(low_with_departure=wide[:, 0], high_with_departure=wide[:, 1])
    amounts = [name for name in table if name not in ("segment", "crosses", "text")]
    table.loc[unknown, amounts] = np.nan
    return table


def _refuse_others(totals: Any) -> None:
    if not isinstance(totals, WalletTotals):
        remedy = "Sum the fit first: wallet_totals(fit, by='segment')."
        raise InputError(Fault("totals", f"a {type(totals).__name__}", "WalletTotals", remedy))


def _refuse(deltas: Sequence[float], rule: str, cut: float | None, prior_sd: float, interval: float) -> None:
    faults: list[Fault] = []
    if rule not in ("rank", "threshold"):
        faults.append(Fault("rule", repr(rule), "'rank' or 'threshold'", "Choose one."))
    if (rule == "threshold") != (cut is not None):
        got = "a threshold without a cut" if cut is None else "a cut without the rule 'threshold'"
        faults.append(Fault("cut", got, "both or neither", "Give the headroom per customer at which to cut."))
    if cut is not None and not cut > 0:
        faults.append(
            Fault("cut", str(cut), "an amount above 0", "Give the headroom per customer at which to cut.")
        )
    if not np.isfinite(np.asarray(deltas, np.float64)).all() or len(set(deltas)) != len(deltas):
        faults.append(Fault("deltas", str(tuple(deltas)), "different numbers", "Give each once."))
    if not (np.isfinite(prior_sd) and prior_sd >= 0):
        faults.append(Fault("prior_sd", str(prior_sd), "0 or more", "0.2 is a departure of a fifth."))
    if not 0 < interval < 1:
        faults.append(Fault("interval", str(interval), "between 0 and 1", "Write 90 % as 0.9."))
    if faults:
        raise InputError(faults)


type _Found = tuple[float, str, str]


def _needed(fixed: float, scaled: float, wanted: float) -> float:
    """Departure at which fixed + exp(delta) · scaled is as much as wanted; NaN where none is."""
    if scaled <= 0 or wanted <= fixed:
        return np.nan
    return float(np.log((wanted - fixed) / scaled))


def _ranks(fixed: Array, scaled: Array, unknown: NDArray[np.bool_], names: tuple[str, ...]) -> list[_Found]:
    headroom = fixed + scaled
    order = np.argsort(-headroom, kind="stable")
    order = order[~unknown[order]]
    found: list[_Found] = [(np.nan, "", f"{NOT_KNOWN} It has no rank.")] * len(names)
    for rank, s in enumerate(order):
        beside = [order[k] for k in (rank - 1, rank + 1) if 0 <= k < len(order)]
        # A segment can rise without end and fall no further than to its answers.
        reached = [(_needed(float(fixed[s]), float(scaled[s]), float(headroom[t])), names[t]) for t in beside]
        reached = [(delta, name) for delta, name in reached if not np.isnan(delta)]
        place = f"{names[s]!r} has the {_largest(rank + 1)} headroom of {len(order)}"
        if reached:
            delta, name = min(reached, key=lambda each: abs(each[0]))
            text = f"{place}; {if_departed(delta)}, and the others as predicted, it is level with {name!r}."
            found[s] = (delta, name, text)
        else:
            found[s] = (np.nan, "", f"{place}; {NO_DEPARTURE}.")
    return found


def _to_cut(fixed: float, scaled: float, heads: float, cut: float) -> _Found:
    if heads <= 0:
        return np.nan, "", NOT_KNOWN
    mean = (fixed + scaled) / heads
    side = "above" if mean > cut else "below" if mean < cut else "at"
    delta = _needed(fixed, scaled, cut * heads)
    if np.isnan(delta):
        return np.nan, "", f"Headroom per customer is {side} the cut; {NO_DEPARTURE}."
    return (
        delta,
        "cut",
        f"Headroom per customer is {side} the cut; {if_departed(delta)}, it is level with it.",
    )


def if_departed(delta: float) -> str:
    """Say that a segment departs.

    >>> if_departed(-0.5)
    'if those of this segment who did not answer spend 0.61 times as much elsewhere as predicted (delta -0.50)'
    """
    times = f"{np.exp(delta):.2f} times as much elsewhere as predicted (delta {delta:+.2f})"
    return f"if those of this segment who did not answer spend {times}"


def _largest(rank: int) -> str:
    if rank == 1:
        return "largest"
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending} largest"


def _departed(asked: Array, predicted: Array, sd: float, tails: tuple[float, float]) -> Array:
    """Interval of headroom where every draw departs by all slices of the normal, shape (2,)."""
    delta = sd * ndtri((np.arange(_SLICES) + 0.5) / _SLICES)
    return np.quantile(asked[:, None] + predicted[:, None] * np.exp(delta), tails)

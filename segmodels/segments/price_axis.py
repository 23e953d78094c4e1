"""Where segments stand between premium seeking and bargain hunting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.agreement import (
    agreement_by_items,
    agreement_by_model,
    freed,
    item_numbers,
    standardised,
)
from segmodels.segments.posterior_tabulation import tabulate
from segmodels.segments.soft_segments import SoftSegments, soft_segments
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
_RELIABLE = 0.6


@dataclass(frozen=True, eq=False, repr=False)
class PriceAxis:
    """The axis from bargain hunting (below 0) to premium seeking (above 0).

    Parameters
    ----------
    scores
        Of each respondent, by customer_id: mean 0 and standard deviation 1 over respondents; NaN for who
        answered none of the items.
    table
        One row a segment: ``segment, mean, se, low, high, side`` (``"premium seeking"`` or ``"bargain
        hunting"`` where the interval leaves 0 out, else ``"in between"``), ``premium_share, premium_low,
        premium_high, between_share, bargain_share, bargain_low, bargain_high, base``.
    items
        ``item, label, direction, correlation`` (with the mean of the other items, each in its direction).
    evidence
        Whether the items measure one thing, and whether agreement with everything was taken out.
    """

    scores: pd.Series
    table: pd.DataFrame
    items: pd.DataFrame
    evidence: tuple[Evidence, ...]

    def __repr__(self) -> str:
        """Name the sides."""
        sides = ", ".join(f"{row['segment']}: {row['side']}" for row in self.table.to_dict("records"))
        return f"PriceAxis({sides})"


def price_axis(
    of: NeedsFit | SoftSegments,
    directions: Mapping[str, int],
    *,
    seed: int,
    style_items: Sequence[str] = (),
    cut: float = 0.5,
    level: float = 0.95,
) -> PriceAxis:
    """Place respondents and segments between premium seeking and bargain hunting.

    A respondent's score is the mean of the standardised answers, each in its direction, standardised again.
    Where respondents differ in how much they agree with everything, that is taken out of every answer first:
    by the style that the fit estimated, if it has one, else by the mean answer to `style_items`.

    Parameters
    ----------
    of
        A fit, or soft segments.
    directions
        Item to 1 where a higher answer speaks for premium seeking, or to -1 where it speaks for bargain
        hunting. Nominal items have no direction.
    seed
        Of the draws of parameters; unused where `of` needs none.
    style_items
        Rating items on many different subjects, whose mean stands for agreement with everything.
    cut
        Respondents above this score are counted as premium seekers, those below minus it as bargain hunters.
    level
        Of the intervals.

    Raises
    ------
    InputError
        Where items are unknown or have no order, or directions are others than 1 and -1. All faults at once.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> book = Codebook((Item("cheap", "ordinal", (1, 2, 3)), Item("best", "ordinal", (1, 2, 3))))
    >>> asked = {"cheap": np.array([2, 2, 0, 0], np.int16), "best": np.array([0, 1, 2, 2], np.int16)}
    >>> people = Responses(pd.RangeIndex(4), book, asked, np.ones(4), np.ones(4))
    >>> found = price_axis(
    ...     SoftSegments(people, ("x", "y"), np.eye(2)[[0, 0, 1, 1]]), {"cheap": -1, "best": 1}, seed=1
    ... )
    >>> found
    PriceAxis(x: bargain hunting, y: premium seeking)
    """
    segments = soft_segments(of, seed)
    responses = segments.responses
    _check(responses, directions, style_items, cut)
    agreement, source = _agreement(segments, style_items)
    weight = responses.case_weight
    columns: list[Array] = []
    for name, direction in directions.items():
        values = standardised(item_numbers(responses, name), weight)
        values = values if agreement is None else freed(values, agreement, weight)
        columns.append(direction * values)
    table = np.column_stack(columns)
    scores = standardised(_row_mean(table), weight)
    evidence = (_reliability(table, weight), _style(source, directions))
    return PriceAxis(
        pd.Series(scores, responses.customer_id, name="price_axis"),
        _segment_rows(segments, scores, cut, level),
        _item_rows(responses, directions, table, weight),
        evidence,
    )


def _check(
    responses: Responses, directions: Mapping[str, int], style_items: Sequence[str], cut: float
) -> None:
    faults: list[Fault] = []
    if not directions:
        faults.append(Fault("directions", "no items", "one at least", "Name items on price or quality."))
    for name, direction in directions.items():
        if direction not in (1, -1):
            got = f"{direction} for {name!r}"
            faults.append(Fault("directions", got, "1 or -1", "1 is premium, -1 is bargain."))
    for name in dict.fromkeys([*directions, *style_items]):
        if name not in responses.codebook.names:
            faults.append(Fault("items", f"no item {name!r}", "an item of the codebook", "Check the name."))
        elif responses.codebook[name].scale in ("nominal", "rank", "best_worst"):
            got = f"scale {responses.codebook[name].scale!r}"
            faults.append(Fault(name, got, "ordered answers or numbers", "Leave it out."))
    if not cut >= 0:
        faults.append(Fault("cut", str(cut), "0 or more", "It is in standard deviations."))
    if faults:
        raise InputError(faults)


def _agreement(segments: SoftSegments, style_items: Sequence[str]) -> tuple[Array | None, str]:
    found = agreement_by_model(segments)
    if found is not None:
        return found, "model"
    if style_items:
        return agreement_by_items(segments.responses, style_items), "items"
    return None, ""


def _row_mean(table: Array) -> Array:
    asked = np.isfinite(table).sum(axis=1)
    return np.divide(np.nansum(table, axis=1), asked, out=np.full(len(table), np.nan), where=asked > 0)


def _segment_rows(segments: SoftSegments, scores: Array, cut: float, level: float) -> pd.DataFrame:
    mean = tabulate(segments, scores, proportion=False)
    low, high = mean.interval(level)
    side = np.select([low > 0, high < 0], ["premium seeking", "bargain hunting"], "in between")
    known = np.isfinite(scores)
    marks = {"premium": scores > cut, "bargain": scores < -cut}
    shares = {
        name: tabulate(segments, np.where(known, mark, np.nan), proportion=True)
        for name, mark in marks.items()
    }
    found: dict[str, object] = {
        "segment": list(segments.names),
        "mean": mean.value,
        "se": mean.error,
        "low": low,
        "high": high,
        "side": np.where(np.isnan(mean.value), "", side),
    }
    for name, share in shares.items():
        ends = share.interval(level)
        found |= {f"{name}_share": share.value, f"{name}_low": ends[0], f"{name}_high": ends[1]}
    between = 1 - shares["premium"].value - shares["bargain"].value
    return pd.DataFrame({**found, "between_share": between, "base": mean.in_segment})


def _item_rows(
    responses: Responses, directions: Mapping[str, int], table: Array, weight: Array
) -> pd.DataFrame:
    rows: list[tuple[str, str, int, float]] = []
    for place, (name, direction) in enumerate(directions.items()):
        others = _row_mean(np.delete(table, place, axis=1))
        rows.append(
            (name, responses.codebook[name].wording, direction, _correlation(table[:, place], others, weight))
        )
    return pd.DataFrame(rows, columns=["item", "label", "direction", "correlation"])


def _correlation(first: Array, second: Array, weight: Array) -> float:
    there = np.isfinite(first) & np.isfinite(second)
    if there.sum() < 2:
        return float("nan")
    a, b = (standardised(one[there], weight[there]) for one in (first, second))
    return float(np.average(a * b, weights=weight[there]))


def _reliability(table: Array, weight: Array) -> Evidence:
    """Cronbach's alpha of the items, each in its direction, among those who answered all."""
    name = "Cronbach's alpha of the price items"
    whole = table[np.isfinite(table).all(axis=1)]
    items = table.shape[1]
    if items < 2 or len(whole) < 2:
        return Evidence(name, None, "One item alone says nothing of its reliability: ask two or more.")
    covariance = np.cov(whole.T, aweights=weight[np.isfinite(table).all(axis=1)])
    total = float(covariance.sum())
    alpha = items / (items - 1) * (1 - float(np.trace(covariance)) / total) if total > 0 else float("-inf")
    passed = alpha >= _RELIABLE
    advice = (
        "" if passed else " The items do not measure one thing: check their directions, or leave some out."
    )
    figures = pd.DataFrame({"alpha": [alpha], "items": [items], "respondents": [len(whole)]})
    return Evidence(
        name, passed, f"{alpha:.2f} over {items} items; {_RELIABLE} is asked for.{advice}", figures
    )


def _style(source: str, directions: Mapping[str, int]) -> Evidence:
    """Say whether agreement with everything can pass for a taste."""
    name = "Response style of the price axis"
    balance = sum(directions.values())
    figures = pd.DataFrame({"removed_by": [source or "nothing"], "items_up_less_down": [balance]})
    if source == "model":
        return Evidence(
            name, True, "The agreement estimated by the fit was taken out of every item.", figures
        )
    if source == "items":
        return Evidence(name, True, "The mean of the style items was taken out of every item.", figures)
    if balance == 0:
        text = "As many items speak for one side as for the other, so that agreement cancels."
        return Evidence(name, True, text, figures)
    text = (
        "Who agrees with everything scores towards one side. Name style items, fit with a response style, or "
        "ask as many items for one side as for the other."
    )
    return Evidence(name, False, text, figures)

"""What is told of one item in every segment, and how far it tells the segments apart."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.posterior_tabulation import Tabulation, scores_of, tabulate, tabulate_item, top_box
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]


def statistics(segments: SoftSegments, item: Item, top: int) -> Iterator[tuple[str, str, Tabulation]]:
    """Tabulate what is told of an item: the statistic, the category and the figures."""
    if item.coded:
        for text, score in zip(item.category_texts, np.eye(item.size), strict=True):
            yield "probability", text, tabulate_item(segments, item.name, score, proportion=True)
        if item.scale == "ordinal":
            yield "top box", "", tabulate_item(segments, item.name, top_box(item, top), proportion=True)
            yield "mean", "", tabulate_item(segments, item.name, scores_of(item), proportion=False)
    elif item.scale == "rank":
        places = _places(segments.responses, item)
        for text, most in (("first", 1), (f"among the first {top}", top)):
            share = np.where(np.isnan(places), np.nan, (places <= most).astype(np.float64))
            yield "probability" if most == 1 else "top box", text, tabulate(segments, share, proportion=True)
    else:
        best_worst = item.scale == "best_worst"
        numbers = _best_less_worst(segments.responses, item) if best_worst else None
        numbers = segments.responses.answers[item.name] if numbers is None else numbers
        yield "mean", "", tabulate(segments, numbers, proportion=False)


def _places(responses: Responses, item: Item) -> Array:
    """Place of an alternative, after all others where it was not ranked; NaN for who ranked nothing."""
    names = [one.name for one in responses.codebook if one.scale == "rank"]
    codes = responses.codes(names)
    own = responses.answers[item.name].astype(np.float64)
    places = np.where(own >= 0, own + 1, len(names) + 1.0)
    return np.where((codes >= 0).any(axis=1), places, np.nan)


def _best_less_worst(responses: Responses, item: Item) -> Array:
    """Count times best less times worst, over times shown; NaN for who never saw the item."""
    tasks = responses.tasks
    if tasks is None:
        return np.full(len(responses), np.nan)
    place, size = responses.codebook.names.index(item.name), len(responses)
    shown = np.bincount(tasks.respondent, (tasks.shown == place).any(axis=1), size)
    chosen = (tasks.best == place).astype(np.float64) - (tasks.worst == place)
    score = np.bincount(tasks.respondent, chosen, size)
    return np.divide(score, shown, out=np.full(size, np.nan), where=shown > 0)


def separation(item: Item, found: list[tuple[str, str, Tabulation]], level: float) -> dict[str, object]:
    """Tell how much of an item's variance lies between segments, and test it."""
    named: dict[str, object] = {"item": item.name, "label": item.wording}
    if item.scale == "nominal":
        shares = [one for _, _, one in found]
        whole = sum(one.spread for one in shares)
        tau = sum(one.eta2 * one.spread for one in shares if one.spread > 0) / whole if whole > 0 else np.nan
        # Categories are tested one by one; the item by the smallest p-value of Bonferroni.
        least = np.nanmin([*(one.wald_p() for one in shares), np.inf])
        p_value = min(1.0, least * max(len(shares) - 1, 1)) if np.isfinite(least) else np.nan
        blank = dict.fromkeys(("eta2_low", "eta2_high", "wald"), np.nan)
        return {**named, "statistic": "tau", "eta2": tau, **blank, "df": 0, "p_value": p_value}
    statistic, _, one = found[-1]
    low, high = one.eta2_interval(level)
    wald, df = one.wald()
    ends = {"eta2": one.eta2, "eta2_low": low, "eta2_high": high}
    return {**named, "statistic": statistic, **ends, "wald": wald, "df": df, "p_value": one.wald_p()}


def divergence_parts(share: Array, whole: Array) -> Array:
    """Part of a category in the divergence: p log(p / q), 0 where p is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = share * np.log(share / whole)
    return np.where(share > 0, part, 0.0)


def item_divergence(found: list[tuple[str, str, Tabulation]]) -> Array:
    """Kullback-Leibler divergence of each segment's answers from those of all, in nats, shape (K,)."""
    shares = [one for statistic, _, one in found if statistic == "probability"]
    if len(shares) > 1:
        table = np.stack([one.value for one in shares])
        whole = np.array([[one.total] for one in shares])
        parts = np.where(np.isnan(table), np.nan, divergence_parts(table, whole))
        return np.maximum(parts.sum(axis=0), 0)
    if shares:
        one = shares[0]
        both = (
            divergence_parts(one.value, np.full(1, one.total)),
            divergence_parts(1 - one.value, np.full(1, 1 - one.total)),
        )
        return np.maximum(both[0] + both[1], 0)
    one = found[-1][2]
    return (one.value - one.total) ** 2 / (2 * one.spread) if one.spread > 0 else np.zeros(len(one.value))

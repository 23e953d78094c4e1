"""Underserved needs: importance against satisfaction in each segment, and the money behind them.

Source of the score and of its bands: Ulwick (2005), What Customers Want.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.posterior_tabulation import box_text, top_box
from segmodels.segments.sampling_errors import bootstrap_weights
from segmodels.segments.soft_segments import SoftSegments, soft_segments
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]

#: Lower ends of the bands of the score.
BANDS = ((15.0, "major"), (12.0, "solid"), (10.0, "neutral"))
_CELLS = 4_000_000


class Sums(NamedTuple):
    """Weighted sums of K segments and J benefits, shape (…, J, K)."""

    important: Array
    asked_importance: Array
    satisfied: Array
    asked_satisfaction: Array
    unmet: Array
    asked_both: Array


@dataclass(frozen=True, eq=False, repr=False)
class Opportunity:
    """Opportunity scores of benefits by segment.

    Parameters
    ----------
    table
        One row for each benefit and segment: ``benefit, segment, importance, satisfaction`` (shares of the
        top boxes, from 0 to 10, drawn towards those of all respondents where few answered), ``importance_raw,
        satisfaction_raw`` (as answered), ``opportunity, low, high``, ``band, band_certainty`` (share of the
        bootstrap samples in the same band), ``overserved`` (more satisfied than it is important),
        ``unmet_share`` (of those asked both: important, and not satisfied), ``base`` (respondents asked
        both), ``rank`` (by the score, within the segment) and, with values, ``segment_value, money,
        money_low, money_high, rank_by_money`` (over all rows).
    boxes
        ``item, boxes``: the categories counted as top boxes.
    """

    table: pd.DataFrame
    boxes: pd.DataFrame

    def __repr__(self) -> str:
        """Count what is underserved."""
        under = len(self.underserved())
        return f"Opportunity: {under} of {len(self.table)} needs of segments score 10 or more"

    def underserved(self, least: float = 10.0) -> pd.DataFrame:
        """Give the rows that score at least so much, by money where it is known, else by the score."""
        rows: pd.DataFrame = self.table.loc[self.table["opportunity"] >= least]
        by = "money" if "money" in rows else "opportunity"
        return rows.sort_values(by, ascending=False, kind="stable").reset_index(drop=True)


def opportunity(
    of: NeedsFit | SoftSegments,
    *,
    seed: int,
    values: pd.Series | None = None,
    top: int | Mapping[str, int] = 2,
    shrink: float = 10.0,
    replicates: int = 1000,
    level: float = 0.95,
) -> Opportunity:
    """Score how far each benefit is underserved in each segment.

    Opportunity = I + max(I - S, 0), of the importance I and the satisfaction S, each the share of respondents
    in the top boxes times 10, weighted by membership. It runs from 0 to 20.

    Parameters
    ----------
    of
        A fit or soft segments, whose codebook tells which items hold importance and satisfaction of a benefit.
    seed
        Of the bootstrap, and of the draws of parameters where a fit is given.
    values
        What customers are worth, indexed by customer_id: one number for each respondent. The money behind a
        need is the value of the segment's respondents, each taken by weight and membership, times the share
        of the segment that finds the benefit important and is not satisfied.
    top
        How many categories are top boxes: of every item, at most half of its categories (of two or three
        points only the last); or item to number, which is taken as it is.
    shrink
        Respondents with the shares of all that are added to each cell: a cell of n respondents keeps n / (n +
        shrink) of its difference from all. 0 for none.
    replicates
        Bootstrap samples. Each draws sampling units by the design, and takes the memberships under the next
        of the segments' draws of parameters, so that intervals hold both uncertainties.
    level
        Of the intervals.

    Raises
    ------
    InputError
        Where no benefit has both items, an item's answers have no order, values are missing or arguments out
        of range. All faults at once.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook
    >>> book = Codebook((
    ...     Item("i", "binary", (0, 1), benefit="speed", measures="importance"),
    ...     Item("s", "binary", (0, 1), benefit="speed", measures="satisfaction"),
    ... ))
    >>> asked = {"i": np.array([1, 1, 1, 0], np.int16), "s": np.array([0, 0, 1, 1], np.int16)}
    >>> answers = Responses(pd.RangeIndex(4), book, asked, np.ones(4), np.ones(4))
    >>> found = opportunity(SoftSegments(answers, ("all",), np.ones((4, 1))), seed=1, shrink=0)
    >>> found.table[["importance", "satisfaction", "opportunity", "unmet_share"]].to_numpy().tolist()
    [[7.5, 5.0, 10.0, 0.5]]
    """
    segments = soft_segments(of, seed)
    responses = segments.responses
    pairs = _pairs(responses, top, shrink, replicates)
    answers = _answers(responses, pairs)
    money = None if values is None else _money(responses, values)
    point = _sums(answers, responses.case_weight[None], segments.memberships)
    worth = None if money is None else (responses.case_weight * money) @ segments.memberships
    scores = [np.squeeze(one, 0) for one in _scores(point, shrink)]
    drawn, drawn_money = _bootstrap(segments, answers, money, (shrink, replicates), seed)
    table = _table(segments, pairs, scores, point, answers)
    ends = [(1 - level) / 2, (1 + level) / 2]
    for prefix, draws in zip(("importance_", "satisfaction_", ""), drawn, strict=True):
        low, high = np.quantile(draws, ends, axis=0)
        table = table.assign(**{f"{prefix}low": low.ravel(), f"{prefix}high": high.ravel()})
    same = _band_codes(drawn[2]) == _band_codes(scores[2])
    table = table.assign(band_certainty=same.mean(axis=0).ravel())
    columns = [
        *("benefit", "segment", "importance", "importance_low", "importance_high"),
        *("satisfaction", "satisfaction_low", "satisfaction_high", "importance_raw", "satisfaction_raw"),
        *(
            "opportunity",
            "low",
            "high",
            "band",
            "band_certainty",
            "overserved",
            "unmet_share",
            "base",
            "rank",
        ),
    ]
    if worth is not None:
        money_low, money_high = np.quantile(drawn_money, ends, axis=0)
        behind = (worth * scores[3]).ravel()
        table = table.assign(
            segment_value=np.tile(worth, len(pairs)),
            money=behind,
            money_low=money_low.ravel(),
            money_high=money_high.ravel(),
            rank_by_money=pd.Series(behind).rank(ascending=False, method="min").astype("Int64"),
        )
        columns += ["segment_value", "money", "money_low", "money_high", "rank_by_money"]
    boxes = [
        (item.name, box_text(item, box))
        for pair in pairs
        for item, box in (pair.importance, pair.satisfaction)
    ]
    return Opportunity(table.loc[:, columns], pd.DataFrame(boxes, columns=["item", "boxes"]))


class _Pair(NamedTuple):
    benefit: str
    importance: tuple[Item, Array]
    satisfaction: tuple[Item, Array]


def _pairs(responses: Responses, top: int | Mapping[str, int], shrink: float, replicates: int) -> list[_Pair]:
    """Pair the items of each benefit with their top boxes."""
    book = responses.codebook
    faults: list[Fault] = []
    if not shrink >= 0:
        faults.append(Fault("shrink", str(shrink), "0 or more", "Give a number of respondents."))
    if replicates < 2:
        faults.append(Fault("replicates", str(replicates), "2 or more", "1000 serve most purposes."))
    table = book.benefits.dropna()
    if table.empty:
        expected = "importance and satisfaction of one benefit at least"
        faults.append(
            Fault("benefits", "no pair of items", expected, "Set benefit= and measures= of the items.")
        )
    pairs: list[_Pair] = []
    for benefit, *names in table.itertuples(index=False):
        boxes: list[tuple[Item, Array]] = []
        for name in names:
            try:
                boxes.append((book[name], _box(book[name], top)))
            except InputError as error:
                faults += error.faults
        if len(boxes) == 2:
            pairs.append(_Pair(str(benefit), boxes[0], boxes[1]))
    if faults:
        raise InputError(faults)
    return pairs


def _box(item: Item, top: int | Mapping[str, int]) -> Array:
    if isinstance(top, int):
        return top_box(item, top)
    top_box(item, 1)
    if item.name not in top:
        raise InputError(
            Fault("top", f"nothing for {item.name!r}", "a number", "Name every item, or give one number.")
        )
    boxes = top[item.name]
    if not 1 <= boxes < item.size:
        expected = f"1 to {item.size - 1}"
        raise InputError(Fault("top", f"{boxes} for {item.name!r}", expected, "Leave a category outside."))
    return np.where(np.arange(item.size) >= item.size - boxes, 1.0, 0.0)


def _answers(responses: Responses, pairs: list[_Pair]) -> Sums:
    """Say what each respondent adds to each sum, shape (N, J) each."""
    found: list[list[Array]] = [[] for _ in Sums._fields]
    for pair in pairs:
        inside, asked = [], []
        for item, box in (pair.importance, pair.satisfaction):
            codes = responses.answers[item.name]
            inside.append(np.append(box, 0.0)[codes])
            asked.append((codes >= 0).astype(np.float64))
        both = asked[0] * asked[1]
        six = (inside[0], asked[0], inside[1], asked[1], inside[0] * (1 - inside[1]) * both, both)
        for place, column in zip(found, six, strict=True):
            place.append(column)
    return Sums(*(np.column_stack(columns) for columns in found))


def _sums(answers: Sums, weights: Array, memberships: Array) -> Sums:
    """Sum the answers of respondents under each row of weights, shape (B, J, K) each."""
    stacked = np.hstack(answers)
    out = np.stack([(weights * column) @ stacked for column in memberships.T], axis=-1)
    return Sums(*np.split(out, len(answers), axis=1))


def _scores(sums: Sums, shrink: float) -> tuple[Array, Array, Array, Array]:
    """Score importance and satisfaction from 0 to 10, opportunity, and share unmet, shape (B, J, K) each."""
    importance = 10 * _shrunk(sums.important, sums.asked_importance, shrink)
    satisfaction = 10 * _shrunk(sums.satisfied, sums.asked_satisfaction, shrink)
    unmet = _shrunk(sums.unmet, sums.asked_both, shrink)
    return importance, satisfaction, importance + np.maximum(importance - satisfaction, 0), unmet


def _shrunk(part: Array, whole: Array, shrink: float) -> Array:
    total, asked = part.sum(axis=-1, keepdims=True), whole.sum(axis=-1, keepdims=True)
    every = np.divide(total, asked, out=np.full(total.shape, np.nan), where=asked > 0)
    # Without shrinkage an empty cell has no share at all.
    there = whole + shrink > 1e-12
    return np.divide(part + shrink * every, whole + shrink, out=np.full(part.shape, np.nan), where=there)


def _bootstrap(
    segments: SoftSegments, answers: Sums, money: Array | None, settings: tuple[float, int], seed: int
) -> tuple[tuple[Array, Array, Array], Array]:
    """Draw importance, satisfaction and opportunity, and the money behind, in samples, shape (B, J, K) each."""
    shrink, replicates = settings
    scores: list[tuple[Array, Array, Array]] = []
    behind: list[Array] = []
    for memberships, weights in _samples(segments, replicates, seed):
        *three, unmet = _scores(_sums(answers, weights, memberships), shrink)
        scores.append((three[0], three[1], three[2]))
        if money is not None:
            behind.append(((weights * money) @ memberships)[:, None] * unmet)
    importance, satisfaction, opportunity = (np.concatenate(part) for part in zip(*scores, strict=True))
    return (importance, satisfaction, opportunity), np.concatenate(behind) if behind else np.empty(0)


def _samples(segments: SoftSegments, replicates: int, seed: int) -> Iterator[tuple[Array, Array]]:
    """Walk memberships with bootstrap weights, shape (b, N), few enough to fit in memory."""
    responses = segments.responses
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    walked = list(segments.walk())
    most = max(_CELLS // len(responses), 1)
    for place, memberships in enumerate(walked[:replicates]):
        left = replicates // len(walked) + (place < replicates % len(walked))
        while left > 0:
            size = min(left, most)
            yield memberships, bootstrap_weights(responses, size, rng) * responses.case_weight
            left -= size


def _band_codes(score: Array) -> NDArray[np.int64]:
    """Place among the bands, 0 the highest; the highest begins above its limit, the others at theirs."""
    return 3 - ((score > BANDS[0][0]).astype(np.int64) + (score >= BANDS[1][0]) + (score >= BANDS[2][0]))


def band_of(score: float, *, overserved: bool) -> str:
    """Name the band of a score.

    Examples
    --------
    >>> band_of(15.5, overserved=False), band_of(15.0, overserved=False), band_of(4.0, overserved=True)
    ('major', 'solid', 'overserved')
    """
    if np.isnan(score):
        return "unknown"
    code = int(_band_codes(np.array(score)))
    if code < len(BANDS):
        return BANDS[code][1]
    return "overserved" if overserved else "served or unimportant"


def _table(
    segments: SoftSegments, pairs: list[_Pair], scores: list[Array], point: Sums, answers: Sums
) -> pd.DataFrame:
    importance, satisfaction, score, unmet = scores
    raw = [np.squeeze(one, 0) for one in _scores(point, 0.0)]
    base = (segments.responses.count[:, None] * answers.asked_both).T @ segments.memberships
    over = satisfaction > importance
    ranks = pd.DataFrame(score).rank(ascending=False, method="min").astype("Int64")
    bands = [band_of(one, overserved=bool(o)) for one, o in zip(score.ravel(), over.ravel(), strict=True)]
    return pd.DataFrame(
        {
            "benefit": np.repeat([pair.benefit for pair in pairs], segments.n_segments),
            "segment": list(segments.names) * len(pairs),
            "importance": importance.ravel(),
            "satisfaction": satisfaction.ravel(),
            "importance_raw": raw[0].ravel(),
            "satisfaction_raw": raw[1].ravel(),
            "opportunity": score.ravel(),
            "band": bands,
            "overserved": over.ravel(),
            "unmet_share": unmet.ravel(),
            "base": base.ravel(),
            "rank": ranks.to_numpy().ravel(),
        }
    )


def _money(responses: Responses, values: pd.Series) -> Array:
    """Bring values into the order of the respondents, shape (N,)."""
    if not values.index.is_unique:
        raise InputError(Fault("values", "a customer twice", "one value each", "Sum them by customer."))
    found = values.reindex(responses.customer_id).to_numpy(np.float64)
    bad = ~np.isfinite(found)
    if bad.any():
        examples = tuple(f"customer {name}" for name in responses.customer_id[bad][:3])
        fault = Fault(
            "values", "no finite value", "one for each respondent", "Add them.", int(bad.sum()), examples
        )
        raise InputError(fault)
    return found

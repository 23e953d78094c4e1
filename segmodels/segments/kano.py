"""Kano's method: what pairs of questions about a feature say it is, by segment.

Sources: Kano, Seraku, Takahashi and Tsuji (1984), Hinshitsu 14(2); Berger et al. (1993), Center for Quality
of Management Journal 2(4), for the coefficients; Fong (1996), the same journal 5(3), for the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from segmodels.errors import Fault, InputError
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.posterior_tabulation import Tabulation, tabulate
from segmodels.segments.proportions import effective_size, two_sided
from segmodels.segments.soft_segments import SoftSegments, soft_segments
from segmodels.tables.codebook import Code
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]

#: Must-be, one-dimensional, attractive, indifferent, reverse, questionable; ties go to the first.
CATEGORIES = ("M", "O", "A", "I", "R", "Q")
# Rows: how one feels with the feature; columns: without it; like, must-be, neutral, live with, dislike.
_TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")


@dataclass(frozen=True)
class KanoFeature:
    """A feature asked in two ways.

    Parameters
    ----------
    name
        The feature.
    functional, dysfunctional
        Items: how would you feel if it were there, and if it were not?
    """

    name: str
    functional: str
    dysfunctional: str


@dataclass(frozen=True)
class KanoAnswers:
    """Which code stands for which answer.

    Examples
    --------
    >>> KanoAnswers(like=1, must_be=2, neutral=3, live_with=4, dislike=5).codes
    (1, 2, 3, 4, 5)
    """

    like: Code
    must_be: Code
    neutral: Code
    live_with: Code
    dislike: Code

    @property
    def codes(self) -> tuple[Code, ...]:
        """Codes in the order of the table."""
        return (self.like, self.must_be, self.neutral, self.live_with, self.dislike)


@dataclass(frozen=True, eq=False, repr=False)
class Kano:
    """What features are to segments.

    Parameters
    ----------
    table
        One row for each feature and segment: ``feature, segment, category`` (the most frequent), ``second``,
        ``clear`` (whether Fong's test tells the two apart), ``fong`` (its deviate), ``p_value, better,
        better_low, better_high, worse, worse_low, worse_high, total_strength`` (share of M, O and A),
        ``category_strength`` (the difference of the two shares), ``base`` (respondents who answered both).
    shares
        ``feature, segment, category, share, se, count``: counts are respondents, weighted by membership.
    """

    table: pd.DataFrame
    shares: pd.DataFrame

    def __repr__(self) -> str:
        """Count the features."""
        return (
            f"Kano of {self.table['feature'].nunique()} features, {self.table['segment'].nunique()} segments"
        )


def kano_categories(functional: NDArray[np.integer], dysfunctional: NDArray[np.integer]) -> NDArray[np.int64]:
    """Look pairs of answers up in the table of Kano.

    Parameters
    ----------
    functional, dysfunctional
        0 like, 1 must-be, 2 neutral, 3 live with, 4 dislike, -1 missing; shape (N,).

    Returns
    -------
    ndarray
        Position in ``CATEGORIES``, -1 where an answer is missing, shape (N,).

    Examples
    --------
    >>> found = kano_categories(np.array([0, 0, 2, 2]), np.array([2, 4, 4, 2]))
    >>> [CATEGORIES[place] for place in found]
    ['A', 'O', 'M', 'I']
    """
    table = np.array([[CATEGORIES.index(letter) for letter in row] for row in _TABLE])
    found = table[functional, dysfunctional]
    return np.where((functional < 0) | (dysfunctional < 0), -1, found)


def kano(
    of: NeedsFit | SoftSegments,
    features: Sequence[KanoFeature],
    answers: KanoAnswers,
    *,
    seed: int,
    level: float = 0.95,
    alpha: float = 0.10,
) -> Kano:
    """Classify features by Kano's method in each segment.

    better = (A + O) / (A + O + M + I): how much satisfaction rises where the feature is there;
    worse = -(O + M) / (A + O + M + I): how much it falls where it is not.

    Parameters
    ----------
    of
        A fit, or soft segments.
    features
        Pairs of items, of five categories each.
    answers
        Which code is which answer.
    seed
        Of the draws of parameters; unused where `of` needs none.
    level
        Of the intervals.
    alpha
        Of Fong's test, whose author took 10 per cent.

    Notes
    -----
    Fong's test takes two frequencies a and b of n as different where |a - b| is above
    z sqrt((a + b)(2n - a - b) / (2n)); with weights or uncertain membership n is the effective sample size of
    the most frequent category.

    Raises
    ------
    InputError
        Where items are unknown or their codes are not those of the answers. All faults at once.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> book = Codebook((Item("f", "nominal", (1, 2, 3, 4, 5)), Item("d", "nominal", (1, 2, 3, 4, 5))))
    >>> asked = {"f": np.array([0, 0, 0, 2], np.int16), "d": np.array([2, 2, 4, 4], np.int16)}
    >>> people = Responses(pd.RangeIndex(4), book, asked, np.ones(4), np.ones(4))
    >>> found = kano(
    ...     SoftSegments(people, ("all",), np.ones((4, 1))),
    ...     [KanoFeature("app", "f", "d")],
    ...     KanoAnswers(1, 2, 3, 4, 5),
    ...     seed=1,
    ... )
    >>> found.table["category"].tolist(), found.table[["better", "worse"]].to_numpy().tolist()
    (['A'], [[0.75, -0.5]])
    """
    segments = soft_segments(of, seed)
    _check(segments.responses, features, answers)
    tables: list[pd.DataFrame] = []
    shares: list[pd.DataFrame] = []
    for feature in features:
        found = kano_categories(*(_positions(segments.responses, name, answers) for name in _items(feature)))
        every = [_tabulated(segments, found, letter) for letter in CATEGORIES]
        shares.append(_share_rows(segments, feature.name, every))
        strength = _strength(segments, every, alpha)
        tables.append(_coefficients(segments, found, level).join(strength).assign(feature=feature.name))
    columns = [
        *("feature", "segment", "category", "second", "clear", "fong", "p_value"),
        *("better", "better_low", "better_high", "worse", "worse_low", "worse_high"),
        *("total_strength", "category_strength", "base"),
    ]
    table = pd.concat(tables, ignore_index=True)
    return Kano(table.loc[:, columns], pd.concat(shares, ignore_index=True))


def _items(feature: KanoFeature) -> tuple[str, str]:
    return feature.functional, feature.dysfunctional


def _check(responses: Responses, features: Sequence[KanoFeature], answers: KanoAnswers) -> None:
    faults: list[Fault] = []
    if len(set(answers.codes)) < len(answers.codes):
        faults.append(Fault("answers", "a code twice", "five codes", "Give each answer its own code."))
    if not features:
        faults.append(Fault("features", "none", "one at least", "Name pairs of items."))
    if len({feature.name for feature in features}) < len(features):
        faults.append(Fault("features", "a name twice", "unique names", "Rename one."))
    for name in dict.fromkeys(name for feature in features for name in _items(feature)):
        if name not in responses.codebook.names:
            faults.append(
                Fault("features", f"no item {name!r}", "an item of the codebook", "Check the name.")
            )
            continue
        item = responses.codebook[name]
        others = [code for code in item.categories if code not in answers.codes]
        if not item.coded or others:
            got = f"codes {', '.join(map(str, others))}" if item.coded else f"scale {item.scale!r}"
            expected = f"the codes {', '.join(map(str, answers.codes))}"
            faults.append(Fault(name, got, expected, "Map every code to one of the five answers."))
    if faults:
        raise InputError(faults)


def _positions(responses: Responses, name: str, answers: KanoAnswers) -> NDArray[np.int64]:
    """Answers in the order of the table, -1 where missing."""
    to = [answers.codes.index(code) for code in responses.codebook[name].categories]
    return np.array([*to, -1], np.int64)[responses.answers[name]]


def _tabulated(
    segments: SoftSegments, found: NDArray[np.int64], letters: str, among: str = "MOAIRQ"
) -> Tabulation:
    """Tabulate the share of some categories among others."""
    inside = np.append([float(letter in letters) for letter in CATEGORIES], np.nan)
    counted = np.append([letter in among for letter in CATEGORIES], False)
    return tabulate(segments, np.where(counted, inside, np.nan)[found], proportion=True)


def _coefficients(segments: SoftSegments, found: NDArray[np.int64], level: float) -> pd.DataFrame:
    better = _tabulated(segments, found, "AO", among="AOMI")
    worse = _tabulated(segments, found, "OM", among="AOMI")
    up, down = better.interval(level), worse.interval(level)
    strength = _tabulated(segments, found, "MOA")
    return pd.DataFrame(
        {
            "segment": list(segments.names),
            "better": better.value,
            "better_low": up[0],
            "better_high": up[1],
            "worse": -worse.value,
            "worse_low": -down[1],
            "worse_high": -down[0],
            "total_strength": strength.value,
            "base": strength.in_segment,
        }
    )


def _share_rows(segments: SoftSegments, feature: str, every: list[Tabulation]) -> pd.DataFrame:
    k = segments.n_segments
    return pd.DataFrame(
        {
            "feature": feature,
            "segment": list(segments.names) * len(every),
            "category": np.repeat(CATEGORIES, k),
            "share": np.concatenate([one.value for one in every]),
            "se": np.concatenate([one.error for one in every]),
            "count": np.concatenate([one.value * one.in_segment for one in every]),
        }
    )


def _strength(segments: SoftSegments, every: list[Tabulation], alpha: float) -> pd.DataFrame:
    """Name the two most frequent categories of each segment, and test them."""
    share = np.nan_to_num(np.stack([one.value for one in every]))
    order = np.argsort(-share.round(12), axis=0, kind="stable")
    rows = np.arange(segments.n_segments)
    first, second = share[order[0], rows], share[order[1], rows]
    error = np.stack([one.error for one in every])[order[0], rows]
    size = effective_size(first, error, every[0].in_segment)
    spread = (first + second) * (2 - first - second) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        deviate = (first - second) * np.sqrt(size / spread)
    empty = np.isnan(every[0].value)
    names = np.array(CATEGORIES)
    return pd.DataFrame(
        {
            "category": np.where(empty, "", names[order[0]]),
            "second": np.where(empty, "", names[order[1]]),
            "clear": deviate > norm.ppf(1 - alpha / 2),
            "fong": np.where(empty, np.nan, deviate),
            "p_value": np.where(empty, np.nan, two_sided(deviate)),
            "category_strength": np.where(empty, np.nan, first - second),
        }
    )

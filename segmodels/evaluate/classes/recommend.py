"""Which number of classes to take, and why, in plain sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from segmodels.evaluate.classes.search import MISSED

#: A class with a smaller share of the respondents is too small to be a segment.
SMALLEST_SHARE = 0.05
#: A class with fewer respondents is too small to be described.
SMALLEST_N = 30
#: Below this mean probability the members of a class can not be told from others.
LEAST_AVEPP = 0.7
_CRITERIA = ("AIC", "AIC3", "BIC", "CAIC", "aBIC", "ICL")
_LEVEL = 0.05

Row = Mapping[str, float]


@dataclass(frozen=True)
class Recommendation:
    """The number of classes to take, and why."""

    best: int
    reasons: tuple[str, ...]


def recommend(table: pd.DataFrame) -> Recommendation:
    """Weigh criteria, held-out score, size and separation of the classes.

    Parameters
    ----------
    table
        One row per number of classes, with the columns of
        :class:`~segmodels.evaluate.classes.choose.ClassChoice`.

    Notes
    -----
    The start is the smaller of two numbers: that with the lowest BIC, and the smallest whose held-out score is
    within one (paired) standard error of the best. From there it goes down as long as a class is too small, or
    can not be told apart. The bootstrap test and the other criteria are reported beside it and do not
    decide: with many respondents they go on asking for classes that change no decision.
    """
    rows: dict[int, Row] = {int(row["n_classes"]): row for row in table.to_dict("records")}
    rows = dict(sorted(rows.items()))
    by_bic, by_score = lowest(rows, "BIC"), within_one_se(rows)
    best = by_bic if by_score is None else min(by_bic, by_score)
    reasons = [_criteria(rows)]
    if by_score is not None:
        reasons.append(_score(rows, by_score))
        if by_score != by_bic:
            reasons.append(
                f"BIC asks for {by_bic} and the held-out score for {by_score}: the smaller is taken."
            )
    while best != min(rows) and (wrong := unusable(rows[best])):
        lower = max(k for k in rows if k < best)
        reasons.append(f"{_classes(best)}: {wrong}, so {lower} instead.")
        best = lower
    return Recommendation(best, (*reasons, *_tested(rows, best), *_cautions(rows, best)))


def lowest(rows: Mapping[int, Row], name: str) -> int:
    """Give the number of classes at which a criterion is lowest."""
    return min(rows, key=lambda k: rows[k][name])


def within_one_se(rows: Mapping[int, Row]) -> int | None:
    """Smallest number of classes whose held-out score is within one paired standard error of the best."""
    near = [k for k, row in rows.items() if row["held_out_difference"] + row["held_out_difference_se"] >= 0]
    return min(near, default=None)


def unusable(row: Row) -> str:
    """Say what makes the classes of a row no segments; empty where nothing does."""
    wrong: list[str] = []
    if row["smallest_share"] < SMALLEST_SHARE:
        wrong.append(f"the smallest class is {row['smallest_share']:.1%} of respondents")
    if math.isnan(row["smallest_AvePP"]):
        wrong.append("nobody is assigned to one of the classes")
    elif row["smallest_AvePP"] < LEAST_AVEPP:
        wrong.append(f"a class can not be told from others (AvePP {row['smallest_AvePP']:.2f})")
    return " and ".join(wrong)


def _criteria(rows: Mapping[int, Row]) -> str:
    picks: dict[int, list[str]] = {}
    for name in _CRITERIA:
        picks.setdefault(lowest(rows, name), []).append(name)
    if len(picks) == 1:
        return f"All information criteria are lowest at {_classes(next(iter(picks)))}."
    parts = [f"{', '.join(names)} at {k}" for k, names in sorted(picks.items())]
    return f"The information criteria disagree on the number of classes; they are lowest: {'; '.join(parts)}."


def _score(rows: Mapping[int, Row], chosen: int) -> str:
    top = max(rows, key=lambda k: rows[k]["held_out"])
    best = f"The held-out score is best at {_classes(top)}"
    if top == min(rows):
        return f"{best}."
    if top == chosen:
        return f"{best}, and no smaller number is within one standard error."
    return f"{best}; that of {chosen} is within one standard error, so the smaller number does as well."


def _tested(rows: Mapping[int, Row], best: int) -> list[str]:
    """Say what the bootstrap test of K against K + 1 found."""
    p = {less: rows[more]["bootstrap_p"] for less, more in pairwise(rows)}
    p = {k: value for k, value in p.items() if not math.isnan(value)}
    if not p:
        return []
    enough = min((k for k, value in p.items() if value > _LEVEL), default=None)
    if enough is None:
        return [f"The bootstrap test rejects every number up to {max(p)} against one class more."]
    agrees = "too" if enough == best else "which is not what is recommended"
    content = (
        f"The bootstrap test is first content with {_classes(enough)} (p = {p[enough]:.2f} for one more)"
    )
    return [f"{content}, {agrees}."]


def _cautions(rows: Mapping[int, Row], best: int) -> list[str]:
    row, name = rows[best], _classes(best)
    said: list[str] = []
    if wrong := unusable(row):
        said.append(f"Take care: {wrong}.")
    if row["smallest_n"] < SMALLEST_N:
        few = f"about {row['smallest_n']:.0f} respondents"
        said.append(f"The smallest class of the {best} is {few}: too few to describe it well.")
    if row["times_found"] <= 2 < row["climbs"]:
        found = f"{row['times_found']:.0f} of {row['climbs']:.0f} climbs ended at the best optimum of {name}"
        said.append(f"{found}: there may be a better one; give the model more starts.")
    for k, each in rows.items():
        if each["missed_by"] > MISSED:
            missed = f"The best optimum of {_classes(k)} was missed (by {each['missed_by']:.2f})"
            said.append(f"{missed}; give the model more starts.")
    if best == max(rows) > 1:
        said.append(f"{name} is the largest number tried: try more.")
    return said


def _classes(k: int) -> str:
    return "1 class" if k == 1 else f"{k} classes"

"""The best set of q questions: every set tried where that is feasible, else greedy steps and swaps."""

from collections.abc import Sequence
from itertools import combinations
from math import comb

from segmodels.segments.typing_tool.objective import Judge, Score, better

#: What the overhead of one set costs, in patterns times components.
_OVERHEAD = 20_000

Names = tuple[str, ...]


def feasible(judge: Judge, candidates: Sequence[str], always: Sequence[str], q: int) -> bool:
    """Whether every set of q questions can be tried within the bounds."""
    sets = comb(len(candidates), q - len(always))
    sizes = {name: judge.patterns([name]) for name in candidates}
    largest = sorted(candidates, key=lambda name: -sizes[name])[: q - len(always)]
    patterns = judge.patterns([*always, *largest])
    work = sets * (_OVERHEAD + patterns * len(judge.components.log_weight))
    return patterns <= judge.effort.search_patterns and work <= judge.effort.exhaustive


def exhaustive(judge: Judge, candidates: Sequence[str], always: Sequence[str], q: int) -> Names:
    """Try every set of q questions that holds those of `always`.

    Parameters
    ----------
    judge
        Scores the sets.
    candidates
        Questions that may be chosen, without those of `always`.
    always
        Questions in every set.
    q
        Size of the set.

    Returns
    -------
    tuple of str
        The best set; of equals the first in the order of the candidates.
    """
    best: tuple[Score, Names] | None = None
    for chosen in combinations(candidates, q - len(always)):
        names = (*always, *chosen)
        score = judge.score(names)
        if best is None or better(score, best[0]):
            best = score, names
    return () if best is None else best[1]


def add_best(judge: Judge, base: Sequence[str], candidates: Sequence[str]) -> Names:
    """Add the question that helps most."""
    left = [name for name in candidates if name not in base]
    scores = judge.additions(base, left)
    return (*base, left[_first_best(scores)])


def swap(judge: Judge, names: Sequence[str], candidates: Sequence[str], always: Sequence[str]) -> Names:
    """Exchange one question for another as long as that helps, each time the exchange that helps most."""
    chosen = tuple(names)
    while True:
        better_set = _best_swap(judge, chosen, candidates, always)
        if better_set is None:
            return chosen
        chosen = better_set


def _best_swap(judge: Judge, names: Names, candidates: Sequence[str], always: Sequence[str]) -> Names | None:
    left = [name for name in candidates if name not in names]
    best: tuple[Score, Names] | None = None
    for out in (name for name in names if name not in always):
        rest = tuple(name for name in names if name != out)
        # The question itself is scored beside the others, on the same patterns or the same sample.
        scores = judge.additions(rest, [out, *left])
        place = _first_best(scores)
        if place and better(scores[place], scores[0]) and (best is None or better(scores[place], best[0])):
            best = scores[place], (*rest, left[place - 1])
    return None if best is None else best[1]


def _first_best(scores: Sequence[Score]) -> int:
    place = 0
    for at, score in enumerate(scores):
        if better(score, scores[place]):
            place = at
    return place

"""Golden questions: the few items that place people in segments nearly as well as all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool import search
from segmodels.segments.typing_tool.accuracy import Accuracy, accuracy
from segmodels.segments.typing_tool.fitted import Fitted, components_of, require_items
from segmodels.segments.typing_tool.joint import EFFORT, Array, Effort
from segmodels.segments.typing_tool.objective import Judge, Objective, Values, loss_of

Search = Literal["exhaustive", "greedy and swaps"]


@dataclass(frozen=True, eq=False, repr=False)
class GoldenQuestions:
    """The best questions of each number. Made by :func:`golden_questions`.

    Parameters
    ----------
    objective
        What they are best at.
    order
        Questions in the order in which greedy selection adds them, one after the other.
    sets
        By number of questions: the figures of the best set found.
    searches
        By number of questions: how it was searched for.
    ceiling
        The figures of all items: what no set of them can pass.
    """

    objective: Objective
    order: tuple[str, ...]
    sets: dict[int, Accuracy] = field(repr=False)
    searches: dict[int, Search] = field(repr=False)
    ceiling: Accuracy = field(repr=False)

    @property
    def curve(self) -> pd.DataFrame:
        """The figures over the number of questions.

        One row per number: ``q, questions, accuracy, standard_error, exact, share_of_ceiling, worst_segment,
        worst_recall, value_lost, search``. The standard error is that of simulation, 0 where every pattern
        was enumerated; ``value_lost`` is NaN where no values were given.
        """
        rows = [
            {
                "q": q,
                "questions": found.questions,
                "accuracy": found.overall,
                "standard_error": found.standard_error,
                "exact": found.exact,
                "share_of_ceiling": found.overall / self.ceiling.overall,
                "worst_segment": found.worst[0],
                "worst_recall": found.worst[1],
                "value_lost": found.value_lost,
                "search": self.searches[q],
            }
            for q, found in self.sets.items()
        ]
        return pd.DataFrame(rows)

    def questions(self, q: int) -> tuple[str, ...]:
        """Names of the best q questions, in the order of the survey."""
        if q not in self.sets:
            there = ", ".join(map(str, self.sets))
            raise InputError(Fault("q", str(q), f"one of {there}", "Choose a number that was searched for."))
        return self.sets[q].questions

    def fewest(self, share_of_ceiling: float = 0.98) -> int:
        """Fewest questions whose accuracy is such a share of the ceiling; the most there are, if none is."""
        enough = [
            q for q, found in self.sets.items() if found.overall >= share_of_ceiling * self.ceiling.overall
        ]
        return min(enough, default=max(self.sets))

    def __repr__(self) -> str:
        """Show the curve in short."""
        short = self.curve[["q", "accuracy", "worst_recall"]].assign(
            questions=[", ".join(found.questions) for found in self.sets.values()]
        )
        text = short.to_string(index=False, justify="left", float_format="{:.3f}".format)
        return f"Golden questions by {self.objective}; with all items {self.ceiling.overall:.3f}\n{text}"


def golden_questions(
    fit: Fitted | Components,
    q: int | Iterable[int] = range(1, 13),
    objective: Objective = "accuracy",
    values: Values | None = None,
    *,
    seed: int,
    candidates: Sequence[str] | None = None,
    always: Sequence[str] = (),
    effort: Effort = EFFORT,
) -> GoldenQuestions:
    """Choose the few questions that place people in segments best.

    Every set of q questions is tried where that is feasible; otherwise questions are added one at a time,
    each the best, and after each step exchanged as long as an exchange helps. Figures are those the model
    implies for people, not counts of the respondents that it was fitted to, and exact up to
    ``effort.patterns`` answer patterns.

    Parameters
    ----------
    fit
        A latent class fit of coded items, or its components.
    q
        Numbers of questions; those above the number of candidates are passed over.
    objective
        ``"accuracy"``: the probability of being placed in the true segment. ``"worst"``: the recall of the
        worst segment and, between equals, the mean recall. ``"value"``: the least expected value lost.
    values
        What a person of each segment is worth: by segment, or a frame with the true segments in rows and the
        segments that they are treated as in columns. With a single value a segment, a person who is treated
        as one of another is worth nothing. Needed for ``"value"``, reported for the other objectives.
    seed
        Of simulated answers, which only many questions need.
    candidates
        Items that may be asked; None: all.
    always
        Items that every set holds, such as a screening question.
    effort
        Bounds of the work.

    Returns
    -------
    GoldenQuestions
        Its ``curve`` has a row per number of questions; ``questions(q)`` gives the names.

    Raises
    ------
    InputError
        Where an item is unknown, no number of questions can be had, or values are needed and missing.

    Examples
    --------
    >>> import numpy as np
    >>> from segmodels.tables.codebook import Item
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("weak", "binary", (0, 1)), Item("strong", "binary", (0, 1))),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.6, 0.4], [0.4, 0.6]]), np.log([[0.9, 0.1], [0.1, 0.9]])),
    ... )
    >>> found = golden_questions(two, seed=1)
    >>> found.questions(1), found.curve["accuracy"].round(3).tolist()
    (('strong',), [0.9, 0.9])
    """
    components = components_of(fit)
    names = components.item_names if candidates is None else tuple(candidates)
    numbers = sorted({int(number) for number in ([q] if isinstance(q, int) else q)})
    faults = _faults(components, numbers, objective, values, (names, tuple(always)))
    if faults:
        raise InputError(faults)
    loss = None if values is None else loss_of(values, components.names)
    judge = Judge(components, objective, loss, effort, seed)
    free = tuple(name for name in names if name not in always)
    most = len(free) + len(always)
    chosen, order = _choose(judge, free, tuple(always), [number for number in numbers if number <= most])
    sets = {q: _measured(components, found, loss, effort, seed) for q, (found, _) in chosen.items()}
    searches: dict[int, Search] = {q: how for q, (_, how) in chosen.items()}
    ceiling = accuracy(components, seed=seed, loss=loss, effort=effort)
    return GoldenQuestions(objective, order, sets, searches, ceiling)


def _measured(
    components: Components, names: Sequence[str], loss: Array | None, effort: Effort, seed: int
) -> Accuracy:
    in_order = [name for name in components.item_names if name in names]
    return accuracy(components, in_order, seed=seed, loss=loss, effort=effort)


def _choose(
    judge: Judge, free: tuple[str, ...], always: tuple[str, ...], numbers: Sequence[int]
) -> tuple[dict[int, tuple[search.Names, Search]], search.Names]:
    """Search for the best set of each number; give also the greedy order."""
    found: dict[int, tuple[search.Names, Search]] = {}
    swapped = order = always
    for q in range(max(len(always), 1), max(numbers) + 1):
        if q > len(order):
            order = search.add_best(judge, order, free)
        # From the set exchanged before, so that one more question never makes it worse.
        grown = search.add_best(judge, swapped, free) if q > len(swapped) else swapped
        if q in numbers and search.feasible(judge, free, always, q):
            swapped = search.exhaustive(judge, free, always, q)
            found[q] = swapped, "exhaustive"
        else:
            swapped = search.swap(judge, grown, free, always)
            found[q] = swapped, "greedy and swaps"
    return {q: found[q] for q in numbers}, order


def _faults(
    components: Components,
    numbers: Sequence[int],
    objective: str,
    values: Values | None,
    asked: tuple[Sequence[str], Sequence[str]],
) -> list[Fault]:
    names, always = asked
    faults = require_items(components, names, "candidates") + require_items(components, always, "always")
    most = len(set(names) | set(always))
    least = max(1, len(always))
    if not numbers or numbers[0] < least or numbers[0] > most:
        got = ", ".join(map(str, numbers)) or "no number"
        remedy = "Ask for numbers of questions that can be had."
        faults.append(Fault("q", got, f"numbers from {least} on, one of them at most {most}", remedy))
    if objective not in ("accuracy", "worst", "value"):
        expected = "'accuracy', 'worst' or 'value'"
        faults.append(Fault("objective", repr(objective), expected, "Choose one."))
    if objective == "value" and values is None:
        expected = "the value of a person of each segment"
        faults.append(Fault("values", "none", expected, "Give values= by segment, or another objective."))
    return faults

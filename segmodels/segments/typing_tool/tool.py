"""The typing tool: a few questions, and the probabilities of the segments given their answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.answers import codes_of, read_answers
from segmodels.segments.typing_tool.fitted import Fitted, components_of, require_items
from segmodels.segments.typing_tool.joint import Places, winners
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses
from segmodels.tables.segmentation import Segmentation

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class TypingTool:
    """Places people in segments by their answers to a few questions. Made by :func:`typing_tool`.

    Parameters
    ----------
    components
        The fitted mixture, with the questions as its only items. Every probability is above 0.

    Raises
    ------
    InputError
        Where there is no question, a name repeats, or a probability is 0.

    Examples
    --------
    >>> two = Components(
    ...     ("thrifty", "lavish"),
    ...     (Item("cheap", "binary", ("no", "yes")),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.1, 0.8], [0.9, 0.2]]),),
    ... )
    >>> TypingTool(two).classify(pd.DataFrame({"cheap": ["yes", "no", None]})).round(3)
      segment  probability  answered
    0  thrifty        0.818         1
    1   lavish        0.889         1
    2  thrifty        0.500         0
    """

    components: Components

    def __post_init__(self) -> None:
        faults = _faults(self.components)
        if faults:
            raise InputError(faults)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the segments."""
        return self.components.names

    @property
    def questions(self) -> tuple[Item, ...]:
        """What is asked, in order."""
        return self.components.items

    def __repr__(self) -> str:
        """Name the questions and the segments."""
        asked = ", ".join(self.components.item_names)
        return f"Typing tool of {len(self.questions)} questions ({asked}) for {', '.join(self.names)}"

    def posterior(self, codes: NDArray[np.integer[Any]]) -> Array:
        """Probability of each segment given positions of categories, -1 where missing, shape (N, K)."""
        return self.components.posterior(codes)

    def place(self, probabilities: Array) -> Places:
        """Position of the most probable segment; of those within 1e-9 of the largest the first, shape (N,)."""
        return winners(probabilities.T)

    def probabilities(self, answers: Responses | Any) -> Any:
        """Work out the probability of each segment for each respondent.

        Parameters
        ----------
        answers
            `Responses`, or a table with a column of codes for every question. Answers may be missing; one
            without any gives the shares of the segments.

        Returns
        -------
        table
            A row for every row that came in, in the kind of table that came in, with a column per segment:
            of `Responses` also ``customer_id``, of a pandas frame with its index.

        Raises
        ------
        InputError
            Where a question has no column, or a code is not in its codebook.
        """
        read = read_answers(self.questions, answers)
        return read.give(pd.DataFrame(self.posterior(read.codes), columns=list(self.names)))

    def classify(self, answers: Responses | Any) -> Any:
        """Place each respondent in the most probable segment.

        Parameters
        ----------
        answers
            As for :meth:`probabilities`.

        Returns
        -------
        table
            As from :meth:`probabilities`, with the columns ``segment``, ``probability`` (of belonging to it)
            and ``answered`` (how many of the questions).
        """
        read = read_answers(self.questions, answers)
        found = self.posterior(read.codes)
        placed = self.place(found)
        frame = pd.DataFrame(
            {
                "segment": np.array(self.names, object)[placed],
                "probability": found[np.arange(len(found)), placed],
                "answered": (read.codes >= 0).sum(axis=1),
            }
        )
        return read.give(frame.astype({"segment": "str"}))

    def segmentation(self, responses: Responses) -> Segmentation:
        """Make a segmentation of the respondents, with their probabilities."""
        found = self.posterior(codes_of(self.questions, responses))
        return Segmentation(
            responses.customer_id,
            self.names,
            found,
            assigned=self.place(found),
            basis=f"{len(self.questions)} golden questions",
        )

    @property
    def points(self) -> pd.DataFrame:
        """The table that scores: per question and category the log-probability in each component.

        The score of a component is its log weight plus the points of the answers given; the probabilities of
        the segments are the softmax of the scores, summed by segment.
        """
        columns = [f"{self.names[k]}" for k in self.components.class_of]
        index = [(item.name, code) for item in self.questions for code in item.categories]
        return pd.DataFrame(
            np.vstack(self.components.log_probability),
            index=pd.MultiIndex.from_tuples(index, names=["question", "code"]),
            columns=pd.Index(columns, name="segment"),
        )


def typing_tool(
    fit: Fitted | Components, questions: Sequence[str] | None = None, *, floor: float | None = None
) -> TypingTool:
    """Make a typing tool of some questions of a fit.

    Parameters
    ----------
    fit
        A latent class fit of coded items, or its components.
    questions
        Names of the items to ask, in the order of asking; None: all.
    floor
        Smallest probability of a category in a segment: smaller ones are raised to it, and the others of the
        item lowered in proportion. None: as fitted, where a probability of 0 is an error, because an answer
        that no segment gives can not be scored.

    Returns
    -------
    TypingTool

    Raises
    ------
    InputError
        Where a question is unknown or repeats, a probability is 0, or the floor is not below 1 in as many as
        there are categories.

    Examples
    --------
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1)),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> typing_tool(two)
    Typing tool of 1 questions (q) for a, b
    """
    components = components_of(fit)
    if isinstance(questions, str):
        got = f"the text {questions!r}"
        raise InputError(Fault("questions", got, "a tuple of names", f"Give ({questions!r},)."))
    names = components.item_names if questions is None else tuple(questions)
    faults = require_items(components, names, "questions")
    if faults:
        raise InputError(faults)
    kept = components.restrict(names)
    return TypingTool(kept if floor is None else _floored(kept, floor))


def _floored(components: Components, floor: float) -> Components:
    most = max(item.size for item in components.items)
    if not 0 < floor * most < 1:
        remedy = "Give a small number, such as 1e-6."
        raise InputError(Fault("floor", str(floor), f"above 0 and below 1/{most}", remedy))
    return replace(
        components, log_probability=tuple(_raised(table, floor) for table in components.log_probability)
    )


def _raised(table: Array, floor: float) -> Array:
    """Raise small probabilities of a table to the floor and scale the others, shape (C, M)."""
    low = np.exp(table) <= floor
    while True:
        left = 1 - floor * low.sum(axis=0)
        kept = np.where(low, 0, np.exp(table))
        scaled = np.where(low, floor, kept * left / kept.sum(axis=0))
        lower = low | (scaled < floor)
        if (lower == low).all():
            return np.where(low.any(axis=0), np.log(scaled), table)
        low = lower


def _faults(components: Components) -> list[Fault]:
    faults: list[Fault] = []
    names = components.item_names
    if not names:
        faults.append(Fault("questions", "none", "one at least", "Name the items to ask."))
    if len({*components.names, "customer_id", ""}) < len(components.names) + 2:
        remedy = "Rename the segments of the fit."
        faults.append(Fault("names", "a segment without a name of its own", "a name each", remedy))
    numbers = (components.log_weight, *components.log_probability)
    bad = [
        name
        for name, table in zip(("the shares", *names), numbers, strict=True)
        if not np.isfinite(table).all()
    ]
    if bad:
        expected = "probabilities above 0 of every segment and category"
        remedy = "Fit with Bayes constants, or say floor=1e-6, say."
        faults.append(Fault("questions", "a probability of 0", expected, remedy, examples=tuple(bad)))
    return faults

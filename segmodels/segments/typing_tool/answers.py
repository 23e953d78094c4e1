"""Answers to the questions of a typing tool, as positions in its own codebook."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses
from segmodels.tables.survey_codes import MISSING, UNKNOWN, Matcher
from segmodels.tables.survey_rules import nearest, rows_fault

Codes = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Answers:
    """Positions of the categories answered, and a way back to the kind of table that came in.

    Parameters
    ----------
    codes
        Positions in the tool's codebook, -1 where missing, shape (N, q).
    give
        Takes a frame of results, one row a respondent.
    """

    codes: Codes
    give: Callable[[pd.DataFrame], Any]


def read_answers(questions: Sequence[Item], answers: Responses | Any) -> Answers:
    """Find the answers to some questions in `Responses` or in a table of codes.

    Raises
    ------
    InputError
        Where a question is not there, or a code is not in its codebook; all faults together.
    """
    if isinstance(answers, Responses):

        def give(frame: pd.DataFrame) -> Any:
            frame.insert(0, "customer_id", answers.customer_id)
            return answers.give(frame)

        return Answers(codes_of(questions, answers), give)
    pandas = isinstance(answers, pd.DataFrame)
    table = answers.reset_index(drop=True) if pandas else answers
    read = Responses.read(table, customer=None, items=Codebook(tuple(questions)))
    codes = read.codes([item.name for item in questions])
    return Answers(codes, (lambda frame: frame.set_index(answers.index)) if pandas else read.give)


def codes_of(questions: Sequence[Item], responses: Responses) -> Codes:
    """Positions of the answers of `Responses` in the codebook of the questions, shape (N, q).

    A codebook with other categories, or with the same ones in another order, is translated by its codes.
    """
    faults: list[Fault] = []
    columns: list[Codes] = []
    for item in questions:
        if item.name not in responses.codebook:
            there = responses.codebook.names
            expected = f"an item {item.name!r} in the responses"
            faults.append(Fault("responses", "no such item", expected, nearest(item.name, there)))
            continue
        column, found = _translated(item, responses)
        columns.append(column)
        faults += found
    if faults:
        raise InputError(faults)
    return np.column_stack(columns)


def _translated(item: Item, responses: Responses) -> tuple[Codes, list[Fault]]:
    theirs = responses.codebook[item.name]
    answers = responses.answers[item.name]
    if theirs.categories == item.categories:
        return answers, []
    if not theirs.coded:
        expected = f"{item.scale}, as the fit has it"
        fault = Fault(item.name, f"a {theirs.scale} scale", expected, "Read it with the codebook of the fit.")
        return np.empty(0, np.int16), [fault]
    match = Matcher(item.categories)
    # The last place stands for a missing answer, which -1 picks.
    places = np.array([*(match.position(code) for code in theirs.categories), MISSING], np.int16)
    column = places[answers]
    expected = f"codes among {', '.join(map(str, item.categories))}"
    fault = Fault(item.name, "a code not in the codebook", expected, "Repair them, or recode to missing.")

    def shown(row: int) -> str:
        return repr(theirs.categories[answers[row]])

    return column, rows_fault(fault, column == UNKNOWN, responses.customer_id, shown)

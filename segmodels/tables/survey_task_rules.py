"""Best-worst tasks as rows of items shown: what must hold of them, and their table."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault

Whole = NDArray[np.int64]
Small = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Tasks:
    """Best-worst tasks, one a row: what was shown, and what was chosen.

    Parameters
    ----------
    respondent
        Row of the respondent in the answers, shape (tasks,).
    shown
        Positions in the codebook of the items shown; -1 fills up. Shape (tasks, most shown).
    best, worst
        Position in the codebook of the item chosen; -1 where none was. Shape (tasks,).
    """

    respondent: Whole
    shown: Small
    best: Small
    worst: Small


@dataclass(frozen=True, eq=False)
class Grid:
    """Items shown, one a row, sorted by respondent and task.

    Parameters
    ----------
    respondent
        Place of each row's respondent, shape (R,).
    task
        Number of each row's task, 0 to the number of tasks less one, in order, shape (R,).
    item
        Place of each row's item, shape (R,).
    choice
        1 best, -1 worst, 0 shown, shape (R,).
    label
        What the source calls each row's task, for examples, shape (R,).
    """

    respondent: Whole
    task: Whole
    item: Whole
    choice: Whole
    label: NDArray[np.object_]

    def pick(self, rows: NDArray[Any]) -> "Grid":
        """Keep some rows, with the numbers that their tasks have."""
        kept = (self.respondent[rows], self.task[rows], self.item[rows], self.choice[rows])
        return Grid(*kept, self.label[rows])


def sorted_grid(
    respondent: NDArray[Any], task: NDArray[Any], item: NDArray[Any], choice: Whole, label: NDArray[Any]
) -> Grid:
    """Sort rows by respondent; tasks come in the order in which they first appear, rows in their own order.

    Parameters
    ----------
    task
        Codes of tasks; the same code of two respondents is two tasks.
    """
    # A code of its own for each pair; codes are small integers.
    pairs = respondent.astype(np.int64) * (int(task.max(initial=0)) + 2) + task
    appearance = pd.factorize(pairs)[0]
    order = np.lexsort((appearance, respondent))
    number = np.cumsum(np.diff(appearance[order], prepend=appearance[order[:1]]) != 0)
    whole = (respondent[order].astype(np.int64), number, item[order].astype(np.int64))
    return Grid(*whole, choice[order], label[order])


def renumbered(grid: Grid) -> Grid:
    """Give the tasks new numbers, in the order of the rows."""
    return replace(grid, task=np.cumsum(np.diff(grid.task, prepend=grid.task[:1]) != 0))


def without_choice(grid: Grid) -> tuple[Grid, int]:
    """Leave out tasks in which nothing was chosen, and count them."""
    chosen = np.bincount(grid.task, grid.choice != 0) > 0
    return renumbered(grid.pick(chosen[grid.task])), int((~chosen).sum())


def task_faults(grid: Grid, ids: pd.Index) -> list[Fault]:
    """Everything wrong with tasks: counts are of tasks.

    Examples
    --------
    >>> one = np.zeros(3, np.int64)
    >>> grid = sorted_grid(one, one, np.arange(3), np.array([1, 1, 0]), np.array(["t1"] * 3, dtype=object))
    >>> print(task_faults(grid, pd.Index([7]))[0])
    task: got two items chosen as best in 1 row (for example customer 7, task t1); expected one. Correct them.
    """
    if not len(grid.task):
        advice = "Check the column of choices."
        return [Fault("task", "no task with a choice", "at least one", advice)]
    first = np.unique(grid.task, return_index=True)[1]
    many = len(first)
    shown = np.bincount(grid.task)
    best = np.bincount(grid.task[grid.choice == 1], minlength=many)
    worst = np.bincount(grid.task[grid.choice == -1], minlength=many)
    both = np.zeros(many, bool)
    single = (best == 1) & (worst == 1)
    both[single] = (_chosen(grid, 1, many) == _chosen(grid, -1, many))[single]
    order = np.lexsort((grid.item, grid.task))
    same = (np.diff(grid.task[order]) == 0) & (np.diff(grid.item[order]) == 0)
    twice = np.bincount(grid.task[order][1:][same], minlength=many) > 0
    advice = "Correct them."
    skipped = "Leave these tasks out: unanswered='leave_out'."
    found = [
        (best > 1, Fault("task", "two items chosen as best", "one", advice)),
        (worst > 1, Fault("task", "two items chosen as worst", "one", advice)),
        (both, Fault("task", "the same item as best and as worst", "two items", advice)),
        (twice & ~both, Fault("task", "an item shown twice", "each item once", advice)),
        (shown < 2, Fault("task", "one item shown", "two or more", "Leave these tasks out.")),
        ((best + worst == 0) & (shown > 1), Fault("task", "no choice", "a best or a worst", skipped)),
    ]
    return [
        _counted(fault, np.flatnonzero(broken), grid, first, ids) for broken, fault in found if broken.any()
    ]


def _counted(fault: Fault, tasks: NDArray[Any], grid: Grid, first: NDArray[Any], ids: pd.Index) -> Fault:
    rows = first[tasks[:3]]
    examples = tuple(f"customer {ids[grid.respondent[row]]}, task {grid.label[row]}" for row in rows)
    return replace(fault, rows=len(tasks), examples=examples)


def _chosen(grid: Grid, choice: int, tasks: int) -> NDArray[np.int16]:
    """Place of the item chosen in each task, -1 where none was, shape (tasks,)."""
    chosen = np.full(tasks, -1, np.int16)
    rows = grid.choice == choice
    chosen[grid.task[rows]] = grid.item[rows]
    return chosen


def tasks_of(grid: Grid, respondent: NDArray[Any], offset: int) -> Tasks:
    """Write checked rows as one row a task.

    Parameters
    ----------
    respondent
        Row of each row's respondent in the answers, shape (R,).
    offset
        Position of the first best-worst item in the codebook.
    """
    first, size = np.unique(grid.task, return_index=True, return_counts=True)[1:]
    place = np.arange(len(grid.task)) - np.repeat(first, size)
    shown = np.full((len(first), int(size.max())), -1, np.int16)
    shown[grid.task, place] = grid.item + offset
    best, worst = (_chosen(grid, choice, len(first)) for choice in (1, -1))
    return Tasks(
        respondent[first].astype(np.int64),
        shown,
        np.where(best >= 0, best + offset, -1).astype(np.int16),
        np.where(worst >= 0, worst + offset, -1).astype(np.int16),
    )

"""From the tasks that respondents answered to the distinct ones whose density is best-worst scaling's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import best_worst
from segmodels.models.needs.ranking_build import Coded
from segmodels.tables.patterns import Patterns
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Form = Literal["sequential", "joint"]
_NO_PATTERNS = (np.zeros(1, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class BestWorstTasks:
    """Distinct tasks with their answers, and which of them each pattern holds.

    Respondents share tasks: 350 respondents with 13 tasks of a balanced design answer fewer than 160
    distinct ones, and the density is worked out once for each.

    Parameters
    ----------
    shown, best, worst, joint
        Distinct tasks, shape (T, S) and (T,); see ``segmodels.likelihoods.best_worst``.
    start, task
        Tasks of each pattern, shape (U + 1,) and (answers,).
    """

    shown: Index
    best: Index
    worst: Index
    joint: Index
    start: Index
    task: Index

    @property
    def tasks(self) -> tuple[Index, Index, Index, Index]:
        """The distinct tasks in the order of the density's arguments."""
        return self.shown, self.best, self.worst, self.joint

    @property
    def module(self) -> str:
        """Import path of the likelihood."""
        return best_worst.__name__

    @property
    def arrays(self) -> tuple[Index, Index, Index, Index, Index, Index]:
        """In the order of the arguments of ``total_and_gradient``."""
        return (*self.tasks, self.start, self.task)

    def log_densities(self, utility: Array) -> Array:
        """Log-density of each pattern, shape (U, M)."""
        return best_worst.sum_tasks(best_worst.log_densities(utility, *self.tasks), self.start, self.task)

    def moments(self, utility: Array, weight: Array) -> tuple[Array, Array]:
        """Gradient and information of the weighted sum."""
        spread = best_worst.spread_tasks(weight, self.start, self.task, len(self.best))
        return best_worst.moments(utility, spread, *self.tasks)

    def scores(self, utility: Array, rows: slice) -> Array:
        """Gradient of the log-density of some patterns, shape (b, M, J)."""
        of_tasks = best_worst.scores(utility, *self.tasks)
        start = self.start[rows.start : rows.stop + 1]
        summed = best_worst.sum_tasks(of_tasks.reshape(len(of_tasks), -1), start, self.task)
        return summed.reshape(-1, *of_tasks.shape[1:])

    def take(self, data: Patterns) -> "BestWorstTasks":
        """Give the tasks of other patterns."""
        start, task = _lists(data.numbers)
        return replace(self, start=start, task=task)


def _lists(numbers: Array) -> tuple[Index, Index]:
    """Distinct tasks of each pattern, from their numbers with NaN to fill up, shape (U, most)."""
    there = ~np.isnan(numbers)
    start = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    return start, numbers[there].astype(np.int64)


def task_numbers(responses: Responses, names: tuple[str, ...], form: Form) -> tuple[BestWorstTasks, Array]:
    """Find the distinct tasks, and which of them each respondent answered, shape (N, most), NaN to fill up.

    Items are numbered in the order of `names`.

    Returns
    -------
    The distinct tasks, with no patterns yet, and the numbers of each respondent's tasks, ascending.

    Raises
    ------
    InputError
        Where there are no tasks, or they show or choose items that are not among `names`, show fewer than two or
        an item twice, or choose what was not shown or one item as best and worst.
    """
    tasks = responses.tasks
    if tasks is None or not len(tasks.respondent):
        fault = Fault("responses", "no best-worst tasks", "tasks", "Read them with Responses.read_tasks.")
        raise InputError(fault)
    place = np.full(len(responses.codebook) + 1, -2)
    place[[responses.codebook.names.index(name) for name in names]] = np.arange(len(names))
    place[-1] = -1
    # Where an item stands on the screen does not matter: the codes come last item first, so -1 ends up last.
    shown = -np.sort(-place[tasks.shown], axis=1)
    best, worst = place[tasks.best], place[tasks.worst]
    faults = _faults(shown, best, worst)
    if faults:
        raise InputError(faults)
    rows = np.column_stack([shown, best, worst])
    asked = (best >= 0) | (worst >= 0)
    distinct, number = np.unique(rows[asked], axis=0, return_inverse=True)
    table = np.ascontiguousarray(distinct[:, :-2]), distinct[:, -2].copy(), distinct[:, -1].copy()
    joint = np.full(len(distinct), int(form == "joint"))
    numbers = _rectangle(len(responses), tasks.respondent[asked], number.reshape(-1))
    return BestWorstTasks(*table, joint, *_NO_PATTERNS), numbers


def coded_tasks(responses: Responses, names: tuple[str, ...], form: Form) -> Coded:
    """Code tasks: no codes, the numbers of the distinct tasks, and how patterns of them become choices."""
    table, numbers = task_numbers(responses, names, form)
    return np.empty((len(responses), 0), np.int16), numbers, table.take


def tasks_of(arrays: Mapping[str, NDArray[Any]], data: Patterns) -> BestWorstTasks:
    """Rebuild the choices of patterns from the distinct tasks ``shown, best, worst, joint``."""
    shown, best, worst, joint = (arrays[name] for name in ("shown", "best", "worst", "joint"))
    return BestWorstTasks(shown, best, worst, joint, *_NO_PATTERNS).take(data)


def _rectangle(rows: int, respondent: Index, number: Index) -> Array:
    """Write each respondent's numbers in a row, ascending, NaN to fill up."""
    order = np.lexsort((number, respondent))
    each = np.bincount(respondent, minlength=rows)
    first = np.cumsum(each) - each
    out = np.full((rows, int(each.max(initial=0))), np.nan)
    out[respondent[order], np.arange(len(order)) - first[respondent[order]]] = number[order]
    return out


def _faults(shown: Index, best: Index, worst: Index) -> list[Fault]:
    ends = np.column_stack([best, worst])
    chosen = ends >= 0
    seen = (shown[:, None, :] == ends[:, :, None]).any(axis=2)
    checks = [
        (
            ((shown == -2).any(axis=1)) | (ends == -2).any(axis=1),
            "items that the model leaves out",
            "its items",
        ),
        ((shown >= 0).sum(axis=1) < 2, "fewer than two items shown", "a choice"),
        (((shown[:, 1:] == shown[:, :-1]) & (shown[:, 1:] >= 0)).any(axis=1), "an item shown twice", "once"),
        ((chosen & ~seen).any(axis=1), "a choice of what was not shown", "an item shown"),
        (chosen.all(axis=1) & (best == worst), "one item as best and worst", "two items"),
    ]
    remedy = "Correct the tasks, or give items= all that they show."
    return [
        Fault(
            "tasks",
            got,
            expected,
            remedy,
            int(rows.sum()),
            tuple(f"task {t}" for t in np.flatnonzero(rows)[:3]),
        )
        for rows, got, expected in checks
        if rows.any()
    ]

"""The best optimum of a mixture: many starts, of which the best go on, and Newton steps at the end."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evidence import Evidence
from segmodels.inference.louis import End, newton
from segmodels.inference.mixture import Climb, MixtureProblem, climb
from segmodels.inference.relabel import membership

Array = NDArray[np.float64]

_ROUGH_STEPS = 40
_ROUGH = 1e-2
_TOLERANCE = 1e-6
_CLOSER = (1e-8, 1e-9, 1e-10)
_STEPS = 5_000
_ARRIVED = 1e-6
# Optima whose objectives differ by less are the same one.
_SAME = 0.01
# Where EM shortens its steps at least by this factor, and less than so much is left to gain, it has come to rest.
_FAST, _SETTLED, _LAST_STEPS = 0.7, 1e-9, 12


@dataclass(frozen=True)
class Starts:
    """How the best optimum is looked for.

    Parameters
    ----------
    random
        Random starts. Each climbs a few steps, on a sample of the patterns where there are many.
    kept
        How many of them, the best, climb to the end.
    sample
        Patterns in that sample.

    Examples
    --------
    >>> Starts(random=200, kept=50)
    Starts(random=200, kept=50, sample=10000)
    """

    random: int = 50
    kept: int = 10
    sample: int = 10_000

    def __post_init__(self) -> None:
        given = {"random": self.random, "kept": self.kept, "sample": self.sample}
        faults = [
            Fault(name, repr(value), "a whole number of at least 1", f"Give {name}=10, say.")
            for name, value in given.items()
            if isinstance(value, bool) or not isinstance(value, int) or value < 1
        ]
        if faults:
            raise InputError(faults)


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best optimum found.

    Parameters
    ----------
    theta
        Shape (P,).
    objective
        There.
    table
        Each optimum reached, the best first: ``objective, times`` (starts that led to it; where there are more
        patterns than ``Starts.sample``, on a sample of them), ``smallest`` (share of its smallest class).
    evidence
        Whether it was found often enough, and whether the climb came to its end.
    """

    theta: Array
    objective: float
    table: pd.DataFrame
    evidence: tuple[Evidence, ...]


def find_optimum(
    problem: MixtureProblem,
    starts: Starts,
    seed: int | np.random.SeedSequence,
    first: Sequence[Array] = (),
    workers: int | None = None,
) -> Optimum:
    """Look for the best optimum.

    Parameters
    ----------
    problem
        What to fit.
    starts
        How many starts.
    seed
        Of the random starts; the result does not depend on the number of workers.
    first
        Parameters to begin from besides the random ones, each of shape (P,).
    workers
        Threads. None: one a core.

    Raises
    ------
    NotConverged
        Where no start leads to a finite objective.
    """
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    sampling, *seeds = root.spawn(starts.random + 1)
    rough = problem.sample(np.random.default_rng(sampling), starts.sample)
    begun = [problem.start(np.random.default_rng(each)) for each in seeds]
    across = _across(workers)
    climbs = across(lambda theta: climb(rough, theta, _ROUGH, _ROUGH_STEPS), [*first, *begun])
    finite = [each for each in climbs if np.isfinite(each.objective)]
    if not finite:
        raise NotConverged(
            f"None of {len(climbs)} starts led anywhere.",
            "Look at the answers: are there items with one value?",
        )
    best = sorted(finite, key=lambda each: -each.objective)[: starts.kept]
    ends = across(lambda each: climb(rough, each.theta, _TOLERANCE, _STEPS), best)
    times = [1] * len(ends)
    if rough is not problem:
        ends, times = _distinct(ends)
        ends = across(lambda each: climb(problem, each.theta, _TOLERANCE, _STEPS), ends)
    order = sorted(range(len(ends)), key=lambda i: -ends[i].objective)
    end = finish(problem, ends[order[0]].theta)
    table = _table(problem, [ends[i] for i in order], [times[i] for i in order], end.objective)
    where = "" if rough is problem else f" on a sample of {starts.sample:,} patterns"
    return Optimum(end.theta, end.objective, table, (_replication(table, starts, where), arrival(end)))


def finish(problem: MixtureProblem, theta: Array) -> End:
    """Take Newton steps, unless EM has come to rest; where they get stuck, more EM steps and Newton again."""
    rest = at_rest(problem, theta)
    if rest is not None:
        return rest
    end = newton(problem, theta)
    for tolerance in _CLOSER:
        if end.decrement < _ARRIVED:
            return end
        end = newton(problem, climb(problem, end.theta, tolerance, _STEPS).theta)
    return end


def at_rest(problem: MixtureProblem, theta: Array) -> End | None:
    """Let a few more EM steps bring it to rest where they are fast; None where they are not.

    Near the optimum an EM step is the gradient times the inverse complete-data information, so its length in
    that metric is what is left to gain, but for the rate at which EM converges.
    """
    ahead, _ = problem.step(theta)
    metric = problem.complete_information(ahead)
    before = _length(ahead - theta, metric)
    for _ in range(_LAST_STEPS):
        after, value = problem.step(ahead)
        now = _length(after - ahead, metric)
        rate = np.sqrt(now / before) if before > 0 else 0.0
        if rate > _FAST:
            return None
        if now / (1 - rate) < _SETTLED:
            return End(after, value, float(now / (1 - rate)))
        ahead, before = after, now
    return None


def _length(step: Array, metric: Array) -> float:
    return 0.5 * float(step @ metric @ step)


def _across(workers: int | None) -> Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]:
    """Make a map that runs on threads; the kernels let go of the interpreter's lock."""
    threads = workers or os.cpu_count() or 1

    def run(function: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
        if threads == 1 or len(values) < 2:
            return [function(value) for value in values]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(function, values))

    return run


def _distinct(ends: list[Climb]) -> tuple[list[Climb], list[int]]:
    """Keep one end of each optimum, with how many ended there."""
    kept: list[Climb] = []
    times: list[int] = []
    for end in sorted(ends, key=lambda each: -each.objective):
        if kept and kept[-1].objective - end.objective < _SAME:
            times[-1] += 1
        else:
            kept.append(end)
            times.append(1)
    return kept, times


def _table(problem: MixtureProblem, ends: list[Climb], times: list[int], objective: float) -> pd.DataFrame:
    rows: list[tuple[float, int, float]] = []
    for end, found in zip(ends, times, strict=True):
        if rows and rows[-1][0] - end.objective < _SAME:
            rows[-1] = (rows[-1][0], rows[-1][1] + found, rows[-1][2])
        else:
            value = end.objective if rows else objective
            rows.append((value, found, _smallest(problem, end.theta)))
    return pd.DataFrame(rows, columns=["objective", "times", "smallest"])


def _smallest(problem: MixtureProblem, theta: Array) -> float:
    """Share of the smallest class."""
    return float((problem.weight @ membership(problem, theta)).min() / problem.weight.sum())


def _replication(table: pd.DataFrame, starts: Starts, where: str) -> Evidence:
    times, kept = (int(value) for value in (table["times"].to_numpy()[0], table["times"].to_numpy().sum()))
    found = f"The best of {len(table)} optima was found by {times} of the {kept} starts that climbed to the end{where}."
    advice = (
        ""
        if times > 2
        else f" A better one may exist: give Starts(random={4 * starts.random}, kept={4 * starts.kept})."
    )
    # So few climbs can not tell.
    passed = None if kept < 3 else times > 2
    return Evidence("Best optimum replicated", passed, found + advice, table)


def arrival(end: End) -> Evidence:
    """Say whether a climb came to its end."""
    arrived = bool(end.decrement < _ARRIVED)
    text = f"At the end the objective could still rise by about {end.decrement:.1g}."
    advice = "" if arrived else " The climb stopped short: give larger BayesConstants, or fewer classes."
    return Evidence("Converged", arrived, text + advice)

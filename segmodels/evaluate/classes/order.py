"""Tasks on threads whose results come in the order of the tasks, so that no number of workers changes them."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from segmodels.errors import Fault, InputError

#: Called after each step with how many are done, how many there are at the most, and what was done.
Progress = Callable[[int, int, str], None]


def in_order[Task, Result](
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int | None
) -> Iterator[Result]:
    """Work on tasks in threads and give the results in the order of the tasks.

    Closing the iterator early leaves out the tasks not yet begun.

    Parameters
    ----------
    work
        What to do; it has to release the global interpreter lock for threads to help.
    tasks
        One argument each.
    workers
        Threads; by default one per core.

    Examples
    --------
    >>> list(in_order(abs, [-3, 2, -1], workers=2))
    [3, 2, 1]
    """
    threads = threads_of(workers)
    if threads == 1:
        yield from map(work, tasks)
        return
    waiting = iter(tasks)
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[Result]] = deque()
        try:
            for task in waiting:
                running.append(pool.submit(work, task))
                if len(running) >= 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def threads_of(workers: int | None) -> int:
    """Give the number of threads to use."""
    if workers is None:
        return os.cpu_count() or 1
    if workers < 1:
        raise InputError(Fault("workers", str(workers), "at least 1", "Leave it out to use every core."))
    return workers


def spawned(seed: int, tasks: int) -> list[int]:
    """Give a seed for each task, the same for any number of workers.

    Examples
    --------
    >>> spawned(1, 3) == spawned(1, 5)[:3]
    True
    """
    children = np.random.SeedSequence(seed).spawn(tasks)
    return [int(child.generate_state(1, np.uint64)[0] >> np.uint64(1)) for child in children]

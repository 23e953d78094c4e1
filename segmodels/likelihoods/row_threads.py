"""Kernels that fill the rows of an array, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Rows that are worth a thread of their own.
_LEAST = 1_000


def over_rows(fill: Callable[[int, int], None], rows: int) -> None:
    """Call ``fill(first, last)`` on pieces of the rows, in threads; the kernel lets go of the interpreter's lock.

    Numba's own threads are not used: they end the process where two threads of Python meet in them, or after a
    fork.

    Examples
    --------
    >>> over_rows(lambda first, last: print(first, last), 5)
    0 5
    """
    threads = min(os.cpu_count() or 1, rows // _LEAST)
    if threads <= 1:
        fill(0, rows)
        return
    pieces = 4 * threads
    edges = [rows * k // pieces for k in range(pieces + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, edges[:-1], edges[1:]))

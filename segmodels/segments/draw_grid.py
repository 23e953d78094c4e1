"""Counts of customers by value, for every draw, in one pass over blocks of customers.

Customers × draws do not fit in memory, and thresholds or Lorenz curves per draw need all customers. So each
draw keeps a histogram on a fixed logarithmic grid: 128 cells per doubling, over 32 doublings around a scale;
16 kB of counts a draw. A cell is at most 1/128 (0.8 per cent) of its value wide. The cell number is read off
the leading bits of the float, so that it rises with the value and costs no logarithm. Everything below a
millionth of the scale, zero and negative values included, is cell 0; everything above 4,096 times the scale
is the last cell.
"""

from collections.abc import Callable, Iterable, Iterator

import numba
import numpy as np
import numpy.typing as npt

from segmodels.errors import Fault, InputError

#: (start, stop, values of shape (stop - start, D)): a run of customers, all draws.
Block = tuple[int, int, npt.NDArray[np.float64]]
#: Gives the blocks afresh, with the same values, each time it is called.
Blocks = Callable[[], Iterable[Block]]

CELLS = 4096
_SHIFT = 52 - 7
_FIRST = (1023 - 20) << 7
_NOT_FINITE = 0x7FF << 52


def scaled_blocks(blocks: Blocks, customers: int, scale: float) -> Iterator[Block]:
    """Pass the blocks on, divided by the scale; `InputError` unless they cover the customers once, in order.

    Examples
    --------
    >>> two = lambda: [(0, 1, np.array([[2.0, 4.0]])), (1, 2, np.array([[6.0, 8.0]]))]
    >>> [values.tolist() for _, _, values in scaled_blocks(two, 2, 2.0)]
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """
    at, draws = 0, None
    for start, stop, values in blocks():
        draws = values.shape[1] if draws is None else draws
        if start != at or stop > customers or values.shape != (stop - start, draws) or not draws:
            got = f"customers {start} to {stop}, shape {values.shape}, after customer {at}"
            raise InputError(
                Fault("draws", got, "adjoining blocks", "Give the customers in order, without gaps.")
            )
        at = stop
        yield start, stop, np.ascontiguousarray(values / scale)
    if at != customers:
        raise InputError(Fault("draws", f"{at} customers", f"{customers}", "Give every customer's draws."))


def cell_counts(blocks: Blocks, customers: int, scale: float) -> npt.NDArray[np.int32]:
    """Count, per draw, the customers in each grid cell, shape (D, CELLS).

    Examples
    --------
    >>> counts = cell_counts(lambda: [(0, 3, np.array([[0.0], [1.0], [1.0]]))], 3, scale=1.0)
    >>> np.flatnonzero(counts[0]).tolist(), counts[0, 2560].item()
    ([0, 2560], 2)
    """
    table = np.zeros((0, CELLS), dtype=np.int32)
    for _, _, values in scaled_blocks(blocks, customers, scale):
        if not len(table):
            table = np.zeros((values.shape[1], CELLS), dtype=np.int32)
        refuse_not_finite(_add_counts(values.view(np.int64), table))
    return table


def cell_sums(
    blocks: Blocks, customers: int, scale: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Count, per draw, the customers in each cell and sum their values over the scale, (D, CELLS) each."""
    counts, sums = np.zeros((0, CELLS), dtype=np.int32), np.zeros((0, CELLS))
    for _, _, values in scaled_blocks(blocks, customers, scale):
        if not len(sums):
            counts = np.zeros((values.shape[1], CELLS), dtype=np.int32)
            sums = np.zeros((values.shape[1], CELLS))
        refuse_not_finite(_add_counts(values.view(np.int64), counts))
        _add_values(values.view(np.int64), values, sums)
    return counts, sums


def refuse_not_finite(bad: int) -> None:
    """Raise `InputError` where a block held values that are no numbers."""
    if bad:
        raise InputError(
            Fault("draws", f"{bad} missing or infinite values", "numbers", "Check the fit behind them.")
        )


@numba.njit(cache=True, nogil=True)
def cell_of(bits: int) -> int:
    """Cell of a float given by its bits, or -1 where it is not finite."""
    if (bits & _NOT_FINITE) == _NOT_FINITE:
        return -1
    return min(max((bits >> _SHIFT) - _FIRST, 0), CELLS - 1)


@numba.njit(cache=True, nogil=True)
def _add_counts(bits: np.ndarray, table: np.ndarray) -> int:
    bad = 0
    for i in range(bits.shape[0]):
        for d in range(bits.shape[1]):
            cell = cell_of(bits[i, d])
            if cell < 0:
                bad += 1
            else:
                table[d, cell] += 1
    return bad


@numba.njit(cache=True, nogil=True)
def _add_values(bits: np.ndarray, values: np.ndarray, table: np.ndarray) -> None:
    for i in range(bits.shape[0]):
        for d in range(bits.shape[1]):
            table[d, cell_of(bits[i, d])] += values[i, d]

"""Heaping: which answers are rounded, and to what."""

from collections.abc import Sequence

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from segmodels.tables.engine import Column

Array = NDArray[np.float64]

# Divisible up to what sums and a division of floats leave: of the unit, and of the amount.
_CLOSE = 1e-6
_NOISE = 1e-15
# Finer than a billionth of the largest answer, nothing is told apart from the noise of floats.
_DIGITS = 9
_FEWEST = 5
_CHANCE = 1e-4
_MOST_AT_ONE = 0.9
_NEXT_TO_NOTHING, _CENTS = 1e-3, 7


def units(answers: Array, own: Array) -> tuple[float, ...]:
    """Find the units to which answers heap: of 1, 2, 5, 10, 20, 50 and so on, ascending.

    The grid that money moves on is the largest power of ten of which own spend and answers are multiples, whatever
    the currency: where all of them are multiples of 10, nothing shows that anybody rounds to 10. Of answers that
    are multiples of f, about f/u are multiples of u by chance, where amounts are spread over more than u. A unit
    u is used if three things hold of the answers of at least u/2 that are multiples of the next finer grid or
    unit f:

    * most of its multiples are no chance: the share s of multiples of u exceeds 2c / (1 + c), with c = f/u, so
      that the excess (s - c) / (1 - c) is more than half of s;
    * it is no accident: there are at least five, and as many occur with a probability below 1e-4 (binomial);
    * it is no peak of the amounts themselves: at least a tenth of the multiples are at another amount than the
      most frequent one.

    Units are tried from fine to coarse; then from coarse to fine, among the answers that no coarser unit
    explains, so that a heap at 100 is not taken for one at 50.

    Parameters
    ----------
    answers
        Stated amounts, shape (n,), finite, at least 0; those of 0 tell nothing.
    own
        Own spend, of the same customers or of all, shape (m,), finite: known exactly, it shows the finest amount
        there is.

    Returns
    -------
    tuple of float
        Empty where nothing heaps.

    References
    ----------
    Heitjan and Rubin (1990), Inference from coarse data via multiple imputation with application to age heaping,
    Journal of the American Statistical Association 85, 304-314.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> spend = rng.lognormal(5, 1, 200).round(2)
    >>> units(spend, spend), units((spend / 50).round() * 50, spend)
    ((), (50.0,))
    """
    positive = answers[answers > 0]
    if not positive.size:
        return ()
    largest = float(positive.max())
    grid = _grid(np.concatenate([positive, own]), powers(largest))
    ladder = _ladder(grid, largest)
    used: list[float] = []
    for unit in ladder:
        if _heaps(positive, unit, _finer(unit, used, grid)):
            used.append(unit)
    kept: list[float] = []
    for unit in reversed(used):
        coarser = np.zeros(len(positive), dtype=np.bool_)
        for each in kept:
            coarser |= _divides(each, positive)
        if _heaps(positive[~coarser], unit, _finer(unit, used, grid)):
            kept.append(unit)
    return tuple(reversed(kept))


def cent(answers: Array) -> float:
    """Find the smallest amount that answers tell apart, where it is next to nothing beside them: money's cent.

    Parameters
    ----------
    answers
        Stated amounts, shape (n,), finite, at least 0.

    Returns
    -------
    float
        The largest power of ten of which all are multiples, if that is at most a thousandth of the median answer
        and told apart from the noise of floats; else 0.

    Examples
    --------
    >>> cent(np.array([12.34, 20.0, 30.5])), cent(np.array([1e5 / 3, 7e4 / 3]))
    (0.01, 0.0)
    """
    positive = answers[answers > 0]
    if not positive.size:
        return 0.0
    middle = float(np.median(positive))
    grid = next((step for step in powers(middle)[:_CENTS] if _divides(step, positive).all()), 0.0)
    return grid if grid <= _NEXT_TO_NOTHING * middle else 0.0


def unit_of(answer: Column, found: Sequence[float]) -> Column:
    """Write the largest unit that divides an answer, 0 where none does, as an expression."""
    unit = ibis.literal(0.0)
    for each in sorted(found):
        unit = (is_multiple(answer, each) & (answer > 0)).ifelse(each, unit)
    return unit


def is_multiple(answer: Column, unit: float) -> Column:
    """Whether an amount is a multiple of a unit, as an expression."""
    ratio = answer / unit
    rest: Column = ratio % 1.0
    close: Column = ibis.greatest(_CLOSE, ratio * _NOISE)
    return (answer == 0) | ((ratio >= 0.5) & ((rest < close) | (rest > 1.0 - close)))


def powers(largest: float) -> tuple[float, ...]:
    """List the powers of ten on which money may move, from the largest answer down to the noise of floats.

    Examples
    --------
    >>> powers(250.0)[:3], len(powers(250.0))
    ((100.0, 10.0, 1.0), 10)
    """
    # A largest answer of 1000 times 1e-9 is a thousandth of a thousandth, too.
    top = int(np.floor(np.log10(largest) + 1e-9))
    return tuple(float(f"1e{top - digit}") for digit in range(_DIGITS + 1))


def is_told(amount: Column, largest: float) -> Column:
    """Whether an amount is more than noise beside the largest answer, as an expression."""
    return amount >= powers(largest)[-1] / 2


def _divides(unit: float, amounts: Array) -> NDArray[np.bool_]:
    ratio = amounts / unit
    rest, close = ratio % 1.0, np.maximum(_CLOSE, _NOISE * ratio)
    return (amounts == 0) | ((ratio >= 0.5) & ((rest < close) | (rest > 1.0 - close)))


def _grid(amounts: Array, steps: Sequence[float]) -> float:
    """Find the largest power of ten that divides all amounts; or the finest that floats can tell."""
    told = amounts[amounts >= steps[-1] / 2]
    return next((step for step in steps if _divides(step, told).all()), steps[-1])


def _ladder(grid: float, largest: float) -> list[float]:
    """List 1, 2 and 5 times the powers of ten, above the grid and up to the largest answer."""
    first, last = round(np.log10(grid)), round(np.log10(powers(largest)[0]))
    steps = [float(f"{digit}e{exponent}") for exponent in range(first, last + 1) for digit in (1, 2, 5)]
    return [step for step in steps[1:] if step <= largest * (1 + _CLOSE)]


def _finer(unit: float, used: Sequence[float], grid: float) -> float:
    """Find the coarsest of the units used, or the grid, of which this unit is a multiple."""
    below = [each for each in used if each < unit and bool(_divides(each, np.array([unit]))[0])]
    return max([grid, *below])


def _heaps(amounts: Array, unit: float, finer: float) -> bool:
    reached = amounts[(amounts >= unit / 2 * (1 - _CLOSE)) & _divides(finer, amounts)]
    heap = np.rint(reached[_divides(unit, reached)] / unit)
    hits, n, chance = len(heap), len(reached), finer / unit
    if hits < _FEWEST or hits <= n * 2 * chance / (1 + chance):
        return False
    if np.unique(heap, return_counts=True)[1].max() > _MOST_AT_ONE * hits:
        return False
    return bool(stats.binom.sf(hits - 1, n, chance) < _CHANCE)

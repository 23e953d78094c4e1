"""Distinct patterns of answers with their weights: what a latent class model sees of a survey."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int16]
Index = NDArray[np.int64]

_WORD = 2**62


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct answers, sorted, so that the order of respondents does not matter.

    Parameters
    ----------
    codes
        Categories, -1 where missing, shape (U, J).
    numbers
        NaN where missing, shape (U, L).
    group
        Row of ``design`` for each pattern, shape (U,).
    design
        Distinct covariates of membership, the constant first, shape (G, D).
    weight
        Sum of the respondents' weights, shape (U,).
    of_row
        Pattern of each respondent, shape (N,).
    """

    codes: Codes
    numbers: Array
    group: Index
    design: Array
    weight: Array
    of_row: Index

    def same(self, other: "Patterns") -> bool:
        """Whether both merge the same answers with the same weights."""
        names = ("codes", "numbers", "group", "design", "weight")
        return all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=name == "numbers")
            for name in names
        )

    def sample(self, rng: np.random.Generator, most: int) -> Self:
        """Draw a sample of at most so many patterns; its weights sum to what they do here."""
        if len(self.weight) <= most:
            return self
        picked = np.sort(rng.choice(len(self.weight), most, replace=False))
        weight = self.weight[picked]
        return replace(
            self,
            codes=self.codes[picked],
            numbers=self.numbers[picked],
            group=self.group[picked],
            weight=weight * (self.weight.sum() / weight.sum()),
            of_row=np.empty(0, np.int64),
        )


def patterns(codes: Codes, numbers: Array, covariates: Array, weight: Array) -> Patterns:
    """Merge respondents with the same answers and covariates.

    Parameters
    ----------
    codes, numbers
        Answers, shape (N, J) and (N, L).
    covariates
        Of membership, without the constant, shape (N, D - 1).
    weight
        Of each respondent, shape (N,).

    Examples
    --------
    >>> found = patterns(
    ...     np.array([[0], [1], [0]], np.int16), np.empty((3, 0)), np.empty((3, 0)), np.array([1.0, 1.0, 2.0])
    ... )
    >>> found.codes.tolist(), found.weight.tolist(), found.of_row.tolist()
    ([[0], [1]], [3.0, 1.0], [0, 1, 0])
    """
    design, group = np.unique(covariates, axis=0, return_inverse=True)
    group = group.reshape(-1)
    keys = [*_words(codes), *numbers.T, group]
    # The weight is the last key: sums of the same weights in another order would differ in their last digits.
    order = np.lexsort((weight, *keys))
    fresh = np.zeros(len(weight), bool)
    fresh[:1] = True
    for key in keys:
        ordered = key[order]
        fresh[1:] |= (ordered[1:] != ordered[:-1]) & ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    first = np.flatnonzero(fresh)
    of_row = np.empty(len(weight), np.int64)
    of_row[order] = np.cumsum(fresh) - 1
    kept = order[first]
    constant = np.ones((len(design), 1))
    return Patterns(
        np.ascontiguousarray(codes[kept]),
        np.ascontiguousarray(numbers[kept]),
        group[kept].astype(np.int64),
        np.hstack([constant, design]),
        np.add.reduceat(weight[order], first),
        of_row,
    )


def _words(codes: Codes) -> list[NDArray[np.int64]]:
    """Write the codes of a row as digits of few integers."""
    words: list[NDArray[np.int64]] = []
    room = 0
    for column in codes.T:
        digits = int(column.max(initial=-1)) + 2
        if room < digits:
            words.append(np.zeros(len(column), np.int64))
            room = _WORD
        words[-1] = words[-1] * digits + (column.astype(np.int64) + 1)
        room //= digits
    return words

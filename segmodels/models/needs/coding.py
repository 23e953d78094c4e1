"""From checked answers to what a latent class model sees: codes, standardised numbers, covariates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from segmodels.errors import Fault, InputError
from segmodels.tables.codebook import Item
from segmodels.tables.patterns import Patterns, patterns
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
_LOG_ROOT_TAU = 0.9189385332046727


@dataclass(frozen=True, eq=False)
class Coding:
    """Which items a model uses, and how numbers are scaled.

    Parameters
    ----------
    items, numbers
        Coded items, and items answered in numbers.
    explaining
        The items that explain membership.
    columns
        Names of the columns they become, without the constant.
    centre, scale
        Of the columns of covariates, shape (D - 1,).
    mean, sd
        Of each number, shape (L,); counts stay as they are (0 and 1).
    """

    items: tuple[Item, ...]
    numbers: tuple[Item, ...]
    explaining: tuple[Item, ...]
    columns: tuple[str, ...]
    centre: Array
    scale: Array
    mean: Array
    sd: Array

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the items that explain membership."""
        return tuple(item.name for item in self.explaining)

    def patterns(self, responses: Responses) -> Patterns:
        """Merge the respondents with the same answers."""
        numbers = responses.numbers([item.name for item in self.numbers])
        codes = responses.codes([item.name for item in self.items])
        return patterns(codes, (numbers - self.mean) / self.sd, self.design(responses), responses.case_weight)

    def design(self, responses: Responses) -> Array:
        """Covariates as columns, standardised, without the constant, shape (N, D - 1).

        Raises
        ------
        InputError
            Where a covariate is not there, or has another scale or other categories than in the fit.
        """
        if not self.explaining:
            return np.empty((len(responses), 0))
        faults = other_items(self.explaining, responses)
        if faults:
            raise InputError(faults)
        return (responses.covariates(self.covariates)[0] - self.centre) / self.scale

    def constant(self, numbers: Array) -> Array:
        """Log-density's part that no class changes, by pattern, shape (U,), from scaled numbers (U, L)."""
        total = np.zeros(len(numbers))
        for column, item, sd in zip(numbers.T, self.numbers, self.sd, strict=True):
            part = (
                np.full(len(column), -_LOG_ROOT_TAU - np.log(sd))
                if item.scale == "continuous"
                else -gammaln(np.nan_to_num(column) + 1)
            )
            total += np.where(np.isnan(column), 0.0, part)
        return total


def other_items(known: tuple[Item, ...], responses: Responses) -> list[Fault]:
    """Name the items that the responses do not have as they are known, with scale and categories."""
    faults: list[Fault] = []
    for item in known:
        if item.name not in responses.codebook.names:
            there = ", ".join(responses.codebook.names)
            faults.append(Fault("items", f"no item {item.name!r}", f"one of: {there}", "Read it, too."))
            continue
        other = responses.codebook[item.name]
        if (other.scale, other.categories) != (item.scale, item.categories):
            got = f"{item.name!r} as {other.scale} with {other.size} categories"
            remedy = "Read the answers under the codebook of the fit: items=fit.responses.codebook."
            faults.append(Fault("items", got, f"{item.scale} with {item.categories}", remedy))
    return faults


def coding(responses: Responses, names: tuple[str, ...], covariates: tuple[str, ...]) -> Coding:
    """Code the items named, numbers by their weighted mean and standard deviation in the sample."""
    known = [responses.codebook[name] for name in names]
    numbers = tuple(item for item in known if not item.coded)
    values = responses.numbers([item.name for item in numbers])
    mean, sd = np.zeros(len(numbers)), np.ones(len(numbers))
    for l, item in enumerate(numbers):
        if item.scale == "continuous":
            mean[l], sd[l] = _moments(values[:, l], responses.case_weight)
    columns: tuple[str, ...] = ()
    centre, scale = np.zeros(0), np.ones(0)
    if covariates:
        matrix, columns = responses.covariates(covariates)
        moments = [_moments(column, responses.case_weight) for column in matrix.T]
        centre, scale = (np.array(part) for part in zip(*moments, strict=True))
    coded = tuple(item for item in known if item.coded)
    explaining = tuple(responses.codebook[name] for name in covariates)
    return Coding(coded, numbers, explaining, tuple(columns), centre, scale, mean, sd)


def _moments(values: Array, weight: Array) -> tuple[float, float]:
    """Weighted mean and standard deviation of what is there; a constant has a deviation of 1."""
    seen = ~np.isnan(values)
    if not seen.any():
        return 0.0, 1.0
    mean = float(np.average(values[seen], weights=weight[seen]))
    sd = float(np.sqrt(np.average((values[seen] - mean) ** 2, weights=weight[seen])))
    return mean, sd if sd > 0 else 1.0

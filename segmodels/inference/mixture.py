"""What a finite mixture is to the algorithms that fit it, and its climb by accelerated EM steps.

Source of the acceleration: Varadhan and Roland (2008), Scandinavian Journal of Statistics 35(2), scheme S3.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_GROWTH = 4.0


@dataclass(frozen=True, eq=False)
class ScoreBlock:
    """Complete-data scores of some patterns.

    Parameters
    ----------
    rows
        The patterns.
    posterior
        Probability of each component, shape (b, M).
    scores
        For each component the places of its parameters in theta, shape (p,), and the gradient of
        log f(u, m) with respect to them, shape (b, p).
    """

    rows: slice
    posterior: Array
    scores: list[tuple[NDArray[np.int64], Array]]


class MixtureProblem(Protocol):
    """Patterns of answers with weights, and a parametrisation without constraints, theta of shape (P,).

    The objective is the log-likelihood plus the log-density of a prior, up to a constant.
    """

    @property
    def size(self) -> int:
        """P."""
        ...

    @property
    def weight(self) -> Array:
        """Weight of each pattern, shape (U,)."""
        ...

    @property
    def of_row(self) -> NDArray[np.int64]:
        """Pattern of each respondent, shape (N,)."""
        ...

    @property
    def class_of(self) -> NDArray[np.int64]:
        """Class of each component, shape (M,)."""
        ...

    def start(self, rng: np.random.Generator) -> Array:
        """Draw parameters at random."""
        ...

    def step(self, theta: Array) -> tuple[Array, float]:
        """Take one EM step; also give the objective at `theta`. The objective never falls."""
        ...

    def objective(self, theta: Array) -> float:
        """Log-likelihood plus log prior."""
        ...

    def log_joint(self, theta: Array) -> Array:
        """Log f(u, m) of patterns and components, shape (U, M)."""
        ...

    def prior_gradient(self, theta: Array) -> Array:
        """Gradient of the log prior, shape (P,)."""
        ...

    def complete_information(self, theta: Array) -> Array:
        """Minus the Hessian of the expected complete-data objective, classes as expected at theta, (P, P)."""
        ...

    def score_blocks(self, theta: Array) -> Iterator[ScoreBlock]:
        """Walk the patterns in blocks."""
        ...

    def permute(self, theta: Array, order: NDArray[np.int64]) -> Array:
        """Give the parameters with class ``order[k]`` in place of class k."""
        ...

    def sample(self, rng: np.random.Generator, most: int) -> Self:
        """Take a sample of at most so many patterns, for rough starts."""
        ...


@dataclass(frozen=True)
class Climb:
    """Where a climb ended.

    Parameters
    ----------
    theta
        Shape (P,).
    objective
        There, or a little below: of the last point evaluated.
    steps
        EM steps taken.
    converged
        Whether the last EM step raised the objective by less than the tolerance.
    """

    theta: Array
    objective: float
    steps: int
    converged: bool


def climb(problem: MixtureProblem, theta: Array, tolerance: float, most: int) -> Climb:
    """Climb by SQUAREM: pairs of EM steps, extrapolated where that does not lower the objective.

    Parameters
    ----------
    theta
        Where to begin, shape (P,).
    tolerance
        Absolute gain of one EM step in the objective below which the climb ends.
    most
        EM steps at the most.
    """
    longest = 1.0
    ahead, value = problem.step(theta)
    steps = 1
    while steps < most:
        second, reached = problem.step(ahead)
        steps += 1
        if reached - value < tolerance:
            return Climb(second, reached, steps, converged=True)
        r, v = ahead - theta, second - 2 * ahead + theta
        length = float(np.linalg.norm(r) / max(float(np.linalg.norm(v)), 1e-300))
        length = min(max(length, 1.0), longest)
        if length == 1.0:
            theta, value = second, reached
            longest = max(longest, _GROWTH)
            ahead, value = problem.step(theta)
            steps += 1
            continue
        jump = theta + 2 * length * r + length**2 * v
        landed, there = problem.step(jump)
        steps += 1
        if np.isfinite(there) and there >= reached:
            longest = longest * _GROWTH if length == longest else longest
            theta = jump
            ahead, value = landed, there
        else:
            longest = max(1.0, longest / _GROWTH)
            theta = second
            ahead, value = problem.step(theta)
            steps += 1
    return Climb(ahead, value, steps, converged=False)

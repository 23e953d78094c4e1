"""Curvature of a mixture's log-likelihood from complete-data scores, Newton steps, and robust covariances.

Sources: Louis (1982), Journal of the Royal Statistical Society B 44(2), for the information; White (1982),
Econometrica 50(1), and Binder (1983), International Statistical Review 51(3), for the covariances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segmodels.inference.mixture import MixtureProblem, ScoreBlock

Array = NDArray[np.float64]
Kind = Literal["sandwich", "information", "outer_product"]

_DECREMENT = 1e-9
_HALVINGS = 20
# Eigenvalues of the information, relative to the largest, below which a direction is not determined.
_FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class Design:
    """How respondents were sampled.

    Parameters
    ----------
    pattern
        Pattern of each respondent, shape (N,).
    weight, count
        Sampling weight of each row, and how many respondents it stands for, shape (N,).
    strata, cluster
        Codes from 0, shape (N,); None where there are none.
    """

    pattern: NDArray[np.int64]
    weight: Array
    count: Array
    strata: NDArray[np.int64] | None = None
    cluster: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class End:
    """Where Newton steps ended: theta (P,), the objective, and by how much it could still rise."""

    theta: Array
    objective: float
    decrement: float


def scores(problem: MixtureProblem, theta: Array) -> Iterator[tuple[slice, Array]]:
    """Walk blocks of patterns with the gradient of each one's log-likelihood, shape (b, P)."""
    for block in problem.score_blocks(theta):
        yield block.rows, _observed(block, problem.size)


def gradient(problem: MixtureProblem, theta: Array) -> Array:
    """Gradient of the objective, shape (P,)."""
    total = problem.prior_gradient(theta).copy()
    for rows, score in scores(problem, theta):
        total += problem.weight[rows] @ score
    return total


def _observed(block: ScoreBlock, size: int) -> Array:
    """Gradient of each pattern's log-likelihood, shape (b, P): the expected complete-data score."""
    out = np.zeros((len(block.posterior), size))
    for m, (places, score) in enumerate(block.scores):
        out[:, places] += block.posterior[:, m, None] * score
    return out


def information(problem: MixtureProblem, theta: Array) -> tuple[Array, Array]:
    """Observed information of the objective (P, P) and its gradient (P,).

    Minus the Hessian is the complete-data information less the covariance, over a pattern's possible
    components, of the complete-data score.
    """
    total = problem.complete_information(theta)
    slope = problem.prior_gradient(theta).copy()
    for block in problem.score_blocks(theta):
        weight = problem.weight[block.rows]
        observed = _observed(block, problem.size)
        slope += weight @ observed
        for m, (places, score) in enumerate(block.scores):
            scaled = score * np.sqrt(weight * block.posterior[:, m])[:, None]
            total[np.ix_(places, places)] -= scaled.T @ scaled
        scaled = observed * np.sqrt(weight)[:, None]
        total += scaled.T @ scaled
    return (total + total.T) / 2, slope


def newton(problem: MixtureProblem, theta: Array, most: int = 12) -> End:
    """Raise the objective by Newton steps, each halved until it does not fall.

    Directions in which the objective is flat, as at probabilities of 0, are left as they are; where it bends
    upwards the step goes along the gradient.
    """
    with _one_thread():
        return _newton(problem, theta, most)


def _one_thread() -> Any:
    """Keep BLAS from waiting with many threads for products that are too small to share."""
    return threadpool_limits(limits=1, user_api="blas")


def _newton(problem: MixtureProblem, theta: Array, most: int) -> End:
    value = problem.objective(theta)
    decrement = np.inf
    for _ in range(most):
        curvature, slope = information(problem, theta)
        step = _ascent(curvature, slope)
        decrement = 0.5 * float(slope @ step)
        if decrement < _DECREMENT:
            break
        length = 1.0
        for _ in range(_HALVINGS):
            trial = theta + length * step
            reached = problem.objective(trial)
            if np.isfinite(reached) and reached >= value:
                break
            length /= 2
        else:
            break
        gained, theta, value = reached - value, trial, reached
        if gained < _DECREMENT:
            decrement = max(gained, 0.0)
            break
    return End(theta, value, decrement)


def _ascent(curvature: Array, slope: Array) -> Array:
    values, vectors = np.linalg.eigh(curvature)
    along = vectors.T @ slope
    limit = _FLAT * max(float(values[-1]), 1e-300)
    inverse = np.where(np.abs(values) > limit, 1 / np.maximum(np.abs(values), limit), 0.0)
    step = inverse * along
    longest = float(np.abs(step).max(initial=0.0))
    return vectors @ (step if longest < 10 else step * (10 / longest))


def inverse(curvature: Array) -> Array:
    """Invert an information matrix; directions that are not determined get variance 0.

    Examples
    --------
    >>> inverse(np.diag([4.0, 0.0])).tolist()
    [[0.25, 0.0], [0.0, 0.0]]
    """
    values, vectors = np.linalg.eigh(curvature)
    limit = _FLAT * max(float(values[-1]), 1e-300)
    inverted = np.where(values > limit, 1 / np.maximum(values, limit), 0.0)
    return (vectors * inverted) @ vectors.T


def covariance(problem: MixtureProblem, theta: Array, design: Design, kind: Kind = "sandwich") -> Array:
    """Covariance of the estimate, shape (P, P).

    Parameters
    ----------
    kind
        ``"sandwich"``: robust, and by primary sampling units within strata where the design has them;
        ``"information"``: inverse observed information; ``"outer_product"``: inverse of the summed outer
        products of the scores, as poLCA has it.
    """
    with _one_thread():
        if kind == "outer_product":
            return inverse(meat(problem, theta, design))
        bread = inverse(information(problem, theta)[0])
        return bread if kind == "information" else bread @ meat(problem, theta, design) @ bread


def meat(problem: MixtureProblem, theta: Array, design: Design) -> Array:
    """Covariance of the summed score, estimated from its spread over sampling units, shape (P, P)."""
    if design.strata is None and design.cluster is None:
        squares = np.bincount(design.pattern, design.count * design.weight**2, len(problem.weight))
        total = np.zeros((problem.size, problem.size))
        for rows, score in scores(problem, theta):
            scaled = score * np.sqrt(squares[rows])[:, None]
            total += scaled.T @ scaled
        return total
    units, strata, size = _units(problem, theta, design)
    # A row that stands for nobody is no unit.
    units, strata, size = units[size > 0], strata[size > 0], size[size > 0]
    total = np.zeros((problem.size, problem.size))
    for h in np.unique(strata):
        inside = units[strata == h]
        n = size[strata == h]
        if n.sum() < 2:
            # A unit alone in its stratum is held against the mean of all units, which errs on the safe side.
            apart = inside - units.sum(axis=0) / size.sum()
            total += apart.T @ apart
            continue
        # A unit that stands for several has their mean score that many times.
        centre = inside.sum(axis=0) / n.sum()
        spread = (inside / n[:, None] - centre) * np.sqrt(n)[:, None]
        total += n.sum() / (n.sum() - 1) * spread.T @ spread
    return total


def _units(problem: MixtureProblem, theta: Array, design: Design) -> tuple[Array, NDArray[np.int64], Array]:
    """Sum scores by primary sampling unit; give their strata, too, and how many units each stands for."""
    rows = np.arange(len(design.pattern))
    cluster = rows if design.cluster is None else design.cluster
    strata = np.zeros(len(rows), np.int64) if design.strata is None else design.strata
    _, first, unit = np.unique(
        np.column_stack([strata, cluster]), axis=0, return_index=True, return_inverse=True
    )
    every = np.concatenate([score for _, score in scores(problem, theta)])
    totals = np.zeros((len(first), problem.size))
    np.add.at(totals, unit.ravel(), every[design.pattern] * (design.weight * design.count)[:, None])
    size = design.count[first] if design.cluster is None else np.ones(len(first))
    return totals, strata[first], size

"""Plackett-Luce: alternatives are placed one after the other, each chosen from those that are left.

An alternative with utility b is chosen from a set with probability e^b over the sum of e^b of the set. A
respondent places the first M of the A alternatives that were presented; what is not placed stays in the
choice set at every stage. Utilities that lie more than 300 below the highest of their component count as
300 below it.

Rankings are given as orderings, shape (U, J): the alternatives placed, best first, then those presented
but not placed, then padding. `placed` and `presented`, shape (U,), say how many there are of each.

References
----------
Plackett (1975), The analysis of permutations, Applied Statistics 24(2), 193-202.
Hunter (2004), MM algorithms for generalized Bradley-Terry models, Annals of Statistics 32(1), 384-406.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

# Squares of what is left must not overflow.
_LOWEST = -300.0


@njit(cache=True, nogil=True, error_model="numpy")
def _worths(utility: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Utilities relative to the highest of their component, and their exponentials, shape (M, J)."""
    level = np.empty_like(utility)
    for m in range(utility.shape[0]):
        highest = utility[m].max()
        for j in range(utility.shape[1]):
            level[m, j] = max(utility[m, j] - highest, _LOWEST)
    return level, np.exp(level)


@njit(cache=True, nogil=True, error_model="numpy")
def _left(order: IntArray, placed: int, presented: int, worth: FloatArray, left: FloatArray) -> int:
    """Fill `left` with the worth that is left at each stage; return the number of stages with a choice."""
    stages = min(placed, presented - 1)
    rest = 0.0
    for t in range(presented - 1, -1, -1):
        rest += worth[order[t]]
        left[t] = rest
    return stages


@njit(cache=True, nogil=True, error_model="numpy")
def log_densities(utility: FloatArray, order: IntArray, placed: IntArray, presented: IntArray) -> FloatArray:
    """Log-density of each ranking under each component, shape (U, M).

    Parameters
    ----------
    utility
        Of the J alternatives in M components, shape (M, J); a constant added to a row changes nothing.
    order, placed, presented
        See above.

    Examples
    --------
    >>> utility = np.log([[0.5, 0.3, 0.2]])
    >>> order = np.array([[1, 0, 2], [2, 0, 1]])
    >>> densities = np.exp(log_densities(utility, order, np.array([2, 1]), np.array([3, 3])))
    >>> densities[:, 0].round(4).tolist()   # .3 / 1 x .5 / .7, and .2 / 1
    [0.2143, 0.2]
    """
    level, worth = _worths(utility)
    left = np.empty(order.shape[1])
    out = np.zeros((order.shape[0], utility.shape[0]))
    for u in range(order.shape[0]):
        for m in range(utility.shape[0]):
            stages = _left(order[u], placed[u], presented[u], worth[m], left)
            total = 0.0
            for t in range(stages):
                total += level[m, order[u, t]] - np.log(left[t])
            out[u, m] = total
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def scores(utility: FloatArray, order: IntArray, placed: IntArray, presented: IntArray) -> FloatArray:
    """Gradient of each log-density with respect to the utilities of its component, shape (U, M, J)."""
    _, worth = _worths(utility)
    left = np.empty(order.shape[1])
    out = np.zeros((order.shape[0], utility.shape[0], utility.shape[1]))
    for u in range(order.shape[0]):
        for m in range(utility.shape[0]):
            stages = _left(order[u], placed[u], presented[u], worth[m], left)
            expected = 0.0
            for t in range(presented[u]):
                item = order[u, t]
                if t < stages:
                    expected += 1.0 / left[t]
                    out[u, m, item] += 1.0
                out[u, m, item] -= worth[m, item] * expected
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def moments(
    utility: FloatArray, weight: FloatArray, order: IntArray, placed: IntArray, presented: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (M, J) and information (M, J, J) of the weighted sum of log-densities of each component.

    The information is minus the Hessian: the sum over stages of the covariance of the choice. The density is
    log-concave, so that it has no negative eigenvalue.

    Parameters
    ----------
    weight
        Of each ranking in each component, shape (U, M).
    """
    components, items = utility.shape
    _, worth = _worths(utility)
    left = np.empty(order.shape[1])
    gradient = np.zeros((components, items))
    information = np.zeros((components, items, items))
    for u in range(order.shape[0]):
        for m in range(components):
            h = weight[u, m]
            if h == 0.0:
                continue
            stages = _left(order[u], placed[u], presented[u], worth[m], left)
            expected, squared = 0.0, 0.0
            for t in range(presented[u]):
                item = order[u, t]
                if t < stages:
                    expected += 1.0 / left[t]
                    squared += 1.0 / (left[t] * left[t])
                    gradient[m, item] += h
                chosen = h * worth[m, item]
                gradient[m, item] -= chosen * expected
                information[m, item, item] += chosen * expected
                # Those behind have been in every choice set that this one was in.
                together = chosen * squared
                row = information[m, item]
                for s in range(t, presented[u]):
                    row[order[u, s]] -= together * worth[m, order[u, s]]
    for m in range(components):
        _fold(information[m])
    return gradient, information


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(matrix: FloatArray) -> None:
    """Make a matrix symmetric of which each pair of places holds a part."""
    for i in range(matrix.shape[0]):
        for j in range(i):
            both = matrix[i, j] + matrix[j, i]
            matrix[i, j] = both
            matrix[j, i] = both


@njit(cache=True, nogil=True, error_model="numpy")
def posterior(joint: FloatArray, weight: FloatArray) -> float:
    """Turn log f(u, m), shape (U, M), in place into weight times P(m | u); return the log-likelihood."""
    total = 0.0
    for u in range(joint.shape[0]):
        highest = joint[u].max()
        summed = 0.0
        for m in range(joint.shape[1]):
            joint[u, m] = np.exp(joint[u, m] - highest)
            summed += joint[u, m]
        total += weight[u] * (highest + np.log(summed))
        for m in range(joint.shape[1]):
            joint[u, m] *= weight[u] / summed
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray,
    order: IntArray,
    placed: IntArray,
    presented: IntArray,
    group: IntArray,
    weight: FloatArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood of all rankings, summed over components, and its gradient.

    Parameters
    ----------
    params
        Of each component a row: the J utilities, then the log of its probability in each of the G groups of
        respondents, shape (M, J + G).
    group
        Group of each ranking, shape (U,).
    weight
        Shape (U,).

    Returns
    -------
    The log-likelihood, and its derivatives in the shape of `params`; the log-probabilities are taken as free.

    Examples
    --------
    >>> params = np.log([[0.5, 0.3, 0.2, 0.4], [0.2, 0.2, 0.6, 0.6]])   # two classes, one group
    >>> order, placed, presented = np.array([[2, 0, 1]]), np.array([1]), np.array([3])
    >>> total, _ = total_and_gradient(params, order, placed, presented, np.zeros(1, np.int64), np.ones(1))
    >>> round(float(np.exp(total)), 6)   # .4 x .2 + .6 x .6
    0.44
    """
    items = order.shape[1]
    utility = np.ascontiguousarray(params[:, :items])
    joint = log_densities(utility, order, placed, presented)
    for u in range(joint.shape[0]):
        joint[u] += params[:, items + group[u]]
    total = posterior(joint, weight)
    gradient = np.zeros_like(params)
    _, worth = _worths(utility)
    left = np.empty(items)
    for u in range(order.shape[0]):
        for m in range(params.shape[0]):
            h = joint[u, m]
            gradient[m, items + group[u]] += h
            stages = _left(order[u], placed[u], presented[u], worth[m], left)
            expected = 0.0
            for t in range(presented[u]):
                item = order[u, t]
                if t < stages:
                    expected += 1.0 / left[t]
                    gradient[m, item] += h
                gradient[m, item] -= h * worth[m, item] * expected
    return total, gradient


def first_choice(utility: ArrayLike) -> FloatArray:
    """Probability that each alternative is placed first of all, along the last axis.

    Examples
    --------
    >>> first_choice(np.log([2.0, 1.0, 1.0])).tolist()
    [0.5, 0.25, 0.25]
    """
    utility = np.asarray(utility, dtype=np.float64)
    worth = np.exp(utility - utility.max(axis=-1, keepdims=True))
    return worth / worth.sum(axis=-1, keepdims=True)


def expected_place(utility: ArrayLike) -> FloatArray:
    """Mean place of each alternative, 1 the best, where all are ranked; along the last axis.

    One more than the number of alternatives expected before it, each of which is before it with the
    probability that it would be chosen from the two.

    Examples
    --------
    >>> expected_place(np.log([3.0, 1.0])).tolist()
    [1.25, 1.75]
    """
    utility = np.asarray(utility, dtype=np.float64)
    ahead = utility[..., None, :] - utility[..., :, None]
    return 0.5 + (1 / (1 + np.exp(-np.clip(ahead, _LOWEST, -_LOWEST)))).sum(axis=-1)


def simulate(rng: np.random.Generator, utility: ArrayLike) -> IntArray:
    """Draw a full ordering for each row of utilities, shape (N, J): the positions of alternatives, best first.

    Utilities with independent Gumbel noise, sorted, are Plackett-Luce.

    Examples
    --------
    >>> simulate(np.random.default_rng(1), [[9.0, 0.0, -9.0]]).tolist()
    [[0, 1, 2]]
    """
    utility = np.asarray(utility, dtype=np.float64)
    return np.argsort(-(utility + rng.gumbel(size=utility.shape)), axis=-1)

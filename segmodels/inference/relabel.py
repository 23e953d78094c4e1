"""Label switching: the classes of posterior draws brought into one order.

Source: Stephens (2000), Journal of the Royal Statistical Society B 62(4), with the solution at the mode as the
first pivot, so that the classes bear its names.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from segmodels.inference.mixture import MixtureProblem
from segmodels.likelihoods.mixture import log_by_class, memberships

Array = NDArray[np.float64]
_MOST_ROUNDS = 50
_LEAST = 1e-12
# So many patterns tell the classes apart; all of them times all draws would fill the memory.
_PATTERNS = 500


@dataclass(frozen=True, eq=False)
class Relabelled:
    """Draws with classes in one order.

    Parameters
    ----------
    draws
        Shape (S, P).
    orders
        Class that became class k in draw s, shape (S, K).
    moved
        Draws whose classes changed places.
    rounds
        Until nothing changed.
    """

    draws: Array
    orders: NDArray[np.int64]
    moved: int
    rounds: int


def membership(problem: MixtureProblem, theta: Array) -> Array:
    """Posterior probability of each class for each pattern, shape (U, K)."""
    return memberships(log_by_class(problem.log_joint(theta), problem.class_of))


def relabel(problem: MixtureProblem, pivot: Array, draws: Array) -> Relabelled:
    """Give each draw the order of classes whose memberships are closest to the average ones.

    Parameters
    ----------
    pivot
        Parameters (P,) whose memberships are the first average.
    draws
        Shape (S, P).
    """
    few = problem.sample(np.random.default_rng(0), _PATTERNS)
    weight = few.weight
    every = np.stack([membership(few, theta) for theta in draws])
    average, classes = membership(few, pivot), every.shape[2]
    orders = np.zeros((len(draws), classes), np.int64)
    rounds = 0
    while rounds < _MOST_ROUNDS:
        rounds += 1
        before = orders.copy()
        log_average = np.log(np.maximum(average, _LEAST))
        for s, q in enumerate(every):
            # What class l costs in place k: its divergence from the average membership of k.
            own = (weight[:, None] * q * np.log(np.maximum(q, _LEAST))).sum(axis=0)
            cost = own[None, :] - log_average.T @ (weight[:, None] * q)
            orders[s] = linear_sum_assignment(cost)[1]
        average = np.take_along_axis(every, orders[:, None, :], axis=2).mean(axis=0)
        if np.array_equal(orders, before):
            break
    placed = np.stack([problem.permute(theta, order) for theta, order in zip(draws, orders, strict=True)])
    moved = int((orders != np.arange(classes)).any(axis=1).sum())
    return Relabelled(placed, orders, moved, rounds)

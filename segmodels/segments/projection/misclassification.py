"""What the survey's error of classification hides, and how to take it back."""

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.segments.projection.train import shares

type Array = NDArray[np.float64]

#: Beyond this condition number of the table the classes can not be told apart by the answers.
SINGULAR = 1e6


def classification_table(truth: Array, assigned: Array, weight: Array) -> Array:
    """Probability to be assigned to each class given the true one: D[k, s] = P(W = s | X = k), shape (K, K).

    Rows sum to 1. Assignment is in proportion to `assigned`.

    Parameters
    ----------
    truth
        Probability of each class given everything known, shape (N, K).
    assigned
        Probabilities by which respondents are assigned, shape (N, K).
    weight
        Weight of each respondent, shape (N,).

    Examples
    --------
    >>> r = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> classification_table(r, r, np.ones(2)).round(3).tolist()
    [[0.773, 0.227], [0.278, 0.722]]
    """
    joint = (truth * weight[:, None]).T @ assigned
    return joint / joint.sum(axis=1, keepdims=True)


def unbiased_indicators(posterior: Array, weight: Array) -> Array:
    """Give numbers whose mean, given the true class, is its indicator, shape (N, K); rows sum to 1.

    They are the posteriors times the inverse of the classification table, the weights of Bolck, Croon and
    Hagenaars (2004, Political Analysis 12:3-27); single ones can be below 0 or above 1, their means are not
    biased by classification error.

    Parameters
    ----------
    posterior
        Class probabilities given answers and the shares of the classes, shape (N, K).
    weight
        Weight of each respondent, shape (N,).

    Raises
    ------
    InputError
        Where the answers do not tell two classes apart.

    Examples
    --------
    >>> r = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> unbiased_indicators(r, np.ones(2)).round(2).tolist()
    [[1.26, -0.26], [-0.16, 1.16]]
    """
    table = classification_table(posterior, posterior, weight)
    if not np.linalg.cond(table) < SINGULAR:
        raise InputError(
            Fault("survey", "classes that the answers do not tell apart", "distinct classes", "Merge them.")
        )
    return posterior @ np.linalg.inv(table)


def quantify(table: Array, mean: Array) -> tuple[Array, bool]:
    """Give the shares q of the true classes from the mean m of assignments: m = D' q.

    Within the simplex the solution is (D')^-1 m; where that has negative shares, the most likely shares
    within it.

    Parameters
    ----------
    table
        Classification table of the assignment, shape (K, K).
    mean
        Share of the base assigned to each class, shape (K,).

    Returns
    -------
    tuple
        Shares of shape (K,) that sum to 1, and whether the simplex held the solution back.

    Examples
    --------
    >>> d = np.array([[0.8, 0.2], [0.3, 0.7]])
    >>> found, held_back = quantify(d, np.array([0.5, 0.5]))
    >>> found.round(3).tolist(), held_back
    ([0.4, 0.6], False)
    >>> quantify(d, np.array([0.9, 0.1]))[1]
    True
    """
    if np.linalg.cond(table) < SINGULAR:
        free = np.linalg.solve(table.T, mean)
        if free.min() >= 0:
            return free / free.sum(), False
    return shares(np.log(np.maximum(table.T, 1e-300)), mean), True

"""Structural parameters by maximum likelihood where what is known of each respondent's class is given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmodels.errors import NotConverged
from segmodels.segments.relate.structure import Structure, solve

Array = NDArray[np.float64]

_EM, _ROUNDS, _NEWTON, _HALVINGS = 60, 30, 25, 30
# Gain in the log-likelihood of a respondent below which nothing more is to be had.
_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Known:
    """What each respondent's answers say about the class, in one or more lines each.

    Parameters
    ----------
    log_given_class
        Log-probability of what was seen given the class, up to a constant of each line, shape (N, S, K).
    share
        Weight of each line within its respondent, shape (N, S); sums to 1.
    """

    log_given_class: Array
    share: Array


@dataclass(frozen=True, eq=False)
class Solution:
    """A maximum: theta (Q,), the log-likelihood, and class probabilities of the lines (N, S, K) there."""

    theta: Array
    objective: float
    posterior: Array


def maximise(known: Known, structure: Structure, case_weight: Array, starts: list[Array]) -> Solution:
    """Maximise sum_i w_i sum_s a_is log sum_k pi_k(x_i) g_isk f(z_i | k), with g known.

    EM steps, then Newton steps on Louis' observed information, in turns, from each start; the best is kept.

    Parameters
    ----------
    case_weight
        Shape (N,).
    starts
        Weights of respondents and classes that first parameters are made from, each (N, K).

    Raises
    ------
    NotConverged
        Where after many turns the likelihood still rises.
    """
    weight = case_weight[:, None] * known.share
    found = [_climb(known, structure, weight, start) for start in starts]
    return max(found, key=lambda solution: solution.objective)


def posterior(known: Known, structure: Structure, theta: Array) -> tuple[Array, Array]:
    """Class probabilities of each line (N, S, K) and its log-likelihood (N, S)."""
    joint = known.log_given_class + structure.log_density(theta)[:, None, :]
    total: Array = logsumexp(joint, axis=2)  # pyright: ignore[reportAssignmentType]
    return np.exp(joint - total[:, :, None]), total


def information(structure: Structure, theta: Array, classes: Array, weight: Array) -> Array:
    """Minus the Hessian of the log-likelihood, shape (Q, Q) (Louis 1982).

    Parameters
    ----------
    classes
        Class probabilities of the lines, shape (N, S, K).
    weight
        Of the lines, shape (N, S).
    """
    of_class = (weight[:, :, None] * classes).sum(axis=1)
    total = structure.information(theta, of_class)
    scores = structure.scores(theta)
    flat = scores.reshape(-1, structure.size)
    total -= (flat * of_class.reshape(-1, 1)).T @ flat
    mean = line_scores(scores, classes).reshape(-1, structure.size)
    total += (mean * weight.reshape(-1, 1)).T @ mean
    return total


def line_scores(scores: Array, classes: Array) -> Array:
    """Gradient of each line's log-likelihood, shape (N, S, Q)."""
    return np.matmul(classes, scores)


def held(structure: Structure, theta: Array, matrix: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Keep parameters at a boundary where they are in an information matrix, and say which those are."""
    stuck = structure.stuck(theta)
    out = matrix.copy()
    out[stuck] = out[:, stuck] = 0
    out[stuck, stuck] = 1
    return out, stuck


def _climb(known: Known, structure: Structure, weight: Array, start: Array) -> Solution:
    theta = structure.maximise(start, np.zeros(structure.size), steps=5)
    enough = _TOLERANCE * float(weight.sum())
    value = -np.inf
    for _ in range(_ROUNDS):
        theta, value, flat = _em(known, structure, weight, theta, enough)
        theta, value, rest = _newton(known, structure, weight, theta, enough)
        if rest or flat:
            return Solution(theta, value, posterior(known, structure, theta)[0])
    message = "The likelihood of covariates and outcomes still rises after many steps."
    raise NotConverged(message, "Use method='bch', fewer covariates, or classes that are better separated.")


def _em(
    known: Known, structure: Structure, weight: Array, theta: Array, enough: float
) -> tuple[Array, float, bool]:
    """Take EM steps; the last answer says whether they rest."""
    classes, total = posterior(known, structure, theta)
    value = float((weight * total).sum())
    for _ in range(_EM):
        ahead = structure.maximise((weight[:, :, None] * classes).sum(axis=1), theta)
        classes, total = posterior(known, structure, ahead)
        reached = float((weight * total).sum())
        gain = reached - value
        if gain >= 0:
            theta, value = ahead, reached
        if gain < enough / 100:
            return theta, value, True
    return theta, value, False


def _newton(
    known: Known, structure: Structure, weight: Array, theta: Array, enough: float
) -> tuple[Array, float, bool]:
    """Take Newton steps, each halved until the likelihood does not fall."""
    classes, total = posterior(known, structure, theta)
    value = float((weight * total).sum())
    for _ in range(_NEWTON):
        slope = np.einsum("ns,nsq->q", weight, line_scores(structure.scores(theta), classes))
        curvature, stuck = held(structure, theta, information(structure, theta, classes, weight))
        step = solve(curvature, np.where(stuck, 0.0, slope))
        decrement = float(slope @ step)
        step = step * min(1.0, 5.0 / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        for _ in range(_HALVINGS):
            ahead_classes, total = posterior(known, structure, theta + step)
            reached = float((weight * total).sum())
            if reached >= value:
                break
            step = step / 2
        else:
            return theta, value, decrement < enough
        gain, theta, value, classes = reached - value, theta + step, reached, ahead_classes
        if decrement < enough and gain < enough:
            return theta, value, True
    return theta, value, False

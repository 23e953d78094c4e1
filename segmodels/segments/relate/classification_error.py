"""Which class each respondent is assigned to, and how often that is wrong."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Infeasible

Array = NDArray[np.float64]
Assignment = Literal["modal", "proportional"]


@dataclass(frozen=True, eq=False)
class Classification:
    """Assignments W of respondents to classes, and the error that they carry.

    Parameters
    ----------
    posterior
        Probability of each class given the answers, shape (N, K).
    assigned
        Share of each respondent that is assigned to each class, shape (N, K): 0 and 1 under modal
        assignment, the posterior under proportional assignment.
    error
        P(W = s | X = k), true classes in rows, assigned ones in columns, shape (K, K); rows sum to 1.
    mass
        Weight of each true class, shape (K,).
    assignment
        ``"modal"`` or ``"proportional"``.
    """

    posterior: Array
    assigned: Array
    error: Array
    mass: Array
    assignment: Assignment

    @property
    def condition(self) -> float:
        """Condition number of the error matrix; 1 without error, infinite where classes can't be told."""
        return float(np.linalg.cond(self.error))

    def unfolded(self) -> tuple[NDArray[np.intp], Array]:
        """Give assignments as columns of `error` and their shares: (N, 1) if modal, (N, K) if not."""
        if self.assignment == "modal":
            return self.assigned.argmax(axis=1)[:, None], np.ones((len(self.assigned), 1))
        n, k = self.assigned.shape
        return np.broadcast_to(np.arange(k), (n, k)), self.assigned


def classify(posterior: Array, case_weight: Array, assignment: Assignment) -> Classification:
    """Assign respondents and estimate the classification error from their posteriors.

    The error is P(W = s | X = k) = sum_i w_i p_ik a_is / sum_i w_i p_ik, with a_is the share of respondent i
    assigned to s (Vermunt 2010, Political Analysis 18, equation 6), here with case weights.

    Parameters
    ----------
    posterior
        Shape (N, K); rows sum to 1.
    case_weight
        Sampling weight times count, shape (N,).
    assignment
        ``"modal"``: the most probable class, of equally probable ones the first; ``"proportional"``.

    Raises
    ------
    Infeasible
        Where under modal assignment a class is assigned to nobody.

    Examples
    --------
    >>> found = classify(np.array([[0.9, 0.1], [0.2, 0.8]]), np.ones(2), "modal")
    >>> found.error.round(3).tolist()
    [[0.818, 0.182], [0.111, 0.889]]
    """
    k = posterior.shape[1]
    assigned = np.eye(k)[posterior.argmax(axis=1)] if assignment == "modal" else posterior
    empty = case_weight @ assigned <= 0
    if empty.any():
        classes = ", ".join(str(s + 1) for s in np.flatnonzero(empty))
        message = f"Nobody is assigned to class number {classes}, so its error can not be undone."
        raise Infeasible(f"{message} Use assignment='proportional', method='two-step' or fewer classes.")
    weighted = posterior * case_weight[:, None]
    mass = weighted.sum(axis=0)
    return Classification(posterior, assigned, weighted.T @ assigned / mass[:, None], mass, assignment)


def entropy_r2(posterior: Array, case_weight: Array) -> float:
    """Share of the entropy of class membership that the answers explain, as Latent GOLD's R-squared.

    Examples
    --------
    >>> entropy_r2(np.eye(2), np.ones(2)), entropy_r2(np.full((2, 2), 0.5), np.ones(2))
    (1.0, 0.0)
    """
    shares = case_weight @ posterior / case_weight.sum()
    left = float(case_weight @ _entropy(posterior)) / float(case_weight.sum())
    whole = float(_entropy(shares[None])[0])
    return 1 - left / whole if whole > 0 else 0.0


def relative_entropy(posterior: Array, case_weight: Array) -> float:
    """One less the entropy of the posteriors relative to that of equal chances, as Mplus prints it."""
    left = float(case_weight @ _entropy(posterior)) / float(case_weight.sum())
    k = posterior.shape[1]
    return 1 - left / float(np.log(k)) if k > 1 else 1.0


def _entropy(probabilities: Array) -> Array:
    safe = np.where(probabilities > 0, probabilities, 1.0)
    return -(probabilities * np.log(safe)).sum(axis=1)

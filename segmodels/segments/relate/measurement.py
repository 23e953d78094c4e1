"""What the later steps need of a fitted measurement model, as plain arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from segmodels.segments.relate.sandwich import Sample

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FirstStep:
    """How the uncertainty of the measurement model reaches what is computed from it.

    Parameters
    ----------
    influence
        By how much each single respondent of a row moves the P parameters of the measurement model: weight
        times score times inverse information, shape (N, P).
    pull_joint, pull_prior
        From the gradients (Q, N, K) of Q quantities in the log-probability of class and answers, and in
        that of the class before the answers, to their gradients (Q, P) in the parameters.
    """

    influence: Array
    pull_joint: Callable[[Array], Array]
    pull_prior: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Measurement:
    """Classes as the answers show them.

    Parameters
    ----------
    names
        Of the classes, K.
    customer_id
        Of the respondents, shape (N,).
    log_joint
        Log-probability of class and answers, up to a constant of each row, shape (N, K).
    log_prior
        Log-probability of the class before the answers, shape (N, K) or (1, K).
    sample
        Weights and design.
    first_step
        None: the measurement counts as known.
    """

    names: tuple[str, ...]
    customer_id: pd.Index
    log_joint: Array
    log_prior: Array
    sample: Sample
    first_step: FirstStep | None = None

    @cached_property
    def posterior(self) -> Array:
        """Probability of each class given the answers, shape (N, K)."""
        return softmax(self.log_joint, axis=1)

    @property
    def log_answers(self) -> Array:
        """Log-probability of the answers given the class, up to a constant of each row, shape (N, K)."""
        found = self.log_joint - self.log_prior
        return found - found.max(axis=1, keepdims=True)

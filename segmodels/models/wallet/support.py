"""Where the answers reach: who is like somebody who answered, and who is not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmodels.models.wallet.block import EXTRAPOLATED, IDENTIFIED, NOT_IDENTIFIED, Array

# So few answers of nonbuyers say nothing of the others.
FEWEST_NONBUYERS = 5


@dataclass(frozen=True, eq=False)
class Support:
    """What the answers span.

    Parameters
    ----------
    inverse
        Inverse of the answers' moment matrix, shape (F, F): leverage of x is x' inverse x.
    leverage
        The largest among the answers.
    low, high
        Range of centred log own spend among the answered buyers.
    answers
        Answers in each segment, shape (S,).
    nonbuyers
        Answers of nonbuyers.
    """

    inverse: Array
    leverage: float
    low: float
    high: float
    answers: NDArray[np.int64]
    nonbuyers: int

    def status(self, features: Array, code: NDArray[np.int64]) -> NDArray[np.int8]:
        """Code of the status of each customer, shape (B,), from features (B, F) and segments (B,).

        A customer is extrapolated where log own spend, or the leverage of all features together, lies beyond
        every answer, or where its segment has no answer; and not identified where it buys nothing here and
        fewer than five such customers answered.
        """
        y, nonbuyer = features[:, 1], features[:, 2] > 0
        leverage = np.einsum("bf,bf->b", features @ self.inverse, features)
        beyond = leverage > self.leverage * (1 + 1e-9)
        beyond |= ~nonbuyer & ((y < self.low - 1e-12) | (y > self.high + 1e-12))
        beyond |= self.answers[code] == 0
        status = np.where(beyond, EXTRAPOLATED, IDENTIFIED)
        unknown = self.nonbuyers < FEWEST_NONBUYERS
        return np.where(nonbuyer & unknown, NOT_IDENTIFIED, status).astype(np.int8)


def support(features: Array, code: NDArray[np.int64], segments: int) -> Support:
    """Describe the answers by their features (A, F) and segments (A,)."""
    inverse = np.linalg.pinv(features.T @ features)
    leverage = np.einsum("bf,bf->b", features @ inverse, features)
    nonbuyer = features[:, 2] > 0
    y = features[~nonbuyer, 1]
    return Support(
        inverse,
        float(leverage.max()),
        float(y.min(initial=np.inf)),
        float(y.max(initial=-np.inf)),
        np.bincount(code, minlength=max(1, segments)),
        int(nonbuyer.sum()),
    )

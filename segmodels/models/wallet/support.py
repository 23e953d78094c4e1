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

    def status(
        self, y: Array, nonbuyer: NDArray[np.bool_], features: Array, code: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        """Code of the status of each customer, shape (B,).

        From centred log own spend as it is and who is no buyer (B,), features (B, F) and segments (B,).

        A customer is extrapolated where log own spend, or the leverage of all features together, lies beyond
        every answer, or where its segment has no answer; and not identified where it buys nothing here and
        fewer than five such customers answered.
        """
        leverage = np.einsum("bf,bf->b", features @ self.inverse, features)
        beyond = leverage > self.leverage * (1 + 1e-9)
        beyond |= ~nonbuyer & ((y < self.low - 1e-12) | (y > self.high + 1e-12))
        beyond |= self.answers[code] == 0
        status = np.where(beyond, EXTRAPOLATED, IDENTIFIED)
        unknown = self.nonbuyers < FEWEST_NONBUYERS
        return np.where(nonbuyer & unknown, NOT_IDENTIFIED, status).astype(np.int8)


def support(
    y: Array, nonbuyer: NDArray[np.bool_], features: Array, code: NDArray[np.int64], segments: int
) -> Support:
    """Describe the answers, given what :meth:`Support.status` takes."""
    inverse = np.linalg.pinv(features.T @ features)
    leverage = np.einsum("bf,bf->b", features @ inverse, features)
    bought = y[~nonbuyer]
    return Support(
        inverse,
        float(leverage.max()),
        float(bought.min(initial=np.inf)),
        float(bought.max(initial=-np.inf)),
        np.bincount(code, minlength=max(1, segments)),
        int(nonbuyer.sum()),
    )

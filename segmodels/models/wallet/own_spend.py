"""How own spend enters WalletShare: its logarithm and a bend, both constant beyond the middle of the answers.

A straight line in log own spend does not fit every market, and a curve that is free beyond the answers explodes
there. So the curve is a parabola over the own spends of the middle 95 % of the answered buyers, and beyond
them it stays what it is at their ends.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_EDGE = 0.025


@dataclass(frozen=True)
class OwnSpend:
    """Scale of own spend.

    Parameters
    ----------
    centre
        Mean log own spend of the answered buyers.
    low, high
        Centred log own spends between which the middle 95 % of them lie.

    Examples
    --------
    >>> scale = OwnSpend(centre=0.0, low=-1.0, high=1.0)
    >>> y, bend, buyer = scale.predictors(np.exp([-3.0, -1.0, 0.0, 0.5]))
    >>> y.tolist(), bend.tolist()
    ([-1.0, -1.0, 0.0, 0.5], [1.0, 1.0, 0.0, 0.25])
    """

    centre: float
    low: float
    high: float

    @classmethod
    def of(cls, own: Array) -> Self:
        """Take the scale from the own spends of the answered, shape (A,)."""
        buyers = own[own > 0]
        if not len(buyers):
            return cls(0.0, 0.0, 0.0)
        centre = float(np.log(buyers).mean())
        low, high = np.quantile(np.log(buyers) - centre, (_EDGE, 1 - _EDGE)).tolist()
        return cls(centre, low, high)

    def logs(self, own: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Centred log own spend as it is, 0 of nonbuyers, and who is a buyer, each (B,)."""
        buyer = own > 0
        return np.where(buyer, np.log(np.where(buyer, own, 1.0)) - self.centre, 0.0), buyer

    def predictors(self, own: Array) -> tuple[Array, Array, Array]:
        """Centred log own spend within the ends; its bend, 1 at both ends and 0 midway; buyer, 1 or 0; each (B,)."""
        y, buyer = self.logs(own)
        y = np.where(buyer, np.clip(y, self.low, self.high), 0.0)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        bend = np.where(buyer, ((y - middle) / half) ** 2, 0.0) if half > 0 else np.zeros(len(y))
        return y, bend, buyer.astype(np.float64)

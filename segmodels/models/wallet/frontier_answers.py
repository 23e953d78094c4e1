"""What WalletFrontier takes from the few who answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.design import segment_labels
from segmodels.inference.priors import Normal
from segmodels.models.wallet.frontier_anchor import with_answers
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AnsweredBuyers:
    """Buyers who answered.

    Parameters
    ----------
    own, share
        Own spend, and its share of the wallet, shape (A,); of an interval the middle of its two shares.
    label
        Segment of each, shape (A,); empty text where there are no segments.
    """

    own: Array
    share: Array
    label: NDArray[np.str_]

    def __len__(self) -> int:
        """Count them."""
        return len(self.own)

    def of(self, label: str) -> "AnsweredBuyers":
        """Take those of one segment."""
        rows = self.label == label
        return AnsweredBuyers(self.own[rows], self.share[rows], self.label[rows])

    def within(self, own: Array) -> NDArray[np.bool_]:
        """Whether own spend lies in the range of theirs, shape (B,)."""
        return (own >= self.own.min(initial=np.inf)) & (own <= self.own.max(initial=-np.inf))

    def update(self, priors: tuple[Normal, ...], segments: tuple[str, ...]) -> tuple[Normal, ...]:
        """Update the prior of each segment's mean share, or of the one mean share, by the answers."""
        if len(priors) < max(2, len(segments)):
            return (with_answers(priors[0], self.share),)
        pairs = zip(priors, segments, strict=True)
        return tuple(with_answers(prior, self.of(label).share) for prior, label in pairs)


def answered_buyers(wallets: Wallets, by: str | None) -> AnsweredBuyers:
    """Collect the buyers who answered."""
    frame = wallets.answered()
    frame = frame.loc[frame["own"] > 0]
    own, low, high = (frame[name].to_numpy(np.float64) for name in ("own", "low", "high"))
    share = (own / (own + low) + own / (own + high)) / 2
    label = np.full(len(frame), "") if by is None else segment_labels(frame[by]).astype(np.str_)
    return AnsweredBuyers(own, share, label)

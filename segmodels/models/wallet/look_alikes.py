"""Attainable potential: how far a customer is from the share that its look-alikes give us.

The definition is this house's own: look-alikes are customers of the same segment and the same band of expected
wallet; the target is a high quantile of share among those of them who buy from us. Where an expected wallet is
infinite, as under t errors of a logarithm, bands are of the median wallet, which every law has.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import binned_shares
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import NOT_IDENTIFIED, Array, WalletBlock, WalletFit
from segmodels.models.wallet.group_columns import Groups, groups_of

#: Fewer look-alikes do not make a quantile.
FEWEST = 20
#: Shares below 1 are counted in bins of this width; customers whose whole wallet is ours have a bin of their own.
BINS = 500
#: Entries of customers × draws at a time.
_MOST = 5_000_000

Centre = Literal["mean", "median"]


@dataclass(frozen=True, eq=False, repr=False)
class TargetShares:
    """Target shares of look-alikes. Made by :func:`target_shares`.

    Parameters
    ----------
    tau
        The quantile of share that is the target.
    cuts
        Wallets that part the bands, ascending, shape (M - 1,).
    draws
        Target of each cell under each draw, shape (G, M, D); cells are groups × bands. Behind the last group there
        is one more row, for customers of a group that was not seen.
    table
        ``segment, band, wallet_from, wallet_to, buyers, target, spread, from``: buyers are customers with own
        spend who are identified; spread is the standard deviation over draws; ``from`` says whose shares gave
        the target: ``look-alikes``, or ``segment`` or ``all`` where there were fewer than 20 of them.
    groups
        The segments that were kept apart.
    centre
        Whether bands are of the expected or of the median wallet.
    """

    tau: float
    cuts: Array
    draws: Array
    table: pd.DataFrame
    groups: Groups = field(repr=False)
    centre: Centre = "mean"

    def __repr__(self) -> str:
        """Say the quantile and the range of the targets."""
        low, high = self.table["target"].min(), self.table["target"].max()
        return (
            f"TargetShares: the {self.tau:.0%} quantile of share among look-alikes, {low:.2f} to {high:.2f}"
        )

    def of(self, block: WalletBlock) -> Array:
        """Give each customer its target share, shape (B,); NaN where elsewhere spend is not identified.

        Raises
        ------
        InputError
            Where the block lacks the column of the segments.
        """
        group, band, known = _cells(block, self.groups, self.cuts, self.centre)
        return np.where(known, self.draws.mean(axis=2)[group, band], np.nan)


def attainable(own: Array, elsewhere: Array, target: Array) -> Array:
    """Potential within reach, max(0, target · wallet − own): what share at the target would bring in addition.

    It never falls as elsewhere spend rises, so quantiles of elsewhere spend give its quantiles.

    Parameters
    ----------
    own, target
        Shape (B,); targets between 0 and 1.
    elsewhere
        Spend, draws or quantiles, shape (B,) or (B, K).

    Examples
    --------
    >>> attainable(np.array([50.0, 90.0]), np.array([50.0, 10.0]), np.array([0.8, 0.8])).tolist()
    [30.0, 0.0]
    """
    if elsewhere.ndim == 2:
        own, target = own[:, None], target[:, None]
    return np.maximum(target * (own + elsewhere) - own, 0.0)


def target_shares(
    fit: WalletFit, *, by: str | None = None, tau: float = 0.8, bands: int = 5, draws: int = 200
) -> TargetShares:
    """Find the share of wallet that look-alikes show to be possible.

    In each draw the target of a cell is the `tau`-quantile of own / (own + elsewhere) over its customers with own
    spend, read off a histogram with bins of 0.002; the target is the mean over draws.

    Parameters
    ----------
    fit
        Any fitted wallet; look-alikes are found among the customers that it scores now.
    by
        A column of the customers whose segments are kept apart; ``None`` for one.
    tau
        Between 0 and 1.
    bands
        Number of bands of wallet, each with as many customers.
    draws
        Numbers 0 to `draws` - 1 are taken.

    Raises
    ------
    InputError
        For settings out of range, an unknown column, and where no customer with own spend is identified.
    """
    check_wallet(fit)
    found = targets_or_none(fit, by=by, tau=tau, bands=bands, draws=draws)
    if found is None:
        got = "no customer with own spend whose elsewhere spend is identified"
        remedy = "Fit with customers who buy here, and ask some what they spend elsewhere."
        raise InputError(Fault("fit", got, "some", remedy))
    return found


def targets_or_none(
    fit: WalletFit, *, by: str | None = None, tau: float = 0.8, bands: int = 5, draws: int = 200
) -> TargetShares | None:
    """Find the same; None where no customer with own spend is identified."""
    _refuse(tau, bands, draws)
    groups = groups_of(fit, by)
    cuts, centre = _cuts(fit, bands)
    counts = np.zeros((len(groups) + 1, bands, draws, BINS + 1), np.int32)
    buyers = np.zeros((len(groups) + 1, bands), np.int64)
    for block in fit.blocks():
        group, band, known = _cells(block, groups, cuts, centre)
        rows = np.flatnonzero(known & (block.own > 0))
        cell = group * bands + band
        buyers += np.bincount(cell[rows], minlength=buyers.size).reshape(buyers.shape)
        step = max(1, _MOST // max(len(block), 1))
        for start in range(0, draws, step):
            numbers = np.arange(start, min(start + step, draws))
            into = counts.reshape(-1, draws, BINS + 1)[:, numbers[0] : numbers[-1] + 1]
            binned_shares.count(block.own, block.elsewhere.draws(numbers), rows, cell, into)
    if not buyers.any():
        return None
    found, origin = _targets(counts, buyers, tau)
    return TargetShares(tau, cuts, found, _table(groups, cuts, buyers, found, origin), groups, centre)


def _refuse(tau: float, bands: int, draws: int) -> None:
    faults: list[Fault] = []
    if not 0 < tau < 1:
        faults.append(Fault("tau", str(tau), "a number between 0 and 1", "Write 80 % as 0.8."))
    for name, number in (("bands", bands), ("draws", draws)):
        if number < 1:
            faults.append(Fault(name, str(number), "1 or more", "Give a positive whole number."))
    if faults:
        raise InputError(faults)


def _wallet(block: WalletBlock, centre: Centre) -> Array:
    law = block.elsewhere
    spent = law.mean() if centre == "mean" else law.quantiles(np.array([0.5]))[:, 0]
    return np.where((block.status == NOT_IDENTIFIED) & ~block.answered, np.nan, block.own + spent)


def _cuts(fit: WalletFit, bands: int) -> tuple[Array, Centre]:
    centre: Centre = "mean"
    wallet = _identified(fit, centre)
    if np.isinf(wallet).any():
        centre = "median"
        wallet = _identified(fit, centre)
    if not len(wallet):
        return np.full(bands - 1, np.nan), centre
    return np.quantile(wallet, np.arange(1, bands) / bands), centre


def _identified(fit: WalletFit, centre: Centre) -> Array:
    """Wallets of all identified customers."""
    wallet = np.concatenate([np.empty(0), *(_wallet(block, centre) for block in fit.blocks())])
    return wallet[~np.isnan(wallet)]


def _cells(
    block: WalletBlock, groups: Groups, cuts: Array, centre: Centre
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Group and band of each customer, and whether it has one."""
    wallet = _wallet(block, centre)
    known = ~np.isnan(wallet)
    band = np.searchsorted(cuts, np.where(known, wallet, 0.0), side="right")
    return groups.codes(block.columns, len(block)), band, known


def _targets(
    counts: NDArray[np.int32], buyers: NDArray[np.int64], tau: float
) -> tuple[Array, NDArray[np.int8]]:
    """Targets of the cells, shape (G + 1, M, D), and where they come from: 0 the cell, 1 the group, 2 all."""
    groups, bands, draws = counts.shape[:3]
    found, origin = np.empty((groups, bands, draws)), np.full((groups, bands), 2, np.int8)
    found[:] = binned_shares.quantile(counts.sum(axis=(0, 1), dtype=np.int64), tau)
    for g in range(groups):
        if buyers[g].sum() >= FEWEST:
            found[g] = binned_shares.quantile(counts[g].sum(axis=0, dtype=np.int64), tau)
            origin[g] = 1
        for m in np.flatnonzero(buyers[g] >= FEWEST):
            found[g, m] = binned_shares.quantile(counts[g, m], tau)
            origin[g, m] = 0
    return found, origin


def _table(
    groups: Groups, cuts: Array, buyers: NDArray[np.int64], found: Array, origin: NDArray[np.int8]
) -> pd.DataFrame:
    bands, seen = found.shape[1], len(groups)
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    words = np.array(["look-alikes", "segment", "all"])
    return pd.DataFrame(
        {
            "segment": np.repeat(np.array(groups.names, dtype=object), bands),
            "band": np.tile(np.arange(1, bands + 1), seen),
            "wallet_from": np.tile(edges[:-1], seen),
            "wallet_to": np.tile(edges[1:], seen),
            "buyers": buyers[:seen].ravel(),
            "target": found[:seen].mean(axis=2).ravel(),
            "spread": found[:seen].std(axis=2).ravel(),
            "from": words[origin[:seen].ravel()],
        }
    )

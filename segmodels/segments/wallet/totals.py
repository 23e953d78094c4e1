"""Wallets of segments: every customer of the base is predicted, the answered have their answers, and all is summed.

To predict everybody and sum is to poststratify by all that the model knows of the customers (Gelman and Little 1997,
Survey Methodology 23:127-135), with the customer file for a census. Customers × draws are walked in blocks; of
segments every draw is kept, so that segments add up to the total in each of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import EXTRAPOLATED, NOT_IDENTIFIED, Array, WalletBlock, WalletFit
from segmodels.models.wallet.group_columns import Groups, groups_of
from segmodels.models.wallet.look_alikes import TargetShares, attainable
from segmodels.segments.wallet.monte_carlo import draws_suffice
from segmodels.segments.wallet.potential import refuse_infinite
from segmodels.tables.segmentation import Segmentation

#: Name of the row of customers who are in no segment; it is there only where there are some.
NO_SEGMENT = "no segment"
#: Name of the last row of every table.
TOTAL = "total"
#: Entries of customers × draws at a time.
_MOST = 5_000_000


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over the customers of S segments, under D draws.

    Parameters
    ----------
    customers, answered, not_identified, extrapolated
        Expected numbers of customers, shape (S,).
    own
        Own spend of all customers, shape (S,).
    own_not_identified
        Own spend of those whose elsewhere spend is not identified, shape (S,).
    asked, predicted
        Elsewhere spend of those who answered and of those who did not, shape (S, D).
    beyond
        The part of the predicted that is extrapolated, shape (S, D).
    attainable
        Attainable potential, shape (S, D); NaN without target shares.
    """

    customers: Array
    answered: Array
    not_identified: Array
    extrapolated: Array
    own: Array
    own_not_identified: Array
    asked: Array
    predicted: Array
    beyond: Array
    attainable: Array

    @property
    def elsewhere(self) -> Array:
        """Elsewhere spend of all identified customers, the headroom, shape (S, D)."""
        return self.asked + self.predicted

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Whether a segment has customers and none of them is identified, shape (S,).

        Its sums of elsewhere spend are 0, so that totals add up; what it spends elsewhere is not known.
        """
        # Parts of customers are summed in another order each time, so that they agree but for their last bits.
        return (self.customers > 0) & (self.not_identified >= self.customers * (1 - 1e-9))

    def rows(self, matrix: Array) -> "Sums":
        """Sum segments anew, with a matrix of shape (new, S)."""
        return Sums(**{name: matrix @ values for name, values in vars(self).items()})


@dataclass(frozen=True, eq=False, repr=False)
class WalletTotals:
    """Wallet, headroom and attainable potential of segments. Made by :func:`wallet_totals`.

    Parameters
    ----------
    names
        Of the segments, S.
    sums
        Their sums.
    left_over
        Customers of the segmentation whom the wallets do not have; they are in no figure.
    """

    names: tuple[str, ...]
    sums: Sums
    left_over: int = 0

    def __repr__(self) -> str:
        """Say the total."""
        whole = self.table().iloc[-1]
        parts = f" in {len(self.names)} segments" if len(self.names) > 1 else ""
        return (
            f"WalletTotals of {whole['customers']:,.0f} customers{parts}: own spend "
            f"{whole['own']:,.0f}, headroom {whole['headroom']:,.0f} ({whole['headroom_low']:,.0f} to "
            f"{whole['headroom_high']:,.0f})"
        )

    @property
    def draws(self) -> xr.Dataset:
        """Elsewhere and attainable potential of each segment under each draw, dimensions segment and draw.

        ``elsewhere`` is ``asked`` and ``predicted``: what the answered said, and what is predicted of the others. All
        are sums over the identified customers, and 0 where a segment has none.
        """
        sums = self.sums
        arrays = {
            "elsewhere": sums.elsewhere,
            "asked": sums.asked,
            "predicted": sums.predicted,
            "attainable": sums.attainable,
        }
        variables = {name: (("segment", "draw"), values) for name, values in arrays.items()}
        return xr.Dataset(variables, coords={"segment": list(self.names)})

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Whether means of headroom rest on draws enough."""
        return (draws_suffice(self.names, self.sums.elsewhere),)

    def table(self, interval: float = 0.9) -> pd.DataFrame:
        """Tabulate the segments and, last, the total.

        Parameters
        ----------
        interval
            Probability of the central intervals.

        Returns
        -------
        pandas.DataFrame
            ``segment, customers, answered, not_identified, extrapolated, own, own_not_identified``; then ``wallet,
            share, headroom, attainable``, each with ``_low`` and ``_high``; and ``extrapolated_share``, the part of
            headroom that is extrapolated. Wallet and headroom are of the identified customers: wallet = own −
            own_not_identified + headroom. Share is a ratio of sums, own spend of the identified over their wallet;
            it is NaN where the wallet is zero. Wallet, share, headroom and attainable are NaN where a segment has
            customers and none of them is identified: nothing is known of them, and they are in no total. Amounts
            are means over draws and add up; intervals of the total are those of its own draws, and do not add up.

        Raises
        ------
        InputError
            Where the interval is not between 0 and 1.
        """
        if not 0 < interval < 1:
            raise InputError(Fault("interval", str(interval), "between 0 and 1", "Write 90 % as 0.9."))
        segments = len(self.names)
        sums = self.sums.rows(np.vstack([np.eye(segments), np.ones(segments)]))
        counts = ("customers", "answered", "not_identified", "extrapolated", "own", "own_not_identified")
        table = pd.DataFrame(
            {"segment": [*self.names, TOTAL], **{name: getattr(sums, name) for name in counts}}
        )
        identified = (sums.own - sums.own_not_identified)[:, None]
        wallet = identified + sums.elsewhere
        shares = _ratio(np.broadcast_to(identified, wallet.shape), wallet)
        share = _ratio(identified[:, 0], wallet.mean(axis=1))
        for name, draws, point in (
            ("wallet", wallet, wallet.mean(axis=1)),
            ("share", shares, share),
            ("headroom", sums.elsewhere, sums.elsewhere.mean(axis=1)),
            ("attainable", sums.attainable, sums.attainable.mean(axis=1)),
        ):
            table[name] = point
            tail = (1 - interval) / 2
            table[f"{name}_low"], table[f"{name}_high"] = np.quantile(draws, [tail, 1 - tail], axis=1)
            table.loc[sums.unknown, [name, f"{name}_low", f"{name}_high"]] = np.nan
        table["extrapolated_share"] = _ratio(sums.beyond.mean(axis=1), sums.elsewhere.mean(axis=1))
        return table


def wallet_totals(
    fit: WalletFit,
    segmentation: Segmentation | None = None,
    *,
    by: str | None = None,
    draws: int = 1000,
    targets: TargetShares | None = None,
    size: int = 100_000,
) -> WalletTotals:
    """Sum wallets over the customers of segments.

    Parameters
    ----------
    fit
        Any fitted wallet.
    segmentation
        Memberships of the customers; probabilities count each customer in parts. Customers in no segment are a row
        of their own.
    by
        Or a column of the customers; without both, there is one segment of all.
    draws
        Numbers 0 to `draws` - 1 are taken.
    targets
        From :func:`~segmodels.models.wallet.look_alikes.target_shares`, for attainable potential; the targets are
        held at their means.
    size
        Customers in a block; memory grows with it, the result does not depend on it beyond rounding.

    Raises
    ------
    InputError
        Where both `segmentation` and `by` are given, the column is not there, a segment has a name that rows of the
        table have, a number is not positive, or the model expects infinitely much of a customer.
    """
    check_wallet(fit)
    faults = [
        Fault(name, str(number), "1 or more", "Give a positive whole number.")
        for name, number in (("draws", draws), ("size", size))
        if number < 1
    ]
    if segmentation is not None and by is not None:
        faults.append(Fault("by", "a segmentation and a column", "one of them", "Leave the other out."))
    if faults:
        raise InputError(faults)
    members = _Members(segmentation, groups_of(fit, by))
    faults = name_faults(members.names, "by" if segmentation is None else "segmentation")
    if faults:
        raise InputError(faults)
    found: Sums | None = None
    matched = 0
    for block in fit.blocks(size):
        refuse_infinite(block)
        membership, inside = members.of(block)
        matched += inside
        these = _block_sums(block, membership, draws, targets)
        found = these if found is None else Sums(**{k: v + getattr(these, k) for k, v in vars(found).items()})
    if found is None:
        raise InputError(Fault("fit", "no customers", "some", "Read a table with rows."))
    left_over = 0 if segmentation is None else len(segmentation) - matched
    if found.customers[-1] == 0:
        # Nobody is outside the segments.
        found = found.rows(np.eye(len(found.customers))[:-1])
        return WalletTotals(members.names, found, left_over)
    return WalletTotals((*members.names, NO_SEGMENT), found, left_over)


def name_faults(names: Iterable[object], where: str) -> list[Fault]:
    """Find segments that are called like the rows of customers in no segment and of all.

    Parameters
    ----------
    names
        Of segments.
    where
        What gave them.

    Examples
    --------
    >>> [fault.got for fault in name_faults(["north", "total"], "by")]
    ["a segment called 'total', which is a row of every table"]
    """
    taken = {str(name) for name in names} & {TOTAL, NO_SEGMENT}
    remedy = "Rename it, for example with a capital letter."
    return [
        Fault(where, f"a segment called {name!r}, which is a row of every table", "another name", remedy)
        for name in sorted(taken)
    ]


@dataclass(frozen=True, eq=False)
class _Members:
    """Memberships of the customers of a block, the last column for those in no segment."""

    segmentation: Segmentation | None
    groups: Groups

    @property
    def names(self) -> tuple[str, ...]:
        return self.groups.names if self.segmentation is None else self.segmentation.names

    def of(self, block: WalletBlock) -> tuple[Array, int]:
        """Memberships, shape (B, S + 1), and how many customers were found in the segmentation."""
        segments, rows = len(self.names), np.arange(len(block))
        found = np.zeros((len(block), segments + 1))
        if self.segmentation is None:
            found[rows, self.groups.codes(block.columns, len(block))] = 1.0
            return found, len(block)
        place = self.segmentation.customer_id.get_indexer(pd.Index(block.customer_id))
        inside = place >= 0
        found[~inside, segments] = 1.0
        held = self.segmentation.memberships
        if self.segmentation.hard:
            found[rows[inside], held[place[inside]]] = 1.0
        else:
            found[inside, :segments] = held[place[inside]]
        return found, int(inside.sum())


def _block_sums(block: WalletBlock, membership: Array, draws: int, targets: TargetShares | None) -> Sums:
    unknown = (block.status == NOT_IDENTIFIED) & ~block.answered
    beyond = (block.status == EXTRAPOLATED) & ~block.answered
    parts = np.stack([block.answered, ~block.answered & ~unknown, beyond]).astype(np.float64)
    shape = (membership.shape[1], draws)
    asked, predicted, extrapolated = (np.empty(shape) for _ in range(3))
    reach = np.full(shape, np.nan)
    target = None if targets is None else np.where(unknown, 0.0, targets.of(block))
    step = max(1, _MOST // max(len(block), 1))
    for start in range(0, draws, step):
        numbers = np.arange(start, min(start + step, draws))
        at = slice(start, start + len(numbers))
        spent = np.where(unknown[:, None], 0.0, block.elsewhere.draws(numbers))
        for into, part in zip((asked, predicted, extrapolated), parts, strict=True):
            into[:, at] = (membership * part[:, None]).T @ spent
        if target is not None:
            # A target of 0 leaves nothing to attain, so that the not identified add nothing.
            reach[:, at] = membership.T @ attainable(block.own, spent, target)
    return Sums(
        customers=membership.sum(axis=0),
        answered=membership.T @ block.answered.astype(np.float64),
        not_identified=membership.T @ unknown.astype(np.float64),
        extrapolated=membership.T @ beyond.astype(np.float64),
        own=membership.T @ block.own,
        own_not_identified=membership.T @ (block.own * unknown),
        asked=asked,
        predicted=predicted,
        beyond=extrapolated,
        attainable=reach,
    )


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)

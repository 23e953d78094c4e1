"""Whom to ask: a quota of every stratum, for the mean, and the undecided with most money at stake, for the grid."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.models.wallet.block import EXTRAPOLATED, NOT_IDENTIFIED, STATUS, Array, WalletFit
from segmodels.models.wallet.group_columns import groups_of
from segmodels.segments.value import deciles
from segmodels.segments.wallet.cell_names import UNKNOWN
from segmodels.segments.wallet.potential import Potential, Scored

#: The stream of random numbers that orders customers; no draw of elsewhere spend uses it.
_STREAM = 1001
UNDECIDED, FEW, BEYOND = "undecided", "few answers in its stratum", "the model extrapolates"


@dataclass(frozen=True, eq=False)
class Strata:
    """Customers by segment, decile of value and status.

    Parameters
    ----------
    code
        Stratum of each customer, shape (N,).
    segment
        Code of its segment, shape (N,).
    table
        One row per stratum: ``segment, decile, status, customers, answered``.
    """

    code: NDArray[np.int64]
    segment: NDArray[np.int64]
    table: pd.DataFrame


def strata_of(fit: WalletFit, scored: Scored, by: str | None) -> Strata:
    """Sort customers into strata that the model treats differently, or knows differently well.

    Parameters
    ----------
    by
        A column of the customers; missing values are a segment of their own. None: no segments.

    Raises
    ------
    InputError
        Where there is no such column.
    """
    groups = groups_of(fit, by)
    segment = np.concatenate([groups.codes(block.columns, len(block)) for block in fit.blocks()])
    value = deciles(pd.Series(scored.value, index=scored.customer_id))
    keys = pd.DataFrame({"segment": segment, "decile": value.codes, "status": scored.status})
    code = keys.groupby(["segment", "decile", "status"]).ngroup().to_numpy(np.int64)
    first = keys.assign(code=code).drop_duplicates("code").sort_values("code")
    names = np.array([*groups.names, "missing"], dtype=object)
    table = pd.DataFrame(
        {
            "segment": names[first["segment"]],
            "decile": np.array(value.names, dtype=object)[first["decile"]],
            "status": np.array(STATUS, dtype=object)[first["status"]],
            "customers": np.bincount(code),
            "answered": np.bincount(code, weights=scored.answered).astype(np.int64),
        }
    )
    return Strata(code, segment, table)


def quotas(strata: Strata, *, needed: int, population: int, fewest: int) -> pd.DataFrame:
    """Add ``wanted`` and ``quota`` to the strata.

    Wanted of a stratum are as many of the answers that the mean needs as it has of the customers, but no fewer
    than `fewest` and no more than it has customers; the quota is what is missing from that. Strata in which
    selection, or the reach of the model, left few answers have the large quotas.

    Examples
    --------
    >>> table = pd.DataFrame({"customers": [900, 100, 5], "answered": [80, 0, 0]})
    >>> strata = Strata(np.zeros(0, np.int64), np.zeros(0, np.int64), table)
    >>> quotas(strata, needed=100, population=1000, fewest=10)[["wanted", "quota"]].to_numpy().tolist()
    [[90, 10], [10, 10], [5, 5]]
    """
    size = strata.table["customers"].to_numpy()
    share = np.ceil(np.round(needed * size / population, 9)).astype(np.int64)
    wanted = np.minimum(np.maximum(share, fewest), size)
    quota = np.maximum(wanted - strata.table["answered"].to_numpy(), 0)
    return strata.table.assign(wanted=wanted, quota=quota)


def gains(fit: WalletFit, potential: Potential, cut: float, high: Array) -> Array:
    """Give what asking a customer is expected to save, in money, shape (N,); NaN where not identified.

    A customer is treated by its more probable side of the cut. If the answer shows the other side, what is saved
    is the potential missed above the cut, or the potential hoped for in vain below it. So the gain is the
    probability that it changes cell times the money at stake when it does.

    Parameters
    ----------
    high
        Probability of high potential, shape (N,).
    """
    found, at = [np.empty(0)], 0
    for block in fit.blocks():
        missed = potential.excess(block, cut)
        vain = np.maximum(missed + cut - potential.expected(block), 0.0)
        found.append(np.where(high[at : at + len(block)] > 0.5, vain, missed))
        at += len(block)
    return np.concatenate(found)


def ranked(
    scored: Scored,
    strata: Strata,
    quota: NDArray[np.int64],
    *,
    undecided: NDArray[np.bool_],
    gain: Array,
    seed: int,
) -> pd.DataFrame:
    """List whom to ask, the first first: the quotas, then the undecided by gain. Nobody is asked twice.

    Within a stratum the quota is taken at random, in an order that belongs to the seed and the ids alone; strata
    take turns, so that a list cut short anywhere is in proportion. Of equal gains the lower id is first.

    Returns
    -------
    pandas.DataFrame
        ``rank`` (from 1), ``customer_id, reason, gain``.
    """
    free = ~scored.answered
    place = np.flatnonzero(free)
    chance = uniforms(seed, customer_keys(scored.customer_id[free].to_numpy()), [0], _STREAM)[:, 0]
    order = place[np.lexsort((chance, strata.code[place]))]
    code = strata.code[order]
    turn = np.arange(len(order)) - np.searchsorted(code, code)
    taken = turn < quota[code]
    chosen = order[taken]
    chosen = chosen[np.argsort((turn[taken] + 0.5) / quota[code[taken]], kind="stable")]
    others = np.flatnonzero(undecided & free & ~np.isin(np.arange(len(scored)), chosen))
    # sums in other blocks differ in the last bits: what is so close is a tie, and ids decide
    near = np.round(gain / max(float(np.nanmax(gain, initial=0.0)), 1e-300), 9)
    others = others[np.argsort(-near[others], kind="stable")]
    why = np.full(len(scored), FEW, dtype=object)
    why[scored.status == EXTRAPOLATED] = BEYOND
    why[scored.status == NOT_IDENTIFIED] = UNKNOWN
    both = np.concatenate([chosen, others])
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(both) + 1),
            "customer_id": scored.customer_id[both],
            "reason": np.concatenate([why[chosen], np.full(len(others), UNDECIDED, dtype=object)]),
            "gain": gain[both],
        }
    )

"""Errors of sampling: covariance by linearisation, and bootstrap weights, both by the design of the survey.

Sources: Binder (1983), International Statistical Review 51(3), for linearisation; Rao and Wu (1988), Journal
of the American Statistical Association 83(401), for the bootstrap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Units:
    """What was drawn independently: primary sampling units or, without clusters, respondents.

    Parameters
    ----------
    unit
        Unit of each row, shape (N,).
    stratum
        Stratum of each unit, codes from 0, shape (U,).
    size
        How many independent units each stands for, shape (U,): 1, or the count of a row.
    """

    unit: Index
    stratum: Index
    size: Array


def sampling_units(responses: Responses) -> Units:
    """Give the sampling units of a survey; strata without a second unit are joined with others.

    One unit alone has no spread to learn from. All such strata are taken as one or, where there is a single
    one, together with the smallest other stratum, which overstates the errors rather than hides them.
    """
    rows = np.arange(len(responses))
    cluster = rows if responses.cluster is None else responses.cluster
    strata = np.zeros(len(rows), np.int64) if responses.strata is None else responses.strata
    _, first, unit = np.unique(
        np.column_stack([strata, cluster]), axis=0, return_index=True, return_inverse=True
    )
    size = responses.count[first] if responses.cluster is None else np.ones(len(first))
    _, stratum = np.unique(strata[first], return_inverse=True)
    return Units(unit.ravel(), _joined(stratum, size), size)


def _joined(stratum: Index, size: Array) -> Index:
    total = np.bincount(stratum, size)
    lonely = np.flatnonzero(total < 2)
    if len(lonely) == 0 or len(total) == 1:
        return stratum
    others = np.flatnonzero(total >= 2)
    if len(lonely) == 1:
        lonely = np.append(lonely, others[total[others].argmin()])
    joined = np.where(np.isin(stratum, lonely), lonely.min(), stratum)
    return np.unique(joined, return_inverse=True)[1]


def influence_covariance(influence: Array, responses: Responses) -> Array:
    """Covariance of estimates from what each respondent adds to them, shape (Q, Q).

    Parameters
    ----------
    influence
        What one respondent of each row adds to the deviation of the estimates, shape (N, Q); a row that stands
        for several adds as many times as much.

    Examples
    --------
    >>> import pandas as pd
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> y = np.array([0.0, 0.0, 1.0, 1.0])
    >>> answers = Responses(
    ...     pd.RangeIndex(4), Codebook((Item("y", "continuous"),)), {"y": y}, np.ones(4), np.ones(4)
    ... )
    >>> influence_covariance((y - y.mean())[:, None] / 4, answers).round(4).tolist()
    [[0.0833]]
    """
    if responses.strata is None and responses.cluster is None:
        n = responses.n
        scaled = influence * np.sqrt(responses.count)[:, None]
        return n / max(n - 1, 1) * (scaled.T @ scaled)
    units = sampling_units(responses)
    totals = np.zeros((len(units.size), influence.shape[1]))
    np.add.at(totals, units.unit, influence * responses.count[:, None])
    out = np.zeros((influence.shape[1],) * 2)
    for h in range(units.stratum.max() + 1):
        inside = units.stratum == h
        size = units.size[inside]
        n = size.sum()
        centred = totals[inside] - size[:, None] * (totals[inside].sum(axis=0) / max(n, 1e-300))
        # A row that stands for nobody is no unit.
        scaled = np.divide(
            centred, np.sqrt(size)[:, None], out=np.zeros_like(centred), where=size[:, None] > 0
        )
        out += n / max(n - 1, 1) * (scaled.T @ scaled)
    return out


def bootstrap_weights(responses: Responses, replicates: int, rng: np.random.Generator) -> Array:
    """Multipliers of the case weights in bootstrap samples, shape (replicates, N), with a mean of 1.

    In each stratum one unit fewer than there are is drawn with replacement, and what is drawn is scaled up,
    so that the bootstrap's variance is that of the design also with two units a stratum.

    Examples
    --------
    >>> import pandas as pd
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> y = np.array([0.0, 1.0])
    >>> answers = Responses(
    ...     pd.RangeIndex(2), Codebook((Item("y", "continuous"),)), {"y": y}, np.ones(2), np.array([3.0, 1.0])
    ... )
    >>> drawn = bootstrap_weights(answers, 2, np.random.default_rng(1))
    >>> (drawn @ answers.count).round(6).tolist()
    [4.0, 4.0]
    """
    units = sampling_units(responses)
    multiplier = np.ones((replicates, len(units.size)))
    for h in range(units.stratum.max() + 1):
        inside = np.flatnonzero(units.stratum == h)
        size = units.size[inside]
        n = size.sum()
        draws = round(n) - 1
        if draws < 1:
            continue
        times = rng.multinomial(draws, size / n, size=replicates)
        seen = np.maximum(size, 1e-300)
        multiplier[:, inside] = np.where(size > 0, times / seen * (n / draws), 0.0)
    return multiplier[:, units.unit]

"""One row per customer: wallet, share, headroom and attainable potential, with intervals and a status.

All four are monotone in elsewhere spend, so their quantiles are functions of its quantiles. Means of what is
bounded are taken over its quantile function by Gauss-Legendre quadrature.
"""

from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import NOT_IDENTIFIED, STATUS, Array, WalletBlock, WalletFit
from segmodels.models.wallet.look_alikes import TargetShares, target_shares

_NODES = 16


def predict(fit: WalletFit, levels: tuple[float, ...], by: str | None, tau: float = 0.8) -> Any:
    """Score every customer.

    Parameters
    ----------
    levels
        Levels of the quantiles wanted, between 0 and 1.
    by
        Column of the segment that look-alikes share; None: all customers.
    tau
        Attainable is the share that this quantile of the look-alikes reaches.

    Returns
    -------
    table
        In the kind of table that came in, one row per customer: ``customer_id, own, answered, status,
        p_full_share``, then ``wallet, share, headroom, attainable``, each as ``_mean`` and one ``_q05`` and so on
        for each level. Money in the unit of own spend. Nothing is filled in where the status is
        ``not_identified``: the columns are null there.

    Raises
    ------
    InputError
        For levels out of order or range.
    """
    wanted = _checked(levels)
    targets = target_shares(fit, by=by, tau=tau)
    frames = [score(block, targets, wanted) for block in fit.blocks()]
    return fit.wallets.give(pd.concat(frames, ignore_index=True))


def score(block: WalletBlock, targets: TargetShares, levels: Array) -> pd.DataFrame:
    """Score one block; columns as of :func:`predict`."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    inner = (nodes + 1) / 2
    every = np.concatenate([levels, inner])
    order = np.argsort(every, kind="stable")
    elsewhere = np.empty((len(block), len(every)))
    elsewhere[:, order] = block.elsewhere.quantiles(every[order])
    own, target = block.own[:, None], targets.of(block)[:, None]
    wallet = own + elsewhere
    # a customer who spends nothing anywhere has no share
    share = np.divide(own, wallet, out=np.full_like(wallet, np.nan), where=wallet > 0)
    attainable = np.maximum(target * wallet - own, 0)
    columns: dict[str, Any] = {
        "customer_id": block.customer_id,
        "own": block.own,
        "answered": block.answered,
        "status": pd.Categorical.from_codes(block.status, categories=list(STATUS)),
        "p_full_share": np.where(block.own > 0, block.elsewhere.none(), np.nan),
    }
    count = len(levels)
    mean = block.elsewhere.mean()
    # the unbounded part of attainable is linear in elsewhere spend; what quadrature sees is bounded
    short = np.maximum((1 - target) * own - target * elsewhere, 0)[:, count:] @ (weights / 2)
    within_reach = target[:, 0] * mean - (1 - target[:, 0]) * block.own + short
    for name, values in (
        ("wallet", wallet),
        ("share", share),
        ("headroom", elsewhere),
        ("attainable", attainable),
    ):
        exact = {"wallet": block.own + mean, "headroom": mean, "attainable": np.maximum(within_reach, 0)}
        average = values[:, count:] @ (weights / 2)
        columns[f"{name}_mean"] = exact.get(name, average)
        ahead = values[:, :count]
        # share falls where elsewhere spend rises
        ahead = ahead[:, ::-1] if name == "share" and _symmetric(levels) else ahead
        if name == "share" and not _symmetric(levels):
            mirrored = block.elsewhere.quantiles(np.sort(1 - levels))[:, ::-1]
            ahead = np.divide(
                own, own + mirrored, out=np.full_like(mirrored, np.nan), where=own + mirrored > 0
            )
        for k, level in enumerate(levels):
            columns[f"{name}_q{level * 100:02.4g}".replace(".", "_")] = ahead[:, k]
    frame = pd.DataFrame(columns)
    unknown = (block.status == NOT_IDENTIFIED) & ~block.answered
    measures = [name for name in frame.columns if name not in ("customer_id", "own", "answered", "status")]
    frame.loc[unknown, measures] = np.nan
    return frame


def _symmetric(levels: Array) -> bool:
    return bool(np.allclose(levels, 1 - levels[::-1], atol=1e-12))


def _checked(levels: Any) -> Array:
    values = np.asarray(levels, np.float64)
    if (
        values.ndim != 1
        or not len(values)
        or not ((values > 0) & (values < 1)).all()
        or (np.diff(values) <= 0).any()
    ):
        remedy = "Give (0.1, 0.5, 0.9), say."
        raise InputError(Fault("levels", repr(levels), "ascending numbers between 0 and 1", remedy))
    return values

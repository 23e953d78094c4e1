"""One row per customer: wallet, share, headroom and attainable potential, with intervals and a status.

All four are monotone in elsewhere spend, so their quantiles are functions of its quantiles. Means of what is
bounded are integrals of probabilities over shares, of which elsewhere spend has no atom but that at nothing.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import NOT_IDENTIFIED, STATUS, Array, WalletBlock, WalletFit
from segmodels.models.wallet.look_alikes import TargetShares, attainable, targets_or_none

# Gauss-Legendre on three panels, between the shares that are exceeded, or not reached, this rarely.
_NODES, _RARELY = 6, 1e-5
# Standard errors below the middle where spend above nothing begins.
_BEGINS = 3.5
# Decimals of a percentage in the name of a column.
_DECIMALS = 10


def predict(
    fit: WalletFit,
    levels: tuple[float, ...],
    by: str | None,
    tau: float = 0.8,
    targets: TargetShares | None = None,
) -> Any:
    """Score every customer.

    Parameters
    ----------
    levels
        Levels of the quantiles wanted, between 0 and 1.
    by
        Column of the segment that look-alikes share; None: all customers.
    tau
        Attainable is the share that this quantile of the look-alikes reaches.
    targets
        Target shares at hand, in place of those that `by` and `tau` give: of look-alikes among the customers
        that were fitted, whoever is scored.

    Returns
    -------
    table
        In the kind of table that came in, one row per customer: ``customer_id, own, answered, status,
        p_full_share``, then ``wallet, share, headroom, attainable``, each as ``_mean`` and one ``_q05`` and so on
        for each level. Money in the unit of own spend. Nothing is filled in where the status is
        ``not_identified``: the columns are null there. Share is 0 of a customer without own spend, and null where
        it is certain to spend nothing anywhere; attainable is null where no fitted customer buys here.

    Raises
    ------
    InputError
        For levels out of order or range.
    """
    wanted = _checked(levels)
    shares = _of_base(fit, by, tau) if targets is None else targets
    frames = [score(block, shares, wanted) for block in fit.blocks()]
    return fit.wallets.give(pd.concat(frames, ignore_index=True))


def score(block: WalletBlock, targets: TargetShares | None, levels: Array) -> pd.DataFrame:
    """Score one block; columns as of :func:`predict`."""
    names = quantile_names(levels)
    own, mean = block.own, block.elsewhere.mean()
    target = np.full(len(block), np.nan) if targets is None else targets.of(block)
    nothing = block.elsewhere.none()
    ahead, mirrored, ends = _quantiles(block, levels, nothing)
    # a customer who is certain to spend nothing anywhere has no share
    without_own = np.where(nothing < 1, 0.0, np.nan)
    share_mean, short = _bounded_means(block, target, ends)
    # the unbounded part of attainable is linear in elsewhere spend; what is integrated is bounded
    within_reach = np.maximum(target * mean - (1 - target) * own + short, 0)
    columns: dict[str, Any] = {
        "customer_id": block.customer_id,
        "own": own,
        "answered": block.answered,
        "status": pd.Categorical.from_codes(block.status, categories=list(STATUS)),
        "p_full_share": np.where(own > 0, nothing, np.nan),
    }
    for name, average, values in (
        ("wallet", own + mean, own[:, None] + ahead),
        ("share", np.where(own > 0, share_mean, without_own), _share(own, mirrored, without_own)),
        ("headroom", mean, ahead),
        ("attainable", within_reach, attainable(own, ahead, target)),
    ):
        columns[f"{name}_mean"] = average
        columns |= {f"{name}_{level}": values[:, k] for k, level in enumerate(names)}
    frame = pd.DataFrame(columns)
    unknown = (block.status == NOT_IDENTIFIED) & ~block.answered
    measures = [name for name in frame.columns if name not in ("customer_id", "own", "answered", "status")]
    frame.loc[unknown, measures] = np.nan
    return frame


def quantile_names(levels: Array) -> list[str]:
    """Name the columns of quantiles.

    Raises
    ------
    InputError
        For levels that differ too little from each other, from 0 or from 1 to have names of their own.

    Examples
    --------
    >>> quantile_names(np.array([0.05, 0.5, 0.975, 0.999995]))
    ['q05', 'q50', 'q97_5', 'q99_9995']
    """
    percentages = [f"{level * 100:.{_DECIMALS}f}".rstrip("0").rstrip(".") for level in levels]
    if len({"0", *percentages, "100"}) < len(percentages) + 2:
        got, remedy = repr([float(level) for level in levels]), "Give levels further apart, or fewer."
        expected = f"levels that differ from each other, 0 and 1 by {10.0 ** -(_DECIMALS + 2):g}"
        raise InputError(Fault("levels", got, expected, remedy))
    return ["q" + each.zfill(2).replace(".", "_") for each in percentages]


def _of_base(fit: WalletFit, by: str | None, tau: float) -> TargetShares | None:
    """Targets among the customers that were fitted, so that a customer's figures do not hang on who else is scored."""
    return targets_or_none(fit if fit.base is fit.wallets else fit.on(fit.base), by=by, tau=tau)


def _quantiles(block: WalletBlock, levels: Array, nothing: Array) -> tuple[Array, Array, Array]:
    """Quantiles of elsewhere spend at the levels, and at 1 less the levels, (B, L); and where its law is, (B, 3).

    The last are the low end of the law, where it begins above nothing, and the high end.
    """
    mirrored = levels[::-1] if np.allclose(levels, 1 - levels[::-1], atol=1e-12) else 1 - levels
    every, at = np.unique(np.concatenate([levels, mirrored, [_RARELY, 1 - _RARELY]]), return_inverse=True)
    found, count = block.elsewhere.quantiles(every), len(levels)
    first = (found > 0).argmax(axis=1)
    begins = _beginning(found[np.arange(len(found)), first], found[:, -1], every[first], nothing)
    ends = np.column_stack([found[:, at[-2]], begins, found[:, at[-1]]])
    return found[:, at[:count]], found[:, at[count : 2 * count]], ends


def _beginning(some: Array, most: Array, level: Array, nothing: Array) -> Array:
    """Guess where spend above nothing begins, (B,), from its quantiles at a level and at the high end.

    They are taken as of a logarithm that is normal. The guess says where nodes lie, and does no more.
    """
    z, top = (
        ndtri(np.clip(1 - (1 - each) / np.maximum(1 - nothing, _RARELY), 1e-9, 1 - 1e-9))
        for each in (level, 1 - _RARELY)
    )
    apart = (most > some) & (some > 0) & (top > z)
    ratio = np.divide(most, some, out=np.ones_like(some), where=apart)
    slope = np.log(ratio) / np.where(apart, top - z, 1.0)
    return some * np.exp(-slope * np.maximum(z + _BEGINS, 0))


def _share(own: Array, elsewhere: Array, without_own: Array) -> Array:
    """Share of wallet at given elsewhere spend, (B, L)."""
    spent = own[:, None]
    share = np.divide(spent, spent + elsewhere, out=np.zeros_like(elsewhere), where=spent > 0)
    return np.where(spent > 0, share, without_own[:, None])


def _bounded_means(block: WalletBlock, target: Array, ends: Array) -> tuple[Array, Array]:
    """Give expected share of buyers, and expected max(0, (1 - target) own - target C), each (B,).

    With S the share, the first is the integral of P(S >= s), the second own x target x that of P(S >= s) / s^2
    from the target on. Nodes lie where the probability goes from 1 to 0, so that sharp laws do no harm.
    """
    buys = block.own > 0
    own = np.where(buys, block.own, 1.0)
    low, middle, high = (own / (own + ends[:, k]) for k in (2, 1, 0))
    at = np.clip(np.where(np.isnan(target), middle, target), low, high)
    edges = np.stack([low, np.minimum(at, middle), np.maximum(at, middle), high], axis=1)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    widths = np.diff(edges, axis=1)[:, :, None]
    shares = (edges[:, :-1, None] + widths * (nodes + 1) / 2).reshape(len(own), -1)
    weights = (widths * weights / 2).reshape(len(own), -1)
    spent = np.divide(1 - shares, shares, out=np.full_like(shares, np.inf), where=shares > 0)
    reached = 1 - block.elsewhere.above(np.where(buys[:, None], own[:, None] * spent, 0.0))
    from_target = np.divide(reached, shares**2, out=np.zeros_like(shares), where=shares >= target[:, None])
    certain = np.maximum(1 - np.divide(target, low, out=np.full_like(low, np.inf), where=low > 0), 0)
    short = block.own * (certain + target * (from_target * weights).sum(axis=1))
    return low + (reached * weights).sum(axis=1), short


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
    quantile_names(values)
    return values

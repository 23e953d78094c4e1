"""Whether the model draws customers like those who answered.

Source: Gelman, Meng and Stern (1996), Posterior predictive assessment of model fitness, Statistica Sinica 6;
Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6(2).
"""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kstest, rankdata

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import Array, WalletBlock, WalletFit

_NAME = "Posterior predictive checks"
_STATISTICS = ("share_none", "mean", "median", "sd_log", "quantile_90", "spearman_own", "top_decile_share")
_ALPHA = 0.01
_FEWEST_ANSWERS = 20
# With fewer, a statistic beyond every replicate would still pass after Holm's adjustment.
_FEWEST_REPLICATES = round(2 * (len(_STATISTICS) + 1) / _ALPHA)
_ELEMENTS = 4_000_000
_STREAM = 9


def wallet_checks(fit: WalletFit, *, replicates: int = 2_000) -> Evidence:
    """Compare the answers with replicates of them that the model draws without having the answers in hand.

    The statistics of elsewhere spend C are: the share of customers with none, mean, median, standard deviation
    of log C where C > 0, 0.9-quantile, Spearman's correlation with own spend, and what the tenth with most holds
    of the total. (The total is the mean times the number, so it is not tested a second time.) An answer that is
    an interval is drawn from the model within its bounds, anew for each replicate, and each replicate is compared with
    the answers completed like this (Gelman, Van Mechelen, Verbeke, Heitjan and Meulders 2005, Biometrics 61:74-85);
    the more intervals there are, and the wider, the less such a comparison finds. To them comes a Kolmogorov-Smirnov
    test of the randomised probability integral transform, which takes intervals and the atom at zero as they are.

    Parameters
    ----------
    fit
        Any fit of the wallet.
    replicates
        How many; at least 1,600, so that p-values resolve 0.01 after adjustment.

    Returns
    -------
    Evidence
        Not passed where a two-sided p-value, adjusted by Holm's method, is below 0.01; without a verdict where
        fewer than 20 answered. The table has one row per statistic: ``statistic, observed, replicated, low, high,
        p_value, p_adjusted``, with the mean and the central 90 % of the replicates; observed is a mean over
        replicates where answers are intervals.

    Raises
    ------
    InputError
        For what is no fit, and too few replicates.
    """
    check_wallet(fit)
    if (
        not isinstance(replicates, Integral)
        or isinstance(replicates, bool)
        or replicates < _FEWEST_REPLICATES
    ):
        remedy = "With fewer no p-value could be below 0.01 after adjustment."
        expected = f"a whole number of at least {_FEWEST_REPLICATES:,}"
        raise InputError(Fault("replicates", repr(replicates), expected, remedy))
    block, answers = fit.survey(), fit.wallets.answered()
    low, high = (answers[name].to_numpy(np.float64) for name in ("low", "high"))
    known = np.isfinite(block.elsewhere.none())
    if known.sum() < _FEWEST_ANSWERS:
        text = (
            f"{known.sum():,} answers of customers whom the model can forecast; {_FEWEST_ANSWERS} are needed."
        )
        return Evidence(_NAME, None, text)
    asked = Answered(block.elsewhere, low, high, customer_keys(block.customer_id), fit.seed)
    completed, replicated = _compared(block, asked, known, int(replicates))
    rows = [_row(name, completed[:, k], replicated[:, k]) for k, name in enumerate(_STATISTICS)]
    transform = _transform(block, low, high, fit.seed)[known]
    test: Any = kstest(transform, "uniform")
    uniform = {"statistic": "transform", "observed": float(test.statistic), "p_value": float(test.pvalue)}
    table = pd.DataFrame([*rows, uniform])
    table["p_adjusted"] = holm(table["p_value"].to_numpy())
    return _verdict(table, int(known.sum()), len(known) - int(known.sum()), int((low < high)[known].sum()))


def statistics(own: Array, elsewhere: Array) -> Array:
    """Statistics of samples of elsewhere spend, shape (R, 7) from own (B,) and elsewhere (B, R).

    NaN where one is not defined: for the logarithm with fewer than two positive ones, for a correlation without
    variation, for the top tenth of nothing.

    Examples
    --------
    >>> statistics(np.array([1.0, 2.0, 3.0]), np.array([[0.0], [5.0], [15.0]])).round(2)[0, :4]
    array([0.33, 6.67, 5.  , 0.55])
    """
    n, total = len(elsewhere), elsewhere.sum(axis=0)
    positive = elsewhere > 0
    count = positive.sum(axis=0)
    logs = np.log(np.where(positive, elsewhere, 1.0))
    centre = logs.sum(axis=0) / np.maximum(count, 1)
    squares = (np.where(positive, logs - centre, 0.0) ** 2).sum(axis=0)
    spread = np.where(count > 1, np.sqrt(squares / np.maximum(count, 1)), np.nan)
    ordered = np.sort(elsewhere, axis=0)
    top = ordered[n - max(1, round(n / 10)) :].sum(axis=0)
    return np.column_stack(
        [
            1 - count / n,
            total / n,
            np.median(elsewhere, axis=0),
            spread,
            np.quantile(elsewhere, 0.9, axis=0),
            _spearman(own, elsewhere),
            np.divide(top, total, out=np.full(len(total), np.nan), where=total > 0),
        ]
    )


def holm(p: Array) -> Array:
    """Adjust p-values by Holm's method; NaN are no tests and stay NaN.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan, 0.03]))
    array([0.03, 0.06,  nan, 0.06])
    """
    adjusted = np.full(len(p), np.nan)
    tests = np.flatnonzero(np.isfinite(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted


def _spearman(own: Array, elsewhere: Array) -> Array:
    x, y = rankdata(own)[:, None], rankdata(elsewhere, axis=0)
    x, y = x - x.mean(), y - y.mean(axis=0)
    size = np.sqrt((x**2).sum() * (y**2).sum(axis=0))
    return np.divide((x * y).sum(axis=0), size, out=np.full(len(size), np.nan), where=size > 0)


def _compared(block: WalletBlock, asked: Answered, known: np.ndarray, replicates: int) -> tuple[Array, Array]:
    """Statistics of the answers, (1, 7), or (R, 7) where intervals are completed; and of the replicates, (R, 7)."""
    own, exact = block.own[known], not (asked.low < asked.high)[known].any()
    size = max(1, _ELEMENTS // len(block))
    numbers = [np.arange(first, min(first + size, replicates)) for first in range(0, replicates, size)]
    replicated = [statistics(own, block.elsewhere.draws(part)[known]) for part in numbers]
    if exact:
        return statistics(own, asked.low[known, None]), np.concatenate(replicated)
    completed = [statistics(own, asked.draws(part)[known]) for part in numbers]
    return np.concatenate(completed), np.concatenate(replicated)


def _row(name: str, observed: Array, replicated: Array) -> dict[str, Any]:
    observed, replicated = np.broadcast_arrays(observed, replicated)
    there = np.isfinite(observed) & np.isfinite(replicated)
    if not there.any():
        return {"statistic": name, "observed": observed[0], "p_value": np.nan}
    observed, values = observed[there], replicated[there]
    # rounding alone must not put equal numbers on one side
    slack = 1e-12 * np.maximum(np.abs(observed), 1e-300)
    beyond = min((values >= observed - slack).sum(), (values <= observed + slack).sum())
    low, high = np.quantile(values, (0.05, 0.95))
    return {
        "statistic": name,
        "observed": observed.mean(),
        "replicated": values.mean(),
        "low": low,
        "high": high,
        "p_value": min(1.0, 2 * (1 + beyond) / (1 + len(values))),
    }


def _transform(block: WalletBlock, low: Array, high: Array, seed: int) -> Array:
    """Draw each customer's probability integral transform evenly from the jump or interval of the answer, (B,)."""
    below = 1 - block.elsewhere.above(np.column_stack([low, high]))
    start = np.where(low <= 0, 0.0, below[:, 0])
    u = uniforms(seed, customer_keys(block.customer_id), np.zeros(1, np.int64), _STREAM)[:, 0]
    return start + u * (below[:, 1] - start)


def _verdict(table: pd.DataFrame, used: int, unknown: int, intervals: int) -> Evidence:
    off = table.loc[table["p_adjusted"] < _ALPHA, "statistic"].tolist()
    text = (
        f"The model does not draw answers like those given: {', '.join(off)} of {used:,} answers are off."
        if off
        else f"The model draws answers like the {used:,} given."
    )
    if intervals:
        text += f" {intervals:,} answers are intervals, which the model fills in."
    if unknown:
        text += f" {unknown:,} answers of customers whom the model does not forecast were left out."
    return Evidence(_NAME, not off, text, table)

"""What a fit of the wallet may be given; everything else is one clear error."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, get_args

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.tables.engine import fetch, is_null
from segmodels.tables.wallets import Wallets

FEWEST_ANSWERS = 30
# The generator of the draws of customers has a seed of one word of 64 bits.
_SEEDS = 2**64
# Each has parameters of its own, and a fit takes time in the cube of them.
_MOST_SEGMENTS = 1_000
# Fewer answers above zero may well be equal.
_FEW = 10


def check_wallet_fit(
    wallets: Any,
    setting: Any,
    seed: Any,
    priors: Sequence[Any],
    columns: Sequence[Any],
    fewest: int = FEWEST_ANSWERS,
    by: str | None = None,
) -> None:
    """Refuse what can not be fitted, all faults together.

    Parameters
    ----------
    columns
        The columns of the customers that the model uses.
    fewest
        Answers that the model needs; 0 where it is fitted to buyers.
    by
        The column of segments; columns of text are segments anyway.
    """
    faults: list[Fault] = []
    if not isinstance(setting, get_args(Setting)):
        got = getattr(setting, "__name__", type(setting).__name__)
        faults.append(Fault("setting", got, "MAP(), Laplace() or NUTS()", "Mind the brackets."))
    faults += seed_faults(seed)
    faults += [
        Fault("prior", repr(prior), "Normal, StudentT, SoftBox or Flat", "Give a prior.")
        for prior in priors
        if not isinstance(prior, get_args(Prior))
    ]
    if not isinstance(wallets, Wallets):
        faults.append(Fault("wallets", type(wallets).__name__, "Wallets", "Make them with Wallets.read()."))
        raise InputError(faults)
    there = [name for name in wallets.table.columns if name not in _OURS]
    faults += [
        Fault("columns", f"no column {name!r}", f"one of: {', '.join(there)}", "Keep it by columns= of read.")
        for name in columns
        if name not in there
    ]
    if len(wallets.categories) > 1:
        names = ", ".join(wallets.categories[:3])
        remedy = "Fit WalletCategories, or take one: wallets.of(category)."
        faults.append(Fault("wallets", f"several categories ({names} ...)", "one category", remedy))
    elif wallets.n_answered < fewest:
        got = f"{wallets.n_answered} answers"
        remedy = (
            "Ask more customers; without a survey only WalletFrontier with an outside mean share can be had."
        )
        faults.append(Fault("wallets", got, f"at least {fewest}", remedy))
    elif fewest:
        faults += _alike_faults(wallets.answered())
    if not faults:
        kinds = wallets.table.schema()
        texts = [name for name in columns if name != by and kinds[name].is_string()]
        for name in (*texts, *(() if by is None else (by,))):
            faults += _segment_faults(wallets.table, name, answers=bool(fewest))
    if faults:
        raise InputError(faults)


def check_wallet(fit: Any, where: str = "fit") -> None:
    """Refuse what is no fitted wallet.

    Raises
    ------
    InputError
        With how one is made.

    Examples
    --------
    >>> check_wallet([1, 2])
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: fit: got a list; expected a fitted wallet. Fit a model to the wallets first: ...
    """
    if isinstance(fit, type) or not hasattr(fit, "survey"):
        got = f"the class {fit.__name__}" if isinstance(fit, type) else f"a {type(fit).__name__}"
        remedy = "Fit a model to the wallets first: WalletShare().fit(wallets, Laplace(), seed=1)."
        raise InputError(Fault(where, got, "a fitted wallet", remedy))
    scored = getattr(fit, "wallets", None)
    if scored is not None and not hasattr(scored, "answered"):
        check_wallets(scored, "wallets of the fit")


def check_wallets(wallets: Any, where: str = "wallets") -> None:
    """Refuse what a fit can not score.

    Raises
    ------
    InputError
        With how wallets are made.

    Examples
    --------
    >>> check_wallets(pd.DataFrame({"customer_id": [1], "own": [2.0]}))
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: wallets: got a DataFrame; expected Wallets. Make them with Wallets.read(...).
    """
    if not isinstance(wallets, Wallets):
        remedy = "Make them with Wallets.read(...)."
        raise InputError(Fault(where, f"a {type(wallets).__name__}", "Wallets", remedy))


def _segment_faults(table: Any, by: str, *, answers: bool) -> list[Fault]:
    """Name a column that is no segmentation: most of its segments have one customer to fit, or there are too many."""
    used = ~is_null(table.high) if answers else table.own > 0
    found = fetch(
        table.aggregate(rows=used.sum(), each=table[by].nunique(where=used), many=table[by].nunique())
    ).to_pylist()[0]
    advice = "Take coarser segments. Numbers can be a covariate instead, or be cut into bands."
    what = "answers" if answers else "buyers"
    if found["each"] > max((found["rows"] or 0) / 2, 1):
        got = f"{found['each']:,} segments among {found['rows']:,} {what}"
        return [Fault(by, got, f"at least two {what} for a segment, on average", advice)]
    if found["many"] > _MOST_SEGMENTS:
        return [Fault(by, f"{found['many']:,} segments", f"at most {_MOST_SEGMENTS:,}", advice)]
    return []


def _alike_faults(answered: pd.DataFrame) -> list[Fault]:
    """Name answers that all say the same of elsewhere spend, besides nothing at all."""
    own, low, high = (answered[name].to_numpy(np.float64) for name in ("own", "low", "high"))
    some = high > 0
    if some.sum() < _FEW:
        return []
    # A total less own spend leaves noise in the last digits of both.
    noise = 1e-9 * high[some].max() + 1e-12 * own.max()
    if np.ptp(low[some]) > noise or np.ptp(high[some]) > noise:
        return []
    which = "all answers" if some.all() else "all answers above zero"
    got = f"{which} equal: {(low[some][0] + high[some][0]) / 2:,.6g} spent elsewhere"
    remedy = (
        "Where everybody says the same there is nothing to model: look whether the column is one of answers, "
        "and not own spend plus a constant, or a default of the questionnaire."
    )
    return [Fault("wallets", got, "answers that differ", remedy, int(some.sum()))]


def seed_faults(seed: Any) -> list[Fault]:
    """Name a seed from which the draws of customers can not be made.

    Examples
    --------
    >>> seed_faults(1), seed_faults(None)[0].got
    ([], 'None')
    """
    if isinstance(seed, Integral) and not isinstance(seed, bool) and 0 <= int(seed) < _SEEDS:
        return []
    return [Fault("seed", repr(seed), "a whole number from 0 to 2^64 - 1", "Give seed=1, say.")]


_OURS = ("customer_id", "own", "low", "high", "category", "purchases", "total_purchases")

"""What a fit of the wallet may be given; everything else is one clear error."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, get_args

from segmodels.errors import Fault, InputError
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.tables.wallets import Wallets

FEWEST_ANSWERS = 30
# The generator of the draws of customers has a seed of one word of 64 bits.
_SEEDS = 2**64


def check_wallet_fit(
    wallets: Any,
    setting: Any,
    seed: Any,
    priors: Sequence[Any],
    columns: Sequence[Any],
    fewest: int = FEWEST_ANSWERS,
) -> None:
    """Refuse what can not be fitted, all faults together.

    Parameters
    ----------
    columns
        The columns of the customers that the model uses.
    fewest
        Answers that the model needs.
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
    if faults:
        raise InputError(faults)


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

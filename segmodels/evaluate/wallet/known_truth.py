"""A panel in which everybody's wallet is known, as one frame."""

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.tables.wallets import Wallets

# As where wallets are read.
_NOTHING = 1e-9


def known_truth(truth: Wallets | pd.DataFrame) -> pd.DataFrame:
    """Give ``customer_id, own, elsewhere`` and what else there is, sorted by id.

    Parameters
    ----------
    truth
        See :func:`segmodels.evaluate.wallet.masked_truth.masked_truth`.

    Raises
    ------
    InputError
        Where a wallet is not known exactly, or there is more than one category, or a further column of Wallets is
        called as the truth is.

    Examples
    --------
    >>> known_truth(pd.DataFrame({"customer_id": [2, 1], "own": [5.0, 3.0], "total": [6.0, 3.0]}))
       customer_id  own  elsewhere
    0            1  3.0        0.0
    1            2  5.0        1.0
    """
    if isinstance(truth, Wallets):
        return _of_wallets(truth)
    named = [name for name in ("elsewhere", "total") if name in truth]
    faults = [
        Fault(name, "no such column", "a column", "Rename yours.")
        for name in ("customer_id", "own")
        if name not in truth
    ]
    if len(named) != 1:
        got = " and ".join(named) or "neither elsewhere nor total"
        faults.append(Fault("truth", got, "one of elsewhere and total", "Keep one of them."))
    if faults:
        raise InputError(faults)
    frame = pd.DataFrame(truth.copy())
    own = frame["own"].to_numpy(np.float64)
    stated = frame.pop(named[0]).to_numpy(np.float64)
    elsewhere = stated - own if named == ["total"] else stated
    # What floats leave of a total that is own spend is no amount; elsewhere spend as stated may be small.
    nothing = np.abs(elsewhere) <= _NOTHING * (own + np.abs(stated))
    frame["elsewhere"] = np.where(nothing & ((elsewhere < 0) | (named == ["total"])), 0.0, elsewhere)
    first = ["customer_id", "own", "elsewhere"]
    frame = pd.DataFrame(frame[first + [name for name in frame.columns if name not in first]])
    _check(frame)
    return frame.sort_values(by="customer_id", ignore_index=True)


def _of_wallets(truth: Wallets) -> pd.DataFrame:
    faults: list[Fault] = []
    if len(truth.categories) > 1:
        got = f"{len(truth.categories)} categories"
        faults.append(Fault("truth", got, "one", "Take truth.of(category)."))
    for name in ("elsewhere", "total"):
        if name in truth.columns:
            advice = "Read it with columns=(...) that leave out what is to be hidden, or rename it."
            faults.append(Fault("truth", f"a further column {name!r}", "no second truth", advice))
    if missing := len(truth) - truth.n_answered:
        advice = "Take the customers who answered."
        faults.append(Fault("truth", "no answer", "everybody's wallet", advice, missing))
    answered = truth.answered()
    if vague := int((answered["low"].to_numpy() != answered["high"].to_numpy()).sum()):
        advice = "Read it with rounding=None; an answer below own spend is no truth."
        faults.append(Fault("truth", "an interval", "exact answers", advice, vague))
    if faults:
        raise InputError(faults)
    return answered.rename(columns={"high": "elsewhere"}).drop(columns=["low", "category"], errors="ignore")


def _check(frame: pd.DataFrame) -> None:
    faults: list[Fault] = []
    for name in ("own", "elsewhere"):
        values = frame[name].to_numpy(np.float64)
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            examples = tuple(str(value) for value in values[bad][:3])
            got, advice = "missing or negative", "The truth has to be known of everybody."
            faults.append(Fault(name, got, "zero or more", advice, int(bad.sum()), examples))
    if twice := len(frame) - len(pd.Index(frame["customer_id"]).unique()):
        faults.append(Fault("customer_id", "repeated", "one row a customer", "Sum the rows.", twice))
    if faults:
        raise InputError(faults)

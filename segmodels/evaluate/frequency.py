"""Frequency: how many customers made how many repeat purchases, in the data and under the model."""

from importlib import import_module

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.value.purchase_fit import PurchaseFit

Array = NDArray[np.float64]
_FUTURES = 1_000
_EVALUATED = 150_000
_FEWEST_DRAWS = 100


def frequency_fit(fit: PurchaseFit, top: int = 7, level: float = 0.8) -> pd.DataFrame:
    """Compare the numbers of customers by repeat purchases with the model's.

    Parameters
    ----------
    fit
        A fitted purchase model.
    top
        Whoever bought that often or more is counted together.
    level
        Probability of the predictive intervals.

    Returns
    -------
    DataFrame
        One row per number of purchases: ``purchases`` ("0", "1", …, "7+"), ``actual``, ``expected``, ``low``,
        ``high`` customers.

    Notes
    -----
    Expected is the sum over customers of P(X(T) = n) for a new customer of their age T (Fader, Hardie and Lee
    2005, figure 3). The interval is of simulated numbers of customers, one for each draw, so it holds both
    what is unknown of the parameters (with ``MAP``: nothing) and chance.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.datasets import cdnow
    >>> log = sg.Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> fit = sg.BGNBD().fit(log.customers(until="1997-09-30"), sg.MAP(), seed=1)
    >>> frequency_fit(fit, top=2)[["purchases", "actual", "expected"]].round(1)
      purchases  actual  expected
    0         0    1411   1407.7
    1         1     439    460.3
    2        2+     507    489.0
    """
    if top != int(top) or top < 1:
        raise InputError(Fault("top", repr(top), "a whole number of at least 1", "Give 7, say."))
    if not 0 < level < 1:
        raise InputError(Fault("level", repr(level), "a probability between 0 and 1", "Give 0.8, say."))
    cells = fit.cells
    actual = np.bincount(np.minimum(cells.frequency, top), weights=cells.count, minlength=top + 1)
    expected, simulated = _numbers(fit, int(top))
    low, high = np.quantile(simulated, ((1 - level) / 2, (1 + level) / 2), axis=0)
    labels = [*map(str, range(top)), f"{top}+"]
    counts = {"actual": actual.astype(np.int64), "expected": expected, "low": low, "high": high}
    return pd.DataFrame({"purchases": labels, **counts})


def _numbers(fit: PurchaseFit, top: int) -> tuple[Array, Array]:
    """Count customers as expected, shape (top + 1,), and as simulated, shape (F, top + 1)."""
    cells = fit.cells
    likelihood = import_module(fit.density.parametrisation.likelihood)
    kinds, where = np.unique(np.column_stack([cells.group, cells.T]), axis=0, return_inverse=True)
    people = np.bincount(where, weights=cells.count).astype(np.int64)
    u = _thinned(fit.u, len(kinds) * top)
    copies = -(-_FUTURES // len(u))
    rng = np.random.default_rng([fit.seed, 2])
    expected = np.zeros(top + 1)
    simulated = np.zeros((len(u) * copies, top + 1))
    group, parameters = -1, []
    for (code, age), number in zip(kinds, people, strict=True):
        if code != group:
            group = int(code)
            values = fit.density.parameters(u, slice(group, group + 1))[:, 0]
            parameters = [np.ascontiguousarray(part)[:, None] for part in values.T]
        chances = _with_rest(likelihood.pmf_new(np.arange(top), age, *parameters))
        expected += number * chances.mean(axis=0)
        simulated += rng.multinomial(number, np.repeat(chances, copies, axis=0))
    return expected, simulated


def _with_rest(chances: Array) -> Array:
    """Add what is left to 1 as a last column; rounding may have left a little too much or too little."""
    chances = np.clip(chances, 0.0, 1.0)
    rest = np.clip(1 - chances.sum(axis=1, keepdims=True), 0.0, 1.0)
    both = np.hstack([chances, rest])
    return both / both.sum(axis=1, keepdims=True)


def _thinned(u: Array, evaluations: int) -> Array:
    """Keep evenly spaced draws, at most 1,000, and fewer where each costs much."""
    most = max(_FEWEST_DRAWS, min(_FUTURES, _EVALUATED // evaluations))
    return u if len(u) <= most else u[np.linspace(0, len(u) - 1, most).round().astype(np.int64)]

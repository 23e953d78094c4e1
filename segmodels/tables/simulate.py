"""Customers and transaction logs whose true parameters are known.

One function a model for summaries (`simulate_bg_nbd`, ...), one for a whole log (`simulate_transactions`).
All follow the models' stories from the start, so they share no code with the densities that they test.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError

# A drop-out probability that has underflowed to 0 would make the wait for it infinite.
_SMALLEST = 1e-12


@dataclass(frozen=True)
class Truth:
    """What a simulated transaction log is drawn from: BG/NBD purchases and Gamma-Gamma spend.

    Parameters
    ----------
    r, alpha
        Purchase rates are Gamma(r, rate alpha), per week.
    a, b
        The probability to leave after a purchase is Beta(a, b).
    p, q, v
        A purchase is worth Gamma(p, rate nu), and nu is Gamma(q, rate v); v carries the currency.
    first_day
        Day of the first possible first purchase, ISO format.
    entry_weeks
        First purchases are spread evenly over this many weeks.
    weeks
        Length of the log, from ``first_day``.

    Examples
    --------
    >>> Truth(r=1.0).r
    1.0
    """

    r: float = 0.25
    alpha: float = 4.4
    a: float = 0.8
    b: float = 2.4
    p: float = 6.25
    q: float = 3.75
    v: float = 15.5
    first_day: str = "2024-01-01"
    entry_weeks: int = 12
    weeks: int = 78

    def __post_init__(self) -> None:
        """Refuse what no log can be drawn from."""
        shapes = ("r", "alpha", "a", "b", "p", "q", "v")
        faults = [
            Fault(
                name, repr(getattr(self, name)), "a positive number", "Give the true value of the parameter."
            )
            for name in shapes
            if not 0 < getattr(self, name) < np.inf
        ]
        if not 1 <= self.entry_weeks <= self.weeks:
            got = f"{self.entry_weeks!r} of {self.weeks!r} weeks"
            faults.append(
                Fault("entry_weeks", got, "from 1 to weeks", "Let all customers enter within the log.")
            )
        if faults:
            raise InputError(faults)


def _frame(x: NDArray[np.int64], t_x: NDArray[np.float64], T: NDArray[np.float64]) -> pd.DataFrame:
    customer = np.arange(1, x.size + 1)
    return pd.DataFrame({"customer_id": customer, "frequency": x, "recency": t_x, "T": T})


def _last_of(
    rng: np.random.Generator, x: NDArray[np.int64], n: NDArray[np.int64], window: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Time of the x-th of n purchases spread evenly over a window; 0 where x is 0."""
    share = rng.beta(np.maximum(x, 1), np.maximum(n - x + 1, 1))
    return np.where(x > 0, window * share, 0.0)


def simulate_bg_nbd(
    n: int, r: float, alpha: float, a: float, b: float, T: ArrayLike, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw summaries of BG/NBD customers: any purchase may be the last, with a probability of one's own.

    Parameters
    ----------
    n
        Number of customers.
    r, alpha, a, b
        True parameters, > 0; alpha is a rate in the time unit of T.
    T
        Age at the end of observation, one number or one per customer.
    rng
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (1 to n), ``frequency`` (int64), ``recency``, ``T``; one row a customer.

    Examples
    --------
    >>> frame = simulate_bg_nbd(1000, 0.25, 4.4, 0.8, 2.4, 39.0, np.random.default_rng(1))
    >>> frame.columns.tolist(), len(frame)
    (['customer_id', 'frequency', 'recency', 'T'], 1000)
    """
    return _beta_geometric(rng, n, (r, alpha, a, b), T, first=1)


def simulate_mbg_nbd(
    n: int, r: float, alpha: float, a: float, b: float, T: ArrayLike, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw summaries of MBG/NBD customers: as BG/NBD, and the first purchase may be the last one, too.

    Parameters
    ----------
    n, r, alpha, a, b, T, rng
        As in `simulate_bg_nbd`.

    Returns
    -------
    pandas.DataFrame
        As in `simulate_bg_nbd`.

    Examples
    --------
    >>> len(simulate_mbg_nbd(10, 0.5, 6.2, 0.9, 1.6, 39.0, np.random.default_rng(1)))
    10
    """
    return _beta_geometric(rng, n, (r, alpha, a, b), T, first=0)


def _beta_geometric(
    rng: np.random.Generator, n: int, params: tuple[float, float, float, float], T: ArrayLike, first: int
) -> pd.DataFrame:
    r, alpha, a, b = params
    age = np.broadcast_to(np.asarray(T, dtype=np.float64), n).copy()
    would = rng.poisson(rng.gamma(r, size=n) / alpha * age)
    leaves = rng.geometric(np.maximum(rng.beta(a, b, size=n), _SMALLEST)) - 1 + first
    x = np.minimum(would, leaves)
    return _frame(x, _last_of(rng, x, would, age), age)


def simulate_pareto_nbd(
    n: int, r: float, alpha: float, s: float, beta: float, T: ArrayLike, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw summaries of Pareto/NBD customers: purchases until an unseen departure, at rates of one's own.

    Parameters
    ----------
    n
        Number of customers.
    r, alpha, s, beta
        True parameters, > 0; alpha and beta are rates in the time unit of T.
    T, rng
        As in `simulate_bg_nbd`.

    Returns
    -------
    pandas.DataFrame
        As in `simulate_bg_nbd`.

    Examples
    --------
    >>> len(simulate_pareto_nbd(10, 0.55, 10.6, 0.6, 11.7, 39.0, np.random.default_rng(1)))
    10
    """
    age = np.broadcast_to(np.asarray(T, dtype=np.float64), n).copy()
    # the lifetime, a Pareto variable, is drawn by inversion: no division by a departure rate that underflowed
    lifetime = beta * np.expm1(np.minimum(rng.exponential(size=n) / s, 600.0))
    window = np.minimum(lifetime, age)
    x = rng.poisson(rng.gamma(r, size=n) / alpha * window)
    return _frame(x, _last_of(rng, x, x, window), age)


def simulate_gamma_gamma(
    frequency: ArrayLike, p: float, q: float, v: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the mean spend of customers from their single purchases.

    Parameters
    ----------
    frequency
        Purchases averaged, one number per customer; 0 gives a mean of 0.
    p, q, v
        True parameters, > 0; v carries the currency.
    rng
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (1 to n), ``frequency``, ``monetary_value``.

    Examples
    --------
    >>> frame = simulate_gamma_gamma([2, 0], 6.25, 3.75, 15.5, np.random.default_rng(1))
    >>> frame["monetary_value"].gt(0).tolist()
    [True, False]
    """
    x = np.asarray(frequency, dtype=np.int64)
    owner = np.repeat(np.arange(x.size), x)
    spend = rng.gamma(p, size=owner.size) / (rng.gamma(q, size=x.size) / v)[owner]
    mean = np.bincount(owner, weights=spend, minlength=x.size) / np.maximum(x, 1)
    return pd.DataFrame({"customer_id": np.arange(1, x.size + 1), "frequency": x, "monetary_value": mean})


def _repeat_times(
    rng: np.random.Generator, truth: Truth, window: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Owner and age (days) of every repeat purchase, by owner and age."""
    n = window.size
    would = rng.poisson(rng.gamma(truth.r, size=n) / truth.alpha * window / 7.0)
    leaves = rng.geometric(np.maximum(rng.beta(truth.a, truth.b, size=n), _SMALLEST))
    # n + 1 exponential waits, scaled to the window, are the gaps between n sorted uniform times
    begin = np.concatenate([[0], np.cumsum(would + 1)])
    owner = np.repeat(np.arange(n), would + 1)
    clock = np.cumsum(rng.exponential(size=owner.size))
    before = np.concatenate([[0.0], clock[begin[1:-1] - 1]])
    length = clock[begin[1:] - 1] - before
    rank = np.arange(owner.size) - begin[owner]
    happens = rank < np.minimum(would, leaves)[owner]
    owner, clock = owner[happens], clock[happens]
    return owner, (clock - before[owner]) * (window / length)[owner]


def simulate_transactions(n_customers: int, seed: int, truth: Truth) -> pd.DataFrame:
    """Draw a transaction log at daily resolution: BG/NBD purchases in continuous time, Gamma-Gamma spend.

    Parameters
    ----------
    n_customers
        Number of customers; each has a first purchase.
    seed
        Same seed, same log.
    truth
        True parameters and calendar.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (int64, 1 to n_customers), ``date`` (datetime64[s], midnight), ``value`` (float64).
        One row a purchase, by customer and date; two purchases of one day are two rows, as in a real log.

    Examples
    --------
    >>> log = simulate_transactions(100, 1, Truth())
    >>> log["customer_id"].nunique(), log.columns.tolist()
    (100, ['customer_id', 'date', 'value'])
    """
    if n_customers < 1:
        got = repr(n_customers)
        raise InputError(Fault("n_customers", got, "at least 1", "Ask for one customer or more."))
    rng = np.random.default_rng(seed)
    enters = rng.uniform(0.0, 7.0 * truth.entry_weeks, size=n_customers)
    repeats, age = _repeat_times(rng, truth, 7.0 * truth.weeks - enters)
    count = np.bincount(repeats, minlength=n_customers) + 1
    owner = np.repeat(np.arange(n_customers), count)
    first = np.cumsum(count) - count
    since = np.zeros(owner.size)
    later = np.ones(owner.size, dtype=bool)
    later[first] = False
    since[later] = age
    # rounding must not carry a purchase over the last midnight
    day = np.minimum(np.floor(enters[owner] + since), 7 * truth.weeks - 1).astype("timedelta64[D]")
    rate = rng.gamma(truth.q, size=n_customers) / truth.v
    return pd.DataFrame(
        {
            "customer_id": owner + 1,
            "date": (np.datetime64(truth.first_day, "D") + day).astype("datetime64[s]"),
            "value": rng.gamma(truth.p, size=owner.size) / rate[owner],
        }
    )

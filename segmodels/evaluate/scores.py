"""Scores of forecasts per customer. Equal forecasts count as equal: no score depends on the customers' order."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def point_scores(actual: ArrayLike, expected: ArrayLike) -> dict[str, float]:
    """Score point forecasts.

    Parameters
    ----------
    actual, expected
        What came and what was forecast, zero or more, shape (N,).

    Returns
    -------
    dict
        ``actual``, ``expected``: sums; ``bias``: expected over actual, less 1; ``mae``, ``rmse``; ``msle``: mean
        squared difference of log(1 + count), negative figures taken as 0; ``correlation`` (Pearson); ``lift``: mean
        actual of the tenth of customers with the highest forecasts, over the mean of all; ``top_10``, ``top_20``:
        share of all actual that the 10 or 20 per cent with the highest forecasts brought; ``found_10``,
        ``found_20``: share of the truly best 10 or 20 per cent who are among them.

    Examples
    --------
    >>> scores = point_scores([0, 0, 2, 4], [0.5, 0.5, 2.0, 3.0])
    >>> scores["bias"], scores["mae"], scores["msle"].__round__(4)
    (0.0, 0.5, 0.0946)
    """
    y, e = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    error = e - y
    # A day of refunds may leave a negative sum of spend, for which there is no logarithm.
    logs = np.log1p(np.maximum(e, 0.0)) - np.log1p(np.maximum(y, 0.0))
    varied = np.ptp(y) > 0 and np.ptp(e) > 0
    scores = {
        "actual": float(y.sum()),
        "expected": float(e.sum()),
        "bias": _over(e.sum(), y.sum()) - 1,
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "msle": float((logs**2).mean()),
        "correlation": float(np.corrcoef(y, e)[0, 1]) if varied else float("nan"),
    }
    tenth = gains(y, e, [0.1, 0.2])
    scores["lift"] = _over(tenth[0], 0.1 * y.sum())
    for share, brought in zip((10, 20), tenth, strict=True):
        scores[f"top_{share}"] = _over(brought, y.sum())
        scores[f"found_{share}"] = found(y, e, share / 100)
    return scores


def gains(actual: ArrayLike, expected: ArrayLike, shares: ArrayLike) -> Array:
    """Sum of actual over the given shares of customers with the highest forecasts.

    Customers with equal forecasts stand for one another: each brings the mean of all of them.

    Examples
    --------
    >>> gains([4, 0, 2, 0], [9, 1, 1, 0], [0.25, 0.5, 0.75]).tolist()
    [4.0, 5.0, 6.0]
    """
    y = np.asarray(actual, np.float64)
    where, ties = _ranks(expected)
    people = np.append(0.0, np.cumsum(ties))
    brought = np.append(0.0, np.cumsum(np.bincount(where, weights=y)))
    return np.interp(np.asarray(shares) * len(y), people, brought)


def found(actual: ArrayLike, expected: ArrayLike, share: float) -> float:
    """Share of the truly best customers who are among those with the highest forecasts.

    Ties at the edge of either group are drawn by lot; this is the expectation over the draws.

    Examples
    --------
    >>> found([5, 4, 0, 0], [3, 1, 2, 0], 0.5), found([5, 0, 0, 0], [3, 0, 0, 0], 0.5).__round__(3)
    (0.5, 0.667)
    """
    in_both = _among_best(actual, share) @ _among_best(expected, share)
    return float(in_both / (share * np.size(actual)))


def _among_best(values: ArrayLike, share: float) -> Array:
    """Probability of each to be among the best, ties drawn by lot, shape (N,)."""
    where, ties = _ranks(values)
    before = np.cumsum(ties) - ties
    return np.clip((share * len(where) - before) / ties, 0.0, 1.0)[where]


def _ranks(values: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rank of each value among the distinct ones, the highest first, and how many have each rank.

    What differs after the 10th digit only is equal: an engine that adds up in another order makes such differences.
    """
    fraction, exponent = np.frexp(np.asarray(values, np.float64))
    rounded = np.ldexp(np.round(fraction * 2.0**36), exponent)
    _, where, ties = np.unique(-rounded, return_inverse=True, return_counts=True)
    return where, ties


def deciles(actual: ArrayLike, expected: ArrayLike, by: ArrayLike | None = None) -> pd.DataFrame:
    """Lift table: customers in tenths by their forecast, the highest first.

    Parameters
    ----------
    actual, expected
        Shape (N,).
    by
        What to sort by; the forecast itself by default.

    Returns
    -------
    DataFrame
        ``decile`` (1 to 10), ``customers``, ``actual``, ``expected``: sums; a tenth may hold part of a customer.

    Examples
    --------
    >>> deciles(np.arange(20), np.arange(20.0)).head(2)
       decile  customers  actual  expected
    0       1        2.0    37.0      37.0
    1       2        2.0    33.0      33.0
    """
    order = expected if by is None else by
    shares = np.arange(1, 11) / 10
    sums = {
        name: np.diff(gains(values, order, shares), prepend=0.0)
        for name, values in (("actual", actual), ("expected", expected))
    }
    return pd.DataFrame({"decile": np.arange(1, 11), "customers": np.full(10, np.size(actual) / 10), **sums})


def crps(samples: Array, actual: Array) -> Array:
    """Continuous ranked probability score of samples, shape (C, F), at what came, shape (C,): shape (C,).

    E|X - y| - E|X - X'| / 2 over the samples (Gneiting and Raftery 2007, JASA 102, eq. 21). Less is better; for a
    point forecast it is the absolute error.

    Examples
    --------
    >>> crps(np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([3.0, 1.0])).tolist()
    [2.0, 0.5]
    """
    size = samples.shape[1]
    weights = (2 * np.arange(1, size + 1) - size - 1) / size**2
    return np.abs(samples - actual[:, None]).mean(axis=1) - np.sort(samples, axis=1) @ weights


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")

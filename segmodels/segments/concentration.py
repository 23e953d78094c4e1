"""Concentration of value: Lorenz curve, Gini coefficient and the share of the best customers."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.segments.draw_grid import Blocks, cell_sums

TOP_SHARES = (0.10, 0.20)


def lorenz(
    values: npt.ArrayLike, weights: npt.ArrayLike | None = None, at: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Give the Lorenz curve: the share of all value that the poorest share of customers brings.

    Parameters
    ----------
    values
        Value per customer, zero or more, shape (N,).
    weights
        Customers that each value stands for, shape (N,); 1 by default.
    at
        Shares of customers at which to give the curve; by default its every corner, equal values as one
        piece. Between corners the curve is straight, so interpolated points are exact, with any ties and
        weights.

    Returns
    -------
    pandas.DataFrame
        ``share_of_customers, share_of_value``, from (0, 0) to (1, 1), convex.

    Raises
    ------
    InputError
        Where values are negative or not finite, or all are zero.

    Examples
    --------
    >>> lorenz([1.0, 1.0, 2.0]).round(3).to_numpy().tolist()
    [[0.0, 0.0], [0.667, 0.5], [1.0, 1.0]]
    """
    people, money = _corners(*_checked(values, weights))
    if at is not None:
        shares = np.asarray(at, dtype=np.float64)
        people, money = shares, np.interp(shares, people, money)
    return pd.DataFrame({"share_of_customers": people, "share_of_value": money})


def gini(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Give the Gini coefficient: half the mean absolute difference between two customers over the mean.

    It is 0 where all are equal and (N - 1) / N where one of N brings everything: the population's
    coefficient, twice the area between the Lorenz curve and the diagonal. A base repeated twice has the same
    coefficient; the variant with the factor N / (N - 1) has not.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    return _gini(*_corners(*_checked(values, weights)))


def top_share(values: npt.ArrayLike, share: float = 0.10, weights: npt.ArrayLike | None = None) -> float:
    """Give the share of value that the best `share` of customers brings, read off the Lorenz curve.

    Where `share` of the customers is not a whole number, the last of them counts in part.

    Examples
    --------
    >>> round(top_share([1, 2, 3, 4], 0.5), 9), round(top_share([1, 2, 3, 4], 0.125), 9)
    (0.7, 0.2)
    """
    _refuse_bad_shares((share,))
    return _top(*_corners(*_checked(values, weights)), share)


def concentration(
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    shares: tuple[float, ...] = TOP_SHARES,
    draws: "npt.NDArray[np.float64] | Blocks | None" = None,
    interval: float = 0.9,
) -> pd.DataFrame:
    """Tabulate the Gini coefficient and the shares of the best customers, with intervals from draws.

    Parameters
    ----------
    values
        Value per customer, such as the posterior mean, zero or more, shape (N,).
    weights
        Customers that each value stands for; not together with `draws`.
    shares
        Shares of best customers.
    draws
        The same values in every draw: an array of shape (N, D), or a function that gives blocks of customers
        as for `value_tiers`; blocks are binned (cells at most 0.8 per cent wide), which lowers a figure by
        less than 0.002. Concentration of means is lower than the mean concentration of draws, because a mean
        evens out what the draws scatter; so the interval need not hold the value.
    interval
        Probability of the central interval.

    Returns
    -------
    pandas.DataFrame
        ``quantity, value`` and, with draws, ``mean, low, high`` over the draws; one row for the Gini
        coefficient and one per share.

    Raises
    ------
    InputError
        Where values or draws are negative or not finite, or all are zero.

    Examples
    --------
    >>> concentration([1, 2, 3, 4], shares=(0.5,))
                      quantity  value
    0         Gini coefficient   0.25
    1  share of the top 50.0 %   0.70
    """
    _refuse_bad_shares(shares)
    if draws is not None and weights is not None:
        raise InputError(Fault("weights", "weights and draws", "one of them", "Repeat the customers' draws."))
    curve = _corners(*_checked(values, weights))
    names = ["Gini coefficient", *(f"share of the top {100 * share:.1f} %" for share in shares)]
    table = pd.DataFrame({"quantity": names, "value": _figures(curve, shares)})
    if draws is None:
        return table
    size = len(np.asarray(values))
    curves = (
        _curves_of_blocks(draws, size, float(np.mean(np.asarray(values, dtype=np.float64))))
        if callable(draws)
        else _curves_of_array(draws, size)
    )
    figures = np.array([_figures(one, shares) for one in curves])
    tail = (1 - interval) / 2
    low, high = np.quantile(figures, [tail, 1 - tail], axis=0)
    return table.assign(mean=figures.mean(axis=0), low=low, high=high)


Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _refuse_bad_shares(shares: Iterable[float]) -> None:
    if not all(0 <= share <= 1 for share in shares):
        raise InputError(Fault("shares", str(tuple(shares)), "shares between 0 and 1", "Write 10 % as 0.10."))


def _checked(values: npt.ArrayLike, weights: npt.ArrayLike | None) -> Curve:
    """Give values and weights as arrays of one length; all faults at once."""
    numbers = np.asarray(values, dtype=np.float64)
    counts = np.ones(len(numbers)) if weights is None else np.asarray(weights, dtype=np.float64)
    faults: list[Fault] = []
    if counts.shape != numbers.shape:
        faults.append(
            Fault("weights", f"shape {counts.shape}", f"shape {numbers.shape}", "One weight per value.")
        )
    for where, column in (("values", numbers), ("weights", counts)):
        bad = ~(np.isfinite(column) & (column >= 0))
        if bad.any():
            examples = tuple(str(number) for number in column[bad][:3])
            remedy = "Settle refunds first; a share of a total needs parts of one sign."
            faults.append(
                Fault(
                    where,
                    "negative or missing",
                    "finite numbers of zero or more",
                    remedy,
                    int(bad.sum()),
                    examples,
                )
            )
    if not faults and not ((numbers > 0) & (counts > 0)).any():
        faults.append(
            Fault("values", "a total of zero", "some value", "Concentration of nothing is undefined.")
        )
    if faults:
        raise InputError(faults)
    return numbers, counts


def _corners(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> Curve:
    """Corners of the Lorenz curve from (0, 0) to (1, 1), one piece per distinct value."""
    distinct, which = np.unique(values, return_inverse=True)
    count = np.bincount(which, weights=weights)
    # Divided by the largest, so that sums of huge values do not overflow.
    return _cumulated(count, distinct / distinct[-1] * count)


def _cumulated(count: npt.NDArray[np.float64], money: npt.NDArray[np.float64]) -> Curve:
    people = np.concatenate([[0.0], np.cumsum(count)])
    value = np.concatenate([[0.0], np.cumsum(money)])
    return people / people[-1], value / value[-1]


def _gini(people: npt.NDArray[np.float64], money: npt.NDArray[np.float64]) -> float:
    """Twice the area between diagonal and curve, by trapezia on their gap, which is exactly 0 for equals."""
    gap = people - money
    return float(max(0.0, np.sum(np.diff(people) * (gap[1:] + gap[:-1]))))


def _top(people: npt.NDArray[np.float64], money: npt.NDArray[np.float64], share: float) -> float:
    return float(1 - np.interp(1 - share, people, money))


def _figures(curve: Curve, shares: tuple[float, ...]) -> list[float]:
    return [_gini(*curve), *(_top(*curve, share) for share in shares)]


def _curves_of_array(draws: npt.NDArray[np.float64], customers: int) -> Iterator[Curve]:
    if draws.ndim != 2 or draws.shape[0] != customers:
        raise InputError(
            Fault("draws", f"shape {draws.shape}", f"shape ({customers}, D)", "One row per customer.")
        )
    for column in draws.T:
        yield _corners(*_checked(column, None))


def _curves_of_blocks(blocks: Blocks, customers: int, scale: float) -> Iterator[Curve]:
    counts, sums = cell_sums(blocks, customers, scale)
    for count, money in zip(counts, sums, strict=True):
        if money[0] < 0 or not money.sum() > 0:
            got = "negative values" if money[0] < 0 else "a total of zero in a draw"
            raise InputError(Fault("draws", got, "values of zero or more", "Settle costs first."))
        used = count > 0
        yield _cumulated(count[used].astype(np.float64), money[used])

"""Scores of predicted elsewhere spend against the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.scores import gains

Array = NDArray[np.float64]
#: The quantiles that the scores need.
LEVELS: tuple[float, ...] = (0.025, 0.1, 0.5, 0.8, 0.9, 0.975)
PINBALL: tuple[float, ...] = (0.1, 0.5, 0.8, 0.9)
CENTRAL: tuple[int, ...] = (80, 95)

#: What is best of each score: the least, the most, or a figure to hit.
BEST: Mapping[str, Literal["least", "most"] | float] = MappingProxyType(
    {
        "pinball": "least",
        **{f"pinball_{100 * level:.0f}": "least" for level in PINBALL},
        "coverage_80": 0.8,
        "coverage_95": 0.95,
        "below_90": 0.9,
        "below_90_own": 0.9,
        "interval_80": "least",
        "interval_95": "least",
        "mae": "least",
        "rmse": "least",
        "spearman": "most",
        "top_decile": "most",
        "total_wallet": 1.0,
        "total_elsewhere": 1.0,
        "segment_rmse": "least",
    }
)


@dataclass(frozen=True, eq=False)
class Predicted:
    """Elsewhere spend C as predicted of B customers.

    Parameters
    ----------
    quantiles
        At ascending levels, zero or more, shape (B, L).
    mean
        Expected C, shape (B,).
    none
        Probability that C is 0, shape (B,).
    """

    quantiles: Array
    mean: Array
    none: Array

    @property
    def known(self) -> NDArray[np.bool_]:
        """Of whom something is predicted, shape (B,)."""
        return np.isfinite(self.mean) & np.isfinite(self.none) & np.isfinite(self.quantiles).all(axis=1)

    def take(self, rows: NDArray[Any]) -> "Predicted":
        """Pick customers by position, or by a mask."""
        return Predicted(self.quantiles[rows], self.mean[rows], self.none[rows])


def wallet_scores(
    predicted: Predicted, own: ArrayLike, elsewhere: ArrayLike, segment: ArrayLike | None = None
) -> dict[str, float]:
    """Score what was predicted of N customers.

    Parameters
    ----------
    predicted
        With quantiles at :data:`LEVELS`.
    own, elsewhere
        Spend with us and the true C, currency, shape (N,).
    segment
        Labels, shape (N,); without them ``segment_rmse`` is left out.

    Returns
    -------
    dict
        Money is in units of the mean true C.

        - ``pinball_10``, ``_50``, ``_80``, ``_90``: mean quantile loss, (q - 1{C < Q}) (C - Q);
          ``pinball``: the mean of the four.
        - ``coverage_80``, ``coverage_95``: share of true C inside the central interval, see :func:`coverage`.
        - ``below_90``: share with C <= Q.9; ``below_90_own``: what the prediction itself expects, which is
          more than .9 where P(C = 0) is.
        - ``interval_80``, ``interval_95``: interval score, see :func:`interval_score`.
        - ``mae``: mean absolute error of the median, which it is made for; ``rmse``: root mean squared error
          of the mean.
        - ``spearman``: rank correlation of predicted mean and truth; 0 where the prediction ranks nobody.
        - ``top_decile``: true C of the tenth of customers with the highest predicted mean, over that of the
          truly highest tenth.
        - ``total_wallet``: sum of own + predicted mean, over that of own + truth; ``total_elsewhere``: the same
          without own.
        - ``segment_rmse``: root of the mean of ((predicted / true total of the segment) - 1)^2, segments
          weighted by customers; NaN where a segment truly spends nothing elsewhere.

    Raises
    ------
    InputError
        Where something is missing or negative, shapes differ, or nobody spends anything elsewhere.

    Notes
    -----
    Pinball and interval scores are proper (Gneiting and Raftery 2007, JASA 102, sections 6.1 and 6.2).

    Examples
    --------
    >>> quantiles = np.array([[0, 0, 1, 2, 3, 4], [0, 1, 3, 4, 5, 6]], float)
    >>> predicted = Predicted(quantiles, np.array([1.0, 3.0]), np.array([0.2, 0.05]))
    >>> scores = wallet_scores(predicted, [5, 5], [1, 5])
    >>> scores["mae"].__round__(4), scores["total_wallet"], scores["spearman"].__round__(4)
    (0.3333, 0.875, 1.0)
    """
    y, x = np.asarray(elsewhere, np.float64), np.asarray(own, np.float64)
    _check(predicted, x, y)
    unit = y.mean()
    at = dict(zip(LEVELS, predicted.quantiles.T, strict=True))
    pinballs = {f"pinball_{100 * q:.0f}": float(pinball(y, at[q], q).mean() / unit) for q in PINBALL}
    scores = {"pinball": float(np.mean(list(pinballs.values()))), **pinballs}
    for percent, (low, high) in zip(CENTRAL, ((0.1, 0.9), (0.025, 0.975)), strict=True):
        inside = coverage(y, at[low], at[high], predicted.none, (low, high))
        scores[f"coverage_{percent}"] = float(inside.mean())
        width = interval_score(y, at[low], at[high], 1 - percent / 100)
        scores[f"interval_{percent}"] = float(width.mean() / unit)
    mean = predicted.mean
    return {
        **scores,
        "below_90": float((y <= at[0.9]).mean()),
        "below_90_own": float(np.maximum(predicted.none, 0.9).mean()),
        "mae": float(np.abs(y - at[0.5]).mean() / unit),
        "rmse": float(np.sqrt(((y - mean) ** 2).mean()) / unit),
        "spearman": rank_correlation(mean, y),
        "top_decile": float(gains(y, mean, [0.1])[0] / gains(y, y, [0.1])[0]),
        "total_wallet": float((x + mean).sum() / (x + y).sum()),
        "total_elsewhere": float(mean.sum() / y.sum()),
        **({} if segment is None else {"segment_rmse": segment_rmse(y, mean, segment)}),
    }


def pinball(actual: ArrayLike, quantile: ArrayLike, level: float) -> Array:
    """Quantile loss of each, shape (N,).

    Examples
    --------
    >>> pinball([3.0, 1.0], [2.0, 2.0], 0.9).round(3).tolist()
    [0.9, 0.1]
    """
    error = np.asarray(actual, np.float64) - np.asarray(quantile, np.float64)
    return np.maximum(level * error, (level - 1) * error)


def coverage(
    actual: ArrayLike, low: ArrayLike, high: ArrayLike, none: ArrayLike, levels: tuple[float, float]
) -> Array:
    """Probability that the randomised PIT lies between the levels, shape (N,).

    Where C has an atom at 0, as much as P(C = 0) lies on one point, and an interval that begins there covers more
    than its name says. The randomised probability integral transform of C = 0 is uniform on (0, P(C = 0)), and
    uniform on (0, 1) over customers of a calibrated prediction. What is given is its expectation over the
    randomisation, so no random numbers are needed: for C > 0 whether low <= C <= high; for C = 0 the part of
    (0, P(C = 0)) between the levels, and 0 where the prediction rules a 0 out.

    Parameters
    ----------
    actual, low, high
        True C and the quantiles at both levels, shape (N,).
    none
        Predicted probability that C is 0, shape (N,).
    levels
        Lower and upper.

    Notes
    -----
    Smith (1985), Journal of Forecasting 4(3); Czado, Gneiting and Held (2009), Biometrics 65(4).

    Examples
    --------
    Of the atom (0, 0.4) three quarters lie above 0.1:

    >>> coverage([0.0, 2.0, 9.0], [0.0] * 3, [5.0] * 3, [0.4] * 3, (0.1, 0.9)).round(3).tolist()
    [0.75, 1.0, 0.0]
    """
    y, p0 = np.asarray(actual, np.float64), np.asarray(none, np.float64)
    inside = (y >= np.asarray(low)) & (y <= np.asarray(high))
    part = np.clip(p0, *levels) - levels[0]
    return np.where(y > 0, inside, np.divide(part, p0, out=np.zeros_like(p0), where=p0 > 0))


def interval_score(actual: ArrayLike, low: ArrayLike, high: ArrayLike, alpha: float) -> Array:
    """Width of the interval, and 2 / alpha times what lies outside (Winkler 1972), shape (N,).

    Examples
    --------
    >>> interval_score([5.0, 1.0], [2.0, 2.0], [4.0, 4.0], 0.2).tolist()
    [12.0, 12.0]
    """
    y, l, h = (np.asarray(values, np.float64) for values in (actual, low, high))
    return (h - l) + 2 / alpha * (np.maximum(l - y, 0.0) + np.maximum(y - h, 0.0))


def rank_correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's, equal values sharing their mean rank; 0 where all of one side are equal and so rank nobody.

    Examples
    --------
    >>> rank_correlation([1, 2, 3], [10, 30, 20]), rank_correlation([1, 1, 1], [10, 30, 20])
    (0.5, 0.0)
    """
    from scipy.stats import rankdata

    a, b = rankdata(one), rankdata(other)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def segment_rmse(actual: ArrayLike, expected: ArrayLike, segment: ArrayLike) -> float:
    """Relative error of the segments' totals, weighted by customers.

    Examples
    --------
    >>> segment_rmse([1, 1, 2], [1, 2, 2], ["a", "a", "b"]).__round__(4)
    0.4082
    """
    _, codes = np.unique(np.asarray(segment), return_inverse=True)
    true, told = (np.bincount(codes, weights=np.asarray(v, np.float64)) for v in (actual, expected))
    if not true.all():
        return float("nan")
    return float(np.sqrt(np.average((told / true - 1) ** 2, weights=np.bincount(codes))))


def _check(predicted: Predicted, own: Array, elsewhere: Array) -> None:
    n, faults = len(elsewhere), list[Fault]()
    shapes = (predicted.quantiles.shape, predicted.mean.shape, predicted.none.shape, own.shape)
    if shapes != ((n, len(LEVELS)), (n,), (n,), (n,)):
        expected = f"{n} customers, quantiles at {len(LEVELS)} levels"
        faults.append(Fault("predicted", f"shapes {shapes}", expected, "Predict at LEVELS."))
    elif not predicted.known.all():
        missing = int((~predicted.known).sum())
        faults.append(Fault("predicted", "missing", "figures", "Take the known rows only.", missing))
    elif (np.diff(predicted.quantiles, axis=1) < 0).any():
        crossing = int((np.diff(predicted.quantiles, axis=1) < 0).any(axis=1).sum())
        faults.append(Fault("quantiles", "falling", "ascending", "Sort them.", crossing))
    for name, values in (("own", own), ("elsewhere", elsewhere)):
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            examples = tuple(str(value) for value in values[bad][:3])
            fault = Fault(name, "missing or negative", "zero or more", "Repair it.", int(bad.sum()), examples)
            faults.append(fault)
    if not faults and not elsewhere.sum() > 0:
        faults.append(Fault("elsewhere", "no spend", "some spend", "Take a category with competitors."))
    if faults:
        raise InputError(faults)

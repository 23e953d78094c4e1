"""Intervals and tests of shares that were estimated with a known standard error."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import ncx2, norm

Array = NDArray[np.float64]
_LARGE = 1e4


def wilson(share: Array, error: Array, base: Array, level: float) -> tuple[Array, Array]:
    """Interval of Wilson for a share, with the sample size that the standard error speaks of.

    The effective size is p(1 - p) / error², and never more than the respondents there are, so that a share
    estimated at 0 or 1, whose standard error is 0, keeps an honest interval.

    Parameters
    ----------
    share, error, base
        Estimate, standard error and respondents behind it, of one shape.
    level
        Such as 0.95.

    Returns
    -------
    low, high
        NaN where there are no respondents.

    Examples
    --------
    >>> low, high = wilson(np.array([0.0]), np.array([0.0]), np.array([10.0]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0], [0.278])
    """
    z2 = norm.ppf((1 + level) / 2) ** 2
    n = effective_size(share, error, base)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    empty = ~(n > 0)
    low, high = np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def effective_size(share: Array, error: Array, base: Array) -> Array:
    """Respondents of a simple random sample with the same standard error; at most those there are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        told = share * (1 - share) / error**2
    return np.fmin(np.where(np.isfinite(told) & (told > 0), told, np.inf), base)


def ratio_interval(
    first: tuple[Array, Array, Array], second: tuple[Array, Array, Array], correlation: Array
) -> tuple[Array, Array]:
    """Interval of first / second from an interval of each: the method of variance estimates recovery.

    Parameters
    ----------
    first, second
        Estimate, low and high of two quantities that are not negative.
    correlation
        Of the two estimates.

    Returns
    -------
    low, high
        The high end is infinite where the second quantity may be 0.

    Notes
    -----
    Donner and Zou (2012), Statistical Methods in Medical Research 21(4). It needs no logarithm, so shares of
    0 have intervals, too.

    Examples
    --------
    >>> one = (np.array([0.5]), np.array([0.4]), np.array([0.6]))
    >>> low, high = ratio_interval(one, one, np.array([0.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.75], [1.333])
    """
    (a, al, ah), (b, bl, bh) = first, second
    with np.errstate(invalid="ignore", divide="ignore"):
        product = a * b - correlation * (a - al) * (bh - b)
        inside = np.maximum(product**2 - al * bh * (2 * a - al) * (2 * b - bh), 0)
        # Of the two forms of a root of a quadratic equation that which does not divide by nearly 0.
        low = al * (2 * a - al) / (product + np.sqrt(inside))
        product = a * b - correlation * (ah - a) * (b - bl)
        inside = np.maximum(product**2 - ah * bl * (2 * a - ah) * (2 * b - bl), 0)
        high = (product + np.sqrt(inside)) / (bl * (2 * b - bl))
    return np.where(a == 0, 0.0, low), np.where(bl <= 0, np.inf, high)


def rest_test(
    shares: tuple[Array, Array, Array], variance: tuple[Array, Array, Array], bases: tuple[Array, Array]
) -> Array:
    """Test a share against that of all others: the z of two proportions, widened by the design.

    Parameters
    ----------
    shares
        Of the segment, of the rest and of all.
    variance
        Of the segment's share, of the rest's and of their difference.
    bases
        Respondents in the segment and in the rest.

    Returns
    -------
    ndarray
        (p - rest) / error, the error being that of equal shares times the square root of the design effect,
        if that is above 1. For certain membership in a simple random sample it is the textbook's pooled test.
    """
    own, rest, whole = shares
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = own * (1 - own) / bases[0] + rest * (1 - rest) / bases[1]
        effect = np.fmax(np.where(simple > 0, variance[2] / simple, 1.0), 1.0)
        pooled = whole * (1 - whole) * (1 / bases[0] + 1 / bases[1])
        z = (own - rest) / np.sqrt(pooled * effect)
    return np.where((pooled == 0) & (own == rest), 0.0, z)


def false_discovery(p_values: ArrayLike) -> Array:
    """q-values: the smallest rate of false discoveries at which each test counts; NaN stays NaN.

    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57(1).

    Examples
    --------
    >>> false_discovery([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    given = np.asarray(p_values, np.float64)
    out = np.full(given.shape, np.nan)
    there = np.flatnonzero(~np.isnan(given))
    order = there[np.argsort(given[there], kind="stable")]
    scaled = given[order] * len(order) / np.arange(1, len(order) + 1)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return out


def two_sided(z: ArrayLike) -> Array:
    """p-value of a standard normal deviate.

    Examples
    --------
    >>> two_sided([1.959964]).round(4).tolist()
    [0.05]
    """
    return np.asarray(2 * norm.sf(np.abs(z)), np.float64)


def noncentrality(statistic: float, df: int, level: float) -> tuple[float, float]:
    """Interval of the noncentrality of a chi-squared statistic, by inverting its distribution.

    Examples
    --------
    >>> low, high = noncentrality(20.0, 2, 0.95)
    >>> round(low, 2), round(high, 2)
    (5.56, 40.17)
    """
    if statistic > _LARGE:
        # There the root of the statistic is normal around that of the noncentrality, to many digits.
        half = float(norm.ppf((1 + level) / 2))
        return (np.sqrt(statistic) - half) ** 2, (np.sqrt(statistic) + half) ** 2
    return (
        _noncentrality_at(statistic, df, (1 + level) / 2),
        _noncentrality_at(statistic, df, (1 - level) / 2),
    )


def _noncentrality_at(statistic: float, df: int, probability: float) -> float:
    """Noncentrality under which a smaller statistic has this probability; 0 where none does."""
    if statistic <= 0 or ncx2.cdf(statistic, df, 0) <= probability:
        return 0.0
    most = statistic + 10 * np.sqrt(statistic) + 50
    found = brentq(lambda nc: float(ncx2.cdf(statistic, df, nc)) - probability, 0.0, most)
    return float(found)  # pyright: ignore[reportArgumentType]

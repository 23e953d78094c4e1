"""Wallets whose spend elsewhere is known: a hurdle before a Box-Cox normal, and surveys of some customers."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from segmodels.errors import Fault, InputError

Array = NDArray[np.float64]
Mechanism = Literal["random", "own_spend", "outside_spend"]


def simulate_wallets(  # noqa: PLR0913
    n: int,
    rng: np.random.Generator,
    *,
    slope: float = 0.3,
    level: float = 0.0,
    sigma: float = 0.8,
    scale: float = 0.0,
    hurdle: float = -1.5,
    hurdle_slope: float = 0.0,
    nonbuyers: float = 0.1,
    answered: int = 200,
    segments: Sequence[float] = (),
    covariates: Sequence[float] = (),
    own_median: float = 100.0,
    own_sd: float = 1.0,
    mechanism: Mechanism = "random",
) -> pd.DataFrame:
    """Draw own spend of customers, what they spend elsewhere, and whom a survey asks.

    Log own spend y, relative to its median, is normal for buyers and 0 for the others. With probability
    1 / (1 + exp(-hurdle - hurdle_slope y)) a customer spends nothing elsewhere; else the Box-Cox transform of
    spend elsewhere over `own_median` is normal with mean level + segment + coefficients · covariates + slope y
    and standard deviation sigma, above -1 / scale.

    Parameters
    ----------
    n
        Number of customers.
    rng
        Source of randomness.
    slope, level, sigma
        Of spend elsewhere on the transformed scale; sigma > 0.
    scale
        Exponent of the transform, at least 0; 0 is the logarithm.
    hurdle, hurdle_slope
        Log odds to spend nothing elsewhere.
    nonbuyers
        Share of customers without own spend.
    answered
        How many the survey asks.
    segments
        Shift of the level in each segment; all are equally likely. Empty: one segment.
    covariates
        Coefficient of each covariate, which is standard normal.
    own_median, own_sd
        Median of own spend among buyers, and standard deviation of its logarithm.
    mechanism
        Whom the survey asks: at random; or, without replacement, with weights exp(z), z being the standardised
        log(1 + own spend / `own_median`) or log(1 + spend elsewhere / `own_median`). The last can not be told
        from the data.

    Returns
    -------
    pandas.DataFrame
        One row a customer: ``customer_id`` (1 to n), ``own``, ``total`` (spend in the category; null where not
        asked), ``true_elsewhere``, ``segment`` (``"s1"``, ...), ``x1``, ... Money is not rounded.

    Raises
    ------
    InputError
        For counts, shares and scales outside their range.

    Examples
    --------
    >>> frame = simulate_wallets(1000, np.random.default_rng(1), answered=100, covariates=(0.5,))
    >>> frame.columns.to_list(), int(frame["total"].notna().sum())
    (['customer_id', 'own', 'total', 'true_elsewhere', 'segment', 'x1'], 100)
    """
    _refuse(
        [
            ("n", n, n >= 1, "at least 1"),
            ("answered", answered, 0 <= answered <= n, "from 0 to n"),
            ("sigma", sigma, 0 < sigma < np.inf, "a positive number"),
            ("scale", scale, 0 <= scale < np.inf, "0 or more"),
            ("nonbuyers", nonbuyers, 0 <= nonbuyers <= 1, "a share from 0 to 1"),
            ("own_median", own_median, 0 < own_median < np.inf, "a positive number"),
            ("own_sd", own_sd, 0 <= own_sd < np.inf, "0 or more"),
            ("mechanism", mechanism, mechanism in get_args(Mechanism), " or ".join(get_args(Mechanism))),
        ]
    )
    buys = rng.random(n) >= nonbuyers
    y = np.where(buys, own_sd * rng.standard_normal(n), 0.0)
    own = np.where(buys, own_median * np.exp(y), 0.0)
    shift = np.asarray(segments or (0.0,), dtype=np.float64)
    segment = rng.integers(0, len(shift), n)
    x = rng.standard_normal((n, len(covariates)))
    mean = level + shift[segment] + x @ np.asarray(covariates, dtype=np.float64) + slope * y
    z = _truncated(rng, mean, sigma, scale)
    nowhere = rng.random(n) < special.expit(hurdle + hurdle_slope * y)
    elsewhere = np.where(nowhere, 0.0, own_median * special.inv_boxcox(z, scale))
    asked = _asked(rng, answered, _weights(mechanism, own / own_median, elsewhere / own_median))
    frame = {
        "customer_id": np.arange(1, n + 1),
        "own": own,
        "total": np.where(asked, own + elsewhere, np.nan),
        "true_elsewhere": elsewhere,
        "segment": np.array([f"s{i + 1}" for i in range(len(shift))])[segment],
    }
    return pd.DataFrame(frame | {f"x{j + 1}": x[:, j] for j in range(len(covariates))})


def heaped(
    values: ArrayLike, rng: np.random.Generator, units: Sequence[float], share: float | Sequence[float]
) -> Array:
    """Round amounts as people do: some not at all, the others to the unit that comes to their mind.

    Parameters
    ----------
    values
        Amounts, shape (n,), at least 0; NaN stays NaN.
    rng
        Source of randomness.
    units
        Units of rounding, > 0, such as ``(10, 50, 100)``.
    share
        Probability of each unit; one number is spread evenly over them. What is left of 1 is not rounded.

    Returns
    -------
    ndarray
        Shape (n,). An amount below its unit is rounded to the largest unit that it reaches; one that reaches none
        stays as it is, for nobody rounds money spent to nothing.

    Raises
    ------
    InputError
        If shares are no probabilities, or units not positive.

    Examples
    --------
    >>> heaped([123.4, 47.9, 3.2], np.random.default_rng(1), (10.0, 100.0), (0.0, 1.0)).tolist()
    [100.0, 50.0, 3.2]
    """
    unit = np.asarray(units, dtype=np.float64)
    chance = (
        np.full(len(unit), share / max(len(unit), 1))
        if isinstance(share, (int, float))
        else np.asarray(share)
    )
    sound = chance.shape == unit.shape and bool((chance >= 0).all()) and chance.sum() <= 1 + 1e-12
    _refuse(
        [
            ("units", units, bool((unit > 0).all()), "positive numbers"),
            ("share", share, sound, "one number, or one for each unit; together at most 1"),
        ]
    )
    amounts = np.asarray(values, dtype=np.float64)
    ladder, order = np.sort(unit), np.argsort(unit)
    place = np.searchsorted(np.cumsum(chance[order]), rng.random(amounts.shape), side="right")
    reached = np.searchsorted(ladder, amounts, side="right") - 1
    at = np.minimum(place, reached)
    rounds = (place < len(unit)) & (at >= 0) & ~np.isnan(amounts)
    step = np.where(rounds, ladder[np.where(rounds, at, 0)], 1.0) if len(unit) else np.ones(amounts.shape)
    return np.where(rounds, np.rint(amounts / step) * step, amounts)


def _truncated(rng: np.random.Generator, mean: Array, sigma: float, scale: float) -> Array:
    """Draw normals above the bound of the transform, by inversion of the upper tail."""
    lower = -np.inf if scale == 0 else -1.0 / scale
    tail = special.log_ndtr((mean - lower) / sigma) + np.log(1.0 - rng.random(len(mean)))
    return mean - sigma * special.ndtri_exp(tail)


def _weights(mechanism: Mechanism, own: Array, elsewhere: Array) -> Array:
    if mechanism == "random":
        return np.ones(len(own))
    amount = np.log1p(own if mechanism == "own_spend" else elsewhere)
    spread = float(amount.std())
    return np.exp((amount - amount.mean()) / spread) if spread > 0 else np.ones(len(own))


def _asked(rng: np.random.Generator, answered: int, weight: Array) -> NDArray[np.bool_]:
    asked = np.zeros(len(weight), dtype=np.bool_)
    asked[rng.choice(len(weight), answered, replace=False, p=weight / weight.sum())] = True
    return asked


def _refuse(wanted: list[tuple[str, object, bool, str]]) -> None:
    faults = [
        Fault(name, repr(got), expected, "Give another value.")
        for name, got, sound, expected in wanted
        if not sound
    ]
    if faults:
        raise InputError(faults)

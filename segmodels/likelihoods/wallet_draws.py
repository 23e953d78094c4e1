"""Draws of elsewhere spend that belong to a customer and a number: the hurdle, then a truncated error.

One call of Philox gives the three uniforms of a draw: of the hurdle, and one for a normal error by inversion or
two for a t error by Bailey's polar method, T = sqrt(nu (W^(-2 / nu) - 1)) cos(2 pi V), which is exact. A t error below
the lower bound is drawn again from the next counter; where most would lie below, it is found by inversion.

Source: Bailey (1994), Polar generation of random variates with the t-distribution, Math. of Computation 62(206).
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from segmodels.likelihoods import normal, student_t
from segmodels.likelihoods.box_cox import amount_of, scale_of
from segmodels.likelihoods.philox import philox, unit
from segmodels.likelihoods.row_threads import over_rows

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Words = NDArray[np.uint64]

_ZERO, _ONE = np.uint64(0), np.uint64(1)
# Beyond this lower bound, in standard errors, a t error is found by inversion.
_MOSTLY_BELOW = 1.0
_STEPS = 100


@njit(cache=True, nogil=True, error_model="numpy")
def _normal_above(low: float, u: float) -> float:
    """Give the standard normal above `low` at the level u of what is there."""
    if low <= -normal.CERTAIN:
        return -normal.quantile(1.0 - u)
    if low < normal.FAR:
        return max(-normal.quantile((1.0 - u) * normal.above(low)), low)
    wanted = normal.log_above(low) + math.log1p(-u)
    z = math.sqrt(low * low - 2.0 * math.log1p(-u))
    for _ in range(3):
        height = normal.log_above(z)
        z += (height - wanted) * math.exp(height - normal.log_density(z))
    return z


@njit(cache=True, nogil=True, error_model="numpy")
def _t_above(low: float, nu: float, u: float) -> float:
    """Give the t above `low` > 0 at the level u of what is there, by Newton's steps on the logarithm of t.

    The log of the tail is concave in log t: after the first step they come down from the right.
    """
    wanted = student_t.log_above(low, nu)[0] + math.log1p(-u)
    constant = student_t.log_constant(nu)[0]
    log_t = math.log(low)
    for _ in range(_STEPS):
        t = math.exp(log_t)
        height = student_t.log_above(t, nu)[0]
        step = (height - wanted) * math.exp(height - constant - student_t.log_kernel(t, nu)) / t
        log_t += step
        if abs(step) < 1e-14:
            break
    return max(math.exp(log_t), low)


@njit(cache=True, nogil=True, error_model="numpy")
def _polar(nu: float, v: float, w: float) -> float:
    """Make a t of nu degrees of freedom from two uniforms."""
    return math.sqrt(nu * math.expm1(-2.0 / nu * math.log(w))) * math.cos(2.0 * math.pi * v)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    m: FloatArray,
    sigma: FloatArray,
    p0: FloatArray,
    nu: FloatArray,
    lam: float,
    g: float,
    seed: np.uint64,
    keys: Words,
    numbers: Words,
    out: FloatArray,
    first: int,
    last: int,
) -> None:
    lower = scale_of(0.0, lam)
    for i in range(first, last):
        for d in range(numbers.size):
            if math.isnan(m[i, d] + sigma[i, d] + p0[i, d]):
                out[i, d] = math.nan
                continue
            hurdle, one, two, _ = philox(numbers[d], _ZERO, keys[i], _ZERO, seed, _ZERO)
            if unit(hurdle) < p0[i, d]:
                out[i, d] = 0.0
                continue
            low = (lower - m[i, d]) / sigma[i, d]
            if nu[d] == math.inf:
                error = _normal_above(low, unit(one))
            elif low > _MOSTLY_BELOW:
                error = _t_above(low, nu[d], unit(one))
            else:
                error = _polar(nu[d], unit(one), unit(two))
                attempt = _ZERO
                while error <= low:
                    attempt += _ONE
                    _, one, two, _ = philox(numbers[d], _ZERO, keys[i], attempt, seed, _ZERO)
                    error = _polar(nu[d], unit(one), unit(two))
            out[i, d] = g * amount_of(m[i, d] + sigma[i, d] * error, lam)


def draws(
    m: ArrayLike,
    sigma: ArrayLike,
    p0: ArrayLike,
    lam: float,
    g: float,
    seed: int,
    keys: Words,
    numbers: ArrayLike,
    nu: ArrayLike | None = None,
) -> FloatArray:
    """Draw elsewhere spend; the same customer and number give the same draw in every block.

    Parameters
    ----------
    m
        Location on the Box-Cox scale under each draw of the posterior, shape (B, D).
    sigma
        Scale of the error, above 0, shape (B, D), or (D,) for all customers alike.
    p0
        Probability that C is 0, shape (B, D).
    lam, g
        Of the Box-Cox scale, and the money that is 1 on it.
    seed
        From 0 to 2^64 - 1.
    keys
        Of the customers, uint64, shape (B,).
    numbers
        Of the draws, not negative, shape (D,).
    nu
        Degrees of freedom of t errors, shape (D,); infinite ones, and None, are normal errors.

    Returns
    -------
    numpy.ndarray
        Money, shape (B, D); NaN where an argument is.

    Examples
    --------
    >>> keys, half = np.array([5, 6], np.uint64), np.full((2, 3), 0.5)
    >>> both = draws(half, [0.8, 0.8, 0.8], half, 0.0, 100.0, 1, keys, [0, 1, 2])
    >>> bool((both[1:, 2:] == draws(half[1:, 2:], [0.8], half[1:, 2:], 0.0, 100.0, 1, keys[1:], [2])).all())
    True
    """
    m = np.ascontiguousarray(m, dtype=np.float64)
    wide = (np.ascontiguousarray(np.broadcast_to(np.asarray(each, float), m.shape)) for each in (sigma, p0))
    freedom = np.full(m.shape[1], np.inf) if nu is None else np.ascontiguousarray(nu, dtype=np.float64)
    words = np.ascontiguousarray(keys, np.uint64), np.ascontiguousarray(numbers, np.int64).view(np.uint64)
    columns: tuple[Any, ...] = m, *wide, freedom, float(lam), float(g), np.uint64(seed), *words
    out = np.empty(m.shape)
    kernel: Any = _fill
    over_rows(lambda first, last: kernel(*columns, out, first, last), len(out))
    return out

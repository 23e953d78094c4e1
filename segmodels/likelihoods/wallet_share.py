"""What a customer spends elsewhere, given what it spends with us: a hurdle at 0 and Box-Cox amounts beyond it.

Of a customer with own spend Y > 0 let y be log Y, centred, and w a bend of it, such as a square; of one with Y = 0
let both be 0. Elsewhere spend C is 0 with probability p0, and otherwise z = box_cox(C / g; lam) has errors of a
normal or a t distribution:

    logit p0 = hurdle + hurdle_slope y + hurdle_bend w   and   m = level + slope y + bend w    of buyers
    logit p0 = hurdle + nonbuyer_hurdle                  and   m = level + nonbuyer_level      of others
    z = m + sigma exp(spread_slope y) e,   e ~ t_nu (normal at nu = inf),   z > lower = -1 / lam (-inf at lam = 0)

A customer's answer is one of four kinds: C = 0; C > 0 exactly; C in an interval above 0; C in an interval
from 0. Bounds come on the scale of z, and the log-density is of C, by the logarithm of dz / dC.

Sources: Cragg (1971), Econometrica 39(5), for the hurdle; Box and Cox (1964), JRSS B 26(2), for the scale.
"""

import math
from typing import Any

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike

from segmodels.likelihoods import student_t

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

PARAMETERS: tuple[str, ...] = (
    "level",
    "slope",
    "bend",
    "sigma",
    "hurdle",
    "hurdle_slope",
    "hurdle_bend",
    "nonbuyer_level",
    "nonbuyer_hurdle",
    "spread_slope",
    "nu",
)
#: What is known of elsewhere spend: that it is 0; the amount; an interval above 0; an interval from 0.
ZERO, EXACT, BETWEEN, UP_TO = range(4)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _times(slope: float, z: float) -> float:
    """Product that is 0 where the slope is, infinite bounds included."""
    return 0.0 if slope == 0.0 else slope * z


@njit(cache=True, nogil=True, error_model="numpy")
def _between(
    a: float, b: float, sigma: float, nu: float, constant: float, constant_slope: float
) -> tuple[float, float, float, float]:
    """Log-probability of a < z < b for standardised bounds; its derivatives by m, sigma and nu."""
    value, by_nu = student_t.log_between(a, b, nu, constant, constant_slope)
    at_a = math.exp(constant + student_t.log_kernel(a, nu) - value) if a > -math.inf else 0.0
    at_b = math.exp(constant + student_t.log_kernel(b, nu) - value) if b < math.inf else 0.0
    by_m = (at_a - at_b) / sigma
    by_sigma = (_times(at_a, a) - _times(at_b, b)) / sigma
    return value, by_m, by_sigma, by_nu


@njit(cache=True, nogil=True, error_model="numpy")
def _truncated(low: float, sigma: float, nu: float, constant: float) -> tuple[float, float, float, float]:
    """Log of the probability above the standardised lower bound; its derivatives by m, sigma and nu."""
    value, by_nu = student_t.log_above(low, nu)
    at_low = math.exp(constant + student_t.log_kernel(low, nu) - value) / sigma
    return value, at_low, at_low * low, by_nu


@njit(cache=True, nogil=True, error_model="numpy")
def _amount(
    kind: int,
    m: float,
    sigma: float,
    nu: float,
    constant: float,
    constant_slope: float,
    a: float,
    b: float,
    jacobian: float,
    low: float,
) -> tuple[float, float, float, float]:
    """Log-likelihood of an answer given C > 0; its derivatives by m, sigma and nu."""
    u = (a - m) / sigma
    if kind == EXACT:
        slope = student_t.log_kernel_by_z(u, nu)
        value = constant + student_t.log_kernel(u, nu) - math.log(sigma) + jacobian
        by_m, by_sigma = -slope / sigma, -(slope * u + 1.0) / sigma
        by_nu = constant_slope + student_t.log_kernel_by_nu(u, nu)
    else:
        v = (b - m) / sigma
        value, by_m, by_sigma, by_nu = _between(u, v, sigma, nu, constant, constant_slope)
    if low > -math.inf:
        beyond, beyond_m, beyond_sigma, beyond_nu = _truncated((low - m) / sigma, sigma, nu, constant)
        return value - beyond, by_m - beyond_m, by_sigma - beyond_sigma, by_nu - beyond_nu
    return value, by_m, by_sigma, by_nu


@njit(cache=True, nogil=True, error_model="numpy")
def _answer(
    kind: int,
    eta: float,
    m: float,
    sigma: float,
    nu: float,
    constant: float,
    constant_slope: float,
    a: float,
    b: float,
    jacobian: float,
    low: float,
) -> tuple[float, float, float, float, float]:
    """Log-likelihood of an answer; its derivatives by eta = logit p0, m, sigma and nu."""
    small = math.exp(-abs(eta))
    rest = math.log1p(small)
    log_none, log_some = min(eta, 0.0) - rest, min(-eta, 0.0) - rest
    none = 1.0 / (1.0 + small) if eta >= 0.0 else small / (1.0 + small)
    if kind == ZERO:
        return log_none, 1.0 - none, 0.0, 0.0, 0.0
    value, by_m, by_sigma, by_nu = _amount(kind, m, sigma, nu, constant, constant_slope, a, b, jacobian, low)
    if kind != UP_TO:
        return log_some + value, -none, by_m, by_sigma, by_nu
    some = log_some + value
    top = max(log_none, some)
    total = top + math.log(math.exp(log_none - top) + math.exp(some - top))
    share = math.exp(some - total)
    return total, 1.0 - share - none, share * by_m, share * by_sigma, share * by_nu


def _one(
    kind: int,
    y: float,
    w: float,
    buyer: float,
    a: float,
    b: float,
    jacobian: float,
    low: float,
    level: float,
    slope: float,
    bend: float,
    sigma: float,
    hurdle: float,
    hurdle_slope: float,
    hurdle_bend: float,
    nonbuyer_level: float,
    nonbuyer_hurdle: float,
    spread_slope: float,
    nu: float,
) -> float:
    sigma = sigma * math.exp(spread_slope * y)
    m = level + slope * y + bend * w + nonbuyer_level * (1.0 - buyer)
    eta = hurdle + hurdle_slope * y + hurdle_bend * w + nonbuyer_hurdle * (1.0 - buyer)
    constant, constant_slope = student_t.log_constant(nu)
    return _answer(kind, eta, m, sigma, nu, constant, constant_slope, a, b, jacobian, low)[0]


_each: Any = vectorize(["f8(i8" + ", f8" * 18 + ")"], cache=True, nopython=True)(_one)


def log_density(
    kind: ArrayLike,
    y: ArrayLike,
    w: ArrayLike,
    buyer: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    log_jacobian: ArrayLike,
    lower: ArrayLike,
    level: ArrayLike,
    slope: ArrayLike,
    bend: ArrayLike,
    sigma: ArrayLike,
    hurdle: ArrayLike,
    hurdle_slope: ArrayLike,
    hurdle_bend: ArrayLike,
    nonbuyer_level: ArrayLike,
    nonbuyer_hurdle: ArrayLike,
    spread_slope: ArrayLike,
    nu: ArrayLike,
) -> FloatArray:
    """Log-likelihood of the answer of one customer, broadcast.

    Parameters
    ----------
    kind
        0: C = 0. 1: C is known. 2: C lies in an interval above 0. 3: C lies between 0 and a bound.
    y, w
        Log own spend, centred, and its bend; 0 for those who spend nothing.
    buyer
        1 where own spend is above 0, else 0.
    a, b
        z of the bounds: both of the amount for kind 1; a is not read for kind 0, and is `lower` for kind 3.
    log_jacobian
        Log of dz / dC, for kind 1.
    lower
        Where the scale of z ends: -1 / lam, or -inf.
    level, slope, bend, sigma, hurdle, hurdle_slope, hurdle_bend, nonbuyer_level, nonbuyer_hurdle, spread_slope, nu
        Parameters; sigma > 0, nu > 0 or infinite.

    Returns
    -------
    numpy.ndarray
        In the broadcast shape: a log-density of C for kind 1, a log-probability for the others.

    Examples
    --------
    >>> parameters = 0.2, 0.5, 0.1, 0.8, -1.0, 0.3, 0.2, 0.4, 0.6, 0.0, np.inf
    >>> log_density([0, 1], 0.7, 0.0, 1.0, 0.5, 0.5, 0.0, -np.inf, *parameters).round(4)
    array([-1.1642, -1.072 ])
    """
    amount, none = (level, slope, bend, sigma), (hurdle, hurdle_slope, hurdle_bend)
    parameters = *amount, *none, nonbuyer_level, nonbuyer_hurdle, spread_slope, nu
    # Compiled code works out branches that it then leaves aside, with infinite bounds.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_each(kind, y, w, buyer, a, b, log_jacobian, lower, *parameters))


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray,
    kind: IntArray,
    y: FloatArray,
    w: FloatArray,
    buyer: FloatArray,
    a: FloatArray,
    b: FloatArray,
    log_jacobian: FloatArray,
    lower: FloatArray,
    count: FloatArray,
    start: IntArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood of cells sorted by group, and its derivatives.

    Parameters
    ----------
    params
        (G, 11): the parameters of each group, in the order of :data:`PARAMETERS`.
    kind, y, w, buyer, a, b, log_jacobian, lower
        (C,), as of :func:`log_density`.
    count
        (C,) customers in the cell.
    start
        (G + 1,) int64: group g owns the cells ``start[g]:start[g + 1]``.

    Returns
    -------
    float, (G, 11) array
        The value, and the derivative with respect to each group's parameters; by nu it is 0 where nu is infinite.

    Examples
    --------
    >>> params = np.array([[0.2, 0.5, 0.1, 0.8, -1.0, 0.3, 0.2, 0.4, 0.6, 0.0, np.inf]])
    >>> half, none = np.full(2, 0.5), np.zeros(2)
    >>> answers = np.array([0, 1]), np.full(2, 0.7), none, np.ones(2), half, half, none, np.full(2, -np.inf)
    >>> value, gradient = total_and_gradient(params, *answers, np.ones(2), np.array([0, 2]))
    >>> round(value, 4), gradient.shape
    (-2.2362, (1, 11))
    """
    value, gradient = 0.0, np.zeros((params.shape[0], 11))
    for g in range(params.shape[0]):
        level, slope, bend, sigma, hurdle, hurdle_slope, hurdle_bend = params[g, :7]
        nonbuyer_level, nonbuyer_hurdle, fan, nu = params[g, 7:]
        constant, constant_slope = student_t.log_constant(nu)
        to = gradient[g]
        for c in range(start[g], start[g + 1]):
            absent = 1.0 - buyer[c]
            m = level + slope * y[c] + bend * w[c] + nonbuyer_level * absent
            eta = hurdle + hurdle_slope * y[c] + hurdle_bend * w[c] + nonbuyer_hurdle * absent
            wider = math.exp(fan * y[c])
            one, by_eta, by_m, by_sigma, by_nu = _answer(
                kind[c],
                eta,
                m,
                sigma * wider,
                nu,
                constant,
                constant_slope,
                a[c],
                b[c],
                log_jacobian[c],
                lower[c],
            )
            n = count[c]
            value += n * one
            to[0] += n * by_m
            to[1] += n * by_m * y[c]
            to[2] += n * by_m * w[c]
            to[3] += n * by_sigma * wider
            to[4] += n * by_eta
            to[5] += n * by_eta * y[c]
            to[6] += n * by_eta * w[c]
            to[7] += n * by_m * absent
            to[8] += n * by_eta * absent
            to[9] += n * by_sigma * sigma * wider * y[c]
            to[10] += n * by_nu
    return value, gradient


@njit(cache=True, nogil=True, error_model="numpy")
def total(
    params: FloatArray,
    kind: IntArray,
    y: FloatArray,
    w: FloatArray,
    buyer: FloatArray,
    a: FloatArray,
    b: FloatArray,
    log_jacobian: FloatArray,
    lower: FloatArray,
    count: FloatArray,
    start: IntArray,
) -> float:
    """Log-likelihood of cells sorted by group; arguments as in :func:`total_and_gradient`."""
    return total_and_gradient(params, kind, y, w, buyer, a, b, log_jacobian, lower, count, start)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def totals(
    params: FloatArray,
    kind: IntArray,
    y: FloatArray,
    w: FloatArray,
    buyer: FloatArray,
    a: FloatArray,
    b: FloatArray,
    log_jacobian: FloatArray,
    lower: FloatArray,
    count: FloatArray,
    start: IntArray,
) -> FloatArray:
    """Return :func:`total` under each of many draws of the parameters, (D,) from (D, G, 11)."""
    values = np.empty(len(params))
    for d in range(len(params)):
        values[d] = total(params[d], kind, y, w, buyer, a, b, log_jacobian, lower, count, start)
    return values

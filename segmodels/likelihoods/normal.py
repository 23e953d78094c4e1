"""The standard normal distribution, one number at a time, for compiled loops."""

import math
from typing import Any

from numba import njit
from numpy.polynomial import chebyshev
from scipy.special import erfcx

from segmodels.likelihoods.elementary import exp_of_negative

_ROOT_HALF = 0.7071067811865476
_LOG_ROOT_2_PI = 0.9189385332046727
#: Beyond it the complementary error function comes near the smallest double.
FAR = 30.0
#: The probability above it is less than the last bit of 1.
CERTAIN = 9.0

# Wichura (1988), Algorithm AS 241, PPND16: numerators and denominators of the centre, the tails, the far tails.
_CENTRE = (
    (2.5090809287301226727e3, 5.2264952788528545610e3),
    (3.3430575583588128105e4, 2.8729085735721942674e4),
    (6.7265770927008700853e4, 3.9307895800092710610e4),
    (4.5921953931549871457e4, 2.1213794301586595867e4),
    (1.3731693765509461125e4, 5.3941960214247511077e3),
    (1.9715909503065514427e3, 6.8718700749205790830e2),
    (1.3314166789178437745e2, 4.2313330701600911252e1),
    (3.3871328727963666080e0, 1.0),
)
_TAIL = (
    (7.74545014278341407640e-4, 1.05075007164441684324e-9),
    (2.27238449892691845833e-2, 5.47593808499534494600e-4),
    (2.41780725177450611770e-1, 1.51986665636164571966e-2),
    (1.27045825245236838258e0, 1.48103976427480074590e-1),
    (3.64784832476320460504e0, 6.89767334985100004550e-1),
    (5.76949722146069140550e0, 1.67638483018380384940e0),
    (4.63033784615654529590e0, 2.05319162663775882187e0),
    (1.42343711074968357734e0, 1.0),
)
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.04426310338993978564e-15),
    (2.71155556874348757815e-5, 1.42151175831644588870e-7),
    (1.24266094738807843860e-3, 1.84631831751005468180e-5),
    (2.65321895265761230930e-2, 7.86869131145613259100e-4),
    (2.96560571828504891230e-1, 1.48753612908506148525e-2),
    (1.78482653991729133580e0, 1.36929880922735805310e-1),
    (5.46378491116411436990e0, 5.99832206555887937690e-1),
    (6.65790464350110377720e0, 1.0),
)


# Of the tail over the kernel e^(-z^2 / 2): in t = 1 / (1 + z / 5) it is t times a polynomial, to 2e-14.
_PACE = 0.2
_DEGREE = 18


def _scaled_tail(s: Any) -> Any:
    t = 0.5 * (s + 1.0)
    return 0.5 * erfcx((1.0 / t - 1.0) / _PACE * _ROOT_HALF) / t


_SCALED_TAIL = tuple(
    float(c) for c in chebyshev.cheb2poly(chebyshev.chebinterpolate(_scaled_tail, _DEGREE))[::-1]
)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def above_and_kernel(z: float) -> tuple[float, float]:
    """Probability above z, to 2e-14, and e^(-z^2 / 2): plain arithmetic, for loops over many z.

    Examples
    --------
    >>> [round(value, 12) for value in above_and_kernel(1.0)]
    [0.158655253931, 0.606530659713]
    """
    kernel = exp_of_negative(-0.5 * z * z)
    t = 1.0 / (1.0 + _PACE * abs(z))
    s, scaled = 2.0 * t - 1.0, 0.0
    for c in _SCALED_TAIL:
        scaled = scaled * s + c
    tail = scaled * t * kernel
    return (tail if z >= 0.0 else 1.0 - tail), kernel


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def above(z: float) -> float:
    """Probability above z.

    Examples
    --------
    >>> round(above(1.0), 12)
    0.158655253931
    """
    return 0.5 * math.erfc(z * _ROOT_HALF)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def log_density(z: float) -> float:
    """Log-density at z."""
    return -0.5 * z * z - _LOG_ROOT_2_PI


@njit(cache=True, nogil=True, error_model="numpy")
def log_above(z: float) -> float:
    """Log of the probability above z, to the last bits in both tails.

    Examples
    --------
    >>> [round(log_above(z), 9) for z in (-40.0, 0.0, 40.0)]
    [-0.0, -0.693147181, -804.608442014]
    """
    if z > FAR:
        u = 1.0 / (z * z)
        series = 1.0 - u * (1.0 - u * (3.0 - u * (15.0 - u * (105.0 - u * 945.0))))
        return log_density(z) - math.log(z / series)
    if z < 0.0:
        return math.log1p(-above(-z))
    return math.log(above(z))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _ratio(terms: tuple[tuple[float, float], ...], r: float) -> float:
    upper = lower = 0.0
    for over, under in terms:
        upper = upper * r + over
        lower = lower * r + under
    return upper / lower


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def quantile(p: float) -> float:
    """Where the probability below is p, for p in [0, 1].

    Source: Wichura (1988), Algorithm AS 241, Applied Statistics 37(3), 477-484.

    Examples
    --------
    >>> [round(quantile(p), 12) for p in (1e-300, 0.5, 0.975)]
    [-37.047096299361, 0.0, 1.95996398454]
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(_CENTRE, 0.180625 - q * q)
    tail = min(p, 1.0 - p)
    if tail <= 0.0:
        return math.copysign(math.inf, q)
    r = math.sqrt(-math.log(tail))
    z = _ratio(_TAIL, r - 1.6) if r <= 5.0 else _ratio(_FAR_TAIL, r - 5.0)
    return math.copysign(z, q)

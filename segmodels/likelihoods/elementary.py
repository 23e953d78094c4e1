"""exp and log as plain arithmetic, so that the compiler can work on eight numbers of a loop at once.

The library's functions are calls, which keep a loop from being vectorised. These are exact to about
two units in the last place.
"""

import numpy as np
from numba import njit

# 2^52 + 2^51: adding it leaves the nearest integer in the low bits of the sum.
_TO_INTEGER = 6755399441055744.0
_LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first has 32 bits, so that an integer times it is exact.
_LN2, _LN2_REST = 0.6931471803691238, 1.9082149292705877e-10
_BITS_OF_ROOT_HALF = 0x3FE6A09E667F3BCD
_LOWEST = -700.0


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def _twice_atanh(s: float) -> float:
    """Return 2 atanh(s) = log((1 + s) / (1 - s)) for abs(s) < 0.18, by its series."""
    square = s * s
    rest = square * (2 / 19) + 2 / 17
    rest = rest * square + 2 / 15
    rest = rest * square + 2 / 13
    rest = rest * square + 2 / 11
    rest = rest * square + 2 / 9
    rest = rest * square + 2 / 7
    rest = rest * square + 2 / 5
    rest = rest * square + 2 / 3
    return s * square * rest + 2.0 * s


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def log(y: float) -> float:
    """Return the natural logarithm of a positive, normal, finite number.

    Examples
    --------
    >>> [round(log(y), 12) for y in (1e-300, 0.5, 1.0, 10.0)]
    [-690.775527898214, -0.69314718056, 0.0, 2.302585092994]
    """
    bits = np.float64(y).view(np.int64)
    exponent = (bits - _BITS_OF_ROOT_HALF) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    k = np.float64(exponent)
    return k * _LN2 + (_twice_atanh((mantissa - 1.0) / (mantissa + 1.0)) + k * _LN2_REST)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def exp_of_negative(v: float) -> float:
    """Return e^v for v <= 0; below -700 it is e^-700, about 1e-304.

    Examples
    --------
    >>> [round(exp_of_negative(v), 12) for v in (0.0, -1.0, -10.0, -1e300)]
    [1.0, 0.367879441171, 4.539993e-05, 0.0]
    """
    v = max(v, _LOWEST)
    shifted = v * _LOG2_E + _TO_INTEGER
    k = shifted - _TO_INTEGER
    f = (v - k * _LN2) - k * _LN2_REST
    rest = f * (1 / 6227020800) + 1 / 479001600
    rest = rest * f + 1 / 39916800
    rest = rest * f + 1 / 3628800
    rest = rest * f + 1 / 362880
    rest = rest * f + 1 / 40320
    rest = rest * f + 1 / 5040
    rest = rest * f + 1 / 720
    rest = rest * f + 1 / 120
    rest = rest * f + 1 / 24
    rest = rest * f + 1 / 6
    rest = rest * f + 1 / 2
    power = np.int64((np.float64(shifted).view(np.int64) + 1023) << 52).view(np.float64)
    return (rest * f * f + f) * power + power


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def log_one_plus(e: float) -> float:
    """Return log(1 + e) for 0 <= e <= 1.

    Examples
    --------
    >>> [round(log_one_plus(e), 12) for e in (0.0, 0.25, 1.0)]
    [0.0, 0.223143551314, 0.69314718056]
    """
    # Of 1 + e above the root of 2 the half is taken.
    large = e > 0.41421356237309503
    s = (e - 1.0 if large else e) / (e + (3.0 if large else 2.0))
    return _twice_atanh(s) + (0.6931471805599453 if large else 0.0)

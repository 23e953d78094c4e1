"""The one special function of the Pareto/NBD model: the chance of dropping out before the next purchase.

A customer of age ``t`` who is alive and has bought ``x`` times has the purchase rate Gamma(r + x, alpha + t)
and the dropout rate Gamma(s, beta + t).  He never buys again with probability

    h(x, t) = s (alpha+t)^(r+x) (beta+t)^s * integral over u > t of (alpha+u)^-(r+x) (beta+u)^-(s+1),

and the likelihood of a history needs h only at the last purchase and at the end of observation.  The integral
is a hypergeometric function with one parameter equal to 1, so it has Gauss's continued fraction, whose
terms are all positive at a negative argument; of the two equivalent arguments the negative one is taken.
The error is therefore a few rounding errors wherever the parameters lie, and the derivatives come along.

References
----------
Gauss's fraction: NIST Digital Library of Mathematical Functions, 15.7.
The likelihood: Fader and Hardie (2005), "A note on deriving the Pareto/NBD model and related expressions".
"""

import math

from numba import njit

_DIGITS = 34.0  # minus the log of the relative error asked of the fraction without its tail
_SHORT = 48  # pairs that are cheaper to take than to think about
_LONGEST = 200_000


@njit(cache=True, nogil=True, error_model="numpy")
def _pairs(b: float, c: float, y: float, root: float) -> int:
    """Pairs of steps after which the rest of the fraction is below double precision."""
    w = 1.0 / root
    square = w * w
    # the steps grow towards y/4, where a pair shrinks the error by exp(-4 artanh(w)); three terms bound it
    pairs = 1 + int(_DIGITS / (4.0 * w * (1.0 + square * (1.0 / 3.0 + 0.2 * square))))
    if pairs <= _SHORT:
        return pairs
    # a large c shortens the fraction much below the bound, so follow its own factors
    left = _DIGITS + 4.0
    for m in range(1, min(pairs, _LONGEST)):
        d = c + 2.0 * m - 1.0
        even = y * m * (c - b + m - 1.0) / (d * (d - 1.0))
        odd = y * (b + m) * (c + m - 1.0) / (d * (d + 1.0))
        total = 1.0 + even + odd
        spread = math.sqrt(total * total - 4.0 * even * odd)
        left += math.log(4.0 * even * odd / (total + spread) ** 2)
        if left < 0.0:
            return m + 1
    return min(pairs, _LONGEST)


@njit(cache=True, nogil=True, error_model="numpy")
def _fraction(b: float, c: float, y: float) -> float:
    """2F1(1, b; c; -y) for y >= 0."""
    root = math.sqrt(1.0 + y)
    g = 2.0 / (1.0 + root)
    for m in range(_pairs(b, c, y, root), 0, -1):
        d = c + 2.0 * m - 1.0
        scale = y / (d * (d * d - 1.0))
        even = m * (c - b + m - 1.0) * (d + 1.0) * scale
        upper = 1.0 + (b + m) * (c + m - 1.0) * (d - 1.0) * scale * g
        g = upper / (upper + even)
    return 1.0 / (1.0 + b / c * y * g)


@njit(cache=True, nogil=True, error_model="numpy")
def _fraction_gradient(b: float, c: float, y: float) -> tuple[float, float, float, float]:
    """2F1(1, b; c; -y) and its derivatives with respect to b, c and y."""
    root = math.sqrt(1.0 + y)
    g = 2.0 / (1.0 + root)
    g_b = g_c = 0.0
    g_y = -0.25 * g * g / root
    for m in range(_pairs(b, c, y, root), 0, -1):
        d = c + 2.0 * m - 1.0
        scale = 1.0 / (d * (d * d - 1.0))
        lower, higher = scale * (d + 1.0), scale * (d - 1.0)
        even = m * (c - b + m - 1.0) * lower
        odd = (b + m) * (c + m - 1.0) * higher
        even_c = m * lower - even * (2.0 * d - 1.0) * lower
        odd_c = (b + m) * higher - odd * (2.0 * d + 1.0) * higher
        upper = 1.0 + odd * y * g
        upper_b = y * ((c + m - 1.0) * higher * g + odd * g_b)
        upper_c = y * (odd_c * g + odd * g_c)
        upper_y = odd * (g + y * g_y)
        inverse = 1.0 / (upper + even * y)
        square = inverse * inverse
        g = upper * inverse
        g_b = (even * y * upper_b + upper * y * m * lower) * square
        g_c = y * (even * upper_c - upper * even_c) * square
        g_y = even * (y * upper_y - upper) * square
    first = b / c
    f = 1.0 / (1.0 + first * y * g)
    square = f * f
    f_b = -square * y * (g / c + first * g_b)
    f_c = -square * y * first * (g_c - g / c)
    f_y = -square * first * (g + y * g_y)
    return f, f_b, f_c, f_y


@njit(cache=True, nogil=True, error_model="numpy")
def dropout_first(x: float, t: float, r: float, alpha: float, s: float, beta: float) -> float:
    """Probability that a living customer of age t with x purchases drops out before the next purchase.

    Parameters
    ----------
    x, t
        Repeat purchases so far, and the age, in the time unit of ``alpha`` and ``beta``.
    r, alpha, s, beta
        Gamma(r, alpha) purchase rates and Gamma(s, beta) dropout rates; alpha and beta are rates.

    Returns
    -------
    float
        In (0, 1].

    Examples
    --------
    Equal clocks make it a race of two gamma shapes:

    >>> dropout_first(3.0, 20.0, 1.0, 10.0, 4.0, 10.0)
    0.5
    """
    c = r + x + s + 1.0
    if alpha >= beta:
        y = (alpha - beta) / (beta + t)
        return s / (c - 1.0) * (1.0 + y) * _fraction(s + 1.0, c, y)
    return s / (c - 1.0) * _fraction(r + x, c, (beta - alpha) / (alpha + t))


@njit(cache=True, nogil=True, error_model="numpy")
def dropout_first_gradient(
    x: float, t: float, r: float, alpha: float, s: float, beta: float
) -> tuple[float, float, float, float, float]:
    """`dropout_first` and its derivatives with respect to r, alpha, s and beta.

    Parameters
    ----------
    x, t, r, alpha, s, beta
        As in `dropout_first`.

    Returns
    -------
    tuple of five floats
        The value, then the derivatives in the order of the parameters.

    Examples
    --------
    >>> value, *slopes = dropout_first_gradient(3.0, 20.0, 1.0, 10.0, 4.0, 10.0)
    >>> value, len(slopes)
    (0.5, 4)
    """
    shapes = r + x + s
    if alpha >= beta:
        clock = beta + t
        y = (alpha - beta) / clock
        f, f_b, f_c, f_y = _fraction_gradient(s + 1.0, shapes + 1.0, y)
        front = s / shapes * (1.0 + y)
        h = front * f
        h_y = front * f_y + s / shapes * f
        h_r = front * f_c - h / shapes
        h_s = front * (f_b + f_c) + h * (r + x) / (s * shapes)
        return h, h_r, h_y / clock, h_s, -h_y * (1.0 + y) / clock
    clock = alpha + t
    y = (beta - alpha) / clock
    f, f_b, f_c, f_y = _fraction_gradient(r + x, shapes + 1.0, y)
    front = s / shapes
    h = front * f
    h_y = front * f_y
    h_r = front * (f_b + f_c) - h / shapes
    h_s = front * f_c + h * (r + x) / (s * shapes)
    return h, h_r, -h_y * (1.0 + y) / clock, h_s, h_y / clock

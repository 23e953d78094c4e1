"""Tails of a mixture of normals that is cut off below: compiled, for one customer at a time."""

import math
from typing import Any

import numpy as np
from numba import njit

from segmodels.likelihoods import normal

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# Standard errors beyond which the probability above the lower bound is worked out as a logarithm.
_STEEP = 25.0
_LOG_2_PI = 1.8378770664093453


@njit(cache=True, nogil=True, error_model="numpy")
def prepare(
    mean: float,
    var: float,
    sigma: FloatArray,
    mixing: FloatArray,
    lower: float,
    inverse: FloatArray,
    logs: FloatArray,
) -> bool:
    """Fill 1 / s_k and the logarithm of P(Z > lower) over the node's weight; whether any of these is very small."""
    steep = False
    for k in range(sigma.size):
        inverse[k] = 1.0 / math.sqrt(var + sigma[k] * sigma[k])
        low = (lower - mean) * inverse[k]
        logs[k] = normal.log_above(low) if low > -normal.CERTAIN else 0.0
        steep = steep or low > _STEEP
    size = mixing.size
    if size > 1:
        for first in range(0, sigma.size, size):
            law = logs[first : first + size]
            top = law.max()
            law[:] = top + math.log(np.sum(mixing * np.exp(law - top))) - np.log(mixing * size)
    return steep


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def tail(
    z: float, mean: float, inverse: FloatArray, weight: FloatArray, work: FloatArray
) -> tuple[float, float]:
    """Probability above z given C > 0, and the density there, from weights 1 / (K P(Z > lower))."""
    for k in range(inverse.size):
        over, kernel = normal.above_and_kernel((z - mean) * inverse[k])
        work[0, k] = over * weight[k]
        work[1, k] = kernel * weight[k] * inverse[k]
    survival, density = 0.0, 0.0
    for k in range(inverse.size):
        survival += work[0, k]
        density += work[1, k]
    return survival, density * math.exp(-0.5 * _LOG_2_PI)


@njit(cache=True, nogil=True, error_model="numpy")
def steep_tail(z: float, mean: float, inverse: FloatArray, logs: FloatArray) -> tuple[float, float]:
    """Return the same from logarithms, where the lower bound lies far above the mean."""
    survival, density = 0.0, 0.0
    for k in range(inverse.size):
        x = (z - mean) * inverse[k]
        survival += math.exp(normal.log_above(x) - logs[k])
        density += math.exp(normal.log_density(x) - logs[k]) * inverse[k]
    return survival / inverse.size, density / inverse.size


@njit(cache=True, nogil=True, error_model="numpy")
def weigh(logs: FloatArray, weight: FloatArray) -> None:
    """Fill the weights of :func:`tail` from the logarithms of :func:`prepare`."""
    for k in range(logs.size):
        weight[k] = math.exp(-logs[k]) / logs.size

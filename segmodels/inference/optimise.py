"""The mode of a log-density, by quasi-Newton steps and a Newton finish."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

from segmodels.errors import NotConverged

Array = NDArray[np.float64]
Density = Callable[[Array], tuple[float, Array]]

_DECREMENT = 1e-9
# Below this decrement, half a hundredth of a standard deviation, the curvature is not computed again.
_NEAR = 1e-5
# Slope relative to the value at which quasi-Newton steps end; at a hundredth of it they would see rounding.
_SLOPE = 1e-7
_ROUNDING = 1e-14
_ADVICE = (
    "The data may hold too little to tell the parameters apart (few repeat buyers, or no sign of dropout): "
    "look at the counts, add customers or a longer window, or give informative priors."
)


@dataclass(frozen=True)
class Mode:
    """A mode.

    Parameters
    ----------
    point
        Where it is, shape (k,).
    value
        The log-density there.
    precision
        Minus the Hessian, shape (k, k); positive definite.
    decrement
        Half the squared Newton decrement: by how much the value could still rise.
    """

    point: Array
    value: float
    precision: Array
    decrement: float


def precision(density: Density, point: Array) -> Array:
    """Minus the Hessian, by central differences of the gradient, shape (k, k)."""
    step = 1e-4
    rows = []
    for k in range(len(point)):
        ahead, behind = point.copy(), point.copy()
        ahead[k] += step
        behind[k] -= step
        rows.append((density(behind)[1] - density(ahead)[1]) / (2 * step))
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def find_mode(density: Density, starts: list[Array], rough: Density | None = None) -> Mode:
    """Climb from each start in turn until one ends in a mode.

    Parameters
    ----------
    density
        The log-density and its gradient.
    starts
        Points, each of shape (k,).
    rough
        A cheap density of about the same shape. Its mode and curvature, where it has them, are the first
        start: most of the way is then cheap, and the end is the same.

    Raises
    ------
    NotConverged
        Where no start ends in a point with a vanishing gradient and a negative definite Hessian.

    Examples
    --------
    >>> find_mode(lambda u: (-0.5 * float(u @ u), -u), [np.ones(2)]).point.round(6) + 0.0
    array([0., 0.])
    """
    known = None if rough is None else next(filter(None, (_climb(rough, start) for start in starts)), None)
    mode = None if known is None else _climb(density, known.point, known.precision)
    if mode is not None:
        return mode
    for start in starts:
        mode = _climb(density, start)
        if mode is not None:
            return mode
    raise NotConverged(f"No mode was found from {len(starts)} starting points.", _ADVICE)


def _climb(density: Density, start: Array, curvature: Array | None = None) -> Mode | None:
    with np.errstate(over="ignore", invalid="ignore"):
        first = abs(density(start)[0])
    size = max(1.0, first) if np.isfinite(first) else 1.0

    def descent(u: Array) -> tuple[float, Array]:
        value, gradient = density(u)
        if not np.isfinite(value):
            return 1e10, np.zeros_like(u)
        return -value / size, -gradient / size

    options: dict[str, object] = {"gtol": _SLOPE, "maxiter": 500}
    if curvature is not None:
        inverse = size * np.linalg.inv(curvature)
        options["hess_inv0"] = (inverse + inverse.T) / 2
    # A step may go where exp overflows; the value there is not finite, and a shorter step follows.
    with np.errstate(over="ignore", invalid="ignore"):
        point = minimize(descent, start, jac=True, method="BFGS", options=options).x
        return _newton(density, np.asarray(point))


def _newton(density: Density, point: Array, steps: int = 25) -> Mode | None:
    value, gradient = density(point)
    curvature, decrement = np.empty((0, 0)), np.inf
    for _ in range(steps):
        if decrement > _NEAR:
            curvature = precision(density, point)
        try:
            factor = cho_factor(curvature)
        except (LinAlgError, ValueError):
            return None
        step = cho_solve(factor, gradient)
        decrement = 0.5 * float(gradient @ step)
        if decrement < _DECREMENT:
            return Mode(point, value, curvature, decrement)
        length = 1.0
        while length > 1e-4:
            candidate = point + length * step
            new_value, new_gradient = density(candidate)
            if np.isfinite(new_value) and new_value >= value - _ROUNDING * abs(value):
                break
            length /= 2
        else:
            return Mode(point, value, curvature, decrement) if decrement < 1e-4 else None
        point, value, gradient = candidate, new_value, new_gradient
    return None

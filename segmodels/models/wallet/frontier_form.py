"""How WalletFrontier's parameters hang on its unconstrained coordinates.

``share`` is the logit of the mean share m. With a ceiling free below 1, a share is ``s B`` with
``B ~ Beta(a, 1)``, and the coordinate ``ceiling`` moves a and s together so that the mean stays m:

    a = m / (1 - m) (1 + e^c),    s = m + (1 - m) / (1 + e^c)

From own spend alone a is known (by its skewness) and s is not: only the stated m tells it.
"""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.parametrisation import Effect, Parametrisation

Array = NDArray[np.float64]
_SHARE = 2


def frontier_form(count: int, *, ceiling: bool) -> Parametrisation:
    """Make the parametrisation for so many mean shares.

    Examples
    --------
    >>> form = frontier_form(1, ceiling=True)
    >>> form.coordinates, form.parameters
    (('level', 'sigma', 'share', 'ceiling'), ('level', 'sigma', 'a'))
    >>> form.forward(np.array([0.0, 0.0, 0.0, 0.0]), 1.0)
    array([0., 1., 2.])
    """
    each = [f"_{k + 1}" for k in range(count)] if count > 1 else [""]

    def forward(eta: Array, scale: float) -> Array:
        del scale
        values = eta[..., : _SHARE + count].copy()
        values[..., 1:] = np.exp(values[..., 1:])
        if ceiling:
            values[..., _SHARE:] *= 1 + np.exp(eta[..., -1:])
        return values

    def pullback(eta: Array, values: Array, gradient: Array) -> Array:
        result = np.zeros(eta.shape)
        result[..., 0] = gradient[..., 0]
        by_log = gradient[..., 1:] * values[..., 1:]
        result[..., 1 : _SHARE + count] = by_log
        if ceiling:
            result[..., -1] = by_log[..., 1:].sum(axis=-1) / (1 + np.exp(-eta[..., -1]))
        return result

    def inverse(values: Array, scale: float) -> Array:
        del scale
        # parameters do not tell the ceiling: it is put where c = 0
        eta = np.zeros((*values.shape[:-1], _SHARE + count + ceiling))
        eta[..., : _SHARE + count] = values
        eta[..., 1 : _SHARE + count] = np.log(values[..., 1:])
        eta[..., _SHARE : _SHARE + count] -= np.log(2.0) * ceiling
        return eta

    def tensors(eta: Any, scale: float) -> Any:
        del scale
        pt: Any = import_module("pytensor.tensor")
        columns = [eta[:, 0], *(pt.exp(eta[:, k]) for k in range(1, _SHARE + count))]
        if ceiling:
            rise = 1 + pt.exp(eta[:, -1])
            columns[_SHARE:] = [column * rise for column in columns[_SHARE:]]
        return pt.stack(columns, axis=1)

    return Parametrisation(
        likelihood="segmodels.likelihoods.normal_exponential",
        coordinates=(
            "level",
            "sigma",
            *(f"share{name}" for name in each),
            *(("ceiling",) if ceiling else ()),
        ),
        parameters=("level", "sigma", *(f"a{name}" for name in each)),
        forward=forward,
        pullback=pullback,
        inverse=inverse,
        tensors=tensors,
        effects=(Effect("level", 0, 1),),
    )


def shares(u: Array, count: int, *, ceiling: bool) -> tuple[Array, Array]:
    """Give mean share and ceiling, each (..., count), from the base coordinates (..., p).

    Examples
    --------
    >>> shares(np.zeros(4), 1, ceiling=True)
    (array([0.5]), array([0.75]))
    """
    mean = 1 / (1 + np.exp(-u[..., _SHARE : _SHARE + count]))
    if not ceiling:
        return mean, np.ones(mean.shape)
    return mean, mean + (1 - mean) / (1 + np.exp(u[..., _SHARE + count, None]))

"""How WalletShare's parameters hang on its unconstrained coordinates."""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.parametrisation import Effect, Parametrisation
from segmodels.likelihoods.wallet_share import PARAMETERS

Array = NDArray[np.float64]
_SIGMA, _NONE, _NU = (PARAMETERS.index(name) for name in ("sigma", "hurdle", "nu"))
# The variance of the errors exists: a t with fewer degrees of freedom forecasts wallets without bound.
_LEAST_NU = 2.0
EFFECTS = (Effect("level", 0, 1), Effect("slope", 1, 1), Effect("none", _NONE, 1))


def _forward(eta: Array, scale: float) -> Array:
    del scale
    values = np.empty((*eta.shape[:-1], len(PARAMETERS)))
    values[..., : eta.shape[-1]] = eta
    values[..., _SIGMA] = np.exp(eta[..., _SIGMA])
    values[..., _NU] = _LEAST_NU + np.exp(eta[..., _NU]) if eta.shape[-1] > _NU else np.inf
    return values


def _pullback(eta: Array, values: Array, gradient: Array) -> Array:
    result = gradient[..., : eta.shape[-1]].copy()
    result[..., _SIGMA] *= values[..., _SIGMA]
    if eta.shape[-1] > _NU:
        result[..., _NU] *= values[..., _NU] - _LEAST_NU
    return result


def _inverse(values: Array, size: int) -> Array:
    eta = values[..., :size].copy()
    eta[..., _SIGMA] = np.log(values[..., _SIGMA])
    if size > _NU:
        eta[..., _NU] = np.log(values[..., _NU] - _LEAST_NU)
    return eta


def _tensors(eta: Any, size: int) -> Any:
    pt: Any = import_module("pytensor.tensor")
    columns = [eta[:, k] for k in range(_NU)]
    columns[_SIGMA] = pt.exp(columns[_SIGMA])
    columns.append(_LEAST_NU + pt.exp(eta[:, _NU]) if size > _NU else pt.full_like(eta[:, 0], np.inf))
    return pt.stack(columns, axis=1)


def _form(size: int) -> Parametrisation:
    return Parametrisation(
        likelihood="segmodels.likelihoods.wallet_share",
        coordinates=PARAMETERS[:size],
        parameters=PARAMETERS[:size],
        forward=_forward,
        pullback=_pullback,
        inverse=lambda values, scale: _inverse(values, size),  # noqa: ARG005
        tensors=lambda eta, scale: _tensors(eta, size),  # noqa: ARG005
        effects=EFFECTS,
    )


NORMAL_ERRORS = _form(_NU)
T_ERRORS = _form(_NU + 1)

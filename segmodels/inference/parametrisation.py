"""From unconstrained coordinates to the parameters of a likelihood, and back for gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """What shifts one coordinate between groups of customers.

    Parameters
    ----------
    name
        Such as ``"purchase"``.
    coordinate
        Which coordinate it shifts.
    sign
        ``-1`` where a larger coordinate means a smaller quantity of interest, as with a rate parameter.
    """

    name: str
    coordinate: int
    sign: int


@dataclass(frozen=True)
class Parametrisation:
    """How a model's parameters hang on its unconstrained coordinates.

    Parameters
    ----------
    likelihood
        Import path of the likelihood module.
    coordinates
        Names of the unconstrained coordinates, as used for prior keywords, shape (p,).
    parameters
        Names of the likelihood's parameters, in its order, shape (p,).
    forward
        Coordinates (..., p) and the data's scale to parameters (..., p); takes NumPy arrays.
    pullback
        Coordinates, parameters and gradient with respect to the parameters, each (..., p), to the gradient
        with respect to the coordinates.
    inverse
        Parameters (..., p) and scale to coordinates (..., p).
    tensors
        ``forward`` for PyTensor.
    effects
        What covariates and segments may shift.
    """

    likelihood: str
    coordinates: tuple[str, ...]
    parameters: tuple[str, ...]
    forward: Callable[[Array, float], Array]
    pullback: Callable[[Array, Array, Array], Array]
    inverse: Callable[[Array, float], Array]
    tensors: Callable[[Any, float], Any]
    effects: tuple[Effect, ...]


def _beta_geometric(eta: Array, scale: float) -> Array:
    r, alpha, kappa = np.exp(eta[..., 0]), scale * np.exp(eta[..., 1]), np.exp(eta[..., 3])
    stay = 1 / (1 + np.exp(eta[..., 2]))
    drop = 1 / (1 + np.exp(-eta[..., 2]))
    return np.stack([r, alpha, drop * kappa, stay * kappa], axis=-1)


def _beta_geometric_pullback(eta: Array, values: Array, gradient: Array) -> Array:
    del eta
    r, alpha, a, b = (values[..., k] for k in range(4))
    by_r, by_alpha, by_a, by_b = (gradient[..., k] for k in range(4))
    by_phi = (by_a - by_b) * a * b / (a + b)
    return np.stack([by_r * r, by_alpha * alpha, by_phi, by_a * a + by_b * b], axis=-1)


def _beta_geometric_inverse(values: Array, scale: float) -> Array:
    r, alpha, a, b = (values[..., k] for k in range(4))
    return np.stack([np.log(r), np.log(alpha / scale), np.log(a / b), np.log(a + b)], axis=-1)


def _beta_geometric_tensors(eta: Any, scale: float) -> Any:
    pt: Any = import_module("pytensor.tensor")
    kappa = pt.exp(eta[:, 3])
    drop = pt.sigmoid(eta[:, 2]) * kappa
    stay = pt.sigmoid(-eta[:, 2]) * kappa
    return pt.stack([pt.exp(eta[:, 0]), scale * pt.exp(eta[:, 1]), drop, stay], axis=1)


def beta_geometric(likelihood: str) -> Parametrisation:
    """(log r, log alpha, logit phi, log kappa) to (r, alpha, a, b), with phi = a / (a + b), kappa = a + b.

    Examples
    --------
    >>> beta_geometric("segmodels.likelihoods.bg_nbd").forward(np.zeros(4), 10.0)
    array([ 1. , 10. ,  0.5,  0.5])
    """
    return Parametrisation(
        likelihood=likelihood,
        coordinates=("r", "alpha", "phi", "kappa"),
        parameters=("r", "alpha", "a", "b"),
        forward=_beta_geometric,
        pullback=_beta_geometric_pullback,
        inverse=_beta_geometric_inverse,
        tensors=_beta_geometric_tensors,
        effects=(Effect("purchase", 1, -1), Effect("dropout", 2, 1)),
    )


def _pareto(eta: Array, scale: float) -> Array:
    return np.exp(eta) * np.array([1.0, scale, 1.0, scale])


def _pareto_pullback(eta: Array, values: Array, gradient: Array) -> Array:
    del eta
    return values * gradient


def _pareto_inverse(values: Array, scale: float) -> Array:
    return np.log(values / np.array([1.0, scale, 1.0, scale]))


def _pareto_tensors(eta: Any, scale: float) -> Any:
    pt: Any = import_module("pytensor.tensor")
    return pt.exp(eta) * np.array([1.0, scale, 1.0, scale])


PARETO = Parametrisation(
    likelihood="segmodels.likelihoods.pareto_nbd",
    coordinates=("r", "alpha", "s", "beta"),
    parameters=("r", "alpha", "s", "beta"),
    forward=_pareto,
    pullback=_pareto_pullback,
    inverse=_pareto_inverse,
    tensors=_pareto_tensors,
    effects=(Effect("purchase", 1, -1), Effect("dropout", 3, -1)),
)


def _gamma_gamma(eta: Array, scale: float) -> Array:
    return np.exp(eta) * np.array([1.0, 1.0, scale]) + np.array([0.0, 1.0, 0.0])


def _gamma_gamma_pullback(eta: Array, values: Array, gradient: Array) -> Array:
    del eta
    return gradient * (values - np.array([0.0, 1.0, 0.0]))


def _gamma_gamma_inverse(values: Array, scale: float) -> Array:
    return np.log((values - np.array([0.0, 1.0, 0.0])) / np.array([1.0, 1.0, scale]))


def _gamma_gamma_tensors(eta: Any, scale: float) -> Any:
    pt: Any = import_module("pytensor.tensor")
    return pt.exp(eta) * np.array([1.0, 1.0, scale]) + np.array([0.0, 1.0, 0.0])


GAMMA_GAMMA = Parametrisation(
    likelihood="segmodels.likelihoods.gamma_gamma",
    coordinates=("p", "q", "v"),
    parameters=("p", "q", "v"),
    forward=_gamma_gamma,
    pullback=_gamma_gamma_pullback,
    inverse=_gamma_gamma_inverse,
    tensors=_gamma_gamma_tensors,
    effects=(Effect("spend", 2, 1),),
)

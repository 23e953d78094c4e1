"""Coordinates of WalletCounts: logarithms of r, alpha and phi, and the logit of mu."""

from importlib import import_module
from typing import Any

import numpy as np

from segmodels.inference.parametrisation import Effect, Parametrisation
from segmodels.models.wallet.block import Array


def _forward(eta: Array, scale: float) -> Array:
    r, alpha, phi = np.exp(eta[..., 0]), scale * np.exp(eta[..., 1]), np.exp(eta[..., 2])
    return np.stack([r, alpha, phi, 1 / (1 + np.exp(-eta[..., 3]))], axis=-1)


def _pullback(eta: Array, values: Array, gradient: Array) -> Array:
    del eta
    slopes = values.copy()
    slopes[..., 3] *= 1 - values[..., 3]
    return gradient * slopes


def _inverse(values: Array, scale: float) -> Array:
    r, alpha, phi, mu = (values[..., k] for k in range(4))
    return np.stack([np.log(r), np.log(alpha / scale), np.log(phi), np.log(mu / (1 - mu))], axis=-1)


def _tensors(eta: Any, scale: float) -> Any:
    pt: Any = import_module("pytensor.tensor")
    r, alpha, phi = pt.exp(eta[:, 0]), scale * pt.exp(eta[:, 1]), pt.exp(eta[:, 2])
    return pt.stack([r, alpha, phi, pt.sigmoid(eta[:, 3])], axis=1)


NBD_DIRICHLET = Parametrisation(
    likelihood="segmodels.likelihoods.nbd_dirichlet",
    coordinates=("r", "alpha", "phi", "mu"),
    parameters=("r", "alpha", "phi", "mu"),
    forward=_forward,
    pullback=_pullback,
    inverse=_inverse,
    tensors=_tensors,
    effects=(Effect("rate", 1, -1), Effect("share", 3, 1)),
)

"""Class shares, and multinomial logits of membership on covariates."""

import numpy as np
from numpy.typing import NDArray

from segmodels.models.needs.layout import Layout

Array = NDArray[np.float64]
_HALVINGS = 12
_FLOOR = 1e-12


def log_shares(theta: Array, layout: Layout, design: Array) -> Array:
    """Log-probability of each class in each group, shape (G, K), from the design (G, D)."""
    coefficients = theta[: layout.members].reshape(layout.n_classes - 1, layout.width)
    scores = np.hstack([np.zeros((len(design), 1)), design @ coefficients.T])
    scores -= scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def by_class(layout: Layout, members: Array) -> Array:
    """Sum what components hold by class, shape (G, K) from (G, M)."""
    return members.reshape(len(members), layout.n_classes, -1).sum(axis=2)


def maximise(theta: Array, layout: Layout, design: Array, members: Array) -> None:
    """Renew membership in `theta`: exactly without covariates, by a Newton step that does not lower with them."""
    counts = by_class(layout, members)
    if layout.n_classes == 1:
        return
    if layout.width == 1:
        shares = np.maximum(counts.sum(axis=0) / counts.sum(), _FLOOR)
        theta[: layout.members] = np.log(shares[1:] / shares[0])
        return
    log_pi = log_shares(theta, layout, design)
    before = float((counts * log_pi).sum())
    step = np.linalg.solve(_ridged(curvature(counts, log_pi, design)), gradient(counts, log_pi, design))
    start, length = theta[: layout.members].copy(), 1.0
    for _ in range(_HALVINGS):
        theta[: layout.members] = start + length * step
        if float((counts * log_shares(theta, layout, design)).sum()) >= before:
            return
        length /= 2
    theta[: layout.members] = start


def gradient(counts: Array, log_pi: Array, design: Array) -> Array:
    """Gradient of sum counts log pi with respect to the coefficients, shape ((K - 1) D,)."""
    residual = counts - counts.sum(axis=1, keepdims=True) * np.exp(log_pi)
    return (residual[:, 1:].T @ design).ravel()


def curvature(counts: Array, log_pi: Array, design: Array) -> Array:
    """Minus its Hessian, shape ((K - 1) D, (K - 1) D)."""
    pi, n = np.exp(log_pi)[:, 1:], counts.sum(axis=1)
    classes, width = pi.shape[1], design.shape[1]
    out = np.empty((classes, width, classes, width))
    for k in range(classes):
        for l in range(classes):
            spread = n * pi[:, k] * ((k == l) - pi[:, l])
            out[k, :, l, :] = (design * spread[:, None]).T @ design
    return out.reshape(classes * width, classes * width)


def _ridged(matrix: Array) -> Array:
    return matrix + 1e-9 * (1 + np.trace(matrix) / len(matrix)) * np.eye(len(matrix))

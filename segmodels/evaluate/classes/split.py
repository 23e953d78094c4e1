"""From the parameters of K classes to starts for K + 1: one class is split in two."""

import math

import numpy as np
from numpy.typing import NDArray

from segmodels.likelihoods.adjacent_category import ORDINAL
from segmodels.models.needs.layout import Layout
from segmodels.models.needs.ranking_layout import ChoiceLayout

Array = NDArray[np.float64]
# Logits beyond are drawn in: EM steps hardly leave probabilities of almost 0 or 1.
_REACH = 3.0


def split(layout: Layout | ChoiceLayout, theta: Array, k: int, rng: np.random.Generator) -> Array:
    """Split class k: half of it keeps its parameters, the other half becomes the last class, moved at random.

    Parameters
    ----------
    layout
        Of the K classes.
    theta
        Their parameters, shape (P,).
    k
        The class to split.
    rng
        Of the move.

    Returns
    -------
    Array
        Parameters of K + 1 classes.
    """
    if isinstance(layout, ChoiceLayout):
        return _split_choice(layout, theta, k, rng)
    parts = [_membership(theta[: layout.members].reshape(-1, layout.width), k)]
    for kind, size, _, at in layout.table:
        if kind == ORDINAL:
            beta, effect = np.split(theta[at : at + size + layout.n_classes - 2], [size - 1])
            whole = np.concatenate([[0.0], effect])
            parts += [beta, effect, whole[[k]] + rng.normal(0.0, 2.0 / max(size - 1, 1), 1)]
        else:
            block = theta[at : at + layout.n_classes * (size - 1)].reshape(layout.n_classes, size - 1)
            parts += [block.ravel(), _moved(block[k], 1.0, rng)]
    parts.append(theta[layout.style_at[layout.style_at >= 0]])
    for item, at in zip(layout.numbers, layout.numbers_at, strict=True):
        places = theta[at : at + layout.n_classes]
        parts += [places, places[[k]] + rng.normal(0.0, 0.7, 1)]
        if item.scale == "continuous":
            spread = theta[at + layout.n_classes : at + 2 * layout.n_classes]
            parts += [spread, spread[[k]]]
    return np.concatenate(parts)


def _split_choice(layout: ChoiceLayout, theta: Array, k: int, rng: np.random.Generator) -> Array:
    utilities, shares = theta[layout.utility_at], theta[layout.share_at]
    parts = [
        _membership(theta[: layout.members].reshape(-1, layout.width), k),
        utilities.ravel(),
        _moved(utilities[k], 1.0, rng),
        theta[layout.scale_at],
        np.vstack([shares, shares[[k]]]).ravel() if layout.by_class else shares[0],
    ]
    return np.concatenate(parts)


def _membership(free: Array, k: int) -> Array:
    """Halve class k; coefficients from the second class on, (K - 1, D), become K rows of them."""
    width = free.shape[1]
    whole = np.vstack([np.zeros((1, width)), free])
    whole[k, 0] -= math.log(2)
    whole = np.vstack([whole, whole[[k]]])
    return (whole - whole[0])[1:].ravel()


def _moved(values: Array, spread: float, rng: np.random.Generator) -> Array:
    return np.clip(values, -_REACH, _REACH) + rng.normal(0.0, spread, values.shape)

"""Nodes over response styles: standard normals, by Gauss-Hermite quadrature."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Style = Literal["agreement", "extremes"]
STYLES: tuple[Style, ...] = ("agreement", "extremes")


def style_nodes(styles: tuple[Style, ...], nodes: int) -> tuple[Array, Array]:
    """Values of both styles at the nodes, shape (2, Q), and the nodes' probabilities, shape (Q,).

    Examples
    --------
    >>> values, weight = style_nodes(("agreement",), 3)
    >>> values.round(3).tolist(), weight.round(3).tolist()
    ([[-1.732, 0.0, 1.732], [0.0, 0.0, 0.0]], [0.167, 0.667, 0.167])
    """
    if not styles:
        return np.zeros((2, 1)), np.ones(1)
    point, mass = np.polynomial.hermite_e.hermegauss(nodes)
    mass = mass / mass.sum()
    one, none = (point, mass), (np.zeros(1), np.ones(1))
    agreement, extremes = (one if style in styles else none for style in STYLES)
    first, second = np.meshgrid(agreement[0], extremes[0], indexing="ij")
    return np.stack([first.ravel(), second.ravel()]), np.outer(agreement[1], extremes[1]).ravel()

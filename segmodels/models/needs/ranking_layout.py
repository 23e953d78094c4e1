"""Where the parameters of a mixture of utilities stand in theta."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def zero_sum_basis(items: int) -> Array:
    """Orthonormal columns that span the vectors of sum 0 (Helmert's), shape (J, J - 1).

    Coordinates that are independent normals with one variance give utilities whose prior is the same
    whatever the order of the items.

    Examples
    --------
    >>> zero_sum_basis(3).round(4).tolist()
    [[0.7071, 0.4082], [-0.7071, 0.4082], [0.0, -0.8165]]
    """
    columns = np.arange(1, items)
    basis = np.triu(np.ones((items, items - 1)))
    basis[columns, columns - 1] = -columns
    return basis / np.sqrt(columns * (columns + 1))


@dataclass(frozen=True, eq=False)
class ChoiceLayout:
    """K classes with a utility of each item, which S scale classes multiply; a component is a class at a scale.

    theta holds, in this order: membership (K - 1, D), the first class being the reference; utilities (K, J - 1)
    along :func:`zero_sum_basis`, so that those of a class sum to 0; logs of the scales (S - 1), the first scale
    being 1; logits of the shares of scale classes against the first, (S - 1) or by class (K, S - 1).

    Parameters
    ----------
    n_classes, width, n_items, n_scales
        K, D, J and S.
    by_class
        Whether each class has its own shares of scale classes.
    """

    n_classes: int
    width: int
    n_items: int
    n_scales: int = 1
    by_class: bool = False

    @property
    def members(self) -> int:
        """How many parameters membership has."""
        return (self.n_classes - 1) * self.width

    @property
    def _ends(self) -> tuple[int, int, int]:
        """Where utilities, scales and shares of scales end."""
        utilities = self.members + self.n_classes * (self.n_items - 1)
        scales = utilities + self.n_scales - 1
        return utilities, scales, scales + (self.n_classes if self.by_class else 1) * (self.n_scales - 1)

    @property
    def size(self) -> int:
        """P."""
        return self._ends[2]

    @cached_property
    def basis(self) -> Array:
        """Zero-sum basis, shape (J, J - 1)."""
        return zero_sum_basis(self.n_items)

    @cached_property
    def class_of(self) -> Index:
        """Class of each component, shape (M,)."""
        return np.repeat(np.arange(self.n_classes), self.n_scales)

    @cached_property
    def scale_of(self) -> Index:
        """Scale class of each component, shape (M,)."""
        return np.tile(np.arange(self.n_scales), self.n_classes)

    def membership(self, theta: Array) -> Array:
        """Coefficients of membership of all classes, the first 0, shape (K, D)."""
        free = theta[: self.members].reshape(self.n_classes - 1, self.width)
        return np.vstack([np.zeros((1, self.width)), free])

    @property
    def utility_at(self) -> Index:
        """Places of the utilities' coordinates, shape (K, J - 1)."""
        return np.arange(self.members, self._ends[0]).reshape(self.n_classes, self.n_items - 1)

    @property
    def scale_at(self) -> Index:
        """Places of the logs of the scales from the second on, shape (S - 1,)."""
        return np.arange(*self._ends[:2])

    @property
    def share_at(self) -> Index:
        """Places of the logits of each class's shares of scale classes, shape (K, S - 1)."""
        rows = self.n_classes if self.by_class else 1
        places = np.arange(*self._ends[1:]).reshape(rows, self.n_scales - 1)
        return np.broadcast_to(places, (self.n_classes, self.n_scales - 1))

    def utilities(self, theta: Array) -> Array:
        """Utilities of items in classes at a scale of 1, shape (K, J); rows sum to 0."""
        return theta[self.utility_at] @ self.basis.T

    def log_scales(self, theta: Array) -> Array:
        """Log of each scale, the first 0, shape (S,)."""
        return np.concatenate([[0.0], theta[self.scale_at]])

    def log_scale_shares(self, theta: Array) -> Array:
        """Log-probability of each scale class in each class, shape (K, S)."""
        return log_softmax(np.hstack([np.zeros((self.n_classes, 1)), theta[self.share_at]]), axis=1)

    def components(self, theta: Array) -> Array:
        """Utilities in components, shape (M, J)."""
        scaled = np.exp(self.log_scales(theta))[None, :, None] * self.utilities(theta)[:, None, :]
        return scaled.reshape(-1, self.n_items)

    def log_prior(self, theta: Array, design: Array) -> Array:
        """Log-probability of each component in each group, shape (G, M), from the design (G, D)."""
        log_pi = log_softmax(design @ self.membership(theta).T, axis=1)
        return log_pi[:, self.class_of] + self.log_scale_shares(theta).ravel()

    def permute(self, theta: Array, order: Index) -> Array:
        """Give the parameters with class ``order[k]`` in place of class k, and the largest scale first."""
        out = theta.copy()
        coefficients = self.membership(theta)[order]
        out[: self.members] = (coefficients - coefficients[0])[1:].ravel()
        scales, shares = self.log_scales(theta), self.log_scale_shares(theta)[order]
        ranked = np.argsort(-scales, kind="stable")
        out[self.utility_at] = theta[self.utility_at][order] * np.exp(scales[ranked[0]])
        out[self.scale_at] = (scales[ranked] - scales[ranked[0]])[1:]
        out[self.share_at] = (shares[:, ranked] - shares[:, ranked[:1]])[:, 1:]
        return out

"""How an outcome is distributed within a class: parameters of each class's own, none shared.

Every family has the same methods, functions of its parameters theta of shape (K, d):
log-density (N, K), complete-data scores (N, K, d), the maximum under given weights of respondents and
classes, minus the Hessian under such weights (K, d, d), and the figures that are reported, (K, D), with
their Jacobian (K, D, d).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, log_softmax, softmax

Array = NDArray[np.float64]

# Shares, rates and variances (in units of the overall variance) below these count as being at the boundary.
_SHARE, _RATE, _VARIANCE = 1e-6, 1e-8, 1e-6


class Family(Protocol):
    """What the estimators ask of an outcome."""

    @property
    def size(self) -> int:
        """How many parameters a class has, d."""
        ...

    def log_density(self, theta: Array) -> Array:
        """Log f(z | k), shape (N, K)."""
        ...

    def scores(self, theta: Array) -> Array:
        """Gradient of log f(z | k) in the parameters of k, shape (N, K, d)."""
        ...

    def maximise(self, weights: Array) -> Array:
        """Parameters that maximise the log-density under weights (N, K); shape (K, d)."""
        ...

    def information(self, theta: Array, weights: Array) -> Array:
        """Minus the Hessian of the log-density under weights (N, K); shape (K, d, d)."""
        ...

    def figures(self, theta: Array) -> tuple[Array, Array]:
        """Means or shares, shape (K, D), and their Jacobian, shape (K, D, d)."""
        ...

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Which parameters are at a boundary, where no error can be given, shape (K, d)."""
        ...


def _total(weights: Array) -> Array:
    """Weight of each class, shape (K,); an empty one counts as next to nothing."""
    return np.maximum(weights.sum(axis=0), 1e-300)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A number with a mean and a variance of its own in each class; theta is (mean, log sd).

    Parameters
    ----------
    z
        Standardised to mean 0 and variance 1 over everyone, shape (N,). The variance of a class stays above
        a millionth of that.
    centre, spread
        What was subtracted and divided by; means are reported in the units before.

    Examples
    --------
    >>> both = Gaussian(np.array([-1.0, 1.0]), centre=2.0, spread=3.0)
    >>> both.figures(both.maximise(np.ones((2, 1))))[0].tolist()
    [[2.0]]
    """

    z: Array
    centre: float
    spread: float
    size: int = 2

    def log_density(self, theta: Array) -> Array:
        """Log f(z | k), shape (N, K)."""
        scaled = (self.z[:, None] - theta[:, 0]) / np.exp(theta[:, 1])
        return -0.5 * np.log(2 * np.pi) - theta[:, 1] - 0.5 * scaled**2

    def scores(self, theta: Array) -> Array:
        """Gradient, shape (N, K, 2)."""
        sd = np.exp(theta[:, 1])
        scaled = (self.z[:, None] - theta[:, 0]) / sd
        return np.stack([scaled / sd, scaled**2 - 1], axis=2)

    def maximise(self, weights: Array) -> Array:
        """Weighted moments, shape (K, 2)."""
        total = _total(weights)
        mean = self.z @ weights / total
        variance = ((self.z[:, None] - mean) ** 2 * weights).sum(axis=0) / total
        return np.column_stack([mean, 0.5 * np.log(np.maximum(variance, _VARIANCE))])

    def information(self, theta: Array, weights: Array) -> Array:
        """Minus the Hessian, shape (K, 2, 2)."""
        sd = np.exp(theta[:, 1])
        scaled = (self.z[:, None] - theta[:, 0]) / sd
        out = np.empty((len(theta), 2, 2))
        out[:, 0, 0] = weights.sum(axis=0) / sd**2
        out[:, 0, 1] = out[:, 1, 0] = 2 * (weights * scaled).sum(axis=0) / sd
        out[:, 1, 1] = 2 * (weights * scaled**2).sum(axis=0)
        return out

    def figures(self, theta: Array) -> tuple[Array, Array]:
        """Means."""
        jacobian = np.zeros((len(theta), 1, 2))
        jacobian[:, 0, 0] = self.spread
        return self.centre + self.spread * theta[:, :1], jacobian

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Both parameters, where the variance has collapsed."""
        small = np.exp(2 * theta[:, 1]) <= 2 * _VARIANCE
        return np.column_stack([small, small])


@dataclass(frozen=True, eq=False)
class Poisson:
    """A count; theta is the log rate.

    Examples
    --------
    >>> np.exp(Poisson(np.array([1.0, 3.0])).maximise(np.ones((2, 1)))).round(6).tolist()
    [[2.0]]
    """

    z: Array
    size: int = 1

    def log_density(self, theta: Array) -> Array:
        """Log f(z | k), shape (N, K)."""
        return self.z[:, None] * theta[:, 0] - np.exp(theta[:, 0]) - gammaln(self.z + 1)[:, None]

    def scores(self, theta: Array) -> Array:
        """Gradient, shape (N, K, 1)."""
        return (self.z[:, None] - np.exp(theta[:, 0]))[:, :, None]

    def maximise(self, weights: Array) -> Array:
        """Log of the weighted mean, shape (K, 1)."""
        return np.log(np.maximum(self.z @ weights / _total(weights), _RATE))[:, None]

    def information(self, theta: Array, weights: Array) -> Array:
        """Minus the Hessian, shape (K, 1, 1)."""
        return (weights.sum(axis=0) * np.exp(theta[:, 0]))[:, None, None]

    def figures(self, theta: Array) -> tuple[Array, Array]:
        """Means."""
        return np.exp(theta), np.exp(theta)[:, :, None]

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Rates of zero."""
        return np.exp(theta) <= 2 * _RATE


@dataclass(frozen=True, eq=False)
class Categorical:
    """One of C categories; theta holds C logits, of which only differences matter.

    Parameters
    ----------
    dummies
        1 in the column of the category, shape (N, C).

    Examples
    --------
    >>> two = Categorical(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    >>> two.figures(two.maximise(np.ones((3, 1))))[0].round(3).tolist()
    [[0.333, 0.667]]
    """

    dummies: Array

    @property
    def size(self) -> int:
        """C."""
        return self.dummies.shape[1]

    def log_density(self, theta: Array) -> Array:
        """Log f(z | k), shape (N, K)."""
        return self.dummies @ log_softmax(theta, axis=1).T

    def scores(self, theta: Array) -> Array:
        """Gradient, shape (N, K, C)."""
        return self.dummies[:, None, :] - softmax(theta, axis=1)

    def maximise(self, weights: Array) -> Array:
        """Take logs of the weighted shares, shape (K, C)."""
        shares = weights.T @ self.dummies / _total(weights)[:, None]
        return np.log(np.maximum(shares, _SHARE / 10))

    def information(self, theta: Array, weights: Array) -> Array:
        """Minus the Hessian, shape (K, C, C), made regular in the direction that moves nothing."""
        p = softmax(theta, axis=1)
        alone = np.eye(self.size) * p[:, None, :] - p[:, :, None] * p[:, None, :]
        return weights.sum(axis=0)[:, None, None] * (alone + 1 / self.size)

    def figures(self, theta: Array) -> tuple[Array, Array]:
        """Shares."""
        p = softmax(theta, axis=1)
        return p, np.eye(self.size) * p[:, None, :] - p[:, :, None] * p[:, None, :]

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Shares of zero."""
        return softmax(theta, axis=1) <= _SHARE


@dataclass(frozen=True, eq=False)
class Moments:
    """Means of columns, whatever their distribution: what weighting estimates. Theta holds the means.

    Its "density" is minus half the squared distance, so that scores are distances and maxima are means.

    Examples
    --------
    >>> Moments(np.array([[1.0], [3.0]])).maximise(np.ones((2, 1))).tolist()
    [[2.0]]
    """

    columns: Array

    @property
    def size(self) -> int:
        """D."""
        return self.columns.shape[1]

    def log_density(self, theta: Array) -> Array:
        """Minus half the squared distance, shape (N, K)."""
        return -0.5 * (self.scores(theta) ** 2).sum(axis=2)

    def scores(self, theta: Array) -> Array:
        """Distances, shape (N, K, D)."""
        return self.columns[:, None, :] - theta

    def maximise(self, weights: Array) -> Array:
        """Weighted means, shape (K, D). Weights may be negative."""
        return weights.T @ self.columns / weights.sum(axis=0)[:, None]

    def information(self, theta: Array, weights: Array) -> Array:
        """Weights of the classes, shape (K, D, D)."""
        return weights.sum(axis=0)[:, None, None] * np.broadcast_to(
            np.eye(self.size), (len(theta),) + (self.size,) * 2
        )

    def figures(self, theta: Array) -> tuple[Array, Array]:
        """Give the means themselves."""
        return theta, np.broadcast_to(np.eye(self.size), (len(theta), self.size, self.size))

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Nothing is."""
        return np.zeros(theta.shape, np.bool_)

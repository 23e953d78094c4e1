"""Priors on the unconstrained scale: the logarithm of a positive parameter, the logit of a probability.

Time is divided by the mean age of the customers and money by their median spend before a prior sees it,
so no prior has a unit or a currency.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from segmodels.errors import Fault, InputError

Array = NDArray[np.float64]
_POWER = 8


def _require_positive(prior: str, name: str, value: float) -> None:
    if not value > 0:
        raise InputError(Fault(f"{prior}({name}=)", repr(value), "a positive number", "Give a larger one."))


@dataclass(frozen=True)
class Normal:
    """A normal prior.

    Examples
    --------
    >>> Normal(0.0, 1.0).log_density(np.array([0.0]))[0].round(4)
    array([-0.9189])
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require_positive("Normal", "sd", self.sd)

    def log_density(self, u: Array) -> tuple[Array, Array]:
        """Log-density and its derivative, elementwise."""
        z = (u - self.mean) / self.sd
        return -0.5 * z * z - np.log(self.sd) - 0.5 * np.log(2 * np.pi), -z / self.sd

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw from the prior."""
        return rng.normal(self.mean, self.sd, size)

    def variable(self, name: str, shape: tuple[int, ...]) -> Any:
        """Make the PyMC variable."""
        pm: Any = import_module("pymc")
        return pm.Normal(name, self.mean, self.sd, shape=shape)


@dataclass(frozen=True)
class StudentT:
    """Student's t: like :class:`Normal`, with room for surprises."""

    df: float
    mean: float
    scale: float

    def __post_init__(self) -> None:
        _require_positive("StudentT", "df", self.df)
        _require_positive("StudentT", "scale", self.scale)

    def log_density(self, u: Array) -> tuple[Array, Array]:
        """Log-density and its derivative, elementwise."""
        z = (u - self.mean) / self.scale
        constant = gammaln((self.df + 1) / 2) - gammaln(self.df / 2) - 0.5 * np.log(self.df * np.pi)
        value = constant - np.log(self.scale) - (self.df + 1) / 2 * np.log1p(z * z / self.df)
        return value, -(self.df + 1) * z / (self.df + z * z) / self.scale

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw from the prior."""
        return self.mean + self.scale * rng.standard_t(self.df, size)

    def variable(self, name: str, shape: tuple[int, ...]) -> Any:
        """Make the PyMC variable."""
        pm: Any = import_module("pymc")
        return pm.StudentT(name, self.df, self.mean, self.scale, shape=shape)


@dataclass(frozen=True)
class SoftBox:
    """Flat between two bounds, with soft walls: the generalised normal distribution of power eight.

    The density is proportional to exp(-|(u - c) / h|^8), with centre c and half-width h of the box. Within
    the middle half its pull on the mode is below a hundredth of a unit, so where the data speak, the mode is
    that of the likelihood; where they do not, the posterior stays proper and finite.

    Source: Nadarajah (2005), A generalized normal distribution, Journal of Applied Statistics 32(7).

    Examples
    --------
    >>> value, slope = SoftBox(-6.0, 6.0).log_density(np.array([0.0, 1.0, 6.0]))
    >>> slope.round(5)
    array([-0.     , -0.     , -1.33333])
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _require_positive("SoftBox", "high - low", self.high - self.low)

    @property
    def _centre(self) -> float:
        return (self.low + self.high) / 2

    @property
    def _half(self) -> float:
        return (self.high - self.low) / 2

    def log_density(self, u: Array) -> tuple[Array, Array]:
        """Log-density and its derivative, elementwise."""
        z = (u - self._centre) / self._half
        constant = -np.log(2 * self._half) - gammaln(1 + 1 / _POWER)
        return constant - z**_POWER, -_POWER * z ** (_POWER - 1) / self._half

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw from the prior."""
        radius = rng.gamma(1 / _POWER, 1.0, size) ** (1 / _POWER)
        return self._centre + self._half * radius * rng.choice((-1.0, 1.0), size)

    def variable(self, name: str, shape: tuple[int, ...]) -> Any:
        """Make the PyMC variable."""
        pm: Any = import_module("pymc")
        u = pm.Flat(name, shape=shape, initval=np.full(shape, self._centre))
        constant = -np.log(2 * self._half) - gammaln(1 + 1 / _POWER)
        pm.Potential(f"{name}_prior", (constant - ((u - self._centre) / self._half) ** _POWER).sum())
        return u


@dataclass(frozen=True)
class Flat:
    """No prior at all: the mode is the maximum-likelihood estimate, and the posterior may be improper."""

    def log_density(self, u: Array) -> tuple[Array, Array]:
        """Return zero, and a slope of zero."""
        return np.zeros_like(u), np.zeros_like(u)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Refuse: there is nothing to draw from."""
        del rng, size
        raise InputError(
            Fault("prior", "Flat()", "a proper prior to draw from", "Use Normal, StudentT or SoftBox.")
        )

    def variable(self, name: str, shape: tuple[int, ...]) -> Any:
        """Make the PyMC variable."""
        pm: Any = import_module("pymc")
        return pm.Flat(name, shape=shape)


Prior = Normal | StudentT | SoftBox | Flat

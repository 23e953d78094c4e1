"""The posterior of one model on its cells: base parameters, covariate effects, partial pooling."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.design import Design
from segmodels.inference.parametrisation import Effect, Parametrisation
from segmodels.inference.priors import Normal, Prior

Array = NDArray[np.float64]
# Draws that pass over the cells together.
_BLOCK = 64


@dataclass(frozen=True)
class GroupedPosterior:
    """Log-posterior density of the unconstrained coordinates ``u``.

    ``u`` holds, in this order: the p base coordinates; the coefficients of each effect's covariates; and,
    with segments, each effect's shift per segment and then the logarithms of the shifts' standard deviations.

    Parameters
    ----------
    parametrisation
        From coordinates to likelihood parameters.
    priors
        One for each base coordinate, shape (p,).
    coefficient
        Prior of every coefficient of a standardised covariate.
    spread
        Standard deviation of the half-normal prior of the shifts' standard deviations.
    design
        Covariates and segments of the G groups.
    cells
        Arrays of the cells, as the likelihood takes them behind the parameters.
    scale
        The data's unit of time or money, which the coordinates are free of.
    """

    parametrisation: Parametrisation
    priors: tuple[Prior, ...]
    coefficient: Prior
    spread: float
    design: Design
    cells: tuple[NDArray[Any], ...]
    scale: float

    @property
    def base(self) -> int:
        """How many base coordinates there are."""
        return len(self.parametrisation.coordinates)

    @property
    def pooled(self) -> bool:
        """Whether there are segments."""
        return bool(self.design.segments)

    def blocks(self) -> Iterator[tuple[Effect, slice, slice, int]]:
        """Each effect with the places of its coefficients, its shifts and its log standard deviation."""
        effects, segments = self.parametrisation.effects, len(self.design.segments)
        at = self.base
        shifts = at + sum(len(names) for names in self.design.covariates)
        spreads = shifts + len(effects) * segments
        for k, (effect, names) in enumerate(zip(effects, self.design.covariates, strict=True)):
            yield effect, slice(at, at + len(names)), slice(shifts, shifts + segments), spreads + k
            at, shifts = at + len(names), shifts + segments

    @property
    def size(self) -> int:
        """Length of ``u``."""
        *_, (_, _, shifts, spread) = self.blocks()
        return spread + 1 if self.pooled else shifts.stop

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each coordinate."""
        names = list(self.parametrisation.coordinates)
        effects = list(zip(self.parametrisation.effects, self.design.covariates, strict=True))
        names += [f"{effect.name}[{covariate}]" for effect, rows in effects for covariate in rows]
        if self.pooled:
            names += [f"{effect.name}[{label}]" for effect, _ in effects for label in self.design.segments]
            names += [f"{effect.name} sd" for effect, _ in effects]
        return tuple(names)

    def coordinates(self, u: Array, groups: slice | NDArray[np.int64] = slice(None)) -> Array:
        """Coordinates of the groups, shape (..., G, p), from ``u``, shape (..., size)."""
        codes = self.design.codes[groups]
        eta = np.repeat(u[..., None, : self.base], len(codes), axis=-2)
        for k, (effect, coefficients, shifts, _) in enumerate(self.blocks()):
            shift = u[..., coefficients] @ self.design.matrices[k][groups].T
            if self.pooled:
                shift = shift + u[..., shifts][..., codes]
            eta[..., effect.coordinate] += effect.sign * shift
        return eta

    def parameters(self, u: Array, groups: slice | NDArray[np.int64] = slice(None)) -> Array:
        """Likelihood parameters of the groups, shape (..., G, p)."""
        return self.parametrisation.forward(self.coordinates(u, groups), self.scale)

    def sampled(self, customers: int) -> "GroupedPosterior":
        """Return the posterior of a systematic sample, weighted to stand for all.

        Every so many customers of the sorted cells are taken: whoever came first in the data does not matter.
        """
        *histories, count, start = self.cells
        reached = np.cumsum(count)
        each = reached[-1] / customers
        picked = np.searchsorted(reached, (np.arange(customers) + 0.5) * each)
        kept, times = np.unique(picked, return_counts=True)
        cells = (*(column[kept] for column in histories), times * each, np.searchsorted(kept, start))
        return replace(self, cells=cells)

    def log_likelihood(self, u: Array) -> float:
        """Log-likelihood of all customers."""
        likelihood = import_module(self.parametrisation.likelihood)
        return float(likelihood.total(self.parameters(u), *self.cells))

    def log_density(self, u: Array) -> tuple[float, Array]:
        """Log-posterior, up to its constant, and its gradient, shape (size,)."""
        likelihood = import_module(self.parametrisation.likelihood)
        eta = self.coordinates(u)
        values = self.parametrisation.forward(eta, self.scale)
        total, by_parameter = likelihood.total_and_gradient(values, *self.cells)
        by_eta = self.parametrisation.pullback(eta, values, by_parameter)
        prior, gradient = self.log_prior(u)
        gradient[: self.base] += by_eta.sum(axis=0)
        for k, (effect, coefficients, shifts, _) in enumerate(self.blocks()):
            by_shift = effect.sign * by_eta[:, effect.coordinate]
            gradient[coefficients] += by_shift @ self.design.matrices[k]
            if self.pooled:
                gradient[shifts] += np.bincount(self.design.codes, by_shift, len(self.design.segments))
        return float(total + prior), gradient

    def log_densities(self, u: Array, threads: int = 2) -> Array:
        """Log-posteriors of many points, shape (draws,), from ``u``, shape (draws, size)."""
        likelihood = import_module(self.parametrisation.likelihood)

        def values(rows: Array) -> Array:
            return likelihood.totals(np.ascontiguousarray(self.parameters(rows)), *self.cells)

        blocks = [u[first : first + _BLOCK] for first in range(0, len(u), _BLOCK)]
        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate([*pool.map(values, blocks), np.empty(0)]) + self.log_prior(u)[0]

    def log_prior(self, u: Array) -> tuple[Any, Array]:
        """Log-prior, shape (...), and its gradient, shape (..., size), from ``u``, shape (..., size)."""
        total, gradient = np.zeros(u.shape[:-1]), np.zeros(u.shape)
        for k, prior in enumerate(self.priors):
            value, gradient[..., k] = prior.log_density(u[..., k])
            total = total + value
        for _, coefficients, shifts, spread in self.blocks():
            value, gradient[..., coefficients] = self.coefficient.log_density(u[..., coefficients])
            total = total + value.sum(axis=-1)
            if self.pooled:
                log_sd, sd = u[..., spread], np.exp(u[..., spread])
                value, slope = Normal(0.0, 1.0).log_density(u[..., shifts] / sd[..., None])
                total = (
                    total + (value - log_sd[..., None]).sum(axis=-1) - 0.5 * (sd / self.spread) ** 2 + log_sd
                )
                gradient[..., shifts] = slope / sd[..., None]
                gradient[..., spread] = (slope**2 - 1).sum(axis=-1) - (sd / self.spread) ** 2 + 1
        return total, gradient

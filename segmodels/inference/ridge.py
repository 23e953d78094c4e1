"""Where one normal is too simple: a proposal that follows the posterior along the directions that bend.

A few outer directions are walked on a lattice. At each point the rest is maximised, and the height of the
marginal is taken by Laplace's method. The proposal is a mixture with a component at each point: as wide along
the outer directions as the lattice is, tilted as the ridge is, and with the curvature of the rest. The idea is
that of nested Laplace approximations; here it only proposes, and importance weights have the last word.

Source: Rue, Martino and Chopin (2009), Approximate Bayesian inference for latent Gaussian models, JRSS B 71(2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import NotConverged
from segmodels.inference.laplace import at_most
from segmodels.inference.optimise import Density, Mode, find_mode
from segmodels.inference.proposal import Mixture

Array = NDArray[np.float64]
Place = tuple[int, ...]
Inner = Callable[[Array, list[Array]], Mode]

_FAR = 4.0
_SUNK = 4.5
_STEP = 1.2
_DEPTH = 6.5
_MOST = 80
_KERNEL = 0.9
_FLOOR = 0.1


@dataclass(frozen=True)
class Ridge:
    """Coordinates turned so that a few outer directions, in units of their width, come first.

    Parameters
    ----------
    origin
        Where the lattice starts, shape (k,).
    outer
        One column per direction, as long as the posterior is wide there, shape (k, o).
    rest
        A basis of what is left, shape (k, k - o).
    """

    origin: Array
    outer: Array
    rest: Array

    def mode(self, density: Density, z: Array, starts: list[Array]) -> Mode:
        """Mode of the rest, given the outer directions."""
        base = self.origin + self.outer @ z

        def inner(w: Array) -> tuple[float, Array]:
            value, gradient = density(base + self.rest @ w)
            return value, self.rest.T @ gradient

        return find_mode(inner, starts)


def leading(mode: Mode) -> Ridge:
    """Take the direction in which the normal approximation is widest as the outer one.

    Examples
    --------
    >>> leading(Mode(np.zeros(2), 0.0, np.diag([1.0, 0.25]), 0.0)).outer.round(6).tolist()
    [[0.0], [2.0]]
    """
    eigenvalues, vectors = np.linalg.eigh(mode.precision)
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(eigenvalues))])
    vectors = vectors * signs
    return Ridge(mode.point, vectors[:, :1] / np.sqrt(eigenvalues[0]), vectors[:, 1:])


def given(mode: Mode, coordinates: list[int], most: float) -> Ridge:
    """Take some coordinates as the outer directions, in units of their covariance, or of ``most`` if less."""
    size = len(mode.point)
    covariance = np.linalg.inv(mode.precision)[np.ix_(coordinates, coordinates)]
    eigenvalues, vectors = np.linalg.eigh(covariance)
    outer = np.zeros((size, len(coordinates)))
    outer[coordinates] = vectors * np.minimum(np.sqrt(eigenvalues), most)
    rest = np.delete(np.eye(size), coordinates, axis=1)
    return Ridge(mode.point, outer, rest)


def bends(density: Density, ridge: Ridge) -> bool:
    """Say whether the posterior reaches much farther along an outer direction than a normal.

    Four widths from the mode a normal has sunk by eight. Draws from around the mode never see a tail out there,
    and so can not tell.

    Examples
    --------
    >>> normal = lambda u: (-0.5 * float(u @ u), -u)
    >>> bends(normal, leading(find_mode(normal, [np.ones(2)])))
    False
    """
    outer, inner = ridge.outer.shape[1], ridge.rest.shape[1]
    top = _height(ridge.mode(density, np.zeros(outer), [np.zeros(inner)]))
    for z in (*_FAR * np.eye(outer), *-_FAR * np.eye(outer)):
        try:
            if top - _height(ridge.mode(density, z, [np.zeros(inner)])) < _SUNK:
                return True
        except NotConverged:
            return True
    return False


def follow(density: Density, ridge: Ridge, widest: float = 5.0) -> Mixture:
    """Walk the lattice outward while the marginal is high enough, and put a component at each point.

    Parameters
    ----------
    density, ridge
        What to follow, and along which directions.
    widest
        Largest standard deviation of a component in any direction of the rest.

    Raises
    ------
    NotConverged
        Where the rest has no mode at the origin.

    Examples
    --------
    >>> def banana(u):
    ...     gap = u[1] - u[0] ** 2
    ...     return -0.5 * (u[0] ** 2 + 4 * gap**2), np.array([-u[0] + 8 * gap * u[0], -4 * gap])
    >>> mixture = follow(banana, leading(find_mode(banana, [np.zeros(2)])))
    >>> len(mixture.weights) > 5, mixture.centres[np.abs(mixture.centres[:, 0]).argmax(), 1] > 4
    (True, np.True_)
    """
    found = _walk(density, ridge)
    places = sorted(found)
    heights = np.array([_height(found[place]) for place in places])
    weights = np.exp(heights - heights.max())
    weights = (1 - _FLOOR) * weights / weights.sum() + _FLOOR / len(weights)
    centres, roots = [], []
    for place in places:
        mode, z = found[place], _STEP * np.array(place)
        along = ridge.outer + ridge.rest @ _tilt(found, place)
        covariance = (_KERNEL * _STEP) ** 2 * along @ along.T
        covariance += ridge.rest @ np.linalg.inv(at_most(mode, widest).precision) @ ridge.rest.T
        centres.append(ridge.origin + ridge.outer @ z + ridge.rest @ mode.point)
        roots.append(np.linalg.cholesky(covariance))
    return Mixture(np.array(centres), np.array(roots), weights)


def _height(mode: Mode) -> float:
    return mode.value - 0.5 * float(np.linalg.slogdet(mode.precision)[1])


def _walk(density: Density, ridge: Ridge) -> dict[Place, Mode]:
    """Modes of the rest at all lattice points that are reached before the marginal sinks."""
    outer, inner = ridge.outer.shape[1], ridge.rest.shape[1]
    start: Place = (0,) * outer
    found = {start: ridge.mode(density, np.zeros(outer), [np.zeros(inner)])}
    best = _height(found[start])
    queue = [start]
    while queue and len(found) < _MOST:
        here = queue.pop(0)
        if _height(found[here]) < best - _DEPTH:
            continue
        for place in _neighbours(here):
            if place in found:
                continue
            try:
                mode = ridge.mode(density, _STEP * np.array(place), [found[here].point])
            except NotConverged:
                continue
            found[place] = mode
            best = max(best, _height(mode))
            queue.append(place)
    return found


def _neighbours(place: Place) -> list[Place]:
    unit = np.eye(len(place), dtype=np.int64)
    return [
        tuple(int(v) for v in np.array(place) + sign * unit[k])
        for k, sign in product(range(len(place)), (1, -1))
    ]


def _tilt(found: dict[Place, Mode], place: Place) -> Array:
    """How the mode of the rest moves with each outer direction, shape (rest, outer)."""
    columns = []
    for ahead, behind in zip(_neighbours(place)[::2], _neighbours(place)[1::2], strict=True):
        there = [at if at in found else place for at in (ahead, behind)]
        width = sum(at != place for at in there) * _STEP
        columns.append((found[there[0]].point - found[there[1]].point) / max(width, _STEP))
    return np.array(columns).T

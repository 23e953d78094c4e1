"""Steps, gradient, information and scores of a mixture of utilities, were the classes known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.models.needs.membership import curvature
from segmodels.models.needs.membership import gradient as membership_gradient
from segmodels.models.needs.ranking_layout import ChoiceLayout

Array = NDArray[np.float64]
Index = NDArray[np.int64]
_HALVINGS = 12
_FLOOR = 1e-12
# A fall of this part of the value is rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Moments:
    """Expected complete-data log-density of the choices in components, to the second order.

    Parameters
    ----------
    utility
        Where, shape (M, J).
    gradient, information
        With respect to the utilities, shape (M, J) and (M, J, J).
    """

    utility: Array
    gradient: Array
    information: Array


def by_class(layout: ChoiceLayout, values: Array) -> Array:
    """Sum what components hold, along the last axis, by class."""
    return values.reshape(*values.shape[:-1], layout.n_classes, layout.n_scales).sum(axis=-1)


def halve(theta: Array, places: Index, step: Array, value: Callable[[Array], Array], before: Array) -> None:
    """Add to `theta` a step for each of R independent blocks of places, halved until no value falls.

    Parameters
    ----------
    places, step
        Shape (R, p).
    value
        Of the blocks at a trial theta, shape (R,).
    before
        Value of the blocks at theta, shape (R,).
    """
    length, start = np.ones(len(step)), theta[places]
    least = before - _ROUNDING * np.abs(before)
    for halving in range(_HALVINGS):
        theta[places] = start + length[:, None] * step
        fell = ~(value(theta) >= least)
        if not fell.any():
            return
        length[fell] = length[fell] / 2 if halving < _HALVINGS - 1 else 0.0
    theta[places] = start + length[:, None] * step


def renew_membership(theta: Array, layout: ChoiceLayout, design: Array, members: Array) -> None:
    """Renew membership: exactly without covariates, by a Newton step that does not lower with them."""
    if layout.n_classes == 1:
        return
    counts = by_class(layout, members)
    if layout.width == 1:
        shares = np.maximum(counts.sum(axis=0) / counts.sum(), _FLOOR)
        theta[: layout.members] = np.log(shares[1:] / shares[0])
        return

    def expected(trial: Array) -> Array:
        log_pi = log_softmax(design @ layout.membership(trial).T, axis=1)
        return np.array([(counts * log_pi).sum()])

    log_pi = log_softmax(design @ layout.membership(theta).T, axis=1)
    slope = membership_gradient(counts, log_pi, design)
    step = solve(curvature(counts, log_pi, design), slope)
    halve(theta, np.arange(layout.members)[None], step[None], expected, expected(theta))


def renew_scale_shares(theta: Array, layout: ChoiceLayout, members: Array) -> None:
    """Renew the shares of scale classes, which is exact."""
    if layout.n_scales == 1:
        return
    counts = members.sum(axis=0).reshape(layout.n_classes, layout.n_scales)
    if not layout.by_class:
        counts = np.broadcast_to(counts.sum(axis=0), counts.shape)
    counts = np.maximum(counts, _FLOOR)
    theta[layout.share_at] = np.log(counts[:, 1:] / counts[:, :1])


def utility_step(theta: Array, layout: ChoiceLayout, found: Moments) -> Array:
    """Newton step in the coordinates of each class's utilities, shape (K, J - 1)."""
    scale = np.exp(layout.log_scales(theta))[layout.scale_of]
    slope = by_class(layout, (scale[:, None] * found.gradient).T).T @ layout.basis
    bend = by_class(layout, (scale[:, None, None] ** 2 * found.information).transpose(1, 2, 0))
    return np.array(
        [solve(layout.basis.T @ bend[:, :, k] @ layout.basis, slope[k]) for k in range(layout.n_classes)]
    )


def scale_step(theta: Array, layout: ChoiceLayout, found: Moments, precision: float) -> Array:
    """Gauss-Newton step in the logs of the scales, shape (S - 1,)."""
    slope, bend = _scales(layout, found)
    centred = np.eye(layout.n_scales) - 1 / layout.n_scales
    slope = slope - precision * centred @ layout.log_scales(theta)
    return solve((np.diag(bend) + precision * centred)[1:, 1:], slope[1:])


def _scales(layout: ChoiceLayout, found: Moments) -> tuple[Array, Array]:
    """Slope, and curvature without its part from the slope, in the log of each scale, shape (S,)."""
    slope = np.einsum("mj,mj->m", found.gradient, found.utility)
    bend = np.einsum("mi,mij,mj->m", found.utility, found.information, found.utility)
    shape = (layout.n_classes, layout.n_scales)
    return slope.reshape(shape).sum(axis=0), bend.reshape(shape).sum(axis=0)


def solve(matrix: Array, vector: Array) -> Array:
    """Solve with a matrix that has no negative eigenvalue; a trifle on its diagonal keeps flat ones apart."""
    return np.linalg.solve(matrix + 1e-9 * (1 + np.trace(matrix) / len(matrix)) * np.eye(len(matrix)), vector)


def gradient(
    theta: Array, layout: ChoiceLayout, design: Array, members: Array, found: Moments, precision: float
) -> Array:
    """Gradient of sum members log prior + the choices' density + the scales' prior, shape (P,)."""
    out = np.zeros(layout.size)
    if layout.members:
        log_pi = log_softmax(design @ layout.membership(theta).T, axis=1)
        out[: layout.members] = membership_gradient(by_class(layout, members), log_pi, design)
    scale = np.exp(layout.log_scales(theta))[layout.scale_of]
    out[layout.utility_at] = by_class(layout, (scale[:, None] * found.gradient).T).T @ layout.basis
    if layout.n_scales > 1:
        scales = layout.log_scales(theta)
        out[layout.scale_at] = (_scales(layout, found)[0] - precision * (scales - scales.mean()))[1:]
        counts = members.sum(axis=0).reshape(layout.n_classes, layout.n_scales)
        residual = counts - counts.sum(axis=1, keepdims=True) * np.exp(layout.log_scale_shares(theta))
        np.add.at(out, layout.share_at, residual[:, 1:])
    return out


def information(
    theta: Array, layout: ChoiceLayout, design: Array, members: Array, found: Moments, precision: float
) -> Array:
    """Minus the Hessian of the same, shape (P, P)."""
    out = np.zeros((layout.size, layout.size))
    if layout.members:
        log_pi = log_softmax(design @ layout.membership(theta).T, axis=1)
        bend = curvature(by_class(layout, members), log_pi, design)
        out[: layout.members, : layout.members] = bend
    scale = np.exp(layout.log_scales(theta))
    for m, (k, s) in enumerate(zip(layout.class_of, layout.scale_of, strict=True)):
        own, matrix, utility = layout.utility_at[k], found.information[m], found.utility[m]
        out[np.ix_(own, own)] += scale[s] ** 2 * layout.basis.T @ matrix @ layout.basis
        if s:
            at = layout.scale_at[s - 1]
            cross = scale[s] * layout.basis.T @ (matrix @ utility - found.gradient[m])
            out[own, at] += cross
            out[at, own] += cross
            out[at, at] += utility @ matrix @ utility - found.gradient[m] @ utility
    if layout.n_scales > 1:
        prior = precision * (np.eye(layout.n_scales) - 1 / layout.n_scales)
        out[np.ix_(layout.scale_at, layout.scale_at)] += prior[1:, 1:]
        n = members.sum(axis=0).reshape(layout.n_classes, layout.n_scales).sum(axis=1)
        shares = np.exp(layout.log_scale_shares(theta))[:, 1:]
        for k, at in enumerate(layout.share_at):
            out[np.ix_(at, at)] += n[k] * (np.diag(shares[k]) - np.outer(shares[k], shares[k]))
    return out


def scores(
    theta: Array, layout: ChoiceLayout, design: Array, shares: Array, of_utilities: Array
) -> list[tuple[Index, Array]]:
    """Complete-data scores of patterns in each component: places (p,) and gradient (b, p).

    Parameters
    ----------
    design, shares
        Covariates of each pattern and the probabilities of its components, shape (b, D) and (b, M).
    of_utilities
        Gradient with respect to the utilities in components, shape (b, M, J).
    """
    class_shares = by_class(layout, shares)[:, 1:]
    scale, utility = np.exp(layout.log_scales(theta)), layout.components(theta)
    scale_shares = np.exp(layout.log_scale_shares(theta))
    found: list[tuple[Index, Array]] = []
    for m, (k, s) in enumerate(zip(layout.class_of, layout.scale_of, strict=True)):
        residual = (np.arange(1, layout.n_classes) == k) - class_shares
        member = (residual[:, :, None] * design[:, None, :]).reshape(len(design), -1)
        parts = [member, scale[s] * of_utilities[:, m] @ layout.basis]
        places = [np.arange(layout.members), layout.utility_at[k]]
        if s:
            parts.append((of_utilities[:, m] @ utility[m])[:, None])
            places.append(layout.scale_at[s - 1 : s])
        if layout.n_scales > 1:
            own = (np.arange(1, layout.n_scales) == s) - scale_shares[k, 1:]
            parts.append(np.broadcast_to(own, (len(design), layout.n_scales - 1)))
            places.append(layout.share_at[k])
        found.append((np.concatenate(places), np.hstack(parts)))
    return found

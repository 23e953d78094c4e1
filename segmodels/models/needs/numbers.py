"""Continuous items (normal in each class) and counts (Poisson in each class)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segmodels.models.needs.layout import Layout

Array = NDArray[np.float64]
# Of the variance of a standardised number: keeps a class of equal answers from a density without bound.
_LEAST_VARIANCE = 1e-6
_LEAST_RATE = 1e-8


def curves(theta: Array, layout: Layout) -> Array:
    """Coefficients of 1, x and x squared in the log-densities, shape (L, 3, M)."""
    out = np.zeros((len(layout.numbers), 3, len(layout.class_of)))
    for l, (continuous, first, second) in enumerate(_parameters(theta, layout)):
        if continuous:
            precision = np.exp(-2 * second)
            bent = [-second - first**2 * precision / 2, first * precision, -precision / 2]
        else:
            bent = [-np.exp(first), first, np.zeros_like(first)]
        out[l] = np.stack(bent)[:, layout.class_of]
    return out


def _parameters(theta: Array, layout: Layout) -> Iterator[tuple[bool, Array, Array]]:
    """Walk the numbers: continuous or not; means and log standard deviations, or log rates; each (K,)."""
    classes = layout.n_classes
    for item, at in zip(layout.numbers, layout.numbers_at, strict=True):
        continuous = item.scale == "continuous"
        second = theta[at + classes : at + 2 * classes] if continuous else np.empty(0)
        yield continuous, theta[at : at + classes], second


def _by_class(layout: Layout, moments: Array) -> Array:
    """Sum what components hold by class, shape (L, 3, K)."""
    nodes = len(layout.node_weight)
    return moments.reshape(*moments.shape[:-1], layout.n_classes, nodes).sum(axis=-1)


def maximise(theta: Array, layout: Layout, moments: Array) -> None:
    """Renew the parameters of numbers in `theta` from their expected sums, shape (L, 3, M)."""
    summed = _by_class(layout, moments)
    for l, (item, at) in enumerate(zip(layout.numbers, layout.numbers_at, strict=True)):
        n, first, second = summed[l]
        seen = np.maximum(n, 1e-300)
        places = slice(at, at + layout.n_classes)
        if item.scale == "continuous":
            theta[places] = np.where(n > 0, first / seen, theta[places])
            variance = np.where(n > 0, second / seen - theta[places] ** 2, 1.0)
            spread = slice(at + layout.n_classes, at + 2 * layout.n_classes)
            theta[spread] = 0.5 * np.log(np.maximum(variance, _LEAST_VARIANCE))
        else:
            theta[places] = np.log(np.maximum(first / seen, _LEAST_RATE))


def scores(theta: Array, layout: Layout, values: Array, k: int) -> Array:
    """Complete-data scores in class k, in the order of ``Layout.places``, shape (b, parameters)."""
    columns: list[Array] = []
    for l, (continuous, first, second) in enumerate(_parameters(theta, layout)):
        x = values[:, l]
        seen = ~np.isnan(x)
        if continuous:
            z = (x - first[k]) * np.exp(-second[k])
            columns += [np.where(seen, z * np.exp(-second[k]), 0.0), np.where(seen, z**2 - 1, 0.0)]
        else:
            columns.append(np.where(seen, x - np.exp(first[k]), 0.0))
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


def gradient(theta: Array, layout: Layout, moments: Array) -> Array:
    """Gradient of the sum of moments times curves, shape (P,)."""
    out, summed, classes = np.zeros(layout.size), _by_class(layout, moments), layout.n_classes
    for l, (continuous, first, second) in enumerate(_parameters(theta, layout)):
        at, (n, sum_x, sum_xx) = layout.numbers_at[l], summed[l]
        if continuous:
            precision = np.exp(-2 * second)
            out[at : at + classes] = (sum_x - n * first) * precision
            squares = (sum_xx - 2 * first * sum_x + first**2 * n) * precision
            out[at + classes : at + 2 * classes] = squares - n
        else:
            out[at : at + classes] = sum_x - n * np.exp(first)
    return out


def add_information(total: Array, theta: Array, layout: Layout, moments: Array) -> None:
    """Add minus the Hessian of the same to `total` (P, P)."""
    summed, classes = _by_class(layout, moments), layout.n_classes
    for l, (continuous, first, second) in enumerate(_parameters(theta, layout)):
        mean_at = layout.numbers_at[l] + np.arange(classes)
        n, sum_x, sum_xx = summed[l]
        if continuous:
            precision, sd_at = np.exp(-2 * second), mean_at + classes
            gap = 2 * (sum_x - n * first) * precision
            total[mean_at, mean_at] += n * precision
            total[mean_at, sd_at] += gap
            total[sd_at, mean_at] += gap
            total[sd_at, sd_at] += 2 * (sum_xx - 2 * first * sum_x + first**2 * n) * precision
        else:
            total[mean_at, mean_at] += n * np.exp(first)

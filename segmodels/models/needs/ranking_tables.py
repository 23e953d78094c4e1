"""Utilities and shares of choice by class, with standard errors and intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from segmodels.models.needs.ranking_problem import ChoiceProblem

Array = NDArray[np.float64]
Quantity = Callable[[Array], Array]
Bounds = tuple[float, float]
ANYWHERE: Bounds = (-np.inf, np.inf)
_STEP = 1e-5
_TINY = 1e-12
_MOST_DRAWS = 1000


def class_shares(problem: ChoiceProblem, theta: Array) -> Array:
    """Model-implied share of each class, averaged over covariates, shape (K,)."""
    data, layout = problem.data, problem.layout
    weight = np.bincount(data.group, data.weight, len(data.design)) / data.weight.sum()
    shares = weight @ np.exp(layout.log_prior(theta, data.design))
    return np.bincount(layout.class_of, shares, layout.n_classes)


def slopes(quantity: Quantity, theta: Array) -> Array:
    """Central differences of a smooth quantity of shape S with respect to theta, shape (P, *S)."""
    unit = _STEP * np.eye(len(theta))
    return np.array([(quantity(theta + each) - quantity(theta - each)) / (2 * _STEP) for each in unit])


def standard_errors(quantity: Quantity, theta: Array, covariance: Array) -> Array:
    """Take standard errors by the delta method, in the shape of the quantity.

    Examples
    --------
    >>> standard_errors(lambda theta: theta**2, np.array([3.0]), np.array([[0.25]])).round(6)
    array([3.])
    """
    slope = slopes(quantity, theta)
    variance = np.einsum("p...,pq,q...->...", slope, covariance, slope)
    return np.sqrt(np.maximum(variance, 0.0))


def estimates(fit: Any, quantity: Quantity, level: float, bounds: Bounds = ANYWHERE) -> pd.DataFrame:
    """Estimate a quantity of theta at the mode: columns ``value, standard_error, low, high``, one row a value.

    The standard error is by the delta method. Where the fit has draws, the interval holds `level` of them;
    otherwise it is the standard error's, on a scale on which the quantity's bounds are infinite: that of
    logs above a lower bound, that of logits between two.
    """
    value = quantity(fit.theta)
    error = standard_errors(quantity, fit.theta, fit.covariance)
    if len(fit.draws) > 1:
        picked = np.linspace(0, len(fit.draws) - 1, min(_MOST_DRAWS, len(fit.draws))).astype(np.int64)
        every = np.array([quantity(theta) for theta in fit.draws[picked]])
        low, high = np.quantile(every, [(1 - level) / 2, (1 + level) / 2], axis=0)
    else:
        low, high = normal_interval(value, error, level, bounds)
    columns = {"value": value, "standard_error": error, "low": low, "high": high}
    return pd.DataFrame({name: column.ravel() for name, column in columns.items()})


def normal_interval(value: Array, error: Array, level: float, bounds: Bounds) -> tuple[Array, Array]:
    """Give the ends of an interval that stays within its bounds.

    Examples
    --------
    >>> low, high = normal_interval(np.array([1.0]), np.array([1.0]), 0.95, (0.0, np.inf))
    >>> low.round(3), high.round(3)
    (array([0.141]), array([7.099]))
    """
    z = float(norm.ppf(0.5 + level / 2))
    least, most = bounds
    if not np.isfinite(least):
        return value - z * error, value + z * error
    above = np.maximum(value - least, _TINY)
    if not np.isfinite(most):
        factor = np.exp(np.minimum(z * error / above, 700.0))
        return least + above / factor, least + above * factor
    width = most - least
    part = np.clip(above / width, _TINY, 1 - _TINY)
    centre, spread = np.log(part / (1 - part)), z * error / (width * part * (1 - part))
    low, high = (least + width * expit(centre + side * spread) for side in (-1, 1))
    return low, high


def by_item_and_class(fit: Any, figures: pd.DataFrame, name: str) -> pd.DataFrame:
    """Head figures of classes and items, in this order, with ``item, class``; sort by item.

    Parameters
    ----------
    name
        What ``value`` is called.
    """
    items, classes = fit.problem.names, list(fit.names)
    labels = np.array([(item, own) for own in classes for item in items], dtype=object)
    table = figures.rename(columns={"value": name}).assign(item=labels[:, 0], **{"class": labels[:, 1]})
    order = np.arange(len(table)).reshape(len(classes), len(items)).T.ravel()
    columns = ["item", "class", name, "standard_error", "low", "high"]
    return table.loc[order, columns].reset_index(drop=True)


def importance_table(fit: Any, shares: Array) -> pd.DataFrame:
    """Put shares (K, J) of classes beside each other with their average, the most important item first."""
    weight = class_shares(fit.problem, fit.theta)
    index = pd.Index(fit.problem.names, name="item")
    table = pd.DataFrame(shares.T, index=index, columns=list(fit.names))
    table["all"] = shares.T @ weight
    return table.sort_values("all", ascending=False, kind="stable")

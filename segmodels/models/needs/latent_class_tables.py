"""Estimates of a latent class model with standard errors, by the delta method."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from segmodels.models.needs import membership
from segmodels.models.needs.complete_data import directions_of
from segmodels.models.needs.latent_class_problem import LatentClassProblem

Array = NDArray[np.float64]
# Nearer to 0 or 1 than this a probability is at the boundary, where a standard error says little.
_BOUNDARY = 1e-4


def probabilities(problem: LatentClassProblem, theta: Array) -> Array:
    """Probability of each category in each class, styles averaged out, shape (rows, K)."""
    layout = problem.layout
    weighted = np.exp(problem.tables(theta)[0] + layout.log_node)
    return weighted.reshape(layout.rows, layout.n_classes, -1).sum(axis=2)


def item_probabilities(problem: LatentClassProblem, theta: Array) -> tuple[Array, Array]:
    """Probability of each category in each class, styles averaged out.

    Returns
    -------
    probabilities (rows, K), and their gradient (rows, K, P).
    """
    layout = problem.layout
    p, node = np.exp(problem.tables(theta)[0]), np.exp(layout.log_node)
    found = np.zeros((layout.rows, layout.n_classes))
    slope = np.zeros((layout.rows, layout.n_classes, layout.size))
    for j, (_, size, row, _) in enumerate(layout.table):
        rows = np.arange(row, row + size)
        for m, k in enumerate(layout.class_of):
            places, directions = directions_of(layout, j, m)
            own = p[rows, m]
            found[rows, k] += node[m] * own
            slope[np.ix_(rows, [k], places)] += (
                node[m] * (own[:, None] * (directions - own @ directions))[:, None]
            )
    return found, slope


def class_shares(problem: LatentClassProblem, theta: Array) -> tuple[Array, Array]:
    """Model-implied share of each class (K,), averaged over covariates, and its gradient (K, P)."""
    layout, design = problem.layout, problem.data.design
    weight = np.bincount(problem.data.group, problem.data.weight, len(design)) / problem.data.weight.sum()
    pi = np.exp(membership.log_shares(theta, layout, design))
    slope = np.zeros((layout.n_classes, layout.size))
    for l in range(1, layout.n_classes):
        places = np.arange((l - 1) * layout.width, l * layout.width)
        for k in range(layout.n_classes):
            change = weight * pi[:, k] * ((k == l) - pi[:, l])
            slope[k, places] = change @ design
    return weight @ pi, slope


def with_errors(
    frame: pd.DataFrame, value: Array, slope: Array, covariance: Array, level: float
) -> pd.DataFrame:
    """Add a probability, its standard error, an interval on the scale of logits, and a mark at the boundary.

    Parameters
    ----------
    frame
        One row a probability.
    value, slope
        Shape (n,) and (n, P).
    """
    se = np.sqrt(np.maximum(np.einsum("ip,pq,iq->i", slope, covariance, slope), 0.0))
    inside = np.clip(value, 1e-12, 1 - 1e-12)
    z = norm.ppf(0.5 + level / 2)
    centre, spread = np.log(inside / (1 - inside)), z * se / (inside * (1 - inside))
    boundary = (value < _BOUNDARY) | (value > 1 - _BOUNDARY)
    low, high = (1 / (1 + np.exp(-np.clip(centre + side * spread, -700, 700))) for side in (-1, 1))
    return frame.assign(
        probability=value,
        standard_error=np.where(boundary, np.nan, se),
        low=np.where(boundary, 0.0, low),
        high=np.where(boundary, 1.0, high),
        boundary=boundary,
    )


def _rows(problem: LatentClassProblem, names: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (item.name, text, name)
        for item in problem.layout.items
        for text in item.category_texts
        for name in names
    ]
    return pd.DataFrame(rows, columns=["item", "category", "class"])


def of_draws(frame: pd.DataFrame, draws: Array, level: float) -> pd.DataFrame:
    """Add the posterior mean of a probability, its standard deviation and interval, from draws (S, n)."""
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    mean = draws.mean(axis=0)
    return frame.assign(
        probability=mean,
        standard_error=draws.std(axis=0, ddof=1),
        low=low,
        high=high,
        boundary=(mean < _BOUNDARY) | (mean > 1 - _BOUNDARY),
    )


def profile_draws(
    problem: LatentClassProblem, posterior: Array, names: tuple[str, ...], level: float
) -> pd.DataFrame:
    """Tabulate as :func:`profile_table`, from draws of shape (S, rows, K)."""
    return of_draws(_rows(problem, names), posterior.reshape(len(posterior), -1), level)


def profile_table(
    problem: LatentClassProblem, theta: Array, covariance: Array, names: tuple[str, ...], level: float
) -> pd.DataFrame:
    """Tabulate ``item, category, class, probability, standard_error, low, high, boundary``."""
    value, slope = item_probabilities(problem, theta)
    flat = slope.reshape(-1, problem.layout.size)
    return with_errors(_rows(problem, names), value.ravel(), flat, covariance, level)


def share_table(
    problem: LatentClassProblem, theta: Array, covariance: Array, names: tuple[str, ...], level: float
) -> pd.DataFrame:
    """Tabulate ``class, probability, standard_error, low, high, boundary`` of the class shares."""
    value, slope = class_shares(problem, theta)
    return with_errors(pd.DataFrame({"class": list(names)}), value, slope, covariance, level)


def number_table(
    problem: LatentClassProblem, theta: Array, covariance: Array, names: tuple[str, ...], level: float
) -> pd.DataFrame:
    """Tabulate ``item, class, mean, standard_error, low, high, sd`` in the units of the answers."""
    layout, known, rows = problem.layout, problem.coding, []
    z = norm.ppf(0.5 + level / 2)
    for l, (item, at) in enumerate(zip(layout.numbers, layout.numbers_at, strict=True)):
        for k, name in enumerate(names):
            first, error = theta[at + k], np.sqrt(max(covariance[at + k, at + k], 0.0))
            if item.scale == "continuous":
                mean, se = known.mean[l] + known.sd[l] * first, known.sd[l] * error
                sd = known.sd[l] * np.exp(theta[at + layout.n_classes + k])
                low, high = mean - z * se, mean + z * se
            else:
                mean = np.exp(first)
                se, sd = mean * error, np.sqrt(mean)
                low, high = mean * np.exp(-z * error), mean * np.exp(z * error)
            rows.append((item.name, name, mean, se, low, high, sd))
    return pd.DataFrame(rows, columns=["item", "class", "mean", "standard_error", "low", "high", "sd"])


def style_table(problem: LatentClassProblem, theta: Array, covariance: Array, level: float) -> pd.DataFrame:
    """Tabulate ``style, loading, standard_error, low, high``; a loading is a standard deviation of log-odds."""
    z, rows = norm.ppf(0.5 + level / 2), []
    for style, at in zip(("agreement", "extremes"), problem.layout.style_at, strict=True):
        if at >= 0:
            value, se = abs(float(theta[at])), float(np.sqrt(max(covariance[at, at], 0.0)))
            rows.append((style, value, se, max(value - z * se, 0.0), value + z * se))
    return pd.DataFrame(rows, columns=["style", "loading", "standard_error", "low", "high"])


def coefficient_table(
    problem: LatentClassProblem,
    theta: Array,
    covariance: Array,
    names: tuple[str, ...],
    reference: int,
    level: float,
) -> pd.DataFrame:
    """Tabulate the multinomial logits of membership, per unit of the covariates, against a reference class.

    Columns ``class, covariate, coefficient, standard_error, z, p, low, high, odds_ratio``.
    """
    layout, known = problem.layout, problem.coding
    z, rows = norm.ppf(0.5 + level / 2), []
    scaled = np.diag(np.concatenate([[1.0], 1 / known.scale])) if layout.width > 1 else np.eye(1)
    if layout.width > 1:
        scaled[0, 1:] = -known.centre / known.scale
    for k, name in enumerate(names):
        if k == reference:
            continue
        picks = np.zeros((layout.width, layout.size))
        for place, sign in ((k, 1.0), (reference, -1.0)):
            if place:
                picks[:, (place - 1) * layout.width : place * layout.width] += sign * scaled
        value = picks @ theta
        errors = np.sqrt(np.maximum(np.einsum("ip,pq,iq->i", picks, covariance, picks), 0.0))
        for column, coefficient, se in zip(("constant", *known.columns), value, errors, strict=True):
            score = coefficient / se if se > 0 else np.nan
            p = 2 * norm.sf(abs(score))
            ends = (coefficient - z * se, coefficient + z * se)
            rows.append((name, column, coefficient, se, score, p, *ends, np.exp(coefficient)))
    columns = ["class", "covariate", "coefficient", "standard_error", "z", "p", "low", "high", "odds_ratio"]
    return pd.DataFrame(rows, columns=columns)

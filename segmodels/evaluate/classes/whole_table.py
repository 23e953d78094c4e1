"""The whole table of answer patterns: G² and X², beside what the model expects."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import chi2

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Codes, Components

Array = NDArray[np.float64]
_MOST_CELLS = 100_000
_TOLERANCE = 1e-12
_STEPS = 10_000


def whole_table(components: Components, codes: Codes, weight: Array, parameters: int) -> pd.Series:
    """Compare the table of all answer patterns with what a mixture expects.

    Parameters
    ----------
    components
        The mixture.
    codes
        Positions of categories, -1 where missing, shape (N, J).
    weight
        Shape (N,).
    parameters
        How many were fitted.

    Returns
    -------
    Series
        See :func:`~segmodels.evaluate.classes.residuals.goodness_of_fit`.
    """
    sizes = tuple(item.size for item in components.items)
    cells = math.prod(sizes)
    if cells > _MOST_CELLS:
        advice = "Look at bivariate_residuals(fit), which need no table of all patterns."
        raise InputError(Fault("fit", f"{cells:,} answer patterns", f"at most {_MOST_CELLS:,}", advice))
    n = float(weight.sum())
    every = np.array(np.unravel_index(np.arange(cells), sizes)).T
    expected = n * np.exp(components.log_joint(every)).sum(axis=1)
    observed = n * _saturated(codes, weight, sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.where((expected == 0) & (observed == 0), 0.0, (observed - expected) ** 2 / expected)
        ratio = np.where(observed > 0, observed / expected, 1.0)
    df = min(cells - 1, round(n)) - parameters
    deviance, squares = float(2 * xlogy(observed, ratio).sum()), float(pearson.sum())
    return pd.Series(
        {
            "G2": deviance,
            "X2": squares,
            "df": float(df),
            "p_G2": float(chi2.sf(deviance, df)) if df > 0 else math.nan,
            "p_X2": float(chi2.sf(squares, df)) if df > 0 else math.nan,
            "dissimilarity": float(np.abs(observed - expected).sum() / (2 * n)),
            "cells": float(cells),
            "n": n,
        }
    )


def _saturated(codes: Codes, weight: Array, sizes: tuple[int, ...]) -> Array:
    """Shares of all patterns without a model; where answers are missing by maximum likelihood, shape (cells,)."""
    complete = (codes >= 0).all(axis=1)
    cells = math.prod(sizes)
    places = np.ravel_multi_index(tuple(codes[complete].T.astype(np.intp)), sizes)
    known = np.bincount(places, weight[complete], cells).reshape(sizes)
    if complete.all():
        return (known / weight.sum()).ravel()
    tables = _partial_tables(codes[~complete], weight[~complete], sizes)
    # An EM algorithm over the cells: those of partial patterns are shared out as the cells now stand.
    share = np.full(sizes, 1 / cells)
    for _ in range(_STEPS):
        counts = known.copy()
        for axes, table in tables:
            margin = share.sum(axis=axes, keepdims=True)
            counts += share * np.divide(table, margin, out=np.zeros_like(table), where=margin > 0)
        before, share = share, counts / counts.sum()
        if np.abs(share - before).max() < _TOLERANCE:
            break
    return share.ravel()


def _partial_tables(
    codes: Codes, weight: Array, sizes: tuple[int, ...]
) -> list[tuple[tuple[int, ...], Array]]:
    """For each set of items not answered: their axes, and the table of those answered, with axes kept."""
    found: list[tuple[tuple[int, ...], Array]] = []
    missing, which = np.unique(codes < 0, axis=0, return_inverse=True)
    for row, lost in enumerate(missing):
        mine = which == row
        shape = tuple(1 if gone else size for gone, size in zip(lost, sizes, strict=True))
        # What is missing (-1) stands in the one place of its axis.
        places = np.ravel_multi_index(tuple(np.maximum(codes[mine], 0).T.astype(np.intp)), shape)
        table = np.bincount(places, weight[mine], math.prod(shape)).reshape(shape)
        found.append((tuple(np.flatnonzero(lost).tolist()), table))
    return found

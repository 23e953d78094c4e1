"""Choice between models: leave-one-out cross-validation on cells.

Customers of one cell have the same likelihood, so what holds for leaving one of them out holds for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.purchase_fit import PurchaseFit

Array = NDArray[np.float64]
_KHAT = 0.7
_STEPS = 2_000
_FEWEST_DRAWS = 100


@dataclass(frozen=True, eq=False)
class Loo:
    """Leave-one-out expected log predictive density; made by :func:`loo`.

    Parameters
    ----------
    elpd, se
        Sum over customers, and its standard error: root N times the standard deviation over customers.
    p_loo
        Effective number of parameters: the log-likelihood's log mean over draws, less ``elpd``.
    cells
        One row per cell: its columns, ``count``, ``elpd`` and ``khat`` of one customer.
    evidence
        Whether the importance weights can be trusted.
    """

    elpd: float
    se: float
    p_loo: float
    cells: pd.DataFrame = field(repr=False)
    evidence: Evidence

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return round(float(self.cells["count"].to_numpy(np.float64).sum()))


def loo(fit: PurchaseFit | GammaGammaFit) -> Loo:
    """Estimate how well a model would predict customers it has not seen.

    Parameters
    ----------
    fit
        Fitted by ``Laplace`` or ``NUTS``, with 100 draws or more.

    Returns
    -------
    Loo

    Raises
    ------
    InputError
        Where there are too few draws, as under ``MAP``.

    Notes
    -----
    Pareto-smoothed importance sampling: the draws, weighted by one over a customer's likelihood, stand for the
    posterior without that customer (Vehtari, Gelman and Gabry 2017, Statistics and Computing 27; Vehtari et al.
    2024, JMLR 25). Each cell is computed once and counts as many times as it has customers.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.datasets import cdnow
    >>> log = sg.Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> fit = sg.BGNBD().fit(log.customers(until="1997-09-30"), sg.Laplace(1000), seed=1)
    >>> found = loo(fit)
    >>> found.customers, -9600 < found.elpd < -9570, found.evidence.passed
    (2357, True, True)
    """
    from arviz_stats.base import array_stats

    draws = len(fit.u)
    if draws < _FEWEST_DRAWS:
        advice = "Fit with Laplace() or NUTS()."
        raise InputError(Fault("fit", f"{draws} draws", f"at least {_FEWEST_DRAWS}", advice))
    cells = fit.cells
    smooth: Any = array_stats.psislw
    pointwise = np.empty((len(cells.count), 3))
    relative = _relative_efficiency(fit)
    for rows, values in fit.log_likelihood_blocks():
        log_weights, khat = smooth(values, r_eff=relative, axis=-1)
        pointwise[rows, 0] = logsumexp(log_weights + values, axis=1)
        pointwise[rows, 1] = logsumexp(values, axis=1) - np.log(draws)
        pointwise[rows, 2] = khat
    elpd, whole, khat = pointwise.T
    table = cells.frame().assign(count=cells.count, elpd=elpd, khat=khat)
    total, error = _sum(elpd, cells.count)
    return Loo(total, error, float(cells.count @ (whole - elpd)), table, _trust(khat, cells.count, draws))


def compare(fits: Mapping[str, PurchaseFit | GammaGammaFit | Loo]) -> pd.DataFrame:
    """Compare models of the same customers by leave-one-out cross-validation.

    Parameters
    ----------
    fits
        Fits, or what :func:`loo` found, by name. One may use covariates or segments that others do not know of.

    Returns
    -------
    DataFrame
        One row per model, the best first: ``model``, ``elpd``, ``se``, ``p_loo``, ``difference`` (elpd less that of
        the best, so at most 0) and ``difference_se`` (paired over customers), ``weight`` (stacking: the mixture that
        predicts best; Yao et al. 2018, Bayesian Analysis 13), ``trusted`` (Pareto k-hat). Take differences of less
        than about 4, or two standard errors, for none.

    Raises
    ------
    InputError
        Where the models are not of the same customers.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.datasets import cdnow
    >>> log = sg.Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> customers = log.customers(until="1997-09-30")
    >>> models = {"BG/NBD": sg.BGNBD(), "Pareto/NBD": sg.ParetoNBD()}
    >>> fits = {name: spec.fit(customers, sg.Laplace(500), seed=1) for name, spec in models.items()}
    >>> compare(fits)["model"].tolist()
    ['BG/NBD', 'Pareto/NBD']
    """
    if not fits:
        raise InputError(Fault("fits", "no model", "at least one", "Pass {'BG/NBD': fit}, say."))
    found = {name: fit if isinstance(fit, Loo) else loo(fit) for name, fit in fits.items()}
    count, elpd = _aligned(found)
    order = np.argsort([-each.elpd for each in found.values()], kind="stable")
    weights = _stacked(elpd, count)
    names = list(found)
    rows = []
    for k in order:
        each = found[names[k]]
        difference, error = _sum(elpd[k] - elpd[order[0]], count)
        figures = (each.elpd, each.se, each.p_loo, difference, error, weights[k])
        rows.append((names[k], *figures, bool(each.evidence.passed)))
    columns = ["model", "elpd", "se", "p_loo", "difference", "difference_se", "weight", "trusted"]
    return pd.DataFrame(rows, columns=columns)


def _aligned(found: Mapping[str, Loo]) -> tuple[Array, Array]:
    """Bring all models to the cells of the one that tells most apart: counts, (C,), and elpd, (models, C)."""
    finest = max(found.values(), key=lambda each: each.cells.shape)
    base = finest.cells.drop(columns=["elpd", "khat"])
    elpd = []
    for name, each in found.items():
        keys = [column for column in each.cells.columns if column not in ("count", "elpd", "khat")]
        same = set(keys) <= set(base.columns)
        if same:
            summed = pd.DataFrame(base.groupby(keys, as_index=False)["count"].sum())
            merged = summed.merge(each.cells, on=keys, how="outer", suffixes=("", "_of_model"))
            same = bool((merged["count"] == merged["count_of_model"]).all())
        if not same:
            advice = "Fit all models to the same customers; of two models with covariates one must know all of them."
            raise InputError(Fault("fits", f"other customers in {name!r}", "the same customers", advice))
        joined = base[keys].merge(each.cells, on=keys, how="left")
        elpd.append(joined["elpd"].to_numpy(np.float64))
    return base["count"].to_numpy(np.float64), np.array(elpd)


def _sum(values: Array, count: Array) -> tuple[float, float]:
    """Sum over customers, and its standard error."""
    customers = count.sum()
    mean = count @ values / customers
    return float(customers * mean), float(
        np.sqrt(customers / max(customers - 1, 1) * (count @ (values - mean) ** 2))
    )


def _stacked(elpd: Array, count: Array) -> Array:
    """Weights of the mixture with the highest log score, by expectation-maximisation; shape (models,)."""
    density = np.exp(elpd - elpd.max(axis=0))
    weights = np.full(len(elpd), 1 / len(elpd))
    for _ in range(_STEPS):
        share = weights[:, None] * density
        renewed = share / share.sum(axis=0) @ count / count.sum()
        if np.abs(renewed - weights).max() < 1e-10:
            break
        weights = renewed
    return weights


def _relative_efficiency(fit: PurchaseFit | GammaGammaFit) -> float:
    """Effective draws over draws, the mean over coordinates; 1 for independent draws (one chain)."""
    from arviz_stats.base import array_stats

    u = fit.posterior["unconstrained_posterior"]["u"].to_numpy()
    if u.shape[0] == 1:
        return 1.0
    effective = array_stats.ess(np.moveaxis(u, -1, 0), chain_axis=1, draw_axis=2, method="mean")
    return float(np.mean(effective) / (u.shape[0] * u.shape[1]))


def _trust(khat: Array, count: Array, draws: int) -> Evidence:
    limit = min(_KHAT, 1 - 1 / np.log10(draws))
    bad = khat > limit
    customers = round(float(count[bad].sum()))
    worst = float(khat.max())
    text = f"The largest k-hat is {worst:.2f} (limit {limit:.2f}); customers above it: {customers:,}."
    if bad.any():
        text += " Their part is too optimistic: take NUTS() with more draws, or compare by a backtest."
    figures = {"largest": worst, "limit": limit, "cells": int(bad.sum()), "customers": customers}
    return Evidence("Pareto k-hat of leave-one-out", not bad.any(), text, pd.DataFrame([figures]))

"""Every published number: a row of ``numbers.csv`` each, computed by the likelihoods.

A row's ``function`` is one of ``segmodels.likelihoods.<model>``, or is composed here: ``fit.<quantity>``
(maximum likelihood on CDNOW's calibration period), ``holdout.<quantity>`` (that fit's forecast of the 39
weeks after), and what a customer with a known history is expected to do.
"""

import json
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from segmodels.tables import datasets

ROWS = list(pd.read_csv(Path(__file__).with_name("numbers.csv"), dtype={"value": float}).itertuples())
LOGS = {"CDNOW_sample": datasets.cdnow, "CDNOW_master": datasets.cdnow_master}
HORIZON = 39.0  # weeks


def _likelihood(model):
    return import_module(f"segmodels.likelihoods.{model}")


@cache
def _customers(data, until):
    """The customers of a log in weeks, and what they bought in the weeks after."""
    log = LOGS[data]()
    occasions = log.groupby(["customer_id", "date"], as_index=False)["value"].sum()
    end = pd.Timestamp(until)
    past = occasions[occasions["date"] <= end]
    by = past.groupby("customer_id")["date"]
    table = pd.DataFrame({"frequency": by.size() - 1, "first": by.min(), "last": by.max()})
    table["recency"] = (table["last"] - table["first"]).dt.days / 7
    table["T"] = (end - table["first"]).dt.days / 7
    repeats = past[past.duplicated("customer_id")].groupby("customer_id")["value"].mean()
    table["monetary_value"] = repeats.reindex(table.index, fill_value=0.0)
    after = occasions[occasions["date"] > end].groupby("customer_id").size()
    return table.assign(bought=after.reindex(table.index, fill_value=0))


def _history(model, data, until):
    """The arrays that a model's density sees."""
    table = _customers(data, until)
    if model == "gamma_gamma":
        table = table[table["monetary_value"] > 0]
        return table["frequency"].to_numpy(np.int64), table["monetary_value"].to_numpy()
    return tuple(table[column].to_numpy() for column in ("frequency", "recency", "T"))


@cache
def _fit(model, data, until):
    """The maximum likelihood, found in the log of the parameters (of q - 1)."""
    likelihood, history = _likelihood(model), _history(model, data, until)
    above = np.array([float(name == "q") for name in likelihood.PARAMETERS])
    weights, start = np.ones(history[0].size), np.array([0, history[0].size])

    def loss(u):
        value, gradient = likelihood.total_and_gradient(
            np.array([np.exp(u) + above]), *history, weights, start
        )
        return -value, -gradient[0] * np.exp(u)

    first = np.log(np.median(history[1])) if model == "gamma_gamma" else 0.0
    found = minimize(
        loss, [0.0, 0.0, first, 0.0][: above.size], jac=True, method="BFGS", options={"gtol": 1e-6}
    )
    # one Newton step on the inverse Hessian of BFGS ends what its line search can not see any more
    u = found.x - found.hess_inv @ found.jac
    return dict(zip(likelihood.PARAMETERS, np.exp(u) + above, strict=True)), -loss(u)[0]


def _fitted(model, quantity, data, until):
    params, log_likelihood = _fit(model, data, until)
    return log_likelihood if quantity == "log_likelihood" else params[quantity]


def _holdout(model, quantity, data, until):
    params, _ = _fit(model, data, until)
    expected = _expected_given_history(model, HORIZON, *_history(model, data, until), **params)
    bought = _customers(data, until)["bought"].to_numpy()
    return {"expected": expected.sum(), "actual": bought.sum(), "mae": np.abs(expected - bought).mean()}[
        quantity
    ]


def _expected_given_history(model, t, x, t_x, T, **params):
    given_alive = _likelihood(model).expected_given_alive(np.array([t]), x, T, **params)[..., 0]
    return _likelihood(model).alive(x, t_x, T, **params) * given_alive


def _residual_given_history(model, discount_rate, x, t_x, T, **params):
    given_alive = _likelihood(model).residual_given_alive(discount_rate, x, T, **params)
    return _likelihood(model).alive(x, t_x, T, **params) * given_alive


def _log_likelihood_cdnow(model, **params):
    return _likelihood(model).log_density(*_history(model, "CDNOW_sample", "1997-09-30"), **params).sum()


def _posterior_mean(model, x, m, **params):
    intercept, slope = _likelihood(model).posterior_mean_coefficients(x, **params)
    return intercept + slope * m


COMPOSED = {
    "expected_given_history": _expected_given_history,
    "residual_given_history": _residual_given_history,
    "log_likelihood_cdnow": _log_likelihood_cdnow,
    "posterior_mean": _posterior_mean,
}


def _computed(row):
    inputs = json.loads(row.inputs)
    kind, _, quantity = row.function.partition(".")
    if quantity:
        return {"fit": _fitted, "holdout": _holdout}[kind](row.model, quantity, **inputs)
    if row.function in COMPOSED:
        return COMPOSED[row.function](row.model, **inputs)
    return getattr(_likelihood(row.model), row.function)(**inputs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.model}.{row.function}-{row.Index}")
def test_number(row):
    np.testing.assert_allclose(_computed(row), row.value, rtol=row.rtol, atol=row.atol)


def test_every_row_says_where_its_number_is_from():
    assert all(isinstance(row.source, str) and isinstance(row.where, str) for row in ROWS)
    assert all(row.rtol > 0 or row.atol > 0 for row in ROWS)


def test_customers_used():
    table = _customers("CDNOW_sample", "1997-09-30")
    assert (len(table), table["frequency"].sum(), table["bought"].sum()) == (2_357, 2_457, 1_882)
    assert _history("gamma_gamma", "CDNOW_sample", "1997-09-30")[0].size == 946
    assert _history("gamma_gamma", "CDNOW_master", "1997-09-30")[0].size == 9_450


def test_pareto_nbd_where_other_packages_overflow():
    """CLVTools tests these four customers for a finite probability, without printing it."""
    x, t_x = np.array([221, 254, 161, 204]), np.array([103.42857, 97.14286, 94.71429, 98.57143])
    T = np.array([103.57143, 97.28571, 98.0, 99.42857])
    alive = _likelihood("pareto_nbd").alive(x, t_x, T, r=0.5143, alpha=2.8845, s=0.2856, beta=14.1087)
    assert np.all((alive > 0.7) & (alive < 1.0))

"""Every published Pareto/NBD number, one row of ``pareto_nbd.csv`` each."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from segmodels.likelihoods import pareto_nbd as model

with (Path(__file__).parent / "pareto_nbd.csv").open() as file:
    ROWS = list(csv.DictReader(file))


def expected_given_history(t, x, t_x, T, **parameters):
    given = model.expected_given_alive([t], x, T, **parameters)[..., 0]
    return model.alive(x, t_x, T, **parameters) * given


def residual_given_history(discount_rate, x, t_x, T, **parameters):
    given = model.residual_given_alive(discount_rate, x, T, **parameters)
    return model.alive(x, t_x, T, **parameters) * given


def log_likelihood_cdnow(**parameters):
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    source = Path(package.origin).parent / "datasets" / "CDNOW_sample.txt"
    log = pd.read_csv(source, sep=r"\s+", header=None, usecols=[1, 2], names=["customer", "date"])
    log["date"] = pd.to_datetime(log["date"].astype(str), format="%Y%m%d")
    end = pd.Timestamp("1997-09-30")
    dates = log[log["date"] <= end].groupby("customer")["date"].agg(["nunique", "min", "max"])
    weeks = [(last - dates["min"]).dt.days.to_numpy() / 7 for last in (dates["max"], end)]
    return np.sum(model.log_density(dates["nunique"].to_numpy() - 1, *weeks, **parameters))


COMPOSED = {f.__name__: f for f in (expected_given_history, residual_given_history, log_likelihood_cdnow)}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['function']}-{i}" for i, row in enumerate(ROWS)])
def test_published_number(row):
    function = COMPOSED.get(row["function"]) or getattr(model, row["function"])
    value = function(**json.loads(row["inputs"]))
    assert_allclose(value, float(row["value"]), rtol=float(row["rtol"]), atol=float(row["atol"]))


def test_inputs_that_overflow_other_packages():
    chance = model.alive(
        np.array([221, 254, 161, 204]),
        np.array([103.42857, 97.14286, 94.71429, 98.57143]),
        np.array([103.57143, 97.28571, 98.0, 99.42857]),
        0.5143,
        2.8845,
        0.2856,
        14.1087,
    )
    assert np.all((chance > 0.7) & (chance < 1.0))

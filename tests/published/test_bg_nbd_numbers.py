"""Every published BG/NBD and MBG/NBD number: a row of ``bg_nbd.csv`` names the function and its inputs."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from segmodels.likelihoods import bg_nbd, mbg_nbd

MODELS = {"bg_nbd": bg_nbd, "mbg_nbd": mbg_nbd}

with (Path(__file__).parent / "bg_nbd.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


def expected_given_history(model, t, x, t_x, T, **parameters):
    return model.alive(x, t_x, T, **parameters) * model.expected_given_alive([t], x, T, **parameters)[..., 0]


def residual_given_history(model, discount_rate, x, t_x, T, **parameters):
    return model.alive(x, t_x, T, **parameters) * model.residual_given_alive(
        discount_rate, x, T, **parameters
    )


def log_likelihood_cdnow(model, **parameters):
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    source = Path(package.origin).parent / "datasets" / "CDNOW_sample.txt"
    log = pd.read_csv(source, sep=r"\s+", header=None, usecols=[1, 2], names=["customer", "date"])
    log["date"] = pd.to_datetime(log["date"].astype(str), format="%Y%m%d")
    end = pd.Timestamp("1997-09-30")
    dates = log[log["date"] <= end].groupby("customer")["date"].agg(["nunique", "min", "max"])
    weeks = [(last - dates["min"]).dt.days.to_numpy() / 7 for last in (dates["max"], end)]
    return model.log_density(dates["nunique"].to_numpy() - 1, *weeks, **parameters).sum()


COMPOSED = {f.__name__: f for f in (expected_given_history, residual_given_history, log_likelihood_cdnow)}


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{row['model']}-{row['function']}-{i}" for i, row in enumerate(ROWS)]
)
def test_published_number(row):
    model, inputs, name = MODELS[row["model"]], json.loads(row["inputs"]), row["function"]
    value = COMPOSED[name](model, **inputs) if name in COMPOSED else getattr(model, name)(**inputs)
    assert_allclose(value, float(row["value"]), rtol=float(row["rtol"]), atol=float(row["atol"]))

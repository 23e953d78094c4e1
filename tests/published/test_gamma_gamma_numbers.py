import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from segmodels.likelihoods import gamma_gamma as gg

ROWS = pd.read_csv(Path(__file__).with_name("gamma_gamma.csv"), dtype={"value": float})
# the bounds of p, q and v below
ABOVE = np.array([0.0, 1.0, 0.0])
# the same log, kept beside a working copy by those who collect data sets
COLLECTED = Path(__file__).parents[3] / "shared" / "data" / "cdnow" / "cdnow_sample.csv"


def carried(name):
    """The log that the installed lifetimes package carries, without importing the package."""
    file = Path(find_spec("lifetimes").submodule_search_locations[0]) / "datasets" / f"{name}.txt"
    sample = name == "CDNOW_sample"
    log = pd.read_csv(file, sep=r"\s+", header=None, skiprows=0 if sample else 1)
    log = log.iloc[:, [0, 2, 4] if sample else [0, 1, 3]]
    return log.set_axis(["customer_id", "date", "value"], axis=1).assign(
        date=lambda frame: pd.to_datetime(frame["date"].astype(str), format="%Y%m%d")
    )


def repeat_spend(log, until):
    """Purchases averaged and their mean, of every customer whose repeat occasions were worth something."""
    days = log[log["date"] <= until].groupby(["customer_id", "date"], as_index=False)["value"].sum()
    repeats = days[days.duplicated("customer_id")]
    spend = repeats.groupby("customer_id")["value"].agg(["size", "mean"])
    spend = spend[spend["mean"] > 0]
    return spend["size"].to_numpy(np.int64), spend["mean"].to_numpy(float)


def maximum(x, m):
    start = np.array([0, x.size])

    def loss(u):
        params = np.array([np.exp(u) + ABOVE])
        value, gradient = gg.total_and_gradient(params, x, m, np.ones(x.size), start)
        return -value, -gradient[0] * np.exp(u)

    found = minimize(loss, [0.0, 0.0, np.log(np.median(m))], jac=True, method="BFGS", options={"gtol": 1e-6})
    # one Newton step on the inverse Hessian of BFGS ends what its line search can not see any more
    u = found.x - found.hess_inv @ found.jac
    p, q, v = np.exp(u) + ABOVE
    return {"p": p, "q": q, "v": v, "log_likelihood": -loss(u)[0]}


@cache
def fit(data, until):
    return maximum(*repeat_spend(carried(data), until))


def posterior_mean(x, m, p, q, v):
    A, B = gg.posterior_mean_coefficients(x, p, q, v)
    return A + B * m


def computed(function, inputs):
    if function.startswith("fit."):
        return fit(**inputs)[function.removeprefix("fit.")]
    if function == "posterior_mean":
        return posterior_mean(**inputs)
    return getattr(gg, function)(**inputs)


@pytest.mark.parametrize(
    "row", list(ROWS.itertuples()), ids=lambda row: f"{row.source} {row.function} {row.Index}"
)
def test_number(row):
    value = computed(row.function, json.loads(row.inputs))
    np.testing.assert_allclose(value, row.value, rtol=row.rtol, atol=row.atol)


def test_customers_used():
    assert repeat_spend(carried("CDNOW_sample"), "1997-09-30")[0].size == 946
    assert repeat_spend(carried("CDNOW_master"), "1997-09-30")[0].size == 9_450


@pytest.mark.skipif(not COLLECTED.parent.is_dir(), reason="the collected data sets are not beside this copy")
def test_the_collected_log_gives_the_exact_optimum():
    log = pd.read_csv(COLLECTED, parse_dates=["date"]).rename(columns={"sales": "value"})
    found = maximum(*repeat_spend(log, "1997-09-30"))
    np.testing.assert_allclose(
        [found[k] for k in gg.PARAMETERS], [6.24957142, 3.74422451, 15.44352294], rtol=1e-6
    )
    assert found["log_likelihood"] == pytest.approx(-4055.9176948, abs=1e-6)

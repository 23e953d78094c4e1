import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from segmodels.errors import InputError
from segmodels.evaluate.choice import Loo, compare, loo
from segmodels.inference.settings import MAP, NUTS, Laplace
from segmodels.models.value.bg_nbd import BGNBD
from segmodels.models.value.gamma_gamma import GammaGamma
from segmodels.models.value.mbg_nbd import MBGNBD
from segmodels.models.value.pareto_nbd import ParetoNBD
from segmodels.tables.customers import Customers

UNTIL = "1997-09-30"


@pytest.fixture(scope="module")
def few(customers):
    frame = customers.to_pandas().query("customer_id % 6 == 0")
    frame = frame[["customer_id", "frequency", "recency", "T", "monetary_value"]]
    frame["parity"] = np.where(frame["customer_id"] % 4 == 0, "even", "odd")
    return frame.reset_index(drop=True)


def fitted(frame, spec=None, setting=None):
    return (spec or MBGNBD()).fit(Customers.read(frame, unit="week"), setting or Laplace(400), seed=1)


def expanded(fit, chains=1):
    """What ArviZ reads: the log-likelihood of every single customer."""
    count = fit.cells.count.astype(int)
    values = np.empty((len(count), len(fit.u)))
    for rows, block in fit.log_likelihood_blocks():
        values[rows] = block
    each = np.repeat(values, count, axis=0).T.reshape(chains, -1, count.sum())
    u = fit.u.reshape(chains, -1, fit.u.shape[-1])
    dims = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"u": ((*dims, "coordinate"), u)}),
            "log_likelihood": xr.Dataset({"y": ((*dims, "customer"), each)}),
        }
    )


@pytest.mark.parametrize("spec", [BGNBD(), ParetoNBD(), GammaGamma(), MBGNBD(by="parity")])
def test_equals_arviz_on_single_customers(few, spec):
    import arviz as az

    fit = fitted(few, spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # ArviZ' way to say that a k-hat is above the limit
        theirs = az.loo(expanded(fit), pointwise=True)
    ours = loo(fit)
    assert ours.evidence.passed == (not theirs.warning)
    np.testing.assert_allclose(
        [ours.elpd, ours.se, ours.p_loo], [theirs.elpd, theirs.se, theirs.p], rtol=1e-9
    )
    khat = np.repeat(ours.cells["khat"].to_numpy(), fit.cells.count.astype(int))
    np.testing.assert_allclose(khat, theirs.pareto_k, rtol=1e-9)


@pytest.mark.slow
def test_equals_arviz_on_chains(few):
    import arviz as az

    fit = fitted(few, setting=NUTS(draws=200, tune=300, chains=2))
    ours, theirs = loo(fit), az.loo(expanded(fit, chains=2), pointwise=True)
    np.testing.assert_allclose([ours.elpd, ours.se], [theirs.elpd, theirs.se], rtol=1e-9)


def test_a_split_of_the_counts_changes_nothing(few):
    from dataclasses import replace

    fit = fitted(few)
    whole, cells = loo(fit), fit.cells
    twice = np.repeat(np.arange(len(cells.count)), 2)
    count = np.ravel(np.column_stack([cells.count - 0.5, np.full(len(cells.count), 0.5)]))
    halves = replace(
        cells,
        frequency=cells.frequency[twice],
        recency=cells.recency[twice],
        T=cells.T[twice],
        count=count,
        start=cells.start * 2,
    )
    split = loo(replace(fit, cells=halves))
    np.testing.assert_allclose([split.elpd, split.se, split.p_loo], [whole.elpd, whole.se, whole.p_loo])


def test_elpd_and_its_effective_parameters_on_cdnow(customers):
    """A flat enough posterior of four parameters and 2,357 customers: elpd is the log-likelihood less about 4 to 5."""
    found = loo(BGNBD().fit(customers, Laplace(1000), seed=1))
    assert found.customers == 2357
    assert 2 < found.p_loo < 8
    np.testing.assert_allclose(found.elpd, -9582.43 - found.p_loo, atol=5)
    assert found.evidence.passed


def test_differences_are_paired_over_customers(few):
    fits = {"BG": fitted(few, BGNBD()), "Pareto": fitted(few, ParetoNBD()), "MBG": fitted(few)}
    table = compare(fits)
    count = fits["BG"].cells.count.astype(int)
    each = {name: np.repeat(loo(fit).cells["elpd"].to_numpy(), count) for name, fit in fits.items()}
    best = table["model"].iloc[0]
    assert table["elpd"].is_monotonic_decreasing
    for row in table.itertuples():
        gap = each[row.model] - each[best]
        np.testing.assert_allclose(row.difference, gap.sum(), atol=1e-9)
        np.testing.assert_allclose(row.difference_se, gap.std(ddof=1) * np.sqrt(len(gap)), atol=1e-9)
    np.testing.assert_allclose(table["weight"].sum(), 1)


def test_a_model_without_segments_meets_one_with_them(few):
    plain, pooled = fitted(few), fitted(few, MBGNBD(by="parity"))
    table = compare({"plain": plain, "by parity": pooled}).set_index("model")
    np.testing.assert_allclose(table.loc["plain", "elpd"], loo(plain).elpd)
    assert table.loc["by parity", "p_loo"] > 0
    gap = table["difference"].min()
    np.testing.assert_allclose(gap, -abs(loo(plain).elpd - loo(pooled).elpd))


def test_stacking_finds_the_better_mixture():
    def made(elpd):
        cells = pd.DataFrame({"T": [1.0, 2.0], "count": [30.0, 10.0], "elpd": elpd, "khat": 0.0})
        return Loo(float(np.sum(cells["count"] * elpd)), 1.0, 1.0, cells, loo_evidence())

    # Densities 1 and .25 in the first cell, .25 and 1 in the second: with w = the share of the first model, the score
    # 30 log(.25 + .75 w) + 10 log(1 - .75 w) is highest where 30 (1 - .75 w) = 10 (.25 + .75 w).
    table = compare({"a": made([0.0, np.log(0.25)]), "b": made([np.log(0.25), 0.0])}).set_index("model")
    np.testing.assert_allclose(table.loc["a", "weight"], 27.5 / 30, atol=1e-6)


def loo_evidence():
    from segmodels.evaluate.choice import _trust

    return _trust(np.zeros(2), np.ones(2), 1000)


def test_faults(few):
    with pytest.raises(InputError, match="Laplace"):
        loo(fitted(few, setting=MAP()))
    other = few.query("customer_id % 5 != 0").reset_index(drop=True)
    with pytest.raises(InputError, match="same customers"):
        compare({"a": fitted(few), "b": fitted(other)})
    with pytest.raises(InputError, match="no model"):
        compare({})


def test_a_customer_who_moves_the_posterior_is_named():
    from segmodels.evaluate.choice import _trust

    evidence = _trust(np.array([0.1, 0.9]), np.array([50.0, 2.0]), 4000)
    assert evidence.passed is False
    assert "above it: 2" in evidence.text

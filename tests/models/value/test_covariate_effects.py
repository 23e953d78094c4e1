"""Covariates: CLVTools' published fit, and effects against numerical differentiation."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.tables.simulate import simulate_bg_nbd

# CLVTools 0.12.1, advanced vignette: apparel, Gender and Channel, estimation until the end of week 104.
PARETO = (1.8378, 92.9123, 0.5920, 49.6227)
LIFE, TRANS, LOG_LIKELIHOOD = (-0.6430, 0.7907), (0.2859, 0.6241), -5821.0627


@pytest.fixture(scope="module")
def apparel(shared_data):
    folder = shared_data / "clvtools_apparel"
    log = pd.read_csv(folder / "apparel_trans.csv")
    known = pd.read_csv(folder / "apparel_static_cov.csv").rename(columns={"Id": "customer_id"})
    first = pd.to_datetime(log["Date"]).min()
    read = sg.Transactions.read(
        log, customer="Id", date="Date", value="Price", zero="keep", negative="net", date_format="%Y-%m-%d"
    )
    until = (first + pd.Timedelta(weeks=104)).date()
    return read.customers(until=until, unit="week").with_attributes(known)


def test_plain_fits_of_the_apparel_data(apparel):
    pareto = sg.ParetoNBD().fit(apparel, sg.MAP(), seed=1)
    assert pareto.log_likelihood == pytest.approx(-5848.09783, abs=2e-3)
    assert pareto.params.to_numpy() == pytest.approx((1.448977, 48.636084, 0.561260, 46.884363), rel=2e-3)
    bg = sg.BGNBD().fit(apparel, sg.MAP(), seed=1)
    assert bg.log_likelihood == pytest.approx(-5857.01975, abs=2e-3)
    assert bg.params.to_numpy() == pytest.approx((0.607311, 20.956729, 1.275543, 8.860816), rel=2e-3)


def test_pareto_nbd_with_covariates_is_the_published_one(apparel):
    names = ("Gender", "Channel")
    model = sg.ParetoNBD(coefficient=sg.Flat(), purchase_covariates=names, dropout_covariates=names)
    fit = model.fit(apparel, sg.MAP(), seed=1)
    assert fit.log_likelihood == pytest.approx(LOG_LIKELIHOOD, abs=2e-3)
    table = fit.effects().set_index(["effect", "covariate"])
    natural = np.log(table["multiplier_per_unit"])
    assert natural["purchase"][list(names)].to_numpy() == pytest.approx(TRANS, abs=2e-3)
    assert natural["dropout"][list(names)].to_numpy() == pytest.approx(LIFE, abs=6e-3)
    # theirs are the parameters of a customer with covariates of 0, ours those of the mean customer
    centre = apparel.to_pandas()[list(names)].mean().to_numpy()
    r, alpha, s, beta = fit.params
    theirs = (r, alpha * np.exp(centre @ TRANS), s, beta * np.exp(centre @ LIFE))
    assert theirs == pytest.approx(PARETO, rel=1e-2)


@pytest.fixture(scope="module")
def customers():
    rng = np.random.default_rng(8)
    online, age = rng.integers(0, 2, 1500), rng.integers(2, 7, 1500) * 10
    frames = [
        simulate_bg_nbd(1, 1.0, 5.0 * np.exp(-0.5 * o), 3.0 * p, 3.0 * (1 - p), 40.0, rng)
        for o, p in zip(online, 1 / (1 + np.exp(1.0 - 0.8 * (online - 0.5))), strict=True)
    ]
    frame = pd.concat(frames, ignore_index=True).assign(customer_id=np.arange(1500), online=online, age=age)
    return sg.Customers.read(frame, unit="week")


def test_a_covariate_moves_mean_dropout(customers):
    """Trap 14: an effect on a and b alike could not."""
    model = sg.BGNBD(purchase_covariates=("online", "age"), dropout_covariates=("online", "age"))
    fit = model.fit(customers, sg.Laplace(draws=1000), seed=1)
    values = fit.density.parameters(fit.u.mean(axis=0))
    online = fit.cells.groups["online"].to_numpy() == 1
    phi = values[:, 2] / (values[:, 2] + values[:, 3])
    assert phi[online].mean() > phi[~online].mean() + 0.08
    table = fit.effects().set_index(["effect", "covariate"])
    spread = customers.to_pandas()["online"].std(ddof=0)
    for effect, truth in (("purchase", 0.5), ("dropout", 0.8)):
        row = table.loc[effect, "online"]
        sd = (row["high"] - row["low"]) / 3.29
        assert abs(row["coefficient"] - truth * spread) < 3.5 * sd
        assert row["probability_positive"] > 0.99
    assert abs(table.loc["purchase", "age"]["coefficient"]) < 0.2


@pytest.mark.parametrize("model", [sg.BGNBD, sg.ParetoNBD])
def test_average_marginal_effects_are_derivatives(customers, model):
    fit = model(purchase_covariates=("age",), dropout_covariates=("age",)).fit(customers, sg.MAP(), seed=1)
    table = fit.effects().set_index("effect")["average_marginal_effect"]
    sizes, step = fit.cells.group_sizes, 1e-4

    def means(shift):
        moved = fit.on(
            sg.Customers.read(customers.to_pandas().assign(age=lambda f: f["age"] + shift), unit="week")
        )
        values = moved.density.parameters(moved.u[0])
        rate = values[:, 0] / values[:, 1]
        third = values[:, 2] / (values[:, 2] + values[:, 3] if model is sg.BGNBD else values[:, 3])
        return np.average(rate, weights=sizes), np.average(third, weights=sizes)

    up, down = means(step), means(-step)
    assert table["purchase"] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5)
    assert table["dropout"] == pytest.approx((up[1] - down[1]) / (2 * step), rel=1e-5)

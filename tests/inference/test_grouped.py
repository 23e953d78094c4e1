"""The grouped posterior: gradients, one density with PyMC, unit-free coordinates."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime

import segmodels as sg
from segmodels.inference.grouped import GroupedPosterior
from segmodels.tables.simulate import simulate_bg_nbd, simulate_gamma_gamma

MODELS = {model.__name__: model for model in (sg.BGNBD, sg.MBGNBD, sg.ParetoNBD, sg.GammaGamma)}
KINDS = ("plain", "covariates", "pooled", "both")


def customers(n=150):
    rng = np.random.default_rng(5)
    frame = simulate_bg_nbd(n, 0.8, 6.0, 0.8, 2.5, rng.uniform(10, 39, n).round(1), rng)
    spend = simulate_gamma_gamma(frame["frequency"], 6.0, 4.0, 15.0, rng)
    frame["monetary_value"] = spend["monetary_value"]
    frame["online"], frame["age"] = rng.integers(0, 2, n), rng.integers(2, 6, n) * 10.0
    frame["region"] = rng.choice(["north", "south", "west"], n, p=[0.6, 0.3, 0.1])
    return sg.Customers.read(frame, unit="week")


def spec(model, kind, **priors):
    given = dict(priors)
    if kind in {"covariates", "both"}:
        if model is sg.GammaGamma:
            given["spend_covariates"] = ("online", "age")
        else:
            given |= {"purchase_covariates": ("online", "age"), "dropout_covariates": ("age",)}
    if kind in {"pooled", "both"}:
        given["by"] = "region"
    return model(**given)


def density(model, kind, **priors) -> GroupedPosterior:
    """The density of a fit is that of its spec and cells; a wide normal prior finds the mode at once."""
    wide = sg.Normal(0.0, 3.0)
    names = ("p", "q", "v") if model is sg.GammaGamma else None
    names = names or tuple(field for field in model.__dataclass_fields__)[:4]
    made = spec(model, kind, **(dict.fromkeys(names, wide) | priors))
    return made.fit(customers(), sg.MAP(), seed=1).density


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_gradient_is_that_of_finite_differences(name, kind):
    posterior = density(MODELS[name], kind, coefficient=sg.StudentT(4.0, 0.1, 0.7))
    rng = np.random.default_rng(2)
    for _ in range(3):
        u = rng.normal(0.0, 0.5, posterior.size)
        value, gradient = posterior.log_density(u)
        numeric = np.array(
            [
                (posterior.log_density(u + e)[0] - posterior.log_density(u - e)[0]) / 2e-5
                for e in 1e-5 * np.eye(posterior.size)
            ]
        )
        assert gradient == pytest.approx(numeric, rel=2e-5, abs=2e-4)
        assert posterior.log_densities(u[None])[0] == pytest.approx(value, rel=1e-12)
    assert len(posterior.names) == posterior.size


@pytest.mark.parametrize("prior", [sg.Normal(0.3, 2.0), sg.StudentT(3.0, 0.5, 1.5), sg.SoftBox(-3, 5)])
def test_priors_are_densities_with_right_slopes(prior):
    grid = np.linspace(-60, 60, 400_001)
    value, slope = prior.log_density(grid)
    assert np.trapezoid(np.exp(value), grid) == pytest.approx(1.0, abs=2e-3)
    numeric = approx_fprime([1.3], lambda u: prior.log_density(u)[0].sum(), 1e-7)
    assert prior.log_density(np.array([1.3]))[1] == pytest.approx(numeric, abs=1e-5)
    draws = prior.sample(np.random.default_rng(1), 200_000)
    inside = (grid > -1) & (grid < 2)
    mass = np.trapezoid(np.exp(value[inside]), grid[inside])
    assert ((draws > -1) & (draws < 2)).mean() == pytest.approx(mass, abs=5e-3)
    assert slope.shape == value.shape


def test_flat_prior_has_no_draws():
    with pytest.raises(sg.InputError, match="proper prior"):
        sg.Flat().sample(np.random.default_rng(1), 3)


@pytest.mark.parametrize(
    "bad", [lambda: sg.Normal(0, 0), lambda: sg.StudentT(1, 0, -1), lambda: sg.SoftBox(2, 1)]
)
def test_priors_refuse_what_is_no_scale(bad):
    with pytest.raises(sg.InputError, match="a positive number"):
        bad()


@pytest.mark.parametrize(
    ("name", "kind"), [("BGNBD", "both"), ("ParetoNBD", "covariates"), ("GammaGamma", "pooled")]
)
def test_pymc_samples_the_same_density(name, kind):
    """With sd for the shifts z * sd, the densities differ by the Jacobian of z only."""
    posterior = (
        density(MODELS[name], kind, p=sg.SoftBox(-6, 6))
        if name == "GammaGamma"
        else density(MODELS[name], kind)
    )
    from segmodels.inference.sample import pymc_model

    model = pymc_model(posterior)
    logp = model.compile_logp()
    rng = np.random.default_rng(3)
    gaps = []
    for _ in range(4):
        u = rng.normal(0.0, 0.4, posterior.size)
        point = {f"u_{c}": u[k] for k, c in enumerate(posterior.parametrisation.coordinates)}
        jacobian = 0.0
        for effect, places, shifts, spread in posterior.blocks():
            if places.stop > places.start:
                point[f"{effect.name}_coefficient"] = u[places]
            if posterior.pooled:
                point[f"{effect.name}_z"] = u[shifts] / np.exp(u[spread])
                point[f"{effect.name}_sd_log__"] = u[spread]
                jacobian += u[spread] * (shifts.stop - shifts.start)
        point = (
            {variable.name: np.asarray(point[variable.name]) for variable in model.value_vars}
            if all(variable.name in point for variable in model.value_vars)
            else point
        )
        gaps.append(float(logp(point)) - posterior.log_density(u)[0] - jacobian)
    assert np.ptp(gaps) < 1e-7 * max(1.0, abs(posterior.log_density(np.zeros(posterior.size))[0]))


@pytest.mark.parametrize("name", MODELS)
def test_parameters_go_to_coordinates_and_back(name):
    posterior = density(MODELS[name], "plain")
    u = np.random.default_rng(1).normal(0, 1, (5, posterior.base))
    form = posterior.parametrisation
    assert form.inverse(form.forward(u, 7.3), 7.3) == pytest.approx(u, abs=1e-12)


def test_a_covariate_needs_numbers_that_vary():
    frame = customers().to_pandas().assign(same=1.0)
    read = sg.Customers.read(frame, unit="week")
    with pytest.raises(sg.InputError, match="a covariate that varies"):
        sg.BGNBD(purchase_covariates=("same",)).fit(read, sg.MAP(), seed=1)
    wild = sg.Customers.read(frame.assign(same=np.where(frame.index == 3, np.inf, frame.index)), unit="week")
    with pytest.raises(sg.InputError, match=r"finite numbers.*Repair"):
        sg.BGNBD(purchase_covariates=("same",)).fit(wild, sg.MAP(), seed=1)
    with pytest.raises(sg.InputError, match="categorical column as by"):
        sg.BGNBD(dropout_covariates=("region",)).fit(read, sg.MAP(), seed=1)
    with pytest.raises(sg.InputError, match="no column"):
        sg.BGNBD(by="nowhere").fit(read, sg.MAP(), seed=1)


def test_unknown_segments_are_named():
    fit = sg.BGNBD(by="region").fit(customers(), sg.MAP(), seed=1)
    other = customers().to_pandas()
    other.loc[0, "region"] = "moon"
    with pytest.raises(sg.InputError, match=r"unknown segments in 1 row .*'moon'"):
        fit.on(sg.Customers.read(pd.DataFrame(other), unit="week"))

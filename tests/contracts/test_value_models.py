"""The contract that every value model keeps. It finds the models by itself: a new one needs no line here."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
import segmodels.models.value as room
from segmodels.tables import simulate

SETTINGS = (sg.MAP(), sg.Laplace(draws=300))
TRUTH = {
    "BGNBD": ("simulate_bg_nbd", (0.6, 5.0, 0.8, 2.5)),
    "MBGNBD": ("simulate_mbg_nbd", (0.8, 5.0, 0.8, 2.5)),
    "ParetoNBD": ("simulate_pareto_nbd", (0.8, 6.0, 0.8, 15.0)),
    "GammaGamma": ("simulate_bg_nbd", (6.0, 4.0, 15.0)),
}


def _models():
    """Every frozen spec with a ``fit`` in ``segmodels.models.value``."""
    found = {}
    for module in iter_modules(room.__path__, f"{room.__name__}."):
        for thing in vars(import_module(module.name)).values():
            if isinstance(thing, type) and is_dataclass(thing) and callable(getattr(thing, "fit", None)):
                found[thing.__name__] = thing
    return found


MODELS = _models()


def _frame(name, n, seed):
    """Customers simulated from the model's truth; a model without one gets those of BG/NBD."""
    rng = np.random.default_rng(seed)
    how, truth = TRUTH.get(name, ("simulate_bg_nbd", ()))
    purchases = truth if len(truth) == 4 else (0.9, 5.0, 0.8, 2.5)
    frame = getattr(simulate, how)(n, *purchases, rng.integers(20, 40, n) / 1.0, rng)
    spend = truth if len(truth) == 3 else (6.0, 4.0, 15.0)
    money = simulate.simulate_gamma_gamma(frame["frequency"], *spend, rng)["monetary_value"]
    return frame.assign(monetary_value=money, online=rng.integers(0, 2, n), region=rng.choice(["n", "s"], n))


def _read(frame, unit="week"):
    return sg.Customers.read(frame, unit=unit)


def _scores(fit):
    """The first table of one row per customer that the fit gives."""
    table = fit.expected_spend() if hasattr(fit, "expected_spend") else fit.expected_purchases(26)
    return table.set_index("customer_id").iloc[:, 0]


def _with_covariates(model):
    names = {field.name for field in fields(model)}
    return model(
        **{name: ("online",) for name in names if name.endswith("_covariates")},
        **({"by": "region"} if "by" in names else {}),
    )


def test_the_walk_finds_the_models():
    assert set(TRUTH) <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_spec_and_fit_are_frozen(name):
    spec = MODELS[name]()
    with pytest.raises(FrozenInstanceError):
        spec.spread = 2.0
    assert spec == MODELS[name]()
    assert hash(spec) == hash(MODELS[name]())
    fit = spec.fit(_read(_frame(name, 150, 1)), sg.MAP(), seed=1)
    with pytest.raises(FrozenInstanceError):
        fit.seed = 2


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
@pytest.mark.parametrize("name", MODELS)
def test_same_seed_same_draws_and_another_seed_others(name, setting):
    customers = _read(_frame(name, 200, 1))
    first, again, other = (MODELS[name]().fit(customers, setting, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(first.u, again.u)
    assert np.array_equal(first.u, other.u) == isinstance(setting, sg.MAP)


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
@pytest.mark.parametrize("name", MODELS)
def test_order_of_customers_does_not_matter(name, setting):
    frame = _frame(name, 200, 2)
    shuffled = frame.sample(frac=1.0, random_state=3)
    fits = [_with_covariates(MODELS[name]).fit(_read(f), setting, seed=1) for f in (frame, shuffled)]
    assert np.array_equal(fits[0].u, fits[1].u)
    left, right = (_scores(fit) for fit in fits)
    assert right.index.tolist() == shuffled["customer_id"].tolist()
    assert right.reindex(left.index).to_numpy() == pytest.approx(left.to_numpy(), rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_a_split_of_the_counts_changes_nothing(name):
    fit = MODELS[name]().fit(_read(_frame(name, 200, 3)), sg.MAP(), seed=1)
    *columns, count, start = fit.density.cells
    part = np.random.default_rng(1).uniform(0.1, 0.9, len(count)) * count
    doubled = [np.repeat(column, 2) for column in columns]
    counts = np.column_stack([part, count - part]).ravel()
    split = replace(fit.density, cells=(*doubled, counts, 2 * start))
    u = fit.u[0] + 0.1
    value, gradient = fit.density.log_density(u)
    other, slope = split.log_density(u)
    assert other == pytest.approx(value, rel=1e-12)
    assert slope == pytest.approx(gradient, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", TRUTH)
def test_simulate_fit_recover(name):
    """The truth lies within 3.5 posterior standard deviations on the scale of the coordinates."""
    fit = MODELS[name]().fit(_read(_frame(name, 4000, 4)), sg.Laplace(draws=1000), seed=1)
    truth = fit.density.parametrisation.inverse(np.array(TRUTH[name][1]), fit.density.scale)
    gap = np.abs(fit.u.mean(axis=0) - truth) / fit.u.std(axis=0)
    assert np.all(gap < 3.5), gap
    assert np.all(fit.u.std(axis=0) < 1.0)


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
@pytest.mark.parametrize("name", MODELS)
def test_save_and_load(name, setting, tmp_path):
    frame = _frame(name, 120, 5)
    fit = _with_covariates(MODELS[name]).fit(_read(frame), setting, seed=3)
    path = fit.save(tmp_path / "fit.nc")
    loaded = type(fit).load(path, _read(frame))
    assert loaded.spec == fit.spec
    assert np.array_equal(loaded.u, fit.u)
    assert loaded.evidence == fit.evidence
    assert loaded.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)
    pd.testing.assert_series_equal(_scores(loaded), _scores(fit), rtol=1e-12)
    pd.testing.assert_frame_equal(loaded.effects(), fit.effects())
    pd.testing.assert_frame_equal(loaded.shrinkage(), fit.shrinkage(), check_exact=False, rtol=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]
    bare = type(fit).load(path)
    with pytest.raises(sg.InputError, match=r"on\(customers\)"):
        _scores(bare)
    part = frame.sample(40, random_state=1)
    assert _scores(bare.on(_read(part))).to_numpy() == pytest.approx(
        _scores(fit)[part["customer_id"]].to_numpy(), rel=1e-12
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
@pytest.mark.parametrize("name", MODELS)
def test_neither_unit_nor_currency_matters(name, setting):
    """Days for weeks and cents for euros: the same coordinates, parameters that carry the factor."""
    frame = _frame(name, 300, 6)
    days = frame.assign(
        recency=frame["recency"] * 7, T=frame["T"] * 7, monetary_value=frame["monetary_value"] * 100
    )
    first = MODELS[name]().fit(_read(frame), setting, seed=1)
    second = MODELS[name]().fit(_read(days, "day"), setting, seed=1)
    if isinstance(setting, sg.MAP):
        assert second.u == pytest.approx(first.u, abs=3e-4)
    # a rounding error can tip a weighted draw to its neighbour: draws agree in distribution
    gap = np.abs(second.u.mean(axis=0) - first.u.mean(axis=0))
    assert np.all(gap < 3e-4 + 0.1 * first.u.std(axis=0))
    factor = {"alpha": 7, "beta": 7, "v": 100}
    if isinstance(setting, sg.MAP):
        for parameter, value in first.params.items():
            assert second.params[parameter] == pytest.approx(value * factor.get(parameter, 1), rel=3e-4)


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
@pytest.mark.parametrize("name", MODELS)
def test_the_posterior_is_one_that_arviz_reads(name, setting):
    import arviz as az

    fit = _with_covariates(MODELS[name]).fit(_read(_frame(name, 120, 5)), setting, seed=3)
    assert fit.posterior["posterior"].sizes["chain"] == 1
    summary = az.summary(fit.posterior, kind="stats")
    assert summary["mean"].notna().all()
    assert {"chain", "draw", "segment"} <= set(fit.posterior["posterior"].dims)

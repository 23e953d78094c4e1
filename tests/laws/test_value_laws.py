"""What must hold of every forecast and every value, whatever the data."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.likelihoods import gamma_gamma
from segmodels.likelihoods.discount import mid_month
from segmodels.tables.simulate import simulate_gamma_gamma, simulate_mbg_nbd

MODELS = (sg.BGNBD, sg.MBGNBD, sg.ParetoNBD)


def _frame(n=150, seed=3):
    rng = np.random.default_rng(seed)
    frame = simulate_mbg_nbd(n, 0.9, 5.0, 0.8, 2.5, rng.integers(15, 45, n) / 1.0, rng)
    money = simulate_gamma_gamma(frame["frequency"], 6.0, 4.0, 15.0, rng)["monetary_value"]
    return frame.assign(monetary_value=money, region=rng.choice(["n", "s", "w"], n))


def _read(frame, unit="week"):
    return sg.Customers.read(frame, unit=unit)


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.__name__)
def fit(request):
    return request.param().fit(_read(_frame()), sg.Laplace(draws=400), seed=1)


@pytest.fixture(scope="module")
def spend():
    return sg.GammaGamma().fit(_read(_frame()), sg.Laplace(draws=400), seed=2)


def test_alive_is_a_probability_that_falls_with_silence_and_time(fit):
    silent = pd.DataFrame(
        {"customer_id": range(9), "frequency": 3, "T": 40.0, "recency": np.linspace(2, 38, 9)}
    )
    other = fit.on(_read(silent))
    now, later = (other.alive(h)["alive"].to_numpy() for h in (0.0, 20.0))
    assert np.all((now > 0) & (now <= 1))
    assert np.all(np.diff(now) > 0)
    assert np.all(later < now)


def test_expectations_grow_with_the_horizon_and_curves_agree(fit, spend):
    table = fit.forecast((4.0, 13.0, 52.0), counts=(0, 1, 2, 3), spend=spend)
    by = table.set_index(["horizon", "customer_id"])
    single = fit.expected_purchases(13)["expected_purchases"].to_numpy()
    assert by.loc[13.0, "expected_purchases"].to_numpy() == pytest.approx(single, rel=1e-10)
    near, far = by.loc[4.0], by.loc[52.0]
    assert (far["expected_purchases"] > near["expected_purchases"]).all()
    assert (by["discounted_purchases"] < by["expected_purchases"]).all()
    assert (by["discounted_purchases"] < 1.02 * by["discounted_purchases_infinite"]).all()
    assert (far["alive_at_horizon"] <= near["alive_at_horizon"]).all()
    assert by["probability_0"].to_numpy() == pytest.approx(1 - by["at_least_one"].to_numpy(), abs=1e-8)
    assert (by.filter(like="probability_").sum(axis=1) <= 1 + 1e-9).all()
    mean = spend.expected_spend()["expected_spend"].to_numpy()
    assert by.loc[13.0, "expected_spend"].to_numpy() == pytest.approx(single * mean, rel=1e-9)
    assert np.isfinite(by.to_numpy()).all()


def test_totals_are_sums(fit):
    each = fit.expected_purchases(26)["expected_purchases"].sum()
    total, parts = fit.total(26), fit.total(26, by="region")
    assert float(total.mean()) == pytest.approx(each, rel=1e-10)
    assert parts.sum("segment").to_numpy() == pytest.approx(total.to_numpy(), rel=1e-10)
    assert parts["segment"].to_numpy().tolist() == ["n", "s", "w"]
    prediction = fit.total(26, of="prediction")
    assert prediction.std() > total.std()
    error = float(prediction.std()) / np.sqrt(prediction.size)
    assert abs(float(prediction.mean() - total.mean())) < 4 * error


def test_an_interval_of_the_prediction_holds_the_expectation_s(fit):
    wide = fit.expected_purchases(26, interval=0.8)
    narrow = fit.expected_purchases(26, interval=0.8, of="expectation")
    assert (narrow["low"] <= narrow["expected_purchases"]).mean() > 0.95
    assert (wide["high"] - wide["low"]).sum() > (narrow["high"] - narrow["low"]).sum()
    assert (wide["high"] % 1 == 0).all()


@pytest.mark.parametrize("setting", [sg.MAP(), sg.Laplace(draws=300)], ids=repr)
def test_value_equals_a_loop_over_months(setting):
    """Traps 2 and 5: one definition of a month, and spend draws that stay draws."""
    customers = _read(_frame(40))
    purchases = sg.MBGNBD().fit(customers, setting, seed=1)
    spend = sg.GammaGamma().fit(customers, sg.Laplace(draws=300), seed=2)
    value = sg.lifetime_value(purchases, spend, months=24, annual_discount=0.1, margin=0.3)
    table = value.table.set_index("customer_id")
    edges, weights = mid_month(24, 0.1, "week")
    edges = np.append(0.0, edges)
    u = purchases.u if len(purchases.u) == 300 else np.repeat(purchases.u, 300, axis=0)
    draws = purchases.density.parametrisation.forward(u, purchases.density.scale)
    money = spend.density.parametrisation.forward(spend.u, spend.density.scale)
    from segmodels.likelihoods import mbg_nbd

    for row in customers.to_pandas().head(6).itertuples():
        total = np.zeros(300)
        for month in range(24):
            e = mbg_nbd.expected_given_alive(edges[month : month + 2], row.frequency, row.T, *draws.T)
            total += weights[month] * (e[:, 1] - e[:, 0])
        alive = mbg_nbd.alive(row.frequency, row.recency, row.T, *draws.T)
        a, b = gamma_gamma.posterior_mean_coefficients(float(row.frequency), *money.T)
        worth = 0.3 * alive * total * (a + b * row.monetary_value)
        assert table.loc[row.customer_id, "value"] == pytest.approx(worth.mean(), rel=1e-8)
        assert table.loc[row.customer_id, "p90"] == pytest.approx(np.quantile(worth, 0.9), rel=1e-8)
    assert value.total.std() > 0


def test_value_is_linear_in_margin_falls_with_discount_and_adds_over_years(fit, spend):
    value = sg.lifetime_value(fit, spend, months=36)
    assert value.years == (12, 24, 36)
    half = sg.lifetime_value(fit, spend, months=36, margin=0.5)
    assert half.total.to_numpy() == pytest.approx(0.5 * value.total.to_numpy(), rel=1e-10)
    patient = sg.lifetime_value(fit, spend, months=36, annual_discount=0.0)
    assert (patient.total > value.total).all()
    table = value.table
    assert (table["value_12m"] < table["value_24m"]).all()
    assert table["value_36m"].to_numpy() == pytest.approx(table["value"].to_numpy(), rel=1e-12)
    year = sg.lifetime_value(fit, spend, months=12)
    assert year.table["value"].to_numpy() == pytest.approx(table["value_12m"].to_numpy(), rel=1e-10)
    assert table["value"].sum() == pytest.approx(float(value.total.mean()), rel=1e-10)
    assert value.curve["mean"].iloc[-1] == pytest.approx(float(value.total.mean()), rel=1e-10)
    labels = _frame().set_index("customer_id")["region"]
    for given in ("region", labels, labels.sample(frac=1.0, random_state=1)):
        assert value.by(given).sum("segment").to_numpy() == pytest.approx(value.total.to_numpy(), rel=1e-10)


def test_draw_blocks_repeat_and_add_up(fit, spend):
    for of in ("expectation", "prediction"):
        value = sg.lifetime_value(fit, spend, months=12, of=of)
        first, second = (list(value.draw_blocks(40)) for _ in range(2))
        assert [block[:2] for block in first] == [block[:2] for block in second]
        for left, right in zip(first, second, strict=True):
            assert np.array_equal(left[2], right[2])
        stacked = np.concatenate([block[2] for block in first])
        assert stacked.shape[0] == 150
        if of == "expectation":
            assert stacked.sum(axis=0) == pytest.approx(value.total.to_numpy(), rel=1e-10)
        else:
            assert value.total.std() > sg.lifetime_value(fit, spend, months=12).total.std()


@pytest.mark.parametrize("of", ["expectation", "prediction"])
def test_one_draw_of_a_model_goes_with_many_of_the_other(of):
    customers = _read(_frame(60))
    mode = sg.BGNBD().fit(customers, sg.MAP(), seed=1)
    many = sg.BGNBD().fit(customers, sg.Laplace(draws=1200), seed=1)
    money = sg.GammaGamma().fit(customers, sg.MAP(), seed=1)
    moneys = sg.GammaGamma().fit(customers, sg.Laplace(draws=1200), seed=1)
    full = float(sg.lifetime_value(many, moneys, of=of).total.mean())
    for purchases, spend in ((mode, moneys), (many, money), (mode, money)):
        value = sg.lifetime_value(purchases, spend, of=of)
        assert np.isfinite(value.table.drop(columns="customer_id").to_numpy()).all()
        assert float(value.total.mean()) == pytest.approx(full, rel=0.2)
        if of == "prediction":
            assert (value.table["p90"] > value.table["p10"]).mean() > 0.9


@pytest.mark.parametrize("of", ["expectation", "prediction"])
def test_order_of_rows_does_not_matter_to_value(of):
    """Trap 6."""
    frame = _frame(80)
    shuffled = frame.sample(frac=1.0, random_state=2)
    tables = []
    for each in (frame, shuffled):
        purchases = sg.BGNBD().fit(_read(each), sg.Laplace(draws=300), seed=1)
        spend = sg.GammaGamma().fit(_read(each), sg.Laplace(draws=300), seed=1)
        tables.append(sg.lifetime_value(purchases, spend, of=of).table.set_index("customer_id"))
    assert tables[1].index.tolist() == shuffled["customer_id"].tolist()
    pd.testing.assert_frame_equal(tables[0], tables[1].reindex(tables[0].index), rtol=1e-10)


def test_value_uses_each_customer_s_own_spend_group():
    """A group without a repeat buyer has no spend cell; its customers must not get another group's spend."""
    frame = _frame(120).sort_values("frequency", ignore_index=True)
    frame["region"] = np.where(frame["frequency"] == 0, "never", np.where(frame.index % 2, "rich", "poor"))
    frame.loc[frame["region"] == "rich", "monetary_value"] *= 20
    customers = _read(frame)
    purchases = sg.BGNBD().fit(customers, sg.MAP(), seed=1)
    spend = sg.GammaGamma(by="region").fit(customers, sg.MAP(), seed=1)
    value = sg.lifetime_value(purchases, spend, months=12).table.set_index("customer_id")["value"]
    mean = spend.expected_spend().set_index("customer_id")["expected_spend"]
    plain = sg.GammaGamma().fit(customers, sg.MAP(), seed=1)
    flow = sg.lifetime_value(purchases, plain, months=12).table.set_index("customer_id")["value"]
    flow /= plain.expected_spend().set_index("customer_id")["expected_spend"]
    assert (value / flow).to_numpy() == pytest.approx(mean[value.index].to_numpy(), rel=1e-8)
    assert spend.shrinkage().set_index("segment")["shrinkage"]["never"] > 0.9


@pytest.mark.parametrize(
    "bad", [{"months": 0}, {"months": 1.5}, {"annual_discount": -1.0}, {"margin": float("nan")}]
)
def test_value_refuses_what_makes_no_sense(fit, spend, bad):
    with pytest.raises(sg.InputError):
        sg.lifetime_value(fit, spend, **bad)


def test_forecasts_refuse_what_makes_no_sense(fit, spend):
    for call in (
        lambda: fit.expected_purchases(0),
        lambda: fit.expected_purchases(5, interval=1.0),
        lambda: fit.alive(-1.0),
        lambda: fit.forecast((5.0, 2.0)),
        lambda: fit.forecast(()),
        lambda: fit.total(float("inf")),
        lambda: fit.on(_read(_frame(), "day")),
        lambda: sg.lifetime_value(fit, spend).by(pd.Series(["a"], index=[1])),
        lambda: sg.lifetime_value(fit, spend).by(pd.Series(["a", "b"], index=[1, 1])),
    ):
        with pytest.raises(sg.InputError):
            call()


@pytest.mark.parametrize("of", ["expectation", "prediction"])
def test_monthly_cash_flows_add_up_to_the_value(fit, spend, of):
    value = sg.lifetime_value(fit, spend, months=14, margin=0.3, of=of)
    months = value.cash_flows
    assert months["discounted"].sum() == pytest.approx(float(value.total.mean()), rel=1e-12)
    np.testing.assert_allclose(months["cash_flow"] * months["discount"], months["discounted"])
    each = value.customer_cash_flows.set_index("customer_id")
    np.testing.assert_allclose(each.sum(axis=1), value.table.set_index("customer_id")["value"], rtol=1e-9)
    np.testing.assert_allclose(each.sum(axis=0), months["discounted"], rtol=1e-9)

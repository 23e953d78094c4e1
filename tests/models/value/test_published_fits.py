"""The public way, from log to fit to forecast, against published numbers and exact optima."""

import numpy as np
import pytest

import segmodels as sg
from segmodels.tables import datasets

# Exact optima; the published ones agree to their digits (BTYD walkthrough, CLVTools tests, note 025).
EXACT = {
    sg.BGNBD: ([0.24259453, 4.41360235, 0.79292205, 2.42590704], -9582.4292067),
    sg.MBGNBD: ([0.52484305, 6.18308466, 0.89135948, 1.61400287], -9582.1357156),
    sg.ParetoNBD: ([0.55327702, 10.57768282, 0.60624001, 11.6687366], -9594.9761789),
    sg.GammaGamma: ([6.24957142, 3.74422451, 15.44352294], -4055.9176948),
}
MASTER = {
    sg.BGNBD: ([0.25162, 4.78894, 0.72343, 2.16108], -95368.444),
    sg.MBGNBD: ([0.6371, 7.3103, 0.8075, 1.2284], -95336.958),
    sg.ParetoNBD: ([0.59741, 11.58511, 0.52217, 8.82598], -95415.1186),
    sg.GammaGamma: ([6.27536, 3.62445, 14.98369], -40763.476),
}
HOLDOUT = {sg.BGNBD: 1653.41, sg.MBGNBD: 1576.73, sg.ParetoNBD: 1665.5}


def _name(model):
    return model.__name__


@pytest.fixture(scope="module", params=EXACT, ids=_name)
def fitted(request, cdnow_customers):
    return request.param, request.param().fit(cdnow_customers, sg.MAP(), seed=1)


def test_mode_on_cdnow_is_the_exact_optimum(fitted):
    model, fit = fitted
    parameters, log_likelihood = EXACT[model]
    rtol = [1e-4, 1e-4, 1e-4, 1e-3] if model is sg.ParetoNBD else 1e-4
    assert np.all(np.abs(fit.params / parameters - 1) < rtol)
    assert abs(fit.log_likelihood - log_likelihood) < 1e-4


def test_facts_of_the_calibration_period(cdnow_split):
    frame = cdnow_split.calibration.to_pandas()
    assert (len(frame), frame["frequency"].sum(), (frame["frequency"] == 0).sum()) == (2357, 2457, 1411)
    assert cdnow_split.to_pandas()["frequency_holdout"].sum() == 1882


@pytest.mark.parametrize("model", HOLDOUT, ids=_name)
def test_holdout_sums(model, cdnow_customers):
    fit = model().fit(cdnow_customers, sg.MAP(), seed=1)
    expected = fit.expected_purchases(39)["expected_purchases"].sum()
    assert abs(expected - HOLDOUT[model]) < 0.05
    assert abs(float(fit.total(39).item()) / expected - 1) < 1e-12


def _customer(fit, number, horizon):
    """Expectation and P(alive) of the literature's customer of that number."""
    who = datasets.cdnow()["customer_id"].unique()[number - 1]
    alive = fit.alive().set_index("customer_id")["alive"][who]
    return fit.expected_purchases(horizon).set_index("customer_id")["expected_purchases"][who], alive


def test_customers_under_bg_nbd(cdnow_customers):
    fit = sg.BGNBD().fit(cdnow_customers, sg.MAP(), seed=1)
    assert _customer(fit, 1, 39) == pytest.approx((1.2259945, 0.7266198), rel=2e-4)
    assert _customer(fit, 2, 39) == pytest.approx((0.2034180, 0.2123902), rel=2e-4)
    assert _customer(fit, 1516, 52) == pytest.approx((25.75659, 0.9688523), rel=2e-4)
    new = fit.new_customer([1.0, 52.0])["expected_purchases"]
    assert new.to_numpy() == pytest.approx([0.0532, 1.444004], rel=2e-3)


def test_customers_under_pareto_nbd(cdnow_customers):
    fit = sg.ParetoNBD().fit(cdnow_customers, sg.MAP(), seed=1)
    assert _customer(fit, 1516, 52) == pytest.approx((25.45647, 0.997874), rel=2e-4)
    assert _customer(fit, 1, 39) == pytest.approx((1.455321, 0.869165), rel=2e-4)
    assert fit.new_customer([52.0])["expected_purchases"].item() == pytest.approx(1.473434, rel=2e-4)


def test_spend_of_the_first_customers(cdnow_customers):
    fit = sg.GammaGamma().fit(cdnow_customers, sg.MAP(), seed=1)
    ids = datasets.cdnow()["customer_id"].unique()[:10]
    spend = fit.expected_spend().set_index("customer_id")["expected_spend"].reindex(ids)
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert spend.to_numpy() == pytest.approx(published, abs=0.02)
    assert fit.expected_spend_new().item() == pytest.approx(35.17, abs=0.01)


@pytest.mark.parametrize("model", MASTER, ids=_name)
def test_mode_on_all_of_cdnow(model):
    log = datasets.cdnow_master()
    read = sg.Transactions.read(log, customer="customer_id", date="date", value="value", zero="keep")
    fit = model().fit(read.customers(until="1997-09-30", unit="week"), sg.MAP(), seed=1)
    parameters, log_likelihood = MASTER[model]
    assert fit.params.to_numpy() == pytest.approx(parameters, rel=2e-4 if model is not sg.ParetoNBD else 1e-3)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)


@pytest.mark.parametrize("model", EXACT, ids=_name)
def test_weak_priors_hardly_move_the_posterior(model, cdnow_customers):
    """On the scale of the coordinates, where the posterior is near normal; Pareto/NBD's has a long tail."""
    mode = model().fit(cdnow_customers, sg.MAP(), seed=1)
    fit = model().fit(cdnow_customers, sg.Laplace(), seed=1)
    gap = np.abs(fit.u.mean(axis=0) - mode.u[0]) / fit.u.std(axis=0)
    assert np.all(gap < (0.35 if model is sg.ParetoNBD else 0.25))

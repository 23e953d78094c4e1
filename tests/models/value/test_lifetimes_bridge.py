"""Users of lifetimes can move: their fitted objects give the same forecasts here."""

import warnings

import numpy as np
import pytest

import segmodels as sg


@pytest.fixture(scope="module")
def summary(cdnow_customers):
    return cdnow_customers.to_pandas()


def _lifetimes(name, *arrays):
    # lifetimes and the autograd beneath it warn on import and while fitting; that is not ours to mend
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes

        return getattr(lifetimes, name)(penalizer_coef=0.0).fit(*arrays)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (sg.BGNBDFit, "BetaGeoFitter"),
        (sg.MBGNBDFit, "ModifiedBetaGeoFitter"),
        (sg.ParetoNBDFit, "ParetoNBDFitter"),
    ],
)
def test_purchases_are_those_of_lifetimes(ours, theirs, summary):
    columns = [summary[name] for name in ("frequency", "recency", "T")]
    fitter = _lifetimes(theirs, *columns)
    fit = ours.from_lifetimes(fitter, unit="week")
    assert fit.params.to_numpy() == pytest.approx(fitter.params_.to_numpy(), rel=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = fitter.conditional_expected_number_of_purchases_up_to_time(39, *columns)
        alive = fitter.conditional_probability_alive(*columns)
    assert fit.expected_purchases(39)["expected_purchases"].to_numpy() == pytest.approx(
        np.asarray(expected), rel=1e-6
    )
    assert fit.alive()["alive"].to_numpy() == pytest.approx(np.asarray(alive), rel=1e-6)


def test_spend_is_that_of_lifetimes(summary):
    repeat = summary[summary["monetary_value"] > 0]
    fitter = _lifetimes("GammaGammaFitter", repeat["frequency"], repeat["monetary_value"])
    fit = sg.GammaGammaFit.from_lifetimes(fitter, unit="week")
    expected = fitter.conditional_expected_average_profit(repeat["frequency"], repeat["monetary_value"])
    assert fit.expected_spend()["expected_spend"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


def test_spend_without_a_mean_is_refused(summary):
    repeat = summary[summary["monetary_value"] > 0]
    fitter = _lifetimes("GammaGammaFitter", repeat["frequency"], repeat["monetary_value"])
    fitter.params_["q"] = 0.8
    with pytest.raises(sg.InputError, match=r"q = 0\.8; expected q above 1"):
        sg.GammaGammaFit.from_lifetimes(fitter)


def test_the_wrong_class_and_an_unfitted_object_are_refused(summary):
    fitter = _lifetimes("BetaGeoFitter", *(summary[name] for name in ("frequency", "recency", "T")))
    with pytest.raises(sg.InputError, match="take the class of the same model"):
        sg.ParetoNBDFit.from_lifetimes(fitter)
    with pytest.raises(sg.InputError, match="a fitted BetaGeoFitter"):
        sg.BGNBDFit.from_lifetimes(object())

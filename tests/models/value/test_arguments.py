"""Wrong arguments are one clear error, before anything is computed."""

import pytest

import segmodels as sg
from segmodels.tables.datasets import cdnow


@pytest.fixture(scope="module")
def log():
    return sg.Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="keep")


@pytest.fixture(scope="module")
def customers(log):
    return log.customers(until="1997-09-30", unit="week")


@pytest.fixture(scope="module")
def fits(customers):
    return sg.BGNBD().fit(customers, sg.MAP(), seed=1), sg.GammaGamma().fit(customers, sg.MAP(), seed=1)


@pytest.mark.parametrize(
    ("spec", "setting", "seed", "where"),
    [
        (sg.BGNBD(), sg.MAP, 1, "setting"),
        (sg.BGNBD(), "MAP", 1, "setting"),
        (sg.BGNBD(), sg.MAP(), None, "seed"),
        (sg.BGNBD(), sg.MAP(), -1, "seed"),
        (sg.BGNBD(), sg.MAP(), 1.5, "seed"),
        (sg.BGNBD(), sg.MAP(), True, "seed"),
        (sg.BGNBD(r=3), sg.MAP(), 1, "prior"),
        (sg.BGNBD(purchase_covariates="nope"), sg.MAP(), 1, "purchase_covariates"),
        (sg.ParetoNBD(dropout_covariates=("nope",)), sg.MAP(), 1, "dropout_covariates"),
        (sg.GammaGamma(spend_covariates=("nope",)), sg.MAP(), 1, "spend_covariates"),
    ],
)
def test_what_can_not_be_fitted_is_refused(customers, spec, setting, seed, where):
    with pytest.raises(sg.InputError, match=where):
        spec.fit(customers, setting, seed=seed)


def test_a_log_is_no_table_of_customers(log, fits):
    with pytest.raises(sg.InputError, match=r"Transactions\.customers"):
        sg.MBGNBD().fit(log, sg.MAP(), seed=1)
    for fit in fits:
        with pytest.raises(sg.InputError, match=r"Transactions\.customers"):
            fit.on(log)


@pytest.mark.parametrize(
    "call",
    [
        lambda fit: fit.expected_purchases(39, interval=0.8, of="expectations"),
        lambda fit: fit.expected_purchases("39"),
        lambda fit: fit.expected_purchases(39, interval=80),
        lambda fit: fit.alive(-1),
        lambda fit: fit.forecast("x"),
        lambda fit: fit.new_customer(-3),
        lambda fit: fit.total(39, of="mean"),
        lambda fit: fit.save("/no/such/folder/fit.nc"),
    ],
)
def test_forecasts_refuse_what_they_do_not_know(fits, call):
    with pytest.raises(sg.InputError):
        call(fits[0])


def test_values_refuse_swapped_fits_and_percentages(fits):
    purchases, spend = fits
    with pytest.raises(sg.InputError, match="purchases first"):
        sg.lifetime_value(spend, purchases)
    with pytest.raises(sg.InputError, match=r"(?s)annual_discount.*margin"):
        sg.lifetime_value(purchases, spend, annual_discount=10, margin=30)


def test_a_file_that_is_no_fit_is_refused(tmp_path):
    junk = tmp_path / "junk.nc"
    junk.write_text("x")
    with pytest.raises(sg.InputError, match="can not be read"):
        sg.BGNBDFit.load(junk)


def test_settings_count_in_whole_numbers():
    with pytest.raises(sg.InputError, match="draws"):
        sg.Laplace(draws=1.5)


def test_fits_print_in_a_few_lines(fits):
    purchases, spend = fits
    assert repr(purchases).splitlines() == [
        "BGNBDFit: 2,357 customers, in units of a week, 1 draw",
        "  r 0.2426, alpha 4.414, a 0.7929, b 2.426; log-likelihood -9,582.43",
        "  2 of 2 checks passed",
    ]
    assert len(repr(sg.lifetime_value(purchases, spend)).splitlines()) < 10

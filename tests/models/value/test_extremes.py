"""Extreme data end in a finite answer or in an error that says what to do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segmodels as sg

MODELS = (sg.BGNBD, sg.MBGNBD, sg.ParetoNBD)


def _table(rows):
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "T", "monetary_value"])
    return sg.Customers.read(frame.assign(customer_id=np.arange(len(frame))), unit="day")


CASES = {
    "one customer": [(3, 20.0, 30.0, 5.0)],
    "one who bought once": [(0, 0.0, 30.0, 0.0)],
    "all bought once": [(0, 0.0, float(t), 0.0) for t in range(10, 40)],
    "no time at all": [(0, 0.0, 0.0, 0.0)] * 5,
    "no time for some": [(0, 0.0, 0.0, 0.0)] * 5 + [(2, 10.0, 30.0, 4.0), (1, 3.0, 20.0, 8.0)] * 5,
    "thousands of purchases": [(4000, 399.0, 400.0, 7.0), (0, 0.0, 400.0, 0.0), (2500, 10.0, 380.0, 3.0)] * 4,
    "nobody ever leaves": [(k, 99.0, 100.0, 5.0 + k) for k in range(1, 40)],
    "everybody leaves at once": [(1, 0.5, 500.0, 5.0)] * 40,
    "tiny values": [(k, 50.0, 90.0, 1e-9 * (1 + k % 5)) for k in range(1, 30)],
    "huge values": [(k, 50.0, 90.0, 1e9 * (1 + k % 5)) for k in range(1, 30)],
    "both values": [(2, 50.0, 90.0, 1e-9), (3, 40.0, 90.0, 1e9)] * 6,
    "the same for all": [(5, 50.0, 90.0, 10.0)] * 50,
    "huge times": [(k, 1e8, 2e8, 3.0) for k in range(1, 20)],
}


def _says_what_to_do(error):
    assert len(str(error)) > 30


def _survives(rows, setting):
    """Fit everything, and take all that comes as long as it is finite or a named error."""
    customers = _table(rows)
    spend = None
    try:
        spend = sg.GammaGamma().fit(customers, setting, seed=1)
        money = spend.expected_spend()["expected_spend"].to_numpy()
        assert np.isfinite(money).all()
        assert (money > 0).all()
    except (sg.InputError, sg.NotConverged) as error:
        _says_what_to_do(error)
    for model in MODELS:
        try:
            fit = model().fit(customers, setting, seed=1)
            assert np.isfinite(fit.params).all()
            assert np.isfinite(fit.log_likelihood)
            table = fit.forecast((1.0, 1000.0)).drop(columns="customer_id").to_numpy(float)
            assert np.isfinite(table).all()
            assert (table >= -1e-9).all()
            intervals = fit.expected_purchases(30, interval=0.8)
            assert np.isfinite(intervals.to_numpy(float)).all()
            if spend is not None:
                value = sg.lifetime_value(fit, spend, months=12)
                assert np.isfinite(value.table["value"]).all()
        except (sg.InputError, sg.NotConverged) as error:
            _says_what_to_do(error)


@pytest.mark.parametrize("setting", [sg.MAP(), sg.Laplace(draws=60)], ids=repr)
@pytest.mark.parametrize("case", CASES)
def test_extreme_customers(case, setting):
    _survives(CASES[case], setting)


@st.composite
def customers(draw):
    age = draw(st.sampled_from([0.0, 1.0, 37.5, 3650.0]))
    bought = draw(st.integers(0, 3000)) if age > 0 and draw(st.booleans()) else 0
    last = age * draw(st.floats(0.01, 1.0)) if bought else 0.0
    value = draw(st.sampled_from([1e-9, 1.0, 33.3, 1e9])) if bought else 0.0
    return (bought, last, age, value)


@pytest.mark.slow
@settings(max_examples=15, derandomize=True)
@given(rows=st.lists(customers(), min_size=1, max_size=12))
def test_any_customers_at_all(rows):
    _survives(rows, sg.MAP())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["retail_transactions_kaggle", "online_retail_uci"])
def test_real_logs_at_the_boundary(name, shared_data):
    """One log where nobody is told apart, one whose mode lies at the wall."""
    path = next(p for p in (shared_data / name).glob("*.parquet") if p.stem in {"transactions", "invoices"})
    frame = pd.read_parquet(path)
    customer = next(c for c in frame if "customer" in c.lower())
    date = next(c for c in frame if "date" in c.lower())
    log = frame[[customer, date]].dropna()
    read = sg.Transactions.read(log, customer=customer, date=date)
    summary = read.customers(unit="week")
    for model in MODELS:
        try:
            fit = model().fit(summary, sg.MAP(), seed=1)
        except (sg.NotConverged, sg.InputError) as error:
            _says_what_to_do(error)
        else:
            assert np.isfinite(fit.expected_purchases(26)["expected_purchases"]).all()

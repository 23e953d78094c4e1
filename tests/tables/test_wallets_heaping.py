"""Heaped answers: the units are found where they are, and the truth lies in the interval."""

import numpy as np
import pandas as pd
import pytest

from segmodels.tables.simulate_wallets import heaped
from segmodels.tables.wallet_rounding import units
from segmodels.tables.wallets import Wallets


def _amounts(rng, n, spread=1.0):
    return rng.lognormal(np.log(200.0), spread, n)


def _read(own, answer, **more):
    frame = pd.DataFrame({"id": np.arange(len(own)), "own": own, "said": answer})
    return Wallets.read(frame, customer="id", own="own", most_below=1.0, **({"total": "said"} | more))


@pytest.mark.parametrize("n", [20, 200, 2000])
@pytest.mark.parametrize("spread", [0.3, 1.0])
@pytest.mark.parametrize("digits", [0, 2, 15])
def test_answers_as_fine_as_own_spend_do_not_heap(n, spread, digits):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        own, said = (_amounts(rng, n, spread).round(digits) for _ in range(2))
        assert units(said, own) == ()


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_unit_of_one_heap_is_found(spread):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        own, exact = (_amounts(rng, 200, spread).round(2) for _ in range(2))
        assert units(exact.round(0), own) == (1.0,)
        assert units(heaped(exact, rng, (10.0,), 1.0), own) == (10.0,)
        assert units(heaped(exact, rng, (100.0,), 0.5), own) == (100.0,)


def test_several_units_are_told_apart_from_many_answers():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        own, exact = (_amounts(rng, 2000).round(2) for _ in range(2))
        found.append(units(heaped(exact, rng, (10.0, 50.0, 100.0), (0.3, 0.2, 0.3)), own))
    assert found.count((10.0, 50.0, 100.0)) >= 18


@pytest.mark.parametrize("currency", [0.01, 1.0, 100.0])
def test_units_move_with_the_currency(currency):
    rng = np.random.default_rng(1)
    own, exact = (_amounts(rng, 500).round(2) for _ in range(2))
    said = heaped(exact, rng, (50.0,), 0.7)
    assert units(said * currency, own * currency) == pytest.approx((50.0 * currency,))


@pytest.mark.parametrize("answers", [[], [0.0, 0.0], [100.0] * 30, [5.0, 1e300], [1e-5, 3.0, 4.0]])
def test_too_little_to_tell_is_no_heap(answers):
    assert units(np.array(answers), np.array([12.34, 0.01])) == ()


def test_the_truth_lies_in_the_interval_of_a_heaped_answer():
    rng = np.random.default_rng(1)
    own, elsewhere = (_amounts(rng, 2000).round(2) for _ in range(2))
    said = heaped(own + elsewhere, rng, (10.0, 50.0, 100.0), (0.3, 0.2, 0.3))
    table = _read(own, said, rounding="auto").answered()
    inside = (table["low"] - 1e-6 <= elsewhere) & (elsewhere <= table["high"] + 1e-6)
    # A multiple of 100 may have been rounded to 10 by chance, never the other way round.
    assert inside.mean() == 1.0
    exact = np.abs((said / 10.0) % 1.0) > 1e-6
    assert (table["low"] == table["high"])[exact].all()


def _slowly(own, said, width, below):
    """The interval of one total, by the words of the docstring."""
    elsewhere = 0.0 if abs(said - own) <= 1e-9 * own else said - own
    half = 0.0 if said == own == 0 else width / 2
    if elsewhere < -half:
        return 0.0, below * own
    return max(0.0, elsewhere - half), elsewhere + half


def test_intervals_are_those_of_the_slow_version():
    rng = np.random.default_rng(1)
    own = np.where(rng.random(300) < 0.2, 0.0, _amounts(rng, 300))
    said = np.where(rng.random(300) < 0.2, own, np.maximum(own + rng.normal(0, 80, 300), 0.0))
    width = rng.choice([0.0, 10.0, 100.0], 300)
    frame = pd.DataFrame({"id": np.arange(300), "own": own, "said": said, "width": width})
    wallets = Wallets.read(
        frame, customer="id", own="own", total="said", rounding="width", below=0.2, most_below=1.0
    )
    expected = np.array([_slowly(*row, 0.2) for row in zip(own, said, width, strict=True)])
    np.testing.assert_allclose(wallets.answered()[["low", "high"]], expected, rtol=1e-12)
    rows = wallets.audit.set_index("step")["rows"]
    assert rows[[step for step in rows.index if step in KINDS]].sum() == rows["answered"] == 300


KINDS = ("answered: exact", "answered: rounded", "answered: total below own spend")


def test_rounding_explains_a_total_a_little_below_own_spend():
    table = _read([120.0, 180.0, 150.0], [100.0, 100.0, 100.0], rounding=100.0).answered()
    assert table[["low", "high"]].to_numpy().tolist() == [[0.0, 30.0], [0.0, 9.0], [0.0, 0.0]]


def test_nothing_spent_is_no_rounded_number():
    table = _read([0.0, 5.0], [0.0, 0.0], total=None, elsewhere="said", rounding=10.0).answered()
    assert table[["low", "high"]].to_numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]
    wallets = _read([0.0, 5.0], [0.0, 10.0], rounding=10.0)
    assert wallets.answered()[["low", "high"]].to_numpy().tolist() == [[0.0, 0.0], [0.0, 10.0]]
    assert "answered: nothing spent anywhere" in wallets.audit["step"].to_list()


def test_what_floats_leave_of_own_spend_is_nothing():
    table = _read([0.1 + 0.2, 1e300], [0.3, 1e300]).answered()
    assert table[["low", "high"]].to_numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]

"""The door of wallets knows no currency, no width of floats, and no noise of sums."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.engine import fetch
from segmodels.tables.simulate_wallets import heaped
from segmodels.tables.wallet_rounding import cent, powers, units
from segmodels.tables.wallets import Wallets

SCALES = [1e-9, 1e-3, 1e-2, 0.1, 1e3, 1e5, 1e10, 1e12]


def _read(own, said, **more):
    columns = {name: more.pop(name) for name in ("width",) if name in more}
    frame = pd.DataFrame({"id": np.arange(len(own)), "own": own, "said": said} | columns)
    return Wallets.read(
        frame, **({"customer": "id", "own": "own", "total": "said", "most_below": 1.0} | more)
    )


def _bounds(wallets):
    return wallets.answered()[["low", "high"]].to_numpy()


def _marks(wallets):
    return fetch(wallets.marks.order_by("customer_id")).column("mark").to_pylist()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("digits", [0, 2])
def test_exact_amounts_heap_in_no_currency(scale, digits):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        own, said = (rng.lognormal(5, 1, 300).round(digits) for _ in range(2))
        assert units(said * scale, own * scale) == ()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("grids", [((50.0,), (0.7,)), ((10.0, 50.0, 100.0), (0.3, 0.2, 0.3))])
def test_units_are_the_same_in_every_currency(scale, grids):
    rng = np.random.default_rng(3)
    own, exact = (rng.lognormal(5, 1, 2000).round(2) for _ in range(2))
    said = heaped(exact, rng, *grids)
    assert units(said * scale, own * scale) == pytest.approx(tuple(scale * each for each in grids[0]))
    read = [
        _bounds(_read(own * s, said * s, elsewhere="said", total=None, rounding="auto")) for s in (1, scale)
    ]
    np.testing.assert_allclose(read[1] / scale, read[0], rtol=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_kinds_and_intervals_are_the_same_in_every_currency(scale):
    own = np.array([95.0, 105.0, 104.9, 105.1, 100.0, 99.99])
    said, width = np.full(6, 100.0), np.array([10.0, 10.0, 10.0, 10.0, 0.0, 0.0])
    wallets = _read(own * scale, said * scale, width=width * scale, rounding="width")
    assert _marks(wallets) == ["rounded", "rounded", "rounded", "censored", "exact", "exact"]
    expected = [[0, 10], [0, 0], [0, 0.1], [0, 0.05 * 105.1], [0, 0], [0.01, 0.01]]
    np.testing.assert_allclose(_bounds(wallets) / scale, expected, rtol=1e-9)
    # What is nothing is so exactly: a bound of 1e-18 would rule out that nothing is spent elsewhere.
    assert (_bounds(wallets)[:5, 0] == 0).all()
    assert _bounds(wallets)[1, 1] == 0


@pytest.mark.parametrize("scale", [1.0, *SCALES])
def test_answers_at_own_spend_leave_nothing_whatever_its_sum(scale):
    rng = np.random.default_rng(1)
    parts = rng.lognormal(3, 1, (200, 12)).round(2) * scale
    own, said = parts.sum(axis=1), parts[:, ::-1].sum(axis=1)
    assert (_bounds(_read(own, said)) == 0).all()
    assert set(_marks(_read(own, said))) == {"exact"}
    rounded = _bounds(_read(own, said, width=np.full(200, 10.0 * scale), rounding="width"))
    assert (rounded == [0.0, 5.0 * scale]).all()


def test_a_little_stated_elsewhere_is_not_nothing_beside_much_own_spend():
    assert _bounds(_read([1e10], [5.0], total=None, elsewhere="said")).tolist() == [[5.0, 5.0]]


@pytest.mark.parametrize("kinds", [("f4", "f8"), ("f8", "f4"), ("f4", "f4"), ("f8", "f8")])
def test_single_precision_is_read_by_its_digits(kinds):
    amounts = np.array([100.2, 33.1, 0.1, 1234.56])
    own, said = (amounts.astype(kind) for kind in kinds)
    assert _bounds(_read(own, said)).tolist() == [[0.0, 0.0]] * 4
    assert set(_marks(_read(own, said))) == {"exact"}
    assert _bounds(_read(own, said, rounding=0.01)) == pytest.approx(np.array([[0.0, 0.005]] * 4))
    with pytest.raises(InputError, match="null or NaN in 1 row"):
        _read(np.array([np.nan, 1.0], "f4"), said[:2])


@pytest.mark.parametrize("ten", [10, 10.0, np.int64(10), np.float32(10), np.float64(10), Fraction(10)])
def test_rounding_may_be_any_number(ten):
    assert _bounds(_read([90.0], [100.0], rounding=ten)).tolist() == [[5.0, 15.0]]
    with pytest.raises(InputError, match="finer than that"):
        _read([90.0], [101.0], rounding=ten)


@pytest.mark.parametrize("wrong", [[10], b"x", 10**400, np.float32(np.inf), np.nan, -1, True, np.True_])
def test_rounding_that_can_not_be_meant_is_a_fault(wrong):
    with pytest.raises(InputError, match="a positive number, a column, 'auto' or None"):
        _read([90.0], [100.0], rounding=wrong)


@pytest.mark.parametrize("wrong", ["a", None, np.nan, -0.1, 2])
def test_shares_that_can_not_be_meant_are_faults(wrong):
    with pytest.raises(InputError, match=r"(?s)below: got .*most_below: got "):
        _read([90.0], [100.0], below=wrong, most_below=wrong)


def test_far_less_than_the_unit_is_no_multiple_of_it():
    with pytest.raises(InputError, match="finer than that in 2 rows"):
        _read([1.0, 1.0, 1.0], [3.0, 4.0, 1e7], rounding=1e7)


def test_multiples_are_told_as_far_as_floats_can():
    said = np.array([1234567890.12, 7654321098765.43])
    assert _read([1.0, 2.0], said, rounding=0.01).n_answered == 2


def test_the_grid_comes_from_own_spend_of_everybody():
    rng = np.random.default_rng(1)
    own = rng.lognormal(5, 1, 1000).round(2)
    own[:300] = 0.0
    said = np.where(np.arange(1000) < 300, rng.lognormal(5, 1, 1000).round(-1), np.nan)
    wallets = _read(own, said, rounding="auto")
    wide = np.ptp(_bounds(wallets), axis=1)
    assert set(wide[said[:300] > 0].round(6)) <= {5.0, 10.0}
    # Nobody's money shows anything finer than 10 here, as it does not in a currency a tenth as large.
    assert (np.ptp(_bounds(_read(own.round(-1), said, rounding="auto")), axis=1) == 0).all()
    assert _read(own, np.where(said > -1, 0.0, np.nan), rounding="auto").n_answered == 300


def test_noise_instead_of_no_own_spend_does_not_move_the_grid():
    rng = np.random.default_rng(1)
    own, said = (rng.lognormal(5, 1, 300).round(2) for _ in range(2))
    own[:50] = 3e-14
    assert units(said, own) == ()
    assert np.ptp(_bounds(_read(own, own + said, rounding="auto")), axis=1).max() == 0


def test_powers_follow_the_largest_answer():
    for exponent in range(-12, 13):
        assert powers(1000.0 * 10.0**exponent)[0] == pytest.approx(10.0 ** (exponent + 3))


def test_totals_in_whole_cents_of_own_spend_that_is_not_are_not_below_it():
    rng = np.random.default_rng(1)
    own = rng.lognormal(4.0, 1.0, 400)
    elsewhere = np.where(rng.random(400) < 0.4, 0.0, rng.lognormal(4.0, 1.0, 400) + 1.0)
    frame = pd.DataFrame({"id": range(400), "own": own, "total": (own + elsewhere).round(2)})
    wallets = Wallets.read(frame, customer="id", own="own", total="total")
    answered = wallets.answered()
    assert "below own spend" not in repr(wallets)
    assert ((answered["high"] == 0) == (elsewhere == 0)).all()
    assert (answered["low"] == answered["high"]).all()


def test_a_cent_is_a_power_of_ten_that_divides_all_and_is_next_to_nothing():
    rng = np.random.default_rng(1)
    spend = rng.lognormal(5, 1, 200)
    assert cent(spend.round(2)) == 0.01
    assert cent(spend.round(0) * 1e6) == 0.0
    assert cent(spend.round(2) * 1e6) == 1e4
    assert cent(spend) == 0.0
    # One answer typed wrong makes no cent of a thousand.
    assert cent(np.append(spend.round(2), 1e12)) == 0.01
    assert cent(np.array([0.0])) == 0.0

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.evaluate.backtest import backtest, rolling_origins
from segmodels.inference.settings import MAP, Laplace
from segmodels.models.value.bg_nbd import BGNBD
from segmodels.models.value.gamma_gamma import GammaGamma
from segmodels.models.value.mbg_nbd import MBGNBD
from segmodels.models.value.pareto_nbd import ParetoNBD
from segmodels.tables.datasets import cdnow
from segmodels.tables.transactions import Transactions

UNTIL = "1997-09-30"


@pytest.fixture(scope="module")
def tested(log, specs):
    return backtest(log, specs, MAP(), origins=UNTIL, horizon=39, seed=1, spend=GammaGamma())


@pytest.fixture(scope="module")
def rolled(log):
    origins = rolling_origins("1997-06-30", 13, 3)
    specs = {"MBG/NBD": MBGNBD()}
    return backtest(
        log, specs, Laplace(200), origins=origins, horizon=13, seed=1, spend=GammaGamma(), level=0.9
    )


def row(tested, target, method):
    table = tested.table
    return table[(table["target"] == target) & (table["method"] == method)].iloc[0]


@pytest.mark.parametrize(
    ("method", "expected", "bias", "mae", "rmse", "correlation", "msle"),
    [
        # CLVTools and BTYDplus give the same to four digits
        ("BG/NBD", 1653.41, -0.121, 0.78545, 1.6080, 0.62565, 0.23427),
        ("MBG/NBD", 1576.73, -0.162, 0.76478, 1.6072, 0.62725, 0.23144),
        ("Pareto/NBD", 1665.5, -0.115, 0.75452, 1.6028, 0.63022, 0.23774),
        ("own rate", 2930.10, 0.557, 1.02367, 2.2119, 0.58394, 0.40095),
    ],
)
def test_the_holdout_of_the_literature(tested, method, expected, bias, mae, rmse, correlation, msle):
    found = row(tested, "purchases", method)
    assert found["customers"] == 2357
    assert found["actual"] == 1882
    np.testing.assert_allclose(found["expected"], expected, atol=0.05)
    np.testing.assert_allclose(found["bias"], bias, atol=5e-4)
    figures = found[["mae", "rmse", "correlation", "msle"]].astype(float)
    np.testing.assert_allclose(figures, [mae, rmse, correlation, msle], atol=5e-5)


def test_spend_is_what_came(tested):
    found = row(tested, "spend", "BG/NBD")
    np.testing.assert_allclose(found["actual"], 70_976.39)
    assert -0.25 < found["bias"] < -0.05


def test_one_row_per_method(tested, specs):
    methods = [*specs, "own rate", "last period", "hiatus rule", "mean of all"]
    assert tested.summary()["method"].tolist() == methods
    assert tested.summary("spend")["method"].tolist() == methods
    assert tested.summary().columns.tolist() == [
        *("method", "origins", "actual", "expected", "bias", "mae", "rmse", "correlation", "lift", "coverage")
    ]
    assert (tested.table["origins"] == 1).all()


def test_expected_purchases_are_those_of_the_fit(tested, modes):
    for name, fit in modes.items():
        whole = fit.expected_purchases(39)["expected_purchases"].sum()
        np.testing.assert_allclose(row(tested, "purchases", name)["expected"], whole)


def test_expected_spend_is_purchases_times_spend_per_purchase(tested, modes, customers):
    spend = GammaGamma().fit(customers, MAP(), seed=1).expected_spend()
    both = modes["BG/NBD"].expected_purchases(39).merge(spend, on="customer_id")
    whole = (both["expected_purchases"] * both["expected_spend"]).sum()
    np.testing.assert_allclose(row(tested, "spend", "BG/NBD")["expected"], whole)


def test_customers_intervals_hold_but_sums_do_not_on_cdnow(tested):
    """Every model under-predicts CDNOW by 11 to 16 per cent, so the interval of the sum misses 1,882."""
    found = row(tested, "purchases", "BG/NBD")
    assert found["coverage"] > 0.8
    assert abs(found["coverage"] - found["coverage_own"]) < 0.03
    assert found["total_coverage"] == 0
    origins = tested.by_origin.query("target == 'purchases' and method == 'BG/NBD'").iloc[0]
    assert origins["total_low"] < 1653.41 < origins["total_high"] < 1882


def test_the_lift_table_adds_up(tested):
    sums = tested.by_decile.assign(sum=lambda rows: rows["customers"] * rows["actual"])
    sums = sums.groupby(["target", "method"])["sum"].sum()
    np.testing.assert_allclose(sums["purchases"], 1882)
    np.testing.assert_allclose(sums["spend"], 70_976.39)
    top = tested.by_decile.query("decile == 1 and target == 'purchases'").set_index("method")["lift"]
    assert top["BG/NBD"] > 4.5
    np.testing.assert_allclose(top["BG/NBD"], row(tested, "purchases", "BG/NBD")["lift"])
    np.testing.assert_allclose(top["mean of all"], 1)


def test_models_beat_rules_of_thumb_on_cdnow(tested):
    found = {item.name: item for item in tested.evidence}
    assert found["Better than naive forecasts: purchases"].passed
    assert found["Better than naive forecasts: spend"].passed
    assert found["Spend of the best customers"].passed is None


def test_the_standard_error_is_that_of_paired_customers(tested, log, modes):
    """Against the formula, for one origin: sd of the differences over root N."""
    from segmodels.evaluate.baselines import naive_forecasts

    split = log.holdout(UNTIL)
    came, known = split.to_pandas()["frequency_holdout"].to_numpy(), split.calibration.to_pandas()
    table = tested.evidence[0].table.set_index("score")
    expected = modes["Pareto/NBD"].expected_purchases(39).sort_values("customer_id")["expected_purchases"]
    rules = naive_forecasts(log, known, dt.date(1997, 9, 30), 39, "week", "day")
    best = min((((rule["purchases"] - came) ** 2).to_numpy() for rule in rules.values()), key=np.mean)
    difference = (expected.to_numpy() - came) ** 2 - best
    np.testing.assert_allclose(table.loc["squared error", "difference"], difference.mean())
    np.testing.assert_allclose(table.loc["squared error", "standard_error"], difference.std() / np.sqrt(2357))


def test_rolling_origins_are_averaged(rolled):
    each = rolled.by_origin.query("target == 'purchases' and method == 'MBG/NBD'")
    found = row(rolled, "purchases", "MBG/NBD")
    assert each["origin"].tolist() == list(pd.to_datetime(["1997-06-30", "1997-09-29", "1997-12-29"]))
    np.testing.assert_allclose(found["mae"], each["mae"].mean())
    np.testing.assert_allclose(found["bias"], each["expected"].sum() / each["actual"].sum() - 1)
    assert found["origins"] == 3


def test_a_higher_level_is_wider(rolled, log):
    lower = backtest(
        log, {"MBG/NBD": MBGNBD()}, Laplace(200), origins="1997-09-29", horizon=13, seed=1, level=0.5
    )
    widths = [
        each.by_origin.query("target == 'purchases' and kind == 'model'").set_index("origin")["width"]
        for each in (lower, rolled)
    ]
    assert widths[0].loc["1997-09-29"] < widths[1].loc["1997-09-29"]


def test_seeds_and_names(log):
    arguments = {"origins": UNTIL, "horizon": 13, "baselines": False}
    one, same, other = (
        backtest(log, spec, Laplace(200), seed=seed, **arguments).by_origin
        for spec, seed in (([BGNBD()], 1), (BGNBD(), 1), (BGNBD(), 2))
    )
    pd.testing.assert_frame_equal(one, same)
    assert one["method"].tolist() == ["BGNBD"]
    assert one["crps"].tolist() != other["crps"].tolist()


@dataclass(frozen=True)
class Counted:
    """A spec that counts its fits, and stops at a given one."""

    spec: object
    fits: list
    stop_at: int = -1

    def __repr__(self):
        return f"Counted({self.spec!r})"

    def fit(self, customers, setting, *, seed):
        if len(self.fits) == self.stop_at:
            raise RuntimeError
        self.fits.append(seed)
        return self.spec.fit(customers, setting, seed=seed)


@pytest.fixture(scope="module")
def small():
    rows = cdnow().query("customer_id % 8 == 0")
    return Transactions.read(rows, customer="customer_id", date="date", value="value", zero="keep")


def run(log, spec, folder, **changes):
    arguments = {"origins": ["1997-06-30", UNTIL], "horizon": 13, "seed": 1, "spend": GammaGamma()}
    specs = {"a": spec, "b": ParetoNBD()}
    return backtest(log, specs, MAP(), cache=folder, **(arguments | changes))


def test_a_stopped_backtest_goes_on_where_it_was(small, tmp_path):
    fits = []
    with pytest.raises(RuntimeError):
        run(small, Counted(BGNBD(), fits, stop_at=1), tmp_path)
    assert len(fits) == 1
    done = run(small, Counted(BGNBD(), fits), tmp_path)
    assert len(fits) == 2
    again = run(small, Counted(BGNBD(), fits), tmp_path)
    assert len(fits) == 2
    whole = run(small, Counted(BGNBD(), fits), None)
    for other in (again, whole):
        pd.testing.assert_frame_equal(done.by_origin, other.by_origin)
        pd.testing.assert_frame_equal(done.by_decile, other.by_decile)
        assert done.evidence == other.evidence
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "changes", [{"seed": 2}, {"level": 0.5}, {"horizon": 12}, {"spend": None}, {"unit": "day", "horizon": 91}]
)
def test_other_questions_are_not_answered_from_the_cache(small, tmp_path, changes):
    fits = []
    run(small, Counted(BGNBD(), fits), tmp_path, origins=UNTIL)
    run(small, Counted(BGNBD(), fits), tmp_path, origins=UNTIL, **changes)
    assert len(fits) == 2


def test_a_damaged_file_is_made_again(small, tmp_path):
    fits = []
    first = run(small, Counted(BGNBD(), fits), tmp_path)
    for path in tmp_path.glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:100])
    second = run(small, Counted(BGNBD(), fits), tmp_path)
    assert len(fits) == 4
    pd.testing.assert_frame_equal(first.by_origin, second.by_origin)


def test_progress_is_told(small):
    told = []
    backtest(
        small,
        {"BG/NBD": BGNBD()},
        MAP(),
        origins=["1997-06-30", UNTIL],
        horizon=13,
        seed=1,
        progress=lambda done, of, what: told.append((done, of, what)),
    )
    assert told == [(1, 2, "BG/NBD, 1997-06-30"), (2, 2, "BG/NBD, 1997-09-30")]


def test_segments(small):
    frame = small.customers(until=UNTIL).to_pandas()
    half = pd.DataFrame({"customer_id": frame["customer_id"]})
    half["half"] = np.where(half["customer_id"] % 2, "odd", "even")
    specs = {"pooled": BGNBD(by="half"), "one": BGNBD()}
    spend = GammaGamma(by="half")
    tested = backtest(
        small, specs, MAP(), origins=UNTIL, horizon=26, seed=1, spend=spend, attributes=half, baselines=False
    )
    expected = tested.table.query("target == 'spend'").set_index("method")["expected"]
    np.testing.assert_allclose(expected["pooled"], expected["one"], rtol=0.05)


def test_simulated_data_of_the_model_are_covered():
    """Where the model is true, intervals hold their level, of customers and of sums."""
    from segmodels.likelihoods import mbg_nbd

    rng = np.random.default_rng(3)
    edges = np.arange(0, 79) * 1.0
    people = 3000
    alive = rng.random(people) < mbg_nbd.alive(0.0, 0.0, 0.0, 0.6, 6.0, 0.9, 1.6)
    each = mbg_nbd.simulate_future(rng, edges, np.zeros(people), 0.0, 0.6, 6.0, 0.9, 1.6) * alive[:, None]
    who, week = np.nonzero(each)
    first = pd.Timestamp("2024-01-01")
    rows = pd.DataFrame({"who": np.concatenate([np.arange(people), who])})
    days = np.concatenate([np.zeros(people), 7 * week + 1 + rng.integers(0, 7, len(week))])
    rows["day"] = first + pd.to_timedelta(days, "D")
    log = Transactions.read(rows, customer="who", date="day")
    origins = rolling_origins("2024-08-01", 13, 3)
    tested = backtest(log, {"MBG": MBGNBD()}, Laplace(400), origins=origins, horizon=13, seed=1)
    found = {item.name: item for item in tested.evidence}
    assert found["Intervals hold: purchases"].passed
    assert found["Better than naive forecasts: purchases"].passed
    assert abs(tested.table["bias"].iloc[0]) < 0.1


def test_faults(log):
    specs = {"BG/NBD": BGNBD()}
    with pytest.raises(InputError) as caught:
        backtest(log, specs, MAP(), origins=["1996-01-01", "1998-06-01"], horizon=13, seed=1)
    assert len(caught.value.faults) == 2
    for changes, match in (
        ({"horizon": 0}, "horizon"),
        ({"origins": []}, "rolling_origins"),
        ({"level": 2}, "level"),
        ({"specs": {}}, "no model"),
        ({"specs": [BGNBD(), BGNBD()]}, "two models of one class"),
        ({"specs": {"b": GammaGamma()}}, "models of purchases"),
        ({"specs": "BG/NBD"}, "two models|models of purchases"),
        ({"horizon": 500}, "horizon: got 500 weeks; expected at most the 77.86 weeks"),
        ({"origins": 20240201}, "origins: got 20240201; expected a date"),
    ):
        arguments = {"specs": specs, "origins": UNTIL, "horizon": 13, "level": 0.8} | changes
        with pytest.raises(InputError, match=match):
            backtest(log, arguments.pop("specs"), MAP(), seed=1, **arguments)

"""Wallets at the door: what counts as an answer, and what is refused, with rows and examples."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from segmodels.errors import InputError
from segmodels.tables.simulate_wallets import heaped, simulate_wallets
from segmodels.tables.wallets import Wallets

BASE = pd.DataFrame(
    {"id": [3, 1, 2, 4], "spend": [80.0, 20.0, 0.0, 50.0], "total": [100.0, None, 50.0, 50.0]}
)


def _read(frame=BASE, **more):
    return Wallets.read(frame, **({"customer": "id", "own": "spend", "total": "total"} | more))


def _bounds(wallets):
    return wallets.answered().set_index("customer_id")[["low", "high"]].T.to_dict("list")


def test_answers_are_elsewhere_spend():
    wallets = _read()
    assert (len(wallets), wallets.n_answered) == (4, 3)
    assert _bounds(wallets) == {2: [50.0, 50.0], 3: [20.0, 20.0], 4: [0.0, 0.0]}
    elsewhere = BASE.assign(rest=BASE["total"] - BASE["spend"]).drop(columns="total")
    assert _bounds(_read(elsewhere, total=None, elsewhere="rest")) == _bounds(wallets)


def test_answers_below_own_spend_are_censored_and_counted():
    wallets = _read(BASE.assign(total=[60.0, None, 50.0, 50.0]))
    assert _bounds(wallets)[3] == [0.0, 4.0]
    assert "1 below own spend" in repr(wallets)
    assert wallets.audit["step"].str.contains("below").any()


def test_too_many_answers_below_own_spend_are_refused():
    n = 40
    frame = pd.DataFrame({"id": range(n), "spend": 100.0, "total": np.where(np.arange(n) < 10, 50.0, 150.0)})
    with pytest.raises(InputError, match="most_below"):
        _read(frame)
    assert _read(frame, most_below=1.0).n_answered == n


def test_rounded_answers_are_intervals():
    wallets = _read(BASE.assign(total=[100.0, None, 60.0, 60.0]), rounding=20.0)
    assert _bounds(wallets) == {2: [50.0, 70.0], 3: [10.0, 30.0], 4: [0.0, 20.0]}


def test_heaping_is_found_where_it_is_and_only_there():
    rng = np.random.default_rng(1)
    frame = simulate_wallets(2000, rng, answered=1000, hurdle=-8.0).drop(columns="true_elsewhere")
    names = {"customer": "customer_id", "own": "own", "total": "total"}
    cents = frame.assign(total=frame["total"].round(2), own=frame["own"].round(2))
    exact = Wallets.read(cents, **names, rounding="auto", most_below=1.0).answered()
    assert (exact["low"] == exact["high"]).mean() > 0.98
    said = heaped(frame["total"].to_numpy(), rng, units=(10.0, 50.0), share=0.9)
    found = Wallets.read(frame.assign(total=said), **names, rounding="auto", most_below=1.0).answered()
    assert (found["low"] < found["high"]).mean() > 0.7


def test_a_survey_of_its_own_is_joined():
    survey = BASE.dropna()[["id", "total"]]
    wallets = Wallets.read(BASE[["id", "spend"]], customer="id", own="spend", total="total", answers=survey)
    assert _bounds(wallets) == _bounds(_read())
    strange = pd.concat([survey, pd.DataFrame({"id": [99], "total": [5.0]})])
    with pytest.raises(InputError, match="99"):
        Wallets.read(BASE[["id", "spend"]], customer="id", own="spend", total="total", answers=strange)


def test_window_and_category_must_be_the_same_on_both_sides():
    both = BASE.assign(ours="2025", theirs=["2025", None, "2024", "2025"])
    with pytest.raises(InputError, match="2024"):
        _read(both, window=("ours", "theirs"))
    assert _read(both.assign(theirs="2025"), window=("ours", "theirs")).window == "2025"
    with pytest.raises(InputError, match="12 months"):
        _read(window="12 months")
    mixed = BASE.assign(period=["2024", "2025", "2025", "2025"])
    with pytest.raises(InputError, match="2024"):
        _read(mixed, window="period")
    assert "window not stated" in repr(_read())


def test_categories_are_rows_of_their_own():
    long = pd.concat([BASE.assign(what="tea"), BASE.assign(what="wine")])
    wallets = _read(long, category="what")
    assert wallets.categories == ("tea", "wine")
    assert len(wallets.of("tea")) == 4
    with pytest.raises(InputError, match="beer"):
        wallets.of("beer")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"spend": [-1.0, 2.0, 3.0, 4.0]}, "-1"),
        ({"spend": [np.nan, 2.0, 3.0, 4.0]}, "null or NaN"),
        ({"spend": [np.inf, 2.0, 3.0, 4.0]}, "inf"),
        ({"spend": ["a", "b", "c", "d"]}, "got text in 4 rows"),
        ({"id": [1, 1, 2, 3]}, "1 (twice)"),
        ({"total": [-5.0, 1.0, 2.0, 3.0]}, "total"),
    ],
)
def test_what_can_not_be_meant_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        _read(BASE.assign(**change))
    assert says in str(caught.value)


def test_both_kinds_of_answers_are_too_many():
    with pytest.raises(InputError, match="elsewhere"):
        _read(BASE.assign(rest=1.0), elsewhere="rest")


def test_counts_of_purchases_agree_with_spend():
    counted = BASE.assign(k=[4, 1, 0, 2], n=[5, None, 3, 2])
    table = _read(counted, purchases="k", total_purchases="n").answered()
    assert table["total_purchases"].tolist() == [3, 5, 2]
    with pytest.raises(InputError, match="k"):
        _read(counted.assign(k=[0, 1, 0, 2]), purchases="k")
    with pytest.raises(InputError, match="n"):
        _read(counted.assign(n=[3, None, 3, 2]), purchases="k", total_purchases="n")


def test_the_same_comes_out_of_every_kind_of_table(tmp_path):
    BASE.to_parquet(tmp_path / "w.parquet")
    BASE.to_csv(tmp_path / "w.csv", index=False)
    expected = _read().answered()
    for source in (pl.from_pandas(BASE), str(tmp_path / "w.parquet"), str(tmp_path / "w.csv")):
        pd.testing.assert_frame_equal(_read(source).answered(), expected, check_dtype=False)


def test_blocks_hold_everybody_in_order():
    frame = simulate_wallets(1000, np.random.default_rng(2), answered=100).drop(columns="true_elsewhere")
    wallets = Wallets.read(
        frame.sample(frac=1, random_state=1), customer="customer_id", own="own", total="total"
    )
    ids = np.concatenate([block["customer_id"] for block in wallets.blocks(137)])
    assert (ids == np.arange(1, 1001)).all()


def test_results_come_back_in_the_order_that_came_in():
    given = _read().give(pd.DataFrame({"customer_id": [1, 2, 3, 4], "x": [1.0, 2.0, 3.0, 4.0]}))
    assert given["customer_id"].tolist() == [3, 1, 2, 4]


def test_no_answers_at_all_is_no_fault():
    assert _read(BASE.drop(columns="total"), total=None).n_answered == 0

"""Value deciles: who is in which, what a year is, and how non-spenders and ties are treated."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.segments.value import DECILES, deciles, past_year_spend, value_deciles

spends = st.lists(st.integers(-5, 40), min_size=1, max_size=80)


def test_decile_1_spent_most_and_sizes_are_equal():
    spend = pd.Series(np.arange(1, 101.0), index=[f"c{k}" for k in range(1, 101)])
    segments = deciles(spend)
    assert segments.names == DECILES
    assert segments.sizes.tolist() == [10] * 10 + [0]
    assert segments.labels[["c100", "c91", "c90", "c1"]].tolist() == [
        "decile 1",
        "decile 1",
        "decile 2",
        "decile 10",
    ]
    revenue = segments.summary(spend)["revenue"]
    assert revenue.tolist() == [955 - 100 * k for k in range(10)] + [0]


def test_who_spent_nothing_is_no_tenth_of_the_buyers():
    spend = pd.Series([0.0] * 60 + list(range(1, 41)) + [-3.0])
    segments = deciles(spend)
    assert segments.sizes.tolist() == [4] * 10 + [61]
    table = segments.summary(spend).set_index("segment")
    assert table.loc["no spend", "revenue"] == -3
    assert table["revenue"].sum() == spend.sum()


@given(spends, st.randoms())
def test_laws(values, random):
    spend = pd.Series(values, dtype=float)
    labels = deciles(spend).labels
    shuffled = spend.sample(frac=1, random_state=random.randint(0, 2**32 - 1))
    assert deciles(shuffled).labels.sort_index().equals(labels)
    assert deciles(spend * 1000).labels.equals(labels)
    assert deciles(spend).sizes.sum() == len(spend)
    assert ((labels == "no spend") == (spend <= 0)).all()
    table = pd.DataFrame({"spend": spend.clip(lower=0), "code": labels.cat.codes}).sort_values("spend")
    assert table["code"].is_monotonic_decreasing
    assert len(table.drop_duplicates()) == table["spend"].nunique()


def test_a_new_customer_without_spend_moves_nobody():
    spend = pd.Series([5.0, 4.0, 3.0, 3.0, 1.0], index=list("abcde"))
    more = pd.concat([spend, pd.Series([0.0] * 3, index=list("xyz"))])
    assert deciles(more).labels[list("abcde")].equals(deciles(spend).labels)


def test_one_customer_and_none_who_spent():
    assert deciles(pd.Series([3.0], index=["a"])).labels.tolist() == ["decile 6"]
    assert deciles(pd.Series([0.0, 0.0])).labels.tolist() == ["no spend"] * 2


def test_faults():
    with pytest.raises(InputError, match="missing or not finite"):
        deciles(pd.Series([1.0, np.nan]))
    with pytest.raises(InputError, match="repeats"):
        deciles(pd.Series([1.0, 2.0], index=["a", "a"]))
    with pytest.raises(InputError, match="11"):
        deciles(pd.Series([1.0]), names=("a", "b"))


def test_the_year_ends_with_its_last_day_and_begins_a_day_after_its_eve(transactions):
    log = transactions(
        [
            ("b", "1996-12-31 23:59", 1.0),
            ("b", "1997-01-01", 10.0),
            ("b", "1997-12-31 23:59", 100.0),
            ("b", "1998-01-01", 1000.0),
            ("a", "1995-05-05", 7.0),
            ("c", "1998-01-01", 9.0),
        ]
    )
    spend = past_year_spend(log, "1997-12-31")
    assert spend.to_dict() == {"a": 0.0, "b": 110.0}
    assert spend.index.name == "customer_id"
    assert past_year_spend(log).to_dict() == {"a": 0.0, "b": 1100.0, "c": 9.0}
    assert past_year_spend(log, "1996-12-31").to_dict() == {"a": 0.0, "b": 1.0}


def test_a_leap_day_and_its_year(transactions):
    log = transactions([("a", "2023-02-28", 1.0), ("a", "2023-03-01", 10.0), ("a", "2024-02-29", 100.0)])
    assert past_year_spend(log, "2024-02-29").to_dict() == {"a": 110.0}


def test_years_side_by_side_add_up(transactions):
    days = pd.date_range("2021-01-01", "2023-12-31", freq="11D")
    log = transactions([("a", day, float(k)) for k, day in enumerate(days)])
    years = [past_year_spend(log, f"{year}-12-31").sum() for year in (2021, 2022, 2023)]
    assert sum(years) == sum(range(len(days)))


def test_deciles_of_a_log(transactions):
    rows = [(k, "2024-06-01", float(k)) for k in range(1, 21)] + [(99, "2020-01-01", 500.0)]
    segments = value_deciles(transactions(rows))
    assert segments.sizes.tolist() == [2] * 10 + [1]
    assert segments.labels[99] == "no spend"
    assert segments.basis == "past-year spend"


def test_a_log_without_values_or_days_to_look_at_is_refused(transactions):
    log = transactions([("a", "2024-06-01", 1.0)])
    with pytest.raises(InputError, match="on or after 2024-06-01"):
        value_deciles(log, "2024-05-31")
    with pytest.raises(InputError, match="a date"):
        value_deciles(log, "never")

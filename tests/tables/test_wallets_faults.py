"""What wallets can not be read from: each fault says where, in how many rows, and of whom."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from segmodels.errors import InputError
from segmodels.tables.wallets import Wallets

BASE = pd.DataFrame(
    {"id": [3, 1, 2, 4], "spend": [80.0, 20.0, 0.0, 50.0], "total": [100.0, None, 50.0, 50.0]}
)
OWN, SAID = BASE[["id", "spend"]], BASE[["id", "total"]].dropna()
LONG = pd.concat([OWN.assign(what="tea"), OWN.assign(what="wine")])


def _read(frame=BASE, **more):
    return Wallets.read(frame, **({"customer": "id", "own": "spend", "total": "total"} | more))


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        ({"id": [3.0, 1.0, 2.0, 4.0]}, {}, "customer: got ids of type float64"),
        ({"id": [3, "a", 2, 4]}, {}, "customer: got text beside numbers"),
        ({"id": ["a", None, " ", "b"]}, {}, "customer: got no id in 2 rows"),
        ({"spend": True}, {}, "own: got a column of boolean"),
        ({"spend": pd.Timestamp("2025-01-01")}, {}, "own: got a column of timestamp"),
        ({"total": ["1.000,50", None, "x", "2"]}, {}, "total: got text in 2 rows"),
        ({"total": [np.inf, None, 1.0, 2.0]}, {}, "total: got an infinite number in 1 row"),
        (
            {"a": ["x", "", "y", " "]},
            {},
            "a: got null or blank in 2 rows (for example customer 1, customer 4)",
        ),
        ({"id": ["a", None, "c", "b"]}, {}, "customer: got no id in 1 row (for example own 20.0)"),
        ({"spend": ["2024-01-01", 1, 2, 3]}, {}, "check that it is the column of amounts"),
        ({"a": [1, None, 2, 3]}, {}, "a: got null in 1 row (for example customer 1)"),
        ({"Low": 1}, {}, "a further column 'Low'"),
        ({"own": 1}, {}, "a further column 'own'"),
        ({}, {"total": "spend"}, "the column 'spend', which is own too"),
        ({}, {"columns": ["x"]}, "columns[0]: got no column 'x'"),
        ({}, {"total": None, "elsewhere": "spends"}, "Did you mean elsewhere='spend'?"),
        ({}, {"rounding": 7.0}, "an answer finer than that in 3 rows"),
        ({}, {"rounding": 0.0}, "rounding: got 0.0; expected a positive number"),
        ({}, {"rounding": True}, "rounding: got True"),
        ({"h": [None, None, -1.0, np.inf]}, {"rounding": "h"}, "rounding: got no width in 3 rows"),
        ({"h": 1.0}, {"rounding": "h", "total": None, "columns": []}, "rounding: got no column of answers"),
        ({}, {"below": 2.0, "most_below": np.nan}, "below: got 2.0"),
        ({"k": [1.5, 1, 0, 1]}, {"purchases": "k"}, "purchases: got a fraction in 1 row"),
        ({"k": [1, None, 0, 1]}, {"purchases": "k"}, "purchases: got null or NaN in 1 row"),
        ({"k": [1, 1, 2, 1]}, {"purchases": "k"}, "purchases: got above 0 without own spend in 1 row"),
        ({"n": 3}, {"total_purchases": "n"}, "purchases: got None"),
        ({"w": ["a", "a", " ", "a"]}, {"window": "w"}, "window: got null or blank in 1 row"),
        ({"w": ["a", "a", "b", "a"]}, {"window": "w"}, "window: got 2 windows (for example a, b)"),
        (
            {"c": "a", "d": ["a", None, None, "a"]},
            {"category": ("c", "d")},
            "category of the answer: got null",
        ),
        ({}, {"category": "tea"}, "table.assign(category='tea')"),
    ],
)
def test_of_one_table(change, more, says):
    with pytest.raises(InputError) as caught:
        _read(BASE.assign(**change), **more)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("own", "said", "more", "says"),
    [
        (OWN, SAID.iloc[:0], {}, "answers: got an empty table"),
        (
            OWN,
            pd.concat([SAID, SAID]),
            {},
            "answers: customer: got the same value in 6 rows (for example 2 (twice), 3 (twice), 4 (twice))",
        ),
        (OWN, [1], {}, "answers: got a list"),
        (
            OWN,
            SAID.assign(id=["1.0", "2.0", "3"]),
            {},
            "in 2 rows (for example '1.0', '2.0'); expected whole",
        ),
        (OWN.assign(w="12m"), SAID, {"window": "w"}, "add the column 'w' to them"),
        (OWN, SAID, {"total": None}, "answers: got no column of answers"),
        (OWN, SAID.assign(id=None), {}, "answers: customer: got no id in 3 rows"),
        (OWN.assign(w="12m"), SAID, {"window": "w"}, "answers: window: got no column 'w'"),
        (OWN.assign(w="12m"), SAID.assign(w="1m"), {"window": "w"}, "own spend of 12m, answer of 1m"),
        (OWN.assign(w="12m"), SAID.assign(w=None), {"window": "w"}, "window of the answer: got null"),
        (LONG, SAID.assign(what="beer"), {"category": "what"}, "customer 2 in beer"),
        (
            LONG,
            SAID.assign(what=None),
            {"category": "what"},
            "answers: category: got null or blank in 3 rows",
        ),
        (pd.concat([LONG, LONG]), SAID.assign(what="tea"), {"category": "what"}, "1 in tea (twice)"),
    ],
)
def test_of_two_tables(own, said, more, says):
    with pytest.raises(InputError) as caught:
        _read(own, answers=said, **more)
    assert says in str(caught.value)


def test_faults_of_both_tables_are_told_together():
    with pytest.raises(InputError) as caught:
        _read(OWN.assign(spend=-1.0), answers=SAID.assign(total=-1.0))
    assert [(fault.where, fault.rows) for fault in caught.value.faults] == [("own", 4), ("total", 3)]
    assert caught.value.faults[1].examples[0] == "customer 2: total -1.0"


def test_nan_is_no_way_to_leave_an_answer_out():
    data = pa.table({"id": [1, 2], "spend": [1.0, 2.0], "total": [float("nan"), 3.0]})
    with pytest.raises(InputError, match="total: got NaN in 1 row"):
        _read(data)


def test_an_answer_in_purchases_alone_has_a_window_too():
    frame = OWN.assign(k=[4, 1, 0, 2], n=[5.0, None, 3.0, 2.0], ours="a", theirs=[None, None, "a", "a"])
    names = {"total": None, "purchases": "k", "total_purchases": "n", "window": ("ours", "theirs")}
    with pytest.raises(InputError, match=r"window of the answer: got null or blank in 1 row"):
        _read(frame, **names)
    assert _read(frame.assign(theirs="a"), **names).n_answered == 0


def test_an_empty_table_is_refused_and_one_row_is_not():
    with pytest.raises(InputError, match="source: got an empty table"):
        _read(BASE.iloc[:0])
    assert (len(_read(BASE.iloc[:1])), _read(BASE.iloc[1:2]).n_answered) == (1, 0)


@pytest.mark.parametrize("labels", [("12", "12"), (12, 12.0), (" 12m", "12m "), (12, "12")])
def test_the_same_window_written_in_two_ways_is_one(labels):
    ours, theirs = labels
    wallets = _read(OWN.assign(w=ours), answers=SAID.assign(w=theirs), window="w")
    assert wallets.window == str(ours).strip()


def test_columns_that_are_not_wanted_do_not_matter():
    frame = BASE.assign(own=1, Low=2, holes=[1, None, 2, 3])
    assert _read(frame, columns=[]).columns == ("customer_id", "own", "low", "high")


def test_twenty_answers_are_enough_to_judge_those_below_own_spend():
    def frame(n, below):
        return pd.DataFrame(
            {"id": range(n), "spend": 100.0, "total": np.where(np.arange(n) < below, 9.0, 110.0)}
        )

    assert "19 below own spend" in repr(_read(frame(19, 19)))
    assert "2 below own spend" in repr(_read(frame(20, 2)))
    with pytest.raises(InputError, match=r"totals below own spend, 15% .* in 3 rows .*customer 0: total 9.0"):
        _read(frame(20, 3))

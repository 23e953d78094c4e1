"""Laws of `Segmentation`: what is true from construction on, and sums that add up."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.tables.segmentation import Segmentation


@pytest.fixture
def soft():
    rows = [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2], [0.0, 1.0, 0.0]]
    return Segmentation(["d", "a", "c", "b"], ("x1", "x2", "y"), rows, parent=("x", "x", "y"), basis="needs")


def test_the_most_probable_segment_is_the_label_and_ties_go_to_the_first(soft):
    assert soft.labels.to_dict() == {"d": "x1", "a": "y", "c": "x1", "b": "x2"}
    assert soft.labels.index.name == "customer_id"
    assert soft.labels.cat.ordered
    assert list(soft.labels.cat.categories) == ["x1", "x2", "y"]
    assert soft.codes.tolist() == [0, 2, 0, 1]


def test_probabilities_certainty_and_sizes(soft):
    assert soft.probabilities.loc["a"].to_dict() == {"x1": 0.1, "x2": 0.3, "y": 0.6}
    assert soft.certainty.to_dict() == {"d": 0.7, "a": 0.6, "c": 0.4, "b": 1.0}
    assert soft.sizes.to_dict() == {"x1": 2, "x2": 1, "y": 1}
    assert soft.expected_sizes.to_dict() == pytest.approx({"x1": 1.2, "x2": 1.9, "y": 0.9})


def test_a_given_placement_overrules_the_most_probable_segment(soft):
    placed = dataclasses.replace(soft, assigned=np.array([1, 1, 1, 1]))
    assert placed.sizes.tolist() == [0, 4, 0]
    assert placed.certainty.tolist() == [0.2, 0.3, 0.4, 1.0]
    assert placed.expected_sizes.equals(soft.expected_sizes)
    assert placed != soft


def test_summary_by_hand(soft):
    revenue = pd.Series({"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0})
    table = soft.summary(revenue).set_index("segment")
    assert table["customers"].tolist() == [2, 1, 1]
    assert table["share_of_customers"].tolist() == [0.5, 0.25, 0.25]
    assert table["revenue"].tolist() == [70.0, 20.0, 10.0]
    assert table["share_of_revenue"].tolist() == [0.7, 0.2, 0.1]
    assert table["mean_revenue"].tolist() == [35.0, 20.0, 10.0]
    assert table["expected_revenue"].tolist() == pytest.approx([28 + 1 + 12, 8 + 3 + 12 + 20, 4 + 6 + 6])


def test_summary_without_values_has_sizes_only(soft):
    assert list(soft.summary()) == ["segment", "customers", "share_of_customers", "expected_customers"]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-(10**9), 10**9)), min_size=1, max_size=50),
    st.integers(0, 2**32 - 1),
)
def test_figures_add_up_to_the_totals(rows, seed):
    codes = np.array([code for code, _ in rows])
    cents = np.array([value for _, value in rows], dtype=float)
    memberships = np.random.default_rng(seed).dirichlet(np.ones(4), size=len(rows))
    for one in (codes, memberships):
        table = Segmentation(pd.RangeIndex(len(rows)), ("a", "b", "c", "d"), one).summary(cents)
        assert table["customers"].sum() == len(rows)
        assert table["share_of_customers"].sum() == pytest.approx(1, abs=1e-15)
        assert table["expected_customers"].sum() == pytest.approx(len(rows), rel=1e-12)
        assert table["revenue"].sum() == cents.sum()
        assert table["expected_revenue"].sum() == pytest.approx(cents.sum(), abs=1e-12 * np.abs(cents).sum())
        if cents.sum():
            assert table["share_of_revenue"].sum() == pytest.approx(
                1, abs=1e-12 * np.abs(cents / cents.sum()).sum()
            )


def test_certain_memberships_are_the_same_as_probabilities_of_0_and_1():
    codes = np.array([2, 0, 0, 1])
    hard = Segmentation(list("abcd"), ("x", "y", "z"), codes)
    soft = Segmentation(list("abcd"), ("x", "y", "z"), np.eye(3)[codes])
    assert hard.hard
    assert not soft.hard
    assert hard.memberships.dtype == np.int8
    assert hard.probabilities.equals(soft.probabilities)
    assert hard.labels.equals(soft.labels)
    assert hard.certainty.equals(soft.certainty)
    assert hard.summary([1.0, 2, 3, 4]).equals(soft.summary([1.0, 2, 3, 4]))


def test_many_segments_do_not_overflow_the_small_integers():
    names = tuple(str(k) for k in range(300))
    cells = Segmentation(np.arange(300), names, np.arange(300))
    assert cells.labels.astype(str).tolist() == list(names)


def test_children_sum_to_their_parents(soft):
    above = soft.parents()
    assert above.names == ("x", "y")
    expected = pd.DataFrame({"x": soft.probabilities[["x1", "x2"]].sum(axis=1), "y": soft.probabilities["y"]})
    np.testing.assert_allclose(above.probabilities, expected)
    hard = Segmentation([1, 2, 3], ("x1", "x2", "y"), np.array([1, 2, 0]), parent=("x", "x", "y"))
    assert hard.parents().labels.tolist() == ["x", "y", "x"]
    assert dataclasses.replace(hard, assigned=np.array([0, 0, 2])).parents().labels.tolist() == [
        "x",
        "x",
        "y",
    ]
    with pytest.raises(InputError, match="parent"):
        above.parents()


def test_what_went_in_can_not_change_what_it_holds():
    rows = np.array([[1.0, 0.0]])
    one = Segmentation(["a"], ("x", "y"), rows)
    rows[0] = [0.0, 1.0]
    assert one.labels.tolist() == ["x"]
    with pytest.raises(ValueError, match="read-only"):
        one.memberships[0, 0] = 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.names = ("p", "q")


def test_equal_by_value_and_prints_its_sizes(soft):
    same = Segmentation(soft.customer_id, soft.names, soft.memberships, parent=soft.parent)
    assert same == soft
    assert hash(same) == hash(soft)
    assert soft != dataclasses.replace(soft, names=("x1", "x2", "z"))
    assert soft != "text"
    assert repr(soft) == "Segmentation of 4 customers by needs: x1 2, x2 1, y 1"


@pytest.mark.parametrize(
    ("ids", "names", "memberships", "where"),
    [
        (["a", "a"], ("x", "y"), [0, 1], "customer_id"),
        (["a", None], ("x", "y"), [0, 1], "customer_id"),
        ([], ("x", "y"), np.zeros(0, dtype=int), "customer_id"),
        (["a", "b"], ("x", "x"), [0, 1], "names"),
        (["a", "b"], (), [0, 1], "names"),
        (["a", "b"], ("x", "y"), [0, 2], "memberships"),
        (["a", "b"], ("x", "y"), [0, -1], "memberships"),
        (["a", "b"], ("x", "y"), [0.0, 1.0], "memberships"),
        (["a", "b"], ("x", "y"), [0], "memberships"),
        (["a", "b"], ("x", "y"), [[0.5, 0.5]], "memberships"),
        (["a", "b"], ("x", "y"), [[0.5, 0.5], [0.5, 0.4]], "memberships"),
        (["a", "b"], ("x", "y"), [[0.5, 0.5], [1.5, -0.5]], "memberships"),
        (["a", "b"], ("x", "y"), [[0.5, 0.5], [np.nan, 1.0]], "memberships"),
    ],
)
def test_what_is_not_a_segmentation_is_refused(ids, names, memberships, where):
    with pytest.raises(InputError) as caught:
        Segmentation(ids, names, memberships)
    assert where in [fault.where for fault in caught.value.faults]


def test_all_faults_come_at_once():
    with pytest.raises(InputError) as caught:
        Segmentation(["a", "a"], ("x", "x"), [0, 7], parent=("p",), assigned=np.array([0, 9]))
    where = [fault.where for fault in caught.value.faults]
    assert where == ["customer_id", "names", "parent", "memberships", "assigned"]


@pytest.mark.parametrize("values", [[1.0], {"d": 1.0, "a": 2.0}, [1.0, np.inf, 2.0, 3.0]])
def test_values_must_be_complete(soft, values):
    with pytest.raises(InputError, match="values"):
        soft.summary(pd.Series(values) if isinstance(values, dict) else values)


def test_shares_of_nothing_are_nan_without_a_warning():
    table = Segmentation(["a"], ("x", "y"), [0]).summary([0.0])
    assert table["share_of_revenue"].isna().all()
    assert table["mean_revenue"].tolist()[0] == 0
    assert np.isnan(table["mean_revenue"].tolist()[1])


def test_a_million_customers():
    codes = np.arange(1_000_000) % 11
    many = Segmentation(pd.RangeIndex(1_000_000), tuple("abcdefghijk"), codes)
    assert many.memberships.nbytes == 1_000_000
    assert many.summary(np.ones(1_000_000))["revenue"].sum() == 1_000_000

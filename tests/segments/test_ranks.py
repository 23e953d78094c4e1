"""Groups by rank: sizes, ties, and what they must not depend on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.segments.ranks import checked_values, rank_groups

numbers = st.lists(st.integers(0, 30), min_size=1, max_size=60).map(lambda xs: np.array(xs, dtype=float))


@given(st.integers(1, 200), st.integers(1, 12))
def test_without_ties_sizes_differ_from_their_share_by_less_than_one(n, groups):
    sizes = np.bincount(rank_groups(np.arange(n), np.full(groups, 1 / groups)), minlength=groups)
    assert sizes.sum() == n
    assert (np.abs(sizes - n / groups) < 1).all()


@given(numbers, st.randoms())
def test_order_and_scale_do_not_matter_and_equals_stay_together(values, random):
    shares = [0.05, 0.15, 0.3, 0.5]
    groups = rank_groups(values, shares)
    order = list(range(len(values)))
    random.shuffle(order)
    assert (rank_groups(values[order], shares) == groups[order]).all()
    assert (rank_groups(values * 1e-9, shares) == groups).all()
    assert (rank_groups(values * 1e9, shares) == groups).all()
    table = pd.DataFrame({"value": values, "group": groups})
    assert len(table.drop_duplicates()) == len(np.unique(values))
    assert table.sort_values("value", ascending=False)["group"].is_monotonic_increasing


def test_sums_of_shares_do_not_shift_a_cut():
    # .1 + .2 + ... is not a multiple of .1 in floats; twenty customers are two per tenth all the same.
    assert np.bincount(rank_groups(np.arange(20), np.full(10, 0.1))).tolist() == [2] * 10
    assert np.bincount(rank_groups(np.arange(1000), [0.05, 0.15, 0.3, 0.5])).tolist() == [50, 150, 300, 500]


def test_a_run_of_ties_goes_where_its_middle_lies():
    # Ranks 4 to 7 of 10 are tied; their middle lies in the sixth tenth, and three tenths stay empty.
    values = [10, 9, 8, 5, 5, 5, 5, 2, 1, 0]
    assert (rank_groups(values, np.full(10, 0.1)) + 1).tolist() == [1, 2, 3, 6, 6, 6, 6, 8, 9, 10]


@pytest.mark.parametrize("bad", [np.nan, np.inf, None])
def test_missing_and_infinite_values_are_refused(bad):
    with pytest.raises(InputError, match=r"spend: got missing or not finite in 1 row \(for example row b\)"):
        checked_values("spend", pd.Series([1.0, bad], index=["a", "b"]))

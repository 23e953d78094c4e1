"""Random numbers by place: the same whatever the order, uniform, and unrelated to each other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmodels.errors import InputError
from segmodels.inference.counter_random import customer_keys, philox, uniforms


@pytest.mark.parametrize(
    "place", [(0, 0, 0, 0, 0, 0), (5, 4, 3, 2, 1, 9), (2**64 - 2, 7, 2**63, 1, 2**64 - 1, 3)]
)
def test_philox_is_that_of_numpy_bit_for_bit(place):
    counter, key = np.array(place[:4], np.uint64), np.array(place[4:], np.uint64)
    numpys = np.random.Philox(counter=counter, key=key).random_raw(4)
    counted = counter.copy()
    counted[0] += np.uint64(1)
    assert list(map(int, philox(*counted, *key))) == numpys.tolist()


def test_uniforms_are_the_words_of_their_place():
    keys = customer_keys([11, 12])
    for stream in (0, 1, 2, 3, 4, 9):
        for i, key in enumerate(keys):
            words = philox(
                np.uint64(6), np.uint64(stream // 4), key, np.uint64(0), np.uint64(42), np.uint64(0)
            )
            expected = ((int(words[stream % 4]) >> 12) + 0.5) / 2**52
            assert uniforms(42, keys, [6], stream)[i, 0] == expected


def test_blocks_order_and_threads_change_nothing():
    keys, numbers = customer_keys(np.arange(5_000)), np.arange(7)
    whole = uniforms(3, keys, numbers, 1)
    assert (uniforms(3, keys[::-1], numbers[::-1], 1) == whole[::-1, ::-1]).all()
    blocks = np.concatenate([uniforms(3, keys[at : at + 313], numbers, 1) for at in range(0, 5_000, 313)])
    assert (blocks == whole).all()
    with ThreadPoolExecutor(4) as pool:
        assert all(
            (part == whole).all() for part in pool.map(lambda _: uniforms(3, keys, numbers, 1), range(6))
        )


def test_numbers_are_uniform_in_the_open_interval():
    values = uniforms(2, customer_keys(np.arange(1_000)), np.arange(100), 0)
    assert values.min() > 0
    assert values.max() < 1
    assert stats.kstest(values.ravel(), "uniform").pvalue > 0.01
    by_customer = [stats.kstest(row, "uniform").pvalue for row in values]
    assert stats.kstest(by_customer, "uniform").pvalue > 0.001


def test_neighbours_are_unrelated():
    """Customers, numbers, streams and seeds next to each other: correlations like those of independent draws."""
    keys, numbers = customer_keys(np.arange(400)), np.arange(400)
    first = uniforms(2, keys, numbers, 0)
    pairs = {
        "customers": (first[:-1], first[1:]),
        "numbers": (first[:, :-1], first[:, 1:]),
        "streams of one counter": (first, uniforms(2, keys, numbers, 1)),
        "streams of two counters": (first, uniforms(2, keys, numbers, 4)),
        "seeds": (first, uniforms(3, keys, numbers, 0)),
        "customer for number": (first, first.T),
    }
    for name, (one, other) in pairs.items():
        off = ~np.eye(*one.shape, dtype=bool)
        r = np.corrcoef(one[off], other[off])[0, 1]
        assert abs(r) < 4 / np.sqrt(one.size), name


@pytest.mark.parametrize(
    "kind", [np.int8, np.int32, np.int64, np.uint16, np.uint64, "Int64", "int64[pyarrow]", object]
)
def test_whole_numbers_count_by_their_value(kind):
    assert (customer_keys(pd.Series([5, 0, 77], dtype=kind)) == customer_keys([5, 0, 77])).all()


def test_text_counts_by_its_characters():
    texts = ["a", "", "5", "grün", "a" * 300]
    keys = customer_keys(texts)
    for other in (
        np.array(texts),
        np.array(texts, object),
        pd.Series(texts),
        pd.Series(texts, dtype="category"),
    ):
        assert (customer_keys(other) == keys).all()
    assert keys[2] != customer_keys([5])[0]
    # Of another session, so that draws can be had again.
    assert keys[:2].tolist() == [13950350942979735504, 1760245841805064774]
    assert customer_keys([5])[0] == 7134611160154358618


def test_ids_do_not_collide():
    assert len(np.unique(customer_keys(np.arange(1_000_000)))) == 1_000_000
    assert len(np.unique(customer_keys([f"customer {i}" for i in range(200_000)]))) == 200_000


@pytest.mark.parametrize(
    "ids",
    [
        [1.0, 2.0],
        [1, None],
        ["a", None],
        ["a", 1],
        [True, False],
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["a", None]),
        pd.to_datetime(["2024-01-01"]),
    ],
)
def test_other_ids_are_refused(ids):
    with pytest.raises(InputError, match="customer ids"):
        customer_keys(ids)


def test_no_customers():
    assert customer_keys([]).shape == (0,)
    assert uniforms(1, customer_keys(np.empty(0, np.int64)), [1, 2], 0).shape == (0, 2)


def test_all_faults_of_a_place_are_told_together():
    with pytest.raises(InputError) as refusal:
        uniforms(-1, customer_keys([1]), [-2], -3)
    assert len(refusal.value.faults) == 3

"""Features: nothing depends on units, categories that are missing, rare or new have a place."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from segmodels.segments.projection.encode import Encoder, NormalScores


def frame(n=300, seed=1):
    rng = np.random.default_rng(seed)
    spend = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(3, 2, n))
    channel = pd.Series(rng.choice(["web", "shop", "app"], n), dtype="str").mask(rng.random(n) < 0.2)
    return pd.DataFrame({"spend": spend, "channel": channel, "orders": rng.poisson(2, n).astype(float)})


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_scores_do_not_depend_on_the_unit(numbers):
    column = np.round(np.array(numbers), 3)[:, None]
    found = NormalScores().fit_transform(column)
    np.testing.assert_array_equal(found, NormalScores().fit_transform(np.sign(column) * np.abs(column) ** 3))
    np.testing.assert_allclose(NormalScores().fit_transform(-column), -found, atol=1e-9)
    assert np.isfinite(found).all()
    assert (np.diff(found[np.argsort(column[:, 0], kind="stable"), 0]) >= 0).all()


def test_a_normal_variable_stays_as_it_is():
    sample = np.random.default_rng(1).normal(size=(20_000, 1))
    found = NormalScores().fit(sample).transform(np.array([[-1.0], [0.0], [2.0], [50.0]]))
    np.testing.assert_allclose(found[:3, 0], [-1, 0, 2], atol=0.06)
    assert found[3, 0] == norm.ppf(1 - 0.5 / 20_000)


def test_missing_numbers_get_the_median_and_a_flag():
    encoder = Encoder.fit(frame())
    assert encoder.names == [
        "spend",
        "orders",
        "spend missing",
        "channel_(missing)",
        "channel_app",
        "channel_shop",
        "channel_web",
    ]
    matrix = encoder.matrix(frame())
    absent = frame()["spend"].isna().to_numpy()
    assert (matrix[absent, 0] == 0).all()
    np.testing.assert_array_equal(matrix[:, 2], absent)
    np.testing.assert_array_equal(matrix[:, 3:].sum(axis=1), 1)


def test_new_and_rare_categories_share_an_indicator():
    rng = np.random.default_rng(1)
    many = pd.DataFrame({"shop": pd.Series([f"s{k}" for k in rng.zipf(1.5, 2000).clip(max=60)], dtype="str")})
    encoder = Encoder.fit(many)
    assert len(encoder.names) == 20
    new = encoder.matrix(pd.DataFrame({"shop": pd.Series(["never seen", "s1"], dtype="str")}))
    assert new[0, encoder.names.index("shop_infrequent_sklearn")] == 1
    assert new[1, encoder.names.index("shop_s1")] == 1


def test_blocks_give_what_the_whole_gives():
    table = frame()
    encoder = Encoder.fit(table)
    parts = [encoder.matrix(table.iloc[start : start + 70]) for start in range(0, 300, 70)]
    np.testing.assert_array_equal(np.vstack(parts), encoder.matrix(table))

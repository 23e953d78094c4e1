"""RFM scores: the published table of the R package rfm, and what scores must not depend on.

Published: README.md and tests/testthat/test-rfm-segment.R of rsquaredacademy/rfm, data rfm_data_orders.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.segments.rfm import (
    INPUTS,
    RULES,
    SCORES,
    Rule,
    rfm,
    rfm_cells,
    rfm_inputs,
    rfm_scores,
    rfm_segments,
)

# days since the last purchase, purchases, spend, score: the ten rows that the README prints.
PUBLISHED = [
    (205, 6, 472, "343"),
    (140, 3, 340, "412"),
    (194, 4, 405, "323"),
    (132, 5, 448, "433"),
    (90, 9, 843, "555"),
    (84, 9, 763, "555"),
    (281, 8, 699, "355"),
    (246, 4, 157, "321"),
    (349, 3, 363, "212"),
    (619, 4, 196, "121"),
]
# The segments of rfm's own test, in its order; 158 Champions with 1,234 orders and a revenue of 120,178.
NAMES = [
    "Champions",
    "Loyal Customers",
    "Potential Loyalist",
    "New Customers",
    "Promising",
    "Need Attention",
    "About To Sleep",
    "At Risk",
    "Can't Lose Them",
    "Lost",
]
RECENCY = [(4, 5), (2, 5), (3, 5), (4, 5), (3, 4), (2, 3), (2, 3), (1, 2), (1, 1), (1, 2)]
OFTEN = [(4, 5), (3, 5), (1, 3), (1, 1), (1, 1), (2, 3), (1, 2), (2, 5), (4, 5), (1, 2)]
R_RULES = tuple(Rule(name, r, f, f) for name, r, f in zip(NAMES, RECENCY, OFTEN, strict=True))
R_SEGMENTS = [1, 2, 2, 1, 0, 0, 1, 2, 6, 9]


@pytest.fixture
def orders(shared_data, transactions):
    frame = pd.read_csv(shared_data / "rfm_orders_sim" / "orders.csv")
    return rfm_inputs(transactions(frame.to_numpy().tolist()), "2006-12-31", occasion="row")


def r_thresholds(values):
    """Cuts as rfm has them: below is what is less than the quantile plus 1."""
    return tuple(np.nextafter(np.quantile(values, [0.2, 0.4, 0.6, 0.8]) + 1, 0))


def test_inputs_hold_every_order_of_the_simulated_shop(orders):
    assert len(orders) == 995
    assert orders["purchases"].sum() == 4906
    assert list(orders) == ["customer_id", *INPUTS]


def test_thresholds_of_rfm_give_the_published_scores_and_segments(orders):
    cuts = [r_thresholds(orders[name]) for name in INPUTS]
    np.testing.assert_allclose(
        cuts, [(115, 181, 297.4, 482), (4, 5, 6, 8), (255.8, 382, 506.4, 666)], rtol=1e-12
    )
    scored = rfm_scores(orders, days_cuts=cuts[0], purchases_cuts=cuts[1], spend_cuts=cuts[2])
    segment = rfm_segments(scored, R_RULES)
    printed = pd.DataFrame(PUBLISHED, columns=[*INPUTS, "published"]).assign(segment=R_SEGMENTS)
    table = scored.assign(segment=segment.codes)
    found = printed.merge(table, on=list(INPUTS), suffixes=("_published", ""))
    assert found["published"].tolist() == found["cell"].tolist()
    assert len(found) == 10
    assert (found["segment_published"] == found["segment"]).all()
    champions = table[segment.codes == 0]
    assert [len(champions), champions["purchases"].sum(), champions["spend"].sum()] == [158, 1234, 120178]


def test_own_quintiles_give_the_published_scores_except_beside_a_fractional_quantile(orders):
    cuts = [r_thresholds(orders[name]) for name in INPUTS]
    ours = rfm_scores(orders)
    theirs = rfm_scores(orders, days_cuts=cuts[0], purchases_cuts=cuts[1], spend_cuts=cuts[2])
    differs = (ours[list(SCORES)] != theirs[list(SCORES)]).any(axis=1)
    beside = orders["days_since_last"].eq(297) | orders["spend"].isin([255, 506])
    assert (differs == beside).all()
    assert beside.sum() <= 10


people = st.lists(
    st.tuples(st.integers(0, 900), st.integers(1, 12), st.integers(0, 5000)), min_size=1, max_size=60
).map(lambda rows: pd.DataFrame(rows, columns=list(INPUTS)).assign(customer_id=range(len(rows))))


@given(people, st.integers(0, 2**32 - 1))
def test_order_and_currency_do_not_matter_and_better_never_scores_lower(frame, seed):
    scored = rfm_scores(frame)
    shuffled = rfm_scores(frame.sample(frac=1, random_state=seed)).sort_values("customer_id")
    assert shuffled["cell"].tolist() == scored["cell"].tolist()
    for factor in (1 / 1024, 1024):
        assert rfm_scores(frame.assign(spend=frame["spend"] * factor))["cell"].equals(scored["cell"])
    for name, score, best_first in zip(INPUTS, SCORES, (True, False, False), strict=True):
        assert scored[score].between(1, 5).all()
        pairs = scored[[name, score]].drop_duplicates().sort_values(name, ascending=not best_first)
        assert pairs[score].is_monotonic_increasing
        assert pairs[name].is_unique


def test_quintiles_of_a_hundred_distinct_customers_are_twenties():
    n = np.arange(1, 101)
    frame = pd.DataFrame({"customer_id": n, "days_since_last": n, "purchases": n, "spend": n * 7.5})
    scored = rfm_scores(frame)
    for score in SCORES:
        assert scored[score].value_counts().tolist() == [20] * 5
    assert scored["cell"].iloc[[0, 99]].tolist() == ["511", "155"]


def test_the_named_rules_are_a_partition():
    frame = pd.DataFrame(
        [(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)], columns=list(SCORES)
    )
    hits = sum(
        frame["recency_score"].between(*rule.recency).astype(int)
        * frame["frequency_score"].between(*rule.frequency)
        * frame["monetary_score"].between(*rule.monetary)
        for rule in RULES
    )
    assert (hits == 1).all()


def test_the_first_rule_that_fits_decides_and_the_rest_is_other():
    scored = pd.DataFrame({"customer_id": [1, 2, 3], "recency_score": [5, 4, 1]}).assign(
        frequency_score=1, monetary_score=1
    )
    rules = (Rule("now", (5, 5)), Rule("lately", (4, 5)))
    assert rfm_segments(scored, rules).labels.tolist() == ["now", "lately", "other"]
    assert rfm_segments(scored[:2], rules).names == ("now", "lately")


def test_cells_are_segments_best_first():
    frame = pd.DataFrame({"customer_id": [7, 8, 9], "cell": ["111", "555", "111"]})
    cells = rfm_cells(frame)
    assert cells.names == ("555", "111")
    assert cells.labels.to_dict() == {7: "111", 8: "555", 9: "111"}


def test_recency_is_days_since_the_last_purchase_and_purchases_count_the_first(transactions):
    log = transactions(
        [
            ("a", "2024-01-01", 5.0),
            ("a", "2024-01-11 08:00", 6.0),
            ("a", "2024-01-11 20:00", 7.0),
            ("b", "2024-01-31", 8.0),
            ("b", "2024-02-05", 9.0),
            ("c", "2024-02-05", 9.0),
        ]
    )
    table = rfm_inputs(log, "2024-01-31")
    assert table.to_numpy().tolist() == [["a", 20, 2, 18.0], ["b", 0, 1, 8.0]]
    assert rfm_inputs(log, "2024-01-31", occasion="row")["purchases"].tolist() == [3, 1]
    assert rfm_inputs(log)["days_since_last"].tolist() == [25, 0, 0]
    assert len(rfm(log)) == 3


def test_faults_come_together():
    with pytest.raises(InputError) as caught:
        rfm_scores(pd.DataFrame({"customer_id": [1], "spend": [2.0]}))
    assert [fault.where for fault in caught.value.faults] == ["days_since_last", "purchases"]
    frame = pd.DataFrame({"customer_id": [1], "days_since_last": [1], "purchases": [1], "spend": [2.0]})
    with pytest.raises(InputError, match="ascending"):
        rfm_scores(frame, spend_cuts=(3.0, 2.0))
    with pytest.raises(InputError, match="missing"):
        rfm_scores(frame.assign(spend=np.nan))
    with pytest.raises(InputError, match="repeats"):
        rfm_segments(rfm_scores(pd.concat([frame, frame])))

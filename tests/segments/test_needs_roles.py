"""Roles of needs: base expectations, differential benefits and tie-breakers."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.derived_importance import derived_importance
from segmodels.segments.needs_roles import RoleLimits, needs_roles
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

FIVE = (1, 2, 3, 4, 5)


def people(top, code, seed, *, count=None):
    """Answers of 4 or 5 with the probability of the item in the segment, of 1 to 3 else."""
    rng = np.random.default_rng(seed)
    answers = {}
    for name, chances in top.items():
        high = rng.random(len(code)) < np.asarray(chances)[code]
        answers[name] = np.where(high, rng.integers(3, 5, len(code)), rng.integers(0, 3, len(code))).astype(
            np.int16
        )
    book = Codebook(tuple(Item(name, "ordinal", FIVE, dimension="benefit") for name in top))
    count = np.ones(len(code)) if count is None else count
    return Responses(pd.RangeIndex(len(code)), book, answers, np.ones(len(code)), count)


def certain(responses, code):
    return SoftSegments(responses, tuple("ab")[: code.max() + 1], np.eye(code.max() + 1)[code])


CODE = np.repeat([0, 1], 400)
TOP = {
    "works": (0.92, 0.90),  # high for both
    "warranty": (0.96, 0.94),
    "design": (0.9, 0.2),  # they differ
    "colour": (0.1, 0.12),  # of no weight
    "packaging": (0.5, 0.5),  # moderate
}


def test_roles_as_planted():
    found = needs_roles(certain(people(TOP, CODE, 1), CODE), seed=1)
    table = found.table.set_index("item")
    assert table.loc[["works", "warranty"], "role"].tolist() == ["base expectation"] * 2
    assert table.loc[["colour", "packaging"], "role"].tolist() == ["neither"] * 2
    assert not table.loc[["works", "warranty", "colour"], "borderline"].any()
    assert table.loc["works", "lowest"] == pytest.approx(
        min(np.isin(people(TOP, CODE, 1).answers["works"][k == CODE], [3, 4]).mean() for k in (0, 1))
    )
    # Design is of moderate importance over all, and separates most: without choices it breaks ties.
    assert table.loc["design", "role"] == "tie-breaker"
    assert "No choices" in found.evidence[0].text
    narrow = RoleLimits(moderate=(0.3, 0.4))
    again = needs_roles(certain(people(TOP, CODE, 1), CODE), seed=1, limits=narrow).table.set_index("item")
    assert again.loc["design", "role"] == "differential benefit"
    assert again.loc["design", "q_value"] < 1e-10


def test_thresholds_are_arguments_and_closeness_is_called_borderline():
    # A share of 0.72 of 400 has an interval from about 0.67 to 0.76.
    near = certain(people({"near": (0.72, 0.74), "far": (0.99, 0.99)}, CODE, 2), CODE)
    table = needs_roles(near, seed=1).table.set_index("item")
    assert table.loc["near", "borderline"]
    assert not table.loc["far", "borderline"]
    assert needs_roles(near, seed=1, limits=RoleLimits(high=0.5)).table["borderline"].tolist() == [
        False,
        False,
    ]
    strict = needs_roles(near, seed=1, limits=RoleLimits(high=0.999)).table
    assert (strict["role"] != "base expectation").all()


def test_counts_are_replication():
    code, count = np.repeat([0, 1], 40), np.tile([1.0, 3.0], 40)
    few = people(TOP, code, 3, count=count)
    again = np.repeat(np.arange(80), count.astype(int))
    many = Responses(
        pd.RangeIndex(len(again)),
        few.codebook,
        {name: codes[again] for name, codes in few.answers.items()},
        np.ones(len(again)),
        np.ones(len(again)),
    )
    one, two = needs_roles(certain(few, code), seed=1), needs_roles(certain(many, code[again]), seed=1)
    pd.testing.assert_frame_equal(one.table, two.table, rtol=1e-8)


def test_base_expectations_are_found_at_their_rate():
    # The share 0.7 is on the threshold: the lower of two segments is above it in a quarter of the samples.
    code = np.repeat([0, 1], 100)
    found = [needs_roles(certain(people({"q": (0.7, 0.7)}, code, seed), code), seed=1) for seed in range(60)]
    rows = pd.concat([one.table for one in found])
    assert 0.05 <= (rows["lowest"] >= 0.7).mean() <= 0.5
    assert rows["borderline"].mean() > 0.85


def choices(weights, n, seed, suppliers=3):
    """Suppliers with ratings of 1 to 5, the choice by a conditional logit."""
    rng = np.random.default_rng(seed)
    names = list(weights)
    x = rng.integers(1, 6, (n, suppliers, len(names))).astype(float)
    utility = x @ np.array(list(weights.values())) + rng.gumbel(size=(n, suppliers))
    table = pd.DataFrame(x.reshape(-1, len(names)), columns=names)
    table.insert(0, "customer_id", np.repeat(np.arange(n), suppliers))
    table.insert(1, "supplier", np.tile(np.arange(suppliers), n))
    table.insert(2, "chosen", (utility == utility.max(axis=1, keepdims=True)).ravel())
    return table


def test_a_tie_breaker_decides_between_suppliers_that_meet_the_base():
    table = choices({"works": 1.0, "warranty": 0.0, "design": 0.1, "colour": 0.0, "packaging": 1.0}, 800, 4)
    segments = certain(people(TOP, CODE, 1), CODE)
    found = needs_roles(segments, seed=1, choices=table, met=3)
    roles = found.table.set_index("item")
    # Works decides as much, but the suppliers that remain all meet it.
    assert roles.loc["packaging", "role"] == "tie-breaker"
    assert roles.loc["packaging", "derived"] > 0.8
    assert roles.loc["design", "role"] == "differential benefit"
    assert roles.loc["works", "role"] == "base expectation"
    assert np.isnan(roles.loc["works", "derived"])
    assert found.evidence[0].passed
    able = found.evidence[0].table["able_to_choose"].item()
    base = (
        table[(table["works"] >= 3) & (table["warranty"] >= 3)]
        .groupby("customer_id")["chosen"]
        .agg(["size", "sum"])
    )
    assert able == ((base["size"] >= 2) & (base["sum"] == 1)).sum()


def test_too_few_choices_are_not_used():
    table = choices(dict.fromkeys(TOP, 0.3), 30, 5)
    found = needs_roles(certain(people(TOP, CODE, 1), CODE), seed=1, choices=table)
    assert found.evidence[0].passed is False
    assert "Only" in found.evidence[0].text
    pd.testing.assert_series_equal(found.table["derived"], found.table["eta2"], check_names=False)
    with pytest.raises(InputError, match="no column works"):
        needs_roles(certain(people(TOP, CODE, 1), CODE), seed=1, choices=table.drop(columns="works"))


def test_coefficients_are_those_of_a_conditional_logit():
    table = choices({"x": 0.8, "y": -0.4}, 300, 6)
    found = derived_importance(table, ["x", "y"], seed=1)
    x = table[["x", "y"]].to_numpy()
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).reshape(300, 3, 2)
    chosen = table["chosen"].to_numpy().reshape(300, 3)

    def loss(beta):
        utility = x @ beta
        return -(utility[chosen] - np.log(np.exp(utility).sum(axis=1))).sum()

    best = minimize(loss, np.zeros(2))
    assert found["coefficient"].to_numpy() == pytest.approx(best.x, rel=1e-3)
    # Shapley values of two: half of what each adds alone, and half of what it adds to the other.
    one = [minimize(lambda b, j=j: loss(np.eye(2)[j] * b), np.zeros(1)).fun for j in (0, 1)]
    none = 300 * np.log(3)
    first = ((none - one[0]) + (one[1] - best.fun)) / 2
    assert found["derived"][0] == pytest.approx(first / (none - best.fun), rel=1e-3)
    assert found["derived"].sum() == pytest.approx(1)


def test_derived_importance_keeps_its_interval_and_its_orders():
    true = derived_importance(choices({"x": 0.8, "y": 0.4}, 20_000, 7), ["x", "y"], seed=1)["derived"][0]
    covered = 0
    for seed in range(60):
        row = derived_importance(choices({"x": 0.8, "y": 0.4}, 150, seed + 10), ["x", "y"], seed=1).iloc[0]
        covered += row["derived_low"] <= true <= row["derived_high"]
    assert covered >= 52
    nine = {f"b{j}": 0.1 * j for j in range(9)}
    one, two = (derived_importance(choices(nine, 60, 8), list(nine), seed=2) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert one["derived"].sum() == pytest.approx(1)


def test_faults_of_choices_come_together():
    table = choices({"x": 1.0}, 5, 9)
    table.loc[0, "x"] = np.nan
    table["chosen"] = table["chosen"].where(table["customer_id"] != 3, False)
    with pytest.raises(InputError) as caught:
        derived_importance(table, ["x"], seed=1)
    assert [fault.where for fault in caught.value.faults] == ["choices", "chosen"]


def test_roles_of_a_car_survey(shared_data):
    frame = pd.read_csv(shared_data / "auto_survey" / "auto.csv")
    items = [
        Item(name, "binary", (False, True), dimension="benefit")
        for name in frame.columns
        if name[:3] == "ch_"
    ]
    responses = Responses.read(frame, customer=None, items=items)
    fit = LatentClass(2, starts=Starts(random=3)).fit(responses, MAP(), seed=1)
    table = needs_roles(fit, seed=1).table.set_index("item")
    assert table["stated"].to_numpy() == pytest.approx(frame[list(table.index)].mean().to_numpy())
    assert (table["lowest"] <= table["stated"] + 1e-3).all()
    assert (table["eta2_low"] <= table["eta2"]).all()
    # Reasons to buy one car are chosen by some: none is expected by 70 per cent of every class.
    assert "base expectation" not in set(table["role"])
    assert (table["role"] == "differential benefit").any()


def test_items_are_needed_and_have_an_order():
    book = Codebook((Item("q", "nominal", (1, 2)),))
    segments = SoftSegments(
        Responses(pd.RangeIndex(1), book, {"q": np.zeros(1, np.int16)}, np.ones(1), np.ones(1)),
        ("a",),
        np.ones((1, 1)),
    )
    with pytest.raises(InputError, match="items on the importance"):
        needs_roles(segments, seed=1)
    with pytest.raises(InputError, match="ordinal or binary"):
        needs_roles(segments, ["q"], seed=1)

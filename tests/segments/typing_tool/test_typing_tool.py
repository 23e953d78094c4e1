"""The typing tool scores as the restricted fit does, and refuses what it does not know."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest

from segmodels.errors import InputError
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses


def every_answer(tool):
    """Every pattern of codes, missing ones included, as a frame."""
    codes = [[None, *item.categories] for item in tool.questions]
    return pd.DataFrame(list(product(*codes)), columns=[item.name for item in tool.questions])


@pytest.mark.parametrize("name", ["plain", "styled"])
def test_probabilities_are_those_of_bayes_rule(request, name):
    components = request.getfixturevalue(name)
    tool = typing_tool(components, ["q3", "q1"])
    answers = every_answer(tool)
    found = tool.probabilities(answers)
    for row, pattern in enumerate(answers.itertuples(index=False)):
        joint = np.zeros(components.n_classes)
        for m, k in enumerate(components.class_of):
            p = np.exp(components.log_weight[m])
            for item, code in zip(tool.questions, pattern, strict=True):
                if not pd.isna(code):
                    place = components.item_names.index(item.name)
                    p *= np.exp(components.log_probability[place][int(code) - 1, m])
            joint[k] += p
        assert found.iloc[row].to_numpy() == pytest.approx(joint / joint.sum(), abs=1e-12)
    assert list(found.columns) == list(components.names)


def test_the_table_of_points_scores(styled):
    tool = typing_tool(styled, ["q2", "q4"])
    score = styled.log_weight + tool.points.loc[("q2", 2)] + tool.points.loc[("q4", 3)]
    weight = np.exp(score.to_numpy() - score.max())
    expected = [weight[styled.class_of == k].sum() / weight.sum() for k in range(3)]
    found = tool.probabilities(pd.DataFrame({"q2": [2], "q4": [3]}))
    assert found.iloc[0].to_numpy() == pytest.approx(expected, abs=1e-12)


def test_rows_keep_their_index_and_none_is_lost(plain):
    tool = typing_tool(plain, ["q1", "q2"])
    frame = pd.DataFrame({"q1": [1, None, 2], "q2": [3, None, 1], "other": "x"}, index=["a", "b", "a"])
    found = tool.classify(frame)
    assert found.index.tolist() == ["a", "b", "a"]
    assert found["answered"].tolist() == [2, 0, 2]
    shares = tool.probabilities(frame).iloc[1]
    assert shares.to_numpy() == pytest.approx(plain.class_shares)
    assert found["segment"].iloc[1] == plain.names[plain.class_shares.argmax()]


def test_tables_come_back_in_their_kind(plain):
    tool = typing_tool(plain, ["q1", "q2"])
    frame = pd.DataFrame({"id": [7, 8], "q1": [1, 2], "q2": [None, 1]})
    expected = tool.probabilities(frame).to_numpy()
    polars = tool.probabilities(pl.from_pandas(frame))
    assert isinstance(polars, pl.DataFrame)
    assert polars.select(plain.names).to_numpy() == pytest.approx(expected)
    read = Responses.read(frame, customer="id", items=list(tool.questions))
    own = tool.probabilities(read)
    assert own["customer_id"].tolist() == [7, 8]
    assert own[list(plain.names)].to_numpy() == pytest.approx(expected)
    assert tool.classify(read)["segment"].tolist() == tool.segmentation(read).labels.tolist()


def test_a_codebook_in_another_order_is_translated(plain):
    tool = typing_tool(plain, ["q2", "q1"])
    items = [Item("q1", "nominal", (2, 1)), Item("q2", "nominal", (3, 2, 1))]
    frame = pd.DataFrame({"q1": [1, 2, None], "q2": [3, 1, 2]})
    read = Responses.read(frame, customer=None, items=items)
    assert tool.probabilities(read)[list(plain.names)].to_numpy() == pytest.approx(
        tool.probabilities(frame).to_numpy()
    )


def test_unknown_codes_and_questions_are_refused_together(plain):
    tool = typing_tool(plain, ["q1", "q2", "q3"])
    items = [Item("q1", "nominal", (1, 2, 9)), Item("q2", "nominal", (1, 2, 3, 4))]
    frame = pd.DataFrame({"q1": [1, 9, 9], "q2": [4, 1, 2]})
    with pytest.raises(InputError) as caught:
        tool.classify(Responses.read(frame, customer=None, items=items))
    assert [(fault.where, fault.rows) for fault in caught.value.faults] == [
        ("q1", 2),
        ("q2", 1),
        ("responses", None),
    ]
    for bad in (
        {"q1": [1], "q2": [0], "q3": [1]},
        {"q1": [1], "q2": [1]},
        {"q1": [1], "q2": ["x"], "q3": [1]},
    ):
        with pytest.raises(InputError):
            tool.probabilities(pd.DataFrame(bad))


def test_a_probability_of_zero_needs_a_floor(plain):
    table = np.exp(plain.log_probability[0])
    table[:, 1] = [0.0, 1.0]
    with np.errstate(divide="ignore"):
        broken = replace(plain, log_probability=(np.log(table), *plain.log_probability[1:]))
    with pytest.raises(InputError, match=r"probability of 0 \(for example q1\)"):
        typing_tool(broken, ["q1", "q2"])
    tool = typing_tool(broken, ["q1", "q2"], floor=1e-4)
    first, second = (np.exp(table) for table in tool.components.log_probability)
    assert first[:, 1] == pytest.approx([1e-4, 1 - 1e-4])
    assert first[:, 0] == pytest.approx(table[:, 0])
    assert second.sum(axis=0) == pytest.approx(1)
    assert min(first.min(), second.min()) >= 1e-4 * (1 - 1e-12)
    with pytest.raises(InputError, match="floor"):
        typing_tool(broken, ["q1", "q2"], floor=0.5)


@pytest.mark.parametrize("names", [("A", "B", "B"), ("A", "", "C"), ("A", "customer_id", "C")])
def test_segments_need_names_of_their_own(plain, names):
    with pytest.raises(InputError, match="segment"):
        typing_tool(replace(plain, names=names), ["q1"])


def test_questions_are_checked(plain):
    with pytest.raises(InputError, match="no coded items 'q9'"):
        typing_tool(plain, ["q1", "q9"])
    with pytest.raises(InputError, match="each item once"):
        typing_tool(plain, ["q1", "q1"])
    with pytest.raises(InputError, match="one at least"):
        typing_tool(plain, [])

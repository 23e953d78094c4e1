"""Golden questions: exhaustive search, greedy steps and swaps, and their laws."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.segments.typing_tool.accuracy import accuracy
from segmodels.segments.typing_tool.joint import Effort
from segmodels.segments.typing_tool.objective import loss_of
from segmodels.segments.typing_tool.selection import golden_questions

STEPS_ONLY = Effort(exhaustive=0)
SIMULATED = Effort(patterns=0, search_patterns=0, exhaustive=0, draws=20_000, search_draws=20_000)
VALUES = {"A": 1.0, "B": 4.0, "C": 10.0}


def figure(found, objective):
    if objective == "accuracy":
        return found.overall
    return -found.value_lost if objective == "value" else found.worst[1]


@pytest.mark.parametrize("objective", ["accuracy", "worst", "value"])
@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_best_set_is_the_best_of_all(plain, styled, objective, q):
    for components in (plain, styled):
        found = golden_questions(components, [q], objective, VALUES, seed=1)
        loss = loss_of(VALUES, components.names)
        every = [
            figure(accuracy(components, names, seed=1, loss=loss), objective)
            for names in combinations(components.item_names, q)
        ]
        assert found.curve["search"].tolist() == ["exhaustive"]
        assert figure(found.sets[q], objective) == pytest.approx(max(every), abs=1e-12)


@pytest.mark.parametrize("objective", ["accuracy", "value"])
def test_steps_and_swaps_reach_what_trying_all_reaches(mixture, objective):
    for seed in range(6):
        components = mixture((2, 3, 2, 3, 2, 2, 3), (0, 1, 2), seed)
        best = golden_questions(components, range(1, 7), objective, VALUES, seed=1)
        steps = golden_questions(components, range(1, 7), objective, VALUES, seed=1, effort=STEPS_ONLY)
        assert set(steps.curve["search"]) == {"greedy and swaps"}
        for q in range(1, 7):
            assert figure(steps.sets[q], objective) == pytest.approx(
                figure(best.sets[q], objective), abs=1e-3
            )


@pytest.mark.parametrize("effort", [Effort(), STEPS_ONLY])
def test_one_more_question_never_makes_it_worse(mixture, effort):
    for seed in range(4):
        components = mixture((2, 3, 2, 3, 2, 2), (0, 1, 1, 2), seed)
        curve = golden_questions(components, values=VALUES, seed=1, effort=effort).curve
        assert (np.diff(curve["accuracy"]) > -1e-12).all()
        lost = golden_questions(components, objective="value", values=VALUES, seed=1, effort=effort).curve
        assert (np.diff(lost["value_lost"]) < 1e-12).all()
        assert curve["share_of_ceiling"].iloc[-1] == pytest.approx(1)
        assert curve["q"].tolist() == [1, 2, 3, 4, 5, 6]


def test_simulated_figures_choose_nearly_as_well(mixture):
    components = mixture((2, 3, 2, 3, 2, 2), (0, 1, 2), 3)
    exact = golden_questions(components, seed=1).curve
    found = golden_questions(components, seed=1, effort=SIMULATED)
    assert not found.curve["exact"].any()
    assert (found.curve["accuracy"] - exact["accuracy"]).abs().max() < 4 * found.curve["standard_error"].max()
    for q, chosen in found.curve.set_index("q")["questions"].items():
        assert accuracy(components, chosen, seed=1).overall > exact["accuracy"][q - 1] - 0.005
    again = golden_questions(components, seed=1, effort=SIMULATED)
    pd.testing.assert_frame_equal(found.curve, again.curve)


def test_candidates_and_questions_that_must_be_asked(plain):
    found = golden_questions(plain, range(2, 4), seed=1, candidates=["q1", "q2", "q3"], always=["q5"])
    for q in (2, 3):
        every = [("q5", *names) for names in combinations(("q1", "q2", "q3"), q - 1)]
        best = max(accuracy(plain, names, seed=1).overall for names in every)
        assert "q5" in found.questions(q)
        assert found.sets[q].overall == pytest.approx(best)
    assert found.order[0] == "q5"
    assert golden_questions(plain, [1], seed=1, always=["q5"]).questions(1) == ("q5",)


def test_questions_stand_in_the_order_of_the_survey(plain):
    chosen = golden_questions(plain, seed=1).questions(4)
    assert list(chosen) == [name for name in plain.item_names if name in chosen]


def test_fewest_questions_for_a_share_of_the_ceiling(plain):
    found = golden_questions(plain, seed=1)
    q = found.fewest(0.95)
    shares = found.curve.set_index("q")["share_of_ceiling"]
    assert shares[q] >= 0.95
    assert q == 1 or shares[q - 1] < 0.95
    assert found.fewest(2.0) == 5


def test_values_by_segment_are_a_diagonal_of_worth():
    frame = pd.DataFrame([[3.0, 2.0], [0.0, 1.0]], index=["a", "b"], columns=["a", "b"])
    assert loss_of(frame, ("b", "a")).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert loss_of(pd.Series({"b": 1, "a": 3}), ("a", "b")).tolist() == [[0, 3], [1, 0]]


@pytest.mark.parametrize(
    "values",
    [
        {"a": 1.0},
        {"a": 1.0, "b": float("nan")},
        {"a": 1.0, "b": -1.0},
        pd.DataFrame([[1.0, 2.0], [0.0, 1.0]], index=["a", "b"], columns=["a", "b"]),
    ],
)
def test_values_that_can_not_be_are_refused(values):
    with pytest.raises(InputError, match="values"):
        loss_of(values, ("a", "b"))


def test_all_faults_are_reported_together(plain):
    with pytest.raises(InputError) as caught:
        golden_questions(plain, [0], "value", seed=1, candidates=["q1", "q9"], always=["q8", "q8"])
    where = [fault.where for fault in caught.value.faults]
    assert where == ["candidates", "always", "always", "q", "values"]
    with pytest.raises(InputError, match="latent class fit"):
        golden_questions("fit", seed=1)
    with pytest.raises(InputError, match="one of 1, 2, 3, 4, 5"):
        golden_questions(plain, seed=1).questions(7)


def test_mcdonalds_curve(mcdonalds):
    """Reference numbers of a prototype: four classes by maximum likelihood."""
    fit, _ = mcdonalds
    found = golden_questions(fit, seed=1)
    accuracies = found.curve.set_index("q")["accuracy"]
    expected = {1: 0.612, 2: 0.867, 4: 0.908, 6: 0.922, 11: 0.929}
    assert accuracies[list(expected)].to_numpy() == pytest.approx(list(expected.values()), abs=5e-4)
    assert found.order[:6] == ("expensive", "tasty", "yummy", "disgusting", "cheap", "convenient")
    assert set(found.curve["search"]) == {"exhaustive"}
    steps = golden_questions(fit, seed=1, effort=STEPS_ONLY)
    assert steps.curve["questions"].tolist() == found.curve["questions"].tolist()
    assert set(found.questions(4)) == set(found.order[:4])

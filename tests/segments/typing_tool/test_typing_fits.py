"""Typing tools of real fits: with response styles, missing answers and weights."""

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.typing_tool.selection import golden_questions
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.segments.typing_tool.validation import validate_typing_tool
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses


@pytest.fixture(scope="module")
def survey():
    """Ratings of two needs with a habit of agreeing, an eighth of them missing, and weights."""
    rng = np.random.default_rng(5)
    n, names = 400, [f"q{j}" for j in range(1, 6)]
    which = rng.integers(2, size=n)
    habit = rng.normal(size=n)
    level = np.where(which[:, None] == [[0, 0, 1, 1, 0]], 1.0, -0.6) + 0.6 * habit[:, None]
    rating = np.clip(np.round(2.5 + level + 0.6 * rng.normal(size=(n, 5))), 1, 4)
    rating[rng.random((n, 5)) < 0.125] = np.nan
    frame = pd.DataFrame(rating, columns=names).assign(weight=rng.uniform(0.5, 2, n))
    items = [Item(name, "ordinal", (1, 2, 3, 4)) for name in names]
    return Responses.read(frame, customer=None, items=items, weight="weight")


@pytest.fixture(scope="module")
def spec():
    return LatentClass(2, style=("agreement",), starts=Starts(random=6, kept=2), nodes=5)


def test_all_questions_give_the_membership_of_the_fit(survey, spec):
    fit = spec.fit(survey, sg.MAP(), seed=1).rename({"1": "Bargain hunters"})
    tool = typing_tool(fit)
    assert len(tool.components.log_weight) == 10
    found = tool.probabilities(survey)
    assert list(found.columns) == ["customer_id", "Bargain hunters", "2"]
    assert found[list(tool.names)].to_numpy() == pytest.approx(fit.membership(), abs=1e-9)


def test_a_tool_of_a_fit_with_styles_is_validated(survey, spec):
    fit = spec.fit(survey, sg.MAP(), seed=1)
    chosen = golden_questions(fit, [1, 3], seed=1)
    report = validate_typing_tool(
        fit,
        typing_tool(fit, chosen.questions(3)),
        survey,
        seed=1,
        fit_on=lambda part, seed: spec.fit(part, sg.MAP(), seed=seed),
        folds=3,
    )
    numbers = report.numbers.set_index("number")["value"]
    assert chosen.sets[1].overall < numbers["true accuracy"] < numbers["ceiling"]
    assert numbers["true accuracy"] < numbers["implied agreement"]
    assert numbers["largest share"] < numbers["cross-validated accuracy"] <= numbers["ceiling"] + 0.03
    again = validate_typing_tool(fit, typing_tool(fit, chosen.questions(3)), survey, seed=1)
    assert again.agreement.overall == numbers["agreement"]


def test_rankings_have_no_golden_questions():
    class Ranked:
        def membership(self, responses=None):
            return responses

    with pytest.raises(sg.InputError, match="rankings"):
        golden_questions(Ranked(), seed=1)

"""Draft names and personas."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass
from segmodels.segments.draft_names import draft_names, shortened, traits
from segmodels.segments.opportunity import opportunity
from segmodels.segments.personas import personas
from segmodels.segments.price_axis import price_axis
from segmodels.segments.profile import profile
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses


def segments_of(chances, labels, n=150, seed=1):
    """Yes and no to items, with the chances of each segment; segments are certain."""
    rng = np.random.default_rng(seed)
    chances = np.asarray(chances)
    code = np.repeat(np.arange(len(chances)), n)
    answers = {
        f"q{j}": (rng.random(len(code)) < chances[code, j]).astype(np.int16) for j in range(len(labels))
    }
    book = Codebook(
        tuple(Item(f"q{j}", "binary", ("no", "yes"), label=label) for j, label in enumerate(labels))
    )
    responses = Responses(pd.RangeIndex(len(code)), book, answers, np.ones(len(code)), np.ones(len(code)))
    names = tuple(str(k + 1) for k in range(len(chances)))
    return SoftSegments(responses, names, np.eye(len(chances))[code])


def test_names_are_words_of_the_items_that_tell_most():
    found = segments_of([(0.95, 0.5), (0.05, 0.5)], ["Low prices", "Nothing"])
    assert draft_names(profile(found, seed=1)) == {"1": "draft: low prices", "2": "draft: not low prices"}


def test_a_name_is_true_of_no_other_segment():
    # Segments 3 and 4 share what distinguishes them most.
    chances = [(0.9, 0.9, 0.5), (0.9, 0.9, 0.5), (0.05, 0.05, 0.9), (0.05, 0.05, 0.1)]
    names = draft_names(profile(segments_of(chances, ["Tasty", "Yummy", "Cheap"]), seed=1))
    assert len(set(names.values())) == 4
    assert "cheap" in names["3"]
    assert "not cheap" in names["4"]


def test_segments_that_do_not_differ_have_different_names_all_the_same():
    names = draft_names(profile(segments_of([(0.5,), (0.5,), (0.5,)], ["Fast"], seed=3), seed=1))
    assert names == {"1": "draft: average", "2": "draft: average (2)", "3": "draft: average (3)"}


def test_names_set_by_the_user_replace_drafts(shared_data):
    frame = pd.read_csv(shared_data / "mcdonalds" / "mcdonalds.csv")
    items = [Item(name, "binary", ("No", "Yes")) for name in frame.columns[:11]]
    responses = Responses.read(frame, customer=None, items=items)
    fit = LatentClass(4, starts=Starts(random=4)).fit(responses, MAP(), seed=1)
    drafts = draft_names(profile(fit, seed=1))
    assert drafts == draft_names(profile(fit, seed=1))
    assert all(name.startswith("draft: ") and len(name) < 50 for name in drafts.values())
    assert len(set(drafts.values())) == 4
    named = fit.rename(drafts).rename({drafts["1"]: "Fans"})
    assert profile(named, ["cheap"], seed=1).names == ("Fans", *list(drafts.values())[1:])


def test_labels_are_short():
    assert shortened("Price") == "price"
    assert shortened("NPS score") == "NPS score"
    assert shortened("  two \n lines ") == "two lines"
    assert len(shortened("x" * 80)) <= 28
    assert shortened("Staff who know what they are talking about").endswith("…")


def test_words_of_each_scale():
    rng = np.random.default_rng(2)
    code = np.repeat([0, 1], 200)
    answers = {
        "gear": code.astype(np.int16),
        "speed": np.where(code == 1, rng.integers(3, 5, 400), rng.integers(0, 3, 400)).astype(np.int16),
        "brand": np.where(code == 1, 2, rng.integers(0, 2, 400)).astype(np.int16),
        "age": rng.normal(40 + 20 * code, 3),
    }
    book = Codebook(
        (
            Item("gear", "binary", (0, 1), ("automatic", "manual")),
            Item("speed", "ordinal", (1, 2, 3, 4, 5), label="Top speed"),
            Item("brand", "nominal", ("A", "B", "C")),
            Item("age", "continuous", dimension="profile"),
        )
    )
    responses = Responses(pd.RangeIndex(400), book, answers, np.ones(400), np.ones(400))
    found = profile(SoftSegments(responses, ("old", "new"), np.eye(2)[code]), seed=1)
    words = {trait.words for trait in traits(found)["new"]}
    assert words == {"gear: manual", "high on top speed", "brand: C"}
    assert {trait.words for trait in traits(found)["old"]} >= {"gear: automatic", "low on top speed"}
    facts = traits(found, dimensions=("profile",))
    assert [trait.words for trait in facts["new"]] == ["higher age"]
    assert [trait.words for trait in facts["old"]] == ["lower age"]


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(3)
    code = np.repeat([0, 1], 200)
    chance = {"i": (0.9, 0.3), "s": (0.2, 0.8), "best": (0.8, 0.2), "cheap": (0.2, 0.8)}
    answers = {
        name: np.where(rng.random(400) < np.array(two)[code], 4, 1).astype(np.int16)
        for name, two in chance.items()
    }
    answers["age"] = rng.normal(40 + 10 * code, 5)
    five = (1, 2, 3, 4, 5)
    book = Codebook(
        (
            Item("i", "ordinal", five, label="Advice", benefit="advice", measures="importance"),
            Item("s", "ordinal", five, benefit="advice", measures="satisfaction", dimension="satisfaction"),
            Item("best", "ordinal", five),
            Item("cheap", "ordinal", five),
            Item("age", "continuous", dimension="profile"),
        )
    )
    responses = Responses(pd.RangeIndex(400), book, answers, np.ones(400), np.ones(400))
    return SoftSegments(responses, ("1", "2"), np.eye(2)[code])


def test_personas_put_everything_on_a_card(survey):
    worth = pd.Series(2.0, survey.responses.customer_id)
    needs = opportunity(survey, seed=1, values=worth, replicates=100)
    first, second = personas(
        profile(survey, seed=1), needs, price_axis(survey, {"best": 1, "cheap": -1}, seed=1), most=2
    )
    assert (first.name, first.size, first.share) == ("1", 200, 0.5)
    assert (first.value, first.value_share) == (400, 0.5)
    assert first.price_side == "premium seeking"
    assert second.price_side == "bargain hunting"
    assert "high on advice" in {trait.words for trait in first.above}
    assert all(trait.index > 100 for trait in first.above)
    assert all(trait.index < 100 for trait in first.below)
    assert len(first.above) == 2
    assert [need.benefit for need in first.underserved] == ["advice"]
    assert first.underserved[0].money == needs.table["money"][0]
    assert second.underserved == ()
    assert [fact.words for fact in first.facts] == ["lower age"]


def test_what_is_not_known_is_left_out(survey):
    card = personas(profile(survey, seed=1))[0]
    assert (card.value, card.value_share, card.underserved, card.price_side) == (None, None, (), "")


def test_parts_of_other_segments_are_refused(survey):
    other = opportunity(survey.rename(("x", "y")), seed=1, replicates=10)
    with pytest.raises(InputError, match="segments x, y"):
        personas(profile(survey, seed=1), other)

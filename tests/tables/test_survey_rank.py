"""Rankings, whether the columns are the places or the alternatives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmodels.errors import InputError
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses

PLACES = ["Rank_1", "Rank_2", "Rank_3"]
NAMES = {1: "price", 2: "brand", 3: "design"}


def orderings(rows, **more):
    arguments = {"customer": None, "places": PLACES, "alternatives": NAMES} | more
    return Responses.read_orderings(pd.DataFrame(rows, columns=PLACES), **arguments)


def places(rows, **more):
    frame = pd.DataFrame(rows, columns=list(NAMES.values()))
    arguments = {"customer": None, "items": dict.fromkeys(frame, "rank")} | more
    return Responses.read(frame, **arguments)


def test_the_alternative_at_each_place():
    found = orderings([[2, 3, 1], [3, 0, 0], [1, None, None], [0, 0, 0]])
    assert found.codebook.names == ("price", "brand", "design")
    assert {item.scale for item in found.codebook} == {"rank"}
    want = [[2, 0, 1], [-1, -1, 0], [0, -1, -1], [-1, -1, -1]]
    assert found.codes(found.codebook.names).tolist() == want
    assert found.codes(["price"]).dtype == np.int16


def test_the_place_of_each_alternative():
    found = places([[3, 1, 2], [None, None, 1], [1, 2, None], [None, None, None]])
    want = [[2, 0, 1], [-1, -1, 0], [0, 1, -1], [-1, -1, -1]]
    assert found.codes(list(NAMES.values())).tolist() == want


@given(st.lists(st.tuples(st.permutations([1, 2, 3]), st.integers(0, 3)), min_size=1, max_size=15))
def test_both_ways_of_writing_agree_and_go_out_as_they_came(rows):
    order = [[code if at < filled else 0 for at, code in enumerate(codes)] for codes, filled in rows]
    place = [[row.index(code) + 1 if code in row else None for code in NAMES] for row in order]
    one, other = orderings(order), places(place)
    assert np.array_equal(one.codes(list(NAMES.values())), other.codes(list(NAMES.values())))
    assert (
        one.to_pandas()
        .drop(columns="customer_id")
        .astype("Float64")
        .equals(pd.DataFrame(place, columns=list(NAMES.values()), dtype="Float64"))
    )


def test_alternatives_that_occur_are_learned_and_items_may_say_more():
    rows = [["b", "a", "c"], ["c", "", None]]
    assert orderings(rows, alternatives=None).codebook.names == ("a", "b", "c")
    labelled = orderings([[1, 2, 3]], alternatives=NAMES | {1: Item("price", "rank", label="Low prices")})
    assert labelled.codebook["price"].wording == "Low prices"


def test_numbers_of_alternatives_in_a_file_sort_as_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("id,Rank_1,Rank_2\n1,10,9\n2,9,0\n")
    found = Responses.read_orderings(tmp_path / "a.csv", customer="id", places=["Rank_1", "Rank_2"])
    assert found.codebook.names == ("9", "10")
    assert found.codes(["9", "10"]).tolist() == [[1, 0], [0, -1]]


def test_other_items_come_with_a_ranking():
    frame = pd.DataFrame({"Rank_1": [1, 2], "Rank_2": [2, 1], "Rank_3": 0, "sex": ["f", "m"], "w": [1, 3]})
    found = Responses.read_orderings(
        frame, customer=None, places=PLACES, alternatives=NAMES, items={"sex": "binary"}, weight="w"
    )
    assert found.codebook.names == ("price", "brand", "design", "sex")
    assert found.weight.tolist() == [0.5, 1.5]
    assert found.answered(["design", "sex"]).all()


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([[1, 1, 2]], {}, "an alternative twice in 1 row (for example customer 0: 1 1 2)"),
        ([[1, 0, 2]], {}, "an empty place before a filled one in 1 row (for example customer 0: 1 – 2)"),
        ([[1, 2, 7], [1, 2, 9]], {}, "places['Rank_3']: got codes of no alternative in 2 rows"),
        ([[1, 2, 3]], {"none": 3}, "3, which is none"),
        ([[1, 2, 3]], {"alternatives": {1: "price"}}, "1 of them"),
        ([[1, 2, 3]], {"alternatives": {1: "price", 2: "price", 3: "x"}}, "1 name twice"),
        ([[1, 2, 3]], {"alternatives": NAMES | {1: Item("price", "count")}}, "scale 'count'"),
        ([[1, 2, 3]], {"places": ["Rank_1", "Rnk_2"]}, "Did you mean 'Rank_2'"),
        ([[1, 2, 3]], {"places": ["Rank_1", "Rank_1"]}, "'Rank_1' 2 times"),
    ],
)
def test_orderings_that_are_none(rows, more, said):
    with pytest.raises(InputError) as error:
        orderings(rows, **more)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1, 1, 2]], "a place twice in 1 row (for example customer 0: 1 1 2)"),
        ([[1, 3, None]], "places with a gap, or that do not start at 1 in 1 row"),
        ([[2, 3, None]], "do not start at 1"),
        ([[0, 1, 2]], "items['price']: got no place in 1 row (for example customer 0: 0)"),
        ([[1.5, 1, 2]], "no place in 1 row"),
        ([["first", "2", "3"]], "no number in 1 row"),
        ([[1, 2, 4]], "with a gap"),
    ],
)
def test_places_that_are_none(rows, said):
    with pytest.raises(InputError) as error:
        places(rows)
    assert said in str(error.value)


def test_a_code_can_say_that_an_alternative_was_not_ranked():
    assert places([[1, 0, 2]], missing=0).codes(["brand"]).tolist() == [[-1]]


def test_rankings_of_real_people(shared_data):
    six = [f"Rank_{place}" for place in range(1, 7)]
    modules = dict(enumerate(("price", "exterior", "brand", "tech.equip", "country", "interior"), 1))
    cars = Responses.read_orderings(
        pd.read_csv(shared_data / "ranks_carconf" / "orderings.csv"),
        customer=None,
        places=six,
        alternatives=modules,
    )
    ranked = (cars.codes(cars.codebook.names) >= 0).sum(axis=1)
    assert (len(cars), int((ranked == 6).sum())) == (435, 365)
    wide = pd.read_csv(shared_data / "ranks_carconf" / "ranks_with_covariates.csv")
    same = Responses.read(
        wide,
        customer=None,
        items=dict.fromkeys(modules.values(), "rank") | {"sex": "binary", "age": "ordinal"},
    )
    # The second file leaves out a sixth place, which five imply.
    both = same.codes(cars.codebook.names)
    assert np.array_equal(
        np.where(both < 0, cars.codes(cars.codebook.names), both), cars.codes(cars.codebook.names)
    )

    votes = Responses.read_orderings(
        pd.read_csv(shared_data / "ranks_apa" / "orderings.csv"), customer=None, places=six[:5]
    )
    ranked = (votes.codes(votes.codebook.names) >= 0).sum(axis=1)
    assert (len(votes), int((ranked == 5).sum()), int((ranked == 1).sum())) == (15_449, 5_738, 5_141)
    goals = pd.read_csv(shared_data / "ranks_german" / "orderings.csv")
    assert len(Responses.read_orderings(goals, customer=None, places=six[:4])) == 2_262
    horror = pd.read_csv(shared_data / "ranks_horror" / "ranks_horror.csv")
    assert len(Responses.read(horror, customer=None, items=dict.fromkeys(horror, "rank"))) == 421


def test_places_with_gaps_are_refused_and_renumbered_as_advised(shared_data):
    beers = pd.read_csv(shared_data / "ranks_beers" / "ranks_beers.csv").drop(columns="Residence")
    items = dict.fromkeys(beers, "rank")
    with pytest.raises(InputError, match=r"frame\[names\]\.rank\(axis=1\)"):
        Responses.read(beers, customer=None, items=items)
    assert len(Responses.read(beers.rank(axis=1), customer=None, items=items)) == 105


def test_rankings_go_under_another_codebook():
    found = orderings([[2, 1, 0]], alternatives=None)
    more = orderings([[2, 1, 0]], alternatives={3: "3", 2: "2", 1: "1"})
    again = found.recode(more.codebook)
    assert again.codes(["3", "2", "1"]).tolist() == [[-1, 0, 1]]
    with pytest.raises(InputError, match="alternatives outside the codebook in 1 row"):
        found.recode(more.codebook.restrict(["1", "3"]))

"""Complete rows, covariates, other answers, another codebook."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

FRAME = pd.DataFrame(
    {
        "q": [1, 2, None, 4],
        "grade": ["2 fair", "1 poor", "3 good", None],
        "region": ["west", "north", "south", "north"],
        "member": [False, True, True, False],
        "age": [30.0, 41.5, 20.0, np.nan],
        "w": [1.0, 2.0, 1.0, 4.0],
    }
)
ITEMS = {"q": "ordinal", "grade": "ordinal", "region": "nominal", "member": "binary", "age": "continuous"}


@pytest.fixture
def answers():
    return Responses.read(FRAME, customer=None, items=ITEMS, weight="w")


def test_complete_rows_are_those_that_answer_all(answers):
    assert answers.complete(["region"]).customer_id.tolist() == [0, 1, 2, 3]
    whole = answers.complete(["q", "age"])
    assert whole.customer_id.tolist() == [0, 1]
    assert whole.weight.mean() == pytest.approx(1)
    assert whole.weight[1] / whole.weight[0] == pytest.approx(2)
    assert whole.audit["step"].tolist()[-2:] == [
        "left out: no answer to one of q, age",
        "weights divided by their mean, 0.75",
    ]
    assert whole.audit["rows"].tolist()[-2:] == [2, 2]
    nobody = answers.with_answers({"age": np.full(4, np.nan)})
    with pytest.raises(InputError, match="no row that answers all of age"):
        nobody.complete(["age"])


def test_complete_election_has_the_published_number_of_rows(shared_data):
    """poLCA drops to 1,311 of 1,785 with the 12 traits, to 1,300 with PARTY too."""
    frame = pd.read_parquet(shared_data / "polca_election" / "election.parquet")
    traits = list(frame.columns[:12])
    items = dict.fromkeys(traits, "nominal") | {"PARTY": "ordinal"}
    found = Responses.read(frame, customer=None, items=items)
    assert len(found) == 1_785
    assert {found.codebook[name].size for name in traits} == {4}
    assert len(found.complete(traits)) == 1_311
    complete = found.complete([*traits, "PARTY"])
    assert len(complete) == 1_300
    party, names = complete.covariates(["PARTY"])
    assert names == ("PARTY",)
    assert set(party[:, 0]) == {1, 2, 3, 4, 5, 6, 7}


def test_covariates_are_numbers_codes_and_dummies(answers):
    matrix, names = answers.covariates(["region", "member"])
    assert names == ("region[south]", "region[west]", "member[True]")
    assert matrix.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 0]]
    matrix, names = answers.complete(list(ITEMS)).covariates(["q", "grade", "age"])
    assert names == ("q", "grade", "age")
    assert matrix.tolist() == [[1, 1, 30], [2, 0, 41.5]]
    assert answers.covariates([])[0].shape == (4, 0)


def test_covariates_do_not_change_with_the_rows(answers):
    assert answers.take(np.array([0])).covariates(["region"])[1] == ("region[south]", "region[west]")


def test_missing_covariates_are_counted_and_the_way_out_is_named(answers):
    with pytest.raises(InputError) as error:
        answers.covariates(["q", "age"])
    assert [fault.rows for fault in error.value.faults] == [1, 1]
    assert "responses.complete(['q', 'age'])" in str(error.value)
    assert "customer 2" in str(error.value)


def test_alternatives_are_no_covariates():
    ranks = Responses.read(
        pd.DataFrame({"a": [1], "b": [2]}), customer=None, items={"a": "rank", "b": "rank"}
    )
    with pytest.raises(InputError, match="the rank item 'a'"):
        ranks.covariates(["a"])


def test_unknown_names_are_refused_everywhere(answers):
    for ask in (answers.covariates, answers.complete, answers.answered, answers.codebook.restrict):
        with pytest.raises(InputError, match="Did you mean 'region'"):
            ask(["regoin"])


def test_other_answers_take_the_place_of_some(answers):
    other = answers.with_answers({"q": np.array([0, -1, 2, 1]), "age": [1, 2, 3, 4]})
    assert other.answers["q"].dtype == np.int16
    assert other.answers["age"].tolist() == [1, 2, 3, 4]
    assert answers.answers["q"].tolist() == [0, 1, -1, 2]
    with pytest.raises(InputError) as error:
        answers.with_answers({"q": np.array([0, 3, -2, 1]), "age": np.ones(3), "region": np.ones(4)})
    assert len(error.value.faults) == 3
    assert "positions out of range in 2 rows (for example customer 1, customer 2)" in str(error.value)
    with pytest.raises(InputError, match="infinite"):
        answers.with_answers({"age": np.array([1, 2, 3, np.inf])})


def test_answers_go_under_the_codebook_of_a_fit(answers):
    book = Codebook((Item("age", "continuous"), Item("q", "nominal", ("4", "2", "1"))))
    found = answers.recode(book)
    assert found.codebook is book
    assert found.answers["q"].tolist() == [2, 1, -1, 0]
    assert set(found.answers) == {"age", "q"}
    assert answers.recode(answers.codebook) is answers
    with pytest.raises(InputError) as error:
        answers.recode(
            Codebook(
                (Item("q", "ordinal", (1, 2)), Item("region", "continuous"), Item("regin", "binary", (0, 1)))
            )
        )
    said = str(error.value)
    assert "items['q']: got codes that are no category in 1 row (for example customer 3: 4)" in said
    assert "items['region']: got scale 'nominal'; expected 'continuous'" in said
    assert "Did you mean 'region'" in said


def test_codes_go_out_with_their_types(answers):
    out = answers.to_pandas()
    assert out.dtypes.astype(str).to_dict() == {
        "customer_id": "int64",
        "q": "Int64",
        "grade": "str",
        "region": "str",
        "member": "boolean",
        "age": "float64",
    }
    assert out["q"].tolist() == [1, 2, pd.NA, 4]
    assert out["member"].tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("folder", "items", "rows", "sizes"),
    [
        ("polca_values/values.csv", dict.fromkeys("ABCD", "binary"), 216, {2}),
        ("polca_carcinoma/carcinoma.csv", dict.fromkeys("ABCDEFG", "binary"), 118, {2}),
        (
            "polca_gss82/gss82.csv",
            dict.fromkeys(("PURPOSE", "ACCURACY", "UNDERSTA", "COOPERAT"), "nominal"),
            1_202,
            {2, 3},
        ),
        ("customersat/customersat.csv", {f"q{j}": "ordinal" for j in range(1, 11)}, 1_811, {10}),
        ("bfi/bfi.csv", {f"{trait}{j}": "ordinal" for trait in "ACENO" for j in range(1, 6)}, 2_800, {6}),
        ("gss93_music/music.csv", dict.fromkeys(("bigb", "clas", "hvym"), "ordinal"), 1_597, {5}),
    ],
)
def test_real_surveys_keep_every_row(shared_data, folder, items, rows, sizes):
    frame = pd.read_csv(shared_data / folder)
    found = Responses.read(frame, customer=None, items=items)
    assert len(found) == rows
    assert {item.size for item in found.codebook} == sizes
    null = frame[list(items)].isna().to_numpy()
    assert np.array_equal(found.codes(list(items)) < 0, null)
    steps = found.audit.set_index("step")["rows"]
    assert steps["at least one answer missing"] == null.any(axis=1).sum()
    assert steps["no answer to any item but the profile's"] == null.all(axis=1).sum()


def test_mcdonalds_shares_of_yes(shared_data):
    frame = pd.read_csv(shared_data / "mcdonalds" / "mcdonalds.csv")
    names = list(frame.columns[:11])
    found = Responses.read(frame, customer=None, items=dict.fromkeys(names, "binary"))
    assert {item.categories for item in found.codebook} == {("No", "Yes")}
    shares = [0.553, 0.908, 0.094, 0.867, 0.527, 0.900, 0.599, 0.644, 0.358, 0.199, 0.243]
    assert np.allclose(found.codes(names).mean(axis=0), shares, atol=5e-4)


def test_cheating_with_a_covariate_has_315_rows(shared_data):
    frame = pd.read_csv(shared_data / "polca_cheating" / "cheating.csv")
    names = ["LIEEXAM", "LIEPAPER", "FRAUD", "COPYEXAM"]
    found = Responses.read(frame, customer=None, items=dict.fromkeys(names, "binary") | {"GPA": "ordinal"})
    assert (len(found), len(found.complete(["GPA"]))) == (319, 315)
    assert set(found.complete(["GPA"]).covariates(["GPA"])[0][:, 0]) == {1, 2, 3, 4, 5}

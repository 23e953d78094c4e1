"""Best-worst tasks: read from a long table, checked, joined to other answers."""

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses
from segmodels.tables.survey_choices import balanced_design, simulate_best_worst

COLUMNS = {"customer": "id", "task": "task", "item": "item", "choice": "choice"}
LONG = pd.DataFrame(
    [
        (9, 1, "price", 1),
        (9, 1, "brand", 0),
        (9, 1, "design", -1),
        (4, 1, "brand", 0),
        (9, 2, "colour", 0),
        (9, 2, "price", 1),
        (4, 1, "colour", -1),
        (4, 1, "price", 1),
    ],
    columns=["id", "task", "item", "choice"],
)


def read(frame=LONG, **more):
    return Responses.read_tasks(frame, **(COLUMNS | more))


def shown(found):
    names = np.array([*found.codebook.names, ""])
    return [
        (found.customer_id[who], [name for name in names[row] if name], names[best], names[worst])
        for who, row, best, worst in zip(
            found.tasks.respondent, found.tasks.shown, found.tasks.best, found.tasks.worst, strict=True
        )
    ]


TASKS = [
    (9, ["price", "brand", "design"], "price", "design"),
    (9, ["colour", "price"], "price", ""),
    (4, ["brand", "colour", "price"], "price", "colour"),
]


def test_tasks_one_a_row():
    found = read()
    assert found.customer_id.tolist() == [9, 4]
    assert found.codebook.names == ("brand", "colour", "design", "price")
    assert shown(found) == TASKS
    assert found.tasks.shown.dtype == found.tasks.best.dtype == np.int16


def test_words_serve_as_well_as_numbers():
    words = LONG.assign(choice=["Best", "shown", "worst", None, "", "best", "worst", "best"])
    assert shown(read(words)) == TASKS


def test_every_source_gives_the_same_tasks(tmp_path):
    import polars as pl
    import pyarrow as pa

    LONG.to_csv(tmp_path / "a.csv", index=False)
    LONG.to_parquet(tmp_path / "a.parquet")
    for source in (
        tmp_path / "a.csv",
        tmp_path / "a.parquet",
        pl.from_pandas(LONG),
        pa.Table.from_pandas(LONG),
    ):
        assert shown(read(source)) == TASKS


def test_alternatives_give_names_and_an_order():
    coded = LONG.assign(item=LONG["item"].map({"price": 1, "brand": 2, "design": 3, "colour": 4}))
    names = {
        1: "price",
        2: "brand",
        3: Item("design", "best_worst", label="Looks"),
        4: "colour",
        5: "never shown",
    }
    found = read(coded, alternatives=names)
    assert shown(found) == TASKS
    assert found.codebook.names[-1] == "never shown"
    assert found.codebook["design"].wording == "Looks"


@pytest.mark.parametrize(
    ("row", "choice", "said"),
    [
        (1, 1, "two items chosen as best in 1 row (for example customer 9, task 1)"),
        (1, -1, "two items chosen as worst in 1 row"),
        (0, 7, "choice: got other values in 1 row (for example customer 9: 7)"),
    ],
)
def test_choices_that_can_not_be(row, choice, said):
    frame = LONG.copy()
    frame.loc[row, "choice"] = choice
    with pytest.raises(InputError) as error:
        read(frame)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item": {1: "price"}}, "an item shown twice in 1 row"),
        ({"item": {2: "price"}}, "the same item as best and as worst in 1 row"),
        ({"task": {4: 3}}, "one item shown in 2 rows (for example customer 9, task 3, customer 9, task 2)"),
        ({"choice": {5: 0}}, "no choice in 1 row (for example customer 9, task 2)"),
        ({"item": {3: None}}, "codes of no item in 1 row (for example customer 4: null)"),
        ({"task": {3: None}}, "task: got null in 1 row"),
        ({"id": {3: None}}, "no id in 1 row"),
    ],
)
def test_tasks_that_can_not_be(changes, said):
    frame = LONG.astype({"id": "Int64", "task": "Int64"})
    for column, rows in changes.items():
        for row, value in rows.items():
            frame.loc[row, column] = value
    with pytest.raises(InputError) as error:
        read(frame)
    assert said in str(error.value)


def test_all_faults_of_tasks_come_together():
    frame = LONG.copy()
    frame.loc[1, "choice"] = 1
    frame.loc[5, "choice"] = 0
    frame.loc[6, "item"] = "price"
    with pytest.raises(InputError) as error:
        read(frame, base=[9])
    assert len(error.value.faults) == 4


def test_tasks_without_a_choice_can_be_left_out_and_are_counted():
    frame = LONG.copy()
    frame.loc[[3, 6, 7], "choice"] = 0
    found = read(frame, unanswered="leave_out")
    assert shown(found) == TASKS[:2]
    assert found.customer_id.tolist() == [9, 4]
    assert found.answered(["price"])[:, 0].tolist() == [True, False]
    assert found.audit.set_index("step")["rows"]["tasks left out, without a choice"] == 1


def test_weights_are_those_of_respondents():
    found = read(LONG.assign(w=np.where(LONG["id"] == 9, 1.0, 3.0)), weight="w")
    assert found.weight.tolist() == [0.5, 1.5]
    with pytest.raises(InputError, match="other values in other rows of a respondent"):
        read(LONG.assign(w=range(1, 9)), weight="w")


def test_tasks_join_the_other_answers_of_respondents():
    wide = pd.DataFrame({"id": [4, 5, 9], "sex": ["f", "m", "f"], "w": [1.0, 2.0, 3.0]})
    people = Responses.read(wide, customer="id", items={"sex": "binary"}, weight="w")
    found = read(respondents=people)
    assert found.customer_id.tolist() == [4, 5, 9]
    assert found.codebook.names[0] == "sex"
    assert shown(found) == [TASKS[2], TASKS[0], TASKS[1]]
    assert found.weight.tolist() == [0.5, 1, 1.5]
    assert found.audit["step"].iloc[-1] == "respondents without a task"
    assert found.audit["rows"].iloc[-1] == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ids": [4, 5]}, "ids that are not among the respondents in 1 row (for example 9)"),
        ({"ids": [4, 9], "weight": "w"}, "weights or a design, too"),
        ({"ids": [4, 9], "item": "price"}, "the item 'price', which was read"),
    ],
)
def test_tasks_that_do_not_fit_the_respondents(more, said):
    wide = pd.DataFrame({"id": more["ids"], more.get("item", "sex"): [1, 2]})
    people = Responses.read(wide, customer="id", items={more.get("item", "sex"): "binary"})
    with pytest.raises(InputError) as error:
        read(LONG.assign(w=1), respondents=people, weight=more.get("weight"))
    assert said in str(error.value)


def test_taking_respondents_takes_their_tasks():
    found = read()
    assert shown(found.take(np.array([1]))) == TASKS[2:]
    twice = found.take(np.array([1, 0, 1]))
    assert shown(twice) == [TASKS[2], TASKS[0], TASKS[1], TASKS[2]]
    assert twice.tasks.respondent.tolist() == [0, 1, 1, 2]
    assert shown(found.take(np.array([False, True]))) == TASKS[2:]


def test_tasks_go_under_another_codebook():
    found = read()
    book = read(
        LONG, alternatives={name: name for name in ("price", "design", "colour", "brand", "never shown")}
    )
    assert shown(found.recode(book.codebook)) == TASKS
    with pytest.raises(InputError, match="items outside the codebook"):
        found.recode(found.codebook.restrict(["price", "brand"]))


def test_simulated_tasks_come_back():
    design = balanced_design(12, 4, 9, seed=1, versions=10)
    assert {len(set(task)) for version in design for task in version} == {4}
    counts = np.array([np.bincount(version.ravel(), minlength=12) for version in design])
    assert counts.min() == counts.max() == 3
    utility = np.random.default_rng(2).normal(size=(3, 12))
    frame, classes = simulate_best_worst(60, utility, [0.5, 0.3, 0.2], design, seed=3)
    found = Responses.read_tasks(frame, customer="customer_id", task="task", item="item", choice="choice")
    assert (len(found), len(found.tasks.best), found.tasks.shown.shape) == (60, 540, (540, 4))
    assert np.array_equal(found.tasks.shown, design[np.arange(60) % 10].reshape(-1, 4))
    again, _ = simulate_best_worst(60, utility, [0.5, 0.3, 0.2], design, seed=3)
    assert again.equals(frame)
    assert set(classes) <= {0, 1, 2}


def test_best_worst_counts_of_real_people(shared_data):
    """Counts as in the vignette of the R package bwsTools."""
    found = Responses.read_tasks(
        shared_data / "bws_vdata" / "vdata.parquet", customer="id", task="block", item="issue", choice="value"
    )
    assert (len(found), len(found.tasks.best)) == (350, 4_550)
    names = found.codebook.names
    counts = {
        name: (int((found.tasks.best == at).sum()), int((found.tasks.worst == at).sum()))
        for at, name in enumerate(names)
    }
    assert (counts["healthcare"], counts["biasmedia"]) == ((731, 125), (124, 808))
    assert (found.tasks.shown >= 0).all()

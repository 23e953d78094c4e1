"""What the command on wallets advises can be done on the command line, and nothing is dropped in silence."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from segmodels.cli import app
from segmodels.cli.wallet_messages import in_options, said, translated
from segmodels.cli.wallet_options import OF_A_TABLE, further
from segmodels.errors import Fault, InputError, NotConverged
from segmodels.tables.simulate_wallets import simulate_wallets

#: Words that only Python knows: an argument with its equals sign, a call, a position among columns.
PYTHON = re.compile(r"\w+=|\w\(|columns\[|\bNone\b|\bTrue\b|_")


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("advice") / "base.csv"
    frame = simulate_wallets(200, np.random.default_rng(4), answered=80, segments=(0.0, 0.5))
    frame = frame.rename(columns={"customer_id": "id", "own": "spend", "true_elsewhere": "rest"})
    word = np.where(np.arange(200) % 2, "a", "b")
    frame.assign(word=word, group=word, number=3).to_csv(path, index=False)
    return path


COLUMNS = "id, spend, total, rest, segment, word, group, number"
TOLD = ("--customer", "id", "--own", "spend", "--total", "total")
WRONG = {
    ("--by", "nosuch"): "--by",
    ("--value", "nosuch"): "--value",
    ("--covariate", "number", "--covariate", "nosuch"): "--covariate",
    ("--by", "segment", "--response", "nosuch"): "--response",
    ("--total", "nosuch"): "--total",
    ("--own", "nosuch"): "--own",
    ("--customer", "nosuch"): "--customer",
    ("--rounding", "nosuch"): "--rounding",
    ("--window", "nosuch"): "--window",
    ("--category", "nosuch"): "--category",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_column_that_is_not_there_is_named_by_its_option_with_the_columns_there_are(words, base, tmp_path):
    done = invoke("wallet", base, *TOLD, *words, "--out", tmp_path, "--json")
    assert done.exit_code == 2
    fault = json.loads(done.stdout)["error"]["faults"][0]
    assert fault["where"] == WRONG[words]
    assert COLUMNS in fault["expected"]
    assert WRONG[words] in fault["remedy"]
    assert not PYTHON.search(fault["remedy"]), fault["remedy"]


OTHERS = (
    ("--model", "frontier"),
    ("--model", "frontier", "--mean-share", "a=0.4"),
    ("--model", "frontier", "--mean-share", "s1=0.4", "--by", "segment"),
    ("--model", "frontier", "--mean-share", "0.4", "--mean-share-sd", "-1"),
    ("--model", "counts"),
    ("--elsewhere", "rest"),
    ("--only", "c"),
    ("--category", "word", "--only", "c"),
    ("--covariate", "word"),
    ("--by", "number", "--covariate", "number"),
    ("--rounding", "-5"),
    ("--potential-cut", "-5"),
    ("--tau", "2"),
    ("--folds", "1"),
    ("--by", "total"),
    ("--by", "cell"),
    ("--purchases", "number"),
    ("--total", "rest"),
)


@pytest.mark.parametrize("words", OTHERS, ids=" ".join)
def test_no_advice_is_in_words_that_only_python_knows(words, base, tmp_path):
    done = invoke("wallet", base, *TOLD, *words, "--out", tmp_path, "--json")
    assert done.exit_code == 2, done.stdout
    for fault in json.loads(done.stdout)["error"]["faults"]:
        for part in ("where", "expected", "remedy"):
            assert not PYTHON.search(fault[part]), fault


def test_a_fault_of_a_column_names_the_column_and_so_do_its_examples(base, tmp_path):
    frame = pd.read_csv(base)
    frame["total"] = frame["total"].where(frame.index % 3 > 0, frame["spend"] / 2)
    frame.rename(columns={"total": "said"}).to_csv(tmp_path / "base.csv", index=False)
    told = ("--customer", "id", "--own", "spend", "--total", "said", "--out", tmp_path / "out")
    done = invoke("wallet", tmp_path / "base.csv", *told, "--json")
    (fault,) = json.loads(done.stdout)["error"]["faults"]
    assert fault["where"] == "--total said"
    assert re.search(r"customer \d+: said [\d.]+, spend [\d.]+", fault["examples"][0])
    assert fault["remedy"].endswith("--most-below 1.0 takes them as they are.")
    done = invoke(
        "wallet", tmp_path / "base.csv", *told, "--most-below", "1.0", "--setting", "map", "--folds", 0
    )
    assert done.exit_code == 0, done.stderr


def test_a_run_that_was_refused_leaves_no_folder_but_one_that_was_there(base, tmp_path):
    out = tmp_path / "out"
    done = invoke("wallet", base, *TOLD, "--by", "nosuch", "--out", out)
    assert done.exit_code == 2
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert invoke("wallet", base, *TOLD, "--by", "nosuch", "--out", out).exit_code == 2
    assert (out / "mine.txt").is_file()


def test_answers_may_be_a_table_of_a_duckdb_file(base, tmp_path):
    import duckdb

    path = tmp_path / "d.duckdb"
    with duckdb.connect(path) as con:
        con.read_csv(str(base)).filter("total IS NOT NULL").select("id, total").create("said")
    words = ("--answers", path, "--setting", "map", "--folds", 0, "--out", tmp_path / "out", "--json")
    done = invoke("wallet", base, *TOLD, *words)
    (fault,) = json.loads(done.stdout)["error"]["faults"]
    assert fault["where"] == "--answers-table"
    assert not PYTHON.search(fault["remedy"])
    done = invoke("wallet", base, *TOLD, *words, "--answers-table", "said", "--covariate", "number")
    assert done.exit_code == 2
    done = invoke("wallet", base, *TOLD, *words, "--answers-table", "said")
    assert done.exit_code == 0, done.stderr


def test_what_is_for_python_alone_is_called_so(base, tmp_path):
    done = invoke("wallet", base, *TOLD, "--category", "word", "--out", tmp_path)
    assert "such as --only a." in done.stderr
    assert "for Python: WalletCategories().fit(wallets, setting, seed=1)" in done.stderr


def test_options_of_a_table_are_refused_beside_the_demonstration_all_together(tmp_path):
    words = ("--by", "region", "--covariate", "age", "--mean-share-sd", "0.25", "--customer", "customer_id")
    done = invoke("wallet", "--simulated", *words, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 2
    faults = json.loads(done.stdout)["error"]["faults"]
    assert [fault["where"] for fault in faults] == ["--customer", "--by", "--covariate", "--mean-share-sd"]
    assert not (tmp_path / "out").exists()


def test_every_option_of_a_table_is_an_option_and_every_other_one_goes_into_the_demonstration(
    monkeypatch, tmp_path
):
    plans = []

    def told(plan, *_):
        plans.append(plan)
        raise InputError([])

    monkeypatch.setattr("segmodels.project.wallet_way.run_wallet", told)
    words = ("--errors", "t", "--setting", "map", "--value-cut", "75%", "--potential", "attainable")
    words += ("--tau", "0.7", "--folds", "3", "--budget", "9", "--currency", "EUR", "--seed", "5")
    assert invoke("wallet", "--simulated", *words, "--out", tmp_path).exit_code == 2
    (plan,) = plans
    assert (plan.errors, plan.tau, plan.folds, plan.budget, plan.currency, plan.seed) == (
        *("t", 0.7, 3, 9, "EUR", 5),
    )
    assert plan.potential == "attainable"
    shown = invoke("wallet", "--help").stdout
    for name in OF_A_TABLE:
        assert "--" + name.replace("_", "-") in shown


def test_the_order_of_further_columns_is_that_in_which_a_plan_reads_them():
    from segmodels.project.wallet_plan import WalletPlan

    plan = WalletPlan("b.csv", 1, total="t", by="b", covariates=("c", "d"), response=("c", "e"), value="v")
    options = further("b", "v", ["c,d"], ["c", "e"])
    assert dict(zip(plan.columns, options, strict=True)) == {
        "b": "--by",
        "v": "--value",
        "c": "--covariate",
        "d": "--covariate",
        "e": "--response",
    }


def test_advice_of_a_fit_that_did_not_converge_is_in_options():
    with pytest.raises(NotConverged) as caught, in_options():
        raise NotConverged("No mode was found.", "Look at the answers, or give scale=0.0, or say NUTS().")
    assert caught.value.advice == "Look at the answers, or say --setting nuts."
    assert str(caught.value) == f"No mode was found. {caught.value.advice}"


def test_a_fault_that_names_no_argument_stays_as_it_is():
    fault = Fault("segment", "nothing", "something", "Do this.", 3, ("a",))
    assert translated(fault) == fault
    assert said("x = 3") == "x = 3"

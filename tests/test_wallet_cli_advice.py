"""What the command on wallets advises can be done on the command line, and nothing is dropped in silence."""

import json
import re

import numpy as np
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

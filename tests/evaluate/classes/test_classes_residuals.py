"""Published bivariate residuals and fits to the whole table; two-way tables by brute force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from class_worlds import FEW, binary_frame, maximum_likelihood, nominal

from segmodels.errors import InputError
from segmodels.evaluate.classes.crosstabs import pairs_of
from segmodels.evaluate.classes.residuals import bivariate_residuals, goodness_of_fit
from segmodels.evaluate.classes.whole_table import whole_table
from segmodels.inference.settings import MAP
from segmodels.models.needs.components import Components
from segmodels.models.needs.latent_class import LatentClass
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses


@pytest.mark.parametrize(
    ("name", "n_classes", "pair", "value"),
    [
        ("carcinoma", 2, {"B", "E"}, 8.869),
        ("carcinoma", 3, {"D", "F"}, 4.449),
        ("cheating", 2, {"FRAUD", "COPYEXAM"}, 6.429),
        ("gss82", 2, {"UNDERSTA", "COOPERAT"}, 32.683),
        ("gss82", 3, {"UNDERSTA", "COOPERAT"}, 2.113),
        ("election", 3, {"KNOWG", "INTELG"}, 57.738),
    ],
)
def test_published_residuals(fitted, name, n_classes, pair, value):
    table = bivariate_residuals(fitted(name, n_classes))
    largest = table.iloc[0]
    assert {largest["item"], largest["other_item"]} == pair
    assert largest["residual"] == pytest.approx(value, abs=2e-3)
    assert table["residual"].is_monotonic_decreasing
    assert "p" not in table


@pytest.mark.parametrize(
    ("name", "n_classes", "g2", "x2", "df"),
    [
        ("carcinoma", 1, 476.7814, 1975.3867, 111),
        ("carcinoma", 2, 62.3654, 92.6481, 103),
        ("carcinoma", 3, 15.2617, 20.5034, 95),
        ("carcinoma", 4, 6.4235, 10.0844, 87),
        ("cheating", 2, 7.7642, 8.3234, 6),
        ("values", 2, 2.7199, 2.7198, 6),
        ("values", 3, 0.3869, 0.4225, 1),
        ("gss82", 1, 257.2604, 368.6657, 29),
        ("gss82", 2, 79.3372, 93.2533, 22),
        ("gss82", 3, 21.8920, 23.5322, 15),
    ],
)
def test_published_fit_to_the_whole_table(fitted, name, n_classes, g2, x2, df):
    found = goodness_of_fit(fitted(name, n_classes))
    assert found["G2"] == pytest.approx(g2, abs=2e-4)
    assert found["X2"] == pytest.approx(x2, rel=5e-5, abs=1.5e-4)
    assert found["df"] == df


def a_mixture(rng, sizes, components=3, classes=2):
    """Components of a mixture with more components than classes, as a response style makes them."""
    items = tuple(Item(f"q{j}", "nominal", tuple(range(size))) for j, size in enumerate(sizes))
    tables = tuple(np.log(rng.dirichlet(np.ones(size), components).T) for size in sizes)
    names = tuple("abc"[:classes])
    return Components(names, items, np.arange(components) % classes, np.log([0.5, 0.3, 0.2]), tables)


def test_two_way_tables_are_those_counted_one_by_one():
    rng = np.random.default_rng(1)
    mixture = a_mixture(rng, (3, 2, 4))
    codes, _ = mixture.simulate(300, rng)
    codes[rng.random(codes.shape) < 0.2] = -1
    weight = rng.random(300)
    pairs = pairs_of(mixture)
    observed = pairs.observed(codes, weight)
    x2 = []
    for first, second in ((0, 1), (0, 2), (1, 2)):
        both = (codes[:, first] >= 0) & (codes[:, second] >= 0)
        table = np.zeros((mixture.items[first].size, mixture.items[second].size))
        np.add.at(table, (codes[both, first], codes[both, second]), weight[both])
        p, q = (np.exp(mixture.log_probability[j]) for j in (first, second))
        expected = weight[both].sum() * np.einsum("m,cm,dm->cd", np.exp(mixture.log_weight), p, q)
        x2.append(((table - expected) ** 2 / expected).sum())
    assert pairs.chi_squared(mixture, observed) == pytest.approx(x2)
    assert pairs.df.tolist() == [2, 6, 3]


def test_an_impossible_answer_has_an_infinite_residual_and_an_absent_one_none():
    item = Item("q", "binary", (0, 1))
    with np.errstate(divide="ignore"):
        never = np.log([[1.0], [0.0]])
    mixture = Components(
        ("a",), (item, replace(item, name="r")), np.zeros(1, np.int64), np.zeros(1), (never, never)
    )
    pairs = pairs_of(mixture)
    for codes, x2 in (([[0, 0]], 0.0), ([[0, 1]], np.inf)):
        observed = pairs.observed(np.array(codes, np.int16), np.ones(1))
        assert pairs.chi_squared(mixture, observed).tolist() == [x2]


@pytest.mark.parametrize("refit", ["warm", "none"])
def test_the_bootstrap_flags_the_pair_that_two_classes_do_not_explain(fitted, refit):
    table = bivariate_residuals(fitted("gss82", 2), replicates=49, refit=refit, seed=1).set_index("item")
    assert table.loc["UNDERSTA", "p"] == pytest.approx(1 / 50)
    assert table["p"].drop("UNDERSTA").min() > 0.05


def test_p_values_do_not_depend_on_the_number_of_threads(fitted):
    fit = fitted("values", 2)
    one, many = (bivariate_residuals(fit, replicates=20, seed=3, workers=workers) for workers in (1, 3))
    pd.testing.assert_frame_equal(one, many)


@pytest.mark.slow
def test_p_values_of_a_true_model_are_spread_evenly():
    # One pair's p in each of 40 samples of a true model: few below .1, and below .05.
    p = []
    for seed in range(40):
        frame = binary_frame(200, [0.6, 0.4], [[0.8] * 4, [0.3] * 4], seed, missing=0.1)
        fit = maximum_likelihood(2, starts=FEW).fit(nominal(frame), MAP(), seed=1)
        table = bivariate_residuals(fit, replicates=19, seed=seed)
        p.append(table.query("item == 'q1' and other_item == 'q2'")["p"].iloc[0])
    assert np.mean(np.array(p) <= 0.05) <= 0.15
    assert 0.3 < np.mean(np.array(p) <= 0.5) < 0.7


def test_missing_answers_leave_the_saturated_table_at_maximum_likelihood():
    # Two items, the second missing for some: the estimate has a closed form, the margin times the conditional.
    rng = np.random.default_rng(2)
    mixture = a_mixture(rng, (3, 2))
    codes, _ = mixture.simulate(400, rng)
    codes[codes[:, 0] == 1, 1] = np.where(
        rng.random((codes[:, 0] == 1).sum()) < 0.5, -1, codes[codes[:, 0] == 1, 1]
    )
    found = whole_table(mixture, codes, np.ones(400), 3)
    margin = np.bincount(codes[:, 0], minlength=3) / 400
    known = codes[codes[:, 1] >= 0]
    table = np.zeros((3, 2))
    np.add.at(table, (known[:, 0], known[:, 1]), 1)
    saturated = margin[:, None] * table / table.sum(axis=1, keepdims=True)
    p, q = (np.exp(part) for part in mixture.log_probability)
    model = np.einsum("m,cm,dm->cd", np.exp(mixture.log_weight), p, q)
    assert found["G2"] == pytest.approx(2 * 400 * (saturated * np.log(saturated / model)).sum(), rel=1e-6)
    assert found["X2"] == pytest.approx(400 * ((saturated - model) ** 2 / model).sum(), rel=1e-6)
    assert found["dissimilarity"] == pytest.approx(np.abs(saturated - model).sum() / 2, rel=1e-6)
    assert found["df"] == 2


def test_what_can_not_be_is_refused_all_at_once(fitted):
    with pytest.raises(InputError, match=r"(?s)replicates.*refit"):
        bivariate_residuals(fitted("values", 2), replicates=-1, refit="cold")
    with pytest.raises(InputError, match="seed"):
        bivariate_residuals(fitted("values", 2), replicates=9)
    with pytest.raises(InputError, match="answer patterns"):
        goodness_of_fit(fitted("election", 3))


def test_the_whole_table_knows_no_covariates_or_numbers():
    frame = binary_frame(100, [0.5, 0.5], [[0.9] * 3, [0.2] * 3], 1)
    frame["x"] = np.linspace(0.0, 1.0, 100)
    survey = Responses.read(frame, customer=None, items=dict.fromkeys(frame, "binary") | {"x": "continuous"})
    with pytest.raises(InputError, match=r"covariates.*\n?.*"):
        goodness_of_fit(LatentClass(2, covariates=("x",), starts=FEW).fit(survey, MAP(), seed=1))
    with pytest.raises(InputError, match="numbers"):
        goodness_of_fit(LatentClass(2, starts=FEW).fit(survey, MAP(), seed=1))

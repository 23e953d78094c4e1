"""Laws of latent classes of rankings."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.louis import gradient, information
from segmodels.inference.settings import MAP, NUTS, Laplace
from segmodels.inference.starts import Starts, find_optimum
from segmodels.likelihoods import ranking
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.ranked_needs import RankedNeeds, RankedNeedsFit
from segmodels.tables.responses import Responses
from segmodels.tables.survey_choices import simulate_rankings

FEW = Starts(random=12, kept=6)
UTILITY = np.array(
    [
        [2.0, 1.0, 0.5, 0.0, -0.5, -1.0, -2.0],
        [-2.0, 1.5, -1.0, 0.0, 2.0, -0.5, 0.0],
        [0, -1.5, -0.5, 2, -1, 1, 0],
    ]
)
SHARE = [0.5, 0.3, 0.2]


def frame_of(n, seed=1, utility=UTILITY, share=SHARE, **more):
    return simulate_rankings(n, utility, share, seed=seed, **more)


def read(frame, **more):
    places = [name for name in frame if str(name).startswith("Rank")]
    items = {code: f"item {code}" for code in range(1, 8)}
    return Responses.read_orderings(frame, customer="customer_id", places=places, alternatives=items, **more)


@pytest.fixture(scope="module")
def survey():
    frame, classes = frame_of(900, partial=0.5, places=5)
    rng = np.random.default_rng(2)
    frame["age"] = 40 + 10 * (classes == 0) + rng.normal(0, 8, len(frame))
    frame["w"] = rng.uniform(0.5, 2, len(frame))
    return read(frame, items={"age": "continuous"}), classes, frame


@pytest.fixture(scope="module")
def fit(survey):
    return RankedNeeds(3, starts=FEW).fit(survey[0], MAP(), seed=1)


def matched(fit, utility=UTILITY):
    """The order of true classes that is closest to the fit's; classes have no names of their own."""
    found = fit.problem.layout.utilities(fit.theta)
    true = utility - utility.mean(axis=1, keepdims=True)
    order = min(permutations(range(len(true))), key=lambda each: ((found - true[list(each)]) ** 2).sum())
    return found, true[list(order)], np.array(order)


def test_simulated_classes_are_recovered(survey, fit):
    responses, classes, _ = survey
    found, true, order = matched(fit)
    assert np.sqrt(((found - true) ** 2).mean()) < 0.15
    np.testing.assert_allclose(fit.class_shares, np.array(SHARE)[order], atol=0.05)
    # no rule can do better than Bayes' with the true parameters
    codes = fit.problem.choices
    joint = ranking.log_densities(UTILITY, *codes.arrays)[fit.problem.of_row] + np.log(SHARE)
    best = (joint.argmax(axis=1) == classes).mean()
    agreed = (order[fit.membership().argmax(axis=1)] == classes).mean()
    assert agreed > best - 0.02
    assert len(fit.membership()) == len(responses)


def test_standard_errors_cover_the_truth(fit):
    table = fit.utilities()
    _, true, _ = matched(fit)
    value = table.pivot_table(index="class", columns="item", values="utility")
    np.testing.assert_allclose(value.sum(axis=1), 0, atol=1e-10)
    z = (table["utility"].to_numpy().reshape(7, 3).T - true) / table["standard_error"].to_numpy().reshape(
        7, 3
    ).T
    assert 0.5 < np.sqrt((z**2).mean()) < 1.6
    assert ((table["low"] < table["utility"]) & (table["utility"] < table["high"])).all()


def test_shares_places_and_importance_follow_from_the_utilities(fit):
    utilities = fit.problem.layout.utilities(fit.theta)
    shares = fit.choice_shares()
    np.testing.assert_allclose(shares.groupby("class")["share"].sum(), 100)
    np.testing.assert_allclose(
        shares["share"].to_numpy().reshape(7, 3).T, 100 * ranking.first_choice(utilities), rtol=1e-12
    )
    places = fit.expected_places()
    np.testing.assert_allclose(places.groupby("class")["place"].sum(), 28)
    assert places["low"].min() > 1
    assert places["high"].max() < 7
    wide = fit.importance()
    assert wide["all"].is_monotonic_decreasing
    np.testing.assert_allclose(wide.sum(), 100)
    weight = fit.shares()["probability"].to_numpy()
    np.testing.assert_allclose(wide["all"], wide[list(fit.names)] @ weight)


def test_derivatives_are_those_of_the_objective(survey):
    problem = RankedNeeds(2, covariates=("age",)).problem(survey[0])
    rng = np.random.default_rng(3)
    theta = problem.start(rng) + 0.1 * rng.normal(size=problem.size)
    unit = 1e-5 * np.eye(problem.size)
    slopes = [(problem.objective(theta + e) - problem.objective(theta - e)) / 2e-5 for e in unit]
    np.testing.assert_allclose(gradient(problem, theta), slopes, atol=1e-4)
    bends = [(gradient(problem, theta - e) - gradient(problem, theta + e)) / 2e-5 for e in unit]
    np.testing.assert_allclose(information(problem, theta)[0], bends, atol=1e-4)


@pytest.mark.parametrize("constants", [BayesConstants(), BayesConstants.none()])
def test_em_steps_never_lower_the_objective(survey, constants):
    problem = RankedNeeds(3, covariates=("age",), constants=constants).problem(survey[0])
    for seed in range(4):
        theta, values = problem.start(np.random.default_rng(seed)), []
        for _ in range(25):
            theta, value = problem.step(theta)
            values.append(value)
        assert np.diff(values).min() > -1e-8
        assert values[-1] > values[0]


def test_one_class_is_what_hunters_mm_algorithm_finds(survey):
    problem = RankedNeeds(1, constants=BayesConstants.none()).problem(survey[0])
    order, placed, presented = problem.choices.arrays
    worth = np.full(7, 1 / 7)
    for _ in range(200):
        won, exposure = np.zeros(7), np.zeros(7)
        for row, stages, many, weight in zip(order, placed, presented, problem.weight, strict=True):
            for t in range(min(stages, many - 1)):
                left = row[t:many]
                won[row[t]] += weight
                exposure[left] += weight / worth[left].sum()
        worth = won / exposure / (won / exposure).sum()
    theta = find_optimum(problem, Starts(1, 1), 1).theta
    np.testing.assert_allclose(ranking.first_choice(problem.layout.utilities(theta))[0], worth, atol=1e-7)


def test_covariates_explain_membership(survey):
    responses = survey[0]
    fit = RankedNeeds(3, covariates=("age",), starts=FEW).fit(responses, MAP(), seed=1)
    order = matched(fit)[2]
    table = fit.coefficients(reference=fit.names[int(np.flatnonzero(order == 0)[0])])
    slope = table.query("covariate == 'age'")
    # of two normals 10 apart with variance 64, the log-odds fall by 10 / 64 a year
    assert ((slope["coefficient"] + 10 / 64).abs() < 3 * slope["standard_error"]).all()
    assert (slope["p"] < 1e-6).all()


def test_weights_count_as_rows(survey):
    frame = survey[2].head(150)
    times = np.random.default_rng(4).integers(1, 4, len(frame))
    repeated = frame.loc[frame.index.repeat(times)].assign(customer_id=np.arange(times.sum()))
    spec = RankedNeeds(2, starts=FEW)
    counted = spec.fit(read(frame.assign(n=times), count="n"), MAP(), seed=1)
    rows = spec.fit(read(repeated), MAP(), seed=1)
    assert counted.log_likelihood == pytest.approx(rows.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(counted.theta, rows.theta, atol=1e-6)
    np.testing.assert_allclose(counted.covariance, rows.covariance, rtol=1e-3, atol=1e-8)
    # weights that say the same as the counts, in another unit
    weighted = spec.fit(read(frame.assign(w=7.0 * times), weight="w"), MAP(), seed=1)
    plain = replace(spec, constants=BayesConstants.none())
    each = [plain.fit(responses, MAP(), seed=1) for responses in (weighted.responses, counted.responses)]
    np.testing.assert_allclose(each[0].utilities()["utility"], each[1].utilities()["utility"], atol=1e-5)


def test_the_order_of_items_and_of_respondents_changes_nothing(survey, fit):
    frame = survey[2].sample(frac=1, random_state=1)
    new = {code: f"item {code}" for code in (5, 2, 7, 1, 3, 6, 4)}
    places = [name for name in frame if name.startswith("Rank")]
    other = RankedNeeds(3, starts=FEW).fit(
        Responses.read_orderings(frame, customer="customer_id", places=places, alternatives=new),
        MAP(),
        seed=2,
    )
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-4)
    one, two = (each.utilities().set_index(["item", "class"])["utility"] for each in (fit, other))
    np.testing.assert_allclose(two[one.index], one, atol=1e-3)
    joined = fit.probabilities().merge(other.probabilities(), on="customer_id")
    np.testing.assert_allclose(joined["1_x"], joined["1_y"], atol=1e-3)


def test_who_ranked_nothing_belongs_to_each_class_by_its_share():
    frame, _ = frame_of(200)
    frame.loc[3, [name for name in frame if name.startswith("Rank")]] = 0
    fit = RankedNeeds(2, starts=FEW).fit(read(frame), MAP(), seed=1)
    assert fit.membership().shape == (200, 2)
    np.testing.assert_allclose(fit.membership()[3], fit.shares()["probability"], atol=1e-12)


def test_an_alternative_nobody_ranks_has_a_low_and_finite_utility():
    frame, _ = frame_of(200, places=3)
    places = [name for name in frame if name.startswith("Rank")]
    names = {code: f"item {code}" for code in range(1, 8)} | {8: "never"}
    responses = Responses.read_orderings(frame, customer="customer_id", places=places, alternatives=names)
    fit = RankedNeeds(2, starts=FEW).fit(responses, MAP(), seed=1)
    lowest = fit.utilities().query("item == 'never'")["utility"]
    assert (lowest > -15).all()
    assert (lowest < fit.utilities().query("item != 'never'")["utility"].min()).all()


def test_rankings_of_a_part_of_the_items_are_plackett_luce_of_that_part():
    # full rankings: the order of four of the seven has the utilities of those four
    frame, _ = frame_of(3000, utility=UTILITY[:1], share=[1.0])
    some = tuple(f"item {code}" for code in (1, 3, 4, 6))
    fit = RankedNeeds(1, items=some).fit(read(frame), MAP(), seed=1)
    true = UTILITY[0, [0, 2, 3, 5]]
    np.testing.assert_allclose(fit.utilities()["utility"], true - true.mean(), atol=0.12)


def test_what_was_not_presented_is_in_no_choice_set():
    responses = read(frame_of(400, utility=UTILITY[:1], share=[1.0])[0])
    hidden = np.random.default_rng(5).random(400) < 0.5
    answers = dict(responses.answers)
    at = answers["item 1"].copy()
    for name, place in list(answers.items()):
        answers[name] = np.where(hidden & (place > at), place - 1, place).astype(np.int16)
    answers["item 1"] = np.where(hidden, -2, at).astype(np.int16)
    partly = RankedNeeds(1).fit(replace(responses, answers=answers), MAP(), seed=1)
    true = UTILITY[0] - UTILITY[0].mean()
    np.testing.assert_allclose(partly.utilities()["utility"], true, atol=0.3)


def test_one_seed_one_fit_whatever_the_threads(survey):
    problem = RankedNeeds(3).problem(survey[0])
    ends = [find_optimum(problem, FEW, 1, workers=workers) for workers in (1, 2)]
    np.testing.assert_array_equal(ends[0].theta, ends[1].theta)


def test_a_fit_saved_and_loaded_scores_the_same(survey, tmp_path):
    fit = RankedNeeds(2, covariates=("age",), starts=FEW).fit(survey[0], Laplace(draws=50), seed=1)
    fit = fit.rename({"1": "Bargain hunters"})
    loaded = RankedNeedsFit.load(fit.save(tmp_path / "fit.nc"), survey[0])
    np.testing.assert_array_equal(loaded.membership(), fit.membership())
    np.testing.assert_array_equal(loaded.draws, fit.draws)
    assert loaded.spec == fit.spec
    assert loaded.names == ("Bargain hunters", "2")
    assert loaded.log_likelihood == pytest.approx(fit.log_likelihood)
    assert [str(each) for each in loaded.evidence] == [str(each) for each in fit.evidence]
    np.testing.assert_array_equal(fit.on(survey[0].take(np.arange(7))).membership(), fit.membership()[:7])


def test_the_pymc_model_has_the_posterior_that_the_mode_is_of(survey):
    fit = RankedNeeds(2, covariates=("age",), starts=FEW).fit(survey[0], MAP(), seed=1)
    model = fit.pymc_model()
    theta = fit.theta + 0.1
    value, slope = model.compile_logp(mode="FAST_COMPILE"), model.compile_dlogp(mode="FAST_COMPILE")
    assert value({"theta": theta}) == pytest.approx(fit.problem.objective(theta), rel=1e-12)
    np.testing.assert_allclose(slope({"theta": theta}), gradient(fit.problem, theta), atol=1e-9)
    improper = replace(fit, problem=replace(fit.problem, constants=BayesConstants.none()))
    with pytest.raises(InputError, match=r"constants\.classes.*\n.*constants\.categories"):
        improper.pymc_model()


@pytest.mark.slow
def test_nuts_and_laplace_agree_where_classes_are_clear():
    frame, _ = frame_of(500, utility=UTILITY[:2], share=[0.6, 0.4])
    spec, responses = RankedNeeds(2, starts=FEW), read(frame)
    sampled = spec.fit(responses, NUTS(draws=400, tune=400, chains=2), seed=1)
    normal = spec.fit(responses, Laplace(draws=1000), seed=1)
    assert next(each for each in sampled.evidence if each.name == "Divergences").passed
    np.testing.assert_allclose(sampled.draws.mean(axis=0), normal.draws.mean(axis=0), atol=0.04)
    np.testing.assert_allclose(sampled.draws.std(axis=0), normal.draws.std(axis=0), rtol=0.25)
    assert sampled.posterior["posterior"]["utility"].dims == ("chain", "draw", "class", "item")


def test_too_few_alternatives_are_told():
    frame, _ = frame_of(300, utility=UTILITY[:2, :4], share=[0.5, 0.5])
    names = {code: f"item {code}" for code in range(1, 5)}
    places = [name for name in frame if name.startswith("Rank")]
    responses = Responses.read_orderings(frame, customer="customer_id", places=places, alternatives=names)
    told = {k: RankedNeeds(k, starts=FEW).fit(responses, MAP(), seed=1).evidence for k in (2, 3)}
    name = "Alternatives for so many classes"
    assert name not in [each.name for each in told[2]]
    assert name in [each.name for each in told[3]]
    assert next(each for each in told[2] if each.name == "Identified").passed


def test_bad_arguments_are_reported_together():
    with pytest.raises(InputError, match=r"n_classes(.|\n)*items(.|\n)*covariates"):
        RankedNeeds(0, items="price", covariates="age")
    frame = pd.DataFrame({"id": [1, 2], "q": [1.0, 2.0], "a": [1, 2], "b": [2, 1]})
    book = {"q": "continuous", "a": "rank", "b": "rank"}
    responses = Responses.read(frame, customer="id", items=book)
    with pytest.raises(
        InputError, match=r"no item 'c'(.|\n)*'q' of scale continuous(.|\n)*'a', which is ranked"
    ):
        RankedNeeds(2, items=("a", "c", "q"), covariates=("a",)).problem(responses)
    with pytest.raises(InputError, match="two or more"):
        RankedNeeds(2, items=("a",)).problem(responses)
    tied = replace(responses, answers={**responses.answers, "b": responses.answers["a"]})
    with pytest.raises(InputError, match=r"a place given twice in 2 rows \(for example customer 1"):
        RankedNeeds(2).problem(tied)

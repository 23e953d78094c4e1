"""Laws of latent classes of best-worst choices."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from segmodels.errors import InputError
from segmodels.inference.louis import gradient, information
from segmodels.inference.settings import MAP, Laplace
from segmodels.inference.starts import Starts, find_optimum
from segmodels.likelihoods import best_worst
from segmodels.models.needs.best_worst import BestWorst, BestWorstFit
from segmodels.models.needs.constants import BayesConstants
from segmodels.tables.responses import Responses
from segmodels.tables.survey_choices import balanced_design, simulate_best_worst

FEW = Starts(random=12, kept=6)
ROLES = {"customer": "customer_id", "task": "task", "item": "item", "choice": "choice"}


def read(frame, **more):
    return Responses.read_tasks(frame, **ROLES, **more)


def centred(utility):
    return utility - utility.mean(axis=1, keepdims=True)


def matched(found, true):
    """The order of true classes that is closest to those found."""
    return np.array(min(permutations(range(len(true))), key=lambda o: ((found - true[list(o)]) ** 2).sum()))


def prototype(n=600, seed=1):
    """600 respondents, 9 tasks of 4 of 12 items, three classes."""
    utility = np.random.default_rng(seed).normal(0, 1.2, (3, 12))
    design = balanced_design(12, 4, 9, seed=seed, versions=5)
    frame, classes = simulate_best_worst(n, utility, [0.5, 0.3, 0.2], design, seed=seed)
    return frame, classes, centred(utility)


@pytest.fixture(scope="module")
def survey():
    frame, classes, utility = prototype()
    return read(frame), frame, classes, utility


@pytest.fixture(scope="module")
def fits(survey):
    return {
        form: BestWorst(3, form, starts=FEW).fit(survey[0], MAP(), seed=1) for form in ("sequential", "joint")
    }


def test_the_prototype_is_recovered(survey, fits):
    # measured there: every start at one optimum, utilities within .083, 98.2 % placed in their class
    _, _, classes, true = survey
    fit = fits["sequential"]
    found = fit.problem.layout.utilities(fit.theta)
    order = matched(found, true)
    assert np.sqrt(((found - true[order]) ** 2).mean()) < 0.11
    assert (order[fit.membership().argmax(axis=1)] == classes).mean() > 0.96
    assert fit.optima["times"].iloc[0] == 6
    z = (fit.utilities()["utility"].to_numpy().reshape(12, 3).T - true[order]) / (
        fit.utilities()["standard_error"].to_numpy().reshape(12, 3).T
    )
    assert 0.6 < np.sqrt((z**2).mean()) < 1.5


def rank_ordered(problem):
    """Utilities of one class by maximum likelihood of: best first, worst last, the two between in any order."""
    shown, best, worst, _ = problem.choices.tasks
    times = np.bincount(problem.choices.task, np.repeat(problem.weight, np.diff(problem.choices.start)))
    ends = (shown != best[:, None]) & (shown != worst[:, None])
    middle = shown[ends].reshape(-1, 2)

    def loss(free):
        b = np.append(free, 0.0)
        total = np.exp(b[shown]).sum(axis=1)
        left = total - np.exp(b[best])
        second, third = b[middle], b[middle[:, ::-1]]
        paths = second - np.log(left)[:, None] + third - np.logaddexp(third, b[worst][:, None])
        return -(times * (b[best] - np.log(total) + np.logaddexp(*paths.T))).sum()

    return np.append(minimize(loss, np.zeros(problem.layout.n_items - 1), method="BFGS").x, 0.0)


def test_sequential_joint_and_rank_ordered_put_the_items_in_one_order(fits):
    assert fits["sequential"].importance().index.tolist() == fits["joint"].importance().index.tolist()
    true = np.random.default_rng(8).permutation(np.linspace(-1.5, 1.5, 8))
    design = balanced_design(8, 4, 10, seed=1)
    responses = read(simulate_best_worst(500, true[None], [1.0], design, seed=1)[0])
    ones = [BestWorst(1, form).fit(responses, MAP(), seed=1) for form in ("sequential", "joint")]
    found = [each.problem.layout.utilities(each.theta)[0] for each in ones]
    found.append(rank_ordered(ones[0].problem))
    assert all((np.argsort(each) == np.argsort(true)).all() for each in found)
    # the same order on other scales: the differences of a joint choice count twice in a pair of two
    assert found[1].std() < found[0].std()


@pytest.mark.parametrize(
    ("form", "scales", "by_class"), [("joint", 1, False), ("sequential", 2, True), ("joint", 3, False)]
)
def test_derivatives_are_those_of_the_objective_and_em_never_lowers_it(form, scales, by_class):
    frame, classes, _ = prototype(60)
    people = pd.DataFrame(
        {"customer_id": np.arange(1, 61), "age": classes + np.random.default_rng(2).normal(size=60)}
    )
    people = Responses.read(people, customer="customer_id", items={"age": "continuous"})
    responses = read(frame, respondents=people)
    spec = BestWorst(2, form, scales, by_class, covariates=("age",))
    problem = spec.problem(responses)
    rng = np.random.default_rng(3)
    theta = problem.start(rng) + 0.1 * rng.normal(size=problem.size)
    unit = 1e-5 * np.eye(problem.size)
    slopes = [(problem.objective(theta + e) - problem.objective(theta - e)) / 2e-5 for e in unit]
    np.testing.assert_allclose(gradient(problem, theta), slopes, atol=1e-4)
    bends = [(gradient(problem, theta - e) - gradient(problem, theta + e)) / 2e-5 for e in unit]
    np.testing.assert_allclose(information(problem, theta)[0], bends, atol=2e-4)
    values = []
    for _ in range(30):
        theta, value = problem.step(theta)
        values.append(value)
    assert np.diff(values).min() > -1e-8
    assert values[-1] > values[0]


def test_scale_classes_are_recovered_and_do_not_pass_for_preferences():
    rng, n = np.random.default_rng(4), 600
    utility = centred(rng.normal(0, 1.5, (2, 8)))
    classes, careless = rng.integers(0, 2, n), rng.random(n) < 0.3
    own = utility[classes] * np.where(careless, 0.2, 1.0)[:, None]
    shown = np.tile(balanced_design(8, 4, 10, seed=1)[0], (n, 1))
    best, worst = best_worst.simulate(rng, np.repeat(own, 10, axis=0), shown, joint=False)
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(n), 40),
            "task": np.tile(np.repeat(np.arange(10), 4), n),
            "item": shown.ravel(),
            "choice": ((shown == best[:, None]).astype(int) - (shown == worst[:, None])).ravel(),
        }
    )
    responses = read(frame)
    plain = BestWorst(2, starts=FEW).fit(responses, MAP(), seed=1)
    three = BestWorst(3, starts=FEW).fit(responses, MAP(), seed=1)
    scaled = BestWorst(2, scale_classes=2, starts=FEW).fit(responses, MAP(), seed=1)
    found = scaled.problem.layout.utilities(scaled.theta)
    order = matched(found, utility)
    assert np.sqrt(((found - utility[order]) ** 2).mean()) < 0.12
    table = scaled.scales().query("`class` == '1'")
    assert table["scale"].tolist()[0] == 1
    assert table["scale"].iloc[1] == pytest.approx(0.2, abs=0.08)
    assert table["low"].iloc[1] < 0.2 < table["high"].iloc[1]
    assert table["share"].iloc[1] == pytest.approx(0.3, abs=0.06)
    # two parameters do more than a third class of preference with its eight
    assert scaled.log_likelihood > three.log_likelihood > plain.log_likelihood
    agreed = (order[scaled.membership().argmax(axis=1)] == classes)[~careless].mean()
    assert agreed > 0.97
    assert scaled.membership().shape == (n, 2)


def test_names_of_classes_and_of_scales_are_worth_nothing(survey):
    problem = BestWorst(3, scale_classes=3, scale_by_class=True).problem(survey[0])
    rng = np.random.default_rng(5)
    theta = problem.start(rng) + 0.3 * rng.normal(size=problem.size)
    theta[problem.layout.scale_at] = [0.4, -0.7]
    moved = problem.permute(theta, np.array([2, 0, 1]))
    assert problem.objective(moved) == pytest.approx(problem.objective(theta), rel=1e-12)
    scales = problem.layout.log_scales(moved)
    assert scales[0] == 0
    assert (np.diff(scales) < 0).all()
    np.testing.assert_array_equal(problem.permute(moved, np.arange(3)), moved)
    one, two = (problem.layout.utilities(each)[[0, 1, 2]] for each in (theta, moved))
    np.testing.assert_allclose(two, one[[2, 0, 1]] * np.exp(0.4))


def test_one_class_is_the_optimum_of_a_density_written_out(survey):
    spec = BestWorst(1, constants=BayesConstants.none())
    problem = spec.problem(survey[0])
    shown, best, worst, _ = problem.choices.tasks
    times = np.bincount(problem.choices.task, np.repeat(problem.weight, np.diff(problem.choices.start)))

    def loss(free):
        b = np.append(free, 0.0)
        rest = np.where(shown == best[:, None], -np.inf, -b[shown])
        last = np.where(shown == worst[:, None], log_softmax(rest, axis=1), 0.0).sum(axis=1)
        first = np.where(shown == best[:, None], log_softmax(b[shown], axis=1), 0.0).sum(axis=1)
        return -(times * (first + last)).sum()

    found = minimize(loss, np.zeros(11), method="BFGS", options={"gtol": 1e-4})
    fit = spec.fit(survey[0], MAP(), seed=1)
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-4)
    beta = np.append(found.x, 0.0)
    np.testing.assert_allclose(fit.utilities()["utility"], beta - beta.mean(), atol=1e-4)


def test_tasks_of_the_best_alone_are_first_choices():
    counts = np.array([50, 30, 20])
    chosen = np.repeat(np.arange(3), counts)
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(100), 3),
            "task": 1,
            "item": np.tile(np.arange(3), 100),
            "choice": (np.tile(np.arange(3), 100) == np.repeat(chosen, 3)).astype(int),
        }
    )
    flipped = frame.assign(choice=-frame["choice"])
    for form in ("sequential", "joint"):
        spec = BestWorst(1, form, constants=BayesConstants.none())
        best, worst = (
            spec.fit(read(each), MAP(), seed=1).utilities()["utility"] for each in (frame, flipped)
        )
        expected = np.log(counts) - np.log(counts).mean()
        np.testing.assert_allclose(best, expected, atol=1e-6)
        np.testing.assert_allclose(worst, -expected, atol=1e-6)


def test_the_order_on_the_screen_of_tasks_and_of_items_changes_nothing(survey, fits):
    _, frame, _, _ = survey
    shuffled = frame.sample(frac=1, random_state=1)
    new = {code: f"item {code}" for code in np.random.default_rng(6).permutation(np.arange(1, 13)).tolist()}
    other = BestWorst(3, starts=FEW).fit(read(shuffled, alternatives=new), MAP(), seed=2)
    fit = fits["sequential"]
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-4)
    two = other.importance()
    two.index = [name.removeprefix("item ") for name in two.index]
    one = fit.importance()
    assert one.index.tolist() == two.index.tolist()
    np.testing.assert_allclose(one, two, atol=1e-2)


def test_weights_count_as_respondents(survey):
    _, frame, _, _ = survey
    frame = frame[frame["customer_id"] <= 120]
    times = pd.Series(np.random.default_rng(7).integers(1, 4, 120), index=np.arange(1, 121))
    copies = [
        frame[frame["customer_id"].isin(times.index[times > copy])].assign(
            customer_id=lambda each, copy=copy: each["customer_id"] + 1000 * copy
        )
        for copy in range(3)
    ]
    spec = BestWorst(2, starts=FEW, constants=BayesConstants.none())
    rows = spec.fit(read(pd.concat(copies)), MAP(), seed=1)
    weighted = spec.fit(
        read(frame.assign(w=frame["customer_id"].map(times) * 3.0), weight="w"), MAP(), seed=1
    )
    np.testing.assert_allclose(weighted.utilities()["utility"], rows.utilities()["utility"], atol=1e-5)
    np.testing.assert_allclose(weighted.class_shares, rows.class_shares, atol=1e-6)
    assert weighted.log_likelihood / weighted.n == pytest.approx(rows.log_likelihood / rows.n, rel=1e-9)


def test_scores_sum_to_100_and_an_average_item_has_its_chance(fits):
    fit = fits["joint"]
    table = fit.choice_shares()
    np.testing.assert_allclose(table.groupby("class")["share"].sum(), 100)
    chance = best_worst.best_probability(fit.problem.layout.utilities(fit.theta), 4)
    expected = 100 * chance / chance.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(table["share"].to_numpy().reshape(12, 3).T, expected, rtol=1e-12)
    np.testing.assert_allclose(fit.importance().sum(), 100)


def test_few_distinct_tasks_stand_for_many_answers(shared_data):
    frame = pd.read_parquet(shared_data / "bws_vdata" / "vdata.parquet")
    problem = BestWorst(2).problem(
        Responses.read_tasks(frame, customer="id", task="block", item="issue", choice="value")
    )
    assert len(problem.choices.best) == 156
    assert len(problem.choices.task) == 350 * 13


def test_one_seed_one_fit_whatever_the_threads(survey):
    problem = BestWorst(2, scale_classes=2).problem(survey[0])
    ends = [find_optimum(problem, Starts(4, 2), 1, workers=workers) for workers in (1, 2)]
    np.testing.assert_array_equal(ends[0].theta, ends[1].theta)


def test_a_fit_saved_and_loaded_scores_the_same(survey, tmp_path):
    spec = BestWorst(2, "joint", scale_classes=2, starts=Starts(6, 3))
    fit = spec.fit(survey[0], Laplace(draws=50), seed=1)
    loaded = BestWorstFit.load(fit.save(tmp_path / "fit.nc"), survey[0])
    np.testing.assert_array_equal(loaded.membership(), fit.membership())
    assert loaded.spec == spec
    assert loaded.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-12)
    pd.testing.assert_frame_equal(loaded.importance(), fit.importance())
    some = survey[0].take(np.array([5, 2, 9]))
    np.testing.assert_allclose(fit.on(some).membership(), fit.membership()[[5, 2, 9]], atol=1e-12)


def test_the_pymc_model_has_the_posterior_that_the_mode_is_of(survey):
    fit = BestWorst(2, "joint", 2, scale_by_class=True, starts=Starts(4, 2)).fit(survey[0], MAP(), seed=1)
    model, theta = fit.pymc_model(), fit.theta + 0.1
    value, slope = (compiled(mode="FAST_COMPILE") for compiled in (model.compile_logp, model.compile_dlogp))
    assert value({"theta": theta}) == pytest.approx(fit.problem.objective(theta), rel=1e-12)
    np.testing.assert_allclose(slope({"theta": theta}), gradient(fit.problem, theta), atol=1e-8)


def test_bad_tasks_and_arguments_are_reported(survey):
    responses = survey[0]
    with pytest.raises(InputError, match=r"n_classes(.|\n)*scale_classes(.|\n)*form"):
        BestWorst(0, "both", scale_classes=0)
    with pytest.raises(InputError, match="items that the model leaves out"):
        BestWorst(2, items=("1", "2", "3")).problem(responses)
    with pytest.raises(InputError, match="no best-worst tasks"):
        BestWorst(2).problem(replace(responses, tasks=None))
    tasks = responses.tasks
    wrong = replace(responses, tasks=replace(tasks, worst=tasks.best))
    with pytest.raises(InputError, match="one item as best and worst"):
        BestWorst(2).problem(wrong)
    with pytest.raises(InputError, match="'never', in no task"):
        BestWorst(2).problem(read(survey[1], alternatives={k: str(k) for k in range(1, 13)} | {13: "never"}))

"""Laws that every latent class fit keeps, recovery, weights, missing answers, covariates, saving."""

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from sklearn.metrics import adjusted_rand_score

import segmodels as sg
from segmodels.models.needs.components import Components
from segmodels.tables.simulate_answers import random_likert, simulate_likert

NONE = sg.BayesConstants.none()
FEW = sg.Starts(random=12, kept=4)


def answers_of(frame, scale="nominal", **roles):
    items = dict.fromkeys([name for name in frame if name not in roles.values()], scale)
    return sg.Responses.read(frame, customer=None, items=items, **roles)


@pytest.fixture(scope="module")
def small():
    """Three classes of 400 respondents, four items of three categories, some unanswered."""
    rng = np.random.default_rng(11)
    p = rng.dirichlet(np.ones(3) * 0.6, (3, 4))
    z = rng.choice(3, 400, p=[0.5, 0.3, 0.2])
    codes = np.array([[rng.choice(3, p=p[k, j]) for j in range(4)] for k in z])
    frame = pd.DataFrame(codes, columns=list("abcd")).astype("Int64")
    return frame.mask(rng.random(frame.shape) < 0.1)


@pytest.fixture(scope="module")
def fit(small):
    return sg.LatentClass(3, starts=FEW).fit(answers_of(small), sg.MAP(), seed=1)


def test_spec_and_fit_are_frozen(fit):
    with pytest.raises(FrozenInstanceError):
        fit.seed = 2
    with pytest.raises(FrozenInstanceError):
        fit.spec.n_classes = 2
    assert fit.spec == sg.LatentClass(3, starts=FEW)
    assert hash(fit.spec) == hash(sg.LatentClass(3, starts=FEW))


def test_every_row_has_a_row(small, fit):
    empty = small.copy()
    empty.iloc[5] = pd.NA
    table = fit.probabilities(answers_of(empty).recode(fit.responses.codebook))
    assert table["customer_id"].tolist() == list(range(400))
    np.testing.assert_allclose(table[list(fit.names)].sum(axis=1), 1.0, atol=1e-12)
    share = fit.shares()["probability"].to_numpy()
    np.testing.assert_allclose(table.iloc[5, 1:].astype(float), share, atol=1e-9)


def test_no_probability_is_stuck_at_the_boundary(survey):
    profile = sg.LatentClass(3).fit(survey("carcinoma"), sg.MAP(), seed=1).profile()
    assert profile["probability"].between(1e-3, 1 - 1e-3).all()
    assert not profile["boundary"].any()
    assert (profile["standard_error"] > 0).all()


def test_the_order_of_respondents_does_not_matter(small, fit):
    order = np.random.default_rng(1).permutation(400)
    shuffled = sg.LatentClass(3, starts=FEW).fit(
        sg.Responses.read(small.iloc[order], customer=None, items=dict.fromkeys("abcd", "nominal")),
        sg.MAP(),
        seed=1,
    )
    assert np.array_equal(shuffled.theta, fit.theta)
    np.testing.assert_allclose(shuffled.membership(), fit.membership()[order], atol=1e-14)


def test_the_same_seed_gives_the_same_draws(small):
    spec = sg.LatentClass(2, starts=FEW)
    first, again, other = (spec.fit(answers_of(small), sg.Laplace(draws=40), seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, other.draws)


def test_counts_are_replication(small):
    times = np.random.default_rng(2).integers(1, 4, len(small))
    counted = answers_of(small.assign(times=times), count="times")
    repeated = answers_of(small.loc[np.repeat(small.index, times)].reset_index(drop=True))
    fits = [sg.LatentClass(2, starts=FEW).fit(each, sg.MAP(), seed=1) for each in (counted, repeated)]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, rel=1e-12)
    assert fits[0].n == fits[1].n == times.sum()
    np.testing.assert_allclose(fits[0].covariance, fits[1].covariance, rtol=1e-6, atol=1e-12)
    pd.testing.assert_frame_equal(fits[0].profile(), fits[1].profile(), rtol=1e-6)


def test_a_constant_factor_of_the_weights_changes_nothing(small):
    w = np.random.default_rng(3).uniform(0.2, 3.0, len(small))
    fits = [
        sg.LatentClass(2, starts=FEW).fit(
            answers_of(small.assign(w=w * factor), weight="w"), sg.MAP(), seed=1
        )
        for factor in (1.0, 1000.0)
    ]
    np.testing.assert_allclose(fits[0].theta, fits[1].theta, atol=1e-6)
    np.testing.assert_allclose(fits[0].covariance, fits[1].covariance, rtol=1e-4, atol=1e-9)
    assert fits[0].n == pytest.approx(len(small))


def test_one_class_is_independence(small):
    found = sg.LatentClass(1, constants=NONE).fit(answers_of(small), sg.MAP(), seed=1)
    margins = sum(
        float((counts * np.log(counts / counts.sum())).sum())
        for counts in (small[name].value_counts().to_numpy(float) for name in small)
    )
    assert found.log_likelihood == pytest.approx(margins, rel=1e-10)


def test_ordinal_is_nested_in_nominal(shared_data):
    frame = pd.read_csv(shared_data / "risk" / "risk.csv")
    values = {}
    for scale, style in (("nominal", ()), ("ordinal", ()), ("ordinal", ("agreement",))):
        for n_classes in (1, 2):
            spec = sg.LatentClass(n_classes, constants=NONE, style=style, starts=FEW)
            values[scale, style, n_classes] = spec.fit(
                answers_of(frame, scale), sg.MAP(), seed=1
            ).log_likelihood
    assert values["ordinal", (), 1] == pytest.approx(values["nominal", (), 1], rel=1e-9)
    assert values["ordinal", (), 2] <= values["nominal", (), 2] + 1e-6
    assert values["ordinal", ("agreement",), 2] >= values["ordinal", (), 2] - 1e-6


def test_an_ordinal_item_of_two_points_is_binary(survey):
    answers = survey("values").to_pandas().drop(columns="customer_id")
    fits = [
        sg.LatentClass(2, constants=NONE, starts=FEW).fit(answers_of(answers, scale), sg.MAP(), seed=1)
        for scale in ("binary", "ordinal")
    ]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-6)


def test_a_style_without_loading_is_no_style(shared_data):
    answers = answers_of(pd.read_csv(shared_data / "risk" / "risk.csv"), "ordinal")
    plain = sg.LatentClass(2, starts=FEW).fit(answers, sg.MAP(), seed=1)
    styled = sg.LatentClass(2, style=("agreement",)).problem(answers)
    at = int(styled.layout.style_at[0])
    theta = np.insert(plain.theta, at, 0.0)
    assert styled.objective(theta) == pytest.approx(plain.log_posterior, rel=1e-10)


def test_style_noise_is_told_from_needs():
    """Where respondents differ in how high they rate everything, the style finds the classes, nominal ones do not."""
    truth = random_likert(4, 12, seed=3, agreement=0.6)
    frame, classes = simulate_likert(1500, truth, seed=4)
    answers = answers_of(frame.drop(columns=[c for c in frame if c == "customer_id"]), "ordinal")
    styled = sg.LatentClass(4, style=("agreement",), starts=FEW).fit(answers, sg.MAP(), seed=1)
    nominal = sg.LatentClass(4, starts=FEW).fit(
        answers_of(frame.drop(columns=[c for c in frame if c == "customer_id"])), sg.MAP(), seed=1
    )
    with_style, without = (
        adjusted_rand_score(classes, fit.membership().argmax(axis=1)) for fit in (styled, nominal)
    )
    assert with_style > without + 0.2
    loading = styled.styles().iloc[0]
    assert loading["low"] < 0.6 < loading["high"]
    p = {fit: -2 * fit.log_likelihood + fit.n_parameters * np.log(fit.n) for fit in (styled, nominal)}
    assert p[styled] < p[nominal]


def test_missing_answers_cost_no_more_than_the_truth_would():
    """A fifth of the answers missing: adjusted Rand index within 0.02 of the true parameters'."""
    truth = random_likert(4, 12, seed=5)
    frame, classes = simulate_likert(3000, truth, seed=6, missing=0.2)
    frame = frame.drop(columns=[c for c in frame if c == "customer_id"])
    fit = sg.LatentClass(4, starts=FEW).fit(answers_of(frame, "ordinal"), sg.MAP(), seed=1)
    book = fit.responses.codebook
    tables = truth.log_probability(np.zeros(1))
    known = Components(
        tuple("abcd"),
        tuple(book),
        np.arange(4),
        np.log(np.asarray(truth.share)),
        tuple(np.asarray(t) for t in tables),
    )
    ideal = known.posterior(fit.responses.codes(book.names)).argmax(axis=1)
    own = adjusted_rand_score(classes, fit.membership().argmax(axis=1))
    assert own > adjusted_rand_score(classes, ideal) - 0.02


def test_continuous_and_count_items_recover_their_means():
    rng = np.random.default_rng(8)
    z = rng.choice(2, 2000, p=[0.6, 0.4])
    frame = pd.DataFrame(
        {
            "year": rng.normal(1990 + 10 * z, 3.0),
            "visits": rng.poisson(2.0 + 4.0 * z),
            "yes": rng.random(2000) < 0.2 + 0.6 * z,
        }
    )
    frame.loc[:299, "visits"] = np.nan
    answers = sg.Responses.read(
        frame, customer=None, items={"year": "continuous", "visits": "count", "yes": "binary"}
    )
    found = sg.LatentClass(2, starts=FEW).fit(answers, sg.MAP(), seed=1).means().set_index(["item", "class"])
    truth = {("year", "1"): 1990, ("year", "2"): 2000, ("visits", "1"): 2, ("visits", "2"): 6}
    for place, value in truth.items():
        row = found.loc[place]
        assert abs(row["mean"] - value) < 4 * row["standard_error"]
    assert found.loc[("year", "1"), "sd"] == pytest.approx(3.0, abs=0.3)


def test_covariates_of_cheating(shared_data):
    """With GPA as covariate: the log-likelihood, coefficients and errors that poLCA prints."""
    frame = pd.read_csv(shared_data / "polca_cheating" / "cheating.csv")
    items = dict.fromkeys(("LIEEXAM", "LIEPAPER", "FRAUD", "COPYEXAM"), "binary") | {"GPA": "count"}
    answers = sg.Responses.read(frame, customer=None, items=items)
    spec = sg.LatentClass(2, items=tuple(items)[:4], covariates=("GPA",), constants=NONE, starts=FEW)
    with pytest.raises(sg.InputError, match="GPA"):
        spec.fit(answers, sg.MAP(), seed=1)
    fit = spec.fit(answers.complete(("GPA",)), sg.MAP(), seed=1)
    assert fit.log_likelihood == pytest.approx(-429.6384, abs=1e-4)
    np.testing.assert_allclose(fit.class_shares, [0.8219, 0.1781], atol=1e-4)
    table = fit.coefficients(errors="outer_product")
    np.testing.assert_allclose(table["coefficient"], [0.1134, -0.8425], atol=1e-3)
    np.testing.assert_allclose(table["standard_error"], [0.5099, 0.2813], atol=2e-3)


def test_intervals_cover():
    """Shares and probabilities of simulated classes lie in their 90 per cent intervals about so often."""
    rng = np.random.default_rng(10)
    p = np.array([[0.85, 0.8, 0.75, 0.9, 0.7], [0.2, 0.3, 0.15, 0.25, 0.2]])
    inside = []
    for seed in range(30):
        z = rng.random(400) > 0.6
        frame = pd.DataFrame(rng.random((400, 5)) < p[z.astype(int)], columns=list("abcde"))
        fit = sg.LatentClass(2, constants=NONE, starts=sg.Starts(4, 2)).fit(
            answers_of(frame, "binary"), sg.MAP(), seed=seed
        )
        table = fit.profile(level=0.9)
        yes = table[table["category"] == "True"].sort_values(["class", "item"])
        low, high, mean = (yes[name].to_numpy().reshape(2, 5) for name in ("low", "high", "probability"))
        order = np.argsort(-mean.mean(axis=1))
        low, high = low[order], high[order]
        inside.append((low <= p) & (p <= high))
    assert 0.84 < np.mean(inside) < 0.96


def test_save_and_load(small, fit, tmp_path):
    path = fit.rename({"1": "Bargain hunters"}).save(tmp_path / "needs.nc")
    loaded = sg.LatentClassFit.load(path, answers_of(small))
    assert loaded.names == ("Bargain hunters", "2", "3")
    assert loaded.spec == fit.spec
    assert np.array_equal(loaded.theta, fit.theta)
    assert [each.text for each in loaded.evidence] == [each.text for each in fit.evidence]
    np.testing.assert_allclose(loaded.membership(), fit.membership(), atol=1e-14)
    np.testing.assert_allclose(loaded.covariance, fit.covariance, rtol=1e-9, atol=1e-15)
    bare = sg.LatentClassFit.load(path)
    with pytest.raises(sg.InputError, match=r"on\(responses\)"):
        bare.membership()
    part = answers_of(small.iloc[:50].reset_index(drop=True)).recode(fit.responses.codebook)
    np.testing.assert_allclose(bare.on(part).membership(), fit.membership()[:50], atol=1e-12)
    assert [each.name for each in tmp_path.iterdir()] == ["needs.nc"]


def test_maximum_likelihood_from_the_mode(survey):
    fit = sg.LatentClass(3).fit(survey("gss82"), sg.MAP(), seed=1)
    plain = fit.maximum_likelihood()
    assert fit.log_likelihood < plain.log_likelihood
    assert plain.log_likelihood == pytest.approx(-2754.5454, abs=1e-3)


def test_the_mode_without_constants_leaves_no_draws_behind(small):
    fit = sg.LatentClass(2, starts=FEW).fit(answers_of(small), sg.Laplace(draws=50), seed=1)
    plain = fit.maximum_likelihood()
    assert len(plain.draws) == 1
    assert plain.spec.constants == NONE
    np.testing.assert_allclose(plain.draws[0], plain.theta)


def test_new_names_reach_the_posterior(fit):
    after = fit.rename({"2": "Bargain hunters"}).posterior["posterior"]["class_share"]
    assert float(after.sel({"class": "Bargain hunters"}).squeeze()) == pytest.approx(
        fit.shares()["probability"][1]
    )


def test_rows_that_stand_for_nobody_change_no_error(small):
    rng = np.random.default_rng(4)
    extra = small.assign(times=1, stratum=rng.integers(0, 3, 400), w=rng.uniform(0.5, 2, 400))
    nobody = pd.concat([extra, extra.iloc[:20].assign(times=0)], ignore_index=True)
    roles = {"count": "times", "strata": "stratum"}
    fits = [
        sg.LatentClass(2, starts=FEW).fit(answers_of(each.drop(columns="w"), **roles), sg.MAP(), seed=1)
        for each in (extra, nobody)
    ]
    np.testing.assert_allclose(fits[0].covariance, fits[1].covariance, rtol=1e-6, atol=1e-12)


def test_draws_of_a_weighted_sample_say_that_they_ignore_the_design(small):
    w = np.random.default_rng(3).uniform(0.2, 3.0, len(small))
    answers = answers_of(small.assign(w=w), weight="w")
    fit = sg.LatentClass(2, starts=FEW).fit(answers, sg.Laplace(draws=50), seed=1)
    assert "Sampling design" in {each.name for each in fit.evidence if each.passed is False}
    pd.testing.assert_frame_equal(fit.shares(), fit.shares(errors="sandwich"))


def test_covariates_of_others_are_checked(small):
    rng = np.random.default_rng(6)
    items = dict.fromkeys("abcd", "nominal") | {"region": "nominal"}
    read = [
        sg.Responses.read(small.assign(region=rng.choice(list(codes), 400)), customer=None, items=items)
        for codes in ("ns", "ew")
    ]
    spec = sg.LatentClass(2, items=tuple("abcd"), covariates=("region",), starts=FEW)
    fit = spec.fit(read[0], sg.MAP(), seed=1)
    with pytest.raises(sg.InputError, match="region"):
        fit.membership(read[1])


def test_planned_missing_answers_need_no_diagnostic_of_styles():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.integers(1, 6, (120, 4)), columns=list("abcd")).astype("Int64")
    frame.loc[:59, ["a", "b"]] = pd.NA
    frame.loc[60:, ["c", "d"]] = pd.NA
    fit = sg.LatentClass(1).fit(answers_of(frame, "ordinal"), sg.MAP(), seed=1)
    assert "Nobody answered" in next(each.text for each in fit.evidence if each.name == "Response style")


def test_the_sign_of_a_style_is_positive(shared_data):
    answers = answers_of(pd.read_csv(shared_data / "risk" / "risk.csv"), "ordinal")
    problem = sg.LatentClass(2, style=("agreement",)).problem(answers)
    theta = problem.start(np.random.default_rng(1))
    at = int(problem.layout.style_at[0])
    flipped = theta.copy()
    flipped[at] *= -1
    assert problem.objective(flipped) == pytest.approx(problem.objective(theta), rel=1e-12)
    assert problem.permute(flipped, np.arange(2))[at] == abs(theta[at])


def test_membership_with_its_uncertainty(small):
    fit = sg.LatentClass(2, starts=FEW).fit(answers_of(small), sg.Laplace(draws=100), seed=1)
    table = fit.membership_intervals(draws=50)
    assert len(table) == 800
    assert (table["low"] <= table["mean"] + 1e-12).all()
    assert (table["mean"] <= table["high"] + 1e-12).all()
    with pytest.raises(sg.InputError, match="Laplace"):
        sg.LatentClass(2, starts=FEW).fit(answers_of(small), sg.MAP(), seed=1).membership_intervals()


def test_components_say_what_the_fit_says(fit, small):
    names = fit.components.item_names
    np.testing.assert_allclose(
        fit.components.posterior(answers_of(small).codes(names)), fit.membership(), atol=1e-10
    )
    assert logsumexp(fit.components.log_weight) == pytest.approx(0.0, abs=1e-12)


def test_scores_sum_to_the_gradient_of_the_likelihood(fit):
    np.testing.assert_allclose(fit.scores().sum(axis=0), -fit.problem.prior_gradient(fit.theta), atol=1e-4)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (lambda: sg.LatentClass(0), "n_classes"),
        (lambda: sg.LatentClass(2, style=("loud",)), "style"),
        (lambda: sg.LatentClass(2, items="abc"), "a tuple of names"),
        (lambda: sg.LatentClass(2, concentration=0.0), "concentration"),
        (lambda: sg.Starts(random=0, kept=-1), "(?s)random.*kept"),
        (lambda: sg.BayesConstants(classes=-1), "classes"),
    ],
)
def test_specs_that_are_no_models(spec, told):
    with pytest.raises(sg.InputError, match=told):
        spec()


def test_answers_that_fit_no_model(small, fit):
    with pytest.raises(sg.InputError, match=r"(?s)nothing.*style.*no ordinal item"):
        sg.LatentClass(2, items=("a", "nothing"), style=("agreement",)).fit(
            answers_of(small), sg.MAP(), seed=1
        )
    with pytest.raises(sg.InputError, match=r"(?s)setting.*seed"):
        sg.LatentClass(2).fit(answers_of(small), "map", seed=-1)
    with pytest.raises(sg.InputError, match="codebook of the fit"):
        fit.membership(answers_of(small.replace(2, 1)))


@pytest.mark.parametrize("name", ["all", "customer_id", " ", 3])
def test_names_that_columns_bear_are_refused(fit, name):
    with pytest.raises(sg.InputError, match="names"):
        fit.rename({"1": name})


def test_what_is_no_survey_is_not_scored(fit, small):
    for score in (fit.probabilities, fit.on, fit.membership):
        with pytest.raises(sg.InputError, match=r"Responses\.read"):
            score(small)
    with pytest.raises(sg.InputError, match="present names to new ones"):
        fit.rename(["a", "b", "c"])

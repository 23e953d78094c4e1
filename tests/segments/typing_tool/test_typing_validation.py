"""Agreement, cross-validation with everything inside, and true accuracy, side by side."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.segments.typing_tool.cross_validation import cross_validate, match_classes
from segmodels.segments.typing_tool.selection import golden_questions
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.segments.typing_tool.validation import validate_typing_tool
from segmodels.tables.responses import Responses


def always(value):
    """A refit, or a choice of questions, that is always the same."""
    return lambda _of, _seed: value


def answered(components, n, seed, **columns):
    codes, _ = components.simulate(n, np.random.default_rng(seed))
    frame = pd.DataFrame(codes + 1, columns=list(components.item_names)).assign(**columns)
    roles = {name: name for name in columns}
    return Responses.read(frame, customer=None, items=list(components.items), **roles)


@pytest.mark.parametrize(("q", "agreement"), [(1, 0.636), (2, 0.911), (4, 0.948), (6, 0.964), (11, 1.0)])
def test_mcdonalds_agreement(mcdonalds, q, agreement):
    fit, responses = mcdonalds
    questions = golden_questions(fit, [q], seed=1).questions(q)
    report = validate_typing_tool(fit, typing_tool(fit, questions), responses, seed=1)
    assert report.agreement.overall == pytest.approx(agreement, abs=5e-4)
    worst = {1: 0.0, 2: 0.79, 4: 0.85, 6: 0.94, 11: 1.0}[q]
    assert report.agreement.worst[1] == pytest.approx(worst, abs=5e-3)
    assert report.true.overall < report.ceiling.overall + 1e-9
    assert report.ceiling.overall == pytest.approx(0.929, abs=5e-4)


def test_mcdonalds_cross_validated(mcdonalds, four_classes):
    fit, responses = mcdonalds

    def fit_on(part, seed):
        return four_classes(fit.item_names, part.codes(fit.item_names), seed, starts=3, steps=150)

    tool = typing_tool(fit, golden_questions(fit, [4], seed=1).questions(4))
    report = validate_typing_tool(fit, tool, responses, seed=1, fit_on=fit_on, folds=5)
    held = report.cross_validation
    assert held.folds["respondents"].sum() == 1453
    assert 0.8 < held.agreement.overall <= report.agreement.overall + 0.01
    assert 0.75 < held.accuracy < report.ceiling.overall
    assert held.times_chosen.sum() == 20
    numbers = report.numbers.set_index("number")["value"]
    assert numbers["largest share"] == pytest.approx(0.383, abs=5e-4)
    assert numbers["proportional chance"] == pytest.approx((fit.class_shares**2).sum())
    names = [evidence.name for evidence in report.evidence]
    assert names == [
        "Typing tool: true accuracy",
        "Typing tool: cross-validated agreement",
        "Agreement is not accuracy",
    ]
    assert report.evidence[0].passed
    assert report.per_segment["recall"].tolist() == report.true.recall.tolist()


def test_weights_count_in_the_agreement(plain):
    weight = np.where(np.arange(400) < 200, 3.0, 1.0)
    responses = answered(plain, 400, 1, weight=weight)
    tool = typing_tool(plain, ["q2", "q4"])
    report = validate_typing_tool(plain, tool, responses, seed=1)
    full = plain.posterior(responses.codes(plain.item_names)).argmax(axis=1)
    short = plain.restrict(["q2", "q4"]).posterior(responses.codes(["q2", "q4"])).argmax(axis=1)
    assert report.agreement.overall == pytest.approx(np.average(full == short, weights=weight))
    assert report.agreement.effective == pytest.approx(weight.sum() ** 2 / (weight**2).sum())


def test_many_respondents_of_the_model_agree_as_the_model_implies(plain):
    responses = answered(plain, 20_000, 2)
    report = validate_typing_tool(plain, typing_tool(plain, ["q2", "q4"]), responses, seed=1)
    assert report.agreement.overall == pytest.approx(
        report.implied.overall, abs=4 * report.agreement.standard_error
    )


def test_a_refit_that_numbers_its_classes_otherwise_is_matched(plain):
    responses = answered(plain, 300, 3)
    turned = replace(plain, class_of=np.array([2, 0, 1]))

    held = cross_validate(plain, responses, always(turned), always(plain.item_names), folds=3, seed=1)
    assert held.agreement.overall == 1
    assert held.folds["matched"].tolist() == [3, 3, 3]
    full = plain.posterior(responses.codes(plain.item_names))
    assert held.accuracy == pytest.approx(full.max(axis=1).mean())


def test_a_class_too_many_is_in_no_segment(plain):
    responses = answered(plain, 300, 3)
    # The refit finds the first class twice, and nearly everyone in its second copy.
    doubled = replace(
        plain,
        names=(*plain.names, "D"),
        class_of=np.array([3, 1, 2, 0]),
        log_weight=np.append(plain.log_weight, plain.log_weight[0] - 3),
        log_probability=tuple(np.column_stack([table, table[:, 0]]) for table in plain.log_probability),
    )

    held = cross_validate(plain, responses, always(doubled), always(plain.item_names), folds=3, seed=1)
    assert held.folds["n_classes"].tolist() == [4, 4, 4]
    assert held.folds["matched"].tolist() == [3, 3, 3]
    assert held.agreement.overall > 0.9
    two = match_classes(np.eye(3)[[0, 1, 2]], np.eye(2)[[0, 1, 1]], np.array([1.0, 1.0, 5.0]))
    assert two.tolist() == [0, 2]
    four = match_classes(np.eye(2)[[0, 0, 1]], np.eye(3)[[0, 1, 2]], np.array([1.0, 4.0, 1.0]))
    assert four.tolist() == [-1, 0, 1]


def test_no_fold_sees_the_respondents_it_places(plain):
    cluster = np.repeat(np.arange(40), 5)
    responses = answered(plain, 200, 4, cluster=cluster)
    seen = []

    def fit_on(part, seed):
        seen.append((set(part.customer_id), set(part.cluster), seed))
        return plain

    cross_validate(plain, responses, fit_on, always(("q1",)), folds=4, seed=1)
    everyone = set(responses.customer_id)
    left_out = [everyone - ids for ids, _, _ in seen]
    assert sum(len(part) for part in left_out) == 200
    assert set.union(*left_out) == everyone
    for part, (_, clusters, _) in zip(left_out, seen, strict=True):
        assert not {cluster[row] for row in part} & {cluster[row] for row in everyone - part}
        assert len(clusters) == 30
    assert len({seed for _, _, seed in seen}) == 4


def test_folds_are_checked(plain):
    responses = answered(plain, 10, 5)
    for folds in (1, 11):
        with pytest.raises(InputError, match="10 respondents"):
            cross_validate(plain, responses, always(plain), always(("q1",)), folds=folds, seed=1)

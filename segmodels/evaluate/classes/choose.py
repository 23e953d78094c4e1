"""How many classes: fit each number, and lay the figures side by side."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evaluate.classes import held_out as cv
from segmodels.evaluate.classes.bootstrap_test import BootstrapTest, bootstrap_likelihood_ratio
from segmodels.evaluate.classes.held_out import HeldOut
from segmodels.evaluate.classes.order import Progress, in_order, spawned
from segmodels.evaluate.classes.recommend import recommend
from segmodels.evaluate.classes.search import MISSED, missed_by
from segmodels.evaluate.classes.table import residual_p, table_of
from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP, Setting
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.tables.responses import Responses

# Random starts in a fold, besides the parameters fitted to all.
_STARTS = 10
# How many times the starts, where the best optimum was missed.
_MORE = 4
Test = Literal["none", "bootstrap"]


@dataclass(frozen=True, eq=False)
class ClassChoice:
    """Figures for each number of classes, and a recommendation; made by :func:`choose_classes`.

    Parameters
    ----------
    table
        One row per number of classes, K.

        - ``n_classes, log_likelihood, parameters``
        - ``AIC, AIC3, BIC, CAIC, aBIC, ICL, AWE``: the lower the better.
        - ``relative_entropy`` (Mplus' entropy), ``entropy_r_squared`` (Latent GOLD's).
        - ``classification_error``, and ``accuracy``, one less it: what modal assignment by all answers is
          expected to get right. ``typing_accuracy``: the same by the few best questions alone.
        - ``smallest_share, smallest_n, smallest_AvePP, smallest_OCC``: of the smallest, or worst, class.
        - ``times_found``: climbs, out of ``climbs``, that ended at the best optimum. ``missed_by``: how much better
          an optimum was found by splitting the classes of K - 1; above 0 even after four times the starts.
        - ``largest_residual``: of all pairs of items; ``largest_residual_p``, its bootstrap p.
        - ``held_out``: mean log-density of a respondent who was not fitted, ``held_out_se``;
          ``held_out_difference`` to the best, ``held_out_difference_se``, paired.
        - ``bootstrap_p``: of K - 1 classes against K; small: K - 1 are too few.
    fits
        By the number of classes.
    best
        The number recommended.
    reasons
        Why, in plain sentences.
    tests
        Bootstrap tests by K, of K classes against K + 1.
    scores
        Held-out scores by K.
    """

    table: pd.DataFrame
    fits: dict[int, NeedsFit] = field(repr=False)
    best: int
    reasons: tuple[str, ...]
    tests: dict[int, BootstrapTest] = field(repr=False)
    scores: dict[int, HeldOut] = field(repr=False)

    @property
    def fit(self) -> NeedsFit:
        """The fit with the number of classes recommended."""
        return self.fits[self.best]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The recommendation, the checks of its fit, and the tests made."""
        text = " ".join(self.reasons)
        choice = Evidence("Number of classes", None, f"{self.best}. {text}", self.table)
        return (choice, *self.fit.evidence, *(test.evidence for test in self.tests.values()))

    def __str__(self) -> str:
        """Write the number and its reasons, a line each."""
        what = "1 class is" if self.best == 1 else f"{self.best} classes are"
        return "\n".join([f"{what} recommended.", *(f"- {reason}" for reason in self.reasons)])


def choose_classes(  # noqa: PLR0913
    spec: Any | Callable[[int], Any],
    responses: Responses,
    setting: Setting | None = None,
    n_classes: int | Iterable[int] = range(1, 9),
    *,
    seed: int,
    test: Test = "none",
    replicates: int = 99,
    folds: int = 5,
    questions: int = 4,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ClassChoice:
    """Fit each number of classes, and recommend one.

    Parameters
    ----------
    spec
        A latent class model of any kind, whose ``n_classes`` is replaced; or a function that makes one from a
        number of classes.
    responses
        The respondents.
    setting
        How each is fitted; ``MAP()`` by default. Criteria are taken at the mode.
    n_classes
        Numbers of classes to try.
    seed
        Of everything drawn. The same seed gives the same answer for any number of workers.
    test
        ``"bootstrap"``: test each number against the next by :func:`bootstrap_likelihood_ratio`. That takes
        the longest. A number that fits worse than one less, because its best optimum was missed, is not tested.
    replicates
        Samples of each test at the most.
    folds
        Of the cross-validation; 0 leaves it out.
    questions
        How many golden questions ``typing_accuracy`` is of.
    workers
        Threads; by default one per core.
    progress
        Called after each step with the number done, the number of all, and what was done.

    Returns
    -------
    ClassChoice

    Raises
    ------
    InputError
        Where an argument makes no sense, or a model refuses the answers.
    NotConverged
        Where a number of classes can not be fitted.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> choice = choose_classes(sg.LatentClass(1), answers, n_classes=range(1, 4), seed=1)
    >>> print(choice)
    2 classes are recommended.
    - The information criteria disagree on the number of classes; they are lowest: ICL at 1; AIC3, BIC, CAIC,
      aBIC at 2; AIC at 3.
    - The held-out score is best at 2 classes, and no smaller number is within one standard error.
    >>> choice.table[["n_classes", "BIC", "held_out"]].round(1)
       n_classes     BIC  held_out
    0          1  3092.7      -5.1
    1          2  3060.9      -5.0
    2          3  3081.1      -5.0
    """
    numbers = _numbers(n_classes, test, folds, responses)
    specs = {k: _with_classes(spec, k) for k in numbers}
    pairs = [(a, b) for a, b in pairwise(numbers) if b == a + 1] if test != "none" else []
    tell = _Teller(progress, len(numbers) * (1 + folds) + len(pairs))
    seeds = dict(zip(("fits", "folds", "typing", "tests"), spawned(seed, 4), strict=True))
    how = MAP() if setting is None else setting
    fits, missed = _fits(specs, lambda each: each.fit(responses, how, seed=seeds["fits"]), workers, tell)
    scores = _scores(fits, responses, folds, seeds["folds"], workers, tell)
    tests: dict[int, BootstrapTest] = {}
    for less, more in pairs:
        if fits[more].log_likelihood >= fits[less].log_likelihood:
            tests[less] = bootstrap_likelihood_ratio(
                fits[less], fits[more], seed=seeds["tests"], replicates=replicates, workers=workers
            )
        tell(f"{less} classes tested against {more}")
    table = table_of(fits, missed, scores, tests, (questions, seeds["typing"]))
    drawn = replicates if test != "none" else 0
    p = [residual_p(fits[int(k)], drawn, seeds["tests"], workers) for k in table["n_classes"]]
    table.insert(list(table.columns).index("largest_residual") + 1, "largest_residual_p", p)
    chosen = recommend(table)
    return ClassChoice(table, fits, chosen.best, chosen.reasons, tests, scores)


def _fits(
    specs: dict[int, Any], fitted: Callable[[Any], NeedsFit], workers: int | None, tell: "_Teller"
) -> tuple[dict[int, NeedsFit], dict[int, float]]:
    """Fit each number of classes; once more, with more starts, where a split of fewer classes does better.

    Returns
    -------
    The fits, and by how much each still misses its best optimum.
    """
    fits: dict[int, NeedsFit] = {}
    # The largest number takes the longest, so it begins first.
    order = sorted(specs, reverse=True)
    for k, fit in zip(order, in_order(lambda k: fitted(specs[k]), order, workers), strict=True):
        fits[k] = fit
        tell(f"{k} class{'' if k == 1 else 'es'} fitted")
    missed = dict.fromkeys(order[::-1], 0.0)
    for k in (k for k in missed if k - 1 in fits):
        missed[k] = missed_by(fits[k], fits[k - 1], fits[k].seed)
        if missed[k] > MISSED:
            starts = specs[k].starts
            more = replace(starts, random=_MORE * starts.random, kept=_MORE * starts.kept)
            again = fitted(replace(specs[k], starts=more))
            missed[k] = max(missed[k] - max(again.log_posterior - fits[k].log_posterior, 0.0), 0.0)
            fits[k] = max(fits[k], again, key=lambda each: each.log_posterior)
    return dict(sorted(fits.items())), missed


def _scores(
    fits: dict[int, NeedsFit],
    responses: Responses,
    folds: int,
    seed: int,
    workers: int | None,
    tell: "_Teller",
) -> dict[int, HeldOut]:
    if folds == 0:
        return {}
    dealt = cv.deal(responses, folds, seed)
    scorers = {k: cv.fold_scorer(fit.spec, responses, dealt, _STARTS, fit.theta) for k, fit in fits.items()}
    tasks = [(k, task) for k in sorted(fits, reverse=True) for task in cv.fold_tasks(folds, seed)]
    parts: dict[int, list[Any]] = {k: [] for k in fits}
    for (k, (fold, _)), part in zip(
        tasks, in_order(lambda job: scorers[job[0]](job[1]), tasks, workers), strict=True
    ):
        parts[k].append(part)
        tell(f"{k} classes scored on fold {fold + 1}")
    return {k: cv.gathered(responses, dealt, parts[k]) for k in sorted(fits)}


@dataclass
class _Teller:
    """Counts the steps done and tells of each."""

    progress: Progress | None
    steps: int
    done: int = 0

    def __call__(self, text: str) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.steps, text)


def _with_classes(spec: Any, k: int) -> Any:
    """Give the model with k classes, from one with another number or from a function that makes it."""
    return replace(spec, n_classes=k) if hasattr(spec, "n_classes") else spec(k)


def _numbers(n_classes: int | Iterable[int], test: str, folds: int, responses: object) -> list[int]:
    numbers = sorted({int(k) for k in ([n_classes] if isinstance(n_classes, int) else n_classes)})
    faults: list[Fault] = []
    if not numbers or numbers[0] < 1:
        faults.append(Fault("n_classes", str(numbers), "numbers of at least 1", "Give range(1, 9), say."))
    if test not in ("none", "bootstrap"):
        faults.append(Fault("test", repr(test), "'none' or 'bootstrap'", "Leave it out for none."))
    if folds < 0 or folds == 1:
        faults.append(Fault("folds", str(folds), "0, or at least 2", "Give folds=5, say."))
    if not isinstance(responses, Responses):
        remedy = "Make them with sg.Responses.read(table, customer=..., items=...)."
        faults.append(Fault("responses", f"a {type(responses).__name__}", "Responses", remedy))
    if faults:
        raise InputError(faults)
    return numbers

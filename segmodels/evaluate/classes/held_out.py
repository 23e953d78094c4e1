"""Held-out log score: how probable a model finds the answers of respondents it was not fitted to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmodels.errors import Fault, InputError
from segmodels.evaluate.classes.order import in_order, spawned
from segmodels.evaluate.classes.search import soon
from segmodels.evaluate.classes.simulate import problem_of
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Folds:
    """Respondents dealt out to folds, whole clusters together.

    Parameters
    ----------
    count
        How many respondents of each row are in each fold, shape (N, folds).
    unit
        Cluster of each row, or the row itself, shape (N,).
    clustered
        Whether units are clusters.
    """

    count: Array
    unit: Index
    clustered: bool


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Log scores of respondents held out; made by :func:`held_out`.

    Parameters
    ----------
    log_density
        Of the answers of the respondents of a row in a fold, shape (N, folds); NaN where there are none.
    folds
        Who was held out when.
    weight
        Sampling weights, shape (N,).
    unpredictable
        Answers left out, because nobody in the other folds gave them.
    """

    log_density: Array
    folds: Folds
    weight: Array
    unpredictable: int

    @property
    def score(self) -> float:
        """Mean log-density of a respondent's answers; the larger the better."""
        return self._mean(self.log_density)[0]

    @property
    def se(self) -> float:
        """Standard error of the score: over respondents, or clusters where there are some."""
        return self._mean(self.log_density)[1]

    def less(self, other: "HeldOut") -> tuple[float, float]:
        """Give the difference in score to another model on the same folds, and its paired standard error."""
        return self._mean(self.log_density - other.log_density)

    def _mean(self, values: Array) -> tuple[float, float]:
        count, weight = self.folds.count, self.weight[:, None]
        there = count > 0
        total = float((count * weight).sum())
        mean = float((count * weight * np.where(there, values, 0.0)).sum() / total)
        away = np.where(there, weight * (values - mean), 0.0)
        if self.folds.clustered:
            sums = np.bincount(self.folds.unit, (count * away).sum(axis=1))
            units, squares = len(np.unique(self.folds.unit)), float(sums @ sums)
        else:
            units, squares = float(count.sum()), float((count * away**2).sum())
        return mean, float(np.sqrt(units / max(units - 1, 1) * squares) / total)


def held_out(
    spec: Any,
    responses: Responses,
    *,
    seed: int,
    folds: int = 5,
    starts: int = 20,
    first: Array | None = None,
    workers: int | None = None,
) -> HeldOut:
    """Score a model by cross-validation, everything fitted anew without the fold held out.

    Parameters
    ----------
    spec
        A latent class model of any kind.
    responses
        The respondents.
    seed
        Of the folds and of the starts. The same seed and folds deal out respondents alike for every model, so
        that their scores can be compared in pairs.
    folds
        How many.
    starts
        Random starts in each fold.
    first
        Parameters to begin from besides, shape (P,), such as the ``theta`` of the fit to all respondents. They
        tell where to look, and no more: what is scored is fitted without the fold.
    workers
        Threads over folds; by default one per core.

    Returns
    -------
    HeldOut

    Raises
    ------
    InputError
        Where there are fewer respondents or clusters than folds, or fewer than two folds.

    Notes
    -----
    Categories that nobody outside the fold chose have no probability in any model; such answers count as
    missing, and `unpredictable` tells how many there were.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> one, two = (held_out(sg.LatentClass(k), answers, seed=1) for k in (1, 2))
    >>> difference, error = one.less(two)
    >>> round(one.score, 2), round(two.score, 2), difference < -2 * error
    (-5.1, -5.01, True)
    """
    dealt = deal(responses, folds, seed)
    work = fold_scorer(spec, responses, dealt, starts, first)
    return gathered(responses, dealt, list(in_order(work, fold_tasks(folds, seed), workers)))


def deal(responses: Responses, folds: int, seed: int) -> Folds:
    """Deal respondents, or whole clusters, out to folds of about the same size."""
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    rows = np.arange(len(responses))
    clustered = responses.cluster is not None
    unit = rows
    if responses.cluster is not None:
        keys = np.zeros_like(responses.cluster) if responses.strata is None else responses.strata
        unit = np.unique(np.column_stack([keys, responses.cluster]), axis=0, return_inverse=True)[1].reshape(
            -1
        )
    each = rows if clustered else np.repeat(rows, responses.count.round().astype(np.int64))
    units = int(unit.max()) + 1 if clustered else len(each)
    _check(folds, units, "clusters" if clustered else "respondents")
    place = rng.permutation(units) % folds
    count = np.zeros((len(responses), folds))
    if clustered:
        count[rows, place[unit]] = responses.count
    else:
        np.add.at(count, (each, place), 1.0)
    return Folds(count, unit.astype(np.int64), clustered)


def fold_tasks(folds: int, seed: int) -> list[tuple[int, int]]:
    """Give each fold its number and a seed of its own."""
    return list(enumerate(spawned(seed, folds + 1)[1:]))


def fold_scorer(
    spec: Any, responses: Responses, dealt: Folds, starts: int, first: Array | None
) -> Callable[[tuple[int, int]], tuple[Array, int]]:
    """Make the function that fits without a fold and gives its log-densities (N,) and what had to be left out."""

    def score(task: tuple[int, int]) -> tuple[Array, int]:
        fold, seed = task
        # Those held out are in the table with a count of 0: they are scored, and nothing is learned from them.
        train, lost = _without_unseen(
            replace(responses, count=responses.count - dealt.count[:, fold]), dealt.count[:, fold]
        )
        problem = problem_of(spec, train)
        rng = np.random.default_rng(seed)
        begun = [*([] if first is None else [first]), *(problem.start(rng) for _ in range(starts))]
        theta = soon(problem, begun)
        return logsumexp(problem.log_joint(theta), axis=1)[problem.of_row], lost

    return score


def gathered(responses: Responses, dealt: Folds, parts: Sequence[tuple[Array, int]]) -> HeldOut:
    """Put the folds together."""
    density = np.column_stack([part for part, _ in parts])
    density = np.where(dealt.count > 0, density, np.nan)
    return HeldOut(density, dealt, responses.weight, sum(lost for _, lost in parts))


def compare(scores: dict[int, HeldOut]) -> pd.DataFrame:
    """Compare models scored on the same folds: ``held_out, held_out_se, held_out_difference``, to the best.

    Returns
    -------
    DataFrame
        By the number of classes. ``held_out_difference`` is at most 0; ``held_out_difference_se`` is paired.
    """
    best = max(scores.values(), key=lambda each: each.score)
    rows = [(each.score, each.se, *each.less(best)) for each in scores.values()]
    columns = ["held_out", "held_out_se", "held_out_difference", "held_out_difference_se"]
    return pd.DataFrame(rows, index=pd.Index(list(scores), name="n_classes"), columns=columns)


def _without_unseen(train: Responses, held: Array) -> tuple[Responses, int]:
    """Take answers for missing that only those held out gave; also tell how many of them there are."""
    answers, lost = dict(train.answers), 0.0
    for item in train.codebook:
        codes = answers.get(item.name)
        if codes is None or not item.coded:
            continue
        seen = np.bincount(codes[codes >= 0], train.case_weight[codes >= 0], item.size) > 0
        unseen = (codes >= 0) & ~seen[codes]
        if unseen.any():
            lost += held[unseen].sum()
            answers[item.name] = np.where(unseen, -1, codes).astype(codes.dtype)
    return replace(train, answers=answers), round(lost)


def _check(folds: int, units: int, what: str) -> None:
    if not 2 <= folds <= units:
        advice = "Give folds=5, say, or a larger sample."
        raise InputError(Fault("folds", f"{folds} for {units} {what}", f"2 to {units}", advice))

"""Answers to rating scales whose true classes are known, and a whole survey beside a base of customers.

They follow the models' stories from the start. Rankings and best-worst tasks are in `survey_choices`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.errors import Fault, InputError
from segmodels.tables import survey_story as story
from segmodels.tables.codebook import Codebook
from segmodels.tables.survey_choices import check_numbers, check_share

Array = NDArray[np.float64]
Classes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Likert:
    """Rating scales of classes, with overall agreement: adjacent-category logits.

    ``log p(c) = threshold[j, c] + s_c (level[j, k] + agreement * f) - log of the sum``, with scores
    ``s_c = c - (C - 1) / 2`` and f standard normal, one for each respondent.

    Parameters
    ----------
    share
        Of the classes, shape (K,); sums to 1.
    level
        Of each item in each class, shape (J, K).
    threshold
        Of each category of each item, shape (J, C).
    agreement
        Loading of the response style, the same for all items; 0: none.

    Examples
    --------
    >>> truth = Likert(np.array([0.5, 0.5]), np.array([[1.0, -1.0]]), np.zeros((1, 3)))
    >>> np.exp(truth.log_probability(np.zeros(1))[0]).round(2).tolist()
    [[0.09, 0.67], [0.24, 0.24], [0.67, 0.09]]
    """

    share: Array
    level: Array
    threshold: Array
    agreement: float = 0.0

    def log_probability(self, style: Array) -> tuple[Array, ...]:
        """Log-probability of each category of each item, by class and, within it, by value of the style.

        Parameters
        ----------
        style
            Values of f, shape (Q,).

        Returns
        -------
        tuple
            For each item an array of shape (C, K * Q).
        """
        slopes = (self.level[:, :, None] + self.agreement * style).reshape(len(self.level), -1)
        return tuple(
            log_softmax(threshold[:, None] + self._scores[:, None] * slope, axis=0)
            for threshold, slope in zip(self.threshold, slopes, strict=True)
        )

    @property
    def _scores(self) -> Array:
        size = self.threshold.shape[1]
        return np.arange(size) - (size - 1) / 2

    def draw(self, classes: Classes, rng: np.random.Generator) -> NDArray[np.int8]:
        """Draw answers of respondents of known classes: positions of categories, shape (n, J)."""
        style = rng.standard_normal(len(classes))
        answers = np.empty((len(classes), len(self.level)), np.int8)
        for j, threshold in enumerate(self.threshold):
            slope = self.level[j, classes] + self.agreement * style
            logits = threshold + slope[:, None] * self._scores
            answers[:, j] = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        return answers


def random_likert(
    n_classes: int,
    n_items: int,
    *,
    seed: int,
    n_categories: int = 5,
    spread: float = 0.8,
    agreement: float = 0.0,
) -> Likert:
    """Draw the truth behind rating scales: classes of equal size whose levels are normal.

    Parameters
    ----------
    spread
        Standard deviation of the levels: how distinct the classes are.

    Examples
    --------
    >>> random_likert(3, 10, seed=1).level.shape
    (10, 3)
    """
    rng = np.random.default_rng(seed)
    check_numbers(n_classes=n_classes, n_items=n_items)
    level = rng.normal(0.0, spread, (n_items, n_classes))
    score = np.arange(n_categories) - (n_categories - 1) / 2
    threshold = rng.normal(0.0, 0.3, (n_items, n_categories)) - 0.25 * score**2
    return Likert(np.full(n_classes, 1 / n_classes), level, threshold, agreement)


def simulate_likert(
    n: int, truth: Likert, *, seed: int, missing: float = 0.0
) -> tuple[pd.DataFrame, Classes]:
    """Draw answers to rating scales.

    Parameters
    ----------
    n
        Number of respondents.
    truth
        What they are drawn from.
    missing
        Share of answers that are missing completely at random.

    Returns
    -------
    tuple
        A frame of ``customer_id`` (1 to n) and ``q1``, ``q2`` … (1 to C, nullable), and the true class of
        each row, 0 to K - 1.

    Examples
    --------
    >>> frame, classes = simulate_likert(4, random_likert(2, 3, seed=1), seed=2)
    >>> frame.columns.tolist(), classes.shape
    (['customer_id', 'q1', 'q2', 'q3'], (4,))
    """
    check_numbers(n=n)
    check_share(missing)
    draws = np.random.default_rng(seed)
    classes = draws.choice(len(truth.share), n, p=truth.share)
    answers = truth.draw(classes, draws)
    absent = draws.random(answers.shape) < missing
    columns = {f"q{j + 1}": _nullable(answers[:, j] + 1, absent[:, j]) for j in range(answers.shape[1])}
    return pd.DataFrame({"customer_id": np.arange(1, n + 1), **columns}), classes


@dataclass(frozen=True, eq=False)
class SimulatedSurvey:
    """A survey, the customers whom it comes from, and the truth.

    Parameters
    ----------
    answers
        One row a respondent: ``customer_id``, the items of the codebook, ``weight``.
    codebook
        The items.
    customers
        One row for each customer of the base: ``customer_id, channel, frequency`` (purchases a year),
        ``spend`` (of the year), ``tenure`` (years).
    classes
        True class of each customer, by customer_id.
    truth
        What the rating scales are drawn from, in the order in which the codebook has them.
    """

    answers: pd.DataFrame
    codebook: Codebook
    customers: pd.DataFrame
    classes: pd.Series
    truth: Likert


def simulate_survey(
    n: int,
    *,
    seed: int,
    n_classes: int = 4,
    agreement: float = 0.5,
    missing: float = 0.03,
    customers: int | None = None,
    signal: float = 1.0,
    separation: float = 1.0,
) -> SimulatedSurvey:
    """Draw customers of a retailer, and the answers of some of them to a survey on needs.

    Frequent customers answer more readily; weights make up for it.

    Parameters
    ----------
    n
        Number of respondents.
    n_classes
        Classes of customers, 1 to 6.
    agreement
        How strongly overall agreement sways the ratings; 0: not at all.
    missing
        Share of answers that are missing completely at random.
    customers
        Size of the base; None: five times n.
    signal
        How strongly behaviour depends on the class; 0: not at all.
    separation
        How far the classes' ratings are from their average; 0: they are equal.

    Raises
    ------
    InputError
        For numbers out of range.

    Examples
    --------
    >>> survey = simulate_survey(100, seed=1)
    >>> len(survey.answers), len(survey.customers), survey.codebook.names[:2]
    (100, 500, ('importance_security', 'importance_reliability'))
    """
    size = 5 * n if customers is None else customers
    check_numbers(n=n)
    check_share(missing)
    if size < n:
        got = f"{size} customers for {n} respondents"
        raise InputError(Fault("customers", got, "no fewer than respondents", "Ask for a larger base."))
    if not 1 <= n_classes <= len(story.CLASSES):
        got, many = repr(n_classes), len(story.CLASSES)
        raise InputError(Fault("n_classes", got, f"from 1 to {many}", "There are six kinds of customers."))
    share = np.asarray(story.SHARES[:n_classes])
    share = share / share.sum()
    level = story.levels()[:, :n_classes]
    centre = (level @ share)[:, None]
    score: Array = np.arange(5, dtype=np.float64) - 2
    threshold = np.tile(-0.2 * score**2, (len(level), 1))
    truth = Likert(share, centre + separation * (level - centre), threshold, agreement)
    base_rng, sample_rng, answer_rng = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)
    )
    classes = base_rng.choice(n_classes, size, p=share)
    base = _behaviour(classes, share, signal, base_rng)
    rows, weight = _respondents(base["frequency"].to_numpy(np.float64), n, sample_rng)
    answers = _answers(truth, classes[rows], missing, answer_rng)
    answers.insert(0, "customer_id", base["customer_id"].to_numpy()[rows])
    answers["weight"] = weight
    names = pd.Series(np.array(story.CLASSES)[classes], index=base["customer_id"], name="class")
    return SimulatedSurvey(answers, story.codebook(), base, names, truth)


def _behaviour(classes: Classes, share: Array, signal: float, rng: np.random.Generator) -> pd.DataFrame:
    """Purchases, spend and channel of customers, which depend on the class as far as `signal` says."""

    def of_class(values: tuple[Any, ...]) -> Array:
        table = np.asarray(values, dtype=np.float64)[: len(share)]
        mean = share @ table
        return (mean + signal * (table - mean))[classes]

    n = len(classes)
    utility = of_class(story.CHANNEL)
    channel = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
    rate = np.exp(of_class(story.LOG_FREQUENCY) + 0.5 * rng.standard_normal(n))
    frequency = rng.poisson(rate) + 1
    basket = np.exp(of_class(story.LOG_BASKET) + 0.4 * rng.standard_normal(n))
    return pd.DataFrame(
        {
            "customer_id": np.arange(1, n + 1),
            "channel": np.array(story.CHANNELS)[channel],
            "frequency": frequency,
            "spend": (basket * rng.gamma(4.0 * frequency) / 4.0).round(2),
            "tenure": rng.gamma(2.0, 2.0, n).round(1),
        }
    )


def _respondents(frequency: Array, n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Array]:
    """Rows of the respondents, in order, and their weights: systematic sampling, frequent customers oversampled."""
    wish = np.sqrt(frequency)
    chance = np.minimum(n * wish / wish.sum(), 1.0)
    while (rest := chance < 1).any() and abs(chance.sum() - n) > 1e-9 * n:
        # Who is certain to answer leaves the rest of the sample to the others.
        chance[rest] = np.minimum((n - (~rest).sum()) * wish[rest] / wish[rest].sum(), 1.0)
    order = rng.permutation(len(frequency))
    steps = np.floor(np.cumsum(chance[order]) + rng.random() + 1e-12)
    picked = np.diff(steps, prepend=0.0) > 0
    rows = np.sort(order[picked])
    return rows, 1.0 / chance[rows]


def _answers(truth: Likert, classes: Classes, missing: float, rng: np.random.Generator) -> pd.DataFrame:
    book, n = story.codebook(), len(classes)
    ratings = truth.draw(classes, rng) + 1
    source = np.cumsum(story.SOURCE, axis=1)[classes]
    columns: dict[str, Any] = dict(zip(book.names, ratings.T, strict=False))
    columns["alone"] = (rng.random(n) < np.asarray(story.ALONE)[classes]).astype(np.int8)
    columns["source"] = np.array(story.SOURCES)[
        (rng.random((n, 1)) * source[:, -1:] >= source[:, :-1]).sum(axis=1)
    ]
    absent = rng.random((n, len(columns))) < missing
    age = np.clip(rng.normal(np.asarray(story.AGE)[classes], 12.0), 18, 90).astype(np.int64)
    region = np.array(story.REGIONS)[rng.integers(0, len(story.REGIONS), n)]
    made = {name: _nullable(values, absent[:, at]) for at, (name, values) in enumerate(columns.items())}
    return pd.DataFrame({**made, "age": age, "region": region})


def _nullable(values: NDArray[Any], absent: NDArray[np.bool_]) -> pd.Series:
    column = pd.Series(values, dtype="Int64" if values.dtype.kind in "iu" else "str")
    return column.mask(absent)

"""How many answers the mean potential needs.

Source: Cochran (1977), Sampling Techniques, chapters 4 and 7: n = (CV / error)², corrected for a finite
population; with a regression or poststratified estimator the CV is that of what is left over. What is left over of
the answers that a model was fitted to is too small; each is divided by one less its leverage (Allen 1974,
Technometrics 16:125-127), as if the model had not seen it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array, WalletBlock, WalletFit
from segmodels.segments.wallet.customer_features import SQUARE, CustomerFeatures
from segmodels.segments.wallet.potential import Potential, Scored

#: With fewer answers the spread is that of the model's predictions.
FEWEST_FOR_SPREAD = 30


def answers_needed(cv: float, error: float, population: float = np.inf) -> int:
    """Give the number of answers that bring the relative standard error of a mean to `error`.

    Parameters
    ----------
    cv
        Standard deviation over mean, of single customers.
    error
        Relative standard error wanted, such as 0.05.
    population
        Number of customers; of few, fewer need to be asked.

    Raises
    ------
    InputError
        Where the error is not above 0, or the CV is negative or not finite.

    Examples
    --------
    >>> answers_needed(1.0, 0.1), answers_needed(1.0, 0.05), answers_needed(1.0, 0.1, population=100)
    (100, 400, 50)
    """
    if not error > 0 or not 0 <= cv < np.inf:
        got, expected = f"error {error}, CV {cv}", "an error above 0 and a finite CV of 0 or more"
        raise InputError(Fault("error", got, expected, "Write 5 % as 0.05; a mean of 0 has no CV."))
    simple = (cv / error) ** 2
    # Rounded first, so that noise of the division does not cost an answer.
    return int(np.ceil(np.round(simple / (1 + simple / population), 9)))


def error_reached(cv: float, answers: float, population: float = np.inf) -> float:
    """Give the relative standard error of a mean from so many answers; infinite from none.

    Examples
    --------
    >>> error_reached(1.0, 100), error_reached(1.0, 100, population=100)
    (0.1, 0.0)
    """
    if not answers > 0:
        return np.inf
    return float(cv * np.sqrt(max(1 / answers - 1 / population, 0.0)))


@dataclass(frozen=True)
class Spread:
    """How customers spread around the mean potential, and around what the model expects of each.

    Parameters
    ----------
    total, residual
        Coefficients of variation: standard deviations over the same mean.
    source
        ``"answers"`` or ``"predictions"``.
    """

    total: float
    residual: float
    source: str


def spread(fit: WalletFit, potential: Potential, scored: Scored, draws: int) -> Spread:
    """Measure the spread of potential, from the answers, or from predictions where they are fewer than 30.

    From answers, what is left over is the answer less what the model expects without it. The parameters have seen the
    answer, too; for that, what is left over is divided by 1 − h, with h the leverage of the customer in a regression
    on log own spend and the columns that the model uses. From predictions, it is the root of the mean predictive
    variance; both then lean on the model.
    """
    survey = fit.survey()
    place = scored.customer_id.get_indexer(pd.Index(survey.customer_id))
    answer, expected = scored.expected[place], potential.expected(survey)
    there = ~np.isnan(answer) & ~np.isnan(expected)
    if there.sum() < FEWEST_FOR_SPREAD:
        return _predicted(fit, potential, draws)
    mean = float(answer[there].mean())
    left = (answer - expected)[there] / (1 - leverage(_design(fit, survey)[there]))
    return Spread(
        _over(float(answer[there].std(ddof=1)), mean),
        _over(float(left.std(ddof=1)), mean),
        "answers",
    )


def leverage(design: Array) -> Array:
    """Give the part that each of n customers has in what is expected of itself, shape (n,), between 0 and 1.

    That of a regression with an intercept, whose other coefficients have a normal prior with the variance of the
    errors: a category of one customer has a leverage of about a half.

    Parameters
    ----------
    design
        Shape (n, P), without the intercept.

    Examples
    --------
    >>> leverage(np.empty((4, 0))).tolist(), leverage(np.array([[-1.0], [0.0], [0.0], [1.0]])).round(3).tolist()
    ([0.25, 0.25, 0.25, 0.25], [0.583, 0.25, 0.25, 0.583])
    """
    full = np.column_stack([np.ones(len(design)), design])
    penalty = np.diag([0.0, *np.ones(design.shape[1])])
    return (full * np.linalg.solve(full.T @ full + penalty, full.T).T).sum(axis=1)


def _design(fit: WalletFit, survey: WalletBlock) -> Array:
    """Give what the model knows of those who answered, shape (n, P): numbers standardised, flags as they are.

    The square of log own spend is left out: models bound what the ends of own spend can do, which a parabola does not.
    """
    used, by = _used(fit)
    # the sum over categories has no column that differs between them
    columns = tuple(name for name in used if name in survey.columns)
    by = by if by in columns else None
    frame = pd.DataFrame({"own": survey.own, **{name: survey.columns[name] for name in columns}})
    features = CustomerFeatures.of(frame, columns, np.ones(len(survey)), by=by)
    known = np.array([name != SQUARE for name in features.names])
    return (features.matrix(frame) * np.where(features.flags, features.scale, 1.0))[:, known]


def _used(fit: Any) -> tuple[tuple[str, ...], str | None]:
    """Columns that a model uses, and the one of segments; none of a fit that does not say what was specified."""
    spec, inside = getattr(fit, "spec", None), getattr(fit, "fit", None)
    if spec is None:
        return ((), None) if inside is None else _used(inside)
    return spec.columns, spec.by


def _predicted(fit: WalletFit, potential: Potential, draws: int) -> Spread:
    means, variances = [np.empty(0)], [np.empty(0)]
    for block in fit.blocks(max(1, 4_000_000 // draws)):
        amount = potential.of(block, block.elsewhere.draws(np.arange(draws)))
        free = ~np.isnan(amount[:, 0]) & ~block.answered
        means.append(amount[free].mean(axis=1))
        variances.append(amount[free].var(axis=1))
    mean, within = np.concatenate(means), np.concatenate(variances)
    if not len(mean):
        return Spread(np.nan, np.nan, "predictions")
    level, residual = float(mean.mean()), float(within.mean())
    return Spread(
        _over(np.sqrt(mean.var() + residual), level), _over(np.sqrt(residual), level), "predictions"
    )


def _over(deviation: float, mean: float) -> float:
    return deviation / mean if mean > 0 else np.nan


def size_table(
    of: Spread,
    *,
    error: float,
    population: int,
    answered: float,
    budget: int | None,
    left: int | None = None,
) -> pd.DataFrame:
    """Tabulate the answers that two ways to estimate the mean need.

    Parameters
    ----------
    answered
        As how many answers drawn at random those there are count.
    budget
        Answers that can be had; None for no limit.
    left
        Customers who can still be asked: neither what is still needed nor what a budget buys is more. None: all of the
        population but those who answered.

    Returns
    -------
    pandas.DataFrame
        ``estimate``: ``simple`` (the mean of a random sample) and ``model-assisted`` (the model predicts
        everyone, answers correct it); ``cv, error_now, needed`` in all, ``more`` beyond those who answered, and
        with a budget ``error_with_budget``.

    Examples
    --------
    >>> size_table(Spread(1.0, 0.5, "answers"), error=0.1, population=10**9, answered=10, budget=None)[
    ...     ["estimate", "needed", "more"]
    ... ]
             estimate  needed  more
    0          simple     100    90
    1  model-assisted      25    15
    """
    free = population - answered if left is None else left
    if free <= 0:
        # Where everybody answered, weights or not, nothing is left to be estimated.
        answered = population
    cvs: Array = np.array([of.total, of.residual])
    needed = np.array([answers_needed(cv, error, population) for cv in cvs])
    table = pd.DataFrame(
        {
            "estimate": ["simple", "model-assisted"],
            "cv": cvs,
            "error_now": [error_reached(cv, answered, population) for cv in cvs],
            "needed": needed,
            # Rounded first, so that noise of the weights does not cost an answer.
            "more": np.clip(np.ceil(np.round(needed - answered, 9)), 0, max(np.ceil(free), 0)).astype(
                np.int64
            ),
        }
    )
    if budget is not None:
        # Who has answered can not answer again; if all others do, everything is known.
        then = population if budget >= free else answered + budget
        table["error_with_budget"] = [error_reached(cv, then, population) for cv in cvs]
    return table

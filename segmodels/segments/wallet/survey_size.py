"""How many answers the mean potential needs.

Source: Cochran (1977), Sampling Techniques, chapters 4 and 7: n = (CV / error)², corrected for a finite
population; with a regression or poststratified estimator the CV is that of what is left over.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.block import Array, WalletFit
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

    From answers, what is left over is the answer less what the model expects without it. From predictions, it is
    the root of the mean predictive variance; both then lean on the model.
    """
    survey = fit.survey()
    place = scored.customer_id.get_indexer(pd.Index(survey.customer_id))
    answer, expected = scored.expected[place], potential.expected(survey)
    there = ~np.isnan(answer) & ~np.isnan(expected)
    if there.sum() < FEWEST_FOR_SPREAD:
        return _predicted(fit, potential, draws)
    mean = float(answer[there].mean())
    return Spread(
        _over(float(answer[there].std(ddof=1)), mean),
        _over(float((answer - expected)[there].std(ddof=1)), mean),
        "answers",
    )


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
    of: Spread, *, error: float, population: int, answered: int, budget: int | None
) -> pd.DataFrame:
    """Tabulate the answers that two ways to estimate the mean need.

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
    cvs: Array = np.array([of.total, of.residual])
    needed = np.array([answers_needed(cv, error, population) for cv in cvs])
    table = pd.DataFrame(
        {
            "estimate": ["simple", "model-assisted"],
            "cv": cvs,
            "error_now": [error_reached(cv, answered, population) for cv in cvs],
            "needed": needed,
            "more": np.maximum(needed - answered, 0),
        }
    )
    if budget is not None:
        table["error_with_budget"] = [error_reached(cv, answered + budget, population) for cv in cvs]
    return table

"""Cross-validation with everything inside: the fit, its number of classes and the choice of questions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.agreement import Agreement, tabulate
from segmodels.segments.typing_tool.answers import codes_of
from segmodels.segments.typing_tool.fitted import Fitted, components_of, membership_of
from segmodels.segments.typing_tool.joint import Array, Places, winners
from segmodels.tables.responses import Responses

#: Fits some respondents with a seed, and chooses the number of classes anew where it was chosen before.
FitOn = Callable[[Responses, int], Fitted | Components]
#: Chooses the questions of a fit, with a seed.
Select = Callable[[Fitted | Components, int], Sequence[str]]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Respondents placed by tools that had not seen them.

    Parameters
    ----------
    agreement
        With where the full battery of the full fit places them.
    accuracy
        Mean probability, given the full battery, of truly belonging to the segment placed in.
    placed
        Position of the segment placed in, -1 for a class that corresponds to no segment, shape (N,).
    folds
        One row per fold: ``fold, respondents, n_classes, matched, agreement, questions``.
    """

    agreement: Agreement
    accuracy: float
    placed: Places
    folds: pd.DataFrame

    @property
    def times_chosen(self) -> pd.Series:
        """In how many folds each question was chosen, the most often chosen first."""
        chosen = pd.Series([name for row in self.folds["questions"] for name in row], name="question")
        return chosen.value_counts().rename("folds")


def match_classes(reference: Array, other: Array, weight: Array) -> Places:
    """Find for each class of another fit the segment that it corresponds to.

    Parameters
    ----------
    reference, other
        Membership probabilities of the same respondents, shapes (N, K) and (N, L).
    weight
        Of the respondents, shape (N,).

    Returns
    -------
    numpy.ndarray
        Position of the segment of each class, -1 where there are more classes than segments, shape (L,). The
        matching is the one with the largest joint membership (Hungarian method).

    Examples
    --------
    >>> one = np.eye(2)[[0, 0, 1]]
    >>> match_classes(one, one[:, ::-1], np.ones(3)).tolist()
    [1, 0]
    """
    rows, columns = linear_sum_assignment(reference.T @ (weight[:, None] * other), maximize=True)
    found = np.full(other.shape[1], -1, np.int64)
    found[columns] = rows
    return found


def cross_validate(
    fit: Fitted | Components,
    responses: Responses,
    fit_on: FitOn,
    select: Select,
    *,
    folds: int = 10,
    seed: int,
) -> CrossValidation:
    """Refit, choose questions and place the respondents left out, fold by fold.

    Parameters
    ----------
    fit
        The fit of all respondents, whose segments are the reference.
    responses
        All respondents.
    fit_on
        Fits some of them with a seed. Where the number of classes was chosen by looking at the data, it has
        to choose it here, too: otherwise the figures are too good.
    select
        Chooses the questions of such a fit, with a seed.
    folds
        Number of folds; respondents of one cluster stay together.
    seed
        Of the folds, the fits and the choices.

    Returns
    -------
    CrossValidation

    Raises
    ------
    InputError
        Where there are more folds than respondents or clusters, or fewer than two.
    """
    fold_of = _folds(responses, folds, seed)
    membership = membership_of(fit, responses)
    placed = np.full(len(responses), -1, np.int64)
    rows: list[dict[str, object]] = []
    reference = winners(membership.T)
    for fold in range(folds):
        inside, outside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        seeds = np.random.SeedSequence(seed, spawn_key=(1, fold)).generate_state(2)
        train = responses.take(inside)
        refit = fit_on(train, int(seeds[0]))
        chosen = tuple(select(refit, int(seeds[1])))
        matched = match_classes(membership[inside], membership_of(refit, train), train.case_weight)
        placed[outside] = matched[_place(components_of(refit), chosen, responses.take(outside))]
        right = placed[outside] == reference[outside]
        rows.append(
            {
                "fold": fold + 1,
                "respondents": len(outside),
                "n_classes": components_of(refit).n_classes,
                "matched": int((matched >= 0).sum()),
                "agreement": float(np.average(right, weights=responses.case_weight[outside])),
                "questions": chosen,
            }
        )
    weight = responses.case_weight
    agreement = tabulate(components_of(fit).names, reference, placed, weight)
    hit = np.where(placed >= 0, membership[np.arange(len(placed)), placed], 0.0)
    return CrossValidation(agreement, float(np.average(hit, weights=weight)), placed, pd.DataFrame(rows))


def _place(components: Components, questions: Sequence[str], responses: Responses) -> Places:
    kept = components.restrict(questions)
    return winners(kept.posterior(codes_of(kept.items, responses)).T)


def _folds(responses: Responses, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each respondent, shape (N,); sizes differ by one respondent or cluster at most."""
    units = np.arange(len(responses)) if responses.cluster is None else responses.cluster
    _, unit = np.unique(units, return_inverse=True)
    n = int(unit.max()) + 1
    if not 2 <= folds <= n:
        what = "respondents" if responses.cluster is None else "clusters"
        raise InputError(Fault("folds", str(folds), f"2 to {n}, as there are {n} {what}", "Choose another."))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    return (rng.permutation(n) % folds)[unit]

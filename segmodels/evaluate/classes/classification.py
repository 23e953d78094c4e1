"""How well respondents can be told apart: classification table, AvePP, odds of correct classification."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evaluate.classes.simulate import fitted_responses
from segmodels.models.needs.needs_fit import NeedsFit

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classification:
    """What modal assignment does to each class; made by :func:`classification`.

    Parameters
    ----------
    table
        Respondents by the class they probably belong to (rows) and the class they are assigned to (columns); sums
        to the number of respondents.
    shares
        Probability of each class under the model.
    """

    table: pd.DataFrame
    shares: pd.Series

    @cached_property
    def classes(self) -> pd.DataFrame:
        """One row per class.

        ``class``; ``share``, under the model; ``n``, respondents who probably belong to it; ``modal_share``
        (mcaP) and ``modal_n``, respondents assigned to it; ``AvePP``, their mean probability to belong to it
        (below .70 is poor; NaN where nobody is assigned to it); ``OCC``, the odds of correct classification,
        [AvePP / (1 - AvePP)] / [share / (1 - share)] (above 5 is good; Nagin 2005); ``recall``, the share of
        the class's members that is assigned to it.
        """
        joint = self.table.to_numpy(np.float64)
        share = self.shares.to_numpy(np.float64)
        probable, modal, right = joint.sum(axis=1), joint.sum(axis=0), np.diag(joint)
        correct = _ratio(right, modal)
        return pd.DataFrame(
            {
                "class": list(self.table.index),
                "share": share,
                "n": probable,
                "modal_share": modal / joint.sum(),
                "modal_n": modal,
                "AvePP": correct,
                "OCC": _ratio(correct * (1 - share), (1 - correct) * share),
                "recall": _ratio(right, probable),
            }
        )

    @property
    def accuracy(self) -> float:
        """Share of respondents that modal assignment is expected to get right, if the model holds."""
        joint = self.table.to_numpy(np.float64)
        return float(np.trace(joint) / joint.sum())

    @property
    def error(self) -> float:
        """Share of respondents that it is expected to get wrong."""
        return 1 - self.accuracy

    @property
    def reduction_of_errors(self) -> float:
        """How far answers reduce the errors made by assigning all to the largest class (lambda); NaN for one."""
        guess = 1 - float(self.shares.max())
        return 1 - self.error / guess if len(self.shares) > 1 else np.nan


def classification(fit: NeedsFit) -> Classification:
    """Tabulate how modal assignment classifies the respondents of a fit.

    Parameters
    ----------
    fit
        A latent class model of any kind.

    Returns
    -------
    Classification
        Weights and counts are honoured in every figure.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    >>> found = classification(fit)
    >>> round(found.error, 2), found.classes[["class", "share", "AvePP", "OCC"]].round(1).to_numpy().tolist()
    (0.13, [['1', 0.5, 0.9, 6.6], ['2', 0.5, 0.9, 6.5]])
    """
    posterior = fit.membership()
    names = pd.Index(fit.names, name="class")
    modal = np.eye(fit.n_classes)[posterior.argmax(axis=1)]
    joint = (fitted_responses(fit).case_weight[:, None] * posterior).T @ modal
    table = pd.DataFrame(joint, index=names, columns=names.rename("assigned"))
    return Classification(table, pd.Series(fit.class_shares.to_numpy(np.float64), index=names, name="share"))


def _ratio(part: Array, whole: Array) -> Array:
    """Divide; 1 / 0 is infinite, as the odds of certainty are, and 0 / 0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return part / whole

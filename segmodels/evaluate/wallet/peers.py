"""Simple ways to predict elsewhere spend from a survey, which a model of the wallet has to beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet.features import answers_of, features
from segmodels.evaluate.wallet.scores import Predicted

Array = NDArray[np.float64]


class Peer(Protocol):
    """A frozen spec that learns from customers who answered and predicts those who did not."""

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict elsewhere spend.

        Parameters
        ----------
        survey
            Who answered: ``own``, ``elsewhere`` and the columns.
        base
            Who is to be predicted, B customers: ``own`` and the columns.
        levels
            Of the quantiles, ascending, shape (L,).
        columns
            Further columns to predict from, numbers or labels.
        seed
            Of whatever is random.

        Raises
        ------
        InputError
            Where the survey is too small for this way, or something is missing.
        """
        ...


@dataclass(frozen=True)
class MeanImputation:
    """Everybody is predicted to spend elsewhere as those who answered did: their mean and quantiles.

    Examples
    --------
    >>> survey = pd.DataFrame({"own": [1.0, 2.0], "elsewhere": [0.0, 4.0]})
    >>> MeanImputation().predict(survey, pd.DataFrame({"own": [9.0]}), [0.5], (), seed=1).mean.tolist()
    [2.0]
    """

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`Peer`."""
        del columns, seed
        answers = answers_of(survey)
        return empirical(np.broadcast_to(answers, (len(base), len(answers))), levels)


@dataclass(frozen=True)
class OwnOverShare:
    """Own spend over the survey's aggregate share: elsewhere = own (1 - s) / s, s = sum own / sum wallet.

    The mean is that figure. The quantiles are its products with the quantiles of actual over figure among those who
    answered and spend something with us; someone with own spend 0 is predicted to spend 0.

    Examples
    --------
    >>> survey = pd.DataFrame({"own": [1.0, 2.0], "elsewhere": [0.0, 6.0]})
    >>> OwnOverShare().predict(survey, pd.DataFrame({"own": [9.0]}), [0.5], (), seed=1).mean.tolist()
    [18.0]
    """

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`Peer`."""
        del columns, seed
        answers, own = answers_of(survey), survey["own"].to_numpy(np.float64)
        if not own.sum() > 0:
            raise InputError(Fault("own", "0 for all who answered", "some spend", "Ask customers who buy."))
        over = answers.sum() / own.sum()
        figure = over * base["own"].to_numpy(np.float64)
        ratio = answers[own > 0] / own[own > 0]
        unit = empirical((ratio / over if over > 0 else ratio)[None, :], levels)
        none = np.where(figure > 0, unit.none, 1.0)
        return Predicted(figure[:, None] * unit.quantiles, figure, none)


@dataclass(frozen=True)
class DecileMeans:
    """Means and quantiles of those who answered, by decile of own spend.

    Deciles are of all customers, asked or not; equal own spend, same decile. A decile with fewer than `least`
    answers takes in its neighbours on both sides, one by one, until it has as many, or all.

    Parameters
    ----------
    least
        Answers that a decile needs.

    Examples
    --------
    >>> survey = pd.DataFrame({"own": np.arange(20.0), "elsewhere": np.arange(20.0)})
    >>> DecileMeans(least=2).predict(survey, survey[["own"]], [0.5], (), seed=1).mean[[0, -1]].tolist()
    [0.5, 18.5]
    """

    least: int = 5

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`Peer`."""
        del columns, seed
        answers = answers_of(survey)
        asked, other = (frame["own"].to_numpy(np.float64) for frame in (survey, base))
        edges = np.quantile(np.append(asked, other), np.arange(1, 10) / 10)
        of_asked, of_other = (np.searchsorted(edges, own, side="left") for own in (asked, other))
        parts = [empirical(answers[self._near(of_asked, decile)][None, :], levels) for decile in range(10)]
        each = Predicted(
            np.vstack([part.quantiles for part in parts]),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.none for part in parts]),
        )
        return each.take(of_other)

    def _near(self, deciles: NDArray[np.intp], decile: int) -> NDArray[np.bool_]:
        for reach in range(10):
            chosen = np.abs(deciles - decile) <= reach
            if chosen.sum() >= self.least:
                return chosen
        return np.ones(len(deciles), np.bool_)


@dataclass(frozen=True)
class NearestNeighbours:
    """The nearest customers who answered, all counting alike; with fewer answers than `k`, all of them.

    Distance is Euclidean over standardised features, log own spend among them; see
    :func:`segmodels.evaluate.wallet.features.features`.

    Parameters
    ----------
    k
        Neighbours.

    Examples
    --------
    >>> survey = pd.DataFrame({"own": [1.0, 2.0, 90.0], "elsewhere": [2.0, 4.0, 0.0]})
    >>> NearestNeighbours(k=2).predict(survey, pd.DataFrame({"own": [1.5]}), [0.5], (), seed=1).mean.tolist()
    [3.0]
    """

    k: int = 30

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`Peer`."""
        from sklearn.neighbors import NearestNeighbors

        del seed
        answers = answers_of(survey)
        asked, other = features(survey, base, columns)
        search = NearestNeighbors(n_neighbors=min(self.k, len(answers))).fit(asked)
        near = search.kneighbors(other, return_distance=False)
        return empirical(answers[near], levels)


def empirical(samples: Array, levels: ArrayLike) -> Predicted:
    """Mean, share of 0 and quantiles of samples, shape (B, K): one row a customer.

    Quantiles are median-unbiased (Hyndman and Fan 1996, The American Statistician 50(4), definition 8).

    Examples
    --------
    >>> found = empirical(np.array([[0.0, 0.0, 3.0, 5.0]]), [0.25, 0.5])
    >>> found.quantiles.tolist(), found.mean.tolist(), found.none.tolist()
    ([[0.0, 1.5]], [2.0], [0.5])
    """
    quantiles = np.quantile(samples, np.asarray(levels), axis=1, method="median_unbiased").T
    return Predicted(quantiles, samples.mean(axis=1), (samples == 0).mean(axis=1))

"""Quantile regression as a peer of the wallet: linear, and boosted trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet.features import answers_of, features
from segmodels.evaluate.wallet.scores import Predicted

Array = NDArray[np.float64]
#: Levels at which the log of spend above 0 is regressed.
GRID: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
_MEAN = (np.arange(48) + 0.5) / 48


@dataclass(frozen=True)
class LinearQuantile:
    """Linear quantile regression of log elsewhere spend, with a hurdle at 0.

    P(C = 0) is a logistic regression on the same features (ridge penalty 1; 0 or 1 where the survey has nobody or
    nothing else). Among those with C > 0, quantiles of log C are linear in the features at each of :data:`GRID`,
    by linear programming, without a penalty; crossing quantiles are sorted (Chernozhukov, Fernández-Val and
    Galichon 2010, Econometrica 78(3)). The quantile of C at q is 0 up to P(C = 0), and above it that of C > 0 at
    (q - P(C = 0)) / (1 - P(C = 0)), interpolated on the scale of normal scores and continued there in a straight
    line beyond the grid. The mean averages 48 quantiles.

    Parameters
    ----------
    least
        Answers above 0 that each coefficient needs.

    Examples
    --------
    >>> own = np.linspace(1.0, 9.0, 40)
    >>> survey = pd.DataFrame({"own": own, "elsewhere": 2 * own})
    >>> base = pd.DataFrame({"own": [3.0]})
    >>> LinearQuantile().predict(survey, base, [0.5], (), seed=1).quantiles.round(4).tolist()
    [[6.0]]
    """

    least: int = 3

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`segmodels.evaluate.wallet.peers.Peer`."""
        del seed
        answers = answers_of(survey)
        asked, other = features(survey, base, columns)
        none = _no_spend(asked, answers > 0, other)
        logs = self._log_quantiles(asked[answers > 0], answers[answers > 0], other)
        quantiles = _hurdle(none, logs, np.asarray(levels, np.float64))
        spend = _hurdle(np.zeros_like(none), logs, _MEAN).mean(axis=1)
        return Predicted(quantiles, (1 - none) * spend, none)

    def _log_quantiles(self, asked: Array, answers: Array, other: Array) -> Array:
        """Quantiles of log C given C > 0 at the grid, shape (B, G)."""
        from sklearn.linear_model import QuantileRegressor

        needed = self.least * (1 + asked.shape[1])
        if len(answers) < needed:
            got = f"{len(answers)} answers above 0"
            raise InputError(Fault("survey", got, f"{needed} or more", "Ask more, or use fewer columns."))
        lines = [
            QuantileRegressor(quantile=q, alpha=0.0, solver="highs").fit(asked, np.log(answers)) for q in GRID
        ]
        return np.sort(np.column_stack([line.predict(other) for line in lines]), axis=1)


@dataclass(frozen=True)
class BoostedQuantile:
    """Boosted trees for quantiles of elsewhere spend, one for each level, and for its mean and P(C = 0).

    Histogram gradient boosting (scikit-learn) of C itself, whose quantile may be 0; steps of a tree may lead below
    0, where no spend is, and are taken as 0; crossing quantiles are sorted. The mean has squared error as its loss.
    Nothing is tuned.

    Parameters
    ----------
    trees, leaves, rate
        Of each: number of trees, leaves of a tree at the most, learning rate.

    Examples
    --------
    >>> own = np.linspace(1.0, 9.0, 100)
    >>> survey = pd.DataFrame({"own": own, "elsewhere": 2 * own})
    >>> base = pd.DataFrame({"own": [3.0, 8.0]})
    >>> BoostedQuantile(trees=20).predict(survey, base, [0.5], (), seed=1).mean.argsort().tolist()
    [0, 1]
    """

    trees: int = 100
    leaves: int = 8
    rate: float = 0.1

    def predict(
        self, survey: pd.DataFrame, base: pd.DataFrame, levels: ArrayLike, columns: Sequence[str], seed: int
    ) -> Predicted:
        """Predict; see :class:`segmodels.evaluate.wallet.peers.Peer`."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        options: dict[str, Any] = {
            "max_iter": self.trees,
            "max_leaf_nodes": self.leaves,
            "learning_rate": self.rate,
            "random_state": seed % 2**32,
            "early_stopping": False,
        }
        answers = answers_of(survey)
        asked, other = features(survey, base, columns)

        def at(level: float | None) -> Array:
            loss = "squared_error" if level is None else "quantile"
            trees = HistGradientBoostingRegressor(loss=loss, quantile=level, **options)
            return np.maximum(trees.fit(asked, answers).predict(other), 0.0)

        spends = answers > 0
        if spends.all() or not spends.any():
            none = np.full(len(other), 1.0 - spends[0])
        else:
            trees = HistGradientBoostingClassifier(**options).fit(asked, spends)
            none = trees.predict_proba(other)[:, 0]
        quantiles = np.column_stack([at(float(level)) for level in np.asarray(levels)])
        return Predicted(np.sort(quantiles, axis=1), at(None), none)


def _no_spend(asked: Array, spends: NDArray[np.bool_], other: Array) -> Array:
    """Probability of C = 0, shape (B,)."""
    from sklearn.linear_model import LogisticRegression

    if spends.all() or not spends.any():
        return np.full(len(other), 1.0 - spends[0])
    return LogisticRegression(C=1.0, max_iter=1000).fit(asked, spends).predict_proba(other)[:, 0]


def _hurdle(none: Array, logs: Array, levels: Array) -> Array:
    """Quantiles of C, shape (B, L), from log quantiles of C > 0 at the grid, shape (B, G)."""
    from scipy.special import ndtri

    grid = ndtri(np.array(GRID))
    above = levels[None, :] > none[:, None]
    inner = np.where(above, (levels[None, :] - none[:, None]) / np.maximum(1 - none, 1e-12)[:, None], 0.5)
    score = ndtri(np.clip(inner, 1e-9, 1 - 1e-9))
    left = np.clip(np.searchsorted(grid, score, side="right") - 1, 0, len(grid) - 2)
    low, high = (np.take_along_axis(logs, left + step, axis=1) for step in (0, 1))
    part = (score - grid[left]) / (grid[left + 1] - grid[left])
    return np.where(above, np.exp(low + part * (high - low)), 0.0)

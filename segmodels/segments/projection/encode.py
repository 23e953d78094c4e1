"""Features of customers as a matrix: normal scores of numbers, indicators of categories."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.base import BaseEstimator, TransformerMixin

type Array = NDArray[np.float64]

MISSING = "(missing)"
#: Most categories of a feature; rarer ones share an indicator.
MOST_CATEGORIES = 20


class NormalScores(TransformerMixin, BaseEstimator):
    """Replace numbers by the standard normal quantile of their middle rank among the customers fitted on.

    Nothing depends on the unit or the skew of a feature, and no customer lies far out. Equal values share
    the middle of their ranks. A missing value gets 0, the score of the median, and, where any was missing in the
    fit, a 1 in a second column, which says so.

    Examples
    --------
    >>> NormalScores().fit_transform(np.array([[1.0], [1.0], [10.0], [np.nan]])).round(2).tolist()
    [[-0.43, 0.0], [-0.43, 0.0], [0.97, 0.0], [0.0, 1.0]]
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Keep the sorted values of every column."""
        values = np.asarray(X, dtype=np.float64)
        self.sorted_ = [np.sort(column[~np.isnan(column)]) for column in values.T]
        self.missing_ = np.flatnonzero(np.isnan(values).any(axis=0))
        self.names_ = list(X.columns) if hasattr(X, "columns") else [f"x{j}" for j in range(values.shape[1])]
        return self

    def transform(self, X: Any) -> Array:
        """Give scores, shape (N, features), and beside them indicators of missing values."""
        values = np.asarray(X, dtype=np.float64)
        scores = np.zeros_like(values)
        for j, (column, known) in enumerate(zip(values.T, self.sorted_, strict=True)):
            there = ~np.isnan(column)
            below = np.searchsorted(known, column[there], "left")
            up_to = np.searchsorted(known, column[there], "right")
            rank = np.clip((below + up_to) / 2, 0.5, max(len(known) - 0.5, 0.5))
            scores[there, j] = norm.ppf(rank / max(len(known), 1))
        return np.hstack([scores, np.isnan(values[:, self.missing_]).astype(np.float64)])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Name the columns of the result."""
        return np.array(self.names_ + [f"{self.names_[j]} missing" for j in self.missing_], dtype=object)


@dataclass(frozen=True, eq=False)
class Encoder:
    """A fitted `ColumnTransformer`, used in blocks.

    Parameters
    ----------
    transformer
        Numbers to :class:`NormalScores`, texts to a `OneHotEncoder` with at most 20 categories, of which
        missing is one; rarer and unknown ones share an indicator.
    columns
        The features, in order.
    """

    transformer: Any
    columns: tuple[str, ...]

    @classmethod
    def fit(cls, features: pd.DataFrame) -> Self:
        """Learn ranks and categories, from customers of the whole base, not from respondents alone.

        Examples
        --------
        >>> encoder = Encoder.fit(pd.DataFrame({"spend": [1.0, 2.0, 3.0], "channel": ["web", "shop", None]}))
        >>> encoder.names
        ['spend', 'channel_(missing)', 'channel_shop', 'channel_web']
        """
        from sklearn.compose import ColumnTransformer
        from sklearn.preprocessing import OneHotEncoder

        numbers = [name for name in features if features[name].dtype == np.float64]
        texts = [name for name in features if name not in numbers]
        one_hot = OneHotEncoder(
            max_categories=MOST_CATEGORIES, handle_unknown="infrequent_if_exist", sparse_output=False
        )
        parts = [("numbers", NormalScores(), numbers), ("texts", one_hot, texts)]
        made = ColumnTransformer(
            [part for part in parts if part[2]], sparse_threshold=0, verbose_feature_names_out=False
        )
        return cls(made.fit(_filled(features)), tuple(features.columns))

    @property
    def names(self) -> list[str]:
        """Names of the columns of the matrix."""
        return [str(name) for name in self.transformer.get_feature_names_out()]

    def matrix(self, features: pd.DataFrame) -> Array:
        """Encode customers, shape (N, P)."""
        return np.asarray(self.transformer.transform(_filled(features)), dtype=np.float64)


def _filled(features: pd.DataFrame) -> pd.DataFrame:
    """Make missing a category of texts."""
    texts = {
        str(name): column.astype(object).where(column.notna(), MISSING)
        for name, column in features.items()
        if column.dtype != np.float64
    }
    return features.assign(**texts)

"""Who answered: weights that make the answered customers stand for the base.

A logistic regression of having answered on what is known of every customer; one over its probabilities, scaled to
the size of the base (Hájek 1971), are the weights. What is not known of a customer, its elsewhere spend above all,
may still decide whether it answers; no weight repairs that, and `tipping_points` asks how much it would matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evidence import Evidence
from segmodels.models.wallet.block import Array, WalletFit
from segmodels.segments.wallet.customer_features import CustomerFeatures, Reach, base_rows
from segmodels.tables.wallets import Wallets

#: Precision of the normal prior of slopes on standardised features: they are rarely beyond 2 either way.
RIDGE = 1.0
#: A standardised difference up to here counts as balanced (Austin 2009, Statistics in Medicine 28:3083-3107).
BALANCED = 0.1
#: Weights beyond so many times their mean rest on few customers.
HEAVY = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """Weights of the answered customers. Made by :func:`respondents`.

    Parameters
    ----------
    customer_id
        Of the answered, shape (n,).
    propensity
        Their probability of having answered, shape (n,).
    base
        Number of customers in the base.
    coefficients
        ``feature, coefficient, standard_error``: the logistic regression, features standardised.
    balance
        ``feature, base, before, after, difference_before, difference_after``: means of features over the base, and
        over the answered without and with weights; differences are in standard deviations of the base.
    reach
        How far the base goes beyond the answered.
    """

    customer_id: pd.Index
    propensity: Array
    base: int
    coefficients: pd.DataFrame
    balance: pd.DataFrame
    reach: Reach

    def __repr__(self) -> str:
        """Say how many answers there are and what they count for."""
        n = len(self.customer_id)
        return f"Selection: {n:,} of {self.base:,} customers answered; weighted they count as {self.effective_n:,.0f}"

    @cached_property
    def weights(self) -> pd.Series:
        """How many customers of the base each answered one stands for, indexed by customer_id; sums to the base."""
        weight = hajek(self.propensity, self.base)
        return pd.Series(weight, index=self.customer_id, name="weight")

    @cached_property
    def odds(self) -> pd.Series:
        """How many of those who did not answer each answered one stands for, indexed by customer_id.

        (1 - p) / p, scaled to sum to those who did not answer: the weights of sums over them alone.
        """
        weight = (1 - self.propensity) / self.propensity
        rest = self.base - len(weight)
        scaled = weight * (rest / weight.sum()) if weight.any() else weight
        return pd.Series(scaled, index=self.customer_id, name="odds")

    @property
    def effective_n(self) -> float:
        """Kish's effective number of answers, (sum w)^2 / sum w^2."""
        weight = self.weights.to_numpy(np.float64)
        return float(weight.sum() ** 2 / (weight**2).sum())

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Overlap, balance and effective number of answers."""
        return _overlap(self), _balanced(self), _effective(self)


def hajek(propensity: Array, base: float) -> Array:
    """One over the probabilities, scaled to sum to the base, shape (n,).

    Examples
    --------
    >>> hajek(np.array([0.5, 0.25]), 30.0).tolist()
    [10.0, 20.0]
    """
    weight = 1 / propensity
    return weight * (base / weight.sum())


def respondents(of: WalletFit | Wallets, columns: Sequence[str] = (), *, by: str | None = None) -> Selection:
    """Weight the answered customers so that they look like the base.

    Features are: no own spend; the logarithm of own spend and its square, both at their mean where there is none;
    `columns`, numbers as they are and others as categories; and the segment `by`. Slopes on standardised features
    have a normal prior with variance 1. Where more than 200,000 customers did not answer, every k-th of them, in the
    order of their ids, stands for k.

    Parameters
    ----------
    of
        A fitted wallet or the customers themselves.
    columns
        Further columns that may decide who answers.
    by
        Column of the segments.

    Raises
    ------
    InputError
        Where nobody answered, there are several categories, a column is not there or has missing values.
    """
    wallets = cast("Wallets", getattr(of, "wallets", of))
    names = tuple(dict.fromkeys((*columns, *(() if by is None else (by,)))))
    if isinstance(wallets, Wallets) and len(wallets.categories) > 1:
        got, remedy = (
            "several categories",
            "Pass the fit of WalletCategories, or take one: wallets.of(category).",
        )
        raise InputError(Fault("wallets", got, "one row for each customer", remedy))
    if not wallets.n_answered:
        raise InputError(Fault("wallets", "no answers", "some", "Ask customers what they spend elsewhere."))
    rows = base_rows(wallets, names, by=by)
    features = CustomerFeatures.of(rows.frame, names, rows.weight, by=by)
    matrix = features.matrix(rows.frame)
    coefficient, covariance = logistic(matrix, rows.answered, rows.weight)
    answered = rows.answered
    linear = coefficient[0] + matrix[answered] @ coefficient[1:]
    # Where everybody answered there is nothing to tell apart, and all weights are one.
    propensity = np.ones(len(linear)) if answered.all() else 1 / (1 + np.exp(-linear))
    error = np.sqrt(np.diag(covariance))
    fitted = pd.DataFrame(
        {"feature": ["intercept", *features.names], "coefficient": coefficient, "standard_error": error}
    )
    ids = pd.Index(rows.frame.loc[answered, "customer_id"], name="customer_id")
    table = _balance(features, matrix[answered], hajek(propensity, len(wallets)))
    return Selection(ids, propensity, len(wallets), fitted, table, rows.reach)


def logistic(matrix: Array, answered: NDArray[np.bool_], weight: Array) -> tuple[Array, Array]:
    """Fit a logistic regression by Newton's method, with a ridge on the slopes.

    Parameters
    ----------
    matrix
        Standardised features, shape (N, P).
    answered
        Shape (N,).
    weight
        How many customers each row stands for, shape (N,).

    Returns
    -------
    tuple
        Intercept and slopes, shape (P + 1,), and their covariance, shape (P + 1, P + 1).

    Raises
    ------
    NotConverged
        Where a hundred steps do not reach the maximum.

    Examples
    --------
    >>> found, _ = logistic(np.empty((4, 0)), np.array([True, False, False, False]), np.ones(4))
    >>> np.exp(found).round(6).tolist()
    [0.333333]
    """
    design = np.column_stack([np.ones(len(matrix)), matrix])
    penalty = np.full(design.shape[1], RIDGE)
    # Only where all answered does the intercept need holding.
    penalty[0] = RIDGE if answered.all() else 0.0
    theta = np.zeros(design.shape[1])
    share = float(weight[answered].sum() / weight.sum())
    theta[0] = 0.0 if answered.all() else np.log(share / (1 - share))
    height = _height(design, answered, weight, penalty, theta)
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ theta))
        gradient = design.T @ (weight * (answered - p)) - penalty * theta
        precision = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(precision, gradient)
        if float(gradient @ step) < 1e-12:
            return theta, np.linalg.inv(precision)
        size = 1.0
        while (
            new := _height(design, answered, weight, penalty, theta + size * step)
        ) < height and size > 1e-6:
            size /= 2
        theta, height = theta + size * step, new
    raise NotConverged("The regression of having answered found no maximum.", "Leave columns out.")


def _height(design: Array, answered: NDArray[np.bool_], weight: Array, penalty: Array, theta: Array) -> float:
    linear = design @ theta
    return float(weight @ (answered * linear - np.logaddexp(0, linear)) - (penalty * theta**2).sum() / 2)


def _balance(features: CustomerFeatures, answered: Array, weight: Array) -> pd.DataFrame:
    """Compare the answered with the base, at which standardised features have a mean of 0."""
    before, after = answered.mean(axis=0), np.average(answered, axis=0, weights=weight)
    return pd.DataFrame(
        {
            "feature": list(features.names),
            "base": features.centre,
            "before": features.centre + features.scale * before,
            "after": features.centre + features.scale * after,
            "difference_before": before,
            "difference_after": after,
        }
    )


def _overlap(selection: Selection) -> Evidence:
    weight = selection.weights.to_numpy(np.float64)
    relative = weight / weight.mean()
    heavy = relative > HEAVY
    held = float(weight[heavy].sum() / weight.sum())
    reach = selection.reach
    outside = reach.outside / selection.base
    text = (
        f"{int(heavy.sum()):,} of {len(weight):,} weights are beyond {HEAVY:g} times the mean (the largest "
        f"{relative.max():.1f}) and hold {held:.0%} of all weight; {outside:.1%} of the base are unlike any customer "
        "who answered in own spend or a category."
    )
    if held > 0.05 or outside > 0.05:
        text += " There the figures rest on the form of the model alone: ask such customers."
    return Evidence(
        "overlap of answered customers and base", held <= 0.05 and outside <= 0.05, text, reach.table
    )


def _balanced(selection: Selection) -> Evidence:
    table = selection.balance
    away = {when: np.abs(table[f"difference_{when}"].to_numpy(np.float64)) for when in ("before", "after")}
    before, after = float(away["before"].max()), float(away["after"].max())
    text = f"The largest standardised difference from the base is {after:.2f}; it was {before:.2f} before weighting."
    if after > BALANCED:
        worst = str(table["feature"].iloc[int(away["after"].argmax())])
        text += f" Answered customers remain unlike the base in {worst!r}."
    text += (
        " Whether those who answer spend more or less elsewhere than the like of them can not be seen here."
    )
    return Evidence("balance of answered customers and base", after <= BALANCED, text, table)


def _effective(selection: Selection) -> Evidence:
    n = len(selection.customer_id)
    text = f"Weighted answers count as {selection.effective_n:,.0f} of {n:,}."
    return Evidence("effective number of answers", selection.effective_n >= n / 3, text)

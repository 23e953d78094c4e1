"""Weights for having answered: respondents are made to look like the base."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence

type Array = NDArray[np.float64]

#: A standardised difference up to here counts as balanced (Austin 2009, Statistics in Medicine 28:3083-3107).
BALANCED = 0.1


@dataclass(frozen=True, eq=False)
class ResponseWeights:
    """Weights of respondents, with a mean of 1.

    Parameters
    ----------
    weight
        Survey weight times weight for answering, trimmed, shape (N,).
    untrimmed
        Before trimming, mean 1, shape (N,).
    trimmed
        Which were too large, shape (N,).
    """

    weight: Array
    untrimmed: Array
    trimmed: NDArray[np.bool_]

    @property
    def effective_n(self) -> float:
        """Kish's effective number of respondents, (sum w)^2 / sum w^2."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())


def odds_of_answering(respondents: Array, base: Array, weight: Array) -> tuple[Array, Array]:
    """How much more often a kind of customer is among the (weighted) respondents than in the base.

    A logistic regression tells weighted respondents from customers of the whole base; its odds are the ratio
    of the two densities of features up to a constant, and one over them the weight that is left to be
    applied (Wang, Valliant and Li 2021, Statistics in Medicine 40:5237-5250). Since survey weights enter as
    weights, what they already repair is not repaired twice.

    Parameters
    ----------
    respondents, base
        Encoded features of respondents, shape (N, P), and of a random sample of the base or all of it,
        shape (B, P).
    weight
        Survey weights, shape (N,).

    Returns
    -------
    tuple
        Odds of the respondents, shape (N,), and of the base, shape (B,).
    """
    from sklearn.linear_model import LogisticRegression

    if respondents.shape[1] == 0:
        return np.ones(len(respondents)), np.ones(len(base))
    rows = np.vstack([respondents, base])
    asked = np.arange(len(rows)) < len(respondents)
    weights = np.concatenate([weight, np.ones(len(base))])
    fitted = LogisticRegression(max_iter=2000).fit(rows, asked, sample_weight=weights)
    odds = np.exp(fitted.decision_function(rows))
    return odds[asked], odds[~asked]


def trim(weight: Array, limit: float) -> ResponseWeights:
    """Hold weights to `limit` times their mean; what is cut off is spread over the others in proportion.

    Examples
    --------
    >>> found = trim(np.array([1.0, 1.0, 1.0, 1.0, 8.0]), 3.0)
    >>> found.weight.tolist(), found.trimmed.sum()
    ([0.5, 0.5, 0.5, 0.5, 3.0], np.int64(1))
    """
    free = weight / weight.mean()
    held = np.zeros(len(free), np.bool_)
    now = free
    while (now > limit * (1 + 1e-12)).any() and not held.all():
        held |= now > limit
        rest = len(free) - limit * held.sum()
        now = np.where(held, limit, free * (rest / free[~held].sum() if (~held).any() else 1.0))
    return ResponseWeights(now, free, held)


def balance(respondents: Array, base: Array, before: Array, after: Array, names: list[str]) -> pd.DataFrame:
    """Tabulate standardised differences between respondents and base, before and after weighting.

    Returns
    -------
    pandas.DataFrame
        ``feature, base, before, after, difference_before, difference_after``: means of the encoded features,
        and differences from the base in standard deviations of the base.
    """
    mean, spread = base.mean(axis=0), base.std(axis=0)
    first, last = (np.average(respondents, axis=0, weights=w) for w in (before, after))
    scale = np.where(spread > 0, spread, 1.0)
    return pd.DataFrame(
        {
            "feature": names,
            "base": mean,
            "before": first,
            "after": last,
            "difference_before": (first - mean) / scale,
            "difference_after": (last - mean) / scale,
        }
    )


def weighting_evidence(found: ResponseWeights, table: pd.DataFrame, limit: float) -> tuple[Evidence, ...]:
    """Judge balance, trimming and the number of respondents that is left."""
    n, held = len(found.weight), int(found.trimmed.sum())
    away = {when: np.abs(table[f"difference_{when}"].to_numpy(np.float64)) for when in ("before", "after")}
    before, after = (float(away[when].max(initial=0.0)) for when in ("before", "after"))
    text = f"The largest standardised difference from the base is {after:.2f}; it was {before:.2f} before."
    if after > BALANCED:
        worst = str(table["feature"].iloc[int(away["after"].argmax())])
        text += f" Above {BALANCED}: respondents remain unlike the base in {worst!r}."
    share = found.effective_n / n
    most = float(found.untrimmed.max())
    cut = f"{held:,} of {n:,} weights were above {limit:g} times the mean (the largest {most:.1f}) and held there."
    kept = f"Weighted respondents count as {found.effective_n:,.0f} of {n:,}."
    return (
        Evidence("balance of respondents and base", after <= BALANCED, text, table),
        Evidence("trimmed weights", None, cut),
        Evidence("effective sample size", share >= 1 / 3, kept),
    )


def reach_evidence(respondents: Array, base: Array) -> Evidence:
    """Judge whether the base holds customers unlike any respondent.

    Parameters
    ----------
    respondents, base
        Odds of answering, shapes (N,) and (B,).
    """
    outside = float((base < respondents.min()).mean())
    text = (
        f"{outside:.1%} of the base answer less often than the least likely respondent; for them the projection "
        "rests on the form of the classifier alone."
    )
    return Evidence("base beyond the respondents", outside <= 0.05, text)

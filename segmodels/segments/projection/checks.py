"""Whether the totals hold up: three other ways to the same shares, and one to the same values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from segmodels.evidence import Evidence
from segmodels.segments.projection.cross_validation import Respondents
from segmodels.segments.projection.totals import Estimates

type Array = NDArray[np.float64]

#: Probability that totals which are right fail the comparison.
ALPHA = 0.01


def residual_rows(
    indicators: Array, predicted: Array, respondents: Respondents, amounts: Array | None
) -> list[tuple[str, str, int, float, float]]:
    """Weighted mean of what held-out predictions miss, per customer of the base.

    Added to the projection it makes the model-assisted estimator, which is right where the response weights are,
    whatever the classifier (Cassel, Sarndal and Wretman 1976, Biometrika 63:615-620).

    Parameters
    ----------
    indicators
        Unbiased indicators of the true class, shape (N, K).
    predicted
        Class probabilities by classifiers that did not see the respondent, shape (N, K).
    amounts
        Value of each respondent, shape (N,); None: no values.
    """
    missed = indicators - predicted
    rows: list[tuple[str, str, int, float, float]] = []
    for quantity, scale in (("customers", np.ones(len(missed))), ("value", amounts)):
        if scale is None:
            continue
        for k in range(missed.shape[1]):
            mean, error = respondents.design.mean(scale * missed[:, k], respondents.weight)
            rows.append((quantity, "model-assisted", k, mean, error))
    return rows


def other_rows(found: Estimates, again: Sequence[Estimates]) -> list[tuple[str, str, int, float, float]]:
    """Differences of quantification and of the answers alone from the projected shares, errors by replicates."""

    def differences(each: Estimates) -> Array:
        projected = each.totals[0] / each.totals[0].sum()
        return np.stack([each.quantified - projected, each.answered - projected])

    spread = np.std([differences(each) for each in again], axis=0, ddof=1)
    return [
        ("customers", way, k, float(differences(found)[w, k]), float(spread[w, k]))
        for w, way in enumerate(("quantification", "answers alone"))
        for k in range(spread.shape[1])
    ]


def agreement(
    rows: Sequence[tuple[str, str, int, float, float]],
    names: Sequence[str],
    totals: Array,
    n: int,
    *,
    held_back: bool,
) -> Evidence:
    """Judge whether the ways agree within their errors.

    Parameters
    ----------
    rows
        Quantity, way, segment, difference per customer of the base, and its standard error.
    totals
        Projected sizes and values, shape (2, K).
    n
        Customers of the base.
    held_back
        Whether quantification had to be held within the simplex.
    """
    table = pd.DataFrame(rows, columns=["quantity", "way", "segment", "difference", "standard_error"])
    at = table["segment"].to_numpy(np.int64)
    projected = totals[(table["quantity"] == "value").to_numpy().astype(np.intp), at]
    difference, error = (n * table[name].to_numpy(np.float64) for name in ("difference", "standard_error"))
    table = table.assign(
        segment=[names[k] for k in at],
        projected=projected,
        other=projected + difference,
        difference=difference,
        standard_error=error,
    )
    noticed = norm.isf(ALPHA / 2 / len(table))
    apart = np.abs(difference) > noticed * error + 1e-9 * n * (1 + np.abs(projected) / n)
    if apart.any():
        first = table[apart].iloc[0]
        text = (
            f"{first['way']} gives segment {first['segment']!r} {first['other']:,.0f} in {first['quantity']}, the "
            f"projection {first['projected']:,.0f}; more than chance explains. Weigh respondents for having "
            "answered, or add features that tell who does."
        )
    else:
        text = "Quantification, the answers alone and the model-assisted estimates agree within their errors."
    if held_back:
        text += " Quantification was held within shares of 0 to 1: the features tell the segments apart too weakly."
    return Evidence("agreement of totals", not apart.any(), text, table)

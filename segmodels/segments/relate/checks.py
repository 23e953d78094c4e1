"""What to know before relying on relations of classes to the outside."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.segments.relate.bch import bch_weights
from segmodels.segments.relate.classification_error import (
    Classification,
    entropy_r2,
    relative_entropy,
)
from segmodels.segments.relate.figures import Figures
from segmodels.segments.relate.join import Variable
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.relation import Part
from segmodels.segments.relate.sandwich import covariance
from segmodels.segments.relate.tests_of_difference import wald

Array = NDArray[np.float64]

#: Below this entropy R-squared stepwise estimates stay biased at usual sample sizes (Vermunt 2010).
LOW_SEPARATION = 0.5
#: Condition number of the classification error beyond which correcting it multiplies noise.
ILL_CONDITIONED = 10.0
#: Probability below which maximum likelihood and weighting are said to disagree.
_ROUNDING = 1e-6
DISAGREE = 0.01


def separation(measurement: Measurement) -> Evidence:
    """Whether the answers tell the classes apart well enough."""
    weight = measurement.sample.case_weight
    r2, relative = entropy_r2(measurement.posterior, weight), relative_entropy(measurement.posterior, weight)
    table = pd.DataFrame({"measure": ["entropy R2", "relative entropy"], "value": [r2, relative]})
    text = f"Entropy R2 is {r2:.2f} (relative entropy {relative:.2f})."
    if r2 < LOW_SEPARATION:
        text += (
            " Below 0.5 every stepwise estimate is drawn towards no difference unless the sample is large;"
            " add items, use fewer classes, or put the covariates into the model of the classes."
        )
    return Evidence("Separation of the classes", r2 >= LOW_SEPARATION, text, table)


def conditioning(classification: Classification, names: tuple[str, ...]) -> Evidence:
    """Whether most of each class are assigned to it, and the error can be undone without multiplying noise."""
    condition = classification.condition
    right = pd.DataFrame({"class": names, "rightly_assigned": np.diag(classification.error)})
    worst = right.loc[right["rightly_assigned"].idxmin()]
    text = (
        f"Condition number {condition:.3g}; of class {worst['class']} only"
        f" {worst['rightly_assigned']:.0%} are assigned to it."
    )
    passed = bool(condition < ILL_CONDITIONED and right["rightly_assigned"].min() >= 0.5)
    if not passed:
        text += " Two classes are close to one another: merge them, or expect wide intervals."
    return Evidence("Classification error", passed, text, right)


def negative_weights(classification: Classification, measurement: Measurement, parts: list[Part]) -> Evidence:
    """How much weight is negative in BCH, and whether that led to impossible figures."""
    weights = measurement.sample.case_weight[:, None] * bch_weights(classification)
    share = float(-np.minimum(weights, 0).sum() / np.abs(weights).sum())
    rows = [
        (part.name, part.figures.labels[c], measurement.names[k], part.figures.estimate[k, c])
        for part in parts
        if part.role == "outcome"
        for k, c in zip(*np.nonzero(_impossible(part)), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["outcome", "category", "class", "estimate"])
    text = f"Negative weights are {share:.0%} of all weight."
    if rows:
        text += f" {len(rows)} shares or counts lie outside their range and are given as they are: use method='ml'."
    return Evidence("BCH weights", not rows, text, table)


def _impossible(part: Part) -> NDArray[np.bool_]:
    estimate = part.figures.estimate
    if part.kind == "categorical":
        return (estimate < -1e-9) | (estimate > 1 + 1e-9)
    return estimate < -1e-9 if part.kind == "count" else np.zeros(estimate.shape, np.bool_)


def boundary(parts: list[Part], names: tuple[str, ...]) -> Evidence:
    """Figures at a boundary, of which no error can be given."""
    rows = [
        (part.role, part.name, part.figures.labels[c], names[k], part.figures.estimate[k, c])
        for part in parts
        for k, c in zip(*np.nonzero(part.figures.stuck), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["role", "variable", "category", "class", "estimate"])
    if not rows:
        return Evidence("Boundary", True, "No share, rate, variance or coefficient ran to its limit.", table)
    names_of = ", ".join(dict.fromkeys(str(row[1]) for row in rows))
    text = (
        f"{len(rows)} figures of {names_of} ran to their limit and have no standard error:"
        " group rare categories, or leave out what separates the classes completely."
    )
    return Evidence("Boundary", False, text, table)


def agreement(own: list[tuple[str, Figures, Figures]], measurement: Measurement) -> Evidence:
    """Whether maximum likelihood and BCH agree about outcomes.

    BCH assumes nothing about the distribution of an outcome within a class; where the two differ by more than
    chance, that distribution, or independence of the answers given class, does not hold (Bakk and Vermunt
    2016, Structural Equation Modeling 23(1)). The test is that of Hausman, with the variance of the
    difference from each respondent's influence on both.

    Parameters
    ----------
    own
        Name, figures by maximum likelihood, and figures by BCH.
    """
    rows: list[tuple[object, ...]] = []
    for name, likelihood, weighting in own:
        off = (likelihood.estimate - weighting.estimate).ravel()
        # Where the two are the same estimator, what is left of a difference, and of its error, is rounding.
        error = np.sqrt(np.diag(covariance(weighting.influence, measurement.sample)))
        off = np.where(np.abs(off) > _ROUNDING * error, off, 0.0)
        spread = covariance(likelihood.influence - weighting.influence, measurement.sample)
        keep = ~likelihood.stuck.ravel()
        found = wald(off, spread, np.eye(len(off))[keep])
        rows.append((name, found.statistic, found.df, found.p))
    table = pd.DataFrame(rows, columns=["outcome", "wald", "df", "p"])
    apart = table.loc[table["p"] * len(table) < DISAGREE, "outcome"].tolist()
    if not apart:
        return Evidence("Agreement with BCH", True, "No outcome differs by more than chance.", table)
    text = (
        f"{', '.join(map(str, apart))}: the distribution assumed within classes does not hold."
        " Use method='bch' for it, or another kind."
    )
    return Evidence("Agreement with BCH", False, text, table)


def first_step(measurement: Measurement, method: str) -> Evidence:
    """Whether standard errors hold the uncertainty of the measurement model."""
    if method == "naive":
        text = "Assigned classes count as known: estimates are drawn towards no difference, errors too small."
        return Evidence("Uncertainty of the classes", False, text)
    known = measurement.first_step is not None
    text = (
        "Standard errors hold the uncertainty of the measurement model."
        if known
        else "The measurement model counts as known; standard errors leave its uncertainty out."
    )
    return Evidence("Uncertainty of the classes", True if known else None, text)


def left_out(variables: list[Variable]) -> Evidence | None:
    """How many respondents each variable leaves out."""
    gone = [(variable.name, int((~variable.known).sum())) for variable in variables]
    table = pd.DataFrame(gone, columns=["variable", "respondents_left_out"])
    if not any(count for _, count in gone):
        return None
    most = max(count for _, count in gone)
    text = (
        f"Up to {most:,} respondents have no value and are left out of what needs it:"
        " right only where that is unrelated to the outcome within classes."
    )
    return Evidence("Left out", None, text, table)

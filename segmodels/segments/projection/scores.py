"""How much features say about the class: scores, lift and calibration on held-out respondents, and a verdict."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from segmodels.evidence import Evidence
from segmodels.segments.projection.calibrate import calibrate
from segmodels.segments.projection.cross_validation import CLEARLY, HeldOut, Respondents
from segmodels.segments.projection.train import log_score

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What held-out respondents say of a classifier.

    Parameters
    ----------
    verdict
        Whether the features say anything of the class.
    calibrated
        Whether probabilities are the frequencies seen.
    scores, lift, calibration
        From :func:`score_table`, :func:`lift_table` and :func:`calibration_table`.
    """

    verdict: Evidence
    calibrated: Evidence
    scores: pd.DataFrame
    lift: pd.DataFrame
    calibration: pd.DataFrame


def judge(held: HeldOut, respondents: Respondents, indicators: Array, names: tuple[str, ...]) -> Judgement:
    """Judge a classifier by respondents whom it did not see.

    Parameters
    ----------
    indicators
        Unbiased indicators of the true class, shape (N, K).
    names
        Of the segments.
    """
    scored = score_table(held, respondents, indicators)
    lift = lift_table(held, respondents, indicators, names)
    slope = calibrate(held.log_probability, respondents.log_density, respondents.weight).slope
    table, calibrated = calibration_table(lift, slope)
    found = verdict(scored)
    if not found.passed:
        # The shares of the other folds lean away from a fold by construction, which would look like an error.
        text = "Without a signal everyone gets the shares of the segments, and there is nothing to calibrate."
        calibrated = Evidence("calibration", None, text, lift)
    return Judgement(found, calibrated, scored, lift, table)


def score_table(held: HeldOut, respondents: Respondents, indicators: Array) -> pd.DataFrame:
    """Compare the classifier with the shares of the classes, both from the other folds.

    Parameters
    ----------
    indicators
        Unbiased indicators of the true class, shape (N, K).

    Returns
    -------
    pandas.DataFrame
        ``score, classifier, shares, gain, standard_error`` for the log score of the answers (the log of
        their density, the classes weighed by the probabilities given the features), the log score of the
        class, and accuracy against always naming the largest class. The last two are corrected for the
        survey's classification error; means per respondent, higher is better, errors of the gain are paired.
    """
    density, rows = respondents.log_density, np.arange(len(indicators))

    def of_class(log_probability: Array) -> Array:
        return (indicators * log_probability).sum(axis=1)

    def hits(log_probability: Array) -> Array:
        return indicators[rows, log_probability.argmax(axis=1)]

    # Densities are known up to a constant for each row, which the best class's density takes out.
    scaled = density - density.max(axis=1, keepdims=True)
    pairs = {
        "log score of the answers": (
            log_score(held.log_probability, scaled),
            log_score(held.log_shares, scaled),
        ),
        "log score of the class": (of_class(held.log_probability), of_class(held.log_shares)),
        "accuracy": (hits(held.log_probability), hits(held.log_shares)),
    }
    found: list[tuple[str, float, float, float, float]] = []
    for name, (ours, theirs) in pairs.items():
        gain, error = respondents.design.mean(ours - theirs, respondents.weight)
        mine, prior = (float(np.average(values, weights=respondents.weight)) for values in (ours, theirs))
        found.append((name, mine, prior, gain, error))
    return pd.DataFrame(found, columns=["score", "classifier", "shares", "gain", "standard_error"])


def verdict(table: pd.DataFrame) -> Evidence:
    """Say in plain words whether there is a signal.

    There is one where the log score of held-out respondents' answers gains more than 1.645 standard errors
    over the shares of the classes: one time in twenty that is said of features that say nothing.
    """
    gain, error = (float(table.iloc[0][name]) for name in ("gain", "standard_error"))
    measured = f"by {gain:.3f} a respondent (standard error {error:.3f})"
    if gain > CLEARLY * error:
        right, largest = (float(table.iloc[2][name]) for name in ("classifier", "shares"))
        return Evidence(
            "signal",
            True,
            f"Signal: the features raise the log score of held-out respondents {measured}; {right:.0%} of them are "
            f"in their most probable segment, where naming the largest segment is right for {largest:.0%}.",
            table,
        )
    return Evidence(
        "signal",
        False,
        f"No signal: the features change the log score of held-out respondents {measured}, which is no more "
        "than chance. Every customer who was not asked gets the shares of the segments as probabilities; do "
        "not target single customers by them.",
        table,
    )


def lift_table(
    held: HeldOut, respondents: Respondents, indicators: Array, names: tuple[str, ...]
) -> pd.DataFrame:
    """Cut held-out respondents into tenths by the probability of each segment, the highest first.

    Returns
    -------
    pandas.DataFrame
        For each segment and ``decile`` (1 the highest; fewer bins where they would hold less than 20
        respondents): ``respondents``; ``predicted``, the mean probability; ``observed``, the share that is in
        the segment, corrected for classification error, so that in a few respondents it may lie just outside
        0 and 1; its ``standard_error``; ``lift``, observed over the segment's share of all; and ``captured``,
        the share of the segment's members in this and the higher bins.
    """
    probability, weight = np.exp(held.log_probability), respondents.weight
    bins = max(2, min(10, len(weight) // 20))
    parts: list[pd.DataFrame] = []
    for k, name in enumerate(names):
        which = _bins(probability[:, k], weight, bins)
        rows = [
            _bin(probability[:, k], indicators[:, k], respondents, which == b) for b in range(which.max() + 1)
        ]
        part = pd.DataFrame(rows, columns=["respondents", "predicted", "observed", "standard_error"])
        total = np.average(indicators[:, k], weights=weight)
        mass = np.bincount(which, weight * indicators[:, k])
        part = part.assign(lift=part["observed"] / total, captured=np.cumsum(mass) / mass.sum())
        part.insert(0, "decile", np.arange(1, len(part) + 1))
        part.insert(0, "segment", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _bins(probability: Array, weight: Array, bins: int) -> NDArray[np.int64]:
    """Bin of each respondent by weight, highest probability first; equal probabilities share a bin."""
    values, place = np.unique(-probability, return_inverse=True)
    mass = np.bincount(place, weight, len(values))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    coarse = np.minimum((middle * bins).astype(np.int64), bins - 1)
    return np.unique(coarse, return_inverse=True)[1][place]


def _bin(
    probability: Array, indicator: Array, respondents: Respondents, inside: NDArray[np.bool_]
) -> tuple[int, float, float, float]:
    weight = respondents.weight * inside
    observed, error = respondents.design.mean(indicator, weight)
    return int(inside.sum()), float(np.average(probability, weights=weight)), observed, error


def calibration_table(lift: pd.DataFrame, slope: float) -> tuple[pd.DataFrame, Evidence]:
    """Judge probabilities by the frequencies seen in their bins.

    Parameters
    ----------
    lift
        From :func:`lift_table`.
    slope
        Slope of the log-odds of the class on the calibrated ones, 1 at best.

    Returns
    -------
    tuple
        ``segment, expected_calibration_error, error_by_chance``: the mean distance of observed from
        predicted, and what it would be if the probabilities were exact; and the evidence, with p of
        the sum of squared distances in standard errors.
    """
    observed, predicted, error, size = (
        lift[name].to_numpy(np.float64) for name in ("observed", "predicted", "standard_error", "respondents")
    )
    away, chance = np.abs(observed - predicted), error * np.sqrt(2 / np.pi)
    segments = list(dict.fromkeys(lift["segment"]))
    inside = [(lift["segment"] == name).to_numpy() for name in segments]
    table = pd.DataFrame(
        {
            "segment": segments,
            "expected_calibration_error": [float(np.average(away[at], weights=size[at])) for at in inside],
            "error_by_chance": [float(np.average(chance[at], weights=size[at])) for at in inside],
        }
    )
    known = error > 0
    squares = (away[known] / error[known]) ** 2
    # Segments' probabilities sum to 1, so that one segment adds nothing new.
    free = (len(segments) - 1) / len(segments)
    p = float(chi2.sf(squares.sum() * free, known.sum() * free))
    text = (
        f"Observed and predicted shares differ by {away.mean():.3f} on average, {chance.mean():.3f} by chance alone "
        f"(p = {p:.2f}); slope of the log-odds {slope:.2f}."
    )
    return table, Evidence("calibration", p >= 0.01, text, lift)

"""What a classifier says of respondents that it did not see, and which classifier to take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.segments.projection.calibrate import Calibrator, calibrate
from segmodels.segments.projection.sampling import Design
from segmodels.segments.projection.train import log_score, shares, train

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]

#: The one-sided 5 per cent point of the normal distribution: what a gain must be in standard errors.
CLEARLY = 1.645


@dataclass(frozen=True, eq=False)
class Respondents:
    """What is known of respondents.

    Parameters
    ----------
    matrix
        Encoded features, shape (N, P).
    log_density
        Log-density of their answers in each class, shape (N, K).
    weight
        Shape (N,), mean 1.
    design
        How they were drawn.
    """

    matrix: Array
    log_density: Array
    weight: Array
    design: Design


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions for respondents by classifiers that were fitted without them.

    Parameters
    ----------
    raw
        Log-probabilities of the classes before calibration, shape (N, K).
    log_probability
        Calibrated on the other folds, shape (N, K).
    log_shares
        Log-shares of the classes in the other folds, shape (N, K).
    gain
        Log score of each respondent's answers under `log_probability` less that under `log_shares`, shape
        (N,).
    calibrator
        Fitted to `raw` of all respondents.
    """

    raw: Array
    log_probability: Array
    log_shares: Array
    gain: Array
    calibrator: Calibrator


def held_out(classifier: Any, respondents: Respondents, fold: Whole) -> HeldOut:
    """Predict each fold from the others: train, calibrate and take the shares of classes without it.

    Parameters
    ----------
    fold
        Fold of each respondent, shape (N,).
    """
    matrix, density, weight = respondents.matrix, respondents.log_density, respondents.weight
    raw = np.empty(density.shape)
    for v in range(fold.max() + 1):
        seen = fold != v
        raw[~seen] = train(classifier, matrix[seen], density[seen], weight[seen]).log_probability(
            matrix[~seen]
        )
    calibrated, prior = np.empty(raw.shape), np.empty(raw.shape)
    for v in range(fold.max() + 1):
        seen = fold != v
        calibrated[~seen] = calibrate(raw[seen], density[seen], weight[seen]).log_probability(raw[~seen])
        # A share of zero is left a thousandth of a respondent, so that its logarithm is finite.
        prior[~seen] = np.log(np.maximum(shares(density[seen], weight[seen]), 1e-3 / len(weight)))
    gain = log_score(calibrated, density) - log_score(prior, density)
    return HeldOut(raw, calibrated, prior, gain, calibrate(raw, density, weight))


def candidates(seed: int) -> dict[str, Any]:
    """Classifiers that are tried, the simplest first: two logistic regressions and boosted trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    trees = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, min_samples_leaf=40, random_state=seed
    )
    return {
        "logistic regression": LogisticRegression(max_iter=2000),
        "logistic regression, strong penalty": LogisticRegression(C=0.02, max_iter=2000),
        "boosted trees": trees.set_params(early_stopping=False),
    }


def choose(found: Mapping[str, HeldOut], respondents: Respondents) -> tuple[str, pd.DataFrame]:
    """Choose by the log score on held-out respondents: simple unless another is clearly better.

    A later candidate takes the place of the one chosen so far where its gain over it is more than its
    standard error.

    Returns
    -------
    tuple
        Name, and a table ``classifier, gain, standard_error, slope, chosen``: gain in the log score over the
        shares of the classes; slope of the calibration, below 1 where the classifier is too confident.
    """
    design, weight = respondents.design, respondents.weight
    names = list(found)
    best = names[0]
    for name in names[1:]:
        mean, error = design.mean(found[name].gain - found[best].gain, weight)
        if mean > error:
            best = name
    rows = [
        (name, *design.mean(found[name].gain, weight), found[name].calibrator.slope, name == best)
        for name in names
    ]
    return best, pd.DataFrame(rows, columns=["classifier", "gain", "standard_error", "slope", "chosen"])

"""Class probabilities given features, from a classifier trained and calibrated, or the shares of the classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.segments.projection.calibrate import Calibrator, calibrate, recentred
from segmodels.segments.projection.cross_validation import HeldOut, Respondents
from segmodels.segments.projection.train import Trained, posterior, shares, train

type Array = NDArray[np.float64]

#: Rounds of EM in a replicate, which starts from the answer for all respondents.
REPLICATE_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class ClassModel:
    """Class probabilities given features.

    Parameters
    ----------
    log_shares
        Log of the shares of the classes among weighted respondents, shape (K,).
    trained
        Fitted to all respondents; None: the features say nothing, and everyone gets the shares.
    calibrator
        For predictions of `trained`.
    held_calibrator
        For predictions of those that were fitted to the other folds.
    """

    log_shares: Array
    trained: Trained | None = None
    calibrator: Calibrator | None = None
    held_calibrator: Calibrator | None = None

    def log_probability(self, matrix: Array) -> Array:
        """Calibrated log-probabilities of customers, shape (N, K), from encoded features."""
        if self.trained is None or self.calibrator is None:
            return np.repeat(self.log_shares[None], len(matrix), axis=0)
        return self.calibrator.log_probability(self.trained.log_probability(matrix))

    def held_out(self, held: HeldOut) -> Array:
        """Calibrated log-probabilities of respondents by classifiers that did not see them, shape (N, K)."""
        if self.held_calibrator is None:
            return np.repeat(self.log_shares[None], len(held.raw), axis=0)
        return self.held_calibrator.log_probability(held.raw)

    def asked(self, held: HeldOut, log_density: Array) -> Array:
        """Class probabilities of respondents from features and answers, shape (N, K)."""
        return posterior(self.held_out(held), log_density)


def shares_only(respondents: Respondents) -> ClassModel:
    """Give everyone the shares of the classes among weighted respondents."""
    found = shares(respondents.log_density, respondents.weight)
    # A share of zero is left a thousandth of a respondent, so that its logarithm is finite.
    return ClassModel(np.log(np.maximum(found, 1e-3 / len(respondents.weight))))


def fit_model(classifier: Any, respondents: Respondents, held: HeldOut) -> ClassModel:
    """Fit to all respondents; the slope of calibration is that of the predictions for held-out ones."""
    trained = train(classifier, respondents.matrix, respondents.log_density, respondents.weight)
    return _calibrated(trained, held.calibrator, respondents)


def refit(model: ClassModel, classifier: Any, respondents: Respondents, held: HeldOut) -> ClassModel:
    """Fit `model` to other weights or densities of the same respondents.

    The classifier is fitted anew in a few rounds from where it was, and the slope of its calibration, too,
    to the predictions for held-out respondents that are at hand.
    """
    if model.trained is None:
        return shares_only(respondents)
    density, weight = respondents.log_density, respondents.weight
    start = model.held_out(held)
    trained = train(classifier, respondents.matrix, density, weight, rounds=REPLICATE_ROUNDS, start=start)
    return _calibrated(trained, calibrate(held.raw, density, weight), respondents)


def _calibrated(trained: Trained, calibrator: Calibrator, respondents: Respondents) -> ClassModel:
    density, weight = respondents.log_density, respondents.weight
    own = recentred(calibrator, trained.log_probability(respondents.matrix), density, weight)
    return ClassModel(shares_only(respondents).log_shares, trained, own, calibrator)

"""Train any classifier on classes that are known only through answers.

The class x of a respondent is not seen; its answers y are, with a density f(y | x) that the survey's model
gives. The likelihood of a classifier pi(z) of the features z is

    sum_i w_i log sum_k pi_k(z_i) f(y_i | k),

the third step of three-step estimation with the whole answer in place of the assigned class (Vermunt 2010,
Political Analysis 18:450-469; Bakk and Kuha 2018, Psychometrika 83:871-892). EM maximises it: the posterior
pi_k(z_i) f(y_i | k), normalised, is the soft label on which the classifier is fitted anew. A classifier fitted
once on the posteriors of the survey alone learns probabilities that lean towards the shares of the classes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmodels.errors import Fault, InputError

type Array = NDArray[np.float64]

ROUNDS = 10
#: EM ends where a round adds less than this to the mean log-likelihood of a respondent.
ENOUGH = 1e-4
#: Trees and neighbours say 0 and 1; so much of every prediction is spread evenly over the classes.
SPREAD = 1e-4


@dataclass(frozen=True, eq=False)
class Trained:
    """A classifier and how training went.

    Parameters
    ----------
    classifier
        Fitted; predicts class positions 0 … K-1.
    n_classes
        K.
    path
        Mean log-likelihood of a respondent after each round, shape (rounds,).
    """

    classifier: Any
    n_classes: int
    path: Array

    def log_probability(self, matrix: Array) -> Array:
        """Log-probability of each class, shape (N, K), before calibration.

        Parameters
        ----------
        matrix
            Encoded features, shape (N, P).
        """
        found = np.zeros((len(matrix), self.n_classes))
        if not len(matrix):
            return found
        found[:, np.asarray(self.classifier.classes_, np.intp)] = self.classifier.predict_proba(matrix)
        return np.log((1 - SPREAD) * found + SPREAD / self.n_classes)


def posterior(log_prior: Array, log_density: Array) -> Array:
    """Probability of each class given answers, shape (N, K); rows sum to 1.

    Parameters
    ----------
    log_prior
        Log-probability of each class before the answers, shape (N, K) or (K,).
    log_density
        Log-density of each respondent's answers in each class, up to a constant for each row, shape (N, K).

    Examples
    --------
    >>> posterior(np.log([0.5, 0.5]), np.log([[0.9, 0.1]])).round(3).tolist()
    [[0.9, 0.1]]
    """
    joint = log_prior + log_density
    found = np.exp(joint - joint.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


def log_score(log_prior: Array, log_density: Array) -> Array:
    """Log-density of each respondent's answers, the classes weighed by a prior, shape (N,)."""
    return np.asarray(logsumexp(log_prior + log_density, axis=1))


def shares(log_density: Array, weight: Array, tolerance: float = 1e-10) -> Array:
    """Shares of the classes that make the answers most probable, shape (K,); sum 1.

    Parameters
    ----------
    log_density
        Log-density of each respondent's answers in each class, shape (N, K).
    weight
        Weight of each respondent, shape (N,).
    tolerance
        EM ends where no share moves by more.

    Examples
    --------
    >>> seen = np.log([[0.8, 0.2], [0.8, 0.2], [0.2, 0.8]])
    >>> shares(seen, np.ones(3)).round(4).tolist()
    [0.7778, 0.2222]
    """
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    parts = weight / weight.sum()
    found = np.full(density.shape[1], 1 / density.shape[1])
    for _ in range(10_000):
        joint = found * density
        new = parts @ (joint / joint.sum(axis=1, keepdims=True))
        done = np.abs(new - found).max() < tolerance
        found = new
        if done:
            break
    return found / found.sum()


def train(
    classifier: Any,
    matrix: Array,
    log_density: Array,
    weight: Array,
    *,
    rounds: int = ROUNDS,
    start: Array | None = None,
) -> Trained:
    """Fit a classifier by EM to the answers of respondents.

    With logistic regression no round lowers the (penalised) likelihood; with others a round may, and the
    last fit stands.

    Parameters
    ----------
    classifier
        Any of scikit-learn's with `sample_weight` and `predict_proba`; it is cloned.
    matrix
        Encoded features, shape (N, P).
    log_density
        Log-density of each respondent's answers in each class, shape (N, K).
    weight
        Weight of each respondent, shape (N,); they should sum to the number of respondents, since the
        penalty of most classifiers is measured against this sum.
    rounds
        At most so many fits. One: soft labels from the shares of the classes alone, without correction.
    start
        Log-probabilities of the classes to start from, shape (N, K) or (K,); the shares by default.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> z = np.array([[-1.0], [-1.0], [1.0], [1.0]])
    >>> trained = train(LogisticRegression(), z, np.log([[0.9, 0.1]] * 2 + [[0.1, 0.9]] * 2), np.ones(4))
    >>> np.exp(trained.log_probability(z))[[0, 2]].argmax(axis=1).tolist()
    [0, 1]
    """
    n, classes = log_density.shape
    rows, labels = np.repeat(matrix, classes, axis=0), np.tile(np.arange(classes), n)
    before = np.log(shares(log_density, weight)) if start is None else start
    path: list[float] = []
    trained = None
    while trained is None or len(path) < rounds:
        each = (weight[:, None] * posterior(before, log_density)).ravel()
        counts = each > 0
        fitted = _clone(classifier).fit(rows[counts], labels[counts], sample_weight=each[counts])
        trained = Trained(fitted, classes, np.empty(0))
        before = trained.log_probability(matrix)
        path.append(float(weight @ log_score(before, log_density) / weight.sum()))
        if len(path) > 1 and path[-1] - path[-2] < ENOUGH:
            break
    return Trained(trained.classifier, classes, np.array(path))


def prepared(classifier: Any, seed: int) -> Any:
    """Clone a classifier, check that it can be used, give it a seed and one worker.

    None is one worker for scikit-learn; some warn of any number.

    Raises
    ------
    InputError
        Where it takes no weights or gives no probabilities.
    """
    from sklearn.utils.validation import has_fit_parameter

    faults: list[Fault] = []
    name = type(classifier).__name__
    if not hasattr(classifier, "predict_proba"):
        advice = "Take one that has, for example LogisticRegression."
        faults.append(Fault("classifier", f"{name} without predict_proba", "class probabilities", advice))
    if not hasattr(classifier, "fit") or not has_fit_parameter(classifier, "sample_weight"):
        advice = "Take one that has; scikit-learn's Pipeline has not, and features are encoded already."
        faults.append(Fault("classifier", f"{name} without sample_weight", "weights in fit", advice))
    if faults:
        raise InputError(faults)
    settings = classifier.get_params(deep=True)
    seeds = {key: seed for key in settings if key.split("__")[-1] == "random_state" and settings[key] is None}
    workers = {key: None for key in settings if key.split("__")[-1] == "n_jobs"}
    return _clone(classifier).set_params(**seeds, **workers)


def _clone(classifier: Any) -> Any:
    from sklearn.base import clone

    return clone(classifier)

"""Coefficients of covariates and figures of outcomes, by class, with their covariance."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, Infeasible, InputError
from segmodels.segments.relate.bch import bch_weights, by_weighting
from segmodels.segments.relate.classification_error import Classification
from segmodels.segments.relate.estimate import Estimate, influence
from segmodels.segments.relate.families import Categorical, Family, Gaussian, Moments, Poisson
from segmodels.segments.relate.join import Variable
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.sandwich import Sample, covariance
from segmodels.segments.relate.structure import Structure
from segmodels.segments.relate.three_step_ml import by_assignments
from segmodels.segments.relate.two_step import by_answers

Array = NDArray[np.float64]
Method = Literal["ml", "bch", "two-step", "naive"]


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of every class in some columns.

    Parameters
    ----------
    labels
        Of the columns, D.
    estimate
        Shape (K, D).
    influence
        By how much each single respondent of a row moves them, shape (N, K * D).
    covariance
        Shape (K * D, K * D).
    stuck
        Figures at a boundary, of which no error can be given, shape (K, D).
    """

    labels: tuple[str, ...]
    estimate: Array
    influence: Array
    covariance: Array
    stuck: NDArray[np.bool_]

    @property
    def error(self) -> Array:
        """Standard errors, NaN at a boundary, shape (K, D)."""
        spread = np.sqrt(np.maximum(np.diag(self.covariance), 0.0)).reshape(self.estimate.shape)
        return np.where(self.stuck, np.nan, spread)

    def columns(self, places: list[int]) -> "Figures":
        """Keep some columns."""
        flat = np.arange(self.estimate.size).reshape(self.estimate.shape)[:, places].ravel()
        return Figures(
            tuple(self.labels[place] for place in places),
            self.estimate[:, places],
            self.influence[:, flat],
            self.covariance[np.ix_(flat, flat)],
            self.stuck[:, places],
        )


@dataclass(frozen=True, eq=False)
class Estimator:
    """One way from a structure to an estimate."""

    method: Method
    measurement: Measurement
    classification: Classification

    def __call__(self, structure: Structure, known: NDArray[np.bool_]) -> tuple[Estimate, Array]:
        """Estimate on the respondents that are known; give the estimate and the influence (N, Q)."""
        whole = self.measurement.sample
        sample = replace(whole, weight=np.where(known, whole.weight, 0.0))
        found = self._estimate(structure, sample)
        return found, influence(found, self.measurement, self.classification)

    def _estimate(self, structure: Structure, sample: Sample) -> Estimate:
        classes = self.classification
        if self.method == "naive":
            return by_weighting(structure, classes.assigned, sample, None)
        if self.method == "bch":
            return by_weighting(structure, bch_weights(classes), sample, classes)
        if self.method == "ml":
            return by_assignments(structure, classes, sample, self._starts(sample))
        return by_answers(structure, replace(self.measurement, sample=sample), self._starts(sample))

    def _starts(self, sample: Sample) -> list[Array]:
        starts = [self.classification.posterior]
        # Where the error can not be undone the first start is all there is.
        with suppress(Infeasible):
            starts.append(np.maximum(bch_weights(self.classification), 0.0))
        return [sample.case_weight[:, None] * start for start in starts]


def of_covariates(estimator: Estimator, covariates: list[Variable], reference: int) -> Figures:
    """Multinomial logit of class on covariates: an intercept, numbers, and dummies without the first.

    Raises
    ------
    InputError
        Where covariates determine one another.
    """
    labels, raw = [""], []
    for variable in covariates:
        numeric = not variable.categories
        raw.append(variable.column[:, None] if numeric else variable.dummies[:, 1:])
        labels += [""] if numeric else list(variable.categories[1:])
    known = np.all([variable.known for variable in covariates], axis=0)
    matrix = np.column_stack(raw)
    weight = np.where(known, estimator.measurement.sample.case_weight, 0.0)
    centre = np.average(matrix, axis=0, weights=weight)
    spread = np.sqrt(np.average((matrix - centre) ** 2, axis=0, weights=weight))
    _check_rank(matrix, centre, spread, weight, covariates)
    design = np.column_stack([np.ones(len(matrix)), (matrix - centre) / spread])
    n_classes = len(estimator.measurement.names)
    structure = Structure(n_classes, reference, np.where(known[:, None], design, 0.0))
    found, moved = estimator(structure, known)
    # Back to the units that came in: the intercept takes what was subtracted.
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    full = np.zeros((len(moved), n_classes, design.shape[1]))
    full[:, structure.free] = moved.reshape(len(moved), n_classes - 1, -1)
    flat = (full @ back.T).reshape(len(moved), -1)
    stuck = np.zeros(structure.coefficients(found.theta).shape, np.bool_)
    stuck[structure.free] = found.stuck.reshape(n_classes - 1, -1)
    estimate = structure.coefficients(found.theta) @ back.T
    return Figures(tuple(labels), estimate, flat, covariance(flat, estimator.measurement.sample), stuck)


def _check_rank(
    matrix: Array, centre: Array, spread: Array, weight: Array, covariates: list[Variable]
) -> None:
    names = ", ".join(variable.name for variable in covariates)
    remedy = "Leave out one that the others determine, or that has no spread among the respondents."
    scaled = (matrix - centre) / np.where(spread > 0, spread, 1.0) * np.sqrt(weight)[:, None]
    if (spread <= 0).any() or np.linalg.matrix_rank(scaled) < scaled.shape[1]:
        expected = "covariates that do not determine one another"
        raise InputError(Fault("covariates", f"a linear dependence among {names}", expected, remedy))


def of_outcome(estimator: Estimator, variable: Variable, reference: int) -> Figures:
    """Mean of an outcome in every class, or the shares of its categories."""
    n_classes = len(estimator.measurement.names)
    labels = variable.categories or ("",)
    if estimator.method in ("naive", "bch"):
        family: Family = Moments(variable.dummies if variable.categories else variable.column[:, None])
    else:
        weight = np.where(variable.known, estimator.measurement.sample.case_weight, 0.0)
        family = _family(variable, weight)
    # Weighting solves for the outcome alone; a likelihood needs the shares of the classes, too.
    ones = np.ones((len(variable.column), 0 if isinstance(family, Moments) else 1))
    structure = Structure(n_classes, reference, ones, family)
    found, moved = estimator(structure, variable.known)
    theta = structure.of_outcome(found.theta)
    estimate, jacobian = family.figures(theta)
    own = moved[:, structure.logits :].reshape(len(moved), *theta.shape)
    flat = np.einsum("nkd,kcd->nkc", own, jacobian).reshape(len(moved), -1)
    stuck = family.stuck(theta)
    stuck = stuck if variable.categories else stuck[:, :1]
    return Figures(labels, estimate, flat, covariance(flat, estimator.measurement.sample), stuck)


def _family(variable: Variable, weight: Array) -> Family:
    if variable.kind == "categorical":
        return Categorical(variable.dummies)
    if variable.kind == "count":
        return Poisson(variable.column)
    centre = float(np.average(variable.column, weights=weight))
    spread = float(np.sqrt(np.average((variable.column - centre) ** 2, weights=weight)))
    return Gaussian(np.where(weight > 0, (variable.column - centre) / spread, 0.0), centre, spread)

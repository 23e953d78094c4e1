"""Relate classes to value, behaviour and demographics without the bias of "assign, then tabulate"."""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pandas as pd

from segmodels.errors import Fault, Infeasible, InputError
from segmodels.evidence import Evidence
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.relate import checks
from segmodels.segments.relate.classification_error import Assignment, Classification, classify
from segmodels.segments.relate.figures import Estimator, Figures, Method, of_covariates, of_outcome
from segmodels.segments.relate.join import Kind, Missing, Variable, check_names, join
from segmodels.segments.relate.measurement import Measurement
from segmodels.segments.relate.of_fit import measure
from segmodels.segments.relate.relation import (
    Part,
    Relation,
    coefficient_table,
    covariance_frame,
    difference_table,
    outcome_table,
    wald_table,
)


def relate(
    fit: NeedsFit,
    *,
    covariates: Any = None,
    outcomes: Any = None,
    kinds: Mapping[str, Kind] | None = None,
    method: Method = "ml",
    assignment: Assignment = "modal",
    reference: str | None = None,
    missing: Missing = "error",
) -> Relation:
    """Relate classes to covariates that explain them and to outcomes that they explain.

    The covariates enter one multinomial logit of class together. Each outcome is related to the classes by
    itself, so that neither covariates nor other outcomes can change what its classes mean.

    Parameters
    ----------
    fit
        A fitted model of needs with its respondents. After ``fit.on(responses)`` other respondents are
        related; then the measurement model counts as known.
    covariates, outcomes
        Tables with a column ``customer_id`` (pandas frames and series may have it as their index); one or
        both. They may hold other customers, too. Texts, booleans and categoricals are categories; of a
        covariate's categories the first is what the others are compared with.
    kinds
        By column ``"continuous"``, ``"count"`` or ``"categorical"``, where the type does not say it: numbers
        are continuous. Under ``"ml"`` and ``"two-step"`` continuous outcomes are normal with a mean and a
        variance of their own in each class, counts are Poisson.
    method
        ``"ml"``: three-step maximum likelihood with the classification error held fixed (Vermunt 2010).
        ``"bch"``: respondents weighted by the inverse of that error (Bolck, Croon and Hagenaars 2004); assumes
        nothing about an outcome's distribution within classes, so the choice for skewed money; shares may
        leave 0 to 1, and then Evidence says so. ``"two-step"``: the answers' full likelihood with the
        measurement model fixed (Bakk and Kuha 2018), the most precise. ``"naive"``: assigned classes as if they
        were true, biased towards no difference; to compare.
    assignment
        ``"modal"`` or ``"proportional"``; not used by two-step.
    reference
        Class whose coefficients are zero. None: the first.
    missing
        ``"error"``: every respondent must have every value. ``"omit"``: respondents without a value are left
        out of what needs it, and counted in the evidence; the classification error is that of all.

    Returns
    -------
    Relation
        Standard errors are robust, honour sampling weights, counts, strata and clusters, and, but for
        ``"naive"``, hold the uncertainty of the measurement model and of the classification error.

    Raises
    ------
    InputError
        For ids and values that are missing, and variables that can not be used; all together.
    Infeasible
        Where the classification error can not be undone.
    NotConverged
        With advice.

    Examples
    --------
    >>> import segmodels as sg
    >>> rng = np.random.default_rng(1)
    >>> true = rng.integers(2, size=400)
    >>> answers = pd.DataFrame(rng.random((400, 5)) < np.where(true, 0.8, 0.2)[:, None], columns=list("abcde"))
    >>> responses = sg.Responses.read(
    ...     answers.astype(int).assign(id=answers.index), customer="id", items=dict.fromkeys("abcde", "binary")
    ... )
    >>> fit = sg.LatentClass(2, starts=sg.Starts(random=4, kept=2)).fit(responses, sg.MAP(), seed=1)
    >>> value = pd.Series(100.0 + 50.0 * true, index=pd.Index(answers.index, name="customer_id"), name="value")
    >>> found = relate(fit, outcomes=value, method="bch")
    >>> found.outcomes[["outcome", "class", "estimate"]].round(0)
      outcome class  estimate
    0   value     1     148.0
    1   value     2     102.0
    """
    return relate_measurement(
        measure(fit, known=method == "naive"),
        covariates=covariates,
        outcomes=outcomes,
        kinds=kinds,
        method=method,
        assignment=assignment,
        reference=reference,
        missing=missing,
    )


def relate_measurement(
    measurement: Measurement,
    *,
    covariates: Any = None,
    outcomes: Any = None,
    kinds: Mapping[str, Kind] | None = None,
    method: Method = "ml",
    assignment: Assignment = "modal",
    reference: str | None = None,
    missing: Missing = "error",
) -> Relation:
    """Relate classes given as arrays; otherwise as :func:`relate`."""
    place = _check_arguments(measurement, method, assignment, reference, missing)
    before, after = _variables(measurement, covariates, outcomes, kinds or {}, missing)
    classification = _classify(measurement, method, assignment)
    estimator = Estimator(method, measurement, classification)
    names, parts, covariances = measurement.names, [], {}
    if before:
        figures = of_covariates(estimator, before, place)
        parts += _parts(before, figures)
        terms = tuple(_terms(before))
        covariances["coefficients"] = covariance_frame(figures, names, terms)
    for variable in after:
        figures = of_outcome(estimator, variable, place)
        parts.append(Part(variable.name, "outcome", variable.kind, figures))
        covariances[variable.name] = covariance_frame(figures, names, figures.labels)
    tested = [part for part in parts if part.name != "constant" or part.role != "covariate"]
    return Relation(
        method=method,
        assignment=assignment,
        reference=names[place],
        coefficients=coefficient_table([part for part in parts if part.role == "covariate"], names, place),
        outcomes=outcome_table(
            [part for part in parts if part.role == "outcome"], names, bounded=method != "bch"
        ),
        tests=wald_table(tested),
        differences=difference_table(tested, names),
        classification=_error_frame(classification, names),
        evidence=_evidence(estimator, parts, before, after, place),
        covariances=covariances,
    )


def _check_arguments(
    measurement: Measurement, method: str, assignment: str, reference: str | None, missing: str
) -> int:
    """Position of the reference class.

    Raises
    ------
    InputError
        For unknown choices, and a single class.
    """
    faults: list[Fault] = []
    choices = (
        ("method", method, Method),
        ("assignment", assignment, Assignment),
        ("missing", missing, Missing),
    )
    for where, got, known in choices:
        if got not in get_args(known):
            expected = f"one of {', '.join(repr(one) for one in get_args(known))}"
            faults.append(Fault(where, repr(got), expected, "Use one of these."))
    if len(measurement.names) < 2:
        faults.append(Fault("fit", "one class", "at least two", "Fit more classes."))
    if reference is not None and reference not in measurement.names:
        expected = f"one of {', '.join(measurement.names)}"
        faults.append(Fault("reference", repr(reference), expected, "Name one of the classes."))
    if faults:
        raise InputError(faults)
    return 0 if reference is None else measurement.names.index(reference)


def _variables(
    measurement: Measurement, covariates: Any, outcomes: Any, kinds: Mapping[str, Kind], missing: Missing
) -> tuple[list[Variable], list[Variable]]:
    if covariates is None and outcomes is None:
        remedy = "Give a table of either, or of both."
        raise InputError(Fault("covariates", "neither covariates nor outcomes", "a table", remedy))
    ids = measurement.customer_id
    before, after = [], []
    faults: list[Fault] = []
    if covariates is not None:
        before, wrong = join(covariates, ids, "covariates", kinds, missing)
        faults += wrong
    if outcomes is not None:
        after, wrong = join(outcomes, ids, "outcomes", kinds, missing)
        faults += wrong
    check_names(before, after, kinds, faults)
    return before, after


def _classify(measurement: Measurement, method: Method, assignment: Assignment) -> Classification:
    """Classify respondents; two-step does not need assignments, so an empty class does not stop it."""
    weight = measurement.sample.case_weight
    try:
        return classify(measurement.posterior, weight, assignment)
    except Infeasible:
        if method != "two-step":
            raise
        return classify(measurement.posterior, weight, "proportional")


def _terms(covariates: list[Variable]) -> list[str]:
    """Names of the coefficients, intercept first."""
    terms = ["constant"]
    for variable in covariates:
        terms += [f"{variable.name}: {c}" for c in variable.categories[1:]] or [variable.name]
    return terms


def _parts(covariates: list[Variable], figures: Figures) -> list[Part]:
    """Split coefficients by covariate, the intercept first."""
    parts = [Part("constant", "covariate", "continuous", figures.columns([0]))]
    start = 1
    for variable in covariates:
        width = max(len(variable.categories) - 1, 1)
        columns = figures.columns(list(range(start, start + width)))
        parts.append(Part(variable.name, "covariate", variable.kind, columns))
        start += width
    return parts


def _error_frame(classification: Classification, names: tuple[str, ...]) -> pd.DataFrame:
    true, assigned = pd.Index(names, name="true_class"), pd.Index(names, name="assigned_class")
    return pd.DataFrame(np.array(classification.error), index=true, columns=assigned)


def _evidence(
    estimator: Estimator, parts: list[Part], before: list[Variable], after: list[Variable], place: int
) -> tuple[Evidence, ...]:
    measurement, classification = estimator.measurement, estimator.classification
    found = [
        checks.separation(measurement),
        checks.conditioning(classification, measurement.names),
        checks.first_step(measurement, estimator.method),
        checks.boundary(parts, measurement.names),
    ]
    if estimator.method == "bch":
        found.append(checks.negative_weights(classification, measurement, parts))
    if estimator.method in ("ml", "two-step") and after:
        found += _agreement(estimator, parts, after, place)
    gone = checks.left_out([*before, *after])
    return tuple(found) if gone is None else (*found, gone)


def _agreement(estimator: Estimator, parts: list[Part], after: list[Variable], place: int) -> list[Evidence]:
    other = Estimator("bch", estimator.measurement, estimator.classification)
    own = {part.name: part.figures for part in parts if part.role == "outcome"}
    try:
        pairs = [(each.name, own[each.name], of_outcome(other, each, place)) for each in after]
    except Infeasible as problem:
        return [Evidence("Agreement with BCH", None, f"Could not be checked. {problem}")]
    return [checks.agreement(pairs, estimator.measurement)]

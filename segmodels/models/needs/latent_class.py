"""Latent classes of answers: binary, nominal, ordinal, continuous and count items mixed.

Sources: Goodman (1974), Biometrika 61(2); Vermunt and Magidson (2002), Latent Class Cluster Analysis; response
styles as in ``segmodels.likelihoods.adjacent_category``.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.inference.louis import Kind
from segmodels.inference.mixture import climb
from segmodels.inference.mixture_fit import MixtureDraws, infer_mixture
from segmodels.inference.settings import MAP, Setting
from segmodels.inference.starts import Starts, arrival, finish
from segmodels.models.needs import latent_class_storage
from segmodels.models.needs.class_evidence import class_evidence, design_evidence, weighted
from segmodels.models.needs.coding import coding
from segmodels.models.needs.components import Components
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.latent_class_checks import (
    check_answers,
    check_numbers,
    check_same,
    check_spec,
    require_coded,
)
from segmodels.models.needs.latent_class_problem import LatentClassProblem, build, over
from segmodels.models.needs.latent_class_sampling import parameter_names, posterior_of, pymc_model, sample
from segmodels.models.needs.latent_class_tables import (
    coefficient_table,
    number_table,
    of_draws,
    profile_draws,
    profile_table,
    share_table,
    style_table,
)
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.models.needs.quadrature import Style
from segmodels.models.needs.renamed import place_of
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Errors = Kind | Literal["default", "draws"]


@dataclass(frozen=True)
class LatentClass:
    """The latent class model.

    Given the class (and the response style) answers to different items are independent. Nominal and binary
    items have free probabilities in each class; ordinal items follow adjacent-category logits with one effect
    a class; continuous items are normal and counts Poisson in each class. Missing answers drop out of the
    likelihood, for items of every scale.

    Parameters
    ----------
    n_classes
        How many classes.
    items
        Names of the indicators. None: all coded items and numbers whose dimension is not ``"profile"``.
    covariates
        Names of items that explain membership by a multinomial logit.
    style
        Response styles estimated with the classes: ``"agreement"``, a random intercept that shifts all ordinal
        items alike, and ``"extremes"``, one that moves answers to the ends of the scales. For rating scales
        ``("agreement",)`` is the advice.
    constants
        The prior, in pseudo-respondents, at the mode. ``BayesConstants.none()``: maximum likelihood.
    concentration
        Under NUTS: pseudo-answers for each category in each class, and pseudo-respondents for each class.
        1: even over all probabilities. Numbers get one pseudo-answer more in each class, with the mean and
        variance of the whole sample.
    starts
        How the best optimum is looked for.
    nodes
        Of the quadrature over each style.

    Examples
    --------
    >>> LatentClass(4, style=("agreement",))
    LatentClass(n_classes=4, style=('agreement',))
    """

    n_classes: int
    items: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    style: tuple[Style, ...] = ()
    constants: BayesConstants = field(default_factory=BayesConstants)
    concentration: float = 1.0
    starts: Starts = field(default_factory=Starts)
    nodes: int = 9

    def __post_init__(self) -> None:
        for name in ("items", "covariates", "style"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                object.__setattr__(self, name, tuple(value))
        check_spec(self)

    def __repr__(self) -> str:
        """Show what differs from the defaults."""
        plain = LatentClass(self.n_classes)
        told = [f"n_classes={self.n_classes}"]
        told += [
            f"{name}={value!r}"
            for name, value in vars(self).items()
            if name != "n_classes" and value != getattr(plain, name)
        ]
        return f"LatentClass({', '.join(told)})"

    def indicators(self, responses: Responses) -> tuple[str, ...]:
        """Names of the items that tell the classes apart."""
        if self.items is not None:
            return self.items
        book = responses.codebook
        usable = [name for name in book.indicators if book[name].scale not in ("rank", "best_worst")]
        return tuple(name for name in usable if name not in self.covariates)

    def problem(self, responses: Responses) -> LatentClassProblem:
        """Build the mixture over the distinct answers.

        Raises
        ------
        InputError
            With every fault of the answers: unknown items, items without variation, missing covariates.
        """
        names = self.indicators(responses)
        check_answers(self, names, responses)
        known = coding(responses, names, self.covariates)
        return build(self, known, known.patterns(responses))

    def fit(self, responses: Responses, setting: Setting, *, seed: int) -> "LatentClassFit":
        """Fit to answers.

        Parameters
        ----------
        responses
            The respondents.
        setting
            ``MAP()``: the mode by EM, SQUAREM and Newton. ``Laplace()``: draws around it. ``NUTS()``: PyMC.
        seed
            Of starts and draws; the same seed gives the same fit.

        Raises
        ------
        InputError
            With every fault of the answers.
        NotConverged
            With advice.
        """
        check_numbers(responses, setting, seed)
        problem = self.problem(responses)
        names = parameter_names(problem)
        found = infer_mixture(
            problem,
            self.starts,
            setting,
            seed,
            lambda *given: sample(problem, self.concentration, *given),
            names,
        )
        classes = tuple(str(k + 1) for k in range(self.n_classes))
        posterior = posterior_of(problem, found, classes, {"spec": repr(self), "setting": repr(setting)})
        fit = LatentClassFit(
            self, problem, found.theta, posterior, classes, found.optima, found.evidence, seed, responses
        )
        design = design_evidence(responses, setting)
        return replace(fit, evidence=(*found.evidence, *design, *class_evidence(fit)))


@dataclass(frozen=True, eq=False, repr=False)
class LatentClassFit(NeedsFit):
    """A fitted latent class model; fields as of ``NeedsFit``."""

    spec: LatentClass
    problem: LatentClassProblem

    def problem_of(self, responses: Responses) -> LatentClassProblem:
        """Give the same mixture over other respondents, their answers checked against the codebook."""
        check_same(self.problem.coding, responses)
        return over(self.problem, responses)

    @property
    def components(self) -> Components:
        """Coded items as tables of log-probabilities; with covariates the class shares are those of the sample.

        Raises
        ------
        InputError
            Where the model has items answered in numbers.
        """
        layout = self.problem.layout
        require_coded(layout)
        log_p, log_prior, _ = self.problem.tables(self.theta)
        share = np.bincount(self.problem.data.group, self.problem.weight, len(log_prior)) / self.n
        weight = np.log(share @ np.exp(log_prior))
        tables = tuple(log_p[row : row + size] for _, size, row, _ in layout.table)
        return Components(self.names, layout.items, layout.class_of, weight, tables)

    def profile(self, level: float = 0.95, errors: Errors = "default") -> pd.DataFrame:
        """Tabulate the probability of each category in each class.

        Parameters
        ----------
        level
            Probability inside intervals.
        errors
            ``"draws"``: posterior means, standard deviations and intervals; the default under Laplace and NUTS,
            unless the sample has weights, strata or clusters, of which draws know nothing.
            ``"sandwich"`` (the default under MAP), ``"information"`` or ``"outer_product"``: of the mode.

        Returns
        -------
        pandas.DataFrame
            ``item, category, class, probability, standard_error, low, high, boundary``. At the boundary (within
            0.0001 of 0 or 1) the standard error is NaN and the interval from 0 to 1.
        """
        kind = self._errors(errors)
        if kind == "draws":
            drawn = self._drawn("probability")
            return profile_draws(self.problem, drawn, self.names, level)
        return profile_table(self.problem, self.theta, self.covariance_by(kind), self.names, level)

    def shares(self, level: float = 0.95, errors: Errors = "default") -> pd.DataFrame:
        """Tabulate the share of each class with its standard error and interval; `errors` as of `profile`."""
        kind = self._errors(errors)
        if kind == "draws":
            return of_draws(pd.DataFrame({"class": list(self.names)}), self._drawn("class_share"), level)
        return share_table(self.problem, self.theta, self.covariance_by(kind), self.names, level)

    def _errors(self, errors: Errors) -> Kind | Literal["draws"]:
        if errors == "default":
            drawn = len(self.draws) > 1 and not (self.responses is not None and weighted(self.responses))
            return "draws" if drawn else "sandwich"
        if errors == "draws" and len(self.draws) == 1:
            got = "a fit by MAP, which has no draws"
            raise InputError(Fault("errors", got, "draws", "Fit with sg.Laplace() or sg.NUTS()."))
        return errors

    def _drawn(self, name: str) -> Array:
        """Draws of a variable of the posterior, chains one behind the other."""
        values = self.posterior["posterior"][name].to_numpy()
        return values.reshape(-1, *values.shape[2:])

    def means(self, level: float = 0.95, errors: Kind = "sandwich") -> pd.DataFrame:
        """Tabulate the mean of each number in each class, in the units of the answers."""
        return number_table(self.problem, self.theta, self.covariance_by(errors), self.names, level)

    def styles(self, level: float = 0.95, errors: Kind = "sandwich") -> pd.DataFrame:
        """Tabulate the loading of each response style: its standard deviation over respondents, in log-odds."""
        return style_table(self.problem, self.theta, self.covariance_by(errors), level)

    def coefficients(
        self, reference: str | None = None, level: float = 0.95, errors: Kind = "sandwich"
    ) -> pd.DataFrame:
        """Tabulate the multinomial logits of membership on the covariates, against the reference class."""
        place = 0 if reference is None else place_of(self.names, reference)
        return coefficient_table(
            self.problem, self.theta, self.covariance_by(errors), self.names, place, level
        )

    def maximum_likelihood(self) -> "LatentClassFit":
        """Give the fit that climbs on from here without the prior's constants: its mode, under the same names."""
        spec = replace(self.spec, constants=BayesConstants.none())
        problem = build(spec, self.problem.coding, self.problem.data)
        end = finish(problem, climb(problem, self.theta, 1e-9, 20_000).theta)
        found = MixtureDraws(end.theta, end.theta[None, None], {}, self.optima, (arrival(end),))
        told = {"spec": repr(spec), "setting": repr(MAP())}
        posterior = posterior_of(problem, found, self.names, told)
        fit = replace(self, spec=spec, problem=problem, theta=end.theta, posterior=posterior)
        return replace(fit, evidence=(*found.evidence, *class_evidence(fit)))

    def pymc_model(self) -> Any:
        """Build the PyMC model that NUTS runs."""
        return pymc_model(self.problem, self.spec.concentration)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write posterior, specification, codebook and patterns as netCDF, at once or not at all."""
        return latent_class_storage.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], responses: Responses | None = None) -> Self:
        """Read a fit written by :meth:`save`; give the respondents fitted for its errors, or others to score."""
        held = latent_class_storage.load(path)
        spec = LatentClass(**held.pop("spec"))
        problem = build(spec, held.pop("coding"), held.pop("data"))
        fit = cls(spec=spec, problem=problem, responses=None, fitted=False, **held)
        return fit.with_respondents(responses)

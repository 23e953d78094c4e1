"""Latent classes of rankings.

Sources: Croon (1989), Latent class models for the analysis of rankings, Advances in Psychology 60, 99-121;
Gormley and Murphy (2008), A mixture of experts model for rank data, Annals of Applied Statistics 2(4);
Mollica and Tardella (2017), Bayesian Plackett-Luce mixture models for partially ranked data, Psychometrika 82(2).
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import InputError
from segmodels.inference.mixture_fit import infer_mixture
from segmodels.inference.settings import Setting
from segmodels.inference.starts import Starts
from segmodels.likelihoods.ranking import expected_place, first_choice
from segmodels.models.needs import latent_class_tables as tables
from segmodels.models.needs import ranking_storage as storage
from segmodels.models.needs.coding import coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.latent_class_checks import check_numbers
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.models.needs.ranking_build import build, coded_rankings
from segmodels.models.needs.ranking_checks import (
    choice_evidence,
    choose_items,
    count_fault,
    few_alternatives,
    names_faults,
)
from segmodels.models.needs.ranking_choices import rankings
from segmodels.models.needs.ranking_layout import ChoiceLayout
from segmodels.models.needs.ranking_problem import ChoiceProblem
from segmodels.models.needs.ranking_sampling import parameter_names, posterior_of, pymc_model, sample
from segmodels.models.needs.ranking_tables import by_item_and_class, estimates, importance_table
from segmodels.models.needs.renamed import place_of
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RankedNeeds:
    """Latent classes of rankings: a Plackett-Luce model with utilities of its own in each class.

    A respondent puts alternatives in order, all or the first few: at each place one is chosen from those that
    are left, with probability e^utility over the sum of theirs. What was not ranked stays in the choice set to
    the end. Utilities of a class sum to 0.

    Parameters
    ----------
    n_classes
        How many classes.
    items
        Names of the alternatives. None: all items of scale ``"rank"``. Of a part of them the order among
        themselves is taken.
    covariates
        Names of items that explain membership by a multinomial logit.
    constants
        The prior at the mode: ``classes`` pseudo-respondents, and for the utilities normal priors around 0
        worth the information of ``categories`` first choices, spread evenly over the classes. So an alternative
        that nobody ranks has a low utility, and no infinite one. ``BayesConstants.none()``: maximum likelihood.
    starts
        How the best optimum is looked for.

    Examples
    --------
    >>> RankedNeeds(3).starts
    Starts(random=50, kept=10, sample=10000)
    """

    n_classes: int
    items: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    constants: BayesConstants = field(default_factory=BayesConstants)
    starts: Starts = field(default_factory=Starts)

    def __post_init__(self) -> None:
        faults = [*count_fault("n_classes", self.n_classes), *names_faults(self)]
        if faults:
            raise InputError(faults)
        if self.items is not None:
            object.__setattr__(self, "items", tuple(self.items))
        object.__setattr__(self, "covariates", tuple(self.covariates))

    def problem(self, responses: Responses) -> ChoiceProblem:
        """Build the mixture over the distinct rankings.

        Raises
        ------
        InputError
            With every fault of the answers: unknown items, items that are not ranked, missing covariates.
        """
        names = choose_items(responses, self.items, "rank", self.covariates)
        known = coding(responses, (), self.covariates)
        layout = ChoiceLayout(self.n_classes, 1 + len(known.columns), len(names))
        return build(coded_rankings(responses, names), known, responses, names, layout, self.constants)

    def fit(self, responses: Responses, setting: Setting, *, seed: int) -> "RankedNeedsFit":
        """Fit to rankings.

        Parameters
        ----------
        responses
            The respondents; one who ranked nothing is kept, and its membership is the class shares.
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
            problem, self.starts, setting, seed, lambda *given: sample(problem, *given), names
        )
        classes = tuple(str(k + 1) for k in range(self.n_classes))
        posterior = posterior_of(problem, found, classes, {"spec": repr(self), "setting": repr(setting)})
        fit = RankedNeedsFit(
            self, problem, found.theta, posterior, classes, found.optima, found.evidence, seed, responses
        )
        more = (*choice_evidence(fit), *few_alternatives(self.n_classes, problem.layout.n_items))
        return replace(fit, evidence=(*found.evidence, *more))


class RankedNeedsFit(NeedsFit):
    """Fitted latent classes of rankings; fields as of ``NeedsFit``."""

    spec: RankedNeeds
    problem: ChoiceProblem

    def problem_of(self, responses: Responses) -> ChoiceProblem:
        """Give the same mixture over other respondents, of the same alternatives."""
        own = self.problem
        names = choose_items(responses, own.names, "rank", own.coding.covariates)
        return build(
            coded_rankings(responses, names), own.coding, responses, names, own.layout, own.constants
        )

    def utilities(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate utilities: log-odds of choosing an alternative, against the average one of the class.

        They compare alternatives within a class. Not across classes: one whose members agree more has larger
        utilities all over; compare :meth:`choice_shares` there.

        Parameters
        ----------
        level
            Probability inside intervals.

        Returns
        -------
        pandas.DataFrame
            ``item, class, utility, standard_error, low, high``. Standard errors are by the sandwich and the delta
            method; the intervals are theirs, or those of the draws where there are any.
        """
        found = estimates(self, self.problem.layout.utilities, level)
        return by_item_and_class(self, found, "utility")

    def choice_shares(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate the probability, in per cent, that each alternative is placed first; classes sum to 100.

        Returns
        -------
        pandas.DataFrame
            ``item, class, share, standard_error, low, high``; see :meth:`utilities`.
        """
        found = estimates(self, lambda theta: 100 * self._first(theta), level, (0.0, 100.0))
        return by_item_and_class(self, found, "share")

    def expected_places(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate the mean place that each alternative would have, were all ranked; 1 is the best.

        Returns
        -------
        pandas.DataFrame
            ``item, class, place, standard_error, low, high``; see :meth:`utilities`.
        """
        layout = self.problem.layout
        ends = (1.0, float(layout.n_items))
        found = estimates(self, lambda theta: expected_place(layout.utilities(theta)), level, ends)
        return by_item_and_class(self, found, "place")

    def importance(self) -> pd.DataFrame:
        """Put the classes' shares of choice beside each other.

        Returns
        -------
        pandas.DataFrame
            Alternatives in rows, the most important first; a column a class, and ``all``, in per cent.
        """
        return importance_table(self, 100 * self._first(self.theta))

    def _first(self, theta: Array) -> Array:
        """Probability of being placed first, shape (K, J)."""
        return first_choice(self.problem.layout.utilities(theta))

    def shares(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate the share of each class with its standard error and interval."""
        problem: Any = self.problem
        return tables.share_table(problem, self.theta, self.covariance, self.names, level)

    def coefficients(self, reference: str | None = None, level: float = 0.95) -> pd.DataFrame:
        """Tabulate the multinomial logits of membership on the covariates, against the reference class."""
        problem: Any = self.problem
        place = 0 if reference is None else place_of(self.names, reference)
        return tables.coefficient_table(problem, self.theta, self.covariance, self.names, place, level)

    def pymc_model(self) -> Any:
        """Build the PyMC model that NUTS runs."""
        return pymc_model(self.problem)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write posterior, specification and distinct rankings as netCDF, at once or not at all."""
        return storage.save(self, path, "RankedNeeds", {})

    @classmethod
    def load(cls, path: str | os.PathLike[str], responses: Responses | None = None) -> Self:
        """Read a fit written by :meth:`save`; give the respondents fitted for its errors, or others to score."""
        held = storage.load(path, "RankedNeeds")
        spec = RankedNeeds(**held.spec)
        layout = ChoiceLayout(spec.n_classes, held.data.design.shape[1], len(held.items))
        choices = rankings(held.data.codes)
        problem = ChoiceProblem(held.items, layout, held.data, choices, spec.constants, held.coding)
        found = (held.theta, held.posterior, held.classes, held.optima, held.evidence, held.seed)
        return cls(spec, problem, *found, responses=None, fitted=False).with_respondents(responses)

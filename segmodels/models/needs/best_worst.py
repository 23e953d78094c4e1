"""Latent classes of best-worst choices (MaxDiff).

Sources: Marley and Louviere (2005), Journal of Mathematical Psychology 49(6), 464-480; Magidson and Vermunt (2007),
Removing the scale factor confound in multinomial logit choice models, Sawtooth Software Conference Proceedings.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.inference.mixture_fit import infer_mixture
from segmodels.inference.settings import Setting
from segmodels.inference.starts import Starts
from segmodels.likelihoods.best_worst import best_probability
from segmodels.models.needs import latent_class_tables as tables
from segmodels.models.needs import ranking_storage as storage
from segmodels.models.needs.best_worst_choices import BestWorstTasks, Form, coded_tasks, tasks_of
from segmodels.models.needs.best_worst_tables import scale_table
from segmodels.models.needs.coding import coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.latent_class_checks import check_numbers
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.models.needs.ranking_build import build
from segmodels.models.needs.ranking_checks import choice_evidence, choose_items, count_fault, names_faults
from segmodels.models.needs.ranking_layout import ChoiceLayout
from segmodels.models.needs.ranking_problem import ChoiceProblem
from segmodels.models.needs.ranking_sampling import parameter_names, posterior_of, pymc_model, sample
from segmodels.models.needs.ranking_tables import by_item_and_class, estimates, importance_table
from segmodels.models.needs.renamed import place_of
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BestWorst:
    """Latent classes of best-worst choices, with a utility of each item in each class.

    Of the items that a task shows, respondents choose the best and the worst. Utilities of a class sum to 0.
    Tasks may ask for the best or the worst only; those choices are multinomial logits under both forms.

    Parameters
    ----------
    n_classes
        How many classes.
    form
        ``"sequential"``: the best of those shown, then the worst of the others. ``"joint"``: the pair with the
        largest difference.
    scale_classes
        How many classes of consistency there are beside the classes of preference: utilities of a respondent are
        the class's times the scale. The first scale is 1, the others are smaller: choices closer to chance. So
        classes are not told apart by how carefully their members answered.
    scale_by_class
        Whether the shares of the scale classes differ between classes of preference.
    items
        Names of the items. None: all of scale ``"best_worst"``.
    covariates
        Names of other items that explain membership by a multinomial logit.
    constants
        The prior at the mode: ``classes`` pseudo-respondents, and for the utilities normal priors around 0
        worth the information of ``categories`` first choices, spread evenly over the classes. So an item that
        nobody chooses has a low utility, and no infinite one. ``BayesConstants.none()``: maximum likelihood.
    starts
        How the best optimum is looked for.

    Examples
    --------
    >>> BestWorst(3, scale_classes=2).form
    'sequential'
    """

    n_classes: int
    form: Form = "sequential"
    scale_classes: int = 1
    scale_by_class: bool = False
    items: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    constants: BayesConstants = field(default_factory=BayesConstants)
    starts: Starts = field(default_factory=Starts)

    def __post_init__(self) -> None:
        faults = [
            *count_fault("n_classes", self.n_classes),
            *count_fault("scale_classes", self.scale_classes),
            *names_faults(self),
        ]
        if self.form not in get_args(Form):
            expected = " or ".join(repr(form) for form in get_args(Form))
            faults.append(Fault("form", repr(self.form), expected, "Check the word."))
        if faults:
            raise InputError(faults)
        if self.items is not None:
            object.__setattr__(self, "items", tuple(self.items))
        object.__setattr__(self, "covariates", tuple(self.covariates))

    def layout(self, items: int, width: int) -> ChoiceLayout:
        """Lay out theta for J items and D columns of the design of membership."""
        return ChoiceLayout(self.n_classes, width, items, self.scale_classes, self.scale_by_class)

    def problem(self, responses: Responses) -> ChoiceProblem:
        """Build the mixture over the distinct tasks.

        Raises
        ------
        InputError
            With every fault of the answers: unknown items, no tasks, tasks of other items, items that no task
            shows, missing covariates.
        """
        names = choose_items(responses, self.items, "best_worst", self.covariates)
        known = coding(responses, (), self.covariates)
        coded = coded_tasks(responses, names, self.form)
        layout = self.layout(len(names), 1 + len(known.columns))
        problem = build(coded, known, responses, names, layout, self.constants)
        _require_shown(problem)
        return problem

    def fit(self, responses: Responses, setting: Setting, *, seed: int) -> "BestWorstFit":
        """Fit to best-worst tasks.

        Parameters
        ----------
        responses
            The respondents; one without a task is kept, and its membership is the class shares.
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
        fit = BestWorstFit(
            self, problem, found.theta, posterior, classes, found.optima, found.evidence, seed, responses
        )
        return replace(fit, evidence=(*found.evidence, *choice_evidence(fit)))


def _require_shown(problem: ChoiceProblem) -> None:
    choices: Any = problem.choices
    seen = np.bincount(choices.shown[choices.shown >= 0], minlength=problem.layout.n_items) > 0
    lost = [name for name, there in zip(problem.names, seen, strict=True) if not there]
    if lost:
        got, remedy = f"{', '.join(map(repr, lost[:3]))}, in no task", "Leave them out of items=."
        raise InputError(Fault("items", got, "items that were shown", remedy))


class BestWorstFit(NeedsFit):
    """Fitted latent classes of best-worst choices; fields as of ``NeedsFit``."""

    spec: BestWorst
    problem: ChoiceProblem

    def problem_of(self, responses: Responses) -> ChoiceProblem:
        """Give the same mixture over other respondents and their tasks, of the same items."""
        own = self.problem
        names = choose_items(responses, own.names, "best_worst", own.coding.covariates)
        coded = coded_tasks(responses, names, self.spec.form)
        return build(coded, own.coding, responses, names, own.layout, own.constants)

    def utilities(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate utilities, which sum to 0 in each class, at a scale of 1.

        They compare items within a class. Not across classes: one whose members answer more consistently has
        larger utilities all over (the scale confound); compare :meth:`choice_shares` there, or fit with
        ``scale_classes=2``.

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
        """Tabulate scores from 0 to 100 that sum to 100 in each class and are comparable across classes.

        The probability that an item is chosen as best from a task of average items, e^u / (e^u + a - 1) with a
        the usual number of items a task, rescaled: the "probability scale" of Sawtooth's programs. An item with
        twice the score is chosen twice as often.

        Returns
        -------
        pandas.DataFrame
            ``item, class, share, standard_error, low, high``; see :meth:`utilities`.
        """
        found = estimates(self, lambda theta: 100 * self._chosen(theta), level, (0.0, 100.0))
        return by_item_and_class(self, found, "share")

    def importance(self) -> pd.DataFrame:
        """Put the classes' scores beside each other.

        Returns
        -------
        pandas.DataFrame
            Items in rows, the most important first; a column a class, and ``all``; columns sum to 100.
        """
        return importance_table(self, 100 * self._chosen(self.theta))

    def scales(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate the scale classes.

        Returns
        -------
        pandas.DataFrame
            ``scale_class, class, scale, standard_error, low, high, share``: the share of the scale class in each
            class of preference.
        """
        return scale_table(self, level)

    def _chosen(self, theta: Array) -> Array:
        """Rescaled probabilities of choice, shape (K, J); rows sum to 1."""
        each = (self._tasks.shown >= 0).sum(axis=1)
        usual = int(np.bincount(np.repeat(each, np.bincount(self._tasks.task, minlength=len(each)))).argmax())
        chance = best_probability(self.problem.layout.utilities(theta), usual)
        return chance / chance.sum(axis=1, keepdims=True)

    @property
    def _tasks(self) -> BestWorstTasks:
        choices: Any = self.problem.choices
        return choices

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
        """Write posterior, specification, distinct tasks and who answered them as netCDF, at once or not at all."""
        tasks = self._tasks
        more = {
            "shown": (("task", "shown_place"), tasks.shown),
            "best": (("task",), tasks.best),
            "worst": (("task",), tasks.worst),
            "joint": (("task",), tasks.joint),
        }
        return storage.save(self, path, "BestWorst", more)

    @classmethod
    def load(cls, path: str | os.PathLike[str], responses: Responses | None = None) -> Self:
        """Read a fit written by :meth:`save`; give the respondents fitted for its errors, or others to score."""
        held = storage.load(path, "BestWorst")
        spec = BestWorst(**held.spec)
        choices = tasks_of(held.arrays, held.data)
        layout = spec.layout(len(held.items), held.data.design.shape[1])
        problem = ChoiceProblem(held.items, layout, held.data, choices, spec.constants, held.coding)
        found = (held.theta, held.posterior, held.classes, held.optima, held.evidence, held.seed)
        return cls(spec, problem, *found, responses=None, fitted=False).with_respondents(responses)

"""What every fitted model of needs offers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.louis import Design, Kind, covariance, scores
from segmodels.inference.mixture import MixtureProblem
from segmodels.likelihoods.mixture import log_by_class, log_sums, memberships
from segmodels.models.needs.renamed import renamed
from segmodels.tables.responses import Responses
from segmodels.tables.segmentation import Segmentation

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class NeedsFit(ABC):
    """A fitted mixture of classes of respondents.

    Parameters
    ----------
    spec
        The model.
    problem
        The answers it was fitted to, and its parametrisation.
    theta
        Parameters, shape (P,): the mode, classes ordered by size.
    posterior
        Draws: ``class_share`` (chain, draw, class) and what the model adds in ``posterior``, theta in
        ``unconstrained_posterior``.
    names
        Of the classes.
    optima
        Optima found: ``objective, times, smallest``.
    evidence
        Whether the fit can be trusted.
    seed
        Of the fit.
    responses
        Those fitted, or those to score; None after loading.
    fitted
        Whether ``responses`` are those fitted.
    """

    spec: Any
    problem: Any
    theta: Array
    posterior: xr.DataTree
    names: tuple[str, ...]
    optima: pd.DataFrame
    evidence: tuple[Evidence, ...]
    seed: int
    responses: Responses | None
    fitted: bool = True

    @abstractmethod
    def problem_of(self, responses: Responses) -> MixtureProblem:
        """Give the same mixture over other respondents."""

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.names)

    @property
    def n_parameters(self) -> int:
        """P."""
        return len(self.theta)

    @property
    def n(self) -> float:
        """Respondents that the model was fitted to."""
        return float(self.problem.weight.sum())

    @property
    def draws(self) -> Array:
        """All draws of theta, shape (S, P); under ``MAP`` one."""
        u = self.posterior["unconstrained_posterior"]["u"].to_numpy()
        return u.reshape(-1, u.shape[-1])

    @cached_property
    def log_likelihood(self) -> float:
        """Log-likelihood of the answers at the mode, respondents weighted."""
        return float(self.problem.weight @ log_sums(self.problem.log_joint(self.theta)))

    @cached_property
    def log_posterior(self) -> float:
        """Log-likelihood plus log prior at the mode."""
        return float(self.problem.objective(self.theta))

    @cached_property
    def class_shares(self) -> pd.Series:
        """Share of each class among the respondents fitted: their average membership, weighted.

        ``shares()`` gives the model's own shares, with errors; at the maximum likelihood both are the same.
        """
        shares = self.problem.weight @ _classes(self.problem, self.theta) / self.problem.weight.sum()
        return pd.Series(shares, index=pd.Index(self.names, name="class"), name="share")

    def log_joint(self, responses: Responses | None = None) -> Array:
        """Log of the probability of class and answers, a row per respondent, shape (N, K)."""
        problem = self._problem(responses)
        return _by_class(problem, self.theta)[problem.of_row]

    def membership(self, responses: Responses | None = None) -> Array:
        """Probability of each class given the answers, a row per respondent, shape (N, K).

        Parameters
        ----------
        responses
            Whom to score. None: those fitted.

        Raises
        ------
        InputError
            Where an item is missing or has other categories.
        """
        problem = self._problem(responses)
        return _classes(problem, self.theta)[problem.of_row]

    @property
    def segmentation(self) -> Segmentation:
        """The respondents with their membership, as segments."""
        scored = self._responses(None)
        return Segmentation(scored.customer_id, self.names, self.membership(), basis="needs")

    def membership_draws(self, responses: Responses | None = None, draws: int = 200) -> Array:
        """Membership under evenly spaced draws of the parameters, shape (draws, N, K)."""
        problem = self._problem(responses)
        picked = np.linspace(0, len(self.draws) - 1, min(draws, len(self.draws))).astype(np.int64)
        return np.stack([_classes(problem, theta)[problem.of_row] for theta in self.draws[picked]])

    def probabilities(self, responses: Responses | None = None) -> Any:
        """Probability of each class: ``customer_id`` and one column a class, in the kind that came in."""
        scored = self._responses(responses)
        table = pd.DataFrame(self.membership(responses), columns=list(self.names))
        table.insert(0, "customer_id", scored.customer_id.to_numpy())
        return scored.give(table)

    def membership_intervals(
        self, responses: Responses | None = None, level: float = 0.9, draws: int = 200
    ) -> Any:
        """Each respondent's membership with its uncertainty about the parameters.

        Returns
        -------
        table
            A row per respondent and class: ``customer_id, class, mean, low, high``.
        """
        scored = self._responses(responses)
        if len(self.draws) == 1:
            got = "a fit by MAP, which has no draws"
            raise InputError(Fault("setting", got, "draws", "Fit with sg.Laplace() or sg.NUTS()."))
        every = self.membership_draws(responses, draws)
        low, high = np.quantile(every, [(1 - level) / 2, (1 + level) / 2], axis=0)
        table = pd.DataFrame(
            {
                "customer_id": np.repeat(scored.customer_id.to_numpy(), self.n_classes),
                "class": np.tile(np.array(self.names, dtype=object), len(scored)),
                "mean": every.mean(axis=0).ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
            }
        )
        return scored.give(table)

    def rename(self, names: Mapping[str, str]) -> Self:
        """Give classes other names; those not named keep theirs.

        Raises
        ------
        InputError
            For a class that there is none of, and names given twice.
        """
        after = renamed(self.names, names)
        posterior = self.posterior.copy()
        drawn = posterior["posterior"].to_dataset()
        posterior["posterior"] = xr.DataTree(drawn.assign_coords({"class": list(after)}))
        return replace(self, names=after, posterior=posterior)

    def at(self, theta: Array) -> Self:
        """Give the same fit with other parameters, such as a draw; its names and responses are kept."""
        return replace(self, theta=np.asarray(theta, dtype=np.float64))

    def on(self, responses: Responses) -> Self:
        """Give the same fit, ready to score other respondents."""
        return replace(self, responses=_checked(responses), fitted=False)

    def with_respondents(self, responses: Responses | None) -> Self:
        """Give a loaded fit respondents: as those fitted, where their answers and weights are the same."""
        if responses is None:
            return self
        again: Any = self.problem_of(responses)
        if not again.data.same(self.problem.data):
            return self.on(responses)
        return replace(self, problem=again, responses=responses, fitted=True)

    def scores(self) -> Array:
        """Gradient of each respondent's log-likelihood, unweighted, shape (N, P)."""
        every = np.concatenate([part for _, part in scores(self.problem, self.theta)])
        return every[self.problem.of_row]

    @cached_property
    def covariance(self) -> Array:
        """Covariance of theta by the sandwich, clusters and strata honoured, shape (P, P)."""
        return self.covariance_by("sandwich")

    def covariance_by(self, kind: Kind) -> Array:
        """Covariance of theta, shape (P, P).

        Parameters
        ----------
        kind
            ``"sandwich"``, ``"information"`` or ``"outer_product"`` (as poLCA has it).
        """
        if self.responses is None or not self.fitted:
            got = "a fit without the respondents it was fitted to"
            raise InputError(Fault("responses", got, "those respondents", "Load the fit with them."))
        sample = self.responses
        design = Design(self.problem.of_row, sample.weight, sample.count, sample.strata, sample.cluster)
        return covariance(self.problem, self.theta, design, kind)

    def _responses(self, responses: Responses | None) -> Responses:
        scored = self.responses if responses is None else responses
        if scored is None:
            got = "a fit loaded without responses"
            raise InputError(Fault("responses", got, "responses", "Call fit.on(responses) first."))
        return _checked(scored)

    def _problem(self, responses: Responses | None) -> MixtureProblem:
        scored = self._responses(responses)
        return self.problem if scored is self.responses and self.fitted else self.problem_of(scored)


def _checked(responses: Responses) -> Responses:
    given: object = responses
    if not isinstance(given, Responses):
        remedy = "Make them with sg.Responses.read(table, customer=..., items=fit.responses.codebook)."
        raise InputError(Fault("responses", f"a {type(given).__name__}", "Responses", remedy))
    return given


def _by_class(problem: MixtureProblem, theta: Array) -> Array:
    return log_by_class(problem.log_joint(theta), problem.class_of)


def _classes(problem: MixtureProblem, theta: Array) -> Array:
    return memberships(_by_class(problem, theta))

"""Mixtures of models with a utility for each item: rankings, and best-worst choices."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.inference.mixture import ScoreBlock
from segmodels.likelihoods.ranking import posterior
from segmodels.models.needs import ranking_steps
from segmodels.models.needs.coding import Coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.ranking_layout import ChoiceLayout
from segmodels.models.needs.ranking_steps import Moments
from segmodels.tables.patterns import Patterns

Array = NDArray[np.float64]
Index = NDArray[np.int64]
_ELEMENTS = 2_000_000
# Standard deviations of utilities that starts draw from, and the smallest share.
_SPREADS = (0.5, 4.0)
_LEAST_SHARE = 0.01


class Choices(Protocol):
    """What respondents chose, by pattern: a density that depends on the utilities of J items."""

    def log_densities(self, utility: Array) -> Array:
        """Log-density of each pattern under utilities (M, J), shape (U, M)."""
        ...

    def moments(self, utility: Array, weight: Array) -> tuple[Array, Array]:
        """Gradient (M, J) and information (M, J, J) of the sum weighted by (U, M)."""
        ...

    def scores(self, utility: Array, rows: slice) -> Array:
        """Gradient of the log-density of some patterns, shape (b, M, J)."""
        ...

    @property
    def module(self) -> str:
        """Import path of the likelihood, with a ``total_and_gradient``."""
        ...

    @property
    def arrays(self) -> tuple[Index, ...]:
        """What ``total_and_gradient`` takes after the parameters, but for groups and weights."""
        ...

    def take(self, data: Patterns) -> "Choices":
        """Give the choices of other patterns of the same items."""
        ...


@dataclass(frozen=True, eq=False)
class ChoiceProblem:
    """Patterns of choices, a layout of theta and the prior's constants; see ``MixtureProblem``.

    The prior is worth ``constants.classes`` respondents, spread evenly over the components. Utilities are
    normal around 0: the precision is the information of ``constants.categories`` first choices among J equal
    items, spread evenly over the components, so that the standard deviation of the coordinates of a class is
    sqrt(J K / categories). An item that nobody chose has a utility that is low, but finite. Logs of scales
    are normal around their mean with precision ``constants.categories``. No prior depends on which class or
    scale comes first.

    Parameters
    ----------
    names
        Of the items that utilities are of, shape (J,).
    layout, data, choices, constants
        What is fitted, to what, under which prior; `choices` are those of the patterns in `data`.
    coding
        How covariates become columns of the design.
    """

    names: tuple[str, ...]
    layout: ChoiceLayout
    data: Patterns
    choices: Choices
    constants: BayesConstants
    coding: Coding

    @property
    def size(self) -> int:
        """P."""
        return self.layout.size

    @property
    def weight(self) -> Array:
        """Weight of each pattern, shape (U,)."""
        return self.data.weight

    @property
    def class_of(self) -> Index:
        """Class of each component, shape (M,)."""
        return self.layout.class_of

    @cached_property
    def pseudo_members(self) -> Array:
        """Pseudo-respondents in each group and component, shape (G, M)."""
        share = np.bincount(self.data.group, self.weight, len(self.data.design)) / self.weight.sum()
        components = len(self.class_of)
        return np.repeat(self.constants.classes / components * share[:, None], components, axis=1)

    @property
    def of_row(self) -> Index:
        """Pattern of each respondent, shape (N,)."""
        return self.data.of_row

    @property
    def precision(self) -> float:
        """Prior precision of the utilities of a component."""
        return self.constants.categories / (self.layout.n_items * len(self.class_of))

    def log_joint(self, theta: Array) -> Array:
        """Log f(u, m), shape (U, M)."""
        densities = self.choices.log_densities(self.layout.components(theta))
        return densities + self.layout.log_prior(theta, self.data.design)[self.data.group]

    def objective(self, theta: Array) -> float:
        """Log-likelihood plus log prior."""
        return posterior(self.log_joint(theta), self.weight) + self._log_prior(theta)

    def _log_prior(self, theta: Array) -> float:
        layout = self.layout
        shares = float((self.pseudo_members * layout.log_prior(theta, self.data.design)).sum())
        return shares + float(self._utility_prior(theta).sum()) + self._scale_prior(theta)

    def _utility_prior(self, theta: Array) -> Array:
        """Log prior of the utilities in each component, shape (M,)."""
        return -0.5 * self.precision * (self.layout.components(theta) ** 2).sum(axis=1)

    def _scale_prior(self, theta: Array) -> float:
        scales = self.layout.log_scales(theta)
        return -0.5 * self.constants.categories * float(((scales - scales.mean()) ** 2).sum())

    def step(self, theta: Array) -> tuple[Array, float]:
        """One EM step, and the objective at theta."""
        layout, data = self.layout, self.data
        densities = self.choices.log_densities(layout.components(theta))
        h = densities + layout.log_prior(theta, data.design)[data.group]
        value = posterior(h, self.weight) + self._log_prior(theta)
        members = self._members(h)
        after = theta.copy()
        ranking_steps.renew_membership(after, layout, data.design, members)
        ranking_steps.renew_scale_shares(after, layout, members)
        before = (h * densities).sum(axis=0) + self._utility_prior(theta)
        self._renew_utilities(after, h, before)
        if layout.n_scales > 1:
            self._renew_scales(after, h)
        return after, value

    def _members(self, h: Array) -> Array:
        """Count expected and pseudo-respondents in each group and component, shape (G, M)."""
        groups = len(self.data.design)
        return self.pseudo_members + np.column_stack(
            [np.bincount(self.data.group, column, groups) for column in h.T]
        )

    def _moments(self, theta: Array, h: Array) -> Moments:
        """Moments of the utilities of components at theta, their prior included."""
        utility = self.layout.components(theta)
        gradient, information = self.choices.moments(utility, h)
        ridge = self.precision * np.eye(self.layout.n_items)
        return Moments(utility, gradient - self.precision * utility, information + ridge)

    def _expected(self, theta: Array, h: Array) -> Array:
        """Take the expected complete-data log-density of the choices in each component, shape (M,)."""
        densities = self.choices.log_densities(self.layout.components(theta))
        return (h * densities).sum(axis=0) + self._utility_prior(theta)

    def _renew_utilities(self, theta: Array, h: Array, before: Array) -> None:
        """Take a Newton step in the utilities of each class, halved until its expectation does not fall."""
        layout = self.layout
        step = ranking_steps.utility_step(theta, layout, self._moments(theta, h))
        ranking_steps.halve(
            theta,
            layout.utility_at,
            step,
            lambda trial: ranking_steps.by_class(layout, self._expected(trial, h)),
            ranking_steps.by_class(layout, before),
        )

    def _renew_scales(self, theta: Array, h: Array) -> None:
        """Take a step in the logs of all scales, halved until the expectation does not fall."""
        layout, precision = self.layout, self.constants.categories
        step = ranking_steps.scale_step(theta, layout, self._moments(theta, h), precision)

        def expected(trial: Array) -> Array:
            return np.array([self._expected(trial, h).sum() + self._scale_prior(trial)])

        ranking_steps.halve(theta, layout.scale_at[None], step[None], expected, expected(theta))

    def prior_gradient(self, theta: Array) -> Array:
        """Gradient of the log prior, shape (P,)."""
        none = np.zeros((len(self.weight), len(self.class_of)))
        return ranking_steps.gradient(
            theta,
            self.layout,
            self.data.design,
            self.pseudo_members,
            self._moments(theta, none),
            self.constants.categories,
        )

    def complete_information(self, theta: Array) -> Array:
        """Minus the Hessian of the expected complete-data objective, shape (P, P)."""
        h = self.log_joint(theta)
        posterior(h, self.weight)
        found = self._moments(theta, h)
        return ranking_steps.information(
            theta, self.layout, self.data.design, self._members(h), found, self.constants.categories
        )

    def score_blocks(self, theta: Array) -> Iterator[ScoreBlock]:
        """Walk the patterns in blocks with their complete-data scores."""
        layout, joint = self.layout, self.log_joint(theta)
        utility = layout.components(theta)
        size = max(32, _ELEMENTS // (len(utility) * (2 * layout.n_items + layout.members)))
        shares = np.exp(layout.log_prior(theta, self.data.design))
        for begin in range(0, len(self.weight), size):
            rows = slice(begin, min(begin + size, len(self.weight)))
            r = np.exp(log_softmax(joint[rows], axis=1))
            group = self.data.group[rows]
            of_utilities = self.choices.scores(utility, rows)
            found = ranking_steps.scores(theta, layout, self.data.design[group], shares[group], of_utilities)
            yield ScoreBlock(rows, r, found)

    def permute(self, theta: Array, order: Index) -> Array:
        """Give the parameters with class ``order[k]`` in place of class k, and the largest scale first."""
        return self.layout.permute(theta, order)

    def start(self, rng: np.random.Generator) -> Array:
        """Draw normal utilities, of a spread of its own in each class; scales below 1; shares of any size.

        Small classes with strong preferences are optima that starts with equal shares and like spreads miss.
        """
        layout, out = self.layout, np.zeros(self.size)
        spread = np.exp(rng.uniform(*np.log(_SPREADS), size=(layout.n_classes, 1)))
        out[layout.utility_at] = spread * rng.normal(size=layout.utility_at.shape)
        out[layout.scale_at] = -np.abs(rng.normal(size=layout.n_scales - 1))
        if layout.members:
            shares = np.maximum(rng.dirichlet(np.ones(layout.n_classes)), _LEAST_SHARE)
            out[: layout.members : layout.width] = np.log(shares[1:] / shares[0])
        return out

    def sample(self, rng: np.random.Generator, most: int) -> "ChoiceProblem":
        """Take a sample of the patterns."""
        picked = self.data.sample(rng, most)
        return self if picked is self.data else replace(self, data=picked, choices=self.choices.take(picked))

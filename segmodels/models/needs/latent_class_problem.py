"""The latent class model as a mixture: expectation and maximisation of distinct patterns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.inference.mixture import ScoreBlock
from segmodels.likelihoods.adjacent_category import ORDINAL, log_probabilities, maximise
from segmodels.likelihoods.latent_class import expect, log_joint
from segmodels.models.needs import complete_data, membership, numbers
from segmodels.models.needs.coding import Coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.layout import Layout
from segmodels.models.needs.quadrature import Style, style_nodes
from segmodels.tables.patterns import Patterns
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Index = NDArray[np.int64]
_ELEMENTS = 500_000
_HALF = 0.5
# Class effects of random starts: the log-odds between the ends of a scale, times e to the power of these.
_EFFECT = 3.0
_WIDTHS = (-1.0, 1.5)


class Spec(Protocol):
    """What of a specification the mixture depends on."""

    @property
    def n_classes(self) -> int: ...  # noqa: D102
    @property
    def style(self) -> tuple[Style, ...]: ...  # noqa: D102
    @property
    def nodes(self) -> int: ...  # noqa: D102
    @property
    def constants(self) -> BayesConstants: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Expected:
    """Log-likelihood and expected statistics, the prior's pseudo-answers included, at one theta.

    Parameters
    ----------
    log_likelihood
        Of the answers alone.
    counts
        Of categories, shape (rows, M).
    members
        Of components in each group of membership, shape (G, M).
    moments
        Sums of 1, x and x squared for each number, shape (L, 3, M).
    log_p, log_prior, curves
        The tables at theta.
    """

    log_likelihood: float
    counts: Array
    members: Array
    moments: Array
    log_p: Array
    log_prior: Array
    curves: Array


@dataclass(frozen=True, eq=False)
class Margins:
    """The whole sample: share of each category (rows,), mean and mean square of each number (L,)."""

    share: Array
    mean: Array
    square: Array


@dataclass(frozen=True, eq=False)
class Pseudo:
    """The prior as pseudo-answers, shaped like the expected statistics they are added to.

    Parameters
    ----------
    counts
        Shape (rows, M).
    members
        Shape (G, M).
    moments
        Shape (L, 3, M).
    """

    counts: Array
    members: Array
    moments: Array


@dataclass(frozen=True, eq=False)
class LatentClassProblem:
    """Patterns, a layout of theta and a prior; see ``MixtureProblem``.

    Parameters
    ----------
    layout, data, pseudo
        What is fitted, to what, under which prior.
    margins
        Share of each category in the whole sample, shape (rows,), and mean and mean square of each number,
        shape (L,), for starts.
    constant
        Part of each pattern's log-density that no class changes, shape (U,).
    coding
        How answers become patterns.
    """

    layout: Layout
    data: Patterns
    pseudo: Pseudo
    margins: Margins
    constant: Array
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
    def of_row(self) -> Index:
        """Pattern of each respondent, shape (N,)."""
        return self.data.of_row

    @property
    def class_of(self) -> Index:
        """Class of each component, shape (M,)."""
        return self.layout.class_of

    def tables(self, theta: Array) -> tuple[Array, Array, Array]:
        """Log p (rows, M), log pi (G, M) and the curves of numbers (L, 3, M)."""
        layout = self.layout
        log_p = log_probabilities(
            theta, layout.table, layout.class_of, layout.style_at, layout.styles_of, layout.rows
        )
        log_prior = (
            membership.log_shares(theta, layout, self.data.design)[:, layout.class_of] + layout.log_node
        )
        return log_p, log_prior, numbers.curves(theta, layout)

    @property
    def _arrays(self) -> tuple[NDArray[np.int16], Index, Array, Index]:
        data = self.data
        return data.codes, np.ascontiguousarray(self.layout.table[:, 2]), data.numbers, data.group

    def expected(self, theta: Array) -> Expected:
        """Take expectations at theta."""
        log_p, log_prior, curves = self.tables(theta)
        total, counts, members, moments = expect(*self._arrays, self.data.weight, log_p, log_prior, curves)
        total += float(self.data.weight @ self.constant)
        counts += self.pseudo.counts
        members += self.pseudo.members
        moments += self.pseudo.moments
        return Expected(total, counts, members, moments, log_p, log_prior, curves)

    def _log_prior(self, found: Expected) -> float:
        # A probability of zero that no pseudo-answer supports adds nothing.
        kept = self.pseudo.counts > 0
        categories = float((self.pseudo.counts[kept] * found.log_p[kept]).sum())
        shares = float((self.pseudo.members * (found.log_prior - self.layout.log_node)).sum())
        return categories + shares + float((self.pseudo.moments * found.curves).sum())

    def objective(self, theta: Array) -> float:
        """Log-likelihood plus log prior."""
        found = self.expected(theta)
        return found.log_likelihood + self._log_prior(found)

    def step(self, theta: Array) -> tuple[Array, float]:
        """One EM step, and the objective at theta."""
        found = self.expected(theta)
        layout = self.layout
        after = maximise(
            theta, found.counts, layout.table, layout.class_of, layout.style_at, layout.styles_of
        )
        membership.maximise(after, layout, self.data.design, found.members)
        numbers.maximise(after, layout, found.moments)
        return after, found.log_likelihood + self._log_prior(found)

    def log_joint(self, theta: Array) -> Array:
        """Log f(u, m), shape (U, M)."""
        return log_joint(*self._arrays, *self.tables(theta)) + self.constant[:, None]

    def prior_gradient(self, theta: Array) -> Array:
        """Gradient of the log prior, shape (P,)."""
        return complete_data.gradient(theta, self.layout, self.data.design, self.pseudo)

    def complete_information(self, theta: Array) -> Array:
        """Minus the Hessian of the expected complete-data objective, shape (P, P)."""
        return complete_data.information(theta, self.layout, self.data.design, self.expected(theta))

    def score_blocks(self, theta: Array) -> Iterator[ScoreBlock]:
        """Walk the patterns in blocks with their complete-data scores."""
        log_p, log_prior, curves = self.tables(theta)
        scorer = complete_data.Scorer(theta, self.layout, self.data.design, log_p, log_prior)
        size = max(32, _ELEMENTS // scorer.width)
        codes, first, values, group = self._arrays
        for begin in range(0, len(self.data.weight), size):
            rows = slice(begin, min(begin + size, len(self.data.weight)))
            joint = log_joint(codes[rows], first, values[rows], group[rows], log_p, log_prior, curves)
            posterior = np.exp(log_softmax(joint, axis=1))
            yield ScoreBlock(rows, posterior, scorer(codes[rows], values[rows], group[rows]))

    def permute(self, theta: Array, order: Index) -> Array:
        """Give the parameters with class ``order[k]`` in place of class k."""
        layout, out = self.layout, theta.copy()
        coefficients = np.vstack(
            [np.zeros((1, layout.width)), theta[: layout.members].reshape(-1, layout.width)]
        )
        moved = coefficients[order] - coefficients[order[0]]
        out[: layout.members] = moved[1:].ravel()
        for (kind, size, _, at), item in zip(layout.table, layout.items, strict=True):
            if kind == ORDINAL:
                effect = np.concatenate([[0.0], theta[at + size - 1 : at + size - 2 + layout.n_classes]])[
                    order
                ]
                out[at : at + size - 1] += np.arange(1, item.size) * effect[0]
                out[at + size - 1 : at + size - 2 + layout.n_classes] = effect[1:] - effect[0]
            else:
                block = theta[at : at + layout.n_classes * (size - 1)].reshape(layout.n_classes, -1)
                out[at : at + block.size] = block[order].ravel()
        # The styles are symmetric about 0: the sign of a loading says nothing, and is taken for positive.
        styles = layout.style_at[layout.style_at >= 0]
        out[styles] = np.abs(theta[styles])
        for item, at in zip(layout.numbers, layout.numbers_at, strict=True):
            height = 2 if item.scale == "continuous" else 1
            block = theta[at : at + height * layout.n_classes].reshape(height, -1)
            out[at : at + block.size] = block[:, order].ravel()
        return out

    def start(self, rng: np.random.Generator) -> Array:
        """Draw parameters: probabilities evenly from the simplex, class effects from normals of any width.

        A narrow start tells ordinal classes apart by a level, a wide one by items; both find optima of their own.
        """
        layout, out = self.layout, np.zeros(self.layout.size)
        width = _EFFECT * np.exp(rng.uniform(*_WIDTHS))
        for kind, size, row, at in layout.table:
            if kind == ORDINAL:
                share = self.margins.share[row : row + size]
                effect = rng.normal(0.0, width / (size - 1), layout.n_classes)
                out[at : at + size - 1] = np.log(share[1:] / share[0]) + np.arange(1, size) * effect[0]
                out[at + size - 1 : at + size - 2 + layout.n_classes] = effect[1:] - effect[0]
            else:
                p = rng.dirichlet(np.ones(size), layout.n_classes)
                logits = np.log(np.maximum(p, 1e-6))
                out[at : at + layout.n_classes * (size - 1)] = (logits[:, 1:] - logits[:, :1]).ravel()
        styles = layout.style_at[layout.style_at >= 0]
        out[styles] = rng.uniform(0.0, 1.0, len(styles))
        for item, at, mean in zip(layout.numbers, layout.numbers_at, self.margins.mean, strict=True):
            centre = 0.0 if item.scale == "continuous" else np.log(max(float(mean), 1e-3))
            out[at : at + layout.n_classes] = centre + rng.normal(0.0, 1.0, layout.n_classes)
        return out

    def sample(self, rng: np.random.Generator, most: int) -> "LatentClassProblem":
        """Take a sample of the patterns."""
        if len(self.data.weight) <= most:
            return self
        picked = self.data.sample(rng, most)
        return replace(self, data=picked, constant=np.zeros(len(picked.weight)))


def build(spec: Spec, known: Coding, data: Patterns) -> LatentClassProblem:
    """Make the mixture of a specification over distinct answers."""
    nodes, weight = style_nodes(spec.style, spec.nodes)
    free = ("agreement" in spec.style, "extremes" in spec.style)
    layout = Layout(spec.n_classes, data.design.shape[1], known.items, known.numbers, nodes, weight, free)
    margins = _margins(layout, data)
    pseudo = pseudo_answers(layout, data, margins, spec.constants)
    return LatentClassProblem(layout, data, pseudo, margins, known.constant(data.numbers), known)


def over(problem: LatentClassProblem, responses: Responses) -> LatentClassProblem:
    """Make the same mixture over other respondents."""
    data = problem.coding.patterns(responses)
    return replace(problem, data=data, constant=problem.coding.constant(data.numbers))


def pseudo_answers(layout: Layout, data: Patterns, margins: Margins, constants: BayesConstants) -> Pseudo:
    """Spread the constants over classes: categories and numbers as in the whole sample."""
    node, classes = np.exp(layout.log_node), layout.n_classes
    share = np.bincount(data.group, data.weight, len(data.design)) / data.weight.sum()
    moments = np.stack([np.ones_like(margins.mean), margins.mean, margins.square], axis=1)
    return Pseudo(
        constants.categories / classes * margins.share[:, None] * node,
        constants.classes / classes * share[:, None] * node,
        constants.numbers / classes * moments[:, :, None] * node,
    )


def even(problem: LatentClassProblem, concentration: float) -> LatentClassProblem:
    """Put so many pseudo-answers on every category of every class, and pseudo-respondents on every class.

    Numbers get one more than that: with one or less, the posterior of the mean and deviation of a class that
    nobody belongs to would not integrate.
    """
    layout, data = problem.layout, problem.data
    each = concentration * layout.n_classes
    constants = BayesConstants(each, each, each + layout.n_classes)
    pseudo = pseudo_answers(layout, data, problem.margins, constants)
    counts = np.full((layout.rows, 1), concentration) * np.exp(layout.log_node)
    return replace(problem, pseudo=replace(pseudo, counts=counts))


def _margins(layout: Layout, data: Patterns) -> Margins:
    """Shares of categories, each with half a pseudo-answer so that none is 0, and moments of numbers."""
    shares: list[Array] = []
    for column, item in zip(data.codes.T, layout.items, strict=True):
        seen = column >= 0
        counts = np.bincount(column[seen], data.weight[seen], item.size) + _HALF
        shares.append(counts / counts.sum())
    means, squares = [np.zeros(0)], [np.zeros(0)]
    for column in data.numbers.T:
        seen = ~np.isnan(column)
        for power, into in ((1, means), (2, squares)):
            into.append(np.atleast_1d(np.average(column[seen] ** power, weights=data.weight[seen])))
    share = np.concatenate(shares) if shares else np.zeros(0)
    return Margins(share, np.concatenate(means), np.concatenate(squares))

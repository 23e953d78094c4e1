"""Respondents, their answers and how probably each belongs to each segment: what every table is made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.models.needs.latent_class_tables import class_shares, item_probabilities
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.tables.responses import Responses
from segmodels.tables.segmentation import Segmentation

Array = NDArray[np.float64]
_MOST_DRAWS = 200


@dataclass(frozen=True, eq=False)
class ModelTables:
    """Probabilities of the coded items by the model, and how they deviate.

    Parameters
    ----------
    items
        Names.
    sizes
        Categories of each item.
    probability
        By category and class, all items below each other, shape (rows, K).
    shares
        Of the classes, shape (K,).
    deviation
        Of probabilities, shape (R, rows, K), and of class shares, shape (R, K): sums of products over R are
        covariances.
    """

    items: tuple[str, ...]
    sizes: tuple[int, ...]
    probability: Array
    shares: Array
    deviation: tuple[Array, Array]

    def rows(self, name: str) -> slice:
        """Rows of an item."""
        place = self.items.index(name)
        start = sum(self.sizes[:place])
        return slice(start, start + self.sizes[place])


@dataclass(frozen=True, eq=False, repr=False)
class SoftSegments:
    """Answers of respondents with their probabilities of the segments.

    Parameters
    ----------
    responses
        The answers.
    names
        Of the segments, unique, K.
    memberships
        Probability of each segment, rows sum to 1, shape (N, K).
    draws
        Memberships under other plausible parameters, each of shape (N, K): from them errors learn how
        uncertain the segments themselves are. Without them that part is left out.
    fit
        Where it comes from a fit.

    Raises
    ------
    InputError
        Where shapes disagree, names repeat or rows do not sum to 1.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook, Item
    >>> book = Codebook((Item("q", "binary", (0, 1)),))
    >>> one = np.ones(2)
    >>> answers = Responses(pd.Index(["a", "b"]), book, {"q": np.array([0, 1], np.int16)}, one, one)
    >>> SoftSegments(answers, ("x", "y"), np.array([[0.9, 0.1], [0.3, 0.7]])).shares.round(2).tolist()
    [0.6, 0.4]
    """

    responses: Responses
    names: tuple[str, ...]
    memberships: Array
    draws: tuple[Array, ...] = ()
    fit: NeedsFit | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "memberships", np.asarray(self.memberships, np.float64))
        # A segmentation makes the same demands.
        Segmentation(pd.RangeIndex(len(self.responses)), self.names, self.memberships)
        if self.memberships.ndim != 2:
            fault = Fault("memberships", "codes", "probabilities", "Give one column per segment.")
            raise InputError(fault)

    def __repr__(self) -> str:
        """Name the segments and their shares."""
        shares = ", ".join(f"{name} {share:.0%}" for name, share in zip(self.names, self.shares, strict=True))
        return f"SoftSegments of {len(self.responses):,} respondents: {shares}"

    @classmethod
    def of(cls, fit: NeedsFit, *, seed: int, draws: int = 50) -> "SoftSegments":
        """Take the classes of a fit as segments.

        Parameters
        ----------
        fit
            Of any model of needs.
        seed
            Of the draws of parameters; unused where the fit has a posterior of its own.
        draws
            How many memberships under other parameters to compute; 0 for none.

        Raises
        ------
        InputError
            Where the fit was loaded without the responses it was fitted to.
        """
        if fit.responses is None:
            got = "a fit loaded without responses"
            raise InputError(Fault("fit", got, "responses", "Load it with the responses it was fitted to."))
        drawn = tuple(fit.at(theta).membership() for theta in _parameters(fit, draws, seed))
        return cls(fit.responses, fit.names, fit.membership(), drawn, fit)

    @classmethod
    def from_segmentation(cls, responses: Responses, segmentation: Segmentation) -> "SoftSegments":
        """Take any segmentation of the customers, such as tiers of value, to tabulate answers by it.

        Raises
        ------
        InputError
            Where a respondent is in no segment.
        """
        table = segmentation.probabilities
        there = responses.customer_id.isin(table.index)
        if not there.all():
            missing = tuple(str(name) for name in responses.customer_id[~there][:3])
            rows = int((~there).sum())
            fault = Fault(
                "segmentation",
                "respondents without a segment",
                "one for each",
                "Take the others.",
                rows,
                missing,
            )
            raise InputError(fault)
        return cls(responses, segmentation.names, table.loc[responses.customer_id].to_numpy())

    @property
    def n_segments(self) -> int:
        """K."""
        return len(self.names)

    @cached_property
    def shares(self) -> Array:
        """Share of each segment among the respondents, weighted, shape (K,)."""
        weight = self.responses.case_weight
        return weight @ self.memberships / weight.sum()

    def walk(self) -> Iterator[Array]:
        """Walk the memberships by which errors are judged: the draws or, without, the memberships."""
        yield from self.draws or (self.memberships,)

    def rename(self, names: Sequence[str]) -> "SoftSegments":
        """Give the segments other names, in order."""
        return replace(self, names=tuple(names))

    @cached_property
    def tables(self) -> ModelTables | None:
        """Probabilities of the items by the model; None where there is none."""
        return _model_tables(self.fit) if isinstance(self.fit, LatentClassFit) else None

    def modelled(self, name: str) -> bool:
        """Whether the probabilities of an item are those of the model."""
        return self.tables is not None and name in self.tables.items


def soft_segments(of: "NeedsFit | SoftSegments", seed: int) -> SoftSegments:
    """Take a fit or soft segments as soft segments."""
    return of if isinstance(of, SoftSegments) else SoftSegments.of(of, seed=seed)


def _parameters(fit: NeedsFit, draws: int, seed: int) -> Array:
    """Plausible parameters, shape (draws, P): of the posterior, spread evenly, or normal around the mode."""
    own = fit.draws
    if len(own) > 1:
        return own[np.linspace(0, len(own) - 1, min(draws, len(own))).astype(np.int64)]
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    root = _root(fit.covariance)
    return fit.theta + rng.standard_normal((draws, len(root))) @ root


def _root(covariance: Array) -> Array:
    """Rows whose products sum to the covariance, shape (R, P)."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    keep = values > max(float(values.max(initial=0)), 0) * 1e-14
    return (vectors[:, keep] * np.sqrt(values[keep])).T


def _model_tables(fit: LatentClassFit) -> ModelTables:
    problem = fit.problem
    probability, slope = item_probabilities(problem, fit.theta)
    shares, share_slope = class_shares(problem, fit.theta)
    if len(fit.draws) > 1:
        drawn = _parameters(fit, _MOST_DRAWS, 0)
        several = (
            np.stack([item_probabilities(problem, theta)[0] for theta in drawn]),
            np.stack([class_shares(problem, theta)[0] for theta in drawn]),
        )
        root = np.sqrt(len(drawn) - 1)
        deviation = (
            (several[0] - several[0].mean(axis=0)) / root,
            (several[1] - several[1].mean(axis=0)) / root,
        )
    else:
        directions = _root(fit.covariance)
        deviation = (np.einsum("rp,ckp->rck", directions, slope), directions @ share_slope.T)
    items = problem.layout.items
    sizes = tuple(item.size for item in items)
    return ModelTables(tuple(item.name for item in items), sizes, probability, shares, deviation)

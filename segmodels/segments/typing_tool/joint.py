"""The joint probabilities of answers and classes: every answer pattern in turn, or a sample of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components

Array = NDArray[np.float64]
Places = NDArray[np.int64]

#: Classes whose probabilities differ by less than this count as equally probable, and the first one wins.
#: Without it, the last bit of a sum would decide, and differently in every language.
TIE = 1e-9
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Effort:
    """How much work the search and the figures may take.

    Parameters
    ----------
    patterns
        Most answer patterns that are enumerated for a figure that is reported; beyond, it is simulated.
    search_patterns
        The same for each set of questions compared in the search.
    draws
        Simulated respondents for a figure that is reported.
    search_draws
        Simulated respondents in the search; all sets are compared on the same ones.
    exhaustive
        Most work, in patterns times components, for trying every set of q questions; beyond, greedy forward
        selection with swaps.
    """

    patterns: int = 2_000_000
    search_patterns: int = 200_000
    draws: int = 200_000
    search_draws: int = 20_000
    exhaustive: int = 300_000_000

    def __post_init__(self) -> None:
        low = [name for name, value in vars(self).items() if value < 0]
        low += [name for name in ("draws", "search_draws") if 0 <= vars(self)[name] < 2]
        if low:
            expected = "numbers of 0 or more, 2 or more draws"
            raise InputError(Fault("effort", ", ".join(low), expected, "Give larger numbers."))


EFFORT = Effort()


def pattern_count(components: Components) -> int:
    """How many ways there are of answering every item.

    Examples
    --------
    >>> from segmodels.tables.codebook import Item
    >>> item = Item("q", "ordinal", (1, 2, 3))
    >>> one = Components(("a",), (item,), np.arange(1), np.zeros(1), (np.log(np.full((3, 1), 1 / 3)),))
    >>> pattern_count(one.restrict(["q", "q"]))
    9
    """
    return prod(len(table) for table in components.log_probability)


def winners(joint: Array) -> Places:
    """Most probable class of each column, the first of those within :data:`TIE` of it.

    Parameters
    ----------
    joint
        Probabilities of classes, up to a factor for each column, shape (K, P).

    Returns
    -------
    numpy.ndarray
        Shape (P,).

    Examples
    --------
    >>> winners(np.array([[0.2, 0.5, 0.1], [0.8, 0.5, 0.9]])).tolist()
    [1, 0, 1]
    """
    least = joint.max(axis=0) - TIE * joint.sum(axis=0)
    found = np.zeros(joint.shape[1], np.int64)
    for k in reversed(range(len(joint))):
        found[joint[k] >= least] = k
    return found


def enumerated(components: Components) -> Iterator[Array]:
    """Probability of every class and answer pattern, in blocks.

    Patterns come in the order of counting, the last item fastest. The items are split in two groups of about
    the square root of the patterns each; a block is the product of some rows of the first table with the
    second, so that memory stays small and the work is one matrix product per class.

    Yields
    ------
    numpy.ndarray
        Shape (K, b); over all blocks the numbers sum to 1.
    """
    sizes = [len(table) for table in components.log_probability]
    half = min(range(len(sizes) + 1), key=lambda cut: max(prod(sizes[:cut]), prod(sizes[cut:])))
    tables = [np.exp(table) for table in components.log_probability]
    head = _products(np.exp(components.log_weight), tables[:half])
    tail = _products(np.ones(len(components.log_weight)), tables[half:])
    members = [np.flatnonzero(components.class_of == k) for k in range(components.n_classes)]
    step = max(1, _BLOCK // tail.shape[1])
    for start in range(0, head.shape[1], step):
        rows = head[:, start : start + step]
        yield np.stack([(rows[own].T @ tail[own]).ravel() for own in members])


def _products(weight: Array, tables: Sequence[Array]) -> Array:
    """Weight times the probability of every pattern of some items, shape (M, patterns)."""
    grown = weight[:, None]
    for table in tables:
        grown = (grown[:, :, None] * table.T[:, None, :]).reshape(len(weight), -1)
    return grown


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated respondents, the same ones for every set of questions (common random numbers).

    Parameters
    ----------
    components
        The model.
    codes
        Answers to all items, shape (n, J).
    """

    components: Components
    codes: NDArray[np.integer[Any]]

    @classmethod
    def draw(cls, components: Components, n: int, *, seed: int, stream: int) -> "Sample":
        """Draw n respondents from the model; streams of one seed are independent."""
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))
        return cls(components, components.simulate(n, rng)[0])

    def start(self) -> Array:
        """Probability of the components before any question, shape (M, n)."""
        return np.repeat(np.exp(self.components.log_weight)[:, None], len(self.codes), axis=1)

    def ask(self, state: Array, name: str) -> Array:
        """Probability of the components after one more question, shape (M, n); columns sum to 1."""
        place = self.components.item_names.index(name)
        grown = state * np.exp(self.components.log_probability[place])[self.codes[:, place]].T
        return grown / grown.sum(axis=0)

    def asked(self, names: Sequence[str]) -> Array:
        """Probability of the components after some questions, shape (M, n)."""
        state = self.start()
        for name in names:
            state = self.ask(state, name)
        return state

    def joint(self, state: Array) -> Array:
        """Probability of the classes of each respondent divided by n, shape (K, n)."""
        own = self.components.class_of
        members = [state[own == k].sum(axis=0) for k in range(self.components.n_classes)]
        return np.stack(members) / len(self.codes)

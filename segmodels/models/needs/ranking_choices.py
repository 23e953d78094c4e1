"""From the places that respondents gave to the orderings whose density is Plackett-Luce's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import ranking
from segmodels.tables.patterns import Patterns
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Codes = NDArray[np.int16]
Index = NDArray[np.int64]
#: Code of an alternative that was presented and not placed, and of one that was not presented.
NOT_PLACED, NOT_PRESENTED = -1, -2


@dataclass(frozen=True, eq=False)
class Rankings:
    """Distinct rankings; see ``segmodels.likelihoods.ranking``.

    Parameters
    ----------
    order
        Shape (U, J).
    placed, presented
        Shape (U,).
    """

    order: Index
    placed: Index
    presented: Index

    @property
    def module(self) -> str:
        """Import path of the likelihood."""
        return ranking.__name__

    @property
    def arrays(self) -> tuple[Index, Index, Index]:
        """In the order of the density's arguments."""
        return self.order, self.placed, self.presented

    def log_densities(self, utility: Array) -> Array:
        """Log-density of each pattern, shape (U, M)."""
        return ranking.log_densities(utility, *self.arrays)

    def moments(self, utility: Array, weight: Array) -> tuple[Array, Array]:
        """Gradient and information of the weighted sum."""
        return ranking.moments(utility, weight, *self.arrays)

    def scores(self, utility: Array, rows: slice) -> Array:
        """Gradient of each log-density, shape (b, M, J)."""
        return ranking.scores(utility, self.order[rows], self.placed[rows], self.presented[rows])

    def take(self, data: Patterns) -> "Rankings":
        """Give the rankings of other patterns."""
        return rankings(data.codes)


def rankings(codes: Codes) -> Rankings:
    """Write orderings from codes: the place from 1 on, 0 if not placed, -1 if not presented, shape (U, J).

    Examples
    --------
    >>> found = rankings(np.array([[2, 0, 1], [0, -1, 1]], np.int16))
    >>> found.order.tolist(), found.placed.tolist(), found.presented.tolist()
    ([[2, 0, 1], [2, 0, -1]], [2, 1], [3, 2])
    """
    items = codes.shape[1]
    key = np.where(codes > 0, codes.astype(np.int64), np.where(codes == 0, items + 1, items + 2))
    order = np.argsort(key, axis=1, kind="stable")
    presented = (codes >= 0).sum(axis=1)
    order[np.arange(items) >= presented[:, None]] = -1
    return Rankings(order, (codes > 0).sum(axis=1), presented)


def ranking_codes(responses: Responses, names: tuple[str, ...]) -> Codes:
    """Code the places of the alternatives for :func:`rankings`, shape (N, J).

    Where only some of the alternatives are asked for, their order is kept: a Plackett-Luce ranking, of all or
    of the first places, is one for every subset of the items, too.

    Raises
    ------
    InputError
        Where two alternatives share a place.
    """
    places = responses.codes(names).astype(np.int64)
    last = np.iinfo(np.int16).max
    ordered = np.sort(np.where(places >= 0, places, last), axis=1)
    tied = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] < last)).any(axis=1)
    if tied.any():
        ids: Any = responses.customer_id[tied][:3]
        examples = tuple(f"customer {customer}" for customer in ids)
        expected, remedy = "one alternative a place", "Say which comes first."
        raise InputError(
            Fault("rankings", "a place given twice", expected, remedy, int(tied.sum()), examples)
        )
    order = np.argsort(np.argsort(np.where(places >= 0, places, last), axis=1, kind="stable"), axis=1)
    return np.where(places >= 0, order + 1, places + 1).astype(np.int16)

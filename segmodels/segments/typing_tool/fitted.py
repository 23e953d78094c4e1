"""What the typing tool needs of a fit."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.answers import codes_of
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]


@runtime_checkable
class Fitted(Protocol):
    """A fitted mixture of coded items."""

    @property
    def components(self) -> Components:
        """The fit as tables of log-probabilities."""
        ...

    def membership(self, responses: Responses | None = None) -> Array:
        """Probability of each class for each respondent, shape (N, K)."""
        ...


def components_of(fit: Fitted | Components) -> Components:
    """Take the tables of a fit, or the tables themselves.

    Raises
    ------
    InputError
        Where it is something else.
    """
    if isinstance(fit, Components):
        return fit
    if isinstance(fit, Fitted):
        return fit.components
    got = f"a {type(fit).__name__}"
    remedy = "Fit LatentClass to coded items; rankings and best-worst choices have no golden questions."
    raise InputError(Fault("fit", got, "a latent class fit, or its components", remedy))


def membership_of(fit: Fitted | Components, responses: Responses) -> Array:
    """Probability of each class given all that a respondent answered, shape (N, K)."""
    if isinstance(fit, Components):
        return fit.posterior(codes_of(fit.items, responses))
    return np.asarray(fit.membership(responses))


def require_items(components: Components, names: Sequence[str], where: str) -> list[Fault]:
    """Name what is no item of the fit, or is there twice."""
    unknown = [name for name in names if name not in components.item_names]
    faults: list[Fault] = []
    if unknown:
        there = f"among: {', '.join(components.item_names)}"
        got = f"no coded items {', '.join(map(repr, unknown))}"
        faults.append(Fault(where, got, there, "Check the names."))
    if len(set(names)) < len(names):
        faults.append(Fault(where, "a name twice", "each item once", "Name each item once."))
    return faults
